//! What a report suggests: something that a person does for each thing that is not as it should be.

use std::collections::BTreeMap;

use banking::{Finding, FindingKind, Match, MatchKind, Report, Row};
use kernel::Timestamp;

use crate::prefill::Known;
use crate::sides::Sides;
use crate::suggestion::{EntryView, LineView, Suggestion, SuggestionKind, SuggestionState, id_of};

/// Suggests for every match and finding, by id.
pub fn suggest(
    account: &str,
    sides: &Sides,
    report: &Report,
    known: &Known,
    now: Timestamp,
) -> BTreeMap<String, Suggestion> {
    let feed: BTreeMap<&str, &Row> = sides.feed.iter().map(|row| (row.id.as_str(), row)).collect();
    let maker = Maker { account, sides, feed, known, now };
    let links = report.matches.iter().filter_map(|found| maker.of_match(found));
    let rest = report.findings.iter().filter_map(|found| maker.of_finding(found));
    links.chain(rest).map(|suggestion| (suggestion.id.clone(), suggestion)).collect()
}

struct Maker<'a> {
    account: &'a str,
    sides: &'a Sides,
    feed: BTreeMap<&'a str, &'a Row>,
    known: &'a Known,
    now: Timestamp,
}

impl Maker<'_> {
    fn lines(&self, ids: &[String]) -> Vec<LineView> {
        ids.iter().filter_map(|id| self.sides.lines.get(id)).map(LineView::of).collect()
    }

    fn fed(&self, ids: &[String]) -> Vec<LineView> {
        let view = |row: &&Row| LineView {
            id: row.id.clone(),
            date: row.date,
            amount: row.amount,
            payee: row.payee.clone(),
            description: row.description.clone(),
            reference: row.reference.clone(),
        };
        ids.iter().filter_map(|id| self.feed.get(id.as_str())).map(view).collect()
    }

    fn entries(&self, ids: &[String]) -> Vec<EntryView> {
        ids.iter().filter_map(|id| self.sides.books.get(id)).map(EntryView::of).collect()
    }

    fn suggestion(&self, kind: SuggestionKind, lines: Vec<LineView>, entries: Vec<EntryView>) -> Suggestion {
        Suggestion {
            id: id_of(self.account, kind, &lines, &entries),
            account: self.account.to_owned(),
            kind,
            lines,
            entries,
            per_mille: 0,
            certain: false,
            reasons: Vec::new(),
            proposal: None,
            found_at: self.now,
            state: SuggestionState::Open,
        }
    }

    /// A link that Xero does not have yet.
    fn of_match(&self, found: &Match) -> Option<Suggestion> {
        let entries = self.entries(&found.ledger);
        if found.statement.is_empty() || entries.iter().all(|entry| entry.reconciled) {
            return None;
        }
        let mut reasons: Vec<String> = found.reasons.iter().map(|reason| (*reason).to_owned()).collect();
        match found.kind {
            MatchKind::OneToOne => (),
            MatchKind::Split => reasons.push("one line stands for several entries".to_owned()),
            MatchKind::Merged => reasons.push("several lines stand for one entry".to_owned()),
        }
        let made = self.suggestion(SuggestionKind::Link, self.lines(&found.statement), entries);
        Some(Suggestion { per_mille: found.per_mille, certain: found.certain, reasons, ..made })
    }

    fn of_finding(&self, found: &Finding) -> Option<Suggestion> {
        let (lines, entries) = (self.lines(&found.statement), self.entries(&found.ledger));
        let (kind, lines, reason) = match found.kind {
            FindingKind::MissingInLedger => (SuggestionKind::Post, lines, "the line is not in the books"),
            FindingKind::BankFee if entries.is_empty() => {
                (SuggestionKind::Post, lines, "the bank took a fee that is not in the books")
            }
            FindingKind::BankFee => {
                (SuggestionKind::CorrectAmount, lines, "the amounts differ by what looks like a fee of the bank's")
            }
            FindingKind::WrongAmount => (SuggestionKind::CorrectAmount, lines, "the amounts differ"),
            FindingKind::TransposedDigits => {
                (SuggestionKind::CorrectAmount, lines, "two digits of the amount are swapped")
            }
            FindingKind::DateOff => (SuggestionKind::CorrectDate, lines, "the days lie further apart than is usual"),
            FindingKind::DuplicateInLedger => {
                (SuggestionKind::RemoveDuplicate, lines, "the books have it twice, the bank once")
            }
            FindingKind::MissingInStatement if !entries.is_empty() => {
                (SuggestionKind::NotInStatement, lines, "the bank does not tell of it")
            }
            FindingKind::MissingInFeed => (SuggestionKind::ImportLine, lines, "Xero's bank feed does not tell of it"),
            FindingKind::DuplicateInFeed => (
                SuggestionKind::RemoveFeedDuplicate,
                self.fed(&found.feed),
                "Xero's bank feed has it twice, the bank once",
            ),
            // Matches say it already; and what the feed alone has, a next statement tells.
            FindingKind::Split | FindingKind::Merged | FindingKind::MissingInStatement => return None,
        };
        if lines.is_empty() && entries.is_empty() {
            return None;
        }
        let proposal = match (kind, lines.as_slice()) {
            (SuggestionKind::Post, [line]) => Some(self.known.propose(line)),
            _ => None,
        };
        let made = self.suggestion(kind, lines, entries);
        Some(Suggestion { reasons: vec![reason.to_owned()], proposal, ..made })
    }
}
