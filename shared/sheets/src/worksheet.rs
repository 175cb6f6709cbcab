//! The cells of one sheet of an XLSX, one at a time.
//!
//! Owns their order and their places: a row or a cell that goes backwards is a damaged file. Merged cells come after all
//! others and are held against the table that has been seen.

use std::io::Read;

use crate::Limits;
use crate::error::SheetError;
use crate::strings::{cell_bytes_kept, rich_text_into, unescaped};
use crate::table::{CellRange, CellRef, SHEET_COLUMNS_MAX, SHEET_ROWS_MAX};
use crate::xml::{Node, Tag, Xml};

/// A cell as it is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredCell {
    /// What `value` is: `s` for an index of a shared string, `b`, `e`, `d`, `str`, `inlineStr`; `n` or nothing: a number.
    pub kind: String,
    pub style: u32,
    pub value: String,
    pub has_formula: bool,
}

/// A sheet being read.
pub(crate) struct Cells<'p, 'l, R: Read> {
    xml: Xml<'p, R>,
    limits: &'l Limits,
    row: u32,
    /// The column after the last cell.
    column: u32,
    in_cells: bool,
    /// Merged cells were listed: a cell after them would escape the check.
    past_cells: bool,
    /// What of the sheet has content, so far.
    table: Option<CellRange>,
    cell: StoredCell,
}

impl<'p, 'l, R: Read> Cells<'p, 'l, R> {
    pub fn new(xml: Xml<'p, R>, limits: &'l Limits) -> Self {
        Self {
            xml,
            limits,
            row: 0,
            column: 0,
            in_cells: false,
            past_cells: false,
            table: None,
            cell: StoredCell::default(),
        }
    }

    /// The next cell with content. Whatever else a sheet says, but for merged cells, is passed.
    pub fn next(&mut self) -> Result<Option<(CellRef, &StoredCell)>, SheetError> {
        loop {
            match self.xml.next()? {
                Node::Start(tag) => match tag.name() {
                    "sheetData" if self.past_cells => return Err(SheetError::XmlBroken(self.xml.part())),
                    "sheetData" => self.in_cells = true,
                    "row" if self.in_cells => self.row = next_row(&tag, self.row).inspect(|_| self.column = 0)?,
                    "c" if self.in_cells && self.row > 0 => {
                        let at = next_place(&tag, self.row, self.column)?;
                        self.column = at.column + 1;
                        self.cell.kind = tag.attribute("t")?.unwrap_or_default();
                        self.cell.style = tag.number("s")?.unwrap_or_default();
                        self.read_cell()?;
                        if self.cell.has_formula || !self.cell.value.trim().is_empty() {
                            self.widen_table(at);
                            return Ok(Some((at, &self.cell)));
                        }
                    }
                    "mergeCells" => (self.in_cells, self.past_cells) = (false, true),
                    "mergeCell" if self.past_cells => {
                        let range = tag.attribute("ref")?.and_then(|range| range.parse().ok());
                        self.check_merged(range.ok_or(SheetError::XmlBroken(self.xml.part()))?)?;
                    }
                    _ => self.xml.skip()?,
                },
                Node::Done => return Ok(None),
                _ => (),
            }
        }
    }

    /// What is inside the cell that has just started, and its end.
    fn read_cell(&mut self) -> Result<(), SheetError> {
        let Self { xml, cell, limits, .. } = self;
        cell.value.clear();
        cell.has_formula = false;
        loop {
            match xml.next()? {
                Node::Start(tag) => match tag.name() {
                    "v" => xml.text_into(&mut cell.value, cell_bytes_kept(limits))?,
                    "is" => rich_text_into(xml, &mut cell.value, limits)?,
                    "f" => {
                        cell.has_formula = true;
                        xml.skip()?;
                    }
                    _ => xml.skip()?,
                },
                Node::End(_) => break,
                Node::Text(_) => (),
                Node::Done => return Err(SheetError::XmlBroken(xml.part())),
            }
        }
        if matches!(cell.kind.as_str(), "str" | "inlineStr") {
            cell.value = unescaped(&cell.value);
        }
        Ok(())
    }

    fn widen_table(&mut self, at: CellRef) {
        let table = self.table.get_or_insert(CellRange { first: at, last: at });
        table.first.column = table.first.column.min(at.column);
        table.last = CellRef { row: at.row, column: table.last.column.max(at.column) };
    }

    fn check_merged(&self, range: CellRange) -> Result<(), SheetError> {
        match self.table {
            Some(table) if table.overlaps(&range) => Err(SheetError::Merged { range }),
            _ => Ok(()),
        }
    }
}

/// A row says its number or follows the one before.
fn next_row(tag: &Tag<'_>, before: u32) -> Result<u32, SheetError> {
    let row = tag.number("r")?.unwrap_or(before + 1);
    let forward = before < row && row <= SHEET_ROWS_MAX;
    let broken = SheetError::CellBroken { cell: CellRef { row: before + 1, column: 0 } };
    if forward { Ok(row) } else { Err(broken) }
}

/// A cell says its place or follows the one before.
fn next_place(tag: &Tag<'_>, row: u32, column: u32) -> Result<CellRef, SheetError> {
    let expected = CellRef { row, column };
    let broken = SheetError::CellBroken { cell: expected };
    let stated = tag.attribute("r")?.map(|place| place.parse::<CellRef>().map_err(|_| broken)).transpose()?;
    let at = stated.unwrap_or(expected);
    let forward = at.row == row && column <= at.column && at.column < SHEET_COLUMNS_MAX;
    if forward { Ok(at) } else { Err(broken) }
}
