//! Money that never left the organisation: transfers that Xero knows as such, and pairs of lines that look like one.
//!
//! Owns how far apart two sides may be. Currencies are never converted: a transfer between two of them shows two amounts
//! that nothing here can prove to be one.

use std::collections::BTreeSet;

use kernel::periods::days_after;
use kernel::{Currency, Date};

use crate::batch::{Batch, Case, Claim, Decision, Index, days_apart};
use crate::books::{Entry, Part};
use crate::ids::{RecordKind, RecordRef};
use crate::known::Known;
use crate::line::{LineKind, LineSource, Presence};
use crate::verdict::{Exclusion, Verdict};

/// Days that may lie between the two sides of a transfer, or between a side and Xero's date of it: a weekend.
pub const TRANSFER_DAYS_MAX: i64 = 3;

/// Lines that Xero has as a transfer: by type, by link, or by account, amount and date.
pub(crate) fn recorded(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let line = batch.cases[at].line;
        if line.kind == LineKind::Transfer {
            let own = line.links.iter().map(|id| RecordRef::new(RecordKind::BankTransaction, id)).collect();
            let words = "Xero has it as one side of a transfer between own accounts.";
            batch.settle(at, Verdict::excluded(Exclusion::RecordedTransfer, own, words));
        } else if batch.cases[at].is_linked() {
            by_link(batch, at);
        }
    }
    by_fit(batch);
}

fn by_link(batch: &mut Batch<'_>, at: usize) {
    let side = |id| match batch.records.linked(id) {
        Some(Known::Entry(entry @ Entry { part: Part::TransferOf(_), .. })) => Some(entry),
        _ => None,
    };
    let sides: Option<Vec<&Entry>> = batch.cases[at].line.links.iter().map(side).collect();
    let sides = sides.filter(|sides| sides.iter().all(|side| batch.owner(&side.record).is_none()));
    for (place, side) in sides.iter().flatten().enumerate() {
        batch.take(side.record.clone(), at);
        if place == 0 {
            settle_recorded(batch, at, side, "Its source says it belongs to the");
        }
    }
}

fn by_fit(batch: &mut Batch<'_>) {
    let sides = batch.books.entries.iter().filter(|entry| matches!(entry.part, Part::TransferOf(_)));
    let mut sides: Vec<&Entry> = sides.collect();
    sides.sort_by_key(|side| &side.record);
    let index = Index::by_account(&sides);
    let mut claims = Vec::new();
    for at in batch.open_and_free() {
        let line = batch.cases[at].line;
        let (first, last) = around(line.date);
        let (found, _) = index.near(&(&line.account, line.amount), first, last, line.date);
        let days = |candidate: usize| days_apart(line.date, sides[candidate].date);
        claims.extend(found.into_iter().map(|one| Claim { strength: 0, days: days(one), case: at, candidate: one }));
    }
    let candidates: Vec<Known<'_>> = sides.iter().map(|side| Known::Entry(side)).collect();
    for won in batch.assign(claims, &candidates) {
        settle_recorded(batch, won.case, sides[won.candidate], "Account, amount and date fit the");
    }
}

fn settle_recorded(batch: &mut Batch<'_>, at: usize, side: &Entry, how: &str) {
    let Part::TransferOf(transfer) = &side.part else { return };
    let records = vec![RecordRef::new(RecordKind::Transfer, transfer), side.record.clone()];
    let words = format!("{how} {} between own accounts.", Known::Entry(side).name());
    batch.settle(at, Verdict::excluded(Exclusion::RecordedTransfer, records, &words));
}

/// Lines of two own accounts with one amount, of which one went out and the other came in. Each is used once: nearest
/// dates first, then the smallest ids.
pub(crate) fn pairs(batch: &mut Batch<'_>) {
    let free: Vec<usize> = (0..batch.cases.len()).filter(|at| may_pair(batch, &batch.cases[*at])).collect();
    let key = |at: usize| (batch.cases[at].line.amount.currency, batch.cases[at].line.magnitude());
    let came_in = free.iter().copied().filter(|at| batch.cases[*at].line.amount.is_positive());
    let index = Index::new(came_in.map(|at| (key(at), batch.cases[at].line.date, at)));
    let out = free.iter().copied().filter(|at| batch.cases[*at].line.is_out());
    let mut found: Vec<_> = out.flat_map(|at| pairs_of(batch, &index, key(at), at)).collect();
    found.sort_unstable();
    let mut used = BTreeSet::new();
    for (_, _, out, came_in) in found {
        if !used.contains(&out) && !used.contains(&came_in) {
            used.extend([out, came_in]);
            settle_pair(batch, out, came_in);
        }
    }
}

/// The pairs of a line that went out: whether they are new, days apart, the two lines.
fn pairs_of(
    batch: &Batch<'_>,
    index: &Index<(Currency, u64)>,
    key: (Currency, u64),
    at: usize,
) -> Vec<(bool, u64, usize, usize)> {
    let out = &batch.cases[at];
    let (first, last) = around(out.line.date);
    let pair = |other: usize| {
        let came_in = &batch.cases[other];
        let open = out.verdict.is_none() || came_in.verdict.is_none();
        let fits = open && came_in.line.account != out.line.account;
        let stood = |at: usize, with: &Case<'_>| batch.held(at, &RecordRef::line(&with.line.id));
        let anew = !(stood(at, came_in) || stood(other, out));
        fits.then(|| (anew, days_apart(out.line.date, came_in.line.date), at, other))
    };
    index.near(&key, first, last, out.line.date).0.into_iter().filter_map(pair).collect()
}

/// A line that is something else already is no side of a transfer: one that is gone, has a document, belongs to entries, is
/// wanted by a person, or pays ahead.
fn may_pair(batch: &Batch<'_>, case: &Case<'_>) -> bool {
    let own_file = |id| matches!(batch.records.linked(id), Some(Known::Entry(entry)) if entry.has_document);
    let is_filed = case.line.source == LineSource::LedgerEntry && case.line.links.iter().any(own_file);
    let wanted = case.asked.by_hand.is_some_and(|by_hand| by_hand.decision == Decision::Needed);
    let recorded = matches!(&case.verdict, Some(Verdict::Excluded { rule: Exclusion::RecordedTransfer, .. }));
    let free = !is_filed && !wanted && !recorded && case.asked.document.is_none() && !case.is_linked();
    free && case.line.presence == Presence::Present && case.line.kind == LineKind::Ordinary
}

fn settle_pair(batch: &mut Batch<'_>, out: usize, came_in: usize) {
    let (left, arrived) = (batch.cases[out].line, batch.cases[came_in].line);
    let (amount, then, later) = (arrived.amount, left.date, arrived.date);
    let words = format!("{amount} left one own account on {then} and arrived at another on {later}.");
    for (at, other) in [(out, arrived), (came_in, left)] {
        batch.settle(at, Verdict::excluded(Exclusion::TransferPair, vec![RecordRef::line(&other.id)], &words));
    }
}

fn around(date: Date) -> (Date, Date) {
    (days_after(date, -TRANSFER_DAYS_MAX), days_after(date, TRANSFER_DAYS_MAX))
}
