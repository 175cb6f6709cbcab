//! How much of an answer is right.
//!
//! Owns the counting: pairs, groups, findings by kind, and answers that cannot be right. Counts are whole numbers;
//! ratios are made for printing alone.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use serde::Serialize;

use crate::answer::{Answer, Given};
use crate::likeness::{BankIds, Classes};
use crate::truth::{Finding, FindingKind};
use crate::{Benchmark, Row};

/// What was right of what was said, and of what could be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Said, and true.
    pub right: u64,
    /// Said.
    pub given: u64,
    /// True.
    pub wanted: u64,
}

/// An answer held against the truth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// One statement line with one ledger entry. A pair that is part of a group is wrong.
    pub statement_ledger: Counts,
    /// One statement line with one feed line. Lines of a merged group may be paired or left out; that counts nothing.
    pub statement_feed: Counts,
    /// Of the pairs of statement and ledger, those that were called certain, against all true pairs.
    pub certain: Counts,
    /// Statement lines and ledger entries of which there are several on either side. The whole group or nothing.
    pub groups: Counts,
    /// Of the groups, those that were called certain, against all true groups.
    pub certain_groups: Counts,
    /// Findings by kind, as [`score`] holds them against the truth.
    pub findings: BTreeMap<FindingKind, Counts>,
    /// Uses of a row in a match beyond its first.
    pub rows_used_twice: u64,
    /// Matches with rows in two currencies.
    pub mixed_currencies: u64,
    /// Matches with rows of two accounts.
    pub mixed_accounts: u64,
    /// Ids, in matches, of rows that do not exist.
    pub unknown_rows: u64,
}

impl Counts {
    /// Right of given, in thousandths, rounded down; none when nothing was given.
    pub fn precision_per_mille(self) -> Option<u64> {
        (self.right * 1_000).checked_div(self.given)
    }

    /// Right of wanted, in thousandths, rounded down; none when nothing was wanted.
    pub fn recall_per_mille(self) -> Option<u64> {
        (self.right * 1_000).checked_div(self.wanted)
    }

    fn count(&mut self, right: bool) {
        self.given += 1;
        self.right += u64::from(right);
    }
}

/// True things that are not yet found, by what tells them.
struct Pool<K>(HashMap<K, u32>);

impl<K: Eq + Hash> Pool<K> {
    fn of(all: impl Iterator<Item = K>) -> Self {
        let mut pool = HashMap::new();
        for one in all {
            *pool.entry(one).or_insert(0) += 1;
        }
        Self(pool)
    }

    fn size(&self) -> u64 {
        self.0.values().map(|count| u64::from(*count)).sum()
    }

    /// Takes one out; false when there is none left.
    fn take(&mut self, one: &K) -> bool {
        let left = self.0.get_mut(one).filter(|count| **count > 0);
        left.map(|count| *count -= 1).is_some()
    }
}

/// The classes by which answers are compared.
struct Sides<'a> {
    statement: Classes<'a>,
    ledger: Classes<'a>,
    /// Statement and feed for the pairs of the two, in which the bank's ids matter.
    bank: Classes<'a>,
    feed: Classes<'a>,
    /// Whether the feed line at a place carries a bank's id. Where it does not, the statement's cannot matter.
    carries: Vec<bool>,
}

/// Holds an answer against the truth.
///
/// Where rows cannot be told apart (equal in all but the id, or a duplicate and its first), either is right, once.
/// A finding is right when its kind is and these of its rows are: for what is missing in ledger or feed, those of the
/// statement; for what is missing in the statement, those of the ledger; for duplicates, one or more of the copies;
/// for all else, those of statement and ledger together.
pub fn score(benchmark: &Benchmark, answer: &Answer) -> Score {
    let sides = Sides::new(benchmark);
    let mut score = Score::default();
    score_pairs(benchmark, &sides, answer, &mut score);
    score_bank_pairs(benchmark, &sides, answer, &mut score);
    score_groups(benchmark, &sides, answer, &mut score);
    score_findings(benchmark, &sides, answer, &mut score);
    score_soundness(benchmark, &sides, answer, &mut score);
    score
}

impl<'a> Sides<'a> {
    fn new(benchmark: &'a Benchmark) -> Self {
        let found = |kind| benchmark.truth.findings.iter().filter(move |finding| finding.kind == kind);
        let feed = found(FindingKind::DuplicateInFeed).map(|finding| &finding.feed);
        let ledger = found(FindingKind::DuplicateInLedger).map(|finding| &finding.ledger);
        let none = std::iter::empty;
        Self {
            statement: Classes::new(&benchmark.statement, BankIds::DoNotMatter, none()),
            ledger: Classes::new(&benchmark.ledger, BankIds::DoNotMatter, ledger),
            bank: Classes::new(&benchmark.statement, BankIds::Matter, none()),
            feed: Classes::new(&benchmark.feed, BankIds::Matter, feed),
            carries: benchmark.feed.iter().map(|row| row.bank_id.is_some()).collect(),
        }
    }

    fn pair(&self, statement: &[String], ledger: &[String]) -> Option<(u32, u32)> {
        let ([stated], [entered]) = (statement, ledger) else { return None };
        Some((self.statement.of(stated)?, self.ledger.of(entered)?))
    }

    fn bank_pair(&self, statement: &str, feed: &str) -> Option<(u32, u32)> {
        let fed = self.feed.of(feed)?;
        let statements = if self.carries[fed as usize] { &self.bank } else { &self.statement };
        Some((statements.of(statement)?, fed))
    }

