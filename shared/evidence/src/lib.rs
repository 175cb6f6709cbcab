//! Bank lines that lack a document: which ones, why the others do not, and what is asked for.
//!
//! Owns the decision for each line, between a request, a reason to leave it out and what closes it. Everything is decided from its arguments: nothing here reads a clock, a row or Xero,
//! and nothing is kept.
//!
//! | module | what is in it |
//! |---|---|
//! | [`ids`], [`words`], [`fields`] | ids, texts cleaned and compared, facts out of JSON |
//! | [`line`](mod@line) | a bank line, and what its source can tell |
//! | [`books`] | bills, entries, payments and transfers that may speak for a line |
//! | [`rules`] | what a workspace says in advance |
//! | [`verdict`] | what is decided, with its evidence |
//! | [`batch`] | lines decided together; each record speaks for one of them |
//! | [`decide`](mod@decide) | the rules in their order |
//! | `known` | the books' records by their ids |
//! | `transfers`, `entries`, `unpaid` | three of them |
//! | `reopen` | from one decision to the next |

pub mod batch;
pub mod books;
pub mod decide;
pub mod entries;
pub mod fields;
pub mod ids;
mod known;
pub mod line;
mod reopen;
pub mod rules;
pub mod transfers;
pub mod unpaid;
pub mod verdict;
pub mod words;

pub use batch::{ByHand, CANDIDATES_MAX, Decision, Question};
pub use books::{Bill, Books, Entry, Part, RECORDS_MAX};
pub use decide::{BatchError, LINES_MAX, decide};
pub use fields::{Fields, RecordFault};
pub use ids::{AccountId, LineId, RecordId, RecordKind, RecordRef, RecurringId, RuleId};
pub use line::{Capabilities, LINKS_MAX, Line, LineKind, LineSource, Presence};
pub use rules::{Direction, Match, Policy, Rule, RuleError, Rules};
pub use verdict::*;
pub use words::Words;
