//! Manual journals as Xero has them, and which of several found ones is ours.

use kernel::{Date, place_of};
use ports::HttpResponse;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::mark::JournalMark;
use crate::wire::{calendar_date, exact, filled, or_empty};
use crate::{COLLECTION, ManualJournalId};
use xero::page::cut;
use xero::{XeroError, sort_answer};

/// A journal's status at Xero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum JournalStatus {
    /// In nobody's books yet.
    Draft,
    /// In the books.
    Posted,
    /// A draft that is no more.
    Deleted,
    /// Was posted, and no longer counts.
    Voided,
    /// Put away by a person in Xero.
    Archived,
    /// One that Xero has added since.
    Other(String),
}

impl From<String> for JournalStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "DRAFT" => Self::Draft,
            "POSTED" => Self::Posted,
            "DELETED" => Self::Deleted,
            "VOIDED" => Self::Voided,
            "ARCHIVED" => Self::Archived,
            _ => Self::Other(text),
        }
    }
}

impl JournalStatus {
    /// As Xero writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Draft => "DRAFT",
            Self::Posted => "POSTED",
            Self::Deleted => "DELETED",
            Self::Voided => "VOIDED",
            Self::Archived => "ARCHIVED",
            Self::Other(text) => text,
        }
    }
}

/// A journal at Xero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct JournalRecord {
    /// Its id.
    #[serde(rename = "ManualJournalID")]
    pub id: ManualJournalId,
    /// Its narration as it stands, with whatever marks are in it.
    pub narration: String,
    /// Its status.
    pub status: JournalStatus,
    /// Its day in the books.
    #[serde(default, deserialize_with = "calendar_date")]
    pub date: Option<Date>,
    /// When it was last changed, in any of Xero's spellings.
    #[serde(rename = "UpdatedDateUTC", default)]
    pub updated: Option<String>,
    /// Its lines; none where the answer had none, as in a list without pages.
    #[serde(rename = "JournalLines", default, deserialize_with = "or_empty")]
    pub lines: Vec<RecordLine>,
}

/// One line of a journal at Xero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordLine {
    /// Debit above zero, credit below.
    #[serde(rename = "LineAmount", deserialize_with = "exact")]
    pub amount: Decimal,
    /// The account's code; absent where it has none or Xero has removed the account.
    #[serde(default, deserialize_with = "filled")]
    pub account_code: Option<String>,
    /// The account's id; absent where Xero has removed the account.
    #[serde(rename = "AccountID", default)]
    pub account_id: Option<Uuid>,
    /// Words for the ledger.
    #[serde(default, deserialize_with = "or_empty")]
    pub description: String,
    /// The tax type's code.
    #[serde(default, deserialize_with = "filled")]
    pub tax_type: Option<String>,
    /// Its tracking.
    #[serde(default, deserialize_with = "or_empty")]
    pub tracking: Vec<RecordTracking>,
}

/// One tracking option of a line at Xero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordTracking {
    /// The category's name.
    #[serde(rename = "Name", default, deserialize_with = "or_empty")]
    pub category: String,
    /// The option's name.
    #[serde(rename = "Option", default, deserialize_with = "or_empty")]
    pub option: String,
    /// The category's id.
    #[serde(rename = "TrackingCategoryID", default)]
    pub category_id: Option<Uuid>,
    /// The option's id.
    #[serde(rename = "TrackingOptionID", default)]
    pub option_id: Option<Uuid>,
}

impl JournalRecord {
    /// The mark in its narration.
    pub fn mark(&self) -> Option<JournalMark> {
        JournalMark::find(&self.narration)
    }

    /// Reads one element of an answer. An id of zeros is Xero's way to write none.
    pub(super) fn read(raw: &RawValue) -> Result<Self, XeroError> {
        let journal: Self = serde_json::from_str(raw.get()).map_err(|error| unreadable(place_of(&error)))?;
        if journal.id.0.is_nil() { Err(unreadable("a journal without an id")) } else { Ok(journal) }
    }
}

