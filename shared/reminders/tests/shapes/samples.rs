//! Lines, records and dates for the tests of this crate, written as short as they can be read.

use kernel::{Date, Money};

use evidence::{Line, LineKind, LineSource, Presence, Words};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn pounds(amount: &str) -> Money {
    Money::parse(amount, "GBP".parse().unwrap()).unwrap()
}

/// `id account date amount | payee | description | reference`, an uploaded line in pounds; what stands last may be missing.
pub fn line(text: &str) -> Line {
    let mut parts = text.split('|').map(str::trim);
    let head: Vec<&str> = parts.next().unwrap().split_whitespace().collect();
    let mut words = || Words::new(parts.next().unwrap_or_default());
    Line {
        id: head[0].parse().unwrap(),
        source: LineSource::UploadedStatement,
        account: head[1].parse().unwrap(),
        date: day(head[2]),
        amount: pounds(head[3]),
        payee: words(),
        description: words(),
        reference: words(),
        kind: LineKind::Ordinary,
        presence: Presence::Present,
        reconciled: None,
        links: Vec::new(),
    }
}
