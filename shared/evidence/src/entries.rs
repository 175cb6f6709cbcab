//! Entries of the ledger that speak for lines: those a line belongs to, and those that fit it.
//!
//! Owns what it takes to belong and to fit. An entry without a document takes part in the fitting, or a line whose own
//! entry has none would be excused by its neighbour's.

use kernel::periods::days_after;
use kernel::{Date, Money};

use crate::batch::{Batch, Candidate, Claim, Index, days_apart};
use crate::books::{Books, Entry, Payment};
use crate::ids::{AccountId, RecordId, RecordKind, RecordRef};
use crate::known::Known;
use crate::line::{Line, LineSource};
use crate::unpaid::said;
use crate::verdict::{Agreed, Evidence, Exclusion, Lack, Near, Verdict};
use crate::words::Folded;

/// Days that may lie between a line and an entry that fits it: the bank's date and the one somebody wrote down.
pub const ENTRY_DAYS_MAX: i64 = 7;

/// An entry or a payment: money that moved at a bank account, as the ledger has it.
struct Moved<'a> {
    record: RecordRef,
    account: &'a AccountId,
    date: Date,
    amount: Money,
    has_document: bool,
    reconciled: bool,
    what: &'static str,
    whom: &'a str,
    pays: Option<&'a RecordId>,
}

impl Candidate for Moved<'_> {
    fn record(&self) -> RecordRef {
        self.record.clone()
    }

    fn name(&self) -> String {
        format!("{}{} of {} on {}", self.what, said(" for", self.whom), self.amount, self.date)
    }
}

impl<'a> Moved<'a> {
    fn entry(entry: &'a Entry) -> Self {
        Self {
            record: entry.record(),
            account: &entry.account,
            date: entry.date,
            amount: entry.amount,
            has_document: entry.has_attachments,
            reconciled: entry.reconciled,
            what: "bank transaction",
            whom: entry.contact.as_str(),
            pays: None,
        }
    }

    fn payment(payment: &'a Payment) -> Self {
        Self {
            record: payment.record(),
            account: &payment.account,
            date: payment.date,
            amount: payment.amount,
            has_document: payment.has_document,
            reconciled: payment.reconciled,
            what: "payment",
            whom: payment.number.as_str(),
            pays: payment.document.as_ref(),
        }
    }
}

fn moved(books: &Books) -> Vec<Moved<'_>> {
    let entries = books.entries.iter().map(Moved::entry);
    let mut all: Vec<Moved<'_>> = entries.chain(books.payments.iter().map(Moved::payment)).collect();
    all.sort_by(|one, other| one.record.cmp(&other.record));
    all
}

/// What a link of a line leads to.
struct Linked {
    record: RecordRef,
    has_document: bool,
    /// What a payment pays, where the books hold it: there its file belongs.
    paid: Option<RecordRef>,
    /// Whether it speaks for one line only: a bill may be paid by several, and a line that is an entry takes itself from
    /// nobody.
    is_single: bool,
    name: String,
}

impl Linked {
    fn new(batch: &Batch<'_>, line: &Line, id: &RecordId) -> Option<Self> {
        let (record, known) = batch.records.linked(id)?;
        let is_single = line.source != LineSource::LedgerEntry;
        let of = |moved: Moved<'_>| Self {
            has_document: moved.has_document,
            paid: paid(batch, &moved),
            is_single,
            name: moved.name(),
            record: moved.record,
        };
        match known {
            Known::Entry(entry) => Some(of(Moved::entry(entry))),
            Known::Payment(payment) => Some(of(Moved::payment(payment))),
            Known::Bill(bill) => Some(Self {
                record: bill.record(),
                has_document: bill.has_attachments,
                paid: None,
                is_single: false,
                name: bill.name(),
            }),
            // Among links to other things: a transfer needs no document, but its side is nobody else's.
            Known::Side(transfer) => Some(Self {
                record,
                has_document: true,
                paid: None,
                is_single,
                name: format!("transfer of {} on {}", transfer.amount, transfer.date),
            }),
            Known::Transfer => None,
        }
    }
}

/// Lines that belong to entries all of which have documents.
pub(crate) fn documented(batch: &mut Batch<'_>) {
    for at in batch.open() {
        let line = batch.cases[at].line;
        let links = line.links.iter().map(|id| Linked::new(batch, line, id));
        let links: Vec<Option<Linked>> = links.collect();
        let lacking = line.links.iter().zip(&links).filter_map(|(id, link)| lack(batch, id, link));
        let lacking: Vec<Near> = lacking.collect();
        if lacking.is_empty() && !links.is_empty() {
            settle_documented(batch, at, links.into_iter().flatten().collect());
        } else if line.source != LineSource::LedgerEntry {
            // That an entry itself has no file is why it is a line at all, and needs no telling.
            batch.cases[at].near.extend(lacking);
            take_all(batch, at, links.into_iter().flatten());
        }
    }
}

