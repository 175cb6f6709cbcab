//! Whether what a document says agrees with itself.
//!
//! Owns the sums and what of rounding each allows. EN 16931 states totals to two decimals and lets none of them be off, so
//! for structured documents every difference is one; amounts out of running text may be off by one smallest unit.
//! Never corrects anything: a problem names both numbers, and a person decides.

use std::fmt::Write as _;

use kernel::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::amount::{Amount, Exact};
use crate::problem::{Problem, ProblemCode};
use crate::reading::{Adjustment, Direction, Found, Kind, Line, Method, Reading, TaxShare};
use clues::currencies;

/// What Peppol lets a line's amount differ from quantity times price (PEPPOL-EN16931-R120).
const LINE_SLACK: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
const HUNDRED: Decimal = Decimal::ONE_HUNDRED;

/// Everything in a reading that does not agree, in the order of the document's totals.
pub fn check(reading: &Reading) -> Vec<Problem> {
    let mut found = Vec::new();
    missing(reading, &mut found);
    currency(reading, &mut found);
    dates(reading, &mut found);
    found.extend(reading.lines.iter().filter_map(|line| line_price(line, reading)));
    found.extend(lines_net(reading));
    found.extend(reading.taxes.iter().filter_map(|share| rate_tax(share, reading)));
    found.extend(breakdown_tax(reading));
    found.extend(net_tax_gross(reading));
    found.extend(payable(reading));
    found
}

/// A sum's two sides.
struct Sum {
    code: ProblemCode,
    stated: Decimal,
    computed: Decimal,
    slack: Decimal,
    place: String,
    /// What made the computed number, such as "Net 100.00 and tax 19.00 make".
    words: String,
}

impl Sum {
    /// The problem, where the sides differ by more than rounding may.
    fn problem(self) -> Option<Problem> {
        let difference = self.stated.checked_sub(self.computed)?;
        if difference.abs() <= self.slack {
            return None;
        }
        let (side, size) = if difference > Decimal::ZERO { ("more", difference) } else { ("less", -difference) };
        let (computed, stated) = (self.computed.normalize(), self.stated);
        let words = format!("{} {computed}, but the document says {stated}: {} {side}.", self.words, size.normalize());
        let (stated, computed) = (Some(Exact(stated)), Some(Exact(computed)));
        Some(Problem { code: self.code, stated, computed, place: self.place, words })
    }
}

fn number(found: Option<&Found<Amount>>) -> Option<Decimal> {
    found.map(|found| found.value.number.0)
}

/// Of nothing, nothing; none where the sum passes what a decimal holds.
fn sum(numbers: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    numbers.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
}

fn slack(reading: &Reading) -> Decimal {
    match reading.method {
        Method::PdfText | Method::Scan => Decimal::new(1, minor_digits(reading)),
        _ => Decimal::ZERO,
    }
}

fn minor_digits(reading: &Reading) -> u32 {
    reading.currency().map_or(2, Currency::minor_digits)
}

fn missing(reading: &Reading, found: &mut Vec<Problem>) {
    let fields = &reading.fields;
    let gross = fields.gross_total.is_some() || fields.payable.is_some();
    // A shop numbers its receipts for itself, and often not at all.
    let number = fields.number.is_some() || reading.kind == Kind::Receipt;
    let needed = [
        (number, "its number"),
        (fields.issue_date.is_some(), "its date"),
        (fields.supplier.name.is_some(), "the supplier's name"),
        (gross, "its total"),
    ];
    for (_, what) in needed.iter().filter(|(there, _)| !there) {
        let words = format!("The document does not state {what}, or states it where it was not found.");
        found.push(Problem::plain(ProblemCode::FieldMissing, "", words));
    }
}

fn currency(reading: &Reading, found: &mut Vec<Problem>) {
    let Some(stated) = &reading.fields.currency else {
        found.push(Problem::plain(ProblemCode::CurrencyMissing, "", "The document names no currency."));
        return;
    };
    if !currencies::known(&stated.value) {
        let words = "What stands as the currency is no currency code of ISO 4217.";
        found.push(Problem::plain(ProblemCode::CurrencyUnknown, stated.place.clone(), words));
    }
    let (ours, fields) = (reading.currency(), &reading.fields);
    let totals = [&fields.net_total, &fields.tax_total, &fields.gross_total, &fields.payable, &fields.prepaid];
    let lines = reading.lines.iter().map(|line| &line.net);
    let mut amounts = totals.into_iter().chain(lines).flatten();
    if let Some(other) = amounts.find(|amount| amount.value.currency != ours) {
        let words = "An amount stands in another currency than the document, so sums were not held against each other.";
        found.push(Problem::plain(ProblemCode::CurrencyDiffers, other.place.clone(), words));
    }
}

