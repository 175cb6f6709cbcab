//! The days of a benchmark, by number.
//!
//! Owns which of them banks work on: not weekends, not a few fixed holidays.

use kernel::Date;

/// The first day on which something may happen.
const FIRST: Date = Date::constant(2025, 1, 1);
/// Days before and after, so that lags and wrong dates have room.
pub(crate) const MARGIN: u32 = 90;
/// Month and day of the days on which banks rest.
const HOLIDAYS: &[(i8, i8)] = &[(1, 1), (5, 1), (12, 25), (12, 26)];

/// Days in a row, numbered from 0.
pub(crate) struct Days {
    dates: Vec<Date>,
    works: Vec<bool>,
    span: u32,
}

impl Days {
    pub(crate) fn new(span: u32) -> Self {
        let span = span.max(1);
        let mut date = FIRST;
        for _ in 0..MARGIN {
            date = date.yesterday().unwrap_or(date);
        }
        let mut dates = Vec::new();
        for _ in 0..span + 2 * MARGIN {
            dates.push(date);
            date = date.tomorrow().unwrap_or(date);
        }
        let works = dates.iter().map(|date| is_working(*date)).collect();
        Self { dates, works, span }
    }

    /// The numbers of the days on which something may happen.
    pub(crate) fn open(&self) -> std::ops::Range<u32> {
        MARGIN..MARGIN + self.span
    }

    pub(crate) fn date(&self, day: u32) -> Date {
        self.dates[self.place(day)]
    }

    /// The working day on a day or next after it.
    pub(crate) fn working_from(&self, day: u32) -> u32 {
        (day..self.dates.len() as u32).find(|day| self.works[self.place(*day)]).unwrap_or(day)
    }

    /// The working day on a day or last before it.
    pub(crate) fn working_until(&self, day: u32) -> u32 {
        (0..=day).rev().find(|day| self.works[self.place(*day)]).unwrap_or(day)
    }

    fn place(&self, day: u32) -> usize {
        (day as usize).min(self.dates.len() - 1)
    }
}

fn is_working(date: Date) -> bool {
    date.weekday().to_monday_one_offset() <= 5 && !HOLIDAYS.contains(&(date.month(), date.day()))
}
