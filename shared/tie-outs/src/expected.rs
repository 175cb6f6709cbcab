//! What one schedule must have on its accounts at the end of a day, and what of that no journal can account for.
//!
//! A prepayment holds its amount less the releases whose periods have ended, an accrual the same on the other side. A
//! rolling schedule has no amount and holds only its releases. Before its first journal a schedule holds nothing; one that
//! was imported holds what was left since the day it came from, although what put it there is not ours.
//!
//! A change is dated into the period that was being closed when it was made. Up to that day a changed schedule holds what
//! its journals say, and so it did when that day was looked at before.

use kernel::{Date, Money, MoneyError};
use releases::store::{ReleasedRow, ScheduleRow};
use schedules::{AccountRef, Kind};

use crate::sheet::{Finding, FindingKind};

/// A line of one of the schedule's journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    /// The account.
    pub account: AccountRef,
    /// Debit above zero.
    pub amount: Money,
    /// The journal's day.
    pub date: Date,
}

/// How a schedule's journals are known.
#[derive(Clone, Copy, Debug)]
pub enum Journals<'a> {
    /// It is as it was agreed: its row says all.
    AsAgreed,
    /// It was changed or removed: these are its lines, and the last day of a correction.
    Changed {
        /// Every line of every journal.
        lines: &'a [OwnLine],
        /// The last day of a correction; none where no change needed one.
        corrected: Option<Date>,
    },
}

/// What a schedule must have on accounts, and what of it no journal of ours puts there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// By account.
    pub held: Vec<(AccountRef, Money)>,
    /// Differences that follow from the schedule alone.
    pub findings: Vec<(AccountRef, Finding)>,
}

/// A schedule with what is stored of its journals.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its row.
    pub row: &'a ScheduleRow,
    /// The day of its first journal, where that is ours.
    pub initial: Option<Date>,
    /// Its releases that journals carry.
    pub released: &'a [ReleasedRow],
    /// Its journals.
    pub journals: Journals<'a>,
}

/// Works it out for one day.
pub fn expected(known: Known<'_>, as_at: Date) -> Result<Expected, MoneyError> {
    let row = known.row;
    let Journals::Changed { lines, corrected } = known.journals else {
        let brought = row.released_until.map(|until| known.left(until)).transpose()?;
        return known.as_agreed(as_at, brought);
    };
    let settled = settled(row, lines, corrected);
    let brought = row.released_until.map(|_| known.brought_in(lines, settled)).transpose()?;
    let mut found = match as_at < settled {
        true => known.as_journals_say(lines, as_at, brought)?,
        false if row.removed => known.with_brought_in(as_at, known.zero(), brought)?,
        false => known.as_agreed(as_at, brought)?,
    };
    // Accounts that it was on before are to hold nothing of it any more.
    for line in known.on_balance(lines) {
        if found.held.iter().all(|(account, _)| *account != line.account) {
            found.held.push((line.account.clone(), known.zero()));
        }
    }
    Ok(found)
}

/// From when on the present version alone says what is held. A removed schedule's last journal is the one that tells.
fn settled(row: &ScheduleRow, lines: &[OwnLine], corrected: Option<Date>) -> Date {
    let through = row.posted_through.filter(|_| corrected.is_some());
    let last = lines.iter().map(|line| line.date).max().filter(|_| row.removed);
    corrected.max(through).max(last).unwrap_or(Date::MIN)
}

