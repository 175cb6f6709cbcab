//! Bills that changed, looked at for what is paid ahead.
//!
//! Owns how far the feed was looked through. What to do with a bill is decided from the bill as it is now and from what
//! is stored of it, so looking twice changes nothing, and looking late finds the same.

use std::time::Duration;

use connections::{Access, Connection};
use envelopes::{Envelope, Follower, Work};
use journals::chart::Chart;
use journals::closing::{calendar, closing_period};
use kernel::calendar::{Calendar, PeriodError};
use kernel::{Currency, Date, IntentId, OrganisationRef, ScheduleId, Timestamp, local_date};
use mirror::feed::Change;
use mirror::follow;
use mirror::read::load_record;
use mirror::record::text_of;
use ports::{Guard, QueueError, Table, TableError, Written};
use readings::Reading;
use state::{StoreError, keys, load, put};
use tracing::info;

use crate::bill::Bill;
use crate::find::{Found, find};
use crate::row::{HELD_BACK_AFTER, Since, Suggestion, SuggestionState, load_memory, of_bill, suggestion_id};

/// Time left for a last page of changes.
const PAGE_MARGIN: Duration = Duration::from_secs(60);

/// How the posting of a document's bill is named, before the document's id.
const DOCUMENT: &str = "d-";

/// Why a look came to no end.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Queue trouble.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The calendar does not know today.
    #[error(transparent)]
    Period(#[from] PeriodError),
}

impl From<TableError> for LookError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

/// What every bill is looked at with.
struct Eyes<'a> {
    table: &'a dyn Table,
    whose: &'a OrganisationRef,
    books: Currency,
    calendar: Calendar,
    /// What ends before it is over and done.
    open_from: Date,
    chart: Chart,
    now: Timestamp,
}

/// Looks through what changed, up to a position of the feed or until `deadline` is near. Nothing before the first sync.
pub async fn look(
    access: &Access,
    connection: &Connection,
    to: u64,
    round: u32,
    deadline: Timestamp,
) -> Result<(), LookError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let Some(books) = connection.facts.as_ref().and_then(|facts| facts.base_currency.parse().ok()) else {
        return Ok(());
    };
    let (now, calendar) = (access.ports.clock.now(), calendar(connection));
    let open_from = closing_period(&calendar, local_date(connection.zone(), now), connection.locked_until())?.first;
    let chart = Chart::load(table, whose).await?;
    let eyes = Eyes { table, whose, books, calendar, open_from, chart, now };
    let last_start = deadline.saturating_sub(PAGE_MARGIN).unwrap_or(deadline);
    let (follower, mut found) = (Follower::Prepayments, 0);
    while let Some(next) = follow::next(table, whose, follower.as_str(), to, &["invoices"]).await? {
        if access.ports.clock.now() >= last_start {
            let work = Work::FollowFeed { organisation: whose.clone(), follower, to, round: round + 1 };
            return Ok(access.send(&Envelope::new(work)).await?);
        }
        for change in &next.changes {
            found += look_at(&eyes, change).await?;
        }
        follow::done(table, whose, follower.as_str(), &next).await?;
    }
    if found > 0 {
        info!(tenant.id = %whose.tenant, found, "Prepayments are suggested");
    }
    Ok(())
}

async fn look_at(eyes: &Eyes<'_>, change: &Change) -> Result<usize, LookError> {
    if text_of(&change.record, "Type") != "ACCPAY" {
        return Ok(0);
    }
    let before = of_bill(eyes.table, eyes.whose, &change.id).await?;
    let bill = Bill::read(&change.record, eyes.books);
    let found = match &bill {
        Some(bill) => ahead(eyes, bill).await?,
        None => Vec::new(),
    };
    let mut new = 0;
    for stored in &before {
        let there = found.iter().any(|(id, _)| *id == stored.value.id);
        if let Some(state) = next_state(&stored.value.state, there, bill.is_some(), eyes.now) {
            store(eyes, Suggestion { state, ..stored.value.clone() }, stored.guard()).await?;
        }
    }
    if let Some(bill) = &bill {
        // A line that was accepted is not suggested again because its bill was edited: the schedule is to be changed.
        let accepted: Vec<&Suggestion> =
            before.iter().map(|stored| &stored.value).filter(|of| is_accepted(of)).collect();
        for (id, found) in found {
            let known = before.iter().any(|stored| stored.value.id == id);
            let again = accepted.iter().any(|of| of.line == found.line || of.description == found.description);
            if !known && !again && found.last >= eyes.open_from {
                new += usize::from(suggest(eyes, bill, id, found).await?);
            }
        }
    }
    Ok(new)
}

fn is_accepted(suggestion: &Suggestion) -> bool {
    matches!(suggestion.state, SuggestionState::Accepted { .. })
}

