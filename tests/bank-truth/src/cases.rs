//! Movements become rows on three sides, and truth about them.
//!
//! Owns what each fate does: which rows are written, what of them belongs together, what is found.

use std::ops::Range;

use crate::amounts::{swapped, wrong};
use crate::dice::{Channel, Dice};
use crate::fates::Fate;
use crate::movements::{Kind, Movement, magnitude};
use crate::rows::Row;
use crate::truth::{FindingKind, MatchKind};
use crate::world::World;
use crate::{feed, lag, ledger, statement};

/// Parts of a group.
const PARTS: (i64, i64) = (2, 5);

/// Rows of the three sides by their places. Rows of one movement on one side stand in a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) statement: Range<u32>,
    pub(crate) feed: Range<u32>,
    pub(crate) ledger: Range<u32>,
}

/// The rows written so far, and what is true of them.
pub(crate) struct Cases<'a> {
    world: &'a World<'a>,
    pub(crate) statement: Vec<Row>,
    pub(crate) feed: Vec<Row>,
    pub(crate) ledger: Vec<Row>,
    pub(crate) matches: Vec<(MatchKind, Places)>,
    pub(crate) findings: Vec<(FindingKind, Places)>,
}

/// One movement's streams.
struct Streams {
    statement: Dice,
    feed: Dice,
    ledger: Dice,
    wrongs: Dice,
}

fn pushed(rows: &mut Vec<Row>, row: Row) -> Range<u32> {
    rows.push(row);
    rows.len() as u32 - 1..rows.len() as u32
}

/// One range and the one that follows it.
fn joined(one: &Range<u32>, next: &Range<u32>) -> Range<u32> {
    if one.is_empty() { next.clone() } else { one.start..next.end }
}

impl<'a> Cases<'a> {
    pub(crate) fn new(world: &'a World<'a>) -> Self {
        let side = || Vec::with_capacity(world.dial.lines + world.dial.lines / 10);
        Self {
            world,
            statement: side(),
            feed: side(),
            ledger: side(),
            matches: Vec::with_capacity(world.dial.lines),
            findings: Vec::new(),
        }
    }

    /// Writes the rows of a movement and what is true of them.
    pub(crate) fn settle(&mut self, index: usize, movement: &Movement) {
        let dice = |channel| self.world.dice(channel, index);
        let mut streams = Streams {
            statement: dice(Channel::Statement),
            feed: dice(Channel::Feed),
            // Nobody could say which of two equal purchases is which, so the books say the same of both.
            ledger: self.world.dice(Channel::Ledger, index - usize::from(movement.is_twin)),
            wrongs: dice(Channel::Wrongs),
        };
        match movement.fate {
            Fate::MissingInLedger => self.unentered(movement, FindingKind::MissingInLedger, &mut streams),
            Fate::FeeUnentered => self.unentered(movement, FindingKind::BankFee, &mut streams),
            Fate::MissingInFeed => self.unfed(movement, &mut streams),
            Fate::MissingInStatement => self.unstated(movement, &mut streams),
            Fate::DuplicateInFeed | Fate::Reexported => self.fed_twice(movement, &mut streams),
            Fate::DuplicateInLedger => self.entered_twice(movement, &mut streams),
            Fate::Split => self.split(index, movement, &mut streams),
            Fate::Merged => self.merged(index, movement, &mut streams),
            Fate::Plain | Fate::WrongAmount | Fate::TransposedDigits | Fate::DateOff | Fate::FeeNetted => {
                self.on_all_sides(movement, &mut streams);
            }
        }
    }

    /// One row on each side, and perhaps a slip in the ledger's.
    fn on_all_sides(&mut self, movement: &Movement, streams: &mut Streams) {
        let account = &self.world.accounts[movement.account as usize];
        let (minor, booked) = (movement.minor, movement.booked);
        let dice = &mut streams.wrongs;
        let (stated, entered, booked, finding) = match movement.fate {
            Fate::WrongAmount => (minor, wrong(minor, dice), booked, Some(FindingKind::WrongAmount)),
            Fate::TransposedDigits => (minor, swapped(minor, dice), booked, Some(FindingKind::TransposedDigits)),
            Fate::FeeNetted => {
                let (net, gross) = account.fees.net_and_gross(minor);
                (net, gross, booked, Some(FindingKind::BankFee))
            }
            Fate::DateOff => {
                let booked = lag::wrong(&self.world.dial.lag, movement.posted, dice);
                (minor, minor, booked, Some(FindingKind::DateOff))
            }
            _ => (minor, minor, booked, None),
        };
        let mut places = self.at_the_bank(movement, stated, movement.posted, streams);
        places.ledger = self.entered(movement, entered, booked, streams);
        self.matched(MatchKind::OneToOne, &places);
        if let Some(kind) = finding {
            self.findings.push((kind, places));
        }
    }

    fn unentered(&mut self, movement: &Movement, kind: FindingKind, streams: &mut Streams) {
        let places = self.at_the_bank(movement, movement.minor, movement.posted, streams);
        self.matched(MatchKind::OneToOne, &places);
        self.findings.push((kind, places));
    }

    fn unfed(&mut self, movement: &Movement, streams: &mut Streams) {
        let row = self.stated(movement, movement.minor, movement.posted, streams);
        let statement = pushed(&mut self.statement, row);
        let ledger = self.entered(movement, movement.minor, movement.booked, streams);
        let places = Places { statement, ledger, ..Places::default() };
        self.matched(MatchKind::OneToOne, &places);
        self.findings.push((FindingKind::MissingInFeed, places));
    }

