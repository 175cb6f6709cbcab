//! What the books hold that may speak for a line: bills and entries, each made of a mirrored record.
//!
//! Owns which records can speak at all. Never decides for which line: that takes all lines together.

use std::collections::BTreeMap;

use kernel::{Currency, Date, Money};

use crate::fields::{self, Fields, RecordFault};
use crate::ids::{AccountId, LineId, RecordId, RecordKind, RecordRef};
use crate::line::{LineKind, bank_type};
use crate::words::Words;

/// What the books hold, in any order.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Bills and supplier credit notes, those that are paid or voided too: what happened to one is told.
    pub bills: Vec<Bill>,
    /// Money that moved at bank accounts: spent, received, paid and transferred.
    pub entries: Vec<Entry>,
    /// Records that already speak for lines outside of this batch; none of them speaks for a second one.
    pub taken: BTreeMap<RecordRef, LineId>,
}

/// Records of all kinds that one decision looks at.
pub const RECORDS_MAX: usize = 200_000;

/// A document of a supplier's in Xero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// A bill or a credit note, by Xero's id.
    pub record: RecordRef,
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

/// Money that moved at a bank account, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// A bank transaction or a payment, by Xero's id.
    pub record: RecordRef,
    /// What it is part of.
    pub part: Part,
    /// The bank account.
    pub account: AccountId,
    /// Its date.
    pub date: Date,
    /// How much, in the account's currency; less than nothing when money went out.
    pub amount: Money,
    /// Who was paid or has paid; of a payment, the number of what it pays.
    pub whom: Words,
    /// Whether there is a document: a file at it or at what it pays, or a sales document of the organisation's own. A
    /// transfer needs none.
    pub has_document: bool,
    /// Whether Xero has it matched with a statement line.
    pub reconciled: bool,
}

/// What an entry is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nothing: spent or received.
    Alone,
    /// Pays a bill, an invoice or a credit note; `None` when the record does not name it.
    PaymentOf(Option<RecordId>),
    /// One side of a transfer between the organisation's own accounts.
    TransferOf(RecordId),
}