impl Known<'_> {
    fn zero(&self) -> Money {
        Money::zero(self.row.schedule.currency())
    }

    fn signed(&self, amount: Money) -> Result<Money, MoneyError> {
        match self.row.schedule.terms().kind {
            Kind::Prepayment => Ok(amount),
            Kind::Accrual => amount.try_neg(),
        }
    }

    /// What is not released at the end of a day, on the schedule's side.
    fn left(&self, until: Date) -> Result<Money, MoneyError> {
        let gone = self.row.releases.iter().filter(|release| release.period.last <= until);
        let gone = Money::try_sum(gone.map(|release| release.amount), self.zero().currency)?;
        self.signed(self.row.schedule.total().unwrap_or(self.zero()).try_sub(gone)?)
    }

    fn on_balance<'a>(&self, lines: &'a [OwnLine]) -> impl Iterator<Item = &'a OwnLine> {
        let expense = self.row.schedule.terms().expense_account.clone();
        lines.iter().filter(move |line| line.account != expense)
    }

    fn finding(&self, kind: FindingKind, amount: Money, date: Date) -> (AccountRef, Finding) {
        let terms = self.row.schedule.terms();
        let finding = Finding { date: Some(date), schedule: Some(terms.id.clone()), ..Finding::new(kind, amount) };
        (terms.balance_account.clone(), finding)
    }

    /// Holds an amount; of it, what came with the schedule is in no journal of ours.
    fn with_brought_in(&self, as_at: Date, held: Money, brought: Option<Money>) -> Result<Expected, MoneyError> {
        let account = self.row.schedule.terms().balance_account.clone();
        let mut found = Expected { held: vec![(account, held)], findings: Vec::new() };
        if let (Some(brought), Some(until)) = (brought, self.row.released_until.filter(|until| *until <= as_at)) {
            found.findings.push(self.finding(FindingKind::BroughtIn, brought.try_neg()?, until));
        }
        Ok(found)
    }

    fn as_agreed(&self, as_at: Date, brought: Option<Money>) -> Result<Expected, MoneyError> {
        let row = self.row;
        let first = if row.schedule.rolls() { Date::MIN } else { self.initial.unwrap_or(row.closing.last) };
        if as_at < row.released_until.unwrap_or(first) {
            return self.with_brought_in(as_at, self.zero(), None);
        }
        let mut found = self.with_brought_in(as_at, self.left(as_at)?, brought)?;
        for release in row.releases.iter().filter(|release| row.posts(release) && release.period.last <= as_at) {
            if !self.in_journal(release.period.last) {
                let amount = self.signed(release.amount)?;
                found.findings.push(self.finding(FindingKind::NotPublished, amount, release.period.last));
            }
        }
        Ok(found)
    }

    /// What was posted when the terms were last changed is told by the correction, whatever the new terms release there.
    fn in_journal(&self, last: Date) -> bool {
        let corrected = self.row.posted_through.is_some_and(|through| last <= through);
        corrected || self.released.iter().any(|released| released.period.last == last)
    }

    fn as_journals_say(&self, lines: &[OwnLine], as_at: Date, brought: Option<Money>) -> Result<Expected, MoneyError> {
        let came = brought.filter(|_| self.row.released_until.is_some_and(|until| until <= as_at));
        let mut found = self.with_brought_in(as_at, came.unwrap_or(self.zero()), brought)?;
        for line in self.on_balance(lines).filter(|line| line.date <= as_at) {
            match found.held.iter_mut().find(|(account, _)| *account == line.account) {
                Some((_, sum)) => *sum = sum.try_add(line.amount)?,
                None => found.held.push((line.account.clone(), line.amount)),
            }
        }
        Ok(found)
    }

    /// What a changed schedule came with: what the present version holds once it counts alone, less what journals put there.
    fn brought_in(&self, lines: &[OwnLine], settled: Date) -> Result<Money, MoneyError> {
        let own = self.on_balance(lines).filter(|line| line.date <= settled).map(|line| line.amount);
        let own = Money::try_sum(own, self.zero().currency)?;
        if self.row.removed {
            return own.try_neg();
        }
        let agreed = self.as_agreed(settled, None)?;
        let held = Money::try_sum(agreed.held.iter().map(|(_, held)| *held), own.currency)?;
        let waiting = agreed.findings.iter().map(|(_, finding)| Money::new(finding.minor, own.currency));
        held.try_add(Money::try_sum(waiting, own.currency)?)?.try_sub(own)
    }
}

#[cfg(test)]
mod tests;
