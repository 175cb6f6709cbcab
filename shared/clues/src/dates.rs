//! Dates in running text.
//!
//! Owns how people write dates, and which of day and month comes first. Where nothing settles that, the date is marked as
//! one that may be read the other way: it is never silently taken for one.

use kernel::Date;

use crate::labels;

/// Beginnings of the months' names in six languages; some months have several.
const MONTHS: [&str; 12] = [
    "jan|ene|gen",
    "feb|fév|fev",
    "mar|mär|mrz|maa|mrt",
    "apr|avr|abr",
    "may|mai|mei|mag",
    "jun|juin|giu",
    "jul|juil|lug",
    "aug|aoû|aou|ago",
    "sep|set",
    "oct|okt|ott",
    "nov",
    "dec|dez|déc|dic",
];
/// Two-digit years up to this one are of this century.
const SHORT_YEAR_MAX: i16 = 79;

/// What the numbers of a date say of their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Year first, a month in words, or a point between the numbers: there is one way to read it.
    Certain,
    /// A day above twelve stands first.
    DayFirst,
    /// A day above twelve stands second.
    MonthFirst,
    /// Both may be the day.
    Open,
}

/// A date as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Read with the day first, where it is open.
    pub date: Date,
    /// What its numbers say of their order.
    pub order: Order,
    /// Where it ends in the text, in bytes.
    pub end: usize,
    /// Where it begins.
    pub start: usize,
}

impl Written {
    /// The same, read with the month first.
    pub fn swapped(&self) -> Option<Date> {
        Date::new(self.date.year(), self.date.day(), self.date.month()).ok()
    }
}

/// The dates of a text, in their order.
pub fn dates(text: &str) -> Vec<Written> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match written(&tokens[at..]) {
            Some((date, order, taken)) => {
                let (start, end) = (tokens[at].start, tokens[at + taken - 1].end);
                found.push(Written { date, order, start, end });
                at += taken;
            }
            None => at += 1,
        }
    }
    found
}

/// Which of day and month comes first: by a date that can be read in one way, else by words of the language. Takes each
/// text with its lower case.
pub fn settled<'t, T: Iterator<Item = (&'t str, &'t str)>>(texts: impl Fn() -> T) -> Option<Order> {
    let orders = || texts().flat_map(|(text, _)| dates(text)).map(|written| written.order);
    let (day, month) =
        (orders().any(|order| order == Order::DayFirst), orders().any(|order| order == Order::MonthFirst));
    match (day, month) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        _ => texts().any(|(_, lower)| labels::day_comes_first(lower)).then_some(Order::DayFirst),
    }
}

/// Digits, letters, or one other sign.
#[derive(Clone, Copy)]
pub(crate) struct Token<'t> {
    pub(crate) text: &'t str,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let kind = |letter: char| match letter {
        letter if letter.is_ascii_digit() => 0,
        letter if letter.is_alphabetic() => 1,
        _ => 2,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let length = match kind(first) {
            2 => first.len_utf8(),
            of => rest.find(|letter| kind(letter) != of).unwrap_or(rest.len()),
        };
        if !first.is_whitespace() {
            tokens.push(Token { text: &rest[..length], start, end: start + length });
        }
        start += length;
    }
    tokens
}

