//! How much each past line counts for the one that is to be coded.
//!
//! Owns two rules. Newer documents count more: by their place in the history, never by the time that passed, so that a
//! yearly bill is as sure as a monthly one. And lines that read like the wanted one count more than those that do not, by
//! their place among themselves: what is bought once a year is no older for what is bought in between.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Date;
use uuid::Uuid;

use crate::history::Kept;
use crate::resemblance::{Resemblance, Wanted, resemblances};

/// What a line of the newest document counts.
pub(crate) const NEWEST: u64 = 1000;
/// What the newest four places count; four places further back, half of it.
const FOUR_PLACES: [u64; 4] = [NEWEST, 841, 707, 595];
/// What the oldest document counts: 500 of them together as much as the newest.
const OLDEST: u64 = 2;
/// How often a line counts that is closest to the wanted one. All of a supplier that do not resemble it count less than
/// eight newest documents together, as long as their dates differ.
const CLOSEST_LIFT: u64 = 32;
/// How often a line counts that reads like the wanted one, yet is not the closest: one that is closest outweighs them all.
const TEXT_LIFT: u64 = 4;
/// How often a line counts that only has its amount: two such outweigh a supplier's usual coding, one does not.
const AMOUNT_LIFT: u64 = 4;

/// One account, whatever its code was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AccountKey<'a> {
    /// Its id is known.
    Id(Uuid),
    /// No line tells its id.
    Code(&'a str),
}

/// A past line and what it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weighed<'a> {
    pub(crate) kept: &'a Kept,
    pub(crate) account: AccountKey<'a>,
    /// By its document's place alone, among those that resemble as much or more.
    pub(crate) document_weight: u64,
    pub(crate) resemblance: Resemblance,
}

impl Weighed<'_> {
    /// What it counts in all.
    pub(crate) fn weight(&self) -> u64 {
        self.document_weight
            * match self.resemblance {
                Resemblance::Closest => CLOSEST_LIFT,
                Resemblance::Text => TEXT_LIFT,
                Resemblance::Amount => AMOUNT_LIFT,
                Resemblance::None => 1,
            }
    }
}

/// Weighs lines that come the newest first.
pub(crate) fn weigh<'a>(lines: &[&'a Kept], wanted: Wanted<'_>) -> Vec<Weighed<'a>> {
    let ids = ids_of_codes(lines);
    let resemblances = resemblances(lines, wanted);
    let both = || lines.iter().copied().zip(resemblances.iter().copied());
    let among = |least: Resemblance| places(both().filter(|(_, found)| *found >= least).map(|(kept, _)| kept));
    let places: BTreeMap<Resemblance, _> = Resemblance::ALL.into_iter().map(|least| (least, among(least))).collect();
    let each = both().map(|(kept, resemblance)| {
        let place = places.get(&resemblance).and_then(|places| places.get(&kept.date));
        let document_weight = place.map_or(OLDEST, |place| weight_at(*place));
        Weighed { kept, account: account(kept, &ids), document_weight, resemblance }
    });
    each.collect()
}

/// What a document counts that has so many newer ones.
fn weight_at(place: usize) -> u64 {
    let halves = u32::try_from(place / 4).unwrap_or(u32::MAX);
    (FOUR_PLACES[place % 4].checked_shr(halves).unwrap_or(0)).max(OLDEST)
}

/// How many documents are newer than those of a date: documents of one date count the same, for nothing tells their order.
fn places<'a>(lines: impl Iterator<Item = &'a Kept>) -> BTreeMap<Date, usize> {
    let mut documents: BTreeMap<Date, BTreeSet<Uuid>> = BTreeMap::new();
    for kept in lines {
        documents.entry(kept.date).or_default().insert(kept.document_id);
    }
    let mut newer = 0;
    let place = |(date, of_date): (Date, BTreeSet<Uuid>)| {
        let place = (date, newer);
        newer += of_date.len();
        place
    };
    documents.into_iter().rev().map(place).collect()
}

/// The ids of the accounts' codes, as the newest line with both has them.
fn ids_of_codes<'a>(lines: &[&'a Kept]) -> BTreeMap<&'a str, Uuid> {
    let both = lines.iter().filter_map(|kept| Some((kept.account_code.as_deref()?, kept.account_id?)));
    both.rev().collect()
}

fn account<'a>(kept: &'a Kept, ids: &BTreeMap<&str, Uuid>) -> AccountKey<'a> {
    let code = kept.account_code.as_deref().unwrap_or_default();
    match kept.account_id.or_else(|| ids.get(code).copied()) {
        Some(id) => AccountKey::Id(id),
        None => AccountKey::Code(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x4_newer_counts_more_by_place_and_all_of_the_oldest_no_more_than_the_newest() {
        let weights: Vec<u64> = [0, 1, 4, 8, 36, 400, usize::MAX].map(weight_at).to_vec();
        assert_eq!(weights, [1000, 841, 500, 250, OLDEST, OLDEST, OLDEST]);
        assert!((1..600).all(|place| weight_at(place) <= weight_at(place - 1)));
        assert!(OLDEST * crate::history::HISTORY_LINES_MAX as u64 <= NEWEST);
    }
}
