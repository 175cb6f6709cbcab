//! Manual journals: written, changed, removed, and found again by our mark.
//!
//! Sources: the page Manual Journals and the Accounting specification. A journal has no number and no uniqueness, so
//! nothing here relies on Xero to refuse a second one: whoever does not know what became of a write looks it up by its
//! mark before sending anything else.

mod answers;
mod draft;
mod mark;
mod record;
mod wire;

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use answers::{WriteOutcome, losses, read_created, read_removed, read_updated};
pub use draft::{
    AccountRef, BODY_BYTES_MAX, DESCRIPTION_CHARS_MAX, DraftFault, DraftLine, LINE_AMOUNT_MAX, LineAmounts,
    ManualJournalDraft, NewStatus, TRACKING_PER_LINE_MAX, TrackingRef,
};
pub use mark::{JournalMark, NARRATION_BYTES_MAX, mark_narration};
pub use record::{
    JournalPage, JournalRecord, JournalStatus, RecordLine, RecordTracking, Sighting, read_list, read_one, sight,
};

use xero::{ApiRead, ApiWrite, IdempotencyKey, WriteMethod};

const PATH: &str = "/ManualJournals";
const COLLECTION: &str = "ManualJournals";

/// Xero's id of a manual journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ManualJournalId(pub Uuid);

impl fmt::Display for ManualJournalId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

impl FromStr for ManualJournalId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

/// How a journal is taken out of the books, which its status decides. There is no DELETE verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// A posted journal becomes VOIDED.
    Void,
    /// A draft becomes DELETED.
    Delete,
}

impl Removal {
    /// What fits a journal of that status; none where it is out of the books already or Xero's to decide.
    pub fn of(status: &JournalStatus) -> Option<Self> {
        match status {
            JournalStatus::Posted => Some(Removal::Void),
            JournalStatus::Draft => Some(Removal::Delete),
            _ => None,
        }
    }

    fn becomes(self) -> &'static str {
        match self {
            Removal::Void => "VOIDED",
            Removal::Delete => "DELETED",
        }
    }
}

/// Creates a journal. PUT, so that it can never change one that exists.
///
/// `summarizeErrors` is left alone: of a single journal a refusal is then a 400, which nobody takes for a success.
pub fn create(draft: &ManualJournalDraft, key: IdempotencyKey) -> Result<ApiWrite, DraftFault> {
    Ok(write(WriteMethod::Put, PATH.to_owned(), checked_body(draft, None)?, key))
}

/// Changes a journal to this draft, all lines replaced. Below its id, so that it can never create one.
///
/// Xero's page allows it for drafts and posted journals; its own tools for drafts alone. Be ready for a refusal.
pub fn update(id: ManualJournalId, draft: &ManualJournalDraft, key: IdempotencyKey) -> Result<ApiWrite, DraftFault> {
    Ok(write(WriteMethod::Post, format!("{PATH}/{id}"), checked_body(draft, Some(id))?, key))
}

/// Takes a journal out of the books. The narration is the one it has in Xero; lines are not sent.
pub fn remove(id: ManualJournalId, narration: &str, removal: Removal, key: IdempotencyKey) -> ApiWrite {
    write(WriteMethod::Post, format!("{PATH}/{id}"), wire::removal_body(id, narration, removal), key)
}

fn checked_body(draft: &ManualJournalDraft, id: Option<ManualJournalId>) -> Result<Vec<u8>, DraftFault> {
    draft::check(draft)?;
    let body = wire::journal_body(draft, id);
    if body.len() > BODY_BYTES_MAX { Err(DraftFault::TooLong(body.len())) } else { Ok(body) }
}

fn write(method: WriteMethod, path: String, body: Vec<u8>, key: IdempotencyKey) -> ApiWrite {
    ApiWrite { method, path, query: Vec::new(), body: body.into(), content_type: None, idempotency_key: key }
}

/// Reads one journal.
pub fn look_up(id: ManualJournalId) -> ApiRead {
    ApiRead { path: format!("{PATH}/{id}"), ..ApiRead::default() }
}

/// Journals of exactly this narration, as [`mark_narration`] writes it, with their lines.
///
/// Equality is the one filter on the one field that Xero promises to be fast; `Contains` is neither. It passes over a
/// journal whose narration a person has changed: [`look_up_since`] finds those.
pub fn look_up_by_mark(narration: &str, mark: JournalMark) -> ApiRead {
    let sent = mark_narration(narration, mark);
    let query = vec![("where", format!("Narration==\"{sent}\"")), ("page", "1".to_owned())];
    ApiRead { path: PATH.to_owned(), query, ..ApiRead::default() }
}

