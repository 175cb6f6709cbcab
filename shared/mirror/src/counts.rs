//! What the reading of one kind found and cost.

use serde::{Deserialize, Serialize};

/// What was found of one kind, and what it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read.
    pub read: u64,
    /// New ones.
    pub created: u64,
    /// Changed ones.
    pub updated: u64,
    /// Deleted, voided, archived or merged ones.
    pub ended: u64,
    /// Elements that could not be read as a record.
    pub unreadable: u64,
    /// Calls made.
    pub calls: u32,
    /// Bytes read.
    pub bytes: u64,
    /// Milliseconds spent waiting for Xero.
    pub millis: u64,
}

/// Adds what was found.
pub fn add_counts(whole: &mut Counts, part: &Counts) {
    whole.read += part.read;
    whole.created += part.created;
    whole.updated += part.updated;
    whole.ended += part.ended;
    whole.unreadable += part.unreadable;
    whole.calls += part.calls;
    whole.bytes += part.bytes;
    whole.millis += part.millis;
}
