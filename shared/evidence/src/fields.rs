//! Single facts out of records kept as JSON: the mirror's, whose amounts are text, and Xero's own, whose are numbers.
//!
//! Owns how a fact is spelt. Never guesses one that is missing, and names a field that cannot be read, never its value.

use kernel::{Currency, Date, Money};
use serde_json::{Map, Value};

use crate::ids::{AccountId, RecordId};

/// A record as JSON, as the mirror keeps it.
pub type Fields = Map<String, Value>;

/// Why a record cannot be made out. Carries no value: names and amounts must not reach a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// A field is missing or of another form.
    #[error("the record has no readable {0}")]
    Field(&'static str),
    /// More than any line of a bank is reconciled with.
    #[error("the line belongs to more than {max} entries", max = crate::line::LINKS_MAX)]
    TooManyLinks,
}

/// Letters of an ISO date; what stands behind is a time of day, which no date here has a use for.
const DATE_CHARS: usize = 10;

/// A field's text, empty when it has none.
pub fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A field that says yes or no; `None` when it says neither.
pub fn flag(fields: &Fields, name: &str) -> Option<bool> {
    fields.get(name).and_then(Value::as_bool)
}

/// A text of a record inside the record.
pub fn inner<'a>(fields: &'a Fields, record: &str, name: &str) -> &'a str {
    fields.get(record).and_then(Value::as_object).map(|record| text(record, name)).unwrap_or_default()
}

/// The records of a list inside the record.
pub fn list<'a>(fields: &'a Fields, name: &str) -> impl Iterator<Item = &'a Fields> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// A record's id, in lower case: Xero's two APIs must name one record alike.
pub fn id(fields: &Fields, name: &'static str) -> Result<RecordId, RecordFault> {
    text(fields, name).to_ascii_lowercase().parse().map_err(|_| RecordFault::Field(name))
}

/// The bank account that a record names.
pub fn account(fields: &Fields, name: &'static str) -> Result<AccountId, RecordFault> {
    inner(fields, name, "AccountID").to_ascii_lowercase().parse().map_err(|_| RecordFault::Field(name))
}

/// The currency of a record.
pub fn currency(fields: &Fields) -> Result<Currency, RecordFault> {
    text(fields, "CurrencyCode").parse().map_err(|_| RecordFault::Field("CurrencyCode"))
}

/// A date that must be there.
pub fn date(fields: &Fields, name: &'static str) -> Result<Date, RecordFault> {
    optional_date(fields, name)?.ok_or(RecordFault::Field(name))
}

/// A date that may be missing, but not unreadable.
pub fn optional_date(fields: &Fields, name: &'static str) -> Result<Option<Date>, RecordFault> {
    match text(fields, name) {
        "" => Ok(None),
        text => text.get(..DATE_CHARS).and_then(|day| day.parse().ok()).map(Some).ok_or(RecordFault::Field(name)),
    }
}

/// An amount, written as text or as a number. Zeros beyond the currency's decimals say nothing and are left out.
pub fn money(fields: &Fields, name: &'static str, currency: Currency) -> Result<Money, RecordFault> {
    let written = match fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        // Numbers are kept letter for letter, so none of them passes through a float.
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(RecordFault::Field(name)),
    };
    let plain = match written.contains('.') {
        true => written.trim_end_matches('0').trim_end_matches('.'),
        false => &written,
    };
    Money::parse(plain, currency).map_err(|_| RecordFault::Field(name))
}

/// An amount with the sign of the way the money goes.
pub fn signed(fields: &Fields, name: &'static str, currency: Currency, out: bool) -> Result<Money, RecordFault> {
    let amount = money(fields, name, currency)?;
    if out { amount.try_neg().map_err(|_| RecordFault::Field(name)) } else { Ok(amount) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, currency: &str, expected: Option<i64>) {
        let fields: Fields = serde_json::from_str(json).unwrap();
        let read = money(&fields, "a", currency.parse().unwrap()).ok();
        assert_eq!(read.map(|money| money.minor), expected, "{json}");
    }

    #[test]
    fn an_amount_is_read_exactly_from_text_and_number() {
        check(r#"{"a":"62.40"}"#, "GBP", Some(6240));
        check(r#"{"a":-62.4}"#, "GBP", Some(-6240));
        check(r#"{"a":62.4000}"#, "GBP", Some(6240));
        check(r#"{"a":0.1}"#, "GBP", Some(10));
        check(r#"{"a":"500.00"}"#, "JPY", Some(500));
        check(r#"{"a":100}"#, "GBP", Some(10_000));
        check(r#"{"a":92233720368547758.07}"#, "GBP", Some(i64::MAX));
        for bad in [r#"{"a":"62.405"}"#, r#"{"a":1e3}"#, r#"{"a":null}"#, "{}", r#"{"a":"x"}"#, r#"{"a":""}"#] {
            check(bad, "GBP", None);
        }
    }

    #[test]
    fn a_date_may_have_a_time_behind_it_and_an_unreadable_one_is_said() {
        let fields: Fields =
            serde_json::from_str(r#"{"a":"2026-10-05T10:00:00","b":"5 Oct","c":"2026-13-01"}"#).unwrap();
        assert_eq!(date(&fields, "a").unwrap().to_string(), "2026-10-05");
        assert_eq!(optional_date(&fields, "x"), Ok(None));
        assert_eq!(date(&fields, "x"), Err(RecordFault::Field("x")));
        for bad in ["b", "c"] {
            assert_eq!(optional_date(&fields, bad), Err(RecordFault::Field(bad)));
        }
    }
}
