//! How a supplier's past lines were coded, as many as tell something.
//!
//! Owns the fold over them, in memory for [`HISTORY_LINES_MAX`]: the newest stay. What was fed in which order makes no
//! difference. Keeps nothing of documents that do not stand, so that nothing can be suggested from them.

use std::collections::BTreeSet;

use kernel::{Currency, Date};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::descriptions::telling_words;
use crate::past::{PastKind, PastLine, TRACKING_MAX, Tracked, is_code, past_lines};
use crate::words::TEXT_CHARS_MAX;

/// Lines of one supplier that are kept: the newest. A weekly bill of five lines fills two years.
pub const HISTORY_LINES_MAX: usize = 500;
/// Lines of one document that are kept, so that one long bill is not all the history there is. Lines that are the same in
/// all that is kept of them are one.
pub const DOCUMENT_LINES_MAX: usize = 50;

/// The history of one supplier.
#[derive(Clone, Debug)]
pub struct History {
    contact_id: Uuid,
    lines: BTreeSet<Kept>,
}

/// One line; ordered by its date, so that the first is the oldest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kept {
    pub(crate) date: Date,
    pub(crate) document_id: Uuid,
    pub(crate) kind: PastKind,
    pub(crate) account_id: Option<Uuid>,
    pub(crate) account_code: Option<String>,
    pub(crate) tax_type: Option<String>,
    /// What tells one tracking from another: ids where there are any, else names.
    pub(crate) tracking_key: Vec<String>,
    /// In the order of its categories, however the document had them.
    pub(crate) tracking: Vec<Tracked>,
    /// In minor units.
    pub(crate) amount: Option<(Currency, i64)>,
    pub(crate) description: String,
    /// Of the description.
    pub(crate) words: Vec<String>,
}

impl History {
    /// No history yet.
    pub fn of(contact_id: Uuid) -> Self {
        Self { contact_id, lines: BTreeSet::new() }
    }

    /// Adds the lines of a record of the mirror; a record that is no history of this contact adds none.
    pub fn add_record(&mut self, entity: &str, fields: &Map<String, Value>) {
        for line in past_lines(entity, self.contact_id, fields) {
            self.add(line);
        }
    }

