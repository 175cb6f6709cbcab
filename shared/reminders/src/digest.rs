//! Open requests as a list that reminds somebody: how many, since when, how much, and which first.
//!
//! Owns the figures and a plain text of them. Sends nothing and marks nothing up: the host application puts it into its own
//! message.

use std::collections::BTreeMap;

use kernel::periods::days_between;
use kernel::{Currency, Date, Money, MoneyError};
use serde::{Deserialize, Serialize};

use evidence::{AccountId, LineId, Words};

/// A request that waits for its document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// The line.
    pub line: LineId,
    /// Its bank account.
    pub account: AccountId,
    /// What people call that account.
    pub account_name: Words,
    /// The day on which the money moved.
    pub date: Date,
    /// How much; less than nothing when it went out.
    pub amount: Money,
    /// Who was paid or has paid.
    pub payee: Words,
}

/// What a reminder says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// How many requests are open.
    pub count: usize,
    /// Days since the oldest line's money moved; `None` when nothing is open. A line dated ahead counts as of today.
    pub oldest_days: Option<u64>,
    /// What moved, by currency.
    pub totals: Vec<Total>,
    /// The oldest lines, of one age the largest amounts first.
    pub rows: Vec<Row>,
    /// How many lines are not among them.
    pub rows_left_out: usize,
    /// The accounts with most open requests.
    pub accounts: Vec<AccountCount>,
    /// How many accounts are not among them.
    pub accounts_left_out: usize,
}

/// What moved in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// What went out, less than nothing.
    pub out: Money,
    /// What came in.
    pub came_in: Money,
}

/// A request within a reminder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Days since the money moved.
    pub age_days: u64,
    /// The request.
    pub request: OpenRequest,
}

/// How many requests are open for one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCount {
    /// The account.
    pub account: AccountId,
    /// What people call it.
    pub name: Words,
    /// How many.
    pub count: usize,
    /// Days since the oldest one's money moved.
    pub oldest_days: u64,
}

/// Why there is no such list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// More than one reminder can speak of.
    #[error("more than {REQUESTS_MAX} open requests")]
    TooMany,
    /// Amounts beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Open requests of one organisation.
pub const REQUESTS_MAX: usize = 50_000;
/// Lines of one reminder, however many are asked for.
pub const ROWS_MAX: usize = 200;
/// Accounts of one reminder.
pub const ACCOUNTS_MAX: usize = 30;
/// Characters of a name in the text.
const NAME_CHARS_MAX: usize = 40;

/// Sums open requests up as of a day, and shows the first `rows` of them, at most [`ROWS_MAX`].
pub fn digest(requests: &[OpenRequest], today: Date, rows: usize) -> Result<Digest, DigestError> {
    if requests.len() > REQUESTS_MAX {
        return Err(DigestError::TooMany);
    }
    let mut all: Vec<(u64, &OpenRequest)> = requests.iter().map(|each| (age(each.date, today), each)).collect();
    all.sort_by(|(age, one), (other_age, other)| {
        let size = |request: &OpenRequest| request.amount.minor.unsigned_abs();
        other_age.cmp(age).then(size(other).cmp(&size(one))).then(one.line.cmp(&other.line))
    });
    let shown = all.iter().take(rows.min(ROWS_MAX));
    let rows: Vec<Row> = shown.map(|(age_days, each)| Row { age_days: *age_days, request: (*each).clone() }).collect();
    let mut accounts = accounts(&all);
    let accounts_left_out = accounts.len().saturating_sub(ACCOUNTS_MAX);
    accounts.truncate(ACCOUNTS_MAX);
    Ok(Digest {
        count: all.len(),
        oldest_days: all.first().map(|(age, _)| *age),
        totals: totals(requests)?,
        rows_left_out: all.len() - rows.len(),
        rows,
        accounts,
        accounts_left_out,
    })
}

fn age(date: Date, today: Date) -> u64 {
    u64::try_from(days_between(date, today) - 1).unwrap_or(0)
}