/// What a line belongs to is no other line's, whether it has a document or not.
fn take_all(batch: &mut Batch<'_>, at: usize, links: impl Iterator<Item = Linked>) {
    for link in links.filter(|link| link.is_single) {
        if batch.owner(&link.record).is_none() {
            batch.take(link.record, at);
        }
    }
}

fn paid(batch: &Batch<'_>, moved: &Moved<'_>) -> Option<RecordRef> {
    batch.records.linked(moved.pays?).map(|(record, _)| record)
}

fn lack(batch: &Batch<'_>, id: &RecordId, link: &Option<Linked>) -> Option<Near> {
    let Some(link) = link else {
        let words = format!("Its source names an entry {id}, which is not among the records looked at.");
        return Some(Near::new(Lack::Record, RecordRef::new(RecordKind::Unknown, id), &words));
    };
    if !link.has_document {
        let words = format!("It belongs to the {}, to which no file is attached.", link.name);
        return Some(Near::new(Lack::Attachment, link.paid.as_ref().unwrap_or(&link.record).clone(), &words));
    }
    let owner = batch.owner(&link.record).filter(|_| link.is_single)?;
    let words = format!("The {} speaks for line {owner} already.", link.name);
    Some(Near::new(Lack::Taken, link.record.clone(), &words))
}

fn settle_documented(batch: &mut Batch<'_>, at: usize, links: Vec<Linked>) {
    let first = links.first().map(|link| link.name.clone()).unwrap_or_default();
    let words = match links.len() {
        0 | 1 => format!("It belongs to the {first}, which has a document."),
        many => format!("It belongs to the {first} and {} more, all of which have documents.", many - 1),
    };
    let records = links.iter().flat_map(|link| [Some(&link.record), link.paid.as_ref()]).flatten().cloned().collect();
    take_all(batch, at, links.into_iter());
    let evidence = Evidence::new(records, &[Agreed::Link, Agreed::Attachment], &words);
    batch.settle(at, Verdict::excluded(Exclusion::Documented, evidence));
}

/// Lines that belong to nothing yet, and fit an entry with a document: same account, amount and currency, near in date.
///
/// Where the source knows what is reconciled, a reconciled entry belongs to another line; where it does not, it may be
/// this line's. A line that is itself an entry is never excused by another one.
pub(crate) fn fitting(batch: &mut Batch<'_>) {
    let moved = moved(batch.books);
    let index = Index::new(moved.iter().enumerate().map(|(at, one)| ((one.account, one.amount), one.date, at)));
    let names: Vec<Folded> = moved.iter().map(|one| Folded::new(one.whom)).collect();
    let mut claims = Vec::new();
    for at in batch.open() {
        let (case, line) = (&batch.cases[at], batch.cases[at].line);
        if case.is_linked() || line.source == LineSource::LedgerEntry {
            continue;
        }
        let (first, last) = (days_after(line.date, -ENTRY_DAYS_MAX), days_after(line.date, ENTRY_DAYS_MAX));
        let (found, _) = index.near(&(&line.account, line.amount), first, last, line.date);
        let free = |one: &usize| !(moved[*one].reconciled && line.source.capabilities().knows_links);
        let named = |one: usize| case.texts.hold_name(&names[one]) || case.texts.hold_number(&names[one]);
        let claim = |candidate: usize| Claim {
            strength: u8::from(!named(candidate)),
            days: days_apart(line.date, moved[candidate].date),
            case: at,
            candidate,
        };
        claims.extend(found.into_iter().filter(free).map(claim));
    }
    for won in batch.assign(claims, &moved) {
        settle_fitting(batch, won, &moved[won.candidate]);
    }
}

fn settle_fitting(batch: &mut Batch<'_>, won: Claim, moved: &Moved<'_>) {
    if !moved.has_document {
        let words = format!("The {} fits, but no file is attached to it.", moved.name());
        let record = paid(batch, moved).unwrap_or_else(|| moved.record());
        batch.cases[won.case].near.push(Near::new(Lack::Attachment, record, &words));
        return;
    }
    let mut agreed = vec![Agreed::Account, Agreed::Amount, Agreed::Date, Agreed::Attachment];
    let named = if won.strength == 0 { ", and its name stands in the line" } else { "" };
    if won.strength == 0 {
        agreed.push(Agreed::Contact);
    }
    let words = format!("Account, amount and date fit the {}{named}; it has a document.", moved.name());
    let records = [Some(moved.record()), paid(batch, moved)].into_iter().flatten().collect();
    let evidence = Evidence::new(records, &agreed, &words);
    batch.settle(won.case, Verdict::excluded(Exclusion::EntryFits, evidence));
}
