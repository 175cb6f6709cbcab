//! What past lines say, option by option, and how sure that is.
//!
//! Owns the sum and the confidence. A document counts once for an option, however many of its lines have it, so that a long
//! bill is no better witness than a short one. Knows nothing of what the options are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use kernel::Date;
use uuid::Uuid;

use crate::resemblance::Resemblance;
use crate::weights::{NEWEST, Weighed};

/// The most that history can be sure of, per mille: it is no proof of the next bill.
pub const CONFIDENCE_MAX: u16 = 990;
/// What speaks for something else before anything is known: half of a newest document.
const DOUBT: u64 = NEWEST / 2;
/// How often a document supports what it has, if it has a line that reads like the wanted one.
const TEXT_SUPPORT: u64 = 2;

/// One option and what speaks for it.
pub(crate) struct Tally<K> {
    pub(crate) key: K,
    /// That have it.
    pub(crate) documents: u32,
    weight: u64,
    support: u64,
    newest: Date,
}

/// All options, the heaviest first.
pub(crate) struct Tallies<K> {
    pub(crate) options: Vec<Tally<K>>,
    /// That have any.
    pub(crate) documents: u32,
    total: u64,
}

/// Sums up lines by an option; those without it do not count.
pub(crate) fn tally<'a, K: Ord + Copy>(lines: &[Weighed<'a>], key: fn(&Weighed<'a>) -> Option<K>) -> Tallies<K> {
    let mut by_document: BTreeMap<(K, Uuid), (u64, u64, Date)> = BTreeMap::new();
    for line in lines {
        let Some(key) = key(line) else { continue };
        let times = if line.resemblance >= Resemblance::Text { TEXT_SUPPORT } else { 1 };
        let says = (line.weight(), times * line.document_weight, line.kept.date);
        let said = by_document.entry((key, line.kept.document_id)).or_insert(says);
        *said = (said.0.max(says.0), said.1.max(says.1), said.2.max(says.2));
    }
    let documents: BTreeSet<Uuid> = by_document.keys().map(|(_, document)| *document).collect();
    let documents = u32::try_from(documents.len()).unwrap_or(u32::MAX);
    let mut options: Vec<Tally<K>> = Vec::new();
    for ((key, _), (weight, support, date)) in by_document {
        match options.last_mut().filter(|option| option.key == key) {
            Some(option) => {
                (option.weight, option.support) = (option.weight + weight, option.support + support);
                (option.newest, option.documents) = (option.newest.max(date), option.documents + 1);
            }
            None => options.push(Tally { key, documents: 1, weight, support, newest: date }),
        }
    }
    options.sort_by_key(|option| (Reverse((option.weight, option.support, option.newest)), option.key));
    Tallies { documents, total: options.iter().map(|option| option.weight).sum(), options }
}

impl<K: Ord + Copy> Tallies<K> {
    /// Per mille: the option's share of all weight, less what so few documents leave open.
    pub(crate) fn confidence(&self, option: &Tally<K>) -> u16 {
        let share = (1000 * option.weight).checked_div(self.total).unwrap_or(0);
        let sure = share * option.support / (option.support + DOUBT);
        u16::try_from(sure).unwrap_or(CONFIDENCE_MAX).min(CONFIDENCE_MAX)
    }
}
