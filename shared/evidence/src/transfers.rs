//! Money that never left the organisation: transfers that Xero knows as such, and pairs of lines that look like one.
//!
//! Owns how far apart two sides may be. Currencies are never converted: a transfer between two of them shows two amounts
//! that nothing here can prove to be one.

use std::collections::{BTreeSet, HashMap};

use kernel::periods::days_after;
use kernel::{Currency, Date, Money};

use crate::batch::{Batch, Candidate, Case, Claim, Decision, Index, days_apart};
use crate::books::{Transfer, TransferSide};
use crate::ids::{RecordId, RecordKind, RecordRef};
use crate::known::Known;
use crate::line::{LineKind, LineSource, Presence};
use crate::verdict::{Agreed, Evidence, Exclusion, Verdict};

/// Days that may lie between the two sides of a transfer, or between a side and Xero's date of it: a weekend.
pub const TRANSFER_DAYS_MAX: i64 = 3;

/// One of a transfer's sides.
struct Side<'a> {
    transfer: &'a Transfer,
    side: &'a TransferSide,
    amount: Money,
}

impl Candidate for Side<'_> {
    /// The entry and not the transfer: each side speaks for a line of its own.
    fn record(&self) -> RecordRef {
        RecordRef::new(RecordKind::BankTransaction, &self.side.entry)
    }

    fn name(&self) -> String {
        format!("transfer of {} on {}", self.transfer.amount, self.transfer.date)
    }
}

/// Lines that Xero has as a transfer: by type, by link, or by account, amount and date.
pub(crate) fn recorded(batch: &mut Batch<'_>) {
    let sides = sides(&batch.books.transfers);
    let by_entry: HashMap<&RecordId, usize> =
        sides.iter().enumerate().map(|(at, side)| (&side.side.entry, at)).collect();
    by_type(batch);
    by_link(batch, &sides, &by_entry);
    by_fit(batch, &sides);
}

fn sides(transfers: &[Transfer]) -> Vec<Side<'_>> {
    // The sum of a transfer is more than nothing, so its negative is an amount too.
    let out = |amount: Money| Money::new(amount.minor.saturating_neg(), amount.currency);
    let from = transfers.iter().map(|one| Side { transfer: one, side: &one.from, amount: out(one.amount) });
    let to = transfers.iter().map(|one| Side { transfer: one, side: &one.to, amount: one.amount });
    let mut sides: Vec<Side<'_>> = from.chain(to).collect();
    sides.sort_by(|one, other| one.side.entry.cmp(&other.side.entry));
    sides
}

fn by_type(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let line = batch.cases[at].line;
        if line.kind == LineKind::Transfer {
            let own = line.links.iter().map(|id| RecordRef::new(RecordKind::BankTransaction, id)).collect();
            let evidence =
                Evidence::new(own, &[Agreed::Link], "Xero has it as one side of a transfer between own accounts.");
            batch.settle(at, Verdict::excluded(Exclusion::RecordedTransfer, evidence));
        }
    }
}

fn by_link(batch: &mut Batch<'_>, sides: &[Side<'_>], by_entry: &HashMap<&RecordId, usize>) {
    for at in batch.open().into_iter().filter(|at| batch.cases[*at].is_linked()).collect::<Vec<_>>() {
        let links = batch.cases[at].line.links.iter();
        let Some(linked) = links.map(|id| by_entry.get(id).copied()).collect::<Option<Vec<usize>>>() else { continue };
        let free = |side: &usize| batch.owner(&sides[*side].record()).is_none();
        if let Some(first) = linked.first().filter(|_| linked.iter().all(free)) {
            let words = format!("Its source says it belongs to the {} between own accounts.", sides[*first].name());
            settle_recorded(batch, at, &sides[*first], &[Agreed::Link], &words);
            linked.iter().for_each(|side| batch.take(sides[*side].record(), at));
        }
    }
}

fn by_fit(batch: &mut Batch<'_>, sides: &[Side<'_>]) {
    let items = sides.iter().enumerate();
    let index = Index::new(items.map(|(at, side)| ((&side.side.account, side.amount), side.transfer.date, at)));
    let mut claims = Vec::new();
    for at in batch.open() {
        let (case, line) = (&batch.cases[at], batch.cases[at].line);
        if case.is_linked() || line.source == LineSource::LedgerEntry {
            continue;
        }
        let (first, last) = around(line.date);
        let (found, _) = index.near(&(&line.account, line.amount), first, last, line.date);
        let claim = |candidate: usize| Claim {
            strength: 0,
            days: days_apart(line.date, sides[candidate].transfer.date),
            case: at,
            candidate,
        };
        claims.extend(found.into_iter().map(claim));
    }
    for won in batch.assign(claims, sides) {
        let side = &sides[won.candidate];
        let words = format!("Account, amount and date fit the {} between own accounts.", side.name());
        settle_recorded(batch, won.case, side, &[Agreed::Account, Agreed::Amount, Agreed::Date], &words);
    }
}

fn settle_recorded(batch: &mut Batch<'_>, at: usize, side: &Side<'_>, agreed: &[Agreed], words: &str) {
    let records = vec![RecordRef::new(RecordKind::Transfer, &side.transfer.id), side.record()];
    batch.settle(at, Verdict::excluded(Exclusion::RecordedTransfer, Evidence::new(records, agreed, words)));
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
    let (found, _) = index.near(&key, first, last, out.line.date);
    let pair = |other: usize| {
        let came_in = &batch.cases[other];
        let stood = |of: &Case<'_>, with: &Case<'_>| {
            of.asked.before.is_some_and(|before| before.records().contains(&RecordRef::line(&with.line.id)))
        };
        let open = out.verdict.is_none() || came_in.verdict.is_none();
        let fits = open && came_in.line.account != out.line.account;
        let anew = !(stood(out, came_in) || stood(came_in, out));
        fits.then(|| (anew, days_apart(out.line.date, came_in.line.date), at, other))
    };
    found.into_iter().filter_map(pair).collect()
}

/// A line that is something else already is no side of a transfer: one that is gone, has a document, belongs to entries, is
/// wanted by a person, or pays ahead.
fn may_pair(batch: &Batch<'_>, case: &Case<'_>) -> bool {
    let own_file = |id| matches!(batch.records.linked(id), Some((_, Known::Entry(entry))) if entry.has_attachments);
    if case.line.source == LineSource::LedgerEntry && case.line.links.iter().any(own_file) {
        return false;
    }
    let wanted = case.asked.by_hand.is_some_and(|by_hand| by_hand.decision == Decision::Needed);
    let recorded = matches!(&case.verdict, Some(Verdict::Excluded(why)) if why.rule == Exclusion::RecordedTransfer);
    let free = !wanted && !recorded && case.asked.document.is_none() && !case.is_linked();
    free && case.line.presence == Presence::Present && case.line.kind == LineKind::Ordinary
}

fn settle_pair(batch: &mut Batch<'_>, out: usize, came_in: usize) {
    let (left, arrived) = (batch.cases[out].line, batch.cases[came_in].line);
    let words =
        format!("{} left one own account on {} and arrived at another on {}.", arrived.amount, left.date, arrived.date);
    for (at, other) in [(out, arrived), (came_in, left)] {
        let agreed = [Agreed::Amount, Agreed::Date];
        let evidence = Evidence::new(vec![RecordRef::line(&other.id)], &agreed, &words);
        batch.settle(at, Verdict::excluded(Exclusion::TransferPair, evidence));
    }
}

fn around(date: Date) -> (Date, Date) {
    (days_after(date, -TRANSFER_DAYS_MAX), days_after(date, TRANSFER_DAYS_MAX))
}
