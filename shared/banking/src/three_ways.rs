//! Statement, feed and ledger held against each other, and the triangle closed.
//!
//! Owns the order: exact pairs of statement and feed, then of statement and ledger with what the feed tells beside it, then
//! of feed and ledger without a statement; of what is left doubled rows, groups, what is nearly right, what is missing. A row
//! is used once on its side. The same rows in any order give the same report.

use crate::columns::{Books, Columns};
use crate::doubles::{self, Double};
use crate::groups::{self, Group};
use crate::near::{self, Near, Nearly};
use crate::pairs::{Free, Pair, Pairing, pair};
use crate::parties;
use crate::report::{Compared, Finding, FindingKind, Match, MatchKind, Report};
use crate::row::Row;
use crate::score::{
    ALONE, ANY_NAME, CERTAIN, FEED, FULL, LEDGER, LEFT_OVER, Leeway, MARGIN, NAMED, NAMED_MARGIN, NEAR_DAYS,
};
use crate::words::{charges, words};

/// The three sides, and what of them is still to be explained.
struct Sides<'r> {
    statement: Columns<'r>,
    feed: Columns<'r>,
    ledger: Columns<'r>,
    /// The feed row of each statement row; [`NONE`] where it has none.
    feed_of: Vec<u32>,
    /// The entry of each statement row, likewise.
    entry_of: Vec<u32>,
    /// Statement rows without an entry.
    unbooked: Free,
    /// Entries without a statement row.
    unproven: Free,
    /// Feed rows without a statement row.
    unstated: Free,
    /// Statement rows whose match is told already.
    told: Vec<bool>,
}

/// No row.
const NONE: u32 = u32::MAX;

/// Holds the three sides against each other. A side without rows was not compared, and is said to be.
pub fn reconcile(statement: &[Row], feed: &[Row], ledger: &[Row]) -> Report {
    let compared = Compared { statement: !statement.is_empty(), feed: !feed.is_empty(), ledger: !ledger.is_empty() };
    reconcile_sides(statement, feed, ledger, compared)
}

/// The same where the caller knows which sides there are: books without any entry on an account lack all of its lines.
pub fn reconcile_sides(statement: &[Row], feed: &[Row], ledger: &[Row], compared: Compared) -> Report {
    let books = Books::of([statement, feed, ledger]);
    let mut sides = Sides {
        statement: Columns::of(statement, &books, false),
        feed: Columns::of(feed, &books, true),
        ledger: Columns::of(ledger, &books, false),
        feed_of: vec![NONE; statement.len()],
        entry_of: vec![NONE; statement.len()],
        unbooked: vec![true; statement.len()],
        unproven: vec![true; ledger.len()],
        unstated: vec![true; feed.len()],
        told: vec![false; statement.len()],
    };
    let mut report = Report { unproven: unproven(compared), compared, ..Report::default() };
    let fed = pair(&sides.statement, &sides.feed, (&vec![true; statement.len()], &sides.unstated), FEED);
    for found in &fed.pairs {
        sides.statement.learn(found.one as usize, &sides.feed, found.other as usize);
        sides.unstated[found.other as usize] = false;
        sides.feed_of[found.one as usize] = found.other;
    }
    let mut booked = pair(&sides.statement, &sides.ledger, (&sides.unbooked, &sides.unproven), LEDGER);
    // What is certain is settled; what the bank calls whom is learnt from all, and the others are held against each other again.
    parties::learn(&mut sides.statement, &sides.ledger, &booked.pairs);
    booked.pairs.retain(is_certain);
    sides.book(&booked.pairs);
    sides.pair_again(&mut booked, LEDGER);
    // What is still alone comes with the same other one each week or month, where the bank has another name for it.
    let alone = pair(&sides.statement, &sides.ledger, (&sides.unbooked, &sides.unproven), ANY_NAME);
    parties::learn_series(&mut sides.statement, &sides.ledger, &alone.pairs);
    sides.pair_again(&mut booked, LEDGER);
    report.capped = fed.capped + booked.capped;
    sides.doubled(&mut report);
    sides.without_statement(&mut report);
    sides.grouped(&mut report);
    sides.pair_again(&mut booked, LEFT_OVER);
    sides.nearly(&mut report);
    sides.triples(&fed, &booked, &mut report);
    sides.missing(&mut report);
    report
}

