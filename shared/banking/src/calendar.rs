//! Rows by account, currency and day, so that those around a day are found without looking at others.
//!
//! Owns how many are looked at: where very many rows stand around one day, the nearest are.

use std::ops::RangeInclusive;

use crate::columns::Columns;
use crate::pairs::Free;

/// Free rows of a side.
pub(crate) struct Calendar {
    rows: Vec<Entry>,
}

/// One row: its account and currency, its day, its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    book: u32,
    /// Days since 1970.
    pub day: i32,
    /// Place on its side.
    pub at: u32,
}

impl Calendar {
    /// Of those rows of a side that are free.
    pub(crate) fn of(columns: &Columns<'_>, free: &Free) -> Self {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let open = (0..columns.len()).filter(|at| free[*at]);
        let mut rows: Vec<Entry> =
            open.map(|at| Entry { book: columns.book[at], day: columns.day[at], at: place(at) }).collect();
        rows.sort_unstable();
        Self { rows }
    }

    /// The rows whose days are within a span around a day, of more than `most` the nearest; and whether there were more.
    pub(crate) fn around(&self, book: u32, day: i32, span: RangeInclusive<i32>, most: usize) -> (&[Entry], bool) {
        let before = |days: i32| self.rows.partition_point(|row| (row.book, row.day) < (book, day + days));
        let (start, end) = (before(*span.start()), before(*span.end() + 1));
        if end - start <= most {
            return (&self.rows[start..end], false);
        }
        let start = (before(0).saturating_sub(most / 2)).clamp(start, end - most);
        (&self.rows[start..start + most], true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m31_rows_around_a_day_are_few_and_the_nearest() {
        let entry = |day: i32| Entry { book: 1, day, at: day.unsigned_abs() };
        let others = [Entry { book: 0, day: 50, at: 0 }, Entry { book: 2, day: 50, at: 0 }];
        let mut rows: Vec<Entry> = (0..100).map(entry).chain(others).collect();
        rows.sort_unstable();
        let calendar = Calendar { rows };
        let days = |span, most| {
            let (found, capped) = calendar.around(1, 50, span, most);
            (found.first().map(|row| row.day), found.last().map(|row| row.day), capped)
        };
        assert_eq!(days(-14..=3, 18), (Some(36), Some(53), false));
        assert_eq!(days(-14..=3, 8), (Some(46), Some(53), true));
        assert_eq!(days(60..=70, 8), (None, None, false));
    }
}
