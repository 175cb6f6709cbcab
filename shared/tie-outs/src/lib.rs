//! The tie-out: what remains to be released, held against the balance sheet account in Xero.
//!
//! Owns the comparison of one day: Xero's balance of each account that schedules use, what schedules say must be on it,
//! and the gap between the two, attributed to single entries as far as they are known. What is attributed and what stays
//! unexplained add up to the gap exactly. Reads Xero's trial balance, the mirror and our own rows; never writes to Xero.
//!
//! A tie-out is a job: asked for, carried on by envelopes, and kept for [`KEPT_DAYS`] days.
//!
//! | module | what is in it |
//! |---|---|
//! | [`row`] | a tie-out as it is stored, and how it is asked for and found again |
//! | [`sheet`] | one account: both balances, and the entries between them |
//! | [`expected`] | what one schedule must have on its accounts on a day; pure |
//! | [`mod@carry`] | the job, step by step |
//! | [`words`] | what each kind of entry means and what to do about it |

mod accounts;
pub mod carry;
pub mod expected;
mod own_postings;
mod records;
pub mod row;
mod schedule_pages;
pub mod sheet;
pub mod words;

pub use carry::{Pace, carry};
pub use row::{Fault, KEPT_DAYS, Stage, TieOut, Wanted, list_tie_outs, load_sheets, load_tie_out, request_tie_out};
pub use sheet::{ENTRIES_MAX, Finding, FindingKind, RecordRef, Sheet};

use kernel::MoneyError;
use ports::{QueueError, TableError};

/// Why a message about a tie-out comes back, or the tie-out ends.
#[derive(Debug, thiserror::Error)]
pub enum TieOutError {
    /// Table trouble; the queue brings the message back.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Queue trouble; the queue brings the message back.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A call ended in a way that only the queue can answer.
    #[error(transparent)]
    Call(#[from] connections::CallError),
    /// Sums beyond all bounds; the tie-out ends.
    #[error(transparent)]
    Money(#[from] MoneyError),
}
