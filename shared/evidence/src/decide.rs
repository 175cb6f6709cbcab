//! Which lines lack a document.
//!
//! Owns the order of the rules and the limits of one decision. It reads nothing and keeps nothing: the same lines, books and
//! rules give the same verdicts, in whatever order they are fed.
//!
//! | the rules, first to last | module |
//! |---|---|
//! | deleted at the source, or a second copy | here |
//! | a document is linked to the line | here |
//! | a person decided | here |
//! | a rule of the workspace's | [`crate::rules`] |
//! | a transfer in Xero; a pair of lines that is one | `transfers` |
//! | belongs to entries with documents | `entries` |
//! | an overpayment or prepayment | here |
//! | an entry with a document fits | `entries` |
//! | an unpaid bill or credit note fits | `unpaid` |
//! | moves no money, too small, money in | here |
//!
//! What none of them settles is requested.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::{Batch, Decision, Question};
use crate::books::{Books, RECORDS_MAX};
use crate::ids::{LineId, RecordRef};
use crate::line::{LINKS_MAX, LineKind, Presence};
use crate::rules::{CURRENCIES_MAX, Policy, Rules};
use crate::verdict::{ClosedBy, Evidence, Exclusion, NEAR_MAX, Near, RequestReason, Verdict};
use crate::{entries, reopen, transfers, unpaid};

/// Why lines cannot be decided together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Feed them in several batches, with what is taken in [`Books::taken`].
    #[error("more than {LINES_MAX} lines in one batch")]
    TooManyLines,
    /// Leave out records that are too old to speak for a line.
    #[error("more than {RECORDS_MAX} records in one batch")]
    TooManyRecords,
    /// More currencies than an organisation has.
    #[error("more than {CURRENCIES_MAX} smallest amounts")]
    TooManyCurrencies,
    /// A line with more links than any has.
    #[error("line {0} belongs to more than {LINKS_MAX} entries")]
    TooManyLinks(LineId),
    /// Two lines with one id: which of them a verdict is for, nobody could tell.
    #[error("line {0} stands in the batch twice")]
    LineTwice(LineId),
    /// Two records of one kind with one id: which of them is right, nobody could tell.
    #[error("a record of one kind stands in the books twice: {}", .0.id)]
    RecordTwice(RecordRef),
}

/// Lines that are decided together: a month of a busy organisation.
pub const LINES_MAX: usize = 5_000;

