//! A benchmark with known truth for reconciling a bank statement, the bank's feed and the ledger.
//!
//! Owns a seeded generator and a scorer. The generator draws true movements first, then tells them on three sides
//! through channels that know nothing of each other but what happened (the feed retells the statement's line), then
//! says which rows belong together and what is wrong. The generator knows nothing of the matcher.
//!
//! Everything follows from the seed and the [`Dial`]: the same two give the same bytes. Money is whole minor units.
//!
//! What makes it hard, as banks and books do: descriptors with masks, terminals, cities and tags, cut after 18, 22 or
//! 32 letters, in folded capitals; another name over the door; references quoted otherwise or not at all; lags over
//! weekends and holidays; price points, equal weekly debits, two equal purchases on one day; spans exported again
//! with other ids; and the discrepancies that [`FindingKind`] defines, at the rates of [`Rates`].
//!
//! Two terms: a *movement* is one true event on one account; its *fate* is the one discrepancy it meets, or none.

mod amounts;
mod answer;
mod cases;
mod days;
mod dial;
mod dice;
mod fates;
mod feed;
mod lag;
mod ledger;
mod likeness;
mod movements;
mod names;
mod order;
mod report;
mod rows;
mod score;
mod statement;
mod truth;
mod world;

pub use amounts::{PRICE_POINTS, is_swap};
pub use answer::{Answer, Given};
pub use dial::{Dial, DialError, Lag, Rates};
pub use dice::PerMille;
pub use rows::{Row, read_lines, write_lines};
pub use score::{Counts, Score, score};
pub use truth::{Finding, FindingKind, Match, MatchKind, Truth};

/// Seeds to look into while a matcher is being written.
pub const OPEN_SEEDS: [u64; 3] = [1, 2, 3];
/// Seeds whose figures are reported. Whoever tunes a matcher looks at their scores, never at their rows.
pub const REPORTED_SEEDS: [u64; 5] = [101, 102, 103, 104, 105];

/// Rows of three sides and what is true of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Benchmark {
    /// The bank's statement, by date.
    pub statement: Vec<Row>,
    /// The bank's feed, by date.
    pub feed: Vec<Row>,
    /// The ledger's entries on the bank accounts, by date.
    pub ledger: Vec<Row>,
    /// What is true of them.
    pub truth: Truth,
}

/// Draws the benchmark of a seed and a dial.
pub fn benchmark(seed: u64, dial: &Dial) -> Result<Benchmark, DialError> {
    dial.check()?;
    let world = world::World::new(seed, dial);
    let mut cases = cases::Cases::new(&world);
    for (index, movement) in movements::drawn(&world).iter().enumerate() {
        cases.settle(index, movement);
    }
    Ok(order::ordered(seed, cases))
}
