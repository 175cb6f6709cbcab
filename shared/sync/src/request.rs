//! Asking for a run: one at a time, so a wish during a run is that run.

use std::time::Duration;

use connections::{Access, ConnectionState, load_connection};
use envelopes::{Envelope, SyncRun, Work};
use kernel::{Applied, OrganisationRef, RunId};
use ports::random_16;
use state::{edit, keys};

use crate::SyncError;
use crate::head::{SyncHead, Trigger};
use crate::plan::steps;
use crate::run::{fresh, run_name};
use crate::work::send;

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// A run was made, or one is under way that serves.
    Run {
        /// Names it.
        run: RunId,
        /// Whether this wish made it.
        applied: Applied,
    },
    /// The connection cannot be used.
    NotConnected,
    /// No such organisation in this workspace.
    Unknown,
}

/// A run that did not move for this long may have lost its envelope; another is sent.
const STALE: Duration = Duration::from_secs(10 * 60);

/// Asks for a run. The run is stored before its envelope is sent; asking again mends an envelope that was lost.
pub async fn request_run(
    access: &Access,
    whose: &OrganisationRef,
    trigger: Trigger,
    actor: Option<&str>,
) -> Result<Requested, SyncError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let Some(connection) = load_connection(table, whose).await? else { return Ok(Requested::Unknown) };
    if connection.value.state != ConnectionState::Connected {
        return Ok(Requested::NotConnected);
    }
    let noise = random_16(&*access.ports.random);
    let name = run_name(now, &format!("{:02x}{:02x}{:02x}", noise[0], noise[1], noise[2]));
    let stored = edit(table, &keys::sync_head(whose), None, |head: Option<&SyncHead>| {
        let mut head = head.cloned().unwrap_or_default();
        if head.active.is_some() {
            return None;
        }
        let steps = steps(&head, trigger, now);
        head.active = Some(fresh(name.clone(), trigger, actor.map(str::to_owned), now, steps));
        Some(head)
    })
    .await?;
    let Some(active) = stored.and_then(|stored| stored.value.active) else { return Ok(Requested::Unknown) };
    let applied = if active.run == name { Applied::Now } else { Applied::Before };
    let quiet = now.duration_since(active.moved_at).unsigned_abs() > STALE;
    let waits = active.waiting.as_ref().is_some_and(|(until, _)| now < *until);
    if applied == Applied::Now || (quiet && !waits) {
        let step = SyncRun { organisation: whose.clone(), run: active.run.clone(), step: active.envelopes };
        send(access, &Envelope::new(Work::SyncRun(step))).await?;
    }
    Ok(Requested::Run { run: active.run, applied })
}
