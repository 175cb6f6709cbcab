//! Putting releases into journals: one for each period and currency, each release in exactly one.
//!
//! The fence is the number of a period's journal: whoever read the journals there are may store only the next one, and
//! then knows every release that is in one. Release rows move afterwards; a row that is still there although its release
//! is in a journal is moved by whoever meets it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connections::{Access, Connection};
use futures::stream::{self, StreamExt};
use kernel::{Currency, Date, IntentId, Money, OrganisationRef, ScheduleId, Timestamp};
use ports::{Guard, Table, TableError, Write};
use postings::{PlanError, Plans, Posting, PostingError};
use state::{keys, put, read_row};

use crate::approve::content;
use crate::store::{Batch, Due, ReleasedRow, ScheduleRow, list_batches, list_due};
use journals::posting::{JournalContent, LINES_MAX, MANUAL_JOURNALS};
use schedules::from_schedules::released_journals;
use schedules::plan::Release;
use schedules::schedule::Schedule;

/// Releases that one journal carries: each takes two lines.
pub const RELEASES_MAX: usize = LINES_MAX / 2;
/// A row that no version of its schedule knows is forgotten after this long.
const STRAY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Rows written at once.
const WRITES_AT_ONCE: usize = 16;

/// How a piece of publishing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Nothing is left to be posted by that day.
    All,
    /// The function's time is nearly up.
    OutOfTime,
}

/// Puts every release whose period ends by a day into journals of at most so many lines. `actor` publishes; the
/// schedule where absent.
pub async fn publish(
    access: &Access,
    connection: &Connection,
    until: Date,
    actor: Option<&str>,
    lines_max: usize,
    last_start: Timestamp,
) -> Result<Published, PostingError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    // Journals are in the currency of the books, and so is every schedule that was approved.
    let books = connection.facts.as_ref().and_then(|facts| facts.base_currency.parse::<Currency>().ok());
    let Some(books) = books else { return Ok(Published::All) };
    let mut passed: Option<Due> = None;
    while access.ports.clock.now() < last_start {
        let (due, _) = list_due(table, whose, passed.as_ref(), until, (lines_max / 2).clamp(1, RELEASES_MAX)).await?;
        let Some(first) = due.first() else { return Ok(Published::All) };
        let same: Vec<&Due> = due.iter().filter(|each| each.last == first.last).collect();
        // The journals there are come first: a schedule that changes after that takes the next number, and what was read
        // of it here is then stored under no number.
        let batches = list_batches(table, whose, first.period, books).await?;
        let ready = ready(access, whose, &same).await?;
        let releases = ready.get(&books).map_or(&[][..], Vec::as_slice);
        // Overtaken: the same rows are looked at again. Rows without a schedule are passed over, and stay.
        if releases.is_empty() {
            passed = same.last().map(|last| (*last).clone());
        } else {
            put_into_journal(access, whose, &batches, releases, actor, lines_max).await?;
        }
    }
    Ok(Published::OutOfTime)
}

/// A release that can go into a journal.
struct Ready {
    row: ScheduleRow,
    release: Release,
    version: u64,
}

/// The releases of due rows, by currency. A row whose schedule was never approved, or has no such release, is none.
async fn ready(
    access: &Access,
    whose: &OrganisationRef,
    due: &[&Due],
) -> Result<BTreeMap<Currency, Vec<Ready>>, TableError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let wanted: Vec<_> = due.iter().map(|due| keys::schedule(whose, &due.schedule)).collect();
    let rows = table.get_many(&wanted).await?;
    let mut found: BTreeMap<String, ScheduleRow> = BTreeMap::new();
    for row in &rows {
        found.insert(row.key.sort.clone(), read_row::<ScheduleRow>(row)?.value);
    }
    let mut ready: BTreeMap<Currency, Vec<Ready>> = BTreeMap::new();
    for due in due {
        // Not approved yet, or never: such a row means nothing, and stays.
        let Some(row) = found.remove(due.schedule.as_str()) else { continue };
        let is_due = |release: &&Release| release.period.last == due.last && row.posts(release);
        let Some(release) = row.releases.iter().find(is_due).copied() else {
            // Of a version that is no more; a young one may belong to a version that is just being stored.
            if due.laid_at.saturating_add(STRAY_AFTER).is_ok_and(|until| until < now) {
                let key = keys::release(whose, due.last, &due.schedule);
                table.write(Write::Delete { key, guard: Guard::Version(due.version) }).await?;
            }
            continue;
        };
        ready.entry(release.amount.currency).or_default().push(Ready { row, release, version: due.version });
    }
    Ok(ready)
}

