//! What follows on the connection when access is lost: said with its reason and fix, or another person's takes over.

use kernel::{Timestamp, XeroUserId};
use state::StoreError;
use tracing::warn;

use crate::Access;
use crate::connection::{Connection, ConnectionState, Reason, change_connection};

/// Whose authorisation is left when the acting person's has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// Another person's, who acts from now on.
    Another,
    /// Nobody's: the connection says so, work waits, and a reconnect resumes it.
    Nobody,
}

/// The acting person's authorisation has ended: another's takes its place, or the connection says that none is left.
pub async fn authorisation_ended(access: &Access, connection: &Connection) -> Result<Remaining, StoreError> {
    if let Some(user) = connection.acting_user()
        && forget_authorisation(access, connection, user).await?
    {
        return Ok(Remaining::Another);
    }
    let reason = no_authorisation_left(access.ports.clock.now());
    mark(access, connection, ConnectionState::NeedsReauthorisation, reason).await?;
    Ok(Remaining::Nobody)
}

/// Forgets a person's authorisation, unless it is the only one.
pub(crate) async fn forget_authorisation(
    access: &Access,
    seen: &Connection,
    user: XeroUserId,
) -> Result<bool, StoreError> {
    let mut forgotten = false;
    change_connection(&*access.ports.table, &seen.whose, |connection| {
        let others = connection.authorisations.iter().any(|given| given.user != user);
        forgotten = others && connection.generation == seen.generation;
        if forgotten {
            connection.authorisations.retain(|given| given.user != user);
        }
        forgotten
    })
    .await?;
    Ok(forgotten)
}

pub(crate) async fn mark(
    access: &Access,
    connection: &Connection,
    state: ConnectionState,
    reason: Reason,
) -> Result<(), StoreError> {
    warn!(tenant.id = %connection.whose.tenant, reason = %reason.code, "A connection cannot be used any more");
    let generation = connection.generation;
    change_connection(&*access.ports.table, &connection.whose, |connection| {
        // A reconnect in between wins: the new consent says nothing about what the old one met.
        let same = connection.generation == generation && connection.state == ConnectionState::Connected;
        if same {
            connection.state = state;
            connection.deleted_at_xero = state == ConnectionState::Disconnected;
            connection.reason = Some(reason.clone());
        }
        same
    })
    .await?;
    Ok(())
}

fn no_authorisation_left(since: Timestamp) -> Reason {
    Reason {
        code: "authorisation_ended".into(),
        message: "Xero no longer accepts the authorisation of the person who connected.".into(),
        fix: "Connect the organisation again; everything continues where it stopped.".into(),
        since,
    }
}

pub(crate) fn disconnected_in_xero(since: Timestamp) -> Reason {
    Reason {
        code: "disconnected_in_xero".into(),
        message: "The app was disconnected from this organisation inside Xero.".into(),
        fix: "Connect the organisation again; its data was kept.".into(),
        since,
    }
}
