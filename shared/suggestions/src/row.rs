//! Suggestions as they are stored, and what decisions about them taught.
//!
//! A suggestion is named by its bill and by what was found in it. So the same line is the same suggestion however often
//! its bill is looked at, and what was decided about it stays decided.

use kernel::{Date, Money, OrganisationRef, ScheduleId, Timestamp};
use ports::{Direction, Query, Table, TableError};
use ring::digest::{SHA256, digest};
use schedules::Tracking;
use serde::{Deserialize, Serialize};
use state::{Stored, keys, load, read_row};

use crate::bill::Bill;
use crate::find::{Found, Reason, Spread};

/// A prepayment that a bill seems to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Its id, which is that of the schedule it becomes.
    pub id: ScheduleId,
    /// Xero's id of the bill.
    pub bill: String,
    /// The supplier's number of it.
    pub number: String,
    /// The bill's date.
    pub date: Date,
    /// The line, from one.
    pub line: usize,
    /// The supplier's contact.
    pub contact: String,
    /// What it is called.
    pub contact_name: String,
    /// What the line says.
    pub description: String,
    /// The line's account, by code or Xero id.
    pub account: String,
    /// The line's tracking.
    #[serde(default, skip_serializing_if = "Tracking::is_empty")]
    pub tracking: Tracking,
    /// What it costs without tax, in the currency of the books.
    pub amount: Money,
    /// The first day it is for.
    pub first: Date,
    /// The last day.
    pub last: Date,
    /// How it would be spread.
    pub spread: Spread,
    /// Why it is thought.
    pub reasons: Vec<Reason>,
    /// How sure that is, per mille.
    pub confidence: u16,
    /// When it was found.
    pub found_at: Timestamp,
    /// What became of it.
    pub state: SuggestionState,
}

/// What became of a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum SuggestionState {
    /// It waits for a person.
    Open,
    /// It is kept out of sight, because its like was dismissed before.
    HeldBack {
        /// How often in a row.
        dismissed: u32,
    },
    /// Its bill does not say so any more.
    Withdrawn {
        /// Since when.
        at: Timestamp,
    },
    /// A person does not want it.
    Dismissed {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
        /// Why, in their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It became a schedule.
    Accepted {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
        /// What happened to the bill since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Since>,
    },
}

/// What happened to the bill of a suggestion that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// It does not say any more what was accepted.
    BillChanged,
    /// It was voided, deleted, or taken back to a draft.
    BillGone,
}

/// What decisions about the bills of one supplier on one account taught.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// How many were accepted.
    pub accepted: u32,
    /// How many were dismissed since one was last accepted or taken up again.
    pub dismissed_in_a_row: u32,
    /// The account that held the balance when one was last accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_account: Option<String>,
    /// How it was spread then, where that fits any bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<String>,
}

/// Suggestions of a supplier on an account are held back once so many were dismissed in a row.
pub const HELD_BACK_AFTER: u32 = 2;

impl Suggestion {
    /// What was found, as it is stored first.
    pub(crate) fn of(bill: &Bill, contact_name: &str, found: Found, id: ScheduleId, now: Timestamp) -> Self {
        Self {
            id,
            bill: bill.id.clone(),
            number: bill.number.clone(),
            date: bill.date,
            line: found.line,
            contact: bill.contact_id.clone(),
            contact_name: contact_name.to_owned(),
            description: found.description,
            account: found.account.to_string(),
            tracking: found.tracking,
            amount: found.amount,
            first: found.first,
            last: found.last,
            spread: found.spread,
            reasons: found.reasons,
            confidence: found.confidence,
            found_at: now,
            state: SuggestionState::Open,
        }
    }

    /// Whether a person has decided.
    pub fn is_decided(&self) -> bool {
        matches!(self.state, SuggestionState::Dismissed { .. } | SuggestionState::Accepted { .. })
    }
}

/// Names what was found in a bill: by its words, account, amount and days. `earlier` counts equal ones before it.
pub(crate) fn suggestion_id(bill: &Bill, found: &Found, earlier: usize) -> Option<ScheduleId> {
    let said = format!(
        "{}\0{}\0{}\0{}\0{}\0{earlier}",
        found.description, found.account, found.amount.minor, found.first, found.last
    );
    let digest = digest(&SHA256, said.as_bytes());
    let short: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{short}", bill.id).parse().ok()
}

/// One suggestion.
pub async fn load_suggestion(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &ScheduleId,
) -> Result<Option<Stored<Suggestion>>, TableError> {
    load(table, &keys::suggestion(whose, id)).await
}

/// What was taught of a supplier on an account.
pub async fn load_memory(table: &dyn Table, whose: &OrganisationRef, of: &Suggestion) -> Result<Memory, TableError> {
    let found = load::<Memory>(table, &keys::suggestion_memory(whose, &of.contact, &of.account)).await?;
    Ok(found.map(|found| found.value).unwrap_or_default())
}

/// Suggestions by id, behind `after`; and whether there are more.
pub async fn list_suggestions(
    table: &dyn Table,
    whose: &OrganisationRef,
    after: Option<&ScheduleId>,
    limit: usize,
) -> Result<(Vec<Suggestion>, bool), TableError> {
    let (partition, first, last) = keys::suggestions_range(whose);
    let from = after.map_or(first, |after| format!("{}\0", keys::suggestion(whose, after).sort));
    let page = table.query(&Query { partition, from, to: last, direction: Direction::Forward, limit }).await?;
    let rows: Result<Vec<Suggestion>, TableError> = page.rows.iter().map(|row| Ok(read_row(row)?.value)).collect();
    Ok((rows?, page.more))
}

/// What is stored of one bill.
pub(crate) async fn of_bill(
    table: &dyn Table,
    whose: &OrganisationRef,
    bill: &str,
) -> Result<Vec<Stored<Suggestion>>, TableError> {
    let (partition, from, to) = keys::suggestions_of_bill(whose, bill);
    let limit = crate::bill::LINES_MAX * 2;
    let page = table.query(&Query { partition, from, to, direction: Direction::Forward, limit }).await?;
    page.rows.iter().map(read_row).collect()
}
