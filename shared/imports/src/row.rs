//! One row as a schedule.
//!
//! Owns what a row must say, and what it must not say beside its method. Everything wrong with a row is found at once.

use kernel::periods::Period;
use kernel::{Currency, Date, Money, ScheduleId};
use schedules::plan::{self, PERIODS_MAX, Release};
use schedules::running;
use schedules::schedule::{Method, Schedule, Terms};
use schedules::texts::{Description, Tracking, TrackingName, TrackingPair};
use sheets::{Cell, Row};

use crate::columns::{Column, Columns};
use crate::findings::{self, Code, Fault, Finding};
use crate::values::{self, Spread};
use crate::{Imported, Setting, place};

/// Periods that a rolling schedule plans ahead when its row does not say: a year of months.
const AHEAD_WHEN_LEFT_OUT: u16 = 12;

/// What became of a row.
pub(crate) struct ReadRow<'s, 'c> {
    /// Its id, when it has one, to be held against those of other rows.
    pub id: Option<ScheduleId>,
    pub imported: Option<Imported>,
    pub errors: Vec<Finding>,
    pub warnings: Vec<Finding>,
    row: Row<'s>,
    columns: &'c Columns,
    setting: &'c Setting<'c>,
}

pub(crate) fn read<'s, 'c>(row: Row<'s>, columns: &'c Columns, setting: &'c Setting<'c>) -> ReadRow<'s, 'c> {
    let (errors, warnings) = (Vec::new(), Vec::new());
    let mut read = ReadRow { id: None, imported: None, errors, warnings, row, columns, setting };
    for column in columns.strays(row) {
        let message = "there is no header above this cell".to_owned();
        let (row, cell) = (row.number(), place(row.number(), column));
        read.errors.push(Finding { row, column: None, cell, code: Code::CellWithoutHeader, message });
    }
    let terms = read.terms();
    let position = (read.date(Column::ReleasedUntil), read.amount(Column::AlreadyReleased, setting.currency));
    read.imported = terms.filter(|_| read.errors.is_empty()).and_then(|terms| read.schedule(terms, position));
    read
}

