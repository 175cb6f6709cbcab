//! What a benchmark's movements happen among: accounts at banks, days, parties.
//!
//! Owns the drawing of accounts. The same for all channels.

use std::sync::Arc;

use kernel::Currency;

use crate::amounts::FeeSchedule;
use crate::days::Days;
use crate::dial::Dial;
use crate::dice::{Channel, Dice};
use crate::names::Directory;

/// Codes that currencies are dealt from.
const CURRENCIES: [&str; CURRENCIES_MAX] = ["EUR", "GBP", "USD", "CHF", "SEK", "JPY"];
/// Currencies of a benchmark at most.
pub(crate) const CURRENCIES_MAX: usize = 6;

/// How a bank writes its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bank {
    /// Tags of a SEPA transfer in one long text; the name apart.
    Tagged,
    /// Capitals, cut after 18 letters.
    Narrow,
    /// Capitals, cut after 22 letters, with a code of the kind behind.
    Medium,
    /// Name field of 32 letters; the rest apart.
    Field,
    /// Sentences with card, city and time.
    Wordy,
}

const BANKS: [Bank; 5] = [Bank::Medium, Bank::Tagged, Bank::Wordy, Bank::Field, Bank::Narrow];

/// A bank account.
pub(crate) struct Account {
    pub(crate) name: Arc<str>,
    pub(crate) currency: Currency,
    pub(crate) bank: Bank,
    /// The last digits of its card.
    pub(crate) card: u32,
    pub(crate) fees: FeeSchedule,
}

/// What movements happen among.
pub(crate) struct World<'a> {
    pub(crate) seed: u64,
    pub(crate) dial: &'a Dial,
    pub(crate) days: Days,
    pub(crate) accounts: Vec<Account>,
    pub(crate) directory: Directory,
}

impl<'a> World<'a> {
    pub(crate) fn new(seed: u64, dial: &'a Dial) -> Self {
        let first = Dice::of(seed, Channel::Accounts, usize::MAX).below(BANKS.len());
        Self {
            seed,
            dial,
            days: Days::new(dial.days),
            accounts: (0..dial.accounts).map(|at| account(seed, dial, first, at)).collect(),
            directory: Directory::new(seed, dial.lines),
        }
    }

    pub(crate) fn dice(&self, channel: Channel, index: usize) -> Dice {
        Dice::of(self.seed, channel, index)
    }
}

fn account(seed: u64, dial: &Dial, first: usize, at: usize) -> Account {
    let mut dice = Dice::of(seed, Channel::Accounts, at);
    let code = CURRENCIES[at % dial.currencies.clamp(1, CURRENCIES_MAX)];
    Account {
        name: format!("ACC-{:02}", at + 1).into(),
        currency: code.parse().expect("the codes above are three capitals"),
        bank: BANKS[(first + at) % BANKS.len()],
        card: dice.between(1_000, 9_999) as u32,
        fees: FeeSchedule::drawn(&mut dice),
    }
}
