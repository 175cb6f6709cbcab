//! Xero's JSON of bills, credit notes and bank transactions, as sent and as answered.
//!
//! Owns the spelling of fields and amounts. Read leniently: each field may be missing, null or, for numbers, a text.
//! Never through a float.

use std::collections::BTreeMap;

use kernel::Date;
use rust_decimal::Decimal;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};
use uuid::Uuid;

use crate::draft::{AccountRef, BillDraft, BillLine, LineAmounts, NewStatus, TrackingRef};
use crate::{BillId, BillKind, Removal};
use xero::dates::parse_date;

/// Nothing but the id: any other field would change the contact.
#[derive(Serialize)]
struct SentContact {
    #[serde(rename = "ContactID")]
    id: Uuid,
}

/// A bank account is named otherwise than the account of a line.
#[derive(Serialize)]
enum SentBankAccount<'a> {
    Code(&'a str),
    #[serde(rename = "AccountID")]
    Id(Uuid),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SentBill<'a> {
    #[serde(rename = "Type")]
    kind: &'static str,
    status: NewStatus,
    contact: SentContact,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_account: Option<SentBankAccount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_note_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_rate: Option<Number>,
    line_amount_types: LineAmounts,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    line_items: Vec<SentLine<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SentLine<'a> {
    description: &'a str,
    quantity: Number,
    unit_amount: Number,
    #[serde(flatten)]
    account: &'a AccountRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_amount: Option<Number>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tracking: &'a [TrackingRef],
}

pub(super) fn bill_body(draft: &BillDraft) -> Vec<u8> {
    let number = Some(draft.number.as_str()).filter(|number| !number.is_empty());
    let number_of_a = |kind| number.filter(|_| draft.kind == kind);
    let sent = SentBill {
        kind: draft.kind.as_str(),
        status: draft.status,
        contact: SentContact { id: draft.contact.0 },
        bank_account: draft.bank_account.as_ref().map(sent_bank_account),
        invoice_number: number_of_a(BillKind::Bill),
        credit_note_number: number_of_a(BillKind::CreditNote),
        reference: number.filter(|_| draft.kind.is_at_bank()),
        date: draft.date.to_string(),
        due_date: draft.due_date.map(|due| due.to_string()),
        // Of a bank transaction it is the bank account's.
        currency_code: Some(draft.currency.as_str()).filter(|_| !draft.kind.is_at_bank()),
        currency_rate: draft.currency_rate.map(|rate| number_of(rate, 0)),
        line_amount_types: draft.line_amounts,
        url: draft.link(),
        line_items: draft.lines.iter().map(sent_line).collect(),
    };
    body_of(draft.kind, sent)
}

fn sent_bank_account(account: &AccountRef) -> SentBankAccount<'_> {
    match account {
        AccountRef::Code(code) => SentBankAccount::Code(code),
        AccountRef::Id(id) => SentBankAccount::Id(*id),
    }
}

fn sent_line(line: &BillLine) -> SentLine<'_> {
    SentLine {
        description: &line.description,
        quantity: number_of(line.quantity, 0),
        unit_amount: number_of(line.unit_amount, 2),
        account: &line.account,
        tax_type: line.tax_type.as_deref(),
        tax_amount: line.tax_amount.map(|tax| number_of(tax, 2)),
        tracking: &line.tracking,
    }
}

/// Only what names the document and its new status: lines sent along would be checked again.
pub(super) fn removal_body(kind: BillKind, id: BillId, removal: Removal) -> Vec<u8> {
    let id = id.to_string();
    body_of(kind, BTreeMap::from([(kind.id_field(), id.as_str()), ("Status", removal.becomes())]))
}

fn body_of(kind: BillKind, element: impl Serialize) -> Vec<u8> {
    // Texts, numbers and lists under fixed names: nothing in them can fail to be written.
    serde_json::to_vec(&BTreeMap::from([(kind.collection(), [element])]))
        .expect("fixed names and plain values are always JSON")
}

