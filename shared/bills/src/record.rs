//! Bills, supplier credit notes and spend money as Xero has them, read from its answers.
//!
//! Owns the reading of records and pages. Never guesses: a record without id, type or status makes its page unreadable,
//! since it might be the one that is looked for.

use kernel::{Date, place_of};
use ports::HttpResponse;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::mark::BillMark;
use crate::wire::{amount, calendar_date, filled, or_empty};
use crate::{BillId, BillKind, ContactId};
use xero::page::cut;
use xero::{XeroError, sort_answer};

/// A document's status at Xero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum BillStatus {
    /// Saved, in nobody's books.
    Draft,
    /// Waiting for approval, in nobody's books.
    Submitted,
    /// In the books; a bill awaits payment there.
    Authorised,
    /// In the books, settled in full. Xero's alone to give.
    Paid,
    /// Was in the books, and no longer counts.
    Voided,
    /// Never came into the books.
    Deleted,
    /// One that Xero has added since.
    Other(String),
}

impl From<String> for BillStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "DRAFT" => Self::Draft,
            "SUBMITTED" => Self::Submitted,
            "AUTHORISED" => Self::Authorised,
            "PAID" => Self::Paid,
            "VOIDED" => Self::Voided,
            "DELETED" => Self::Deleted,
            _ => Self::Other(text),
        }
    }
}

impl BillStatus {
    /// As Xero writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::Authorised => "AUTHORISED",
            Self::Paid => "PAID",
            Self::Voided => "VOIDED",
            Self::Deleted => "DELETED",
            Self::Other(text) => text,
        }
    }

    /// Voided or deleted.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Voided | Self::Deleted)
    }
}

/// A document at Xero. Amounts are in its currency; what Xero left out is absent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BillRecord {
    /// Its id.
    #[serde(rename = "InvoiceID", alias = "CreditNoteID", alias = "BankTransactionID")]
    pub id: BillId,
    /// Bill, credit note or spend money.
    #[serde(rename = "Type")]
    pub kind: BillKind,
    /// Its status.
    pub status: BillStatus,
    /// The supplier.
    #[serde(default, deserialize_with = "or_empty")]
    contact: RecordContact,
    /// The supplier's number, of spend money its reference; empty for none.
    #[serde(rename = "InvoiceNumber", alias = "CreditNoteNumber", default, deserialize_with = "or_empty")]
    pub number: String,
    /// Becomes the number of spend money, which has no other.
    #[serde(default, deserialize_with = "or_empty")]
    reference: String,
    /// From where money was spent.
    #[serde(default)]
    pub bank_account: Option<RecordBankAccount>,
    /// Whether a line of a bank statement was matched with spend money.
    #[serde(default, deserialize_with = "or_empty")]
    pub is_reconciled: bool,
    /// Its day in the books.
    #[serde(default, deserialize_with = "calendar_date")]
    pub date: Option<Date>,
    /// When it is to be paid.
    #[serde(default, deserialize_with = "calendar_date")]
    pub due_date: Option<Date>,
    /// Its currency.
    #[serde(default, deserialize_with = "filled")]
    pub currency_code: Option<String>,
    /// Units of the currency for one of the organisation's own.
    #[serde(default, deserialize_with = "amount")]
    pub currency_rate: Option<Decimal>,
    /// `Exclusive`, `Inclusive` or `NoTax`.
    #[serde(default, deserialize_with = "filled")]
    pub line_amount_types: Option<String>,
    /// Where "Go to" leads.
    #[serde(default, deserialize_with = "filled")]
    pub url: Option<String>,
    /// Before tax.
    #[serde(default, deserialize_with = "amount")]
    pub sub_total: Option<Decimal>,
    /// Its tax.
    #[serde(default, deserialize_with = "amount")]
    pub total_tax: Option<Decimal>,
    /// With tax.
    #[serde(default, deserialize_with = "amount")]
    pub total: Option<Decimal>,
    /// What has been paid of a bill.
    #[serde(default, deserialize_with = "amount")]
    pub amount_paid: Option<Decimal>,
    /// What credit notes have settled of a bill.
    #[serde(default, deserialize_with = "amount")]
    pub amount_credited: Option<Decimal>,
    /// What is left of a credit note.
    #[serde(default, deserialize_with = "amount")]
    pub remaining_credit: Option<Decimal>,
    /// Its lines; lists without pages and summaries bring none.
    #[serde(default, deserialize_with = "or_empty")]
    pub line_items: Vec<RecordLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct RecordContact {
    #[serde(rename = "ContactID", default)]
    id: Option<Uuid>,
}

