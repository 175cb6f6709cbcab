//! The best pairs of two sides: rows of one account, currency and amount, each used once.
//!
//! Owns the assignment. Every row keeps its best candidates; pairs are taken from the best on, and where rows compete, the
//! sum of what is above likely decides, exactly as far as a named size. A pair that is not likely is none: being
//! alone is better than being with the wrong one.

use std::collections::HashMap;

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

use crate::columns::Columns;
use crate::score::{Evidence, Leeway, MARGIN, score};

/// Candidates that are looked at for one row. Of more, those nearest in days are; the report counts the rows.
pub(crate) const CANDIDATES_MAX: usize = 256;
/// Candidates that a row keeps.
const KEPT: usize = 6;
/// Rows on one side that compete, for which the best sum is found; beyond, the best pair goes first.
const COMPETITORS_MAX: usize = 120;

/// One pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Place on the first side.
    pub one: u32,
    /// Place on the second.
    pub other: u32,
    /// What speaks for it.
    pub evidence: Evidence,
    /// Pairs that the amount could make around these days.
    pub shared: u32,
    /// How far it is ahead of the next best of either row.
    pub margin: i32,
}

/// A candidate on its way to be a pair.
#[derive(Clone, Copy)]
struct Edge {
    points: i32,
    one: u32,
    other: u32,
    shared: u32,
}

/// What a pairing came to.
#[derive(Default)]
pub(crate) struct Pairing {
    /// The pairs, by their place on the first side.
    pub pairs: Vec<Pair>,
    /// Rows that had more candidates than are looked at.
    pub capped: usize,
}

/// Rows that may still be paired.
pub(crate) type Free = Vec<bool>;

/// Pairs the free rows of two sides.
pub(crate) fn pair(one: &Columns<'_>, other: &Columns<'_>, free: (&Free, &Free), leeway: Leeway) -> Pairing {
    let (mut edges, capped) = candidates(one, other, free, leeway);
    // The best first; among equals by place, so that nothing depends on chance.
    edges.sort_unstable_by_key(|edge| {
        let rank = u64::from(edge.points.abs_diff(i32::MAX));
        (rank << 32 | u64::from(edge.one), edge.other)
    });
    let best = best_two(&edges, one.len(), other.len());
    let mut taken = (vec![false; one.len()], vec![false; other.len()]);
    let mut chosen = Vec::with_capacity(one.len());
    let contested = contested(&edges, one.len(), other.len(), &mut chosen, &mut taken);
    for component in components(&edges, &contested, one.len(), other.len()) {
        assign(&edges, &component, leeway.likely, &mut taken, &mut chosen);
    }
    chosen.sort_unstable_by_key(|edge| edge.one);
    let pairs = chosen.into_iter().map(|edge| {
        let (at, there) = (edge.one as usize, edge.other as usize);
        let evidence = score((one, at), (other, there), leeway, edge.shared as usize);
        let rival = |of: (i32, i32)| if edge.points >= of.0 { of.1 } else { of.0 };
        let rival = rival(best.0[at]).max(rival(best.1[there])).max(leeway.likely - MARGIN);
        Pair { one: edge.one, other: edge.other, evidence, shared: edge.shared, margin: edge.points - rival }
    });
    Pairing { pairs: pairs.collect(), capped }
}

fn candidates(one: &Columns<'_>, other: &Columns<'_>, free: (&Free, &Free), leeway: Leeway) -> (Vec<Edge>, usize) {
    let (mut edges, mut capped) = (Vec::with_capacity(one.len()), 0);
    let mut start = 0;
    let mut at = 0;
    while at < one.len() {
        let key = (one.book[at], one.minor[at]);
        let end = at
            + one.book[at..].iter().zip(&one.minor[at..]).take_while(|(book, minor)| (**book, **minor) == key).count();
        while start < other.len() && (other.book[start], other.minor[start]) < key {
            start += 1;
        }
        let mut stop = start;
        while stop < other.len() && (other.book[stop], other.minor[stop]) == key {
            stop += 1;
        }
        if start < stop {
            capped += block(one, other, (at..end, start..stop), free, leeway, &mut edges);
        }
        (at, start) = (end, stop);
    }
    (edges, capped)
}

