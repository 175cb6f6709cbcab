//! Prepayments and accruals: what is agreed, what each period gets, and the journals that say so.
//!
//! Owns schedules, their releases, balanced journals and how those are written for Xero. What is agreed and what follows
//! from it is decided from arguments alone; only `plain`, `posting` and `chart` touch rows or Xero.
//!
//! | module | what is in it |
//! |---|---|
//! | [`texts`] | names that Xero takes: accounts, tax types, tracking, descriptions, links |
//! | [`schedule`] | what a person agrees to, checked once |
//! | [`mod@plan`] | what each period gets of it, to the cent |
//! | [`journal`] | a journal, which cannot be built unbalanced |
//! | [`running`] | what of a schedule was in the books before it came here |
//! | [`from_schedules`] | the first journal of a schedule, and the one for all releases of a period |
//! | [`chart`] | the organisation's accounts, tax types and tracking, and what Xero would refuse because of them |
//! | [`posting`] | a journal in Xero's form, as a kind of posting |
//! | [`plain`] | journals of a host application, one by one |

pub mod chart;
pub mod from_schedules;
pub mod journal;
pub mod plain;
pub mod plan;
pub mod posting;
pub mod running;
#[cfg(test)]
mod samples;
pub mod schedule;
pub mod texts;

pub use from_schedules::{ReleasedError, initial_journal, released_journals};
pub use journal::{Journal, JournalError, Line};
pub use plain::{PlainError, PlainJournal, PlainLine, plain_intent, post_plain};
pub use plan::{PERIODS_MAX, PlanError, Release, carry_into, plan, plan_into};
pub use posting::{JournalContent, LINES_MAX, MANUAL_JOURNALS, ManualJournals, PostedAs};
pub use running::{RunningError, still_to_post};
pub use schedule::{CustomPart, Kind, Method, Schedule, ScheduleError, Terms};
pub use texts::{AccountRef, Description, SourceLink, TaxType, TextError, Tracking, TrackingName, TrackingPair};
