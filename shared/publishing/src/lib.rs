//! Documents published to Xero as bills, supplier credit notes and spend money, with their file attached.
//!
//! Owns what a person agrees to, what stands in its way, and the three steps of a publication: the supplier's contact where
//! there is none yet, the document itself, its file. Each step is a posting of its own with its own retry, and the next is
//! planned from what is stored of the one before. What was published is edited in Xero only.
//!
//! | module | what is in it |
//! |---|---|
//! | [`terms`] | what a person publishes |
//! | [`bank_account`] | from which bank account money was spent, held against the books |
//! | [`proposal`] | terms held against the books: what Xero will make of them, what it would refuse, what looks alike |
//! | [`prefill`] | terms as a reading proposes them |
//! | [`shelf`] | suppliers' documents by contact, kept from the mirror |
//! | [`publication`] | a publication stored, its steps planned one after the other |
//! | [`writers`] | how each step is written to Xero and found again |
//! | [`follow`] | documents that changed in Xero: onto the shelf, and compared with what was published |

pub mod bank_account;
pub mod follow;
pub mod prefill;
pub mod proposal;
pub mod publication;
pub mod shelf;
pub mod terms;
pub mod writers;

use bills::BillKind;

pub use publication::{
    Publication, PublishError, Steps, advance, attachment_intent, bill_intent, document_of, load_publication,
    note_intent, publish, supplier_intent,
};
pub use terms::{BillTerms, Supplier};

/// Kinds of postings of a publication, as in settings and envelopes.
pub const BILLS: &str = "invoices";
/// See [`BILLS`].
pub const CREDIT_NOTES: &str = "credit_notes";
/// See [`BILLS`].
pub const SPEND_MONEY: &str = "bank_transactions";
/// See [`BILLS`].
pub const SUPPLIERS: &str = "contacts";
/// See [`BILLS`].
pub const FILES: &str = "attachments";
/// See [`BILLS`].
pub const NOTES: &str = "history";

/// The mirror's name of a kind of document, which is its postings' too.
pub fn entity_of(kind: BillKind) -> &'static str {
    match kind {
        BillKind::Bill => BILLS,
        BillKind::CreditNote => CREDIT_NOTES,
        BillKind::SpendMoney | BillKind::ReceiveMoney => SPEND_MONEY,
    }
}

/// The kind of document of that name.
pub fn kind_of(entity: &str) -> Option<BillKind> {
    let kinds = [BillKind::Bill, BillKind::CreditNote, BillKind::SpendMoney];
    kinds.into_iter().find(|kind| entity_of(*kind) == entity)
}
