//! Journals in Xero: plain ones, and those of schedules, each posted once.
//!
//! Owns the rows of schedules and releases, what Xero would refuse because of the books, and the form in which a journal
//! is written. What a schedule or a balanced journal is, the crate `schedules` says; how a posting is carried to its
//! end, the crate `postings`.
//!
//! | module | what is in it |
//! |---|---|
//! | [`chart`] | the organisation's accounts, tax types and tracking, and what Xero would refuse because of them |
//! | [`posting`] | a journal in Xero's form, as a kind of posting |
//! | [`plain`] | journals of a host application, one by one |
//! | [`closing`] | which period is being closed |
//! | [`store`] | rows of schedules and releases |
//! | [`mod@approve`] | a schedule approved: first journal on its way, releases laid out |
//! | [`mod@change`] | other terms, or none any more: the difference to what was posted |
//! | [`compare`] | journals that were changed in Xero, compared with what was posted |
//! | [`mod@redate`] | a journal that a locked period keeps out, dated into the next open one |
//! | [`mod@roll`] | schedules without an end, planned on each night |
//! | [`import`] | schedules of a file, held against the books and approved |
//! | [`mod@publish`] | releases put into journals, each in exactly one |

pub mod approve;
pub mod change;
pub mod chart;
pub mod closing;
pub mod compare;
pub mod import;
pub mod plain;
pub mod posting;
pub mod publish;
pub mod redate;
pub mod roll;
pub mod store;

pub use approve::{ApproveError, Proposal, approve, initial_intent, propose};
pub use change::{Change, ChangeError, Wanted, change, propose_change};
pub use compare::compare_changed;
pub use plain::{PlainError, PlainJournal, PlainLine, plain_intent, post_plain};
pub use posting::{JournalContent, LINES_MAX, MANUAL_JOURNALS, ManualJournals, PostedAs};
pub use publish::{Published, ReadyPeriod, preview, publish};
pub use redate::{RedateError, Redating, propose_redate, redate};
pub use roll::roll;
