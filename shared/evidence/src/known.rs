//! The records of the books as candidates, and by their ids.
//!
//! Owns how a record is told of, that none stands in the books twice, and that finding one takes no search.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use kernel::{Date, Money};

use crate::books::{Bill, BillKind, Books, Entry, Payment, Transfer, TransferSide};
use crate::ids::{AccountId, RecordId, RecordKind, RecordRef};
use crate::words::Words;

/// A record of the books that may speak for a line.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// A bill or credit note.
    Bill(&'a Bill),
    /// Money spent or received.
    Entry(&'a Entry),
    /// A payment.
    Payment(&'a Payment),
    /// One side of a transfer, known by its bank transaction: each side speaks for a line of its own.
    Side(&'a Transfer, &'a TransferSide, Money),
}

/// All records of the books.
pub(crate) struct Records<'a>(HashMap<RecordRef, Known<'a>>);

/// Characters of a number or a name that stand in a sentence.
const NAME_CHARS_MAX: usize = 60;

impl Known<'_> {
    /// It as a record.
    pub(crate) fn record(&self) -> RecordRef {
        match self {
            Self::Bill(bill) if bill.kind == BillKind::CreditNote => RecordRef::new(RecordKind::CreditNote, &bill.id),
            Self::Bill(bill) => RecordRef::new(RecordKind::Bill, &bill.id),
            Self::Entry(entry) => RecordRef::new(RecordKind::BankTransaction, &entry.id),
            Self::Payment(payment) => RecordRef::new(RecordKind::Payment, &payment.id),
            Self::Side(_, side, _) => RecordRef::new(RecordKind::BankTransaction, &side.entry),
        }
    }

    /// The bank account, the amount as a line there has it, and the date; of a bill, which knows none, what is due and when.
    pub(crate) fn moved(&self) -> (Option<&AccountId>, Money, Date) {
        match self {
            Self::Bill(bill) => (None, bill.amount_due, bill.expected()),
            Self::Entry(entry) => (Some(&entry.account), entry.amount, entry.date),
            Self::Payment(payment) => (Some(&payment.account), payment.amount, payment.date),
            Self::Side(transfer, side, amount) => (Some(&side.account), *amount, transfer.date),
        }
    }

    /// Whether there is a document for it. A transfer needs none.
    pub(crate) fn has_document(&self) -> bool {
        match self {
            Self::Bill(bill) => bill.has_attachments,
            Self::Entry(entry) => entry.has_attachments,
            Self::Payment(payment) => payment.has_document,
            Self::Side(..) => true,
        }
    }

    /// What a bookkeeper knows it by, to stand within a sentence.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Bill(bill) => format!("{} over {}, due {}", title(bill), bill.amount_due, bill.expected()),
            Self::Entry(Entry { contact, amount, date, .. }) => {
                format!("bank transaction{} of {amount} on {date}", said(" for ", contact))
            }
            Self::Payment(Payment { number, amount, date, .. }) => {
                format!("payment{} of {amount} on {date}", said(" for ", number))
            }
            Self::Side(Transfer { amount, date, .. }, ..) => format!("transfer of {amount} on {date}"),
        }
    }
}

/// What kind of document it is, its number and its sender.
pub(crate) fn title(bill: &Bill) -> String {
    let kind = if bill.kind == BillKind::Bill { "bill" } else { "credit note" };
    format!("{kind}{}{}", said(" ", &bill.number), said(" of ", &bill.contact))
}

/// A text from outside within a sentence, behind words of ours; nothing where there is none.
fn said(before: &str, text: &Words) -> String {
    if text.is_empty() { String::new() } else { format!("{before}{}", text.cut_to(NAME_CHARS_MAX)) }
}

/// Both sides of all transfers.
pub(crate) fn sides(books: &Books) -> impl Iterator<Item = Known<'_>> {
    // What a transfer moves is more than nothing, so its negative is an amount too.
    let out = |moved: Money| Money::new(moved.minor.saturating_neg(), moved.currency);
    let from = books.transfers.iter().map(move |one| Known::Side(one, &one.from, out(one.amount)));
    from.chain(books.transfers.iter().map(|one| Known::Side(one, &one.to, one.amount)))
}

/// Everything that moved money at a bank account, but for transfers.
pub(crate) fn entries(books: &Books) -> impl Iterator<Item = Known<'_>> {
    books.entries.iter().map(Known::Entry).chain(books.payments.iter().map(Known::Payment))
}

impl<'a> Records<'a> {
    /// Finds all records a place; the one that has none because it stands there already is given back.
    pub(crate) fn try_new(books: &'a Books) -> Result<Self, RecordRef> {
        let mut records = HashMap::with_capacity(books.records());
        for known in books.bills.iter().map(Known::Bill).chain(entries(books)).chain(sides(books)) {
            match records.entry(known.record()) {
                Slot::Vacant(free) => free.insert(known),
                Slot::Occupied(full) => return Err(full.key().clone()),
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

    /// What a payment pays, where the books hold it: there its file belongs.
    pub(crate) fn paid_by(&self, known: &Known<'_>) -> Option<RecordRef> {
        let Known::Payment(payment) = known else { return None };
        self.linked(payment.document.as_ref()?).map(|paid| paid.record())
    }
}
