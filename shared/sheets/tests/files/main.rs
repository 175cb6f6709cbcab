//! Files as people and attackers send them: what they become, or why they are refused.

#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod bombs;
mod csv;
mod mutations;
mod samples;
mod xlsx;

use sheets::{Cell, CellKind, CellRef, Limits, Row, Sheet, SheetError, read};

use crate::samples::{book, text};

/// Rows as `1: id | amount`, one a line; numbers in parentheses, dates in angles, truth values in braces.
fn show(sheet: &Sheet) -> String {
    let cell = |cell: Cell<'_>| match cell.kind {
        CellKind::Text => cell.text.to_owned(),
        CellKind::Number => format!("({})", cell.text),
        CellKind::Date => format!("<{}>", cell.text),
        CellKind::Boolean => format!("{{{}}}", cell.text),
    };
    let row = |row: Row<'_>| format!("{}: {}", row.number(), row.cells().map(cell).collect::<Vec<_>>().join(" | "));
    [sheet.header()].into_iter().chain(sheet.rows()).map(row).collect::<Vec<_>>().join("\n")
}

fn read_all(bytes: &[u8]) -> Result<String, SheetError> {
    read(bytes, &Limits::default()).map(|sheet| show(&sheet))
}

#[track_caller]
fn check(bytes: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(read_all(bytes.as_ref()), Ok(expected.to_owned()));
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, expected: SheetError) {
    assert_eq!(read_all(bytes.as_ref()), Err(expected));
}

/// Refused under limits that a test has lowered.
#[track_caller]
fn refused_by(change: impl FnOnce(&mut Limits), bytes: impl AsRef<[u8]>, expected: SheetError) {
    let mut limits = Limits::default();
    change(&mut limits);
    assert_eq!(read(bytes.as_ref(), &limits), Err(expected));
}

fn at(place: &str) -> CellRef {
    place.parse().unwrap()
}

/// A worksheet of one row with one cell, given as XML.
fn cell(xml: &str) -> Vec<u8> {
    book(&format!(r#"<row r="1">{}</row><row r="2">{xml}</row>"#, text("h"))).bytes()
}
