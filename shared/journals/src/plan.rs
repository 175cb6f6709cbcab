//! What each period gets of a schedule.
//!
//! Owns the arithmetic. Releases sum to the schedule's amount to the minor unit, each is dated on the last day of its
//! own period, and none is zero: a share that rounds to nothing is left out, and its fraction goes to another period.
//! Equal shares round to nothing only where there are more periods than minor units.

use kernel::calendar::{Calendar, PeriodError, whole_months};
use kernel::periods::{Period, days_between};
use kernel::{Date, Money, MoneyError};
use serde::{Deserialize, Serialize};

use crate::schedule::{CustomPart, Method, Schedule};

/// One period's part of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its period.
    pub period: Period,
    /// How much, always more than zero.
    pub amount: Money,
}

/// Why no plan can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Longer than any prepayment is.
    #[error("the schedule covers more than {PERIODS_MAX} periods")]
    TooManyPeriods,
    /// The amounts by period do not come to the amount, as after a change of calendar.
    #[error("the amount is {stated}, but the amounts by period come to {derived}")]
    SumDiffers {
        /// The schedule's amount.
        stated: Money,
        /// What the periods come to.
        derived: Money,
    },
    /// The calendar does not know a date.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// Amounts beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Fifty years of months.
pub const PERIODS_MAX: usize = 600;

impl Release {
    /// The date it is posted under: its period's last day.
    pub fn date(&self) -> Date {
        self.period.last
    }
}

/// The releases of a schedule, in order. `as_of` moves only a rolling schedule: it is planned from its start to so many
/// periods after the one that holds `as_of`. Planned again later, it has the same releases and more.
pub fn plan(schedule: &Schedule, calendar: &Calendar, as_of: Date) -> Result<Vec<Release>, PlanError> {
    let mut releases = Vec::new();
    plan_into(schedule, calendar, as_of, &mut releases)?;
    Ok(releases)
}

/// Like [`plan`], into a list that can be used again for the next schedule.
pub fn plan_into(
    schedule: &Schedule,
    calendar: &Calendar,
    as_of: Date,
    releases: &mut Vec<Release>,
) -> Result<(), PlanError> {
    let (first, last) = (schedule.first(), last_planned(schedule, calendar, as_of)?);
    let total = schedule.total().unwrap_or(Money::zero(schedule.currency()));
    lay_out(calendar, first, last, Money::zero(total.currency), releases)?;
    match &schedule.terms().method {
        Method::StraightLine => Spread::equal(total, releases.len()).fill(releases)?,
        Method::PartPeriods => Spread::by_parts(total, releases, first, last, calendar).fill(releases)?,
        Method::ByDay => by_day(releases, total, first, last)?,
        Method::PerPeriod { amount } | Method::Rolling { amount, .. } => at_rate(releases, *amount, first, last)?,
        Method::Custom { parts } => place(releases, parts)?,
    }
    releases.retain(|release| !release.amount.is_zero());
    match schedule.total() {
        Some(stated) => check_sum(stated, releases),
        None => Ok(()),
    }
}

/// What an amount for every period comes to between two dates.
pub(crate) fn total_at_rate(rate: Money, first: Date, last: Date, calendar: &Calendar) -> Result<Money, PlanError> {
    let mut releases = Vec::new();
    lay_out(calendar, first, last, Money::zero(rate.currency), &mut releases)?;
    at_rate(&mut releases, rate, first, last)?;
    Ok(Money::try_sum(releases.iter().map(|release| release.amount), rate.currency)?)
}

