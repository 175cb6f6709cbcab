//! Requests that come back: a statement every month, a tax return every quarter.
//!
//! Owns when one is due and how each is named, so that evaluating twice asks once. Reads no clock: which days are looked
//! at, the caller says.

use kernel::Date;
use kernel::calendar::{YEAR_MAX, YEAR_MIN};
use kernel::periods::{days_after, days_between};
use serde::{Deserialize, Serialize};

use crate::ids::RecurringId;
use crate::words::Words;

/// A request that comes back, checked once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RecurringTerms", into = "RecurringTerms")]
pub struct Recurring {
    terms: RecurringTerms,
}

/// What a person asks for again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurringTerms {
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
    /// No month has such a day.
    #[error("{0} is no day of a month: expected 1 to 31")]
    NoDay(i8),
    /// Later than any such request is due.
    #[error("{0} days after the end of a period: expected 0 to {DAYS_AFTER_MAX}")]
    TooLate(u8),
    /// Too few or too many weeks.
    #[error("every {0} weeks: expected 1 to {WEEKS_MAX}")]
    Weeks(u8),
    /// Weeks have no day of the month.
    #[error("a request that comes back after weeks is due days after their end, not on a day of the month")]
    DayOfWeeks,
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
    /// A request with terms that can be met.
    pub fn try_new(terms: RecurringTerms) -> Result<Self, RecurringError> {
        match (terms.every, terms.day) {
            (Every::Weeks(weeks), _) if !(1..=WEEKS_MAX).contains(&weeks) => return Err(RecurringError::Weeks(weeks)),
            (Every::Weeks(_), DayRule::DayOfMonth(_)) => return Err(RecurringError::DayOfWeeks),
            (_, DayRule::DayOfMonth(day)) if !(1..=31).contains(&day) => return Err(RecurringError::NoDay(day)),
            (_, DayRule::DaysAfterEnd(days)) if days > DAYS_AFTER_MAX => return Err(RecurringError::TooLate(days)),
            _ => (),
        }
        within_range(terms.starts)?;
        terms.ends.map_or(Ok(()), within_range)?;
        match terms.ends {
            _ if terms.title.is_empty() => Err(RecurringError::NoTitle),
            Some(ends) if ends < terms.starts => Err(RecurringError::EndsBefore),
            _ => Ok(Self { terms }),
        }
    }

    /// What it was made of.
    pub fn terms(&self) -> &RecurringTerms {
        &self.terms
    }

    /// The requests due from one day to another, both included, in order.
    pub fn due_between(&self, from: Date, to: Date) -> Result<Vec<Occurrence>, RecurringError> {
        within_range(from)?;
        within_range(to)?;
        let mut found = Vec::new();
        // Due dates only grow, and no period is looked at that ended long before: the loop is as long as its answer.
        for at in self.first_place(from).. {
            let Some(occurrence) = self.occurrence(at).filter(|one| one.due <= to && !self.is_over(one)) else { break };
            if occurrence.due < from || self.asked_on(&occurrence) < self.terms.starts {
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
        let (starts, latest) = (self.terms.starts, i64::from(DAYS_AFTER_MAX));
        let earliest = days_after(from, -latest);
        let passed = match self.terms.every {
            Every::Weeks(weeks) => (days_between(starts, earliest) - 1).div_euclid(7 * i64::from(weeks)),
            months => (month_place(earliest) - month_place(starts)).div_euclid(months.months()),
        };
        passed.max(0)
    }

    /// The request about the period at a place, counted from zero; `None` beyond the years that are looked at.
    fn occurrence(&self, at: i64) -> Option<Occurrence> {
        let terms = &self.terms;
        let (first, last) = match terms.every {
            Every::Weeks(weeks) => {
                let days = 7 * i64::from(weeks);
                let first = days_after(terms.starts, days.checked_mul(at)?);
                (first, days_after(first, days - 1))
            }
            months => {
                let place = month_place(terms.starts) + months.months() * at;
                (first_of_month(place)?, days_after(first_of_month(place + months.months())?, -1))
            }
        };
        let due = match terms.day {
            DayRule::DayOfMonth(day) => days_after(first, i64::from(day.min(first.days_in_month())) - 1),
            DayRule::DaysAfterEnd(days) => days_after(last, i64::from(days)),
        };
        within_range(first).ok()?;
        Some(Occurrence { id: format!("{}.{first}", terms.id), of: terms.id.clone(), due, first, last })
    }

    /// The day that must lie between start and end: the day of the month, or the period's last.
    fn asked_on(&self, occurrence: &Occurrence) -> Date {
        match self.terms.day {
            DayRule::DayOfMonth(_) => occurrence.due,
            DayRule::DaysAfterEnd(_) => occurrence.last,
        }
    }

    fn is_over(&self, occurrence: &Occurrence) -> bool {
        self.terms.ends.is_some_and(|ends| self.asked_on(occurrence) > ends)
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

impl TryFrom<RecurringTerms> for Recurring {
    type Error = RecurringError;
    fn try_from(terms: RecurringTerms) -> Result<Self, RecurringError> {
        Self::try_new(terms)
    }
}

impl From<Recurring> for RecurringTerms {
    fn from(recurring: Recurring) -> Self {
        recurring.terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::day;

    fn terms(every: Every, day_rule: DayRule, starts: &str) -> RecurringTerms {
        RecurringTerms {
            id: "statement".parse().unwrap(),
            title: Words::new("Bank statement"),
            every,
            day: day_rule,
            starts: day(starts),
            ends: None,
            note: Words::default(),
        }
    }

    fn due(terms: RecurringTerms, from: &str, to: &str) -> Vec<String> {
        let found = Recurring::try_new(terms).unwrap().due_between(day(from), day(to)).unwrap();
        found.iter().map(|one| format!("{} {}..{}", one.due, one.first, one.last)).collect()
    }

    #[track_caller]
    fn check(every: Every, day_rule: DayRule, starts: &str, (from, to): (&str, &str), expected: &[&str]) {
        assert_eq!(due(terms(every, day_rule, starts), from, to), expected);
    }

    #[test]
    fn x3_a_day_of_the_month_is_clamped_to_its_end() {
        check(
            Every::Month,
            DayRule::DayOfMonth(31),
            "2028-01-01",
            ("2028-01-31", "2028-04-30"),
            &[
                "2028-01-31 2028-01-01..2028-01-31",
                "2028-02-29 2028-02-01..2028-02-29",
                "2028-03-31 2028-03-01..2028-03-31",
                "2028-04-30 2028-04-01..2028-04-30",
            ],
        );
        check(
            Every::Month,
            DayRule::DayOfMonth(30),
            "2026-02-01",
            ("2026-02-01", "2026-02-28"),
            &["2026-02-28 2026-02-01..2026-02-28"],
        );
        check(
            Every::Month,
            DayRule::DayOfMonth(5),
            "2026-01-10",
            ("2026-01-01", "2026-02-28"),
            &["2026-02-05 2026-02-01..2026-02-28"],
        );
        check(
            Every::Quarter,
            DayRule::DayOfMonth(15),
            "2026-02-01",
            ("2026-01-01", "2026-12-31"),
            &[
                "2026-02-15 2026-02-01..2026-04-30",
                "2026-05-15 2026-05-01..2026-07-31",
                "2026-08-15 2026-08-01..2026-10-31",
                "2026-11-15 2026-11-01..2027-01-31",
            ],
        );
        check(
            Every::Year,
            DayRule::DayOfMonth(29),
            "2027-02-01",
            ("2027-01-01", "2028-12-31"),
            &["2027-02-28 2027-02-01..2028-01-31", "2028-02-29 2028-02-01..2029-01-31"],
        );
    }

    #[test]
    fn x3_days_after_the_end_count_from_the_periods_last_day() {
        check(
            Every::Quarter,
            DayRule::DaysAfterEnd(37),
            "2026-01-01",
            ("2026-05-01", "2026-08-06"),
            &["2026-05-07 2026-01-01..2026-03-31", "2026-08-06 2026-04-01..2026-06-30"],
        );
        check(
            Every::Month,
            DayRule::DaysAfterEnd(0),
            "2026-01-20",
            ("2026-01-01", "2026-02-28"),
            &["2026-01-31 2026-01-01..2026-01-31", "2026-02-28 2026-02-01..2026-02-28"],
        );
        check(
            Every::Weeks(2),
            DayRule::DaysAfterEnd(3),
            "2026-01-05",
            ("2026-01-21", "2026-02-04"),
            &["2026-01-21 2026-01-05..2026-01-18", "2026-02-04 2026-01-19..2026-02-01"],
        );
        check(
            Every::Month,
            DayRule::DaysAfterEnd(DAYS_AFTER_MAX),
            "2020-01-01",
            ("2026-06-28", "2026-06-28"),
            &["2026-06-28 2026-02-01..2026-02-28"],
        );
    }

    #[test]
    fn x3_no_request_is_missed_or_made_twice_however_the_days_are_cut() {
        let kinds = [Every::Month, Every::Quarter, Every::Year, Every::Weeks(1), Every::Weeks(5), Every::Weeks(52)];
        for every in kinds {
            for day_rule in [DayRule::DayOfMonth(31), DayRule::DaysAfterEnd(0), DayRule::DaysAfterEnd(DAYS_AFTER_MAX)] {
                let terms = terms(every, day_rule, "2024-02-29");
                let Ok(recurring) = Recurring::try_new(terms) else { continue };
                let whole = recurring.due_between(day("2024-01-01"), day("2028-12-31")).unwrap();
                let mut single = Vec::new();
                for at in 0..1827 {
                    let date = days_after(day("2024-01-01"), at);
                    single.extend(recurring.due_between(date, date).unwrap());
                }
                assert_eq!(single, whole, "{every:?} {day_rule:?}");
                let ids: std::collections::BTreeSet<_> = whole.iter().map(|one| one.id.clone()).collect();
                assert_eq!(ids.len(), whole.len());
                assert!(whole.len() >= 4, "{every:?} {day_rule:?}");
            }
        }
    }

    #[test]
    fn x3_an_id_is_stable_and_an_end_ends_it() {
        let of = |day_rule, ends: Option<&str>| {
            let terms = RecurringTerms { ends: ends.map(day), ..terms(Every::Month, day_rule, "2026-01-01") };
            let found = Recurring::try_new(terms).unwrap().due_between(day("2026-01-01"), day("2026-04-30")).unwrap();
            found.into_iter().map(|one| one.id).collect::<Vec<_>>()
        };
        assert_eq!(of(DayRule::DayOfMonth(5), None)[..2], ["statement.2026-01-01", "statement.2026-02-01"]);
        assert_eq!(of(DayRule::DayOfMonth(9), None)[..2], ["statement.2026-01-01", "statement.2026-02-01"]);
        assert_eq!(of(DayRule::DayOfMonth(5), Some("2026-02-05")).len(), 2);
        assert_eq!(of(DayRule::DayOfMonth(5), Some("2026-02-04")).len(), 1);
        // The last period's request is due after the end, and is asked for all the same.
        assert_eq!(of(DayRule::DaysAfterEnd(5), Some("2026-01-31")), ["statement.2026-01-01"]);
    }

    #[test]
    fn x3_what_cannot_be_met_is_refused_and_one_question_is_bounded() {
        let refused = |terms| Recurring::try_new(terms).err();
        let with = |every, day_rule| refused(terms(every, day_rule, "2026-01-01"));
        assert_eq!(with(Every::Month, DayRule::DayOfMonth(0)), Some(RecurringError::NoDay(0)));
        assert_eq!(with(Every::Month, DayRule::DayOfMonth(32)), Some(RecurringError::NoDay(32)));
        let late = DAYS_AFTER_MAX + 1;
        assert_eq!(with(Every::Year, DayRule::DaysAfterEnd(late)), Some(RecurringError::TooLate(late)));
        assert_eq!(with(Every::Weeks(0), DayRule::DaysAfterEnd(1)), Some(RecurringError::Weeks(0)));
        assert_eq!(with(Every::Weeks(WEEKS_MAX), DayRule::DaysAfterEnd(1)), None);
        assert_eq!(with(Every::Weeks(53), DayRule::DaysAfterEnd(1)), Some(RecurringError::Weeks(53)));
        assert_eq!(with(Every::Weeks(2), DayRule::DayOfMonth(1)), Some(RecurringError::DayOfWeeks));
        let good = || terms(Every::Weeks(1), DayRule::DaysAfterEnd(0), "2020-01-06");
        assert_eq!(refused(RecurringTerms { title: Words::new("\u{202e} "), ..good() }), Some(RecurringError::NoTitle));
        assert_eq!(
            refused(RecurringTerms { ends: Some(day("2019-01-01")), ..good() }),
            Some(RecurringError::EndsBefore)
        );
        let far = day("2200-01-01");
        assert_eq!(refused(RecurringTerms { starts: far, ..good() }), Some(RecurringError::OutOfRange(far)));
        let recurring = Recurring::try_new(good()).unwrap();
        let last = days_after(day("2020-01-05"), 7 * OCCURRENCES_MAX as i64);
        assert_eq!(recurring.due_between(day("2020-01-06"), last).unwrap().len(), OCCURRENCES_MAX);
        assert_eq!(recurring.due_between(day("2020-01-06"), days_after(last, 7)), Err(RecurringError::TooMany));
        assert_eq!(recurring.due_between(day("2026-02-01"), day("2026-01-01")), Ok(Vec::new()));
        assert_eq!(recurring.due_between(day("2026-02-01"), far), Err(RecurringError::OutOfRange(far)));
        assert!(recurring.due_between(day("2199-12-01"), day("2199-12-31")).unwrap().len() >= 4, "up to the last year");
        assert_eq!(recurring.due_between(day("1900-01-01"), day("1999-12-31")), Ok(Vec::new()));
        let stored = serde_json::to_string(&recurring).unwrap();
        assert_eq!(serde_json::from_str::<Recurring>(&stored).unwrap(), recurring);
        assert!(serde_json::from_str::<Recurring>(&stored.replace("\"weeks\":1", "\"weeks\":0")).is_err());
    }
}
