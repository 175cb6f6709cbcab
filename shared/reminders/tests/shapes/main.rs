//! Recurring requests and reminders.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod digest;
mod recurring;
mod samples;
