//! The matcher held against books whose truth is known. It must not get worse; what it should reach is for the bench to say.
#![allow(clippy::unwrap_used)]

use bank_truth::{Answer, Benchmark, Dial, FindingKind, REPORTED_SEEDS, Score, benchmark, score};
use banking::reconcile;

/// Lines of one benchmark: enough for every kind of finding, few enough for a test.
const LINES: usize = 4_000;

fn rows(side: &[bank_truth::Row]) -> Vec<banking::Row> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let row = |row: &bank_truth::Row| banking::Row {
        id: row.id.clone(),
        account: row.account.to_string(),
        date: row.date,
        amount: row.money,
        description: row.description.clone(),
        reference: text(&row.reference),
        payee: text(&row.payee),
        bank_id: text(&row.bank_id),
    };
    side.iter().map(row).collect()
}

fn scored(drawn: &Benchmark) -> Score {
    let report = reconcile(&rows(&drawn.statement), &rows(&drawn.feed), &rows(&drawn.ledger));
    let json = serde_json::json!({ "matches": report.matches, "findings": report.findings });
    let answer: Answer = serde_json::from_value(json).unwrap();
    score(drawn, &answer)
}

/// Per mille that must be kept (precision, recall): of pairs, of those called certain, of groups.
#[track_caller]
fn check(dial: &Dial, pairs: (u64, u64), certain: (u64, u64), groups: (u64, u64)) {
    for seed in REPORTED_SEEDS {
        let score = scored(&benchmark(seed, dial).unwrap());
        let kept = |counts: bank_truth::Counts, least: (u64, u64)| {
            let (precision, recall) = (counts.precision_per_mille().unwrap(), counts.recall_per_mille().unwrap());
            assert!(precision >= least.0 && recall >= least.1, "seed {seed}: {precision} {recall}\n{score}");
        };
        kept(score.statement_ledger, pairs);
        kept(score.statement_feed, (990, 990));
        kept(score.certain, certain);
        kept(score.groups, groups);
        kept(score.findings[&FindingKind::MissingInFeed], (990, 950));
        let wrong = (score.rows_used_twice, score.mixed_currencies, score.mixed_accounts, score.unknown_rows);
        assert_eq!(wrong, (0, 0, 0, 0), "seed {seed}");
    }
}

#[test]
fn m31_plain_books_are_matched_nearly_without_fault() {
    check(&Dial::easy(LINES), (998, 995), (999, 950), (990, 980));
}

#[test]
fn m31_usual_books_are_matched_and_what_is_certain_is_right() {
    check(&Dial::usual(LINES), (995, 988), (998, 870), (980, 960));
}

#[test]
fn m31_hard_books_still_mix_nothing_and_use_nothing_twice() {
    check(&Dial::hard(LINES), (980, 945), (990, 700), (970, 900));
}
