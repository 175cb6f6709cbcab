//! Which delimiter parts the cells of a text.
//!
//! Owns the choice, by whole rows and what stands in their cells. Counting signs alone would take the commas of
//! `1.234,56` for delimiters, and the colons of times.

use statement_lines::{Findings, Refusal, dates, numeral::Numeral};

use crate::grid::Grid;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows that are looked at.
const ROWS_LOOKED_AT: usize = 100;

/// The delimiter, and where the table begins: Excel's `sep=;` stands before it.
pub(crate) fn delimiter(text: &str) -> Result<(u8, usize), Refusal> {
    let first = text.lines().next().unwrap_or_default();
    if let Some(stated) = first.strip_prefix("sep=")
        && let [delimiter] = stated.trim_end_matches('\r').as_bytes()
        && DELIMITERS.contains(delimiter)
    {
        return Ok((*delimiter, (first.len() + 1).min(text.len())));
    }
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let score = score(text, delimiter)?;
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    if best.0 == 0 { Err(Refusal::UnknownFormat) } else { Ok((best.1, 0)) }
}

/// Rows of the commonest width count one, those of them with a date and an amount in cells of their own a hundred.
fn score(text: &str, delimiter: u8) -> Result<usize, Refusal> {
    let grid = Grid::split(text, delimiter, ROWS_LOOKED_AT, &mut Findings::default())?;
    let width = common_width(&grid);
    if width < 2 {
        return Ok(0);
    }
    let mut score = 0;
    for row in (0..grid.row_count()).filter(|row| grid.width(*row).abs_diff(width) <= 1) {
        let dates = grid.cells(row).filter(|cell| dates::parse(cell).is_some()).count();
        let numbers = grid.cells(row).filter(|cell| dates::parse(cell).is_none() && Numeral::parse(cell).is_ok());
        score += 1 + if dates > 0 && numbers.count() > 0 { 100 } else { 0 };
    }
    Ok(score)
}

/// The width that most rows have; of two, the larger.
pub(crate) fn common_width(grid: &Grid<'_>) -> usize {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for row in (0..grid.row_count()).filter(|row| !grid.is_blank(*row)).take(10 * ROWS_LOOKED_AT) {
        *counts.entry(grid.width(row)).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_dates_and_amounts_tell_the_delimiter() {
        assert_eq!(delimiter("Datum;Betrag\n02.01.2026;-1.234,56\n03.01.2026;5,00\n"), Ok((b';', 0)));
        assert_eq!(delimiter("2026-01-02,\"a;b;c\",-5.00\n2026-01-03,d;e;f,6.00\n"), Ok((b',', 0)));
        assert_eq!(delimiter("sep=;\na;b\n"), Ok((b';', 6)));
        assert_eq!(delimiter("2026-01-02\t12:30:00\t5.00\n2026-01-02\t12:31:00\t5.00"), Ok((b'\t', 0)));
        assert_eq!(delimiter("some words\nand more"), Err(Refusal::UnknownFormat));
    }
}
