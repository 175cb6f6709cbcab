//! From one decision to the next: what closes a request, and what happened when a reason is gone.
//!
//! Owns that a request closes by proof alone. What only fits leaves the line out as long as it fits, and the request comes
//! back, with the reason, when it no longer does.

use crate::batch::{Batch, Case};
use crate::books::{Bill, Entry, Part};
use crate::ids::RecordRef;
use crate::known::{Known, title};
use crate::line::LineSource;
use crate::verdict::{Again, ClosedBy, Exclusion, RequestReason, Verdict};
use crate::words::Words;

/// A verdict in the light of the one before.
pub(crate) fn reconsidered(batch: &Batch<'_>, case: &Case<'_>, fresh: Verdict) -> Verdict {
    let Some(before) = case.asked.before else { return fresh };
    match fresh {
        Verdict::Requested { why, near, near_left_out, .. } => {
            Verdict::Requested { why, near, near_left_out, again: again(batch, case, before, why) }
        }
        Verdict::Excluded { rule, rule_id, evidence } => match proof(case, rule) {
            Some(by) if !matches!(before, Verdict::Excluded { .. }) => Verdict::Closed { by, evidence },
            _ => Verdict::Excluded { rule, rule_id, evidence },
        },
        closed => closed,
    }
}

/// What closes a request; `None` for a reason that is only likely, or that is no document.
fn proof(case: &Case<'_>, rule: Exclusion) -> Option<ClosedBy> {
    match rule {
        Exclusion::GoneAtSource => Some(ClosedBy::LineGone),
        Exclusion::Documented if case.line.source != LineSource::LedgerEntry => Some(ClosedBy::Reconciled),
        Exclusion::Documented | Exclusion::EntryFits => Some(ClosedBy::EntryDocumented),
        _ => None,
    }
}

fn again(batch: &Batch<'_>, case: &Case<'_>, before: &Verdict, why: RequestReason) -> Option<Again> {
    let excluded_by = match before {
        // The reason it came back for stays with it until it is settled, or asked for by another.
        Verdict::Requested { why: then, again, .. } => return again.clone().filter(|_| *then == why),
        Verdict::Excluded { rule, .. } => Some(*rule),
        Verdict::Closed { .. } => None,
    };
    let words = match before {
        _ if why == RequestReason::ByHand => "A person asked for the document.".to_owned(),
        Verdict::Excluded { rule, evidence, .. } => lost(batch, case, *rule, &evidence.records),
        Verdict::Closed { by: ClosedBy::DocumentLinked, .. } => "The document is no longer linked.".to_owned(),
        Verdict::Closed { by: ClosedBy::LineGone, .. } => "The line is there again.".to_owned(),
        closed => lost_records(batch, case, closed.records()),
    };
    Some(Again { excluded_by, words: Words::new(&words) })
}

fn lost(batch: &Batch<'_>, case: &Case<'_>, rule: Exclusion, records: &[RecordRef]) -> String {
    let words = match rule {
        Exclusion::GoneAtSource => "The line is there again.",
        Exclusion::ByHand => "The decision that no document is needed was taken back.",
        Exclusion::NoDocumentNeeded => "No rule leaves the line out any more.",
        Exclusion::RecordedTransfer => "Xero has no transfer for the line any more.",
        Exclusion::TransferPair => "The other side of the transfer is no longer free for it.",
        Exclusion::Documented | Exclusion::EntryFits | Exclusion::BillFits => {
            return lost_records(batch, case, records);
        }
        Exclusion::Overpayment | Exclusion::Prepayment => "It is not paid ahead, or such lines need a document now.",
        Exclusion::MovesNothing => "The line moves money now.",
        Exclusion::BelowMinimum | Exclusion::MoneyIn => "By the settings of today the line needs a document.",
    };
    words.to_owned()
}

/// What became of the records that spoke for a line: of the first of which something can be told.
fn lost_records(batch: &Batch<'_>, case: &Case<'_>, records: &[RecordRef]) -> String {
    let told = records.iter().find_map(|record| lost_record(batch, case, record));
    told.unwrap_or_else(|| "What spoke for the line no longer fits it.".to_owned())
}

fn lost_record(batch: &Batch<'_>, case: &Case<'_>, record: &RecordRef) -> Option<String> {
    if let Some(owner) = batch.owner(record).filter(|owner| **owner != case.line.id) {
        return Some(format!("What spoke for the line speaks for line {owner} now."));
    }
    match batch.records.find(record) {
        None => Some("What spoke for the line is no longer in the books.".to_owned()),
        Some(Known::Bill(bill)) => Some(lost_bill(batch, case, bill)),
        Some(known) if !known.has_document() => Some(format!("The {} no longer has a file.", known.name())),
        Some(_) => None,
    }
}

fn lost_bill(batch: &Batch<'_>, case: &Case<'_>, bill: &Bill) -> String {
    let of_bill =
        |known| matches!(known, Known::Entry(Entry { part: Part::PaymentOf(Some(id)), .. }) if *id == bill.record.id);
    let paid_here = case.line.links.iter().any(|id| batch.records.linked(id).is_some_and(of_bill));
    match bill.status.as_str() {
        "AUTHORISED" => format!("The {} no longer fits the line.", Known::Bill(bill).name()),
        "PAID" if paid_here => format!("The {} is paid by this line, and has no file.", title(bill)),
        "PAID" => format!("The {} is paid now, and this line is not known to have paid it.", title(bill)),
        status => format!("The {} is {status} now.", title(bill)),
    }
}
