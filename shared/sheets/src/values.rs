//! Stored numbers and serial dates as exact text.
//!
//! Owns the rounding of binary noise and the calendar of serial numbers. No float is ever made of a number.

use jiff::Span;
use jiff::civil::{Date, date};
use rust_decimal::prelude::{Decimal, ToPrimitive};

use crate::table::CellKind;

/// Digits that a spreadsheet shows and promises to keep. What stands behind them in a file is binary noise:
/// 83.330000000000013 was typed as 83.33.
const DIGITS_MAX: u32 = 15;
/// Powers of ten that a decimal of 96 bits holds.
const EXPONENT_MAX: i32 = 28;

/// Which day is number one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DateSystem {
    /// The first of January 1900, with a 29th of February 1900 that never was.
    #[default]
    Since1900,
    /// The second of January 1904.
    Since1904,
}

/// Why a number is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueError {
    /// Not a number at all.
    NoNumber,
    /// Beyond 28 digits.
    OutOfRange,
    /// Not a day.
    NoSuchDate,
}

/// A number as it is stored, such as `1E+2`, as the number that was typed.
pub(crate) fn number(stored: &str) -> Result<Decimal, ValueError> {
    let (base, exponent) = stored.split_once(['e', 'E']).unwrap_or((stored, "0"));
    let form = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    if !form(base) || !form(exponent) {
        return Err(ValueError::NoNumber);
    }
    let exact: Decimal = base.parse().map_err(|_| ValueError::NoNumber)?;
    let typed = exact.round_sf(DIGITS_MAX).ok_or(ValueError::OutOfRange)?.normalize();
    let exponent: i32 = exponent.parse().map_err(|_| ValueError::NoNumber)?;
    shifted(typed, exponent).map(|number| number.normalize())
}

fn shifted(mut number: Decimal, exponent: i32) -> Result<Decimal, ValueError> {
    if number.is_zero() {
        return Ok(number);
    }
    let scale = i32::try_from(number.scale()).unwrap_or_default().saturating_sub(exponent);
    if let Ok(scale) = u32::try_from(scale) {
        number.set_scale(scale).map_err(|_| ValueError::OutOfRange)?;
        return Ok(number);
    }
    if scale < -EXPONENT_MAX {
        return Err(ValueError::OutOfRange);
    }
    number.set_scale(0).map_err(|_| ValueError::OutOfRange)?;
    let power = (scale..0).try_fold(Decimal::ONE, |power, _| power.checked_mul(Decimal::TEN));
    power.and_then(|power| number.checked_mul(power)).ok_or(ValueError::OutOfRange)
}

/// A number under a date's format. Below one it is a time of day, which stays the number it is.
pub(crate) fn date_text(stored: &str, system: DateSystem) -> Result<(String, CellKind), ValueError> {
    const DAY_SECS: i64 = 86_400;
    let serial = number(stored)?;
    if serial >= Decimal::ZERO && serial < Decimal::ONE && system == DateSystem::Since1900 {
        return Ok((serial.to_string(), CellKind::Number));
    }
    let secs = (serial * Decimal::from(DAY_SECS)).round().to_i64().ok_or(ValueError::NoSuchDate)?;
    let date = day(secs.div_euclid(DAY_SECS), system)?;
    let secs = secs.rem_euclid(DAY_SECS);
    let text = match secs {
        0 => date.to_string(),
        _ => format!("{date}T{:02}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60),
    };
    Ok((text, CellKind::Date))
}

fn day(serial: i64, system: DateSystem) -> Result<Date, ValueError> {
    let zero = match (system, serial) {
        (DateSystem::Since1904, 0..) => date(1904, 1, 1),
        (DateSystem::Since1900, 1..=59) => date(1899, 12, 31),
        (DateSystem::Since1900, 61..) => date(1899, 12, 30),
        _ => return Err(ValueError::NoSuchDate),
    };
    let days = Span::new().try_days(serial).map_err(|_| ValueError::NoSuchDate)?;
    zero.checked_add(days).map_err(|_| ValueError::NoSuchDate)
}

/// A date that a file states in ISO's form, at midnight without its time.
pub(crate) fn iso_date(stored: &str) -> Option<String> {
    let (day, time) = stored.split_once('T').unwrap_or((stored, ""));
    let day: Date = day.parse().ok()?;
    let time = time.trim_end_matches('Z');
    let digits = time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    match time.trim_matches(['0', ':', '.']) {
        "" => Some(day.to_string()),
        _ => digits.then(|| format!("{day}T{time}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x6_a_stored_number_is_what_was_typed() {
        for (stored, expected) in [
            ("83.330000000000013", "83.33"),
            ("0.30000000000000004", "0.3"),
            ("1E+2", "100"),
            ("1.5e-3", "0.0015"),
            ("-1234.50", "-1234.5"),
            ("5.6843418860808015E-14", "0.000000000000056843418860808"),
            ("620", "620"),
            ("1e20", "100000000000000000000"),
            ("0", "0"),
            ("-0", "0"),
            ("0E-400", "0"),
        ] {
            let number = number(stored).map(|number| number.to_string());
            assert_eq!(number.as_deref(), Ok(expected), "{stored}");
        }
        for (stored, expected) in [
            ("", ValueError::NoNumber),
            ("1,5", ValueError::NoNumber),
            ("NaN", ValueError::NoNumber),
            ("INF", ValueError::NoNumber),
            ("1_000", ValueError::NoNumber),
            ("1e", ValueError::NoNumber),
            ("1e+999999999999", ValueError::NoNumber),
            ("1E+300", ValueError::OutOfRange),
            ("1E-300", ValueError::OutOfRange),
            ("1E+2147483647", ValueError::OutOfRange),
            ("1E-2147483648", ValueError::OutOfRange),
        ] {
            assert_eq!(number(stored), Err(expected), "{stored}");
        }
    }

    #[test]
    fn x6_a_serial_number_is_a_day_in_either_system() {
        use DateSystem::{Since1900, Since1904};
        for (stored, system, expected) in [
            ("1", Since1900, "1900-01-01"),
            ("59", Since1900, "1900-02-28"),
            ("61", Since1900, "1900-03-01"),
            ("46053", Since1900, "2026-01-31"),
            ("46053.5", Since1900, "2026-01-31T12:00:00"),
            ("46052.999999999", Since1900, "2026-01-31"),
            ("2958465", Since1900, "9999-12-31"),
            ("0", Since1904, "1904-01-01"),
            ("44591", Since1904, "2026-01-31"),
        ] {
            assert_eq!(date_text(stored, system), Ok((expected.to_owned(), CellKind::Date)), "{stored}");
        }
        assert_eq!(date_text("0.5", Since1900), Ok(("0.5".to_owned(), CellKind::Number)));
        for (stored, system) in
            [("60", Since1900), ("-1", Since1900), ("2958466", Since1900), ("-1", Since1904), ("1e20", Since1900)]
        {
            assert_eq!(date_text(stored, system), Err(ValueError::NoSuchDate), "{stored}");
        }
    }

    #[test]
    fn x6_a_date_in_words_of_iso_loses_midnight_only() {
        assert_eq!(iso_date("2026-01-31T00:00:00"), Some("2026-01-31".to_owned()));
        assert_eq!(iso_date("2026-01-31"), Some("2026-01-31".to_owned()));
        assert_eq!(iso_date("2026-01-31T12:30:00Z"), Some("2026-01-31T12:30:00".to_owned()));
        assert_eq!(iso_date("31/01/2026"), None);
    }
}
