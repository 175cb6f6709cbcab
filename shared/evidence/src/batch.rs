//! Lines that are decided together: who is settled, which record speaks for whom, and what nearly spoke.
//!
//! Owns that a record speaks for one line at most, that the order of feeding changes nothing, and that no line is held
//! against more than a bounded number of records. Knows no rule.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use kernel::periods::days_between;
use kernel::{Date, DocumentId, Money};
use serde::{Deserialize, Serialize};

use crate::books::{Books, Entry};
use crate::ids::{AccountId, LineId, RecordRef};
use crate::known::{Known, Records};
use crate::line::{Line, LineSource};
use crate::rules::{LineTexts, Policy, Rules};
use crate::verdict::{Lack, Near, Verdict};
use crate::words::Words;

/// A line and what is known of it beside the books.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The line.
    pub line: &'a Line,
    /// What a person decided.
    pub by_hand: Option<&'a ByHand>,
    /// The document that is linked to it.
    pub document: Option<DocumentId>,
    /// What was decided last time.
    pub before: Option<&'a Verdict>,
}

/// What a person decided about a line. It is kept through every later decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// Which of the two.
    pub decision: Decision,
    /// Why, in the person's words; may be empty.
    pub note: Words,
}

/// What a person can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// A document is wanted, whatever speaks for the line.
    Needed,
    /// None is wanted.
    NotNeeded,
}

/// Records of one kind that a line is held against. Where more have its amount within the days that count, those
/// nearest to its date are looked at, and none is taken for the only one.
pub const CANDIDATES_MAX: usize = 64;

/// Lines that are decided together, in the order of their ids.
pub(crate) struct Batch<'a> {
    pub(crate) cases: Vec<Case<'a>>,
    pub(crate) books: &'a Books,
    pub(crate) rules: &'a Rules,
    pub(crate) policy: &'a Policy,
    pub(crate) records: Records<'a>,
    taken: BTreeMap<RecordRef, LineId>,
}

/// One line of a batch.
pub(crate) struct Case<'a> {
    pub(crate) line: &'a Line,
    pub(crate) asked: Question<'a>,
    pub(crate) texts: LineTexts,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) near: Vec<Near>,
}

/// That a candidate may speak for a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// How well it does; less is better.
    pub(crate) strength: u8,
    /// How far apart they are.
    pub(crate) days: u64,
    /// The line, by its place in the batch.
    pub(crate) case: usize,
    /// The candidate, by its place in its list.
    pub(crate) candidate: usize,
}

impl<'a> Batch<'a> {
    /// Records that are taken by lines of this batch count as free: those lines are decided anew. A record that stands in
    /// the books twice is given back.
    pub(crate) fn try_new(
        questions: &[Question<'a>],
        books: &'a Books,
        rules: &'a Rules,
        policy: &'a Policy,
    ) -> Result<Self, RecordRef> {
        let case = |asked: &Question<'a>| Case {
            line: asked.line,
            asked: *asked,
            texts: LineTexts::new(asked.line),
            verdict: None,
            near: Vec::new(),
        };
        let mut cases: Vec<Case<'a>> = questions.iter().map(case).collect();
        cases.sort_by(|one, other| one.line.id.cmp(&other.line.id));
        let inside = |line: &LineId| cases.binary_search_by(|case| case.line.id.cmp(line)).is_ok();
        let outside = books.taken.iter().filter(|(_, line)| !inside(line));
        let taken = outside.map(|(record, line)| (record.clone(), line.clone())).collect();
        Ok(Self { cases, books, rules, policy, records: Records::try_new(books)?, taken })
    }

    /// The lines that nothing has settled yet.
    pub(crate) fn open(&self) -> Vec<usize> {
        (0..self.cases.len()).filter(|at| self.cases[*at].verdict.is_none()).collect()
    }

    /// Those of them that are no entries themselves, and of which the source does not say what they belong to.
    pub(crate) fn open_and_free(&self) -> Vec<usize> {
        let free = |case: &Case<'_>| !case.is_linked() && case.line.source != LineSource::LedgerEntry;
        self.open().into_iter().filter(|at| free(&self.cases[*at])).collect()
    }

    /// Settles a line. What was settled first stays.
    pub(crate) fn settle(&mut self, at: usize, verdict: Verdict) {
        self.cases[at].verdict.get_or_insert(verdict);
    }

    /// The line for which a record speaks already.
    pub(crate) fn owner(&self, record: &RecordRef) -> Option<&LineId> {
        self.taken.get(record)
    }

    /// Makes a record speak for a line.
    pub(crate) fn take(&mut self, record: RecordRef, at: usize) {
        self.taken.insert(record, self.cases[at].line.id.clone());
    }

    /// Whether a record spoke for the line last time.
    pub(crate) fn held(&self, at: usize, record: &RecordRef) -> bool {
        self.cases[at].asked.before.is_some_and(|before| before.records().contains(record))
    }

    /// Tells a line of a record that nearly spoke for it.
    pub(crate) fn nearly(&mut self, at: usize, lacks: Lack, record: RecordRef, words: &str) {
        self.cases[at].near.push(Near { lacks, record, words: Words::new(words) });
    }

