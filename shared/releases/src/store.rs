//! Rows of schedules and their releases.
//!
//! A release that is still to be posted is a small row under its period's last day; once a journal carries it, the row
//! moves under its schedule and names the posting. What a release is, only the schedule's own row says.

use kernel::periods::{Period, PeriodName};
use kernel::{Currency, Date, IntentId, Money, OrganisationRef, ScheduleId, Timestamp};
use ports::{Direction, Query, Row, Table, TableError};
use serde::{Deserialize, Serialize};
use state::{Stored, keys, load, read_row};

use crate::approve::Proposal;
use schedules::plan::Release;
use schedules::schedule::Schedule;

/// An approved schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRow {
    /// What was agreed.
    pub schedule: Schedule,
    /// The period that was being closed.
    pub closing: Period,
    /// Until when it was in the books already when it came here; none when it began here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_until: Option<Date>,
    /// What each period gets; what was due before the closing period is in it.
    pub releases: Vec<Release>,
    /// The posting of the first journal; a rolling schedule has none, nor one that was running before.
    pub initial: Option<IntentId>,
    /// Who approved it.
    pub approved_by: String,
    /// When.
    pub approved_at: Timestamp,
    /// The last day whose release was in a journal when the terms were last changed, or when it came here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_through: Option<Date>,
    /// Postings that moved what was posted to what was wanted, one for each change that needed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<IntentId>,
    /// Whether it has ended, and what it had posted was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

impl ScheduleRow {
    /// Whether this is what a proposal asks for: the same terms, from the same day on.
    pub fn says(&self, proposal: &Proposal) -> bool {
        self.schedule == proposal.schedule && self.released_until == proposal.released_until
    }

    /// Whether a release is for us to post; others were in the books when the schedule came here.
    pub fn posts(&self, release: &Release) -> bool {
        self.released_until.is_none_or(|until| until < release.date())
    }
}

/// A release that is still to be posted. Its key says the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRow {
    /// Its period.
    pub period: PeriodName,
    /// When it was laid out, or confirmed since.
    pub laid_at: Timestamp,
}

/// A schedule without an end. Its key says all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollingRow {}

/// A release that a journal carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedRow {
    /// Its period.
    pub period: Period,
    /// How much.
    pub amount: Money,
    /// The posting.
    pub intent: IntentId,
}

/// Which releases one journal of a period carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The posting.
    pub intent: IntentId,
    /// Whose releases.
    pub schedules: Vec<ScheduleId>,
}

/// One schedule.
pub async fn load_schedule(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &ScheduleId,
) -> Result<Option<Stored<ScheduleRow>>, TableError> {
    load(table, &keys::schedule(whose, id)).await
}

/// Schedules by id, behind `after`; and whether there are more.
pub async fn list_schedules(
    table: &dyn Table,
    whose: &OrganisationRef,
    after: Option<&ScheduleId>,
    limit: usize,
) -> Result<(Vec<ScheduleRow>, bool), TableError> {
    let from = after.map_or_else(|| "!".to_owned(), |after| format!("{after}\0"));
    let page = range(table, keys::schedules(whose), from, keys::LAST.to_owned(), limit).await?;
    let rows: Result<Vec<ScheduleRow>, _> = page.0.iter().map(|row| Ok(read_row(row)?.value)).collect();
    Ok((rows?, page.1))
}

/// Schedules without an end, by id, behind `after`; and whether there are more.
pub async fn list_rolling(
    table: &dyn Table,
    whose: &OrganisationRef,
    after: Option<&ScheduleId>,
    limit: usize,
) -> Result<(Vec<ScheduleId>, bool), TableError> {
    let from = after.map_or_else(|| "!".to_owned(), |after| format!("{after}\0"));
    let (rows, more) = range(table, keys::rolling(whose), from, keys::LAST.to_owned(), limit).await?;
    Ok((rows.iter().filter_map(|row| row.key.sort.parse().ok()).collect(), more))
}

/// A release as its row names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Its period's last day.
    pub last: Date,
    /// Whose.
    pub schedule: ScheduleId,
    /// The row's version.
    pub version: u64,
    /// Its period.
    pub period: PeriodName,
    /// When it was laid out.
    pub laid_at: Timestamp,
}

/// Releases that are still to be posted and whose period ends by a day, in the order of time and schedule; from behind
/// `after`; and whether there are more.
pub async fn list_due(
    table: &dyn Table,
    whose: &OrganisationRef,
    after: Option<&Due>,
    until: Date,
    limit: usize,
) -> Result<(Vec<Due>, bool), TableError> {
    let from = after.map_or_else(|| "!".to_owned(), |after| format!("{}#{}\0", after.last, after.schedule));
    let to = format!("{until}#{}", keys::LAST);
    let (rows, more) = range(table, keys::releases(whose), from, to, limit).await?;
    let due: Result<Vec<Option<Due>>, TableError> = rows.iter().map(due).collect();
    Ok((due?.into_iter().flatten().collect(), more))
}

fn due(row: &Row) -> Result<Option<Due>, TableError> {
    let ReleaseRow { period, laid_at } = read_row(row)?.value;
    let named = row.key.sort.split_once('#');
    let named = named.and_then(|(last, schedule)| Some((last.parse().ok()?, schedule.parse().ok()?)));
    Ok(named.map(|(last, schedule)| Due { last, schedule, version: row.version, period, laid_at }))
}

/// Releases of a schedule that journals carry, by the last day of their period.
pub async fn list_released(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &ScheduleId,
) -> Result<Vec<ReleasedRow>, TableError> {
    let (from, to) = (format!("{id}#"), format!("{id}#{}", keys::LAST));
    let (rows, _) = range(table, keys::released(whose), from, to, schedules::PERIODS_MAX).await?;
    rows.iter().map(|row| Ok(read_row(row)?.value)).collect()
}

/// The journals that carry a period's releases, in their order.
pub async fn list_batches(
    table: &dyn Table,
    whose: &OrganisationRef,
    period: PeriodName,
    currency: Currency,
) -> Result<Vec<Batch>, TableError> {
    let (from, to) = keys::batches_range(period, currency);
    let (rows, _) = range(table, keys::organisation(whose), from, to, BATCHES_MAX).await?;
    rows.iter().map(|row| Ok(read_row(row)?.value)).collect()
}

/// Journals of one period and currency: a hundred thousand releases and more.
const BATCHES_MAX: usize = 1_000;

/// Reads a range page by page, up to a bound, and whether there is more: one row more tells, since a table answers that
/// there may be more even where there is nothing.
async fn range(
    table: &dyn Table,
    partition: String,
    from: String,
    to: String,
    limit: usize,
) -> Result<(Vec<Row>, bool), TableError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut query = Query { partition, from, to, direction: Direction::Forward, limit };
    loop {
        query.limit = limit + 1 - rows.len();
        let page = table.query(&query).await?;
        rows.extend(page.rows);
        match rows.last() {
            Some(last) if page.more && rows.len() <= limit => query.from = format!("{}\0", last.key.sort),
            _ => break,
        }
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok((rows, more))
}
