//! The same entries in two files of one account.
//!
//! Owns which entries of a later file are those of an earlier one. Equal entries inside one statement are real, two
//! coffees on one day, so of a key that both files have, as many are the same as the smaller number of them.

use std::collections::{HashMap, HashSet};

use statement_lines::Entry;

/// A bank's id where it is one, else what an entry says.
#[derive(PartialEq, Eq, Hash)]
enum Key<'e> {
    Id(&'e str),
    Said(Option<kernel::Date>, Option<String>, String),
}

/// For each entry of `later` the one of `earlier` that it repeats, by its index. Ids count only where neither side gives
/// one to two entries.
pub fn repeated(earlier: &[Entry], later: &[Entry]) -> Vec<Option<usize>> {
    let by_id = ids_are_unique(earlier) && ids_are_unique(later);
    let mut open = HashMap::<Key<'_>, Vec<usize>>::new();
    for (index, entry) in earlier.iter().enumerate().rev() {
        open.entry(key(entry, by_id)).or_default().push(index);
    }
    later.iter().map(|entry| open.get_mut(&key(entry, by_id))?.pop()).collect()
}

fn ids_are_unique(entries: &[Entry]) -> bool {
    let mut seen = HashSet::new();
    entries.iter().all(|entry| entry.id.as_deref().is_some_and(|id| seen.insert(id)))
}

fn key(entry: &Entry, by_id: bool) -> Key<'_> {
    match entry.id.as_deref() {
        Some(id) if by_id => Key::Id(id),
        _ => Key::Said(entry.date, entry.amount.map(|amount| amount.to_string()), entry.description.to_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statement_lines::Exact;

    fn entry(units: i64, text: &str, id: Option<&str>) -> Entry {
        let (amount, id) = (Exact::new(units, 2), id.map(str::to_owned));
        Entry { amount, id, description: text.to_owned(), ..Entry::default() }
    }

    #[test]
    fn two_coffees_stay_two_and_a_third_is_new() {
        let coffee = || entry(-450, "Coffee", None);
        let earlier = [coffee(), entry(-100, "Tea", None), coffee()];
        let later = [coffee(), coffee(), coffee(), entry(-100, "TEA", None)];
        assert_eq!(repeated(&earlier, &later), [Some(0), Some(2), None, Some(1)]);
    }

    #[test]
    fn ids_count_where_they_identify() {
        let one = [entry(-5, "a", Some("1")), entry(-6, "b", Some("2"))];
        let two = [entry(-6, "B changed", Some("2")), entry(-5, "a", Some("3"))];
        assert_eq!(repeated(&one, &two), [Some(1), None]);
        let zeros = [entry(-5, "a", Some("0")), entry(-6, "b", Some("0"))];
        assert_eq!(repeated(&zeros, &zeros), [Some(0), Some(1)]);
    }
}
