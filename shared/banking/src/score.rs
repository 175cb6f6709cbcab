//! How much speaks for two rows being the same money.
//!
//! Owns the points. They add up what is told independently: that an amount is rare, that the names are alike, that a number
//! that refers is the same, that the days are near. Rows of different accounts, currencies or amounts are never scored here.

use crate::columns::Columns;

/// Points from which on two rows may be the same money.
const LIKELY: i32 = 30;
/// The same of what is left when all others have found each other.
const LEFT: i32 = 14;
/// Points from which on nobody needs to look, where no other row comes near.
pub(crate) const CERTAIN: i32 = 62;
/// How far the next best must be behind for a match to be certain.
pub(crate) const MARGIN: i32 = 20;
/// Points and lead from which on the same name is enough, however common the amount.
pub(crate) const NAMED: i32 = 34;
/// See [`NAMED`].
pub(crate) const NAMED_MARGIN: i32 = 24;
/// Days from which on it may be another time of the same.
pub(crate) const NEAR_DAYS: i32 = 6;
/// Points from which on an amount that is there once on either side is enough, whoever is named.
pub(crate) const ALONE: i32 = 36;
/// Points that stand for a score of one.
pub(crate) const FULL: i32 = 120;

/// What an amount that nobody else has is worth: less the smaller and rounder it is, since others come to it by accident.
const RARE: i32 = 26;
/// For each doubling of the amount in minor units, up to [`DOUBLINGS_MAX`].
const GREATER: i32 = 2;
/// Doublings that count.
const DOUBLINGS_MAX: i32 = 18;
/// What is taken from whole amounts, and from halves.
const ROUND: (i32, i32) = (10, 4);
/// What each doubling of those who have it takes from that.
const SHARED: i32 = 9;
/// The same name, against another name.
const NAME: (i32, i32) = (48, -24);
/// The same number that refers.
const REFERENCE: i32 = 60;
/// The same id of the bank's.
const ID: i32 = 100;

/// Days from which on each counts for so many more where an amount is there more than once: a week is the next time of what
/// comes weekly.
const FAR: (i32, i32) = (4, 2);

/// How far two sides may be apart, and from how many points on two rows may be the same money.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leeway {
    /// The other side may be so many days earlier …
    pub earlier: i32,
    /// … or later.
    pub later: i32,
    /// Points for each day that it is earlier.
    pub cost_earlier: i32,
    /// Points for each day that it is later.
    pub cost_later: i32,
    /// Points from which on two rows may be the same money.
    pub likely: i32,
}

/// A feed tells what the bank tells, shifted by a day at most, over a weekend by three.
pub(crate) const FEED: Leeway = Leeway { earlier: 3, later: 3, cost_earlier: 8, cost_later: 8, likely: LIKELY };
/// Books are written before the bank moves: a card takes days, a cheque longer.
pub(crate) const LEDGER: Leeway = Leeway { earlier: 12, later: 3, cost_earlier: 3, cost_later: 5, likely: LIKELY };
/// What is left over of bank and books.
pub(crate) const LEFT_OVER: Leeway = Leeway { likely: LEFT, ..LEDGER };

/// What may be one, whoever is named: it is held against the rest before it is believed.
pub(crate) const ANY_NAME: Leeway = Leeway { likely: NAME.1 - 20, ..LEDGER };

/// What was found of two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// In all.
    pub points: i32,
    /// How alike the names are in 1/256; none where one names nobody.
    pub name: Option<u32>,
    /// Whether a number that refers is the same.
    pub reference: bool,
    /// Whether an id of the bank's is.
    pub id: bool,
    /// Days that the second is later than the first.
    pub later: i32,
}

/// Holds two rows of one amount against each other. `shared` counts the pairs that this amount could make.
pub(crate) fn score(
    (one, at): (&Columns<'_>, usize),
    (other, there): (&Columns<'_>, usize),
    leeway: Leeway,
    shared: usize,
) -> Evidence {
    let later = other.day[there] - one.day[at];
    let evidence = links((one, at), (other, there), later);
    let doublings = i32::try_from(usize::BITS - shared.max(1).leading_zeros() - 1).unwrap_or(0);
    let rare = (rarity(one.minor[at]) - SHARED * doublings).max(0);
    let far = if shared > 1 { FAR.1 * (later.abs() - FAR.0).max(0) } else { 0 };
    let days = later.abs() + far;
    let cost = days * if later < 0 { leeway.cost_earlier } else { leeway.cost_later };
    Evidence { points: evidence.points + rare - cost, ..evidence }
}

fn rarity(minor: i64) -> i32 {
    let bits = i32::try_from(u64::BITS - minor.unsigned_abs().leading_zeros()).unwrap_or(0);
    let round = match minor.unsigned_abs() {
        whole if whole % 100 == 0 => ROUND.0,
        half if half % 50 == 0 => ROUND.1,
        _ => 0,
    };
    RARE + GREATER * bits.min(DOUBLINGS_MAX) - round
}

/// What speaks for two rows besides amount and day.
pub(crate) fn links((one, at): (&Columns<'_>, usize), (other, there): (&Columns<'_>, usize), later: i32) -> Evidence {
    let name = one.named_alike(at, other, there);
    let (reference, id) = (one.refers_alike(at, other, there), one.same_id(at, other, there));
    let mut points = name.map_or(0, |alike| NAME.1 + (NAME.0 - NAME.1) * i32::try_from(alike).unwrap_or(0) / 256);
    points += if reference { REFERENCE } else { 0 };
    points += if id { ID } else { 0 };
    Evidence { points, name, reference, id, later }
}

impl Evidence {
    /// Whether something besides amount and day speaks for it.
    pub(crate) fn is_linked(&self) -> bool {
        self.reference || self.id || self.name.is_some_and(|alike| alike >= 150)
    }

    /// The reasons, as a bookkeeper would give them.
    pub(crate) fn reasons(&self, shared: usize) -> Vec<&'static str> {
        let once =
            if shared > 1 { "the amount is on both sides more than once" } else { "the amount is on both sides once" };
        let mut reasons = Vec::with_capacity(5);
        reasons.extend([once, days(self.later)]);
        reasons.extend(self.name.map(|alike| match alike {
            200.. => "the name is the same",
            100.. => "the names are alike",
            _ => "the names differ",
        }));
        reasons.extend(self.reference.then_some("the reference is the same"));
        reasons.extend(self.id.then_some("the bank's id is the same"));
        reasons
    }
}

/// How far the second day is from the first, in words.
fn days(later: i32) -> &'static str {
    const EARLIER: [&str; 7] = [
        "the same day",
        "one day earlier",
        "two days earlier",
        "three days earlier",
        "four days earlier",
        "five days earlier",
        "six days earlier",
    ];
    const LATER: [&str; 4] = ["the same day", "one day later", "two days later", "three days later"];
    let of = |names: &[&'static str], far: &'static str, days: i32| {
        usize::try_from(days).ok().and_then(|days| names.get(days)).copied().unwrap_or(far)
    };
    if later < 0 {
        of(&EARLIER, "a week earlier or more", -later)
    } else {
        of(&LATER, "more than three days later", later)
    }
}
