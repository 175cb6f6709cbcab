//! Requests that come back: a statement every month, a tax return every quarter.
//!
//! Owns when one is due and how each is named, so that evaluating twice asks once. Reads no clock: which days are looked
//! at, the caller says.

use kernel::Date;
use kernel::calendar::{YEAR_MAX, YEAR_MIN};
use kernel::periods::{days_after, days_between};
use serde::{Deserialize, Serialize};

use evidence::{RecurringId, Words};

/// A request that comes back. [`Recurring::check`] says whether it can be met; nothing is due of one that cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurring {
    /// Its id.
    pub id: RecurringId,
    /// What is asked for; at least a letter of it must be left once cleaned.
    pub title: Words,
    /// How often.
    pub every: Every,
    /// On which day.
    pub day: DayRule,
    /// The first day. Periods are counted from its month, or for weeks from the day itself, so that quarters may end in any
    /// month.
    pub starts: Date,
    /// The last day on which a period may end, or on which a day of the month may fall; without one it goes on.
    pub ends: Option<Date>,
    /// What whoever answers should know; may be empty.
    #[serde(default)]
    pub note: Words,
}

/// How often a request comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each month.
    Month,
    /// Each three months.
    Quarter,
    /// Each twelve months.
    Year,
    /// Each so many weeks, 1 to [`WEEKS_MAX`].
    Weeks(u8),
}

/// On which day a request is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayRule {
    /// On a day of the first month of each period, 1 to 31; in a shorter month, on its last day. Not with weeks.
    DayOfMonth(i8),
    /// So many days after each period's last, 0 to [`DAYS_AFTER_MAX`].
    DaysAfterEnd(u8),
}

/// One request of those that come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// `id.2026-01-01`: the request and its period's first day. Another day rule leaves it as it is, so that a request that
    /// was made is not made again.
    pub id: String,
    /// The request.
    pub of: RecurringId,
    /// The day on which it is due.
    pub due: Date,
    /// The first day of the period it is about.
    pub first: Date,
    /// The last day of that period.
    pub last: Date,
}

/// Why a request cannot come back like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurringError {
    /// Nothing is asked for.
    #[error("the title is empty")]
    NoTitle,
    /// No such day, or no such number of weeks.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The end lies before the start.
    #[error("it ends before it starts")]
    EndsBefore,
    /// Far from any year that books are kept for.
    #[error("{0} lies outside the years {YEAR_MIN} to {YEAR_MAX}")]
    OutOfRange(Date),
    /// More than one question may ask for.
    #[error("more than {OCCURRENCES_MAX} requests are due between the two days")]
    TooMany,
}

/// A year of weeks.
pub const WEEKS_MAX: u8 = 52;
/// Four months: by then the next quarter is over as well.
pub const DAYS_AFTER_MAX: u8 = 120;
/// Requests of one kind due in one question: more than seven years of weeks.
pub const OCCURRENCES_MAX: usize = 400;

impl Recurring {
    /// Whether it can be met.
    pub fn check(&self) -> Result<(), RecurringError> {
        let expected = match (self.every, self.day) {
            (Every::Weeks(weeks), _) if !(1..=WEEKS_MAX).contains(&weeks) => Some("1 to 52 weeks"),
            (Every::Weeks(_), DayRule::DayOfMonth(_)) => {
                Some("days after the end of the weeks, not a day of the month")
            }
            (_, DayRule::DayOfMonth(day)) if !(1..=31).contains(&day) => Some("a day of the month from 1 to 31"),
            (_, DayRule::DaysAfterEnd(days)) if days > DAYS_AFTER_MAX => Some("0 to 120 days after the end"),
            _ => None,
        };
        expected.map_or(Ok(()), |expected| Err(RecurringError::Expected(expected)))?;
        [Some(self.starts), self.ends].into_iter().flatten().try_for_each(within_range)?;
        match self.ends {
            _ if self.title.is_empty() => Err(RecurringError::NoTitle),
            Some(ends) if ends < self.starts => Err(RecurringError::EndsBefore),
            _ => Ok(()),
        }
    }

    /// The requests due from one day to another, both included, in order.
    pub fn due_between(&self, from: Date, to: Date) -> Result<Vec<Occurrence>, RecurringError> {
        self.check()?;
        [from, to].into_iter().try_for_each(within_range)?;
        let mut found = Vec::new();
        // Due dates only grow, and no period is looked at that ended long before: the loop is as long as its answer.
        for at in self.first_place(from).. {
            let Some(occurrence) = self.occurrence(at).filter(|one| one.due <= to && !self.is_over(one)) else { break };
            if occurrence.due < from || self.asked_on(&occurrence) < self.starts {
                continue;
            }
            if found.len() == OCCURRENCES_MAX {
                return Err(RecurringError::TooMany);
            }
            found.push(occurrence);
        }
        Ok(found)
    }

    /// The place of the period that holds the day [`DAYS_AFTER_MAX`] before: no request about an earlier one is due as late.
    fn first_place(&self, from: Date) -> i64 {
        let (starts, latest) = (self.starts, i64::from(DAYS_AFTER_MAX));
        let earliest = days_after(from, -latest);
        let passed = match self.every {
            Every::Weeks(weeks) => (days_between(starts, earliest) - 1).div_euclid(7 * i64::from(weeks)),
            months => (month_place(earliest) - month_place(starts)).div_euclid(months.months()),
        };
        passed.max(0)
    }

    /// The request about the period at a place, counted from zero; `None` beyond the years that are looked at.
    fn occurrence(&self, at: i64) -> Option<Occurrence> {
        let (first, last) = match self.every {
            Every::Weeks(weeks) => {
                let days = 7 * i64::from(weeks);
                let first = days_after(self.starts, days.checked_mul(at)?);
                (first, days_after(first, days - 1))
            }
            months => {
                let place = month_place(self.starts) + months.months() * at;
                (first_of_month(place)?, days_after(first_of_month(place + months.months())?, -1))
            }
        };
        let due = match self.day {
            DayRule::DayOfMonth(day) => days_after(first, i64::from(day.min(first.days_in_month())) - 1),
            DayRule::DaysAfterEnd(days) => days_after(last, i64::from(days)),
        };
        within_range(first).ok()?;
        Some(Occurrence { id: format!("{}.{first}", self.id), of: self.id.clone(), due, first, last })
    }

    /// The day that must lie between start and end: the day of the month, or the period's last.
    fn asked_on(&self, occurrence: &Occurrence) -> Date {
        match self.day {
            DayRule::DayOfMonth(_) => occurrence.due,
            DayRule::DaysAfterEnd(_) => occurrence.last,
        }
    }

    fn is_over(&self, occurrence: &Occurrence) -> bool {
        self.ends.is_some_and(|ends| self.asked_on(occurrence) > ends)
    }
}

impl Every {
    /// How many months, for all but weeks.
    fn months(self) -> i64 {
        match self {
            Self::Month | Self::Weeks(_) => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// Months counted through the years.
fn month_place(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

fn first_of_month(place: i64) -> Option<Date> {
    let (year, month) = (i16::try_from(place.div_euclid(12)).ok()?, i8::try_from(place.rem_euclid(12) + 1).ok()?);
    Date::new(year, month, 1).ok()
}

fn within_range(date: Date) -> Result<(), RecurringError> {
    if (YEAR_MIN..=YEAR_MAX).contains(&date.year()) { Ok(()) } else { Err(RecurringError::OutOfRange(date)) }
}
