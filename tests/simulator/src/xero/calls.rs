//! The log of calls a test can count.

use kernel::{TenantId, Timestamp};

/// One call that reached the simulated Xero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The verb.
    pub method: String,
    /// The path, without host and query.
    pub path: String,
    /// The query, still encoded; empty for none.
    pub query: String,
    /// The organisation, when the call named one.
    pub tenant: Option<TenantId>,
    /// The status answered; 0 when the answer was lost.
    pub status: u16,
    /// When it arrived.
    pub at: Timestamp,
}
