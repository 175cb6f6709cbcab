//! One row on one side that several on the other make up: a deposit of many takings, an invoice paid in parts.
//!
//! Owns how far is searched, and that chance does not pass for a group: amounts add up by accident all the time. So parts
//! share a name or a number with the whole or, where they do not, with each other; and one of them may share nothing. How
//! many choices there were is then held against how many sums there could be: the more choices, the more an accident.

use std::cmp::Reverse;

use crate::calendar::Calendar;
use crate::columns::Columns;
use crate::near;
use crate::pairs::Free;
use crate::score::links;
use crate::sums;

/// Days between which parts lie from their whole.
pub(crate) type Days = (i32, i32);
/// Entries that the bank has as one: they are booked before it moves.
pub(crate) const SPLIT: Days = (-14, 3);
/// Lines of the bank that the books have as one: they come one after the other.
pub(crate) const MERGED: Days = (-3, 14);

/// Parts of a group.
pub(crate) const PARTS_MAX: usize = 6;
/// Rows that may be parts of one whole; beyond, those most alike count. More would add up by accident.
const PARTS_OF_ONE: usize = 24;
/// Rows that are looked at around one whole; beyond, the nearest in days are.
const NEAR_MAX: usize = 512;
/// Times that what others used is left out and the rest searched again.
const ROUNDS: usize = 2;
/// Sums that could be, for one choice of two, where the parts share nothing with the whole: less is an accident. Of more
/// parts that share something, fewer are enough.
const ODDS_OF_KIN: u64 = 96;
/// The same for one choice of one that shares something and a stranger.
const ODDS_OF_STRANGERS: u64 = 192;
/// Spreads keys: the upper bits of a product do.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A whole and its parts, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// On the side of wholes.
    pub whole: u32,
    /// On the side of parts.
    pub parts: Vec<u32>,
    /// Points of its weakest part.
    pub points: i32,
    /// What holds it together.
    pub bond: Bond,
}

/// What holds a group together, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bond {
    /// All parts share a name or a number with the whole.
    Linked,
    /// The parts share a name, a number or their amount.
    Kin,
    /// All but one share a name or a number with the whole.
    Stranger,
}

impl Bond {
    /// As a bookkeeper would say it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Linked => "they share a name or a number",
            Self::Kin => "the parts share a name, a number or their amount with each other",
            Self::Stranger => "all but one share a name or a number",
        }
    }
}

/// Groups, and the wholes around which so many rows are that not all were looked at.
#[derive(Default)]
pub(crate) struct Found {
    /// By their wholes.
    pub groups: Vec<Group>,
    /// Wholes.
    pub capped: usize,
}

/// Finds groups among free rows, wholes on the first side. Rows that are used are free no longer.
pub(crate) fn find(wholes: &Columns<'_>, parts: &Columns<'_>, free: (&mut Free, &mut Free), days: Days) -> Found {
    let mut found = Found::default();
    let mut open: Vec<usize> = (0..wholes.len()).filter(|at| free.0[*at]).collect();
    for round in 0..ROUNDS {
        let calendar = Calendar::of(parts, free.1);
        let (mut groups, mut again) = (Vec::new(), Vec::new());
        for whole in open {
            let (near, capped) = parts_near(wholes, whole, parts, &calendar, days);
            found.capped += usize::from(capped && round == 0);
            match best(wholes.minor[whole], parts, &near) {
                (bond, Hits::One(hit)) => groups.push(group(whole, bond, &hit)),
                (_, Hits::Several) if round == 0 => again.push(whole),
                _ => (),
            }
        }
        // Fewer parts are less of an accident.
        groups.sort_unstable_by_key(|group| (group.bond, group.parts.len(), Reverse(group.points), group.whole));
        let is_unused = |group: &Group, free: &Free| group.parts.iter().all(|part| free[*part as usize]);
        // A whole whose parts another one took may have others, and one that had several choices may have one.
        for group in groups {
            if is_unused(&group, free.1) {
                free.0[group.whole as usize] = false;
                group.parts.iter().for_each(|part| free.1[*part as usize] = false);
                found.groups.push(group);
            } else {
                again.push(group.whole as usize);
            }
        }
        open = again;
    }
    found.groups.sort_unstable_by_key(|group| group.whole);
    found
}

/// One that may be a part.
#[derive(Clone, Copy)]
struct Part {
    at: u32,
    minor: i64,
    points: i32,
    linked: bool,
}

