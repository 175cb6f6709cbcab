//! Dates, amounts and words as people write them in cells.
//!
//! Owns the refusal to guess: what can be read in two ways is refused until it is said which way is meant.

use kernel::{Currency, Date, Money};
use schedules::schedule::{CustomPart, Kind};
use serde::{Deserialize, Serialize};
use sheets::{Cell, CellKind};

use crate::columns::folded;
use crate::findings::{Code, Fault};

/// What comes first in a date like 03/04/2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// The 3rd of April.
    DayFirst,
    /// March the 4th.
    MonthFirst,
    /// Neither: only a year comes first, as in 2026-04-03.
    YearFirst,
}

/// What parts pounds from pence in an amount. The other sign may group thousands, as spaces and apostrophes may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// 1,234.56
    Point,
    /// 1.234,56
    Comma,
}

/// How a schedule is spread, by its word alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    StraightLine,
    PartPeriods,
    ByDay,
    PerPeriod,
    Custom,
    Rolling,
}

const EXPECTED_DATE: &str = "not a date: expected one such as 2026-01-31";
const EXPECTED_AMOUNT: &str = "not an amount: expected digits, such as 1234.56";

/// A text that is an id, a code or a name. Excel makes dates of codes such as 1-2; those would be lost unseen.
pub(crate) fn text<'c>(cell: Cell<'c>) -> Result<&'c str, Fault> {
    match cell.kind {
        CellKind::Text | CellKind::Number => Ok(cell.text.trim()),
        CellKind::Date => Err(Fault::new(Code::TextInvalid, "the cell is a date: format it as text")),
        CellKind::Boolean => Err(Fault::new(Code::TextInvalid, "the cell is a truth value: format it as text")),
    }
}

pub(crate) fn kind(cell: Cell<'_>) -> Result<Kind, Fault> {
    match folded(cell.text).as_str() {
        "prepayment" | "prepaid" | "prepaidexpense" => Ok(Kind::Prepayment),
        "accrual" | "accrued" | "accruedexpense" => Ok(Kind::Accrual),
        _ => Err(Fault::new(Code::WordUnknown, "expected prepayment or accrual")),
    }
}

pub(crate) fn spread(cell: Cell<'_>) -> Result<Spread, Fault> {
    match folded(cell.text).as_str() {
        "straightline" | "straight" | "equal" => Ok(Spread::StraightLine),
        "partperiods" | "prorata" => Ok(Spread::PartPeriods),
        "byday" | "daily" => Ok(Spread::ByDay),
        "perperiod" | "amountperperiod" => Ok(Spread::PerPeriod),
        "custom" => Ok(Spread::Custom),
        "rolling" => Ok(Spread::Rolling),
        _ => Err(Fault::new(
            Code::WordUnknown,
            "expected straight line, part periods, by day, per period, custom or rolling",
        )),
    }
}

/// A count of periods.
pub(crate) fn count(cell: Cell<'_>) -> Result<u16, Fault> {
    let count = cell.text.trim().parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| Fault::new(Code::NumberUnreadable, "expected a whole number of one or more"))
}

/// A date of an XLSX, or a text in ISO's order or with the year at the end.
pub(crate) fn date(cell: Cell<'_>, order: Option<DateOrder>) -> Result<Date, Fault> {
    match cell.kind {
        CellKind::Text => date_of_text(cell.text.trim(), order),
        CellKind::Date if cell.text.contains('T') => Err(Fault::new(Code::DateWithTime, "the date has a time of day")),
        CellKind::Date => cell.text.parse().map_err(|_| Fault::new(Code::DateUnreadable, EXPECTED_DATE)),
        CellKind::Number => Err(Fault::new(Code::DateIsNumber, "the cell is a number: format it as a date")),
        CellKind::Boolean => Err(Fault::new(Code::DateUnreadable, EXPECTED_DATE)),
    }
}

fn date_of_text(text: &str, order: Option<DateOrder>) -> Result<Date, Fault> {
    let unreadable = || Fault::new(Code::DateUnreadable, EXPECTED_DATE);
    let separator = text.chars().find(|c| ['-', '/', '.'].contains(c)).ok_or_else(unreadable)?;
    let parts: Vec<&str> = text.split(separator).collect();
    let digits = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let [a, b, c] = parts.as_slice() else { return Err(unreadable()) };
    if !parts.iter().all(digits) {
        return Err(unreadable());
    }
    let civil =
        |year: &str, month: &str, day: &str| Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok();
    match (a.len(), c.len()) {
        (4, 1..=2) => civil(a, b, c).ok_or_else(unreadable),
        (1..=2, 4) => match (order, civil(c, b, a), civil(c, a, b)) {
            (Some(DateOrder::DayFirst), Some(date), _) | (Some(DateOrder::MonthFirst), _, Some(date)) => Ok(date),
            (None, Some(one), Some(other)) if one != other => {
                Err(Fault::new(Code::DateAmbiguous, "day or month first? State it, or write 2026-01-31"))
            }
            (None, Some(date), _) | (None, None, Some(date)) => Ok(date),
            _ => Err(unreadable()),
        },
        (1..=2, 1..=2) => Err(Fault::new(Code::YearTooShort, "write the year with four digits")),
        _ => Err(unreadable()),
    }
}

