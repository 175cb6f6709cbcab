//! Rows of one side by columns, in an order that does not depend on the order in which they came.
//!
//! Owns what is compared of a row, and that comparing two of them touches no text. Rows are in order of account and currency,
//! amount, day; so those of one amount stand together.

use std::collections::{BTreeSet, HashMap};

use kernel::{Currency, Date};

use crate::row::Row;
use crate::words::{Signature, hash, hash_on, refers, words};

/// Referring words that are kept of a row: an invoice, an order, a mandate, an end-to-end id.
pub(crate) const REFERENCES: usize = 4;
/// Ids of the bank's that are kept of a row: its own, and those of the feed line that it is.
const IDS: usize = 4;
/// A referring word that so many rows of a side carry names a card, a contract or a year, and tells none of them.
const COMMON: u8 = 8;

/// Accounts and currencies by number, the same on all sides.
#[derive(Default)]
pub(crate) struct Books<'r> {
    known: HashMap<(&'r str, Currency), u32>,
}

impl<'r> Books<'r> {
    /// Of all sides together. The numbers follow the names, so they are the same whatever the order of rows.
    pub(crate) fn of(sides: [&'r [Row]; 3]) -> Self {
        let mut names: BTreeSet<(&str, Currency)> = BTreeSet::new();
        let mut last = None;
        for row in sides.into_iter().flatten() {
            let name = (&*row.account, row.amount.currency);
            if last != Some(name) {
                names.insert(name);
                last = Some(name);
            }
        }
        Self { known: (0..).zip(names).map(|(number, name)| (name, number)).collect() }
    }

    fn number(&self, row: &Row) -> u32 {
        self.known.get(&(&*row.account, row.amount.currency)).copied().unwrap_or(u32::MAX)
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
    /// Whom it names, in all that it says.
    pub name: Vec<Signature>,
    /// Whom it names as payee or, where it names none there, in all that it says.
    pub payee: Vec<Signature>,
    /// By which party it goes, hashed: on the bank's side the words that name one, or, where [`crate::parties`] knows it, the
    /// books' contact; 0 for none.
    pub party: Vec<u32>,
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
        let order = ordered(rows, books);
        // Texts are read in the order in which they came, which is that of memory.
        let told: Vec<Told> = rows.iter().map(|row| told(row, own_ids)).collect();
        let mut columns = Self {
            rows,
            book: Vec::with_capacity(rows.len()),
            minor: Vec::with_capacity(rows.len()),
            day: Vec::with_capacity(rows.len()),
            name: Vec::with_capacity(rows.len()),
            payee: Vec::with_capacity(rows.len()),
            party: Vec::with_capacity(rows.len()),
            references: Vec::with_capacity(rows.len()),
            ids: Vec::with_capacity(rows.len()),
            order: Vec::with_capacity(rows.len()),
        };
        for key in order {
            let row = &rows[key.row as usize];
            let Told { name, payee, party, references, ids } = told[key.row as usize];
            columns.book.push(key.book);
            columns.minor.push(row.amount.minor);
            columns.day.push(key.day);
            columns.name.push(name);
            columns.payee.push(payee);
            columns.party.push(party);
            columns.references.push(references);
            columns.ids.push([ids[0], ids[1], 0, 0]);
            columns.order.push(key.row);
        }
        columns.drop_common();
        columns
    }

    /// Takes out words that many rows carry. They are counted in a table of fixed size; that two words may share a place
    /// there makes a rare one look common now and then, which costs a hint and never makes one up.
    fn drop_common(&mut self) {
        let mask = (self.references.len() * 8).next_power_of_two() - 1;
        let mut counts = vec![0_u8; mask + 1];
        for reference in self.references.iter().flatten().filter(|reference| **reference != 0) {
            let count = &mut counts[*reference as usize & mask];
            *count = count.saturating_add(1);
        }
        for reference in self.references.iter_mut().flatten() {
            if counts[*reference as usize & mask] > COMMON {
                *reference = 0;
            }
        }
    }

    /// Gives a row what is told of the same money elsewhere.
    pub(crate) fn learn(&mut self, at: usize, other: &Columns<'_>, there: usize) {
        self.name[at] = self.name[at].with(other.name[there]);
        self.payee[at] = self.payee[at].or(other.payee[there]);
        if self.party[at] == 0 {
            self.party[at] = other.party[there];
        }
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

    /// How alike the names of two rows are in 1/256; none where one names nobody. What stands around a name in a description
    /// does not make a payee less alike.
    pub(crate) fn named_alike(&self, at: usize, other: &Columns<'_>, there: usize) -> Option<u32> {
        if self.party[at] != 0 && self.party[at] == other.party[there] {
            return Some(256);
        }
        let (payee, as_payee) = (self.payee[at].alike(other.name[there]), self.name[at].alike(other.payee[there]));
        payee.max(as_payee)
    }

    /// Whether two rows carry one rare word that refers.
    pub(crate) fn refers_alike(&self, at: usize, other: &Columns<'_>, there: usize) -> bool {
        let (ours, theirs) = (&self.references[at], &other.references[there]);
        *ours != [0; REFERENCES]
            && *theirs != [0; REFERENCES]
            && ours.iter().any(|reference| *reference != 0 && theirs.contains(reference))
    }

    /// Whether two rows carry one id of the bank's.
    pub(crate) fn same_id(&self, at: usize, other: &Columns<'_>, there: usize) -> bool {
        let (ours, theirs) = (&self.ids[at], &other.ids[there]);
        *ours != [0; IDS] && *theirs != [0; IDS] && ours.iter().any(|id| *id != 0 && theirs.contains(id))
    }
}

/// What a row is put in order by.
struct Key {
    book: u32,
    day: i32,
    /// Account and currency, amount, day, so that numbers alone decide where rows differ in these.
    packed: u128,
    row: u32,
}

/// Rows in order of account and currency, amount, day; among equals by id, so that the order in which they came is forgotten.
fn ordered<'r>(rows: &'r [Row], books: &Books<'r>) -> Vec<Key> {
    let mut last: (&str, Option<Currency>, u32) = ("", None, 0);
    let mut keys: Vec<Key> = Vec::with_capacity(rows.len());
    for (at, row) in (0..).zip(rows) {
        if last.1 != Some(row.amount.currency) || last.0 != row.account {
            last = (&row.account, Some(row.amount.currency), books.number(row));
        }
        let day = day_of(row.date);
        // Shifted so that less than nothing comes before nothing.
        let (minor, days) = (row.amount.minor.wrapping_sub(i64::MIN) as u64, day.wrapping_sub(i32::MIN) as u32);
        let packed = u128::from(last.2) << 96 | u128::from(minor) << 32 | u128::from(days);
        keys.push(Key { book: last.2, day, packed, row: at });
    }
    keys.sort_unstable_by(|one, other| {
        let by_id = || rows[one.row as usize].id.cmp(&rows[other.row as usize].id);
        one.packed.cmp(&other.packed).then_with(by_id).then(one.row.cmp(&other.row))
    });
    keys
}

/// What the texts of a row tell.
#[derive(Clone, Copy)]
struct Told {
    name: Signature,
    payee: Signature,
    party: u32,
    references: [u32; REFERENCES],
    ids: [u64; 2],
}

/// Whom a row names, by which party it goes, and the words in it that refer. The payee is the party; where there is none,
/// the description tells it.
fn told(row: &Row, own_id: bool) -> Told {
    let id = |text: &str| if text.is_empty() { 0 } else { hash(text.as_bytes()) };
    let ids = [id(&row.bank_id), if own_id { id(&row.id) } else { 0 }];
    let (name, payee) = (Signature::default(), Signature::default());
    let mut told = Told { name, payee, party: 0, references: [0; REFERENCES], ids };
    let mut count = 0;
    for (text, names) in [(&row.reference, false), (&row.payee, true), (&row.description, true)] {
        let mut named = 0;
        words(text, |word| {
            if names && told.name.add(word) {
                named = hash_on(named, word);
            }
            if count == REFERENCES || !refers(word) {
                return;
            }
            // Zeros in front are one side's habit, letters another's.
            let start = word.iter().position(|byte| (b'1'..=b'9').contains(byte)).unwrap_or(0);
            let key = if word[start..].len() >= 3 { &word[start..] } else { word };
            let reference = (hash(key) >> 32) as u32;
            if !told.references[..count].contains(&reference) {
                told.references[count] = reference;
                count += 1;
            }
        });
        told.name = told.name.counted();
        told.payee = told.payee.or(told.name);
        if told.party == 0 {
            told.party = (named >> 32) as u32;
        }
    }
    if told.name == Signature::default() {
        // It names nobody: its words are all there is.
        let mut said = 0;
        let text = if row.payee.is_empty() { &row.description } else { &row.payee };
        words(text, |word| said = if word.iter().any(u8::is_ascii_digit) { said } else { hash_on(said, word) });
        told.party = (said >> 32) as u32;
    }
    told
}
