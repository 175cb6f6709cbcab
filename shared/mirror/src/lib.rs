//! The copy of an organisation's records, and the feed of what changed in it.
//!
//! Owns the kinds of records, the comparable form of one, their rows, the change feed, and the links to the host
//! application's own records. Records are written by `sync` alone and read by whoever needs to know the books. Never
//! calls Xero and decides nothing about what to read.

mod counts;
mod differences;
pub mod entities;
pub mod feed;
pub mod follow;
pub mod orders;
pub mod read;
pub mod record;
mod record_size;
mod rows;
pub mod sources;

pub use counts::{Counts, add_counts};
pub use differences::{DIFFERENCES_BYTES_MAX, DIFFERENCES_MAX, Difference, Differences, VALUE_BYTES_MAX, differences};
pub use feed::{CHUNK_ENTRIES_MAX, CallCost};
pub use record_size::RECORD_BYTES_MAX;
pub use rows::{Batch, BatchDone, MirrorRow, apply, apply_gone, mend};

use ports::TableError;

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// A row changed under our hands: another worker is at the same organisation.
    #[error("another worker wrote the same rows")]
    Overtaken,
    /// Table trouble.
    #[error(transparent)]
    Table(#[from] TableError),
}
