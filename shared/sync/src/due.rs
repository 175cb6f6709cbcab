//! What the schedule finds to be done: read from state, so that a schedule that fires twice or not at all does no harm.

use std::time::Duration;

use connections::{
    Access, Connection, ConnectionState, Directory, Slots, authorisation_ended, claim_night, claim_slots,
    directory_shard, load_connection, refresh_directory, tokens_to_keep,
};
use envelopes::{Envelope, SYNC_WORKER, Work};
use kernel::{Date, OrganisationRef, Timestamp, local_date};
use ports::Message;
use state::{due_parked, unpark};
use tracing::warn;

use crate::SyncError;
use crate::head::Trigger;
use crate::plan::Kinds;
use crate::request::{Wish, request_run};
use crate::work::send;

/// Slots are spread over this long.
const JITTER_SECS_MAX: u64 = 600;

/// What one look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Parked envelopes brought back.
    pub unparked: usize,
    /// Runs asked for.
    pub runs: usize,
    /// Organisations whose day has turned, so that releases may be due.
    pub nights: usize,
    /// Connections still to be deleted at Xero.
    pub deletions: usize,
    /// Token sets to be kept alive.
    pub keep_alives: usize,
    /// Connections that could not be looked at.
    pub failures: usize,
}

impl std::ops::AddAssign for Due {
    fn add_assign(&mut self, other: Self) {
        self.unparked += other.unparked;
        self.runs += other.runs;
        self.nights += other.nights;
        self.deletions += other.deletions;
        self.keep_alives += other.keep_alives;
        self.failures += other.failures;
    }
}

/// Puts parked envelopes of one shard back on their queues when their time has come.
pub async fn bring_back_parked(access: &Access, shard: u8) -> Result<usize, SyncError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let due = due_parked(table, shard, now).await?;
    for work in &due {
        let tail = work.value.until.as_second();
        let (queue, group, name) = match Envelope::parse(&work.value.envelope) {
            Ok(envelope) => (envelope.queue(), envelope.group(), envelope.dedupe()),
            // Written by a newer version, say: on the queue it becomes a dead letter that a person can replay.
            Err(_) => (SYNC_WORKER, "unreadable".to_owned(), work.value.tail.clone()),
        };
        // The same envelope may have passed the queue minutes ago; its coming back is a message of its own.
        let dedupe: String = format!("{name}-{tail}").chars().rev().take(128).collect();
        let message = Message { queue, body: work.value.envelope.clone(), group, dedupe };
        access.ports.queue.send(vec![message]).await?;
        unpark(table, work).await?;
    }
    Ok(due.len())
}

/// Looks at the connections of one shard. `early` names apps whose webhooks were missed. One connection that cannot
/// be looked at does not keep the others waiting: it is counted, said and tried again by the next look.
pub async fn look_at_shard(access: &Access, shard: u8, early: &[String]) -> Result<Due, SyncError> {
    let now = access.ports.clock.now();
    let mut due = Due::default();
    let lines = directory_shard(&*access.ports.table, shard).await?;
    due.failures += lines.unreadable;
    for line in lines.readable {
        if let Err(error) = look_at(access, &line, early, now, &mut due).await {
            warn!(tenant.id = %line.whose.tenant, error = %error, "A connection could not be looked at");
            due.failures += 1;
        }
    }
    Ok(due)
}

