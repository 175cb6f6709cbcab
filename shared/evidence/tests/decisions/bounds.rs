//! Limits, each crossed, and what a full batch costs.

use evidence::rules::CURRENCIES_MAX;
use evidence::{
    BatchError, CANDIDATES_MAX, EVIDENCE_RECORDS_MAX, LINES_MAX, LINKS_MAX, NEAR_MAX, Question, RECORDS_MAX, RecordRef,
    Verdict, decide,
};

use crate::world::{World, all_told};

fn refusal(world: &World) -> Option<BatchError> {
    let questions: Vec<Question<'_>> =
        world.lines.iter().map(|(line, ..)| Question { line, by_hand: None, document: None, before: None }).collect();
    decide(&questions, &world.books, &Default::default(), &world.policy).err()
}

#[test]
fn m7_lines_records_and_links_are_bounded() {
    let lines = |count: usize| {
        let text: Vec<String> = (0..count).map(|at| format!("line L{at} A 2026-10-10 -9.00")).collect();
        World::new(&text.join("\n"))
    };
    assert_eq!(refusal(&lines(LINES_MAX)), None);
    assert_eq!(refusal(&lines(LINES_MAX + 1)), Some(BatchError::TooManyLines));
    let twice = World::new("line L1 A 2026-10-10 -9.00\nline L1 A 2026-10-10 -9.00");
    assert_eq!(refusal(&twice), Some(BatchError::LineTwice("L1".parse().unwrap())));
    let mut linked = World::new("line L1 A 2026-10-10 -9.00 finance");
    linked.lines[0].0.links = (0..LINKS_MAX).map(|at| format!("e{at}").parse().unwrap()).collect();
    assert_eq!(refusal(&linked), None);
    linked.lines[0].0.links.push("one-more".parse().unwrap());
    assert_eq!(refusal(&linked), Some(BatchError::TooManyLinks("L1".parse().unwrap())));
    let mut full = World::new("line L1 A 2026-10-10 -9.00\nentry E1 A 2026-10-10 -9.00");
    let entry = full.books.entries[0].clone();
    full.books.entries = (0..RECORDS_MAX)
        .map(|at| evidence::Entry {
            record: RecordRef::new(entry.record.kind, &format!("e{at}").parse().unwrap()),
            ..entry.clone()
        })
        .collect();
    assert_eq!(refusal(&full), None);
    full.books.entries.push(entry);
    assert_eq!(refusal(&full), Some(BatchError::TooManyRecords));
    let mut rich = World::new("line L1 A 2026-10-10 -9.00");
    rich.policy.smallest = vec![rich.lines[0].0.amount; CURRENCIES_MAX];
    assert_eq!(refusal(&rich), None);
    rich.policy.smallest.push(rich.lines[0].0.amount);
    assert_eq!(refusal(&rich), Some(BatchError::TooManyCurrencies));
}

#[test]
fn m8_a_record_that_is_fed_twice_is_refused() {
    for twice in [
        "bill B1 9.00 due=2026-10-10\nbill B1 8.00 due=2026-10-10",
        "entry E1 A 2026-10-10 -9.00\nentry E1 A 2026-10-10 -9.00 attached",
        "payment P1 A 2026-10-10 -9.00\npayment P1 A 2026-10-10 -9.00",
        "transfer T1 2026-10-10 9.00 A B\ntransfer T1 2026-10-10 9.00 A B",
        "transfer T1 2026-10-10 9.00 A B\nentry T1-out A 2026-10-10 -9.00",
    ] {
        let world = World::new(&format!("line L1 A 2026-10-10 -9.00\n{twice}"));
        assert!(matches!(refusal(&world), Some(BatchError::RecordTwice(_))), "{twice}");
    }
    let alike =
        World::new("line L1 A 2026-10-10 -9.00\nbill X1 9.00 due=2026-10-10\nbill X1 9.00 due=2026-10-10 credit");
    assert_eq!(refusal(&alike), None, "a bill and a credit note are of two kinds");
}