    fn group(&self, statement: &[String], ledger: &[String]) -> Option<(Vec<u32>, Vec<u32>)> {
        Some((self.statement.of_all(statement)?, self.ledger.of_all(ledger)?))
    }

    /// What of a finding is compared, beside its kind.
    fn telling(&self, finding: &Finding) -> Option<(Vec<u32>, Vec<u32>)> {
        let copies = |classes: &Classes<'_>, ids: &[String]| {
            let mut all = classes.of_all(ids)?;
            all.dedup();
            Some((all, Vec::new()))
        };
        match finding.kind {
            FindingKind::MissingInLedger | FindingKind::MissingInFeed => self.group(&finding.statement, &[]),
            FindingKind::MissingInStatement => self.group(&[], &finding.ledger),
            FindingKind::DuplicateInFeed => copies(&self.feed, &finding.feed),
            FindingKind::DuplicateInLedger => copies(&self.ledger, &finding.ledger),
            _ => self.group(&finding.statement, &finding.ledger),
        }
    }
}

fn is_pair(statement: &[String], other: &[String]) -> bool {
    statement.len() == 1 && other.len() == 1
}

fn is_group(statement: &[String], ledger: &[String]) -> bool {
    !statement.is_empty() && !ledger.is_empty() && !is_pair(statement, ledger)
}

fn score_pairs(benchmark: &Benchmark, sides: &Sides<'_>, answer: &Answer, score: &mut Score) {
    let truth = benchmark.truth.matches.iter();
    let mut pool = Pool::of(truth.filter_map(|one| sides.pair(&one.statement, &one.ledger)));
    score.statement_ledger.wanted = pool.size();
    score.certain.wanted = pool.size();
    for given in answer.matches.iter().filter(|given| is_pair(&given.statement, &given.ledger)) {
        let right = sides.pair(&given.statement, &given.ledger).is_some_and(|pair| pool.take(&pair));
        score.statement_ledger.count(right);
        if given.certain {
            score.certain.count(right);
        }
    }
}

fn score_bank_pairs(benchmark: &Benchmark, sides: &Sides<'_>, answer: &Answer, score: &mut Score) {
    let pairs = |single: bool| {
        let truth = benchmark.truth.matches.iter().filter(move |one| (one.statement.len() == 1) == single);
        truth.flat_map(|one| one.statement.iter().zip(&one.feed)).filter_map(|(one, other)| sides.bank_pair(one, other))
    };
    let (mut pool, mut neutral) = (Pool::of(pairs(true)), Pool::of(pairs(false)));
    score.statement_feed.wanted = pool.size();
    for given in answer.matches.iter().filter(|given| is_pair(&given.statement, &given.feed)) {
        let pair = sides.bank_pair(&given.statement[0], &given.feed[0]);
        let right = pair.is_some_and(|pair| pool.take(&pair));
        if right || !pair.is_some_and(|pair| neutral.take(&pair)) {
            score.statement_feed.count(right);
        }
    }
}

fn score_groups(benchmark: &Benchmark, sides: &Sides<'_>, answer: &Answer, score: &mut Score) {
    let truth = benchmark.truth.matches.iter().filter(|one| is_group(&one.statement, &one.ledger));
    let mut pool = Pool::of(truth.filter_map(|one| sides.group(&one.statement, &one.ledger)));
    score.groups.wanted = pool.size();
    score.certain_groups.wanted = pool.size();
    for given in answer.matches.iter().filter(|given| is_group(&given.statement, &given.ledger)) {
        let right = sides.group(&given.statement, &given.ledger).is_some_and(|group| pool.take(&group));
        score.groups.count(right);
        if given.certain {
            score.certain_groups.count(right);
        }
    }
}

fn score_findings(benchmark: &Benchmark, sides: &Sides<'_>, answer: &Answer, score: &mut Score) {
    for kind in FindingKind::ALL {
        let truth = benchmark.truth.findings.iter().filter(|finding| finding.kind == kind);
        let mut pool = Pool::of(truth.filter_map(|finding| sides.telling(finding)));
        let mut counts = Counts { wanted: pool.size(), ..Counts::default() };
        for finding in answer.findings.iter().filter(|finding| finding.kind == kind) {
            counts.count(sides.telling(finding).is_some_and(|telling| pool.take(&telling)));
        }
        score.findings.insert(kind, counts);
    }
}

/// Counts what no answer should hold, whatever the truth.
fn score_soundness(benchmark: &Benchmark, sides: &Sides<'_>, answer: &Answer, score: &mut Score) {
    let all = [&benchmark.statement, &benchmark.feed, &benchmark.ledger];
    let classes = [&sides.statement, &sides.feed, &sides.ledger];
    let mut used = all.map(|rows| vec![false; rows.len()]);
    for given in &answer.matches {
        let mut rows: Vec<&Row> = Vec::new();
        for (side, ids) in ids_of(given).into_iter().enumerate() {
            for id in ids {
                let Some(place) = classes[side].place(id) else {
                    score.unknown_rows += 1;
                    continue;
                };
                score.rows_used_twice += u64::from(std::mem::replace(&mut used[side][place], true));
                rows.push(&all[side][place]);
            }
        }
        let differ = |differs: fn(&Row, &Row) -> bool| rows.windows(2).any(|pair| differs(pair[0], pair[1]));
        score.mixed_currencies += u64::from(differ(|one, other| one.money.currency != other.money.currency));
        score.mixed_accounts += u64::from(differ(|one, other| one.account != other.account));
    }
}

fn ids_of(given: &Given) -> [&Vec<String>; 3] {
    [&given.statement, &given.feed, &given.ledger]
}
