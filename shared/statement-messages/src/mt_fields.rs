//! The fields of MT940 and MT942.
//!
//! Owns the marks. `RC` takes a credit back, so money goes out, and `RD` brings it back; `CR` is a credit with the third
//! letter of its currency behind it.

use kernel::{Currency, Date};
use statement_lines::model::{Statement, Status, folded};
use statement_lines::numeral::{Mark, Numeral, NumeralError};
use statement_lines::{Exact, dates};

/// A balance in its parts.
pub(crate) struct BalanceParts<'t> {
    pub date: &'t str,
    pub currency: Currency,
    pub amount: Result<Exact, NumeralError>,
}

/// An entry in its parts.
pub(crate) struct EntryParts<'t> {
    pub value: &'t str,
    pub entry: Option<&'t str>,
    pub amount: Result<Exact, NumeralError>,
    pub status: Status,
    pub code: &'t str,
    pub reference: &'t str,
    pub bank_reference: &'t str,
}

/// Count and sum of one side, as an interim report states them.
pub(crate) struct Stated {
    count: usize,
    sum: Exact,
    debits: bool,
}

/// References that say that there is none.
const NO_REFERENCE: &[&str] = &["NONREF", "EREF", "KREF", "NOTPROVIDED", "UNBEKANNT"];

/// `C260101EUR100,00`.
pub(crate) fn balance(text: &str) -> Option<BalanceParts<'_>> {
    let negative = match text.as_bytes().first()? {
        b'C' => false,
        b'D' => true,
        _ => return None,
    };
    let (date, currency, amount) = (text.get(1..7)?, text.get(7..10)?, text.get(10..)?);
    let amount = number(amount).and_then(|amount| signed(amount, negative));
    Some(BalanceParts { date, currency: currency.parse().ok()?, amount })
}

/// `2601020102D10,N1REF//BANK`.
pub(crate) fn line_61(text: &str) -> Option<EntryParts<'_>> {
    let value = text.get(..6).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = text.get(6..)?;
    let (entry, rest) = match rest.get(..4) {
        Some(entry) if entry.bytes().all(|byte| byte.is_ascii_digit()) => (Some(entry), &rest[4..]),
        _ => (None, rest.trim_start()),
    };
    let (negative, status, rest) = mark(rest)?;
    // A letter between mark and amount is the currency's third, or a bank's own.
    let rest = rest.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(rest).trim_start();
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, ',' | '.' | ' '));
    let (amount, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let amount = number(amount).and_then(|amount| signed(amount, negative));
    let end = rest.char_indices().nth(4).map_or(rest.len(), |(end, _)| end);
    let (code, references) = rest.split_at(end);
    let (reference, bank_reference) = references.split_once("//").unwrap_or((references, ""));
    Some(EntryParts { value, entry, amount, status, code, reference, bank_reference })
}

/// Whether money goes out, whether it is only expected, and what follows.
fn mark(text: &str) -> Option<(bool, Status, &str)> {
    for (word, negative, status) in [
        ("RC", true, Status::Booked),
        ("RD", false, Status::Booked),
        ("EC", false, Status::Pending),
        ("ED", true, Status::Pending),
    ] {
        if let Some(rest) = text.strip_prefix(word) {
            return Some((negative, status, rest));
        }
    }
    match text.as_bytes().first()? {
        b'C' => Some((false, Status::Booked, &text[1..])),
        b'D' => Some((true, Status::Booked, &text[1..])),
        _ => None,
    }
}

fn number(text: &str) -> Result<Exact, NumeralError> {
    let numeral = Numeral::parse(text)?;
    // A comma, unless only a point can be meant.
    if numeral.body.contains(',') || !numeral.body.contains('.') {
        numeral.value(Mark::Comma)
    } else {
        numeral.value_alone()
    }
}

fn signed(amount: Exact, negative: bool) -> Result<Exact, NumeralError> {
    if negative { amount.try_neg().ok_or(NumeralError::TooLong) } else { Ok(amount) }
}

/// An entry's day and month in the year that puts it nearest to the value date.
pub(crate) fn entry_date(value: Option<Date>, written: &str, entry: Option<&str>) -> Option<Date> {
    let entry = entry?;
    let (month, day): (i8, i8) = (entry.get(..2)?.parse().ok()?, entry.get(2..)?.parse().ok()?);
    let year = match value {
        Some(value) => value.year(),
        None => dates::parse_six(&format!("{}0101", written.get(..2)?))?.year(),
    };
    let near = value.or_else(|| Date::new(year, 7, 1).ok())?;
    let days = |date: &Date| near.since(*date).map_or(i32::MAX, |span| span.get_days().abs());
    let years = [year - 1, year, year + 1];
    years.iter().filter_map(|year| Date::new(*year, month, day).ok()).min_by_key(days)
}

/// A customer's reference, unless it says that there is none.
pub(crate) fn reference(text: &str) -> Option<String> {
    folded(text).filter(|text| !NO_REFERENCE.contains(&text.as_str()))
}

/// `12EUR345,67`.
pub(crate) fn stated(text: &str, debits: bool) -> Option<Stated> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let sum = number(text.get(digits + 3..)?).ok()?;
    Some(Stated { count: text[..digits].parse().ok()?, sum, debits })
}

impl Stated {
    pub fn fits(&self, statement: &Statement) -> bool {
        let amounts = statement.entries.iter().filter_map(|entry| entry.amount);
        let side: Vec<Exact> = amounts.filter(|amount| amount.is_negative() == self.debits).collect();
        let sum = side.iter().try_fold(self.sum, |rest, amount| rest.try_sub(amount.try_abs()?));
        side.len() == self.count && sum.is_some_and(Exact::is_zero)
    }
}
