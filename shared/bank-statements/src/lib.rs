//! Bank statements from the upload to their lines: announced, taken in, read, kept.
//!
//! Owns the rows of uploaded files and the lines that were read of them. How a format is read, the crate `statements` knows;
//! what lines mean for the books, others decide. Never holds a Xero token. A file is never given back to anybody: what was
//! read of it is what it is for, so nothing here needs a scanner's word.
//!
//! | module | what is in it |
//! |---|---|
//! | [`row`] | a file as it is stored |
//! | [`upload`] | a file announced: its form signed, or its bytes stored |
//! | [`intake`] | a file that arrived: held against what was announced, once |
//! | [`account`] | the bank account that a file is for |
//! | [`line`](mod@line) | lines with ids that a line keeps in every file that has it |
//! | [`mod@read`] | a file read, at the cost of nothing but itself |
//! | [`profile`] | what a person confirmed of an account's tables |
//! | [`lines`] | the lines of an account, out of all its files |

pub mod account;
pub mod intake;
pub mod line;
pub mod lines;
pub mod profile;
pub mod read;
pub mod row;
pub mod upload;

pub use line::BankLine;
pub use row::{FileState, StatementFile, Teller};