impl<'s> ReadRow<'s, '_> {
    pub fn refuse(&mut self, column: Column, code: Code, message: impl Into<String>) {
        self.errors.push(self.finding(column, Fault::new(code, message)));
    }

    fn finding(&self, column: Column, fault: Fault) -> Finding {
        let row = self.row.number();
        let cell = self.columns.place(column).and_then(|at| place(row, at));
        Finding { row, column: Some(column), cell, code: fault.code, message: fault.message }
    }

    fn has(&self, column: Column) -> bool {
        self.cell(column).is_some()
    }

    /// A cell with content.
    fn cell(&self, column: Column) -> Option<Cell<'s>> {
        let cell = self.row.cell(self.columns.place(column)?);
        (!cell.text.trim().is_empty()).then_some(cell)
    }

    /// A value, when there is one that can be read.
    fn optional<T>(&mut self, column: Column, parse: impl FnOnce(Cell<'s>) -> Result<T, Fault>) -> Option<T> {
        match parse(self.cell(column)?) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.errors.push(self.finding(column, fault));
                None
            }
        }
    }

    fn required<T>(&mut self, column: Column, parse: impl FnOnce(Cell<'s>) -> Result<T, Fault>) -> Option<T> {
        if !self.has(column) {
            self.refuse(column, Code::ValueMissing, format!("the {} is missing", column.name()));
        }
        self.optional(column, parse)
    }

    fn terms(&mut self) -> Option<Terms> {
        let id = self.required(Column::Id, |cell| Ok(values::text(cell)?.parse::<ScheduleId>()?));
        self.id.clone_from(&id);
        let kind = self.required(Column::Kind, values::kind);
        let spread = self.spread();
        let currency = self.currency();
        let first = self.date(Column::First);
        if !self.has(Column::First) {
            self.refuse(Column::First, Code::ValueMissing, "the first date is missing");
        }
        let last = self.last(first, spread);
        let amount = self.amount(Column::Amount, currency);
        let method = spread.and_then(|spread| self.method(spread, currency));
        let balance_account = self.required(Column::BalanceAccount, |cell| Ok(values::text(cell)?.parse()?));
        let expense_account = self.required(Column::ExpenseAccount, |cell| Ok(values::text(cell)?.parse()?));
        let tracking = self.tracking();
        let tax_type = self.optional(Column::TaxType, |cell| Ok(values::text(cell)?.parse()?));
        // Line breaks are welcome in a spreadsheet's cell; a journal's line has one line.
        let words =
            |cell: Cell<'_>| Ok(cell.text.split_whitespace().collect::<Vec<_>>().join(" ").parse::<Description>()?);
        let description = self.required(Column::Description, words);
        let source = self.optional(Column::Source, |cell| Ok(values::text(cell)?.parse()?));
        Some(Terms {
            id: id?,
            kind: kind?,
            amount,
            first,
            last,
            method: method?,
            balance_account: balance_account?,
            expense_account: expense_account?,
            tracking: tracking?,
            tax_type,
            description: description?,
            source,
        })
    }

    /// A checked schedule and how far it has run, as its row states: until a day, or by an amount, or both.
    fn schedule(&mut self, terms: Terms, position: (Option<Date>, Option<Money>)) -> Option<Imported> {
        let per_period = matches!(terms.method, Method::PerPeriod { .. } | Method::Rolling { .. });
        let stated = terms.amount.is_some_and(|amount| !amount.is_positive());
        let amount = if per_period && !stated { Column::AmountPerPeriod } else { Column::Amount };
        match Schedule::try_new(terms, self.setting.calendar) {
            Ok(schedule) => self.imported(schedule, position),
            Err(error) => {
                let (column, fault) = findings::of_schedule(&error, amount);
                self.errors.push(self.finding(column, fault));
                None
            }
        }
    }

    fn spread(&mut self) -> Option<Spread> {
        if self.has(Column::Method) {
            return self.optional(Column::Method, values::spread);
        }
        // Without the column, one warning for the whole file is enough.
        if self.columns.place(Column::Method).is_some() {
            let fault = Fault::new(Code::MethodAssumed, "no method is given: straight line is taken");
            self.warnings.push(self.finding(Column::Method, fault));
        }
        Some(Spread::StraightLine)
    }

    /// The books' currency. A schedule in another would make journals that Xero cannot take.
    fn currency(&mut self) -> Currency {
        let books = self.setting.currency;
        let stated = |cell: Cell<'_>| Ok(cell.text.trim().to_ascii_uppercase().parse::<Currency>()?);
        if self.optional(Column::Currency, stated).is_some_and(|currency| currency != books) {
            let message = format!("the books are kept in {books}: journals are posted in no other currency");
            self.refuse(Column::Currency, Code::CurrencyNotOfBooks, message);
        }
        books
    }

    fn date(&mut self, column: Column) -> Option<Date> {
        let order = self.setting.dates;
        self.optional(column, |cell| values::date(cell, order))
    }

    fn amount(&mut self, column: Column, currency: Currency) -> Option<Money> {
        let mark = self.setting.decimals;
        self.optional(column, |cell| values::amount(cell, mark, currency))
    }

    fn method(&mut self, spread: Spread, currency: Currency) -> Option<Method> {
        let rated = matches!(spread, Spread::PerPeriod | Spread::Rolling);
        self.unwanted(Column::AmountPerPeriod, !rated, "only the methods per period and rolling have one");
        self.unwanted(Column::Ahead, spread != Spread::Rolling, "only a rolling schedule plans ahead");
        self.unwanted(Column::Parts, spread != Spread::Custom, "only the method custom has parts");
        let Setting { dates, decimals, .. } = *self.setting;
        match spread {
            Spread::StraightLine => Some(Method::StraightLine),
            Spread::PartPeriods => Some(Method::PartPeriods),
            Spread::ByDay => Some(Method::ByDay),
            Spread::PerPeriod | Spread::Rolling => {
                let rate = |cell| values::amount(cell, decimals, currency);
                let amount = self.required(Column::AmountPerPeriod, rate);
                let ahead = match self.has(Column::Ahead) {
                    true => self.optional(Column::Ahead, values::count),
                    false => Some(AHEAD_WHEN_LEFT_OUT),
                };
                let (amount, ahead) = (amount?, ahead?);
                Some(if spread == Spread::Rolling {
                    Method::Rolling { amount, ahead }
                } else {
                    Method::PerPeriod { amount }
                })
            }
            Spread::Custom => {
                let parts = self.required(Column::Parts, |cell| values::parts(cell, dates, decimals, currency))?;
                Some(Method::Custom { parts })
            }
        }
    }

    fn unwanted(&mut self, column: Column, unwanted: bool, message: &str) {
        if unwanted && self.has(column) {
            self.refuse(column, Code::ValueNotWanted, message);
        }
    }

    fn tracking(&mut self) -> Option<Tracking> {
        let pairs = [
            (Column::TrackingCategory1, Column::TrackingOption1),
            (Column::TrackingCategory2, Column::TrackingOption2),
        ];
        let pairs: Vec<TrackingPair> =
            pairs.into_iter().filter_map(|(category, option)| self.tracking_pair(category, option)).collect();
        match Tracking::try_new(pairs) {
            Ok(tracking) => Some(tracking),
            Err(error) => {
                self.errors.push(self.finding(Column::TrackingCategory2, error.into()));
                None
            }
        }
    }

    fn tracking_pair(&mut self, category: Column, option: Column) -> Option<TrackingPair> {
        let lacks = match (self.has(category), self.has(option)) {
            (false, false) => return None,
            (true, true) => None,
            (has_category, _) => Some(if has_category { option } else { category }),
        };
        if let Some(missing) = lacks {
            self.refuse(missing, Code::TrackingIncomplete, "tracking needs a category and an option");
        }
        let name = |cell: Cell<'_>| Ok(values::text(cell)?.parse::<TrackingName>()?);
        let (category, option) = (self.optional(category, name), self.optional(option, name));
        Some(TrackingPair { category: category?, option: option? })
    }

    /// The last day, as it is or by the number of periods.
    fn last(&mut self, first: Option<Date>, spread: Option<Spread>) -> Option<Date> {
        let last = self.date(Column::Last);
        let periods = self.optional(Column::Periods, values::count);
        let (Some(periods), Some(first), Some(spread)) = (periods, first, spread) else { return last };
        match self.last_by_periods(periods, first, spread) {
            Ok(by_periods) => {
                if last.is_some_and(|last| !by_periods.holds(last)) {
                    let message = format!(
                        "{periods} periods from {first} end between {} and {}",
                        by_periods.first, by_periods.last
                    );
                    self.refuse(Column::Periods, Code::PeriodsDiffer, message);
                }
                last.or(Some(by_periods.last))
            }
            Err(fault) => {
                self.errors.push(self.finding(Column::Periods, fault));
                last
            }
        }
    }

    /// The last of so many periods. From inside a period, twelve of them could end a year later or with a period; only
    /// equal shares are the same either way.
    fn last_by_periods(&self, periods: u16, first: Date, spread: Spread) -> Result<Period, Fault> {
        let outside = |error: kernel::calendar::PeriodError| Fault::new(Code::DateOutsideCalendar, error.to_string());
        let mut period = self.setting.calendar.period_of(first).map_err(outside)?;
        if spread == Spread::Rolling {
            return Err(Fault::new(Code::ValueNotWanted, "a rolling schedule ends on its last date, or not at all"));
        }
        if spread != Spread::StraightLine && first != period.first && !self.has(Column::Last) {
            return Err(Fault::new(Code::PeriodsUnclear, "it begins inside a period: give the last date instead"));
        }
        if usize::from(periods) > PERIODS_MAX {
            let message = format!("a schedule has at most {PERIODS_MAX} periods");
            return Err(Fault::new(Code::PeriodsTooMany, message));
        }
        for _ in 1..periods {
            period = self.setting.calendar.next(&period).map_err(outside)?;
        }
        Ok(period)
    }

    fn imported(&mut self, schedule: Schedule, stated: (Option<Date>, Option<Money>)) -> Option<Imported> {
        let (until, stated) = stated;
        let nothing = Money::zero(schedule.currency());
        let row = self.row.number();
        let remaining = schedule.total();
        if until.is_none() && stated.is_none() {
            return Some(Imported { row, schedule, released_until: None, released: nothing, remaining });
        }
        match self.position(&schedule, until, stated) {
            Ok((until, released)) => {
                let remaining = remaining.map(|total| total.try_sub(released).unwrap_or(nothing));
                if let (Some(total), Some(Money { minor: 0, .. })) = (schedule.total(), remaining) {
                    self.warnings.push(self.finding(Column::ReleasedUntil, findings::nothing_left(until, total)));
                }
                Some(Imported { row, schedule, released_until: Some(until), released, remaining })
            }
            Err(fault) => {
                let column =
                    if until.is_some() && stated.is_none() { Column::ReleasedUntil } else { Column::AlreadyReleased };
                self.errors.push(self.finding(column, fault));
                None
            }
        }
    }

    /// Until when a running schedule is released, and how much that is.
    fn position(
        &self,
        schedule: &Schedule,
        until: Option<Date>,
        stated: Option<Money>,
    ) -> Result<(Date, Money), Fault> {
        let rolls = schedule.total().is_none();
        let releases = |as_of| -> Result<Vec<Release>, Fault> {
            plan::plan(schedule, self.setting.calendar, as_of)
                .map_err(|error| Fault::new(findings::of_plan(&error).1, error.to_string()))
        };
        match (until, stated) {
            (Some(until), stated) => {
                Ok((until, running::check_released(&releases(until)?, until, schedule.currency(), stated)?))
            }
            (None, Some(_)) if rolls => {
                Err(Fault::new(Code::ReleasedUnclear, "a rolling schedule says until which day it is released"))
            }
            (None, stated) => {
                let released = stated.unwrap_or(Money::zero(schedule.currency()));
                let releases = releases(schedule.first())?;
                Ok((running::released_until(&releases, schedule.first(), released)?, released))
            }
        }
    }
}
