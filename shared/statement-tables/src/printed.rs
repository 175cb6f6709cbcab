//! Dates and amounts as they are printed on a page.
//!
//! Owns dates without a year, and what may stick to a date or an amount where a watermark or a footer is printed over it.

use kernel::{Currency, Date};
use statement_lines::dates::{self, DateOrder};
use statement_lines::numeral::{Mark, Numeral, Vote};
use statement_lines::{Exact, numeral};

/// A date at the beginning of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Printed {
    first: i8,
    second: i8,
    year: Option<i16>,
    /// Whether the first is known to be the day.
    day_first: bool,
}

/// Reads what a cell begins with; what follows it does not matter.
pub(crate) fn leading_date(text: &str) -> Option<Printed> {
    let text = text.trim_start();
    if let Some(date) = text.get(..10).and_then(dates::parse).and_then(|written| written.date(None)) {
        return Some(Printed { first: date.day(), second: date.month(), year: Some(date.year()), day_first: true });
    }
    let (one, rest) = token(text)?;
    let separator = rest.chars().next().filter(|letter| matches!(letter, '.' | '/' | '-' | ' '))?;
    let (two, rest) = token(rest.trim_start_matches(['.', '/', '-', ' ']))?;
    let year = rest.strip_prefix(['.', '/', '-', ' ', ',']).map(|rest| rest.trim_start_matches(['.', ' ']));
    let year = year.and_then(|rest| rest.get(..rest.bytes().take_while(u8::is_ascii_digit).count()));
    let year = year.filter(|year| year.len() == 4 || year.len() == 2 && separator != ' ');
    let year = year.and_then(|year| year.parse().ok()).map(|year: i16| if year < 100 { 2000 + year } else { year });
    let (first, second, day_first) = match (number(one), number(two)) {
        (Some(day), None) => (day, dates::month(two).filter(|_| two.len() >= 3)?, true),
        (None, Some(day)) => (day, dates::month(one).filter(|_| one.len() >= 3)?, true),
        // A blank alone parts no numbers of a date.
        (Some(first), Some(second)) if separator != ' ' => (first, second, separator == '.'),
        _ => return None,
    };
    let sound = (1..=31).contains(&first) && (1..=31).contains(&second) && (first <= 12 || second <= 12);
    sound.then_some(Printed { first, second, year, day_first })
}

/// Digits or letters at the beginning of a text.
fn token(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return (digits <= 2).then(|| text.split_at(digits));
    }
    let letters = text.find(|letter: char| !letter.is_alphabetic()).unwrap_or(text.len());
    (letters >= 3).then(|| text.split_at(letters))
}

fn number(text: &str) -> Option<i8> {
    text.parse().ok()
}

impl Printed {
    /// The order that this date needs, if any.
    pub fn vote(self) -> Option<DateOrder> {
        match (self.day_first, self.first, self.second) {
            (false, 13.., _) => Some(DateOrder::DayFirst),
            (false, _, 13..) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// Whether it reads as two days.
    pub fn is_open(self) -> bool {
        !self.day_first && self.first <= 12 && self.second <= 12 && self.first != self.second
    }

    /// The date, in the year that puts it into a period where it names none.
    pub fn date(self, order: Option<DateOrder>, period: Option<(Date, Date)>) -> Option<Date> {
        let day_first = self.day_first || self.first == self.second;
        let (day, month) = match if day_first { Some(DateOrder::DayFirst) } else { order.or(self.vote()) }? {
            DateOrder::DayFirst => (self.first, self.second),
            DateOrder::MonthFirst => (self.second, self.first),
        };
        if let Some(year) = self.year {
            return Date::new(year, month, day).ok();
        }
        let (from, to) = period?;
        let mut years = (from.year()..=to.year()).rev().take(3).filter_map(|year| Date::new(year, month, day).ok());
        let last = Date::new(to.year(), month, day).ok();
        years.find(|date| (from..=to).contains(date)).or(last)
    }
}

/// An amount of a cell: one with decimals, so that page numbers and references are none.
pub(crate) fn amount(text: &str) -> Option<Numeral<'_>> {
    let whole = Numeral::parse(text).ok();
    // Something may be printed behind the currency's sign, such as a page's number.
    let cut = || {
        let (end, sign) = text.char_indices().find(|(_, letter)| matches!(letter, '€' | '£' | '$'))?;
        Numeral::parse(text.get(..end + sign.len_utf8())?).ok()
    };
    let numeral = whole.or_else(cut)?;
    let decimals = numeral.body.rsplit(['.', ',']).next().filter(|rest| rest.len() != numeral.body.len())?;
    (decimals.len() == 2 && numeral.vote().is_ok_and(|vote| vote != Vote::None)).then_some(numeral)
}

/// A printed amount under the decimal mark of the document.
pub(crate) fn value(numeral: &Numeral<'_>, mark: Option<Mark>) -> Option<(Exact, Option<Currency>)> {
    let exact = match mark {
        Some(mark) => numeral.value(mark),
        None => numeral.value_alone(),
    };
    let exact = exact.ok()?;
    let signed = match numeral.side {
        Some(numeral::Side::Debit) => exact.try_abs()?.try_neg()?,
        Some(numeral::Side::Credit) => exact.try_abs()?,
        None => exact,
    };
    Some((signed, numeral.currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let period = Date::new(2025, 12, 1).ok().zip(Date::new(2026, 1, 31).ok());
        let date = leading_date(text).and_then(|printed| printed.date(None, period)).map(|date| date.to_string());
        assert_eq!(date.as_deref(), expected, "{text}");
    }

    #[test]
    fn dates_without_a_year_fall_into_the_period() {
        check("2 okt", Some("2026-10-02"));
        check("31 dec", Some("2025-12-31"));
        check("02.01", Some("2026-01-02"));
        check("22.12ved from this", Some("2025-12-22"));
        check("Jan 15 Shop", Some("2026-01-15"));
        check("15/01/26", Some("2026-01-15"));
        check("2026-01-05 x", Some("2026-01-05"));
        check("02/01", None);
        for none in ["1.234,56", "-19,25", "1 234", "Keizersgracht 42", "", "1015 CX", "45.99"] {
            check(none, None);
        }
    }

    #[test]
    fn amounts_have_decimals() {
        let read = |text| amount(text).and_then(|numeral| value(&numeral, None)).map(|(exact, _)| exact.to_string());
        assert_eq!(read("-25,75 €1/3").as_deref(), Some("-25.75"));
        assert_eq!(read("2.572,95 €").as_deref(), Some("2572.95"));
        assert_eq!(read("12.50 DR").as_deref(), Some("-12.50"));
        for none in ["1/3", "54992060", "10.10.2025", "1.234", "42"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
