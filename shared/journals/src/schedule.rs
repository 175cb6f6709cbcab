//! What a person agrees to: an amount, two accounts, two dates and a way to spread the one over the other.
//!
//! Owns the check of all that, made once. A [`Schedule`] can be planned; terms that cannot say precisely why.

use kernel::calendar::Calendar;
use kernel::{Currency, Date, Money, MoneyError, ScheduleId};
use serde::{Deserialize, Serialize, Serializer};

use crate::plan::{self, PlanError};
use crate::texts::{AccountRef, Description, SourceLink, TaxType, Tracking};

/// What a schedule is asked to be, by a person or a row of an import. Nothing here is checked as a whole yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The schedule's id.
    pub id: ScheduleId,
    /// Which way the money goes.
    pub kind: Kind,
    /// What is spread in all. Left out when the method says it, and for a rolling schedule, which has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The first day it is for.
    pub first: Option<Date>,
    /// The last day it is for. A rolling schedule has none until a person ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Date>,
    /// How it is spread.
    pub method: Method,
    /// The account that holds what is not released yet: prepayments or accruals.
    pub balance_account: AccountRef,
    /// The expense or income account that the releases go to.
    pub expense_account: AccountRef,
    /// The tracking of every line.
    #[serde(default, skip_serializing_if = "Tracking::is_empty")]
    pub tracking: Tracking,
    /// The tax type of every line, the same on both sides, so that a journal balances after tax too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<TaxType>,
    /// What it is for.
    pub description: Description,
    /// Where the host application shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceLink>,
}

/// Which way the money goes. By their signs, income received early runs as an accrual, income billed late as a prepayment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Paid now, used later: first debits the balance account, then releases to the expense.
    Prepayment,
    /// Used now, billed later: first debits the expense, then releases from it.
    Accrual,
}

/// How an amount is spread over periods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Method {
    /// An equal share for every period touched; the last takes the rounding difference.
    StraightLine,
    /// An equal share for every period, less for a first and last that are only partly covered, by their days.
    PartPeriods,
    /// An equal share for every day.
    ByDay,
    /// A given amount for every period, less for parts, by their days. The amount in all follows from it.
    PerPeriod {
        /// For a whole period.
        amount: Money,
    },
    /// Amounts given one by one.
    Custom {
        /// They sum to the amount.
        parts: Vec<CustomPart>,
    },
    /// A given amount for every period without an end, planned some periods ahead.
    Rolling {
        /// For a whole period.
        amount: Money,
        /// Periods planned after the present one.
        ahead: u16,
    },
}

/// One amount given by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomPart {
    /// A day of the period it belongs to.
    pub date: Date,
    /// How much.
    pub amount: Money,
}

/// Terms that hold together. Private fields: nobody makes one around the check.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Terms")]
pub struct Schedule {
    terms: Terms,
    first: Date,
    currency: Currency,
}

/// Why terms are no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// This method needs an amount in all.
    #[error("the amount is missing")]
    AmountMissing,
    /// A rolling schedule has no amount in all.
    #[error("a rolling schedule has an amount for each period and none in all")]
    AmountOfRolling,
    /// Zero or less. Direction is the kind's word, never a sign's.
    #[error("the amount must be more than zero")]
    AmountNotPositive,
    /// More than a line of Xero's takes.
    #[error("the amount is more than the {AMOUNT_MINOR_MAX} minor units that a journal line takes")]
    AmountTooLarge,
    /// What the method comes to is not what was stated.
    #[error("the amount is {stated}, but the amounts by period come to {derived}")]
    AmountDiffers {
        /// As stated.
        stated: Money,
        /// What the parts come to.
        derived: Money,
    },
    /// No first day.
    #[error("the first date is missing")]
    FirstDateMissing,
    /// No last day, and the schedule does not roll.
    #[error("the last date is missing")]
    LastDateMissing,
    /// The dates are the wrong way round.
    #[error("the schedule ends on {last}, before it starts on {first}")]
    EndsBeforeStart {
        /// As given.
        first: Date,
        /// As given.
        last: Date,
    },
    /// A journal between an account and itself says nothing.
    #[error("both sides are the same account")]
    SameAccount,
    /// A custom plan without amounts.
    #[error("no amounts are given")]
    CustomEmpty,
    /// More amounts than a schedule may have periods.
    #[error("more than {} amounts are given", plan::PERIODS_MAX)]
    CustomTooMany,
    /// An amount of zero or less, counted from zero.
    #[error("amount {0} must be more than zero")]
    CustomNotPositive(usize),
    /// A date outside the schedule's, counted from zero.
    #[error("amount {at} is dated {date}, outside the schedule's dates")]
    CustomOutside {
        /// Which amount.
        at: usize,
        /// Its date.
        date: Date,
    },
    /// A rolling schedule that plans nothing, or decades.
    #[error("a rolling schedule plans 1 to {AHEAD_MAX} periods ahead, not {0}")]
    AheadOutOfBounds(u16),
    /// Two currencies, or a sum beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// No plan can be made of it: too many periods, or dates outside the calendar.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// Xero takes 9,999,999,999.99 a line; taken as minor units for every currency, which is the stricter reading.
