//! Carrying a run on: step after step, page after page, until it is done, must wait or runs out of time.
//!
//! Every page ends in a commit that holds both what was applied and where to read next, so a run that is cut off
//! anywhere goes on from its last commit. Out of time: a continuing envelope. A limit: parked. Access lost: stopped.

use std::time::Duration;

use connections::{Access, CallError, Session};
use envelopes::{Envelope, SyncRun, Work};
use kernel::{RunId, Timestamp};
use state::{Stored, read_row};
use tracing::{info, warn};
use xero::budget::Urgency;
use xero::page::cut;

use crate::SyncError;
use crate::entities::{Entity, entity};
use crate::facts::keep_facts;
use crate::head::{ActiveRun, Counts, LastRun, Outcome, Pass, Reading, Step, Trigger};
use crate::mirror::{BatchDone, MirrorRow};
use crate::pass::{Next, after_page, next_read};
use crate::plan::week;
use crate::problems::{Problem, open_problem, resolve_problem};
use crate::record::Record;
use crate::runs::{log_end, log_start};
use crate::work::{Worker, add_counts, park_envelope, send};

/// Time left for a last page to be read, applied and committed.
const PAGE_MARGIN: Duration = Duration::from_secs(45);
/// Failed attempts at one step before it is left to the next run.
const FAILURES_MAX: u32 = 5;

/// Goes on with a run where the head says. An envelope of a run that is over changes nothing.
pub async fn go_on(access: &Access, step: &SyncRun, deadline: Timestamp) -> Result<(), SyncError> {
    let envelope = Envelope::new(Work::SyncRun(step.clone()));
    let mut worker = match Worker::start(access, &step.organisation).await {
        Err(SyncError::Busy { until }) => {
            return park_envelope(access, &envelope, until, "another worker is at it").await;
        }
        started => started?,
    };
    let ours = worker.head.active.as_ref().is_some_and(|active| active.run == step.run);
    if !ours {
        return worker.finish().await;
    }
    let outcome = carry_on(&mut worker, deadline).await;
    conclude(worker, step, outcome).await
}

/// Why a run stops for now.
enum Pause {
    /// Every step is done.
    Finished,
    /// The function's time is nearly up.
    OutOfTime,
}

