//! Schedules that were running elsewhere before they came here.
//!
//! Owns the one date that tells what is in the books already: with a `released_until`, the first journal and every release
//! dated on or before that day are, and only later releases are posted. A release is dated on its period's last day, so a
//! date inside a period leaves that period to be posted whole. A schedule of which nothing is released yet, though its
//! first journal is posted, has the day before its first. Plans themselves know nothing of it.

use kernel::periods::days_after;
use kernel::{Currency, Date, Money, MoneyError};

use crate::plan::Release;

/// Why a schedule cannot run on from where it is said to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunningError {
    /// The amount is not what the plan releases until that day.
    #[error("until {until} the plan releases {planned}, not {stated}")]
    Differs {
        /// The day.
        until: Date,
        /// What the plan has released by then.
        planned: Money,
        /// What was said to be released.
        stated: Money,
    },
    /// The amount lies between two releases of the plan, or beyond its end.
    #[error("{0} is not what the plan has released after any of its periods")]
    BetweenReleases(Money),
    /// Amounts beyond all bounds, or in two currencies.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The releases that are still to be posted.
pub fn still_to_post(releases: &[Release], released_until: Date) -> &[Release] {
    &releases[released_count(releases, released_until)..]
}

/// What was released by a day, held against what a person says it was.
pub fn check_released(
    releases: &[Release],
    until: Date,
    currency: Currency,
    stated: Option<Money>,
) -> Result<Money, RunningError> {
    let released = &releases[..released_count(releases, until)];
    let planned = Money::try_sum(released.iter().map(|release| release.amount), currency)?;
    match stated {
        Some(stated) if stated != planned => Err(RunningError::Differs { until, planned, stated }),
        _ => Ok(planned),
    }
}

/// The day until which a plan has released exactly this much. After nothing, that is the day before its first.
pub fn released_until(releases: &[Release], first: Date, released: Money) -> Result<Date, RunningError> {
    let mut sum = Money::zero(released.currency);
    let mut until = days_after(first, -1);
    for release in releases {
        if sum == released {
            return Ok(until);
        }
        sum = sum.try_add(release.amount)?;
        until = release.date();
    }
    if sum == released { Ok(until) } else { Err(RunningError::BetweenReleases(released)) }
}

fn released_count(releases: &[Release], until: Date) -> usize {
    releases.partition_point(|release| release.date() <= until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;
    use crate::samples::{day, pounds, schedule};
    use crate::schedule::Method;
    use kernel::calendar::Calendar;

    /// 25.00 at the end of each of January to April.
    fn releases() -> Vec<Release> {
        let schedule = schedule("100.00", "2026-01-10", "2026-04-20", Method::StraightLine);
        plan(&schedule, &Calendar::default(), schedule.first()).unwrap()
    }

    #[test]
    fn x6_only_releases_after_the_day_are_posted() {
        for (until, left) in [
            ("2026-01-09", 4),
            ("2026-01-30", 4),
            ("2026-01-31", 3),
            ("2026-02-27", 3),
            ("2026-02-28", 2),
            ("2026-04-29", 1),
            ("2026-04-30", 0),
            ("2030-01-01", 0),
        ] {
            assert_eq!(still_to_post(&releases(), day(until)).len(), left, "{until}");
        }
    }

    #[test]
    fn x6_what_was_released_is_held_against_the_plan() {
        let check = |until, stated: Option<&str>| {
            check_released(&releases(), day(until), pounds("0.00").currency, stated.map(pounds))
        };
        assert_eq!(check("2026-02-28", None), Ok(pounds("50.00")));
        assert_eq!(check("2026-02-28", Some("50.00")), Ok(pounds("50.00")));
        assert_eq!(check("2026-01-09", Some("0.00")), Ok(pounds("0.00")));
        let (until, planned, stated) = (day("2026-02-28"), pounds("50.00"), pounds("50.01"));
        assert_eq!(check("2026-02-28", Some("50.01")), Err(RunningError::Differs { until, planned, stated }));
    }

    #[test]
    fn x6_an_amount_alone_says_the_day_or_is_refused() {
        let until = |amount| released_until(&releases(), day("2026-01-10"), pounds(amount));
        assert_eq!(until("0.00"), Ok(day("2026-01-09")));
        assert_eq!(until("25.00"), Ok(day("2026-01-31")));
        assert_eq!(until("100.00"), Ok(day("2026-04-30")));
        for between in ["-25.00", "0.01", "24.99", "100.01"] {
            assert_eq!(until(between), Err(RunningError::BetweenReleases(pounds(between))));
        }
    }
}
