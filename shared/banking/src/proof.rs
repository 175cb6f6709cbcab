//! The balance proof: day by day, how far bank and books are apart, and by what.
//!
//! Owns that every penny of the difference has a name: money in transit between two days, or a finding. What is left would be
//! a mistake of the matcher's own, and is shown rather than spread.

use std::collections::{BTreeMap, HashMap};

use kernel::{Currency, Date, Money, MoneyError};

use crate::report::{FindingKind, Report};
use crate::row::Row;

/// One account at the end of one day. All amounts run up from the first row on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The account.
    pub account: String,
    /// The day.
    pub date: Date,
    /// What the bank moved.
    pub statement: Money,
    /// What the books have.
    pub ledger: Money,
    /// The first less the second.
    pub difference: Money,
    /// Of that, matched money that the sides have on different days.
    pub in_transit: Money,
    /// Of that, by what is not as it should be.
    pub findings: BTreeMap<FindingKind, Money>,
    /// Of that, what nothing explains.
    pub residual: Money,
}

/// What a row is explained by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Because {
    Matched,
    Found(FindingKind),
}

/// Money of one day, whether the bank moved it, and what it is explained by.
type Moved = (Money, bool, Option<Because>);

/// Every day on which an account moved on either side, in order of account, currency and day. None where a side was not
/// compared.
pub fn days(statement: &[Row], ledger: &[Row], report: &Report) -> Result<Vec<Day>, MoneyError> {
    if !report.compared.statement || !report.compared.ledger {
        return Ok(Vec::new());
    }
    let (of_bank, of_books) = explained(report);
    let mut moved: BTreeMap<(&str, Currency), BTreeMap<Date, Vec<Moved>>> = BTreeMap::new();
    for (rows, because, is_bank) in [(statement, &of_bank, true), (ledger, &of_books, false)] {
        for row in rows {
            let days = moved.entry((&row.account, row.amount.currency)).or_default();
            let known = because.get(row.id.as_str()).copied();
            days.entry(row.date).or_default().push((row.amount, is_bank, known));
        }
    }
    let mut shown = Vec::new();
    for ((account, currency), days) in moved {
        let zero = Money::zero(currency);
        let mut day = Day {
            account: account.to_owned(),
            date: Date::MIN,
            statement: zero,
            ledger: zero,
            difference: zero,
            in_transit: zero,
            findings: BTreeMap::new(),
            residual: zero,
        };
        for (date, rows) in days {
            day.date = date;
            for (amount, is_bank, because) in rows {
                day.take(amount, is_bank, because)?;
            }
            shown.push(day.clone());
        }
    }
    Ok(shown)
}

impl Day {
    fn take(&mut self, amount: Money, is_bank: bool, because: Option<Because>) -> Result<(), MoneyError> {
        let side = if is_bank { &mut self.statement } else { &mut self.ledger };
        *side = side.try_add(amount)?;
        let amount = if is_bank { amount } else { amount.try_neg()? };
        self.difference = self.difference.try_add(amount)?;
        let part = match because {
            Some(Because::Matched) => &mut self.in_transit,
            Some(Because::Found(kind)) => self.findings.entry(kind).or_insert(Money::zero(amount.currency)),
            None => &mut self.residual,
        };
        *part = part.try_add(amount)?;
        if let Some(Because::Found(kind)) = because
            && self.findings.get(&kind).is_some_and(|part| part.is_zero())
        {
            self.findings.remove(&kind);
        }
        Ok(())
    }
}

fn doubles(kind: FindingKind) -> bool {
    matches!(kind, FindingKind::DuplicateInFeed | FindingKind::DuplicateInLedger)
}

type Explained<'r> = HashMap<&'r str, Because>;

/// What each row of bank and books is explained by: a finding about what it is, else a match that has both.
fn explained(report: &Report) -> (Explained<'_>, Explained<'_>) {
    let (mut of_bank, mut of_books) = (Explained::new(), Explained::new());
    // A group comes to nothing, and that the feed lacks or doubles a row says nothing about bank and books.
    let apart = |kind| !matches!(kind, FindingKind::Split | FindingKind::Merged | FindingKind::MissingInFeed);
    for found in report.findings.iter().filter(|found| apart(found.kind)) {
        let skipped = match found.kind {
            // Of two doubles the first is matched, and the other is the finding.
            FindingKind::DuplicateInLedger => 1,
            FindingKind::DuplicateInFeed => found.ledger.len(),
            _ => 0,
        };
        let ledger = found.ledger.iter().skip(skipped);
        of_books.extend(ledger.map(|id| (id.as_str(), Because::Found(found.kind))));
        // What a double doubles is as it should be.
        let bank = found.statement.iter().filter(|_| !doubles(found.kind));
        of_bank.extend(bank.map(|id| (id.as_str(), Because::Found(found.kind))));
    }
    for found in report.matches.iter().filter(|found| !found.statement.is_empty() && !found.ledger.is_empty()) {
        for (ids, because) in [(&found.statement, &mut of_bank), (&found.ledger, &mut of_books)] {
            for id in ids {
                because.entry(id).or_insert(Because::Matched);
            }
        }
    }
    (of_bank, of_books)
}
