//! A tie-out as it is stored: one row that says what was asked and how far it is, and parts with what was found.
//!
//! Each save writes its parts under a name of their own and then the row that names them: a worker that is cut off, or too
//! late, leaves parts that nobody names, and those expire.

use std::time::Duration;

use connections::{Access, Connection, parked};
use envelopes::{Envelope, Work};
use kernel::{Currency, Date, OrganisationRef, ScheduleId, TieOutId, Timestamp};
use ports::{Direction, Guard, Query, Table, TableError, Write, random_16};
use serde::{Deserialize, Serialize};
use state::{Stored, keys, load, parked_write, put, read_row};

use crate::TieOutError;
use crate::sheet::Sheet;

/// Days a tie-out can be read.
pub const KEPT_DAYS: u64 = 90;
/// Days after which none is under way any more.
const UNDER_WAY_DAYS: u64 = 7;
/// Records named that could not be read; of more, the count tells.
const UNREAD_NAMED_MAX: usize = 20;

/// A tie-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TieOut {
    /// Names it.
    pub id: TieOutId,
    /// The day whose end is looked at.
    pub as_at: Date,
    /// The currency of the books.
    pub currency: Currency,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// When it last moved.
    pub moved_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When the last sync before it ended: so fresh are the entries that did not come from here.
    pub mirror_synced_at: Option<Timestamp>,
    /// Kinds of records that the settings keep out of the mirror.
    pub not_mirrored: Vec<String>,
    /// When Xero's trial balance was read.
    pub trial_balance_at: Option<Timestamp>,
    /// Counts its envelopes.
    pub step: u64,
    /// Where it is.
    pub stage: Stage,
    /// Until when it waits, and why.
    pub waiting: Option<(Timestamp, String)>,
    /// Schedules looked at.
    pub schedules: u64,
    /// Postings looked at.
    pub postings: u64,
    /// Records of the mirror looked at.
    pub records: u64,
    /// Postings that were decided on after it began: they may show as differences.
    pub decided_meanwhile: u64,
    /// Records that count for some account and cannot be read.
    pub unread: u64,
    /// The first of them.
    pub unread_named: Vec<UnreadRecord>,
    /// Accounts with a sheet.
    pub accounts: usize,
    /// Under which name the sheets that count are stored.
    pub sheets: Option<String>,
    /// Under which name the balances are stored.
    pub balances: Option<String>,
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRecord {
    /// Its kind.
    pub entity: String,
    /// Xero's id.
    pub id: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Where a tie-out is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Stage {
    /// Xero's balances are read.
    TrialBalance,
    /// What schedules expect is added up.
    Schedules {
        /// Behind which schedule to go on.
        after: Option<ScheduleId>,
    },
    /// Our postings are held against what became of them.
    Postings {
        /// Behind which row to go on.
        after: Option<String>,
    },
    /// Records that did not come from here are looked for.
    Records {
        /// Which kind, counted from zero.
        kind: usize,
        /// Behind which record to go on.
        after: Option<String>,
    },
    /// It has its result.
    Done,
    /// It cannot be done.
    Failed(Fault),
}

/// Why a tie-out cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable, for programs.
    pub code: String,
    /// In words.
    pub cause: String,
    /// What to do.
    pub fix: String,
}

/// What is wanted.
pub struct Wanted<'a> {
    /// The day whose end is looked at.
    pub as_at: Date,
    /// The currency of the books.
    pub currency: Currency,
    /// Who asks.
    pub actor: &'a str,
    /// When the last sync ended.
    pub mirror_synced_at: Option<Timestamp>,
}

impl TieOut {
    /// Whether it has ended, one way or the other.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::Failed(_))
    }

    pub(crate) fn unread(&mut self, entity: &str, id: &str, reason: String) {
        self.unread += 1;
        if self.unread_named.len() < UNREAD_NAMED_MAX {
            self.unread_named.push(UnreadRecord { entity: entity.to_owned(), id: id.to_owned(), reason });
        }
    }

    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.asked_at.saturating_add(Duration::from_secs(KEPT_DAYS * 24 * 3600)).ok()
    }

    /// What is found on the way is of no use once it is over.
    fn part_expires_at(&self) -> Option<Timestamp> {
        let under_way = self.asked_at.saturating_add(Duration::from_secs(UNDER_WAY_DAYS * 24 * 3600));
        if self.is_over() { self.expires_at() } else { under_way.ok() }
    }

    pub(crate) fn envelope(&self, whose: &OrganisationRef) -> Envelope {
        Envelope::new(Work::TieOut { organisation: whose.clone(), tie_out: self.id.clone(), step: self.step })
    }
}

