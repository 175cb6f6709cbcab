//! Statements in the formats that banks' programs write: OFX, QIF, MT940 and MT942, CAMT, BAI2.
//!
//! Owns one tolerant reader for each. Text goes in, statements come out: no I/O, no clock. Each reader goes once through
//! the text, takes what it knows, and lists what it could not take with its place; none refuses a file for one bad field.
//!
//! | module | what is in it |
//! |---|---|
//! | [`ofx`], `ofx_tags` | OFX 1.x and 2.x, QFX |
//! | [`qif`] | QIF |
//! | [`mt`], `mt_fields`, `mt_details` | MT940 and MT942 |
//! | [`camt`], `camt_tags`, `camt_fields` | CAMT.052, .053, .054 |
//! | [`bai2`] | BAI2 |
//! | `fields` | amounts and dates of a field, with a problem where they are none |

pub mod bai2;
pub mod camt;
mod camt_fields;
mod camt_tags;
mod fields;
pub mod mt;
mod mt_details;
mod mt_fields;
pub mod ofx;
mod ofx_tags;
pub mod qif;
