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
//! its number to 120 after. The number may be late because it names this very document; a name may not, or an old unpaid bill would excuse every later line of a monthly supplier.

use std::collections::BTreeMap;

use kernel::Currency;
use kernel::periods::days_after;

use crate::batch::{Batch, Claim, Index, days_apart};
use crate::books::Bill;
use crate::ids::RecordKind;
use crate::known::Known;
use crate::verdict::{Exclusion, Lack, Verdict};
use crate::words::Folded;

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

const BY_NUMBER: u8 = 0;
const BY_CONTACT: u8 = 1;
const BY_AMOUNT: u8 = 2;

/// Documents that wait for money, in the order of their ids, with number and contact ready to compare.
struct Waiting<'a> {
    bills: Vec<&'a Bill>,
    texts: Vec<[Folded; 2]>,
    index: Index<(Currency, u64, RecordKind)>,
}

/// A line that some documents fit.
struct Fits {
    case: usize,
    claims: Vec<Claim>,
    /// Whether there were more than could be looked at, so that none is the only one.
    cut: bool,
}

impl<'a> Waiting<'a> {
    fn new(batch: &Batch<'a>) -> Self {
        let waits = |bill: &&Bill| bill.status.as_str() == "AUTHORISED" && bill.amount_due.is_positive();
        let mut bills: Vec<&Bill> = batch.books.bills.iter().filter(waits).collect();
        bills.sort_by_key(|bill| &bill.record);
        let fold = |bill: &&Bill| [&bill.number, &bill.contact].map(|text| Folded::new(text.as_str()));
        let texts = bills.iter().map(fold).collect();
        let key = |bill: &Bill| (bill.amount_due.currency, bill.amount_due.minor.unsigned_abs(), bill.record.kind);
        let index = Index::new(bills.iter().enumerate().map(|(at, bill)| (key(bill), bill.expected(), at)));
        Self { bills, texts, index }
    }
}

/// Lines that an unpaid document fits.
pub(crate) fn fitting(batch: &mut Batch<'_>) {
    let waiting = Waiting::new(batch);
    let open: Vec<usize> = batch.open().into_iter().filter(|at| !batch.cases[*at].is_linked()).collect();
    let all: Vec<Fits> = open.into_iter().map(|at| fits(batch, at, &waiting)).collect();
    let bills: Vec<Known<'_>> = waiting.bills.iter().map(|bill| Known::Bill(bill)).collect();
    let named = all.iter().flat_map(|fits| &fits.claims).filter(|claim| claim.strength < BY_AMOUNT);
    for won in batch.assign(named.copied().collect(), &bills) {
        settle(batch, won, &bills[won.candidate]);
    }
    by_amount_alone(batch, &all, &bills);
}

fn fits(batch: &mut Batch<'_>, at: usize, waiting: &Waiting<'_>) -> Fits {
    let line = batch.cases[at].line;
    let (kind, early, late) = match line.is_out() {
        true => (RecordKind::Bill, EARLY_DAYS_MAX, LATE_DAYS_MAX),
        false => (RecordKind::CreditNote, CREDIT_EARLY_DAYS_MAX, CREDIT_LATE_DAYS_MAX),
    };
    let (first, last) = (days_after(line.date, -NUMBERED_LATE_DAYS_MAX), days_after(line.date, early));
    let (found, cut) = waiting.index.near(&(line.amount.currency, line.magnitude(), kind), first, last, line.date);
    let mut claims = Vec::new();
    for candidate in found {
        let ([number, contact], bill) = (&waiting.texts[candidate], waiting.bills[candidate]);
        let texts = &batch.cases[at].texts;
        let strength = match line.date > days_after(bill.expected(), late) {
            _ if texts.hold_number(number) => BY_NUMBER,
            false if texts.hold_name(contact) => BY_CONTACT,
            false => BY_AMOUNT,
            true => {
                let words = format!("The {} has the amount, but is too long overdue.", Known::Bill(bill).name());
                batch.nearly(at, Lack::Date, bill.record.clone(), &words);
                continue;
            }
        };
        claims.push(Claim { strength, days: days_apart(line.date, bill.expected()), case: at, candidate });
    }
    Fits { case: at, claims, cut }
}

/// What is left once names are served. A document fits by its amount where it is the only one left for the line, and the
/// line the only one left for it.
fn by_amount_alone(batch: &mut Batch<'_>, all: &[Fits], bills: &[Known<'_>]) {
    let all: Vec<&Fits> = all.iter().filter(|fits| batch.cases[fits.case].verdict.is_none()).collect();
    let mut left: Vec<Vec<Claim>> = Vec::new();
    for fits in &all {
        let (mut free, mut taken) = (Vec::new(), Vec::new());
        for claim in &fits.claims {
            let is_taken = batch.owner(bills[claim.candidate].record()).is_some();
            if is_taken { &mut taken } else { &mut free }.push(*claim);
        }
        taken.iter().for_each(|claim| batch.lost_to_owner(claim, &bills[claim.candidate]));
        left.push(free);
    }
    let mut lines_of: BTreeMap<usize, usize> = BTreeMap::new();
    left.iter().flatten().for_each(|claim| *lines_of.entry(claim.candidate).or_default() += 1);
    for (fits, left) in all.iter().zip(&left) {
        match left.as_slice() {
            [only] if !fits.cut && lines_of[&only.candidate] == 1 => {
                settle(batch, *only, &bills[only.candidate]);
                batch.take(bills[only.candidate].record().clone(), only.case);
            }
            many => many.iter().for_each(|claim| {
                doubt(batch, fits, (many.len(), lines_of[&claim.candidate]), &bills[claim.candidate]);
            }),
        }
    }
}

fn doubt(batch: &mut Batch<'_>, fits: &Fits, (documents, lines): (usize, usize), bill: &Known<'_>) {
    let why = match (fits.cut, documents) {
        (true, _) => "too many documents have it".to_owned(),
        (false, 1) => format!("{lines} lines have it"),
        (false, many) => format!("{many} documents have it"),
    };
    let words = format!("The {} agrees in nothing but the amount, and {why}.", bill.name());
    batch.nearly(fits.case, Lack::Certainty, bill.record().clone(), &words);
}

fn settle(batch: &mut Batch<'_>, won: Claim, bill: &Known<'_>) {
    let how = match won.strength {
        BY_NUMBER => "Its number stands in the line.",
        BY_CONTACT => "Its contact's name stands in the line.",
        _ => "Nothing but amount and date agrees, and nothing else has them.",
    };
    let file = if bill.has_document() { "has a file" } else { "has no file yet" };
    let words = format!("The {} is in Xero and unpaid, and {file}. {how}", bill.name());
    batch.settle(won.case, Verdict::excluded(Exclusion::BillFits, vec![bill.record().clone()], &words));
}