/// Stores that a tie-out is wanted, and sends it on its way.
pub async fn request_tie_out(
    access: &Access,
    connection: &Connection,
    wanted: &Wanted<'_>,
) -> Result<TieOutId, TieOutError> {
    let now = access.ports.clock.now();
    let noise = random_16(&*access.ports.random);
    let tail: String = noise[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let id: TieOutId = format!("{}-{tail}", now.strftime("%Y%m%dT%H%M%S%3fZ")).parse().expect("digits and letters");
    let kinds = crate::records::KINDS.iter().filter(|kind| !connection.settings.reads(kind));
    let row = TieOut {
        id: id.clone(),
        as_at: wanted.as_at,
        currency: wanted.currency,
        asked_by: wanted.actor.to_owned(),
        asked_at: now,
        moved_at: now,
        finished_at: None,
        mirror_synced_at: wanted.mirror_synced_at,
        not_mirrored: kinds.map(|kind| (*kind).to_owned()).collect(),
        trial_balance_at: None,
        step: 1,
        stage: Stage::TrialBalance,
        waiting: None,
        schedules: 0,
        postings: 0,
        records: 0,
        decided_meanwhile: 0,
        unread: 0,
        unread_named: Vec::new(),
        accounts: 0,
        sheets: None,
        balances: None,
    };
    store(access, &connection.whose, &row, Guard::Absent, Some(now)).await?;
    Ok(id)
}

/// Stores the row, together with its next envelope where one follows, which is sent at once if its time has come. Answers
/// `false` when somebody else stored it meanwhile.
pub(crate) async fn store(
    access: &Access,
    whose: &OrganisationRef,
    row: &TieOut,
    guard: Guard,
    follows_at: Option<Timestamp>,
) -> Result<bool, TieOutError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let mut writes = vec![put(keys::tie_out(whose, &row.id), guard, row, row.expires_at())];
    let envelope = row.envelope(whose);
    let follows = follows_at.map(|until| parked(&envelope, until, "a tie-out goes on"));
    writes.extend(follows.as_ref().map(parked_write));
    if table.transact(writes).await? != ports::Written::Stored {
        return Ok(false);
    }
    if let Some(work) = follows.filter(|work| work.until <= now) {
        access.send_parked::<TieOutError>(&envelope, work).await?;
    }
    Ok(true)
}

/// One tie-out, as long as it is kept.
pub async fn load_tie_out(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &TieOutId,
    now: Timestamp,
) -> Result<Option<Stored<TieOut>>, TableError> {
    let found = load::<TieOut>(table, &keys::tie_out(whose, id)).await?;
    Ok(found.filter(|found| is_kept(&found.value, now)))
}

fn is_kept(row: &TieOut, now: Timestamp) -> bool {
    row.expires_at().is_none_or(|until| now < until)
}

/// The latest tie-outs, newest first.
pub async fn list_tie_outs(
    table: &dyn Table,
    whose: &OrganisationRef,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<TieOut>, TableError> {
    let (partition, from, to) = keys::tie_outs_range(whose);
    let query = Query { partition, from, to, direction: Direction::Backward, limit };
    let rows = table.query(&query).await?.rows;
    let all: Result<Vec<TieOut>, TableError> = rows.iter().map(|row| Ok(read_row(row)?.value)).collect();
    Ok(all?.into_iter().filter(|row| is_kept(row, now)).collect())
}

fn sheet_part(name: &str, at: usize) -> String {
    format!("{name}#{at:03}")
}

/// The sheets of a tie-out, by account.
pub async fn load_sheets(table: &dyn Table, whose: &OrganisationRef, row: &TieOut) -> Result<Vec<Sheet>, TableError> {
    let Some(name) = &row.sheets else { return Ok(Vec::new()) };
    let wanted: Vec<_> =
        (0..row.accounts).map(|at| keys::tie_out_part(whose, &row.id, &sheet_part(name, at))).collect();
    let mut rows = table.get_many(&wanted).await?;
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    if rows.len() != wanted.len() {
        // A result with an account less would look like one in which all is well.
        let reason = format!("{} of {} accounts are stored", rows.len(), wanted.len());
        return Err(TableError::Corrupt { sort: row.id.to_string(), reason });
    }
    rows.iter().map(|row| Ok(read_row(row)?.value)).collect()
}

/// Stores one part under a name that nobody else has.
pub(crate) async fn store_part<T: Serialize>(
    table: &dyn Table,
    whose: &OrganisationRef,
    row: &TieOut,
    part: &str,
    value: &T,
) -> Result<(), TableError> {
    let write: Write = put(keys::tie_out_part(whose, &row.id, part), Guard::Absent, value, row.part_expires_at());
    table.write(write).await.map(|_| ())
}

/// Stores sheets under a name that nobody else has.
pub(crate) async fn store_sheets(
    table: &dyn Table,
    whose: &OrganisationRef,
    row: &TieOut,
    name: &str,
    sheets: &[Sheet],
) -> Result<(), TableError> {
    for (at, sheet) in sheets.iter().enumerate() {
        store_part(table, whose, row, &sheet_part(name, at), sheet).await?;
    }
    Ok(())
}
