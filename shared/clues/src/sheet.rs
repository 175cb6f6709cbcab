//! The text of a document as lines and cells, and what stands beside or below a word.
//!
//! Owns the geometry of labels: a value stands behind its word, in the next cell of the line, or below it. Knows no field.

use pages::{Cell, Page};

use crate::labels::{self, Hit, Label, Strength};

/// Lines of a document; five hundred pages have fewer.
pub const LINES_MAX: usize = 40_000;
/// Bytes of the text of a document: words of fields are looked for in all of it.
pub const TEXT_BYTES_MAX: usize = 2 << 20;
/// Bytes of one cell; what is longer is no part of a form, and is passed over.
const CELL_BYTES_MAX: usize = 1_000;
/// Cells of one line; what stands beyond them is no part of a form, and is passed over.
const CELLS_MAX: usize = 64;
/// Lines below a word in which its value may stand.
const LINES_BELOW_MAX: usize = 4;
/// Points by which a value may stand outside the width of its word.
const ASIDE_MAX: i64 = 12;

/// A line with its number on its page.
pub struct Spot<'p> {
    /// From one.
    pub page: usize,
    /// From one, on its page.
    pub line: usize,
    /// The height of its largest letters, in points.
    pub size: i64,
    /// Its pieces of text, but for those too long to be part of a form.
    pub cells: Vec<&'p Cell>,
    /// The cells' texts in lower case, letter for letter in the same bytes.
    pub lower: Vec<String>,
}

/// All lines of a document.
pub struct Sheet<'p> {
    /// From top to bottom, page by page.
    pub spots: Vec<Spot<'p>>,
    marks: Vec<Mark>,
}

/// A word of a field, and where it stands.
#[derive(Clone, Copy)]
pub struct Mark {
    /// The word.
    pub hit: Hit,
    /// The line, by its place among all.
    pub spot: usize,
    /// The cell of the line.
    pub cell: usize,
}

/// Where a value may stand with respect to its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Behind it, or in a later cell of the line.
    Beside,
    /// In a line below.
    Below,
}

/// A text that may hold a value.
pub struct Place<'s> {
    /// The text.
    pub text: &'s str,
    /// Where it stands with respect to the word.
    pub side: Side,
    /// Its line, by its place among all.
    pub spot: usize,
}

impl<'p> Sheet<'p> {
    /// Finds all words of fields in a document; none where it passes a limit.
    pub fn new(pages: &'p [Page]) -> Option<Self> {
        let mut spots = Vec::new();
        let mut bytes_left = TEXT_BYTES_MAX;
        for (page, lines) in pages.iter().enumerate() {
            for (line, found) in lines.lines.iter().enumerate() {
                let cells = found.cells.iter().filter(|cell| cell.text.len() <= CELL_BYTES_MAX).take(CELLS_MAX);
                let cells: Vec<&Cell> = cells.collect();
                bytes_left = bytes_left.checked_sub(cells.iter().map(|cell| cell.text.len()).sum())?;
                let lower = cells.iter().map(|cell| lower(&cell.text)).collect();
                let (page, line, size) = (page + 1, line + 1, found.size);
                spots.push(Spot { page, line, size, cells, lower });
            }
        }
        if spots.len() > LINES_MAX {
            return None;
        }
        let mut marks = Vec::new();
        for (spot, found) in spots.iter().enumerate() {
            for (cell, text) in found.lower.iter().enumerate() {
                marks.extend(labels::hits(text).into_iter().map(|hit| Mark { hit, spot, cell }));
            }
        }
        Some(Self { spots, marks })
    }

    /// The words of a field, in the order of the document.
    pub fn marks(&self, label: Label) -> impl Iterator<Item = Mark> {
        self.marks.iter().copied().filter(move |mark| mark.hit.label == label)
    }

    /// The text behind a word in its own cell, up to the next word of another field.
    pub fn behind(&self, mark: Mark) -> &str {
        let text = &self.spots[mark.spot].cells[mark.cell].text;
        let others = self.marks_of(mark.spot).iter().filter(|other| other.cell == mark.cell);
        let end = others.map(|other| other.hit.start).filter(|start| *start >= mark.hit.end).min();
        text.get(mark.hit.end..end.unwrap_or(text.len())).unwrap_or_default()
    }