/// A bank account as Xero names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RecordBankAccount {
    /// Its id.
    #[serde(rename = "AccountID", default)]
    pub id: Option<Uuid>,
    /// Its code; some have none.
    #[serde(rename = "Code", default, deserialize_with = "filled")]
    pub code: Option<String>,
}

/// One line of a document at Xero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordLine {
    /// What was bought.
    #[serde(default, deserialize_with = "or_empty")]
    pub description: String,
    /// How many.
    #[serde(default, deserialize_with = "amount")]
    pub quantity: Option<Decimal>,
    /// The price of one.
    #[serde(default, deserialize_with = "amount")]
    pub unit_amount: Option<Decimal>,
    /// Quantity times price.
    #[serde(default, deserialize_with = "amount")]
    pub line_amount: Option<Decimal>,
    /// Its tax.
    #[serde(default, deserialize_with = "amount")]
    pub tax_amount: Option<Decimal>,
    /// The tax type's code.
    #[serde(default, deserialize_with = "filled")]
    pub tax_type: Option<String>,
    /// The account's code; some accounts have none.
    #[serde(default, deserialize_with = "filled")]
    pub account_code: Option<String>,
    /// The account's id.
    #[serde(rename = "AccountID", default)]
    pub account_id: Option<Uuid>,
    /// Its tracking.
    #[serde(default, deserialize_with = "or_empty")]
    pub tracking: Vec<RecordTracking>,
}

/// One tracking option of a line at Xero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordTracking {
    /// The category's name.
    #[serde(rename = "Name", default, deserialize_with = "or_empty")]
    pub category: String,
    /// The option's name.
    #[serde(rename = "Option", default, deserialize_with = "or_empty")]
    pub option: String,
    /// The category's id.
    #[serde(rename = "TrackingCategoryID", default)]
    pub category_id: Option<Uuid>,
    /// The option's id.
    #[serde(rename = "TrackingOptionID", default)]
    pub option_id: Option<Uuid>,
}

impl BillRecord {
    /// The mark in its link.
    pub fn mark(&self) -> Option<BillMark> {
        BillMark::find(self.url.as_deref()?)
    }

    /// The supplier; another one than was sent where Xero has merged contacts.
    pub fn contact(&self) -> Option<ContactId> {
        self.contact.id.map(ContactId)
    }

    /// Whether payments, credits or a bank statement's line hang on it: it can then be neither voided nor deleted.
    pub fn is_settled(&self) -> bool {
        let some = |amount: Option<Decimal>| amount.is_some_and(|amount| !amount.is_zero());
        let used = self.remaining_credit.zip(self.total).is_some_and(|(left, total)| left != total);
        self.status == BillStatus::Paid
            || some(self.amount_paid)
            || some(self.amount_credited)
            || used
            || self.is_reconciled
    }

    /// Reads one element of an answer. An id of zeros is how Xero writes none.
    pub(super) fn read(raw: &RawValue) -> Result<Self, XeroError> {
        let mut record: Self = serde_json::from_str(raw.get()).map_err(|error| unreadable(place_of(&error)))?;
        if record.kind.is_at_bank() {
            record.number = std::mem::take(&mut record.reference);
        }
        if record.id.0.is_nil() { Err(unreadable("a document without an id")) } else { Ok(record) }
    }
}

/// One page of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillPage {
    /// The documents on it.
    pub bills: Vec<BillRecord>,
    /// Whether there are no further pages.
    pub is_last: bool,
}

pub(super) fn unreadable(reason: impl Into<String>) -> XeroError {
    XeroError::Unreadable { status: 200, content_type: "application/json".to_owned(), reason: reason.into() }
}

/// Reads a page of any look-up of that kind. One unreadable document fails it all.
pub fn read_list(answer: HttpResponse, kind: BillKind) -> Result<BillPage, XeroError> {
    let answer = sort_answer(answer)?;
    let page = cut(&answer.body, kind.collection())?;
    let bills = page.elements.iter().map(|raw| BillRecord::read(raw)).collect::<Result<Vec<_>, _>>()?;
    let is_last = page.pagination.map_or(bills.is_empty(), |pages| pages.page >= pages.page_count);
    Ok(BillPage { bills, is_last })
}

