//! A statement as a bank wrote it.
//!
//! Owns the meaning of each field. Money into the account is positive. What could not be read is none, with a problem that
//! has the entry's place; it is never nothing.

use kernel::{Currency, Date};
use serde::Serialize;

use crate::problem::Findings;
use crate::{Exact, Place, Refusal};

/// Entries of one file.
pub const ENTRIES_MAX: usize = 500_000;
/// Statements of one file.
pub const STATEMENTS_MAX: usize = 20_000;
/// Transactions of batches, and parts of splits, of one file.
pub const DETAILS_MAX: usize = 500_000;

/// What a reader found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// In the order of the file.
    pub statements: Vec<Statement>,
    /// What is wrong.
    pub findings: Findings,
}

/// How a reader ends.
pub type Read = Result<Reading, Refusal>;

/// One statement of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The format's own word for what it is, such as `Stmt` or `creditcard`.
    pub kind: &'static str,
    /// The bank's id or reference of the statement.
    pub id: Option<String>,
    /// The statement's number, as it is written.
    pub number: Option<String>,
    /// The account, as it is written.
    pub account: Option<String>,
    /// The account's currency; where the file names none, that of all its amounts.
    pub currency: Option<Currency>,
    /// What was there before the first entry.
    pub opening: Option<Balance>,
    /// What was there after the last entry.
    pub closing: Option<Balance>,
    /// In the order of the file.
    pub entries: Vec<Entry>,
    /// Where it begins.
    pub place: Place,
    /// Whether its entries come again in a final statement: interim reports and notifications.
    pub is_interim: bool,
}

/// What was on an account at a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// How much.
    pub amount: Exact,
    /// In which currency.
    pub currency: Option<Currency>,
    /// When.
    pub date: Option<Date>,
}

/// Whether an entry moved money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It did.
    #[default]
    Booked,
    /// It is announced.
    Pending,
    /// It tells something and moves nothing.
    Information,
}

/// One entry of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The day it was booked.
    pub date: Option<Date>,
    /// The day from which interest counts.
    pub value_date: Option<Date>,
    /// Money in is positive.
    pub amount: Option<Exact>,
    /// Of the amount.
    pub currency: Option<Currency>,
    /// Who paid or was paid.
    pub payee: Option<String>,
    /// All texts of the entry, in the file's order, white space folded.
    pub description: String,
    /// A reference of the one who gave the order.
    pub reference: Option<String>,
    /// The bank's own id.
    pub id: Option<String>,
    /// What kind of movement the bank says it is; never where the sign comes from.
    #[serde(rename = "type")]
    pub code: Option<String>,
    /// The number of a cheque.
    pub check_number: Option<String>,
    /// The balance after the entry, as the file says.
    pub balance: Option<Exact>,
    /// Whether it moved money.
    pub status: Status,
    /// What a batch holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Where it stands.
    pub place: Place,
}

/// One transaction of a batch, or one part of a split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Its part of the amount.
    pub amount: Option<Exact>,
    /// Of that part.
    pub currency: Option<Currency>,
    /// Who paid or was paid.
    pub payee: Option<String>,
    /// Its texts.
    pub description: String,
    /// A reference of the one who gave the order.
    pub reference: Option<String>,
}

/// A text with every run of white space folded to one blank, without control characters and marks of direction. None
/// where nothing is left.
pub fn folded(text: &str) -> Option<String> {
    let mut out = String::new();
    append_folded(&mut out, text);
    (!out.is_empty()).then_some(out)
}

/// Appends a text so, after a blank where something stands already.
pub fn append_folded(out: &mut String, text: &str) {
    // Most texts are plain already, and taken in one piece.
    let bytes = text.as_bytes();
    let plain = bytes.iter().all(|byte| (b' '..0x7f).contains(byte)) && !bytes.windows(2).any(|pair| pair == b"  ");
    if plain {
        let text = text.trim_matches(' ');
        if !out.is_empty() && !text.is_empty() {
            out.reserve(text.len() + 1);
            out.push(' ');
        }
        return out.push_str(text);
    }
    let mut gap = !out.is_empty();
    for letter in text.chars() {
        if letter.is_whitespace() {
            gap = !out.is_empty();
        } else if !is_hidden(letter) {
            if gap {
                out.push(' ');
                gap = false;
            }
            out.push(letter);
        }
    }
}

fn is_hidden(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{ad}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_folded_and_hidden_letters_left_out() {
        assert_eq!(folded(" a \t\n b\u{202e}c\0 ").as_deref(), Some("a bc"));
        assert_eq!(folded(" \u{2066} "), None);
        let mut out = folded("x").unwrap();
        append_folded(&mut out, "  ");
        append_folded(&mut out, "y");
        assert_eq!(out, "x y");
    }
}
