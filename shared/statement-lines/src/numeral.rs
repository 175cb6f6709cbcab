//! Numbers as banks write them: marks, signs before, behind or in brackets, currencies beside them.
//!
//! Owns which mark is the decimal one, decided over all numbers of a column and never for one that leaves it open. A number
//! with two readings is an error with its name.

use kernel::Currency;
use serde::{Deserialize, Serialize};

use crate::Exact;
use crate::exact::DECIMALS_MAX;

/// Characters of one number; the longest amounts have fewer than thirty digits.
const NUMERAL_CHARS_MAX: usize = 48;
/// Powers of ten of a number written as `1.2E+05`.
const EXPONENT_MAX: i32 = 6;

/// The decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// `1,234.56`.
    Point,
    /// `1.234,56`.
    Comma,
}

/// Which side of an account a word beside a number names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Money in.
    Credit,
    /// Money out.
    Debit,
}

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumeralError {
    /// Something else.
    #[error("is not an amount")]
    NotANumber,
    /// `1.2.3`, or `1,5.2,5`.
    #[error("has two decimal marks")]
    TwoMarks,
    /// `12,50` where the file's decimal mark is a point.
    #[error("has another decimal mark than the other amounts")]
    MarkDiffers,
    /// `1,234` where nothing says which mark it is.
    #[error("can be read in two ways: its mark may part thousands or decimals")]
    MarkOpen,
    /// Beyond 64 bits, or finer than nine decimals.
    #[error("has more digits than any amount has")]
    TooLong,
}

/// A number parted into what it is made of; its mark is still to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeral<'t> {
    /// Digits and marks.
    pub body: &'t str,
    /// Whether a minus, or brackets, stand around it.
    pub negative: bool,
    /// Whether it has a sign at all.
    pub signed: bool,
    /// A currency that stands beside it.
    pub currency: Option<Currency>,
    /// A word such as `CR` beside it.
    pub side: Option<Side>,
    exponent: i32,
}

/// What one number says of the decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// It is this one.
    For(Mark),
    /// It may be either.
    Open,
    /// There is no mark.
    None,
}

impl<'t> Numeral<'t> {
    /// Parts a text; the whole of it has to be one number.
    pub fn parse(text: &'t str) -> Result<Self, NumeralError> {
        let text = text.trim();
        let first = text.find(|letter: char| letter.is_ascii_digit()).ok_or(NumeralError::NotANumber)?;
        let last = text.rfind(|letter: char| letter.is_ascii_digit()).unwrap_or(first);
        if text.len() > NUMERAL_CHARS_MAX {
            return Err(NumeralError::NotANumber);
        }
        // `.50` and `500,` begin and end with a mark.
        let start = if text[..first].ends_with(['.', ',']) { first - 1 } else { first };
        let end = if text[last + 1..].starts_with(['.', ',']) { last + 2 } else { last + 1 };
        let (body, exponent) = parted_exponent(&text[start..end])?;
        let allowed = |letter: char| letter.is_ascii_digit() || is_mark(letter);
        if !body.chars().all(allowed) {
            return Err(NumeralError::NotANumber);
        }
        let mut numeral = Self { body, negative: false, signed: false, currency: None, side: None, exponent };
        numeral.around(&text[..start])?;
        numeral.around(&text[end..])?;
        Ok(numeral)
    }