/// Our clock and Xero's may differ by this much.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(5);
/// Journals of one page of [`look_up_since`]; with their lines they may be long.
pub const LOOK_UP_PAGE_SIZE: u32 = 100;

/// One page, from 1, of the journals changed since shortly before an instant, with their lines. Ask for pages until
/// [`JournalPage::is_last`]; only then is a journal known to be absent.
pub fn look_up_since(since: Timestamp, page: u32) -> ApiRead {
    let query = vec![("page", page.to_string()), ("pageSize", LOOK_UP_PAGE_SIZE.to_string())];
    let modified_since = Some(since.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN));
    ApiRead { path: PATH.to_owned(), query, modified_since, ..ApiRead::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A balanced journal over two lines with every field set.
    pub(super) fn draft() -> ManualJournalDraft {
        let line = |amount: &str, account| DraftLine {
            amount: amount.parse().unwrap(),
            account,
            description: String::new(),
            tax_type: None,
            tracking: Vec::new(),
        };
        ManualJournalDraft {
            mark: JournalMark::from_bytes([7; 16]),
            narration: "Release \"rent\"".to_owned(),
            date: "2026-10-31".parse().unwrap(),
            status: NewStatus::Posted,
            line_amounts: LineAmounts::NoTax,
            on_cash_basis: false,
            url: Some("https://app.example/j/771".to_owned()),
            lines: vec![
                DraftLine {
                    description: "Rent".to_owned(),
                    tax_type: Some("NONE".to_owned()),
                    tracking: vec![TrackingRef::Names { category: "Region".into(), option: "North".into() }],
                    ..line("83.3", AccountRef::Code("463".to_owned()))
                },
                DraftLine {
                    tracking: vec![TrackingRef::Ids { category: Uuid::from_u128(1), option: Uuid::from_u128(2) }],
                    ..line("-83.30", AccountRef::Id(Uuid::from_u128(3)))
                },
            ],
        }
    }

    fn key() -> IdempotencyKey {
        IdempotencyKey::try_new("k").unwrap()
    }

    fn text(write: &ApiWrite) -> &str {
        std::str::from_utf8(&write.body).unwrap()
    }

    #[test]
    fn a_journal_is_created_by_put_with_its_mark_and_exact_amounts() {
        let write = create(&draft(), key()).unwrap();
        assert_eq!((write.method, write.path.as_str(), write.query.len()), (WriteMethod::Put, "/ManualJournals", 0));
        assert_eq!(
            text(&write),
            concat!(
                r#"{"ManualJournals":[{"Narration":"Release 'rent' [cf:BwcHBwcHBwcHBwcHBwcHBw]","Date":"2026-10-31","#,
                r#""Status":"POSTED","LineAmountTypes":"NoTax","ShowOnCashBasisReports":false,"#,
                r#""Url":"https://app.example/j/771","JournalLines":[{"LineAmount":83.30,"AccountCode":"463","#,
                r#""Description":"Rent","TaxType":"NONE","Tracking":[{"Name":"Region","Option":"North"}]},"#,
                r#"{"LineAmount":-83.30,"AccountID":"00000000-0000-0000-0000-000000000003","Tracking":["#,
                r#"{"TrackingCategoryID":"00000000-0000-0000-0000-000000000001","#,
                r#""TrackingOptionID":"00000000-0000-0000-0000-000000000002"}]}]}]}"#,
            )
        );
    }

    #[test]
    fn an_update_and_a_removal_name_the_journal_twice_and_cannot_create() {
        let id = ManualJournalId(Uuid::from_u128(9));
        let path = "/ManualJournals/00000000-0000-0000-0000-000000000009";
        let sent =
            ManualJournalDraft { status: NewStatus::Draft, line_amounts: LineAmounts::Inclusive, url: None, ..draft() };
        let write = update(id, &sent, key()).unwrap();
        assert_eq!((write.method, write.path.as_str()), (WriteMethod::Post, path));
        let start = r#"{"ManualJournals":[{"ManualJournalID":"00000000-0000-0000-0000-000000000009","Narration":"#;
        assert!(text(&write).starts_with(start));
        assert!(text(&write).contains(r#""Status":"DRAFT","LineAmountTypes":"Inclusive""#));
        assert!(!text(&write).contains("Url"));
        let gone = remove(id, "Rent", Removal::Void, key());
        assert_eq!((gone.method, gone.path.as_str()), (WriteMethod::Post, path));
        assert_eq!(text(&gone), format!("{start}\"Rent\",\"Status\":\"VOIDED\"}}]}}"));
        assert!(text(&remove(id, "Rent", Removal::Delete, key())).contains("\"DELETED\""));
        assert_eq!(Removal::of(&JournalStatus::Posted), Some(Removal::Void));
        assert_eq!(Removal::of(&JournalStatus::Draft), Some(Removal::Delete));
        assert_eq!(Removal::of(&JournalStatus::Voided), None);
    }

    #[test]
    fn a_look_up_quotes_the_narration_as_sent_and_a_wider_one_looks_back() {
        let mark = JournalMark::from_bytes([7; 16]);
        let by_mark = look_up_by_mark("Release \"rent\"", mark);
        let clause = "Narration==\"Release 'rent' [cf:BwcHBwcHBwcHBwcHBwcHBw]\"";
        assert_eq!(by_mark.query, [("where", clause.to_owned()), ("page", "1".to_owned())]);
        assert_eq!(look_up_by_mark(&mark_narration("Release \"rent\"", mark), mark), by_mark);
        let since = look_up_since("2026-10-31T09:00:00Z".parse().unwrap(), 3);
        assert_eq!(since.modified_since.unwrap().to_string(), "2026-10-31T08:55:00Z");
        assert_eq!(since.query, [("page", "3".to_owned()), ("pageSize", "100".to_owned())]);
        assert!(look_up(ManualJournalId(Uuid::nil())).path.ends_with("/00000000-0000-0000-0000-000000000000"));
    }

    #[test]
    fn what_xero_would_refuse_in_any_books_is_not_sent() {
        fn check(change: impl Fn(&mut ManualJournalDraft), expected: &str) {
            let mut sent = draft();
            change(&mut sent);
            let fault = create(&sent, key()).unwrap_err().to_string();
            assert!(fault.contains(expected), "{fault} is not {expected}");
            let fault = update(ManualJournalId(Uuid::nil()), &sent, key()).unwrap_err().to_string();
            assert!(fault.contains(expected), "{fault} is not {expected}");
        }
        fn decimal(text: &str) -> rust_decimal::Decimal {
            text.parse().unwrap()
        }
        check(|sent| sent.narration = " \n".into(), "narration is empty");
        check(|sent| sent.lines.truncate(1), "this one has 1");
        check(|sent| sent.lines.clear(), "this one has 0");
        check(|sent| sent.lines[0].amount = decimal("83.31"), "debits of 83.31 and credits of -83.30");
        check(|sent| sent.lines.iter_mut().for_each(|line| line.amount = decimal("0.00")), "every line is zero");
        check(|sent| sent.lines[1].amount = decimal("-83.301"), "line 2 has more than two decimals");
        check(|sent| sent.lines[0].amount = decimal("10000000000.00"), "line 1 is beyond");
        check(|sent| sent.lines[0].description = "é".repeat(4_001), "line 1 has a description");
        check(|sent| sent.lines[0].tracking = vec![sent.lines[0].tracking[0].clone(); 3], "line 1 has more than two");
        for link in ["/j/771", "https://app.example/Xero", "https://", "ftp://app.example/j"] {
            check(|sent| sent.url = Some(link.into()), "link must be absolute");
        }
        let many = |sent: &mut ManualJournalDraft| {
            let pair = sent.lines.clone();
            sent.lines = (0..600).flat_map(|_| pair.clone()).collect();
            sent.lines.iter_mut().for_each(|line| line.description = "x".repeat(4_000));
        };
        check(many, "more than 3,500,000");
    }

    #[test]
    fn bounds_themselves_are_fine_and_only_xero_can_balance_taxed_lines() {
        let mut sent = draft();
        sent.lines[0].amount = LINE_AMOUNT_MAX;
        sent.lines[1].amount = -LINE_AMOUNT_MAX;
        sent.lines[0].description = "é".repeat(DESCRIPTION_CHARS_MAX);
        let second = sent.lines[1].tracking[0].clone();
        sent.lines[0].tracking.push(second);
        assert!(text(&create(&sent, key()).unwrap()).contains("\"LineAmount\":-9999999999.99,"));
        sent = draft();
        sent.lines[0].amount = "83.3000".parse().unwrap();
        assert!(text(&create(&sent, key()).unwrap()).contains("\"LineAmount\":83.30,"));
        sent.lines[0].amount = "100".parse().unwrap();
        sent.line_amounts = LineAmounts::Exclusive;
        assert!(create(&sent, key()).is_ok());
    }
}
