//! Bills and supplier credit notes that wait in Xero for the money that a line shows.
//!
//! Owns what it takes for one to fit, and when agreeing in the amount is enough: only where one document and one line are
//! left for each other.
//!
//! | what agrees | when the money may move |
//! |---|---|
//! | amount due and currency, and the document's number stands in the line | 60 days before its due date to 120 after |
//! | the same, and the contact's name stands in the line | 60 days before its due date to 10 after |
//! | amount due and currency alone, if no other document and no other line is possible | the same |
//!
//! A credit note has no due date, and its money comes after it: it counts by its date, from 10 days before to 60 after, or by
//! its number to 120 after. The number may be late because it names this very document; a name
//! may not, or an old unpaid bill would excuse every later line of a monthly supplier.

use std::collections::BTreeMap;

use kernel::Currency;
use kernel::periods::days_after;

use crate::batch::{Batch, Candidate, Claim, Index, days_apart};
use crate::books::{Bill, BillKind, BillStatus};
use crate::ids::RecordRef;
use crate::verdict::{Agreed, Evidence, Exclusion, Lack, Near, Verdict};
use crate::words::{Folded, Words};

/// Days before a bill's due date on which it may be paid.
pub const EARLY_DAYS_MAX: i64 = 60;
/// Days after it.
pub const LATE_DAYS_MAX: i64 = 10;
/// Days after the due date when the line names the document by its number.
pub const NUMBERED_LATE_DAYS_MAX: i64 = 120;
/// Days before a credit note's date on which its money may come.
pub const CREDIT_EARLY_DAYS_MAX: i64 = 10;
/// Days after it.
pub const CREDIT_LATE_DAYS_MAX: i64 = 60;

/// Characters of a number or a name that stand in a sentence.
const NAME_CHARS_MAX: usize = 60;

const BY_NUMBER: u8 = 0;
const BY_CONTACT: u8 = 1;
const BY_AMOUNT: u8 = 2;

impl Candidate for &Bill {
    fn record(&self) -> RecordRef {
        Bill::record(self)
    }

    fn name(&self) -> String {
        Bill::name(self)
    }
}

impl Bill {
    /// What a bookkeeper knows it by, to stand within a sentence.
    pub(crate) fn name(&self) -> String {
        format!("{} over {}, due {}", self.title(), self.amount_due, self.expected())
    }

    /// The same without what is still due.
    pub(crate) fn title(&self) -> String {
        let kind = match self.kind {
            BillKind::Bill => "bill",
            BillKind::CreditNote => "credit note",
        };
        let (number, contact) = (said("", self.number.as_str()), said(" of", self.contact.as_str()));
        format!("{kind}{number}{contact}")
    }
}

/// A text from outside within a sentence, behind a word of ours; nothing where there is none.
pub(crate) fn said(before: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{before} {}", Words::new(text).cut_to(NAME_CHARS_MAX)) }
}

/// What may be paid by a line that goes the same way with the same amount.
type Key = (Currency, u64, BillKind);

/// A line that some documents fit.
struct Fits {
    case: usize,
    claims: Vec<Claim>,
    /// Whether there were more than could be looked at, so that none is the only one.
    cut: bool,
}

/// Lines that an unpaid document fits.
pub(crate) fn fitting(batch: &mut Batch<'_>) {
    let books = batch.books;
    let waits = |bill: &&Bill| bill.status == BillStatus::Authorised && bill.amount_due.is_positive();
    let mut bills: Vec<&Bill> = books.bills.iter().filter(waits).collect();
    bills.sort_by_key(|bill| bill.record());
    let key = |bill: &Bill| (bill.amount_due.currency, bill.amount_due.minor.unsigned_abs(), bill.kind);
    let index = Index::new(bills.iter().enumerate().map(|(at, bill)| (key(bill), bill.expected(), at)));
    let texts: Vec<[Folded; 2]> =
        bills.iter().map(|bill| [&bill.number, &bill.contact].map(|text| Folded::new(text.as_str()))).collect();
    let open = batch.open().into_iter().filter(|at| !batch.cases[*at].is_linked()).collect::<Vec<_>>();
    let all: Vec<Fits> = open.into_iter().map(|at| fits(batch, at, &index, &bills, &texts)).collect();
    let named = all.iter().flat_map(|fits| &fits.claims).filter(|claim| claim.strength < BY_AMOUNT);
    for won in batch.assign(named.copied().collect(), &bills) {
        settle(batch, won, bills[won.candidate]);
    }
    by_amount_alone(batch, &all, &bills);
}