    /// Signs and words beside the digits.
    fn around(&mut self, text: &str) -> Result<(), NumeralError> {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let length = if letter.is_alphabetic() {
                rest.find(|letter: char| !letter.is_alphabetic() && letter != '$').unwrap_or(rest.len())
            } else {
                letter.len_utf8()
            };
            let (token, after) = rest.split_at(length);
            self.token(token)?;
            rest = after;
        }
        Ok(())
    }

    fn token(&mut self, token: &str) -> Result<(), NumeralError> {
        match token {
            "-" | "\u{2212}" | "\u{2013}" | "(" if self.signed && token != "(" => return Err(NumeralError::NotANumber),
            "-" | "\u{2212}" | "\u{2013}" | "(" => (self.negative, self.signed) = (true, true),
            "+" => self.signed = true,
            ")" | " " | "\u{a0}" | "\u{202f}" | "\u{ad}" | "\t" | "." => (),
            "CR" | "Cr" | "cr" | "C" | "H" => self.side = Some(Side::Credit),
            "DR" | "Dr" | "dr" | "D" | "S" => self.side = Some(Side::Debit),
            word => self.currency = Some(currency(word).ok_or(NumeralError::NotANumber)?),
        }
        Ok(())
    }

    /// What it says of the decimal mark.
    pub fn vote(&self) -> Result<Vote, NumeralError> {
        let body = self.body;
        let (points, commas) = (count(body, '.'), count(body, ','));
        let spaced = body.contains(|letter: char| is_mark(letter) && !matches!(letter, '.' | ','));
        match (points, commas) {
            (0, 0) => Ok(Vote::None),
            (0, _) => one_kind(body, ',', commas, Mark::Comma, spaced),
            (_, 0) => one_kind(body, '.', points, Mark::Point, spaced),
            _ => {
                let (mark, times) =
                    if body.rfind('.') > body.rfind(',') { (Mark::Point, points) } else { (Mark::Comma, commas) };
                if times == 1 { Ok(Vote::For(mark)) } else { Err(NumeralError::TwoMarks) }
            }
        }
    }

    /// The number, signed as it is written, with a decided mark.
    pub fn value(&self, mark: Mark) -> Result<Exact, NumeralError> {
        let decimal = if mark == Mark::Point { '.' } else { ',' };
        let (whole, decimals) = match self.body.split_once(decimal) {
            Some((_, after)) if after.contains(decimal) => return Err(NumeralError::TwoMarks),
            Some((whole, after)) => (whole, after),
            None => (self.body, ""),
        };
        let grouped = whole.rfind(['.', ',']);
        if grouped.is_some_and(|at| whole.len() - at != 4) || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumeralError::MarkDiffers);
        }
        let mut units = 0_i64;
        for digit in whole.bytes().chain(decimals.bytes()).filter(u8::is_ascii_digit) {
            let next = units.checked_mul(10).and_then(|units| units.checked_add(i64::from(digit - b'0')));
            units = next.ok_or(NumeralError::TooLong)?;
        }
        let units = if self.negative { -units } else { units };
        self.scaled(units, decimals.len())
    }

    /// The number where its own marks say how it is read.
    pub fn value_alone(&self) -> Result<Exact, NumeralError> {
        match self.vote()? {
            Vote::For(mark) => self.value(mark),
            Vote::None => self.value(Mark::Point),
            Vote::Open => Err(NumeralError::MarkOpen),
        }
    }

    fn scaled(&self, units: i64, decimals: usize) -> Result<Exact, NumeralError> {
        let decimals = i32::try_from(decimals).map_err(|_| NumeralError::TooLong)? - self.exponent;
        let (units, decimals) = match u32::try_from(-decimals) {
            Ok(up) => (10_i64.checked_pow(up).and_then(|by| units.checked_mul(by)), 0),
            Err(_) => (Some(units), decimals),
        };
        let decimals = u8::try_from(decimals).ok().filter(|decimals| *decimals <= DECIMALS_MAX);
        units.zip(decimals).and_then(|(units, decimals)| Exact::new(units, decimals)).ok_or(NumeralError::TooLong)
    }
}

fn is_mark(letter: char) -> bool {
    matches!(letter, '.' | ',' | '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{202f}')
}

fn count(body: &str, mark: char) -> usize {
    body.bytes().filter(|byte| char::from(*byte) == mark).count()
}

/// A body with marks of one kind.
fn one_kind(body: &str, mark: char, times: usize, as_decimal: Mark, spaced: bool) -> Result<Vote, NumeralError> {
    let other = if as_decimal == Mark::Point { Mark::Comma } else { Mark::Point };
    let (before, after) = body.rsplit_once(mark).unwrap_or((body, ""));
    let three = after.len() == 3;
    if times > 1 {
        return if three { Ok(Vote::For(other)) } else { Err(NumeralError::TwoMarks) };
    }
    let could_group = three && !spaced && (1..=3).contains(&before.len()) && !before.starts_with('0');
    Ok(if could_group { Vote::Open } else { Vote::For(as_decimal) })
}

