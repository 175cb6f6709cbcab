//! What a schedule has put into the books, and what it should have: sums by account, tracking and tax type.

use std::collections::BTreeMap;

use journals::LINES_MAX;
use kernel::{Date, Money, MoneyError};
use schedules::{AccountRef, Journal, JournalError, Kind, Line, Release, Schedule, TaxType, Tracking};

/// Sums by account, tracking and tax type.
#[derive(Default)]
pub(crate) struct Sums(BTreeMap<String, (AccountRef, Tracking, Option<TaxType>, Money)>);

impl Sums {
    /// Adds what a version has put into the books through a day, times a sign.
    pub(crate) fn add(
        &mut self,
        schedule: &Schedule,
        releases: &[Release],
        through: Option<Date>,
        sign: i64,
    ) -> Result<(), MoneyError> {
        let terms = schedule.terms();
        let posted = releases.iter().filter(|release| through.is_some_and(|through| release.period.last <= through));
        let released = Money::try_sum(posted.map(|release| release.amount), schedule.currency())?;
        // The first journal puts all of it on the balance account; releases take their part off again.
        let held = schedule.total().unwrap_or(Money::zero(schedule.currency())).try_sub(released)?;
        let sign = match terms.kind {
            Kind::Prepayment => sign,
            Kind::Accrual => -sign,
        };
        let line = |account: &AccountRef| Line {
            account: account.clone(),
            amount: held,
            description: String::new(),
            tax_type: terms.tax_type.clone(),
            tracking: terms.tracking.clone(),
        };
        self.line(&line(&terms.balance_account), sign)?;
        self.line(&line(&terms.expense_account), -sign)
    }

    /// Adds a line, times a sign.
    pub(crate) fn line(&mut self, line: &Line, sign: i64) -> Result<(), MoneyError> {
        let Line { account, amount, tax_type, tracking, .. } = line;
        let name = format!("{account}|{tracking:?}|{tax_type:?}");
        let amount = if sign < 0 { amount.try_neg()? } else { *amount };
        let zero = Money::zero(amount.currency);
        let sum = self.0.entry(name).or_insert((account.clone(), tracking.clone(), tax_type.clone(), zero));
        sum.3 = sum.3.try_add(amount)?;
        Ok(())
    }

    /// Lines of what is left, which is then nothing.
    pub(crate) fn take_lines(&mut self, of: &Schedule) -> Vec<Line> {
        let left = std::mem::take(&mut self.0).into_values().filter(|(.., amount)| !amount.is_zero());
        let description = format!("Correction: {} [{}]", of.terms().description, of.id());
        let line = |(account, tracking, tax_type, amount)| Line {
            account,
            amount,
            description: description.clone(),
            tax_type,
            tracking,
        };
        left.map(line).collect()
    }

    /// The journal of what is left; none when nothing is.
    pub(crate) fn journal(
        mut self,
        of: &Schedule,
        date: Date,
        narration: &str,
    ) -> Result<Option<Journal>, JournalError> {
        match self.take_lines(of) {
            lines if lines.is_empty() => Ok(None),
            lines => Journal::try_new(date, narration, lines, LINES_MAX).map(Some),
        }
    }
}
