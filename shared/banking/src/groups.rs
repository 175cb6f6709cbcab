//! One row on one side that several on the other make up: a deposit of many takings, an invoice paid in parts.
//!
//! Owns how far is searched, and that chance does not pass for a group: amounts add up by accident all the time, so parts
//! must share a name or a number with the whole, or stand together on one day under one name.

use std::collections::HashMap;

use crate::columns::Columns;
use crate::pairs::Free;
use crate::score::{Leeway, links};

/// Parts of a group.
pub(crate) const PARTS_MAX: usize = 6;
/// Rows that may be parts of one whole; beyond, the nearest in days count. More would add up by accident.
const PARTS_OF_ONE: usize = 24;
/// Sums that are looked at for one whole.
const STEPS_MAX: usize = 20_000;

/// A whole and its parts, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// On the side of wholes.
    pub whole: u32,
    /// On the side of parts.
    pub parts: Vec<u32>,
    /// Points of its weakest part.
    pub points: i32,
}

/// Finds groups among free rows, wholes on the first side. Rows that are used are free no longer.
pub(crate) fn find(
    wholes: &Columns<'_>,
    parts: &Columns<'_>,
    free: (&mut Free, &mut Free),
    leeway: Leeway,
) -> Vec<Group> {
    let by_day = by_day(parts, free.1);
    let mut found: Vec<Group> = Vec::new();
    for whole in (0..wholes.len()).filter(|at| free.0[*at]) {
        let near = parts_near(wholes, whole, parts, &by_day, leeway);
        found.extend(best(wholes, whole, parts, &near));
    }
    // Fewer parts are less of an accident.
    found.sort_unstable_by_key(|group| (group.parts.len(), std::cmp::Reverse(group.points), group.whole));
    let mut groups = Vec::new();
    for group in found {
        let unused = free.0[group.whole as usize] && group.parts.iter().all(|part| free.1[*part as usize]);
        if unused {
            free.0[group.whole as usize] = false;
            group.parts.iter().for_each(|part| free.1[*part as usize] = false);
            groups.push(group);
        }
    }
    groups.sort_unstable_by_key(|group| group.whole);
    groups
}

/// Free rows by account, currency and day.
pub(crate) type ByDay = HashMap<(u32, i32), Vec<u32>>;

pub(crate) fn by_day(columns: &Columns<'_>, free: &Free) -> ByDay {
    let mut found = ByDay::new();
    for at in (0..columns.len()).filter(|at| free[*at]) {
        found.entry((columns.book[at], columns.day[at])).or_default().push(u32::try_from(at).unwrap_or(u32::MAX));
    }
    found
}

/// One that may be a part.
#[derive(Clone, Copy)]
struct Part {
    at: u32,
    minor: i64,
    points: i32,
    day: i32,
    linked: bool,
}

fn parts_near(wholes: &Columns<'_>, whole: usize, parts: &Columns<'_>, by_day: &ByDay, leeway: Leeway) -> Vec<Part> {
    let (minor, day) = (wholes.minor[whole], wholes.day[whole]);
    let mut found: Vec<Part> = Vec::new();
    for later in -leeway.earlier..=leeway.later {
        for at in by_day.get(&(wholes.book[whole], day + later)).into_iter().flatten() {
            let part = parts.minor[*at as usize];
            // Parts go the way of the whole and are less than it.
            if part.signum() != minor.signum() || part.unsigned_abs() >= minor.unsigned_abs() {
                continue;
            }
            let evidence = links((wholes, whole), (parts, *at as usize), later);
            let points = evidence.points - later.abs();
            found.push(Part { at: *at, minor: part, points, day: day + later, linked: evidence.is_linked() });
        }
    }
    found
}

/// The group of fewest parts, and of those the one with most points; none where two are as good.
fn best(wholes: &Columns<'_>, whole: usize, parts: &Columns<'_>, near: &[Part]) -> Option<Group> {
    let target = wholes.minor[whole];
    let mut linked: Vec<Part> = near.iter().filter(|part| part.linked).copied().collect();
    let by_name = search(whole, target, &mut linked);
    by_name.or_else(|| on_one_day(whole, target, parts, near))
}

