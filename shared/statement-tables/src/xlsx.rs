//! Statements in workbooks.
//!
//! Owns the way from a sheet's cells to the table that CSV is read as. Cells keep their rows; nothing is recomputed, so a
//! formula is refused with its cell.

use sheets::{CellKind, Limits, Row, SheetError};
use statement_lines::{Findings, Place, Refusal};

use crate::grid::Grid;
use crate::table::{self, Known, TableRead};

/// Rows of a workbook: as many as Excel has in a sheet would not fit in memory beside their text.
const ROWS_MAX: usize = 200_000;

/// Reads a workbook.
pub fn read(bytes: &[u8], known: Known<'_>) -> TableRead {
    let limits = Limits {
        file_bytes_max: bytes.len(),
        rows_max: ROWS_MAX,
        text_bytes_max: 48 << 20,
        part_bytes_max: 256 << 20,
        package_bytes_max: 320 << 20,
        ..Limits::default()
    };
    let sheet = sheets::read(bytes, &limits).map_err(refusal)?;
    let mut grid = Grid::new("");
    for row in std::iter::once(sheet.header()).chain(sheet.rows()) {
        push(&mut grid, row);
    }
    let mut read = table::read_grid(&grid, 0, known, Findings::default())?;
    for statement in &mut read.0.statements {
        statement.kind = "xlsx";
    }
    Ok(read)
}

fn push(grid: &mut Grid<'_>, row: Row<'_>) {
    grid.begin_row(Place::row(row.number()));
    for cell in row.cells() {
        match cell.kind {
            // A stored number has a point; a fourth decimal keeps three from being taken for thousands.
            CellKind::Number if cell.text.contains('.') => grid.push_own(&format!("{}0", cell.text)),
            _ => grid.push_own(cell.text),
        }
    }
}

/// Why a workbook is refused, with its cell.
fn refusal(error: SheetError) -> Refusal {
    match error {
        SheetError::Encrypted => Refusal::PasswordProtected,
        SheetError::Empty => Refusal::Empty,
        SheetError::Entities(_) => Refusal::Entities,
        other => Refusal::Damaged(other.to_string().into()),
    }
}
