//! One record, read from Xero's JSON into a form that compares: same facts, same text.
//!
//! Names stay Xero's. Dates become ISO, amounts decimal strings with at least two places, empty values vanish, and
//! what belongs to another record (a contact's name on an invoice) shrinks to its id. Unknown fields and unknown enum
//! values are kept as they come, so that a new one in Xero is data and not a crash.

use std::str::FromStr;

use kernel::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};
use xero::dates::{parse_date, parse_instant};

use crate::entities::Entity;
use crate::record_size::{RECORD_BYTES_MAX, fit};

/// One record in comparable form.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Xero's id, or the code for kinds that have none.
    pub id: String,
    /// Xero's time of the last change, where the kind has one.
    pub updated_at: Option<Timestamp>,
    /// The facts.
    pub fields: Map<String, Value>,
    /// Its length as Xero sent it.
    pub bytes: u32,
}

/// Why one element of a list is not a record. By place and kind, never by content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a JSON object.
    #[error("an element is not an object")]
    NotAnObject,
    /// The identifying field is missing or no text.
    #[error("an element has no {0}")]
    NoId(&'static str),
    /// Nested deeper than any record of Xero's.
    #[error("an element is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
}

/// Xero's records nest five deep at most.
const DEPTH_MAX: usize = 12;

/// Longest id that is named of an element that is no record.
const UNREADABLE_ID_MAX: usize = 40;

/// Describes the answer, not the record.
const NOISE: &[&str] = &[
    "StatusAttributeString",
    "HasErrors",
    "HasValidationErrors",
    "ValidationErrors",
    "Warnings",
    "UpdatedDateUTC",
    "UpdatedDateUTCString",
    "CreatedDateUTCString",
    "DateString",
    "DueDateString",
    "IsDiscounted",
];

/// Whole numbers that are counts or calendar parts, never money.
const WHOLE: &[&str] = &["FinancialYearEndDay", "FinancialYearEndMonth", "Day", "DisplayTaxRate"];

/// Other records inside a record, and the fields that stay of them.
const REFERENCES: &[(&str, &[&str])] = &[
    ("Contact", &["ContactID"]),
    ("Account", &["AccountID", "Code"]),
    ("BankAccount", &["AccountID"]),
    ("FromBankAccount", &["AccountID"]),
    ("ToBankAccount", &["AccountID"]),
    ("Invoice", &["InvoiceID", "InvoiceNumber", "Type"]),
    ("CreditNote", &["CreditNoteID", "CreditNoteNumber", "Type"]),
    ("Prepayment", &["PrepaymentID"]),
    ("Overpayment", &["OverpaymentID"]),
    ("BatchPayment", &["BatchPaymentID"]),
];

impl Record {
    /// Reads one element of a list.
    pub fn parse(entity: &Entity, text: &str) -> Result<Self, RecordError> {
        let Ok(Value::Object(mut raw)) = serde_json::from_str(text) else { return Err(RecordError::NotAnObject) };
        let id = raw.get(entity.id_field).and_then(Value::as_str).filter(|id| !id.is_empty());
        let id = id.ok_or(RecordError::NoId(entity.id_field))?.to_owned();
        let updated = raw.get("UpdatedDateUTC").or_else(|| raw.get("UpdatedDateUTCString"));
        let updated_at = updated.and_then(Value::as_str).and_then(parse_instant);
        raw.retain(|name, _| !entity.left_out.contains(&name.as_str()));
        let fields = tidy_object(raw, 0)?;
        // Tidying adds at most two quotes and two zeros to a number, so a text of half the bound fits for certain.
        let fields = if text.len() > RECORD_BYTES_MAX / 2 { fit(fields) } else { fields };
        Ok(Self { id, updated_at, fields, bytes: u32::try_from(text.len()).unwrap_or(u32::MAX) })
    }

    /// The id of an element that is no record, where it has one: to be named, never to be trusted.
    pub fn id_of_unreadable(entity: &Entity, text: &str) -> Option<String> {
        let raw: Value = serde_json::from_str(text).ok()?;
        let id = raw.get(entity.id_field)?.as_str()?;
        let plain =
            id.len() <= UNREADABLE_ID_MAX && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (plain && !id.is_empty()).then(|| id.to_owned())
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> &str {
        text_of(&self.fields, name)
    }
}

/// A field's text, empty when it has none.
pub fn text_of<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn tidy_object(raw: Map<String, Value>, depth: usize) -> Result<Map<String, Value>, RecordError> {
    let mut fields = Map::new();
    for (name, value) in raw {
        if NOISE.contains(&name.as_str()) {
            continue;
        }
        let value = match REFERENCES.iter().find(|(reference, _)| *reference == name) {
            Some((_, kept)) => keep_only(value, kept),
            None => value,
        };
        if let Some(tidy) = tidy_value(&name, value, depth)? {
            fields.insert(name, tidy);
        }
    }
    Ok(fields)
}

fn keep_only(value: Value, kept: &[&str]) -> Value {
    match value {
        Value::Object(mut fields) => {
            fields.retain(|name, _| kept.contains(&name.as_str()));
            Value::Object(fields)
        }
        other => other,
    }
}

/// `None` when the value says nothing.
fn tidy_value(name: &str, value: Value, depth: usize) -> Result<Option<Value>, RecordError> {
    if depth > DEPTH_MAX {
        return Err(RecordError::TooDeep);
    }
    Ok(match value {
        Value::Null => None,
        Value::Bool(flag) => Some(Value::Bool(flag)),
        Value::Number(number) => Some(tidy_number(name, &number)),
        Value::String(text) => tidy_text(name, text).map(Value::String),
        Value::Object(raw) => Some(tidy_object(raw, depth + 1)?).filter(|fields| !fields.is_empty()).map(Value::Object),
        Value::Array(items) => {
            let tidied: Result<Vec<_>, _> = items.into_iter().map(|item| tidy_value(name, item, depth + 1)).collect();
            let kept: Vec<Value> = tidied?.into_iter().flatten().collect();
            Some(kept).filter(|kept| !kept.is_empty()).map(Value::Array)
        }
    })
}

fn tidy_number(name: &str, number: &Number) -> Value {
    if WHOLE.contains(&name) {
        return Value::Number(number.clone());
    }
    let text = number.to_string();
    let decimal = Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text));
    Value::String(decimal.map_or(text, plain_decimal))
}