fn fits(batch: &mut Batch<'_>, at: usize, index: &Index<Key>, bills: &[&Bill], texts: &[[Folded; 2]]) -> Fits {
    let line = batch.cases[at].line;
    let kind = if line.is_out() { BillKind::Bill } else { BillKind::CreditNote };
    let (early, late) = match kind {
        BillKind::Bill => (EARLY_DAYS_MAX, LATE_DAYS_MAX),
        BillKind::CreditNote => (CREDIT_EARLY_DAYS_MAX, CREDIT_LATE_DAYS_MAX),
    };
    let (first, last) = (days_after(line.date, -NUMBERED_LATE_DAYS_MAX), days_after(line.date, early));
    let (found, cut) = index.near(&(line.amount.currency, line.magnitude(), kind), first, last, line.date);
    let mut claims = Vec::new();
    for candidate in found {
        let ([number, contact], bill) = (&texts[candidate], bills[candidate]);
        let case = &mut batch.cases[at];
        let strength = match line.date > days_after(bill.expected(), late) {
            _ if case.texts.hold_number(number) => BY_NUMBER,
            false if case.texts.hold_name(contact) => BY_CONTACT,
            false => BY_AMOUNT,
            true => {
                let words = format!("The {} has the amount, but is too long overdue.", bill.name());
                case.near.push(Near::new(Lack::Date, bill.record(), &words));
                continue;
            }
        };
        claims.push(Claim { strength, days: days_apart(line.date, bill.expected()), case: at, candidate });
    }
    Fits { case: at, claims, cut }
}

/// What is left once names are served. A document fits by its amount where it is the only one left for the line, and the
/// line the only one left for it.
fn by_amount_alone(batch: &mut Batch<'_>, all: &[Fits], bills: &[&Bill]) {
    let is_left = |claim: &&Claim| {
        batch.cases[claim.case].verdict.is_none() && batch.owner(&bills[claim.candidate].record()).is_none()
    };
    let left: Vec<Vec<Claim>> = all.iter().map(|fits| fits.claims.iter().filter(is_left).copied().collect()).collect();
    let mut lines_of: BTreeMap<usize, usize> = BTreeMap::new();
    left.iter().flatten().for_each(|claim| *lines_of.entry(claim.candidate).or_default() += 1);
    for (fits, left) in all.iter().zip(&left) {
        match left.as_slice() {
            [only] if !fits.cut && lines_of.get(&only.candidate) == Some(&1) => {
                settle(batch, *only, bills[only.candidate]);
                batch.take(bills[only.candidate].record(), only.case);
            }
            many => {
                many.iter().for_each(|claim| doubt(batch, fits, many.len(), lines_of[&claim.candidate], bills, claim))
            }
        }
        taken_by_others(batch, fits, left, bills);
    }
}

fn doubt(batch: &mut Batch<'_>, fits: &Fits, documents: usize, lines: usize, bills: &[&Bill], claim: &Claim) {
    let bill = bills[claim.candidate];
    let why = match (fits.cut, documents) {
        (true, _) => "too many documents have it".to_owned(),
        (false, 1) => format!("{lines} lines have it"),
        (false, many) => format!("{many} documents have it"),
    };
    let words = format!("The {} agrees in nothing but the amount, and {why}.", bill.name());
    batch.cases[fits.case].near.push(Near::new(Lack::Certainty, bill.record(), &words));
}

/// Documents with the amount alone that went to better lines; for named ones that is told where they are given.
fn taken_by_others(batch: &mut Batch<'_>, fits: &Fits, left: &[Claim], bills: &[&Bill]) {
    if batch.cases[fits.case].verdict.is_some() {
        return;
    }
    let is_left = |claim: &Claim| left.iter().any(|one| one.candidate == claim.candidate);
    for claim in fits.claims.iter().filter(|claim| claim.strength == BY_AMOUNT && !is_left(claim)) {
        let bill = bills[claim.candidate];
        let Some(owner) = batch.owner(&bill.record()) else { continue };
        let words = format!("The {} speaks for line {owner} already.", bill.name());
        batch.cases[fits.case].near.push(Near::new(Lack::Taken, bill.record(), &words));
    }
}

fn settle(batch: &mut Batch<'_>, won: Claim, bill: &Bill) {
    let (agreed, how) = match won.strength {
        BY_NUMBER => (&[Agreed::Amount, Agreed::Number][..], "Its number stands in the line."),
        BY_CONTACT => (&[Agreed::Amount, Agreed::Date, Agreed::Contact][..], "Its contact's name stands in the line."),
        _ => (&[Agreed::Amount, Agreed::Date][..], "Nothing but amount and date agrees, and nothing else has them."),
    };
    let mut agreed = agreed.to_vec();
    let file = if bill.has_attachments { "has a file" } else { "has no file yet" };
    agreed.extend(bill.has_attachments.then_some(Agreed::Attachment));
    let words = format!("The {} is in Xero and unpaid, and {file}. {how}", bill.name());
    let evidence = Evidence::new(vec![bill.record()], &agreed, &words);
    batch.settle(won.case, Verdict::excluded(Exclusion::BillFits, evidence));
}
