//! What a bank statement says, and the words that every format is read with.
//!
//! Owns the contract of all readers: a statement with its lines, each with its place, and a list of what is wrong. Owns
//! exact numbers, dates and encodings as banks write them. Pure: no I/O, no clock, no guess that is not said to be one.
//!
//! | module | what is in it |
//! |---|---|
//! | [`model`] | statements, their entries and balances |
//! | [`problem`] | what is wrong, with its place; why a file is refused |
//! | [`exact`], [`numeral`] | exact numbers, and how banks write them |
//! | [`dates`] | dates as banks write them, and which of day and month comes first |
//! | [`decoding`] | bytes as text, and where a letter stood in the file |
//! | [`lines`] | lines of a text with their places |
//! | [`chain`] | balances held against entries |

pub mod chain;
pub mod dates;
pub mod decoding;
pub mod exact;
pub mod lines;
pub mod model;
pub mod numeral;
pub mod problem;

pub use exact::Exact;
pub use model::{Balance, Entry, Reading, Statement, Status};
pub use problem::{Findings, Place, Problem, ProblemCode, Refusal};
