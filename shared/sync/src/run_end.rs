//! How a piece of a run ends: finished, out of time, parked until Xero allows more, or stopped for want of access.

use std::time::Duration;

use connections::CallError;
use envelopes::{Envelope, SyncRun, Work};
use kernel::{Timestamp, iso_week};
use postings::any_waiting;
use tracing::info;

use crate::SyncError;
use crate::head::{ActiveRun, LastRun, Outcome, Reading, Trigger};
use crate::plan::steps;
use crate::problems::{open_problem, resolve_problem};
use crate::run::{Pause, fresh, run_name};
use crate::run_problems::{connection_problem, outage_problem, setup_problem};
use crate::runs::log_end;
use crate::tell::{ask_for_lines, tell};
use crate::work::{Worker, park_envelope, send};

/// Waits in a row for a Xero that is not there after which it is said.
const OUTAGES_TOLD: u32 = 3;

/// Stores how the run stands, hands on what follows, and gives the organisation back.
pub(crate) async fn conclude(
    mut worker: Worker<'_>,
    step: &SyncRun,
    outcome: Result<Pause, SyncError>,
) -> Result<(), SyncError> {
    match outcome {
        Ok(Pause::Finished) => end_run(worker, None).await,
        Ok(Pause::OutOfTime) => hand_on(worker, step, None).await,
        Err(SyncError::Call(CallError::Later { until, reason, outage })) => {
            let until = if outage { after_outage(&mut worker, until, &reason).await? } else { until };
            hand_on(worker, step, Some((until, reason))).await
        }
        Err(SyncError::Call(CallError::Unreadable(reason))) => {
            let wait =
                Duration::from_secs(60 << worker.head.active.as_ref().map_or(0, |active| active.failures.min(6)));
            let until = worker.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
            hand_on(worker, step, Some((until, reason))).await
        }
        Err(SyncError::Call(CallError::Setup(reason))) => {
            open_problem(&mut worker, setup_problem(&reason)).await?;
            let until = worker.now().saturating_add(Duration::from_secs(600)).unwrap_or(Timestamp::MAX);
            hand_on(worker, step, Some((until, reason))).await
        }
        Err(SyncError::Call(error @ CallError::NotConnected(_))) => {
            open_problem(&mut worker, connection_problem(&error)).await?;
            end_run(worker, Some(Outcome::Stopped)).await
        }
        Err(SyncError::Overtaken) => {
            let (access, now) = (worker.access, worker.now());
            park_envelope(access, &Envelope::new(Work::SyncRun(step.clone())), now, "another worker was quicker").await
        }
        // Table or queue trouble: nothing more is written, the queue brings the message back, the lease runs out.
        Err(error) => Err(error),
    }
}

/// Waits longer each time Xero is not there, up to half an hour, and says so once it lasts.
async fn after_outage(worker: &mut Worker<'_>, until: Timestamp, reason: &str) -> Result<Timestamp, SyncError> {
    let now = worker.now();
    let Some(active) = worker.head.active.as_mut() else { return Ok(until) };
    active.outages += 1;
    let outages = active.outages;
    if outages >= OUTAGES_TOLD {
        open_problem(worker, outage_problem(reason)).await?;
    }
    let wait = Duration::from_secs(60 << (outages - 1).min(5));
    Ok(until.max(now.saturating_add(wait).unwrap_or(until)))
}

/// Continues by a new envelope, at once or when the time has come.
async fn hand_on(mut worker: Worker<'_>, step: &SyncRun, wait: Option<(Timestamp, String)>) -> Result<(), SyncError> {
    let access = worker.access;
    let mut next = step.clone();
    if let Some(active) = worker.head.active.as_mut() {
        active.envelopes += 1;
        active.waiting = wait.clone();
        next.step = active.envelopes;
    }
    let envelope = Envelope::new(Work::SyncRun(next));
    match &wait {
        Some((until, reason)) => park_envelope(access, &envelope, *until, reason).await?,
        None => send(access, &envelope).await?,
    }
    worker.finish().await
}

/// The run is over: the head forgets it, the log keeps it, and one that was wanted meanwhile follows.
async fn end_run(mut worker: Worker<'_>, outcome: Option<Outcome>) -> Result<(), SyncError> {
    let now = worker.now();
    let Some(active) = worker.head.active.clone() else { return worker.finish().await };
    let natural = if active.problems > 0 { Outcome::CompletedWithProblems } else { Outcome::Completed };
    let outcome = outcome.unwrap_or(natural);
    if outcome != Outcome::Stopped {
        for subject in ["connection", "setup", "xero"] {
            resolve_problem(&mut worker, subject).await?;
        }
        let swept = active.steps.iter().any(|step| step.reading == Reading::OpenDocuments);
        if swept || !worker.head.loaded {
            worker.head.swept_week = iso_week(active.requested_at);
        }
        worker.head.loaded = true;
    }
    log_end(worker.table(), &worker.whose, &active, worker.head.feed_head, outcome, now, None).await?;
    info!(tenant.id = %worker.whose.tenant, run.id = %active.run, outcome = ?outcome, "A sync run ended");
    if outcome != Outcome::Stopped && any_waiting(worker.table(), &worker.whose).await? {
        // Lock dates were read, and calls go through again: what waits for either is looked at.
        let (organisation, after) = (worker.whose.clone(), None);
        send(worker.access, &Envelope::new(Work::ResumePostings { organisation, after, run: active.run.clone() }))
            .await?;
    }
    tell(&worker, &active).await?;
    if outcome != Outcome::Stopped {
        ask_for_lines(&worker, &active).await?;
    }
    worker.head.last = Some(LastRun { run: active.run.clone(), finished_at: now, outcome });
    worker.head.active = None;
    if worker.head.again && outcome != Outcome::Stopped {
        follow_up(&mut worker, &active).await?;
    }
    worker.finish().await
}

/// Begins the run that was wanted while another was already reading. Its envelope goes first: one whose run was not
/// stored changes nothing, while a run without an envelope would stand still.
async fn follow_up(worker: &mut Worker<'_>, before: &ActiveRun) -> Result<(), SyncError> {
    let now = worker.now();
    let name = run_name(now, &format!("a{:06x}", worker.head.lease.holder % 0x100_0000));
    let mut next = fresh(name.clone(), Trigger::Webhook, before.actor.clone(), now, Vec::new());
    next.steps = steps(&worker.head, Trigger::Webhook, None, now);
    next.urgent = before.urgent;
    worker.head.again = false;
    let envelope = SyncRun { organisation: worker.whose.clone(), run: name, step: 0 };
    send(worker.access, &Envelope::new(Work::SyncRun(envelope))).await?;
    worker.head.active = Some(next);
    Ok(())
}
