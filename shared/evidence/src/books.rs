//! What the books hold that may speak for a line: bills, entries, payments and transfers, each made of a mirrored record.
//!
//! Owns which records can speak at all. Never decides for which line: that takes all lines together.

use std::collections::BTreeMap;

use kernel::{Currency, Date, Money};

use crate::fields::{self, Fields, RecordFault};
use crate::ids::{AccountId, LineId, RecordId, RecordRef};
use crate::line::{LineKind, bank_type};
use crate::words::Words;

/// What the books hold. All of one kind may be fed in any order.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Bills and supplier credit notes, those that are paid or voided too: what happened to one is told.
    pub bills: Vec<Bill>,
    /// Money spent and received.
    pub entries: Vec<Entry>,
    /// Payments of bills, invoices and credit notes.
    pub payments: Vec<Payment>,
    /// Transfers between the organisation's own accounts.
    pub transfers: Vec<Transfer>,
    /// Records that already speak for lines outside of this batch; none of them speaks for a second one.
    pub taken: BTreeMap<RecordRef, LineId>,
}

/// Records of all kinds that one decision looks at.
pub const RECORDS_MAX: usize = 200_000;

/// A document of a supplier's in Xero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Xero's id.
    pub id: RecordId,
    /// Which of the two.
    pub kind: BillKind,
    /// The supplier's name.
    pub contact: Words,
    /// The supplier's number of it.
    pub number: Words,
    /// Its date.
    pub date: Date,
    /// The day by which it is to be paid; credit notes have none.
    pub due: Option<Date>,
    /// What it came to.
    pub total: Money,
    /// What of it is still to be paid, or of a credit note still to be used.
    pub amount_due: Money,
    /// Where it stands, in Xero's word. Only one that is AUTHORISED speaks for a line.
    pub status: Words,
    /// Whether a file is attached to it.
    pub has_attachments: bool,
}

/// What kind of document a supplier sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BillKind {
    /// A bill: money goes out.
    Bill,
    /// A credit note: money may come back.
    CreditNote,
}

/// Money spent or received in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Xero's id of the bank transaction.
    pub id: RecordId,
    /// The bank account.
    pub account: AccountId,
    /// Its date.
    pub date: Date,
    /// How much, less than nothing when money went out.
    pub amount: Money,
    /// Who was paid or has paid.
    pub contact: Words,
    /// Whether a file is attached to it.
    pub has_attachments: bool,
    /// Whether Xero has it matched with a statement line.
    pub reconciled: bool,
}

/// A payment: what ties money at a bank to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Xero's id.
    pub id: RecordId,
    /// The bank account.
    pub account: AccountId,
    /// Its date.
    pub date: Date,
    /// How much moved at the bank, in the account's currency; less than nothing when money went out.
    pub amount: Money,
    /// Xero's id of what it pays; `None` when the record does not name it.
    pub document: Option<RecordId>,
    /// The number of what it pays.
    pub number: Words,
    /// Whether there is a document for it: a file at what it pays, or a sales document of the organisation's own.
    pub has_document: bool,
    /// Whether Xero has it matched with a statement line.
    pub reconciled: bool,
}

/// Money moved between two of the organisation's own accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Xero's id.
    pub id: RecordId,
    /// Its date.
    pub date: Date,
    /// How much, more than nothing.
    pub amount: Money,
    /// Where the money left.
    pub from: TransferSide,
    /// Where it arrived.
    pub to: TransferSide,
}

/// One of the two bank transactions that Xero makes of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferSide {
    /// The bank account.
    pub account: AccountId,
    /// Xero's id of the bank transaction.
    pub entry: RecordId,
}

impl Books {
    /// How many records there are.
    pub fn records(&self) -> usize {
        self.bills.len() + self.entries.len() + self.payments.len() + self.transfers.len() + self.taken.len()
    }
}

impl Bill {
    /// A mirrored invoice or credit note; `None` for the organisation's own sales documents. The mirror keeps only the id
    /// of its contact, so the name comes beside it. A record that does not say whether it has files has none: asking once
    /// too often is the smaller harm.
    pub fn from_record(record: &Fields, contact: &str) -> Result<Option<Self>, RecordFault> {
        let (kind, id, number, due) = match fields::text(record, "Type") {
            "ACCPAY" => (BillKind::Bill, "InvoiceID", "InvoiceNumber", "AmountDue"),
            "ACCPAYCREDIT" => (BillKind::CreditNote, "CreditNoteID", "CreditNoteNumber", "RemainingCredit"),
            "" => return Err(RecordFault::Field("Type")),
            _ => return Ok(None),
        };
        let currency = fields::currency(record)?;
        Ok(Some(Self {
            id: fields::id(record, id)?,
            kind,
            contact: Words::new(contact),
            number: Words::new(fields::text(record, number)),
            date: fields::date(record, "Date")?,
            due: fields::optional_date(record, "DueDate")?,
            total: fields::money(record, "Total", currency)?,
            amount_due: fields::money(record, due, currency)?,
            status: Words::new(fields::text(record, "Status")),
            has_attachments: fields::flag(record, "HasAttachments") == Some(true),
        }))
    }

