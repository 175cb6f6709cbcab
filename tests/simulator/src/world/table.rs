//! The Table port in memory, with DynamoDB's limits and its bill.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::Timestamp;
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
    units_by_kind: BTreeMap<String, u64>,
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
const TRANSACTION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// DynamoDB's longest keys.
const PARTITION_BYTES_MAX: usize = 2048;
const SORT_BYTES_MAX: usize = 1024;

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

    /// Write units spent on partitions whose key begins with this kind, such as `mirror`.
    pub fn write_units_of(&self, kind: &str) -> u64 {
        self.rows().units_by_kind.get(kind).copied().unwrap_or(0)
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
    // Names and values of version, body and the call that wrote it.
    keys + 1 + 8 + 4 + body.len() + 1 + 8 + if ttl { 3 + 8 } else { 0 }
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

    fn bill(&mut self, write: &Write, times: u64) {
        let units = times * self.cost(write);
        let kind = write.key().partition.split('#').next().unwrap_or_default();
        self.used.writes += 1;
        self.used.write_units += units;
        *self.units_by_kind.entry(kind.to_owned()).or_default() += units;
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Put { key, guard, body, expires_at } => {
                // DynamoDB's stamp counts seconds.
                let expires_at = expires_at.and_then(|at| Timestamp::from_second(at.as_second()).ok());
                let row = Row { key: key.clone(), version: guard.next_version(), body, expires_at };
                self.rows.insert(key, row);
            }
            Write::Delete { key, .. } => {
                self.rows.remove(&key);
            }
        }
    }
}

fn written_bytes(write: &Write) -> usize {
    match write {
        Write::Put { key, body, expires_at, .. } => item_bytes(key, body, expires_at.is_some()),
        Write::Delete { key, .. } => 4 + key.partition.len() + key.sort.len(),
    }
}

fn refuse<T>(reason: &str) -> Result<T, TableError> {
    Err(TableError::Refused(reason.into()))
}

fn refuse_malformed(partition: &str, sort: &str) -> Result<(), TableError> {
    let fit = (1..=PARTITION_BYTES_MAX).contains(&partition.len()) && (1..=SORT_BYTES_MAX).contains(&sort.len());
    if fit { Ok(()) } else { refuse("a key is empty or too long") }
}

fn refuse_unfit(write: &Write) -> Result<(), TableError> {
    refuse_malformed(&write.key().partition, &write.key().sort)?;
    if written_bytes(write) > ITEM_BYTES_MAX {
        return refuse("item size has exceeded the maximum allowed size");
    }
    Ok(())
}

#[async_trait]
impl Table for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Row>, TableError> {
        self.live(|rows| {
            refuse_malformed(&key.partition, &key.sort)?;
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
                return refuse("provided list of item keys contains duplicates");
            }
            keys.iter().try_for_each(|key| refuse_malformed(&key.partition, &key.sort))?;
            Ok(keys.iter().filter_map(|key| rows.rows.get(key).cloned()).collect())
        })
    }

    async fn query(&self, query: &Query) -> Result<RowPage, TableError> {
        self.live(|rows| {
            rows.used.reads += 1;
            refuse_malformed(&query.partition, &query.from)?;
            if query.from > query.to || query.limit == 0 {
                return refuse("BETWEEN needs its bounds in order, and a limit is at least 1");
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
            // DynamoDB stops at the limit without looking whether anything is behind it.
            let more = count < found.len() || count == query.limit;
            Ok(RowPage { more, rows: found.into_iter().take(count).collect() })
        })
    }

    async fn write(&self, write: Write) -> Result<Written, TableError> {
        self.live(|rows| {
            refuse_unfit(&write)?;
            rows.bill(&write, 1);
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
            if keys.len() != writes.len() || !(1..=TRANSACTION_MAX).contains(&writes.len()) {
                return refuse("a transaction holds 1 to 100 different items");
            }
            writes.iter().try_for_each(refuse_unfit)?;
            if writes.iter().map(written_bytes).sum::<usize>() > TRANSACTION_BYTES_MAX {
                return refuse("a transaction holds at most 4 MB");
            }
            writes.iter().for_each(|write| rows.bill(write, 2));
            if let Some(failed) = writes.iter().find(|write| !rows.holds(write.key(), Rows::guard_of(write))) {
                return Ok(Written::Conflict(rows.rows.get(failed.key()).cloned()));
            }
            writes.into_iter().for_each(|write| rows.apply(write));
            Ok(Written::Stored)
        })
    }
}