/// `1.2E+05` parted into its number and its power of ten.
fn parted_exponent(body: &str) -> Result<(&str, i32), NumeralError> {
    let Some((body, exponent)) = body.split_once(['E', 'e']) else { return Ok((body, 0)) };
    let power: i32 = exponent.parse().map_err(|_| NumeralError::NotANumber)?;
    if power.abs() > EXPONENT_MAX { Err(NumeralError::TooLong) } else { Ok((body, power)) }
}

/// A currency by its code, or by a sign that only one currency has, or mostly has.
pub fn currency(word: &str) -> Option<Currency> {
    let code = match word {
        "€" => "EUR",
        "£" => "GBP",
        "$" | "US$" => "USD",
        "¥" => "JPY",
        "zł" => "PLN",
        "Kč" => "CZK",
        "Ft" => "HUF",
        "R$" => "BRL",
        "₹" | "Rs" => "INR",
        "₽" => "RUB",
        "₩" => "KRW",
        code => code,
    };
    code.parse().ok()
}

/// The mark that most numbers say, and whether all agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    /// Numbers with a decimal point.
    pub point: u32,
    /// Numbers with a decimal comma.
    pub comma: u32,
    /// Numbers that may be read either way.
    pub open: u32,
}

impl Votes {
    /// Counts a number in.
    pub fn add(&mut self, vote: Vote) {
        match vote {
            Vote::For(Mark::Point) => self.point += 1,
            Vote::For(Mark::Comma) => self.comma += 1,
            Vote::Open => self.open += 1,
            Vote::None => (),
        }
    }

    /// The mark; none where it is open, or where both are said equally often.
    pub fn mark(&self) -> Option<Mark> {
        match self.point.cmp(&self.comma) {
            std::cmp::Ordering::Greater => Some(Mark::Point),
            std::cmp::Ordering::Less => Some(Mark::Comma),
            // No number has a mark: either reads them.
            std::cmp::Ordering::Equal if self.point == 0 && self.open == 0 => Some(Mark::Point),
            std::cmp::Ordering::Equal => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, NumeralError>) {
        let value = Numeral::parse(text).and_then(|numeral| numeral.value_alone()).map(|exact| exact.to_string());
        assert_eq!(value, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn each_style_is_read() {
        for (text, value) in [
            ("1,234.56", "1234.56"),
            ("1.234,56", "1234.56"),
            ("1 234,56", "1234.56"),
            ("11'373.94", "11373.94"),
            ("1,23,456.78", "123456.78"),
            ("(85.00)", "-85.00"),
            ("85.00-", "-85.00"),
            ("- $21.59", "-21.59"),
            ("+ £1,100.00", "1100.00"),
            ("$3520.00", "3520.00"),
            ("€ -5", "-5"),
            ("-.50", "-0.50"),
            ("5,00 EUR", "5.00"),
            ("500,", "500"),
            ("1.2E+05", "120000"),
            ("\u{2212}1\u{202f}000,5", "-1000.5"),
            ("1.234.567", "1234567"),
            ("0,125", "0.125"),
            ("12345,678", "12345.678"),
            ("4.50 CR", "4.50"),
        ] {
            check(text, Ok(value));
        }
    }

    #[test]
    fn what_is_open_or_none_is_said_to_be() {
        use NumeralError::*;
        for (text, error) in [
            ("1,234", MarkOpen),
            ("1.2.3", TwoMarks),
            ("1,5.2,5", TwoMarks),
            ("12.34.56", TwoMarks),
            ("99999999999999999999", TooLong),
            ("1E9", TooLong),
            ("0.12345678901", TooLong),
            ("", NotANumber),
            ("-", NotANumber),
            ("12/31", NotANumber),
            ("A1B", NotANumber),
            ("--5", NotANumber),
            ("12 apples", NotANumber),
        ] {
            check(text, Err(error));
        }
        assert_eq!(Numeral::parse("12,50").unwrap().value(Mark::Point), Err(MarkDiffers));
        assert_eq!(Numeral::parse("12.5,0").unwrap().value(Mark::Comma), Err(MarkDiffers));
    }
}
