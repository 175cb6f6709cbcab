//! A manual journal: dated, told in words, balanced.
//!
//! Owns the check that makes an unbalanced journal impossible. How it is written for Xero is not known here.

use kernel::{Currency, Date, Money, MoneyError};
use serde::{Deserialize, Serialize};

use crate::texts::{AccountRef, TaxType, TextError, Tracking, trimmed};

/// One side of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The account.
    pub account: AccountRef,
    /// Debit above zero, credit below.
    pub amount: Money,
    /// What it is for; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its tax type; without one Xero takes the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<TaxType>,
    /// Its tracking.
    #[serde(default, skip_serializing_if = "Tracking::is_empty")]
    pub tracking: Tracking,
}

/// A journal that can be posted. Invariant: two lines or more, none of them zero, in one currency, and their sum is zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Journal {
    date: Date,
    narration: String,
    lines: Vec<Line>,
}

/// Why lines are no journal. Lines are counted from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// One line, or none.
    #[error("a journal has at least two lines")]
    TooFewLines,
    /// More than one journal may have.
    #[error("a journal has at most {0} lines")]
    TooManyLines(usize),
    /// A line that moves nothing.
    #[error("line {0} is zero")]
    ZeroLine(usize),
    /// A line in another currency than the first.
    #[error("line {at} is in {other}, the journal in {currency}")]
    MixedCurrencies {
        /// Which line.
        at: usize,
        /// The first line's currency.
        currency: Currency,
        /// This line's.
        other: Currency,
    },
    /// Debits and credits differ.
    #[error("debits and credits differ by {0}")]
    Unbalanced(Money),
    /// Amounts beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A narration that is missing or too long.
    #[error(transparent)]
    Narration(#[from] TextError),
    /// A description longer than Xero takes.
    #[error("the description of line {0} is longer than {TEXT_CHARS_MAX} characters")]
    DescriptionTooLong(usize),
}

/// Xero's limit for a line's description, taken for the narration as well, whose own limit Xero does not state.
pub const TEXT_CHARS_MAX: usize = 4_000;

impl Journal {
    /// A balanced journal of at most so many lines, which is configuration: Xero does not state its limit.
    pub fn try_new(date: Date, narration: &str, lines: Vec<Line>, lines_max: usize) -> Result<Self, JournalError> {
        let narration = trimmed(narration, "narration", TEXT_CHARS_MAX)?.to_owned();
        if lines.len() > lines_max {
            return Err(JournalError::TooManyLines(lines_max));
        }
        check_balance(&lines)?;
        let long = lines.iter().position(|line| line.description.chars().count() > TEXT_CHARS_MAX);
        long.map_or(Ok(()), |at| Err(JournalError::DescriptionTooLong(at)))?;
        Ok(Self { date, narration, lines })
    }

    /// The same journal with a mark behind its narration, by which it is found again in Xero.
    pub fn with_mark(mut self, mark: &str) -> Result<Self, JournalError> {
        let marked = format!("{} [{mark}]", self.narration);
        self.narration = trimmed(&marked, "narration", TEXT_CHARS_MAX)?.to_owned();
        Ok(self)
    }

    /// The day it counts for.
    pub fn date(&self) -> Date {
        self.date
    }

    /// What it says.
    pub fn narration(&self) -> &str {
        &self.narration
    }

    /// Its lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The currency of all its lines.
    pub fn currency(&self) -> Currency {
        // Two lines or more: the invariant.
        self.lines[0].amount.currency
    }
}

fn check_balance(lines: &[Line]) -> Result<(), JournalError> {
    let [first, _, ..] = lines else { return Err(JournalError::TooFewLines) };
    let currency = first.amount.currency;
    let mut sum = 0_i128;
    for (at, line) in lines.iter().enumerate() {
        let other = line.amount.currency;
        if other != currency {
            return Err(JournalError::MixedCurrencies { at, currency, other });
        }
        if line.amount.is_zero() {
            return Err(JournalError::ZeroLine(at));
        }
        sum += i128::from(line.amount.minor);
    }
    match i64::try_from(sum) {
        Ok(0) => Ok(()),
        Ok(minor) => Err(JournalError::Unbalanced(Money::new(minor, currency))),
        Err(_) => Err(MoneyError::TooLarge.into()),
    }
}