type Blocks = (std::ops::Range<usize>, std::ops::Range<usize>);

/// The candidates within one amount. Both sides are in order of days, so a window moves along.
fn block(
    one: &Columns<'_>,
    other: &Columns<'_>,
    (ours, theirs): Blocks,
    free: (&Free, &Free),
    leeway: Leeway,
    edges: &mut Vec<Edge>,
) -> usize {
    let (mut low, mut high, mut capped) = (theirs.start, theirs.start, 0);
    let mut first = ours.start;
    for at in ours.clone() {
        let (from, to) = (one.day[at] - leeway.earlier, one.day[at] + leeway.later);
        while low < theirs.end && other.day[low] < from {
            low += 1;
        }
        high = high.max(low);
        while high < theirs.end && other.day[high] <= to {
            high += 1;
        }
        while one.day[first] < from {
            first += 1;
        }
        if !free.0[at] || low == high {
            continue;
        }
        // Rows of ours that look at much the same window compete for it.
        let near = (first..ours.end).take_while(|rival| one.day[*rival] <= to).take(CANDIDATES_MAX);
        let rivals = near.filter(|rival| free.0[*rival]).count();
        let window = nearest(other, low..high, one.day[at]);
        capped += usize::from(window.len() < high - low);
        let open = window.filter(|there| free.1[*there]);
        let shared = rivals * open.clone().count();
        keep_best(one, at, other, open, leeway, shared, edges);
    }
    capped
}

/// As many as are looked at, around a day.
fn nearest(other: &Columns<'_>, window: std::ops::Range<usize>, day: i32) -> std::ops::Range<usize> {
    if window.len() <= CANDIDATES_MAX {
        return window;
    }
    let middle = window.start + other.day[window.clone()].partition_point(|there| *there < day);
    let start = middle.saturating_sub(CANDIDATES_MAX / 2).clamp(window.start, window.end - CANDIDATES_MAX);
    start..start + CANDIDATES_MAX
}

