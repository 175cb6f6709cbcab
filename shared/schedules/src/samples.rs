//! Schedules and seeded numbers for the tests of this crate.

use kernel::calendar::Calendar;
use kernel::{Date, Money};

use crate::schedule::{Kind, Method, Schedule, Terms};
use crate::texts::Tracking;

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn pounds(amount: &str) -> Money {
    Money::parse(amount, "GBP".parse().unwrap()).unwrap()
}

/// A prepaid insurance in GBP.
pub fn terms(amount: &str, first: &str, last: &str, method: Method) -> Terms {
    Terms {
        id: "S-1".parse().unwrap(),
        kind: Kind::Prepayment,
        amount: Some(pounds(amount)),
        first: Some(day(first)),
        last: Some(day(last)),
        method,
        balance_account: "620".parse().unwrap(),
        expense_account: "433".parse().unwrap(),
        tracking: Tracking::default(),
        tax_type: None,
        description: "Insurance".parse().unwrap(),
        source: None,
    }
}

/// The same, checked under calendar months.
pub fn schedule(amount: &str, first: &str, last: &str, method: Method) -> Schedule {
    Schedule::try_new(terms(amount, first, last, method), &Calendar::default()).unwrap()
}

/// Numbers that a seed gives again: splitmix64.
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
