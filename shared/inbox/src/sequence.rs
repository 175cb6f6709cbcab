//! Sequence numbers: each app's deliveries count on, so a number that stays missing is a delivery that was lost.
//!
//! Deliveries overtake each other, so a gap only counts once it has stood for some minutes. The answer to a gap is an
//! earlier pull of the app's organisations, since nobody knows whose events were lost.

use std::time::Duration;

use kernel::Timestamp;
use ports::{Direction, Query, Table, TableError};
use serde::{Deserialize, Serialize};
use state::{StoreError, edit, keys, read_row};

/// Where one app's numbers stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// The app.
    pub app: String,
    /// The highest number seen.
    pub last: u64,
    /// Missing numbers, first and last, and since when.
    pub gaps: Vec<(u64, u64, Timestamp)>,
    /// Numbers seen in a row far below `last`: Xero counts anew after a subscription is made again.
    pub anew: Option<(u64, u32)>,
}

/// A gap that stands for this long is a loss.
const GAP_PATIENCE: Duration = Duration::from_secs(120);
/// More gaps than this are one loss.
const GAPS_MAX: usize = 50;
/// Deliveries in a row after which counting anew is believed.
const ANEW_AFTER: u32 = 5;

impl Sequence {
    /// Notes a delivery's numbers. Answers whether anything changed.
    pub fn note(&mut self, first: u64, last: u64, now: Timestamp) -> bool {
        if first == 0 || last < first {
            return false;
        }
        if self.last == 0 || first == self.last + 1 {
            self.last = last;
            self.anew = None;
            return true;
        }
        if first > self.last {
            self.gaps.push((self.last + 1, first - 1, now));
            if self.gaps.len() > GAPS_MAX {
                let (from, _, since) = self.gaps[0];
                self.gaps = vec![(from, first - 1, since)];
            }
            self.last = last;
            return true;
        }
        self.fill(first, last) || self.count_anew(first, last)
    }

    /// A late delivery closes its gap.
    fn fill(&mut self, first: u64, last: u64) -> bool {
        let before = self.gaps.clone();
        let without = |(from, to, since): &(u64, u64, Timestamp)| {
            let left = (*from < first).then(|| (*from, (*to).min(first - 1), *since));
            let right = (*to > last).then(|| ((*from).max(last + 1), *to, *since));
            [left, right].into_iter().flatten().collect::<Vec<_>>()
        };
        self.gaps = before.iter().flat_map(without).collect();
        self.gaps != before
    }

    fn count_anew(&mut self, first: u64, last: u64) -> bool {
        let seen = match self.anew {
            Some((next, seen)) if next == first => seen + 1,
            // A repetition of what was just seen.
            Some((next, _)) if next == last + 1 => return false,
            _ => 1,
        };
        if seen >= ANEW_AFTER {
            *self = Self { app: self.app.clone(), last, ..Self::default() };
        } else {
            self.anew = Some((last + 1, seen));
        }
        true
    }

    fn overdue(&self, now: Timestamp) -> bool {
        self.gaps.iter().any(|(_, _, since)| now.duration_since(*since).unsigned_abs() >= GAP_PATIENCE)
    }
}

/// Notes the numbers of a delivery.
pub async fn note_sequence(
    table: &dyn Table,
    app: &str,
    first: u64,
    last: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    change(table, app, |sequence| sequence.note(first, last, now)).await
}

/// Notes a delivery that could not be read: as good as lost.
pub async fn note_unread(table: &dyn Table, app: &str, now: Timestamp) -> Result<(), StoreError> {
    change(table, app, |sequence| {
        sequence.gaps.push((sequence.last, sequence.last, now));
        true
    })
    .await
}

async fn change(table: &dyn Table, app: &str, mut step: impl FnMut(&mut Sequence) -> bool) -> Result<(), StoreError> {
    edit(table, &keys::webhook_sequence(app), None, |found: Option<&Sequence>| {
        let mut sequence = found.cloned().unwrap_or_else(|| Sequence { app: app.to_owned(), ..Sequence::default() });
        step(&mut sequence).then_some(sequence)
    })
    .await?;
    Ok(())
}

/// The apps that lost deliveries. Reported again until [`forget_gaps`] says that their organisations are pulled.
pub async fn overdue_apps(table: &dyn Table, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let query = Query {
        partition: keys::WEBHOOK_SEQUENCES.to_owned(),
        from: "!".to_owned(),
        to: keys::LAST.to_owned(),
        direction: Direction::Forward,
        limit: 100,
    };
    let rows = table.query(&query).await?.rows;
    let sequences: Result<Vec<Sequence>, TableError> =
        rows.iter().map(|row| read_row(row).map(|stored| stored.value)).collect();
    let overdue = sequences?.into_iter().filter(|sequence| sequence.overdue(now));
    Ok(overdue.map(|sequence| sequence.app).collect())
}

/// Forgets the gaps that were overdue then, once every organisation of the app is asked to be pulled.
pub async fn forget_gaps(table: &dyn Table, app: &str, then: Timestamp) -> Result<(), StoreError> {
    tracing::warn!(app = %app, "Webhooks were lost; organisations of this app are pulled early");
    change(table, app, |sequence| {
        let before = sequence.gaps.len();
        sequence.gaps.retain(|(_, _, since)| then.duration_since(*since).unsigned_abs() < GAP_PATIENCE);
        sequence.gaps.len() < before
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + secs).unwrap()
    }

    fn after(numbers: &[(u64, u64)]) -> Sequence {
        let mut sequence = Sequence::default();
        for (first, last) in numbers {
            sequence.note(*first, *last, at(0));
        }
        sequence
    }

    #[test]
    fn a_gap_counts_only_once_it_has_stood_for_minutes() {
        let sequence = after(&[(5, 5), (8, 9)]);
        assert_eq!(sequence.gaps, [(6, 7, at(0))]);
        assert!(!sequence.overdue(at(60)) && sequence.overdue(at(120)));
    }

    #[test]
    fn deliveries_out_of_order_and_twice_leave_no_gap() {
        assert!(after(&[(5, 5), (7, 7), (6, 6), (7, 7), (6, 6)]).gaps.is_empty());
        assert_eq!(after(&[(1, 1), (10, 10), (4, 5)]).gaps, [(2, 3, at(0)), (6, 9, at(0))]);
        assert_eq!(after(&[(0, 0)]), Sequence::default());
    }

    #[test]
    fn counting_anew_is_believed_after_some_deliveries() {
        let sequence = after(&[(900, 900), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
        assert_eq!((sequence.last, sequence.gaps.len()), (5, 0));
    }
}
