//! What the books hold that may speak for a line: bills, entries, payments and transfers, each made of a mirrored record.
//!
//! Owns which records can speak at all. Never decides for which line: that takes all lines together.

use std::collections::BTreeMap;

use kernel::{Currency, Date, Money};

use crate::fields::{self, Fields, RecordFault};
use crate::ids::{AccountId, LineId, RecordId, RecordKind, RecordRef};
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
    /// Where it stands.
    pub status: BillStatus,
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

/// Where a supplier's document stands in Xero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillStatus {
    /// Approved and not settled: the only one that speaks for a line.
    Authorised,
    /// Settled.
    Paid,
    /// Anything else, in Xero's own word.
    Other(Words),
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

/// What a payment's record does not say of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentContext {
    /// The currency of the bank account.
    pub currency: Currency,
    /// Whether a file is attached to what it pays, as the record of that document says.
    pub document_has_attachments: bool,
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
    pub fn len(&self) -> usize {
        self.bills.len() + self.entries.len() + self.payments.len() + self.transfers.len() + self.taken.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
            status: match fields::text(record, "Status") {
                "AUTHORISED" => BillStatus::Authorised,
                "PAID" => BillStatus::Paid,
                other => BillStatus::Other(Words::new(other)),
            },
            has_attachments: fields::flag(record, "HasAttachments") == Some(true),
        }))
    }

    /// The day by which money is expected to move: the due date, or without one the date.
    pub fn expected(&self) -> Date {
        self.due.unwrap_or(self.date)
    }

    /// It as a record.
    pub fn record(&self) -> RecordRef {
        let kind = match self.kind {
            BillKind::Bill => RecordKind::Bill,
            BillKind::CreditNote => RecordKind::CreditNote,
        };
        RecordRef::new(kind, &self.id)
    }
}

impl BillStatus {
    /// Xero's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Authorised => "AUTHORISED",
            Self::Paid => "PAID",
            Self::Other(word) => word.as_str(),
        }
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

    /// It as a record.
    pub fn record(&self) -> RecordRef {
        RecordRef::new(RecordKind::BankTransaction, &self.id)
    }
}

