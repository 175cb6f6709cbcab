//! From a decision to a known end: the worker pattern that every writer to Xero uses.
//!
//! Owns the order of things: stored before sent, searched before sent again, parked where Xero or a person must act
//! first. What is sent, how an answer reads and how a record is searched for is each writer's own ([`Writer`]). Never
//! decides that something be posted.

mod carry;
mod noticed;
mod plan;
mod resume;
mod revise;
mod view;
mod why;
mod writer;

pub use carry::carry;
pub use noticed::{Noticed, notice, posting_of};
pub use plan::{PlanError, Plans, Posting, plan_posting};
pub use resume::{any_waiting, change_content, list_waiting, record_by_hand, resume_by_hand, resume_waiting};
pub use revise::{Means, Revisable, Revised, load_revisable};
pub use view::{Attention, Happened, IntentView, Standing, load_view};
pub use writer::{Found, NoRequest, Outcome, Wanted, Writer, mark_bytes, refused};

use kernel::IntentId;
use ports::{QueueError, TableError};
use state::StoreError;

/// Why a message about a posting comes back.
#[derive(Debug, thiserror::Error)]
pub enum PostingError {
    /// The intent or its content is not there, as after a restore from an older backup.
    #[error("the posting {0} is not stored")]
    Missing(IntentId),
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Queue trouble.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A call ended in a way that only the queue can answer.
    #[error(transparent)]
    Call(#[from] connections::CallError),
}

impl From<TableError> for PostingError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}
