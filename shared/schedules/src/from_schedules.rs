//! The journals that schedules lead to: the first one at approval, and one for all releases of a period.
//!
//! Owns which side is debited, and how releases share journals. The debit and the credit of a release never part.

use std::collections::BTreeSet;

use kernel::periods::{Period, PeriodName};
use kernel::{Currency, Date, Money, MoneyError, ScheduleId};

use crate::journal::{Journal, JournalError, Line};
use crate::plan::Release;
use crate::schedule::{Kind, Schedule};
use crate::texts::AccountRef;

/// Why releases make no journals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleasedError {
    /// A release of another period among them.
    #[error("schedule {schedule} has a release of {found} among those of {period}")]
    OtherPeriod {
        /// Whose.
        schedule: ScheduleId,
        /// The period asked for.
        period: PeriodName,
        /// The release's.
        found: PeriodName,
    },
    /// A release in another currency among them.
    #[error("schedule {schedule} has a release in {found} among those in {currency}")]
    OtherCurrency {
        /// Whose.
        schedule: ScheduleId,
        /// The currency asked for.
        currency: Currency,
        /// The release's.
        found: Currency,
    },
    /// The same release twice would be posted twice.
    #[error("schedule {0} has two releases in one period")]
    Twice(ScheduleId),
    /// A limit that no release fits.
    #[error("a journal of {0} lines holds no release: two are needed")]
    LinesTooFew(usize),
    /// What a journal refuses.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A release takes two lines: its debit and its credit.
const LINES_PER_RELEASE: usize = 2;

/// The journal of approval, dated on the closing period's last day. A rolling schedule has none: it has no amount in
/// all, and releases from a balance that documents fill by themselves.
pub fn initial_journal(schedule: &Schedule, closing: &Period) -> Result<Option<Journal>, JournalError> {
    let Some(total) = schedule.total() else { return Ok(None) };
    let (debit, credit) = match schedule.terms().kind {
        Kind::Prepayment => (&schedule.terms().balance_account, &schedule.terms().expense_account),
        Kind::Accrual => (&schedule.terms().expense_account, &schedule.terms().balance_account),
    };
    let lines = entry(schedule, debit, credit, total)?.into();
    let word = match schedule.terms().kind {
        Kind::Prepayment => "Prepayment",
        Kind::Accrual => "Accrual",
    };
    let narration = format!("{word}: {}", label(schedule));
    Journal::try_new(closing.last, &narration, lines, LINES_PER_RELEASE).map(Some)
}

/// All releases of a period and currency in the fewest journals of at most `lines_max` lines, dated on the period's last
/// day. Whatever order they come in, the same releases make the same journals.
pub fn released_journals(
    period: &Period,
    currency: Currency,
    releases: &[(&Schedule, &Release)],
    lines_max: usize,
) -> Result<Vec<Journal>, ReleasedError> {
    let releases_max = lines_max / LINES_PER_RELEASE;
    if releases_max == 0 {
        return Err(ReleasedError::LinesTooFew(lines_max));
    }
    check_belonging(period, currency, releases)?;
    let mut sorted = releases.to_vec();
    sorted.sort_by_key(|(schedule, _)| schedule.id());
    let count = sorted.len().div_ceil(releases_max);
    let journals = sorted.chunks(releases_max).enumerate().map(|(at, chunk)| {
        let narration = narration(period.name, currency, at + 1, count);
        released_journal(period.last, &narration, chunk, lines_max)
    });
    Ok(journals.collect::<Result<_, _>>()?)
}

fn released_journal(
    date: Date,
    narration: &str,
    releases: &[(&Schedule, &Release)],
    lines_max: usize,
) -> Result<Journal, JournalError> {
    let mut lines = Vec::with_capacity(releases.len() * LINES_PER_RELEASE);
    for (schedule, release) in releases {
        let (debit, credit) = match schedule.terms().kind {
            Kind::Prepayment => (&schedule.terms().expense_account, &schedule.terms().balance_account),
            Kind::Accrual => (&schedule.terms().balance_account, &schedule.terms().expense_account),
        };
        lines.extend(entry(schedule, debit, credit, release.amount)?);
    }
    Journal::try_new(date, narration, lines, lines_max)
}