fn totals(requests: &[OpenRequest]) -> Result<Vec<Total>, MoneyError> {
    let mut sums: BTreeMap<Currency, Total> = BTreeMap::new();
    for amount in requests.iter().map(|request| request.amount) {
        let nothing = Money::zero(amount.currency);
        let total = sums.entry(amount.currency).or_insert(Total { out: nothing, came_in: nothing });
        let side = if amount.minor < 0 { &mut total.out } else { &mut total.came_in };
        *side = side.try_add(amount)?;
    }
    Ok(sums.into_values().collect())
}

/// From the account with most requests to the one with fewest; the oldest line stands first in the list.
fn accounts(all: &[(u64, &OpenRequest)]) -> Vec<AccountCount> {
    let mut found: BTreeMap<&AccountId, AccountCount> = BTreeMap::new();
    for (age, each) in all {
        let first = || AccountCount {
            account: each.account.clone(),
            name: each.account_name.clone(),
            count: 0,
            oldest_days: *age,
        };
        found.entry(&each.account).or_insert_with(first).count += 1;
    }
    let mut accounts: Vec<AccountCount> = found.into_values().collect();
    accounts.sort_by(|one, other| other.count.cmp(&one.count).then(one.account.cmp(&other.account)));
    accounts
}

impl Digest {
    /// The list as plain text in columns, for a fixed-width font. Names stand last in their line: whichever way they are
    /// written and however wide they are, no column behind them can move.
    pub fn text(&self) -> String {
        let mut out = match (self.count, self.oldest_days) {
            (0, _) | (_, None) => return "No documents are missing.\n".to_owned(),
            (1, Some(days)) => format!("1 document is missing, since {}.\n", days_in_words(days)),
            (count, Some(days)) => {
                format!("{count} documents are missing, the oldest since {}.\n", days_in_words(days))
            }
        };
        let total = |total: &Total| {
            let shown = [total.out.currency.to_string(), total.out.amount(), total.came_in.amount()];
            (shown.to_vec(), String::new())
        };
        table(&mut out, &["Total", "Out", "In"], "", self.totals.iter().map(total), 0);
        let row = |row: &Row| {
            let Row { age_days, request } = row;
            (vec![age_days.to_string(), request.date.to_string(), request.amount.to_string()], named(&request.payee))
        };
        table(&mut out, &["Days", "Date", "Amount"], "Payee", self.rows.iter().map(row), self.rows_left_out);
        let account =
            |each: &AccountCount| (vec![each.count.to_string(), each.oldest_days.to_string()], named(&each.name));
        table(
            &mut out,
            &["Count", "Oldest days"],
            "Account",
            self.accounts.iter().map(account),
            self.accounts_left_out,
        );
        out
    }
}

/// Columns to the right, and a last one that starts where they end.
fn table(
    out: &mut String,
    heads: &[&str],
    last: &str,
    rows: impl Iterator<Item = (Vec<String>, String)>,
    left_out: usize,
) {
    let head = (heads.iter().map(|head| (*head).to_owned()).collect(), last.to_owned());
    let rows: Vec<(Vec<String>, String)> = std::iter::once(head).chain(rows).collect();
    let wide = |at: usize| rows.iter().filter_map(|(cells, _)| cells.get(at)).map(String::len).max();
    let widths: Vec<usize> = (0..heads.len()).map(|at| wide(at).unwrap_or_default()).collect();
    if rows.len() > 1 {
        for (cells, name) in std::iter::once(&(Vec::new(), String::new())).chain(&rows) {
            let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
            let line = [cells.join("  "), name.clone()].join("  ");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    if left_out > 0 {
        out.push_str(&format!("and {left_out} more\n"));
    }
}

fn days_in_words(days: u64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

fn named(name: &Words) -> String {
    if name.is_empty() { "(no name)".to_owned() } else { name.cut_to(NAME_CHARS_MAX) }
}
