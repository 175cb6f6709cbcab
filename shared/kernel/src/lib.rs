//! Words everyone shares: ids, money, instants, calendar dates, accounting periods and time zones.
//!
//! Owns values and their rules, never an effect: nothing here reads a clock, a file or the network, and nothing
//! here is async. Everything else in the house may use this crate; it uses nothing of ours.

mod applied;
pub mod calendar;
mod ids;
mod json;
mod money;
pub mod periods;
mod zones;

pub use applied::Applied;
pub use ids::{
    ClientId, ConnectId, DocumentId, IdError, IntentId, OrganisationRef, RunId, ScheduleId, StatementId, TenantId,
    TieOutId, WorkspaceId, XeroConnectionId, XeroUserId,
};
pub use json::place_of;
pub use money::{Currency, Money, MoneyError};

/// An instant on the UTC time line.
pub use jiff::Timestamp;
/// A calendar date without a time or a zone, as on an invoice.
pub use jiff::civil::Date;
pub use zones::{UnknownZone, ZoneName, iso_week, local_date, time_zone};
