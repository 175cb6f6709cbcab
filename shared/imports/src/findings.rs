//! What is wrong with a file, row by row.
//!
//! Owns the stable codes. Messages are plain words and never repeat what stands in a cell.

use kernel::{Date, IdError, Money, MoneyError};
use schedules::plan::PlanError;
use schedules::running::RunningError;
use schedules::schedule::ScheduleError;
use schedules::texts::TextError;
use serde::{Serialize, Serializer};
use sheets::CellRef;

use crate::columns::Column;

/// One thing that is wrong, or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its row, as a spreadsheet numbers it.
    pub row: u32,
    /// Its column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<Column>,
    /// Its cell, such as `C7`; none when the file lacks the column.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub cell: Option<CellRef>,
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

/// The first so many findings, and how many more there are.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// In the file's order.
    pub listed: Vec<Finding>,
    /// How many more there are.
    pub left_off: usize,
}

/// Findings that are listed: more than a person mends at a time.
pub const FINDINGS_MAX: usize = 1_000;

/// What is wrong. Codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "a code says what it means; the message says it in words")]
pub enum Code {
    ColumnMissing,
    ColumnTwice,
    ColumnUnknown,
    NoRows,
    CellWithoutHeader,
    ValueMissing,
    ValueNotWanted,
    WordUnknown,
    TextInvalid,
    IdTwice,
    CurrencyUnknown,
    CurrencyNotOfBooks,
    DateUnreadable,
    DateAmbiguous,
    DateIsNumber,
    DateWithTime,
    YearTooShort,
    DateOutsideCalendar,
    DatesReversed,
    DateOutsideSchedule,
    NumberUnreadable,
    AmountUnreadable,
    AmountAmbiguous,
    AmountTooFine,
    AmountTooLarge,
    AmountNotPositive,
    AmountDiffers,
    PartUnreadable,
    PeriodsUnclear,
    PeriodsDiffer,
    PeriodsTooMany,
    AccountsSame,
    TrackingIncomplete,
    TrackingTwice,
    ReleasedDiffers,
    ReleasedUnclear,
    MethodAssumed,
    NothingLeft,
    AccountUnknown,
    AccountArchived,
    AccountNotAllowed,
    TaxTypeUnknown,
    TrackingUnknown,
    TrackingArchived,
    IdTaken,
}

/// What is wrong with a value, before its place is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub code: Code,
    pub message: String,
}

impl Findings {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// How many there are, listed or not.
    pub fn count(&self) -> usize {
        self.listed.len() + self.left_off
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        if self.listed.len() < FINDINGS_MAX {
            self.listed.push(finding);
        } else {
            self.left_off += 1;
        }
    }
}

impl Fault {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<TextError> for Fault {
    fn from(error: TextError) -> Self {
        let code = if error == TextError::TrackedTwice { Code::TrackingTwice } else { Code::TextInvalid };
        Self::new(code, error.to_string())
    }
}

impl From<IdError> for Fault {
    fn from(error: IdError) -> Self {
        Self::new(Code::TextInvalid, error.to_string())
    }
}

impl From<MoneyError> for Fault {
    fn from(error: MoneyError) -> Self {
        let code = match error {
            MoneyError::TooManyDecimals { .. } => Code::AmountTooFine,
            MoneyError::TooLarge => Code::AmountTooLarge,
            MoneyError::NoCurrency => Code::CurrencyUnknown,
            MoneyError::NoAmount | MoneyError::TwoCurrencies(..) => Code::AmountUnreadable,
        };
        Self::new(code, error.to_string())
    }
}

impl From<RunningError> for Fault {
    fn from(error: RunningError) -> Self {
        match error {
            RunningError::Money(error) => error.into(),
            error => Self::new(Code::ReleasedDiffers, error.to_string()),
        }
    }
}

/// Which column a schedule's fault is shown at, and as what. Where an amount lies depends on the method.
pub(crate) fn of_schedule(error: &ScheduleError, amount: Column) -> (Column, Fault) {
    use ScheduleError as E;
    let (column, code) = match error {
        E::AmountMissing => (Column::Amount, Code::ValueMissing),
        E::AmountOfRolling => (Column::Amount, Code::ValueNotWanted),
        E::AmountNotPositive => (amount, Code::AmountNotPositive),
        E::AmountTooLarge | E::Money(MoneyError::TooLarge) => (amount, Code::AmountTooLarge),
        E::AmountDiffers { .. } => (Column::Amount, Code::AmountDiffers),
        E::FirstDateMissing => (Column::First, Code::ValueMissing),
        E::LastDateMissing => (Column::Last, Code::ValueMissing),
        E::EndsBeforeStart { .. } => (Column::Last, Code::DatesReversed),
        E::SameAccount => (Column::ExpenseAccount, Code::AccountsSame),
        E::CustomEmpty | E::CustomTooMany => (Column::Parts, Code::PartUnreadable),
        E::CustomNotPositive(_) => (Column::Parts, Code::AmountNotPositive),
        E::CustomOutside { .. } => (Column::Parts, Code::DateOutsideSchedule),
        E::AheadOutOfBounds(_) => (Column::Ahead, Code::PeriodsTooMany),
        E::Money(_) => (amount, Code::AmountUnreadable),
        E::Plan(error) => of_plan(error),
    };
    (column, Fault::new(code, error.to_string()))
}

pub(crate) fn of_plan(error: &PlanError) -> (Column, Code) {
    match error {
        PlanError::TooManyPeriods => (Column::Last, Code::PeriodsTooMany),
        PlanError::SumDiffers { .. } => (Column::Amount, Code::AmountDiffers),
        PlanError::Period(_) => (Column::First, Code::DateOutsideCalendar),
        PlanError::Money(_) => (Column::Amount, Code::AmountTooLarge),
    }
}

/// That a schedule has nothing left to post.
pub(crate) fn nothing_left(until: Date, total: Money) -> Fault {
    Fault::new(Code::NothingLeft, format!("all of {total} is released until {until}: nothing is left to post"))
}

fn as_text<S: Serializer>(cell: &Option<CellRef>, serializer: S) -> Result<S::Ok, S::Error> {
    match cell {
        Some(cell) => serializer.collect_str(cell),
        None => serializer.serialize_none(),
    }
}