fn dates(reading: &Reading, found: &mut Vec<Problem>) {
    let (Some(issued), Some(due)) = (&reading.fields.issue_date, &reading.fields.due_date) else { return };
    if due.value < issued.value {
        let words = format!("The document is due on {}, before its date, {}.", due.value, issued.value);
        found.push(Problem::plain(ProblemCode::DueBeforeIssue, due.place.clone(), words));
    }
}

fn net_tax_gross(reading: &Reading) -> Option<Problem> {
    let fields = &reading.fields;
    let (net, gross) = (number(fields.net_total.as_ref())?, fields.gross_total.as_ref()?);
    let tax = match number(fields.tax_total.as_ref()) {
        Some(tax) => tax,
        // EN 16931 leaves the tax total out where there is no tax; in running text it may just not have been found.
        None if !matches!(reading.method, Method::PdfText | Method::Scan) => Decimal::ZERO,
        None if reading.taxes.is_empty() => return None,
        None => sum(reading.taxes.iter().filter_map(|share| number(share.tax.as_ref())))?,
    };
    let (stated, computed) = (gross.value.number.0, sum([net, tax])?);
    let words = format!("Net {net} and tax {tax} make");
    let (code, place) = (ProblemCode::NetPlusTaxNotGross, gross.place.clone());
    Sum { code, stated, computed, slack: slack(reading), place, words }.problem()
}

fn lines_net(reading: &Reading) -> Option<Problem> {
    let net = reading.fields.net_total.as_ref()?;
    // A picture's lines may tell no amounts at all.
    let untold = reading.method == Method::Scan && reading.lines.iter().all(|line| line.net.is_none());
    if reading.lines.is_empty() || untold {
        return None;
    }
    let lines = sum(reading.lines.iter().filter_map(|line| number(line.net.as_ref())))?;
    let (charges, allowances) = both(&reading.adjustments)?;
    let computed = sum([lines, charges, -allowances])?;
    let mut words = format!("The lines' {lines}");
    if !reading.adjustments.is_empty() {
        let _ = write!(words, ", charges of {charges} and allowances of {allowances}");
    }
    words.push_str(" make a net total of");
    let (stated, place) = (net.value.number.0, net.place.clone());
    Sum { code: ProblemCode::LinesNotNet, stated, computed, slack: slack(reading), place, words }.problem()
}

/// Charges, and allowances.
fn both(adjustments: &[Adjustment]) -> Option<(Decimal, Decimal)> {
    let of = |direction| {
        let some = adjustments.iter().filter(move |adjustment| adjustment.direction == direction);
        sum(some.map(|adjustment| adjustment.amount.value.number.0))
    };
    Some((of(Direction::Charge)?, of(Direction::Allowance)?))
}

fn breakdown_tax(reading: &Reading) -> Option<Problem> {
    let total = reading.fields.tax_total.as_ref()?;
    if reading.taxes.is_empty() {
        return None;
    }
    let computed = sum(reading.taxes.iter().filter_map(|share| number(share.tax.as_ref())))?;
    let (stated, place) = (total.value.number.0, total.place.clone());
    let words = "The taxes of all rates make".to_owned();
    Sum { code: ProblemCode::BreakdownNotTax, stated, computed, slack: slack(reading), place, words }.problem()
}

/// To the smallest unit: a half may have gone either way.
fn rate_tax(share: &TaxShare, reading: &Reading) -> Option<Problem> {
    let (net, tax) = (number(share.net.as_ref())?, share.tax.as_ref()?);
    let percent = share.percent.as_ref().map(|percent| percent.value.0).unwrap_or_default();
    let exact = net.checked_mul(percent)?.checked_div(HUNDRED)?;
    let digits = minor_digits(reading);
    let near = |stated: Decimal| stated.checked_sub(exact).is_some_and(|off| off.abs() <= Decimal::new(5, digits + 1));
    let stated = tax.value.number.0;
    if near(stated) {
        return None;
    }
    let computed = exact.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    let (slack, words) = (Decimal::ZERO, format!("{} % of {net} make", percent.normalize()));
    Sum { code: ProblemCode::RateNotTax, stated, computed, slack, place: tax.place.clone(), words }.problem()
}

