//! Three-way bank reconciliation: what the bank says, what Xero's feed says and what the books say, held against each other.
//!
//! Owns how rows are found to be the same money, why, and what is not as it should be. Pure: no I/O, no clock, nothing of Xero.
//! Nothing here is ever carried out: what is said is for people, and for suggestions that people confirm. No two accounts or
//! currencies are ever mixed, no row is used twice, and the order of rows changes nothing.
//!
//! | module | what is in it |
//! |---|---|
//! | [`row`], [`report`] | what goes in and what comes out |
//! | `words`, `columns` | texts made comparable; rows by columns |
//! | `score` | how much speaks for two rows |
//! | `pairs` | the best one-to-one pairs |
//! | `parties` | what the bank calls whom |
//! | `groups`, `sums` | one for several |
//! | `calendar` | rows around a day |
//! | `near`, `doubles` | what is nearly right, what is there twice |
//! | `three_ways` | the order of all that |
//! | [`proof`] | bank and books day by day, every penny of the difference by its name |

mod calendar;
mod columns;
mod doubles;
mod groups;
mod near;
mod pairs;
mod parties;
pub mod proof;
pub mod report;
pub mod row;
mod score;
mod sums;
mod three_ways;
mod words;

pub use report::{Compared, Finding, FindingKind, Match, MatchKind, Report};
pub use row::{Row, Side};
pub use three_ways::{reconcile, reconcile_sides};
