//! Which fields of each record `where` and `order` may name, and what they hold.

use uuid::Uuid;

use super::books::Books;
use super::filter::Field;
use super::model::{Account, Contact, Document, Item, Journal, Payment, Transfer};

/// A record that can be asked for its fields by number.
pub(super) trait Fields {
    fn field<'a>(&'a self, books: &'a Books, at: usize) -> Field<'a>;
}

/// Own id first, then `UpdatedDateUTC`, then `Date`: the order-by fields Xero optimises.
pub(super) const INVOICE: &[&str] = &[
    "InvoiceID",
    "UpdatedDateUTC",
    "Date",
    "Status",
    "Type",
    "Contact.ContactID",
    "Contact.Name",
    "Contact.ContactNumber",
    "Reference",
    "InvoiceNumber",
    "DueDate",
    "AmountDue",
    "AmountPaid",
];
/// Not the number: Xero's page does not name it among the fast ones.
pub(super) const CREDIT_NOTE: &[&str] = &[
    "CreditNoteID",
    "UpdatedDateUTC",
    "Date",
    "Status",
    "Type",
    "Contact.ContactID",
    "Contact.Name",
    "Contact.ContactNumber",
    "Reference",
];
pub(super) const ORDER: &[&str] = &["PurchaseOrderID", "UpdatedDateUTC", "Date", "Status"];
pub(super) const BANK_TRANSACTION: &[&str] = &[
    "BankTransactionID",
    "UpdatedDateUTC",
    "Date",
    "Status",
    "Type",
    "Contact.ContactID",
    "Contact.Name",
    "Contact.ContactNumber",
    "Reference",
    "IsReconciled",
    "BankAccount.AccountID",
    "Total",
];
pub(super) const ADVANCE: &[&str] = &[
    "ID",
    "UpdatedDateUTC",
    "Date",
    "Status",
    "Type",
    "Contact.ContactID",
    "Contact.Name",
    "Contact.ContactNumber",
    "Reference",
];

impl Fields for Document {
    fn field<'a>(&'a self, books: &'a Books, at: usize) -> Field<'a> {
        let contact = || books.contacts.find(self.contact);
        // One order for all documents; each list above names a part of it, renumbered by `document_field`.
        match at {
            0 => Field::Id(self.id),
            1 => Field::Moment(self.updated),
            2 => Field::Day(self.date),
            3 => Field::text(self.status.as_str()),
            4 => Field::text(self.kind.as_str()),
            5 => Field::Id(self.contact),
            6 => Field::text(contact().map_or("", |contact| &contact.name)),
            7 => Field::text(contact().map_or("", |contact| &contact.number)),
            8 => Field::text(&self.reference),
            9 => Field::text(&self.number),
            10 => self.due.map_or(Field::Null, Field::Day),
            11 => Field::Amount(self.due_amount()),
            12 => Field::Amount(self.paid),
            13 => Field::Flag(self.reconciled),
            14 => self.account.map_or(Field::Null, Field::Id),
            _ => Field::Amount(self.total),
        }
    }
}

/// Bank transactions name three fields where other documents have their number.
pub(super) fn bank_field<'a>(books: &'a Books, document: &'a Document, at: usize) -> Field<'a> {
    document.field(books, if at >= 9 { at + 4 } else { at })
}

pub(super) const PAYMENT: &[&str] = &[
    "PaymentID",
    "UpdatedDateUTC",
    "Date",
    "Status",
    "PaymentType",
    "Invoice.InvoiceID",
    "Invoice.InvoiceNumber",
    "Reference",
    "Amount",
    "IsReconciled",
    "Account.AccountID",
    "CreditNote.CreditNoteID",
];

impl Fields for Payment {
    fn field<'a>(&'a self, books: &'a Books, at: usize) -> Field<'a> {
        use super::model::Target;
        let of = |target: Target| (self.target == target).then(|| books.target(target, self.document)).flatten();
        match at {
            0 => Field::Id(self.id),
            1 => Field::Moment(self.updated),
            2 => Field::Day(self.date),
            3 => Field::text(self.status.as_str()),
            4 => books.target(self.target, self.document).map_or(Field::Null, |document| {
                Field::text(super::render_documents::payment_type(self.target, document.kind))
            }),
            5 => of(Target::Invoice).map_or(Field::Null, |document| Field::Id(document.id)),
            6 => of(Target::Invoice).map_or(Field::Null, |document| Field::text(&document.number)),
            7 => Field::text(&self.reference),
            8 => Field::Amount(self.amount),
            9 => Field::Flag(self.reconciled),
            10 => Field::Id(self.account),
            _ => of(Target::CreditNote).map_or(Field::Null, |document| Field::Id(document.id)),
        }
    }
}

pub(super) const CONTACT: &[&str] =
    &["ContactID", "UpdatedDateUTC", "Name", "EmailAddress", "AccountNumber", "ContactNumber", "ContactStatus"];

impl Fields for Contact {
    fn field<'a>(&'a self, _: &'a Books, at: usize) -> Field<'a> {
        match at {
            0 => Field::Id(self.id),
            1 => Field::Moment(self.updated),
            2 => Field::text(&self.name),
            3 => Field::text(&self.email),
            4 => Field::text(&self.account_number),
            5 => Field::text(&self.number),
            _ => Field::text(self.status.as_str()),
        }
    }
}

pub(super) const JOURNAL: &[&str] = &["ManualJournalID", "UpdatedDateUTC", "Date", "Narration"];

impl Fields for Journal {
    fn field<'a>(&'a self, _: &'a Books, at: usize) -> Field<'a> {
        match at {
            0 => Field::Id(self.id),
            1 => Field::Moment(self.updated),
            2 => Field::Day(self.date),
            _ => Field::text(&self.narration),
        }
    }
}

pub(super) const ACCOUNT: &[&str] =
    &["AccountID", "UpdatedDateUTC", "Code", "Name", "Type", "Status", "Class", "SystemAccount", "TaxType"];

impl Fields for Account {
    fn field<'a>(&'a self, _: &'a Books, at: usize) -> Field<'a> {
        match at {
            0 => Field::Id(self.id),
            1 => Field::Moment(self.updated),
            2 => Field::text(&self.code),
            3 => Field::text(&self.name),
            4 => Field::text(&self.kind),
            5 => Field::text(self.status.as_str()),
            6 => Field::text(self.class()),
            7 => Field::text(&self.system),
            _ => Field::text(&self.tax_type),
        }
    }
}

pub(super) const ITEM: &[&str] = &["ItemID", "UpdatedDateUTC", "Code", "Name"];

impl Fields for Item {
    fn field<'a>(&'a self, _: &'a Books, at: usize) -> Field<'a> {
        match at {
            0 => Field::Id(self.id),
            1 => Field::Moment(self.updated),
            2 => Field::text(&self.code),
            _ => Field::text(&self.name),
        }
    }
}

pub(super) const TRANSFER: &[&str] =
    &["BankTransferID", "UpdatedDateUTC", "Date", "Amount", "HasAttachments", "Reference"];

impl Fields for Transfer {
    fn field<'a>(&'a self, _: &'a Books, at: usize) -> Field<'a> {
        match at {
            0 => Field::Id(self.id),
            1 => Field::Moment(self.updated),
            2 => Field::Day(self.date),
            3 => Field::Amount(self.amount),
            4 => Field::Flag(false),
            _ => Field::text(&self.reference),
        }
    }
}

/// The own id of a record by text, if the text is one.
pub(super) fn as_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}
