//! Giving a connection back: marked here at once, deleted at Xero by a worker, data kept.

use kernel::{Applied, ClientId, OrganisationRef, XeroConnectionId, XeroUserId};
use ports::TableError;
use secrecy::SecretString;
use state::{AuditEntry, StoreError, Stored, record_audit};
use tracing::{info, warn};
use xero::{Denied, XeroError, sort_answer};

use crate::Access;
use crate::connection::{Connection, ConnectionState, Reason, change_connection, load_connection, workspaces_of};
use crate::tokens::{TokenError, access_token, revoke};

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

/// Deletes at Xero what a connection owes: itself where it was given back, and those it took the place of.
///
/// Void for the connection itself when it was connected again in the meantime; gone already is as good.
pub async fn delete_at_xero(
    access: &Access,
    whose: &OrganisationRef,
    generation: u64,
) -> Result<Applied, DisconnectError> {
    let found = load_connection(&*access.ports.table, whose).await?.ok_or(DisconnectError::Unknown)?.value;
    let mut applied = Applied::Before;
    for old in &found.superseded {
        if !used_elsewhere(access, whose, &old.client, old.xero_connection).await? {
            delete_one(access, &old.client, &old.users, old.xero_connection).await?;
        }
        change_connection(&*access.ports.table, whose, |connection| {
            let before = connection.superseded.len();
            connection.superseded.retain(|kept| kept != old);
            connection.superseded.len() < before
        })
        .await?;
        applied = Applied::Now;
    }
    let given_back = found.state == ConnectionState::Disconnected && found.generation == generation;
    if !given_back || found.deleted_at_xero {
        return Ok(applied);
    }
    for (user, id) in found.held_at_xero() {
        if !used_elsewhere(access, whose, &found.client, id).await? {
            delete_one(access, &found.client, &[user], id).await?;
        }
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

/// Whether another workspace acts through the very same connection at Xero: deleting it would take theirs as well.
async fn used_elsewhere(
    access: &Access,
    ours: &OrganisationRef,
    client: &ClientId,
    id: XeroConnectionId,
) -> Result<bool, DisconnectError> {
    let table = &*access.ports.table;
    for other in workspaces_of(table, ours.tenant).await? {
        let found = load_connection(table, &other).await?.filter(|_| other != *ours);
        let uses = |other: &Connection| {
            let usable = other.state != ConnectionState::Disconnected;
            usable && other.client == *client && other.held_at_xero().iter().any(|(_, held)| *held == id)
        };
        if found.is_some_and(|found| uses(&found.value)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes one connection at Xero with the first authorisation that may. Where none stands any more there is nothing
/// left to delete with, and nothing that could still be used.
async fn delete_one(
    access: &Access,
    client: &ClientId,
    users: &[XeroUserId],
    id: XeroConnectionId,
) -> Result<(), DisconnectError> {
    for user in users {
        let token = match access_token(access, client, *user, false).await {
            Ok(token) => token,
            Err(TokenError::Ended) => continue,
            Err(error) => return Err(error.into()),
        };
        let request = xero::connections::delete(&access.addresses, &token, id);
        match access.ports.transport.send(request).await.map_err(XeroError::from).and_then(sort_answer) {
            // 403: Xero does not know the connection for this user; 404: it is gone.
            Ok(_) | Err(XeroError::NotFound | XeroError::Denied(Denied::NotConnected)) => {
                retire(access, client, *user, &token).await;
                return Ok(());
            }
            Err(XeroError::Denied(Denied::Role | Denied::ScopeOrRole)) => (),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Revokes the tokens of a user who has no connection left. A failure is no matter: unused tokens die by themselves.
async fn retire(access: &Access, client: &ClientId, user: XeroUserId, token: &SecretString) {
    let request = xero::connections::list(&access.addresses, token, None);
    let answer = access.ports.transport.send(request).await.map_err(XeroError::from).and_then(sort_answer);
    let listed = answer.and_then(|response| xero::connections::read_list(&response));
    if listed.is_ok_and(|connections| connections.is_empty())
        && let Err(error) = revoke(access, client, user).await
    {
        warn!(xero.user = %user, error = %error, "Tokens without a connection could not be revoked");
    }
}