    /// Adds one line, which must be of this contact. What does not stand or names no account is left out.
    pub fn add(&mut self, line: PastLine) {
        let gone = line.status_gone;
        let kept = Kept::from(line);
        if gone || kept.account_code.is_none() && kept.account_id.is_none() {
            return;
        }
        let (date, document_id) = (kept.date, kept.document_id);
        self.lines.insert(kept);
        let of_document = || self.lines.iter().filter(|kept| kept.document_id == document_id && kept.date == date);
        if of_document().count() > DOCUMENT_LINES_MAX
            && let Some(least) = of_document().next().cloned()
        {
            self.lines.remove(&least);
        }
        if self.lines.len() > HISTORY_LINES_MAX {
            self.lines.pop_first();
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lines that are kept.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// The newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Kept> {
        self.lines.iter().rev()
    }
}

impl From<PastLine> for Kept {
    fn from(line: PastLine) -> Self {
        let mut tracking = line.tracking;
        tracking.retain(|pair| is_code(&pair.category) && is_code(&pair.option));
        tracking.truncate(TRACKING_MAX);
        tracking.sort_unstable();
        Self {
            date: line.date,
            document_id: line.document_id,
            kind: line.kind,
            account_id: line.account_id,
            account_code: line.account_code.filter(|code| is_code(code)),
            tax_type: line.tax_type.filter(|tax| is_code(tax)),
            tracking_key: tracking.iter().map(key).collect(),
            tracking,
            amount: line.amount.map(|amount| (amount.currency, amount.minor)),
            words: telling_words(&line.description),
            description: line.description.chars().take(TEXT_CHARS_MAX).collect(),
        }
    }
}

fn key(pair: &Tracked) -> String {
    match (pair.category_id, pair.option_id) {
        (Some(category), Some(option)) => format!("{category} {option}"),
        _ => format!("{}\n{}", pair.category, pair.option),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::past::CODE_CHARS_MAX;
    use crate::suggestion::LineClues;

    fn line(document: usize, at: usize) -> PastLine {
        PastLine {
            document_id: Uuid::from_u128(document as u128),
            kind: PastKind::Bill,
            date: Date::constant(2026, 1, 1),
            description: format!("Part {at:05}"),
            account_code: Some("429".to_owned()),
            account_id: None,
            tax_type: None,
            tracking: Vec::new(),
            amount: None,
            status_gone: false,
        }
    }

    /// Documents and parts that are kept, the oldest first.
    #[track_caller]
    fn check(lines: Vec<PastLine>, first: (usize, usize), count: usize) {
        let turned: Vec<PastLine> = lines.iter().rev().cloned().collect();
        for lines in [lines, turned] {
            let mut history = History::of(Uuid::nil());
            lines.into_iter().for_each(|line| history.add(line));
            let oldest = history.lines.first().map(|kept| (kept.document_id, kept.description.clone()));
            let expected = (Uuid::from_u128(first.0 as u128), format!("Part {:05}", first.1));
            assert_eq!((oldest, history.len()), (Some(expected), count));
        }
    }

    #[test]
    fn x4_the_newest_lines_are_kept_up_to_the_bound_in_whatever_order_they_come() {
        check((0..HISTORY_LINES_MAX).map(|at| line(at, at)).collect(), (0, 0), HISTORY_LINES_MAX);
        check((0..HISTORY_LINES_MAX + 3).map(|at| line(at, at)).collect(), (3, 3), HISTORY_LINES_MAX);
        check((0..DOCUMENT_LINES_MAX).map(|at| line(1, at)).collect(), (1, 0), DOCUMENT_LINES_MAX);
        check((0..DOCUMENT_LINES_MAX + 3).map(|at| line(1, at)).collect(), (1, 3), DOCUMENT_LINES_MAX);
        let both = (0..2_000).map(|at| line(at / 100, at)).collect();
        check(both, (10, 1_050), HISTORY_LINES_MAX);
        check(vec![line(1, 1), line(1, 1)], (1, 1), 1);
    }

    #[test]
    fn x4_only_this_contacts_standing_records_are_added() {
        let contact = Uuid::from_u128(7);
        let record = |contact: Uuid, status: &str| {
            json!({
                "InvoiceID": Uuid::from_u128(1).to_string(), "Type": "ACCPAY", "Status": status, "Date": "2026-10-05",
                "Contact": { "ContactID": contact.to_string() }, "CurrencyCode": "GBP",
                "LineItems": [
                    { "Description": "Cloud hosting", "LineAmount": "10.00", "AccountCode": "463", "TaxType": "INPUT2" },
                    { "Description": "A line that only describes" },
                ],
            })
        };
        let mut history = History::of(contact);
        for other in [record(Uuid::from_u128(8), "PAID"), record(contact, "VOIDED")] {
            history.add_record("invoices", other.as_object().unwrap());
        }
        assert!(history.is_empty() && history.suggest(&LineClues::default()).is_none());
        history.add_record("invoices", record(contact, "PAID").as_object().unwrap());
        let coding = history.suggest(&LineClues { description: Some("Cloud hosting"), net: None }).unwrap();
        assert_eq!((history.len(), coding.account.value.code.as_deref()), (1, Some("463")));
    }

    #[test]
    fn hostile_lines_are_cut() {
        let mut history = History::of(Uuid::nil());
        let pair = Tracked { category: "Region".into(), option: "North".into(), ..Tracked::default() };
        let mut tracking = vec![pair; TRACKING_MAX + 1];
        tracking[0].option = "x".repeat(CODE_CHARS_MAX + 1);
        tracking.push(tracking[1].clone());
        history.add(PastLine { description: "x ".repeat(1_000_000), tracking, ..line(1, 1) });
        let kept = history.newest_first().next().unwrap();
        assert_eq!((kept.description.chars().count(), kept.tracking.len()), (TEXT_CHARS_MAX, TRACKING_MAX));
        assert_eq!(kept.tracking[0].option, "North");
        history.add(PastLine { account_code: Some("4".repeat(CODE_CHARS_MAX + 1)), ..line(2, 1) });
        assert_eq!(history.len(), 1);
        history.add(PastLine { account_code: Some("4".repeat(CODE_CHARS_MAX)), ..line(2, 1) });
        assert_eq!(history.len(), 2);
    }
}
