//! Asking for a run: one at a time, so a wish during a run is that run.
//!
//! Where the run under way cannot serve a wish, because it has passed what the wish is about or reads only some kinds,
//! one more run follows it. Wishes are written without the lease; the worker at the organisation takes them over.

use std::time::Duration;

use connections::{Access, Connection, ConnectionState, load_connection};
use envelopes::{Envelope, SyncRun, Work};
use kernel::{Applied, OrganisationRef, RunId, Timestamp};
use ports::random_16;
use state::{edit, keys, load};
use xero::budget::Budget;

use crate::SyncError;
use crate::head::{ActiveRun, SyncHead, Trigger};
use crate::plan::{Kinds, steps};
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
    /// Xero allows no more calls today; a run would only wait.
    NoCallsLeft {
        /// From when on it does.
        until: Timestamp,
    },
    /// The connection cannot be used.
    NotConnected,
    /// No such organisation in this workspace.
    Unknown,
}

/// Who wants a run, and of what.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Why.
    pub trigger: Trigger,
    /// The person who asks, where one does.
    pub actor: Option<&'a str>,
    /// The only kinds that are wanted; `None` for every kind the workspace reads.
    pub kinds: Option<&'a Kinds>,
}

impl Wish<'_> {
    /// A wish for every kind.
    pub fn of(trigger: Trigger) -> Self {
        Self { trigger, actor: None, kinds: None }
    }
}

/// A run that did not move for this long may have lost its envelope; another is sent.
const STALE: Duration = Duration::from_secs(10 * 60);

/// Asks for a run. The run is stored before its envelope is sent; asking again mends an envelope that was lost.
pub async fn request_run(access: &Access, whose: &OrganisationRef, wish: Wish<'_>) -> Result<Requested, SyncError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let Some(connection) = load_connection(table, whose).await? else { return Ok(Requested::Unknown) };
    let connection = connection.value;
    if connection.state != ConnectionState::Connected {
        return Ok(Requested::NotConnected);
    }
    if wish.trigger == Trigger::Person
        && let Some(until) = calls_spent_until(access, &connection).await?
    {
        return Ok(Requested::NoCallsLeft { until });
    }
    let noise = random_16(&*access.ports.random);
    let name = run_name(now, &format!("{:02x}{:02x}{:02x}", noise[0], noise[1], noise[2]));
    let kinds = wanted_kinds(&connection, wish.kinds);
    let mut woken = false;
    let stored = edit(table, &keys::sync_head(whose), None, |head: Option<&SyncHead>| {
        let mut head = head.cloned().unwrap_or_default();
        if head.active.is_some() {
            let (joined, wakes) = join(head, &wish);
            woken = wakes;
            return joined;
        }
        let partial = wish.kinds.is_some() && head.loaded;
        let kinds = if partial { &kinds } else { &wanted_kinds(&connection, None) };
        let steps = steps(&head, wish.trigger, Some(kinds), now);
        let run = fresh(name.clone(), wish.trigger, wish.actor.map(str::to_owned), now, steps);
        head.active = Some(ActiveRun { partial, ..run });
        head.again = false;
        Some(head)
    })
    .await?;
    let Some(active) = stored.and_then(|stored| stored.value.active) else { return Ok(Requested::Unknown) };
    let applied = if active.run == name { Applied::Now } else { Applied::Before };
    if applied == Applied::Now || woken || stands_still(&active, now) {
        let step = SyncRun { organisation: whose.clone(), run: active.run.clone(), step: active.envelopes };
        send(access, &Envelope::new(Work::SyncRun(step))).await?;
    }
    Ok(Requested::Run { run: active.run, applied })
}

/// The kinds a workspace reads, of those that are wanted.
pub(crate) fn wanted_kinds(connection: &Connection, only: Option<&Kinds>) -> Kinds {
    let wanted = |name: &str| connection.settings.reads(name) && only.is_none_or(|only| only.contains(name));
    mirror::entities::ENTITIES.iter().map(|entity| entity.name.to_owned()).filter(|name| wanted(name)).collect()
}

/// What joining the run under way changes in the head, if anything, and whether that run is woken from a wait.
fn join(mut head: SyncHead, wish: &Wish<'_>) -> (Option<SyncHead>, bool) {
    let Some(active) = head.active.as_mut() else { return (None, false) };
    let hurries = wish.trigger == Trigger::Person && !active.urgent;
    let wakes = hurries && active.waiting.is_some();
    active.urgent |= hurries;
    // A person sees the run they joined; a lost webhook's record may lie behind it, and so may what a partial run skips.
    let passed = active.has_begun() && matches!(wish.trigger, Trigger::WebhookGap | Trigger::Webhook);
    let missed = passed || (active.partial && wish.kinds.is_none());
    let follows = missed && !head.again;
    head.again |= missed;
    ((hurries || follows).then_some(head), wakes)
}

fn stands_still(active: &ActiveRun, now: Timestamp) -> bool {
    let quiet = now.duration_since(active.moved_at).unsigned_abs() > STALE;
    quiet && active.waiting.as_ref().is_none_or(|(until, _)| now >= *until)
}

async fn calls_spent_until(access: &Access, connection: &Connection) -> Result<Option<Timestamp>, SyncError> {
    let key = keys::budget(&connection.client, connection.whose.tenant);
    let budget = load::<Budget>(&*access.ports.table, &key).await?;
    Ok(budget.and_then(|stored| stored.value.day_spent_until(access.ports.clock.now())))
}
