//! What each column of a table is.
//!
//! Owns the decision: by the header's words where what stands in the column fits them, else by the column alone, and for
//! amounts by the balance that they lead to. Says why, and leaves open what nothing decides.

use kernel::Currency;
use statement_lines::dates::{self, DateOrder};
use statement_lines::numeral::{Mark, Numeral, Votes};
use statement_lines::{Exact, Findings, ProblemCode};

use crate::columns::{Facts, Layout};
use crate::grid::Grid;
use crate::profile::{Profile, Role, Sign};
use crate::proof::{self, Proof};
use crate::words;

/// Rows that a search for the balance column looks at.
const PROOF_ROWS_MAX: usize = 200;
/// Columns of amounts that it tries.
const PROOF_COLUMNS_MAX: usize = 6;

/// Reads a profile out of a table. Questions that it leaves open are noted.
pub(crate) fn detect(grid: &Grid<'_>, layout: &Layout, facts: &[Facts], findings: &mut Findings) -> Profile {
    let mut profile = Profile {
        delimiter: None,
        header: header(grid, layout),
        roles: vec![Role::Text; layout.width],
        date_order: None,
        decimal_mark: None,
        sign: Sign::AsWritten,
        currency: None,
        evidence: Vec::new(),
    };
    let mut open: Vec<usize> = by_words(&mut profile, facts);
    by_content(&mut profile, facts, &mut open);
    decide_mark(&mut profile, grid, layout, facts, findings);
    if profile.column(Role::Amount).is_none() && profile.column(Role::Debit).is_none() {
        by_balance(&mut profile, grid, layout, facts, &open, findings);
    }
    decide_order(&mut profile, grid, layout, facts, findings);
    profile.currency = layout.header.and_then(|row| headed_currency(&profile, grid, row));
    profile
}

/// The currency that a header of amounts names, as in `Amount (EUR)`.
fn headed_currency(profile: &Profile, grid: &Grid<'_>, row: usize) -> Option<Currency> {
    let money = |role: Role| matches!(role, Role::Amount | Role::Debit | Role::Credit | Role::Balance);
    let columns = profile.roles.iter().enumerate().filter(|(_, role)| money(**role));
    let mut words =
        columns.flat_map(|(column, _)| grid.cell(row, column).split(|letter: char| !letter.is_alphabetic()));
    words.find(|word| clues::currencies::known(word))?.parse().ok()
}

/// The header, folded; empty where there is none.
pub(crate) fn header(grid: &Grid<'_>, layout: &Layout) -> Vec<String> {
    layout.header.map(|row| grid.cells(row).map(words::fold).collect()).unwrap_or_default()
}

/// Roles that the header's words give; the columns that remain.
fn by_words(profile: &mut Profile, facts: &[Facts]) -> Vec<usize> {
    let mut open = Vec::new();
    let header = profile.header.clone();
    for (column, facts) in facts.iter().enumerate() {
        let word = header.get(column).map(String::as_str).unwrap_or_default();
        let free = |role: Role| profile.column(role).is_none();
        match words::roles(word).find(|role| fits(*role, word, facts) && free(*role)) {
            Some(role) => profile.roles[column] = role,
            None => open.push(column),
        }
    }
    if header.len() > open.len() {
        profile.because("columns", "The header names its columns, and what stands in them fits.", 90);
    }
    open
}

fn fits(role: Role, word: &str, facts: &Facts) -> bool {
    match role {
        Role::Date | Role::ValueDate => facts.filled == 0 || facts.mostly(facts.dates),
        Role::Amount | Role::Debit | Role::Credit | Role::Balance => facts.filled == 0 || facts.mostly(facts.numbers),
        Role::Side => facts.mostly(facts.sides),
        Role::Currency => facts.mostly(facts.currencies),
        Role::Account if words::is_own_account(word) => facts.filled > 0,
        Role::Account => facts.same && facts.filled > 0 && !words::is_others_account(word),
        _ => true,
    }
}

/// Roles of the remaining columns that their cells alone give: dates, sides, currencies, kinds.
fn by_content(profile: &mut Profile, facts: &[Facts], open: &mut Vec<usize>) {
    if profile.column(Role::Date).is_none()
        && let Some(only) = profile.column(Role::ValueDate)
    {
        profile.roles[only] = Role::Date;
        profile.because("columns", "The only date is the value date; it was taken for the booking date.", 80);
    }
    let headed = !profile.header.is_empty();
    open.retain(|column| {
        let facts = &facts[*column];
        let role = if facts.mostly(facts.dates) {
            [Role::Date, Role::ValueDate].into_iter().find(|role| profile.column(*role).is_none())
        } else if facts.mostly(facts.currencies) && facts.currencies == facts.filled {
            Some(Role::Currency)
        } else if !headed && facts.filled > 0 && facts.codes == facts.filled {
            Some(Role::Code)
        } else {
            None
        };
        let Some(role) = role.filter(|role| profile.column(*role).is_none()) else { return true };
        profile.roles[*column] = role;
        false
    });
}