    /// The cells behind a word's own in its line, up to one with a word of its own.
    pub fn next_cells(&self, mark: Mark) -> impl Iterator<Item = Place<'_>> {
        let spot = &self.spots[mark.spot];
        let later = (mark.cell + 1..spot.cells.len()).take_while(move |cell| !self.is_marked(mark.spot, *cell));
        later.map(move |cell| Place { text: &spot.cells[cell].text, side: Side::Beside, spot: mark.spot })
    }

    /// The first cells below a word, one of each line, as far as they stand right below it.
    pub fn below(&self, mark: Mark) -> impl Iterator<Item = Place<'_>> {
        let (spot, (left, right)) = (&self.spots[mark.spot], self.width(mark));
        // A value below a weak word is far more often another's, unless the word heads a column.
        let lines = match mark.hit.strength {
            Strength::Strong => LINES_BELOW_MAX,
            Strength::Weak => usize::from(self.is_heading(mark)),
        };
        let under = move |cell: &&&Cell| cell.left <= right + ASIDE_MAX && cell.right + ASIDE_MAX >= left;
        let next = self.spots.iter().enumerate().skip(mark.spot + 1).take(lines);
        next.take_while(|(_, below)| below.page == spot.page).filter_map(move |(index, below)| {
            let cell = below.cells.iter().find(under)?;
            Some(Place { text: &cell.text, side: Side::Below, spot: index })
        })
    }

    /// Whether a word heads a column: its line has words of several fields, and no number but rates.
    pub fn is_heading(&self, mark: Mark) -> bool {
        let numbers = |cell: &&Cell| {
            let text = cell.text.replace(" %", "%");
            let mut words = text.split_whitespace();
            words.any(|word| word.contains(|letter: char| letter.is_ascii_digit()) && !word.contains('%'))
        };
        self.marks_of(mark.spot).len() > 1 && !self.spots[mark.spot].cells.iter().any(numbers)
    }

    /// From where to where a word stands, as far as the length of the text before it tells.
    fn width(&self, mark: Mark) -> (i64, i64) {
        let cell = self.spots[mark.spot].cells[mark.cell];
        let whole = i64::try_from(cell.text.len()).unwrap_or(1).max(1);
        let part = |at: usize| cell.left + (cell.right - cell.left) * i64::try_from(at).unwrap_or(0) / whole;
        (part(mark.hit.start), part(mark.hit.end))
    }

    fn is_marked(&self, spot: usize, cell: usize) -> bool {
        self.marks_of(spot).iter().any(|mark| mark.cell == cell)
    }

    /// The words of a line; they lie together, since they were found line by line.
    fn marks_of(&self, spot: usize) -> &[Mark] {
        let start = self.marks.partition_point(|mark| mark.spot < spot);
        let end = self.marks.partition_point(|mark| mark.spot <= spot);
        &self.marks[start..end]
    }

    /// Where something stands, for a person: which page and line, and by which word it was found.
    pub fn words(&self, spot: usize, by: Option<Mark>) -> String {
        let Spot { page, line, .. } = self.spots[spot];
        let Some(mark) = by else { return format!("page {page}, line {line}") };
        let label = self.spots[mark.spot].cells[mark.cell].text.get(mark.hit.start..mark.hit.end).unwrap_or_default();
        let side = if mark.spot == spot { "beside" } else { "below" };
        format!("page {page}, line {line}, {side} “{label}”")
    }
}

/// Lower case that keeps every letter's bytes where they were.
fn lower(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let mut small = letter.to_lowercase();
            match (small.next(), small.next()) {
                (Some(small), None) if small.len_utf8() == letter.len_utf8() => small,
                _ => letter,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use pages::Line;

    use super::*;

    fn line(texts: &[&str]) -> Line {
        let cell = |(at, text): (i64, &&str)| Cell { text: (*text).to_owned(), left: at * 100, right: at * 100 + 60 };
        Line { cells: (0..).zip(texts).map(cell).collect(), base: 0, size: 10 }
    }

    fn page(lines: Vec<Line>) -> Vec<Page> {
        vec![Page { lines }]
    }

    #[test]
    fn lines_text_and_cells_are_bounded() {
        assert!(Sheet::new(&page(vec![line(&["a"]); LINES_MAX])).is_some());
        assert!(Sheet::new(&page(vec![line(&["a"]); LINES_MAX + 1])).is_none());
        let long = "a".repeat(CELL_BYTES_MAX);
        let lines = TEXT_BYTES_MAX / CELL_BYTES_MAX;
        assert!(Sheet::new(&page(vec![line(&[&long]); lines])).is_some());
        assert!(Sheet::new(&page(vec![line(&[&long]); lines + 1])).is_none());
        let pages = page(vec![line(&["Total"; CELLS_MAX + 1]), line(&[&"a".repeat(CELL_BYTES_MAX + 1)])]);
        let sheet = Sheet::new(&pages).unwrap();
        assert_eq!((sheet.spots[0].cells.len(), sheet.spots[1].cells.len()), (CELLS_MAX, 0));
    }

    #[test]
    fn a_value_stands_behind_beside_or_below_its_word() {
        let pages = page(vec![
            line(&["Invoice no: 7", "Due date", "1 May 2026"]),
            line(&["Subtotal", "VAT 20 %"]),
            line(&["1", "2"]),
        ]);
        let sheet = Sheet::new(&pages).unwrap();
        let mark = |label| sheet.marks(label).next().unwrap();
        assert_eq!(sheet.behind(mark(Label::Number)), ": 7");
        let due = mark(Label::Due);
        assert_eq!(sheet.next_cells(due).map(|place| place.text).collect::<Vec<_>>(), ["1 May 2026"]);
        assert!(!sheet.is_heading(due) && sheet.is_heading(mark(Label::Tax)));
        assert_eq!(sheet.below(mark(Label::Tax)).map(|place| place.text).collect::<Vec<_>>(), ["2"]);
        assert_eq!(sheet.words(2, Some(mark(Label::Tax))), "page 1, line 3, below “VAT”");
    }
}
