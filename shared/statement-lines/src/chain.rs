//! Balances held against entries, and statements against each other.
//!
//! Owns the arithmetic of a file as a whole: opening and entries make the closing balance, a statement begins where the one
//! before it ended, and nothing counts twice. Never corrects anything.

use std::collections::{HashMap, HashSet};

use crate::model::{Balance, Reading, Statement, Status};
use crate::{Exact, Findings, ProblemCode};

/// Holds a whole reading against itself.
pub fn check(reading: &mut Reading) {
    let Reading { statements, findings } = reading;
    for statement in statements.iter() {
        check_sum(statement, findings);
        check_ids(statement, findings);
    }
    check_between(statements, findings);
}

/// The sum of what was booked; none where an amount is missing, or beyond 64 bits.
pub fn booked_sum(statement: &Statement) -> Option<Exact> {
    let booked = statement.entries.iter().filter(|entry| entry.status == Status::Booked);
    booked.map(|entry| entry.amount).try_fold(Exact::new(0, 0)?, |sum, amount| sum.try_add(amount?))
}

fn check_sum(statement: &Statement, findings: &mut Findings) {
    let (Some(opening), Some(closing)) = (statement.opening, statement.closing) else { return };
    if opening.currency != closing.currency {
        let words = "Opening and closing balance are in different currencies, so they prove nothing.";
        return findings.note(ProblemCode::CurrencyDiffers, statement.place, words);
    }
    let foreign = |currency| currency != opening.currency && opening.currency.is_some();
    if statement.entries.iter().any(|entry| entry.status == Status::Booked && foreign(entry.currency)) {
        let words = "Entries are in another currency than the balances, so the balances prove nothing.";
        return findings.note(ProblemCode::CurrencyDiffers, statement.place, words);
    }
    let reached = booked_sum(statement).and_then(|sum| opening.amount.try_add(sum));
    let gap = reached.and_then(|reached| closing.amount.try_sub(reached));
    match gap {
        Some(gap) if gap.is_zero() => (),
        Some(gap) => {
            let words = format!("The entries lead to a closing balance that is off by {gap}.");
            findings.note(ProblemCode::BalanceDiffers, statement.place, words);
        }
        None => {
            let words = "The closing balance cannot be proved: an amount of the statement could not be read.";
            findings.note(ProblemCode::BalanceDiffers, statement.place, words);
        }
    }
}

/// A bank's id on several entries identifies none of them.
fn check_ids(statement: &Statement, findings: &mut Findings) {
    let mut seen = HashSet::with_capacity(statement.entries.len());
    for entry in &statement.entries {
        let Some(id) = entry.id.as_deref() else { continue };
        if !seen.insert(id) {
            let words = "The bank gave this entry an id that another entry of the statement has too.";
            findings.note(ProblemCode::IdRepeated, entry.place, words);
        }
    }
}

fn check_between(statements: &[Statement], findings: &mut Findings) {
    if statements.len() < 2 {
        return;
    }
    let (mut last, mut whole, mut ids) = (HashMap::new(), HashSet::new(), HashMap::new());
    for (index, statement) in statements.iter().enumerate() {
        let account = statement.account.as_deref();
        let key = (account, statement.currency);
        let first = statement.entries.first().map(|entry| (entry.date, entry.amount.map(|amount| amount.to_string())));
        let identity = (key, statement.number.as_deref(), written(statement.closing), statement.entries.len(), first);
        if statement.closing.is_some() && !statement.entries.is_empty() && !whole.insert(identity) {
            let words = "The same statement stands earlier in the file: its entries would count twice.";
            findings.note(ProblemCode::StatementRepeated, statement.place, words);
            continue;
        }
        check_repeated(index, statement, &mut ids, findings);
        if let Some(before) = last.insert(key, statement.closing).flatten()
            && statement.opening.is_some_and(|opening| differs(before, opening))
        {
            let words = "This statement does not begin with the balance that the one before it ended with.";
            findings.note(ProblemCode::StatementGap, statement.place, words);
        }
    }
}

fn differs(before: Balance, opening: Balance) -> bool {
    before.currency == opening.currency && before.amount != opening.amount
}

fn written(balance: Option<Balance>) -> Option<String> {
    balance.map(|balance| format!("{} {:?}", balance.amount, balance.date))
}

/// Overlapping statements have entries with the same id, account, date and amount.
fn check_repeated<'s>(
    index: usize,
    statement: &'s Statement,
    ids: &mut HashMap<(Option<&'s str>, &'s str), usize>,
    findings: &mut Findings,
) {
    let mut repeated = 0_usize;
    for entry in &statement.entries {
        let Some(id) = entry.id.as_deref() else { continue };
        let first = *ids.entry((statement.account.as_deref(), id)).or_insert(index);
        repeated += usize::from(first != index);
    }
    if repeated > 0 {
        let words = format!("{repeated} entries have an id that an earlier statement of the file has too.");
        findings.note(ProblemCode::EntriesRepeated, statement.place, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Entry;

    fn exact(units: i64) -> Exact {
        Exact::new(units, 2).unwrap()
    }

    fn statement(opening: i64, amounts: &[i64], closing: i64) -> Statement {
        let balance = |units| Some(Balance { amount: exact(units), currency: "EUR".parse().ok(), date: None });
        let entry = |units: &i64| Entry {
            amount: Some(exact(*units)),
            currency: "EUR".parse().ok(),
            id: Some(format!("{opening}-{units}")),
            ..Entry::default()
        };
        Statement {
            account: Some("A".into()),
            opening: balance(opening),
            closing: balance(closing),
            entries: amounts.iter().map(entry).collect(),
            ..Statement::default()
        }
    }

    #[track_caller]
    fn check_codes(statements: Vec<Statement>, expected: &[ProblemCode]) {
        let mut reading = Reading { statements, findings: Findings::default() };
        check(&mut reading);
        let codes: Vec<_> = reading.findings.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn what_adds_up_is_silent_and_what_does_not_is_told() {
        use ProblemCode::*;
        check_codes(vec![statement(100, &[-30, 5], 75), statement(75, &[1], 76)], &[]);
        check_codes(vec![statement(100, &[-30], 75)], &[BalanceDiffers]);
        check_codes(vec![statement(100, &[5], 105), statement(100, &[5], 105)], &[StatementRepeated]);
        check_codes(vec![statement(0, &[5], 5), statement(6, &[1], 7)], &[StatementGap]);
        check_codes(vec![statement(0, &[5, 5], 10)], &[IdRepeated]);
        let mut overlap = statement(5, &[1], 6);
        overlap.entries[0].id = Some("0-5".into());
        check_codes(vec![statement(0, &[5], 5), overlap], &[EntriesRepeated]);
        let mut unread = statement(0, &[5], 5);
        unread.entries[0].amount = None;
        check_codes(vec![unread], &[BalanceDiffers]);
    }
}
