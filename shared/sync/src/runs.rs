//! The run log: one row a run, from its first envelope to its end. The items of a run are its changes in the feed.

use std::collections::BTreeMap;

use kernel::{OrganisationRef, RunId, Timestamp};
use ports::{Direction, Query, Table, TableError};
use serde::{Deserialize, Serialize};
use state::{edit, keys, load, read_row};

use crate::SyncError;
use crate::head::{ActiveRun, FailedItem, Outcome, SyncHead, Trigger};
use mirror::Counts;

/// A logged run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLog {
    /// Names it.
    pub run: RunId,
    /// Why it was made.
    pub trigger: Trigger,
    /// Who asked, when somebody did.
    pub actor: Option<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// What was found, by kind.
    pub counts: BTreeMap<String, Counts>,
    /// Its changes in the feed: from here …
    pub feed_from: u64,
    /// … to before here.
    pub feed_to: u64,
    /// What could not be read, at most 50 of it; the counts tell of all.
    #[serde(default)]
    pub failed: Vec<FailedItem>,
    /// Milliseconds from the first of the events that woke it to its changes being in the feed; webhooks only.
    #[serde(default)]
    pub lag_millis: Option<u64>,
}

/// A run with what the head knows of it while it is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunState {
    /// The log row, brought up to date.
    #[serde(flatten)]
    pub log: RunLog,
    /// Steps done and steps in all, while it is under way.
    pub progress: Option<Progress>,
    /// Until when it waits, and why.
    pub waiting: Option<(Timestamp, String)>,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Lists read.
    pub steps_done: usize,
    /// Lists to read.
    pub steps: usize,
    /// The list being read.
    pub entity: Option<String>,
    /// Records in that list, as Xero says; 0 until it does.
    pub expected: u64,
}

/// Runs are kept this long.
const KEPT_DAYS: u64 = 400;

fn log_of(active: &ActiveRun) -> RunLog {
    RunLog {
        run: active.run.clone(),
        trigger: active.trigger,
        actor: active.actor.clone(),
        requested_at: active.requested_at,
        finished_at: None,
        outcome: None,
        counts: active.counts.clone(),
        feed_from: active.feed_from,
        feed_to: active.feed_from,
        failed: active.failed.clone(),
        lag_millis: None,
    }
}

pub(crate) async fn log_start(table: &dyn Table, whose: &OrganisationRef, active: &ActiveRun) -> Result<(), SyncError> {
    store(table, whose, log_of(active)).await
}

/// Logs how a run ended. `lag_millis` is known of runs that webhook events made, which have no start of their own.
pub(crate) async fn log_end(
    table: &dyn Table,
    whose: &OrganisationRef,
    active: &ActiveRun,
    feed_to: u64,
    outcome: Outcome,
    now: Timestamp,
    lag_millis: Option<u64>,
) -> Result<(), SyncError> {
    let log = RunLog { finished_at: Some(now), outcome: Some(outcome), feed_to, lag_millis, ..log_of(active) };
    store(table, whose, log).await
}

/// Writes a log row; one that says the same already is left alone.
pub(crate) async fn store(table: &dyn Table, whose: &OrganisationRef, log: RunLog) -> Result<(), SyncError> {
    let kept = std::time::Duration::from_secs(KEPT_DAYS * 24 * 3600);
    let drop_at = log.requested_at.saturating_add(kept).ok();
    edit(table, &keys::run(whose, &log.run), drop_at, |before: Option<&RunLog>| {
        let over = before.is_some_and(|before| before.finished_at.is_some());
        (before != Some(&log) && !over).then(|| log.clone())
    })
    .await?;
    Ok(())
}

/// One run of an organisation.
pub async fn load_run(table: &dyn Table, whose: &OrganisationRef, run: &RunId) -> Result<Option<RunState>, TableError> {
    let log = load::<RunLog>(table, &keys::run(whose, run)).await?.map(|stored| stored.value);
    let head = load::<SyncHead>(table, &keys::sync_head(whose)).await?.map(|stored| stored.value);
    let active = head.as_ref().and_then(|head| head.active.as_ref()).filter(|active| active.run == *run);
    Ok(match (active, log) {
        (Some(active), _) => Some(under_way(active, head.as_ref().map_or(0, |head| head.feed_head))),
        (None, Some(log)) => Some(RunState { log, progress: None, waiting: None }),
        (None, None) => None,
    })
}

fn under_way(active: &ActiveRun, feed_head: u64) -> RunState {
    let feed_to = if active.has_begun() { feed_head } else { active.feed_from };
    RunState {
        log: RunLog { feed_to, ..log_of(active) },
        progress: Some(Progress {
            steps_done: active.at,
            steps: active.steps.len(),
            entity: active.steps.get(active.at).map(|step| step.entity.clone()),
            expected: active.pass.as_ref().map_or(0, |pass| pass.expected),
        }),
        waiting: active.waiting.clone(),
    }
}

/// The newest runs; `before` continues behind a run.
pub async fn list_runs(
    table: &dyn Table,
    whose: &OrganisationRef,
    before: Option<&RunId>,
    limit: usize,
) -> Result<(Vec<RunLog>, bool), TableError> {
    let (from, last) = keys::runs_range();
    // One character below the named run's key, so that the run itself is left out.
    let to = before.map_or(last, |run| format!("run#{run}"));
    let partition = keys::organisation(whose);
    let query = Query { partition, from, to, direction: Direction::Backward, limit: limit + 1 };
    let page = table.query(&query).await?;
    let logs: Result<Vec<RunLog>, TableError> =
        page.rows.iter().map(|row| read_row(row).map(|stored| stored.value)).collect();
    let mut logs = logs?;
    logs.retain(|log| before.is_none_or(|run| log.run != *run));
    let more = logs.len() > limit || page.more;
    logs.truncate(limit);
    Ok((logs, more))
}