fn parts_near(
    wholes: &Columns<'_>,
    whole: usize,
    parts: &Columns<'_>,
    calendar: &Calendar,
    days: Days,
) -> (Vec<Part>, bool) {
    let (minor, day) = (wholes.minor[whole], wholes.day[whole]);
    let (around, capped) = calendar.around(wholes.book[whole], day, days.0..=days.1, NEAR_MAX);
    let mut found: Vec<Part> = Vec::with_capacity(around.len());
    for row in around {
        let part = parts.minor[row.at as usize];
        // Parts go the way of the whole and are less than it.
        if part.signum() != minor.signum() || part.unsigned_abs() >= minor.unsigned_abs() {
            continue;
        }
        let later = row.day - day;
        let evidence = links((wholes, whole), (parts, row.at as usize), later);
        let points = evidence.points - later.abs();
        found.push(Part { at: row.at, minor: part, points, linked: evidence.is_linked() });
    }
    (found, capped)
}

/// Choices of parts that make up a whole.
enum Hits {
    None,
    One(Vec<Part>),
    /// None of which is sure.
    Several,
}

/// The surest choice for a whole.
fn best(target: i64, parts: &Columns<'_>, near: &[Part]) -> (Bond, Hits) {
    let mut linked: Vec<Part> = near.iter().filter(|part| part.linked).copied().collect();
    linked.sort_unstable_by_key(|part| (Reverse(part.points), part.at));
    linked.truncate(PARTS_OF_ONE);
    let hits = by_link(target, &linked);
    if !matches!(hits, Hits::None) {
        return (Bond::Linked, hits);
    }
    match among_kin(target, parts, near) {
        Hits::None => (Bond::Stranger, with_a_stranger(target, &linked, near)),
        hits => (Bond::Kin, hits),
    }
}

fn group(whole: usize, bond: Bond, hit: &[Part]) -> Group {
    Group {
        whole: u32::try_from(whole).unwrap_or(u32::MAX),
        points: hit.iter().map(|part| part.points).min().unwrap_or(0),
        parts: places(hit).collect(),
        bond,
    }
}

/// Amounts of parts, and where each stands.
fn amounts(parts: &[Part]) -> Vec<(i64, usize)> {
    let mut amounts: Vec<(i64, usize)> = parts.iter().enumerate().map(|(at, part)| (part.minor, at)).collect();
    amounts.sort_unstable_by_key(|(minor, at)| (Reverse(minor.unsigned_abs()), *at));
    amounts
}

/// Sums of two linked parts, then three, and so on; the first size that has one decides, if it has one alone.
fn by_link(target: i64, linked: &[Part]) -> Hits {
    let amounts = amounts(linked);
    let mut steps = sums::STEPS_MAX;
    for size in 2..=PARTS_MAX.min(linked.len()) {
        let hits = sums::of_size(&amounts, target, size, &mut steps);
        if !hits.is_empty() {
            return surest(linked, &hits);
        }
    }
    Hits::None
}

/// Of several, the one with most points by far.
fn surest(parts: &[Part], hits: &[Vec<usize>]) -> Hits {
    let hits = hits.iter().map(|hit| hit.iter().map(|at| parts[*at]).collect::<Vec<Part>>());
    let mut sure: Vec<(i32, Vec<Part>)> = hits.map(|hit| (hit.iter().map(|part| part.points).sum(), hit)).collect();
    sure.sort_by_key(|(points, _)| Reverse(*points));
    match sure.as_slice() {
        [] => Hits::None,
        [(_, only)] => Hits::One(only.clone()),
        [(best, hit), (next, _), ..] if best - next >= 15 => Hits::One(hit.clone()),
        _ => Hits::Several,
    }
}

/// Parts that share nothing with the whole but a name, a number or their amount with each other.
fn among_kin(target: i64, parts: &Columns<'_>, near: &[Part]) -> Hits {
    let mut found: Vec<(u64, Vec<Part>)> = Vec::new();
    for family in families(parts, near) {
        let amounts = amounts(&family);
        let mut steps = sums::STEPS_MAX;
        for size in 2..=PARTS_MAX.min(family.len()) {
            let odds = sums::choices(family.len(), size).saturating_mul(ODDS_OF_KIN / size as u64);
            for hit in sums::of_size(&amounts, target, size, &mut steps) {
                let mut hit: Vec<Part> = hit.into_iter().map(|at| family[at]).collect();
                hit.sort_unstable_by_key(|part| part.at);
                found.push((odds, hit));
            }
        }
    }
    // One choice may be found in two families; in the smaller it is less of an accident.
    found.sort_unstable_by(|one, other| places(&one.1).cmp(places(&other.1)).then(one.0.cmp(&other.0)));
    found.dedup_by(|one, other| places(&one.1).eq(places(&other.1)));
    let accident = |(odds, hit): &(u64, Vec<Part>)| *odds > spread(target, hit);
    found.retain(|hit| !accident(hit));
    only(found.into_iter().map(|(_, hit)| hit))
}

