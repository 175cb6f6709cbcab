//! Which lines lack a document.
//!
//! Owns the order of the rules and the limits of one decision. It reads nothing and keeps nothing: the same lines, books and
//! rules give the same verdicts, in whatever order they are fed.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Money;

use crate::batch::{Batch, Case, Decision, Question};
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

/// A rule looks at each line by itself, or at all of them together.
enum Step {
    Each(fn(&Batch<'_>, &Case<'_>) -> Option<Verdict>),
    Together(fn(&mut Batch<'_>)),
}

/// The rules, first to last. Each settles what it can, what is settled stays, and what none settles is requested.
const ORDER: [Step; 11] = [
    Step::Each(gone),
    Step::Each(linked),
    Step::Each(by_hand),
    Step::Each(ruled),
    Step::Together(transfers::recorded),
    Step::Together(transfers::pairs),
    Step::Together(entries::documented),
    Step::Each(paid_ahead),
    Step::Together(entries::fitting),
    Step::Together(unpaid::fitting),
    Step::Each(by_policy),
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
    for step in ORDER {
        match step {
            Step::Together(settle) => settle(&mut batch),
            Step::Each(verdict) => batch.open().into_iter().for_each(|at| {
                if let Some(found) = verdict(&batch, &batch.cases[at]) {
                    batch.settle(at, found);
                }
            }),
        }
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
    if books.bills.len() + books.entries.len() + books.taken.len() > RECORDS_MAX {
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

fn gone(_: &Batch<'_>, case: &Case<'_>) -> Option<Verdict> {
    let words = match case.line.presence {
        Presence::Present => return None,
        Presence::Deleted => "The line was deleted where it came from.",
        Presence::Duplicate => "Its source calls the line a second copy of another.",
    };
    Some(Verdict::excluded(Exclusion::GoneAtSource, Vec::new(), words))
}

fn linked(_: &Batch<'_>, case: &Case<'_>) -> Option<Verdict> {
    let document = vec![RecordRef::document(case.asked.document?)];
    let evidence = Evidence::new(document, "A document is linked to the line.");
    Some(Verdict::Closed { by: ClosedBy::DocumentLinked, evidence })
}

fn by_hand(_: &Batch<'_>, case: &Case<'_>) -> Option<Verdict> {
    let by_hand = case.asked.by_hand?;
    let words = format!("A person decided that no document is needed: {}", by_hand.note.as_str());
    Some(match by_hand.decision {
        Decision::Needed => requested(RequestReason::ByHand, Vec::new()),
        Decision::NotNeeded => Verdict::excluded(Exclusion::ByHand, Vec::new(), words.trim_end_matches(": ")),
    })
}

fn ruled(batch: &Batch<'_>, case: &Case<'_>) -> Option<Verdict> {
    let rule = batch.rules.matching_texts(case.line, &case.texts)?;
    let evidence = Evidence::new(Vec::new(), &format!("Rule “{}”: {}", rule.name, rule.reason));
    Some(Verdict::Excluded { rule: Exclusion::NoDocumentNeeded, rule_id: Some(rule.id.clone()), evidence })
}

fn paid_ahead(batch: &Batch<'_>, case: &Case<'_>) -> Option<Verdict> {
    let (rule, what) = match case.line.kind {
        LineKind::Overpayment if !batch.policy.advances_need_documents => (Exclusion::Overpayment, "an overpayment"),
        LineKind::Prepayment if !batch.policy.advances_need_documents => (Exclusion::Prepayment, "a prepayment"),
        _ => return None,
    };
    let words = format!("Xero has it as {what}: its document is the one that it is used on.");
    Some(Verdict::excluded(rule, Vec::new(), &words))
}

fn by_policy(batch: &Batch<'_>, case: &Case<'_>) -> Option<Verdict> {
    let (line, policy) = (case.line, batch.policy);
    let below = |least: &Money| line.magnitude() < least.minor.unsigned_abs();
    let (rule, words) = match policy.smallest(line.amount.currency).filter(below) {
        _ if line.amount.is_zero() => (Exclusion::MovesNothing, "The line moves no money.".to_owned()),
        Some(smallest) => (Exclusion::BelowMinimum, format!("Documents are wanted from {smallest} on.")),
        None if line.is_out() || policy.money_in_needs_documents => return None,
        None => (Exclusion::MoneyIn, "Money came in, and no documents are wanted for that.".to_owned()),
    };
    Some(Verdict::excluded(rule, Vec::new(), &words))
}

/// What nearly spoke for the line is sorted by how little it lacks.
fn requested(why: RequestReason, mut near: Vec<Near>) -> Verdict {
    near.sort();
    near.dedup();
    let near_left_out = near.len().saturating_sub(NEAR_MAX);
    near.truncate(NEAR_MAX);
    Verdict::Requested { why, near, near_left_out, again: None }
}