fn payable(reading: &Reading) -> Option<Problem> {
    let fields = &reading.fields;
    let (gross, payable) = (number(fields.gross_total.as_ref())?, fields.payable.as_ref()?);
    let prepaid = number(fields.prepaid.as_ref()).unwrap_or_default();
    let rounding = number(fields.rounding.as_ref()).unwrap_or_default();
    let computed = sum([gross, -prepaid, rounding])?;
    let words = format!("Gross {gross} less {prepaid} paid before, rounded by {rounding}, makes a payable amount of");
    let (stated, place) = (payable.value.number.0, payable.place.clone());
    Sum { code: ProblemCode::PayableNotGross, stated, computed, slack: slack(reading), place, words }.problem()
}

fn line_price(line: &Line, reading: &Reading) -> Option<Problem> {
    let (net, price) = (line.net.as_ref()?, number(line.unit_price.as_ref())?);
    let quantity = line.quantity.as_ref()?.value.0;
    let base = line.price_base.as_ref().map_or(Decimal::ONE, |base| base.value.0);
    let (charges, allowances) = both(&line.adjustments)?;
    let priced = quantity.checked_mul(price)?.checked_div(base)?;
    let exact = sum([priced, charges, -allowances])?;
    let computed = exact.round_dp_with_strategy(minor_digits(reading), RoundingStrategy::MidpointAwayFromZero);
    let words = format!("{} at {price} make", quantity.normalize());
    let (stated, place) = (net.value.number.0, net.place.clone());
    Sum { code: ProblemCode::LineNotPrice, stated, computed, slack: LINE_SLACK, place, words }.problem()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::plain;
    use crate::problem::ProblemCode::*;

    fn amount(number: &str) -> Option<Found<Amount>> {
        let value = Amount { number: Exact(plain(number)?), currency: "EUR".parse().ok() };
        Some(Found { value, confidence: 1000, place: String::new() })
    }

    fn text(value: &str) -> Option<Found<String>> {
        Some(Found { value: value.to_owned(), confidence: 1000, place: String::new() })
    }

    fn exact(number: &str) -> Option<Found<Exact>> {
        plain(number).map(|number| Found { value: Exact(number), confidence: 1000, place: String::new() })
    }

    fn adjustment(direction: Direction, number: &str) -> Adjustment {
        let amount = amount(number).unwrap();
        Adjustment { direction, amount, reason: None, tax_category: None, tax_percent: None }
    }

    /// 90 + 15 − 5 = 100 net, 19 tax, 119 gross, 20 prepaid, 0.01 rounding, 99.01 payable.
    fn sound() -> Reading {
        let mut reading = Reading::empty(Kind::Invoice, Method::Ubl);
        let fields = &mut reading.fields;
        (fields.number, fields.currency, fields.supplier.name) = (text("1"), text("EUR"), text("Seller"));
        let date = |day| Some(Found { value: day, confidence: 1000, place: String::new() });
        (fields.issue_date, fields.due_date) =
            (date("2026-03-01".parse().unwrap()), date("2026-03-01".parse().unwrap()));
        (fields.net_total, fields.tax_total, fields.gross_total) =
            (amount("100.00"), amount("19.00"), amount("119.00"));
        (fields.prepaid, fields.rounding, fields.payable) = (amount("20.00"), amount("0.01"), amount("99.01"));
        let mut line =
            Line { quantity: exact("3"), unit_price: amount("290"), net: amount("90.00"), ..Line::default() };
        line.price_base = exact("10");
        line.adjustments = vec![adjustment(Direction::Charge, "3.00")];
        reading.lines = vec![line];
        reading.adjustments = vec![adjustment(Direction::Charge, "15"), adjustment(Direction::Allowance, "5.00")];
        let share =
            TaxShare { percent: exact("19"), net: amount("100.00"), tax: amount("19.00"), ..TaxShare::default() };
        reading.taxes = vec![share];
        reading
    }

    #[track_caller]
    fn check_after(change: impl FnOnce(&mut Reading), expected: &[(ProblemCode, Option<(&str, &str)>)]) {
        let mut reading = sound();
        change(&mut reading);
        let found = check(&reading);
        let text = |number: Option<Exact>| number.map(|number| number.0.to_string()).unwrap_or_default();
        let short = |problem: &Problem| (problem.code, text(problem.stated), text(problem.computed));
        let wanted = |(code, numbers): &(ProblemCode, Option<(&str, &str)>)| {
            let (stated, computed) = numbers.unwrap_or_default();
            (*code, stated.to_owned(), computed.to_owned())
        };
        let (found, expected): (Vec<_>, Vec<_>) =
            (found.iter().map(short).collect(), expected.iter().map(wanted).collect());
        assert_eq!(found, expected);
    }

    #[test]
    fn a_sound_document_has_no_problem_and_each_sum_is_held() {
        check_after(|_| (), &[]);
        let off = |code, stated, computed| [(code, Some((stated, computed)))];
        check_after(|r| r.fields.payable = amount("99.00"), &off(PayableNotGross, "99.00", "99.01"));
        check_after(|r| r.lines[0].quantity = exact("4"), &off(LineNotPrice, "90.00", "119"));
        check_after(|r| r.taxes[0].net = amount("100.10"), &off(RateNotTax, "19.00", "19.02"));
        check_after(|r| r.lines[0].net = amount("90.01"), &off(LinesNotNet, "100.00", "100.01"));
        check_after(
            |r| (r.fields.gross_total, r.fields.payable) = (amount("119.02"), amount("99.03")),
            &off(NetPlusTaxNotGross, "119.02", "119"),
        );
        check_after(
            |r| (r.taxes[0].tax, r.taxes[0].net) = (amount("18.99"), None),
            &off(BreakdownNotTax, "19.00", "18.99"),
        );
    }

    #[test]
    fn rounding_is_let_pass_where_the_format_lets_it() {
        // A half may be rounded either way.
        check_after(|r| (r.taxes[0].net, r.taxes[0].percent) = (amount("38.01"), exact("50")), &[]);
        check_after(|r| (r.taxes[0].net, r.taxes[0].percent) = (amount("37.99"), exact("50")), &[]);
        check_after(|r| r.lines[0].unit_price = amount("289.9"), &[(LineNotPrice, Some(("90.00", "89.97")))]);
        check_after(|r| r.lines[0].unit_price = amount("289.95"), &[]);
        let text_off = |r: &mut Reading| {
            r.method = Method::PdfText;
            (r.fields.gross_total, r.fields.payable) = (amount("119.01"), amount("99.02"));
        };
        check_after(text_off, &[]);
    }

    #[test]
    fn what_is_missing_unknown_or_out_of_order_is_said() {
        let date = |day: &str| Some(Found { value: day.parse().unwrap(), confidence: 1000, place: String::new() });
        check_after(|r| r.fields.due_date = date("2026-02-28"), &[(DueBeforeIssue, None)]);
        check_after(|r| r.fields.number = None, &[(FieldMissing, None)]);
        check_after(|r| (r.fields.number, r.kind) = (None, Kind::Receipt), &[]);
        check_after(|r| r.fields.currency = None, &[(CurrencyMissing, None)]);
        check_after(|r| r.fields.currency = text("Euro"), &[(CurrencyUnknown, None), (CurrencyDiffers, None)]);
        check_after(|r| r.fields.currency = text("USD"), &[(CurrencyDiffers, None)]);
    }

    #[test]
    fn words_name_both_numbers_and_the_difference() {
        let mut reading = sound();
        reading.fields.gross_total = amount("120.00");
        reading.fields.payable = None;
        let words = "Net 100.00 and tax 19.00 make 119, but the document says 120.00: 1 more.";
        assert_eq!(check(&reading)[0].words, words);
    }

    #[test]
    fn numbers_at_the_edge_do_not_panic() {
        let most = "79228162514264337593543950335";
        let mut reading = sound();
        reading.fields.net_total = amount(most);
        reading.fields.tax_total = amount(most);
        reading.lines[0].quantity = exact(most);
        reading.lines[0].price_base = exact("0");
        reading.taxes[0].net = amount(most);
        reading.taxes[0].percent = exact("-0.0000000000000000000000000001");
        check(&reading);
    }
}
