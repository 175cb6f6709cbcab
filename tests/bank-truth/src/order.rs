//! Rows get their order and their ids.
//!
//! Owns that neither says anything of what belongs together: rows stand by date, those of one day in any order, and
//! ids follow the place or nothing at all.

use std::ops::Range;

use crate::Benchmark;
use crate::cases::{Cases, Places};
use crate::dice::{Channel, Dice};
use crate::rows::Row;
use crate::truth::{Finding, Match, Truth};

/// A side.
#[derive(Clone, Copy)]
enum Side {
    Statement = 0,
    Feed = 1,
    Ledger = 2,
}

/// Streams kept apart for each side.
const SIDE_STREAMS: usize = 1 << 40;

/// The rows by date with their ids, and the truth in those ids.
pub(crate) fn ordered(seed: u64, cases: Cases<'_>) -> Benchmark {
    let Cases { statement, feed, ledger, matches, findings, .. } = cases;
    let (statement, statement_ids) = sorted(seed, Side::Statement, statement);
    let (feed, feed_ids) = sorted(seed, Side::Feed, feed);
    let (ledger, ledger_ids) = sorted(seed, Side::Ledger, ledger);
    let named = |places: Places| {
        let ids = |ids: &[String], at: Range<u32>| ids[at.start as usize..at.end as usize].to_vec();
        (ids(&statement_ids, places.statement), ids(&feed_ids, places.feed), ids(&ledger_ids, places.ledger))
    };
    let matches = matches.into_iter().map(|(kind, places)| {
        let (statement, feed, ledger) = named(places);
        Match { statement, feed, ledger, kind }
    });
    let findings = findings.into_iter().map(|(kind, places)| {
        let (statement, feed, ledger) = named(places);
        Finding { kind, statement, feed, ledger }
    });
    Benchmark { statement, feed, ledger, truth: Truth { matches: matches.collect(), findings: findings.collect() } }
}

/// The rows in their order, and the id of each by its place before.
fn sorted(seed: u64, side: Side, mut rows: Vec<Row>) -> (Vec<Row>, Vec<String>) {
    let stream = |at: usize| Dice::of(seed, Channel::Order, side as usize * SIDE_STREAMS + at).roll();
    let mut keys: Vec<_> = rows.iter().enumerate().map(|(at, row)| (row.date, stream(at), at)).collect();
    keys.sort_unstable();
    let mut ids = vec![String::new(); rows.len()];
    let mut places = vec![0; rows.len()];
    for (place, (_, code, at)) in keys.into_iter().enumerate() {
        ids[at] = match side {
            Side::Statement => format!("S{:07}", place + 1),
            Side::Feed => format!("F{code:016x}"),
            Side::Ledger => format!("L{code:016x}"),
        };
        places[at] = place;
    }
    for (row, id) in rows.iter_mut().zip(&ids) {
        row.id.clone_from(id);
    }
    put_in_place(&mut rows, places);
    (rows, ids)
}

/// Moves each row to its place, by swaps, so that a large side is not held twice.
fn put_in_place(rows: &mut [Row], mut places: Vec<usize>) {
    for at in 0..rows.len() {
        while places[at] != at {
            let to = places[at];
            rows.swap(at, to);
            places.swap(at, to);
        }
    }
}
