//! Tax and totals of documents, rounded as Xero rounds: tax per line to the penny, then summed.
//!
//! Source: the page "Rounding in Xero".

use rust_decimal::Decimal;

use super::model::{Document, Line, Taxing};
use super::wire::round;

/// The amount of a line before or including tax, as its document has it.
pub(super) fn line_amount(line: &Line) -> Decimal {
    let discount = line.discount.unwrap_or_default() / Decimal::ONE_HUNDRED;
    round(line.quantity * line.unit * (Decimal::ONE - discount), 2)
}

/// The tax of an amount.
pub(super) fn tax_of(amount: Decimal, percent: Decimal, taxing: Taxing) -> Decimal {
    let share = percent / Decimal::ONE_HUNDRED;
    match taxing {
        Taxing::Exclusive => round(amount * share, 2),
        Taxing::Inclusive => round(amount - amount / (Decimal::ONE + share), 2),
        Taxing::NoTax => Decimal::ZERO,
    }
}

/// Works out lines and totals afresh; `percent` is the rate of a tax type.
pub(super) fn work_out(document: &mut Document, percent: &dyn Fn(&str) -> Decimal) {
    for line in &mut document.lines {
        line.amount = line_amount(line);
        line.tax = tax_of(line.amount, percent(&line.tax_type), document.taxing);
    }
    sum(document);
}

/// Sums lines whose amounts and tax are known.
pub(super) fn sum(document: &mut Document) {
    let amounts: Decimal = document.lines.iter().map(|line| line.amount).sum();
    document.tax = document.lines.iter().map(|line| line.tax).sum();
    match document.taxing {
        Taxing::Inclusive => (document.sub_total, document.total) = (amounts - document.tax, amounts),
        _ => (document.sub_total, document.total) = (amounts, amounts + document.tax),
    }
}