/// What is paid ahead in a bill, on accounts of profit and loss, each under its name.
async fn ahead(eyes: &Eyes<'_>, bill: &Bill) -> Result<Vec<(ScheduleId, Found)>, LookError> {
    let reading = reading_of(eyes, bill).await?;
    let found = find(bill, reading.as_ref(), &eyes.calendar);
    let mut named: Vec<(ScheduleId, Found)> = Vec::new();
    for found in found.into_iter().filter(|found| eyes.chart.is_profit_and_loss(&found.account)) {
        let earlier = named.iter().filter(|(_, other)| says_the_same(other, &found)).count();
        named.extend(suggestion_id(bill, &found, earlier).map(|id| (id, found)));
    }
    Ok(named)
}

/// What was read from the document that became this bill, if one did.
async fn reading_of(eyes: &Eyes<'_>, bill: &Bill) -> Result<Option<Reading>, LookError> {
    let posted = load::<IntentId>(eyes.table, &keys::posted(eyes.whose, "invoices", &bill.id)).await?;
    let document = posted.and_then(|posted| posted.value.as_str().strip_prefix(DOCUMENT)?.parse().ok());
    let Some(document) = document else { return Ok(None) };
    let reading = load::<Reading>(eyes.table, &keys::document_reading(eyes.whose, document)).await?;
    Ok(reading.map(|reading| reading.value))
}

fn says_the_same(one: &Found, other: &Found) -> bool {
    let of = |found: &Found| (found.description.clone(), found.account.clone(), found.amount, found.first, found.last);
    of(one) == of(other)
}

/// What a suggestion becomes when its bill is looked at again; `None` when nothing changes.
fn next_state(state: &SuggestionState, there: bool, stands: bool, now: Timestamp) -> Option<SuggestionState> {
    match state {
        SuggestionState::Open | SuggestionState::HeldBack { .. } => {
            (!there).then_some(SuggestionState::Withdrawn { at: now })
        }
        SuggestionState::Withdrawn { .. } => there.then_some(SuggestionState::Open),
        SuggestionState::Dismissed { .. } => None,
        SuggestionState::Accepted { by, at, since } => {
            let seen = match (stands, there) {
                (false, _) => Some(Since::BillGone),
                (true, false) => Some(Since::BillChanged),
                (true, true) => None,
            };
            (seen != *since).then(|| SuggestionState::Accepted { by: by.clone(), at: *at, since: seen })
        }
    }
}

async fn suggest(eyes: &Eyes<'_>, bill: &Bill, id: ScheduleId, found: Found) -> Result<bool, LookError> {
    let contact = load_record(eyes.table, eyes.whose, "contacts", &bill.contact_id).await?;
    let name = contact.map(|contact| text_of(&contact.record, "Name").to_owned()).unwrap_or_default();
    let mut suggestion = Suggestion::of(bill, &name, found, id, eyes.now);
    let memory = load_memory(eyes.table, eyes.whose, &suggestion).await?;
    if memory.dismissed_in_a_row >= HELD_BACK_AFTER {
        suggestion.state = SuggestionState::HeldBack { dismissed: memory.dismissed_in_a_row };
    }
    store(eyes, suggestion, Guard::Absent).await
}

/// Stores a suggestion; `false` where a person or another look came first, whose word stands until the next look.
async fn store(eyes: &Eyes<'_>, suggestion: Suggestion, guard: Guard) -> Result<bool, LookError> {
    let write = put(keys::suggestion(eyes.whose, &suggestion.id), guard, &suggestion, None);
    Ok(eyes.table.write(write).await? == Written::Stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x5_what_was_decided_stays_decided_and_an_accepted_one_says_what_happened_to_its_bill() {
        let now = Timestamp::UNIX_EPOCH;
        let dismissed = SuggestionState::Dismissed { by: "sam".into(), at: now, reason: None };
        let accepted = |since| SuggestionState::Accepted { by: "sam".into(), at: now, since };
        let (open, withdrawn) = (SuggestionState::Open, SuggestionState::Withdrawn { at: now });
        for (state, there, stands, expected) in [
            (&open, true, true, None),
            (&open, false, true, Some(withdrawn.clone())),
            (&SuggestionState::HeldBack { dismissed: 2 }, false, false, Some(withdrawn.clone())),
            (&withdrawn, true, true, Some(open.clone())),
            (&withdrawn, false, true, None),
            (&dismissed, false, true, None),
            (&dismissed, true, true, None),
            (&accepted(None), true, true, None),
            (&accepted(None), false, true, Some(accepted(Some(Since::BillChanged)))),
            (&accepted(None), false, false, Some(accepted(Some(Since::BillGone)))),
            (&accepted(Some(Since::BillChanged)), true, true, Some(accepted(None))),
        ] {
            assert_eq!(next_state(state, there, stands, now), expected, "{state:?} {there} {stands}");
        }
    }
}