/// Puts releases of one period and currency into its next journal. Where somebody else was quicker, nothing is done.
async fn put_into_journal(
    access: &Access,
    whose: &OrganisationRef,
    batches: &[Batch],
    releases: &[Ready],
    actor: Option<&str>,
    lines_max: usize,
) -> Result<(), PostingError> {
    let table = &*access.ports.table;
    let Some(first) = releases.first() else { return Ok(()) };
    let (period, currency) = (first.release.period, first.release.amount.currency);
    let taken: BTreeMap<&ScheduleId, &IntentId> =
        batches.iter().flat_map(|batch| batch.schedules.iter().map(|id| (id, &batch.intent))).collect();
    let (known, fresh): (Vec<&Ready>, Vec<&Ready>) =
        releases.iter().partition(|ready| taken.contains_key(ready.row.schedule.id()));
    let filled = (!fresh.is_empty()).then(|| fill(&fresh, lines_max));
    let fresh = &fresh[..filled.as_ref().map_or(0, |(_, count)| *count)];
    let number = batches.len() + 1;
    let intent: IntentId =
        format!("r-{}-{currency}-{number}", period.name).parse().expect("a period, a currency and a number");
    if let Some((content, _)) = filled {
        let schedules = fresh.iter().map(|ready| ready.row.schedule.id().clone()).collect();
        let batch = Batch { intent: intent.clone(), schedules };
        let key = keys::batch(whose, period.name, currency, number);
        let mut plans = Plans::with(vec![put(key, Guard::Absent, &batch, None)]);
        let approver = &fresh[0].row.approved_by;
        let actor = actor.unwrap_or(approver);
        let posting = Posting { id: intent.clone(), kind: MANUAL_JOURNALS, actor, content: &content };
        plans.add(whose, &posting, access.ports.clock.now());
        match plans.store(access).await {
            Ok(_) => (),
            Err(PlanError::Overtaken | PlanError::Otherwise(_)) => return Ok(()),
            Err(PlanError::Posting(error)) => return Err(error),
        }
    }
    let intent_of = |ready: &Ready| (*taken.get(ready.row.schedule.id()).unwrap_or(&&intent)).clone();
    let moved = known.iter().chain(fresh).map(|ready| move_row(table, whose, ready, intent_of(ready)));
    let mut moved = stream::iter(moved).buffer_unordered(WRITES_AT_ONCE);
    while let Some(outcome) = moved.next().await {
        outcome?;
    }
    Ok(())
}

/// As many of these releases as one journal holds, by lines and by what a row of the table takes; at least one.
fn fill(releases: &[&Ready], lines_max: usize) -> (JournalContent, usize) {
    let mut count = releases.len().min(lines_max / 2).max(1);
    loop {
        let pairs: Vec<(&Schedule, &Release)> =
            releases[..count].iter().map(|ready| (&ready.row.schedule, &ready.release)).collect();
        let period = releases[0].release.period;
        let journals = released_journals(&period, releases[0].release.amount.currency, &pairs, 2 * count);
        // They were checked one by one when they were approved, and are of one period and currency.
        let journal = journals.ok().and_then(|mut journals| journals.pop()).expect("releases of one period");
        let content = content(journal, None);
        let bytes = serde_json::to_vec(&content).map_or(usize::MAX, |json| json.len());
        if bytes <= JOURNAL_BYTES_MAX || count == 1 {
            return (content, count);
        }
        count = (count * JOURNAL_BYTES_MAX / bytes).clamp(1, count - 1);
    }
}

/// A row takes 390 KB.
const JOURNAL_BYTES_MAX: usize = 380 * 1024;

/// Notes the posting under the schedule, then forgets that the release is due.
async fn move_row(
    table: &dyn Table,
    whose: &OrganisationRef,
    ready: &Ready,
    intent: IntentId,
) -> Result<(), TableError> {
    let (id, Release { period, amount }) = (ready.row.schedule.id(), ready.release);
    let row = ReleasedRow { period, amount, intent };
    table.write(put(keys::released_of(whose, id, period.last), Guard::Absent, &row, None)).await?;
    let key = keys::release(whose, period.last, id);
    table.write(Write::Delete { key, guard: Guard::Version(ready.version) }).await?;
    Ok(())
}

/// What publishing would do, by period and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyPeriod {
    /// The last day of the period.
    pub last: Date,
    /// Releases.
    pub releases: usize,
    /// Journals they take at least; more where a deployment allows fewer lines, or descriptions are long.
    pub journals: usize,
    /// Their sum.
    pub total: Money,
}

/// Releases previewed at most; of more, the numbers say that there are more.
pub const PREVIEWED_MAX: usize = 5_000;

/// Every release that publishing by a day would put into journals, and whether there are more than are looked at.
pub async fn preview(
    access: &Access,
    whose: &OrganisationRef,
    until: Date,
) -> Result<(Vec<ReadyPeriod>, bool), TableError> {
    let (due, more) = list_due(&*access.ports.table, whose, None, until, PREVIEWED_MAX).await?;
    let days: BTreeSet<Date> = due.iter().map(|each| each.last).collect();
    let mut periods = Vec::new();
    for last in days {
        let same: Vec<&Due> = due.iter().filter(|each| each.last == last).collect();
        for (currency, releases) in ready(access, whose, &same).await? {
            let amounts = releases.iter().map(|ready| ready.release.amount);
            let total = Money::try_sum(amounts, currency).unwrap_or(Money::zero(currency));
            let journals = releases.len().div_ceil(RELEASES_MAX);
            periods.push(ReadyPeriod { last, releases: releases.len(), journals, total });
        }
    }
    Ok((periods, more))
}