/// Without trailing zeros, but with at least the two places that money has.
fn plain_decimal(decimal: Decimal) -> String {
    let mut plain = decimal.normalize();
    if plain.scale() < 2 {
        plain.rescale(2);
    }
    plain.to_string()
}

/// Xero sends amounts as text in places; a name that ends like an amount is read as one.
const AMOUNTS: &[&str] = &["Amount", "Total", "SubTotal", "TotalTax", "Rate", "Quantity", "UnitPrice"];

fn tidy_text(name: &str, text: String) -> Option<String> {
    if text.is_empty() || text == "00000000-0000-0000-0000-000000000000" {
        return None;
    }
    if let Some(at) = parse_instant(&text).filter(|_| text.starts_with("/Date(")) {
        let calendar = name.ends_with("Date") || name == "FullyPaidOnDate" || name == "LockDate";
        let date = parse_date(&text).filter(|_| calendar);
        return Some(date.map_or_else(|| at.to_string(), |date| date.to_string()));
    }
    if AMOUNTS.iter().any(|amount| name.ends_with(amount))
        && let Ok(decimal) = Decimal::from_str(&text)
    {
        return Some(plain_decimal(decimal));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::entity;

    fn check(kind: &str, xero: &str, expected: &str) {
        let record = Record::parse(entity(kind).unwrap(), xero).unwrap();
        assert_eq!(Value::Object(record.fields).to_string(), expected);
    }

    #[test]
    fn the_same_facts_have_the_same_text() {
        let expected = r#"{"Amount":"120.50","Date":"2026-10-05","Invoice":{"InvoiceID":"i"},"PaymentID":"p"}"#;
        check(
            "payments",
            r#"{"PaymentID":"p","Date":"\/Date(1791158400000+0000)\/","Amount":120.50,
            "Invoice":{"InvoiceID":"i","Contact":{"Name":"x"}},"Reference":"","HasValidationErrors":false}"#,
            expected,
        );
        check(
            "payments",
            r#"{"PaymentID":"p","Date":"/Date(1791158400000)/","Amount":"120.5",
            "Invoice":{"InvoiceID":"i"},"Reference":null,"UpdatedDateUTC":"/Date(1791158400000)/"}"#,
            expected,
        );
    }

    #[test]
    fn money_is_never_a_float() {
        check(
            "payments",
            r#"{"PaymentID":"p","Amount":0.1,"CurrencyRate":1.234567}"#,
            r#"{"Amount":"0.10","CurrencyRate":"1.234567","PaymentID":"p"}"#,
        );
        check(
            "payments",
            r#"{"PaymentID":"p","Amount":9999999999.99}"#,
            r#"{"Amount":"9999999999.99","PaymentID":"p"}"#,
        );
        check("payments", r#"{"PaymentID":"p","Amount":1e3}"#, r#"{"Amount":"1000.00","PaymentID":"p"}"#);
    }

    #[test]
    fn o17_a_contact_is_kept_without_bank_details_and_without_what_changes_unseen() {
        check(
            "contacts",
            r#"{"ContactID":"c","Name":"n","BankAccountDetails":"12","IsSupplier":true,"Balances":{"x":1}}"#,
            r#"{"ContactID":"c","Name":"n"}"#,
        );
    }

    #[test]
    fn an_unknown_enum_value_is_kept() {
        check(
            "manual_journals",
            r#"{"ManualJournalID":"m","Status":"SOMETHING_NEW"}"#,
            r#"{"ManualJournalID":"m","Status":"SOMETHING_NEW"}"#,
        );
    }

    #[test]
    fn an_element_without_its_id_is_named_not_guessed() {
        let contacts = entity("contacts").unwrap();
        assert_eq!(Record::parse(contacts, r#"{"Name":"x"}"#), Err(RecordError::NoId("ContactID")));
        assert_eq!(Record::parse(contacts, "[]"), Err(RecordError::NotAnObject));
        let deep = format!(r#"{{"ContactID":"c","a":{}1{}}}"#, "[".repeat(50), "]".repeat(50));
        assert_eq!(Record::parse(contacts, &deep), Err(RecordError::TooDeep));
    }
}
