//! Text parted into rows of cells.
//!
//! Owns quotation marks, tolerantly: a mark that is never closed, or closed only far below, is a letter like others, and
//! said to be one. So no stray mark hides the rows after it, and each byte is looked at a bounded number of times.

use statement_lines::lines::LineCounter;
use statement_lines::{Findings, Place, ProblemCode, Refusal};

/// Rows of one table.
pub(crate) const ROWS_MAX: usize = 2_000_000;
/// Cells of one row.
pub(crate) const COLUMNS_MAX: usize = 500;
/// Lines that a quoted cell may reach over.
const QUOTED_LINES_MAX: usize = 40;
/// Bytes that a quoted cell may have.
const QUOTED_BYTES_MAX: usize = 16 << 10;
/// Marks a cell whose text stands in the grid's own text.
const OWN: u32 = 1 << 31;

/// Where a cell's text stands.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    length: u32,
}

#[derive(Clone, Copy)]
struct GridRow {
    place: Place,
    first: u32,
}

/// A table of text cells.
pub(crate) struct Grid<'t> {
    text: &'t str,
    /// Cells whose quotation marks had to be taken out, and those of a workbook.
    own: String,
    cells: Vec<Span>,
    rows: Vec<GridRow>,
}

impl<'t> Grid<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, own: String::new(), cells: Vec::new(), rows: Vec::new() }
    }

    /// Parts a text by a delimiter, up to a number of rows.
    pub fn split(text: &'t str, delimiter: u8, rows_max: usize, findings: &mut Findings) -> Result<Self, Refusal> {
        let mut split =
            Split { grid: Self::new(text), at: 0, delimiter, counter: LineCounter::new(text), left_out: 0, findings };
        while split.at < text.len() {
            if split.grid.rows.len() == rows_max {
                if rows_max == ROWS_MAX {
                    return Err(Refusal::Damaged(format!("it has more than {ROWS_MAX} rows").into()));
                }
                break;
            }
            split.row();
        }
        Ok(split.grid)
    }

    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    pub fn place(&self, row: usize) -> Place {
        self.rows.get(row).map_or(Place::default(), |row| row.place)
    }

    pub fn width(&self, row: usize) -> usize {
        let first = |row: usize| self.rows.get(row).map_or(self.cells.len(), |row| row.first as usize);
        first(row + 1) - first(row)
    }

    /// A cell's text, trimmed; empty where the row has ended. `="0234"` is what spreadsheets make of a text of digits.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        if column >= self.width(row) {
            return "";
        }
        let Some(span) = self.rows.get(row).and_then(|row| self.cells.get(row.first as usize + column)) else {
            return "";
        };
        let (from, start) =
            if span.start & OWN == 0 { (self.text, span.start) } else { (self.own.as_str(), span.start & !OWN) };
        let text = from.get(start as usize..(start + span.length) as usize).unwrap_or_default().trim();
        text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"')).unwrap_or(text)
    }

    pub fn cells(&self, row: usize) -> impl Iterator<Item = &str> {
        (0..self.width(row)).map(move |column| self.cell(row, column))
    }

    pub fn is_blank(&self, row: usize) -> bool {
        self.cells(row).all(str::is_empty)
    }

    pub fn begin_row(&mut self, place: Place) {
        self.rows.push(GridRow { place, first: self.cells.len() as u32 });
    }

    /// A cell with its own text.
    pub fn push_own(&mut self, text: &str) {
        let span = self.own_span(text);
        self.cells.push(span);
    }

    fn own_span(&mut self, text: &str) -> Span {
        let start = self.own.len() as u32 | OWN;
        self.own.push_str(text);
        Span { start, length: text.len() as u32 }
    }
}

struct Split<'t, 'f> {
    grid: Grid<'t>,
    at: usize,
    delimiter: u8,
    counter: LineCounter<'t>,
    /// Cells of the row that were too many.
    left_out: usize,
    findings: &'f mut Findings,
}