pub const AMOUNT_MINOR_MAX: i64 = 999_999_999_999;

/// Ten years of months.
pub const AHEAD_MAX: u16 = 120;

impl Schedule {
    /// Checks terms as a whole, and that a plan can be made of them under the organisation's calendar.
    pub fn try_new(mut terms: Terms, calendar: &Calendar) -> Result<Self, ScheduleError> {
        if let (Method::PerPeriod { amount }, None) = (&terms.method, terms.amount) {
            let (first, last) = dates(&terms)?;
            check_amount(*amount)?;
            terms.amount = Some(plan::total_at_rate(*amount, first, last, calendar)?);
        }
        let schedule = Self::try_from(terms)?;
        plan::plan(&schedule, calendar, schedule.first).map_err(|error| match error {
            PlanError::SumDiffers { stated, derived } => ScheduleError::AmountDiffers { stated, derived },
            other => ScheduleError::Plan(other),
        })?;
        Ok(schedule)
    }

    /// What was agreed, with the amount filled in where the method says it.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Its id.
    pub fn id(&self) -> &ScheduleId {
        &self.terms.id
    }

    /// The first day it is for.
    pub fn first(&self) -> Date {
        self.first
    }

    /// The last day it is for; none while it rolls.
    pub fn last(&self) -> Option<Date> {
        self.terms.last
    }

    /// What is spread in all; none for a rolling schedule.
    pub fn total(&self) -> Option<Money> {
        self.terms.amount
    }

    /// The currency of the books.
    pub fn currency(&self) -> Currency {
        self.currency
    }
}

/// The checks that need no calendar, for terms that had the others when they were stored.
impl TryFrom<Terms> for Schedule {
    type Error = ScheduleError;
    fn try_from(terms: Terms) -> Result<Self, ScheduleError> {
        let (first, last) = dates(&terms)?;
        if terms.balance_account.as_str().eq_ignore_ascii_case(terms.expense_account.as_str()) {
            return Err(ScheduleError::SameAccount);
        }
        let amount = match &terms.method {
            Method::Rolling { amount, ahead } => check_rolling(&terms, *amount, *ahead)?,
            method => check_total(terms.amount.ok_or(ScheduleError::AmountMissing)?, method, first, last)?,
        };
        Ok(Self { terms, first, currency: amount.currency })
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.terms.serialize(serializer)
    }
}

/// The first day and the last; for a schedule that rolls on, the end of time.
fn dates(terms: &Terms) -> Result<(Date, Date), ScheduleError> {
    let first = terms.first.ok_or(ScheduleError::FirstDateMissing)?;
    let rolls = matches!(terms.method, Method::Rolling { .. });
    let last = terms.last.or(rolls.then_some(Date::MAX)).ok_or(ScheduleError::LastDateMissing)?;
    if last < first { Err(ScheduleError::EndsBeforeStart { first, last }) } else { Ok((first, last)) }
}

fn check_amount(amount: Money) -> Result<Money, ScheduleError> {
    match amount.minor {
        ..=0 => Err(ScheduleError::AmountNotPositive),
        1..=AMOUNT_MINOR_MAX => Ok(amount),
        _ => Err(ScheduleError::AmountTooLarge),
    }
}

fn check_rolling(terms: &Terms, amount: Money, ahead: u16) -> Result<Money, ScheduleError> {
    if terms.amount.is_some() {
        return Err(ScheduleError::AmountOfRolling);
    }
    if !(1..=AHEAD_MAX).contains(&ahead) {
        return Err(ScheduleError::AheadOutOfBounds(ahead));
    }
    check_amount(amount)
}

fn check_total(total: Money, method: &Method, first: Date, last: Date) -> Result<Money, ScheduleError> {
    match method {
        Method::PerPeriod { amount } if check_amount(*amount)?.currency != total.currency => {
            return Err(MoneyError::TwoCurrencies(total.currency, amount.currency).into());
        }
        Method::Custom { parts } => check_parts(parts, total, first, last)?,
        _ => (),
    }
    check_amount(total)
}

fn check_parts(parts: &[CustomPart], total: Money, first: Date, last: Date) -> Result<(), ScheduleError> {
    if parts.is_empty() {
        return Err(ScheduleError::CustomEmpty);
    }
    if parts.len() > plan::PERIODS_MAX {
        return Err(ScheduleError::CustomTooMany);
    }
    for (at, part) in parts.iter().enumerate() {
        if !part.amount.is_positive() {
            return Err(ScheduleError::CustomNotPositive(at));
        }
        if part.date < first || last < part.date {
            return Err(ScheduleError::CustomOutside { at, date: part.date });
        }
    }
    let derived = Money::try_sum(parts.iter().map(|part| part.amount), total.currency)?;
    if derived == total { Ok(()) } else { Err(ScheduleError::AmountDiffers { stated: total, derived }) }
}