impl Bill {
    /// A mirrored invoice or credit note; `None` for the organisation's own sales documents. The mirror keeps only the id
    /// of its contact, so the name comes beside it. A record that does not say whether it has files has none: asking once
    /// too often is the smaller harm.
    pub fn from_record(record: &Fields, contact: &str) -> Result<Option<Self>, RecordFault> {
        let (kind, id, number, due) = match fields::text(record, "Type") {
            "ACCPAY" => (RecordKind::Bill, "InvoiceID", "InvoiceNumber", "AmountDue"),
            "ACCPAYCREDIT" => (RecordKind::CreditNote, "CreditNoteID", "CreditNoteNumber", "RemainingCredit"),
            "" => return Err(RecordFault::Field("Type")),
            _ => return Ok(None),
        };
        let currency = fields::currency(record)?;
        Ok(Some(Self {
            record: RecordRef::new(kind, &fields::id(record, id)?),
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
}

impl Entry {
    /// A mirrored bank transaction; `None` for one that is voided or deleted, and for a side of a transfer.
    pub fn from_bank_transaction(record: &Fields, contact: &str) -> Result<Option<Self>, RecordFault> {
        let (out, kind) = bank_type(fields::text(record, "Type")).ok_or(RecordFault::Field("Type"))?;
        if fields::text(record, "Status") != "AUTHORISED" || kind == LineKind::Transfer {
            return Ok(None);
        }
        Ok(Some(Self {
            record: RecordRef::new(RecordKind::BankTransaction, &fields::id(record, "BankTransactionID")?),
            part: Part::Alone,
            account: fields::account(record, "BankAccount")?,
            date: fields::date(record, "Date")?,
            amount: fields::signed(record, "Total", fields::currency(record)?, out)?,
            whom: Words::new(contact),
            has_document: fields::flag(record, "HasAttachments") == Some(true),
            reconciled: fields::flag(record, "IsReconciled") == Some(true),
        }))
    }

    /// A mirrored payment; `None` for one that is deleted. `BankAmount` is in the account's currency, `Amount` in that of
    /// the document. Neither the account's currency nor whether what is paid has a file stands in the record.
    pub fn from_payment(
        record: &Fields,
        currency: Currency,
        document_has_attachments: bool,
    ) -> Result<Option<Self>, RecordFault> {
        if fields::text(record, "Status") != "AUTHORISED" {
            return Ok(None);
        }
        let kind = payment_type(fields::text(record, "PaymentType")).ok_or(RecordFault::Field("PaymentType"))?;
        let at_bank = if record.contains_key("BankAmount") { "BankAmount" } else { "Amount" };
        let named = |(holder, id, _): &&(&str, &str, &str)| !fields::inner(record, holder, id).is_empty();
        let pays = PAID.iter().find(named).unwrap_or(&PAID[0]);
        Ok(Some(Self {
            record: RecordRef::new(RecordKind::Payment, &fields::id(record, "PaymentID")?),
            part: Part::PaymentOf(fields::inner(record, pays.0, pays.1).to_ascii_lowercase().parse().ok()),
            account: fields::account(record, "Account")?,
            date: fields::date(record, "Date")?,
            amount: fields::signed(record, at_bank, currency, kind.out)?,
            whom: Words::new(fields::inner(record, pays.0, pays.2)),
            has_document: kind.sales || document_has_attachments,
            reconciled: fields::flag(record, "IsReconciled") == Some(true),
        }))
    }

    /// The two sides of a mirrored bank transfer; none of one that is deleted. Both accounts have one currency, which the
    /// record does not name.
    pub fn from_transfer(record: &Fields, currency: Currency) -> Result<Vec<Self>, RecordFault> {
        if matches!(fields::text(record, "Status"), "DELETED" | "VOIDED") {
            return Ok(Vec::new());
        }
        let side = |(account, entry, reconciled, out)| {
            Ok(Self {
                record: RecordRef::new(RecordKind::BankTransaction, &fields::id(record, entry)?),
                part: Part::TransferOf(fields::id(record, "BankTransferID")?),
                account: fields::account(record, account)?,
                date: fields::date(record, "Date")?,
                amount: fields::signed(record, "Amount", currency, out)?,
                whom: Words::default(),
                has_document: true,
                reconciled: fields::flag(record, reconciled) == Some(true),
            })
        };
        let from = ("FromBankAccount", "FromBankTransactionID", "FromIsReconciled", true);
        let to = ("ToBankAccount", "ToBankTransactionID", "ToIsReconciled", false);
        [from, to].into_iter().map(side).collect()
    }
}

/// What a payment may pay, and where its id and number stand.
const PAID: [(&str, &str, &str); 4] = [
    ("Invoice", "InvoiceID", "InvoiceNumber"),
    ("CreditNote", "CreditNoteID", "CreditNoteNumber"),
    ("Prepayment", "PrepaymentID", "InvoiceNumber"),
    ("Overpayment", "OverpaymentID", "InvoiceNumber"),
];

struct PaymentType {
    /// Paying a document sends money one way; paying back what was credited or paid ahead sends it the other.
    out: bool,
    /// Whether what is settled is a sales document of the organisation's own.
    sales: bool,
}

fn payment_type(name: &str) -> Option<PaymentType> {
    let (out, sales) = match name {
        "ACCPAYPAYMENT" => (true, false),
        "ACCRECPAYMENT" => (false, true),
        "APCREDITPAYMENT" | "APOVERPAYMENTPAYMENT" | "APPREPAYMENTPAYMENT" => (false, false),
        "ARCREDITPAYMENT" => (true, true),
        "AROVERPAYMENTPAYMENT" | "ARPREPAYMENTPAYMENT" => (true, false),
        _ => return None,
    };
    Some(PaymentType { out, sales })
}
