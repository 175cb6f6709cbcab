//! Every line of an organisation decided anew, and what changed stored.
//!
//! What is decided follows from the lines, the books, the rules and what people said, so evaluating again changes nothing,
//! and one that is cut off is made good by the next. A person's decision that comes in between stands.

use std::collections::BTreeMap;

use connections::{Access, Connection};
use evidence::{AccountId, BatchError, Line, LineId, LineSource, Question, Verdict, decide};
use kernel::periods::days_after;
use kernel::{Currency, Date, OrganisationRef, Timestamp, local_date};
use ports::{Guard, Table, TableError, Written};
use reminders::RecurringError;
use serde::{Deserialize, Serialize};
use state::{StoreError, Stored, edit, keys, load, put};
use tracing::info;

use crate::choose::{Before, Chosen, ancestor, choose};
use crate::gather::{gather, gather_feed};
use crate::row::{Request, Subject, all_requests};
use crate::settings::{RequestSettings, load_settings};

/// Days back that are asked about where the settings say nothing.
pub const DAYS_BACK: i64 = 90;
/// Requests of one organisation that are kept in view.
pub const REQUESTS_MAX: usize = 50_000;

/// What an evaluation came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Lines that were looked at.
    pub lines: usize,
    /// Requests whose state or reasons changed, new ones with them.
    pub changed: usize,
    /// Lines that are too many to be looked at: the oldest.
    pub left_out: usize,
}

/// When requests were last evaluated, and what that came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationRow {
    /// When.
    pub at: Timestamp,
    /// The day in the organisation's own time; recurring requests came round until then.
    pub day: Date,
    /// What it came to.
    pub evaluated: Evaluated,
    /// Who spoke for each bank account that has lines.
    #[serde(default)]
    pub sources: BTreeMap<AccountId, LineSource>,
}

/// Why an evaluation came to no end.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// More than can be decided together, or a record that stands twice.
    #[error("the lines cannot be decided together: {0}")]
    Batch(#[from] BatchError),
}

impl From<TableError> for EvaluateError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

/// When requests were last evaluated, if they were.
pub async fn last_evaluation(table: &dyn Table, whose: &OrganisationRef) -> Result<Option<EvaluationRow>, TableError> {
    Ok(load::<EvaluationRow>(table, &keys::request_evaluation(whose)).await?.map(|found| found.value))
}

/// Decides every line anew. Nothing before the first sync.
pub async fn evaluate(access: &Access, connection: &Connection) -> Result<Evaluated, EvaluateError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let books: Option<Currency> = connection.facts.as_ref().and_then(|facts| facts.base_currency.parse().ok());
    let Some(books) = books else { return Ok(Evaluated::default()) };
    let now = access.ports.clock.now();
    let today = local_date(connection.zone(), now);
    let settings = load_settings(table, whose).await?;
    let since = settings.since.unwrap_or(days_after(today, -DAYS_BACK));
    let (rows, _) = all_requests(table, whose, REQUESTS_MAX).await?;
    let before: Before = rows.into_iter().map(|row| (row.value.id.clone(), row)).collect();
    let mut gathered = gather(table, whose, books, since).await?;
    gather_feed(table, connection, since, today, &mut gathered).await?;
    let Chosen { lines, left_out, sources } = choose(&mut gathered, &before, since);
    let questions: Vec<Question<'_>> = lines.iter().map(|line| question(line, &before)).collect();
    let verdicts = decide(&questions, &gathered.books, &settings.rules, &settings.policy)?;
    let mut changed = 0;
    for line in &lines {
        let Some(verdict) = verdicts.get(&line.id) else { continue };
        changed += usize::from(keep(table, whose, line, verdict, &before, now).await?);
    }
    changed += come_round(table, whose, &settings, today, now).await?;
    let evaluated = Evaluated { lines: lines.len(), changed, left_out };
    let row = EvaluationRow { at: now, day: today, evaluated, sources };
    edit(table, &keys::request_evaluation(whose), None, |_: Option<&EvaluationRow>| Some(row.clone())).await?;
    info!(tenant.id = %whose.tenant, lines = evaluated.lines, changed, "Document requests were evaluated");
    Ok(evaluated)
}

fn question<'a>(line: &'a Line, before: &'a Before) -> Question<'a> {
    let row = before.get(&line.id).or_else(|| ancestor(line, before)).map(|row| &row.value);
    Question {
        line,
        by_hand: row.and_then(|row| row.by_hand.as_ref()).map(|hand| &hand.by_hand),
        document: row.and_then(|row| row.document),
        before: row.and_then(|row| row.verdict.as_ref()),
    }
}

/// Stores what was decided of a line; answers whether that is news.
async fn keep(
    table: &dyn Table,
    whose: &OrganisationRef,
    line: &Line,
    verdict: &Verdict,
    before: &Before,
    now: Timestamp,
) -> Result<bool, TableError> {
    let before = (before.get(&line.id), ancestor(line, before));
    let (guard, mut request) = match before {
        (Some(before), _) => (before.guard(), before.value.clone()),
        (None, Some(Stored { value: Request { by_hand, document, .. }, .. })) => {
            let (by_hand, document) = (by_hand.clone(), *document);
            (Guard::Absent, Request { by_hand, document, ..new_request(line, now) })
        }
        (None, None) => (Guard::Absent, new_request(line, now)),
    };
    let subject = Subject::Line { line: Box::new(line.clone()) };
    if before.0.is_some() && request.subject == subject && request.verdict.as_ref() == Some(verdict) {
        return Ok(false);
    }
    (request.subject, request.verdict, request.changed_at) = (subject, Some(verdict.clone()), now);
    let write = put(keys::request(whose, line.id.as_str()), guard, &request, None);
    // Whoever wrote it meanwhile knew more: the next evaluation sees it.
    Ok(table.write(write).await? == Written::Stored)
}

/// A line that was not looked at yet.
pub fn new_request(line: &Line, now: Timestamp) -> Request {
    Request {
        id: line.id.clone(),
        subject: Subject::Line { line: Box::new(line.clone()) },
        verdict: None,
        by_hand: None,
        document: None,
        seen_at: now,
        changed_at: now,
    }
}

/// Makes the requests that came round since the last evaluation, each once.
async fn come_round(
    table: &dyn Table,
    whose: &OrganisationRef,
    settings: &RequestSettings,
    today: Date,
    now: Timestamp,
) -> Result<usize, TableError> {
    let from = last_evaluation(table, whose).await?.map_or(days_after(today, -DAYS_BACK), |last| last.day);
    let mut made = 0;
    for recurring in &settings.recurring {
        let due: Result<_, RecurringError> = recurring.due_between(from, today);
        // Settings were checked; what cannot be met any more is not due.
        for occurrence in due.unwrap_or_default() {
            let Ok(id) = occurrence.id.parse::<LineId>() else { continue };
            let (title, note) = (recurring.title.clone(), recurring.note.clone());
            let request = Request {
                id: id.clone(),
                subject: Subject::Recurring { title, note, occurrence },
                verdict: None,
                by_hand: None,
                document: None,
                seen_at: now,
                changed_at: now,
            };
            let write = put(keys::request(whose, id.as_str()), Guard::Absent, &request, None);
            made += usize::from(table.write(write).await? == Written::Stored);
        }
    }
    Ok(made)
}
