//! Lines with ids that a line keeps in every file that has it.
//!
//! Banks rarely give ids that hold. Equal entries inside one statement are real, two coffees on one day, so the second of
//! them has an id of its own; in another file that has both, the two are the same two.

use std::collections::{HashMap, HashSet};

use documents::upload::short_digest;
use kernel::{Currency, Date, Money};
use serde::{Deserialize, Serialize};
use statements::{Entry, Place, Status};

use crate::row::LeftOut;

/// Letters of a text that are kept.
const TEXT_CHARS_MAX: usize = 500;

/// One line of a bank account, as a bank or Xero's feed tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankLine {
    /// Names it: `s-` and hexadecimal digits.
    pub id: String,
    /// The day it was booked.
    pub date: Date,
    /// The day from which interest counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_date: Option<Date>,
    /// Money in is positive.
    pub amount: Money,
    /// Who paid or was paid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub payee: String,
    /// What the bank says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// A reference of the one who gave the order.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// The bank's own id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bank_id: String,
    /// What kind of movement the bank says it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Where it stands in its file: page of a PDF, line.
    pub place: (Option<u32>, u32),
}

/// Makes lines of the entries of one account, all in its currency; entries that are none are counted.
pub fn lines<'e>(
    account: &str,
    currency: Currency,
    entries: impl Iterator<Item = &'e Entry>,
    left_out: &mut LeftOut,
) -> Vec<BankLine> {
    let usable: Vec<(&Entry, Date, Money)> = entries.filter_map(|entry| usable(entry, currency, left_out)).collect();
    let ids = unique_ids(&usable);
    let mut counted: HashMap<Vec<u8>, u32> = HashMap::new();
    let line = |(entry, date, amount): &(&Entry, Date, Money)| {
        let bank_id = entry.id.as_deref().filter(|id| ids.contains(id));
        let said = match bank_id {
            Some(id) => format!("{account}\0id\0{id}\0{amount}"),
            None => format!("{account}\0said\0{date}\0{amount}\0{}", entry.description.to_uppercase()),
        };
        let count = counted.entry(said.into_bytes());
        let mut key = count.key().clone();
        let count = count.or_insert(0);
        key.extend_from_slice(&count.to_be_bytes());
        *count += 1;
        BankLine {
            id: format!("s-{}", short_digest(&key)),
            date: *date,
            value_date: entry.value_date,
            amount: *amount,
            payee: cut(entry.payee.as_deref().unwrap_or_default()),
            description: cut(&entry.description),
            reference: cut(entry.reference.as_deref().unwrap_or_default()),
            bank_id: cut(bank_id.unwrap_or_default()),
            code: cut(entry.code.as_deref().unwrap_or_default()),
            place: place(entry.place),
        }
    };
    usable.iter().map(line).collect()
}

fn place(place: Place) -> (Option<u32>, u32) {
    (place.page, place.line)
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn usable<'e>(entry: &'e Entry, currency: Currency, left_out: &mut LeftOut) -> Option<(&'e Entry, Date, Money)> {
    let reason = match (entry.status, entry.date, entry.amount) {
        (Status::Pending | Status::Information, ..) => &mut left_out.not_booked,
        _ if entry.currency.is_some_and(|found| found != currency) => &mut left_out.other_currency,
        (Status::Booked, Some(date), Some(amount)) => match amount.money(currency) {
            Some(amount) if amount.is_zero() => &mut left_out.zero,
            Some(amount) => return Some((entry, date, amount)),
            None => &mut left_out.unreadable,
        },
        _ => &mut left_out.unreadable,
    };
    *reason += 1;
    None
}

/// The bank's ids that stand at one entry alone.
fn unique_ids<'e>(usable: &[(&'e Entry, Date, Money)]) -> HashSet<&'e str> {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for id in usable.iter().filter_map(|(entry, ..)| entry.id.as_deref()) {
        *counts.entry(id).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count == 1).map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use statements::Exact;

    use super::*;

    fn entry(text: &str, units: i64, id: Option<&str>) -> Entry {
        Entry {
            date: Some("2026-11-02".parse().unwrap()),
            amount: Exact::new(units, 2),
            description: text.to_owned(),
            id: id.map(str::to_owned),
            ..Entry::default()
        }
    }

    fn read(entries: &[Entry]) -> (Vec<BankLine>, LeftOut) {
        let mut left_out = LeftOut::default();
        let lines = lines("a", "GBP".parse().unwrap(), entries.iter(), &mut left_out);
        (lines, left_out)
    }

    #[test]
    fn two_coffees_are_two_lines_and_the_same_two_in_another_file() {
        let (first, _) = read(&[entry("Coffee", -450, None), entry("Tea", -300, None), entry("Coffee", -450, None)]);
        let (later, _) = read(&[entry("COFFEE", -450, None), entry("Coffee", -450, None), entry("Coffee", -450, None)]);
        assert_ne!(first[0].id, first[2].id);
        assert_eq!((&later[0].id, &later[1].id), (&first[0].id, &first[2].id));
        assert!(first.iter().all(|line| line.id != later[2].id));
    }

    #[test]
    fn an_id_of_the_banks_that_stands_twice_names_nothing() {
        let (once, _) = read(&[entry("a", -450, Some("7")), entry("b", -450, Some("8"))]);
        let (renamed, _) = read(&[entry("A longer text", -450, Some("7"))]);
        assert_eq!(once[0].id, renamed[0].id);
        let (twice, _) = read(&[entry("a", -450, Some("0")), entry("b", -450, Some("0"))]);
        assert!(twice[0].id != twice[1].id && twice.iter().all(|line| line.bank_id.is_empty()));
    }

    #[test]
    fn what_is_no_line_is_counted_by_its_reason() {
        let other = Entry { currency: "EUR".parse().ok(), ..entry("a", 1, None) };
        let pending = Entry { status: Status::Pending, ..entry("a", 1, None) };
        let undated = Entry { date: None, ..entry("a", 1, None) };
        let (lines, left_out) = read(&[other, pending, undated, entry("a", 0, None), entry("a", 1, None)]);
        let wanted = LeftOut { unreadable: 1, not_booked: 1, other_account: 0, other_currency: 1, zero: 1 };
        assert_eq!((lines.len(), left_out), (1, wanted));
    }
}