/// One page of journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalPage {
    /// The journals on it.
    pub journals: Vec<JournalRecord>,
    /// Whether there are no further pages.
    pub is_last: bool,
}

pub(super) fn unreadable(reason: impl Into<String>) -> XeroError {
    XeroError::Unreadable { status: 200, content_type: "application/json".to_owned(), reason: reason.into() }
}

/// Reads a page of any look-up. One unreadable journal fails it all: it might be the one that is looked for.
pub fn read_list(answer: HttpResponse) -> Result<JournalPage, XeroError> {
    let answer = sort_answer(answer)?;
    let page = cut(&answer.body, COLLECTION)?;
    let journals = page.elements.iter().map(|raw| JournalRecord::read(raw)).collect::<Result<Vec<_>, _>>()?;
    let is_last = page.pagination.map_or(journals.is_empty(), |pages| pages.page >= pages.page_count);
    Ok(JournalPage { journals, is_last })
}

/// Reads the one journal of [`crate::look_up`].
pub fn read_one(answer: HttpResponse, id: ManualJournalId) -> Result<JournalRecord, XeroError> {
    let mut found = read_list(answer)?.journals;
    found.retain(|journal| journal.id == id);
    found.pop().ok_or_else(|| unreadable("the journal asked for is not in the answer"))
}

/// What a look-up by mark has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// Nothing that carries the mark is there.
    Absent,
    /// It is there, perhaps voided or changed.
    Present(Box<JournalRecord>),
    /// Several carry the mark, or only a reversal does: a person copied ours, or it was written twice. A person decides.
    Ambiguous(Vec<JournalRecord>),
}

/// What Xero's own "Reverse" puts before the narration it copies, as a sample in the specification shows.
const REVERSAL: &str = "Reversal:";

