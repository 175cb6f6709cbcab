//! Open requests as a list that reminds somebody: how many, since when, how much, and which first.
//!
//! Owns the figures and a plain text of them. Sends nothing and marks nothing up: the host application puts it into its own
//! message.

use std::collections::BTreeMap;
use std::fmt::Write;

use kernel::periods::days_between;
use kernel::{Currency, Date, Money, MoneyError};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, LineId};
use crate::words::Words;

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
        self.write_totals(&mut out);
        self.write_rows(&mut out);
        self.write_accounts(&mut out);
        out
    }

    fn write_totals(&self, out: &mut String) {
        let shown = self.totals.iter().map(|total| [total.out.amount(), total.came_in.amount()]);
        let shown: Vec<[String; 2]> = shown.collect();
        let [left, right] = [0, 1].map(|at| shown.iter().map(|pair| pair[at].len()).max().unwrap_or_default());
        for (total, [went_out, came_in]) in self.totals.iter().zip(&shown) {
            let currency = total.out.currency;
            // Writing into a text cannot fail.
            let _ = writeln!(out, "Total {currency}  out {went_out:>left$}  in {came_in:>right$}");
        }
    }

    fn write_rows(&self, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let amounts: Vec<String> = self.rows.iter().map(|row| row.request.amount.to_string()).collect();
        let wide = |texts: &mut dyn Iterator<Item = usize>, least: usize| texts.max().unwrap_or_default().max(least);
        let days = wide(&mut self.rows.iter().map(|row| row.age_days.to_string().len()), "Days".len());
        let amount = wide(&mut amounts.iter().map(String::len), "Amount".len());
        let _ = writeln!(out, "\n{:>days$}  {:10}  {:>amount$}  Payee", "Days", "Date", "Amount");
        for (row, shown) in self.rows.iter().zip(&amounts) {
            let payee = named(&row.request.payee);
            let _ = writeln!(
                out,
                "{:>days$}  {:10}  {shown:>amount$}  {payee}",
                row.age_days,
                row.request.date.to_string()
            );
        }
        if self.rows_left_out > 0 {
            let _ = writeln!(out, "and {} more", self.rows_left_out);
        }
    }

    fn write_accounts(&self, out: &mut String) {
        let counts = || self.accounts.iter().map(|account| account.count.to_string().len());
        let (count, days) = (counts().max().unwrap_or_default().max("Count".len()), "Oldest days".len());
        let _ = writeln!(out, "\n{:>count$}  {:>days$}  Account", "Count", "Oldest days");
        for account in &self.accounts {
            let name = named(&account.name);
            let _ = writeln!(out, "{:>count$}  {:>days$}  {name}", account.count, account.oldest_days);
        }
        if self.accounts_left_out > 0 {
            let _ = writeln!(out, "and {} more", self.accounts_left_out);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{day, line};
    use kernel::periods::days_after;

    fn request(text: &str) -> OpenRequest {
        let line = line(text);
        let account_name = Words::new(&format!("Account {}", line.account));
        OpenRequest {
            line: line.id,
            account: line.account,
            account_name,
            date: line.date,
            amount: line.amount,
            payee: line.payee,
        }
    }

    fn of(lines: &[&str], rows: usize) -> Digest {
        let requests: Vec<OpenRequest> = lines.iter().map(|text| request(text)).collect();
        digest(&requests, day("2026-10-31"), rows).unwrap()
    }

    #[track_caller]
    fn check(lines: &[&str], rows: usize, expected: &str) {
        assert_eq!(of(lines, rows).text(), expected);
    }

    #[test]
    fn x2_the_oldest_and_largest_stand_first_in_columns() {
        check(
            &[
                "L1 A 2026-10-30 -5.00 | Fern Rail",
                "L2 A 2026-07-01 -62.40 | Kestrel Botanics",
                "L3 B 2026-10-30 -1250.00 | Alder & Finch",
                "L4 A 2026-10-30 12.00 |",
            ],
            3,
            "4 documents are missing, the oldest since 122 days.\n\
             Total GBP  out -1317.40  in 12.00\n\
             \n\
             Days  Date              Amount  Payee\n \
             122  2026-07-01    -62.40 GBP  Kestrel Botanics\n   \
             1  2026-10-30  -1250.00 GBP  Alder & Finch\n   \
             1  2026-10-30     12.00 GBP  (no name)\n\
             and 1 more\n\
             \n\
             Count  Oldest days  Account\n    \
             3          122  Account a\n    \
             1            1  Account b\n",
        );
        check(&[], 3, "No documents are missing.\n");
        let one = of(&["L1 A 2026-10-31 -5.00 | Fern"], 0).text();
        assert!(one.starts_with("1 document is missing, since today.\n") && !one.contains("Payee"), "{one}");
    }

    #[test]
    fn x2_no_payee_breaks_the_columns() {
        let lines = [
            "L1 A 2026-10-01 -5.00 | \u{202e}gnp.exe\u{200f}\u{7}\r\n\u{1b}[31mred",
            "L2 A 2026-10-02 -5.00 | חברת החשמל",
            "L3 A 2026-10-03 -5.00 | 東京電力株式会社",
            &format!("L4 A 2026-10-04 -5.00 | {}", "x".repeat(400)),
            "L5 A 2026-10-05 -5.00 | e\u{301}\u{301}\u{301}\t\ttab",
        ];
        let text = of(&lines, 5).text();
        assert!(!text.contains(|letter: char| letter != '\n' && letter.is_control()), "{text:?}");
        assert!(!text.contains(['\u{202e}', '\u{200f}']));
        let rows: Vec<&str> = text.lines().skip(3).take(6).collect();
        for row in &rows {
            let head: String = row.chars().take("Days  2026-10-01  -5.00 GBP  ".len()).collect();
            assert!(head.is_ascii() && head.ends_with("  "), "{row}");
            assert!(row.chars().count() <= 70, "{row}");
        }
        assert!(rows[1].ends_with("gnp.exe [31mred"), "{}", rows[1]);
        assert!(rows[4].ends_with("x…"), "{}", rows[4]);
    }

    #[test]
    fn x2_a_reminder_is_bounded_and_the_same_however_it_is_fed() {
        let many = |count: usize| {
            let date = |at: usize| days_after(day("2026-10-31"), -((at % 7) as i64));
            (0..count)
                .map(|at| request(&format!("L{at} A{} {} -{}.00 | Fern", at % 40, date(at), at % 5)))
                .collect::<Vec<_>>()
        };
        let today = day("2026-10-31");
        let mut requests = many(1_000);
        let found = digest(&requests, today, usize::MAX).unwrap();
        assert_eq!((found.rows.len(), found.rows_left_out), (ROWS_MAX, 1_000 - ROWS_MAX));
        assert_eq!((found.accounts.len(), found.accounts_left_out), (ACCOUNTS_MAX, 10));
        requests.reverse();
        assert_eq!(digest(&requests, today, usize::MAX).unwrap(), found);
        assert!(digest(&vec![requests[0].clone(); REQUESTS_MAX], today, 1).is_ok());
        assert_eq!(digest(&vec![requests[0].clone(); REQUESTS_MAX + 1], today, 1), Err(DigestError::TooMany));
        let stored = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&stored).unwrap(), found);
    }

    #[test]
    fn x2_currencies_are_not_mixed_a_future_line_is_of_today_and_sums_do_not_wrap() {
        let mut requests = vec![request("L1 A 2026-11-05 -5.00"), request("L2 A 2026-11-05 -7.00")];
        requests[1].amount.currency = "EUR".parse().unwrap();
        let found = digest(&requests, day("2026-10-31"), 9).unwrap();
        assert_eq!(
            found.totals.iter().map(|total| total.out.to_string()).collect::<Vec<_>>(),
            ["-7.00 EUR", "-5.00 GBP"]
        );
        assert_eq!(found.oldest_days, Some(0));
        requests[1].amount = Money::new(i64::MIN, requests[0].amount.currency);
        assert_eq!(digest(&requests, day("2026-10-31"), 9), Err(DigestError::Money(MoneyError::TooLarge)));
    }
}
