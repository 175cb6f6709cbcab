//! Keeping a copy of each organisation in step with Xero.
//!
//! Owns the plan of what to read, cursors, the mirror, the change feed, the run log and open problems. Webhooks and
//! schedules only wake it; what to read is decided from stored state, and both end in the same code. A cursor never
//! passes a record that is not applied.

pub mod differences;
pub mod entities;
pub mod feed;
pub mod head;
pub mod problems;
pub mod read;
pub mod record;

mod due;
mod events;
mod facts;
mod mirror;
mod pass;
mod plan;
mod request;
mod run;
mod runs;
mod work;

pub use due::{Due, bring_back_parked, look_at_shard};
pub use events::take_events;
pub use mirror::MirrorRow;
pub use request::{Requested, request_run};
pub use run::go_on;
pub use runs::{RunLog, RunState, list_runs, load_run};
pub use work::LEASE_SPAN;

use connections::CallError;
use kernel::Timestamp;
use ports::{QueueError, TableError};
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
