//! How often the matcher was right on an organisation's own history: what Xero itself has matched, and what people decided.

use std::collections::{BTreeMap, BTreeSet};

use banking::Match;
use serde::Serialize;

use crate::report::Agreement;
use crate::suggestion::{Suggestion, SuggestionKind, SuggestionState};

/// Thresholds that are shown, in thousandths.
pub const THRESHOLDS: [u16; 6] = [0, 500, 700, 800, 900, 950];

/// Holds matches against those that Xero has: lines of the feed that are matched there with one entry or several.
pub fn against_xero(matches: &[Match], links: &BTreeMap<String, Vec<String>>) -> Vec<Agreement> {
    if links.is_empty() {
        return Vec::new();
    }
    let judged: Vec<(u16, bool)> = matches.iter().filter_map(|found| judge(found, links)).collect();
    let one = |from_per_mille: u16| {
        let above = || judged.iter().filter(|(per_mille, _)| from_per_mille <= *per_mille);
        let right = above().filter(|(_, right)| *right).count();
        Agreement { from_per_mille, compared: above().count(), right, of: links.len() }
    };
    THRESHOLDS.into_iter().map(one).collect()
}

fn judge(found: &Match, links: &BTreeMap<String, Vec<String>>) -> Option<(u16, bool)> {
    if found.ledger.is_empty() {
        return None;
    }
    let known: BTreeSet<&String> = found.feed.iter().filter_map(|id| links.get(id)).flatten().collect();
    let ours: BTreeSet<&String> = found.ledger.iter().collect();
    (!known.is_empty()).then(|| (found.per_mille, ours.is_subset(&known)))
}

/// What people decided about links, by at least so much that spoke for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// In thousandths.
    pub from_per_mille: u16,
    /// Accepted, or seen to be done in Xero.
    pub accepted: usize,
    /// Dismissed.
    pub dismissed: usize,
    /// Of those that are certain, what accepting them without a person would have done: as people did.
    pub automatic_right: usize,
    /// And otherwise than people did.
    pub automatic_wrong: usize,
}

/// Counts what people decided; what the threshold accepted is nobody's word.
pub fn decided(suggestions: &[Suggestion]) -> Vec<Decided> {
    let judged: Vec<(u16, bool, bool)> = suggestions
        .iter()
        .filter(|suggestion| suggestion.kind == SuggestionKind::Link)
        .filter_map(|suggestion| {
            let right = match &suggestion.state {
                SuggestionState::Dismissed { .. } => false,
                SuggestionState::Accepted { by, .. } | SuggestionState::Confirmed { by, .. } if by != "threshold" => {
                    true
                }
                _ => return None,
            };
            Some((suggestion.per_mille, suggestion.certain, right))
        })
        .collect();
    let one = |from_per_mille: u16| {
        let count = |wanted: &dyn Fn(&(u16, bool, bool)) -> bool| {
            judged.iter().filter(|judged| from_per_mille <= judged.0 && wanted(judged)).count()
        };
        Decided {
            from_per_mille,
            accepted: count(&|(_, _, right)| *right),
            dismissed: count(&|(_, _, right)| !*right),
            automatic_right: count(&|(_, certain, right)| *certain && *right),
            automatic_wrong: count(&|(_, certain, right)| *certain && !*right),
        }
    };
    THRESHOLDS.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use banking::MatchKind;

    use super::*;

    fn found(feed: &str, ledger: &str, per_mille: u16) -> Match {
        Match {
            statement: vec!["s".to_owned()],
            feed: vec![feed.to_owned()],
            ledger: vec![ledger.to_owned()],
            per_mille,
            certain: true,
            kind: MatchKind::OneToOne,
            reasons: Vec::new(),
        }
    }

    #[test]
    fn m35_matches_are_held_against_those_that_xero_has_by_threshold() {
        let links = BTreeMap::from([
            ("f1".to_owned(), vec!["e1".to_owned()]),
            ("f2".to_owned(), vec!["e2".to_owned()]),
            ("f3".to_owned(), vec!["e3".to_owned()]),
        ]);
        let matches = [found("f1", "e1", 990), found("f2", "e9", 720), found("f8", "e8", 990)];
        let shown = against_xero(&matches, &links);
        let at = |from: u16| shown.iter().find(|one| one.from_per_mille == from).copied().unwrap();
        assert_eq!(at(0), Agreement { from_per_mille: 0, compared: 2, right: 1, of: 3 });
        assert_eq!(at(900), Agreement { from_per_mille: 900, compared: 1, right: 1, of: 3 });
    }
}