fn check_belonging(
    period: &Period,
    currency: Currency,
    releases: &[(&Schedule, &Release)],
) -> Result<(), ReleasedError> {
    let mut seen = BTreeSet::new();
    for (schedule, release) in releases {
        let (schedule, found) = (schedule.id().clone(), release.amount.currency);
        if release.period != *period {
            return Err(ReleasedError::OtherPeriod { schedule, period: period.name, found: release.period.name });
        }
        if found != currency {
            return Err(ReleasedError::OtherCurrency { schedule, currency, found });
        }
        if !seen.insert(schedule.clone()) {
            return Err(ReleasedError::Twice(schedule));
        }
    }
    Ok(())
}

/// A debit and the credit that balances it, both carrying their schedule.
fn entry(
    schedule: &Schedule,
    debit: &AccountRef,
    credit: &AccountRef,
    amount: Money,
) -> Result<[Line; LINES_PER_RELEASE], MoneyError> {
    let line = |account: &AccountRef, amount| Line {
        account: account.clone(),
        amount,
        description: label(schedule),
        tax_type: schedule.terms().tax_type.clone(),
        tracking: schedule.terms().tracking.clone(),
    };
    Ok([line(debit, amount), line(credit, amount.try_neg()?)])
}

/// A schedule in a line's words. The id comes last and in brackets, so that it is found whatever a person wrote.
fn label(schedule: &Schedule) -> String {
    format!("{} [{}]", schedule.terms().description, schedule.id())
}

