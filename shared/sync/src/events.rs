//! Webhook events: folded into ids, fetched in as few calls as Xero allows, compared and applied like any other read.
//!
//! An event says only that something may have changed. What it says of the record is never believed: the record is
//! read. A payment has no event of its own; when money on a document moved, the payments are read as well. What cannot
//! be read now is parked, and only that; what is too much for single reads is left to a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connections::{Access, CallError, Session, workspaces_of};
use envelopes::{Envelope, Work, XeroEvent, XeroEvents};
use kernel::{OrganisationRef, Timestamp};
use tracing::{error, info};
use xero::ApiRead;
use xero::budget::Urgency;
use xero::dates::parse_instant;
use xero::page::cut;

use crate::SyncError;
use crate::catch_up::catch_up;
use crate::head::{ActiveRun, FailedItem, ItemResult, Outcome, Trigger};
use crate::problems::{open_problem, resolve_problem};
use crate::request::{Wish, request_run};
use crate::run::{fresh, run_name};
use crate::run_problems::step_problem;
use crate::runs::log_end;
use crate::tell::tell;
use crate::work::{Worker, park_envelope, spend};
use mirror::entities::{Entity, of_webhook};
use mirror::record::Record;
use mirror::{Counts, add_counts};

/// Ids in one call; more make the address too long for some proxies.
const IDS_PER_CALL: usize = 40;
/// Records of one kind that are read one by one; for more, the kind's list of changes is shorter.
const SINGLE_READS_MAX: usize = 10;
/// Pages of a list read for one envelope of events; a longer list is left to a run.
const PAGES_MAX: u32 = 3;
/// Time left for a last call and its writes.
const CALL_MARGIN: Duration = Duration::from_secs(45);
/// The operator corrects a secret in minutes, not in seconds.
const SETUP_WAIT: Duration = Duration::from_secs(600);

