//! The Table port in memory, with DynamoDB's limits and its bill.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::{Direction, Guard, Key, Query, Row, RowPage, Table, TableError, Write, Written};

use super::faults::{Faults, Verdict, crash};

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableUse {
    /// Write units: one for each started KB, two in a transaction, one for a refused condition too.
    pub write_units: u64,
    /// Writes asked for.
    pub writes: u64,
    /// Reads asked for.
    pub reads: u64,
}

#[derive(Default)]
struct Rows {
    rows: BTreeMap<Key, Row>,
    used: TableUse,
}

/// The table.
pub struct MemoryTable {
    inner: Mutex<Rows>,
    faults: Arc<Faults>,
}

/// DynamoDB's largest item.
const ITEM_BYTES_MAX: usize = 400 * 1024;
/// DynamoDB's largest answer to a query.
const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// DynamoDB's largest transaction.
const TRANSACTION_MAX: usize = 100;

impl MemoryTable {
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        Self { inner: Mutex::default(), faults }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was used so far.
    pub fn used(&self) -> TableUse {
        self.rows().used
    }

    /// Every row, for looking at what is stored; not counted.
    pub fn dump(&self) -> Vec<Row> {
        self.rows().rows.values().cloned().collect()
    }

    fn live<T>(&self, act: impl FnOnce(&mut Rows) -> Result<T, TableError>) -> Result<T, TableError> {
        let verdict = self.faults.judge();
        if verdict == Verdict::Dead {
            return Err(TableError::Unavailable(crash()));
        }
        let outcome = act(&mut self.rows());
        if verdict == Verdict::LoseAnswer { Err(TableError::Unavailable(crash())) } else { outcome }
    }
}

/// Bytes of an item as DynamoDB counts them: names and values.
fn item_bytes(key: &Key, body: &str, ttl: bool) -> usize {
    let keys = 4 + key.partition.len() + key.sort.len();
    keys + 1 + 8 + 4 + body.len() + if ttl { 3 + 8 } else { 0 }
}

fn units(bytes: usize) -> u64 {
    bytes.div_ceil(1024).max(1) as u64
}

impl Rows {
    fn holds(&self, key: &Key, guard: Guard) -> bool {
        match (self.rows.get(key), guard) {
            (None, Guard::Absent) => true,
            (Some(row), Guard::Version(version)) => row.version == version,
            _ => false,
        }
    }

    fn guard_of(write: &Write) -> Guard {
        match write {
            Write::Put { guard, .. } | Write::Delete { guard, .. } => *guard,
        }
    }

    fn cost(&self, write: &Write) -> u64 {
        let before =
            self.rows.get(write.key()).map_or(0, |row| item_bytes(&row.key, &row.body, row.expires_at.is_some()));
        let after = match write {
            Write::Put { key, body, expires_at, .. } => item_bytes(key, body, expires_at.is_some()),
            Write::Delete { .. } => 0,
        };
        units(before.max(after))
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Put { key, guard, body, expires_at } => {
                let row = Row { key: key.clone(), version: guard.next_version(), body, expires_at };
                self.rows.insert(key, row);
            }
            Write::Delete { key, .. } => {
                self.rows.remove(&key);
            }
        }
    }
}

fn refuse_oversized(write: &Write) -> Result<(), TableError> {
    match write {
        Write::Put { key, body, .. } if item_bytes(key, body, true) > ITEM_BYTES_MAX => {
            Err(TableError::Refused("item size has exceeded the maximum allowed size".into()))
        }
        _ => Ok(()),
    }
}

#[async_trait]
impl Table for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Row>, TableError> {
        self.live(|rows| {
            rows.used.reads += 1;
            Ok(rows.rows.get(key).cloned())
        })
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Row>, TableError> {
        self.live(|rows| {
            rows.used.reads += 1;
            let mut distinct: Vec<&Key> = keys.iter().collect();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.len() != keys.len() {
                return Err(TableError::Refused("provided list of item keys contains duplicates".into()));
            }
            Ok(keys.iter().filter_map(|key| rows.rows.get(key).cloned()).collect())
        })
    }

    async fn query(&self, query: &Query) -> Result<RowPage, TableError> {
        self.live(|rows| {
            rows.used.reads += 1;
            if query.from > query.to {
                return Err(TableError::Refused("the BETWEEN operator requires upper bound to be greater".into()));
            }
            let bound = |sort: &str| Bound::Included(Key { partition: query.partition.clone(), sort: sort.to_owned() });
            let range = rows.rows.range((bound(&query.from), bound(&query.to))).map(|(_, row)| row.clone());
            let found: Vec<Row> = match query.direction {
                Direction::Forward => range.collect(),
                Direction::Backward => range.rev().collect(),
            };
            let mut bytes = 0;
            let fits = |row: &&Row| {
                bytes += item_bytes(&row.key, &row.body, row.expires_at.is_some());
                bytes <= PAGE_BYTES_MAX
            };
            let count = found.iter().take(query.limit).take_while(fits).count().max(usize::from(!found.is_empty()));
            Ok(RowPage { more: count < found.len(), rows: found.into_iter().take(count).collect() })
        })
    }

    async fn write(&self, write: Write) -> Result<Written, TableError> {
        self.live(|rows| {
            refuse_oversized(&write)?;
            rows.used.writes += 1;
            rows.used.write_units += rows.cost(&write);
            if !rows.holds(write.key(), Rows::guard_of(&write)) {
                return Ok(Written::Conflict(rows.rows.get(write.key()).cloned()));
            }
            rows.apply(write);
            Ok(Written::Stored)
        })
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Written, TableError> {
        self.live(|rows| {
            let mut keys: Vec<&Key> = writes.iter().map(Write::key).collect();
            keys.sort_unstable();
            keys.dedup();
            if keys.len() != writes.len() || writes.len() > TRANSACTION_MAX {
                return Err(TableError::Refused("a transaction holds up to 100 different items".into()));
            }
            writes.iter().try_for_each(refuse_oversized)?;
            rows.used.writes += writes.len() as u64;
            rows.used.write_units += writes.iter().map(|write| 2 * rows.cost(write)).sum::<u64>();
            if let Some(failed) = writes.iter().find(|write| !rows.holds(write.key(), Rows::guard_of(write))) {
                return Ok(Written::Conflict(rows.rows.get(failed.key()).cloned()));
            }
            writes.into_iter().for_each(|write| rows.apply(write));
            Ok(Written::Stored)
        })
    }
}
