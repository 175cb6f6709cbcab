//! Which rows of a side cannot be told apart.
//!
//! Owns the classes that answers are held against: nobody can say which of two equal rows belongs to which of two
//! equal others, so either answer is right. Two rows are alike when all their fields but the id are equal (for pairs
//! with the ledger, the bank's id too may differ), or when the truth calls one a duplicate of the other.

use std::collections::HashMap;

use kernel::{Date, Money};

use crate::rows::Row;

/// The classes of a side's rows.
pub(crate) struct Classes<'a> {
    places: HashMap<&'a str, u32>,
    parents: Vec<u32>,
}

/// Whether rows that differ in nothing but the bank's id are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BankIds {
    Matter,
    DoNotMatter,
}

/// What a row says.
type Said<'a> = (&'a str, Date, Money, &'a str, [Option<&'a str>; 4]);

fn said(row: &Row, bank_ids: BankIds) -> Said<'_> {
    let bank_id = row.bank_id.as_deref().filter(|_| bank_ids == BankIds::Matter);
    let optional = [row.reference.as_deref(), row.payee.as_deref(), row.kind.as_deref(), bank_id];
    (&row.account, row.date, row.money, &row.description, optional)
}

impl<'a> Classes<'a> {
    /// The classes of rows, some of which are duplicates.
    pub(crate) fn new<'b>(
        rows: &'a [Row],
        bank_ids: BankIds,
        duplicates: impl Iterator<Item = &'b Vec<String>>,
    ) -> Self {
        let mut firsts: HashMap<Said<'a>, u32> = HashMap::with_capacity(rows.len());
        let places = rows.iter().enumerate().map(|(at, row)| (row.id.as_str(), at as u32)).collect();
        let parents =
            rows.iter().enumerate().map(|(at, row)| *firsts.entry(said(row, bank_ids)).or_insert(at as u32)).collect();
        let mut classes = Self { places, parents };
        for copies in duplicates {
            for pair in copies.windows(2) {
                if let (Some(one), Some(other)) = (classes.of(&pair[0]), classes.of(&pair[1])) {
                    classes.parents[one.max(other) as usize] = one.min(other);
                }
            }
        }
        classes
    }

    /// A row's class; none for a row that does not exist.
    pub(crate) fn of(&self, id: &str) -> Option<u32> {
        let mut place = *self.places.get(id)?;
        while self.parents[place as usize] != place {
            place = self.parents[place as usize];
        }
        Some(place)
    }

    /// The classes of rows in order; none when one does not exist.
    pub(crate) fn of_all(&self, ids: &[String]) -> Option<Vec<u32>> {
        let mut classes: Vec<u32> = ids.iter().map(|id| self.of(id)).collect::<Option<_>>()?;
        classes.sort_unstable();
        Some(classes)
    }

    /// Where a row stands on its side.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).map(|place| *place as usize)
    }
}
