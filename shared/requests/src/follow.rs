//! Requests that close as soon as their line has a document in Xero, and a whole evaluation where the last is long ago.

use std::time::Duration;

use connections::{Access, Connection};
use envelopes::{Envelope, Follower, Work};
use evidence::{Books, Entry, Line, LineId, Question, decide};
use kernel::Timestamp;
use mirror::follow;
use ports::{QueueError, TableError, Written};
use serde_json::{Map, Value};
use state::{StoreError, keys, put};

use crate::evaluate::{EvaluateError, evaluate, last_evaluation};
use crate::row::{RequestState, Subject, load_request};
use crate::settings::load_settings;

/// Changes of these kinds may speak for lines.
pub const KINDS: [&str; 5] = ["bank_transactions", "invoices", "credit_notes", "payments", "bank_transfers"];
/// A whole evaluation reads the whole mirror: between two that nobody asked for lies so much time.
pub const EVALUATION_INTERVAL: Duration = Duration::from_secs(3600);
/// Time left for a last page of changes, or a whole evaluation.
const PAGE_MARGIN: Duration = Duration::from_secs(60);

/// Why a follower came to no end.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Queue trouble.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// See [`EvaluateError`].
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

impl From<TableError> for FollowError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

/// Reads on in the feed, up to a position or until `deadline` is near.
pub async fn follow_requests(
    access: &Access,
    connection: &Connection,
    to: u64,
    round: u32,
    deadline: Timestamp,
) -> Result<(), FollowError> {
    let (table, whose, follower) = (&*access.ports.table, &connection.whose, Follower::Requests);
    let last_start = deadline.saturating_sub(PAGE_MARGIN).unwrap_or(deadline);
    while let Some(next) = follow::next(table, whose, follower.as_str(), to, &KINDS).await? {
        if access.ports.clock.now() >= last_start {
            let work = Work::FollowFeed { organisation: whose.clone(), follower, to, round: round + 1 };
            return Ok(access.send(&Envelope::new(work)).await?);
        }
        for change in next.changes.iter().filter(|change| change.entity == "bank_transactions") {
            close(access, connection, &change.id, &change.record).await?;
        }
        follow::done(table, whose, follower.as_str(), &next).await?;
    }
    let now = access.ports.clock.now();
    let last = last_evaluation(table, whose).await?;
    let due = last.is_none_or(|last| last.at.saturating_add(EVALUATION_INTERVAL).unwrap_or(now) <= now);
    if due {
        evaluate(access, connection).await?;
    }
    Ok(())
}

/// Decides one line that is asked about from its own record alone; only a closing counts, all else the books decide.
async fn close(
    access: &Access,
    connection: &Connection,
    id: &str,
    record: &Map<String, Value>,
) -> Result<(), FollowError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let Ok(id) = id.parse::<LineId>() else { return Ok(()) };
    let Some(found) = load_request(table, whose, &id).await? else { return Ok(()) };
    let Some(before) = found.value.line().filter(|_| found.value.state() == RequestState::Requested) else {
        return Ok(());
    };
    let Ok(line) = Line::from_bank_transaction(record, before.payee.as_str()) else { return Ok(()) };
    let entry = Entry::from_bank_transaction(record, before.payee.as_str()).ok().flatten();
    let books = Books { entries: entry.into_iter().collect(), ..Books::default() };
    let by_hand = found.value.by_hand.as_ref().map(|hand| &hand.by_hand);
    let question =
        Question { line: &line, by_hand, document: found.value.document, before: found.value.verdict.as_ref() };
    let settings = load_settings(table, whose).await?;
    let mut verdicts = decide(&[question], &books, &settings.rules, &settings.policy).map_err(EvaluateError::from)?;
    let (guard, mut request) = (found.guard(), found.value.clone());
    let closed = verdicts.remove(&id).filter(|verdict| matches!(verdict, evidence::Verdict::Closed { .. }));
    let Some(closed) = closed else { return Ok(()) };
    (request.verdict, request.changed_at) = (Some(closed), access.ports.clock.now());
    request.subject = Subject::Line { line: Box::new(line) };
    match table.write(put(keys::request(whose, id.as_str()), guard, &request, None)).await? {
        // Whoever wrote it meanwhile knew more: the next evaluation sees it.
        Written::Stored | Written::Conflict(_) => Ok(()),
    }
}
