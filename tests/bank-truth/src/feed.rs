//! How the bank's feed tells a statement line: the feed's channel.
//!
//! Owns what is lost and moved on that way: dates by a day, the bank's id, payee and notes, the reference.

use std::borrow::Cow;

use crate::dice::Dice;
use crate::names::cut;
use crate::rows::Row;
use crate::world::World;

/// Letters of a name field.
const PAYEE_LETTERS: usize = 32;

/// The feed line of a statement line, still without an id.
pub(crate) fn line(world: &World<'_>, statement: &Row, dice: &mut Dice) -> Row {
    let mut row = statement.clone();
    if dice.chance(world.dial.lag.feed_shift) {
        let shifted = if dice.chance(700) { row.date.tomorrow() } else { row.date.yesterday() };
        row.date = shifted.unwrap_or(row.date);
    }
    if !dice.chance(world.dial.shared_bank_ids) {
        row.bank_id = None;
    }
    row.kind = Some(Cow::Borrowed(if row.money.minor < 0 { "DEBIT" } else { "CREDIT" }));
    retell(&mut row, dice);
    row
}

/// The same line again, as a second export of the span has it.
pub(crate) fn exported_again(first: &Row, dice: &mut Dice) -> Row {
    Row { bank_id: first.bank_id.is_some().then(|| dice.code(14)), ..first.clone() }
}

/// The same line again, as it came when it was still pending.
pub(crate) fn pending(first: &Row, dice: &mut Dice) -> Row {
    let mut row = Row { bank_id: None, ..first.clone() };
    if dice.chance(500) {
        row.date = row.date.tomorrow().unwrap_or(row.date);
    }
    if dice.chance(500) {
        row.description = cut(&row.description, 18);
    }
    row
}

fn retell(row: &mut Row, dice: &mut Dice) {
    match dice.below(10) {
        // As the statement has it.
        0..6 => (),
        // Payee and notes apart: the text's first words are taken for a name.
        6..8 if row.payee.is_none() => row.payee = Some(cut(&first_words(&row.description), PAYEE_LETTERS)),
        6..8 => row.description = row.reference.take().unwrap_or_default(),
        // All in one text.
        8 => {
            let parts = [row.payee.take(), Some(row.description.clone()), row.reference.take()];
            let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
            row.description = parts.join(" ");
        }
        // The reference is lost.
        _ => row.reference = None,
    }
}

fn first_words(text: &str) -> String {
    let name = text.split_once(" to ").or_else(|| text.split_once(" from ")).map_or(text, |(_, name)| name);
    name.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
