//! A score as a table for people.

use std::fmt;

use crate::score::{Counts, Score};

impl fmt::Display for Score {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{:<22}{:>10}{:>10}{:>10}{:>11}{:>9}", "", "right", "given", "wanted", "precision", "recall")?;
        let rows = [
            ("statement - ledger", self.statement_ledger),
            ("  called certain", self.certain),
            ("statement - feed", self.statement_feed),
            ("groups", self.groups),
            ("  called certain", self.certain_groups),
        ];
        for (name, counts) in rows {
            line(to, name, counts)?;
        }
        for (kind, counts) in &self.findings {
            line(to, kind.as_str(), *counts)?;
        }
        writeln!(to, "rows used twice {}, unknown rows {}", self.rows_used_twice, self.unknown_rows)?;
        writeln!(to, "matches in two currencies {}, on two accounts {}", self.mixed_currencies, self.mixed_accounts)
    }
}

fn line(to: &mut fmt::Formatter<'_>, name: &str, counts: Counts) -> fmt::Result {
    let Counts { right, given, wanted } = counts;
    let (precision, recall) = (percent(counts.precision_per_mille()), percent(counts.recall_per_mille()));
    writeln!(to, "{name:<22}{right:>10}{given:>10}{wanted:>10}{precision:>11}{recall:>9}")
}

fn percent(per_mille: Option<u64>) -> String {
    per_mille.map_or_else(|| "-".to_owned(), |rate| format!("{}.{} %", rate / 10, rate % 10))
}
