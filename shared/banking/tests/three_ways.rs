//! Three sides held against each other, as small stories: each line is a row, `id date amount who | reference`.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use banking::{FindingKind, Report, Row, reconcile};
use kernel::{Currency, Money};

fn rows(text: &str) -> Vec<Row> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect()
}

fn row(line: &str) -> Row {
    let (said, reference) = line.split_once('|').unwrap_or((line, ""));
    let mut words = said.split_whitespace();
    let mut next = || words.next().unwrap_or_default().to_owned();
    let (id, date, amount) = (next(), next(), next());
    let (account, currency) = if id.starts_with('e') { ("euros", "EUR") } else { ("current", "GBP") };
    let currency: Currency = currency.parse().unwrap();
    Row {
        account: account.into(),
        date: format!("2026-{date}").parse().unwrap(),
        amount: Money::parse(&amount, currency).unwrap(),
        description: words.collect::<Vec<_>>().join(" "),
        reference: reference.trim().into(),
        payee: String::new(),
        bank_id: String::new(),
        id,
    }
}

/// Every match as `s1+f1+l1`, certain ones with a star, and every finding as `kind s1+l1`.
fn told(report: &Report) -> (BTreeSet<String>, BTreeSet<String>) {
    let ids = |statement: &[String], feed: &[String], ledger: &[String]| {
        let all = [statement, feed, ledger].concat();
        all.join("+")
    };
    let matches = report.matches.iter().map(|found| {
        format!("{}{}", ids(&found.statement, &found.feed, &found.ledger), if found.certain { "*" } else { "" })
    });
    let findings = report.findings.iter().map(|found| {
        let kind = serde_json::to_value(found.kind).unwrap();
        format!("{} {}", kind.as_str().unwrap(), ids(&found.statement, &found.feed, &found.ledger))
    });
    (matches.collect(), findings.collect())
}

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|each| (*each).to_owned()).collect()
}

#[track_caller]
fn check(statement: &str, feed: &str, ledger: &str, matches: &[&str], findings: &[&str]) {
    let report = reconcile(&rows(statement), &rows(feed), &rows(ledger));
    assert_eq!(told(&report), (set(matches), set(findings)), "{report:#?}");
}

#[test]
fn m31_what_all_three_tell_is_matched_and_certain() {
    check(
        "s1 10-05 -61.20 CARD 4411 HARBOUR FUEL LONDON",
        "f1 10-05 -61.20 HARBOUR FUEL",
        "l1 10-03 -61.20 Harbour Fuel Ltd | INV-00771",
        &["s1+f1+l1*"],
        &[],
    );
}

#[test]
fn m31_what_a_side_lacks_is_said() {
    check(
        "s1 10-05 -61.20 HARBOUR FUEL\ns2 10-06 -4.10 TOLL ROAD\ns3 10-07 -3.00 MONTHLY ACCOUNT FEE",
        "f1 10-05 -61.20 HARBOUR FUEL\nf9 10-20 -8.00 JUNIPER YARD",
        "l1 10-04 -61.20 Harbour Fuel\nl2 10-12 -99.00 Alder Bridge Books",
        &["s1+f1+l1*"],
        &[
            "missing_in_ledger s2",
            "missing_in_feed s2",
            "bank_fee s3",
            "missing_in_feed s3",
            "missing_in_statement f9",
            "missing_in_statement l2",
        ],
    );
}