/// Reads the one document of [`crate::look_up`].
pub fn read_one(answer: HttpResponse, kind: BillKind, id: BillId) -> Result<BillRecord, XeroError> {
    let mut found = read_list(answer, kind)?.bills;
    found.retain(|bill| bill.id == id);
    found.pop().ok_or_else(|| unreadable("the document asked for is not in the answer"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(body: &Value) -> HttpResponse {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        HttpResponse { status: 200, headers, body: body.to_string().into(), wire_bytes: 0 }
    }

    fn bill(number: u128) -> Value {
        json!({
            "InvoiceID": Uuid::from_u128(number), "Type": "ACCPAY", "Status": "AUTHORISED",
            "Contact": { "ContactID": Uuid::from_u128(5) }, "Date": "/Date(1793404800000+0000)/",
            "DueDate": "2026-11-30T00:00:00", "SubTotal": 100.10, "TotalTax": "20.02", "Total": 1.2012E2,
            "LineItems": [{ "UnitAmount": 0.0625, "AccountCode": "", "TaxType": "NONE", "Tracking": null }],
        })
    }

    #[test]
    fn a_page_is_read_leniently_and_exactly() {
        let mut bare = json!({ "InvoiceID": Uuid::from_u128(2), "Type": "ACCPAY", "Status": "SHELVED" });
        for field in ["Contact", "InvoiceNumber", "Date", "Total", "LineItems", "Url", "AmountPaid"] {
            bare[field] = Value::Null;
        }
        (bare["AmountCredited"], bare["CurrencyRate"]) = (json!(""), json!("1.25"));
        let pages = json!({ "page": 1, "pageSize": 2, "pageCount": 2, "itemCount": 4 });
        let page = answer(&json!({ "pagination": pages, "Invoices": [bill(1), bare] }));
        let page = read_list(page, BillKind::Bill).unwrap();
        let [full, bare] = &page.bills[..] else { panic!("two") };
        let texts = [full.sub_total, full.total_tax, full.total].map(|amount| amount.unwrap().normalize().to_string());
        assert_eq!((page.is_last, texts), (false, ["100.1", "20.02", "120.12"].map(str::to_owned)));
        assert_eq!(
            (full.date.unwrap().to_string(), full.due_date.unwrap().to_string()),
            ("2026-10-31".into(), "2026-11-30".into())
        );
        assert_eq!(full.line_items[0].unit_amount.unwrap().to_string(), "0.0625");
        assert_eq!((&full.line_items[0].account_code, full.contact()), (&None, Some(ContactId(Uuid::from_u128(5)))));
        assert_eq!(
            (bare.status.as_str(), bare.contact(), bare.total, bare.is_settled()),
            ("SHELVED", None, None, false)
        );
        let last = json!({ "page": 2, "pageSize": 2, "pageCount": 2, "itemCount": 4 });
        let last = answer(&json!({ "pagination": last, "Invoices": [] }));
        assert!(read_list(last, BillKind::Bill).unwrap().is_last);
    }

    #[test]
    fn one_unreadable_document_fails_the_page_and_no_value_is_quoted() {
        for (field, value) in [
            ("InvoiceID", Value::Null),
            ("InvoiceID", json!(Uuid::nil())),
            ("Status", Value::Null),
            ("Type", json!("ACCREC")),
            ("Total", json!("plenty")),
            ("Total", json!([1])),
        ] {
            let mut broken = bill(1);
            broken[field] = value;
            let read = read_list(answer(&json!({ "Invoices": [bill(2), broken] })), BillKind::Bill);
            let error = read.unwrap_err().to_string();
            assert!(!error.contains("plenty") && !error.contains("ACCREC"), "{field}: {error}");
        }
        let other = answer(&json!({ "Invoices": [bill(2)] }));
        assert!(read_list(other, BillKind::CreditNote).is_err(), "another list is not the one that was asked for");
    }

    #[test]
    fn one_document_is_the_one_that_was_asked_for() {
        let body = json!({ "Invoices": [bill(1)] });
        let id = BillId(Uuid::from_u128(1));
        assert_eq!(read_one(answer(&body), BillKind::Bill, id).unwrap().id, id);
        assert!(read_one(answer(&body), BillKind::Bill, BillId(Uuid::from_u128(2))).is_err());
        let missing = HttpResponse { status: 404, ..answer(&Value::Null) };
        assert!(matches!(read_one(missing, BillKind::Bill, id), Err(XeroError::NotFound)));
    }
}
