//! What stands in the columns of a table.
//!
//! Owns the counting, and where the table begins below whatever a bank prints above it.

use statement_lines::dates::{self, DateOrder, Written};
use statement_lines::numeral::{Numeral, Votes};

use crate::grid::Grid;
use crate::profile::Role;
use crate::words;

/// Rows above a table that are looked at for its header.
const PREAMBLE_ROWS_MAX: usize = 60;

/// What was counted in a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub filled: usize,
    pub dates: usize,
    pub day_first: usize,
    pub month_first: usize,
    /// The first row whose date reads in two ways.
    pub open_date: Option<usize>,
    pub numbers: usize,
    /// Numbers with a mark or a currency: account numbers and ids have none.
    pub marked: usize,
    pub votes: Votes,
    pub sides: usize,
    pub currencies: usize,
    pub codes: usize,
    /// Whether all cells say the same.
    pub same: bool,
}

/// Where a table stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub header: Option<usize>,
    /// The first row below the header.
    pub first: usize,
    pub width: usize,
}

/// Finds the table; none where nothing looks like one of a bank's.
pub(crate) fn layout(grid: &Grid<'_>, common_width: usize) -> Option<Layout> {
    let rows = || (0..grid.row_count()).filter(|row| !grid.is_blank(*row)).take(PREAMBLE_ROWS_MAX);
    if let Some(header) = rows().find(|row| is_header(grid, *row)) {
        let width = grid.width(header).max(common_width);
        return Some(Layout { header: Some(header), first: header + 1, width });
    }
    let first = rows().find(|row| is_body(grid, *row))?;
    let before = first.checked_sub(1).filter(|before| {
        let words = || grid.cells(*before).filter(|cell| !cell.is_empty());
        let plain = words().all(|cell| dates::parse(cell).is_none() && Numeral::parse(cell).is_err());
        plain && words().count() * 2 > common_width
    });
    Some(Layout { header: before, first, width: common_width.max(grid.width(first)) })
}

/// A header names a date and an amount, and holds neither.
fn is_header(grid: &Grid<'_>, row: usize) -> bool {
    let (mut date, mut money) = (false, false);
    for cell in grid.cells(row).filter(|cell| !cell.is_empty()) {
        if dates::parse(cell).is_some() || Numeral::parse(cell).is_ok() {
            return false;
        }
        if cell.len() > 60 {
            continue;
        }
        match words::roles(&words::fold(cell)).next() {
            Some(Role::Date | Role::ValueDate) => date = true,
            Some(Role::Amount | Role::Debit | Role::Credit | Role::Balance) => money = true,
            _ => (),
        }
    }
    date && money
}

fn is_body(grid: &Grid<'_>, row: usize) -> bool {
    let date = grid.cells(row).any(|cell| dates::parse(cell).is_some());
    date && grid.cells(row).any(|cell| dates::parse(cell).is_none() && Numeral::parse(cell).is_ok())
}

/// Counts what stands in each column below the header.
pub(crate) fn facts(grid: &Grid<'_>, layout: &Layout) -> Vec<Facts> {
    let mut all = vec![Facts { same: true, ..Facts::default() }; layout.width];
    let mut firsts = vec![None; layout.width];
    for row in layout.first..grid.row_count() {
        for (column, facts) in all.iter_mut().enumerate().take(grid.width(row)) {
            let cell = grid.cell(row, column);
            if cell.is_empty() {
                continue;
            }
            facts.filled += 1;
            facts.same &= *firsts[column].get_or_insert(cell) == cell;
            facts.count(row, cell);
        }
    }
    all
}

impl Facts {
    fn count(&mut self, row: usize, cell: &str) {
        if let Some(date) = dates::parse(cell) {
            return self.count_date(row, date);
        }
        if let Ok(numeral) = Numeral::parse(cell) {
            let vote = numeral.vote();
            self.numbers += 1;
            self.marked += usize::from(numeral.currency.is_some() || vote != Ok(statement_lines::numeral::Vote::None));
            if let Ok(vote) = vote {
                self.votes.add(vote);
            }
            return;
        }
        self.sides += usize::from(words::side(cell).is_some());
        self.currencies += usize::from(cell.len() == 3 && clues::currencies::known(cell));
        self.codes += usize::from(words::is_code(cell));
    }

    fn count_date(&mut self, row: usize, date: Written) {
        self.dates += 1;
        match date.vote() {
            Some(DateOrder::DayFirst) => self.day_first += 1,
            Some(DateOrder::MonthFirst) => self.month_first += 1,
            None if date.is_open() => self.open_date = self.open_date.or(Some(row)),
            None => (),
        }
    }

    /// Whether more than half of what stands here counts as something.
    pub fn mostly(&self, count: usize) -> bool {
        self.filled > 0 && count * 2 > self.filled
    }
}
