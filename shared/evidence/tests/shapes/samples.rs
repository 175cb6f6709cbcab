//! Lines, records and dates for the tests of this crate, written as short as they can be read.

use kernel::{Date, Money};
use serde_json::Value;

use evidence::{Fields, Line, LineKind, LineSource, Presence, Words};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn pounds(amount: &str) -> Money {
    Money::parse(amount, "GBP".parse().unwrap()).unwrap()
}

pub fn fields(value: Value) -> Fields {
    value.as_object().cloned().unwrap()
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

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// A line with all that it says.
pub fn text_of_line(line: &Line) -> String {
    let links: Vec<&str> = line.links.iter().map(|id| id.as_str()).collect();
    let texts = [&line.payee, &line.description, &line.reference].map(|text| text.as_str().to_owned()).join("|");
    format!(
        "{} {} {} {} {} [{texts}] {} {} reconciled={:?} links={}",
        line.id,
        word(line.source),
        line.account,
        line.date,
        line.amount,
        word(line.kind),
        word(line.presence),
        line.reconciled,
        links.join(",")
    )
}