/// The decimal mark, over all columns of amounts.
fn decide_mark(profile: &mut Profile, grid: &Grid<'_>, layout: &Layout, facts: &[Facts], findings: &mut Findings) {
    let mut votes = Votes::default();
    for (column, facts) in facts.iter().enumerate() {
        let amounts = matches!(profile.roles[column], Role::Amount | Role::Debit | Role::Credit | Role::Balance);
        if amounts || profile.roles[column] == Role::Text && facts.mostly(facts.marked) {
            votes.point += facts.votes.point;
            votes.comma += facts.votes.comma;
            votes.open += facts.votes.open;
        }
    }
    profile.decimal_mark = votes.mark();
    match profile.decimal_mark {
        Some(_) => {
            let (most, least) = (votes.point.max(votes.comma), votes.point.min(votes.comma));
            let percent = (100 * u64::from(most)).checked_div(u64::from(most + least)).unwrap_or(100);
            let words = format!("{most} amounts can be read in one way only, {least} in the other way only.");
            profile.because("decimal_mark", words, u8::try_from(percent).unwrap_or(100));
        }
        None => {
            let words =
                "Nothing says whether a point or a comma parts decimals: amounts from here on read in two ways.";
            findings.note(ProblemCode::DecimalMarkOpen, grid.place(layout.first), words);
        }
    }
}

/// Which columns are amount and balance where the header does not say: those that lead to each other.
fn by_balance(
    profile: &mut Profile,
    grid: &Grid<'_>,
    layout: &Layout,
    facts: &[Facts],
    open: &[usize],
    findings: &mut Findings,
) {
    let marked: Vec<usize> =
        open.iter().copied().filter(|column| facts[*column].mostly(facts[*column].marked)).collect();
    let mut money = if marked.is_empty() {
        open.iter().copied().filter(|column| facts[*column].mostly(facts[*column].numbers)).collect()
    } else {
        marked
    };
    money.extend(profile.column(Role::Balance));
    money.extend(profile.column(Role::Credit));
    money.truncate(PROOF_COLUMNS_MAX);
    let values = Values::read(profile, grid, layout, &money);
    let known = profile.column(Role::Balance);
    if let Some((balance, amounts, proof)) = values.search(known) {
        profile.roles[balance] = Role::Balance;
        match amounts[..] {
            [amount] => profile.roles[amount] = Role::Amount,
            [debit, credit] => (profile.roles[debit], profile.roles[credit]) = (Role::Debit, Role::Credit),
            _ => (),
        }
        let words = format!("{} of {} balances follow from the amounts beside them.", proof.hits, proof.of);
        let percent = u8::try_from(100 * proof.hits / proof.of.max(1)).unwrap_or(100);
        profile.because("columns", words, percent);
        return;
    }
    match money[..] {
        [amount] if known != Some(amount) => profile.roles[amount] = Role::Amount,
        [amount, balance, ..] if known != Some(amount) => {
            profile.roles[amount] = Role::Amount;
            if known.is_none() && facts[balance].filled >= facts[amount].filled {
                profile.roles[balance] = Role::Balance;
            }
            let words = "No balance proves which column holds the amounts: say which it is.";
            findings.note(ProblemCode::Unproven, grid.place(layout.first), words);
        }
        _ => (),
    }
}

/// The first rows of some columns as numbers.
struct Values {
    columns: Vec<usize>,
    rows: Vec<Vec<Option<Exact>>>,
}

impl Values {
    fn read(profile: &Profile, grid: &Grid<'_>, layout: &Layout, columns: &[usize]) -> Self {
        let mark = profile.decimal_mark.unwrap_or(Mark::Point);
        let number = |row, column: &usize| Numeral::parse(grid.cell(row, *column)).ok()?.value(mark).ok();
        let rows = (layout.first..grid.row_count()).take(PROOF_ROWS_MAX);
        let rows = rows.map(|row| columns.iter().map(|column| number(row, column)).collect()).collect();
        Self { columns: columns.to_vec(), rows }
    }