/// Picks ours from what look-ups found; `narration` is the draft's own. Xero compares narrations without regard to case,
/// so its own matching is not enough; and a reversal made in Xero carries our mark without being ours.
pub fn sight(found: impl IntoIterator<Item = JournalRecord>, narration: &str, mark: JournalMark) -> Sighting {
    let mut marked: Vec<JournalRecord> = Vec::new();
    for journal in found.into_iter().filter(|journal| journal.mark() == Some(mark)) {
        // Two look-ups, or a page that moved on between two reads, may show one journal twice.
        match marked.iter_mut().find(|have| have.id == journal.id) {
            Some(have) => *have = journal,
            None => marked.push(journal),
        }
    }
    // Our own narration may speak of a reversal too.
    let reversals = |narration: &str| narration.matches(REVERSAL).count();
    let is_ours = |journal: &JournalRecord| reversals(&journal.narration) <= reversals(narration);
    let (mut ours, copies): (Vec<_>, Vec<_>) = marked.into_iter().partition(is_ours);
    match (ours.len(), copies.is_empty()) {
        (0, true) => Sighting::Absent,
        // Where there is a reversal there was an original: it must not be written again.
        (0, false) => Sighting::Ambiguous(copies),
        (1, _) => Sighting::Present(Box::new(ours.remove(0))),
        _ => Sighting::Ambiguous(ours),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(body: &Value) -> HttpResponse {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        HttpResponse { status: 200, headers, body: body.to_string().into(), wire_bytes: 0 }
    }

    fn journal(number: u128, narration: &str) -> Value {
        json!({
            "ManualJournalID": Uuid::from_u128(number), "Narration": narration, "Status": "POSTED",
            "Date": "/Date(1793404800000+0000)/", "UpdatedDateUTC": "/Date(1793437188083)/",
            "JournalLines": [{ "LineAmount": 1.10, "AccountCode": "", "TaxType": "NONE", "Tracking": null }],
        })
    }

    #[test]
    fn a_page_is_read_leniently() {
        let mut archived = journal(2, "Old");
        (archived["Status"], archived["JournalLines"]) = (json!("SHELVED"), Value::Null);
        let pages = json!({ "page": 1, "pageSize": 2, "pageCount": 2, "itemCount": 4 });
        let page = read_list(answer(&json!({ "pagination": pages, "ManualJournals": [journal(1, "New"), archived] })));
        let page = page.unwrap();
        assert!(!page.is_last);
        let line = RecordLine {
            amount: "1.10".parse().unwrap(),
            account_code: None,
            account_id: None,
            description: String::new(),
            tax_type: Some("NONE".to_owned()),
            tracking: Vec::new(),
        };
        assert_eq!(page.journals[0].lines, [line]);
        assert_eq!(page.journals[0].date.unwrap().to_string(), "2026-10-31");
        assert_eq!(page.journals[1].status.as_str(), "SHELVED");
        let last = json!({ "page": 2, "pageSize": 2, "pageCount": 2, "itemCount": 4 });
        assert!(read_list(answer(&json!({ "pagination": last, "ManualJournals": [] }))).unwrap().is_last);
    }

    #[test]
    fn one_unreadable_journal_fails_the_page() {
        for field in ["ManualJournalID", "Narration", "Status"] {
            let mut broken = journal(1, "New");
            broken[field] = Value::Null;
            let read = read_list(answer(&json!({ "ManualJournals": [journal(2, "Old"), broken] })));
            assert!(matches!(read, Err(XeroError::Unreadable { .. })), "{field}");
        }
        let mut broken = journal(1, "New");
        broken["JournalLines"][0]["LineAmount"] = json!("many");
        let error = read_list(answer(&json!({ "ManualJournals": [broken] }))).unwrap_err();
        assert!(!error.to_string().contains("many"), "no value is quoted");
        assert!(read_list(answer(&json!({ "Status": "OK" }))).is_err());
        let missing = HttpResponse { status: 404, ..answer(&Value::Null) };
        assert!(matches!(read_one(missing, ManualJournalId(Uuid::nil())), Err(XeroError::NotFound)));
    }

    #[test]
    fn one_journal_is_the_one_that_was_asked_for() {
        let body = json!({ "ManualJournals": [journal(1, "New")] });
        let id = ManualJournalId(Uuid::from_u128(1));
        assert_eq!(read_one(answer(&body), id).unwrap().narration, "New");
        assert!(read_one(answer(&body), ManualJournalId(Uuid::from_u128(2))).is_err());
    }

    #[test]
    fn ours_is_told_from_others_from_reversals_and_from_a_second_one() {
        let mark = JournalMark::from_bytes([7; 16]);
        let check_as = |narration: &str, narrations: &[(u128, &str)], expected: &str| {
            let all: Vec<Value> = narrations.iter().map(|(number, text)| journal(*number, text)).collect();
            let found = read_list(answer(&json!({ "ManualJournals": all }))).unwrap().journals;
            let seen = match sight(found, narration, mark) {
                Sighting::Absent => "absent".to_owned(),
                Sighting::Present(journal) => format!("present {}", journal.narration),
                Sighting::Ambiguous(several) => format!("{} of them", several.len()),
            };
            assert_eq!(seen, expected);
        };
        let check = |narrations: &[(u128, &str)], expected: &str| check_as("Rent", narrations, expected);
        let ours = "Rent [cf:BwcHBwcHBwcHBwcHBwcHBw]";
        let lower = "rent [cf:bwchbwchbwchbwchbwchbw]";
        let reversal = "Reversal: Rent [cf:BwcHBwcHBwcHBwcHBwcHBw]";
        check(&[], "absent");
        check(&[(1, "Rent"), (2, lower)], "absent");
        check(&[(1, reversal)], "1 of them");
        check_as("Reversal: Rent", &[(1, reversal)], &format!("present {reversal}"));
        let twice = format!("Reversal: {reversal}");
        check_as("Reversal: Rent", &[(1, &twice), (2, reversal)], &format!("present {reversal}"));
        check(&[(1, reversal), (2, ours), (3, "Rent")], &format!("present {ours}"));
        let edited = "Rent, corrected [cf:BwcHBwcHBwcHBwcHBwcHBw]";
        check(&[(1, ours), (1, edited)], &format!("present {edited}"));
        check(&[(1, ours), (2, ours)], "2 of them");
    }
}
