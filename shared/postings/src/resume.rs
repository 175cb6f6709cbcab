//! What waits, and how it goes on: by itself when its cause is gone, or because a person says so.

use std::time::Duration;

use connections::{Access, Connection, ConnectionState, load_connection};
use envelopes::{Envelope, Work};
use kernel::{Date, IntentId, OrganisationRef, RunId, Timestamp};
use ports::{Direction, Guard, Query, Table, TableError, Write, Written};
use serde::{Deserialize, Serialize};
use state::{Intent, IntentState, ParkedWork, Stored, WaitsOn, keys, load, parked_write, put, read_row};

use crate::PostingError;
use crate::plan::{content_of, digest, envelope, outbox, send_parked};

/// A row beside every waiting intent, so that those are found without reading the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingRow {
    /// What must change.
    pub on: WaitsOn,
    /// The day the posting counts for.
    pub date: Option<Date>,
    /// The kind of record.
    pub entity: String,
    /// Since when it waits.
    pub since: Timestamp,
}

/// A role that was given in Xero shows nowhere here: what waits for one is tried again once a day.
const ROLE_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Waiting postings looked at for one message; more go on by another.
const RESUMED_MAX: usize = 50;

fn query(whose: &OrganisationRef, after: Option<&IntentId>, limit: usize) -> Query {
    let (first, to) = keys::waiting_range();
    let from = after.map_or(first, |after| format!("waiting#{after}\0"));
    Query { partition: keys::organisation(whose), from, to, direction: Direction::Forward, limit }
}

/// Whether anything of an organisation waits: one read.
pub async fn any_waiting(table: &dyn Table, whose: &OrganisationRef) -> Result<bool, TableError> {
    Ok(!table.query(&query(whose, None, 1)).await?.rows.is_empty())
}

/// Waiting postings by id, behind `after`; and whether there are more.
pub async fn list_waiting(
    table: &dyn Table,
    whose: &OrganisationRef,
    after: Option<&IntentId>,
    limit: usize,
) -> Result<(Vec<IntentId>, bool), TableError> {
    // One more tells whether there is more: a table says that there may be even where there is nothing.
    let page = table.query(&query(whose, after, limit + 1)).await?;
    let more = page.rows.len() > limit || page.more;
    let ids = page.rows.iter().filter_map(|row| row.key.sort.strip_prefix("waiting#")?.parse().ok());
    Ok((ids.take(limit).collect(), more))
}

/// Lets everything go on whose cause is gone: the organisation can be written to again, or its lock date has moved.
pub async fn resume_waiting(
    access: &Access,
    whose: &OrganisationRef,
    after: Option<&IntentId>,
    run: &RunId,
) -> Result<(), PostingError> {
    let table = &*access.ports.table;
    let Some(connection) = load_connection(table, whose).await? else { return Ok(()) };
    let page = table.query(&query(whose, after, RESUMED_MAX)).await?;
    let mut last = None;
    for row in &page.rows {
        let Some(id) = row.key.sort.strip_prefix("waiting#").and_then(|id| id.parse::<IntentId>().ok()) else {
            continue;
        };
        let waits = read_row::<WaitingRow>(row)?.value;
        if let Some(reason) = cause_gone(&connection.value, &waits, access.ports.clock.now()) {
            resume(access, whose, &id, reason).await?;
        }
        last = Some(id);
    }
    match last.filter(|_| page.more) {
        Some(last) => look_on(access, whose, last, run).await,
        None => Ok(()),
    }
}

async fn look_on(access: &Access, whose: &OrganisationRef, after: IntentId, run: &RunId) -> Result<(), PostingError> {
    let (organisation, run) = (whose.clone(), run.clone());
    let envelope = Envelope::new(Work::ResumePostings { organisation, after: Some(after), run });
    Ok(access.send(&envelope).await?)
}

fn cause_gone(connection: &Connection, waits: &WaitingRow, now: Timestamp) -> Option<&'static str> {
    if connection.state != ConnectionState::Connected {
        return None;
    }
    match &waits.on {
        WaitsOn::Person => None,
        WaitsOn::Authorisation => {
            let given = connection.authorisations.iter().any(|given| waits.since <= given.at);
            let long = waits.since.saturating_add(ROLE_WAIT).is_ok_and(|until| until <= now);
            (given || long).then_some("somebody has authorised the app since, or a day has passed")
        }
        WaitsOn::LockDate { locked_until } => {
            connection.facts.as_ref()?;
            let until = connection.locked_until();
            let moved = until.map(|until| until.to_string()).as_deref() != Some(locked_until.as_str());
            let open = waits.date.is_none_or(|date| until.is_none_or(|until| until < date));
            (moved && open).then_some("the lock date moved")
        }
    }
}

