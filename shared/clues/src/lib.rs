//! What running text holds that can be told from the text alone: dates, amounts, ids with check digits, the words that
//! stand beside the fields of a bill, and what stands beside those.
//!
//! Owns how people write such things in six languages. Text goes in, values and their places come out: no I/O, no clock, no
//! decision which of several values is a field's. What can be read in two ways is said to be, and never taken for one.
//!
//! | module | what is in it |
//! |---|---|
//! | [`dates`], [`figures`], [`ids`] | dates, amounts, VAT ids and IBANs in a text |
//! | [`spans`] | stretches of time a text speaks of, by their ends or by their length |
//! | [`currencies`] | the money there is |
//! | [`labels`] | words of fields |
//! | [`sheet`] | a document's lines, and what stands beside or below a word |

pub mod currencies;
pub mod dates;
pub mod figures;
pub mod ids;
pub mod labels;
pub mod sheet;
pub mod spans;
