//! One element of a request body: typed reads, and the refusal of values that have the wrong type (error 14).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::model::Taxing;
use super::wire::{read_date, read_decimal};

/// A JSON object of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Element<'a> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn id(&self, name: &str) -> Option<Uuid> {
        self.text(name).and_then(|text| Uuid::try_parse(text).ok()).filter(|id| !id.is_nil())
    }

    pub(super) fn decimal(&self, name: &str) -> Option<Decimal> {
        self.0.get(name).and_then(read_decimal)
    }

    pub(super) fn date(&self, name: &str) -> Option<Date> {
        self.text(name).and_then(read_date)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn object(&self, name: &str) -> Option<Element<'a>> {
        self.0.get(name).and_then(Value::as_object).map(Element)
    }

    pub(super) fn list(&self, name: &str) -> Option<Vec<Element<'a>>> {
        let items = self.0.get(name)?.as_array()?;
        Some(items.iter().filter_map(Value::as_object).map(Element).collect())
    }

    pub(super) fn taxing(&self) -> Option<Taxing> {
        self.text("LineAmountTypes").and_then(Taxing::parse)
    }
}

/// What is wrong with the address of a "Go to" link, if anything. Xero refuses links that look like its own.
pub(super) fn link_fault(url: &str) -> Option<&'static str> {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Some("Url must be a valid absolute URL");
    }
    url.to_lowercase().contains("xero").then_some("Url must not contain the word 'xero'")
}

const NUMBERS: &[&str] = &[
    "Quantity",
    "UnitAmount",
    "LineAmount",
    "TaxAmount",
    "Amount",
    "CurrencyRate",
    "DiscountRate",
    "UnitPrice",
    "Rate",
];
const DATES: &[&str] = &["Date", "DueDate", "DeliveryDate", "ExpectedPaymentDate", "PlannedPaymentDate"];
const FLAGS: &[&str] =
    &["IsReconciled", "SentToContact", "ShowOnCashBasisReports", "EnablePaymentsToAccount", "IsSold"];
const IDS: &[&str] = &[
    "InvoiceID",
    "ContactID",
    "CreditNoteID",
    "PaymentID",
    "AccountID",
    "LineItemID",
    "TrackingCategoryID",
    "TrackingOptionID",
    "ManualJournalID",
    "BankTransactionID",
    "BankTransferID",
    "PurchaseOrderID",
    "ItemID",
    "PrepaymentID",
    "OverpaymentID",
];

/// The first value that cannot be read as its type, in Xero's words.
pub(super) fn unreadable(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(at, item)| unreadable(item, &format!("{path}[{at}]")))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, inner)| {
            let spot = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            wrong_type(name, inner).map(|kind| complaint(inner, kind, &spot)).or_else(|| unreadable(inner, &spot))
        }),
        _ => None,
    }
}

fn wrong_type(name: &str, value: &Value) -> Option<&'static str> {
    if value.is_null() {
        return None;
    }
    let text = value.as_str();
    let bad = |wrong: bool, kind: &'static str| wrong.then_some(kind);
    match name {
        "LineAmountTypes" => bad(text.and_then(Taxing::parse).is_none(), "Xero.API.Model.LineAmountType"),
        _ if NUMBERS.contains(&name) => bad(read_decimal(value).is_none(), "System.Decimal"),
        _ if DATES.contains(&name) => bad(text.and_then(read_date).is_none(), "System.DateTime"),
        _ if IDS.contains(&name) => bad(text.is_none_or(|text| Uuid::try_parse(text).is_err()), "System.Guid"),
        _ if FLAGS.contains(&name) => {
            bad(!value.is_boolean() && text.is_none_or(|text| text.parse::<bool>().is_err()), "System.Boolean")
        }
        _ => None,
    }
}

fn complaint(value: &Value, kind: &str, path: &str) -> String {
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("Error converting value \"{shown}\" to type '{kind}'. Path '{path}'.")
}
