//! Rows of one side by columns, in an order that does not depend on the order in which they came.
//!
//! Owns what is compared of a row, and that comparing two of them touches no text. Rows are in order of account and currency,
//! amount, day; so those of one amount stand together.

use std::collections::HashMap;

use kernel::Date;

use crate::row::Row;
use crate::words::{Signature, hash, refers, words};

/// Referring words that are kept of a row: an invoice, an order, a mandate, an end-to-end id.
pub(crate) const REFERENCES: usize = 4;
/// Ids of the bank's that are kept of a row: its own, and those of the feed line that it is.
const IDS: usize = 4;
/// A referring word that so many rows of a side carry names a card, a contract or a year, and tells none of them.
const COMMON: u32 = 3;

/// Accounts and currencies by number, the same on all sides.
#[derive(Default)]
pub(crate) struct Books<'r> {
    known: HashMap<(&'r str, &'r str), u32>,
}

impl<'r> Books<'r> {
    /// Of all sides together. The numbers follow the names, so they are the same whatever the order of rows.
    pub(crate) fn of(sides: [&'r [Row]; 3]) -> Self {
        let rows = || sides.into_iter().flatten();
        let mut names: Vec<(&str, &str)> = rows().map(|row| (&*row.account, row.amount.currency.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        Self { known: (0..).zip(names).map(|(number, name)| (name, number)).collect() }
    }

    fn number(&self, row: &Row) -> u32 {
        self.known.get(&(&*row.account, row.amount.currency.as_str())).copied().unwrap_or(u32::MAX)
    }
}

/// One side.
pub(crate) struct Columns<'r> {
    /// The rows as they came.
    pub rows: &'r [Row],
    /// Which of them stands where.
    pub order: Vec<u32>,
    /// Account and currency.
    pub book: Vec<u32>,
    /// Minor units; money in is positive.
    pub minor: Vec<i64>,
    /// Days since 1970.
    pub day: Vec<i32>,
    /// Whom it names.
    pub name: Vec<Signature>,
    /// Rare referring words, hashed; 0 for none.
    pub references: Vec<[u32; REFERENCES]>,
    /// The bank's ids that it may carry, hashed; 0 for none.
    pub ids: Vec<[u64; IDS]>,
}

/// Days since 1970.
fn day_of(date: Date) -> i32 {
    (date - Date::constant(1970, 1, 1)).get_days()
}

impl<'r> Columns<'r> {
    /// `own_ids` says whether a row's id is one that rows of other sides may carry, as the feed's are.
    pub(crate) fn of(rows: &'r [Row], books: &Books<'r>, own_ids: bool) -> Self {
        let mut keys: Vec<(u32, i64, i32, &str, u32)> = (0..)
            .zip(rows)
            .map(|(at, row)| (books.number(row), row.amount.minor, day_of(row.date), &*row.id, at))
            .collect();
        keys.sort_unstable();
        let order: Vec<u32> = keys.iter().map(|key| key.4).collect();
        let row = |at: &u32| &rows[*at as usize];
        let name = |row: &Row| Signature::of([&*row.payee, &*row.description]);
        let id = |text: &str| if text.is_empty() { 0 } else { hash(text.as_bytes()) };
        let mut columns = Self {
            rows,
            book: keys.iter().map(|key| key.0).collect(),
            minor: keys.iter().map(|key| key.1).collect(),
            day: keys.iter().map(|key| key.2).collect(),
            name: order.iter().map(row).map(name).collect(),
            references: order.iter().map(row).map(references).collect(),
            ids: order
                .iter()
                .map(row)
                .map(|row| [id(&row.bank_id), if own_ids { id(&row.id) } else { 0 }, 0, 0])
                .collect(),
            order,
        };
        columns.drop_common();
        columns
    }

    fn drop_common(&mut self) {
        let mut counts: HashMap<u32, u32> = HashMap::with_capacity(self.references.len());
        for reference in self.references.iter().flatten().filter(|reference| **reference != 0) {
            *counts.entry(*reference).or_default() += 1;
        }
        for reference in self.references.iter_mut().flatten() {
            if counts.get(reference).is_some_and(|count| *count > COMMON) {
                *reference = 0;
            }
        }
    }

    /// Gives a row what is told of the same money elsewhere.
    pub(crate) fn learn(&mut self, at: usize, other: &Columns<'_>, there: usize) {
        self.name[at] = self.name[at].with(other.name[there]);
        for reference in other.references[there] {
            let free = self.references[at].iter_mut().find(|known| **known == 0 || **known == reference);
            free.into_iter().for_each(|known| *known = reference);
        }
        for id in other.ids[there] {
            let free = self.ids[at].iter_mut().find(|known| **known == 0 || **known == id);
            free.into_iter().for_each(|known| *known = id);
        }
    }

    /// Rows of the side.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The row that stands there.
    pub(crate) fn row(&self, at: usize) -> &'r Row {
        &self.rows[self.order[at] as usize]
    }

    /// Whether two rows carry one rare word that refers.
    pub(crate) fn refers_alike(&self, at: usize, other: &Columns<'_>, there: usize) -> bool {
        let theirs = &other.references[there];
        self.references[at].iter().any(|reference| *reference != 0 && theirs.contains(reference))
    }

    /// Whether two rows carry one id of the bank's.
    pub(crate) fn same_id(&self, at: usize, other: &Columns<'_>, there: usize) -> bool {
        let theirs = &other.ids[there];
        self.ids[at].iter().any(|id| *id != 0 && theirs.contains(id))
    }
}

fn references(row: &Row) -> [u32; REFERENCES] {
    let mut found = [0; REFERENCES];
    let mut count = 0;
    for text in [&row.reference, &row.description, &row.payee] {
        words(text, |word| {
            // Zeros in front are one side's habit, letters another's.
            let digits = word.trim_start_matches(|letter: char| !letter.is_ascii_digit()).trim_start_matches('0');
            let key = if digits.len() >= 3 { digits } else { word };
            let reference = (hash(key.as_bytes()) >> 32) as u32;
            if refers(word) && count < REFERENCES && !found[..count].contains(&reference) {
                found[count] = reference;
                count += 1;
            }
        });
    }
    found
}