/// As it was stored. The limit of lines held when it was built and may have changed since.
#[derive(Deserialize)]
struct Unchecked {
    date: Date,
    narration: String,
    lines: Vec<Line>,
}

impl TryFrom<Unchecked> for Journal {
    type Error = JournalError;
    fn try_from(stored: Unchecked) -> Result<Self, JournalError> {
        Self::try_new(stored.date, &stored.narration, stored.lines, usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(account: &str, minor: i64, currency: &str) -> Line {
        Line {
            account: account.parse().unwrap(),
            amount: Money::new(minor, currency.parse().unwrap()),
            description: String::new(),
            tax_type: None,
            tracking: Tracking::default(),
        }
    }

    /// Amounts as `100 -60 -40`, in GBP unless one says otherwise.
    fn journal(narration: &str, amounts: &str, lines_max: usize) -> Result<Journal, JournalError> {
        let lines = amounts.split_whitespace().map(|amount| {
            let (minor, currency) = amount.split_once('/').unwrap_or((amount, "GBP"));
            line("620", minor.parse().unwrap(), currency)
        });
        Journal::try_new("2026-03-31".parse().unwrap(), narration, lines.collect(), lines_max)
    }

    #[track_caller]
    fn refused(amounts: &str, expected: JournalError) {
        assert_eq!(journal("March", amounts, 4), Err(expected), "{amounts}");
    }

    #[test]
    fn m22_a_journal_that_does_not_balance_cannot_be_built() {
        let pounds = |minor| Money::new(minor, "GBP".parse().unwrap());
        assert_eq!(journal("March", "100 -60 -40", 4).unwrap().lines().len(), 3);
        refused("100 -60", JournalError::Unbalanced(pounds(40)));
        refused("100 100", JournalError::Unbalanced(pounds(200)));
        refused("100", JournalError::TooFewLines);
        refused("", JournalError::TooFewLines);
        refused("100 0 -100", JournalError::ZeroLine(1));
        refused("1 1 1 1 -4", JournalError::TooManyLines(4));
        let (currency, other) = ("GBP".parse().unwrap(), "EUR".parse().unwrap());
        refused("100 -100/EUR", JournalError::MixedCurrencies { at: 1, currency, other });
        refused("9223372036854775807 9223372036854775807", JournalError::Money(MoneyError::TooLarge));
    }

    #[test]
    fn sums_beyond_64_bits_still_balance() {
        let most = i64::MAX;
        assert!(journal("March", &format!("{most} {most} -{most} -{most}"), 4).is_ok());
    }

    #[test]
    fn a_text_that_xero_refuses_is_refused_here() {
        assert_eq!(journal(" ", "1 -1", 4), Err(JournalError::Narration(TextError::Empty("narration"))));
        assert!(journal(&"x".repeat(TEXT_CHARS_MAX), "1 -1", 4).is_ok());
        let too_long = JournalError::Narration(TextError::TooLong { what: "narration", chars_max: TEXT_CHARS_MAX });
        assert_eq!(journal(&"x".repeat(TEXT_CHARS_MAX + 1), "1 -1", 4), Err(too_long));
        assert_eq!(journal(&"x".repeat(TEXT_CHARS_MAX), "1 -1", 4).unwrap().with_mark("J-1"), Err(too_long));
        assert_eq!(journal("March", "1 -1", 4).unwrap().with_mark("J-1").unwrap().narration(), "March [J-1]");
        let mut lines = vec![line("620", 1, "GBP"), line("800", -1, "GBP")];
        lines[1].description = "x".repeat(TEXT_CHARS_MAX + 1);
        let date = "2026-03-31".parse().unwrap();
        assert_eq!(Journal::try_new(date, "March", lines, 4), Err(JournalError::DescriptionTooLong(1)));
    }

    #[test]
    fn a_stored_journal_is_checked_when_it_is_read() {
        let text = serde_json::to_string(&journal("March", "100 -100", 4).unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<Journal>(&text).unwrap(), journal("March", "100 -100", 4).unwrap());
        assert!(serde_json::from_str::<Journal>(&text.replace("-1.00", "-2.00")).is_err());
    }
}
