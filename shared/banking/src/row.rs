//! Rows as they are compared: one movement of money as a bank statement, Xero's bank feed or the ledger tells it.
//!
//! Owns their shape. Where rows come from, and what is done about them, others decide.

use kernel::{Date, Money};
use serde::Serialize;

/// One movement of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Names it on its side.
    pub id: String,
    /// The bank account, by one name on all sides.
    pub account: String,
    /// The day on which this side booked it.
    pub date: Date,
    /// How much; money in is positive.
    pub amount: Money,
    /// What the side says about it.
    pub description: String,
    /// What payer or payee said about it: an invoice number, an end-to-end id.
    pub reference: String,
    /// Who was paid, or paid.
    pub payee: String,
    /// The bank's own id of the movement, where the side carries one.
    pub bank_id: String,
}

/// Who tells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The bank's statement.
    Statement,
    /// Xero's bank feed.
    Feed,
    /// The books.
    Ledger,
}
