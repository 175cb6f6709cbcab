//! Journals in Xero: how one is written, what Xero would refuse because of the books, and those of host applications.
//!
//! Owns the form in which a manual journal is posted. What a balanced journal is, the crate `schedules` says; how a
//! posting is carried to its end, the crate `postings`; the journals of schedules are made in `releases`.
//!
//! | module | what is in it |
//! |---|---|
//! | [`chart`] | the organisation's accounts, tax types and tracking, and what Xero would refuse because of them |
//! | [`posting`] | a journal in Xero's form, as a kind of posting |
//! | [`plain`] | journals of a host application, one by one |
//! | [`closing`] | which period is being closed |
//! | [`compare`] | journals that were changed in Xero, compared with what was posted |
//! | [`mod@redate`] | a journal that a locked period keeps out, dated into the next open one |

pub mod chart;
pub mod closing;
pub mod compare;
pub mod plain;
pub mod posting;
pub mod redate;

pub use compare::compare_changed;
pub use plain::{PlainError, PlainJournal, PlainLine, plain_intent, post_plain};
pub use posting::{JournalContent, LINES_MAX, MANUAL_JOURNALS, ManualJournals, PostedAs};
pub use redate::{RedateError, Redating, propose_redate, redate};
