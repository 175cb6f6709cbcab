//! Lines of past documents, as far as they tell how a supplier's next one is coded.
//!
//! Owns which of Xero's records are history: bills and credit notes of suppliers, and money spent, once a person let them
//! stand. Reads records in the mirror's form: dates in ISO, amounts as decimal text. What it cannot read of a line it leaves
//! empty and never guesses.

use std::str::FromStr;

use kernel::{Currency, Date, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::history::HISTORY_LINES_MAX;

/// Tracking pairs of a line; Xero takes two.
pub const TRACKING_MAX: usize = 4;
/// Longest code, tax type or name of tracking that is one; Xero's longest have 100 letters. A longer one is left out whole:
/// cut, it would be another.
pub const CODE_CHARS_MAX: usize = 100;
/// Statuses of documents that count as history. What waits for an approval was coded by a person too; a draft may be
/// anyone's guess, even ours.
const STANDING: [&str; 3] = ["SUBMITTED", "AUTHORISED", "PAID"];

/// What a past document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastKind {
    /// `ACCPAY`.
    Bill,
    /// `ACCPAYCREDIT`.
    CreditNote,
    /// `SPEND`.
    Payment,
}

/// One option of one tracking category. Ids stay where names are edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Tracked {
    /// `TrackingCategoryID`.
    pub category_id: Option<Uuid>,
    /// `TrackingOptionID`.
    pub option_id: Option<Uuid>,
    /// `Name`.
    pub category: String,
    /// `Option`.
    pub option: String,
}

/// One line of a past document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastLine {
    /// Xero's id of the document.
    pub document_id: Uuid,
    /// What the document is.
    pub kind: PastKind,
    /// The document's date.
    pub date: Date,
    /// What was bought; empty where the line does not say.
    pub description: String,
    /// `AccountCode`. A line without code and id says nothing of coding.
    pub account_code: Option<String>,
    /// `AccountID`.
    pub account_id: Option<Uuid>,
    /// `TaxType`.
    pub tax_type: Option<String>,
    /// At most [`TRACKING_MAX`].
    pub tracking: Vec<Tracked>,
    /// Without tax; positive on a credit note too.
    pub amount: Option<Money>,
    /// Whether the document does not stand: a draft, deleted, voided, or of a status that is not known here.
    pub status_gone: bool,
}

/// The contact that a document is of.
pub fn contact_of(fields: &Map<String, Value>) -> Option<Uuid> {
    Uuid::try_parse(text(fields.get("Contact")?.as_object()?, "ContactID")).ok()
}

/// The lines of a record of the mirror; none where its kind or type is no history, or it is of another contact. A record
/// that was too large for its lines to be kept has none. At most [`HISTORY_LINES_MAX`].
pub fn past_lines(entity: &str, contact_id: Uuid, fields: &Map<String, Value>) -> Vec<PastLine> {
    let (kind, id) = match (entity, text(fields, "Type")) {
        ("invoices", "ACCPAY") => (PastKind::Bill, "InvoiceID"),
        ("credit_notes", "ACCPAYCREDIT") => (PastKind::CreditNote, "CreditNoteID"),
        ("bank_transactions", "SPEND") => (PastKind::Payment, "BankTransactionID"),
        _ => return Vec::new(),
    };
    let date = text(fields, "Date").get(..10).and_then(|day| day.parse().ok());
    let (Ok(document_id), Some(date)) = (Uuid::try_parse(text(fields, id)), date) else { return Vec::new() };
    if contact_of(fields) != Some(contact_id) {
        return Vec::new();
    }
    let status_gone = !STANDING.contains(&text(fields, "Status"));
    let lines = fields.get("LineItems").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let line = |line: &Map<String, Value>| PastLine {
        document_id,
        kind,
        date,
        description: text(line, "Description").to_owned(),
        account_code: code(line, "AccountCode"),
        account_id: Uuid::try_parse(text(line, "AccountID")).ok(),
        tax_type: code(line, "TaxType"),
        tracking: tracking(line),
        amount: net(fields, line),
        status_gone,
    };
    lines.take(HISTORY_LINES_MAX).map(line).collect()
}

