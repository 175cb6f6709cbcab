//! A bank account held against its statement and its feed, what that shows, and what people decide about it.
//!
//! Owns where the three sides come from, the report that is kept, the suggestions that follow from it, and what decisions
//! teach. How rows are found to be the same money, the crate `banking` knows. Posts nothing without a person: a suggestion
//! has no automatic path, and what a person confirms is written to Xero by the posting engine.
//!
//! | module | what is in it |
//! |---|---|
//! | [`books`] | what the books hold of an account, as rows and as people see it |
//! | [`sides`] | the three sides of an account from one day to another |
//! | [`report`] | a reconciliation as it is kept |
//! | [`run`] | an account reconciled: report, suggestions, what became of those there were |
//! | [`suggestion`] | a suggestion as it is stored |
//! | [`suggest`] | what a report suggests |
//! | [`prefill`] | contact, account and tax of a line that is not in the books |
//! | [`rules`] | what a workspace says in advance, and what decisions taught |
//! | [`decide`] | accepted, dismissed, taken up again |
//! | [`post`] | a line as money spent or received, and what stands in its way |
//! | [`quality`] | how often the matcher was right |

pub mod books;
pub mod decide;
pub mod post;
pub mod prefill;
pub mod quality;
pub mod report;
pub mod rules;
pub mod run;
pub mod sides;
pub mod suggest;
pub mod suggestion;

pub use report::Reconciliation;
pub use suggestion::{Suggestion, SuggestionKind, SuggestionState};

/// The feature that a workspace switches on to have its accounts reconciled anew whenever its books change.
pub const FEATURE: &str = "bank_reconciliation";
