//! Entries of the ledger that speak for lines: those a line belongs to, and those that fit it.
//!
//! Owns what it takes to belong and to fit. An entry without a document takes part in the fitting, or a line whose own
//! entry has none would be excused by its neighbour's.

use kernel::periods::days_after;

use crate::batch::{Batch, Claim, Index, days_apart};
use crate::books::{Entry, Part};
use crate::ids::{RecordId, RecordKind, RecordRef};
use crate::known::Known;
use crate::line::LineSource;
use crate::verdict::{Exclusion, Lack, Verdict};
use crate::words::Folded;

/// Days that may lie between a line and an entry that fits it: the bank's date and the one somebody wrote down.
pub const ENTRY_DAYS_MAX: i64 = 7;

/// Lines that belong to entries all of which have documents.
pub(crate) fn documented(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let line = batch.cases[at].line;
        let lacking: Vec<_> = line.links.iter().filter_map(|id| lack(batch, at, id)).collect();
        let linked: Vec<Known<'_>> = line.links.iter().filter_map(|id| batch.records.linked(id)).collect();
        if lacking.is_empty() && !linked.is_empty() {
            settle_documented(batch, at, &linked);
        } else if line.source != LineSource::LedgerEntry {
            // That an entry itself has no file is why it is a line at all, and needs no telling.
            lacking.into_iter().for_each(|(lacks, record, words)| batch.nearly(at, lacks, record, &words));
        }
        // What a line belongs to is no other line's, whether it has a document or not.
        for known in linked {
            if is_single(batch, at, &known) && batch.owner(known.record()).is_none() {
                batch.take(known.record().clone(), at);
            }
        }
    }
}

/// Whether a record speaks for one line only: a bill may be paid by several, and a line that is an entry takes itself from
/// nobody.
fn is_single(batch: &Batch<'_>, at: usize, known: &Known<'_>) -> bool {
    batch.cases[at].is_linked() && !matches!(known, Known::Bill(_))
}

fn lack(batch: &Batch<'_>, at: usize, id: &RecordId) -> Option<(Lack, RecordRef, String)> {
    let Some(known) = batch.records.linked(id) else {
        let words = format!("Its source names an entry {id}, which is not among the records looked at.");
        return Some((Lack::Record, RecordRef::new(RecordKind::Unknown, id), words));
    };
    if !known.has_document() {
        let words = format!("It belongs to the {}, to which no file is attached.", known.name());
        return Some((Lack::Attachment, batch.records.with_paid(&known).last()?, words));
    }
    let owner = batch.owner(known.record()).filter(|_| is_single(batch, at, &known))?;
    let words = format!("The {} speaks for line {owner} already.", known.name());
    Some((Lack::Taken, known.record().clone(), words))
}

fn settle_documented<'a>(batch: &mut Batch<'a>, at: usize, linked: &[Known<'a>]) {
    let first = linked.first().map(Known::name).unwrap_or_default();
    let words = match linked.len() {
        0 | 1 => format!("It belongs to the {first}, which has a document."),
        many => format!("It belongs to the {first} and {} more, all of which have documents.", many - 1),
    };
    let records = linked.iter().flat_map(|known| batch.records.with_paid(known)).collect();
    batch.settle(at, Verdict::excluded(Exclusion::Documented, records, &words));
}

/// Lines that belong to nothing yet, and fit an entry with a document: same account, amount and currency, near in date.
///
/// Where the source knows what is reconciled, a reconciled entry belongs to another line; where it does not, it may be
/// this line's. A line that is itself an entry is never excused by another one.
pub(crate) fn fitting(batch: &mut Batch<'_>) {
    let entries = batch.books.entries.iter().filter(|entry| !matches!(entry.part, Part::TransferOf(_)));
    let mut entries: Vec<&Entry> = entries.collect();
    entries.sort_by_key(|entry| &entry.record);
    let index = Index::by_account(&entries);
    let names: Vec<Folded> = entries.iter().map(|entry| Folded::new(entry.whom.as_str())).collect();
    let mut claims = Vec::new();
    for at in batch.open_and_free() {
        let (texts, line) = (&batch.cases[at].texts, batch.cases[at].line);
        let (first, last) = (days_after(line.date, -ENTRY_DAYS_MAX), days_after(line.date, ENTRY_DAYS_MAX));
        let (found, _) = index.near(&(&line.account, line.amount), first, last, line.date);
        let free = |one: &usize| !(entries[*one].reconciled && line.source.capabilities().knows_links);
        let claim = |candidate: usize| {
            let named = texts.hold_name(&names[candidate]) || texts.hold_number(&names[candidate]);
            let days = days_apart(line.date, entries[candidate].date);
            Claim { strength: u8::from(!named), days, case: at, candidate }
        };
        claims.extend(found.into_iter().filter(free).map(claim));
    }
    let entries: Vec<Known<'_>> = entries.into_iter().map(Known::Entry).collect();
    for won in batch.assign(claims, &entries) {
        settle_fitting(batch, won, &entries[won.candidate]);
    }
}

fn settle_fitting<'a>(batch: &mut Batch<'a>, won: Claim, known: &Known<'a>) {
    let (name, mut records) = (known.name(), batch.records.with_paid(known).collect::<Vec<_>>());
    if !known.has_document() {
        let words = format!("The {name} fits, but no file is attached to it.");
        return records.pop().map_or((), |record| batch.nearly(won.case, Lack::Attachment, record, &words));
    }
    let named = if won.strength == 0 { ", and its name stands in the line" } else { "" };
    let words = format!("Account, amount and date fit the {name}{named}; it has a document.");
    batch.settle(won.case, Verdict::excluded(Exclusion::EntryFits, records, &words));
}
