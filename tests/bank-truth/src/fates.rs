//! What befalls movements on their way to the three sides, dealt out in exact numbers.
//!
//! Owns the quotas: a rate of 10 gives exactly 10 movements in 1,000, rounded.

use crate::dial::{Dial, Rates};
use crate::dice::{Channel, Dice, PerMille};

/// What befalls a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Plain,
    MissingInLedger,
    MissingInFeed,
    MissingInStatement,
    /// A second feed line on its own.
    DuplicateInFeed,
    /// A second feed line because a span was exported again.
    Reexported,
    DuplicateInLedger,
    WrongAmount,
    TransposedDigits,
    DateOff,
    Split,
    Merged,
    FeeNetted,
    FeeUnentered,
}

/// Fates dealt to the movements that recur and to those that do not.
pub(crate) struct Dealt {
    pub(crate) recurring: Vec<Fate>,
    pub(crate) irregular: Vec<Fate>,
}

/// Deals the fates of a dial.
pub(crate) fn deal(seed: u64, dial: &Dial) -> Dealt {
    let mut dice = Dice::of(seed, Channel::Fates, 0);
    let quota = |rate: PerMille| (dial.lines * rate as usize + 500) / 1_000;
    let fill = |list: &[(Fate, PerMille)]| -> Vec<Fate> {
        list.iter().flat_map(|(fate, rate)| std::iter::repeat_n(*fate, quota(*rate))).collect()
    };
    // Equal debits come neither in groups nor as fees, so these fall to the others alone.
    let mut irregular = fill(&for_irregular(&dial.rates));
    let mut anywhere = fill(&for_any(&dial.rates));
    anywhere.resize(dial.lines.saturating_sub(irregular.len()).max(anywhere.len()), Fate::Plain);
    dice.shuffle(&mut anywhere);
    let recurring = quota(dial.share_of_recurring).min(anywhere.len());
    irregular.extend(anywhere.split_off(recurring));
    dice.shuffle(&mut irregular);
    Dealt { recurring: anywhere, irregular }
}

/// Movements that a re-export repeats.
pub(crate) fn reexported(dial: &Dial) -> usize {
    (dial.lines * dial.rates.duplicate_in_feed as usize + 500) / 1_000 - alone(dial)
}

fn alone(dial: &Dial) -> usize {
    (dial.lines * (dial.rates.duplicate_in_feed / 2) as usize + 500) / 1_000
}

fn for_irregular(rates: &Rates) -> [(Fate, PerMille); 4] {
    [
        (Fate::Split, rates.split),
        (Fate::Merged, rates.merged),
        (Fate::FeeNetted, rates.fee_netted),
        (Fate::FeeUnentered, rates.fee_unentered),
    ]
}

fn for_any(rates: &Rates) -> [(Fate, PerMille); 8] {
    [
        (Fate::MissingInLedger, rates.missing_in_ledger),
        (Fate::MissingInFeed, rates.missing_in_feed),
        (Fate::MissingInStatement, rates.missing_in_statement),
        (Fate::DuplicateInFeed, rates.duplicate_in_feed / 2),
        (Fate::DuplicateInLedger, rates.duplicate_in_ledger),
        (Fate::WrongAmount, rates.wrong_amount),
        (Fate::TransposedDigits, rates.transposed_digits),
        (Fate::DateOff, rates.date_off),
    ]
}
