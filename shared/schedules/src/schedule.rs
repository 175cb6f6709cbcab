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

    /// Whether it is planned on as time goes by.
    pub fn rolls(&self) -> bool {
        matches!(self.terms.method, Method::Rolling { .. })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{day, pounds, schedule, terms};

    /// Terms of 100.00 over the first half of 2026, changed in one place.
    #[track_caller]
    fn refused(change: impl FnOnce(&mut Terms), expected: ScheduleError) {
        let mut terms = terms("100.00", "2026-01-01", "2026-06-30", Method::StraightLine);
        change(&mut terms);
        assert_eq!(Schedule::try_new(terms, &Calendar::default()), Err(expected));
    }

    fn custom(parts: &[(&str, &str)]) -> Method {
        let part = |(date, amount): &(&str, &str)| CustomPart { date: day(date), amount: pounds(amount) };
        Method::Custom { parts: parts.iter().map(part).collect() }
    }

    #[test]
    fn m17_terms_that_do_not_hold_together_say_why() {
        refused(|terms| terms.amount = None, ScheduleError::AmountMissing);
        refused(|terms| terms.amount = Some(pounds("0.00")), ScheduleError::AmountNotPositive);
        refused(|terms| terms.amount = Some(pounds("-1.00")), ScheduleError::AmountNotPositive);
        refused(|terms| terms.amount = Some(pounds("10000000000.00")), ScheduleError::AmountTooLarge);
        refused(|terms| terms.first = None, ScheduleError::FirstDateMissing);
        refused(|terms| terms.last = None, ScheduleError::LastDateMissing);
        let (first, last) = (day("2026-01-01"), day("2025-12-31"));
        refused(|terms| terms.last = Some(last), ScheduleError::EndsBeforeStart { first, last });
        refused(|terms| terms.expense_account = terms.balance_account.clone(), ScheduleError::SameAccount);
    }

    #[test]
    fn m17_a_schedule_has_at_most_600_periods() {
        let fifty_years = schedule("600.00", "2000-01-01", "2049-12-31", Method::StraightLine);
        assert_eq!(fifty_years.total(), Some(pounds("600.00")));
        let longer = |terms: &mut Terms| terms.last = Some(day("2076-01-01"));
        refused(longer, ScheduleError::Plan(PlanError::TooManyPeriods));
        let beyond = day("2200-01-01");
        let far = |terms: &mut Terms| (terms.first, terms.last) = (Some(beyond), Some(beyond));
        refused(far, ScheduleError::Plan(PlanError::Period(kernel::calendar::PeriodError::OutOfRange(beyond))));
    }

    #[test]
    fn x5_custom_amounts_sum_to_the_total_inside_the_dates() {
        let parts = |parts: &[(&str, &str)]| {
            let method = custom(parts);
            |terms: &mut Terms| terms.method = method
        };
        let (stated, derived) = (pounds("100.00"), pounds("99.99"));
        let short = parts(&[("2026-01-01", "50.00"), ("2026-06-30", "49.99")]);
        refused(short, ScheduleError::AmountDiffers { stated, derived });
        let outside = ScheduleError::CustomOutside { at: 1, date: day("2026-07-01") };
        refused(parts(&[("2026-01-01", "50.00"), ("2026-07-01", "50.00")]), outside);
        let negative = parts(&[("2026-01-01", "150.00"), ("2026-02-01", "-50.00")]);
        refused(negative, ScheduleError::CustomNotPositive(1));
        refused(parts(&[]), ScheduleError::CustomEmpty);
        refused(parts(&[("2026-01-01", "1.00"); plan::PERIODS_MAX + 1]), ScheduleError::CustomTooMany);
        let (euro, pound) = ("EUR".parse().unwrap(), "GBP".parse().unwrap());
        let mixed = |terms: &mut Terms| {
            terms.method = custom(&[("2026-01-01", "1.00")]);
            terms.amount = Some(Money::new(100, euro));
        };
        refused(mixed, ScheduleError::Money(MoneyError::TwoCurrencies(euro, pound)));
    }

    #[test]
    fn x5_an_amount_by_period_agrees_with_the_amount_in_all() {
        let monthly = |amount: &str| Method::PerPeriod { amount: pounds(amount) };
        assert_eq!(schedule("60.00", "2026-01-01", "2026-06-30", monthly("10.00")).total(), Some(pounds("60.00")));
        let (stated, derived) = (pounds("100.00"), pounds("60.00"));
        refused(|terms| terms.method = monthly("10.00"), ScheduleError::AmountDiffers { stated, derived });
        refused(|terms| terms.method = monthly("0.00"), ScheduleError::AmountNotPositive);
        let undated = |terms: &mut Terms| (terms.method, terms.amount, terms.last) = (monthly("10.00"), None, None);
        refused(undated, ScheduleError::LastDateMissing);
    }

    #[test]
    fn x5_a_rolling_schedule_needs_no_end_and_no_amount_in_all() {
        let rolling = |ahead| Method::Rolling { amount: pounds("10.00"), ahead };
        refused(|terms| terms.method = rolling(3), ScheduleError::AmountOfRolling);
        for ahead in [0, AHEAD_MAX + 1] {
            let change = |terms: &mut Terms| (terms.method, terms.amount) = (rolling(ahead), None);
            refused(change, ScheduleError::AheadOutOfBounds(ahead));
        }
        let mut terms = terms("100.00", "2026-01-01", "2026-06-30", rolling(3));
        (terms.amount, terms.last) = (None, None);
        let schedule = Schedule::try_new(terms, &Calendar::default()).unwrap();
        assert_eq!((schedule.total(), schedule.last(), schedule.currency().as_str()), (None, None, "GBP"));
    }

    #[test]
    fn a_stored_schedule_is_checked_when_it_is_read() {
        let schedule = schedule("100.00", "2026-01-01", "2026-06-30", Method::StraightLine);
        let text = serde_json::to_string(&schedule).unwrap();
        let expected = r#"{"id":"S-1","kind":"prepayment","amount":{"amount":"100.00","currency":"GBP"},
            "first":"2026-01-01","last":"2026-06-30","method":{"kind":"straight_line"},"balance_account":"620",
            "expense_account":"433","description":"Insurance"}"#;
        assert_eq!(text, expected.replace("\n            ", ""));
        assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
        for bad in [text.replace("620", "433"), text.replace("100.00", "0.00"), text.replace("Insurance", " ")] {
            assert!(serde_json::from_str::<Schedule>(&bad).is_err(), "{bad}");
        }
    }
}
