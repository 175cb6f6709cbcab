//! What Xero will make of a document's lines, to the cent.
//!
//! Owns the arithmetic and nothing else: which percentage a tax type stands for is the caller's to know. Xero rounds
//! each line's amount to two places, then each line's tax to two places, and sums what it has rounded; it never takes
//! the tax of a sum. So 25.06, 25.61 and 25.63 at 15 % carry 3.76 + 3.84 + 3.84 = 11.44, though 15 % of 76.30 is 11.45.
//!
//! The tax is that of the rounded line, and half a cent goes up: both were said by Xero's staff, not on the page. What
//! becomes of half a cent below zero nobody has said; here it goes away from zero, as a credit mirrors its debit. A
//! prediction that hangs on half a cent says so in [`Totals::on_half_cent`].
//!
//! Sources: the page "Rounding in Xero"; of half cents Xero's developer community, discussion 66891.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::draft::{BillDraft, BillLine, LineAmounts};

/// Places of every amount of money in a document.
const CENTS: u32 = 2;

/// One line as Xero will have it, in the document's currency with two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTotals {
    /// Quantity times unit price. With [`LineAmounts::Inclusive`] it contains the tax.
    pub amount: Decimal,
    /// Its tax.
    pub tax: Decimal,
}

/// A document as Xero will have it, in its currency with two places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Each line, in the draft's order.
    pub lines: Vec<LineTotals>,
    /// Before tax.
    pub sub_total: Decimal,
    /// The sum of the lines' tax.
    pub tax: Decimal,
    /// With tax.
    pub total: Decimal,
    /// Whether some amount lay exactly between two cents, where Xero's page does not say what happens.
    pub on_half_cent: bool,
}

/// Why nothing can be predicted. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TotalsFault {
    /// Nobody knows the percentage of this line's tax.
    #[error("the tax rate of line {0} is not known")]
    RateUnknown(usize),
    /// The percentage is below zero or above 1,000.
    #[error("the tax rate of line {0} is not between 0 and 1,000 percent")]
    RateUnusable(usize),
    /// Beyond what a number can hold.
    #[error("line {0} is too large to be worked out")]
    TooLarge(usize),
}

/// Predicts a document. `percent_of` gives the effective rate of a line's tax type, such as 20 for 20 %; for a line
/// without a tax type that of its account's own. It is not asked where no tax is worked out. A rate of several components
/// counts as one: whether Xero rounds components apart is not said.
pub fn predict(draft: &BillDraft, percent_of: impl Fn(&BillLine) -> Option<Decimal>) -> Result<Totals, TotalsFault> {
    let mut lines = Vec::with_capacity(draft.lines.len());
    let mut on_half_cent = false;
    for (at, line) in draft.lines.iter().enumerate() {
        let product = line.quantity.checked_mul(line.unit_amount).ok_or(TotalsFault::TooLarge(at + 1))?;
        let amount = to_cents(product);
        let exact = match (draft.line_amounts, line.tax_amount) {
            (LineAmounts::NoTax, _) => Decimal::ZERO,
            (_, Some(stated)) => stated,
            (taxed, None) => {
                let percent = percent_of(line).ok_or(TotalsFault::RateUnknown(at + 1))?;
                tax_of(amount, percent, taxed, at + 1)?
            }
        };
        on_half_cent |= is_between(product) || is_between(exact);
        lines.push(LineTotals { amount, tax: to_cents(exact) });
    }
    Ok(sum(lines, draft.line_amounts, on_half_cent))
}

/// The highest rate that is taken for one.
const PERCENT_MAX: Decimal = Decimal::from_parts(1_000, 0, 0, false, 0);

/// The tax of an amount, not yet rounded.
fn tax_of(amount: Decimal, percent: Decimal, taxed: LineAmounts, at: usize) -> Result<Decimal, TotalsFault> {
    if percent < Decimal::ZERO || percent > PERCENT_MAX {
        return Err(TotalsFault::RateUnusable(at));
    }
    let tax = amount.checked_mul(percent).ok_or(TotalsFault::TooLarge(at))?;
    let of = match taxed {
        LineAmounts::Inclusive => Decimal::ONE_HUNDRED + percent,
        LineAmounts::Exclusive | LineAmounts::NoTax => Decimal::ONE_HUNDRED,
    };
    Ok(tax / of)
}

