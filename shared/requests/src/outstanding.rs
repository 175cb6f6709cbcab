//! What is open, as a message that the host application sends.

use std::collections::HashMap;

use evidence::{AccountId, Words};
use kernel::{Date, OrganisationRef};
use mirror::read::list_records;
use mirror::record::text_of;
use ports::{Table, TableError};
use reminders::{Digest, DigestError, Occurrence, OpenRequest, digest};

use crate::evaluate::REQUESTS_MAX;
use crate::row::{RequestState, Subject, all_requests};

/// Bank accounts whose names are looked up; Xero advises fewer accounts in all.
const ACCOUNTS_MAX: usize = 1_000;

/// What is outstanding.
#[derive(Clone, Debug, PartialEq)]
pub struct Outstanding {
    /// Bank lines without a document.
    pub lines: Digest,
    /// Recurring requests that nobody answered, the oldest first.
    pub recurring: Vec<(Words, Occurrence)>,
    /// Whether there are requests beyond those that were looked through.
    pub more: bool,
}

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum OutstandingError {
    /// Table trouble.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Sums beyond all bounds.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

/// Reads what is open, with at most so many rows.
pub async fn outstanding(
    table: &dyn Table,
    whose: &OrganisationRef,
    today: Date,
    rows: usize,
) -> Result<Outstanding, OutstandingError> {
    let (all, more) = all_requests(table, whose, REQUESTS_MAX).await?;
    let (accounts, _) = list_records(table, whose, "accounts", None, ACCOUNTS_MAX).await?;
    let names: HashMap<&str, &str> =
        accounts.iter().map(|view| (view.id.as_str(), text_of(&view.record, "Name"))).collect();
    let name = |account: &AccountId| Words::new(names.get(account.as_str()).copied().unwrap_or_default());
    let (mut open, mut recurring) = (Vec::new(), Vec::new());
    for request in all.iter().map(|row| &row.value).filter(|request| request.state() == RequestState::Requested) {
        match &request.subject {
            Subject::Line { line } => open.push(OpenRequest {
                line: line.id.clone(),
                account: line.account.clone(),
                account_name: name(&line.account),
                date: line.date,
                amount: line.amount,
                payee: line.payee.clone(),
            }),
            Subject::Recurring { title, occurrence, .. } => recurring.push((title.clone(), occurrence.clone())),
        }
    }
    recurring.sort_by(|one, other| (one.1.due, &one.1.id).cmp(&(other.1.due, &other.1.id)));
    Ok(Outstanding { lines: digest(&open, today, rows)?, recurring, more })
}

impl Outstanding {
    /// The message in plain text.
    pub fn text(&self) -> String {
        let mut text = self.lines.text();
        if !self.recurring.is_empty() {
            text += "\n\nAlso asked for:\n";
            for (title, occurrence) in &self.recurring {
                text += &format!(
                    "- {} ({} to {}), due {}\n",
                    title.as_str(),
                    occurrence.first,
                    occurrence.last,
                    occurrence.due
                );
            }
        }
        text
    }
}