    /// A balance with one signed column or with a column for each side, whichever proves most.
    fn search(&self, known: Option<usize>) -> Option<(usize, Vec<usize>, Proof)> {
        let count = self.columns.len();
        let mut best: Option<(usize, Vec<usize>, Proof)> = None;
        for balance in (0..count).filter(|at| known.is_none_or(|known| self.columns[*at] == known)) {
            for one in (0..count).filter(|one| *one != balance) {
                for two in (0..count).filter(|two| *two != balance) {
                    let proof = self.prove(balance, one, two);
                    let better = best.as_ref().is_none_or(|(_, _, best)| proof.hits > best.hits);
                    if proof.is_convincing() && better {
                        let amounts = if one == two { vec![one] } else { vec![one, two] };
                        let amounts = amounts.into_iter().map(|at| self.columns[at]).collect();
                        best = Some((self.columns[balance], amounts, proof));
                    }
                }
            }
        }
        best
    }

    /// One column is signed; of two, the first is money out and the second money in.
    fn prove(&self, balance: usize, one: usize, two: usize) -> Proof {
        let amount = |row: &Vec<Option<Exact>>| match (row[one], row[two]) {
            _ if one == two => row[one],
            (Some(out), None) => out.try_abs()?.try_neg(),
            (None, Some(inn)) => Some(inn),
            (Some(out), Some(inn)) if out.is_zero() => Some(inn),
            (Some(out), Some(inn)) if inn.is_zero() => out.try_abs()?.try_neg(),
            _ => None,
        };
        let rows: Vec<_> = self.rows.iter().map(|row| (amount(row), row[balance])).collect();
        proof::prove(&rows)
    }
}

/// The order of day and month, over all dates: by a part above twelve, and by nothing less.
fn decide_order(profile: &mut Profile, grid: &Grid<'_>, layout: &Layout, facts: &[Facts], findings: &mut Findings) {
    let columns = || (0..layout.width).filter(|column| matches!(profile.roles[*column], Role::Date | Role::ValueDate));
    let sum = |of: fn(&Facts) -> usize| columns().map(|column| of(&facts[column])).sum::<usize>();
    let (day, month) = (sum(|facts| facts.day_first), sum(|facts| facts.month_first));
    let first_open = columns().filter_map(|column| facts[column].open_date).min();
    if day > 0 && month > 0 {
        let place = grid.place(first_open.unwrap_or(layout.first));
        let words = "Some dates have the day first and some the month: those that read both ways were left open.";
        return findings.note(ProblemCode::DateOrderMixed, place, words);
    }
    if day + month > 0 {
        profile.date_order = Some(if day > 0 { DateOrder::DayFirst } else { DateOrder::MonthFirst });
        let words = format!("{} dates have a part above twelve, and all of them agree.", day + month);
        return profile.because("date_order", words, 99);
    }
    let Some(open) = first_open else { return };
    let column = columns().next().unwrap_or(0);
    // No row decides it, so a person does; what the sequence of dates suggests is told, and not taken.
    let place = grid.place(open);
    match only_monotone(grid, layout, column) {
        Some(order) => {
            let first = if order == DateOrder::DayFirst { "day" } else { "month" };
            profile.because("date_order", format!("The dates follow each other only with the {first} first."), 85);
            let words = format!(
                "No date says which of day and month comes first. They follow each other only with the {first} first: \
                 confirm it."
            );
            findings.note(ProblemCode::DateOrderOpen, place, words);
        }
        None => {
            let words = "Nothing says which of day and month comes first: dates from here on read in two ways.";
            findings.note(ProblemCode::DateOrderOpen, place, words);
        }
    }
}

/// Dates that must turn before one order is believed: two or three may follow each other by chance.
const TURNS_MIN: usize = 3;

/// The one order in which dates never change direction, where the other order does.
fn only_monotone(grid: &Grid<'_>, layout: &Layout, column: usize) -> Option<DateOrder> {
    let turns = |order| {
        let dates = (layout.first..grid.row_count())
            .filter_map(|row| dates::parse(grid.cell(row, column)).and_then(|written| written.date(Some(order))));
        let (mut up, mut down, mut last) = (0, 0, None);
        for date in dates {
            if let Some(last) = last.replace(date) {
                up += usize::from(date > last);
                down += usize::from(date < last);
            }
        }
        (up.min(down), up.max(down))
    };
    let (day, month) = (turns(DateOrder::DayFirst), turns(DateOrder::MonthFirst));
    match (day, month) {
        ((0, most), (turned, _)) if turned > 0 && most >= TURNS_MIN => Some(DateOrder::DayFirst),
        ((turned, _), (0, most)) if turned > 0 && most >= TURNS_MIN => Some(DateOrder::MonthFirst),
        _ => None,
    }
}