/// Lets one waiting posting go on; answers whether it waited.
async fn resume(access: &Access, whose: &OrganisationRef, id: &IntentId, reason: &str) -> Result<bool, PostingError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let Some(mut found) = load::<Intent>(table, &keys::intent(whose, id)).await? else {
        return Err(PostingError::Missing(id.clone()));
    };
    let guard = found.guard();
    if !found.value.resume(now, reason) {
        return Ok(false);
    }
    let work = outbox(whose, &found.value, now);
    let mut writes = vec![put(keys::intent(whose, id), guard, &found.value, None), parked_write(&work)];
    writes.extend(waiting_removal(table, whose, id).await?);
    go_on(access, writes, work).await
}

/// Stores that a posting goes on, and sends it; `false` when somebody else changed it at the same moment.
async fn go_on(access: &Access, writes: Vec<Write>, work: ParkedWork) -> Result<bool, PostingError> {
    let stored = access.ports.table.transact(writes).await? == Written::Stored;
    if stored {
        send_parked(access, work).await?;
    }
    Ok(stored)
}

/// The row of what waits, new or in the place of another.
pub(crate) async fn waiting_put(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &IntentId,
    row: &WaitingRow,
) -> Result<Write, TableError> {
    let key = keys::waiting(whose, id);
    let guard = table.get(&key).await?.map_or(Guard::Absent, |found| Guard::Version(found.version));
    Ok(put(key, guard, row, None))
}

pub(crate) async fn waiting_removal(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &IntentId,
) -> Result<Option<Write>, TableError> {
    let key = keys::waiting(whose, id);
    let found = table.get(&key).await?;
    Ok(found.map(|row| Write::Delete { key, guard: Guard::Version(row.version) }))
}

/// A person wants a waiting posting tried again; answers whether it waited.
pub async fn resume_by_hand(
    access: &Access,
    whose: &OrganisationRef,
    id: &IntentId,
    actor: &str,
) -> Result<bool, PostingError> {
    let table = &*access.ports.table;
    let found = load::<Intent>(table, &keys::intent(whose, id)).await?;
    let found = found.ok_or_else(|| PostingError::Missing(id.clone()))?.value;
    if found.state == IntentState::Open {
        // It does not wait, and perhaps has no message: the one it had may lie among the dead letters.
        access.send(&envelope(whose, &found)).await?;
        return Ok(false);
    }
    resume(access, whose, id, &format!("asked for by {actor}")).await
}

/// A person says that a posting is in the books already, or not wanted. Answers whether that could be recorded: not of
/// what is in Xero, or may be.
pub async fn record_by_hand(
    access: &Access,
    whose: &OrganisationRef,
    id: &IntentId,
    actor: &str,
    reason: &str,
) -> Result<bool, PostingError> {
    let table = &*access.ports.table;
    for _ in 0..RECORD_ATTEMPTS_MAX {
        let now: Timestamp = access.ports.clock.now();
        let Some(Stored { value: mut intent, version }) = load::<Intent>(table, &keys::intent(whose, id)).await? else {
            return Err(PostingError::Missing(id.clone()));
        };
        let done_before = matches!(&intent.state, IntentState::Recorded { .. });
        if done_before || !intent.record(now, actor, reason) {
            return Ok(done_before);
        }
        let mut writes = vec![put(keys::intent(whose, id), Guard::Version(version), &intent, None)];
        writes.extend(waiting_removal(table, whose, id).await?);
        if table.transact(writes).await? == Written::Stored {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A worker may take the intent at the same moment; then its outcome decides.
const RECORD_ATTEMPTS_MAX: u32 = 3;

/// Puts other content in the place of what was refused and sends it on its way; answers whether that was possible: not of
/// what is in Xero, or may be, and not when somebody else changed it meanwhile.
pub async fn change_content<C: Serialize>(
    access: &Access,
    whose: &OrganisationRef,
    id: &IntentId,
    content: &C,
    reason: &str,
) -> Result<bool, PostingError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let (key, content_key) = (keys::intent(whose, id), keys::intent_content(whose, id));
    let (Some(found), Some(before)) = (load::<Intent>(table, &key).await?, table.get(&content_key).await?) else {
        return Err(PostingError::Missing(id.clone()));
    };
    let (guard, mut intent) = (found.guard(), found.value);
    let body = content_of(content);
    if !intent.change(now, digest(&body), reason) {
        return Ok(false);
    }
    let work = outbox(whose, &intent, now);
    let content_guard = Guard::Version(before.version);
    let mut writes = vec![
        put(key, guard, &intent, None),
        Write::Put { key: content_key, guard: content_guard, body, expires_at: None },
        parked_write(&work),
    ];
    writes.extend(waiting_removal(table, whose, id).await?);
    go_on(access, writes, work).await
}