#[test]
fn m8_near_misses_are_cut_and_counted_and_too_many_are_never_the_only_one() {
    let bills = |count: usize, paid: &str| -> String {
        (0..count).map(|at| format!("bill B{at:03} 9.00 due=2026-10-10{paid}\n")).collect()
    };
    let near = |count: usize| {
        let verdicts = World::new(&format!("line L1 A 2026-10-10 -9.00\n{}", bills(count, ""))).decide(None);
        match verdicts.into_values().next() {
            Some(Verdict::Requested { near, near_left_out, .. }) => (near.len(), near_left_out, near[0].clone()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((near(NEAR_MAX).0, near(NEAR_MAX).1), (NEAR_MAX, 0));
    assert_eq!((near(NEAR_MAX + 1).0, near(NEAR_MAX + 1).1), (NEAR_MAX, 1));
    let (kept, left_out, first) = near(CANDIDATES_MAX + 1);
    assert_eq!((kept, left_out), (NEAR_MAX, CANDIDATES_MAX - NEAR_MAX));
    assert!(first.words.as_str().ends_with("and too many documents have it."), "{first:?}");
    // All but one of too many are gone to others: what could not be looked at may still fit, so the one is not the only one.
    let taken: String = (1..CANDIDATES_MAX).map(|at| format!("taken bill b{at:03} X{at}\n")).collect();
    let text = format!("line L1 A 2026-10-10 -9.00\n{}{taken}", bills(CANDIDATES_MAX + 1, ""));
    let told = all_told(&World::new(&text).decide(None));
    assert!(told[0].starts_with("L1 requested taken:"), "{told:?}");
    let text = format!("line L1 A 2026-10-10 -9.00\n{}{taken}", bills(CANDIDATES_MAX, ""));
    assert_eq!(all_told(&World::new(&text).decide(None)), ["L1 bill_fits bill:b000"]);
}

#[test]
fn m9_evidence_names_the_first_records_and_counts_all() {
    let told = |count: usize| {
        let links: Vec<String> = (0..count).map(|at| format!("e{at:02}")).collect();
        let entries: String = links.iter().map(|id| format!("entry {id} A 2026-10-10 -9.00 attached\n")).collect();
        let world = World::new(&format!("line L1 A 2026-10-10 -9.00 finance links={}\n{entries}", links.join(",")));
        match world.decide(None).into_values().next() {
            Some(Verdict::Excluded { evidence, .. }) => evidence,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(EVIDENCE_RECORDS_MAX).records.len(), EVIDENCE_RECORDS_MAX);
    let more = told(EVIDENCE_RECORDS_MAX + 1);
    assert_eq!(more.records.len(), EVIDENCE_RECORDS_MAX);
    assert!(more.words.as_str().ends_with("and 10 more, all of which have documents."), "{more:?}");
}

#[test]
fn m8_a_full_batch_of_one_amount_ends() {
    // Every line could be every bill's and every entry's: the bound on candidates keeps it from being a square.
    let mut text = String::new();
    for at in 0..LINES_MAX {
        let sign = if at % 2 == 0 { "-" } else { "" };
        text.push_str(&format!("line L{at} A{} 2026-10-{:02} {sign}9.00 | FERN\n", at % 3, at % 28 + 1));
        text.push_str(&format!("bill B{at} 9.00 due=2026-10-{:02} contact=Fern\n", at % 28 + 1));
        text.push_str(&format!("entry E{at} A{} 2026-10-{:02} {sign}9.00\n", at % 3, at % 28 + 1));
    }
    let mut world = World::new(&text);
    let first = world.decide(None);
    assert_eq!(first.len(), LINES_MAX);
    world.lines.reverse();
    world.books.bills.reverse();
    world.books.entries.reverse();
    assert_eq!(world.decide(None), first);
    assert_eq!(world.decide(Some(&first)), first);
    let mut seen = std::collections::BTreeSet::new();
    for record in first.values().flat_map(Verdict::records) {
        assert!(seen.insert(record.clone()), "{record:?} speaks twice");
    }
}
