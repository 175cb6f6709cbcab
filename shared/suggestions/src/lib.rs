//! Prepayments that bills hold, suggested with their reasons; accepted or dismissed by a person, and remembered.
//!
//! Owns what in a bill speaks of a prepayment, the rows of suggestions, and what their decisions teach. Posts nothing and
//! approves nothing: a suggestion has no automatic path. What is accepted becomes a schedule by the crate `releases`.
//!
//! | module | what is in it |
//! |---|---|
//! | [`bill`] | a mirrored bill, as far as suggestions need it |
//! | [`mod@find`] | lines that are for longer than the period they were billed in, and why that is thought |
//! | [`row`] | suggestions as they are stored, and what decisions taught |
//! | [`mod@look`] | bills that changed, looked at once each |
//! | [`decide`] | accepted, dismissed, taken up again |

pub mod bill;
pub mod decide;
pub mod find;
pub mod look;
pub mod row;

pub use decide::{DecideError, accepted, dismiss, reopen};
pub use look::{LookError, look};
pub use row::{Memory, Suggestion, SuggestionState, list_suggestions, load_memory, load_suggestion};

/// The feature that a workspace switches on to have suggestions.
pub const FEATURE: &str = "prepayment_suggestions";
