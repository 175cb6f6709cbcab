//! The shapes of lines, records and rules.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod books;
mod line;
mod rules;
mod samples;
