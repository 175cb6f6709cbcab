//! One kind of record of an organisation: found by id, listed in Xero's default order, undone as a whole.
//!
//! Owns the order (`UpdatedDateUTC`, then id), kept sorted so that a page costs its own length and not the shelf's.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// What a shelf must know of a record.
pub(super) trait Record: Clone {
    fn id(&self) -> Uuid;
    /// Milliseconds since 1970 of `UpdatedDateUTC`.
    fn updated(&self) -> i64;
    fn stamp(&mut self, now_ms: i64);
}

type Rank = (i64, Uuid, u32);

/// Records of one kind.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    rows: Vec<T>,
    spots: HashMap<Uuid, u32>,
    order: Vec<Rank>,
    /// What to put back, newest last: the row as it was, or nothing for a row that was added.
    undo: Option<Vec<(u32, Option<T>)>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), spots: HashMap::new(), order: Vec::new(), undo: None }
    }
}

/// The rows alone: where they lie and their order follow from them.
impl<T: Serialize> Serialize for Shelf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, T: Record + Deserialize<'de>> Deserialize<'de> for Shelf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut shelf = Self::default();
        shelf.load(Vec::deserialize(deserializer)?);
        Ok(shelf)
    }
}

impl<T: Record> Shelf<T> {
    /// Adds many at once, sorting once.
    pub(super) fn load(&mut self, rows: Vec<T>) {
        self.spots.reserve(rows.len());
        for row in rows {
            let spot = self.rows.len() as u32;
            self.spots.insert(row.id(), spot);
            self.order.push((row.updated(), row.id(), spot));
            self.rows.push(row);
        }
        self.order.sort_unstable();
    }

    pub(super) fn add(&mut self, row: T) {
        let spot = self.rows.len() as u32;
        if let Some(undo) = &mut self.undo {
            undo.push((spot, None));
        }
        self.spots.insert(row.id(), spot);
        self.rank((row.updated(), row.id(), spot));
        self.rows.push(row);
    }

    pub(super) fn find(&self, id: Uuid) -> Option<&T> {
        self.spots.get(&id).map(|spot| &self.rows[*spot as usize])
    }

    /// Changes a record; with a time it also moves to the end of the default order.
    pub(super) fn change<R>(&mut self, id: Uuid, now_ms: Option<i64>, edit: impl FnOnce(&mut T) -> R) -> Option<R> {
        let spot = *self.spots.get(&id)?;
        let row = &mut self.rows[spot as usize];
        if let Some(undo) = &mut self.undo {
            undo.push((spot, Some(row.clone())));
        }
        let before = row.updated();
        let result = edit(row);
        if let Some(now_ms) = now_ms {
            // Two changes within one millisecond still leave a later trace than the first.
            row.stamp(now_ms.max(before));
            let after = row.updated();
            self.unrank((before, id, spot));
            self.rank((after, id, spot));
        }
        Some(result)
    }

    fn rank(&mut self, rank: Rank) {
        let at = self.order.partition_point(|have| *have < rank);
        self.order.insert(at, rank);
    }

    fn unrank(&mut self, rank: Rank) {
        if let Ok(at) = self.order.binary_search(&rank) {
            self.order.remove(at);
        }
    }

    /// Records changed at or after the instant, in default order.
    pub(super) fn since(&self, from_ms: i64) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        let at = self.order.partition_point(|(updated, ..)| *updated < from_ms);
        self.order[at..].iter().map(|(_, _, spot)| &self.rows[*spot as usize])
    }

    /// All records in default order.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.since(i64::MIN)
    }

    /// One page of the records changed since, and how many there are in all. Costs the page, not the shelf.
    pub(super) fn page(&self, from_ms: i64, skip: usize, take: usize) -> (Vec<&T>, usize) {
        let at = self.order.partition_point(|(updated, ..)| *updated < from_ms);
        let ranks = &self.order[at..];
        let start = skip.min(ranks.len());
        let end = start.saturating_add(take).min(ranks.len());
        let rows = ranks[start..end].iter().map(|(_, _, spot)| &self.rows[*spot as usize]).collect();
        (rows, ranks.len())
    }

    /// From here on every change can be taken back.
    pub(super) fn begin(&mut self) {
        self.undo = Some(Vec::new());
    }

    /// Keeps what changed since `begin`.
    pub(super) fn keep(&mut self) {
        self.undo = None;
    }

    /// Takes back what changed since `begin`.
    pub(super) fn roll_back(&mut self) {
        for (spot, before) in self.undo.take().unwrap_or_default().into_iter().rev() {
            let now = &self.rows[spot as usize];
            let rank = (now.updated(), now.id(), spot);
            self.unrank(rank);
            match before {
                Some(row) => {
                    self.rank((row.updated(), row.id(), spot));
                    self.rows[spot as usize] = row;
                }
                None => {
                    self.spots.remove(&rank.1);
                    self.rows.pop();
                }
            }
        }
    }
}
