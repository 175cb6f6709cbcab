//! Prepayments and accruals in Xero: approved, released period by period, changed and ended.
//!
//! Owns the rows of schedules and releases, and which release is in which journal. What a schedule is, the crate
//! `schedules` says; how a journal is written, the crate `journals`; how a posting is carried to its end, `postings`.
//!
//! | module | what is in it |
//! |---|---|
//! | [`store`] | rows of schedules and releases |
//! | [`mod@approve`] | a schedule approved: first journal on its way, releases laid out |
//! | [`mod@publish`] | releases put into journals, each in exactly one |
//! | [`mod@roll`] | schedules without an end, planned on each night |
//! | [`mod@change`] | other terms, or none any more: what was posted is brought to what is wanted |
//! | [`import`] | schedules of a file, held against the books and approved |

pub mod approve;
pub mod change;
mod correct;
pub mod import;
pub mod publish;
pub mod roll;
pub mod store;
mod sums;

pub use approve::{ApproveError, Proposal, approve, initial_intent, propose};
pub use change::{Asked, Change, ChangeError, Wanted, change, gave_up, propose_change};
pub use correct::{CorrectBy, JournalRevision, RevisedHow};
pub use publish::{Published, ReadyPeriod, preview, publish};
pub use roll::roll;