fn narration(period: PeriodName, currency: Currency, number: usize, count: usize) -> String {
    match count {
        1 => format!("Releases of {period}, {currency}"),
        _ => format!("Releases of {period}, {currency}, {number} of {count}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;
    use crate::samples::{day, pounds, schedule, terms};
    use crate::schedule::{Method, Terms};
    use crate::texts::{Tracking, TrackingPair};
    use kernel::calendar::Calendar;

    fn period(date: &str) -> Period {
        Calendar::default().period_of(day(date)).unwrap()
    }

    fn changed(change: impl FnOnce(&mut Terms)) -> Schedule {
        let mut terms = terms("300.00", "2026-01-01", "2026-03-31", Method::StraightLine);
        change(&mut terms);
        Schedule::try_new(terms, &Calendar::default()).unwrap()
    }

    fn numbered(count: usize) -> Vec<Schedule> {
        (0..count).map(|at| changed(|terms| terms.id = format!("S-{at:05}").parse().unwrap())).collect()
    }

    fn show(journal: &Journal) -> String {
        let line = |line: &Line| format!("{} {} {}", line.account, line.amount.amount(), line.description);
        let lines: Vec<String> = journal.lines().iter().map(line).collect();
        format!("{} {}: {}", journal.date(), journal.narration(), lines.join("; "))
    }

    /// The journals of March for schedules, each with its own release of March.
    fn march(schedules: &[Schedule], lines_max: usize) -> Result<Vec<Journal>, ReleasedError> {
        let months = Calendar::default();
        let of_march = |schedule: &Schedule| plan(schedule, &months, schedule.first()).unwrap()[2];
        let releases: Vec<Release> = schedules.iter().map(of_march).collect();
        let pairs: Vec<_> = schedules.iter().zip(&releases).collect();
        released_journals(&period("2026-03-01"), pounds("1.00").currency, &pairs, lines_max)
    }

    #[test]
    fn m19_the_first_journal_is_dated_on_the_closing_periods_last_day() {
        let shown = |kind| {
            let schedule = changed(|terms| terms.kind = kind);
            show(&initial_journal(&schedule, &period("2028-02-03")).unwrap().unwrap())
        };
        let label = "Insurance [S-1]";
        assert_eq!(
            shown(Kind::Prepayment),
            format!("2028-02-29 Prepayment: {label}: 620 300.00 {label}; 433 -300.00 {label}")
        );
        assert_eq!(
            shown(Kind::Accrual),
            format!("2028-02-29 Accrual: {label}: 433 300.00 {label}; 620 -300.00 {label}")
        );
    }

    #[test]
    fn x5_a_rolling_schedule_has_no_first_journal() {
        let rolling = changed(|terms| {
            let method = Method::Rolling { amount: pounds("10.00"), ahead: 3 };
            (terms.amount, terms.last, terms.method) = (None, None, method);
        });
        assert_eq!(initial_journal(&rolling, &period("2026-03-01")), Ok(None));
    }

    #[test]
    fn m22_one_journal_per_period_carries_every_schedule() {
        let accrual = changed(|terms| (terms.id, terms.kind) = ("S-2".parse().unwrap(), Kind::Accrual));
        let prepayment = changed(|_| ());
        let expected = "2026-03-31 Releases of 2026-03, GBP: \
            433 100.00 Insurance [S-1]; 620 -100.00 Insurance [S-1]; \
            620 100.00 Insurance [S-2]; 433 -100.00 Insurance [S-2]";
        for order in [[accrual.clone(), prepayment.clone()], [prepayment, accrual]] {
            let journals = march(&order, 100).unwrap();
            assert_eq!(journals.iter().map(show).collect::<Vec<_>>(), [expected]);
        }
        assert_eq!(march(&[], 100), Ok(Vec::new()));
    }

    #[test]
    fn m22_what_a_schedule_releases_in_all_undoes_its_first_journal() {
        for kind in [Kind::Prepayment, Kind::Accrual] {
            let schedule = changed(|terms| (terms.kind, terms.amount) = (kind, Some(pounds("100.00"))));
            let mut lines = initial_journal(&schedule, &period("2026-01-01")).unwrap().unwrap().lines().to_vec();
            for release in plan(&schedule, &Calendar::default(), schedule.first()).unwrap() {
                let pair = [(&schedule, &release)];
                let journals = released_journals(&release.period, schedule.currency(), &pair, 2).unwrap();
                lines.extend(journals[0].lines().to_vec());
            }
            for account in ["620", "433"] {
                let of_account = lines.iter().filter(|line| line.account.as_str() == account);
                assert_eq!(of_account.map(|line| line.amount.minor).sum::<i64>(), 0, "{kind:?} {account}");
            }
        }
    }

    #[test]
    fn m22_a_period_beyond_the_line_limit_takes_the_fewest_journals() {
        let schedules = numbered(10_000);
        for (lines_max, expected) in [(20_000, 1), (19_999, 2), (400, 50), (401, 50), (398, 51)] {
            let journals = march(&schedules, lines_max).unwrap();
            assert_eq!(journals.len(), expected, "{lines_max} lines");
            assert!(journals.iter().all(|journal| journal.lines().len() <= lines_max));
            let pairs = journals.iter().flat_map(|journal| journal.lines().chunks(2));
            assert!(pairs.clone().all(|pair| pair[0].description == pair[1].description));
            assert_eq!(pairs.count(), schedules.len());
        }
        let narrations = march(&schedules[..3], 4).unwrap();
        assert_eq!(narrations[1].narration(), "Releases of 2026-03, GBP, 2 of 2");
        assert_eq!(march(&schedules[..1], 1), Err(ReleasedError::LinesTooFew(1)));
    }

    #[test]
    fn m22_lines_carry_tracking_and_tax_on_both_sides() {
        let pair = TrackingPair { category: "Region".parse().unwrap(), option: "North".parse().unwrap() };
        let tracking = Tracking::try_new(vec![pair]).unwrap();
        let tracked = changed(|terms| {
            (terms.tracking, terms.tax_type) = (tracking.clone(), Some("NONE".parse().unwrap()));
        });
        let journals = march(&[tracked], 2).unwrap();
        for line in journals[0].lines() {
            assert_eq!((&line.tracking, line.tax_type.as_ref().unwrap().as_str()), (&tracking, "NONE"));
        }
    }

    #[test]
    fn m22_a_release_that_does_not_belong_is_refused() {
        let schedule = schedule("300.00", "2026-01-01", "2026-03-31", Method::StraightLine);
        let releases = plan(&schedule, &Calendar::default(), schedule.first()).unwrap();
        let (january, pounds) = (releases[0].period, schedule.currency());
        let refused = |releases: &[&Release], currency| {
            let pairs: Vec<_> = releases.iter().map(|release| (&schedule, *release)).collect();
            released_journals(&january, currency, &pairs, 100).unwrap_err()
        };
        let id = || "S-1".parse().unwrap();
        let other = ReleasedError::OtherPeriod { schedule: id(), period: january.name, found: releases[1].period.name };
        assert_eq!(refused(&[&releases[1]], pounds), other);
        let euro = "EUR".parse().unwrap();
        let other = ReleasedError::OtherCurrency { schedule: id(), currency: euro, found: pounds };
        assert_eq!(refused(&[&releases[0]], euro), other);
        assert_eq!(refused(&[&releases[0], &releases[0]], pounds), ReleasedError::Twice(id()));
    }
}
