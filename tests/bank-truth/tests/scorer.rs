//! Answers made by hand and what they score.

use bank_truth::*;

fn row(id: &str, minor: i64, currency: &str, description: &str) -> Row {
    Row {
        id: id.to_owned(),
        account: format!("ACC-{currency}").into(),
        date: kernel::Date::constant(2025, 3, 3),
        money: kernel::Money::new(minor, currency.parse().expect("a code")),
        description: description.to_owned(),
        reference: None,
        payee: None,
        bank_id: None,
        kind: None,
    }
}

fn ids(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Ids of statement, feed and ledger between bars.
fn sides(text: &str) -> [Vec<String>; 3] {
    let mut sides = text.split('|').map(ids);
    std::array::from_fn(|_| sides.next().unwrap_or_default())
}

fn matched(text: &str, kind: MatchKind) -> Match {
    let [statement, feed, ledger] = sides(text);
    Match { statement, feed, ledger, kind }
}

fn given(text: &str, certain: bool) -> Given {
    let [statement, feed, ledger] = sides(text);
    Given { statement, feed, ledger, certain }
}

fn finding(kind: FindingKind, text: &str) -> Finding {
    let [statement, feed, ledger] = sides(text);
    Finding { kind, statement, feed, ledger }
}

/// Two plain movements, two equal ones, one in another currency, a split, a merged one, and a feed line too many.
fn small() -> Benchmark {
    let side = |letter: &str, extra: &[Row]| -> Vec<Row> {
        let plain = [("1", 100, "one"), ("2", 200, "two"), ("3", 999, "twin"), ("4", 999, "twin")];
        let mut rows: Vec<Row> =
            plain.iter().map(|(at, minor, text)| row(&format!("{letter}{at}"), *minor, "EUR", text)).collect();
        rows.push(row(&format!("{letter}5"), 700, "GBP", "five"));
        rows.extend_from_slice(extra);
        rows
    };
    let merged = |letter: &str| [8, 9].map(|at| row(&format!("{letter}{at}"), at, "EUR", "part"));
    let split = |letter: &str| row(&format!("{letter}6"), 30, "EUR", "split");
    let bank = |letter: &str| [[split(letter)].as_slice(), &merged(letter)].concat();
    let again = row("f1b", 100, "EUR", "one, pending");
    let entries = [row("l6", 10, "EUR", "a"), row("l7", 20, "EUR", "b"), row("l8", 17, "EUR", "whole")];
    let singles = (1..=5).map(|at| matched(&format!("s{at} | f{at} | l{at}"), MatchKind::OneToOne));
    let groups = [matched("s6 | f6 | l6 l7", MatchKind::Split), matched("s8 s9 | f8 f9 | l8", MatchKind::Merged)];
    Benchmark {
        statement: side("s", &bank("s")),
        feed: side("f", &[bank("f").as_slice(), &[again]].concat()),
        ledger: side("l", &entries),
        truth: Truth {
            matches: singles.chain(groups).collect(),
            findings: vec![
                finding(FindingKind::DuplicateInFeed, "s1 | f1 f1b | l1"),
                finding(FindingKind::Split, "s6 | f6 | l6 l7"),
                finding(FindingKind::Merged, "s8 s9 | f8 f9 | l8"),
            ],
        },
    }
}

fn counts(right: u64, given: u64, wanted: u64) -> Counts {
    Counts { right, given, wanted }
}

fn scored(matches: Vec<Given>, findings: Vec<Finding>) -> Score {
    score(&small(), &Answer { matches, findings })
}

fn perfect(benchmark: &Benchmark) -> Answer {
    let given = |one: &Match| Given {
        statement: one.statement.clone(),
        feed: one.feed.clone(),
        ledger: one.ledger.clone(),
        certain: true,
    };
    Answer { matches: benchmark.truth.matches.iter().map(given).collect(), findings: benchmark.truth.findings.clone() }
}

#[test]
fn the_truth_itself_is_all_right() {
    let hard = benchmark(7, &Dial::hard(3_000)).expect("a preset is a benchmark");
    for benchmark in [small(), hard] {
        let score = score(&benchmark, &perfect(&benchmark));
        let all = [score.statement_ledger, score.statement_feed, score.certain, score.groups, score.certain_groups];
        for counts in all.iter().chain(score.findings.values()).filter(|counts| counts.wanted > 0) {
            assert_eq!((counts.precision_per_mille(), counts.recall_per_mille()), (Some(1_000), Some(1_000)));
        }
        let unsound = [score.rows_used_twice, score.mixed_currencies, score.mixed_accounts, score.unknown_rows];
        assert_eq!(unsound, [0; 4]);
    }
}

#[test]
fn saying_nothing_is_neither_right_nor_wrong() {
    let score = scored(Vec::new(), Vec::new());
    assert_eq!(score.statement_ledger, counts(0, 0, 5));
    assert_eq!(score.statement_feed, counts(0, 0, 6));
    assert_eq!(score.groups, counts(0, 0, 2));
    assert_eq!((score.groups.precision_per_mille(), score.groups.recall_per_mille()), (None, Some(0)));
}

#[test]
fn one_wrong_pair_costs_precision_and_recall() {
    let score = scored(vec![given("s1 | f1 | l1", true), given("s2 | f2 | l1", true), given("s5||l5", false)], vec![]);
    assert_eq!(score.statement_ledger, counts(2, 3, 5));
    assert_eq!(score.certain, counts(1, 2, 5));
    assert_eq!(score.statement_feed, counts(2, 2, 6));
    assert_eq!(score.rows_used_twice, 1);
    assert_eq!(score.statement_ledger.precision_per_mille(), Some(666));
}

#[test]
fn rows_that_nobody_can_tell_apart_may_be_swapped_but_not_used_up_twice() {
    let score = scored(vec![given("s3 | f4 | l4", true), given("s4 | f3 | l3", true)], vec![]);
    assert_eq!((score.statement_ledger, score.statement_feed), (counts(2, 2, 5), counts(2, 2, 6)));
    let thrice = vec![given("s3||l3", false), given("s4||l4", false), given("s3||l4", false)];
    assert_eq!(scored(thrice, vec![]).statement_ledger, counts(2, 3, 5));
    let copy = scored(vec![given("s1 | f1b | l1", true)], vec![]);
    assert_eq!(copy.statement_feed, counts(1, 1, 6));
}

#[test]
fn a_banks_id_tells_equal_lines_apart_where_the_feed_carries_it_and_never_in_the_ledger() {
    let mut benchmark = small();
    for at in [2, 3] {
        benchmark.statement[at].bank_id = Some(format!("B{at}"));
    }
    let swapped = vec![given("s3 | f4 | l4", true), given("s4 | f3 | l3", true)];
    let answer = Answer { matches: swapped, findings: vec![] };
    assert_eq!(score(&benchmark, &answer).statement_feed, counts(2, 2, 6));
    for at in [2, 3] {
        benchmark.feed[at].bank_id = Some(format!("B{at}"));
    }
    let score = score(&benchmark, &answer);
    assert_eq!((score.statement_ledger, score.statement_feed), (counts(2, 2, 5), counts(0, 2, 6)));
}

#[test]
fn a_group_is_right_as_a_whole() {
    let score =
        scored(vec![given("s6 | f6 | l7 l6", true), given("s8 | f8 | l8", false), given("s9 | f9 |", false)], vec![]);
    assert_eq!((score.groups, score.certain_groups), (counts(1, 1, 2), counts(1, 1, 2)));
    assert_eq!(score.statement_ledger, counts(0, 1, 5), "a part of a group is no pair");
    assert_eq!(score.statement_feed, counts(1, 1, 6), "the lines of a merged group may be paired, for nothing");
}

#[test]
fn what_no_answer_should_hold_is_counted() {
    let score = scored(vec![given("s1 | f5 | l1", false), given("s1 | nobody | l2", false)], vec![]);
    assert_eq!([score.mixed_currencies, score.mixed_accounts], [1, 1]);
    assert_eq!([score.rows_used_twice, score.unknown_rows], [1, 1]);
}

#[test]
fn findings_are_compared_by_the_rows_that_tell() {
    let findings = vec![
        finding(FindingKind::DuplicateInFeed, "| f1b |"),
        finding(FindingKind::DuplicateInFeed, "| f1 |"),
        finding(FindingKind::Split, "s6 | | l6"),
        finding(FindingKind::Merged, "s9 s8 | | l8"),
        finding(FindingKind::MissingInLedger, "s2 | f2 |"),
    ];
    let score = scored(vec![], findings);
    assert_eq!(score.findings[&FindingKind::DuplicateInFeed], counts(1, 2, 1), "either copy, but once");
    assert_eq!(score.findings[&FindingKind::Split], counts(0, 1, 1));
    assert_eq!(score.findings[&FindingKind::Merged], counts(1, 1, 1));
    assert_eq!(score.findings[&FindingKind::MissingInLedger], counts(0, 1, 0));
}

#[test]
fn answers_are_read_with_what_does_not_count() {
    let text = r#"{"matches":[{"statement":["s1"],"feed":[],"ledger":["l1"],"score":0.97,"certain":true,
        "kind":"one_to_one","reasons":["amount"]}],"findings":[{"kind":"bank_fee","statement":["s2"]}]}"#;
    let answer: Answer = serde_json::from_str(text).expect("it is an answer");
    assert_eq!(answer.matches, [given("s1 || l1", true)]);
    let score = score(&small(), &answer);
    assert_eq!(score.certain, counts(1, 1, 5));
    assert!(score.to_string().contains("statement - ledger"));
}
