//! The explicit choice of organisations after consent. Nothing is connected before a person of the workspace, in the
//! browser that consented, has named what to connect.

use kernel::{Applied, ConnectId, OrganisationRef, TenantId, Timestamp, WorkspaceId, XeroUserId};
use ports::{Guard, TableError, Write, Written};
use secrecy::SecretString;
use state::{AuditEntry, StoreError, Stored, keys, load, put, record_audit};

use crate::Access;
use crate::connect::{Candidate, Connect, Stage, load_connect, matches_hash};
use crate::connection::{Authorisation, Connection, ConnectionState, Directory, Superseded, load_connection};
use settings::Settings;

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

/// Connects the chosen organisations, all or none. Choosing the same again answers the same.
pub async fn choose(
    access: &Access,
    workspace: &WorkspaceId,
    actor: &str,
    id: ConnectId,
    ticket: &SecretString,
    tenants: &[TenantId],
) -> Result<Chosen, ChooseError> {
    let stored = load_connect(access, workspace, id).await?.ok_or(ChooseError::Unknown)?;
    let connect = &stored.value;
    let late = access.ports.clock.now() >= connect.choice_ends_at();
    let right = |ticket_hash: &str| !late && matches_hash(ticket, ticket_hash);
    let (user, ticket_hash, granted, candidates) = match &connect.stage {
        Stage::Choose { ticket_hash, .. } | Stage::Completed { ticket_hash, .. } if !right(ticket_hash) => {
            return Err(ChooseError::Unknown);
        }
        Stage::Choose { user, ticket_hash, granted, candidates } => (*user, ticket_hash, granted, candidates),
        Stage::Completed { tenants: before, .. } if before == tenants => {
            return chosen_before(access, workspace, before).await;
        }
        _ => return Err(ChooseError::NotWaiting),
    };
    let offered = offered(candidates, tenants).ok_or(ChooseError::NotOffered)?;
    let consent = Consented { workspace, actor, user, granted, connect };
    let stage = Stage::Completed { tenants: tenants.to_vec(), ticket_hash: ticket_hash.clone() };
    let completed = Connect { stage, ..connect.clone() };
    // One transaction: a second choice at the same time finds the connect's row of another version and changes nothing.
    let mut writes = vec![put(keys::connect(id), stored.guard(), &completed, Some(connect.choice_ends_at()))];
    let mut connections = Vec::new();
    for candidate in offered {
        connections.push(connect_one(access, &consent, candidate, &mut writes).await?);
    }
    match access.ports.table.transact(writes).await? {
        Written::Stored => Ok(Chosen { connections, applied: Applied::Now }),
        Written::Conflict(_) => Err(StoreError::Contended { sort: keys::connect(id).sort }.into()),
    }
}

fn offered<'a>(candidates: &'a [Candidate], tenants: &[TenantId]) -> Option<Vec<&'a Candidate>> {
    let distinct: std::collections::BTreeSet<&TenantId> = tenants.iter().collect();
    if !(1..=CHOSEN_MAX).contains(&tenants.len()) || distinct.len() < tenants.len() {
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

/// Adds the writes of connection, directory entry and audit; a known organisation resumes with its settings.
async fn connect_one(
    access: &Access,
    consent: &Consented<'_>,
    candidate: &Candidate,
    writes: &mut Vec<Write>,
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
    writes.push(put(keys::connection(&whose), guard, &connection, None));
    writes.push(record_audit(&whose, &entry, &tail));
    let listed = load::<Directory>(table, &keys::directory_entry(&whose)).await?;
    let slots = listed.as_ref().map(|stored| stored.value.slots.clone()).unwrap_or_default();
    let guard = listed.as_ref().map_or(Guard::Absent, Stored::guard);
    writes.push(put(keys::directory_entry(&whose), guard, &Directory::of(&connection, slots), None));
    Ok(connection)
}

/// What nobody uses any more once this consent counts: connections through another app, and that of the same person's
/// earlier Xero user. Never the one that was just consented to.
fn superseded(known: &Connection, consent: &Consented<'_>, candidate: &Candidate) -> Vec<Superseded> {
    let mut superseded = known.superseded.clone();
    let app = &consent.connect.client;
    for (given, (user, xero_connection)) in known.authorisations.iter().zip(known.held_at_xero()) {
        let replaced = given.actor == consent.actor && user != consent.user;
        if !known.deleted_at_xero && (known.client != *app || replaced) {
            superseded.push(Superseded { client: known.client.clone(), users: vec![user], xero_connection });
        }
    }
    superseded.retain(|old| old.client != *app || old.xero_connection != candidate.xero_connection);
    superseded
}

fn connected(
    consent: &Consented<'_>,
    candidate: &Candidate,
    whose: &OrganisationRef,
    before: Option<&Connection>,
    now: Timestamp,
) -> Connection {
    let mut authorisations = before.map(|known| known.authorisations.clone()).unwrap_or_default();
    let superseded = before.map(|known| superseded(known, consent, candidate)).unwrap_or_default();
    if before.is_some_and(|known| known.client != consent.connect.client) {
        authorisations.clear();
    }
    authorisations.retain(|given| given.actor != consent.actor && given.user != consent.user);
    let xero_connection = Some(candidate.xero_connection);
    authorisations.push(Authorisation {
        actor: consent.actor.to_owned(),
        user: consent.user,
        xero_connection,
        at: now,
    });
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
        superseded,
        settings: before.map_or_else(Settings::default, |known| known.settings.clone()),
        facts: before.and_then(|known| known.facts.clone()),
    }
}
