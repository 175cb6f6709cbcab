//! Whose bill it is and where it goes in the books, told with reasons from an organisation's own records.
//!
//! Owns the likeness of names and numbers, and what past documents of a supplier say of the next one. Records and what was
//! read of a document go in, suggestions come out: no I/O, no clock, no floats. Knows nothing but this organisation's own
//! history, and decides nothing: whatever it says is a suggestion for a person to confirm.
//!
//! | module | what is in it |
//! |---|---|
//! | [`contact`], [`evidence`], [`supplier`] | which contact a document's supplier is |

pub mod contact;
pub mod evidence;
mod forms;
mod names;
mod numbers;
pub mod supplier;
mod words;

pub use contact::{Contact, Standing};
pub use evidence::{Evidence, SupplierClues};
pub use supplier::{Candidate, SupplierMatch, SupplierSearch, Verdict};