    /// The day by which money is expected to move: the due date, or without one the date.
    pub fn expected(&self) -> Date {
        self.due.unwrap_or(self.date)
    }

    /// Whether it is approved, and something of it is still to be paid.
    pub(crate) fn is_waiting(&self) -> bool {
        self.status.as_str() == "AUTHORISED" && self.amount_due.is_positive()
    }
}

impl Entry {
    /// A mirrored bank transaction; `None` for one that is voided or deleted, and for a side of a transfer.
    pub fn from_record(record: &Fields, contact: &str) -> Result<Option<Self>, RecordFault> {
        let (out, kind) = bank_type(fields::text(record, "Type")).ok_or(RecordFault::Field("Type"))?;
        if fields::text(record, "Status") != "AUTHORISED" || kind == LineKind::Transfer {
            return Ok(None);
        }
        let amount = fields::money(record, "Total", fields::currency(record)?)?;
        Ok(Some(Self {
            id: fields::id(record, "BankTransactionID")?,
            account: fields::account(record, "BankAccount")?,
            date: fields::date(record, "Date")?,
            amount: fields::signed(amount, out, "Total")?,
            contact: Words::new(contact),
            has_attachments: fields::flag(record, "HasAttachments") == Some(true),
            reconciled: fields::flag(record, "IsReconciled") == Some(true),
        }))
    }
}

impl Payment {
    /// A mirrored payment; `None` for one that is deleted. `BankAmount` is in the account's currency, `Amount` in that of
    /// the document. Neither the account's currency nor whether what is paid has a file stands in the record.
    pub fn from_record(
        record: &Fields,
        currency: Currency,
        document_has_attachments: bool,
    ) -> Result<Option<Self>, RecordFault> {
        if fields::text(record, "Status") != "AUTHORISED" {
            return Ok(None);
        }
        let (out, is_sales) =
            payment_type(fields::text(record, "PaymentType")).ok_or(RecordFault::Field("PaymentType"))?;
        let at_bank = if record.contains_key("BankAmount") { "BankAmount" } else { "Amount" };
        let amount = fields::money(record, at_bank, currency)?;
        let paid = |id, number| (fields::inner(record, id, number), id);
        let (document, holder) =
            [("Invoice", "InvoiceID"), ("CreditNote", "CreditNoteID"), ("Prepayment", "PrepaymentID")]
                .into_iter()
                .map(|(holder, id)| paid(holder, id))
                .find(|(id, _)| !id.is_empty())
                .unwrap_or_else(|| paid("Overpayment", "OverpaymentID"));
        let number = if holder == "CreditNote" { "CreditNoteNumber" } else { "InvoiceNumber" };
        Ok(Some(Self {
            id: fields::id(record, "PaymentID")?,
            account: fields::account(record, "Account")?,
            date: fields::date(record, "Date")?,
            amount: fields::signed(amount, out, at_bank)?,
            document: document.to_ascii_lowercase().parse().ok(),
            number: Words::new(fields::inner(record, holder, number)),
            has_document: is_sales || document_has_attachments,
            reconciled: fields::flag(record, "IsReconciled") == Some(true),
        }))
    }
}

/// Whether the money goes out, and whether what is settled is a sales invoice or credit note of the organisation's own.
/// Paying a document sends money one way; paying back what was credited or paid ahead sends it the other.
fn payment_type(name: &str) -> Option<(bool, bool)> {
    Some(match name {
        "ACCPAYPAYMENT" => (true, false),
        "ACCRECPAYMENT" => (false, true),
        "APCREDITPAYMENT" | "APOVERPAYMENTPAYMENT" | "APPREPAYMENTPAYMENT" => (false, false),
        "ARCREDITPAYMENT" => (true, true),
        "AROVERPAYMENTPAYMENT" | "ARPREPAYMENTPAYMENT" => (true, false),
        _ => return None,
    })
}

impl Transfer {
    /// A mirrored bank transfer; `None` for one that is deleted. Both accounts have one currency, which the record does
    /// not name.
    pub fn from_record(record: &Fields, currency: Currency) -> Result<Option<Self>, RecordFault> {
        if matches!(fields::text(record, "Status"), "DELETED" | "VOIDED") {
            return Ok(None);
        }
        let side = |account, entry| {
            Ok(TransferSide { account: fields::account(record, account)?, entry: fields::id(record, entry)? })
        };
        Ok(Some(Self {
            id: fields::id(record, "BankTransferID")?,
            date: fields::date(record, "Date")?,
            amount: fields::money(record, "Amount", currency)?,
            from: side("FromBankAccount", "FromBankTransactionID")?,
            to: side("ToBankAccount", "ToBankTransactionID")?,
        }))
    }
}
