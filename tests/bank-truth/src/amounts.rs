//! Amounts: those that happen, and those that were entered wrongly.
//!
//! Owns the price points and the arithmetic of slips. Whole minor units throughout.

use crate::dice::Dice;

/// What many things cost, in minor units.
pub const PRICE_POINTS: &[i64] =
    &[499, 500, 799, 999, 1_000, 1_250, 1_499, 1_500, 1_999, 2_000, 2_500, 2_999, 4_900, 4_999, 5_000, 9_900, 10_000];

/// Most that a receipt can shrink by a fee, for telling fees from slips: thousandths and minor units.
const FEE_PER_MILLE_MAX: i64 = 29;
const FEE_FIXED_MAX: i64 = 40;

/// Whether one amount is the other with exactly two neighbouring digits swapped.
pub fn is_swap(one: i64, other: i64) -> bool {
    let (left, right) = (one.unsigned_abs().to_string(), other.unsigned_abs().to_string());
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() || (one < 0) != (other < 0) {
        return false;
    }
    let off: Vec<usize> = (0..left.len()).filter(|at| left[*at] != right[*at]).collect();
    matches!(off[..], [a, b] if b == a + 1 && left[a] == right[b] && left[b] == right[a])
}

/// Where two neighbouring digits differ and can be swapped without a zero in front: powers of ten of the right one.
fn swaps(amount: i64) -> Vec<i64> {
    let mut found = Vec::new();
    let (mut rest, mut power) = (amount.abs(), 1);
    while rest >= 10 {
        let (right, left) = (rest % 10, rest / 10 % 10);
        let leads_with_zero = rest < 100 && right == 0;
        if right != left && !leads_with_zero {
            found.push(power);
        }
        rest /= 10;
        power *= 10;
    }
    found
}

/// The amount, or the next larger one whose digits can be swapped.
pub(crate) fn swappable(amount: i64) -> i64 {
    let mut found = amount;
    while swaps(found).is_empty() {
        found += amount.signum();
    }
    found
}

/// The amount with two neighbouring digits swapped.
pub(crate) fn swapped(amount: i64, dice: &mut Dice) -> i64 {
    let power = *dice.pick(&swaps(amount));
    let (right, left) = (amount.abs() / power % 10, amount.abs() / power / 10 % 10);
    amount + amount.signum() * (right - left) * 9 * power
}

/// The amount as somebody entered it who was not looking.
pub(crate) fn wrong(amount: i64, dice: &mut Dice) -> i64 {
    let slip = match dice.below(10) {
        0..4 => amount + dice.between(1, 99) * if dice.chance(500) { 1 } else { -1 },
        4..7 => with_a_wrong_digit(amount, dice),
        7..9 => return amount * 10,
        _ => return -amount,
    };
    let too_high = slip - amount;
    let looks_like_a_fee =
        amount > 0 && too_high > 0 && too_high <= amount * (FEE_PER_MILLE_MAX + 1) / 1_000 + FEE_FIXED_MAX;
    let mut slip = if looks_like_a_fee { amount - too_high } else { slip };
    while slip == amount || slip.signum() != amount.signum() || is_swap(amount, slip) {
        slip += if amount > 0 { -1 } else { 1 };
        if slip.signum() != amount.signum() {
            slip = amount * 10;
        }
    }
    slip
}

fn with_a_wrong_digit(amount: i64, dice: &mut Dice) -> i64 {
    let places = amount.unsigned_abs().max(1).ilog10();
    let power = 10_i64.pow(dice.below(places as usize + 1) as u32);
    let digit = amount.abs() / power % 10;
    let other = (digit + dice.between(1, 8)) % 10;
    let other = if other == 0 { 9 - digit.min(8) } else { other };
    amount + amount.signum() * (other - digit) * power
}

/// What an account's bank keeps of a receipt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeeSchedule {
    /// Ten-thousandths of the gross.
    pub(crate) rate: i64,
    /// Minor units.
    pub(crate) fixed: i64,
}

impl FeeSchedule {
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        Self { rate: dice.between(50, FEE_PER_MILLE_MAX * 10), fixed: dice.between(10, FEE_FIXED_MAX) }
    }

    pub(crate) fn of(self, gross: i64) -> i64 {
        gross * self.rate / 10_000 + self.fixed
    }

    /// The net of a receipt, and its gross: the one given, or the next one that no swap of digits explains.
    pub(crate) fn net_and_gross(self, gross: i64) -> (i64, i64) {
        let mut gross = gross.max(self.fixed * 4);
        while is_swap(gross, gross - self.of(gross)) {
            gross += 1;
        }
        (gross - self.of(gross), gross)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Channel;

    #[test]
    fn slips_are_what_they_are_called() {
        for seed in 0..20_000 {
            let mut dice = Dice::of(seed, Channel::Wrongs, 0);
            let sign = if dice.chance(500) { 1 } else { -1 };
            let amount = swappable(sign * dice.spread(50, 900_000));
            let transposed = swapped(amount, &mut dice);
            assert!(is_swap(amount, transposed), "{amount} {transposed}");
            let slip = wrong(amount, &mut dice);
            assert!(slip != amount && slip != 0 && !is_swap(amount, slip), "{amount} {slip}");
            let (net, gross) = FeeSchedule::drawn(&mut dice).net_and_gross(amount.abs());
            assert!(0 < net && net < gross && !is_swap(net, gross), "{net} {gross}");
        }
    }

    #[test]
    fn amounts_without_a_swap_move_to_one_with() {
        assert_eq!([swappable(999), swappable(500), swappable(-1_000), swappable(1_250)], [1_001, 501, -1_001, 1_250]);
    }
}