/// A date at the beginning of some tokens, and how many of them it takes.
pub(crate) fn written(tokens: &[Token<'_>]) -> Option<(Date, Order, usize)> {
    by_numbers(tokens).or_else(|| by_name(tokens))
}

/// `2026-03-31`, `31.03.2026`, `03/31/26`; without a space in it.
fn by_numbers(tokens: &[Token<'_>]) -> Option<(Date, Order, usize)> {
    let [first, one, second, other, third, rest @ ..] = tokens else { return None };
    let glued = tokens.windows(2).take(4).all(|pair| pair[0].end == pair[1].start || one.text == ".");
    let ends = rest.first().is_none_or(|next| next.start > third.end || !matches!(next.text, "/" | "-"));
    if !glued || !ends || one.text != other.text || !matches!(one.text, "-" | "/" | "." | "–") {
        return None;
    }
    if first.text.len() == 4 {
        let date = Date::new(number(first)?, short(second)?, short(third)?).ok()?;
        return Some((date, Order::Certain, 5));
    }
    let (year, first, second) = (year(third)?, short(first)?, short(second)?);
    let (day_first, month_first) = (Date::new(year, second, first), Date::new(year, first, second));
    match (day_first, month_first) {
        (Ok(date), _) if one.text == "." || first == second => Some((date, Order::Certain, 5)),
        (Ok(date), Err(_)) => Some((date, Order::DayFirst, 5)),
        (Err(_), Ok(date)) => Some((date, Order::MonthFirst, 5)),
        (Ok(date), Ok(_)) => Some((date, Order::Open, 5)),
        (Err(_), Err(_)) => None,
    }
}

/// `31 March 2026`, `31. März 2026`, `1st of May 2026`, `31-Mar-26`, `March 31, 2026`.
fn by_name(tokens: &[Token<'_>]) -> Option<(Date, Order, usize)> {
    let filler = |token: &&(usize, Token<'_>)| {
        !matches!(token.1.text, "." | "," | "-" | "/" | "st" | "nd" | "rd" | "th" | "er" | "º" | "de" | "of" | "del")
    };
    let numbered: Vec<(usize, Token<'_>)> = tokens.iter().copied().take(9).enumerate().collect();
    let mut parts = numbered.iter().filter(filler);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if first.0 != 0 {
        return None;
    }
    let (day, month) = match month(second.1.text) {
        Some(month) => (short(&first.1)?, month),
        None => (short(&second.1)?, month(first.1.text)?),
    };
    let date = Date::new(year(&third.1)?, month, day).ok()?;
    Some((date, Order::Certain, third.0 + 1))
}

pub(crate) fn month(text: &str) -> Option<i8> {
    let lower = text.to_lowercase();
    let found = MONTHS.iter().position(|names| names.split('|').any(|name| lower.starts_with(name)));
    found.and_then(|index| i8::try_from(index + 1).ok())
}

fn number(token: &Token<'_>) -> Option<i16> {
    token.text.parse().ok()
}

fn short(token: &Token<'_>) -> Option<i8> {
    token.text.parse().ok().filter(|_| token.text.len() <= 2)
}

fn year(token: &Token<'_>) -> Option<i16> {
    match (token.text.len(), number(token)?) {
        (4, year @ 1990..=2100) => Some(year),
        (2, year @ 0..=SHORT_YEAR_MAX) => Some(2000 + year),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, Order)]) {
        let found: Vec<(String, Order)> =
            dates(text).iter().map(|written| (written.date.to_string(), written.order)).collect();
        let expected: Vec<(String, Order)> =
            expected.iter().map(|(date, order)| ((*date).to_owned(), *order)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn each_style_is_read() {
        use super::Order::*;
        check("2026-03-31", &[("2026-03-31", Certain)]);
        check("31.03.2026 bis 1.4.26", &[("2026-03-31", Certain), ("2026-04-01", Certain)]);
        check("31/03/2026", &[("2026-03-31", DayFirst)]);
        check("03/31/2026", &[("2026-03-31", MonthFirst)]);
        check("03/04/2026", &[("2026-04-03", Open)]);
        check("04-04-2026", &[("2026-04-04", Certain)]);
        check("31. März 2026", &[("2026-03-31", Certain)]);
        check("1st of May 2026", &[("2026-05-01", Certain)]);
        check("March 31, 2026", &[("2026-03-31", Certain)]);
        check("31-Mar-26", &[("2026-03-31", Certain)]);
        check("le 1er août 2026", &[("2026-08-01", Certain)]);
        check("3 de enero de 2026", &[("2026-01-03", Certain)]);
        check("15 dicembre 2026", &[("2026-12-15", Certain)]);
    }

    #[test]
    fn what_is_no_date_is_left_alone() {
        for none in ["31.02.2026", "13/13/2026", "2026", "1.234.567", "10/20", "12-34-5678-90", "March", "99/99/9999"] {
            check(none, &[]);
        }
    }
}
