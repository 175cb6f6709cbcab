//! Worlds that a seed makes: whatever lies in them, no record speaks twice, and nothing depends on order or on asking again.

use std::collections::BTreeMap;

use evidence::{ClosedBy, Exclusion, RecordKind, RecordRef, Verdict};

use crate::world::{Verdicts, World};

/// Numbers that a seed gives again: splitmix64.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len() as u64) as usize]
    }

    /// Few amounts, accounts and days, so that everything meets everything.
    fn moved(&mut self) -> String {
        let (account, sign) = (self.one_of(&["A", "B", "C"]), self.one_of(&["-", "-", ""]));
        format!("{account} 2026-10-{:02} {sign}{}.00", self.below(28) + 1, self.below(3) + 1)
    }

    fn world(&mut self) -> String {
        let mut out = String::from("rule R1 | bank\nsmallest 2.00\n");
        for at in 0..self.below(25) {
            let source = self.one_of(&["", "", "finance", "finance reconciled", "ledger", "ledger prepayment"]);
            let links = match source {
                "" => String::new(),
                _ if source.starts_with("ledger") => format!("links=l{at}"),
                _ if self.below(2) == 0 => String::new(),
                _ => format!("links={}{}", self.one_of(&["e", "p", "t", "x"]), self.below(9)),
            };
            let flag = self.one_of(&["", "", "", "", "", "", "needed", "unneeded", "deleted", "document"]);
            let payee = self.one_of(&["FERN", "ALDER RAIL", "bank", "X | | INV-0042", "Y | INV-0043"]);
            out.push_str(&format!("line L{at} {} {source} {links} {flag} | {payee}\n", self.moved()));
        }
        for at in 0..self.below(9) {
            let flags = self.one_of(&["", "attached", "attached reconciled", "attached contact=Fern"]);
            out.push_str(&format!("entry E{at} {} {flags}\n", self.moved()));
            let flags = self.one_of(&["", "documented", "documented reconciled", "documented number=INV-0042 of=B1"]);
            out.push_str(&format!("payment P{at} {} {flags}\n", self.moved()));
            let flags =
                self.one_of(&["contact=Fern", "contact=Alder_Rail number=INV-0042", "", "paid", "credit", "voided"]);
            let due = self.below(28) + 1;
            out.push_str(&format!("bill B{at} {}.00 due=2026-10-{due:02} {flags}\n", self.below(3) + 1));
            if at % 3 == 0 {
                out.push_str(&format!("transfer T{at} 2026-10-{due:02} {}.00 A B\n", self.below(3) + 1));
            }
        }
        out
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        (1..list.len()).rev().for_each(|at| list.swap(at, self.below(at as u64 + 1) as usize));
    }
}

/// The records that speak for one line only; a bill that payments name may be paid by several.
fn single(verdict: &Verdict) -> Vec<&RecordRef> {
    let several = match verdict {
        Verdict::Excluded { rule, .. } => *rule != Exclusion::BillFits,
        _ => true,
    };
    let is_bill = |record: &RecordRef| matches!(record.kind, RecordKind::Bill | RecordKind::CreditNote);
    let outside = |record: &&RecordRef| matches!(record.kind, RecordKind::Document | RecordKind::Transfer);
    verdict.records().iter().filter(|record| !(outside(record) || several && is_bill(record))).collect()
}

fn check_one_to_one(seed: u64, world: &World, verdicts: &Verdicts) {
    let mut seen: BTreeMap<&RecordRef, &str> = BTreeMap::new();
    for (line, ..) in &world.lines {
        let verdict = &verdicts[&line.id];
        // A line that is an entry speaks for itself beside the bank's line of the same money.
        if line.source == evidence::LineSource::LedgerEntry
            && !verdict.records().iter().any(|one| one.kind == RecordKind::Bill)
        {
            continue;
        }
        for record in single(verdict) {
            let before = seen.insert(record, line.id.as_str());
            assert_eq!(before, None, "seed {seed}: {record:?} speaks for {} too", line.id);
        }
    }
}

#[test]
fn m8_in_any_world_no_record_speaks_twice_and_order_and_repetition_change_nothing() {
    let mut reached = BTreeMap::<String, usize>::new();
    for seed in 0..1_500 {
        let mut dice = Seeded(seed);
        let mut world = World::new(&dice.world());
        let verdicts = world.decide(None);
        check_one_to_one(seed, &world, &verdicts);
        let books = &mut world.books;
        dice.shuffle(&mut books.bills);
        dice.shuffle(&mut books.entries);
        dice.shuffle(&mut world.lines);
        assert_eq!(world.decide(None), verdicts, "seed {seed}: in another order");
        let stored = serde_json::to_string(&verdicts).unwrap();
        let read: Verdicts = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, verdicts, "seed {seed}: stored and read");
        assert_eq!(world.decide(Some(&read)), verdicts, "seed {seed}: asked again");
        for verdict in verdicts.values() {
            let reason = match verdict {
                Verdict::Requested { why, .. } => format!("requested {why:?}"),
                Verdict::Excluded { rule, .. } => format!("{rule:?}"),
                Verdict::Closed { by, .. } => format!("closed {by:?}"),
            };
            *reached.entry(reason).or_default() += 1;
        }
    }
    // Every rule must have had its say, or the worlds prove less than they seem to.
    assert!(reached.values().all(|count| *count >= 5) && reached.len() == 14, "{reached:?}");
}

#[test]
fn m7_from_any_world_to_any_other_a_request_closes_by_proof_alone() {
    for seed in 0..800 {
        let (mut dice, mut other) = (Seeded(seed), Seeded(seed + 10_000));
        let (first, second) = (World::new(&dice.world()), World::new(&other.world()));
        let before = first.decide(None);
        let after = second.decide(Some(&before));
        check_one_to_one(seed, &second, &after);
        for (id, verdict) in &after {
            match (before.get(id), verdict) {
                (Some(Verdict::Requested { .. } | Verdict::Closed { .. }), Verdict::Excluded { rule, .. }) => {
                    let proof = [Exclusion::GoneAtSource, Exclusion::Documented, Exclusion::EntryFits];
                    assert!(!proof.contains(rule), "seed {seed}: {id} {rule:?}");
                }
                (Some(Verdict::Excluded { .. }) | None, Verdict::Closed { by, .. }) => {
                    assert_eq!(*by, ClosedBy::DocumentLinked, "seed {seed}: {id}");
                }
                (Some(Verdict::Excluded { rule, .. }), Verdict::Requested { again, .. }) => {
                    let again = again.as_ref().map(|again| again.excluded_by);
                    assert_eq!(again, Some(Some(*rule)), "seed {seed}: {id}");
                }
                _ => (),
            }
        }
    }
}
