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
use crate::report::{Finding, FindingKind, Match, MatchKind, Report};
use crate::row::Row;
use crate::score::{CERTAIN, Days, FEED, FULL, LEDGER, MARGIN, NAMED, NAMED_MARGIN};
use crate::words::words;

/// The ledger seen from a whole that stands there.
const FROM_LEDGER: Days = Days {
    earlier: LEDGER.later,
    later: LEDGER.earlier,
    cost_earlier: LEDGER.cost_later,
    cost_later: LEDGER.cost_earlier,
};
/// Words of a bank's own charges.
const CHARGES: &[&str] = &[
    "fee",
    "fees",
    "charge",
    "charges",
    "commission",
    "gebuehr",
    "gebuehren",
    "entgelt",
    "frais",
    "comision",
    "kosten",
];

/// The three sides, and what of them is still to be explained.
struct Sides<'r> {
    statement: Columns<'r>,
    feed: Columns<'r>,
    ledger: Columns<'r>,
    /// Statement rows without an entry.
    unbooked: Free,
    /// Entries without a statement row.
    unproven: Free,
    /// Feed rows without a statement row.
    unstated: Free,
}

/// Holds the three sides against each other. A side without rows was not compared, and is said to be.
pub fn reconcile(statement: &[Row], feed: &[Row], ledger: &[Row]) -> Report {
    let books = Books::of([statement, feed, ledger]);
    let mut sides = Sides {
        statement: Columns::of(statement, &books, false),
        feed: Columns::of(feed, &books, true),
        ledger: Columns::of(ledger, &books, false),
        unbooked: vec![true; statement.len()],
        unproven: vec![true; ledger.len()],
        unstated: vec![true; feed.len()],
    };
    let mut report = Report { unproven: unproven(statement, feed, ledger), ..Report::default() };
    let fed = pair(&sides.statement, &sides.feed, (&vec![true; statement.len()], &sides.unstated), FEED);
    for found in &fed.pairs {
        sides.statement.learn(found.one as usize, &sides.feed, found.other as usize);
        sides.unstated[found.other as usize] = false;
    }
    let booked = pair(&sides.statement, &sides.ledger, (&sides.unbooked, &sides.unproven), LEDGER);
    for found in &booked.pairs {
        (sides.unbooked[found.one as usize], sides.unproven[found.other as usize]) = (false, false);
    }
    report.capped = fed.capped + booked.capped;
    sides.triples(&fed, &booked, &mut report);
    sides.doubled(&mut report);
    sides.without_statement(&mut report);
    sides.grouped(&fed, &mut report);
    sides.nearly(&mut report);
    sides.missing(&fed, &mut report);
    report
}

fn unproven(statement: &[Row], feed: &[Row], ledger: &[Row]) -> Vec<String> {
    let said = [
        (statement.is_empty(), "No statement was compared: what the bank really moved is not proven."),
        (feed.is_empty(), "No feed lines were compared: whether Xero's feed is complete is not proven."),
        (ledger.is_empty(), "No entries of the books were compared."),
    ];
    said.into_iter().filter(|(absent, _)| *absent).map(|(_, words)| words.to_owned()).collect()
}

/// A pair's points as thousandths.
fn per_mille(points: i32) -> u16 {
    u16::try_from(points.clamp(0, FULL) * 1000 / FULL).unwrap_or(0)
}

/// Much speaks for it and nothing comes near; or the names are the same and nobody else of that amount has the name.
fn is_certain(pair: &Pair) -> bool {
    let evidence = &pair.evidence;
    let alone =
        evidence.points >= NAMED && pair.margin >= NAMED_MARGIN && evidence.name.is_some_and(|alike| alike >= 230);
    evidence.points >= CERTAIN && pair.margin >= MARGIN || alone
}

