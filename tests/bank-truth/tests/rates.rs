//! What is set comes out.

use std::collections::HashMap;

use bank_truth::*;

const LINES: usize = 20_000;

fn drawn(dial: &Dial) -> Benchmark {
    benchmark(7, dial).expect("the dial is within its bounds")
}

/// How many in a thousand.
fn share<T>(of: &[T], holds: impl Fn(&T) -> bool) -> usize {
    of.iter().filter(|one| holds(one)).count() * 1_000 / of.len()
}

#[track_caller]
fn near(found: usize, wanted: PerMille, slack: usize) {
    let wanted = wanted as usize;
    assert!(found.abs_diff(wanted) <= slack, "{found} in a thousand instead of {wanted} within {slack}");
}

#[test]
fn discrepancies_come_in_exact_numbers() {
    for dial in [Dial::easy(LINES), Dial::usual(LINES), Dial::hard(LINES)] {
        let drawn = drawn(&dial);
        let rates = dial.rates;
        let expected = [
            (FindingKind::MissingInLedger, rates.missing_in_ledger),
            (FindingKind::MissingInFeed, rates.missing_in_feed),
            (FindingKind::MissingInStatement, rates.missing_in_statement),
            (FindingKind::DuplicateInFeed, rates.duplicate_in_feed),
            (FindingKind::DuplicateInLedger, rates.duplicate_in_ledger),
            (FindingKind::WrongAmount, rates.wrong_amount),
            (FindingKind::TransposedDigits, rates.transposed_digits),
            (FindingKind::DateOff, rates.date_off),
            (FindingKind::Split, rates.split),
            (FindingKind::Merged, rates.merged),
            (FindingKind::BankFee, rates.fee_netted + rates.fee_unentered),
        ];
        for (kind, rate) in expected {
            let found = drawn.truth.findings.iter().filter(|finding| finding.kind == kind).count();
            assert_eq!(found, LINES * rate as usize / 1_000, "{}", kind.as_str());
        }
    }
}

#[test]
fn without_rates_there_is_nothing_to_find() {
    let dial = Dial { rates: Rates::default(), ..Dial::usual(2_000) };
    let drawn = drawn(&dial);
    assert!(drawn.truth.findings.is_empty());
    assert_eq!([drawn.statement.len(), drawn.feed.len(), drawn.ledger.len(), drawn.truth.matches.len()], [2_000; 4]);
}

#[test]
fn shares_come_out_near_what_was_set() {
    for dial in [Dial::easy(LINES), Dial::usual(LINES), Dial::hard(LINES)] {
        let drawn = drawn(&dial);
        let priced = |row: &Row| PRICE_POINTS.contains(&row.money.minor.abs());
        near(share(&drawn.statement, priced), dial.share_of_price_points, 60);
        let invoices: Vec<Row> =
            drawn.ledger.iter().filter(|row| row.kind.as_deref() == Some("ACCRECPAYMENT")).cloned().collect();
        near(share(&invoices, |row| row.reference.is_none()), dial.missing_references, 30);
        let ids: HashMap<&str, &Row> = drawn.statement.iter().map(|row| (row.id.as_str(), row)).collect();
        let carried: Vec<bool> = carried(&drawn, &ids);
        near(share(&carried, |carried| *carried), dial.shared_bank_ids, 30);
    }
}

/// Of the feed lines whose statement line has a bank's id, whether they carry it.
fn carried(drawn: &Benchmark, statement: &HashMap<&str, &Row>) -> Vec<bool> {
    let feed: HashMap<&str, &Row> = drawn.feed.iter().map(|row| (row.id.as_str(), row)).collect();
    let pairs = drawn.truth.matches.iter().flat_map(|one| one.statement.iter().zip(&one.feed));
    let rows = pairs.map(|(stated, fed)| (statement[stated.as_str()], feed[fed.as_str()]));
    rows.filter(|(stated, _)| stated.bank_id.is_some()).map(|(stated, fed)| stated.bank_id == fed.bank_id).collect()
}

#[test]
fn accounts_and_currencies_are_those_of_the_dial() {
    let drawn = drawn(&Dial { accounts: 7, currencies: 6, ..Dial::usual(3_000) });
    let mut held: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in drawn.statement.iter().chain(&drawn.feed).chain(&drawn.ledger) {
        held.entry(&row.account).or_default().push(row.money.currency.as_str());
    }
    assert_eq!(held.len(), 7);
    let mut currencies: Vec<&str> = held
        .values_mut()
        .map(|currencies| {
            currencies.dedup();
            assert_eq!(currencies.len(), 1, "an account has one currency");
            currencies[0]
        })
        .collect();
    currencies.sort_unstable();
    currencies.dedup();
    assert_eq!(currencies.len(), 6);
}

#[test]
fn equal_debits_and_equal_purchases_occur() {
    let drawn = drawn(&Dial::usual(LINES));
    let mut equal: HashMap<(&str, i64), Vec<i64>> = HashMap::new();
    for row in drawn.ledger.iter().filter(|row| row.money.minor < 0) {
        let day = (row.date - kernel_first()).get_days();
        equal.entry((&row.account, row.money.minor)).or_default().push(i64::from(day));
    }
    let weekly = equal.values().filter(|days| days.iter().filter(|day| days.contains(&(**day + 7))).count() > 30);
    assert!(weekly.count() > 10, "debits of one amount each week");
    let mut bought: HashMap<String, usize> = HashMap::new();
    for row in drawn.ledger.iter().filter(|row| row.kind.as_deref() == Some("SPEND") && row.reference.is_none()) {
        *bought.entry(format!("{} {} {} {:?}", row.account, row.date, row.money.minor, row.payee)).or_default() += 1;
    }
    assert!(bought.values().filter(|count| **count == 2).count() > 20, "two equal purchases on one day");
}

fn kernel_first() -> kernel::Date {
    kernel::Date::constant(2024, 1, 1)
}

#[test]
fn a_dial_out_of_bounds_says_which() {
    let usual = Dial::usual(10);
    let refused = |dial: Dial| benchmark(1, &dial).expect_err("out of bounds");
    assert_eq!(refused(Dial { lines: 0, ..usual.clone() }), DialError::Empty);
    assert_eq!(refused(Dial { currencies: 4, ..usual.clone() }), DialError::Currencies);
    assert_eq!(refused(Dial { lag: Lag { days_max: 2, ..usual.lag }, ..usual.clone() }), DialError::Lag);
    assert_eq!(refused(Dial { rates: Rates::all(51), ..usual.clone() }), DialError::Discrepancies);
    assert_eq!(refused(Dial { days: 9_999, ..usual.clone() }), DialError::TooLarge);
    for lines in 1..60 {
        benchmark(3, &Dial::hard(lines)).expect("small ones exist");
    }
    benchmark(3, &Dial { days: 1, ..usual }).expect("a single day is a benchmark");
}
