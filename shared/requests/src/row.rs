//! Requests as they are stored: one row for each line that was looked at, asked for or not, and for each time that a
//! recurring request came round.

use evidence::{ByHand, Decision, Line, LineId, Verdict, Words};
use kernel::{DocumentId, OrganisationRef, Timestamp};
use ports::{Direction, Query, Table, TableError};
use reminders::Occurrence;
use serde::{Deserialize, Serialize};
use state::{Stored, keys, load, read_row};

/// One request, or one line for which none is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id: the line's, or the recurring request's with the first day of its period.
    pub id: LineId,
    /// What it is about.
    pub subject: Subject,
    /// What was decided last; none before the first time, and for recurring requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What a person decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<HandDecision>,
    /// The document that is linked to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentId>,
    /// When it was first seen.
    pub seen_at: Timestamp,
    /// When what is said here last changed.
    pub changed_at: Timestamp,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A bank line.
    Line {
        /// The line.
        line: Box<Line>,
    },
    /// A recurring request that came round.
    Recurring {
        /// What is asked for.
        title: Words,
        /// What whoever answers should know.
        note: Words,
        /// When and of which period.
        occurrence: Occurrence,
    },
}

/// What a person decided, and who.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandDecision {
    /// The decision.
    pub by_hand: ByHand,
    /// Who.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It was not looked at yet.
    New,
    /// A document is asked for.
    Requested,
    /// None is asked for.
    Excluded,
    /// One was asked for, and is not any more.
    Closed,
}

impl Request {
    /// The bank line, where it is about one.
    pub fn line(&self) -> Option<&Line> {
        match &self.subject {
            Subject::Line { line } => Some(line),
            Subject::Recurring { .. } => None,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> RequestState {
        match (&self.subject, &self.verdict) {
            (Subject::Recurring { .. }, _) => match (self.document, &self.by_hand) {
                (Some(_), _) => RequestState::Closed,
                (None, Some(hand)) if hand.by_hand.decision == Decision::NotNeeded => RequestState::Excluded,
                _ => RequestState::Requested,
            },
            (_, None) => RequestState::New,
            (_, Some(Verdict::Requested { .. })) => RequestState::Requested,
            (_, Some(Verdict::Excluded { .. })) => RequestState::Excluded,
            (_, Some(Verdict::Closed { .. })) => RequestState::Closed,
        }
    }
}

/// One request.
pub async fn load_request(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &LineId,
) -> Result<Option<Stored<Request>>, TableError> {
    load(table, &keys::request(whose, id.as_str())).await
}

/// Requests by id, behind `after`; and whether there are more.
pub async fn list_requests(
    table: &dyn Table,
    whose: &OrganisationRef,
    after: Option<&LineId>,
    limit: usize,
) -> Result<(Vec<Stored<Request>>, bool), TableError> {
    let (partition, first, last) = keys::requests_range(whose);
    let from = after.map_or(first, |after| format!("{}\0", keys::request(whose, after.as_str()).sort));
    let page = table.query(&Query { partition, from, to: last, direction: Direction::Forward, limit }).await?;
    let rows: Result<Vec<Stored<Request>>, TableError> = page.rows.iter().map(read_row).collect();
    Ok((rows?, page.more))
}

/// Rows read at once.
const ROWS_AT_ONCE: usize = 500;

/// Every request, up to a bound; and whether there are more.
pub(crate) async fn all_requests(
    table: &dyn Table,
    whose: &OrganisationRef,
    rows_max: usize,
) -> Result<(Vec<Stored<Request>>, bool), TableError> {
    let mut all: Vec<Stored<Request>> = Vec::new();
    loop {
        let after = all.last().map(|last| last.value.id.clone());
        let (rows, more) = list_requests(table, whose, after.as_ref(), ROWS_AT_ONCE).await?;
        all.extend(rows);
        if !more || all.len() >= rows_max {
            return Ok((all, more));
        }
    }
}
