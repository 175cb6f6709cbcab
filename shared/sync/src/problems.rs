//! Problems that stay listed until they are gone: opened and resolved by the same code that meets them.

use kernel::{OrganisationRef, Timestamp};
use ports::{Direction, Query, Table, TableError};
use serde::{Deserialize, Serialize};
use state::{Stored, edit, keys, read_row};

use crate::SyncError;
use crate::work::Worker;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable, for programs: `not_readable`, `unreadable_records`, `not_connected`, `list_unsettled`, `setup`,
    /// `xero_unavailable`.
    pub code: String,
    /// What it is about: a kind of record, `connection`, `setup` or `xero`.
    pub subject: String,
    /// What happened, in words, with Xero's own where there are any.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Whether a person must act.
    pub needs_attention: bool,
    /// When it was first met.
    pub first_seen: Option<Timestamp>,
    /// When it was last met.
    pub last_seen: Option<Timestamp>,
    /// How often it was met.
    pub count: u64,
    /// When it was gone; `None` while it is open.
    pub resolved_at: Option<Timestamp>,
}

impl Problem {
    /// A problem as met now.
    pub(crate) fn new(code: &str, subject: &str, message: String, fix: &str) -> Self {
        Self {
            code: code.to_owned(),
            subject: subject.to_owned(),
            message,
            fix: fix.to_owned(),
            needs_attention: !["list_unsettled", "xero_unavailable"].contains(&code),
            first_seen: None,
            last_seen: None,
            count: 0,
            resolved_at: None,
        }
    }
}

const CODES: &[&str] =
    &["not_readable", "unreadable_records", "not_connected", "list_unsettled", "setup", "xero_unavailable"];

/// Opens a problem, or counts it once more.
pub(crate) async fn open_problem(worker: &mut Worker<'_>, problem: Problem) -> Result<(), SyncError> {
    let now = worker.now();
    let key = keys::problem(&worker.whose, &problem.code, &problem.subject);
    edit(worker.table(), &key, None, |before: Option<&Problem>| {
        let open = before.filter(|before| before.resolved_at.is_none());
        Some(Problem {
            first_seen: open.and_then(|before| before.first_seen).or(Some(now)),
            last_seen: Some(now),
            count: open.map_or(1, |before| before.count + 1),
            ..problem.clone()
        })
    })
    .await?;
    Ok(())
}

/// Resolves every open problem about a subject.
pub(crate) async fn resolve_problem(worker: &mut Worker<'_>, subject: &str) -> Result<(), SyncError> {
    let now = worker.now();
    let wanted: Vec<_> = CODES.iter().map(|code| keys::problem(&worker.whose, code, subject)).collect();
    for row in worker.table().get_many(&wanted).await? {
        let found: Stored<Problem> = read_row(&row)?;
        if found.value.resolved_at.is_none() {
            let resolved = Problem { resolved_at: Some(now), ..found.value };
            state::replace(worker.table(), row.key.clone(), found.version, &resolved, None).await?;
        }
    }
    Ok(())
}

/// Most problems listed.
const PROBLEMS_MAX: usize = 500;

/// An organisation's problems, open ones only unless asked for all.
pub async fn list_problems(
    table: &dyn Table,
    whose: &OrganisationRef,
    with_resolved: bool,
) -> Result<Vec<Problem>, TableError> {
    let (from, to) = keys::problems_range();
    let partition = keys::organisation(whose);
    let query = Query { partition, from, to, direction: Direction::Forward, limit: PROBLEMS_MAX };
    let page = table.query(&query).await?;
    let problems: Result<Vec<Problem>, TableError> =
        page.rows.iter().map(|row| read_row(row).map(|stored| stored.value)).collect();
    Ok(problems?.into_iter().filter(|problem| with_resolved || problem.resolved_at.is_none()).collect())
}
