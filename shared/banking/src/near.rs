//! Rows that are nearly the same money: a digit swapped, a fee kept back, a wrong amount, another day.
//!
//! Owns what counts as nearly. None of it is ever certain: it is a finding for a person, with both rows named.

use crate::calendar::Calendar;
use crate::columns::Columns;
use crate::pairs::Free;
use crate::score::{Evidence, links};

/// What is nearly right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nearly {
    /// Two digits change places.
    Transposed,
    /// The bank kept a fee back.
    Fee,
    /// Another amount under the same name or number.
    Amount,
    /// The same amount, days away.
    Day,
}

/// A row with the one that it nearly is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    /// Place on the first side.
    pub one: u32,
    /// Place on the second.
    pub other: u32,
    /// In which way.
    pub nearly: Nearly,
    /// How much speaks for it.
    pub points: i32,
}

/// Days around a row in which something is nearly it.
const DAYS: (i32, i32) = (12, 7);
/// Days around a row in which the same amount may have been meant.
const FAR_DAYS: i32 = 75;
/// Rows that are looked at around one; beyond, the nearest in days are.
const NEAR_MAX: usize = 512;
/// A fee is at most so many thousandths of what is paid, and so many minor units.
const FEE: (u64, u64) = (40, 150);
/// So many minor units are a few pennies.
const PENNIES: u64 = 100;
/// Rows of one amount and name from which on it recurs, and a day that is far off is another time of it.
const RECURS: usize = 3;

/// Finds what is nearly what among free rows. Rows that are used are free no longer. Adds to `capped` the rows around which
/// more stand than are looked at.
pub(crate) fn find(
    one: &Columns<'_>,
    other: &Columns<'_>,
    free: (&mut Free, &mut Free),
    capped: &mut usize,
) -> Vec<Near> {
    let mut found = close(one, other, (free.0, free.1), capped);
    found.extend(far(one, other, (free.0, free.1)));
    found.sort_unstable_by_key(|near| (std::cmp::Reverse(near.points), near.nearly, near.one, near.other));
    let mut kept = Vec::new();
    for near in found {
        let (one, other) = (near.one as usize, near.other as usize);
        if free.0[one] && free.1[other] {
            (free.0[one], free.1[other]) = (false, false);
            kept.push(near);
        }
    }
    kept.sort_unstable_by_key(|near| near.one);
    kept
}