/// Every rule settles what it can, and what is settled stays.
const ORDER: [fn(&mut Batch<'_>); 11] = [
    gone,
    linked,
    by_hand,
    ruled,
    transfers::recorded,
    transfers::pairs,
    entries::documented,
    advances,
    entries::fitting,
    unpaid::fitting,
    by_policy,
];

/// Decides about lines that lie together: all those of an organisation that could be each other's other side, those that
/// were left out or closed before too. Feed the lines of one account from one source: told twice, one payment would look
/// like two. A line that its source no longer lists is fed as [`Presence::Deleted`].
pub fn decide(
    questions: &[Question<'_>],
    books: &Books,
    rules: &Rules,
    policy: &Policy,
) -> Result<BTreeMap<LineId, Verdict>, BatchError> {
    check(questions, books, policy)?;
    let mut batch = Batch::try_new(questions, books, rules, policy).map_err(BatchError::RecordTwice)?;
    for rule in ORDER {
        rule(&mut batch);
    }
    let verdicts = batch.cases.iter().map(|case| {
        let open = || requested(RequestReason::NothingSpeaksForIt, case.near.clone());
        let fresh = case.verdict.clone().unwrap_or_else(open);
        (case.line.id.clone(), reopen::reconsidered(&batch, case, fresh))
    });
    Ok(verdicts.collect())
}

fn check(questions: &[Question<'_>], books: &Books, policy: &Policy) -> Result<(), BatchError> {
    if questions.len() > LINES_MAX {
        return Err(BatchError::TooManyLines);
    }
    if books.records() > RECORDS_MAX {
        return Err(BatchError::TooManyRecords);
    }
    if policy.smallest.len() > CURRENCIES_MAX {
        return Err(BatchError::TooManyCurrencies);
    }
    let mut seen = BTreeSet::new();
    for line in questions.iter().map(|question| question.line) {
        if !seen.insert(&line.id) {
            return Err(BatchError::LineTwice(line.id.clone()));
        }
        if line.links.len() > LINKS_MAX {
            return Err(BatchError::TooManyLinks(line.id.clone()));
        }
    }
    Ok(())
}

fn gone(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let words = match batch.cases[at].line.presence {
            Presence::Present => continue,
            Presence::Deleted => "The line was deleted where it came from.",
            Presence::Duplicate => "Its source calls the line a second copy of another.",
        };
        batch.settle(at, Verdict::excluded(Exclusion::GoneAtSource, Vec::new(), words));
    }
}

fn linked(batch: &mut Batch<'_>) {
    for at in batch.open() {
        if let Some(document) = batch.cases[at].asked.document {
            let evidence = Evidence::new(vec![RecordRef::document(document)], "A document is linked to the line.");
            batch.settle(at, Verdict::Closed { by: ClosedBy::DocumentLinked, evidence });
        }
    }
}

fn by_hand(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let Some(by_hand) = batch.cases[at].asked.by_hand else { continue };
        let words = format!("A person decided that no document is needed: {}", by_hand.note.as_str());
        batch.settle(
            at,
            match by_hand.decision {
                Decision::Needed => requested(RequestReason::ByHand, Vec::new()),
                Decision::NotNeeded => Verdict::excluded(Exclusion::ByHand, Vec::new(), words.trim_end_matches(": ")),
            },
        );
    }
}

fn ruled(batch: &mut Batch<'_>) {
    let rules = batch.rules;
    for at in batch.open() {
        let case = &batch.cases[at];
        let Some(rule) = rules.matching_texts(case.line, &case.texts) else { continue };
        let evidence = Evidence::new(Vec::new(), &format!("Rule “{}”: {}", rule.name, rule.reason));
        let (rule, rule_id) = (Exclusion::NoDocumentNeeded, Some(rule.id.clone()));
        batch.settle(at, Verdict::Excluded { rule, rule_id, evidence });
    }
}

fn advances(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let (rule, what) = match batch.cases[at].line.kind {
            LineKind::Overpayment => (Exclusion::Overpayment, "an overpayment"),
            LineKind::Prepayment => (Exclusion::Prepayment, "a prepayment"),
            LineKind::Ordinary | LineKind::Transfer => continue,
        };
        if !batch.policy.advances_need_documents {
            let words = format!("Xero has it as {what}: its document is the one that it is used on.");
            batch.settle(at, Verdict::excluded(rule, Vec::new(), &words));
        }
    }
}

fn by_policy(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let line = batch.cases[at].line;
        let small =
            batch.policy.smallest(line.amount.currency).filter(|least| line.magnitude() < least.minor.unsigned_abs());
        let (rule, words) = match small {
            _ if line.amount.is_zero() => (Exclusion::MovesNothing, "The line moves no money.".to_owned()),
            Some(smallest) => (Exclusion::BelowMinimum, format!("Documents are wanted from {smallest} on.")),
            None if !line.is_out() && !batch.policy.money_in_needs_documents => {
                (Exclusion::MoneyIn, "Money came in, and no documents are wanted for that.".to_owned())
            }
            None => continue,
        };
        batch.settle(at, Verdict::excluded(rule, Vec::new(), &words));
    }
}

/// What nearly spoke for the line is sorted by how little it lacks.
fn requested(why: RequestReason, mut near: Vec<Near>) -> Verdict {
    near.sort();
    near.dedup();
    let near_left_out = near.len().saturating_sub(NEAR_MAX);
    near.truncate(NEAR_MAX);
    Verdict::Requested { why, near, near_left_out, again: None }
}
