//! The records of the books as candidates, and by their ids.
//!
//! Owns how a record is told of, that none stands in the books twice, and that finding one takes no search.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use crate::books::{Bill, Books, Entry, Part};
use crate::ids::{RecordId, RecordKind, RecordRef};
use crate::words::Words;

/// A record of the books that may speak for a line.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// A bill or credit note.
    Bill(&'a Bill),
    /// Money that moved. Each side of a transfer is one, and speaks for a line of its own.
    Entry(&'a Entry),
}

/// All records of the books.
pub(crate) struct Records<'a>(HashMap<&'a RecordRef, Known<'a>>);

/// Characters of a number or a name that stand in a sentence.
const NAME_CHARS_MAX: usize = 60;

impl<'a> Known<'a> {
    /// It as a record.
    pub(crate) fn record(&self) -> &'a RecordRef {
        match self {
            Self::Bill(bill) => &bill.record,
            Self::Entry(entry) => &entry.record,
        }
    }

    /// Whether there is a document for it.
    pub(crate) fn has_document(&self) -> bool {
        match self {
            Self::Bill(bill) => bill.has_attachments,
            Self::Entry(entry) => entry.has_document,
        }
    }

    /// What a bookkeeper knows it by, to stand within a sentence.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Bill(bill) => format!("{} over {}, due {}", title(bill), bill.amount_due, bill.expected()),
            Self::Entry(Entry { part, whom, amount, date, .. }) => {
                let what = match part {
                    Part::Alone => "bank transaction",
                    Part::PaymentOf(_) => "payment",
                    Part::TransferOf(_) => "transfer",
                };
                format!("{what}{} of {amount} on {date}", said(" for ", whom))
            }
        }
    }
}

/// What kind of document it is, its number and its sender.
pub(crate) fn title(bill: &Bill) -> String {
    let kind = if bill.record.kind == RecordKind::Bill { "bill" } else { "credit note" };
    format!("{kind}{}{}", said(" ", &bill.number), said(" of ", &bill.contact))
}

/// A text from outside within a sentence, behind words of ours; nothing where there is none.
fn said(before: &str, text: &Words) -> String {
    if text.is_empty() { String::new() } else { format!("{before}{}", text.cut_to(NAME_CHARS_MAX)) }
}

impl<'a> Records<'a> {
    /// Finds all records a place; the one that has none because it stands there already is given back.
    pub(crate) fn try_new(books: &'a Books) -> Result<Self, RecordRef> {
        let mut records = HashMap::with_capacity(books.bills.len() + books.entries.len());
        for known in books.bills.iter().map(Known::Bill).chain(books.entries.iter().map(Known::Entry)) {
            match records.entry(known.record()) {
                Slot::Vacant(free) => free.insert(known),
                Slot::Occupied(full) => return Err((*full.key()).clone()),
            };
        }
        Ok(Self(records))
    }

    /// A record by kind and id.
    pub(crate) fn find(&self, record: &RecordRef) -> Option<Known<'a>> {
        self.0.get(record).copied()
    }

    /// What a source means by an id. It says no kind; Xero's ids are unique among all of them.
    pub(crate) fn linked(&self, id: &RecordId) -> Option<Known<'a>> {
        let kinds = [RecordKind::BankTransaction, RecordKind::Payment, RecordKind::Bill, RecordKind::CreditNote];
        kinds.into_iter().find_map(|kind| self.find(&RecordRef::new(kind, id)))
    }

    /// A record with what a payment pays, where the books hold it: there its file belongs.
    pub(crate) fn with_paid(&self, known: &Known<'a>) -> impl Iterator<Item = RecordRef> {
        let paid = match known {
            Known::Entry(Entry { part: Part::PaymentOf(Some(paid)), .. }) => self.linked(paid),
            _ => None,
        };
        [Some(*known), paid].into_iter().flatten().map(|known| known.record().clone())
    }
}
