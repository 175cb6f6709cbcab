//! Where an organisation's synchronisation stands: cursors, the running run, the head of its change feed.
//!
//! One row, written at each commit together with whatever moved; its version fences a worker that came too late, its
//! lease keeps two from working at once.

use std::collections::BTreeMap;

pub use connections::Usage;
use kernel::{OrganisationRef, RunId, Timestamp};
use mirror::Counts;
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use state::{Lease, keys, load};

/// The stored state of one organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncHead {
    /// Who works on the organisation just now.
    #[serde(default)]
    pub lease: Lease,
    /// The position the next change gets; everything below is in the feed for good.
    #[serde(default)]
    pub feed_head: u64,
    /// Up to when each kind is known, by kind.
    #[serde(default)]
    pub cursors: BTreeMap<String, Timestamp>,
    /// Whether every kind was read once.
    #[serde(default)]
    pub loaded: bool,
    /// The ISO week of the last sweep.
    #[serde(default)]
    pub swept_week: String,
    /// Whether money on a document changed whose payments were not read since. Stored with the change itself, so that
    /// an interruption in between forgets nothing.
    #[serde(default)]
    pub payments_due: bool,
    /// Whether a leg of a bank transfer changed whose transfers were not read since.
    #[serde(default)]
    pub transfers_due: bool,
    /// Whether a run was wanted that the one under way does not serve: one more follows it.
    #[serde(default)]
    pub again: bool,
    /// The run under way.
    pub active: Option<ActiveRun>,
    /// The last run that ended.
    pub last: Option<LastRun>,
    /// When Xero last answered well.
    pub last_good_call: Option<Timestamp>,
    /// Calls left today as Xero last said.
    pub day_left: Option<u32>,
    /// When it said so.
    #[serde(default)]
    pub day_left_at: Option<Timestamp>,
    /// What was read this month.
    #[serde(default)]
    pub usage: Usage,
}

/// Reads the stored state of one organisation; an organisation that was never synced has the default one.
pub async fn load_head(table: &dyn Table, whose: &OrganisationRef) -> Result<SyncHead, TableError> {
    Ok(load(table, &keys::sync_head(whose)).await?.map(|stored| stored.value).unwrap_or_default())
}

/// Why a run was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The organisation was connected for the first time, or again.
    Connected,
    /// A person asked.
    Person,
    /// The interval came round.
    Schedule,
    /// Webhooks were missed.
    WebhookGap,
    /// Xero told of changes.
    Webhook,
}

/// A run under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveRun {
    /// Names it.
    pub run: RunId,
    /// Why it was made.
    pub trigger: Trigger,
    /// Who asked, when somebody did.
    pub actor: Option<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it last moved.
    pub moved_at: Timestamp,
    /// What it reads, in order.
    pub steps: Vec<Step>,
    /// The step it is at.
    pub at: usize,
    /// Where that step stands.
    pub pass: Option<Pass>,
    /// Counts the envelopes of the run.
    pub envelopes: u64,
    /// Failed attempts at the present step.
    pub failures: u32,
    /// Until when it waits, and why.
    pub waiting: Option<(Timestamp, String)>,
    /// What was found, by kind.
    pub counts: BTreeMap<String, Counts>,
    /// The first position of its changes in the feed.
    pub feed_from: u64,
    /// Steps that could not be done.
    #[serde(default)]
    pub problems: u32,
    /// Whether a person waits for it.
    #[serde(default)]
    pub urgent: bool,
    /// Waits in a row because Xero was not there.
    #[serde(default)]
    pub outages: u32,
    /// Whether it reads only some kinds, whose own interval came round.
    #[serde(default)]
    pub partial: bool,
    /// What could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedItem>,
}

/// A record or a whole kind that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedItem {
    /// The kind.
    pub entity: String,
    /// Xero's id, where one record is meant and has one.
    pub id: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub result: ItemResult,
    /// Why, without anything of its content.
    pub reason: String,
}

/// What became of an item of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemResult {
    /// In the mirror and the feed.
    Applied,
    /// An element of Xero's list that is no record.
    Unreadable,
    /// A kind that Xero did not give.
    Refused,
}

/// Failed items kept of one run; of more, the counts tell.
const FAILED_MAX: usize = 50;

impl ActiveRun {
    /// Keeps what could not be read.
    pub(crate) fn fail(&mut self, item: FailedItem) {
        let same = |kept: &FailedItem| kept.entity == item.entity && kept.id == item.id && kept.result == item.result;
        // A list that moved while it was read is read again.
        let known = item.id.is_some() && self.failed.iter().any(same);
        if !known && self.failed.len() < FAILED_MAX {
            self.failed.push(item);
        }
    }

    /// Whether anything was read already.
    pub fn has_begun(&self) -> bool {
        self.envelopes > 0 || self.at > 0 || self.pass.is_some()
    }
}

/// One step: a kind and how to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The kind.
    pub entity: String,
    /// How.
    pub reading: Reading,
}

/// How a kind is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// What changed since the cursor; all of it when there is none.
    Changes,
    /// All of it; what is no longer listed is gone.
    Everything,
    /// Changes, but only when a leg of a transfer changed in this run.
    IfTransfersTouched,
    /// Documents that are open: some of their changes do not move Xero's time stamp.
    OpenDocuments,
}

/// Where the reading of one kind stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// When it began; becomes the cursor, less an overlap.
    pub began_at: Timestamp,
    /// The time filter of the next call.
    pub since: Option<Timestamp>,
    /// The page of the next call.
    pub page: u32,
    /// Whether pages were counted on while records could move between them.
    pub counted_pages: bool,
    /// Whether a record moved meanwhile.
    pub moved: bool,
    /// Passes begun again because of that.
    pub again: u32,
    /// Records in the list, as Xero last said.
    pub expected: u64,
    /// Records a page; fewer once a page was too long to be read.
    #[serde(default = "page_size_max")]
    pub page_size: u32,
    /// Elements of this pass that could not be read as a record.
    #[serde(default)]
    pub unreadable: u64,
    /// The time of the last record before the first unreadable one: the cursor must not pass it.
    #[serde(default)]
    pub held: Option<Timestamp>,
}

/// Records a page; Xero's maximum, so that a large organisation takes the fewest calls.
pub const PAGE_SIZE_MAX: u32 = 1_000;

fn page_size_max() -> u32 {
    PAGE_SIZE_MAX
}

impl Pass {
    /// A pass from its first page.
    pub fn new(began_at: Timestamp, since: Option<Timestamp>) -> Self {
        Self {
            began_at,
            since,
            page: 1,
            counted_pages: false,
            moved: false,
            again: 0,
            expected: 0,
            page_size: PAGE_SIZE_MAX,
            unreadable: 0,
            held: None,
        }
    }
}

/// How the last run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// Names it.
    pub run: RunId,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How.
    pub outcome: Outcome,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step was done.
    Completed,
    /// Some steps could not be done; see the open problems.
    CompletedWithProblems,
    /// The connection was lost; the next run goes on.
    Stopped,
}