/// The one of several there is.
fn only(mut hits: impl Iterator<Item = Vec<Part>>) -> Hits {
    match (hits.next(), hits.next()) {
        (None, _) => Hits::None,
        (Some(hit), None) => Hits::One(hit),
        _ => Hits::Several,
    }
}

fn places(parts: &[Part]) -> impl Iterator<Item = u32> {
    parts.iter().map(|part| part.at)
}

/// Sums that parts like these could come to: round amounts meet more often.
fn spread(target: i64, hit: &[Part]) -> u64 {
    let grain = hit.iter().fold(target.unsigned_abs(), |grain, part| gcd(grain, part.minor.unsigned_abs()));
    target.unsigned_abs() / grain.clamp(1, 500)
}

fn gcd(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// Parts that belong together: of one party, with one number, of one amount. What they have in common is packed with the
/// place of the part, so that sorting is quick; that two keys may be packed alike costs a search and makes up no sum.
fn families(parts: &Columns<'_>, near: &[Part]) -> Vec<Vec<Part>> {
    let mut keyed: Vec<u64> = Vec::with_capacity(near.len() * 3);
    let pack = |kind: u64, key: u64, at: usize| (key.wrapping_mul(SPREAD) ^ kind) & !(NEAR_MAX as u64 - 1) | at as u64;
    for (at, part) in near.iter().enumerate() {
        let row = part.at as usize;
        let party = Some(parts.party[row]).filter(|party| *party != 0);
        keyed.extend(party.map(|party| pack(1 << 62, u64::from(party), at)));
        let numbers = parts.references[row].iter().filter(|number| **number != 0);
        keyed.extend(numbers.map(|number| pack(2 << 62, u64::from(*number), at)));
        keyed.push(pack(3 << 62, part.minor.unsigned_abs(), at));
    }
    // Most are alone with their key: counted by a hash, they need not be sorted.
    let mut counts = [0_u8; 4_096];
    let slot = |key: u64| (key >> NEAR_MAX.ilog2()).wrapping_mul(SPREAD) as usize >> 52;
    keyed.iter().for_each(|key| counts[slot(*key)] = counts[slot(*key)].saturating_add(1));
    keyed.retain(|key| counts[slot(*key)] > 1);
    keyed.sort_unstable();
    let same = keyed.chunk_by(|one, next| (one ^ next) < NEAR_MAX as u64);
    let several = same.filter(|family| (2..=PARTS_OF_ONE).contains(&family.len()));
    several.map(|family| family.iter().map(|key| near[*key as usize & (NEAR_MAX - 1)]).collect()).collect()
}

/// Linked parts and one that shares nothing.
fn with_a_stranger(target: i64, linked: &[Part], near: &[Part]) -> Hits {
    let mut strangers: Vec<Part> = near.iter().filter(|part| !part.linked).copied().collect();
    strangers.sort_unstable_by_key(|part| (part.minor, part.at));
    let (amounts, mut steps) = (amounts(linked), sums::STEPS_MAX);
    let mut hits: Vec<Vec<Part>> = Vec::new();
    for size in 1..PARTS_MAX.min(linked.len() + 1) {
        let choices = sums::choices(linked.len(), size).saturating_mul(strangers.len() as u64);
        let odds = choices.saturating_mul(ODDS_OF_STRANGERS / (size * size) as u64);
        if odds > target.unsigned_abs() {
            break;
        }
        sums::each(&amounts, target, size, &mut steps, &mut |rest, chosen| {
            // One part under the name that is nearly the whole is the whole, written wrong.
            if size == 1 && near::may_be(target, target - rest) {
                return;
            }
            let from = strangers.partition_point(|part| part.minor < rest);
            for stranger in strangers[from..].iter().take_while(|part| part.minor == rest) {
                let mut hit: Vec<Part> = chosen.iter().map(|at| linked[*at]).collect();
                hit.push(*stranger);
                if odds <= spread(target, &hit) {
                    hits.push(hit);
                }
            }
        });
    }
    only(hits.into_iter())
}
