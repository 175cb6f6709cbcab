//! Schedules from a file, each row becomes a schedule or says why not.
//!
//! Owns the preview. Nothing is stored and nothing is guessed: a date or an amount that can be read in two ways is an
//! error until the reader is told which way. A row with any error gives no schedule; a file with any error gives none to
//! store ([`Preview::accepted`]).
//!
//! Columns, found by the names in the header (upper and lower case, spaces and signs do not matter; `*` is required):
//!
//! | column | what it says |
//! |---|---|
//! | id * | the schedule's id, once in the file |
//! | kind * | prepayment or accrual |
//! | amount | in all; not for rolling, and optional for per period |
//! | amount per period | for the methods per period and rolling |
//! | currency | the books' currency, which is taken when it is left out |
//! | first *, last | the days it is for; rolling needs no last |
//! | periods | instead of last: how many periods it touches, the first included |
//! | method | straight line (taken when left out), part periods, by day, per period, custom, rolling |
//! | ahead | for rolling: periods planned ahead, 12 when left out |
//! | parts | for custom: `2026-01-31 = 30.00; 2026-02-28 = 70.00` |
//! | balance account *, expense account * | code or Xero's id |
//! | tax type | Xero's code |
//! | tracking category 1, tracking option 1, and 2 | both of a pair or none |
//! | description * | what it is for |
//! | source | where the host application shows it |
//! | released until | a running schedule: its first journal and its releases dated up to this day are in the books |
//! | already released | the amount of those releases; alone, it tells the day, and it must be what the plan says |
//!
//! A running schedule whose past releases differ from any plan is imported by what remains: the remaining amount, the first
//! day that is not released yet, and the day before that as its released until.

mod columns;
mod findings;
mod row;
mod values;

use std::collections::HashMap;

use kernel::calendar::Calendar;
use kernel::{Currency, Date, Money, ScheduleId};
use schedules::schedule::Schedule;
use serde::Serialize;
use sheets::{CellRef, Sheet};

pub use columns::Column;
pub use findings::{Code, Finding, Findings};
pub use values::{DateOrder, DecimalMark};

use columns::Columns;

/// How a file is to be read, as its sender states.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'c> {
    /// The organisation's periods.
    pub calendar: &'c Calendar,
    /// The currency of its books.
    pub currency: Currency,
    /// What 03/04/2026 means. Without it, a date that could be either is an error.
    pub dates: Option<DateOrder>,
    /// What 1,234 means. Without it, an amount that could be either is an error.
    pub decimals: Option<DecimalMark>,
}

/// What would be imported, and what stands in the way.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// One for each row without an error, in the file's order.
    pub schedules: Vec<Imported>,
    /// What must be mended before anything is stored.
    pub errors: Findings,
    /// What a person should know.
    pub warnings: Findings,
    /// Sums of the schedules, for a comparison with the books.
    pub totals: Vec<CurrencyTotal>,
    /// Where values stand.
    #[serde(skip)]
    columns: Columns,
}

/// What only the books know to be wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its row.
    pub row: u32,
    /// The column whose value is refused.
    pub column: Column,
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

/// A schedule of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Its row.
    pub row: u32,
    /// What it is.
    pub schedule: Schedule,
    /// See [`running`](schedules::running): none for a new schedule, whose first journal is still to be posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_until: Option<Date>,
    /// What is in the books by that day.
    pub released: Money,
    /// What is still to be released; none for a rolling schedule, which has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Money>,
}

/// Sums in one currency. Rolling schedules have no amount and do not count in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CurrencyTotal {
    /// How many schedules.
    pub schedules: usize,
    /// What they come to.
    pub amount: Money,
    /// What is still to be released.
    pub remaining: Money,
}

impl Preview {
    /// The schedules, when every row has become one: a file is imported whole or not at all.
    pub fn accepted(&self) -> Option<&[Imported]> {
        self.errors.is_empty().then_some(&self.schedules)
    }

    /// Takes rows back that cannot be, and says why among the other errors.
    pub fn refuse(&mut self, refusals: Vec<Refusal>) {
        for Refusal { row, column, code, message } in refusals {
            self.schedules.retain(|imported| imported.row != row);
            let cell = self.columns.place(column).and_then(|at| place(row, at));
            self.errors.push(Finding { row, column: Some(column), cell, code, message });
        }
        self.errors.listed.sort_by_key(|finding| finding.row);
        self.totals = totals(&self.schedules);
    }
}

/// Reads every row of a sheet.
pub fn preview(sheet: &Sheet, setting: &Setting<'_>) -> Preview {
    let mut preview = Preview {
        schedules: Vec::new(),
        errors: Findings::default(),
        warnings: Findings::default(),
        totals: Vec::new(),
        columns: Columns::default(),
    };
    let columns = Columns::of(sheet.header(), &mut preview.errors, &mut preview.warnings);
    if preview.errors.is_empty() {
        read_rows(sheet, &columns, setting, &mut preview);
        preview.totals = totals(&preview.schedules);
    }
    Preview { columns, ..preview }
}

fn read_rows(sheet: &Sheet, columns: &Columns, setting: &Setting<'_>, preview: &mut Preview) {
    let mut rows_by_id: HashMap<ScheduleId, u32> = HashMap::new();
    let mut rows = 0;
    for row in sheet.rows() {
        rows += 1;
        let mut read = row::read(row, columns, setting);
        if let Some(id) = read.id.take()
            && let Some(other) = rows_by_id.get(&id).copied().or_else(|| rows_by_id.insert(id, row.number()))
        {
            read.refuse(Column::Id, Code::IdTwice, format!("row {other} has the same id"));
        }
        if read.errors.is_empty() {
            preview.schedules.extend(read.imported);
        }
        read.errors.into_iter().for_each(|finding| preview.errors.push(finding));
        read.warnings.into_iter().for_each(|finding| preview.warnings.push(finding));
    }
    if rows == 0 {
        let message = "there is no row below the header".to_owned();
        preview.errors.push(Finding {
            row: sheet.header().number(),
            column: None,
            cell: None,
            code: Code::NoRows,
            message,
        });
    }
}

fn totals(schedules: &[Imported]) -> Vec<CurrencyTotal> {
    let mut totals: Vec<CurrencyTotal> = Vec::new();
    for Imported { schedule, remaining, .. } in schedules {
        let nothing = Money::zero(schedule.currency());
        let at = totals.iter().position(|total| total.amount.currency == nothing.currency).unwrap_or_else(|| {
            totals.push(CurrencyTotal { schedules: 0, amount: nothing, remaining: nothing });
            totals.len() - 1
        });
        let total = &mut totals[at];
        total.schedules += 1;
        // A schedule is less than 10^12, and a file has some ten thousand: 64 bits hold thousands of such sums.
        total.amount.minor = total.amount.minor.saturating_add(schedule.total().unwrap_or(nothing).minor);
        total.remaining.minor = total.remaining.minor.saturating_add(remaining.unwrap_or(nothing).minor);
    }
    totals
}

/// A column's cell in a row.
fn place(row: u32, column: u32) -> Option<CellRef> {
    Some(CellRef { row, column })
}
