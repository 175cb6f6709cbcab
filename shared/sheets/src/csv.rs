//! Text parted into cells: RFC 4180 by commas, semicolons or tabs.
//!
//! Owns the reading of quotation marks. One that is never closed would hide every row after it, so it is refused, which
//! is why this is written here. Rows are counted as a spreadsheet counts them: a line break inside a cell starts no row.

use crate::Limits;
use crate::error::SheetError;
use crate::table::{CellKind, CellRef, SHEET_ROWS_MAX, Sheet, SheetBuilder};

const DELIMITERS: [char; 3] = [',', ';', '\t'];

pub(crate) fn read(text: &str, limits: &Limits) -> Result<Sheet, SheetError> {
    let (delimiter, rest, row) = delimiter(text)?;
    let mut cells = Cells { rest, delimiter, at: CellRef { row, column: 0 }, limits };
    let (mut sheet, mut cell) = (SheetBuilder::new(limits), String::new());
    while !cells.rest.is_empty() {
        cell.clear();
        let at = cells.at;
        if at.row > SHEET_ROWS_MAX {
            return Err(SheetError::RowsTooMany { rows_max: limits.rows_max });
        }
        cells.read_cell(&mut cell)?;
        sheet.push(at, &cell, CellKind::Text)?;
    }
    sheet.finish()
}

/// What is still to be read, and where it stands.
struct Cells<'t, 'l> {
    rest: &'t str,
    delimiter: char,
    at: CellRef,
    limits: &'l Limits,
}

impl Cells<'_, '_> {
    /// One cell and what ends it.
    fn read_cell(&mut self, cell: &mut String) -> Result<(), SheetError> {
        match self.rest.strip_prefix('"') {
            Some(quoted) => {
                self.rest = quoted;
                self.read_quoted(cell)?;
            }
            None => {
                let end = self.rest.find([self.delimiter, '\n', '\r']).unwrap_or(self.rest.len());
                let (plain, rest) = self.rest.split_at(end);
                if plain.trim_start().starts_with('"') {
                    return Err(SheetError::QuoteStray { cell: self.at });
                }
                cell.push_str(plain);
                self.rest = rest;
            }
        }
        self.pass_end()
    }

    /// Text up to the quotation mark that closes it; two of them stand for one.
    fn read_quoted(&mut self, cell: &mut String) -> Result<(), SheetError> {
        let opened = self.at;
        loop {
            let (text, rest) = self.rest.split_once('"').ok_or(SheetError::QuoteUnclosed { cell: opened })?;
            cell.push_str(text);
            self.rest = rest;
            // No character takes more than four bytes.
            if cell.len() > self.limits.cell_chars_max.saturating_mul(4) {
                return Err(SheetError::CellTooLong { cell: opened, chars_max: self.limits.cell_chars_max });
            }
            let Some(rest) = rest.strip_prefix('"') else { return Ok(()) };
            cell.push('"');
            self.rest = rest;
        }
    }

    /// A delimiter, a line's end, or the end of all.
    fn pass_end(&mut self) -> Result<(), SheetError> {
        if let Some(rest) = self.rest.strip_prefix(self.delimiter) {
            self.rest = rest;
            self.at.column = self.at.column.saturating_add(1);
        } else if let Some(rest) = strip_line_end(self.rest) {
            self.rest = rest;
            self.at = CellRef { row: self.at.row.saturating_add(1), column: 0 };
        } else if !self.rest.is_empty() {
            return Err(SheetError::QuoteStray { cell: self.at });
        }
        Ok(())
    }
}

fn strip_line_end(text: &str) -> Option<&str> {
    ["\r\n", "\n", "\r"].iter().find_map(|end| text.strip_prefix(end))
}

/// The delimiter, what it applies to, and the row that this begins with. Excel's `sep=;` says it; else it is the one that
/// the header has most of. A header without any has a single column.
fn delimiter(text: &str) -> Result<(char, &str, u32), SheetError> {
    if let Some(stated) = text.strip_prefix("sep=")
        && let Some(delimiter) = stated.chars().next().filter(|delimiter| DELIMITERS.contains(delimiter))
        && let Some(rest) = strip_line_end(&stated[delimiter.len_utf8()..])
    {
        return Ok((delimiter, rest, 2));
    }
    let mut counts = DELIMITERS.map(|delimiter| (count_in_header(text, delimiter), delimiter));
    counts.sort_unstable();
    match counts {
        [_, _, (0, _)] => Ok((',', text, 1)),
        [_, (second, _), (most, _)] if second == most => Err(SheetError::DelimiterUnclear),
        [_, _, (_, delimiter)] => Ok((delimiter, text, 1)),
    }
}

/// How often a character stands outside quotation marks in the first line that is not blank.
fn count_in_header(text: &str, delimiter: char) -> usize {
    let (mut quoted, mut count) = (false, 0);
    for c in text.trim_start_matches(['\r', '\n', ' ']).chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' | '\r' if !quoted => break,
            c if c == delimiter && !quoted => count += 1,
            _ => (),
        }
    }
    count
}