/// A number of an XLSX, or a text whose signs can be read in one way only.
pub(crate) fn amount(cell: Cell<'_>, mark: Option<DecimalMark>, currency: Currency) -> Result<Money, Fault> {
    let plain = match cell.kind {
        CellKind::Text => plain_amount(cell.text.trim(), mark)?,
        CellKind::Number => cell.text.to_owned(),
        CellKind::Date | CellKind::Boolean => return Err(Fault::new(Code::AmountUnreadable, EXPECTED_AMOUNT)),
    };
    Ok(Money::parse(&without_idle_zeros(&plain), currency)?)
}

/// An amount as digits with a point.
fn plain_amount(text: &str, mark: Option<DecimalMark>) -> Result<String, Fault> {
    match mark {
        Some(mark) => plain_under(text, mark),
        None => match (plain_under(text, DecimalMark::Point), plain_under(text, DecimalMark::Comma)) {
            (Some(one), Some(other)) if one != other => {
                let message = "is the sign a decimal mark or does it group thousands? State it, or write 1234.56";
                return Err(Fault::new(Code::AmountAmbiguous, message));
            }
            (one, other) => one.or(other),
        },
    }
    .ok_or_else(|| Fault::new(Code::AmountUnreadable, EXPECTED_AMOUNT))
}

/// What an amount is under a decimal mark. Groups have three digits, but for the first, and one sign between them.
fn plain_under(text: &str, mark: DecimalMark) -> Option<String> {
    let (decimal, grouping) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let (sign, unsigned) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, decimals) = unsigned.split_once(decimal).map_or((unsigned, None), |(a, b)| (a, Some(b)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let groups_by = |c: char| c == grouping || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}');
    let separator = whole.chars().find(|c| groups_by(*c));
    let groups: Vec<&str> = separator.map_or_else(|| vec![whole], |separator| whole.split(separator).collect());
    let [first, rest @ ..] = groups.as_slice() else { return None };
    let grouped =
        rest.is_empty() || (first.len() <= 3 && !first.starts_with('0') && rest.iter().all(|group| group.len() == 3));
    let holds = grouped && groups.iter().all(|group| digits(group)) && decimals.is_none_or(digits);
    let point = decimals.map(|decimals| format!(".{decimals}")).unwrap_or_default();
    holds.then(|| format!("{sign}{}{point}", groups.concat()))
}

/// 83.3300 is 83.33: zeros at the end make no amount finer.
fn without_idle_zeros(plain: &str) -> String {
    match plain.split_once('.') {
        Some((whole, decimals)) if decimals.ends_with('0') => match decimals.trim_end_matches('0') {
            "" => whole.to_owned(),
            decimals => format!("{whole}.{decimals}"),
        },
        _ => plain.to_owned(),
    }
}

/// Amounts with their dates: `2026-01-31 = 30.00; 2026-02-28 = 70.00`, or one on each line.
pub(crate) fn parts(
    cell: Cell<'_>,
    order: Option<DateOrder>,
    mark: Option<DecimalMark>,
    currency: Currency,
) -> Result<Vec<CustomPart>, Fault> {
    let pairs = cell.text.split([';', '|', '\n']).map(str::trim).filter(|pair| !pair.is_empty());
    let part = |(at, pair): (usize, &str)| {
        let (date_text, amount_text) = pair.split_once(['=', ' ']).ok_or_else(|| {
            Fault::new(Code::PartUnreadable, format!("part {at}: expected a date and an amount: 2026-01-31 = 30.00"))
        })?;
        let text = |text| Cell { text, kind: CellKind::Text };
        let in_part = |fault: Fault| Fault { message: format!("part {at}: {}", fault.message), ..fault };
        let date = date(text(date_text), order).map_err(in_part)?;
        let amount = amount(text(amount_text.trim_start_matches([' ', '='])), mark, currency).map_err(in_part)?;
        Ok(CustomPart { date, amount })
    };
    (1..).zip(pairs).map(part).collect()
}
