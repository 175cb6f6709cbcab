//! How rows are named, read, written and held.
//!
//! Owns the key grammar of the one table, typed versioned rows, parked work, postings and the audit trail. Every write states
//! the version it replaces; there is no blind write and no way to name a row outside the grammar of [`keys`].

mod audit;
mod history;
mod intent_state;
mod intents;
pub mod keys;
mod lease;
mod parked;
mod rows;

pub use audit::{AuditEntry, list_audit, record_audit};
pub use history::{History, HistoryEntry, What};
pub use intent_state::{Existing, How, IntentState, Waiting, WaitsOn};
pub use intents::{ARRIVED_AFTER, Intent, OpenSends, SAME_KEY_SPAN, Sending, Step};
pub use lease::{Lease, LeaseHeld};
pub use parked::{ParkedWork, due_parked, park, parked_write, unpark};
pub use rows::{StoreError, Stored, create, edit, load, put, read_range, read_row, replace};