/// Parts that share nothing with the whole but stand on one day under one name, all of them together.
fn on_one_day(whole: usize, target: i64, parts: &Columns<'_>, near: &[Part]) -> Option<Group> {
    let mut days: Vec<i32> = near.iter().map(|part| part.day).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let of_day: Vec<Part> = near.iter().filter(|part| part.day == day).copied().collect();
        let (Some(first), true) = (of_day.first(), (2..=PARTS_OF_ONE).contains(&of_day.len())) else { continue };
        let named = parts.name[first.at as usize];
        let alike = |part: &&Part| parts.name[part.at as usize].alike(named).is_some_and(|alike| alike >= 200);
        let same: Vec<Part> = of_day.iter().filter(alike).copied().collect();
        if same.len() > 1 && same.len() <= PARTS_MAX && same.iter().map(|part| part.minor).sum::<i64>() == target {
            return Some(group(whole, &same));
        }
    }
    None
}

fn group(whole: usize, parts: &[Part]) -> Group {
    let mut places: Vec<u32> = parts.iter().map(|part| part.at).collect();
    places.sort_unstable();
    let points = parts.iter().map(|part| part.points).min().unwrap_or(0);
    Group { whole: u32::try_from(whole).unwrap_or(u32::MAX), parts: places, points }
}

/// Searches sums of two parts, then three, and so on; the first size that has one decides, if it has one alone.
fn search(whole: usize, target: i64, parts: &mut Vec<Part>) -> Option<Group> {
    parts.sort_unstable_by_key(|part| (std::cmp::Reverse(part.points), part.at));
    parts.truncate(PARTS_OF_ONE);
    parts.sort_unstable_by_key(|part| (std::cmp::Reverse(part.minor.unsigned_abs()), part.at));
    let mut steps = 0;
    for size in 2..=PARTS_MAX.min(parts.len()) {
        let mut hits: Vec<Vec<Part>> = Vec::new();
        let mut chosen = Vec::with_capacity(size);
        sums(parts, target, size, &mut chosen, &mut hits, &mut steps);
        match hits.as_slice() {
            [] => (),
            [only] => return Some(group(whole, only)),
            several => return surest(whole, several),
        }
        if steps > STEPS_MAX {
            return None;
        }
    }
    None
}

/// Of several, the one with most points by far.
fn surest(whole: usize, hits: &[Vec<Part>]) -> Option<Group> {
    let mut sure: Vec<(i32, &Vec<Part>)> =
        hits.iter().map(|hit| (hit.iter().map(|part| part.points).sum::<i32>(), hit)).collect();
    sure.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    match sure.as_slice() {
        [(best, hit), (next, _), ..] if best - next >= 15 => Some(group(whole, hit)),
        _ => None,
    }
}

/// Choices of exactly so many parts that make the sum. Parts are in order, the largest first.
fn sums(
    parts: &[Part],
    target: i64,
    size: usize,
    chosen: &mut Vec<Part>,
    hits: &mut Vec<Vec<Part>>,
    steps: &mut usize,
) {
    for (at, part) in parts.iter().enumerate() {
        *steps += 1;
        if *steps > STEPS_MAX || hits.len() > 8 {
            return;
        }
        let rest = target - part.minor;
        if size == 1 {
            if rest == 0 {
                let mut hit = chosen.clone();
                hit.push(*part);
                hits.push(hit);
            }
            continue;
        }
        // What is left must be made of parts no larger than this one.
        let enough = part.minor.unsigned_abs().saturating_mul(size as u64 - 1) >= rest.unsigned_abs();
        if rest.signum() != target.signum() {
            continue;
        }
        if !enough {
            return;
        }
        chosen.push(*part);
        sums(&parts[at + 1..], rest, size - 1, chosen, hits, steps);
        chosen.pop();
    }
}
