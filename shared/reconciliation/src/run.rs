//! An account reconciled: report, suggestions, and what became of those there were.
//!
//! Everything follows from what is stored, so reconciling again changes nothing, and a run that is cut off is made good by the
//! next. A person's decision that comes in between stands.

use std::collections::{BTreeMap, BTreeSet};

use bank_statements::account::{BankAccount, bank_account};
use bank_statements::row::{FileState, StatementFile, Teller, list_files};
use banking::proof::{Day, days};
use banking::{Compared, FindingKind, Report, Row, reconcile_sides};
use connections::Connection;
use documents::{DocumentError, Doors};
use kernel::periods::days_after;
use kernel::{Date, Money, OrganisationRef, Timestamp, local_date};
use ports::{Guard, Written};
use state::{edit, keys, put};
use tracing::info;

use crate::prefill::Known;
use crate::quality::against_xero;
use crate::report::{Reconciliation, store_report};
use crate::rules::{BankRules, list_payees, load_rules};
use crate::sides::{FeedSource, Sides, gather, line_row};
use crate::suggest::suggest;
use crate::suggestion::{LineView, Suggestion, SuggestionKind, SuggestionState, all_suggestions};

/// Days back from the newest statement that are reconciled.
pub const DAYS_BACK: i64 = 400;

/// Reconciles an account over the days that its statements cover; nothing without statements, or without the account.
pub async fn reconcile_account(
    doors: Doors<'_>,
    connection: &Connection,
    account: &str,
) -> Result<Option<Reconciliation>, DocumentError> {
    let (access, whose) = (doors.access, &connection.whose);
    let table = &*access.ports.table;
    let files = list_files(table, whose).await?;
    let (Some(period), Some(account)) = (period(&files, account), bank_account(table, whose, account).await?) else {
        return Ok(None);
    };
    let now = access.ports.clock.now();
    let sides = gather(doors, connection, &account, &files, period).await?;
    let (statement, books, report) = compared(&account.id, &sides, period);
    let shown = days(&statement, &books, &report).unwrap_or_default();
    let rules = load_rules(table, whose).await?;
    let mut known = Known::load(table, whose, rules.clone(), list_payees(table, whose).await?).await?;
    learn(&mut known, &sides, &report);
    let wanted = suggest(&account.id, &sides, &report, &known, now);
    settle(doors, whose, &account.id, period, wanted, &rules, now).await?;
    store_report(doors, whose, &account.id, &report, &shown).await?;
    let rows = (statement.len(), sides.feed.len(), books.len());
    let outcome = Outcome { sides: &sides, period, report: &report, shown: &shown, rows };
    let row = summary(connection, &account, &outcome, now);
    let key = keys::reconciliation(whose, &account.id);
    edit(table, &key, None, |_: Option<&Reconciliation>| Some(row.clone())).await?;
    info!(tenant.id = %whose.tenant, lines = statement.len(), matched = row.matched.0, "A bank account was reconciled");
    Ok(Some(row))
}

/// The days that statements of the account cover, the newest of them.
fn period(files: &[StatementFile], account: &str) -> Option<(Date, Date)> {
    let spans: Vec<(Date, Date)> = files
        .iter()
        .filter(|file| file.account == account && file.teller == Teller::Bank)
        .filter_map(|file| match &file.state {
            FileState::Read(summary) => Some(summary),
            _ => None,
        })
        .flat_map(|summary| summary.statements.iter().filter(|statement| statement.taken))
        .filter_map(|statement| statement.days)
        .collect();
    let to = spans.iter().map(|(_, to)| *to).max()?;
    let from = spans.iter().map(|(from, _)| *from).min()?;
    Some((from.max(days_after(to, -DAYS_BACK)), to))
}

/// Statement and books as they are compared, and what comes of it. Entries of days before and after count only where a line
/// is theirs: otherwise the bank tells of them in another statement.
fn compared(account: &str, sides: &Sides, period: (Date, Date)) -> (Vec<Row>, Vec<Row>, Report) {
    let statement: Vec<Row> = sides.lines.values().map(|line| line_row(line, account)).collect();
    let mut books: Vec<Row> = sides.books.values().map(|entry| entry.row(account)).collect();
    // Books without an entry on these days lack all of the lines; a feed that nobody told was not compared.
    let told = Compared { statement: true, feed: sides.feed_source != FeedSource::None, ledger: true };
    let mut report = reconcile_sides(&statement, &sides.feed, &books, told);
    let within = |id: &String| sides.books.get(id).is_some_and(|entry| (period.0..=period.1).contains(&entry.date));
    report.findings.retain(|found| {
        let of_books_alone = found.statement.is_empty() && found.feed.is_empty();
        !of_books_alone || found.ledger.iter().any(within)
    });
    report.matches.retain(|found| !found.statement.is_empty() || found.ledger.iter().any(within));
    let matched = report.matches.iter().flat_map(|found| &found.ledger);
    let used: BTreeSet<&String> = matched.chain(report.findings.iter().flat_map(|found| &found.ledger)).collect();
    books.retain(|row| within(&row.id) || used.contains(&row.id));
    (statement, books, report)
}

fn learn(known: &mut Known, sides: &Sides, report: &Report) {
    for found in &report.matches {
        if let ([line], [entry]) = (found.statement.as_slice(), found.ledger.as_slice())
            && let (Some(line), Some(entry)) = (sides.lines.get(line), sides.books.get(entry))
        {
            known.learn(&LineView::of(line), entry);
        }
    }
}

