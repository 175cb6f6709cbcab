//! Prepayments and accruals: what is agreed, what each period gets, and the journals that say so.
//!
//! Owns schedules, their releases and balanced journals. Everything here is decided from its arguments: nothing reads a
//! clock, a row or Xero.
//!
//! | module | what is in it |
//! |---|---|
//! | [`texts`] | names that Xero takes: accounts, tax types, tracking, descriptions, links |
//! | [`schedule`] | what a person agrees to, checked once |
//! | [`mod@plan`] | what each period gets of it, to the cent |
//! | [`journal`] | a journal, which cannot be built unbalanced |
//! | [`running`] | what of a schedule was in the books before it came here |
//! | [`from_schedules`] | the first journal of a schedule, and the one for all releases of a period |

pub mod from_schedules;
pub mod journal;
pub mod plan;
pub mod running;
#[cfg(test)]
mod samples;
pub mod schedule;
pub mod texts;

pub use from_schedules::{ReleasedError, initial_journal, released_journals};
pub use journal::{Journal, JournalError, Line};
pub use plan::{PERIODS_MAX, PlanError, Release, carry_into, plan, plan_into};
pub use running::{RunningError, still_to_post};
pub use schedule::{CustomPart, Kind, Method, Schedule, ScheduleError, Terms};
pub use texts::{AccountRef, Description, SourceLink, TaxType, TextError, Tracking, TrackingName, TrackingPair};
