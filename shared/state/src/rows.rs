//! Typed rows: JSON in, JSON out, with the version that was read.

use kernel::{Timestamp, place_of};
use ports::{Direction, Guard, Key, Query, Row, Table, TableError, Write, Written};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row as a value, with the version that its next write must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    /// What the row holds.
    pub value: T,
    /// The version read.
    pub version: u64,
}

impl<T> Stored<T> {
    /// The guard that the next write of this row needs.
    pub fn guard(&self) -> Guard {
        Guard::Version(self.version)
    }
}

/// Why a typed read or write did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table did not answer, refused, or holds something unreadable.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Somebody else wrote the row in between, more often than we retry.
    #[error("the row {sort} is written by others all the time")]
    Contended {
        /// Its sort key.
        sort: String,
    },
}

/// Reads a row's JSON as `T`.
pub fn read_row<T: DeserializeOwned>(row: &Row) -> Result<Stored<T>, TableError> {
    match serde_json::from_str(&row.body) {
        Ok(value) => Ok(Stored { value, version: row.version }),
        Err(error) => Err(TableError::Corrupt { sort: row.key.sort.clone(), reason: place_of(&error) }),
    }
}

/// Reads the row under a key.
pub async fn load<T: DeserializeOwned>(table: &dyn Table, key: &Key) -> Result<Option<Stored<T>>, TableError> {
    table.get(key).await?.as_ref().map(read_row).transpose()
}

/// A write of a typed row, for single use or in a transaction.
pub fn put<T: Serialize>(key: Key, guard: Guard, value: &T, expires_at: Option<Timestamp>) -> Write {
    // Rows are plain structs with text keys, for which serialisation has no failing case.
    let body = serde_json::to_string(value).expect("rows are structs with text keys");
    Write::Put { key, guard, body, expires_at }
}

/// Stores a row where none is. `None` when there is one already.
pub async fn create<T: Serialize>(
    table: &dyn Table,
    key: Key,
    value: &T,
    expires_at: Option<Timestamp>,
) -> Result<Option<u64>, TableError> {
    match table.write(put(key, Guard::Absent, value, expires_at)).await? {
        Written::Stored => Ok(Some(1)),
        Written::Conflict(_) => Ok(None),
    }
}

/// Replaces a row of the version that was read. `None` when somebody else wrote it since.
pub async fn replace<T: Serialize>(
    table: &dyn Table,
    key: Key,
    version: u64,
    value: &T,
    expires_at: Option<Timestamp>,
) -> Result<Option<u64>, TableError> {
    match table.write(put(key, Guard::Version(version), value, expires_at)).await? {
        Written::Stored => Ok(Some(version + 1)),
        Written::Conflict(_) => Ok(None),
    }
}

/// Rows read at once of a range.
const RANGE_ROWS_AT_ONCE: usize = 1_000;

/// Every row of a partition from one sort key to another, both included, up to a bound.
pub async fn read_range(
    table: &dyn Table,
    partition: String,
    from: String,
    to: String,
    rows_max: usize,
) -> Result<Vec<Row>, TableError> {
    let limit = RANGE_ROWS_AT_ONCE.min(rows_max);
    let mut query = Query { partition, from, to, direction: Direction::Forward, limit };
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let page = table.query(&query).await?;
        rows.extend(page.rows);
        match rows.last() {
            // A NUL is the smallest text behind the last key.
            Some(last) if page.more && rows.len() < rows_max => query.from = format!("{}\0", last.key.sort),
            _ => break,
        }
    }
    rows.truncate(rows_max);
    Ok(rows)
}

/// Most attempts of [`edit`] before it reports contention.
const EDIT_ATTEMPTS_MAX: u32 = 8;

/// Reads, changes and writes a row until nobody came in between.
///
/// `change` sees the row or `None` and answers the new value, or `None` to leave everything as it is; it may run
/// several times. Answers what is stored afterwards.
pub async fn edit<T, F>(
    table: &dyn Table,
    key: &Key,
    expires_at: Option<Timestamp>,
    mut change: F,
) -> Result<Option<Stored<T>>, StoreError>
where
    T: Serialize + DeserializeOwned,
    F: FnMut(Option<&T>) -> Option<T>,
{
    let mut found: Option<Stored<T>> = load(table, key).await?;
    for _ in 0..EDIT_ATTEMPTS_MAX {
        let Some(value) = change(found.as_ref().map(|stored| &stored.value)) else { return Ok(found) };
        let guard = found.as_ref().map_or(Guard::Absent, Stored::guard);
        match table.write(put(key.clone(), guard, &value, expires_at)).await? {
            Written::Stored => return Ok(Some(Stored { value, version: guard.next_version() })),
            Written::Conflict(Some(row)) => found = Some(read_row(&row)?),
            Written::Conflict(None) => found = load(table, key).await?,
        }
    }
    Err(StoreError::Contended { sort: key.sort.clone() })
}
