//! Requests for the documents that bank lines lack, and for those that come back every month or quarter.
//!
//! Owns the rows of requests and what a workspace decides about them. Which line lacks a document, the crate `evidence`
//! decides; what is known of the books, the mirror says. Calls nobody: neither Xero nor whoever is to answer a request.
//!
//! | module | what is in it |
//! |---|---|
//! | [`settings`] | rules, policy and recurring requests of one organisation |
//! | [`row`] | requests as they are stored |
//! | `gather` | lines and books, out of the mirror and out of Xero's statement lines |
//! | `choose` | one line of each bank movement, of whoever speaks for its account |
//! | [`sources`] | who speaks for each bank account, and what that leaves unproven |
//! | [`mod@hand_over`] | lines of an uploaded statement, each taken once |
//! | [`mod@evaluate`] | every line decided anew, what changed stored |
//! | [`answer`] | a person decides, a document is linked |
//! | [`follow`] | requests that close as soon as their line has a document |
//! | [`outstanding`] | what is open, as a message |

pub mod answer;
mod choose;
pub mod evaluate;
pub mod follow;
mod gather;
mod hand_over;
pub mod outstanding;
pub mod row;
pub mod settings;
pub mod sources;

pub use answer::{AnswerError, decide_by_hand, link_document};
pub use evaluate::{EvaluateError, Evaluated, evaluate};
pub use hand_over::hand_over;
pub use row::{Request, RequestState, Subject, list_requests, load_request};
pub use settings::{RequestSettings, load_settings, store_settings};

/// The feature that a workspace switches on to have requests.
pub const FEATURE: &str = "document_requests";
