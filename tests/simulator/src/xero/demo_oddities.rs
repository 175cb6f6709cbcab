//! What real books have and tidy ones lack: odd prices, taxes and lines, old accounts, mistakes taken back.
//!
//! Owns which documents are odd and how. Each oddity falls on one invoice or bill in 36, always on the same places, so
//! that an organisation of 40 has every one of them. Odd documents add up like all others.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::demo::{ARCHIVED_ACCOUNT, OWN_TAX_TYPE};
use super::demo_maker::Maker;
use super::demo_words as words;
use super::model::{Document, Kind, Line, Payment, Status, Target, Taxing};
use super::wire::{midnight_ms, round};

/// How a document is out of the ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    FinePrice,
    Inclusive,
    NoTax,
    Item,
    Discount,
    WordsAlone,
    Negative,
    Voided,
    WithoutAccount,
    OldAccount,
    OldTracking,
    OwnTax,
    Foreign,
    /// Paid once by mistake; the payment was deleted.
    MistakenPayment,
}

/// An even number, so that a place is always a sale or always a bill.
const EVERY: usize = 36;

impl Oddity {
    /// Places 0 and 1 stay ordinary: the first invoice and bill are what people look at.
    pub(super) fn of(index: usize) -> Option<Self> {
        match index % EVERY {
            2 | 3 => Some(Self::FinePrice),
            4 | 5 => Some(Self::Inclusive),
            6 | 7 => Some(Self::NoTax),
            8 | 9 => Some(Self::Item),
            10 => Some(Self::Discount),
            12 | 13 => Some(Self::WordsAlone),
            14 | 15 => Some(Self::Negative),
            16 | 17 => Some(Self::Voided),
            18 | 19 => Some(Self::WithoutAccount),
            20 => Some(Self::OldTracking),
            21 => Some(Self::OldAccount),
            22 | 23 => Some(Self::OwnTax),
            24 | 25 => Some(Self::Foreign),
            26 | 27 => Some(Self::MistakenPayment),
            _ => None,
        }
    }
}

/// Makes an invoice or bill odd, and its totals right again.
pub(super) fn apply(maker: &mut Maker<'_>, oddity: Oddity, document: &mut Document) {
    let sales = document.kind == Kind::Sale;
    match oddity {
        Oddity::FinePrice => document.lines = vec![fine_line(maker, sales)],
        Oddity::Inclusive => document.taxing = Taxing::Inclusive,
        Oddity::NoTax => {
            document.taxing = Taxing::NoTax;
            document.lines.iter_mut().for_each(|line| line.tax_type = Arc::from("NONE"));
        }
        Oddity::Item => document.lines[0] = item_line(maker, sales),
        Oddity::Discount => document.lines[0].discount = Some(Decimal::new(maker.dice.between(2, 6) * 25, 1)),
        Oddity::WordsAlone => document.lines.push(words_alone(maker)),
        Oddity::Negative => {
            let allowance = allowance(maker, &document.lines[0]);
            document.lines.push(allowance);
        }
        Oddity::Voided => document.status = Status::Voided,
        Oddity::WithoutAccount => {
            document.status = Status::Draft;
            document.lines[0].account = None;
        }
        Oddity::OldAccount => {
            let tax = maker.figures.purchase_tax;
            document.lines[0] = maker.line(&("Floor sander hire, one week", ARCHIVED_ACCOUNT, 9_500), tax);
        }
        Oddity::OldTracking => document.lines[0].tracking = maker.old_tracking.into_iter().collect(),
        Oddity::OwnTax => document.lines[0].tax_type = maker.tax(OWN_TAX_TYPE).0,
        Oddity::Foreign => maker.make_foreign(document),
        Oddity::MistakenPayment => (),
    }
    maker.total(document);
}

/// Many of a small thing, priced to a hundredth of a penny.
fn fine_line(maker: &mut Maker<'_>, sales: bool) -> Line {
    let (description, account, hundredths) =
        *maker.dice.pick(if sales { words::FINELY_SOLD } else { words::FINELY_BOUGHT });
    let tax = if sales { maker.figures.sales_tax } else { maker.figures.purchase_tax };
    let mut line = maker.line(&(description, account, 1), tax);
    line.quantity = (maker.dice.between(4, 40) * 250).into();
    // Never a whole number of pence, or the four decimals would not show.
    line.unit = Decimal::new(hundredths + maker.dice.between(0, 9) * 100, 4);
    line
}

/// A line that names an item and says what the item says.
fn item_line(maker: &mut Maker<'_>, sales: bool) -> Line {
    let (all, letter, tax) = if sales {
        (words::SOLD, 'S', maker.figures.sales_tax)
    } else {
        (&words::BOUGHT[..words::ITEMS_BOUGHT], 'P', maker.figures.purchase_tax)
    };
    let at = maker.dice.below(all.len());
    let mut line = maker.line(&all[at], tax);
    line.item = Some(Arc::from(format!("{letter}-{:03}", at + 1)));
    line
}

fn words_alone(maker: &mut Maker<'_>) -> Line {
    let text = *maker.dice.pick(words::WORDS_ALONE);
    let line = maker.line(&(text, "", 1), "NONE");
    Line { account: None, quantity: Decimal::ZERO, unit: Decimal::ZERO, tracking: Box::new([]), ..line }
}

/// A tenth of another line, taken off again.
fn allowance(maker: &mut Maker<'_>, line: &Line) -> Line {
    let text = *maker.dice.pick(words::ALLOWANCES);
    let id = maker.dice.uuid();
    let unit = -round(line.amount / Decimal::TEN, 2).max(Decimal::new(1, 2));
    Line { id, description: text.into(), quantity: Decimal::ONE, unit, ..line.clone() }
}

/// Payments that were made by mistake and deleted; nothing of them is left on the documents.
pub(super) fn mistaken_payments(maker: &mut Maker<'_>, invoices: &[Document]) -> Vec<Payment> {
    let odd = invoices.iter().enumerate().filter(|(index, _)| Oddity::of(*index) == Some(Oddity::MistakenPayment));
    let one = |(_, document): (usize, &Document)| {
        let made = midnight_ms(document.date) + maker.dice.between(3_600_000, 72_000_000);
        Payment {
            id: maker.dice.uuid(),
            target: Target::Invoice,
            document: document.id,
            account: maker.banks[1 % maker.banks.len()],
            date: document.date,
            amount: document.total,
            bank_amount: document.total,
            rate: Decimal::ONE,
            reference: Box::from(&*document.number),
            reconciled: false,
            status: Status::Deleted,
            updated: made.min(maker.now_ms),
        }
    };
    odd.map(one).collect()
}

/// Makes some bank transactions odd: in the foreign account, with tax in the price, deleted.
pub(super) fn apply_to_bank(maker: &mut Maker<'_>, index: usize, document: &mut Document) {
    match index % (EVERY / 2) {
        5 => document.taxing = Taxing::Inclusive,
        7 => (document.status, document.reconciled) = (Status::Deleted, false),
        11 => {
            maker.make_foreign(document);
            document.account = maker.foreign_bank.or(document.account);
        }
        _ => (),
    }
    maker.total(document);
}
