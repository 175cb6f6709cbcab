//! A journal that a locked period keeps out, offered the next open period: what that changes, and the change itself.

use std::collections::BTreeMap;

use connections::{Access, Connection};
use kernel::calendar::PeriodError;
use kernel::periods::{Period, days_after};
use kernel::{Date, IntentId, Money, MoneyError};
use ports::TableError;
use postings::{PostingError, change_content};
use schedules::{AccountRef, Journal, JournalError};
use state::{Intent, IntentState, WaitsOn, keys, load};

use crate::closing::calendar;
use crate::posting::{JournalContent, LINES_MAX, MANUAL_JOURNALS};

/// What dating a journal into another period changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redating {
    /// The day it has.
    pub from: Date,
    /// The period it leaves.
    pub from_period: Period,
    /// The day it gets.
    pub to: Date,
    /// The period it falls into.
    pub to_period: Period,
    /// What moves with it from one period to the other, by account: debits above zero.
    pub moved: BTreeMap<AccountRef, Money>,
}

/// Why a journal cannot be dated otherwise.
#[derive(Debug, thiserror::Error)]
pub enum RedateError {
    /// No such journal.
    #[error("there is no such journal")]
    Unknown,
    /// It does not wait for a lock date: it is in Xero, on its way there, or waits for something else.
    #[error("the journal does not wait for a lock date")]
    NotLocked,
    /// The wanted day is locked too.
    #[error("{0} is locked too")]
    StillLocked(Date),
    /// The calendar does not know a date.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// Amounts beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// No journal of that day.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Table or queue trouble.
    #[error(transparent)]
    Posting(#[from] PostingError),
}

impl From<TableError> for RedateError {
    fn from(error: TableError) -> Self {
        Self::Posting(error.into())
    }
}

/// What dating a waiting journal to a day would change; to the last day of the next open period where none is stated.
pub async fn propose_redate(
    access: &Access,
    connection: &Connection,
    id: &IntentId,
    to: Option<Date>,
) -> Result<(Redating, JournalContent), RedateError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let intent = load::<Intent>(table, &keys::intent(whose, id)).await?.ok_or(RedateError::Unknown)?.value;
    if intent.kind != MANUAL_JOURNALS {
        // A document is dated otherwise by publishing it so.
        return Err(RedateError::NotLocked);
    }
    let content = load::<JournalContent>(table, &keys::intent_content(whose, id)).await?;
    let mut content = content.ok_or(RedateError::Unknown)?.value;
    let lock = lock_of(&intent).ok_or(RedateError::NotLocked)?;
    let locked = lock.max(connection.locked_until());
    let calendar = calendar(connection);
    let from = content.journal.date();
    let open = days_after(locked.unwrap_or(from).max(from), 1);
    let to = match to {
        Some(to) => to,
        None => calendar.period_of(open)?.last,
    };
    if locked.is_some_and(|locked| to <= locked) {
        return Err(RedateError::StillLocked(to));
    }
    let mut moved: BTreeMap<AccountRef, Money> = BTreeMap::new();
    for line in content.journal.lines() {
        let sum = moved.entry(line.account.clone()).or_insert(Money::zero(line.amount.currency));
        *sum = sum.try_add(line.amount)?;
    }
    let lines = content.journal.lines().to_vec();
    content.journal = Journal::try_new(to, content.journal.narration(), lines, LINES_MAX)?;
    let (from_period, to_period) = (calendar.period_of(from)?, calendar.period_of(to)?);
    Ok((Redating { from, from_period, to, to_period, moved }, content))
}

/// The lock date a journal waits for, as Xero said it; `None` when it waits for none, or is in Xero already.
fn lock_of(intent: &Intent) -> Option<Option<Date>> {
    if intent.existing.is_some() {
        return None;
    }
    let IntentState::Waiting(waiting) = &intent.state else { return None };
    let WaitsOn::LockDate { locked_until } = &waiting.on else { return None };
    Some(locked_until.parse().ok())
}

/// Dates a waiting journal to another day and sends it on its way.
pub async fn redate(
    access: &Access,
    connection: &Connection,
    id: &IntentId,
    to: Option<Date>,
    actor: &str,
) -> Result<Redating, RedateError> {
    let (redating, content) = propose_redate(access, connection, id, to).await?;
    let reason = format!("dated {} in the place of {} by {actor}", redating.to, redating.from);
    if !change_content(access, &connection.whose, id, &content, &reason).await? {
        return Err(RedateError::NotLocked);
    }
    Ok(redating)
}