/// The very digits, with at least so many places and no idle zeros beyond: equal amounts are equal bytes.
fn number_of(amount: Decimal, places: u32) -> Number {
    let mut exact = amount.normalize();
    exact.rescale(exact.scale().max(places));
    if exact.is_zero() {
        exact.set_sign_positive(true);
    }
    Number::from_string_unchecked(exact.to_string())
}

/// A message: a refusal says `Message`, an element of a bulk answer `Description`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireMessage {
    message: Option<String>,
    description: Option<String>,
}

impl WireMessage {
    fn text(&self) -> &str {
        self.message.as_deref().or(self.description.as_deref()).unwrap_or("Xero gave no reason")
    }
}

/// What Xero says about an element or about the whole answer: errors, warnings, and whose they are.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireRemarks {
    #[serde(rename = "InvoiceID")]
    invoice: Option<Uuid>,
    #[serde(rename = "CreditNoteID")]
    credit_note: Option<Uuid>,
    #[serde(rename = "BankTransactionID")]
    bank_transaction: Option<Uuid>,
    #[serde(rename = "AttachmentID")]
    attachment: Option<Uuid>,
    #[serde(rename = "ContactID")]
    contact_id: Option<Uuid>,
    status_attribute_string: Option<String>,
    validation_errors: Option<Vec<WireMessage>>,
    warnings: Option<Vec<WireMessage>>,
    line_items: Option<Vec<WireRemarks>>,
    contact: Option<Box<WireRemarks>>,
}

impl WireRemarks {
    /// Whose remarks these are. An id of zeros is how Xero writes none.
    pub(super) fn id(&self) -> Option<Uuid> {
        self.invoice.or(self.credit_note).or(self.bank_transaction).or(self.attachment).filter(|id| !id.is_nil())
    }

    /// The same of a contact.
    pub(super) fn contact_id(&self) -> Option<Uuid> {
        self.contact_id.filter(|id| !id.is_nil())
    }

    /// Every reason for refusing it: its own, its lines' and its contact's.
    pub(super) fn errors(&self) -> Vec<&str> {
        let inner = self.line_items.iter().flatten().chain(self.contact.as_deref());
        let inner = inner.flat_map(|part| &part.validation_errors);
        self.validation_errors.iter().chain(inner).flatten().map(WireMessage::text).collect()
    }

    pub(super) fn is_refused(&self) -> bool {
        let error = |text: &String| text.eq_ignore_ascii_case("ERROR");
        self.status_attribute_string.as_ref().is_some_and(error) || !self.errors().is_empty()
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = &str> {
        self.warnings.iter().flatten().map(WireMessage::text)
    }
}

fn amount_of<E: Error>(value: Value) -> Result<Decimal, E> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        _ => return Err(E::custom("an amount is a number")),
    };
    let read = text.parse().or_else(|_| Decimal::from_scientific(&text));
    read.map_err(|_| E::custom("an amount is a number"))
}

/// An amount however it was written; nothing where Xero leaves it out or empty.
pub(super) fn amount<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Decimal>, D::Error> {
    match Value::deserialize(source)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => amount_of(value).map(Some),
    }
}

/// Null means nothing.
pub(super) fn or_empty<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
    Option::deserialize(source).map(Option::unwrap_or_default)
}

/// A text that says something: Xero leaves some empty.
pub(super) fn filled<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(source).map(|text: Option<String>| text.filter(|text| !text.is_empty()))
}

/// A calendar date in any of Xero's spellings.
pub(super) fn calendar_date<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Date>, D::Error> {
    Option::deserialize(source).map(|text: Option<String>| parse_date(&text?))
}

impl Serialize for BillKind {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for BillKind {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        Self::of(&text)
            .ok_or_else(|| D::Error::custom("neither a bill nor a supplier credit note nor money spent or received"))
    }
}
