//! What a benchmark says of itself is so, under every preset.

use std::collections::{HashMap, HashSet};

use bank_truth::*;

const SEEDS: [u64; 3] = [1, 7, 20_251_129];

fn dials() -> [Dial; 3] {
    [Dial::easy(1_500), Dial::usual(4_000), Dial::hard(4_000)]
}

fn each(check: impl Fn(&Dial, &Benchmark, &str)) {
    for (at, dial) in dials().iter().enumerate() {
        for seed in SEEDS {
            let drawn = benchmark(seed, dial).expect("a preset is a benchmark");
            check(dial, &drawn, &format!("dial {at}, seed {seed}"));
        }
    }
}

fn by_id(rows: &[Row]) -> HashMap<&str, &Row> {
    rows.iter().map(|row| (row.id.as_str(), row)).collect()
}

fn sum(ids: &[String], rows: &HashMap<&str, &Row>) -> i64 {
    ids.iter().map(|id| rows[id.as_str()].money.minor).sum()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    assert_eq!(bytes(7, &Dial::usual(800)), bytes(7, &Dial::usual(800)));
    assert_ne!(bytes(7, &Dial::usual(800)), bytes(8, &Dial::usual(800)));
}

/// Figures that were reported rest on these bytes. Whoever changes them measures again.
#[test]
fn the_presets_give_the_bytes_that_figures_were_reported_for() {
    let prints = [Dial::easy(500), Dial::usual(500), Dial::hard(500)].map(|dial| print_of(&bytes(101, &dial)));
    assert_eq!(prints, [0x1EB8_9EBD_93F1_F00A, 0xEED5_747E_ADF4_1765, 0xEAF2_A576_E0F3_0731], "{prints:#x?}");
}

fn bytes(seed: u64, dial: &Dial) -> Vec<u8> {
    let drawn = benchmark(seed, dial).expect("a preset is a benchmark");
    let mut bytes = serde_json::to_vec(&drawn.truth).expect("truth is JSON");
    for rows in [&drawn.statement, &drawn.feed, &drawn.ledger] {
        write_lines(&mut bytes, rows).expect("rows are JSON");
    }
    bytes
}

/// FNV-1a: enough to notice a change.
fn print_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |print, byte| (print ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3))
}

#[test]
fn rows_come_back_from_their_lines() {
    let drawn = benchmark(7, &Dial::hard(300)).expect("a preset is a benchmark");
    let mut bytes = Vec::new();
    write_lines(&mut bytes, &drawn.statement).expect("rows are JSON");
    assert_eq!(read_lines::<Row>(bytes.as_slice()).expect("they are rows"), drawn.statement);
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(first).expect("a row is an object");
    let mut fields: Vec<&str> = first.keys().map(String::as_str).collect();
    let mut expected =
        ["id", "account", "date", "amount", "currency", "description", "reference", "payee", "bank_id", "type"];
    expected.sort_unstable();
    fields.sort_unstable();
    assert_eq!(fields, expected);
}

#[test]
fn each_row_is_matched_once_or_found() {
    each(|_, drawn, place| {
        for (side, rows) in [(0, &drawn.statement), (1, &drawn.feed), (2, &drawn.ledger)] {
            let of_match = |one: &Match| [&one.statement, &one.feed, &one.ledger][side].clone();
            let of_finding = |one: &Finding| [&one.statement, &one.feed, &one.ledger][side].clone();
            let all: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
            assert_eq!(all.len(), rows.len(), "{place}: ids repeat on side {side}");
            let matched: Vec<String> = drawn.truth.matches.iter().flat_map(of_match).collect();
            let once: HashSet<String> = matched.iter().cloned().collect();
            assert_eq!(once.len(), matched.len(), "{place}: a row of side {side} is matched twice");
            let found: HashSet<String> = drawn.truth.findings.iter().flat_map(of_finding).collect();
            let known: HashSet<String> = once.union(&found).cloned().collect();
            assert_eq!(known, all, "{place}: side {side}");
        }
    });
}