impl Payment {
    /// A mirrored payment; `None` for one that is deleted. `BankAmount` is in the account's currency, `Amount` in that of
    /// the document.
    pub fn from_record(record: &Fields, context: PaymentContext) -> Result<Option<Self>, RecordFault> {
        if fields::text(record, "Status") != "AUTHORISED" {
            return Ok(None);
        }
        let (out, is_sales) =
            payment_type(fields::text(record, "PaymentType")).ok_or(RecordFault::Field("PaymentType"))?;
        let at_bank = if record.contains_key("BankAmount") { "BankAmount" } else { "Amount" };
        let amount = fields::money(record, at_bank, context.currency)?;
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
            has_document: is_sales || context.document_has_attachments,
            reconciled: fields::flag(record, "IsReconciled") == Some(true),
        }))
    }

    /// It as a record.
    pub fn record(&self) -> RecordRef {
        RecordRef::new(RecordKind::Payment, &self.id)
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

    /// It and its two sides as records.
    pub fn records(&self) -> [RecordRef; 3] {
        let side = |side: &TransferSide| RecordRef::new(RecordKind::BankTransaction, &side.entry);
        [RecordRef::new(RecordKind::Transfer, &self.id), side(&self.from), side(&self.to)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{fields, pounds};
    use serde_json::{Value, json};

    fn bill(change: Value) -> Result<Option<Bill>, RecordFault> {
        let mut record = fields(json!({
            "InvoiceID": "B1", "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": "c" },
            "InvoiceNumber": "SUP-9912", "Date": "2026-10-05", "DueDate": "2026-11-04", "Total": "120.00",
            "AmountDue": "62.40", "CurrencyCode": "GBP", "HasAttachments": true,
        }));
        record.extend(fields(change));
        Bill::from_record(&record, "Fern Supplies")
    }

    #[test]
    fn m8_a_mirrored_bill_is_read_and_a_sales_invoice_is_none() {
        let read = bill(json!({})).unwrap().unwrap();
        assert_eq!(
            (read.id.as_str(), read.number.as_str(), read.contact.as_str()),
            ("b1", "SUP-9912", "Fern Supplies")
        );
        assert_eq!((read.total, read.amount_due), (pounds("120.00"), pounds("62.40")));
        assert_eq!((read.expected().to_string().as_str(), read.has_attachments), ("2026-11-04", true));
        assert_eq!(bill(json!({"Type": "ACCREC"})), Ok(None));
        assert!(!bill(json!({"HasAttachments": null})).unwrap().unwrap().has_attachments);
        assert_eq!(bill(json!({"Status": "VOIDED"})).unwrap().unwrap().status.as_str(), "VOIDED");
        for field in ["Type", "InvoiceID", "Date", "DueDate", "Total", "AmountDue", "CurrencyCode"] {
            let broken = json!({ field: if field == "DueDate" { json!("soon") } else { json!("") } });
            assert_eq!(bill(broken), Err(RecordFault::Field(field)));
        }
    }

    #[test]
    fn m8_a_mirrored_credit_note_is_due_what_is_left_of_it() {
        let record = fields(json!({
            "CreditNoteID": "C1", "Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "CreditNoteNumber": "CN-1",
            "Date": "2026-10-05", "Total": "50.00", "RemainingCredit": "20.00", "CurrencyCode": "GBP",
        }));
        let read = Bill::from_record(&record, "").unwrap().unwrap();
        assert_eq!(
            (read.record().kind, read.amount_due, read.expected()),
            (RecordKind::CreditNote, pounds("20.00"), read.date)
        );
    }

    #[test]
    fn m8_an_entry_is_signed_and_a_voided_one_speaks_for_nothing() {
        let entry = |kind: &str, status: &str| {
            let record = fields(json!({
                "BankTransactionID": "E1", "Type": kind, "Status": status, "BankAccount": { "AccountID": "A" },
                "Date": "2026-10-03", "Total": "42.50", "CurrencyCode": "GBP", "HasAttachments": true,
            }));
            Entry::from_record(&record, "Fern").unwrap().map(|entry| entry.amount)
        };
        assert_eq!(entry("SPEND", "AUTHORISED"), Some(pounds("-42.50")));
        assert_eq!(entry("RECEIVE-OVERPAYMENT", "AUTHORISED"), Some(pounds("42.50")));
        assert_eq!(entry("SPEND", "VOIDED"), None);
        assert_eq!(entry("SPEND-TRANSFER", "AUTHORISED"), None);
    }

    #[test]
    fn m8_a_payment_goes_the_way_its_type_says() {
        let payment = |kind: &str, attached: bool, change: Value| {
            let mut record = fields(json!({
                "PaymentID": "P1", "PaymentType": kind, "Status": "AUTHORISED", "Date": "2026-10-06", "Amount": "100.00",
                "BankAmount": "80.00", "Account": { "AccountID": "A" }, "IsReconciled": true,
                "Invoice": { "InvoiceID": "B1", "InvoiceNumber": "SUP-9912", "Type": "ACCPAY" },
            }));
            record.extend(fields(change));
            let context = PaymentContext { currency: pounds("0").currency, document_has_attachments: attached };
            Payment::from_record(&record, context)
        };
        let told = |kind, attached| payment(kind, attached, json!({})).unwrap().map(|it| (it.amount, it.has_document));
        assert_eq!(told("ACCPAYPAYMENT", true), Some((pounds("-80.00"), true)));
        assert_eq!(told("ACCPAYPAYMENT", false), Some((pounds("-80.00"), false)));
        assert_eq!(told("ACCRECPAYMENT", false), Some((pounds("80.00"), true)));
        assert_eq!(told("ARCREDITPAYMENT", false), Some((pounds("-80.00"), true)));
        assert_eq!(told("APCREDITPAYMENT", false), Some((pounds("80.00"), false)));
        assert_eq!(told("AROVERPAYMENTPAYMENT", false), Some((pounds("-80.00"), false)));
        assert_eq!(payment("SOMETHING", true, json!({})), Err(RecordFault::Field("PaymentType")));
        assert_eq!(payment("ACCPAYPAYMENT", true, json!({"Status": "DELETED"})), Ok(None));
        let read = payment("ACCPAYPAYMENT", true, json!({"BankAmount": "100.00"})).unwrap().unwrap();
        assert_eq!((read.document.unwrap().as_str(), read.number.as_str()), ("b1", "SUP-9912"));
        let note = json!({"Invoice": null, "CreditNote": { "CreditNoteID": "C1", "CreditNoteNumber": "CN-1" }});
        let read = payment("APCREDITPAYMENT", true, note).unwrap().unwrap();
        assert_eq!((read.document.unwrap().as_str(), read.number.as_str()), ("c1", "CN-1"));
    }

    #[test]
    fn x1_a_mirrored_transfer_has_two_sides_and_a_deleted_one_none() {
        let transfer = |status: &str| {
            let record = fields(json!({
                "BankTransferID": "T1", "Status": status, "Date": "2026-10-06", "Amount": "500.00",
                "FromBankAccount": { "AccountID": "A" }, "ToBankAccount": { "AccountID": "B" },
                "FromBankTransactionID": "T1-out", "ToBankTransactionID": "T1-in",
            }));
            Transfer::from_record(&record, pounds("0").currency).unwrap()
        };
        let read = transfer("AUTHORISED").unwrap();
        assert_eq!((read.from.entry.as_str(), read.to.account.as_str()), ("t1-out", "b"));
        assert_eq!(transfer("DELETED"), None);
    }
}
