//! The lines of an account, out of all its files.
//!
//! A line that stands in several files is one line. Overlapping files are the rule: people export the last three months
//! every month.

use std::collections::BTreeMap;

use documents::kept::kept;
use documents::{DocumentError, Doors};
use kernel::{Date, Money, OrganisationRef, StatementId};
use tracing::warn;

use crate::line::BankLine;
use crate::row::{FileState, StatementFile, Summary, Teller, lines_key};

/// Bytes of the lines of one file; each is some 200.
const LINES_BYTES_MAX: usize = 192 << 20;

/// Lines of an account from one day to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountLines {
    /// By day, then by id.
    pub lines: Vec<BankLine>,
    /// How many files they are from.
    pub files: usize,
    /// Days between two files that no file has lines of, and whose balances do not show that nothing happened: from, to.
    pub gaps: Vec<(Date, Date)>,
}

/// What one file covers.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Date,
    to: Date,
    opening: Option<Money>,
    closing: Option<Money>,
}

/// The lines of one file.
pub async fn file_lines(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    id: StatementId,
) -> Result<Vec<BankLine>, DocumentError> {
    let lines: Option<Vec<BankLine>> = kept(doors, &lines_key(whose, id), LINES_BYTES_MAX).await?;
    if lines.is_none() {
        warn!(tenant.id = %whose.tenant, statement.id = %id, "The lines of a statement are not in the storage");
    }
    Ok(lines.unwrap_or_default())
}

/// What was read of a file, if it speaks.
fn spoken(file: &StatementFile) -> Option<&Summary> {
    match &file.state {
        FileState::Read(summary) => Some(summary),
        _ => None,
    }
}

/// The days that a file's statements of the account cover, with the first and the last balance.
fn covered(summary: &Summary) -> Option<Span> {
    let taken = || summary.statements.iter().filter(|statement| statement.taken);
    let first = taken().filter_map(|each| Some((each.days?.0, each.opening))).min_by_key(|(from, _)| *from)?;
    let last = taken().filter_map(|each| Some((each.days?.1, each.closing))).max_by_key(|(to, _)| *to)?;
    Some(Span { from: first.0, to: last.0, opening: first.1, closing: last.1 })
}

/// The lines of an account that one teller tells in some files, from one day to another, both included.
pub async fn account_lines(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    files: &[StatementFile],
    (account, teller): (&str, Teller),
    days: (Date, Date),
) -> Result<AccountLines, DocumentError> {
    let ours = files.iter().filter(|file| file.account == account && file.teller == teller);
    let mut found = AccountLines::default();
    let mut known: BTreeMap<(Date, String), BankLine> = BTreeMap::new();
    let mut spans = Vec::new();
    for file in ours {
        let Some(span) = spoken(file).and_then(covered) else { continue };
        if span.to < days.0 || days.1 < span.from {
            continue;
        }
        for line in file_lines(doors, whose, file.id).await? {
            if (days.0..=days.1).contains(&line.date) {
                known.insert((line.date, line.id.clone()), line);
            }
        }
        spans.push(span);
        found.files += 1;
    }
    found.gaps = gaps(spans);
    found.lines = known.into_values().collect();
    Ok(found)
}

/// Days between spans that do not begin with what the one before ended with.
fn gaps(mut spans: Vec<Span>) -> Vec<(Date, Date)> {
    spans.sort_unstable_by_key(|span| (span.from, span.to));
    let (mut found, mut reached) = (Vec::new(), None::<Span>);
    for span in spans {
        let Some(before) = reached else {
            reached = Some(span);
            continue;
        };
        let joined = before.closing.is_some() && before.closing == span.opening;
        if let (Ok(next), Ok(last), false) = (before.to.tomorrow(), span.from.yesterday(), joined)
            && next <= last
        {
            found.push((next, last));
        }
        reached = Some(if before.to < span.to { span } else { before });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn span(from: &str, to: &str) -> Span {
        Span { from: day(from), to: day(to), opening: None, closing: None }
    }

    #[test]
    fn days_that_no_statement_covers_are_named() {
        let spans =
            vec![span("2026-03-02", "2026-03-31"), span("2026-01-01", "2026-01-31"), span("2026-01-15", "2026-02-10")];
        assert_eq!(gaps(spans), [(day("2026-02-11"), day("2026-03-01"))]);
        assert_eq!(gaps(vec![span("2026-01-01", "2026-01-31"), span("2026-02-01", "2026-02-28")]), []);
    }

    #[test]
    fn balances_that_join_show_that_nothing_happened_between() {
        let money = |minor| Some(Money::new(minor, "GBP".parse().unwrap()));
        let january = Span { closing: money(7), ..span("2026-01-02", "2026-01-30") };
        let march = |minor| Span { opening: money(minor), ..span("2026-03-02", "2026-03-31") };
        assert_eq!(gaps(vec![january, march(7)]), []);
        assert_eq!(gaps(vec![january, march(8)]), [(day("2026-01-31"), day("2026-03-01"))]);
    }
}
