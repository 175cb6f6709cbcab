//! Giving a connection back: marked here at once, deleted at Xero by a worker, data kept.

use kernel::{Applied, OrganisationRef};
use ports::TableError;
use state::{AuditEntry, StoreError, Stored, record_audit};
use tracing::info;
use xero::{XeroError, sort_answer};

use crate::Access;
use crate::connection::{Connection, ConnectionState, Reason, change_connection, load_connection};
use crate::tokens::{TokenError, access_token};

/// Why the connection was not given back.
#[derive(Debug, thiserror::Error)]
pub enum DisconnectError {
    /// Unknown, or of another workspace.
    #[error("no such organisation")]
    Unknown,
    /// Tokens could not be had just now.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Xero did not take the deletion just now.
    #[error(transparent)]
    Xero(#[from] XeroError),
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TableError> for DisconnectError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

/// Marks a connection as given back. From this moment no work uses it; its rows, cursors and records stay.
pub async fn disconnect(
    access: &Access,
    whose: &OrganisationRef,
    actor: &str,
) -> Result<(Connection, Applied), DisconnectError> {
    let now = access.ports.clock.now();
    let mut applied = Applied::Before;
    let reason = Reason {
        code: "disconnected_here".into(),
        message: "The connection was given back here.".into(),
        fix: "Connect the organisation again; its data was kept.".into(),
        since: now,
    };
    let stored = change_connection(&*access.ports.table, whose, |connection| {
        let active = connection.state != ConnectionState::Disconnected;
        applied = if active { Applied::Now } else { Applied::Before };
        if active {
            connection.state = ConnectionState::Disconnected;
            connection.reason = Some(reason.clone());
            connection.deleted_at_xero = false;
        }
        active
    })
    .await?;
    let Stored { value: connection, version } = stored.ok_or(DisconnectError::Unknown)?;
    if applied == Applied::Now {
        let action = "connection.disconnected".to_owned();
        let detail = "Given back; data kept".to_owned();
        let entry = AuditEntry { at: now, actor: actor.to_owned(), action, detail };
        access.ports.table.write(record_audit(whose, &entry, &format!("{version:020}"))).await?;
    }
    Ok((connection, applied))
}

/// Deletes the connection at Xero. Void when it was connected again in the meantime; gone already is as good.
pub async fn delete_at_xero(
    access: &Access,
    whose: &OrganisationRef,
    generation: u64,
) -> Result<Applied, DisconnectError> {
    let found = load_connection(&*access.ports.table, whose).await?.ok_or(DisconnectError::Unknown)?.value;
    let still_wanted = found.state == ConnectionState::Disconnected && found.generation == generation;
    if !still_wanted || found.deleted_at_xero {
        return Ok(Applied::Before);
    }
    let Some(user) = found.acting_user() else { return Ok(Applied::Before) };
    match access_token(access, &found.client, user, false).await {
        Ok(token) => {
            let request = xero::connections::delete(&access.addresses, &token, found.xero_connection);
            let answer = access.ports.transport.send(request).await.map_err(XeroError::from).and_then(sort_answer);
            match answer {
                // 403: Xero no longer knows the connection for this user.
                Ok(_) | Err(XeroError::NotFound | XeroError::Denied(xero::Denied::NotConnected)) => (),
                Err(error) => return Err(error.into()),
            }
        }
        // Without an authorisation there is nothing left to delete with, and nothing we could still use.
        Err(TokenError::Ended) => (),
        Err(error) => return Err(error.into()),
    }
    change_connection(&*access.ports.table, whose, |connection| {
        let same = connection.generation == generation;
        connection.deleted_at_xero |= same;
        same
    })
    .await?;
    info!(tenant.id = %whose.tenant, "Deleted a connection at Xero");
    Ok(Applied::Now)
}