async fn carry_on(worker: &mut Worker<'_>, deadline: Timestamp) -> Result<Pause, SyncError> {
    let urgency = match worker.head.active.as_ref().map(|active| active.trigger) {
        Some(Trigger::Person | Trigger::Connected) => Urgency::Person,
        _ => Urgency::Background,
    };
    begin(worker).await?;
    let access = worker.access;
    let whose = worker.whose.clone();
    let mut session = Session::open(access, &whose, urgency).await?;
    loop {
        let Some(step) = present_step(worker) else { return Ok(Pause::Finished) };
        let last_start = deadline.saturating_sub(PAGE_MARGIN).unwrap_or(deadline);
        if worker.now() >= last_start {
            return Ok(Pause::OutOfTime);
        }
        match page(worker, &mut session, &step).await {
            Ok(()) => (),
            Err(SyncError::Call(error)) if hinders_only_this_step(worker, &error) => {
                give_up_step(worker, &step, &error).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// First envelope of a run: says so in the log.
async fn begin(worker: &mut Worker<'_>) -> Result<(), SyncError> {
    let now = worker.now();
    let Some(active) = worker.head.active.as_mut() else { return Ok(()) };
    active.moved_at = now;
    active.waiting = None;
    if active.envelopes == 0 {
        active.feed_from = worker.head.feed_head;
        let active = active.clone();
        log_start(worker.table(), &worker.whose, &active).await?;
    }
    Ok(())
}

fn present_step(worker: &Worker<'_>) -> Option<Step> {
    let active = worker.head.active.as_ref()?;
    active.steps.get(active.at).cloned()
}

/// Reads one page of the present step, applies it and commits it with the place of the next one.
async fn page(worker: &mut Worker<'_>, session: &mut Session<'_>, step: &Step) -> Result<(), SyncError> {
    let now = worker.now();
    let Some(entity) = entity(&step.entity) else { return next_step(worker, None).await };
    let Some(active) = worker.head.active.as_mut() else { return Ok(()) };
    if step.reading == Reading::IfTransfersTouched && !active.transfers_touched {
        return next_step(worker, None).await;
    }
    let since = match step.reading {
        Reading::Changes | Reading::IfTransfersTouched => worker.head.cursors.get(entity.name).copied(),
        Reading::Everything | Reading::OpenDocuments => None,
    };
    let pass = active.pass.get_or_insert_with(|| Pass::new(now, since)).clone();
    let run = active.run.clone();
    let body = worker.read(session, &next_read(entity, step.reading, &pass)).await?;
    let (records, counts, pagination) = read_records(entity, &body)?;
    let elements = records.len();
    let next = after_page(entity, &pass, pagination, &records, elements);
    if entity.name == "organisation" {
        keep_facts(worker, &records).await?;
    }
    let whole_list = whole_ids(step, entity, &records, counts.unreadable);
    let mut done = worker.apply(&run, entity, records).await?;
    if let Some(listed) = whole_list {
        let gone = no_longer_listed(worker, entity, &listed).await?;
        let ended = worker.apply_gone(&run, entity, gone).await?;
        add_counts(&mut done.counts, &ended.counts);
    }
    done.counts.unreadable += counts.unreadable;
    book(worker, entity, &done);
    if counts.unreadable > 0 {
        open_problem(worker, unreadable_records(entity, counts.unreadable)).await?;
    }
    match next {
        Next::Page(pass) => continue_pass(worker, pass).await,
        Next::Done(cursor) => next_step(worker, Some((entity, step.reading, cursor))).await,
        Next::Unsettled => {
            open_problem(worker, unsettled(entity)).await?;
            next_step(worker, None).await
        }
    }
}

type PageRead = (Vec<Record>, Counts, Option<xero::page::Pagination>);

fn read_records(entity: &Entity, body: &[u8]) -> Result<PageRead, SyncError> {
    let unreadable = |error: xero::XeroError| CallError::Unreadable(error.to_string());
    let page = cut(body, entity.collection).map_err(unreadable)?;
    let mut counts = Counts::default();
    let mut records = Vec::with_capacity(page.elements.len());
    for element in &page.elements {
        match Record::parse(entity, element.get()) {
            Ok(record) => records.push(record),
            Err(_) => counts.unreadable += 1,
        }
    }
    Ok((records, counts, page.pagination))
}

/// The ids of a complete list, when this page is one.
fn whole_ids(step: &Step, entity: &Entity, records: &[Record], unreadable: u64) -> Option<Vec<String>> {
    let complete = step.reading == Reading::Everything && !entity.paged && unreadable == 0;
    complete.then(|| records.iter().map(|record| record.id.clone()).collect())
}

/// Longest list whose absent records are looked for.
const LISTED_MAX: usize = 20_000;

async fn no_longer_listed(
    worker: &Worker<'_>,
    entity: &Entity,
    listed: &[String],
) -> Result<Vec<(String, Stored<MirrorRow>)>, SyncError> {
    let listed: std::collections::HashSet<&str> = listed.iter().map(String::as_str).collect();
    let rows = crate::read::all_rows(worker.table(), &worker.whose, entity.name, LISTED_MAX).await?;
    let mut gone = Vec::new();
    for row in rows.iter().filter(|row| !listed.contains(row.key.sort.as_str())) {
        let stored = read_row::<MirrorRow>(row)?;
        if !stored.value.gone {
            gone.push((row.key.sort.clone(), stored));
        }
    }
    Ok(gone)
}

fn book(worker: &mut Worker<'_>, entity: &Entity, done: &BatchDone) {
    let (now, meter) = (worker.now(), worker.take_meter());
    let Some(active) = worker.head.active.as_mut() else { return };
    active.transfers_touched |= done.transfers_touched;
    active.moved_at = now;
    active.failures = 0;
    let counts = active.counts.entry(entity.name.to_owned()).or_default();
    add_counts(counts, &done.counts);
    counts.spend(meter);
}

async fn continue_pass(worker: &mut Worker<'_>, pass: Pass) -> Result<(), SyncError> {
    if let Some(active) = worker.head.active.as_mut() {
        active.pass = Some(pass);
    }
    worker.commit().await
}

/// Moves on; the cursor of what was read moves with the same commit.
async fn next_step(worker: &mut Worker<'_>, read: Option<(&Entity, Reading, Timestamp)>) -> Result<(), SyncError> {
    if let Some((entity, reading, cursor)) = read {
        if reading != Reading::OpenDocuments && entity.by_time {
            worker.head.cursors.insert(entity.name.to_owned(), cursor);
        }
        resolve_problem(worker, entity.name).await?;
    }
    if let Some(active) = worker.head.active.as_mut() {
        active.at += 1;
        active.pass = None;
        active.failures = 0;
    }
    worker.commit().await
}

/// Whether the other kinds can be read although this one cannot.
fn hinders_only_this_step(worker: &mut Worker<'_>, error: &CallError) -> bool {
    match error {
        CallError::NotAllowed | CallError::Rejected(_) | CallError::NotFound => true,
        CallError::Unreadable(_) => {
            let Some(active) = worker.head.active.as_mut() else { return false };
            active.failures += 1;
            active.failures >= FAILURES_MAX
        }
        _ => false,
    }
}

async fn give_up_step(worker: &mut Worker<'_>, step: &Step, error: &CallError) -> Result<(), SyncError> {
    warn!(tenant.id = %worker.whose.tenant, entity = %step.entity, "A kind of record could not be read");
    let meter = worker.take_meter();
    if let Some(active) = worker.head.active.as_mut() {
        active.problems += 1;
        active.counts.entry(step.entity.clone()).or_default().spend(meter);
    }
    open_problem(worker, step_problem(&step.entity, error)).await?;
    next_step(worker, None).await
}

/// Stores how the run stands, hands on what follows, and gives the organisation back.
async fn conclude(mut worker: Worker<'_>, step: &SyncRun, outcome: Result<Pause, SyncError>) -> Result<(), SyncError> {
    match outcome {
        Ok(Pause::Finished) => end_run(worker, None).await,
        Ok(Pause::OutOfTime) => hand_on(worker, step, None).await,
        Err(SyncError::Call(CallError::Later { until, reason })) => hand_on(worker, step, Some((until, reason))).await,
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
        // Table or queue trouble: nothing more is written, the queue brings the message back, the lease runs out.
        Err(error) => Err(error),
    }
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

/// The run is over: the head forgets it, the log keeps it.
async fn end_run(mut worker: Worker<'_>, outcome: Option<Outcome>) -> Result<(), SyncError> {
    let now = worker.now();
    let Some(active) = worker.head.active.clone() else { return worker.finish().await };
    let natural = if active.problems > 0 { Outcome::CompletedWithProblems } else { Outcome::Completed };
    let outcome = outcome.unwrap_or(natural);
    if outcome != Outcome::Stopped {
        resolve_problem(&mut worker, "connection").await?;
        let swept = active.steps.iter().any(|step| step.entity == "currencies");
        if swept || !worker.head.loaded {
            worker.head.swept_week = week(active.requested_at);
        }
        worker.head.loaded = true;
    }
    log_end(worker.table(), &worker.whose, &active, worker.head.feed_head, outcome, now).await?;
    info!(tenant.id = %worker.whose.tenant, run.id = %active.run, outcome = ?outcome, "A sync run ended");
    worker.head.last = Some(LastRun { run: active.run, finished_at: now, outcome });
    worker.head.active = None;
    worker.finish().await
}

/// Reads one list up to its end outside of a run, at most `pages_max` pages; answers whether it got there.
pub(crate) async fn catch_up(
    worker: &mut Worker<'_>,
    session: &mut Session<'_>,
    run: &RunId,
    name: &str,
    pages_max: u32,
) -> Result<BatchDone, SyncError> {
    let Some(entity) = entity(name) else { return Ok(BatchDone::default()) };
    let mut pass = Pass::new(worker.now(), worker.head.cursors.get(entity.name).copied());
    let mut whole = BatchDone::default();
    for _ in 0..pages_max {
        let body = worker.read(session, &next_read(entity, Reading::Changes, &pass)).await?;
        let (records, _, pagination) = read_records(entity, &body)?;
        let next = after_page(entity, &pass, pagination, &records, records.len());
        let done = worker.apply(run, entity, records).await?;
        add_counts(&mut whole.counts, &done.counts);
        whole.positions += done.positions;
        match next {
            Next::Page(next) => pass = next,
            Next::Done(cursor) => {
                worker.head.cursors.insert(entity.name.to_owned(), cursor);
                break;
            }
            Next::Unsettled => break,
        }
    }
    Ok(whole)
}

fn unreadable_records(entity: &Entity, count: u64) -> Problem {
    let message = format!("{count} records in Xero's list of {} could not be read.", entity.name);
    Problem::new("unreadable_records", entity.name, message, "Tell the operator: Xero may have changed its format.")
}

fn unsettled(entity: &Entity) -> Problem {
    let message = format!("Many {} were changing in Xero while they were read.", entity.name);
    Problem::new("list_unsettled", entity.name, message, "Nothing: the next sync reads on.")
}

fn step_problem(entity: &str, error: &CallError) -> Problem {
    let fix = match error {
        CallError::NotAllowed => {
            "Connect again and allow everything asked for, as a Xero user with the Standard or Adviser role including reports."
        }
        _ => "Sync again; if it stays, tell the operator.",
    };
    Problem::new("not_readable", entity, format!("Xero's {entity} could not be read: {error}"), fix)
}

fn setup_problem(reason: &str) -> Problem {
    let fix = "The operator corrects the secret with the Xero apps; the sync goes on by itself.";
    Problem::new("setup", "setup", format!("The deployment is not set up: {reason}"), fix)
}

fn connection_problem(error: &CallError) -> Problem {
    Problem::new("not_connected", "connection", error.to_string(), "Connect the organisation again; its data was kept.")
}

/// Names a run: its start, so that names sort by time, and why it was made.
pub(crate) fn run_name(now: Timestamp, tail: &str) -> RunId {
    let name = format!("{}-{tail}", now.strftime("%Y%m%dT%H%M%S%3fZ"));
    name.parse().expect("digits, letters and dashes below 64 characters")
}

/// A fresh run, not yet begun.
pub(crate) fn fresh(
    run: RunId,
    trigger: Trigger,
    actor: Option<String>,
    now: Timestamp,
    steps: Vec<Step>,
) -> ActiveRun {
    ActiveRun {
        run,
        trigger,
        actor,
        requested_at: now,
        moved_at: now,
        steps,
        at: 0,
        pass: None,
        envelopes: 0,
        failures: 0,
        waiting: None,
        counts: std::collections::BTreeMap::new(),
        feed_from: 0,
        transfers_touched: false,
        problems: 0,
    }
}
