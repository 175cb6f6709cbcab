//! Xero's spelling of values: dates as milliseconds, amounts with their decimals, XML where JSON was not asked for.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use kernel::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Number, Value};
use uuid::Uuid;

/// `/Date(1439434356790+0000)/` of an instant.
pub(super) fn ms_time(ms: i64) -> Value {
    Value::String(format!("/Date({ms}+0000)/"))
}

/// `/Date(1439434356790)/` of an instant: the offset is optional, and some places leave it out.
pub(super) fn bare_time(ms: i64) -> Value {
    Value::String(format!("/Date({ms})/"))
}

const DAY_MS: i64 = 86_400_000;

/// Milliseconds of a calendar date at the time of day of an instant: bank transfers and allocations carry one.
pub(super) fn day_at(date: Date, time_ms: i64) -> i64 {
    midnight_ms(date) + time_ms.rem_euclid(DAY_MS) / 1_000 * 1_000
}

/// Milliseconds of a calendar date's midnight in UTC.
pub(super) fn midnight_ms(date: Date) -> i64 {
    date.to_zoned_datetime(TimeZone::UTC).map_or(0, |at| at.timestamp().as_millisecond())
}

pub(super) fn ms_date(date: Date) -> Value {
    ms_time(midnight_ms(date))
}

/// The ISO twin of a calendar date: no zone.
pub(super) fn iso_date(date: Date) -> Value {
    Value::String(format!("{date}T00:00:00"))
}

/// The ISO twin of an instant without its zone, as histories and bank transfers have it. It is UTC all the same.
pub(super) fn iso_zoneless(ms: i64) -> Value {
    Value::String(instant(ms).strftime("%Y-%m-%dT%H:%M:%S%.f").to_string())
}

/// The ISO twin of an instant with a space for the `T`.
pub(super) fn iso_spaced(ms: i64) -> Value {
    Value::String(instant(ms).strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// The ISO twin of an instant, as the documents have it: with a `Z`.
pub(super) fn iso_utc(ms: i64) -> Value {
    Value::String(instant(ms).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

pub(super) fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Half a penny goes away from zero, as in Xero's "Rounding in Xero".
pub(super) fn round(amount: Decimal, places: u32) -> Decimal {
    amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

pub(super) fn money(amount: Decimal) -> Value {
    decimals(amount, 2)
}

pub(super) fn decimals(amount: Decimal, places: u32) -> Value {
    let mut rounded = round(amount, places);
    rounded.rescale(places);
    if rounded.is_zero() {
        rounded.set_sign_positive(true);
    }
    Value::Number(Number::from_string_unchecked(rounded.to_string()))
}

pub(super) fn id(value: Uuid) -> Value {
    Value::String(value.to_string())
}

/// Reads a number however it was written, never through a float.
pub(super) fn read_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => decimal_text(&number.to_string()),
        Value::String(text) => decimal_text(text),
        _ => None,
    }
}

fn decimal_text(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

/// Reads the date forms Xero takes: `YYYY-MM-DD`, with a time, with a time and an offset, or `/Date(ms)/`. Only the day
/// in UTC counts, so that midnight in Auckland or Sydney is the day before.
pub(super) fn read_date(text: &str) -> Option<Date> {
    let day_of = |at: Timestamp| at.to_zoned_datetime(TimeZone::UTC).date();
    if let Some(ms) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        // The offset says where the sender sat; the milliseconds are in UTC already.
        let offset = ms.char_indices().skip(1).find(|(_, letter)| matches!(letter, '+' | '-'));
        let digits = offset.map_or(ms, |(at, _)| &ms[..at]);
        return Timestamp::from_millisecond(digits.parse().ok()?).ok().map(day_of);
    }
    let (day, rest) = (text.get(..10)?, text.get(10..)?);
    match rest {
        "" => day.parse().ok(),
        _ if !rest.starts_with(['T', ' ']) => None,
        _ => text.parse().map(day_of).ok().or_else(|| text.parse::<DateTime>().ok().map(DateTime::date)),
    }
}

pub(super) fn today(now: Timestamp, zone: &str) -> Date {
    let zone = kernel::time_zone(zone).unwrap_or(TimeZone::UTC);
    now.to_zoned_datetime(zone).date()
}

/// Turns an answer into the XML that Xero sends when nobody asked for JSON.
pub(super) fn to_xml(body: &Value, root: &str) -> String {
    let mut out = format!("<{root} xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
    write_xml(body, "", &mut out);
    out.push_str(&format!("</{root}>"));
    out
}

fn write_xml(value: &Value, name: &str, out: &mut String) {
    match value {
        Value::Null => (),
        Value::Object(fields) => write_fields(fields, out),
        Value::Array(items) => items.iter().for_each(|item| tagged(item, singular(name), out)),
        Value::String(text) => out.push_str(&escaped(text)),
        other => out.push_str(&other.to_string()),
    }
}

fn write_fields(fields: &Map<String, Value>, out: &mut String) {
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        tagged(value, name, out);
    }
}

fn tagged(value: &Value, name: &str, out: &mut String) {
    out.push_str(&format!("<{name}>"));
    write_xml(value, name, out);
    out.push_str(&format!("</{name}>"));
}

fn singular(name: &str) -> &str {
    match name {
        "Currencies" => "Currency",
        "TrackingCategories" => "TrackingCategory",
        "Addresses" => "Address",
        "" => "Item",
        other => other.strip_suffix('s').unwrap_or(other),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_penny_goes_up_and_zero_has_no_sign() {
        assert_eq!(money("2.345".parse().unwrap()).to_string(), "2.35");
        assert_eq!(money("-0.001".parse().unwrap()).to_string(), "0.00");
        assert_eq!(decimals("12.5".parse().unwrap(), 4).to_string(), "12.5000");
    }

    #[test]
    fn every_form_of_a_date_is_the_same_day() {
        for text in ["2026-10-05", "2026-10-05T00:00:00", "/Date(1791158400000)/", "/Date(1791158400000+0000)/"] {
            assert_eq!(read_date(text).map(|date| date.to_string()).as_deref(), Some("2026-10-05"), "{text}");
        }
        for bad in ["05/10/2026", "2026-10-05Tnoon", "2026-10-05x", "/Date(x)/"] {
            assert!(read_date(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_offset_shifts_the_day_to_that_of_utc() {
        let check = |text: &str, day: &str| {
            assert_eq!(read_date(text).map(|date| date.to_string()).as_deref(), Some(day), "{text}");
        };
        check("2026-10-05T00:00:00+13:00", "2026-10-04");
        check("2026-10-05T23:30:00-05:00", "2026-10-06");
        check("2026-10-05T00:00:00Z", "2026-10-05");
        check("2026-10-05 13:45", "2026-10-05");
        check("/Date(1791158400000-0500)/", "2026-10-05");
    }
}