    /// Tells a line to whom a candidate went.
    pub(crate) fn lost_to_owner(&mut self, claim: &Claim, candidate: &Known<'_>) {
        let record = candidate.record().clone();
        let Some(owner) = self.owner(&record) else { return };
        let words = format!("The {} speaks for line {owner} already.", candidate.name());
        self.nearly(claim.case, Lack::Taken, record, &words);
    }

    /// Gives each line one candidate at most and each candidate one line: better claims first, then what stood before,
    /// then the nearest dates, then the smallest ids. A line that loses a candidate is told to whom.
    pub(crate) fn assign(&mut self, mut claims: Vec<Claim>, candidates: &[Known<'_>]) -> Vec<Claim> {
        claims.sort_by_cached_key(|claim| {
            let anew = !self.held(claim.case, candidates[claim.candidate].record());
            (claim.strength, anew, claim.days, claim.case, claim.candidate)
        });
        let (mut served, mut won) = (BTreeSet::new(), Vec::new());
        for claim in claims {
            let record = candidates[claim.candidate].record();
            if served.contains(&claim.case) {
                continue;
            }
            if self.owner(record).is_some() {
                self.lost_to_owner(&claim, &candidates[claim.candidate]);
            } else {
                self.take(record.clone(), claim.case);
                served.insert(claim.case);
                won.push(claim);
            }
        }
        won
    }
}

impl Case<'_> {
    /// Whether its source says what it belongs to. A line that is an entry belongs to nothing but itself.
    pub(crate) fn is_linked(&self) -> bool {
        self.line.source != LineSource::LedgerEntry && !self.line.links.is_empty()
    }
}

/// Candidates by what must agree exactly, each list by date.
pub(crate) struct Index<K> {
    by_key: HashMap<K, Vec<(Date, usize)>>,
}

impl<'a> Index<(&'a AccountId, Money)> {
    /// Indexes entries by account and amount.
    pub(crate) fn by_account(entries: &[&'a Entry]) -> Self {
        Self::new(entries.iter().enumerate().map(|(at, entry)| ((&entry.account, entry.amount), entry.date, at)))
    }
}

impl<K: Eq + Hash> Index<K> {
    /// Indexes candidates by their places in a list.
    pub(crate) fn new(items: impl Iterator<Item = (K, Date, usize)>) -> Self {
        let mut by_key: HashMap<K, Vec<(Date, usize)>> = HashMap::new();
        for (key, date, at) in items {
            by_key.entry(key).or_default().push((date, at));
        }
        by_key.values_mut().for_each(|list| list.sort_unstable());
        Self { by_key }
    }

    /// The places of the candidates between two dates; of too many, those around a third. And whether there were more.
    pub(crate) fn near(&self, key: &K, first: Date, last: Date, around: Date) -> (Vec<usize>, bool) {
        let list = self.by_key.get(key).map(Vec::as_slice).unwrap_or_default();
        let below = |limit: Date| list.partition_point(|(date, _)| *date < limit);
        let (start, end) = (below(first), list.partition_point(|(date, _)| *date <= last));
        let cut = end.saturating_sub(start) > CANDIDATES_MAX;
        let latest_start = end.saturating_sub(CANDIDATES_MAX).max(start);
        let start =
            if cut { below(around).saturating_sub(CANDIDATES_MAX / 2).clamp(start, latest_start) } else { start };
        let end = end.min(start + CANDIDATES_MAX);
        (list.get(start..end).unwrap_or_default().iter().map(|(_, at)| *at).collect(), cut)
    }
}

/// How many days lie between two dates, whichever comes first.
pub(crate) fn days_apart(one: Date, other: Date) -> u64 {
    (days_between(one, other) - 1).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::periods::days_after;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn m8_of_too_many_candidates_the_nearest_are_looked_at_and_that_is_said() {
        let first = day("2026-01-01");
        let index = |count: usize| Index::new((0..count).map(|at| ((), days_after(first, at as i64), at)));
        let all = |count, around: &str| {
            let (found, cut) = index(count).near(&(), day("2026-01-01"), day("2026-12-31"), day(around));
            (found.len(), found.first().copied(), found.last().copied(), cut)
        };
        let most = CANDIDATES_MAX;
        assert_eq!(all(0, "2026-01-01"), (0, None, None, false));
        assert_eq!(all(most, "2026-06-01"), (most, Some(0), Some(most - 1), false));
        assert_eq!(all(most + 1, "2026-01-01"), (most, Some(0), Some(most - 1), true));
        assert_eq!(all(most + 1, "2026-12-31"), (most, Some(1), Some(most), true));
        assert_eq!(all(300, "2026-05-01"), (most, Some(120 - most / 2), Some(119 + most / 2), true));
        let (found, cut) = index(300).near(&(), day("2026-01-05"), day("2026-01-07"), day("2026-01-06"));
        assert_eq!((found, cut), (vec![4, 5, 6], false));
        let (found, _) = index(300).near(&(), day("2026-01-07"), day("2026-01-05"), day("2026-01-06"));
        assert!(found.is_empty(), "dates in the wrong order");
        let fed_backwards = Index::new((0..300).rev().map(|at| ((), days_after(first, at as i64), at)));
        let (found, cut) = fed_backwards.near(&(), day("2026-01-05"), day("2026-01-07"), day("2026-01-06"));
        assert_eq!((found, cut), (vec![4, 5, 6], false));
    }
}
