//! What the schedule finds to be done: read from state, so that a schedule that fires twice or not at all does no harm.

use connections::{
    Access, ConnectionState, Directory, KEEP_ALIVE_DAYS, claim_slot, directory_shard, load_connection,
    refresh_directory, token_age,
};
use envelopes::{Envelope, Work};
use kernel::{OrganisationRef, Timestamp};
use ports::Message;
use state::{due_parked, unpark};

use crate::SyncError;
use crate::head::Trigger;
use crate::request::request_run;
use crate::work::send;

/// What one look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Parked envelopes brought back.
    pub unparked: usize,
    /// Runs asked for.
    pub runs: usize,
    /// Connections still to be deleted at Xero.
    pub deletions: usize,
    /// Token sets to be kept alive.
    pub keep_alives: usize,
}

/// Puts parked envelopes of one shard back on their queues when their time has come.
pub async fn bring_back_parked(access: &Access, shard: u8) -> Result<usize, SyncError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let due = due_parked(table, shard, now).await?;
    for work in &due {
        let tail = work.value.until.as_second();
        if let Ok(envelope) = Envelope::parse(&work.value.envelope) {
            // The same envelope may have passed the queue minutes ago; its coming back is a message of its own.
            let dedupe: String = format!("{}-{tail}", envelope.dedupe()).chars().rev().take(128).collect();
            let body = work.value.envelope.clone();
            let message = Message { queue: envelope.queue(), body, group: envelope.group(), dedupe };
            access.ports.queue.send(vec![message]).await?;
        }
        unpark(table, work).await?;
    }
    Ok(due.len())
}

/// Looks at the connections of one shard. `early` names apps whose webhooks were missed.
pub async fn look_at_shard(access: &Access, shard: u8, early: &[String]) -> Result<Due, SyncError> {
    let now = access.ports.clock.now();
    let mut due = Due::default();
    for line in directory_shard(&*access.ports.table, shard).await? {
        look_at(access, &line, early, now, &mut due).await?;
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
        request_run(access, &line.whose, Trigger::WebhookGap, None).await?;
        due.runs += 1;
    }
    let slot = line.settings.slot(now, &line.zone);
    let Some(slot) = slot.filter(|slot| line.last_slot.as_ref() != Some(slot)) else { return Ok(()) };
    // The run is asked for before the slot is noted: a crash in between asks twice, and the second is the same run.
    request_run(access, &line.whose, Trigger::Schedule, None).await?;
    claim_slot(table, &line.whose, &slot).await?;
    due.runs += 1;
    Ok(())
}

/// The command that marked the connection sends this too; here is the net under it.
async fn resend_deletion(access: &Access, whose: &OrganisationRef) -> Result<bool, SyncError> {
    let Some(stored) = load_connection(&*access.ports.table, whose).await? else { return Ok(false) };
    let connection = stored.value;
    let wanted = connection.state == ConnectionState::Disconnected && !connection.deleted_at_xero;
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
    let Some(user) = connection.acting_user().filter(|_| connection.state == ConnectionState::Connected) else {
        return Ok(0);
    };
    let age = token_age(access, &connection.client, user).await?;
    let idle = age.filter(|(_, dead)| dead.is_none()).map(|(refreshed_at, _)| now.duration_since(refreshed_at));
    if idle.is_none_or(|idle| idle.as_hours() < KEEP_ALIVE_DAYS * 24) {
        return Ok(0);
    }
    let day = now.strftime("%Y%m%d").to_string();
    send(access, &Envelope::new(Work::KeepAlive { client: connection.client, user, day })).await?;
    Ok(1)
}

/// Spreads the daily check of all connections over the day.
fn daily_minute(whose: &OrganisationRef) -> i64 {
    let bytes = whose.tenant.0.as_bytes();
    (i64::from(bytes[0]) * 256 + i64::from(bytes[1])) % 1440
}

fn minute_of_day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60).rem_euclid(1440)
}