fn last_planned(schedule: &Schedule, calendar: &Calendar, as_of: Date) -> Result<Date, PlanError> {
    let end = schedule.last().unwrap_or(Date::MAX);
    let Method::Rolling { ahead, .. } = schedule.terms().method else { return Ok(end) };
    let mut period = calendar.period_of(as_of.max(schedule.first()).min(end))?;
    for _ in 0..ahead {
        period = match calendar.next(&period) {
            Ok(next) => next,
            // A list of periods ends somewhere; once it has grown, so does the plan.
            Err(PeriodError::NotListed(_)) => break,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(period.last.min(end))
}

/// Every period from one date to another, with nothing in it yet.
fn lay_out(
    calendar: &Calendar,
    first: Date,
    last: Date,
    nothing: Money,
    releases: &mut Vec<Release>,
) -> Result<(), PlanError> {
    releases.clear();
    let mut period = calendar.period_of(first)?;
    for _ in 0..PERIODS_MAX {
        releases.push(Release { period, amount: nothing });
        if last <= period.last {
            return Ok(());
        }
        period = calendar.next(&period)?;
    }
    Err(PlanError::TooManyPeriods)
}

/// An amount over periods of which only the first and the last may be partly covered.
struct Spread {
    total: Money,
    /// How much of the first and of the last period is covered: days covered, days of the period.
    first: (i128, i128),
    last: (i128, i128),
    /// Periods covered in all, as a fraction: numerator, denominator.
    covered: (i128, i128),
    /// What the amount is divided by for a whole period; differs from `covered` where months are whole by date.
    divisor: (i128, i128),
}

impl Spread {
    fn equal(total: Money, periods: usize) -> Self {
        let periods = (periods as i128, 1);
        Self { total, first: (1, 1), last: (1, 1), covered: periods, divisor: periods }
    }

    /// From 7 January to 6 January are twelve months, whatever the lengths of the two Januaries; dates that make no
    /// whole months count each part by its days.
    fn by_parts(total: Money, releases: &[Release], first_day: Date, last_day: Date, calendar: &Calendar) -> Self {
        let part = |release: Option<&Release>| {
            release.map_or((1, 1), |Release { period, .. }| {
                (i128::from(period.days_within(first_day, last_day)), i128::from(period.days()))
            })
        };
        let (first, last) = (part(releases.first()), part(releases.last()));
        let between = releases.len() as i128 - 2;
        let covered = (first.0 * last.1 + between * first.1 * last.1 + last.0 * first.1, first.1 * last.1);
        let months = whole_months(first_day, last_day).filter(|_| calendar.is_monthly());
        let divisor = months.map_or(covered, |months| (i128::from(months), 1));
        Self { total, first, last, covered, divisor }
    }

    /// The share of a part of a period.
    fn share(&self, (days, of): (i128, i128)) -> Result<Money, MoneyError> {
        self.total.try_part(days * self.divisor.1, of * self.divisor.0)
    }

    /// The part of the amount that the first `periods` come to, as a fraction.
    fn through(&self, periods: usize) -> (i128, i128) {
        let (days, of) = self.first;
        ((days + (periods as i128 - 1) * of) * self.covered.1, of * self.covered.0)
    }

    /// Each period gets its share rounded, and the last the rest. Where rounding has piled up to more than a period's
    /// share, or left the last with nothing, every period is rounded against the sum so far instead.
    fn fill(&self, releases: &mut [Release]) -> Result<(), MoneyError> {
        let [first, between @ .., last] = releases else {
            releases.iter_mut().for_each(|only| only.amount = self.total);
            return Ok(());
        };
        let (start, whole, nominal) = (self.share(self.first)?, self.share((1, 1))?, self.share(self.last)?);
        let before = whole.try_part(between.len() as i128, 1)?.try_add(start)?;
        let rest = self.total.try_sub(before)?;
        if !rest.is_positive() || rest.minor > nominal.try_add(whole)?.minor {
            return round_sums(releases, self.total, |periods, _| self.through(periods));
        }
        (first.amount, last.amount) = (start, rest);
        between.iter_mut().for_each(|release| release.amount = whole);
        Ok(())
    }
}

fn by_day(releases: &mut [Release], total: Money, first: Date, last: Date) -> Result<(), MoneyError> {
    let days = i128::from(days_between(first, last));
    round_sums(releases, total, |_, period| (i128::from(days_between(first, period.last)), days))
}

/// Rounds the sum through each period, never a single amount, so that no difference piles up.
fn round_sums(
    releases: &mut [Release],
    total: Money,
    through: impl Fn(usize, &Period) -> (i128, i128),
) -> Result<(), MoneyError> {
    let count = releases.len();
    let mut before = Money::zero(total.currency);
    for (at, release) in releases.iter_mut().enumerate() {
        let (part, of) = if at + 1 == count { (1, 1) } else { through(at + 1, &release.period) };
        let sum = total.try_part(part, of)?;
        release.amount = sum.try_sub(before)?;
        before = sum;
    }
    Ok(())
}

fn at_rate(releases: &mut [Release], rate: Money, first: Date, last: Date) -> Result<(), MoneyError> {
    for release in releases {
        let (covered, days) = (release.period.days_within(first, last), release.period.days());
        release.amount = rate.try_part(i128::from(covered), i128::from(days))?;
    }
    Ok(())
}

/// Amounts of one period become one release.
fn place(releases: &mut [Release], parts: &[CustomPart]) -> Result<(), MoneyError> {
    for part in parts {
        let at = releases.partition_point(|release| release.period.last < part.date);
        // The parts' dates lie inside the schedule, whose every period is laid out; the sum is checked afterwards.
        if let Some(release) = releases.get_mut(at) {
            release.amount = release.amount.try_add(part.amount)?;
        }
    }
    Ok(())
}

fn check_sum(stated: Money, releases: &[Release]) -> Result<(), PlanError> {
    let derived = Money::try_sum(releases.iter().map(|release| release.amount), stated.currency)?;
    if derived == stated { Ok(()) } else { Err(PlanError::SumDiffers { stated, derived }) }
}