fn tracking(line: &Map<String, Value>) -> Vec<Tracked> {
    let pairs = line.get("Tracking").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let id = |pair: &Map<String, Value>, name: &str| Uuid::try_parse(text(pair, name)).ok();
    let read = |pair: &Map<String, Value>| {
        Some(Tracked {
            category_id: id(pair, "TrackingCategoryID"),
            option_id: id(pair, "TrackingOptionID"),
            category: code(pair, "Name")?,
            option: code(pair, "Option")?,
        })
    };
    pairs.filter_map(read).take(TRACKING_MAX).collect()
}

/// A line's amount without its tax.
fn net(fields: &Map<String, Value>, line: &Map<String, Value>) -> Option<Money> {
    let currency: Currency = text(fields, "CurrencyCode").parse().ok()?;
    let amount = decimal(line.get("LineAmount")?)?;
    let contained = match text(fields, "LineAmountTypes") {
        "Inclusive" => line.get("TaxAmount").map_or(Some(Decimal::ZERO), decimal)?,
        _ => Decimal::ZERO,
    };
    Money::parse(&amount.checked_sub(contained)?.normalize().to_string(), currency).ok()
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => Decimal::from_str(text).ok(),
        Value::Number(number) => Decimal::from_str(&number.to_string()).ok(),
        _ => None,
    }
}

fn code(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = text(fields, name);
    is_code(text).then(|| text.to_owned())
}