impl Split<'_, '_> {
    /// One row and its end.
    fn row(&mut self) {
        let place = self.counter.place(self.at);
        self.grid.begin_row(place);
        let bytes = self.grid.text.as_bytes();
        loop {
            self.cell(place);
            match bytes.get(self.at) {
                Some(byte) if *byte == self.delimiter => self.at += 1,
                Some(b'\r') if bytes.get(self.at + 1) == Some(&b'\n') => break self.at += 2,
                Some(_) => break self.at += 1,
                None => break,
            }
        }
        if self.left_out > 0 {
            let words = format!("This row has more than {COLUMNS_MAX} cells; the rest was left out.");
            self.findings.note(ProblemCode::LimitReached, place, words);
            self.left_out = 0;
        }
    }

    /// A row of a million delimiters must not become a million cells.
    fn push(&mut self, span: Span) {
        let row = self.grid.rows.len() - 1;
        if self.grid.width(row) < COLUMNS_MAX {
            self.grid.cells.push(span);
        } else {
            self.left_out += 1;
        }
    }

    fn cell(&mut self, row: Place) {
        let bytes = self.grid.text.as_bytes();
        let blanks = bytes[self.at..].iter().take_while(|byte| **byte == b' ').count();
        if bytes.get(self.at + blanks) == Some(&b'"') {
            if self.quoted(self.at + blanks + 1) {
                return;
            }
            let words = "A quotation mark in this row is never closed, or text follows it; it was read as a letter.";
            self.findings.note(ProblemCode::QuoteOpen, row, words);
        }
        let rest = &bytes[self.at..];
        let end = memchr::memchr3(self.delimiter, b'\n', b'\r', rest).unwrap_or(rest.len());
        self.push(Span { start: self.at as u32, length: end as u32 });
        self.at += end;
    }

    /// Text up to the mark that closes it; two of them stand for one. False where nothing closes it.
    fn quoted(&mut self, start: usize) -> bool {
        let text = self.grid.text;
        let bytes = text.as_bytes();
        let (mut at, mut doubled) = (start, false);
        let limit = bytes.len().min(start + QUOTED_BYTES_MAX);
        loop {
            let Some(found) = memchr::memchr(b'"', &bytes[at..limit]) else { return false };
            at += found + 1;
            if bytes.get(at) != Some(&b'"') {
                break;
            }
            (doubled, at) = (true, at + 1);
            if at >= limit {
                return false;
            }
        }
        let inside = &text[start..at - 1];
        let after = at + bytes[at..].iter().take_while(|byte| **byte == b' ').count();
        let ends = bytes.get(after).is_none_or(|byte| [self.delimiter, b'\n', b'\r'].contains(byte));
        if !ends || memchr::memchr_iter(b'\n', inside.as_bytes()).count() > QUOTED_LINES_MAX {
            return false;
        }
        if doubled {
            let span = self.grid.own_span(&inside.replace("\"\"", "\""));
            self.push(span);
        } else {
            self.push(Span { start: start as u32, length: inside.len() as u32 });
        }
        self.at = after;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&[&str]], problems: usize) {
        let mut findings = Findings::default();
        let grid = Grid::split(text, b',', ROWS_MAX, &mut findings).unwrap();
        let rows: Vec<Vec<&str>> = (0..grid.row_count()).map(|row| grid.cells(row).collect()).collect();
        assert_eq!(rows, expected, "{text}");
        assert_eq!(findings.problems.len(), problems, "{text}");
    }

    #[test]
    fn quotation_marks_are_taken_as_they_are_meant() {
        check("a, \"b,\"\"c\" ,d\r\n\"x\ny\",=\"012\"", &[&["a", "b,\"c", "d"], &["x\ny", "012"]], 0);
        check("a,\"b\nc,d", &[&["a", "\"b"], &["c", "d"]], 1);
        check("a,\"b\" c,d", &[&["a", "\"b\" c", "d"]], 1);
        check("a,\"\"\n\n,", &[&["a", ""], &[""], &["", ""]], 0);
        let far = format!("a,\"b\n{}\"", "x\n".repeat(100));
        let mut findings = Findings::default();
        let grid = Grid::split(&far, b',', ROWS_MAX, &mut findings).unwrap();
        assert_eq!((grid.row_count(), grid.place(1).line), (102, 2));
    }
}
