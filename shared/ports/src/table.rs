//! The one table: versioned rows under a partition and a sort key.
//!
//! A row is its key, a version and a JSON text. Every write states what it expects to find; there is no blind write.

use async_trait::async_trait;
use kernel::Timestamp;

/// Where a row lives. Grammar and builders are in `state`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition key: rows that are read together.
    pub partition: String,
    /// Sort key: order within the partition, by bytes.
    pub sort: String,
}

/// A stored row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it lives.
    pub key: Key,
    /// 1 when created, one more at each write.
    pub version: u64,
    /// JSON text, at most 390 KB.
    pub body: String,
    /// When DynamoDB may drop it. Deletion is up to 48 hours late, so readers compare this as well.
    pub expires_at: Option<Timestamp>,
}

/// What a write expects to find under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// No row.
    Absent,
    /// A row of this very version.
    Version(u64),
}

impl Guard {
    /// The version the row has after a write under this guard.
    pub fn next_version(self) -> u64 {
        match self {
            Guard::Absent => 1,
            Guard::Version(version) => version + 1,
        }
    }
}

/// One conditional change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Stores a whole row.
    Put {
        /// Where.
        key: Key,
        /// What must be there now.
        guard: Guard,
        /// The new JSON text.
        body: String,
        /// When it may be dropped.
        expires_at: Option<Timestamp>,
    },
    /// Removes a row.
    Delete {
        /// Where.
        key: Key,
        /// What must be there now.
        guard: Guard,
    },
}

impl Write {
    /// The key this change is for.
    pub fn key(&self) -> &Key {
        match self {
            Write::Put { key, .. } | Write::Delete { key, .. } => key,
        }
    }
}

/// What became of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Stored, durably.
    Stored,
    /// The guard did not hold; nothing changed. Carries the row that is there, if the adapter saw it.
    Conflict(Option<Row>),
}

/// Which way a query walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Ascending sort keys.
    Forward,
    /// Descending sort keys.
    Backward,
}

/// A range of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The partition.
    pub partition: String,
    /// First sort key, inclusive.
    pub from: String,
    /// Last sort key, inclusive.
    pub to: String,
    /// Which way.
    pub direction: Direction,
    /// Most rows wanted; the answer may hold fewer and still have more behind it.
    pub limit: usize,
}

/// One answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPage {
    /// The rows, in the query's direction.
    pub rows: Vec<Row>,
    /// True when rows of the range were left: ask again from behind the last one.
    pub more: bool,
}

/// Why the table did not answer. A write that failed so may have happened; versions make the repetition safe.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Throttled, timed out or unreachable.
    #[error("the table is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Refused for good: too large, malformed, not allowed.
    #[error("the table refused the request")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored row that this code cannot read.
    #[error("the row {sort} cannot be read: {reason}")]
    Corrupt {
        /// Its sort key.
        sort: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The table.
#[async_trait]
pub trait Table: Send + Sync {
    /// Reads one row, strongly consistent.
    async fn get(&self, key: &Key) -> Result<Option<Row>, TableError>;
    /// Reads many rows, strongly consistent, in any order; absent ones are left out. No two keys alike.
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Row>, TableError>;
    /// Reads a range of a partition, strongly consistent.
    async fn query(&self, query: &Query) -> Result<RowPage, TableError>;
    /// Makes one conditional change: one write unit per started KB.
    async fn write(&self, write: Write) -> Result<Written, TableError>;
    /// Makes up to 100 changes together or none of them; each costs two units per started KB. No two on one key.
    async fn transact(&self, writes: Vec<Write>) -> Result<Written, TableError>;
}
