//! What a webhook of Xero's said, stripped to what may be trusted.

use kernel::TenantId;
use serde::{Deserialize, Serialize};

/// The events of one webhook body that concern one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct XeroEvents {
    /// Our name of the app whose subscription sent them.
    pub app: String,
    /// The organisation, known to us or not.
    pub tenant: TenantId,
    /// The first sequence number of the whole body.
    pub first_sequence: u64,
    /// The last sequence number of the whole body.
    pub last_sequence: u64,
    /// The events, at most [`EVENTS_MAX`].
    pub events: Vec<XeroEvent>,
}

/// Most events in one envelope; a longer body is split.
pub const EVENTS_MAX: usize = 200;

/// One event, stripped to what may be trusted: the address in it is never used.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct XeroEvent {
    /// `INVOICE`, `CONTACT`, `CREDITNOTE`, …; unknown ones are kept and ignored later.
    pub category: String,
    /// `CREATE` or `UPDATE`.
    pub event_type: String,
    /// The record.
    pub resource: String,
    /// Xero's time of the event, as sent.
    pub at: String,
}
