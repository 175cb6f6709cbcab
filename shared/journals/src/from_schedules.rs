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
