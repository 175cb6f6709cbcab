//! The records of the books by their ids.
//!
//! Owns that no record stands there twice, and that finding one takes no search. Decides nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use crate::books::{Bill, Books, Entry, Payment, Transfer};
use crate::ids::{RecordId, RecordKind, RecordRef};

/// A record of the books.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// A bill or credit note.
    Bill(&'a Bill),
    /// Money spent or received.
    Entry(&'a Entry),
    /// A payment.
    Payment(&'a Payment),
    /// A transfer.
    Transfer,
    /// A transfer's side, under the id of its bank transaction.
    Side(&'a Transfer),
}

/// All records of the books.
pub(crate) struct Records<'a>(HashMap<RecordRef, Known<'a>>);

impl<'a> Records<'a> {
    /// Finds all records a place; the one that has none because it stands there already is given back.
    pub(crate) fn try_new(books: &'a Books) -> Result<Self, RecordRef> {
        let bills = books.bills.iter().map(|bill| (bill.record(), Known::Bill(bill)));
        let entries = books.entries.iter().map(|entry| (entry.record(), Known::Entry(entry)));
        let payments = books.payments.iter().map(|payment| (payment.record(), Known::Payment(payment)));
        let transfers = books.transfers.iter().flat_map(|transfer: &Transfer| {
            let [whole, from, to] = transfer.records();
            [(whole, Known::Transfer), (from, Known::Side(transfer)), (to, Known::Side(transfer))]
        });
        let mut records = HashMap::with_capacity(books.len());
        for (record, known) in bills.chain(entries).chain(payments).chain(transfers) {
            match records.entry(record) {
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
    pub(crate) fn linked(&self, id: &RecordId) -> Option<(RecordRef, Known<'a>)> {
        let kinds = [RecordKind::BankTransaction, RecordKind::Payment, RecordKind::Bill, RecordKind::CreditNote];
        let records = kinds.into_iter().map(|kind| RecordRef::new(kind, id));
        records.into_iter().find_map(|record| self.find(&record).map(|known| (record, known)))
    }
}
