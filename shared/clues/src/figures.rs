//! Amounts in running text.
//!
//! Owns how people write amounts: with points, commas, spaces or apostrophes between thousands, a sign or a code before or
//! behind. Text that can be read in two ways is read in none, but for the separator of three digits, which is for thousands.

use rust_decimal::Decimal;

use crate::currencies;

/// Characters of one amount; longer figures are account numbers.
const AMOUNT_CHARS_MAX: usize = 20;

/// An amount in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// With the sign it is written with.
    pub number: Decimal,
    /// A code of ISO 4217, or a sign, that stands beside it.
    pub mark: Option<String>,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// The amounts of a text, in their order. Percentages, dates and whole numbers without a currency are none.
pub fn figures(text: &str) -> Vec<Figure> {
    all(text, false)
}

/// The amount of a text that is known to be one: a whole number counts too. None where there are several, or none.
pub fn only_figure(text: &str) -> Option<Figure> {
    let found = all(text, true);
    <[Figure; 1]>::try_from(found).ok().map(|[figure]| figure)
}

/// The currency of a sign or code, and how surely it is that, per mille: a dollar may be any of twenty.
pub fn currency_of(mark: &str) -> (&str, u16) {
    match mark {
        "€" => ("EUR", 850),
        "£" => ("GBP", 850),
        "$" => ("USD", 500),
        "¥" => ("JPY", 500),
        code => (code, 900),
    }
}

/// The rate of a tax: the number before the percent sign.
pub fn percent(text: &str) -> Option<Decimal> {
    let before = text.split_once('%')?.0.trim_end();
    let start = before.rfind(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | ','));
    let number = &before[start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..];
    let plain = number.replace(',', ".");
    let sound = plain.matches('.').count() < 2 && plain.contains(|letter: char| letter.is_ascii_digit());
    sound.then(|| Decimal::from_str_exact(&plain).ok()).flatten().filter(|percent| *percent < Decimal::ONE_HUNDRED)
}

fn all(text: &str, known: bool) -> Vec<Figure> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(step) = text[at..].find(|letter: char| letter.is_ascii_digit()) {
        let start = at + step;
        let end = start + extent(&text[start..]);
        if let Some(figure) = figure(text, start, end, known) {
            found.push(figure);
        }
        at = end;
    }
    found
}

/// How far digits and the separators between them reach. A space separates only groups of three.
fn extent(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    let mut spaced = end <= 3;
    loop {
        let Some(separator) = text[end..].chars().next() else { return end };
        let next = end + separator.len_utf8();
        let count = digits(next);
        let grouped = matches!(separator, ' ' | '\u{a0}' | '\u{202f}') && spaced && count == 3;
        let joined = matches!(separator, '.' | ',' | '\'' | '’' | '/' | '-' | ':') && count > 0;
        if !grouped && !joined {
            return end;
        }
        spaced &= count == 3;
        end = next + count;
    }
}

fn figure(text: &str, start: usize, end: usize, known: bool) -> Option<Figure> {
    let (before, after) = (&text[..start], &text[end..]);
    let glued = before.chars().next_back().is_some_and(char::is_alphabetic) && code_before(before).is_none();
    let percent = after.trim_start().starts_with('%');
    if glued
        || percent
        || end - start > AMOUNT_CHARS_MAX
        || after.starts_with(char::is_alphabetic) && code_after(after).is_none()
    {
        return None;
    }
    let mark = mark_before(before).or_else(|| mark_after(after));
    let number = parse(&text[start..end], known || mark.is_some())?;
    // A dash with a space behind it parts a word from its amount, unless nothing stands before it.
    let signless = before.trim_end().strip_suffix(['€', '£', '$', '¥']).unwrap_or(before);
    let minus = |side: &str| side.ends_with(['-', '−', '–']) || matches!(side.trim(), "-" | "−" | "–");
    let negative = minus(signless) || after.starts_with('-') || before.ends_with('(') && after.starts_with(')');
    Some(Figure { number: if negative { -number } else { number }, mark, start, end })
}

fn mark_before(before: &str) -> Option<String> {
    let before = before.trim_end_matches(['-', '−', '(']).trim_end();
    before.chars().next_back().and_then(sign).or_else(|| code_before(before))
}

fn mark_after(after: &str) -> Option<String> {
    let after = after.trim_start_matches(['-', ')']).trim_start();
    after.chars().next().and_then(sign).or_else(|| code_after(after))
}

