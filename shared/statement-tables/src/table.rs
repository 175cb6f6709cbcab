//! A whole table as a statement.
//!
//! Owns the order of the work: find the table, decide what its columns are or take a confirmed profile, read its rows, and
//! hold them against their balances.

use kernel::Currency;
use statement_lines::model::{Reading, Status};
use statement_lines::{Entry, Exact, Findings, ProblemCode, Refusal, Statement};

use crate::columns::{self, Facts, Layout};
use crate::dialect;
use crate::grid::{Grid, ROWS_MAX};
use crate::profile::{Profile, Role, Sign};
use crate::proof;
use crate::roles;
use crate::rows::Rows;
use crate::words;

/// What a caller knows before a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// The profile that a person confirmed for the account.
    pub profile: Option<&'k Profile>,
    /// The account's currency.
    pub currency: Option<Currency>,
}

/// A statement and the profile it was read with.
pub type TableRead = Result<(Reading, Profile), Refusal>;

/// Reads a text that may be a CSV.
pub fn read_csv(text: &str, known: Known<'_>) -> TableRead {
    let found = dialect::delimiter(text);
    let skipped = found.as_ref().map_or(0, |(_, start)| usize::from(*start > 0));
    let confirmed = known.profile.and_then(|profile| profile.delimiter).and_then(|found| u8::try_from(found).ok());
    let mut read = Err(Refusal::UnknownFormat);
    for delimiter in confirmed.into_iter().chain(found.map(|(delimiter, _)| delimiter)) {
        let mut findings = Findings::default();
        let grid = Grid::split(text, delimiter, ROWS_MAX, &mut findings)?;
        read = read_grid(&grid, skipped, known, findings);
        if let Ok((_, profile)) = &mut read {
            profile.delimiter = Some(char::from(delimiter));
            break;
        }
    }
    read
}

/// Reads a table of cells from a row on.
pub(crate) fn read_grid(grid: &Grid<'_>, skipped: usize, known: Known<'_>, mut findings: Findings) -> TableRead {
    let layout = columns::layout(grid, dialect::common_width(grid)).ok_or(Refusal::UnknownFormat)?;
    let facts = columns::facts(grid, &layout);
    let mut profile = profile(grid, &layout, &facts, known, &mut findings);
    if profile.column(Role::Date).is_none() || !has_money(&profile) {
        return Err(Refusal::UnknownFormat);
    }
    profile.currency = profile.currency.or(known.currency);
    let mut statements = Rows::new(grid, &profile, &mut findings).read(&layout);
    // The line that names the delimiter is no line of the statement.
    if skipped > 0 {
        findings.problems.retain(|problem| problem.code != ProblemCode::Passed || problem.place.line > 1);
    }
    settle_sign(&mut profile, &mut statements, known.profile.is_some(), &mut findings);
    for statement in &mut statements {
        settle(statement, &profile, &mut findings);
    }
    Ok((Reading { statements, findings }, profile))
}

/// What the rows of an account say together.
fn settle(statement: &mut Statement, profile: &Profile, findings: &mut Findings) {
    let currencies = || statement.entries.iter().filter(|entry| entry.amount.is_some()).map(|entry| entry.currency);
    if let Some(first) = currencies().next()
        && currencies().all(|currency| currency == first)
    {
        statement.currency = first;
    }
    if profile.sign == Sign::Open {
        let words = "No balance proves the amounts, and they do not say whether money came in or went out: say which.";
        findings.note(ProblemCode::SignOpen, statement.place, words);
    }
    proof::check(&statement.entries, findings);
    let pending = statement.entries.iter().filter(|entry| entry.status == Status::Pending).count();
    if pending > 0 {
        let words = format!("{pending} rows are announced and not booked.");
        findings.note(ProblemCode::NotBooked, statement.place, words);
    }
}

fn has_money(profile: &Profile) -> bool {
    [Role::Amount, Role::Debit, Role::Credit].iter().any(|role| profile.column(*role).is_some())
}

fn profile(grid: &Grid<'_>, layout: &Layout, facts: &[Facts], known: Known<'_>, findings: &mut Findings) -> Profile {
    if let Some(confirmed) = known.profile {
        if confirmed.fits(&roles::header(grid, layout), layout.width) {
            return confirmed.clone();
        }
        let words = "The confirmed profile was made for a table with other columns; this one was looked at anew.";
        findings.note(ProblemCode::ProfileDoesNotFit, grid.place(layout.header.unwrap_or(layout.first)), words);
    }
    roles::detect(grid, layout, facts, findings)
}

/// What a positive amount means: by the balances, where there are any.
fn settle_sign(profile: &mut Profile, statements: &mut [Statement], confirmed: bool, findings: &mut Findings) {
    if profile.column(Role::Amount).is_none() || profile.column(Role::Side).is_some() {
        return;
    }
    // Accounts of one table are written alike; the longest statement proves most.
    let Some(longest) = statements.iter().max_by_key(|statement| statement.entries.len()) else { return };
    if !confirmed || profile.sign == Sign::Open {
        let entries = &longest.entries;
        let hits = |turned: bool| {
            let amount = |amount: Exact| if turned { amount.try_neg() } else { Some(amount) };
            let rows: Vec<_> = entries.iter().map(|entry| (entry.amount.and_then(amount), entry.balance)).collect();
            proof::prove(&rows)
        };
        let (written, inverted) = (hits(false), hits(true));
        if inverted.hits > written.hits && inverted.is_convincing() {
            profile.sign = Sign::Inverted;
            profile.because("sign", "The balances follow when positive amounts are money out.", 95);
        } else if written.is_convincing() {
            profile.sign = Sign::AsWritten;
            profile.because("sign", "The balances follow from the amounts as they are written.", 95);
        } else {
            profile.sign = if is_open(entries) { Sign::Open } else { Sign::AsWritten };
            if profile.sign == Sign::Open {
                take_from_balances(profile, statements, findings);
            }
        }
    } else if profile.sign == Sign::ByBalance {
        take_from_balances(profile, statements, findings);
    }
    if profile.sign == Sign::Inverted {
        for entry in statements.iter_mut().flat_map(|statement| &mut statement.entries) {
            entry.amount = entry.amount.and_then(Exact::try_neg);
        }
    }
}

/// Unsigned amounts beside balances; the first one is left open where nothing was before it.
fn take_from_balances(profile: &mut Profile, statements: &mut [Statement], findings: &mut Findings) {
    let mut proved = true;
    for one in statements.iter_mut() {
        // Each takes its own signs, whatever becomes of the others.
        proved &= proof::sign_by_balance(&mut one.entries, one.opening.map(|opening| opening.amount));
    }
    if !proved {
        return;
    }
    profile.sign = Sign::ByBalance;
    profile.because("sign", "Amounts have no sign; the balances between which they stand say their side.", 90);
    for statement in statements.iter().filter(|statement| statement.opening.is_none()) {
        let words = "Amounts have no sign and no balance stands before this statement's first: \
            say whether the first in time is money in or out.";
        findings.note(ProblemCode::SignOpen, statement.place, words);
    }
}

/// Amounts that are all positive, or a card's payment that is negative, say nothing, or that signs are turned.
fn is_open(entries: &[Entry]) -> bool {
    let amounts = || entries.iter().filter_map(|entry| entry.amount);
    let paid = |entry: &Entry| {
        entry.amount.is_some_and(Exact::is_negative) && words::fold(&entry.description).contains("payment thank you")
    };
    amounts().next().is_some() && (amounts().all(|amount| !amount.is_negative()) || entries.iter().any(paid))
}
