//! Dates as banks write them.
//!
//! Owns the shapes, and which of day and month comes first. A date is the calendar day that stands in the file: a time or a
//! zone behind it never moves it. What can be read in two ways stays open until something decides it.

use kernel::Date;
use serde::{Deserialize, Serialize};

/// Which of day and month comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `31/12/2026`.
    DayFirst,
    /// `12/31/2026`.
    MonthFirst,
}

/// A date as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// There is one way to read it.
    Fixed(Date),
    /// Two numbers and a year: day and month, or month and day.
    Pair {
        /// The number that stands first.
        first: i8,
        /// The number that stands second.
        second: i8,
        /// The year.
        year: i16,
    },
}

/// Years that statements are kept for.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2100;
/// Two-digit years up to this one are of this century.
const SHORT_YEAR_MAX: i16 = 69;
/// What years of the Thai calendar are ahead.
const BUDDHIST: i16 = 543;
/// Bytes of the longest date with its time and zone.
const DATE_BYTES_MAX: usize = 48;
/// Beginnings of months' names in twelve languages.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "sty", "led", "tammi"],
    &["feb", "fév", "fev", "lut", "úno", "helmi"],
    &["mar", "mär", "mrz", "maa", "mrt", "bře"],
    &["apr", "avr", "abr", "kwi", "dub", "huhti"],
    &["may", "mai", "mei", "mag", "maj", "kvě", "touko"],
    &["jun", "juin", "giu", "cze", "čvn", "kesä"],
    &["jul", "juil", "lug", "lip", "čvc", "heinä"],
    &["aug", "aoû", "aou", "ago", "sie", "srp", "elo"],
    &["sep", "set", "wrz", "zář", "syys"],
    &["oct", "okt", "ott", "out", "paź", "říj", "loka"],
    &["nov", "lis", "marras"],
    &["dec", "dez", "déc", "dic", "des", "gru", "pro", "joulu"],
];

impl Written {
    /// The date under an order; none where there is no such day, or where the order is needed and open.
    pub fn date(self, order: Option<DateOrder>) -> Option<Date> {
        match self {
            Self::Fixed(date) => Some(date),
            Self::Pair { first, second, year } => match order.or_else(|| self.vote()) {
                Some(DateOrder::DayFirst) => Date::new(year, second, first).ok(),
                Some(DateOrder::MonthFirst) => Date::new(year, first, second).ok(),
                None if first == second => Date::new(year, first, second).ok(),
                None => None,
            },
        }
    }