fn sign(letter: char) -> Option<String> {
    "€£$¥".contains(letter).then(|| letter.to_string())
}

fn code_before(before: &str) -> Option<String> {
    let before = before.trim_end();
    let code = before.get(before.len().checked_sub(3)?..)?;
    let apart = !before[..before.len() - 3].ends_with(char::is_alphanumeric);
    (apart && currencies::known(code)).then(|| code.to_owned())
}

fn code_after(after: &str) -> Option<String> {
    let code = after.trim_start().get(..3)?;
    let apart = !after.trim_start()[3..].starts_with(char::is_alphanumeric);
    (apart && currencies::known(code)).then(|| code.to_owned())
}

/// A number with its separators, where they leave no doubt.
fn parse(text: &str, marked: bool) -> Option<Decimal> {
    if text.contains(['/', '-', ':']) {
        return None;
    }
    let compact: String =
        text.chars().filter(|letter| !matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')).collect();
    let (points, commas) = (compact.matches('.').count(), compact.matches(',').count());
    let last = compact.rfind(['.', ',']);
    let decimals = last.map_or(0, |at| compact.len() - at - 1);
    let one_kind = points == 0 || commas == 0;
    let is_decimal = match points + commas {
        0 => false,
        1 => decimals != 3,
        _ => !one_kind,
    };
    let digits = |text: &str| text.replace(['.', ','], "");
    let written = match last {
        Some(at) if is_decimal => format!("{}.{}", digits(&compact[..at]), &compact[at + 1..]),
        _ => digits(&compact),
    };
    let groups = match last {
        Some(at) if is_decimal => &compact[..at],
        _ => compact.as_str(),
    };
    let sound = groups.split(['.', ',']).skip(1).all(|group| group.len() == 3) && (!is_decimal || decimals <= 4);
    // A whole number may be anything: a year, a count, a part of an address.
    let whole = !is_decimal && !marked;
    if sound && !whole { Decimal::from_str_exact(&written).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = figures(text)
            .iter()
            .map(|figure| format!("{} {}", figure.number, figure.mark.clone().unwrap_or_default()).trim().to_owned())
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        check("1.234,56 €", &["1234.56 €"]);
        check("€1,234.56", &["1234.56 €"]);
        check("CHF 1'234.50", &["1234.50 CHF"]);
        check("1 234 567,89 EUR", &["1234567.89 EUR"]);
        check("1.234 EUR", &["1234 EUR"]);
        check("-5,00  5,00- (5.00) -£5.00", &["-5.00", "-5.00", "-5.00", "-5.00 £"]);
        check("100 £", &["100 £"]);
        check("Total - 5.00", &["5.00"]);
        check("- 5.00", &["-5.00"]);
        check("12.5", &["12.5"]);
        check("0.125", &[]);
    }

    #[test]
    fn a_text_that_is_known_to_be_an_amount_may_be_a_whole_number_and_must_hold_one_alone() {
        let only = |text: &str| only_figure(text).map(|figure| figure.number.to_string());
        for (text, number) in [("120", "120"), ("£1,250", "1250"), ("20 % 19.00", "19.00"), ("-12 EUR", "-12")] {
            assert_eq!(only(text).as_deref(), Some(number), "{text}");
        }
        for text in ["", "see below", "19 %", "12.00 24.00", "3 of 12", "2026-11-02", "1O0.00"] {
            assert_eq!(only(text), None, "{text}");
        }
    }

    #[test]
    fn a_rate_stands_before_its_sign() {
        let rate = |text: &str| percent(text).map(|rate| rate.to_string()).unwrap_or_default();
        assert_eq!((rate("VAT 20%"), rate("5,5 % TVA"), rate("é7%")), ("20".into(), "5.5".into(), "7".into()));
        for none in ["", "%", "VAT", "100 %", "1.2.3%", "99999999999999999999999999999999%"] {
            assert_eq!(rate(none), "", "{none}");
        }
    }

    #[test]
    fn what_is_no_amount_is_left_alone() {
        check("19,00 % 7% 20.0 %", &[]);
        check("2026 31.12.2026 2026-12-31 12:30 1/2", &[]);
        check("INV20.00 20.00kg", &[]);
        check("12,34.56 1.23.456,00", &[]);
        check("12345678901234567890,00", &[]);
    }
}