fn sum(lines: Vec<LineTotals>, taxed: LineAmounts, on_half_cent: bool) -> Totals {
    let amounts = to_cents(lines.iter().map(|line| line.amount).sum());
    let tax = to_cents(lines.iter().map(|line| line.tax).sum());
    let (sub_total, total) = match taxed {
        LineAmounts::Inclusive => (amounts - tax, amounts),
        LineAmounts::Exclusive | LineAmounts::NoTax => (amounts, amounts + tax),
    };
    Totals { lines, sub_total, tax, total, on_half_cent }
}

/// Quantity times price in cents; nothing where that is beyond a number.
pub(super) fn line_amount(quantity: Decimal, unit_amount: Decimal) -> Option<Decimal> {
    quantity.checked_mul(unit_amount).map(to_cents)
}

fn to_cents(amount: Decimal) -> Decimal {
    let mut cents = amount.round_dp_with_strategy(CENTS, RoundingStrategy::MidpointAwayFromZero);
    cents.rescale(CENTS);
    if cents.is_zero() {
        cents.set_sign_positive(true);
    }
    cents
}

fn is_between(amount: Decimal) -> bool {
    let half = Decimal::new(5, CENTS + 1);
    (amount - amount.trunc_with_scale(CENTS)).abs() == half
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{bill, line};

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn draft(taxed: LineAmounts, lines: &[(&str, &str)]) -> BillDraft {
        let lines = lines.iter().map(|(quantity, unit)| BillLine { tax_amount: None, ..line(quantity, unit) });
        BillDraft { line_amounts: taxed, lines: lines.collect(), ..bill() }
    }

    /// Lines of quantity and price at one rate; what is expected was worked out on paper.
    #[track_caller]
    fn check(taxed: LineAmounts, percent: &str, lines: &[(&str, &str)], expected: [&str; 3]) {
        let totals = predict(&draft(taxed, lines), |_| Some(decimal(percent))).unwrap();
        let seen = [totals.sub_total, totals.tax, totals.total].map(|amount| amount.to_string());
        assert_eq!(seen, expected, "{taxed:?} {percent} {lines:?}");
    }

    #[test]
    fn tax_is_rounded_on_each_line_and_not_on_the_sum() {
        let three = [("1", "25.06"), ("1", "25.61"), ("1", "25.63")];
        check(LineAmounts::Exclusive, "15", &three, ["76.30", "11.44", "87.74"]);
        // 25.06 × 15/115 = 3.2687, 25.61 → 3.3404, 25.63 → 3.3430.
        check(LineAmounts::Inclusive, "15", &three, ["66.35", "9.95", "76.30"]);
        check(LineAmounts::NoTax, "15", &three, ["76.30", "0.00", "76.30"]);
        // Ten lines of 0.02 at 20 %: 0.004 each is nothing, though 20 % of 0.20 is 0.04.
        check(LineAmounts::Exclusive, "20", &[("1", "0.02"); 10], ["0.20", "0.00", "0.20"]);
        // Ten lines of 0.03: 0.006 each is a cent.
        check(LineAmounts::Exclusive, "20", &[("1", "0.03"); 10], ["0.30", "0.10", "0.40"]);
    }

    #[test]
    fn a_line_is_rounded_before_its_tax_and_its_price_keeps_four_places() {
        // 3 × 0.3333 = 0.9999 → 1.00, tax 0.20.
        check(LineAmounts::Exclusive, "20", &[("3", "0.3333")], ["1.00", "0.20", "1.20"]);
        // 1,000 × 0.0125 = 12.50; with two places it would be 10.00 or 13.00.
        check(LineAmounts::Exclusive, "20", &[("1000", "0.0125")], ["12.50", "2.50", "15.00"]);
        // 2.5 × 1.111 = 2.7775 → 2.78, × 5 % = 0.139.
        check(LineAmounts::Exclusive, "5", &[("2.5", "1.111")], ["2.78", "0.14", "2.92"]);
        // 0.1234 × 4.5678 = 0.56366… → 0.56; a sixth of it is 0.0933.
        check(LineAmounts::Inclusive, "20", &[("0.1234", "4.5678")], ["0.47", "0.09", "0.56"]);
        // 100.00 at 17.5 % contained: 100 × 17.5/117.5 = 14.8936.
        check(LineAmounts::Inclusive, "17.5", &[("1", "100")], ["85.11", "14.89", "100.00"]);
        // 8.875 % of 19.99 = 1.7741.
        check(LineAmounts::Exclusive, "8.875", &[("1", "19.99")], ["19.99", "1.77", "21.76"]);
        check(LineAmounts::Exclusive, "0", &[("0", "9.99")], ["0.00", "0.00", "0.00"]);
    }

    #[test]
    fn half_a_cent_goes_away_from_zero_on_either_side_and_is_said() {
        // 0.30 × 15 % = 0.045; 0.33 × 15 % = 0.0495.
        check(LineAmounts::Exclusive, "15", &[("1", "0.30")], ["0.30", "0.05", "0.35"]);
        check(LineAmounts::Exclusive, "15", &[("1", "-0.30")], ["-0.30", "-0.05", "-0.35"]);
        // 0.5 × 0.01 = 0.005, and 0.03 × 20/120 = 0.005.
        check(LineAmounts::NoTax, "20", &[("0.5", "0.01")], ["0.01", "0.00", "0.01"]);
        check(LineAmounts::Inclusive, "20", &[("1", "0.03")], ["0.02", "0.01", "0.03"]);
        check(LineAmounts::Inclusive, "20", &[("1", "-0.03")], ["-0.02", "-0.01", "-0.03"]);
        let half = |unit| predict(&draft(LineAmounts::Exclusive, &[("1", unit)]), |_| Some(decimal("15"))).unwrap();
        assert_eq!((half("0.30").on_half_cent, half("0.33").on_half_cent), (true, false));
        assert!(half("0.005").on_half_cent, "the amount itself");
        assert!(!half("100.00").on_half_cent);
    }

    #[test]
    fn a_stated_tax_stands_and_discounts_take_their_tax_along() {
        let mut sent = draft(LineAmounts::Exclusive, &[("1", "100.00"), ("1", "-10.00")]);
        let totals = predict(&sent, |_| Some(decimal("20"))).unwrap();
        assert_eq!((totals.tax.to_string(), totals.total.to_string()), ("18.00".into(), "108.00".into()));
        sent.lines[0].tax_amount = Some(decimal("19.99"));
        let totals = predict(&sent, |line| line.tax_amount.is_none().then(|| decimal("20"))).unwrap();
        assert_eq!(totals.lines[0], LineTotals { amount: decimal("100.00"), tax: decimal("19.99") });
        assert_eq!((totals.tax.to_string(), totals.total.to_string()), ("17.99".into(), "107.99".into()));
    }

    /// Worked out with fractions of whole numbers, apart from any code here.
    #[test]
    fn a_table_of_fractions_agrees() {
        use LineAmounts::{Exclusive, Inclusive, NoTax};
        check(
            Exclusive,
            "15",
            &[("2.25", "82717"), ("1000", "0.34"), ("3", "4.521")],
            ["186466.81", "27970.02", "214436.83"],
        );
        check(
            Inclusive,
            "17.5",
            &[("1", "18434.5"), ("0.3333", "5543.50"), ("7.1234", "4.046")],
            ["17285.94", "3025.03", "20310.97"],
        );
        check(
            Exclusive,
            "15",
            &[("12", "6.2123"), ("0.5", "48.2"), ("1000", "575.031")],
            ["575129.65", "86269.45", "661399.10"],
        );
        check(
            Inclusive,
            "12.5",
            &[("1000", "13610"), ("0.3333", "0.0009"), ("1000", "3758.0")],
            ["15438222.22", "1929777.78", "17368000.00"],
        );
        check(Exclusive, "5", &[("7.1234", "54.1"), ("0.3333", "6033.80")], ["2396.45", "119.82", "2516.27"]);
        check(Inclusive, "7", &[("0.5", "-88.7"), ("1", "8036.08")], ["7468.91", "522.82", "7991.73"]);
        check(Exclusive, "17.5", &[("1", "58522")], ["58522.00", "10241.35", "68763.35"]);
        check(NoTax, "7", &[("0.3333", "0.2538"), ("12", "26")], ["312.08", "0.00", "312.08"]);
        check(Exclusive, "19", &[("3", "25.88"), ("12", "-153.580")], ["-1765.32", "-335.41", "-2100.73"]);
        check(Inclusive, "21", &[("0.5", "-8193"), ("3", "-3.94")], ["-3395.31", "-713.01", "-4108.32"]);
        check(Exclusive, "20", &[("0.5", "-2141.47")], ["-1070.74", "-214.15", "-1284.89"]);
        check(Inclusive, "19", &[("1000", "767")], ["644537.82", "122462.18", "767000.00"]);
        check(Exclusive, "15", &[("1", "0.053")], ["0.05", "0.01", "0.06"]);
        check(Inclusive, "19", &[("0.3333", "27")], ["7.56", "1.44", "9.00"]);
        check(Exclusive, "21", &[("1", "5564.90")], ["5564.90", "1168.63", "6733.53"]);
        check(NoTax, "20", &[("12", "-8244"), ("12", "-0.2"), ("12", "311")], ["-95198.40", "0.00", "-95198.40"]);
        check(
            Exclusive,
            "19",
            &[("0.5", "7338"), ("2.25", "15"), ("0.3333", "-0.67")],
            ["3702.53", "703.48", "4406.01"],
        );
        check(
            Inclusive,
            "19",
            &[("0.3333", "57.3428"), ("3", "280.6"), ("1000", "1.5")],
            ["1983.95", "376.96", "2360.91"],
        );
        check(Exclusive, "7", &[("0.5", "-875")], ["-437.50", "-30.63", "-468.13"]);
        check(
            Inclusive,
            "15",
            &[("7.1234", "40.4"), ("7.1234", "0.089"), ("1", "0.0023")],
            ["250.80", "37.62", "288.42"],
        );
        check(Exclusive, "17.5", &[("1", "0.4748"), ("3", "2.016"), ("7.1234", "0.588")], ["10.71", "1.87", "12.58"]);
        check(Inclusive, "7", &[("1", "95.0"), ("0.3333", "5.8897")], ["90.62", "6.34", "96.96"]);
        check(Exclusive, "10", &[("0.5", "486.75")], ["243.38", "24.34", "267.72"]);
        check(NoTax, "5", &[("0.3333", "6.2117")], ["2.07", "0.00", "2.07"]);
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        let sent = draft(LineAmounts::Exclusive, &[("1", "1"), ("1", "2")]);
        let second = |line: &BillLine| (line.unit_amount == Decimal::ONE).then_some(Decimal::TEN);
        assert_eq!(predict(&sent, second), Err(TotalsFault::RateUnknown(2)));
        for bad in ["-1", "1000.1"] {
            assert_eq!(predict(&sent, |_| Some(decimal(bad))), Err(TotalsFault::RateUnusable(1)), "{bad}");
        }
        let untaxed = BillDraft { line_amounts: LineAmounts::NoTax, ..sent };
        assert!(predict(&untaxed, |_| None).is_ok(), "no rate is asked for");
        let vast = draft(LineAmounts::NoTax, &[("79228162514264337593543950335", "9")]);
        assert_eq!(predict(&vast, |_| None), Err(TotalsFault::TooLarge(1)));
    }
}