/// Whether a text is a code or a name, and none that someone made long.
pub(crate) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.chars().nth(CODE_CHARS_MAX).is_none()
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CONTACT: Uuid = Uuid::from_u128(7);

    fn record(kind: &str) -> Value {
        json!({
            "InvoiceID": Uuid::from_u128(1).to_string(), "CreditNoteID": Uuid::from_u128(2).to_string(),
            "BankTransactionID": Uuid::from_u128(3).to_string(), "Type": kind, "Status": "AUTHORISED",
            "Contact": { "ContactID": CONTACT.to_string() }, "Date": "2026-10-05", "CurrencyCode": "GBP",
            "LineAmountTypes": "Exclusive",
            "LineItems": [{
                "Description": "Cloud hosting October", "LineAmount": "120.50", "TaxAmount": "24.10",
                "AccountCode": "463", "AccountID": Uuid::from_u128(4).to_string(), "TaxType": "INPUT2",
                "Tracking": [{
                    "Name": "Region", "Option": "North", "TrackingCategoryID": Uuid::from_u128(5).to_string(),
                    "TrackingOptionID": Uuid::from_u128(6).to_string(),
                }],
            }],
        })
    }

    /// What the first line says; empty for no line.
    fn told(entity: &str, record: &Value) -> String {
        let lines = past_lines(entity, CONTACT, record.as_object().unwrap());
        let or_dash = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
        let told = lines.first().map(|line| {
            let tracking: Vec<_> =
                line.tracking.iter().map(|pair| format!("{}:{}", pair.category, pair.option)).collect();
            let amount = line.amount.map(|amount| format!("{}", amount.minor));
            let gone = if line.status_gone { " gone" } else { "" };
            let (code, tax) = (or_dash(&line.account_code), or_dash(&line.tax_type));
            format!("{:?} {code} {tax} {} {}{gone}", line.kind, tracking.join(","), or_dash(&amount))
        });
        told.unwrap_or_default()
    }

    #[track_caller]
    fn check(field: &str, value: Value, expected: &str) {
        let mut record = record("ACCPAY");
        *record.pointer_mut(field).unwrap() = value;
        assert_eq!(told("invoices", &record), expected, "{field}");
    }

    const WHOLE: &str = "Bill 463 INPUT2 Region:North 12050";

    #[test]
    fn x4_history_is_what_suppliers_were_paid_for() {
        assert_eq!(told("invoices", &record("ACCPAY")), WHOLE);
        assert_eq!(told("credit_notes", &record("ACCPAYCREDIT")), WHOLE.replace("Bill", "CreditNote"));
        assert_eq!(told("bank_transactions", &record("SPEND")), WHOLE.replace("Bill", "Payment"));
        for (entity, kind) in [
            ("invoices", "ACCREC"),
            ("credit_notes", "ACCRECCREDIT"),
            ("bank_transactions", "RECEIVE"),
            ("bank_transactions", "SPEND-PREPAYMENT"),
            ("purchase_orders", "ACCPAY"),
            ("invoices", "SPEND"),
        ] {
            assert_eq!(told(entity, &record(kind)), "", "{entity} {kind}");
        }
    }

    #[test]
    fn x4_drafts_and_what_was_taken_back_are_gone_and_so_is_an_unknown_status() {
        for status in ["SUBMITTED", "AUTHORISED", "PAID"] {
            check("/Status", json!(status), WHOLE);
        }
        for status in ["DRAFT", "DELETED", "VOIDED", "SOMETHING_NEW", ""] {
            check("/Status", json!(status), &format!("{WHOLE} gone"));
        }
    }

    #[test]
    fn what_cannot_be_read_stays_empty_and_costs_no_more_than_itself() {
        check("/LineItems/0/AccountCode", json!(""), "Bill - INPUT2 Region:North 12050");
        check("/LineItems/0/AccountCode", json!("4".repeat(CODE_CHARS_MAX + 1)), "Bill - INPUT2 Region:North 12050");
        check("/LineItems/0/TaxType", json!("T".repeat(CODE_CHARS_MAX)), &WHOLE.replace("INPUT2", &"T".repeat(100)));
        check("/LineItems/0/TaxType", Value::Null, "Bill 463 - Region:North 12050");
        check("/LineItems/0/Tracking", json!([{ "Name": "Region" }, 3]), "Bill 463 INPUT2  12050");
        check("/LineItems/0/LineAmount", json!("much"), "Bill 463 INPUT2 Region:North -");
        check("/LineItems/0/LineAmount", json!("1e30"), "Bill 463 INPUT2 Region:North -");
        check("/LineItems/0/LineAmount", json!(-3.5), "Bill 463 INPUT2 Region:North -350");
        check("/LineAmountTypes", json!("Inclusive"), "Bill 463 INPUT2 Region:North 9640");
        check("/CurrencyCode", json!("JPY"), "Bill 463 INPUT2 Region:North -");
        for (field, value) in [
            ("/Date", json!("soon")),
            ("/InvoiceID", json!("1")),
            ("/Contact", json!("c")),
            ("/Contact/ContactID", json!(Uuid::from_u128(8).to_string())),
            ("/LineItems", json!({ "Count": 5_000 })),
        ] {
            check(field, value, "");
        }
        let mut yen = record("ACCPAY");
        (yen["CurrencyCode"], yen["LineItems"][0]["LineAmount"]) = (json!("JPY"), json!("1200.00"));
        assert_eq!(told("invoices", &yen), WHOLE.replace("12050", "1200"));
    }

    #[test]
    fn lines_and_tracking_are_read_up_to_their_bounds() {
        let mut many = record("ACCPAY");
        let pair = many["LineItems"][0]["Tracking"][0].clone();
        many["LineItems"][0]["Tracking"] = Value::Array(vec![pair; TRACKING_MAX + 1]);
        let line = many["LineItems"][0].clone();
        many["LineItems"] = Value::Array(vec![line; HISTORY_LINES_MAX + 1]);
        let lines = past_lines("invoices", CONTACT, many.as_object().unwrap());
        assert_eq!((lines.len(), lines[0].tracking.len()), (HISTORY_LINES_MAX, TRACKING_MAX));
    }
}
