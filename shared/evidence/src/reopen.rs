//! From one decision to the next: what closes a request, and what happened when a reason is gone.
//!
//! Owns that a request closes by proof alone. What only fits leaves the line out as long as it fits, and the request comes
//! back, with the reason, when it no longer does.

use crate::batch::{Batch, Case};
use crate::books::{Bill, BillStatus};
use crate::ids::{RecordKind, RecordRef};
use crate::known::Known;
use crate::line::LineSource;
use crate::verdict::{Again, Closed, ClosedBy, Excluded, Exclusion, RequestReason, Requested, Verdict};
use crate::words::Words;

/// A verdict in the light of the one before.
pub(crate) fn reconsidered(batch: &Batch<'_>, case: &Case<'_>, fresh: Verdict) -> Verdict {
    match (case.asked.before, fresh) {
        (Some(before), Verdict::Requested(fresh)) => {
            Verdict::Requested(Requested { again: again(batch, case, before, &fresh), ..fresh })
        }
        (Some(Verdict::Requested(_) | Verdict::Closed(_)), Verdict::Excluded(fresh)) => match proof(case, &fresh) {
            Some(by) => Verdict::Closed(Closed { by, evidence: fresh.evidence }),
            None => Verdict::Excluded(fresh),
        },
        (_, fresh) => fresh,
    }
}

/// What closes a request; `None` for a reason that is only likely, or that is no document.
fn proof(case: &Case<'_>, fresh: &Excluded) -> Option<ClosedBy> {
    match fresh.rule {
        Exclusion::GoneAtSource => Some(ClosedBy::LineGone),
        Exclusion::Documented if case.line.source == LineSource::LedgerEntry => Some(ClosedBy::EntryDocumented),
        Exclusion::Documented => Some(ClosedBy::Reconciled),
        Exclusion::EntryFits => Some(ClosedBy::EntryDocumented),
        _ => None,
    }
}

fn again(batch: &Batch<'_>, case: &Case<'_>, before: &Verdict, fresh: &Requested) -> Option<Again> {
    let (excluded_by, words) = match before {
        // The reason it came back for stays with it until it is settled, or asked for by another.
        Verdict::Requested(before) => return before.again.clone().filter(|_| before.why == fresh.why),
        Verdict::Excluded(before) if fresh.why == RequestReason::ByHand => (Some(before.rule), asked_by_hand()),
        Verdict::Excluded(before) => (Some(before.rule), lost(batch, case, before)),
        Verdict::Closed(_) if fresh.why == RequestReason::ByHand => (None, asked_by_hand()),
        Verdict::Closed(before) => (
            None,
            match before.by {
                ClosedBy::DocumentLinked => "The document is no longer linked to the line.".to_owned(),
                ClosedBy::LineGone => "The line is there again.".to_owned(),
                ClosedBy::EntryDocumented | ClosedBy::Reconciled => lost_records(batch, case, &before.evidence.records),
            },
        ),
    };
    Some(Again { excluded_by, words: Words::new(&words) })
}

fn asked_by_hand() -> String {
    "A person asked for the document.".to_owned()
}

fn lost(batch: &Batch<'_>, case: &Case<'_>, before: &Excluded) -> String {
    match before.rule {
        Exclusion::GoneAtSource => "The line is there again.".to_owned(),
        Exclusion::ByHand => "The decision that no document is needed was taken back.".to_owned(),
        Exclusion::NoDocumentNeeded => "No rule leaves the line out any more.".to_owned(),
        Exclusion::TransferPair => "The other side of the transfer is no longer free for it.".to_owned(),
        Exclusion::RecordedTransfer | Exclusion::Documented | Exclusion::EntryFits | Exclusion::BillFits => {
            lost_records(batch, case, &before.evidence.records)
        }
        Exclusion::Overpayment | Exclusion::Prepayment => {
            "Xero no longer has it as paid ahead, or such lines need one now.".to_owned()
        }
        Exclusion::MovesNothing => "The line moves money now.".to_owned(),
        Exclusion::BelowMinimum | Exclusion::MoneyIn => {
            "By the settings of today the line needs a document.".to_owned()
        }
    }
}

/// What became of the records that spoke for a line: of the first of which something can be told.
fn lost_records(batch: &Batch<'_>, case: &Case<'_>, records: &[RecordRef]) -> String {
    // Of a payment and what it pays, the payment is what has changed.
    let kind = records.first().map(|record| record.kind);
    let alike = records.iter().filter(|record| !is_bill(record.kind) || Some(record.kind) == kind);
    let told = alike.into_iter().find_map(|record| lost_record(batch, case, record));
    told.unwrap_or_else(|| "What spoke for the line no longer fits it.".to_owned())
}

fn is_bill(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Bill | RecordKind::CreditNote)
}

fn lost_record(batch: &Batch<'_>, case: &Case<'_>, record: &RecordRef) -> Option<String> {
    if let Some(owner) = batch.owner(record).filter(|owner| **owner != case.line.id) {
        return Some(format!("What spoke for the line speaks for line {owner} now."));
    }
    match (batch.records.find(record), record.kind) {
        (Some(Known::Bill(bill)), _) => Some(lost_bill(batch, case, bill)),
        (Some(Known::Entry(entry)), _) if !entry.has_attachments => {
            Some("The bank transaction no longer has a file.".to_owned())
        }
        (Some(Known::Payment(paid)), _) if !paid.has_document => {
            Some("What the payment pays no longer has a file.".to_owned())
        }
        (None, RecordKind::Bill | RecordKind::CreditNote) => Some("The document is no longer in the books.".to_owned()),
        (None, RecordKind::BankTransaction) => Some("The bank transaction is no longer in the books.".to_owned()),
        (None, RecordKind::Payment) => Some("The payment is no longer in the books.".to_owned()),
        (None, RecordKind::Transfer) => Some("The transfer is no longer in Xero.".to_owned()),
        _ => None,
    }
}

fn lost_bill(batch: &Batch<'_>, case: &Case<'_>, bill: &Bill) -> String {
    let title = bill.title();
    let pays = |id| matches!(batch.records.linked(id), Some((_, Known::Payment(paid))) if paid.document.as_ref() == Some(&bill.id));
    match &bill.status {
        BillStatus::Authorised => format!("The {} no longer fits the line.", bill.name()),
        BillStatus::Paid if case.line.links.iter().any(pays) => {
            format!("The {title} is paid by this line, and has no file.")
        }
        BillStatus::Paid => format!("The {title} is paid now, and this line is not known to have paid it."),
        BillStatus::Other(status) => format!("The {title} is {} now.", status.as_str()),
    }
}
