//! A reconciliation as it is kept: a row for each account, and the whole report beside it.

use std::collections::BTreeMap;

use banking::proof::Day;
use banking::{FindingKind, Match};
use documents::kept::{keep, kept};
use documents::{DocumentError, Doors};
use kernel::{Date, Money, OrganisationRef, Timestamp};
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::{keys, load, read_range, read_row};

use crate::sides::FeedSource;

/// Accounts of one organisation.
const ACCOUNTS_MAX: usize = 500;
/// Bytes of a whole report.
const REPORT_BYTES_MAX: usize = 256 << 20;

/// The last reconciliation of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Xero's id of the account.
    pub account: String,
    /// Of its amounts.
    pub currency: kernel::Currency,
    /// When.
    pub at: Timestamp,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Rows of each side: statement, feed, books.
    pub rows: (usize, usize, usize),
    /// Where the feed's lines come from.
    pub feed_source: FeedSource,
    /// Lines of the statement that are in the books, and how many of those nobody needs to look at.
    pub matched: (usize, usize),
    /// What is not as it should be, by kind.
    pub findings: BTreeMap<FindingKind, usize>,
    /// How far bank and books have come apart over these days.
    pub difference: Money,
    /// What of that nothing explains.
    pub residual: Money,
    /// What the sides that were compared leave unproven.
    pub unproven: Vec<String>,
    /// Days between statements that nobody covers.
    pub gaps: Vec<(Date, Date)>,
    /// Rows of an amount that so many share that not all candidates were looked at.
    pub capped: usize,
    /// Where Xero's own matches are known: how many of ours agree, by at least so much that speaks for them.
    #[serde(default)]
    pub against_xero: Vec<Agreement>,
}

/// How many matches agree with Xero's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Matches for which at least so much speaks, in thousandths.
    pub from_per_mille: u16,
    /// Matches of lines that Xero has matched.
    pub compared: usize,
    /// Of those, with the same entry.
    pub right: usize,
    /// Lines that Xero has matched.
    pub of: usize,
}

/// The last reconciliation of an account.
pub async fn load_reconciliation(
    table: &dyn Table,
    whose: &OrganisationRef,
    account: &str,
) -> Result<Option<Reconciliation>, TableError> {
    Ok(load::<Reconciliation>(table, &keys::reconciliation(whose, account)).await?.map(|found| found.value))
}

/// The last reconciliations of all accounts that have one.
pub async fn list_reconciliations(
    table: &dyn Table,
    whose: &OrganisationRef,
) -> Result<Vec<Reconciliation>, TableError> {
    let (partition, from, to) = keys::reconciliations_range(whose);
    let rows = read_range(table, partition, from, to, ACCOUNTS_MAX).await?;
    rows.iter().map(|row| Ok(read_row::<Reconciliation>(row)?.value)).collect()
}

/// The key under which the whole report of an account lies.
fn report_key(whose: &OrganisationRef, account: &str) -> String {
    format!("reconciliations/{}/{}/{account}", whose.workspace, whose.tenant)
}

/// Stores the whole report.
pub(crate) async fn store_report(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    account: &str,
    report: &banking::Report,
    days: &[Day],
) -> Result<(), DocumentError> {
    let days: Vec<Value> = days.iter().map(shown_day).collect();
    let matches: Vec<Value> = report.matches.iter().map(shown_match).collect();
    let whole = json!({ "days": days, "matches": matches, "findings": report.findings });
    keep(doors, &report_key(whose, account), &whole).await
}

/// The whole report: `days`, `matches` and `findings`; none where nothing was reconciled yet.
pub async fn load_report(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    account: &str,
) -> Result<Option<Value>, DocumentError> {
    kept(doors, &report_key(whose, account), REPORT_BYTES_MAX).await
}

fn shown_day(day: &Day) -> Value {
    let findings: BTreeMap<FindingKind, String> =
        day.findings.iter().map(|(kind, amount)| (*kind, amount.amount())).collect();
    json!({
        "date": day.date, "statement": day.statement.amount(), "ledger": day.ledger.amount(),
        "difference": day.difference.amount(), "in_transit": day.in_transit.amount(), "findings": findings,
        "residual": day.residual.amount(),
    })
}

fn shown_match(found: &Match) -> Value {
    json!({
        "statement": found.statement, "feed": found.feed, "ledger": found.ledger, "per_mille": found.per_mille,
        "certain": found.certain, "kind": found.kind, "reasons": found.reasons,
    })
}