    /// The order that this date needs; none where it says nothing.
    pub fn vote(self) -> Option<DateOrder> {
        match self {
            Self::Pair { first: 13.., .. } => Some(DateOrder::DayFirst),
            Self::Pair { second: 13.., .. } => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// Whether it reads as two different days.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pair { first, second, .. } if first != second && first <= 12 && second <= 12)
    }
}

/// A number or a month's name.
#[derive(Clone, Copy)]
enum Part {
    Number { value: i32, digits: usize },
    Month(i8),
}

/// Reads a text that is a date as a whole, with or without a time. None where it is none, or no day that there is.
pub fn parse(text: &str) -> Option<Written> {
    let text = text.trim();
    // The commonest shape, `2026-01-31`, needs no search.
    if let [y1 @ b'0'..=b'9', y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() {
        let year = i16::from(two_digits(&[*y1, *y2])?) * 100 + i16::from(two_digits(&[*y3, *y4])?);
        return fixed(year, two_digits(&[*m1, *m2])?, two_digits(&[*d1, *d2])?);
    }
    // Most texts are no dates, and are known not to be by this alone.
    if text.len() > DATE_BYTES_MAX || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits >= 8 {
        return compact(text, digits);
    }
    let (parts, separator, rest) = parts(text)?;
    is_time(rest).then_some(())?;
    match parts {
        [Part::Number { value: year, digits: 4 }, second, third] => {
            let month = match second {
                Part::Number { value, .. } => i8::try_from(value).ok()?,
                Part::Month(month) => month,
            };
            fixed(i16::try_from(year).ok()?, month, small(third)?)
        }
        [Part::Number { .. }, Part::Month(month), year] => fixed(full_year(year)?, month, small(parts[0])?),
        [Part::Month(month), day, year] => fixed(full_year(year)?, month, small(day)?),
        [_, _, year] => {
            let (first, second, year) = (small(parts[0])?, small(parts[1])?, full_year(year)?);
            // Points stand between day, month and year wherever they are used.
            if separator == '.' {
                return fixed(year, second, first);
            }
            let pair = Written::Pair { first, second, year };
            let exists = Date::new(year, second, first).is_ok() || Date::new(year, first, second).is_ok();
            exists.then_some(pair)
        }
    }
}

/// `20260131` and what may follow it: a time and a zone.
pub fn parse_compact(text: &str) -> Option<Date> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match compact(text.trim(), digits)? {
        Written::Fixed(date) => Some(date),
        Written::Pair { .. } => None,
    }
}

/// `YYMMDD`, as in messages.
pub fn parse_six(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let two = |at: usize| two_digits(bytes.get(at..at + 2)?);
    let year = i16::from(two(0)?);
    let Some(Written::Fixed(date)) = fixed(century(year), two(2)?, two(4)?) else { return None };
    (bytes.len() == 6).then_some(date)
}

fn compact(text: &str, digits: usize) -> Option<Written> {
    let rest = text.get(digits..)?;
    let sound = matches!(digits, 8 | 10 | 12 | 14 | 17)
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:[]+- /".contains(&byte));
    let head = text.as_bytes().get(..8).filter(|_| sound)?;
    let year = i16::from(two_digits(&head[..2])?) * 100 + i16::from(two_digits(&head[2..4])?);
    fixed(year, two_digits(&head[4..6])?, two_digits(&head[6..8])?)
}

fn two_digits(bytes: &[u8]) -> Option<i8> {
    match bytes {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((*tens - b'0') as i8 * 10 + (*ones - b'0') as i8),
        _ => None,
    }
}

fn fixed(year: i16, month: i8, day: i8) -> Option<Written> {
    let year = if year > 2400 { year - BUDDHIST } else { year };
    let date = Date::new(year, month, day).ok().filter(|_| YEARS.contains(&year))?;
    Some(Written::Fixed(date))
}

fn century(year: i16) -> i16 {
    if year <= SHORT_YEAR_MAX { 2000 + year } else { 1900 + year }
}

fn small(part: Part) -> Option<i8> {
    match part {
        Part::Number { value, digits: 1 | 2 } => i8::try_from(value).ok().filter(|value| (1..=31).contains(value)),
        _ => None,
    }
}

fn full_year(part: Part) -> Option<i16> {
    let Part::Number { value, digits } = part else { return None };
    let value = i16::try_from(value).ok()?;
    let year = match digits {
        4 if value > 2400 => value - BUDDHIST,
        4 => value,
        1 | 2 => century(value),
        _ => return None,
    };
    YEARS.contains(&year).then_some(year)
}

/// The first three numbers or names, the sign between the first two, and what follows.
fn parts(text: &str) -> Option<([Part; 3], char, &str)> {
    let mut tokens = [""; 3];
    let (mut rest, mut separator) = (text, ' ');
    for (at, token) in tokens.iter_mut().enumerate() {
        if at > 0 {
            let signs = rest.find(|letter: char| !is_separator(letter)).unwrap_or(rest.len());
            let (between, after) = rest.split_at(signs);
            let sign = between.trim().chars().next().unwrap_or(' ');
            separator = if at == 1 { sign } else { separator };
            // `1 234` is no date: digits beside digits need a sign, and so do two different signs.
            rest = (signs > 0 && between.chars().count() <= 3).then_some(after)?;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = || rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
        let length = if digits > 0 { digits } else { letters() };
        (*token, rest) = (1..=DATE_BYTES_MAX).contains(&length).then(|| rest.split_at(length))?;
    }
    let named = tokens.iter().filter(|token| !token.as_bytes()[0].is_ascii_digit()).count();
    // Names are looked up last: most texts of three words are no dates, and end here.
    if named > 1 || named == 0 && separator == ' ' {
        return None;
    }
    let mut found = [Part::Month(0); 3];
    for (slot, token) in found.iter_mut().zip(tokens) {
        let digits = token.bytes().take_while(u8::is_ascii_digit).count();
        *slot = match digits {
            1..=4 => Part::Number { value: token.parse().ok()?, digits },
            0 if token.len() >= 3 => Part::Month(month(token)?),
            _ => return None,
        };
    }
    Some((found, separator, rest))
}

fn is_separator(letter: char) -> bool {
    matches!(letter, '/' | '-' | '.' | ' ' | '\'' | ',' | '\u{2013}' | '\u{ad}' | '\u{a0}')
}

/// A month by the beginning of its name.
pub fn month(word: &str) -> Option<i8> {
    let lower = word.to_lowercase();
    let index = MONTHS.iter().position(|names| names.iter().any(|name| lower.starts_with(name)))?;
    // `mar` is March, and `marras` is not; `juin` begins as `jun` does not.
    let index = if lower.starts_with("marras") { 10 } else { index };
    i8::try_from(index + 1).ok()
}

/// What may stand behind a date: nothing, a point, or a time with its zone.
fn is_time(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['.', ',', 'T', ' ']);
    let plain = |byte: u8| byte.is_ascii_digit() || b":.+- TZAPMapm".contains(&byte);
    rest.is_empty() || (rest.len() <= 24 && rest.contains(':') && rest.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, order: Option<DateOrder>, expected: Option<&str>) {
        let date = parse(text).and_then(|written| written.date(order)).map(|date| date.to_string());
        assert_eq!(date.as_deref(), expected, "{text}");
    }

    #[test]
    fn each_shape_is_read() {
        for (text, expected) in [
            ("2026-01-31", "2026-01-31"),
            ("2019.04.19.", "2019-04-19"),
            ("20121231", "2012-12-31"),
            ("20091224120000[0:GMT]", "2009-12-24"),
            ("2018-02-25 12:34:56 +0000", "2018-02-25"),
            ("2018-02-25T12:34:56Z", "2018-02-25"),
            ("10-Nov-9", "2009-11-10"),
            ("02 Jan 18", "2018-01-02"),
            ("Jan 2, 2018", "2018-01-02"),
            ("1.2.2024", "2024-02-01"),
            ("3 août 2025", "2025-08-03"),
            ("31/12/2025", "2025-12-31"),
            ("12/31/25", "2025-12-31"),
            ("2/14'2020", "2020-02-14"),
            ("6/26/94", "1994-06-26"),
            ("12/21' 7", "2007-12-21"),
            ("31/12/2568", "2025-12-31"),
            ("03/03/10", "2010-03-03"),
        ] {
            check(text, None, Some(expected));
        }
    }

    #[test]
    fn what_is_open_waits_for_an_order() {
        check("03/04/2026", None, None);
        check("03/04/2026", Some(DateOrder::DayFirst), Some("2026-04-03"));
        check("03/04/2026", Some(DateOrder::MonthFirst), Some("2026-03-04"));
        check("6/ 1/94", Some(DateOrder::MonthFirst), Some("1994-06-01"));
        check("13/12/2026", Some(DateOrder::MonthFirst), None);
        assert!(parse("03/04/2026").is_some_and(Written::is_open));
        assert!(!parse("03/03/2026").is_some_and(Written::is_open));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for none in [
            "",
            "31.02.2026",
            "13/13/2026",
            "1 234 567",
            "12.34",
            "1.234.567,89",
            "201120000000",
            "00000000000000",
            "2026",
            "Marketing 12",
            "1/2",
            "01/01/1850",
            "99999999",
            "2026-13-01",
            "ü",
            "12/ü/2026",
        ] {
            check(none, None, None);
        }
        assert_eq!(parse_six("110524").map(|date| date.to_string()).as_deref(), Some("2011-05-24"));
        assert_eq!(parse_six("110230"), None);
        assert_eq!(parse_compact("20180804093914:014").map(|date| date.to_string()).as_deref(), Some("2018-08-04"));
    }
}
