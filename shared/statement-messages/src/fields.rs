//! Fields of a message as values, with a problem where they are none.
//!
//! Owns the wording of those problems, so that every format says the same thing in the same words.

use kernel::Currency;
use statement_lines::model::{ENTRIES_MAX, Reading, STATEMENTS_MAX, Statement};
use statement_lines::numeral::NumeralError;
use statement_lines::{Exact, Findings, Place, ProblemCode};

/// An amount in a currency; none, with a problem, where it is none.
pub(crate) fn amount(
    read: Result<Exact, NumeralError>,
    currency: Option<Currency>,
    place: Place,
    findings: &mut Findings,
) -> Option<Exact> {
    match read {
        Ok(exact) => {
            let (exact, finer) = exact.fitted(currency);
            if finer {
                let words = "This amount has more decimals than its currency; it stays as it is written.";
                findings.note(ProblemCode::AmountTooFine, place, words);
            }
            Some(exact)
        }
        Err(NumeralError::MarkOpen) => {
            let words = "This amount can be read in two ways: say which mark parts thousands and which decimals.";
            findings.note(ProblemCode::DecimalMarkOpen, place, words);
            None
        }
        Err(error) => {
            findings.note(ProblemCode::AmountUnreadable, place, format!("This amount {error}."));
            None
        }
    }
}

/// A currency's code; none, with a problem, where it is none.
pub(crate) fn currency(text: &str, place: Place, findings: &mut Findings) -> Option<Currency> {
    let code = text.trim();
    let currency = code.parse().or_else(|_| code.to_ascii_uppercase().parse()).ok();
    if currency.is_none() && !code.is_empty() {
        findings.note(ProblemCode::CurrencyUnknown, place, "This is no currency's code.");
    }
    currency
}

/// A date that could not be read.
pub(crate) fn bad_date(place: Place, findings: &mut Findings) {
    findings.note(ProblemCode::DateUnreadable, place, "This date is no day that there is, or is missing.");
}

/// Whether one entry more is too many for one file; then it says so, once.
pub(crate) fn is_full(entries: &mut usize, place: Place, reading: &mut Reading) -> bool {
    *entries += 1;
    if *entries == ENTRIES_MAX + 1 {
        let words = format!("The file has more than {ENTRIES_MAX} entries; this one and all after it were left out.");
        reading.findings.note(ProblemCode::LimitReached, place, words);
    }
    *entries > ENTRIES_MAX
}

/// Keeps a statement; beyond the limit it is left out, and that is said, once.
pub(crate) fn keep(statement: Statement, reading: &mut Reading) {
    if reading.statements.len() < STATEMENTS_MAX {
        return reading.statements.push(statement);
    }
    let said = |problem: &statement_lines::Problem| problem.code == ProblemCode::LimitReached;
    if !reading.findings.problems.last().is_some_and(said) {
        let words = format!("The file has more than {STATEMENTS_MAX} statements; this one and more were left out.");
        reading.findings.note(ProblemCode::LimitReached, statement.place, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_beyond_the_limit_are_left_out_and_said_once() {
        let (mut reading, mut entries) = (Reading::default(), ENTRIES_MAX - 1);
        let full: Vec<bool> = (0..4).map(|_| is_full(&mut entries, Place::at(1, 0), &mut reading)).collect();
        assert_eq!(full, [false, true, true, true]);
        assert_eq!(reading.findings.problems.len(), 1);
    }
}
