//! How large and how difficult a benchmark is.
//!
//! Owns the settings and their three presets. Every rate is in thousandths.

use crate::dice::PerMille;
use crate::world::CURRENCIES_MAX;

/// The settings of one benchmark. With the seed they say everything about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// True movements. Each side's rows come out within a few percent of it.
    pub lines: usize,
    /// Bank accounts, each at a bank with its own way of writing; at least 1.
    pub accounts: usize,
    /// Currencies, dealt to the accounts in turn; 1 to 6, and not more than accounts.
    pub currencies: usize,
    /// Days over which movements happen.
    pub days: u32,
    /// Amounts from a small list such as 9.99, of all amounts but payroll, transfers and groups.
    pub share_of_price_points: PerMille,
    /// Movements that recur: weekly and monthly debits and standing orders of equal amounts.
    pub share_of_recurring: PerMille,
    /// Card purchases that happen twice on one day, equal in amount, party and dates.
    pub share_of_twins: PerMille,
    /// Names that the bank writes otherwise than by folding: another name, cut words, slips, a processor's prefix.
    pub name_noise: PerMille,
    /// Ledger entries whose contact is somebody else.
    pub wrong_payees: PerMille,
    /// References that are not there, drawn for the bank's side and the ledger's apart.
    pub missing_references: PerMille,
    /// Feed lines that carry the bank's id, where the bank gives one.
    pub shared_bank_ids: PerMille,
    /// How far dates lie apart.
    pub lag: Lag,
    /// Discrepancies of all movements.
    pub rates: Rates,
}

/// How far the dates of one movement lie apart on the three sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The chance that the bank takes one business day more, asked again after each.
    pub further_day: PerMille,
    /// Calendar days that statement and ledger are apart at most, unless the truth says `date_off`; at least 6.
    pub days_max: u32,
    /// Ledger entries that are dated one to three days after the event.
    pub ledger_late: PerMille,
    /// Feed lines that are dated a day off the statement.
    pub feed_shift: PerMille,
}

/// Discrepancies by kind. A movement has at most one; their sum is at most 600.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// On statement and feed alone.
    pub missing_in_ledger: PerMille,
    /// On statement and ledger alone.
    pub missing_in_feed: PerMille,
    /// In the ledger; one in four also in the feed.
    pub missing_in_statement: PerMille,
    /// Twice in the feed: half alone, half because a span was exported again with other ids.
    pub duplicate_in_feed: PerMille,
    /// Entered twice.
    pub duplicate_in_ledger: PerMille,
    /// Entered with another amount.
    pub wrong_amount: PerMille,
    /// Entered with two neighbouring digits swapped.
    pub transposed_digits: PerMille,
    /// Entered with a date further off than any lag.
    pub date_off: PerMille,
    /// One statement line for two to five ledger entries.
    pub split: PerMille,
    /// Two to five statement lines for one ledger entry.
    pub merged: PerMille,
    /// Received less a fee, entered without it.
    pub fee_netted: PerMille,
    /// The bank's own fee lines that nobody entered.
    pub fee_unentered: PerMille,
}

impl Dial {
    /// One account, telling names and references, few discrepancies.
    pub fn easy(lines: usize) -> Self {
        Self {
            lines,
            accounts: 1,
            currencies: 1,
            days: 365,
            share_of_price_points: 60,
            share_of_recurring: 150,
            share_of_twins: 5,
            name_noise: 50,
            wrong_payees: 5,
            missing_references: 100,
            shared_bank_ids: 950,
            lag: Lag { further_day: 200, days_max: 6, ledger_late: 30, feed_shift: 10 },
            rates: Rates::all(5),
        }
    }

    /// What a small business's books look like: three accounts in two currencies.
    pub fn usual(lines: usize) -> Self {
        Self {
            lines,
            accounts: 3,
            currencies: 2,
            days: 365,
            share_of_price_points: 180,
            share_of_recurring: 250,
            share_of_twins: 20,
            name_noise: 250,
            wrong_payees: 20,
            missing_references: 350,
            shared_bank_ids: 700,
            lag: Lag { further_day: 350, days_max: 8, ledger_late: 80, feed_shift: 30 },
            rates: Rates {
                missing_in_ledger: 30,
                missing_in_feed: 10,
                missing_in_statement: 20,
                duplicate_in_feed: 10,
                duplicate_in_ledger: 10,
                wrong_amount: 10,
                transposed_digits: 10,
                date_off: 10,
                split: 25,
                merged: 15,
                fee_netted: 10,
                fee_unentered: 10,
            },
        }
    }