/// Takes the events of one organisation, for each workspace that holds it. A tenant nobody holds is no matter.
pub async fn take_events(access: &Access, events: &XeroEvents, deadline: Timestamp) -> Result<(), SyncError> {
    let mut failed = None;
    for whose in workspaces_of(&*access.ports.table, events.tenant).await? {
        match take_for(access, &whose, events, deadline).await {
            Ok(None) => (),
            Ok(Some(left)) => {
                let events = XeroEvents { events: left.events, ..events.clone() };
                let envelope = Envelope::new(Work::XeroEvents(events));
                park_envelope(access, &envelope, left.until, &left.reason).await?;
            }
            // The other workspaces get their events all the same; this one's come back with the message.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Events that are read later.
struct Left {
    events: Vec<XeroEvent>,
    until: Timestamp,
    reason: String,
}

/// Why reading stops before its end.
enum Stop {
    /// Until then, and why.
    Wait(Timestamp, String),
    /// Nobody may call: the first run after the reconnect reads it all.
    Lost,
}

/// Sorts what a call met: a reason to stop, or a failure of the message.
fn stop(access: &Access, error: SyncError) -> Result<Stop, SyncError> {
    let now = access.ports.clock.now();
    match error {
        SyncError::Busy { until } => Ok(Stop::Wait(until, "another worker is at it".to_owned())),
        SyncError::Overtaken => Ok(Stop::Wait(now, "another worker was quicker".to_owned())),
        SyncError::Call(CallError::Later { until, reason, .. }) => Ok(Stop::Wait(until, reason)),
        SyncError::Call(CallError::Setup(reason)) => {
            error!(reason = %reason, "Webhook events wait for the deployment to be set up");
            Ok(Stop::Wait(now.saturating_add(SETUP_WAIT).unwrap_or(now), reason))
        }
        SyncError::Call(CallError::NotConnected(_)) => Ok(Stop::Lost),
        error => Err(error),
    }
}

async fn take_for(
    access: &Access,
    whose: &OrganisationRef,
    events: &XeroEvents,
    deadline: Timestamp,
) -> Result<Option<Left>, SyncError> {
    let all = |stop| match stop {
        Stop::Wait(until, reason) => Some(Left { events: events.events.clone(), until, reason }),
        Stop::Lost => None,
    };
    let mut session = match Session::open(access, whose, Urgency::Background).await {
        Err(error) => return stop(access, error.into()).map(all),
        Ok(session) => session,
    };
    let wanted = fold(events, |kind| session.connection().settings.reads(kind));
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut worker = match Worker::start(access, whose).await {
        Err(error) => return stop(access, error).map(all),
        Ok(worker) => worker,
    };
    if !worker.head.loaded {
        // The first load may have passed these records already, and without it nothing could be compared.
        worker.head.again |= worker.head.active.is_some();
        worker.finish().await?;
        return Ok(None);
    }
    let mut reading = Reading::new(worker, deadline);
    let outcome = reading.read(&mut session, &wanted).await;
    let stopped = outcome.err().map(|error| stop(access, error)).transpose();
    let (done, too_much) = (std::mem::take(&mut reading.done), reading.too_much);
    reading.conclude(events).await?;
    if too_much {
        request_run(access, whose, Wish::of(Trigger::Webhook)).await?;
    }
    Ok(match stopped? {
        Some(Stop::Wait(until, reason)) => Some(Left { events: left(events, &done), until, reason }),
        Some(Stop::Lost) | None => None,
    })
}

/// The events whose records are still to be read; at least one, so that there is something to come back with.
fn left(events: &XeroEvents, done: &BTreeSet<String>) -> Vec<XeroEvent> {
    let mut left = events.events.clone();
    left.retain(|event| !done.contains(&event.resource.to_ascii_lowercase()));
    if left.is_empty() {
        left.extend(events.events.last().cloned());
    }
    left
}

type Wanted = BTreeMap<&'static str, (&'static Entity, Vec<String>)>;

/// Events to ids, each once. Categories we do not know, kinds nobody wants, and ids that are none, are left alone.
fn fold(events: &XeroEvents, reads: impl Fn(&str) -> bool) -> Wanted {
    let mut wanted = Wanted::new();
    for event in &events.events {
        let Some(entity) = of_webhook(&event.category).filter(|entity| reads(entity.name)) else { continue };
        // The id becomes part of an address: only what has the form of an id may.
        let Ok(id) = event.resource.parse::<kernel::ConnectId>() else { continue };
        let (_, ids) = wanted.entry(entity.name).or_insert((entity, Vec::new()));
        let id = id.to_string();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    wanted
}

/// The reading of one envelope's records.
struct Reading<'a> {
    worker: Worker<'a>,
    log: ActiveRun,
    deadline: Timestamp,
    /// Ids that need not be read again.
    done: BTreeSet<String>,
    /// Whether a run must read what is too much here.
    too_much: bool,
}

impl<'a> Reading<'a> {
    fn new(worker: Worker<'a>, deadline: Timestamp) -> Self {
        let tail = format!("w{:06x}", worker.head.lease.holder % 0x100_0000);
        let run = run_name(worker.now(), &tail);
        let mut log = fresh(run, Trigger::Webhook, None, worker.now(), Vec::new());
        log.feed_from = worker.head.feed_head;
        Self { worker, log, deadline, done: BTreeSet::new(), too_much: false }
    }

    async fn read(&mut self, session: &mut Session<'_>, wanted: &Wanted) -> Result<(), SyncError> {
        for (entity, ids) in wanted.values() {
            if !entity.by_ids && (ids.len() > SINGLE_READS_MAX || !entity.single) {
                self.read_changes(session, entity.name).await?;
                self.done.extend(ids.iter().cloned());
                continue;
            }
            let per_call = if entity.by_ids { IDS_PER_CALL } else { 1 };
            for some in ids.chunks(per_call) {
                self.read_ids(session, entity, some).await?;
                self.done.extend(some.iter().cloned());
            }
        }
        if self.worker.head.payments_due && session.connection().settings.reads("payments") {
            let whole = self.read_changes(session, "payments").await?;
            self.worker.head.payments_due &= !whole;
        }
        Ok(())
    }

    fn check_time(&self) -> Result<(), SyncError> {
        let now = self.worker.now();
        let last_start = self.deadline.saturating_sub(CALL_MARGIN).unwrap_or(self.deadline);
        let reason = || "the function's time is nearly up".to_owned();
        if now < last_start {
            return Ok(());
        }
        Err(CallError::Later { until: now, reason: reason(), outage: false }.into())
    }

    async fn read_ids(
        &mut self,
        session: &mut Session<'_>,
        entity: &'static Entity,
        ids: &[String],
    ) -> Result<(), SyncError> {
        self.check_time()?;
        let body = match self.worker.read(session, &by_ids(entity, ids)).await {
            Ok(body) => body,
            Err(SyncError::Call(error)) => return self.cannot_read(entity.name, error).await,
            Err(error) => return Err(error),
        };
        let Ok(page) = cut(&body, entity.collection) else {
            self.too_much = true;
            return Ok(());
        };
        let read: Result<Vec<Record>, _> =
            page.elements.iter().map(|element| Record::parse(entity, element.get())).collect();
        // A run reads the list again, tells of the record that cannot be read, and keeps its cursor back.
        self.too_much |= read.is_err();
        let done = self.worker.apply(&self.log.run, entity, read.unwrap_or_default()).await?;
        self.book(entity.name, &done.counts);
        Ok(())
    }

    /// Reads a kind's changes since its cursor; answers whether to their end.
    async fn read_changes(&mut self, session: &mut Session<'_>, kind: &'static str) -> Result<bool, SyncError> {
        self.check_time()?;
        let run = self.log.run.clone();
        match catch_up(&mut self.worker, session, &run, kind, PAGES_MAX).await {
            Ok((done, whole)) => {
                self.book(kind, &done.counts);
                self.too_much |= !whole;
                if whole {
                    resolve_problem(&mut self.worker, kind).await?;
                }
                Ok(whole)
            }
            Err(SyncError::Call(error)) => {
                let refused = matches!(error, CallError::NotAllowed | CallError::Rejected(_));
                self.cannot_read(kind, error).await?;
                Ok(refused)
            }
            Err(error) => Err(error),
        }
    }

    /// What a run would say or do about it, without failing the message: only waiting and lost access go on.
    async fn cannot_read(&mut self, kind: &'static str, error: CallError) -> Result<(), SyncError> {
        match error {
            // Gone: the next sync decides.
            CallError::NotFound => Ok(()),
            CallError::NotAllowed | CallError::Rejected(_) => {
                let (at, reason) = (self.worker.now(), error.to_string());
                let result = ItemResult::Refused;
                self.log.fail(FailedItem { entity: kind.to_owned(), id: None, at, result, reason });
                self.log.problems += 1;
                open_problem(&mut self.worker, step_problem(kind, &error)).await
            }
            // Not the API speaking, or too much of it: a run tries again, with smaller pages, and says so if it lasts.
            CallError::Unreadable(_) | CallError::TooLong { .. } => {
                self.too_much = true;
                Ok(())
            }
            error => Err(error.into()),
        }
    }

    fn book(&mut self, kind: &str, counts: &Counts) {
        let meter = self.worker.take_meter();
        let whole = self.log.counts.entry(kind.to_owned()).or_default();
        add_counts(whole, counts);
        spend(whole, meter);
    }

    /// Logs what was found, with how long it took from Xero's event to here, and gives the organisation back.
    async fn conclude(self, events: &XeroEvents) -> Result<(), SyncError> {
        let Self { worker, log, too_much, .. } = self;
        if worker.head.feed_head > log.feed_from {
            let (to, now, whose) = (worker.head.feed_head, worker.now(), worker.whose.clone());
            let first = events.events.iter().filter_map(|event| parse_instant(&event.at)).min();
            let lag = first.map(|first| now.duration_since(first).as_millis().try_into().unwrap_or(0));
            let outcome =
                if too_much || log.problems > 0 { Outcome::CompletedWithProblems } else { Outcome::Completed };
            log_end(worker.table(), &whose, &log, to, outcome, now, lag).await?;
            let changes = to - log.feed_from;
            info!(tenant.id = %whose.tenant, changes, lag.millis = lag, "Webhook events brought changes");
            tell(&worker, &log).await?;
        }
        worker.finish().await
    }
}

fn by_ids(entity: &Entity, ids: &[String]) -> ApiRead {
    let mut query: Vec<(&'static str, String)> =
        entity.query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    if !entity.by_ids {
        let path = format!("{}/{}", entity.path, ids.first().map_or("", String::as_str));
        return ApiRead { path, query, ..ApiRead::default() };
    }
    query.push(("IDs", ids.join(",")));
    // Without a page Xero leaves line items out.
    query.push(("page", "1".to_owned()));
    query.push(("pageSize", IDS_PER_CALL.to_string()));
    ApiRead { path: entity.path.to_owned(), query, ..ApiRead::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envelopes::XeroEvent;

    #[test]
    fn events_fold_into_ids_and_nothing_from_outside_becomes_part_of_an_address() {
        let id = "6f0f0c4e-0000-4000-8000-000000000001";
        let event = |category: &str, resource: &str| XeroEvent {
            category: category.into(),
            event_type: "UPDATE".into(),
            resource: resource.into(),
            at: String::new(),
        };
        let events = vec![
            event("INVOICE", id),
            event("INVOICE", id),
            event("INVOICE", "../Contacts"),
            event("SUBSCRIPTION", id),
            event("SOMETHING_NEW", id),
        ];
        let tenant = kernel::TenantId::from_random([1; 16]);
        let body = XeroEvents { app: "main".into(), tenant, first_sequence: 1, last_sequence: 5, events };
        let wanted = fold(&body, |_| true);
        assert_eq!(wanted.len(), 1);
        assert_eq!(wanted["invoices"].1, [id]);
        assert!(fold(&body, |kind| kind != "invoices").is_empty());
    }

    #[test]
    fn only_what_was_not_read_comes_back_and_never_nothing() {
        let event = |resource: &str| XeroEvent {
            category: "INVOICE".into(),
            event_type: "UPDATE".into(),
            resource: resource.into(),
            at: String::new(),
        };
        let tenant = kernel::TenantId::from_random([1; 16]);
        let events = vec![event("A"), event("b")];
        let body = XeroEvents { app: "main".into(), tenant, first_sequence: 1, last_sequence: 2, events };
        assert_eq!(left(&body, &BTreeSet::from(["a".to_owned()])), [event("b")]);
        assert_eq!(left(&body, &BTreeSet::from(["a".to_owned(), "b".to_owned()])), [event("b")]);
    }
}
