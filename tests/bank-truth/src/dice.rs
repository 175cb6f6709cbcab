//! A seeded source of choices, cut into streams: one for each channel of each movement.
//!
//! Owns the arithmetic of chance. A stream depends on seed, channel and index alone, so that a change to what one
//! channel draws leaves the others as they were.

/// A rate in thousandths.
pub type PerMille = u32;

/// What a stream is drawn for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Channel {
    Directory = 1,
    Accounts,
    Fates,
    Movements,
    Series,
    Overlaps,
    Parts,
    Names,
    Statement,
    Feed,
    Ledger,
    Wrongs,
    Order,
}

/// Split-mix generator: one 64-bit counter, one mixing step.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Dice {
    /// The stream of one thing in one channel.
    pub(crate) fn of(seed: u64, channel: Channel, index: usize) -> Self {
        let channel = mixed(mixed(seed.wrapping_add(STEP)).wrapping_add((channel as u64).wrapping_mul(STEP)));
        Self(mixed(channel.wrapping_add((index as u64).wrapping_mul(STEP))))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number from 0 to `end` - 1; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % (end.max(1) as u64)).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap_or(1).max(1);
        low + i64::try_from(self.roll() % span).unwrap_or_default()
    }

    /// A number from `low` to `high` in which each doubling is equally likely, as amounts of money are.
    pub(crate) fn spread(&mut self, low: i64, high: i64) -> i64 {
        let doublings = (high / low.max(1)).max(1).ilog2();
        let floor = low << self.between(0, i64::from(doublings));
        self.between(floor.min(high), (floor * 2).min(high))
    }

    pub(crate) fn chance(&mut self, rate: PerMille) -> bool {
        self.roll() % 1_000 < u64::from(rate)
    }

    /// How often in a row a chance comes true, up to a limit.
    pub(crate) fn run(&mut self, rate: PerMille, most: u32) -> u32 {
        let mut length = 0;
        while length < most && self.chance(rate) {
            length += 1;
        }
        length
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A word of a list.
    pub(crate) fn word(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }

    /// Capital letters and digits, as banks' ids have them.
    pub(crate) fn code(&mut self, length: usize) -> String {
        const SIGNS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
        let mut left = self.roll();
        let mut code = String::with_capacity(length);
        for place in 0..length {
            if place % 8 == 7 {
                left = self.roll();
            }
            code.push(char::from(SIGNS[(left % SIGNS.len() as u64) as usize]));
            left /= SIGNS.len() as u64;
        }
        code
    }
}
