//! The shapes of lines, records, rules, recurring requests and reminders.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod books;
mod digest;
mod line;
mod recurring;
mod rules;
mod samples;
