//! A sheet as it was read: a header, rows and text cells with their places.
//!
//! Owns the limits of what is kept. Text lies in one piece and a cell takes eight bytes beside it, so that a million
//! small cells stay small.

use std::fmt;
use std::str::FromStr;

use crate::Limits;
use crate::error::SheetError;

/// A place, written as spreadsheets do: `C7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    /// The row, counted from 1 as spreadsheets do, blank rows included.
    pub row: u32,
    /// The column, counted from 0 for A.
    pub column: u32,
}

/// Places from a first to a last, written `A1:C7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRange {
    /// Upper left.
    pub first: CellRef,
    /// Lower right.
    pub last: CellRef,
}

/// What the file says of a cell. Cells of a CSV are texts, whatever they look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// A text, as it was written.
    Text,
    /// A number of an XLSX as a plain decimal with a point: `-1234.5`.
    Number,
    /// A date of an XLSX: `2026-01-31`, or `2026-01-31T12:00:00` when it has a time.
    Date,
    /// A truth value of an XLSX: `TRUE` or `FALSE`.
    Boolean,
}

/// A cell. A blank one is an empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'s> {
    /// Its text, as it stands.
    pub text: &'s str,
    /// What it is.
    pub kind: CellKind,
}

/// A sheet with a header and any number of rows. Blank rows are left out, blank cells at a row's end too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    text: String,
    slots: Vec<Slot>,
    header: RowSlots,
    rows: Vec<RowSlots>,
}

/// A row of a sheet.
#[derive(Clone, Copy, Debug)]
pub struct Row<'s> {
    sheet: &'s Sheet,
    slots: RowSlots,
}

/// Where a cell's text ends; it starts where the one before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    end: u32,
    kind: CellKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowSlots {
    number: u32,
    first: u32,
    end: u32,
}

/// Rows and columns that any spreadsheet program has at most: Excel's limits.
pub(crate) const SHEET_ROWS_MAX: u32 = 1 << 20;
/// The same for columns.
pub(crate) const SHEET_COLUMNS_MAX: u32 = 1 << 14;

impl Sheet {
    /// The first row with content.
    pub fn header(&self) -> Row<'_> {
        Row { sheet: self, slots: self.header }
    }

    /// The rows below it that have content.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|slots| Row { sheet: self, slots: *slots })
    }
}

impl<'s> Row<'s> {
    /// Its number, counted from 1, blank rows included.
    pub fn number(&self) -> u32 {
        self.slots.number
    }

    /// Its cells from column A to the last with content.
    pub fn cells(self) -> impl Iterator<Item = Cell<'s>> {
        (0..self.slots.end - self.slots.first).map(move |column| self.cell(column))
    }

    /// A cell, counted from 0 for column A; blank where the row has ended.
    pub fn cell(self, column: u32) -> Cell<'s> {
        let at = self.slots.first.saturating_add(column) as usize;
        let blank = Cell { text: "", kind: CellKind::Text };
        let Some(slot) = self.sheet.slots.get(at).filter(|_| at < self.slots.end as usize) else { return blank };
        let start = at.checked_sub(1).map_or(0, |before| self.sheet.slots[before].end);
        let text = self.sheet.text.get(start as usize..slot.end as usize).unwrap_or_default();
        Cell { text, kind: slot.kind }
    }
}

/// A sheet in the making, within limits.
pub(crate) struct SheetBuilder<'l> {
    limits: &'l Limits,
    text: String,
    slots: Vec<Slot>,
    rows: Vec<RowSlots>,
    number: u32,
    first: usize,
}

impl<'l> SheetBuilder<'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Self { limits, text: String::new(), slots: Vec::new(), rows: Vec::new(), number: 0, first: 0 }
    }

    /// A cell with content; cells come row by row, each from left to right. Blank ones need not come.
    pub fn push(&mut self, at: CellRef, text: &str, kind: CellKind) -> Result<(), SheetError> {
        let Limits { columns_max, cell_chars_max, text_bytes_max, .. } = *self.limits;
        if text.trim().is_empty() {
            return Ok(());
        }
        if at.column as usize >= columns_max {
            return Err(SheetError::ColumnsTooMany { cell: at, columns_max });
        }
        if text.len() > cell_chars_max && text.chars().count() > cell_chars_max {
            return Err(SheetError::CellTooLong { cell: at, chars_max: cell_chars_max });
        }
        if self.text.len() + text.len() > text_bytes_max {
            return Err(SheetError::TextTooLarge { bytes_max: text_bytes_max });
        }
        self.turn_to(at.row)?;
        let blank = Slot { end: self.text_end(), kind: CellKind::Text };
        self.slots.resize(self.first + at.column as usize, blank);
        self.text.push_str(text);
        self.slots.push(Slot { end: self.text_end(), kind });
        Ok(())
    }

    /// The sheet, when it has a row with content.
    pub fn finish(mut self) -> Result<Sheet, SheetError> {
        self.end_row();
        let Self { text, slots, rows, .. } = self;
        let Some((header, rows)) = rows.split_first() else { return Err(SheetError::Empty) };
        Ok(Sheet { text, slots, header: *header, rows: rows.to_vec() })
    }

    fn turn_to(&mut self, number: u32) -> Result<(), SheetError> {
        if number == self.number {
            return Ok(());
        }
        self.end_row();
        // The header is a row more.
        if self.rows.len() > self.limits.rows_max {
            return Err(SheetError::RowsTooMany { rows_max: self.limits.rows_max });
        }
        (self.number, self.first) = (number, self.slots.len());
        Ok(())
    }

    fn end_row(&mut self) {
        if self.slots.len() > self.first {
            // Slots are at most the rows' limit times the columns'.
            let (first, end) = (self.first as u32, self.slots.len() as u32);
            self.rows.push(RowSlots { number: self.number, first, end });
        }
    }

    fn text_end(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }
}

impl CellRange {
    /// Whether the two share a cell.
    pub fn overlaps(&self, other: &Self) -> bool {
        let apart = |a: &Self, b: &Self| a.last.row < b.first.row || a.last.column < b.first.column;
        !apart(self, other) && !apart(other, self)
    }
}

/// Not a place such as `C7`, or one that no sheet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cell: expected a place such as C7")]
pub struct NoCellRef;

impl FromStr for CellRef {
    type Err = NoCellRef;
    fn from_str(text: &str) -> Result<Self, NoCellRef> {
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (column, row) = text.split_at(letters);
        if !(1..=3).contains(&letters) || !row.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoCellRef);
        }
        let letter = |sum: u32, letter: u8| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        let column = column.bytes().fold(0, letter);
        let row = row.parse().map_err(|_| NoCellRef)?;
        let known = (1..=SHEET_ROWS_MAX).contains(&row) && (1..=SHEET_COLUMNS_MAX).contains(&column);
        if known { Ok(Self { row, column: column - 1 }) } else { Err(NoCellRef) }
    }
}

impl FromStr for CellRange {
    type Err = NoCellRef;
    fn from_str(text: &str) -> Result<Self, NoCellRef> {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        Ok(Self { first: first.parse()?, last: last.parse()? })
    }
}

impl fmt::Display for CellRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut left, mut letters) = (u64::from(self.column) + 1, Vec::new());
        while left > 0 {
            letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
            left = (left - 1) / 26;
        }
        let letters: String = letters.into_iter().rev().collect();
        write!(out, "{letters}{}", self.row)
    }
}

impl fmt::Display for CellRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.first, self.last)
    }
}
