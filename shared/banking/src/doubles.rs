//! Rows that tell again what another row of the same side tells.
//!
//! Owns that equal debits which come every week, and two equal purchases that both sides have, are none: only a row that
//! nothing on the other side is left for can be a double.

use crate::columns::Columns;
use crate::pairs::Free;

/// Days between a row and its double.
const DAYS: i32 = 4;

/// A row that is there twice.
pub(crate) struct Double {
    /// The one that is used.
    pub first: u32,
    /// The one too many, by its place.
    pub again: u32,
}

/// Finds doubles among rows that are free; what they double is used, or a double's own double.
pub(crate) fn find(columns: &Columns<'_>, free: &Free) -> Vec<Double> {
    let mut found = Vec::new();
    for at in (0..columns.len()).filter(|at| free[*at]) {
        let key = (columns.book[at], columns.minor[at]);
        let near = |there: &usize| {
            (columns.book[*there], columns.minor[*there]) == key
                && (columns.day[*there] - columns.day[at]).abs() <= DAYS
        };
        let before = (0..at).rev().take_while(near);
        let after = (at + 1..columns.len()).take_while(near);
        let first = before.chain(after).find(|there| !free[*there] && tells_the_same(columns, at, *there));
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        found.extend(first.map(|first| Double { first: place(first), again: place(at) }));
    }
    found
}

fn tells_the_same(columns: &Columns<'_>, at: usize, there: usize) -> bool {
    let alike = columns.name[at].alike(columns.name[there]).is_some_and(|alike| alike >= 180);
    alike || columns.refers_alike(at, columns, there) || columns.same_id(at, columns, there)
}
