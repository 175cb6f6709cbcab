//! The explicit choice of organisations after consent. Nothing is connected before a person of the workspace, in the
//! browser that consented, has named what to connect.

use std::time::Duration;

use kernel::{Applied, ConnectId, OrganisationRef, TenantId, Timestamp, WorkspaceId, XeroUserId};
use ports::{Guard, TableError, Write, Written};
use secrecy::SecretString;
use state::{AuditEntry, StoreError, Stored, keys, load, put, record_audit};

use crate::Access;
use crate::connect::{Candidate, Connect, Stage, load_connect, matches_hash};
use crate::connection::{Authorisation, Connection, ConnectionState, Directory, load_connection};
use crate::settings::Settings;

/// Most organisations chosen at once.
const CHOSEN_MAX: usize = 20;

/// Why nothing was connected.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// Unknown, of another workspace, expired, or the ticket is wrong: all answer alike.
    #[error("no such connect, or its ticket is not the one the browser was given")]
    Unknown,
    /// Consent was not given, or failed.
    #[error("this connect is not waiting for a choice")]
    NotWaiting,
    /// One of the organisations was not offered.
    #[error("choose at least one and at most 20 of the organisations this connect offers")]
    NotOffered,
    /// Table trouble, or somebody else wrote the same rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TableError> for ChooseError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

/// The connected organisations.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// In the order of the choice.
    pub connections: Vec<Connection>,
    /// Whether this call connected them.
    pub applied: Applied,
}

/// Connects the chosen organisations. Choosing the same again answers the same.
pub async fn choose(
    access: &Access,
    workspace: &WorkspaceId,
    actor: &str,
    id: ConnectId,
    ticket: &SecretString,
    tenants: &[TenantId],
) -> Result<Chosen, ChooseError> {
    let stored = load_connect(access, workspace, id).await?.ok_or(ChooseError::Unknown)?;
    let (user, ticket_hash, granted, candidates) = match &stored.value.stage {
        Stage::Choose { user, ticket_hash, granted, candidates } => (*user, ticket_hash, granted, candidates),
        Stage::Completed { tenants: before } if before == tenants => {
            return chosen_before(access, workspace, before).await;
        }
        _ => return Err(ChooseError::NotWaiting),
    };
    let late = access.ports.clock.now() >= choose_until(&stored.value);
    if late || !matches_hash(ticket, ticket_hash) {
        return Err(ChooseError::Unknown);
    }
    let offered = offered(candidates, tenants).ok_or(ChooseError::NotOffered)?;
    let mut connections = Vec::new();
    for candidate in offered {
        let consent = Consented { workspace, actor, user, granted, connect: &stored.value };
        connections.push(connect_one(access, &consent, candidate).await?);
    }
    complete(access, id, &stored, tenants).await?;
    Ok(Chosen { connections, applied: Applied::Now })
}

/// An hour after the consent could be given at the latest.
fn choose_until(connect: &Connect) -> Timestamp {
    connect.expires_at.saturating_add(Duration::from_secs(3600)).unwrap_or(Timestamp::MAX)
}

fn offered<'a>(candidates: &'a [Candidate], tenants: &[TenantId]) -> Option<Vec<&'a Candidate>> {
    if !(1..=CHOSEN_MAX).contains(&tenants.len()) {
        return None;
    }
    tenants.iter().map(|tenant| candidates.iter().find(|candidate| candidate.tenant == *tenant)).collect()
}

async fn chosen_before(access: &Access, workspace: &WorkspaceId, tenants: &[TenantId]) -> Result<Chosen, ChooseError> {
    let mut connections = Vec::new();
    for tenant in tenants {
        let whose = OrganisationRef { workspace: workspace.clone(), tenant: *tenant };
        connections.extend(load_connection(&*access.ports.table, &whose).await?.map(|stored| stored.value));
    }
    Ok(Chosen { connections, applied: Applied::Before })
}

/// Who consented to what.
struct Consented<'a> {
    workspace: &'a WorkspaceId,
    actor: &'a str,
    user: XeroUserId,
    granted: &'a [String],
    connect: &'a Connect,
}

/// Writes connection, directory entry and audit in one transaction; a known organisation resumes with its settings.
async fn connect_one(
    access: &Access,
    consent: &Consented<'_>,
    candidate: &Candidate,
) -> Result<Connection, ChooseError> {
    let table = &*access.ports.table;
    let whose = OrganisationRef { workspace: consent.workspace.clone(), tenant: candidate.tenant };
    let before = load_connection(table, &whose).await?;
    let now = access.ports.clock.now();
    let connection = connected(consent, candidate, &whose, before.as_ref().map(|stored| &stored.value), now);
    let guard = before.as_ref().map_or(Guard::Absent, Stored::guard);
    let action = if before.is_some() { "connection.reconnected" } else { "connection.connected" };
    let entry = AuditEntry {
        at: now,
        actor: consent.actor.to_owned(),
        action: action.to_owned(),
        detail: format!("Connected with app {} (connect {})", connection.client, connection.generation),
    };
    let tail = format!("{:020}", connection.generation);
    let mut writes: Vec<Write> =
        vec![put(keys::connection(&whose), guard, &connection, None), record_audit(&whose, &entry, &tail)];
    let listed = load::<Directory>(table, &keys::directory_entry(&whose)).await?;
    let line = Directory::of(&connection, listed.as_ref().and_then(|stored| stored.value.last_slot.clone()));
    let guard = listed.as_ref().map_or(Guard::Absent, Stored::guard);
    writes.push(put(keys::directory_entry(&whose), guard, &line, None));
    match table.transact(writes).await? {
        Written::Stored => Ok(connection),
        Written::Conflict(_) => Err(StoreError::Contended { sort: keys::connection(&whose).sort }.into()),
    }
}

fn connected(
    consent: &Consented<'_>,
    candidate: &Candidate,
    whose: &OrganisationRef,
    before: Option<&Connection>,
    now: Timestamp,
) -> Connection {
    let mut authorisations = before.map(|known| known.authorisations.clone()).unwrap_or_default();
    let same_app = before.is_some_and(|known| known.client == consent.connect.client);
    if !same_app {
        authorisations.clear();
    }
    authorisations.retain(|given| given.actor != consent.actor && given.user != consent.user);
    authorisations.push(Authorisation { actor: consent.actor.to_owned(), user: consent.user, at: now });
    Connection {
        whose: whose.clone(),
        name: candidate.name.clone(),
        app: consent.connect.app.clone(),
        client: consent.connect.client.clone(),
        xero_connection: candidate.xero_connection,
        state: ConnectionState::Connected,
        reason: None,
        granted: consent.granted.to_vec(),
        authorisations,
        generation: before.map_or(1, |known| known.generation + 1),
        connected_at: now,
        deleted_at_xero: false,
        settings: before.map_or_else(Settings::default, |known| known.settings.clone()),
        facts: before.and_then(|known| known.facts.clone()),
    }
}

async fn complete(
    access: &Access,
    id: ConnectId,
    stored: &Stored<Connect>,
    tenants: &[TenantId],
) -> Result<(), ChooseError> {
    let connect = Connect { stage: Stage::Completed { tenants: tenants.to_vec() }, ..stored.value.clone() };
    let drop_at = choose_until(&connect);
    // Refused by version: the same choice was made at the same time and stands.
    state::replace(&*access.ports.table, keys::connect(id), stored.version, &connect, Some(drop_at)).await?;
    Ok(())
}