    fn unstated(&mut self, movement: &Movement, streams: &mut Streams) {
        let ledger = self.entered(movement, movement.minor, movement.booked, streams);
        let mut places = Places { ledger, ..Places::default() };
        if streams.wrongs.chance(250) {
            let row = self.stated(movement, movement.minor, movement.posted, streams);
            places.feed = pushed(&mut self.feed, feed::line(self.world, &row, &mut streams.feed));
            self.matched(MatchKind::OneToOne, &places);
        }
        self.findings.push((FindingKind::MissingInStatement, places));
    }

    fn fed_twice(&mut self, movement: &Movement, streams: &mut Streams) {
        let mut places = self.at_the_bank(movement, movement.minor, movement.posted, streams);
        places.ledger = self.entered(movement, movement.minor, movement.booked, streams);
        self.matched(MatchKind::OneToOne, &places);
        let first = &self.feed[places.feed.start as usize];
        let again = match movement.fate {
            Fate::Reexported => feed::exported_again(first, &mut streams.feed),
            _ => feed::pending(first, &mut streams.feed),
        };
        places.feed = joined(&places.feed, &pushed(&mut self.feed, again));
        self.findings.push((FindingKind::DuplicateInFeed, places));
    }

    fn entered_twice(&mut self, movement: &Movement, streams: &mut Streams) {
        let mut places = self.at_the_bank(movement, movement.minor, movement.posted, streams);
        places.ledger = self.entered(movement, movement.minor, movement.booked, streams);
        self.matched(MatchKind::OneToOne, &places);
        let again = ledger::entered_again(&self.ledger[places.ledger.start as usize], &mut streams.ledger);
        places.ledger = joined(&places.ledger, &pushed(&mut self.ledger, again));
        self.findings.push((FindingKind::DuplicateInLedger, places));
    }

    /// One statement line for several entries: a customer's several invoices, several bills, a batch of wages.
    fn split(&mut self, index: usize, movement: &Movement, streams: &mut Streams) {
        let mut dice = self.world.dice(Channel::Parts, index);
        let parts = self.parts(movement, &mut dice);
        let mut places = self.at_the_bank(movement, parts.iter().sum(), movement.posted, streams);
        for (at, part) in parts.into_iter().enumerate() {
            let mut entry = *movement;
            if movement.kind == Kind::Payroll {
                entry.party = self.world.directory.person(&mut dice);
            } else if at > 0 {
                entry.number += dice.between(1, 40) as u32;
            }
            let earlier = dice.below(self.world.dial.lag.days_max as usize) as u32;
            let booked = if dice.chance(700) { movement.booked } else { movement.posted - earlier };
            let entered = self.entered(&entry, part, booked, streams);
            places.ledger = joined(&places.ledger, &entered);
        }
        self.matched(MatchKind::Split, &places);
        self.findings.push((FindingKind::Split, places));
    }

    /// Several statement lines for one entry: an invoice paid in parts, all entered as one.
    fn merged(&mut self, index: usize, movement: &Movement, streams: &mut Streams) {
        let mut dice = self.world.dice(Channel::Parts, index);
        let parts = self.parts(movement, &mut dice);
        let last = movement.booked + self.world.dial.lag.days_max;
        let ledger = self.entered(movement, parts.iter().sum(), movement.booked, streams);
        let mut places = Places { ledger, ..Places::default() };
        for part in parts {
            let posted = movement.posted + dice.below(self.world.dial.lag.days_max as usize) as u32;
            let posted = self.world.days.working_until(posted.min(last)).max(movement.posted);
            let lines = self.at_the_bank(movement, part, posted, streams);
            places.statement = joined(&places.statement, &lines.statement);
            places.feed = joined(&places.feed, &lines.feed);
        }
        self.matched(MatchKind::Merged, &places);
        self.findings.push((FindingKind::Merged, places));
    }

    /// The signed amounts of a group's parts; sometimes all equal.
    fn parts(&self, movement: &Movement, dice: &mut Dice) -> Vec<i64> {
        let count = dice.between(PARTS.0, PARTS.1);
        let mut part = || movement.kind.sign() * magnitude(self.world, movement.kind, dice);
        let first = part();
        let others: Vec<i64> = (1..count).map(|_| part()).collect();
        let equal = movement.fate == Fate::Merged && dice.chance(400);
        let others = others.into_iter().map(|other| if equal { first } else { other });
        std::iter::once(first).chain(others).collect()
    }

    fn stated(&self, movement: &Movement, minor: i64, posted: u32, streams: &mut Streams) -> Row {
        statement::line(self.world, movement, minor, posted, &mut streams.statement)
    }

    fn at_the_bank(&mut self, movement: &Movement, minor: i64, posted: u32, streams: &mut Streams) -> Places {
        let row = self.stated(movement, minor, posted, streams);
        let feed = pushed(&mut self.feed, feed::line(self.world, &row, &mut streams.feed));
        Places { statement: pushed(&mut self.statement, row), feed, ledger: 0..0 }
    }

    fn entered(&mut self, movement: &Movement, minor: i64, booked: u32, streams: &mut Streams) -> Range<u32> {
        let row = ledger::entry(self.world, movement, minor, booked, &mut streams.ledger);
        pushed(&mut self.ledger, row)
    }

    fn matched(&mut self, kind: MatchKind, places: &Places) {
        self.matches.push((kind, places.clone()));
    }
}