/// Stores what is suggested now, and says of what was suggested before what became of it.
async fn settle(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    account: &str,
    period: (Date, Date),
    mut wanted: BTreeMap<String, Suggestion>,
    rules: &BankRules,
    now: Timestamp,
) -> Result<(), DocumentError> {
    let table = &*doors.access.ports.table;
    let before = all_suggestions(table, whose).await?;
    // What was entered from here stands as the line does, so Xero proposes the match by itself.
    let entered = |suggestion: &Suggestion| {
        let done = matches!(suggestion.state, SuggestionState::Accepted { .. } | SuggestionState::Confirmed { .. });
        suggestion.kind == SuggestionKind::Post && done
    };
    let posted: BTreeSet<&str> = before
        .iter()
        .filter(|found| entered(&found.value))
        .flat_map(|found| found.value.lines.iter().map(|line| line.id.as_str()))
        .collect();
    let ours = |suggestion: &Suggestion| suggestion.lines.iter().all(|line| posted.contains(line.id.as_str()));
    wanted.retain(|_, suggestion| suggestion.kind != SuggestionKind::Link || !ours(suggestion));
    for found in before.iter().filter(|found| found.value.account == account) {
        let now_wanted = wanted.remove(&found.value.id);
        let seen = found.value.days().is_some_and(|(from, to)| period.0 <= to && from <= period.1);
        let next = match (&now_wanted, seen) {
            (None, false) => continue,
            (wanted, _) => next(&found.value, wanted.as_ref(), now),
        };
        if let Some(next) = next {
            // Whoever wrote it meanwhile knew more: the next run sees it.
            table.write(put(keys::bank_suggestion(whose, &next.id), found.guard(), &next, None)).await?;
        }
    }
    for suggestion in wanted.into_values() {
        let suggestion = accepted_by_threshold(suggestion, rules, now);
        let key = keys::bank_suggestion(whose, &suggestion.id);
        let _: Written = table.write(put(key, Guard::Absent, &suggestion, None)).await?;
    }
    Ok(())
}

/// What becomes of a suggestion; none where it stays as it is.
fn next(before: &Suggestion, wanted: Option<&Suggestion>, now: Timestamp) -> Option<Suggestion> {
    let with = |state: SuggestionState| Some(Suggestion { state, ..before.clone() });
    match (&before.state, wanted) {
        (SuggestionState::Open, Some(wanted)) => {
            let fresh = Suggestion { found_at: before.found_at, ..wanted.clone() };
            (fresh != *before).then_some(fresh)
        }
        (SuggestionState::Settled { .. } | SuggestionState::Confirmed { .. }, Some(wanted)) => Some(wanted.clone()),
        (SuggestionState::Dismissed { .. } | SuggestionState::Accepted { .. }, Some(_)) => None,
        (SuggestionState::Open, None) => with(SuggestionState::Settled { at: now }),
        (SuggestionState::Accepted { by, intent, .. }, None) => {
            with(SuggestionState::Confirmed { by: by.clone(), at: now, intent: intent.clone() })
        }
        (_, None) => None,
    }
}

/// A link that is certain and above the threshold that a workspace has chosen is taken as accepted. Nothing is posted.
fn accepted_by_threshold(suggestion: Suggestion, rules: &BankRules, now: Timestamp) -> Suggestion {
    let enough = rules.accept_links_from.is_some_and(|from| from <= suggestion.per_mille);
    if suggestion.kind != SuggestionKind::Link || !suggestion.certain || !enough {
        return suggestion;
    }
    let state = SuggestionState::Accepted { by: "threshold".to_owned(), at: now, intent: None };
    Suggestion { state, ..suggestion }
}

/// What a reconciliation came to.
struct Outcome<'a> {
    sides: &'a Sides,
    period: (Date, Date),
    report: &'a Report,
    shown: &'a [Day],
    rows: (usize, usize, usize),
}

fn summary(connection: &Connection, account: &BankAccount, outcome: &Outcome<'_>, now: Timestamp) -> Reconciliation {
    let Outcome { sides, period, report, shown, rows } = *outcome;
    let zero = Money::zero(account.currency);
    let told = report.matches.iter().filter(|found| !found.statement.is_empty() && !found.ledger.is_empty());
    let count = |certain_only: bool| -> usize {
        let counted = told.clone().filter(|found| found.certain || !certain_only);
        counted.map(|found| found.statement.len()).sum()
    };
    let mut findings: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for found in &report.findings {
        *findings.entry(found.kind).or_default() += 1;
    }
    let mut unproven = report.unproven.clone();
    unproven.push(format!("What bank and books were apart by before {} is not looked at.", period.0));
    if sides.feed_source == FeedSource::UploadedExport {
        unproven.push("Xero's feed is as somebody exported it; what came in since is not seen.".to_owned());
    }
    let today = local_date(connection.zone(), now);
    if period.1 < days_after(today, -7) {
        unproven.push(format!("The statement ends on {}: later days are not proven.", period.1));
    }
    Reconciliation {
        account: account.id.clone(),
        currency: account.currency,
        at: now,
        from: period.0,
        to: period.1,
        rows,
        feed_source: sides.feed_source,
        matched: (count(false), count(true)),
        findings,
        difference: shown.last().map_or(zero, |day| day.difference),
        residual: shown.last().map_or(zero, |day| day.residual),
        unproven,
        gaps: sides.gaps.clone(),
        capped: report.capped,
        against_xero: against_xero(&report.matches, &sides.feed_links),
    }
}
