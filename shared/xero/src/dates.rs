//! Xero's dates: `/Date(ms+0000)/`, ISO with and without a zone, with `T` or a space.
//!
//! Source: "HTTP Requests and Responses", section Dates. Calendar dates come as midnight UTC, so they are read in UTC
//! whatever offset is printed; strings without a zone are UTC.

use kernel::{Date, Timestamp};

/// Reads any of Xero's spellings as an instant.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        return parse_millis(inner);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let zoned = format!("{}Z", text.replacen(' ', "T", 1));
    zoned.parse().ok().or_else(|| text.parse::<Date>().ok().and_then(midnight))
}

/// Reads any of Xero's spellings as a calendar date.
pub fn parse_date(text: &str) -> Option<Date> {
    let at = parse_instant(text)?;
    Some(at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date())
}

fn midnight(date: Date) -> Option<Timestamp> {
    date.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// Milliseconds since 1970, possibly negative, with an offset that changes nothing.
fn parse_millis(inner: &str) -> Option<Timestamp> {
    let offset = inner.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-'));
    let digits = offset.map_or(inner, |(at, _)| &inner[..at]);
    Timestamp::from_millisecond(digits.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(parse_instant(text).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn every_spelling_of_an_instant_is_read_as_utc() {
        check("/Date(1439434356790)/", "2015-08-13T02:52:36.79Z");
        check("/Date(1419937200000+0000)/", "2014-12-30T11:00:00Z");
        check("/Date(-86400000+1300)/", "1969-12-31T00:00:00Z");
        check("2026-10-02T00:44:09.923", "2026-10-02T00:44:09.923Z");
        check("2026-10-02 00:44:09Z", "2026-10-02T00:44:09Z");
        check("2026-10-02T00:44:09.1234567", "2026-10-02T00:44:09.1234567Z");
        check("2026-10-02", "2026-10-02T00:00:00Z");
        for bad in ["", "/Date()/", "/Date(12a)/", "yesterday", "/Date(99999999999999999)/"] {
            assert_eq!(parse_instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_calendar_date_never_shifts_a_day() {
        assert_eq!(parse_date("/Date(1791072000000+1300)/").unwrap().to_string(), "2026-10-04");
        assert_eq!(parse_date("2026-10-04T00:00:00").unwrap().to_string(), "2026-10-04");
    }
}