#[test]
fn m31_equal_weekly_debits_stay_apart() {
    let weeks = ["10-02", "10-09", "10-16", "10-23", "10-30"];
    let side = |letter: char, shift: i64, left_out: usize| -> String {
        let all = weeks.iter().enumerate().filter(|(at, _)| *at != left_out);
        let lines = all.map(|(at, day)| {
            let day: kernel::Date = format!("2026-{day}").parse().unwrap();
            let day = kernel::periods::days_after(day, shift).strftime("%m-%d").to_string();
            format!("{letter}{at} {day} -49.00 Paper Kite Gym")
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let report = reconcile(&rows(&side('s', 0, 9)), &rows(&side('f', 0, 9)), &rows(&side('l', -1, 2)));
    let (matches, findings) = told(&report);
    for at in [0, 1, 3, 4] {
        assert!(matches.iter().any(|found| found.starts_with(&format!("s{at}+f{at}+l{at}"))), "{matches:?}");
    }
    assert_eq!(findings, set(&["missing_in_ledger s2+f2"]));
}

#[test]
fn m31_two_equal_purchases_of_one_day_are_two_and_a_third_in_the_books_is_a_double() {
    let two = |letter: char| format!("{letter}1 10-05 -12.50 Corner Cafe\n{letter}2 10-05 -12.50 Corner Cafe");
    let three = format!("{}\nl3 10-05 -12.50 Corner Cafe", two('l'));
    let report = reconcile(&rows(&two('s')), &rows(&two('f')), &rows(&three));
    let (matches, findings) = told(&report);
    assert!(matches.len() == 2 && matches.iter().all(|found| !found.ends_with('*')), "{matches:?}");
    let double = findings.first().unwrap();
    assert!(
        findings.len() == 1 && double.starts_with("duplicate_in_ledger s") && double.ends_with("+l3"),
        "{findings:?}"
    );
}

#[test]
fn m31_one_for_several_is_found_both_ways() {
    check(
        "s1 10-05 -150.00 JUNIPER YARD TOOLS",
        "",
        "l1 10-04 -100.00 Juniper Yard Tools | F-1001\nl2 10-04 -30.00 Juniper Yard Tools | F-1002
         l3 10-03 -20.00 Juniper Yard Tools | F-1003\nl4 10-04 -20.00 Alder Bridge Books",
        &["s1+l3+l1+l2"],
        &["split s1+l3+l1+l2", "missing_in_statement l4"],
    );
    check(
        "s1 10-05 70.00 ALDER BRIDGE BOOKS\ns2 10-08 55.00 ALDER BRIDGE BOOKS",
        "",
        "l1 10-04 125.00 Alder Bridge Books | INV-2041",
        &["s1+s2+l1"],
        &["merged s1+s2+l1"],
    );
}

#[test]
fn m31_what_the_bank_calls_somebody_is_learnt_from_pairs_that_agree() {
    let (bank, books) = (
        "s1 01-05 -120.30 ZEPHYR TAPROOM | INV-1001\ns2 02-05 -88.10 ZEPHYR TAPROOM | INV-1002\n",
        "l1 01-04 -120.30 Miller Catering | INV-1001\nl2 02-04 -88.10 Miller Catering | INV-1002\n",
    );
    let (s3, l3) = ("s3 03-05 -14.00 ZEPHYR TAPROOM", "l3 03-04 -14.00 Miller Catering");
    check(s3, "", l3, &[], &["missing_in_ledger s3", "missing_in_statement l3"]);
    check(&(bank.to_owned() + s3), "", &(books.to_owned() + l3), &["s1+l1*", "s2+l2*", "s3+l3*"], &[]);
}

#[test]
fn m31_parts_may_share_a_name_with_each_other_alone_or_one_may_share_none() {
    check(
        "s1 10-09 300.45 WHITE HART\ns2 11-09 912.44 ALDER BOOKS",
        "",
        "l1 10-06 100.21 Miller Ltd\nl2 10-07 150.11 Miller Ltd\nl3 10-08 50.13 Miller Ltd\n\
         l4 11-06 500.41 Alder Books\nl5 11-07 400.02 Alder Books\nl6 11-08 12.01 Ferry Quay",
        &["s1+l1+l2+l3", "s2+l4+l5+l6"],
        &["split s1+l1+l2+l3", "split s2+l4+l5+l6"],
    );
}

#[test]
fn m31_amounts_that_add_up_by_accident_are_no_group() {
    check(
        "s1 10-05 -50.00 HARBOUR FUEL",
        "",
        "l1 10-04 -30.00 Alder Bridge Books\nl2 10-03 -20.00 Juniper Yard Tools",
        &[],
        &["missing_in_ledger s1", "missing_in_statement l1", "missing_in_statement l2"],
    );
}

#[test]
fn m31_what_is_nearly_right_is_a_finding_and_never_certain() {
    check(
        "s1 10-05 -61.20 HARBOUR FUEL\ns2 10-06 97.10 ALDER BRIDGE BOOKS | 2041
         s3 10-07 -80.45 JUNIPER YARD TOOLS | 5512\ns4 10-08 -17.35 TOLL ROAD CO",
        "",
        "l1 10-04 -62.10 Harbour Fuel\nl2 10-05 100.00 Alder Bridge Books | INV-2041
         l3 10-06 -80.00 Juniper Yard Tools | F-5512\nl4 09-05 -17.35 Toll Road Co",
        &["s1+l1", "s2+l2", "s3+l3", "s4+l4"],
        &["transposed_digits s1+l1", "bank_fee s2+l2", "wrong_amount s3+l3", "date_off s4+l4"],
    );
}

#[test]
fn m31_neither_accounts_nor_currencies_are_mixed() {
    check(
        "s1 10-05 -61.20 HARBOUR FUEL",
        "e1 10-05 -61.20 HARBOUR FUEL",
        "e2 10-05 -61.20 Harbour Fuel",
        &["e1+e2*"],
        &["missing_in_ledger s1", "missing_in_feed s1", "missing_in_statement e1+e2"],
    );
}

#[test]
fn m31_a_side_that_was_not_compared_leaves_its_part_unproven() {
    let report = reconcile(&rows("s1 10-05 -61.20 HARBOUR FUEL"), &[], &rows("l1 10-05 -61.20 Harbour Fuel"));
    assert_eq!(report.unproven.len(), 1);
    assert!(report.unproven[0].contains("feed"));
    assert!(report.findings.iter().all(|found| found.kind != FindingKind::MissingInFeed));
}

/// A small world of rows with many equal amounts, from a seed.
fn world(seed: u64, letter: char, rows: u64) -> Vec<Row> {
    let names = ["Harbour Fuel", "Alder Bridge Books", "Juniper Yard Tools", "Toll Road Co", "Corner Cafe"];
    let mut state = seed;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let made = (0..rows).map(|at| {
        let (day, amount) = (1 + next(28), 100 * (1 + next(12)));
        let name = names[usize::try_from(next(5)).unwrap()];
        row(&format!("{letter}{at} 10-{day:02} -{}.{:02} {name}", amount / 100, amount % 100))
    });
    made.collect()
}

#[test]
fn m31_the_order_of_rows_changes_nothing_and_each_is_used_once() {
    for seed in 0..20 {
        let (mut statement, mut feed, mut ledger) =
            (world(seed, 's', 60), world(seed, 'f', 60), world(seed ^ 5, 'l', 55));
        let report = reconcile(&statement, &feed, &ledger);
        let mut used = BTreeSet::new();
        for found in &report.matches {
            for id in found.statement.iter().chain(&found.feed).chain(&found.ledger) {
                assert!(used.insert(id.clone()), "{id} is used twice at seed {seed}");
            }
        }
        let before = told(&report);
        for side in [&mut statement, &mut feed, &mut ledger] {
            side.reverse();
            side.rotate_left(7);
        }
        assert_eq!(told(&reconcile(&statement, &feed, &ledger)), before, "seed {seed}");
    }
}

#[test]
fn m31_every_penny_between_bank_and_books_has_a_name_on_every_day() {
    let statement =
        rows("s1 10-05 -61.20 HARBOUR FUEL\ns2 10-06 -4.10 TOLL ROAD\ns3 10-07 97.10 ALDER BRIDGE BOOKS | 2041");
    let ledger = rows("l1 10-03 -61.20 Harbour Fuel\nl2 10-05 100.00 Alder Bridge Books | INV-2041");
    let report = reconcile(&statement, &[], &ledger);
    let days = banking::proof::days(&statement, &ledger, &report).unwrap();
    let shown: Vec<String> = days
        .iter()
        .map(|day| {
            let findings: Vec<String> =
                day.findings.iter().map(|(kind, amount)| format!("{kind:?} {}", amount.amount())).collect();
            format!("{} {} {} {}", day.date, day.difference.amount(), day.in_transit.amount(), findings.join(", "))
        })
        .collect();
    let expected = [
        "2026-10-03 61.20 61.20 ",
        "2026-10-05 -100.00 0.00 BankFee -100.00",
        "2026-10-06 -104.10 0.00 MissingInLedger -4.10, BankFee -100.00",
        "2026-10-07 -7.00 0.00 MissingInLedger -4.10, BankFee -2.90",
    ];
    assert_eq!(shown, expected);
    for seed in 0..20 {
        let (statement, ledger) = (world(seed, 's', 80), world(seed ^ 9, 'l', 75));
        let report = reconcile(&statement, &world(seed, 'f', 80), &ledger);
        for day in banking::proof::days(&statement, &ledger, &report).unwrap() {
            let named = Money::try_sum(day.findings.values().copied(), day.difference.currency).unwrap();
            let named = named.try_add(day.in_transit).unwrap();
            assert_eq!((named, day.residual.is_zero()), (day.difference, true), "seed {seed}, {}", day.date);
        }
    }
}