fn unproven(compared: Compared) -> Vec<String> {
    let said = [
        (compared.statement, "No statement was compared: what the bank really moved is not proven."),
        (compared.feed, "No feed lines were compared: whether Xero's feed is complete is not proven."),
        (compared.ledger, "No entries of the books were compared."),
    ];
    said.into_iter().filter(|(there, _)| !there).map(|(_, words)| words.to_owned()).collect()
}

/// A pair's points as thousandths.
fn per_mille(points: i32) -> u16 {
    u16::try_from(points.clamp(0, FULL) * 1000 / FULL).unwrap_or(0)
}

/// Much speaks for it and nothing comes near; or the names are the same, the days near, and nobody else of that amount has
/// the name; or nobody else has that amount around these days, and it is not one that others come to.
fn is_certain(pair: &Pair) -> bool {
    let Pair { evidence, margin, shared, .. } = pair;
    let (same_name, near) = (evidence.name.is_some_and(|alike| alike >= 230), evidence.later.abs() < NEAR_DAYS);
    evidence.points >= CERTAIN && *margin >= MARGIN
        || near && same_name && evidence.points >= NAMED && *margin >= NAMED_MARGIN
        || near && *shared == 1 && evidence.points >= ALONE
}

impl Sides<'_> {
    /// Pairs what is left of statement and ledger.
    fn pair_again(&mut self, booked: &mut Pairing, leeway: Leeway) {
        let again = pair(&self.statement, &self.ledger, (&self.unbooked, &self.unproven), leeway);
        self.book(&again.pairs);
        booked.pairs.extend(again.pairs);
    }

    /// Keeps pairs of statement and ledger.
    fn book(&mut self, pairs: &[Pair]) {
        for pair in pairs {
            (self.unbooked[pair.one as usize], self.unproven[pair.other as usize]) = (false, false);
            self.entry_of[pair.one as usize] = pair.other;
        }
    }

    /// Every statement row that is found in the feed, in the books or in both.
    fn triples(&self, fed: &Pairing, booked: &Pairing, report: &mut Report) {
        let mut by_row: Vec<(Option<&Pair>, Option<&Pair>)> = vec![(None, None); self.statement.len()];
        fed.pairs.iter().for_each(|pair| by_row[pair.one as usize].0 = Some(pair));
        booked.pairs.iter().for_each(|pair| by_row[pair.one as usize].1 = Some(pair));
        report.matches.reserve(by_row.len());
        for (at, found) in by_row.into_iter().enumerate() {
            let Some(main) = found.1.or(found.0).filter(|_| !self.told[at]) else { continue };
            let pairs = || [found.0, found.1].into_iter().flatten();
            let id = |columns: &Columns<'_>, pair: Option<&Pair>| -> Vec<String> {
                pair.iter().map(|pair| columns.row(pair.other as usize).id.clone()).collect()
            };
            report.matches.push(Match {
                statement: vec![self.statement.row(at).id.clone()],
                feed: id(&self.feed, found.0),
                ledger: id(&self.ledger, found.1),
                per_mille: per_mille(main.evidence.points),
                certain: pairs().all(is_certain),
                kind: MatchKind::OneToOne,
                reasons: main.evidence.reasons(main.shared as usize),
            });
        }
    }

    /// The feed rows of statement rows, by their ids.
    fn feed_ids(&self, of_bank: &[u32]) -> Vec<String> {
        let feed = of_bank.iter().map(|row| self.feed_of[*row as usize]).filter(|feed| *feed != NONE);
        feed.map(|feed| self.feed.row(feed as usize).id.clone()).collect()
    }

    /// Each double with all that the row it doubles is matched with.
    fn doubled(&mut self, report: &mut Report) {
        let statement_of_feed = inverse(&self.feed_of, self.feed.len());
        let statement_of_entry = inverse(&self.entry_of, self.ledger.len());
        let id = |columns: &Columns<'_>, row: u32| (row != NONE).then(|| columns.row(row as usize).id.clone());
        for Double { first, again } in doubles::find(&self.feed, &self.unstated) {
            self.unstated[again as usize] = false;
            let row = statement_of_feed[first as usize];
            let entry = if row == NONE { NONE } else { self.entry_of[row as usize] };
            report.findings.push(Finding {
                kind: FindingKind::DuplicateInFeed,
                statement: id(&self.statement, row).into_iter().collect(),
                feed: [first, again].into_iter().filter_map(|row| id(&self.feed, row)).collect(),
                ledger: id(&self.ledger, entry).into_iter().collect(),
            });
        }
        for Double { first, again } in doubles::find(&self.ledger, &self.unproven) {
            self.unproven[again as usize] = false;
            let row = statement_of_entry[first as usize];
            report.findings.push(Finding {
                kind: FindingKind::DuplicateInLedger,
                statement: id(&self.statement, row).into_iter().collect(),
                feed: if row == NONE { Vec::new() } else { self.feed_ids(&[row]) },
                ledger: [first, again].into_iter().filter_map(|row| id(&self.ledger, row)).collect(),
            });
        }
    }

    /// Feed and books agree, and the statement does not tell of it.
    fn without_statement(&mut self, report: &mut Report) {
        let found = pair(&self.feed, &self.ledger, (&self.unstated, &self.unproven), LEDGER);
        for pair in &found.pairs {
            (self.unstated[pair.one as usize], self.unproven[pair.other as usize]) = (false, false);
            let feed = vec![self.feed.row(pair.one as usize).id.clone()];
            let ledger = vec![self.ledger.row(pair.other as usize).id.clone()];
            report.matches.push(Match {
                statement: Vec::new(),
                feed: feed.clone(),
                ledger: ledger.clone(),
                per_mille: per_mille(pair.evidence.points),
                certain: is_certain(pair),
                kind: MatchKind::OneToOne,
                reasons: pair.evidence.reasons(pair.shared as usize),
            });
            report.findings.push(Finding {
                kind: FindingKind::MissingInStatement,
                statement: Vec::new(),
                feed,
                ledger,
            });
        }
    }

    fn grouped(&mut self, report: &mut Report) {
        let splits =
            groups::find(&self.statement, &self.ledger, (&mut self.unbooked, &mut self.unproven), groups::SPLIT);
        report.capped += splits.capped;
        for group in splits.groups {
            self.tell_group(&group, MatchKind::Split, report);
        }
        let merges =
            groups::find(&self.ledger, &self.statement, (&mut self.unproven, &mut self.unbooked), groups::MERGED);
        report.capped += merges.capped;
        for group in merges.groups {
            self.tell_group(&group, MatchKind::Merged, report);
        }
    }

    fn tell_group(&mut self, group: &Group, kind: MatchKind, report: &mut Report) {
        let (wholes, parts) = match kind {
            MatchKind::Merged => (&self.ledger, &self.statement),
            _ => (&self.statement, &self.ledger),
        };
        let whole = vec![wholes.row(group.whole as usize).id.clone()];
        let mut several = group.parts.clone();
        several.sort_unstable_by_key(|part| {
            let row = parts.row(*part as usize);
            (row.date, &row.id)
        });
        let ids: Vec<String> = several.iter().map(|part| parts.row(*part as usize).id.clone()).collect();
        let (statement, ledger, of_bank, finding) = match kind {
            MatchKind::Merged => (ids, whole, several, FindingKind::Merged),
            _ => (whole, ids, vec![group.whole], FindingKind::Split),
        };
        let feed = self.feed_ids(&of_bank);
        of_bank.iter().for_each(|row| self.told[*row as usize] = true);
        let (statements, feeds, ledgers) = (statement.clone(), feed.clone(), ledger.clone());
        report.findings.push(Finding { kind: finding, statement: statements, feed: feeds, ledger: ledgers });
        let reasons = vec!["the amounts come to the one exactly", group.bond.reason()];
        let per_mille = per_mille(group.points + 40);
        report.matches.push(Match { statement, feed, ledger, per_mille, certain: false, kind, reasons });
    }

    /// What is nearly the same money is told as such and is never certain.
    fn nearly(&mut self, report: &mut Report) {
        for near in
            near::find(&self.statement, &self.ledger, (&mut self.unbooked, &mut self.unproven), &mut report.capped)
        {
            let Near { one, other, nearly, points } = near;
            let (kind, reason) = match nearly {
                Nearly::Transposed => (FindingKind::TransposedDigits, "two digits of the amount are swapped"),
                Nearly::Fee => (FindingKind::BankFee, "the bank kept a fee back"),
                Nearly::Amount => (FindingKind::WrongAmount, "the books have another amount"),
                Nearly::Day => (FindingKind::DateOff, "the books have a day that is far off"),
            };
            let statement = vec![self.statement.row(one as usize).id.clone()];
            let ledger = vec![self.ledger.row(other as usize).id.clone()];
            let feed = self.feed_ids(&[one]);
            self.told[one as usize] = true;
            let finding = Finding { kind, statement: statement.clone(), feed: feed.clone(), ledger: ledger.clone() };
            report.findings.push(finding);
            let (per_mille, kind) = (per_mille(points), MatchKind::OneToOne);
            report.matches.push(Match {
                statement,
                feed,
                ledger,
                per_mille,
                certain: false,
                kind,
                reasons: vec![reason],
            });
        }
    }

    fn missing(&self, report: &mut Report) {
        for (at, entry) in self.entry_of.iter().copied().enumerate() {
            let row = self.statement.row(at);
            let statement = || vec![row.id.clone()];
            if self.unbooked[at] && report.compared.ledger {
                let kind = if is_charge(row) { FindingKind::BankFee } else { FindingKind::MissingInLedger };
                let feed = self.feed_ids(&[u32::try_from(at).unwrap_or(NONE)]);
                report.findings.push(Finding { kind, statement: statement(), feed, ledger: Vec::new() });
            }
            if self.feed_of[at] == NONE && report.compared.feed {
                let entries = (entry != NONE).then(|| self.ledger.row(entry as usize).id.clone());
                let ledger = entries.into_iter().collect();
                let kind = FindingKind::MissingInFeed;
                report.findings.push(Finding { kind, statement: statement(), feed: Vec::new(), ledger });
            }
        }
        if !report.compared.statement {
            return;
        }
        let kind = FindingKind::MissingInStatement;
        let none = Vec::new;
        for at in (0..self.feed.len()).filter(|at| self.unstated[*at]) {
            let feed = vec![self.feed.row(at).id.clone()];
            report.findings.push(Finding { kind, statement: none(), feed, ledger: none() });
        }
        for at in (0..self.ledger.len()).filter(|at| self.unproven[*at]) {
            let ledger = vec![self.ledger.row(at).id.clone()];
            report.findings.push(Finding { kind, statement: none(), feed: none(), ledger });
        }
    }
}

/// Where each row of one side is named by the other.
fn inverse(of: &[u32], rows: usize) -> Vec<u32> {
    let mut found = vec![NONE; rows];
    for (at, row) in (0..).zip(of).filter(|(_, row)| **row != NONE) {
        found[*row as usize] = at;
    }
    found
}

/// Whether the bank takes it for itself.
fn is_charge(row: &Row) -> bool {
    let mut said = false;
    for text in [&row.description, &row.payee, &row.reference] {
        words(text, |word| said |= charges(word));
    }
    said && row.amount.minor < 0
}