/// Around the same day, with another amount.
fn close(one: &Columns<'_>, other: &Columns<'_>, free: (&Free, &Free), capped: &mut usize) -> Vec<Near> {
    let calendar = Calendar::of(other, free.1);
    let mut found = Vec::new();
    for at in (0..one.len()).filter(|at| free.0[*at]) {
        let (around, more) = calendar.around(one.book[at], one.day[at], -DAYS.0..=DAYS.1, NEAR_MAX);
        *capped += usize::from(more);
        for row in around {
            let (ours, theirs) = (one.minor[at], other.minor[row.at as usize]);
            let Some((nearly, worth)) = kind(ours, theirs) else { continue };
            let later = row.day - one.day[at];
            let evidence = links((one, at), (other, row.at as usize), later);
            if evidence.is_linked() && evidence.points >= 0 {
                let points = evidence.points + worth - later.abs();
                found.push(Near { one: place(at), other: row.at, nearly, points });
            }
        }
    }
    found
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Whether one amount may be the other, written wrong.
pub(crate) fn may_be(ours: i64, theirs: i64) -> bool {
    is_transposed(ours, theirs) || is_slip(ours, theirs)
}

/// In which way one amount is nearly another, and what that is worth.
fn kind(ours: i64, theirs: i64) -> Option<(Nearly, i32)> {
    if ours == theirs {
        return None;
    }
    if is_transposed(ours, theirs) {
        return Some((Nearly::Transposed, 40));
    }
    if ours.signum() == theirs.signum() && is_fee(ours, theirs) {
        return Some((Nearly::Fee, 30));
    }
    is_slip(ours, theirs).then_some((Nearly::Amount, 25))
}

/// Typed wrong: a few pennies off, one digit, ten or a hundred times as much, the other sign. Any other amount under the same
/// name is another payment.
fn is_slip(one: i64, other: i64) -> bool {
    if one == -other {
        return true;
    }
    if one.signum() != other.signum() {
        return false;
    }
    let (least, most) = (one.unsigned_abs().min(other.unsigned_abs()), one.unsigned_abs().max(other.unsigned_abs()));
    let shifted = [10, 100].iter().any(|times| least.checked_mul(*times) == Some(most));
    most - least < PENNIES || shifted || digits_apart(least, most) == Some(1)
}

/// In how many places two numbers of as many digits differ.
fn digits_apart(mut one: u64, mut other: u64) -> Option<usize> {
    let mut apart = 0;
    while one > 0 && other > 0 {
        apart += usize::from(one % 10 != other % 10);
        (one, other) = (one / 10, other / 10);
    }
    (one == other).then_some(apart)
}

/// Two digits beside each other changed places, and nothing else: that moves nine times their difference, at their place.
pub(crate) fn is_transposed(one: i64, other: i64) -> bool {
    let moved = one.abs_diff(other);
    if one.signum() != other.signum() || moved == 0 || !moved.is_multiple_of(9) {
        return false;
    }
    let (mut place, mut digits) = (1, moved / 9);
    while digits % 10 == 0 {
        (place, digits) = (place * 10, digits / 10);
    }
    let (one, other) = (one.unsigned_abs(), other.unsigned_abs());
    let swapped = |number: u64| (number / place % 10, number / place / 10 % 10);
    let ((right, left), (other_right, other_left)) = (swapped(one), swapped(other));
    digits < 10 && (right, left) == (other_left, other_right) && one.checked_ilog10() == other.checked_ilog10()
}

/// The books have the whole of what came in, the bank has it less a fee.
fn is_fee(bank: i64, books: i64) -> bool {
    let most = books.unsigned_abs().saturating_mul(FEE.0) / 1_000 + FEE.1;
    0 < bank && bank < books && bank.abs_diff(books) <= most
}

/// The same amount, too far away in days to be a match.
fn far(one: &Columns<'_>, other: &Columns<'_>, free: (&Free, &Free)) -> Vec<Near> {
    let mut found = Vec::new();
    let mut start = 0;
    for at in 0..one.len() {
        let key = (one.book[at], one.minor[at]);
        while start < other.len() && (other.book[start], other.minor[start]) < key {
            start += 1;
        }
        if !free.0[at] {
            continue;
        }
        let same = (start..other.len()).take_while(|there| (other.book[*there], other.minor[*there]) == key);
        let near = same.skip_while(|there| other.day[*there] < one.day[at] - FAR_DAYS);
        let near = near.take_while(|there| other.day[*there] <= one.day[at] + FAR_DAYS);
        let linked = near.map(|there| (there, links((one, at), (other, there), other.day[there] - one.day[at])));
        let linked: Vec<(usize, Evidence)> =
            linked.filter(|(_, evidence)| evidence.is_linked() && evidence.points >= 0).collect();
        if linked.len() >= RECURS {
            continue;
        }
        for (there, evidence) in linked.into_iter().filter(|(there, _)| free.1[*there]) {
            let points = evidence.points + 35 - evidence.later.abs() / 3;
            found.push(Near { one: place(at), other: place(there), nearly: Nearly::Day, points });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m31_swapped_digits_are_told_from_other_amounts() {
        for (one, other) in [(1234, 1324), (-96, -69), (1_020, 1_002), (541, 451)] {
            assert!(is_transposed(one, other), "{one} {other}");
        }
        for (one, other) in [(1234, 1243 + 9), (1234, -1243), (123, 321), (100, 1000), (1234, 2143), (55, 55)] {
            assert!(!is_transposed(one, other), "{one} {other}");
        }
    }

    #[test]
    fn m31_a_fee_is_small_and_takes_from_what_the_bank_has() {
        assert!(is_fee(9_700, 10_000) && !is_fee(-10_150, -10_000));
        assert!(is_slip(6_120, 61_200) && is_slip(6_120, 6_720) && is_slip(6_120, 6_199) && is_slip(6_120, -6_120));
        assert!(!is_slip(6_120, 6_750) && !is_slip(6_120, 12_240) && !is_slip(6_120, -61_200));
        assert!(!is_fee(10_000, 9_700) && !is_fee(8_000, 10_000) && !is_fee(10_000, 10_000));
    }
}
