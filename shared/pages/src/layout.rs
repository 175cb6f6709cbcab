//! Lines of text out of pieces with their places.
//!
//! Owns which pieces stand in one line, where a word ends and where a column does. Never changes the letters, but for
//! white space.

use crate::object::ONE;

/// Gaps, in millionths of the size of the letters: wider than the first parts words, than the second, columns.
const WORD_GAP: i64 = ONE / 6;
const CELL_GAP: i64 = 3 * ONE / 2;
/// Bases that differ by less are one line's.
const LINE_GAP: i64 = 2 * ONE / 5;

/// A piece of text as a page shows it. Lengths are millionths of a point.
pub(crate) struct Run {
    pub left: i64,
    pub right: i64,
    pub base: i64,
    pub size: i64,
    pub letters: String,
}

/// A line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From left to right; wide gaps part them.
    pub cells: Vec<Cell>,
    /// How far above the page's lower edge it stands, in points.
    pub base: i64,
    /// The height of its largest letters, in points.
    pub size: i64,
}

/// Text without a wide gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Words with single spaces between them.
    pub text: String,
    /// Where it begins, in points from the left.
    pub left: i64,
    /// Where it ends.
    pub right: i64,
}

impl Line {
    /// All of the line, with two spaces between its cells.
    pub fn text(&self) -> String {
        self.cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join("  ")
    }
}

/// The lines of a page from top to bottom.
pub(crate) fn lines(mut runs: Vec<Run>) -> Vec<Line> {
    runs.retain(|run| !run.letters.trim().is_empty());
    runs.sort_by(|one, other| other.base.cmp(&one.base).then(one.left.cmp(&other.left)));
    let mut lines = Vec::<Vec<Run>>::new();
    for run in runs {
        let near =
            |line: &Vec<Run>| line.first().is_some_and(|first| first.base - run.base <= gap(first, &run, LINE_GAP));
        match lines.last_mut() {
            Some(line) if near(line) => line.push(run),
            _ => lines.push(vec![run]),
        }
    }
    lines.into_iter().map(line).collect()
}

fn gap(one: &Run, other: &Run, part: i64) -> i64 {
    let size = i128::from(one.size.min(other.size));
    i64::try_from(size * i128::from(part) / i128::from(ONE)).unwrap_or(i64::MAX)
}

fn line(mut runs: Vec<Run>) -> Line {
    runs.sort_by_key(|run| run.left);
    let base = runs.first().map_or(0, |run| run.base / ONE);
    let size = runs.iter().map(|run| run.size / ONE).max().unwrap_or(0);
    let mut cells = Vec::<Cell>::new();
    let mut last: Option<Run> = None;
    for run in runs {
        let between = last.as_ref().map_or(i64::MAX, |last| run.left - last.right);
        let wide = last.as_ref().is_none_or(|last| between > gap(last, &run, CELL_GAP));
        let apart = last.as_ref().is_some_and(|last| between > gap(last, &run, WORD_GAP));
        // Bold text is drawn twice at almost the same place by some programs.
        let twice = last.as_ref().is_some_and(|last| last.letters == run.letters && run.left - last.left < ONE);
        if twice {
            continue;
        }
        match cells.last_mut() {
            Some(cell) if !wide => {
                if apart {
                    cell.text.push(' ');
                }
                cell.text.push_str(&run.letters);
                cell.right = cell.right.max(run.right / ONE);
            }
            _ => cells.push(Cell { text: run.letters.clone(), left: run.left / ONE, right: run.right / ONE }),
        }
        last = Some(run);
    }
    for cell in &mut cells {
        cell.text = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    Line { cells, base, size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(left: i64, right: i64, base: i64, letters: &str) -> Run {
        let (left, right, base) = (left * ONE, right * ONE, base * ONE);
        Run { left, right, base, size: 10 * ONE, letters: letters.to_owned() }
    }

    #[test]
    fn pieces_become_words_cells_and_lines_in_reading_order() {
        let runs = vec![
            run(300, 340, 698, "119.00"),
            run(50, 60, 700, "To"),
            run(60, 75, 700, "tal"),
            run(80, 110, 700, "due"),
            run(50, 90, 720, "Invoice"),
            run(50, 90, 720, "Invoice"),
            run(0, 9, 0, "  "),
        ];
        let text: Vec<String> = lines(runs).iter().map(Line::text).collect();
        assert_eq!(text, ["Invoice", "Total due  119.00"]);
    }
}