async fn look_at(
    access: &Access,
    line: &Directory,
    early: &[String],
    now: Timestamp,
    due: &mut Due,
) -> Result<(), SyncError> {
    let table = &*access.ports.table;
    if line.delete_at_xero {
        due.deletions += usize::from(resend_deletion(access, &line.whose).await?);
    }
    if daily_minute(&line.whose) == minute_of_day(now) {
        due.keep_alives += daily_check(access, &line.whose, now).await?;
    }
    if line.state != ConnectionState::Connected {
        return Ok(());
    }
    if early.contains(&line.app) {
        request_run(access, &line.whose, Wish::of(Trigger::WebhookGap)).await?;
        due.runs += 1;
    }
    let jittered = now.saturating_sub(jitter(&line.whose)).unwrap_or(now);
    due.nights += usize::from(look_at_night(access, line, local_date(&line.zone, jittered)).await?);
    let slots = line.settings.slots(jittered, &line.zone);
    let turned: Slots = slots.into_iter().filter(|(interval, slot)| line.slots.get(interval) != Some(slot)).collect();
    if turned.is_empty() {
        return Ok(());
    }
    let kinds: Kinds = mirror::entities::ENTITIES
        .iter()
        .map(|entity| entity.name.to_owned())
        .filter(|name| turned.contains_key(&line.settings.interval_of(name)))
        .collect();
    let all = turned.contains_key(&line.settings.sync_interval);
    let wish = Wish { kinds: (!all).then_some(&kinds), ..Wish::of(Trigger::Schedule) };
    // The run is asked for before the slots are noted: a crash in between asks twice, and the second is the same run.
    request_run(access, &line.whose, wish).await?;
    claim_slots(table, &line.whose, &turned).await?;
    due.runs += 1;
    Ok(())
}

/// Once a day, soon after it has begun at the organisation: releases of what has passed are posted.
async fn look_at_night(access: &Access, line: &Directory, day: Date) -> Result<bool, SyncError> {
    if line.night == Some(day) {
        return Ok(false);
    }
    let (organisation, wish) = (line.whose.clone(), format!("night-{day}"));
    send(access, &Envelope::new(Work::PostReleases { organisation, until: None, actor: None, wish, round: 0 })).await?;
    // Sent first: a crash in between sends it twice, and the second finds nothing left.
    claim_night(&*access.ports.table, &line.whose, day).await?;
    Ok(true)
}

/// The command that marked the connection sends this too; here is the net under it.
async fn resend_deletion(access: &Access, whose: &OrganisationRef) -> Result<bool, SyncError> {
    let Some(stored) = load_connection(&*access.ports.table, whose).await? else { return Ok(false) };
    let connection = stored.value;
    let wanted = connection.owes_a_deletion();
    if wanted {
        let generation = connection.generation;
        send(access, &Envelope::new(Work::Disconnect { organisation: whose.clone(), generation })).await?;
    } else {
        refresh_directory(&*access.ports.table, &connection).await?;
    }
    Ok(wanted)
}

/// Once a day for each connection: the directory agrees with it, and its tokens are used before they die.
async fn daily_check(access: &Access, whose: &OrganisationRef, now: Timestamp) -> Result<usize, SyncError> {
    let Some(stored) = load_connection(&*access.ports.table, whose).await? else { return Ok(0) };
    let connection = stored.value;
    refresh_directory(&*access.ports.table, &connection).await?;
    if connection.state != ConnectionState::Connected {
        return Ok(0);
    }
    let tokens = tokens_to_keep(access, &connection).await?;
    if tokens.acting_ended {
        authorisation_ended(access, &connection).await?;
    }
    let day = now.strftime("%Y%m%d").to_string();
    for user in &tokens.idle {
        let (client, user, day) = (connection.client.clone(), *user, day.clone());
        send(access, &Envelope::new(Work::KeepAlive { client, user, day })).await?;
    }
    Ok(tokens.idle.len())
}

/// When an organisation is next pulled by itself; `None` when automatic sync is off or the connection cannot be used.
pub fn next_pull(connection: &Connection, now: Timestamp) -> Option<Timestamp> {
    if connection.state != ConnectionState::Connected {
        return None;
    }
    let jitter = jitter(&connection.whose);
    let next = connection.settings.next_slot(now.saturating_sub(jitter).unwrap_or(now), connection.zone());
    next.and_then(|next| next.saturating_add(jitter).ok())
}

/// Each organisation's slots turn at a moment of its own within ten minutes, so that not all ask Xero in one second.
fn jitter(whose: &OrganisationRef) -> Duration {
    let bytes = whose.tenant.0.as_bytes();
    Duration::from_secs((u64::from(bytes[2]) * 256 + u64::from(bytes[3])) % JITTER_SECS_MAX)
}

/// Spreads the daily check of all connections over the day.
fn daily_minute(whose: &OrganisationRef) -> i64 {
    let bytes = whose.tenant.0.as_bytes();
    (i64::from(bytes[0]) * 256 + i64::from(bytes[1])) % 1440
}

fn minute_of_day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60).rem_euclid(1440)
}