    /// Six accounts in four currencies, poor names, few references, long lags, one movement in three with something.
    pub fn hard(lines: usize) -> Self {
        Self {
            lines,
            accounts: 6,
            currencies: 4,
            days: 365,
            share_of_price_points: 400,
            share_of_recurring: 350,
            share_of_twins: 60,
            name_noise: 600,
            wrong_payees: 60,
            missing_references: 700,
            shared_bank_ids: 300,
            lag: Lag { further_day: 550, days_max: 12, ledger_late: 200, feed_shift: 100 },
            rates: Rates { missing_in_ledger: 50, split: 40, merged: 30, ..Rates::all(22) },
        }
    }

    /// A preset by its name.
    pub fn named(name: &str, lines: usize) -> Option<Self> {
        match name {
            "easy" => Some(Self::easy(lines)),
            "usual" => Some(Self::usual(lines)),
            "hard" => Some(Self::hard(lines)),
            _ => None,
        }
    }
}

impl Rates {
    /// The same rate for every kind.
    pub fn all(rate: PerMille) -> Self {
        Self {
            missing_in_ledger: rate,
            missing_in_feed: rate,
            missing_in_statement: rate,
            duplicate_in_feed: rate,
            duplicate_in_ledger: rate,
            wrong_amount: rate,
            transposed_digits: rate,
            date_off: rate,
            split: rate,
            merged: rate,
            fee_netted: rate,
            fee_unentered: rate,
        }
    }
}

/// Why there is no benchmark of a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Nothing to draw.
    #[error("expected at least one line, one account and one day")]
    Empty,
    /// More currencies than there are, or than accounts to hold them.
    #[error("expected 1 to {CURRENCIES_MAX} currencies, and not more than accounts")]
    Currencies,
    /// A bank that rests over a long weekend could not keep it.
    #[error("expected a longest lag of {LAG_DAYS_MIN} to {LAG_DAYS_MAX} days")]
    Lag,
    /// More discrepancies than movements would bear.
    #[error("the rates of the discrepancies add up to more than {DISCREPANCIES_MAX} in a thousand")]
    Discrepancies,
    /// More than would fit into memory and the numbers of places.
    #[error("expected at most {LINES_MAX} lines, {ACCOUNTS_MAX} accounts and {DAYS_MAX} days")]
    TooLarge,
}

/// Holidays and a weekend last four days.
const LAG_DAYS_MIN: u32 = 6;
/// Wrong dates must stay within the days on either side.
const LAG_DAYS_MAX: u32 = 30;
const DISCREPANCIES_MAX: PerMille = 600;
const LINES_MAX: usize = 20_000_000;
const ACCOUNTS_MAX: usize = 99;
const DAYS_MAX: u32 = 3_660;

impl Dial {
    /// Whether there is such a benchmark.
    pub(crate) fn check(&self) -> Result<(), DialError> {
        if self.lines == 0 || self.accounts == 0 || self.days == 0 {
            return Err(DialError::Empty);
        }
        if self.lines > LINES_MAX || self.accounts > ACCOUNTS_MAX || self.days > DAYS_MAX {
            return Err(DialError::TooLarge);
        }
        if !(1..=CURRENCIES_MAX.min(self.accounts)).contains(&self.currencies) {
            return Err(DialError::Currencies);
        }
        if !(LAG_DAYS_MIN..=LAG_DAYS_MAX).contains(&self.lag.days_max) {
            return Err(DialError::Lag);
        }
        if self.rates.sum() > DISCREPANCIES_MAX { Err(DialError::Discrepancies) } else { Ok(()) }
    }
}

impl Rates {
    fn sum(&self) -> PerMille {
        let missing = self.missing_in_ledger + self.missing_in_feed + self.missing_in_statement;
        let slips = self.wrong_amount + self.transposed_digits + self.date_off;
        let copies = self.duplicate_in_feed + self.duplicate_in_ledger;
        missing + slips + copies + self.split + self.merged + self.fee_netted + self.fee_unentered
    }
}
