//! Webhook events: folded into ids, fetched in as few calls as Xero allows, compared and applied like any other read.
//!
//! An event says only that something may have changed. What it says of the record is never believed: the record is
//! read. A payment has no event of its own; when money on an invoice moved, the payments are read as well.

use std::collections::BTreeMap;

use connections::{Access, CallError, Session, workspaces_of};
use envelopes::{Envelope, Work, XeroEvents};
use kernel::OrganisationRef;
use tracing::info;
use xero::ApiRead;
use xero::budget::Urgency;
use xero::page::cut;

use crate::SyncError;
use crate::entities::{Entity, of_webhook};
use crate::head::{ActiveRun, Counts, Outcome, Trigger};
use crate::mirror::BatchDone;
use crate::record::Record;
use crate::run::{catch_up, fresh, run_name};
use crate::runs::log_end;
use crate::work::{Worker, add_counts, park_envelope};

/// Ids in one call; more make the address too long for some proxies.
const IDS_PER_CALL: usize = 40;
/// Pages of payments read for one envelope of events; the rest is left to the next sync.
const PAYMENT_PAGES_MAX: u32 = 3;

/// Takes the events of one organisation, for each workspace that holds it. A tenant nobody holds is no matter.
pub async fn take_events(access: &Access, events: &XeroEvents) -> Result<(), SyncError> {
    for whose in workspaces_of(&*access.ports.table, events.tenant).await? {
        match take_for(access, &whose, events).await {
            Ok(()) => (),
            Err(SyncError::Busy { until }) => park_events(access, events, until, "another worker is at it").await?,
            Err(SyncError::Call(CallError::Later { until, reason })) => {
                park_events(access, events, until, &reason).await?;
            }
            // Nothing to do with events while nobody may call; the first run after the reconnect reads it all.
            Err(SyncError::Call(CallError::NotConnected(_))) => (),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn park_events(
    access: &Access,
    events: &XeroEvents,
    until: kernel::Timestamp,
    reason: &str,
) -> Result<(), SyncError> {
    let envelope = Envelope::new(Work::XeroEvents(events.clone()));
    park_envelope(access, &envelope, until, reason).await
}

async fn take_for(access: &Access, whose: &OrganisationRef, events: &XeroEvents) -> Result<(), SyncError> {
    let wanted = fold(events);
    if wanted.is_empty() {
        return Ok(());
    }
    let mut session = Session::open(access, whose, Urgency::Background).await?;
    let mut worker = Worker::start(access, whose).await?;
    if !worker.head.loaded {
        // The first load is still to come, or under way, and reads these records as well.
        return worker.finish().await;
    }
    let tail = format!("w{:06x}", worker.head.lease.holder % 0x100_0000);
    let run = run_name(worker.now(), &tail);
    let mut log = fresh(run, Trigger::Webhook, None, worker.now(), Vec::new());
    log.feed_from = worker.head.feed_head;
    let outcome = read_wanted(&mut worker, &mut session, &mut log, &wanted).await;
    if worker.head.feed_head > log.feed_from {
        let (to, now) = (worker.head.feed_head, worker.now());
        log_end(worker.table(), whose, &log, to, Outcome::Completed, now).await?;
        info!(tenant.id = %whose.tenant, changes = to - log.feed_from, "Webhook events brought changes");
    }
    worker.finish().await?;
    outcome
}

type Wanted = BTreeMap<&'static str, (&'static Entity, Vec<String>)>;

/// Events to ids, each once. Categories we do not know, and ids that are none, are left alone.
fn fold(events: &XeroEvents) -> Wanted {
    let mut wanted = Wanted::new();
    for event in &events.events {
        let Some(entity) = of_webhook(&event.category) else { continue };
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

async fn read_wanted(
    worker: &mut Worker<'_>,
    session: &mut Session<'_>,
    log: &mut ActiveRun,
    wanted: &Wanted,
) -> Result<(), SyncError> {
    let mut money_moved = false;
    for (entity, ids) in wanted.values() {
        let per_call = if entity.by_ids { IDS_PER_CALL } else { 1 };
        for some in ids.chunks(per_call) {
            let done = read_ids(worker, session, log, entity, some).await?;
            money_moved |= done.money_moved && entity.name == "invoices";
            book(worker, log, entity.name, &done.counts);
        }
    }
    if money_moved {
        let done = catch_up(worker, session, &log.run.clone(), "payments", PAYMENT_PAGES_MAX).await?;
        book(worker, log, "payments", &done.counts);
    }
    Ok(())
}

fn book(worker: &mut Worker<'_>, log: &mut ActiveRun, entity: &str, counts: &Counts) {
    let meter = worker.take_meter();
    let whole = log.counts.entry(entity.to_owned()).or_default();
    add_counts(whole, counts);
    whole.spend(meter);
}

async fn read_ids(
    worker: &mut Worker<'_>,
    session: &mut Session<'_>,
    log: &ActiveRun,
    entity: &'static Entity,
    ids: &[String],
) -> Result<BatchDone, SyncError> {
    let body = match worker.read(session, &by_ids(entity, ids)).await {
        Ok(body) => body,
        // Gone, or not ours to see: the next sync decides.
        Err(SyncError::Call(CallError::NotFound | CallError::NotAllowed)) => return Ok(BatchDone::default()),
        Err(error) => return Err(error),
    };
    let page = cut(&body, entity.collection).map_err(|error| CallError::Unreadable(error.to_string()))?;
    let records = page.elements.iter().filter_map(|element| Record::parse(entity, element.get()).ok()).collect();
    worker.apply(&log.run, entity, records).await
}

fn by_ids(entity: &Entity, ids: &[String]) -> ApiRead {
    let mut query: Vec<(&'static str, String)> =
        entity.query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    if !entity.by_ids {
        let path = format!("{}/{}", entity.path, ids.first().map_or("", String::as_str));
        return ApiRead { path, query, modified_since: None };
    }
    query.push(("IDs", ids.join(",")));
    // Without a page Xero leaves line items out.
    query.push(("page", "1".to_owned()));
    query.push(("pageSize", IDS_PER_CALL.to_string()));
    ApiRead { path: entity.path.to_owned(), query, modified_since: None }
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
        let wanted = fold(&body);
        assert_eq!(wanted.len(), 1);
        assert_eq!(wanted["invoices"].1, [id]);
    }
}
