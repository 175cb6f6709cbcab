//! Keeping a copy of each organisation in step with Xero.
//!
//! Owns the plan of what to read, cursors, the run log and open problems; writes the mirror. Webhooks and schedules only
//! wake it; what to read is decided from stored state, and both end in the same code. A cursor never passes a record
//! that is not applied.

pub mod head;
pub mod problems;

mod catch_up;
mod due;
mod events;
mod facts;
mod pass;
mod plan;
mod request;
mod run;
mod run_end;
mod run_problems;
mod runs;
mod tell;
mod work;

pub use due::{Due, bring_back_parked, look_at_shard, next_pull};
pub use events::take_events;
pub use head::load_head;
pub use plan::Kinds;
pub use request::{Requested, Wish, request_run};
pub use run::go_on;
pub use runs::{RunLog, RunState, list_runs, load_run};
pub use tell::{newly_wanted, wants_lines};
pub use work::LEASE_SPAN;

use connections::CallError;
use kernel::Timestamp;
use mirror::MirrorError;
use mirror::feed::{ChangePage, Cursor, FeedError, Wanted};
use ports::{QueueError, Table, TableError};
use state::StoreError;

/// Why a piece of work did not come to an end by itself.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Another worker holds the organisation; come back then.
    #[error("another worker is at this organisation until {until}")]
    Busy {
        /// When its lease ends at the latest.
        until: Timestamp,
    },
    /// A row changed under our hands; the message is worth another try.
    #[error("another worker wrote the same rows")]
    Overtaken,
    /// Xero gave no result.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Queue trouble.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl From<TableError> for SyncError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

impl From<MirrorError> for SyncError {
    fn from(error: MirrorError) -> Self {
        match error {
            MirrorError::Overtaken => Self::Overtaken,
            MirrorError::Table(error) => error.into(),
        }
    }
}

/// Reads up to `limit` changes of an organisation behind a cursor.
pub async fn read_changes(
    table: &dyn Table,
    cursor: &Cursor,
    limit: usize,
    wanted: &Wanted<'_>,
) -> Result<ChangePage, FeedError> {
    let head = load_head(table, cursor.whose()).await?;
    mirror::feed::read_changes(table, cursor, head.feed_head, limit, wanted).await
}
