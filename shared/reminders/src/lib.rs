//! Requests that come back, and the message that lists what is still open.
//!
//! Owns when a recurring request is due and what a reminder says. Everything is decided from its arguments: nothing here
//! reads a clock or a row, and nothing is sent.
//!
//! | module | what is in it |
//! |---|---|
//! | [`recurring`] | requests that come back every month, quarter, year or few weeks |
//! | [`digest`](mod@digest) | open requests as a message |

pub mod digest;
pub mod recurring;

pub use digest::{Digest, DigestError, OpenRequest, digest};
pub use recurring::{DayRule, Every, Occurrence, Recurring, RecurringError};
