//! Carrying a run on: step after step, page after page, until it is done, must wait or runs out of time.
//!
//! Every page ends in a commit that holds both what was applied and where to read next, so a run that is cut off
//! anywhere goes on from its last commit. Out of time: a continuing envelope. A limit: parked. Access lost: stopped.

use std::time::Duration;

use connections::{Access, CallError, Session};
use envelopes::{Envelope, SyncRun, Work};
use kernel::{RunId, Timestamp};
use state::{Stored, read_row};
use tracing::warn;
use xero::budget::Urgency;
use xero::page::cut;

use crate::SyncError;
use crate::facts::keep_facts;
use crate::head::{ActiveRun, FailedItem, ItemResult, Pass, Reading, Step, Trigger};
use crate::pass::{Next, after_page, next_read, with_smaller_pages};
use crate::problems::{open_problem, resolve_problem};
use crate::run_end::conclude;
use crate::run_problems::{step_problem, unreadable_records, unsettled};
use crate::runs::log_start;
use crate::work::{Worker, park_envelope, spend};
use mirror::entities::{Entity, entity};
use mirror::record::Record;
use mirror::{BatchDone, MirrorRow, add_counts};

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
        Err(SyncError::Overtaken) => {
            return park_envelope(access, &envelope, access.ports.clock.now(), "another worker was quicker").await;
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
pub(crate) enum Pause {
    /// Every step is done.
    Finished,
    /// The function's time is nearly up.
    OutOfTime,
}

async fn carry_on(worker: &mut Worker<'_>, deadline: Timestamp) -> Result<Pause, SyncError> {
    let urgent = worker.head.active.as_ref().is_some_and(|active| active.urgent);
    let urgency = if urgent { Urgency::Person } else { Urgency::Background };
    begin(worker).await?;
    let access = worker.access;
    let whose = worker.whose.clone();
    let mut session = Session::open(access, &whose, urgency).await?;
    loop {
        let Some(step) = present_step(worker).or_else(|| owed_step(worker, &session)) else {
            return Ok(Pause::Finished);
        };
        let last_start = deadline.saturating_sub(PAGE_MARGIN).unwrap_or(deadline);
        if worker.now() >= last_start {
            return Ok(Pause::OutOfTime);
        }
        match page(worker, &mut session, &step).await {
            Ok(()) => (),
            Err(SyncError::Call(CallError::TooLong { .. })) if shrink_pages(worker) => worker.commit().await?,
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

/// A kind that what was read makes due although the run did not plan it: a run of some kinds only may find that money
/// moved, and the payments belong to that.
fn owed_step(worker: &mut Worker<'_>, session: &Session<'_>) -> Option<Step> {
    let owed = [
        ("payments", worker.head.payments_due, Reading::Changes),
        ("bank_transfers", worker.head.transfers_due, Reading::IfTransfersTouched),
    ];
    let active = worker.head.active.as_mut()?;
    let settings = &session.connection().settings;
    let wanted = |(kind, due, _): &(&str, bool, Reading)| {
        *due && settings.reads(kind) && active.steps.iter().all(|step| step.entity != *kind)
    };
    let (kind, _, reading) = owed.into_iter().find(wanted)?;
    active.steps.push(Step { entity: kind.to_owned(), reading });
    active.steps.last().cloned()
}

/// Reads one page of the present step, applies it and commits it with the place of the next one.
async fn page(worker: &mut Worker<'_>, session: &mut Session<'_>, step: &Step) -> Result<(), SyncError> {
    let now = worker.now();
    let Some(entity) = entity(&step.entity) else { return next_step(worker).await };
    if step.reading == Reading::IfTransfersTouched && !worker.head.transfers_due {
        return next_step(worker).await;
    }
    let Some(active) = worker.head.active.as_mut() else { return Ok(()) };
    let since = match step.reading {
        Reading::Changes | Reading::IfTransfersTouched => worker.head.cursors.get(entity.name).copied(),
        Reading::Everything | Reading::OpenDocuments => None,
    };
    let pass = active.pass.get_or_insert_with(|| Pass::new(now, since)).clone();
    let run = active.run.clone();
    let body = worker.read(session, &next_read(entity, step.reading, &pass)).await?;
    let PageRead { records, elements, failed, held, pagination } = read_records(entity, &body)?;
    let unreadable = failed.len() as u64;
    let mut pass = pass;
    if unreadable > 0 && pass.unreadable == 0 {
        pass.held = held.or(pass.since);
    }
    pass.unreadable += unreadable;
    let next = after_page(entity, &pass, pagination, &records, elements);
    if entity.name == "organisation" {
        keep_facts(worker, &records).await?;
    }
    let whole_list = whole_ids(step, entity, &records, unreadable);
    let mut done = worker.apply(&run, entity, records).await?;
    if let Some(listed) = whole_list {
        let gone = no_longer_listed(worker, entity, &listed).await?;
        let ended = worker.apply_gone(&run, entity, gone).await?;
        add_counts(&mut done.counts, &ended.counts);
    }
    done.counts.unreadable += unreadable;
    for (id, reason) in failed {
        fail(worker, entity.name, id, ItemResult::Unreadable, reason);
    }
    book(worker, entity, &done);
    match next {
        Next::Page(pass) => continue_pass(worker, pass).await,
        Next::Done(cursor) => conclude_list(worker, entity, step.reading, pass.unreadable, cursor).await,
        Next::Unsettled => {
            open_problem(worker, unsettled(entity)).await?;
            next_step(worker).await
        }
    }
}

/// One page, read.
pub(crate) struct PageRead {
    /// What could be read.
    pub records: Vec<Record>,
    /// Elements in it, readable or not.
    pub elements: usize,
    /// Elements that could not be read: their id, where they have one, and why.
    pub failed: Vec<(Option<String>, String)>,
    /// The time of the last record before the first unreadable one.
    pub held: Option<Timestamp>,
    /// Xero's paging block.
    pub pagination: Option<xero::page::Pagination>,
}

/// Reads a page's elements, each by itself.
pub(crate) fn read_records(entity: &Entity, body: &[u8]) -> Result<PageRead, SyncError> {
    let unreadable = |error: xero::XeroError| CallError::Unreadable(error.to_string());
    let page = cut(body, entity.collection).map_err(unreadable)?;
    let (elements, pagination) = (page.elements.len(), page.pagination);
    let (records, failed) = (Vec::with_capacity(elements), Vec::new());
    let mut read = PageRead { records, elements, failed, held: None, pagination };
    for element in &page.elements {
        match Record::parse(entity, element.get()) {
            Ok(record) => read.records.push(record),
            Err(error) => {
                if read.failed.is_empty() {
                    read.held = read.records.last().and_then(|record| record.updated_at);
                }
                read.failed.push((Record::id_of_unreadable(entity, element.get()), error.to_string()));
            }
        }
    }
    Ok(read)
}

/// The list is read: its cursor moves with the same commit that moves on to the next step.
async fn conclude_list(
    worker: &mut Worker<'_>,
    entity: &Entity,
    reading: Reading,
    unreadable: u64,
    cursor: Option<Timestamp>,
) -> Result<(), SyncError> {
    if let Some(cursor) = cursor.filter(|_| reading != Reading::OpenDocuments && entity.by_time) {
        worker.head.cursors.insert(entity.name.to_owned(), cursor);
    }
    match entity.name {
        "payments" => worker.head.payments_due = false,
        "bank_transfers" => worker.head.transfers_due = false,
        _ => (),
    }
    if unreadable == 0 {
        resolve_problem(worker, entity.name).await?;
    } else {
        if let Some(active) = worker.head.active.as_mut() {
            active.problems += 1;
        }
        open_problem(worker, unreadable_records(entity, unreadable)).await?;
    }
    next_step(worker).await
}

/// Makes the pages of the present pass smaller; `false` when they are as small as they get.
fn shrink_pages(worker: &mut Worker<'_>) -> bool {
    let Some(active) = worker.head.active.as_mut() else { return false };
    let smaller = active.pass.as_ref().and_then(with_smaller_pages);
    let shrunk = smaller.is_some();
    active.pass = smaller.or(active.pass.take());
    shrunk
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
    let rows = mirror::read::all_rows(worker.table(), &worker.whose, entity.name, LISTED_MAX).await?;
    let mut gone = Vec::new();
    for row in rows.iter().filter(|row| !listed.contains(row.key.sort.as_str())) {
        let stored = read_row::<MirrorRow>(row)?;
        if !stored.value.gone {
            gone.push((row.key.sort.clone(), stored));
        }
    }
    Ok(gone)
}

fn fail(worker: &mut Worker<'_>, kind: &str, id: Option<String>, result: ItemResult, reason: String) {
    let at = worker.now();
    if let Some(active) = worker.head.active.as_mut() {
        active.fail(FailedItem { entity: kind.to_owned(), id, at, result, reason });
    }
}

fn book(worker: &mut Worker<'_>, entity: &Entity, done: &BatchDone) {
    let (now, meter) = (worker.now(), worker.take_meter());
    let Some(active) = worker.head.active.as_mut() else { return };
    active.moved_at = now;
    active.failures = 0;
    active.outages = 0;
    let counts = active.counts.entry(entity.name.to_owned()).or_default();
    add_counts(counts, &done.counts);
    spend(counts, meter);
}

async fn continue_pass(worker: &mut Worker<'_>, pass: Pass) -> Result<(), SyncError> {
    if let Some(active) = worker.head.active.as_mut() {
        active.pass = Some(pass);
    }
    worker.commit().await
}

/// Moves on to the next list.
async fn next_step(worker: &mut Worker<'_>) -> Result<(), SyncError> {
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
        CallError::NotAllowed | CallError::Rejected(_) | CallError::NotFound | CallError::TooLong { .. } => true,
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
    fail(worker, &step.entity, None, ItemResult::Refused, error.to_string());
    if let Some(active) = worker.head.active.as_mut() {
        active.problems += 1;
        spend(active.counts.entry(step.entity.clone()).or_default(), meter);
    }
    open_problem(worker, step_problem(&step.entity, error)).await?;
    next_step(worker).await
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
        problems: 0,
        urgent: trigger == Trigger::Person,
        outages: 0,
        partial: false,
        failed: Vec::new(),
    }
}