impl Sides<'_> {
    /// Every statement row that is found in the feed, in the books or in both.
    fn triples(&self, fed: &Pairing, booked: &Pairing, report: &mut Report) {
        let mut by_row: Vec<(Option<&Pair>, Option<&Pair>)> = vec![(None, None); self.statement.len()];
        fed.pairs.iter().for_each(|pair| by_row[pair.one as usize].0 = Some(pair));
        booked.pairs.iter().for_each(|pair| by_row[pair.one as usize].1 = Some(pair));
        for (at, found) in by_row.into_iter().enumerate() {
            let Some(main) = found.1.or(found.0) else { continue };
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

    fn doubled(&mut self, report: &mut Report) {
        let mut tell = |kind, columns: &Columns<'_>, free: &mut Free| {
            for Double { again } in doubles::find(columns, free) {
                free[again as usize] = false;
                let ids = vec![columns.row(again as usize).id.clone()];
                let (feed, ledger) =
                    if kind == FindingKind::DuplicateInFeed { (ids, Vec::new()) } else { (Vec::new(), ids) };
                report.findings.push(Finding { kind, statement: Vec::new(), feed, ledger });
            }
        };
        tell(FindingKind::DuplicateInFeed, &self.feed, &mut self.unstated);
        tell(FindingKind::DuplicateInLedger, &self.ledger, &mut self.unproven);
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

    fn grouped(&mut self, fed: &Pairing, report: &mut Report) {
        let splits = groups::find(&self.statement, &self.ledger, (&mut self.unbooked, &mut self.unproven), LEDGER);
        for group in splits {
            self.tell_group(&group, MatchKind::Split, fed, report);
        }
        let merges = groups::find(&self.ledger, &self.statement, (&mut self.unproven, &mut self.unbooked), FROM_LEDGER);
        for group in merges {
            self.tell_group(&group, MatchKind::Merged, fed, report);
        }
    }

    fn tell_group(&self, group: &Group, kind: MatchKind, fed: &Pairing, report: &mut Report) {
        let (wholes, parts) = match kind {
            MatchKind::Merged => (&self.ledger, &self.statement),
            _ => (&self.statement, &self.ledger),
        };
        let whole = vec![wholes.row(group.whole as usize).id.clone()];
        let mut rows: Vec<&Row> = group.parts.iter().map(|part| parts.row(*part as usize)).collect();
        rows.sort_unstable_by_key(|row| (row.date, &row.id));
        let several: Vec<String> = rows.into_iter().map(|row| row.id.clone()).collect();
        let (statement, ledger, of_bank, finding) = match kind {
            MatchKind::Merged => (several, whole, group.parts.clone(), FindingKind::Merged),
            _ => (whole, several, vec![group.whole], FindingKind::Split),
        };
        let feed_of = |row: &u32| fed.pairs.binary_search_by_key(row, |pair| pair.one).ok();
        let feed: Vec<String> = of_bank
            .iter()
            .filter_map(feed_of)
            .map(|at| self.feed.row(fed.pairs[at].other as usize).id.clone())
            .collect();
        // The one-to-one match with the feed alone is part of the group now.
        report
            .matches
            .retain(|known| !(known.ledger.is_empty() && known.statement.iter().any(|id| statement.contains(id))));
        report.findings.push(Finding {
            kind: finding,
            statement: statement.clone(),
            feed: feed.clone(),
            ledger: ledger.clone(),
        });
        let reasons = vec!["the amounts come to the one exactly", "they share a name or a number"];
        let per_mille = per_mille(group.points + 40);
        report.matches.push(Match { statement, feed, ledger, per_mille, certain: false, kind, reasons });
    }

    fn nearly(&mut self, report: &mut Report) {
        for near in near::find(&self.statement, &self.ledger, (&mut self.unbooked, &mut self.unproven)) {
            let Near { one, other, nearly, .. } = near;
            let kind = match nearly {
                Nearly::Transposed => FindingKind::TransposedDigits,
                Nearly::Fee => FindingKind::BankFee,
                Nearly::Amount => FindingKind::WrongAmount,
                Nearly::Day => FindingKind::DateOff,
            };
            report.findings.push(Finding {
                kind,
                statement: vec![self.statement.row(one as usize).id.clone()],
                feed: Vec::new(),
                ledger: vec![self.ledger.row(other as usize).id.clone()],
            });
        }
    }

    fn missing(&self, fed: &Pairing, report: &mut Report) {
        let mut in_feed = vec![false; self.statement.len()];
        fed.pairs.iter().for_each(|pair| in_feed[pair.one as usize] = true);
        for (at, is_fed) in in_feed.into_iter().enumerate() {
            let row = self.statement.row(at);
            let mut tell = |kind| report.findings.push(of_statement(kind, row));
            if self.unbooked[at] && self.ledger.len() > 0 {
                tell(if is_charge(row) { FindingKind::BankFee } else { FindingKind::MissingInLedger });
            }
            if !is_fed && self.feed.len() > 0 {
                tell(FindingKind::MissingInFeed);
            }
        }
        if self.statement.len() == 0 {
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

fn of_statement(kind: FindingKind, row: &Row) -> Finding {
    Finding { kind, statement: vec![row.id.clone()], feed: Vec::new(), ledger: Vec::new() }
}

/// Whether the bank takes it for itself.
fn is_charge(row: &Row) -> bool {
    let mut said = false;
    for text in [&row.description, &row.payee, &row.reference] {
        words(text, |word| said |= CHARGES.iter().any(|charge| charge.as_bytes() == word));
    }
    said && row.amount.minor < 0
}