fn keep_best(
    one: &Columns<'_>,
    at: usize,
    other: &Columns<'_>,
    window: impl Iterator<Item = usize>,
    leeway: Leeway,
    shared: usize,
    edges: &mut Vec<Edge>,
) {
    let begin = edges.len();
    for there in window {
        let evidence = score((one, at), (other, there), leeway, shared);
        if evidence.points < leeway.likely {
            continue;
        }
        let edge = Edge { points: evidence.points, one: place(at), other: place(there), shared: place(shared) };
        if edges.len() - begin < KEPT {
            edges.push(edge);
        } else if let Some(worst) = edges[begin..].iter_mut().min_by_key(|kept| kept.points)
            && worst.points < evidence.points
        {
            *worst = edge;
        }
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The best and the next best points of each row.
type BestTwo = Vec<(i32, i32)>;

/// Those of both sides.
fn best_two(edges: &[Edge], ours: usize, theirs: usize) -> (BestTwo, BestTwo) {
    let none = (i32::MIN, i32::MIN);
    let mut best = (vec![none; ours], vec![none; theirs]);
    // Edges come in order, so the first two of a row are its best.
    let note = |of: &mut (i32, i32), points: i32| {
        if of.0 == i32::MIN {
            of.0 = points;
        } else if of.1 == i32::MIN {
            of.1 = points;
        }
    };
    for edge in edges {
        note(&mut best.0[edge.one as usize], edge.points);
        note(&mut best.1[edge.other as usize], edge.points);
    }
    best
}

/// Takes the pairs whose rows have no other candidate; answers the places of the other edges.
fn contested(edges: &[Edge], ours: usize, theirs: usize, chosen: &mut Vec<Edge>, taken: &mut (Free, Free)) -> Vec<u32> {
    let mut counts = (vec![0_u8; ours], vec![0_u8; theirs]);
    for edge in edges {
        for count in [&mut counts.0[edge.one as usize], &mut counts.1[edge.other as usize]] {
            *count = count.saturating_add(1);
        }
    }
    let mut left = Vec::new();
    for (at, edge) in (0..).zip(edges) {
        let (one, other) = (edge.one as usize, edge.other as usize);
        if (counts.0[one], counts.1[other]) == (1, 1) {
            (taken.0[one], taken.1[other]) = (true, true);
            chosen.push(*edge);
        } else {
            left.push(at);
        }
    }
    left
}

/// Edges that hang together by their rows, each by its places in the list.
fn components(edges: &[Edge], contested: &[u32], ours: usize, theirs: usize) -> Vec<Vec<u32>> {
    let mut parent: Vec<u32> = (0..place(ours + theirs)).collect();
    fn root(parent: &mut [u32], mut at: u32) -> u32 {
        while parent[at as usize] != at {
            parent[at as usize] = parent[parent[at as usize] as usize];
            at = parent[at as usize];
        }
        at
    }
    for edge in contested.iter().map(|at| &edges[*at as usize]) {
        let (one, other) = (root(&mut parent, edge.one), root(&mut parent, place(ours) + edge.other));
        parent[one.max(other) as usize] = one.min(other);
    }
    let mut of_root: HashMap<u32, usize> = HashMap::new();
    let mut found: Vec<Vec<u32>> = Vec::new();
    for at in contested {
        let root = root(&mut parent, edges[*at as usize].one);
        let number = *of_root.entry(root).or_insert_with(|| {
            found.push(Vec::new());
            found.len() - 1
        });
        found[number].push(*at);
    }
    found
}

fn assign(edges: &[Edge], component: &[u32], likely: i32, taken: &mut (Free, Free), chosen: &mut Vec<Edge>) {
    let all = || component.iter().map(|at| edges[*at as usize]);
    let mut rows: (Vec<u32>, Vec<u32>) = (all().map(|edge| edge.one).collect(), all().map(|edge| edge.other).collect());
    for side in [&mut rows.0, &mut rows.1] {
        side.sort_unstable();
        side.dedup();
    }
    if rows.0.len().min(rows.1.len()) > 1 && rows.0.len().max(rows.1.len()) <= COMPETITORS_MAX {
        chosen.extend(best_sum(&rows, all(), likely));
        return;
    }
    for edge in all() {
        let (one, other) = (edge.one as usize, edge.other as usize);
        if !taken.0[one] && !taken.1[other] {
            (taken.0[one], taken.1[other]) = (true, true);
            chosen.push(edge);
        }
    }
}

/// The pairs with the greatest sum of points above likely. A row may stay alone, which is worth nothing.
fn best_sum(rows: &(Vec<u32>, Vec<u32>), edges: impl Iterator<Item = Edge>, likely: i32) -> Vec<Edge> {
    let (ours, theirs) = (rows.0.len(), rows.1.len());
    let mut worth = Matrix::new(ours, theirs + ours, 0_i64);
    let mut known: Vec<Option<Edge>> = vec![None; ours * theirs];
    for edge in edges {
        let (Ok(at), Ok(there)) = (rows.0.binary_search(&edge.one), rows.1.binary_search(&edge.other)) else {
            continue;
        };
        worth[(at, there)] = i64::from(edge.points - likely) + 1;
        known[at * theirs + there] = Some(edge);
    }
    let (_, chosen) = kuhn_munkres(&worth);
    let pairs = chosen.into_iter().enumerate().filter(|(_, there)| *there < theirs);
    pairs.filter_map(|(at, there)| known[at * theirs + there]).collect()
}