#[test]
fn matches_balance_in_one_currency_and_on_one_account_unless_a_finding_says_why() {
    each(|dial, drawn, place| {
        let sides = [by_id(&drawn.statement), by_id(&drawn.feed), by_id(&drawn.ledger)];
        let off = |kinds: &[FindingKind]| -> HashSet<String> {
            let found = drawn.truth.findings.iter().filter(|finding| kinds.contains(&finding.kind));
            found.flat_map(|finding| finding.ledger.clone()).collect()
        };
        let amounts_off = off(&[FindingKind::WrongAmount, FindingKind::TransposedDigits, FindingKind::BankFee]);
        let dates_off = off(&[FindingKind::DateOff]);
        for one in &drawn.truth.matches {
            let ids = [&one.statement, &one.feed, &one.ledger];
            let rows: Vec<&Row> =
                ids.iter().zip(&sides).flat_map(|(ids, rows)| ids.iter().map(|id| rows[id.as_str()])).collect();
            assert!(rows.iter().all(|row| row.money.currency == rows[0].money.currency), "{place}: {one:?}");
            assert!(rows.iter().all(|row| row.account == rows[0].account), "{place}: {one:?}");
            let sums: Vec<i64> =
                ids.iter().zip(&sides).filter(|(ids, _)| !ids.is_empty()).map(|(ids, rows)| sum(ids, rows)).collect();
            let labelled = one.ledger.iter().any(|id| amounts_off.contains(id));
            assert_eq!(sums.iter().any(|sum| *sum != sums[0]), labelled, "{place}: {one:?}");
            for (stated, entered) in one.statement.iter().flat_map(|s| one.ledger.iter().map(move |l| (s, l))) {
                let (from, to) = (sides[2][entered.as_str()].date, sides[0][stated.as_str()].date);
                let days = (to - from).get_days().unsigned_abs();
                assert_eq!(days > dial.lag.days_max, dates_off.contains(entered), "{place}: {days} days, {one:?}");
            }
        }
    });
}

#[test]
fn groups_and_slips_are_what_they_are_called() {
    each(|_, drawn, place| {
        let (stated, entered) = (by_id(&drawn.statement), by_id(&drawn.ledger));
        for one in &drawn.truth.matches {
            let counts = (one.statement.len(), one.feed.len(), one.ledger.len());
            let fits = match one.kind {
                MatchKind::OneToOne => counts.0.max(counts.1).max(counts.2) == 1,
                MatchKind::Split => counts.0 == 1 && counts.1 == 1 && (2..=5).contains(&counts.2),
                MatchKind::Merged => counts.0 == counts.1 && (2..=5).contains(&counts.0) && counts.2 == 1,
            };
            assert!(fits, "{place}: {one:?}");
        }
        for one in &drawn.truth.findings {
            let amounts = || (sum(&one.statement, &stated), sum(&one.ledger, &entered));
            let counts = (one.statement.len(), one.feed.len(), one.ledger.len());
            let fits = match one.kind {
                FindingKind::MissingInLedger => counts == (1, 1, 0),
                FindingKind::MissingInFeed => counts == (1, 0, 1),
                FindingKind::MissingInStatement => counts.0 == 0 && counts.1 <= 1 && counts.2 == 1,
                FindingKind::DuplicateInFeed => counts == (1, 2, 1),
                FindingKind::DuplicateInLedger => counts == (1, 1, 2),
                FindingKind::WrongAmount => counts == (1, 1, 1) && !is_swap(amounts().0, amounts().1),
                FindingKind::TransposedDigits => counts == (1, 1, 1) && is_swap(amounts().0, amounts().1),
                FindingKind::BankFee if counts == (1, 1, 0) => amounts().0 < 0,
                FindingKind::BankFee => {
                    let (net, gross) = amounts();
                    counts == (1, 1, 1) && 0 < net && net < gross && gross - net <= gross * 29 / 1_000 + 40
                }
                FindingKind::DateOff | FindingKind::Split | FindingKind::Merged => true,
            };
            assert!(fits, "{place}: {one:?}");
        }
    });
}
