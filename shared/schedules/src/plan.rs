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

/// The same releases when periods before `open` take no more postings: what was theirs is released in `open`.
pub fn carry_into(open: &Period, releases: &[Release]) -> Result<Vec<Release>, MoneyError> {
    let at = releases.partition_point(|release| release.period.last < open.first);
    let (closed, rest) = releases.split_at(at);
    let Some(carried) = closed.first().map(|release| Money::zero(release.amount.currency)) else {
        return Ok(rest.to_vec());
    };
    let late = closed.iter().chain(rest.first().filter(|release| release.period == *open));
    let amount = late.map(|release| release.amount).try_fold(carried, Money::try_add)?;
    let later = rest.iter().filter(|release| release.period != *open);
    Ok([Release { period: *open, amount }].into_iter().chain(later.copied()).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{Seeded, day, pounds, schedule, terms};
    use crate::schedule::Terms;
    use kernel::calendar::{PeriodKind, WeekPattern, WeekRule, YearEnd};
    use kernel::periods::days_after;

    fn show(releases: &[Release]) -> String {
        let shown = releases.iter().map(|release| format!("{} {}", release.period.name, release.amount.amount()));
        shown.collect::<Vec<_>>().join(", ")
    }

    fn amounts(releases: &[Release]) -> String {
        releases.iter().map(|release| release.amount.amount()).collect::<Vec<_>>().join(" ")
    }

    fn planned(terms: Terms, calendar: &Calendar) -> Vec<Release> {
        let schedule = Schedule::try_new(terms, calendar).unwrap();
        plan(&schedule, calendar, schedule.first()).unwrap()
    }

    /// Amounts of a schedule under calendar months.
    #[track_caller]
    fn check(amount: &str, first: &str, last: &str, method: Method, expected: &str) {
        let releases = planned(terms(amount, first, last, method), &Calendar::default());
        assert_eq!(amounts(&releases), expected);
    }

    const YEAR: &str = "83.33 83.33 83.33 83.33 83.33 83.33 83.33 83.33 83.33 83.33 83.33 83.37";

    #[test]
    fn m18_a_thousand_over_twelve_months_puts_the_rounding_in_the_last() {
        check("1000.00", "2026-01-01", "2026-12-31", Method::StraightLine, YEAR);
        check("1000.00", "2026-01-01", "2026-12-31", Method::PartPeriods, YEAR);
        check("1000.00", "2026-01-20", "2026-12-02", Method::StraightLine, YEAR);
    }

    #[test]
    fn m18_shares_are_whole_in_the_currencys_own_minor_unit() {
        for (amount, currency, expected) in [
            ("1000", "JPY", "333 333 334"),
            ("1000.00", "GBP", "333.33 333.33 333.34"),
            ("1.000", "KWD", "0.333 0.333 0.334"),
        ] {
            let mut terms = terms("1.00", "2026-01-01", "2026-03-31", Method::StraightLine);
            terms.amount = Some(Money::parse(amount, currency.parse().unwrap()).unwrap());
            assert_eq!(amounts(&planned(terms, &Calendar::default())), expected);
        }
    }

    #[test]
    fn m20_a_thousand_over_the_year_from_7_january_has_a_part_month_at_each_end() {
        let expected = format!("67.20 {} 16.17", ["83.33"; 11].join(" "));
        check("1000.00", "2026-01-07", "2027-01-06", Method::PartPeriods, &expected);
        // The same in a leap year, though its February is longer.
        check("1000.00", "2028-01-07", "2029-01-06", Method::PartPeriods, &expected);
    }

    #[test]
    fn m20_each_release_is_dated_on_its_periods_last_day() {
        let method = Method::PartPeriods;
        let releases = planned(terms("400.00", "2027-12-15", "2028-03-14", method), &Calendar::default());
        let dates: Vec<String> = releases.iter().map(|release| release.date().to_string()).collect();
        assert_eq!(dates, ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]);
    }

    #[test]
    fn x5_an_amount_a_month_is_released_by_days_in_part_months() {
        let mut monthly = terms("0.01", "2026-01-08", "2026-03-15", Method::PerPeriod { amount: pounds("1000.00") });
        monthly.amount = None;
        let schedule = Schedule::try_new(monthly, &Calendar::default()).unwrap();
        assert_eq!(schedule.total(), Some(pounds("2258.06")));
        let releases = plan(&schedule, &Calendar::default(), schedule.first()).unwrap();
        assert_eq!(show(&releases), "2026-01 774.19, 2026-02 1000.00, 2026-03 483.87");
        // Without whole months, the amount in all leads to the same parts.
        check("2258.06", "2026-01-08", "2026-03-15", Method::PartPeriods, "774.19 1000.00 483.87");
    }

    #[test]
    fn x5_custom_amounts_are_released_in_their_periods() {
        let part = |date, amount| CustomPart { date: day(date), amount: pounds(amount) };
        let parts = vec![part("2026-03-10", "60.00"), part("2026-01-31", "30.00"), part("2026-03-01", "10.00")];
        let releases =
            planned(terms("100.00", "2026-01-15", "2026-04-30", Method::Custom { parts }), &Calendar::default());
        assert_eq!(show(&releases), "2026-01 30.00, 2026-03 70.00");
    }

    #[test]
    fn x5_a_rolling_schedule_is_planned_ahead_and_extended_by_time() {
        let months = Calendar::default();
        let mut rolling =
            terms("1.00", "2026-01-17", "2026-01-17", Method::Rolling { amount: pounds("310.00"), ahead: 2 });
        (rolling.amount, rolling.last) = (None, None);
        let schedule = Schedule::try_new(rolling.clone(), &months).unwrap();
        let at = |schedule: &Schedule, date| show(&plan(schedule, &months, day(date)).unwrap());
        assert_eq!(at(&schedule, "2025-01-01"), "2026-01 150.00, 2026-02 310.00, 2026-03 310.00");
        assert_eq!(at(&schedule, "2026-02-28"), format!("{}, 2026-04 310.00", at(&schedule, "2026-01-31")));
        // A person ends it.
        rolling.last = Some(day("2026-03-10"));
        let ended = Schedule::try_new(rolling, &months).unwrap();
        assert_eq!(at(&ended, "2030-01-01"), "2026-01 150.00, 2026-02 310.00, 2026-03 100.00");
        assert_eq!(plan(&schedule, &months, day("2080-01-01")), Err(PlanError::TooManyPeriods));
        // A list of periods ends; the plan ends with it.
        let ends = vec![day("2026-01-31"), day("2026-02-28")];
        let listed = PeriodKind::Custom { first: day("2026-01-01"), ends };
        let listed = Calendar::try_new(listed, YearEnd::default()).unwrap();
        let releases = plan(&schedule, &listed, day("2026-02-01")).unwrap();
        assert_eq!(show(&releases), "2026-P01 150.00, 2026-P02 310.00");
    }

    #[test]
    fn m18_by_day_every_day_has_the_same_share() {
        check("365.00", "2026-01-01", "2026-12-31", Method::ByDay, {
            "31.00 28.00 31.00 30.00 31.00 30.00 31.00 31.00 30.00 31.00 30.00 31.00"
        });
        check("100.00", "2026-01-31", "2026-03-01", Method::ByDay, "3.33 93.34 3.33");
    }

    #[test]
    fn m20_periods_need_not_be_months() {
        let kind =
            PeriodKind::Weeks { pattern: WeekPattern::FourFourFive, ends_on: 6, year_ends: WeekRule::LastBefore };
        let weeks = Calendar::try_new(kind, YearEnd::default()).unwrap();
        let whole = planned(terms("130.00", "2025-12-28", "2026-03-28", Method::ByDay), &weeks);
        assert_eq!(show(&whole), "2026-P01 40.00, 2026-P02 40.00, 2026-P03 50.00");
        let parts = planned(terms("150.00", "2026-01-11", "2026-03-28", Method::PartPeriods), &weeks);
        assert_eq!(show(&parts), "2026-P01 30.00, 2026-P02 60.00, 2026-P03 60.00");
        let days = Calendar::try_new(PeriodKind::MonthDay { ends_on: 5 }, YearEnd::try_new(4, 5).unwrap()).unwrap();
        let tax_year = planned(terms("1000.00", "2026-04-06", "2027-04-05", Method::PartPeriods), &days);
        assert_eq!(amounts(&tax_year), YEAR);
        assert_eq!(tax_year[0].period.name.to_string(), "2027-P01");
    }

    #[test]
    fn m18_a_difference_larger_than_a_share_is_spread() {
        // Rounded up, 59 shares of 2 would be more than there is; rounded down, the last would be 32.
        let releases = planned(terms("0.91", "2026-01-01", "2030-12-31", Method::StraightLine), &Calendar::default());
        assert!(releases.len() == 60 && releases.iter().all(|release| [1, 2].contains(&release.amount.minor)));
        check("0.03", "2026-01-01", "2026-06-30", Method::StraightLine, "0.01 0.01 0.01");
        check("0.02", "2026-01-31", "2026-02-27", Method::ByDay, "0.02");
        check("1000.00", "2026-01-07", "2026-01-07", Method::PartPeriods, "1000.00");
    }

    #[test]
    fn m19_what_closed_periods_missed_is_released_in_the_open_one() {
        let months = Calendar::default();
        let releases = planned(terms("400.00", "2026-01-01", "2026-04-30", Method::StraightLine), &months);
        let carried = |date| show(&carry_into(&months.period_of(day(date)).unwrap(), &releases).unwrap());
        assert_eq!(carried("2025-12-01"), show(&releases));
        assert_eq!(carried("2026-01-01"), show(&releases));
        assert_eq!(carried("2026-03-01"), "2026-03 300.00, 2026-04 100.00");
        assert_eq!(carried("2026-06-30"), "2026-06 400.00");
    }

    #[test]
    fn a_calendar_that_changed_is_noticed() {
        let schedule = schedule("2000.00", "2026-01-01", "2026-02-28", Method::PerPeriod { amount: pounds("1000.00") });
        let days = Calendar::try_new(PeriodKind::MonthDay { ends_on: 15 }, YearEnd::default()).unwrap();
        let error = plan(&schedule, &days, schedule.first()).unwrap_err();
        // 15 of 31 days, a whole period, 13 of 28 days.
        assert_eq!(error, PlanError::SumDiffers { stated: pounds("2000.00"), derived: pounds("1948.16") });
    }

    fn calendars() -> Vec<Calendar> {
        let year_end = YearEnd::try_new(4, 5).unwrap();
        let weeks = PeriodKind::Weeks { pattern: WeekPattern::FourFiveFour, ends_on: 5, year_ends: WeekRule::Nearest };
        let ends = (0..400).map(|at| days_after(day("2020-01-20"), 9 * at + at % 5)).collect();
        let listed = PeriodKind::Custom { first: day("2020-01-01"), ends };
        [PeriodKind::Months, PeriodKind::MonthDay { ends_on: 5 }, PeriodKind::MonthDay { ends_on: 30 }, weeks, listed]
            .map(|kind| Calendar::try_new(kind, year_end).unwrap())
            .into()
    }

    /// A seeded case: any amount, dates within five years, any method that spreads an amount.
    fn case(seeded: &mut Seeded) -> Terms {
        let first = days_after(day("2020-02-01"), seeded.below(1_000) as i64);
        let last = days_after(first, seeded.below(1_800) as i64);
        let method = [Method::StraightLine, Method::PartPeriods, Method::ByDay][seeded.below(3) as usize].clone();
        let digits = seeded.below(12) as u32;
        let mut terms = terms("1.00", &first.to_string(), &last.to_string(), method);
        terms.amount = Some(Money::new(1 + seeded.below(10_u64.pow(digits)) as i64, pounds("1.00").currency));
        terms
    }

    #[test]
    fn releases_sum_to_the_amount_inside_the_dates_and_none_is_zero() {
        let calendars = calendars();
        for seed in 0..5_000 {
            let mut seeded = Seeded::new(seed);
            let calendar = &calendars[seeded.below(calendars.len() as u64) as usize];
            let schedule = Schedule::try_new(case(&mut seeded), calendar).unwrap();
            let releases = plan(&schedule, calendar, schedule.first()).unwrap();
            let total = schedule.total().unwrap();
            let (first, last) = (schedule.first(), schedule.last().unwrap());
            let periods = calendar.periods(first, last).unwrap();
            let sum: i64 = releases.iter().map(|release| release.amount.minor).sum();
            assert_eq!(sum, total.minor, "seed {seed}");
            assert!(releases.is_sorted_by(|a, b| a.period.last < b.period.first), "seed {seed}");
            for release in &releases {
                assert!(release.amount.is_positive(), "seed {seed}");
                assert!(periods.contains(&release.period), "seed {seed}: {release:?}");
            }
            let enough = total.minor >= periods.len() as i64;
            let equal = schedule.terms().method == Method::StraightLine;
            assert!(!(enough && equal) || releases.len() == periods.len(), "seed {seed}: a share is missing");
            check_evenness(&schedule, &releases, seed);
        }
    }

    /// Whole periods in the middle differ by one minor unit at most, and no release is more than two shares and one.
    fn check_evenness(schedule: &Schedule, releases: &[Release], seed: u64) {
        if schedule.terms().method == Method::ByDay || releases.len() < 4 {
            return;
        }
        let between = &releases[1..releases.len() - 1];
        let least = between.iter().map(|release| release.amount.minor).min().unwrap();
        let most = releases.iter().map(|release| release.amount.minor).max().unwrap();
        let most_between = between.iter().map(|release| release.amount.minor).max().unwrap();
        assert!(most_between - least <= 1 && most <= 2 * most_between + 1, "seed {seed}: {}", amounts(releases));
    }

    #[test]
    fn x5_a_rolling_plan_only_grows() {
        let calendars = calendars();
        for seed in 0..2_000 {
            let mut seeded = Seeded::new(seed);
            let calendar = &calendars[seeded.below(calendars.len() as u64) as usize];
            let mut terms = case(&mut seeded);
            (terms.amount, terms.last) = (None, None);
            let amount = Money::new(1 + seeded.below(100_000) as i64, pounds("1.00").currency);
            terms.method = Method::Rolling { amount, ahead: 1 + seeded.below(12) as u16 };
            let schedule = Schedule::try_new(terms, calendar).unwrap();
            let sooner = days_after(schedule.first(), seeded.below(700) as i64);
            let later = days_after(sooner, seeded.below(700) as i64);
            let at = |date| plan(&schedule, calendar, date).unwrap();
            assert!(at(later).starts_with(&at(sooner)), "seed {seed}");
            assert!(at(sooner).last().unwrap().period.first > sooner, "seed {seed}: nothing planned ahead");
        }
    }

    #[test]
    fn one_list_serves_one_schedule_after_the_other() {
        let months = Calendar::default();
        let (mut releases, mut planned) = (Vec::new(), 0);
        for method in [Method::StraightLine, Method::PartPeriods, Method::ByDay] {
            let schedule = schedule("123456.78", "2026-01-07", "2028-12-30", method);
            for _ in 0..100 {
                plan_into(&schedule, &months, schedule.first(), &mut releases).unwrap();
                planned += releases.len();
            }
        }
        assert_eq!(planned, 3 * 3_600);
    }
}
