//! One accounting period: its name, its first day and its last.
//!
//! Owns what a period is and how it is named. Which periods an organisation has is its calendar's word.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A period's name, unique in its calendar: `2026-03` for a calendar month, `2026-P03` for the third period of the
/// financial year that ends in 2026. Names sort by time; as text they do so up to 99 periods a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PeriodName {
    /// A calendar month.
    Month {
        /// The calendar year.
        year: i16,
        /// 1 to 12.
        month: i8,
    },
    /// A period of any other calendar.
    Numbered {
        /// The year in which the financial year ends.
        year: i16,
        /// Counted from 1 in each financial year.
        number: u16,
    },
}

/// A text that names no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a period: expected 2026-03 or 2026-P03")]
pub struct NoPeriodName;

/// One period. Calendars make them; the first day is never after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// How it is called.
    pub name: PeriodName,
    /// Its first day.
    pub first: Date,
    /// Its last day, on which journals of the period are dated.
    pub last: Date,
}

impl Period {
    /// Whether a date lies inside.
    pub fn holds(&self, date: Date) -> bool {
        self.first <= date && date <= self.last
    }

    /// How many days it has.
    pub fn days(&self) -> i64 {
        days_between(self.first, self.last)
    }

    /// How many of its days lie between two dates, both included.
    pub fn days_within(&self, first: Date, last: Date) -> i64 {
        days_between(self.first.max(first), self.last.min(last)).max(0)
    }
}

/// Days from one date to another, both included; none or less when the second comes before the first.
pub fn days_between(first: Date, last: Date) -> i64 {
    last.duration_since(first).as_hours() / 24 + 1
}

/// A date so many days later, or earlier when negative; never beyond the last date there is.
pub fn days_after(date: Date, days: i64) -> Date {
    date.saturating_add(SignedDuration::from_hours(days.saturating_mul(24)))
}

impl fmt::Display for PeriodName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month { year, month } => write!(out, "{year:04}-{month:02}"),
            Self::Numbered { year, number } => write!(out, "{year:04}-P{number:02}"),
        }
    }
}

impl FromStr for PeriodName {
    type Err = NoPeriodName;
    fn from_str(text: &str) -> Result<Self, NoPeriodName> {
        let (year, part) = text.split_once('-').ok_or(NoPeriodName)?;
        let year = year.parse().map_err(|_| NoPeriodName)?;
        let name = match part.strip_prefix('P') {
            Some(number) => Self::Numbered { year, number: number.parse().map_err(|_| NoPeriodName)? },
            None => Self::Month { year, month: part.parse().map_err(|_| NoPeriodName)? },
        };
        // Only the one spelling: a name is part of keys, where `2026-3` would be another period.
        let known = !matches!(name, Self::Month { month, .. } if !(1..=12).contains(&month));
        if known && name.to_string() == text { Ok(name) } else { Err(NoPeriodName) }
    }
}

impl TryFrom<String> for PeriodName {
    type Error = NoPeriodName;
    fn try_from(text: String) -> Result<Self, NoPeriodName> {
        text.parse()
    }
}

impl From<PeriodName> for String {
    fn from(name: PeriodName) -> String {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        for name in ["2026-03", "2026-12", "2026-P01", "2026-P104"] {
            assert_eq!(name.parse::<PeriodName>().unwrap().to_string(), name);
        }
        for bad in ["", "2026", "2026-3", "2026-13", "2026-00", "2026-P1", "26-03", "2026-P", "+2026-03", "2026-+3"] {
            assert!(bad.parse::<PeriodName>().is_err(), "{bad:?} was accepted");
        }
    }
}
