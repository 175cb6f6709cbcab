//! What people decide about suggestions, and what that teaches.
//!
//! Owns the rule that a decision and its lesson are stored together or not at all. Accepting is two steps: the schedule is
//! approved first, under the suggestion's own id, then [`accepted`] says so here. Cut off in between, the same again
//! finds the schedule approved and goes on.

use connections::Access;
use kernel::{OrganisationRef, ScheduleId};
use ports::{TableError, Written};
use schedules::{Method, Terms};
use state::{Stored, keys, load, put};

use crate::row::{Memory, Suggestion, SuggestionState, load_suggestion};

/// Attempts while others write the same rows.
const ATTEMPTS_MAX: u32 = 8;
/// Characters of the words with which one is dismissed.
pub const REASON_CHARS_MAX: usize = 500;

/// Why a decision is not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// No such suggestion.
    #[error("there is no such suggestion")]
    Unknown,
    /// It is a schedule already.
    #[error("the suggestion was accepted; change or remove its schedule instead")]
    Accepted,
    /// Others decided at the same moment, again and again.
    #[error("others decide about it at this moment")]
    Overtaken,
    /// Table trouble.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Dismisses a suggestion. Dismissed before, it stays as it is.
pub async fn dismiss(
    access: &Access,
    whose: &OrganisationRef,
    id: &ScheduleId,
    actor: &str,
    reason: Option<String>,
) -> Result<Suggestion, DecideError> {
    let at = access.ports.clock.now();
    decide(access, whose, id, |suggestion, memory| match suggestion.state {
        SuggestionState::Accepted { .. } => Err(DecideError::Accepted),
        SuggestionState::Dismissed { .. } => Ok(false),
        _ => {
            suggestion.state = SuggestionState::Dismissed { by: actor.to_owned(), at, reason: reason.clone() };
            memory.dismissed_in_a_row = memory.dismissed_in_a_row.saturating_add(1);
            Ok(true)
        }
    })
    .await
}

/// Takes up again what was dismissed or held back. What its bill does not say any more stays withdrawn.
pub async fn reopen(access: &Access, whose: &OrganisationRef, id: &ScheduleId) -> Result<Suggestion, DecideError> {
    decide(access, whose, id, |suggestion, memory| match suggestion.state {
        SuggestionState::Accepted { .. } => Err(DecideError::Accepted),
        SuggestionState::Open | SuggestionState::Withdrawn { .. } => Ok(false),
        SuggestionState::Dismissed { .. } | SuggestionState::HeldBack { .. } => {
            suggestion.state = SuggestionState::Open;
            memory.dismissed_in_a_row = 0;
            Ok(true)
        }
    })
    .await
}

/// Says that a suggestion became a schedule on these terms.
pub async fn accepted(
    access: &Access,
    whose: &OrganisationRef,
    terms: &Terms,
    actor: &str,
) -> Result<Suggestion, DecideError> {
    let at = access.ports.clock.now();
    decide(access, whose, &terms.id, |suggestion, memory| {
        if matches!(suggestion.state, SuggestionState::Accepted { .. }) {
            return Ok(false);
        }
        suggestion.state = SuggestionState::Accepted { by: actor.to_owned(), at, since: None };
        memory.accepted = memory.accepted.saturating_add(1);
        memory.dismissed_in_a_row = 0;
        memory.balance_account = Some(terms.balance_account.to_string());
        memory.spread = spread(&terms.method).map(str::to_owned);
        Ok(true)
    })
    .await
}

/// The way of spreading that may be proposed for another bill: one that needs no amounts of its own.
fn spread(method: &Method) -> Option<&'static str> {
    match method {
        Method::StraightLine => Some("straight_line"),
        Method::PartPeriods => Some("part_periods"),
        Method::ByDay => Some("by_day"),
        Method::PerPeriod { .. } | Method::Custom { .. } | Method::Rolling { .. } => None,
    }
}

async fn decide<F>(
    access: &Access,
    whose: &OrganisationRef,
    id: &ScheduleId,
    change: F,
) -> Result<Suggestion, DecideError>
where
    F: Fn(&mut Suggestion, &mut Memory) -> Result<bool, DecideError>,
{
    let table = &*access.ports.table;
    for _ in 0..ATTEMPTS_MAX {
        let found = load_suggestion(table, whose, id).await?.ok_or(DecideError::Unknown)?;
        let guard = found.guard();
        let mut suggestion = found.value;
        let key = keys::suggestion_memory(whose, &suggestion.contact, &suggestion.account);
        let taught: Option<Stored<Memory>> = load(table, &key).await?;
        let taught_guard = taught.as_ref().map_or(ports::Guard::Absent, Stored::guard);
        let mut memory = taught.map(|taught| taught.value).unwrap_or_default();
        if !change(&mut suggestion, &mut memory)? {
            return Ok(suggestion);
        }
        let writes =
            vec![put(keys::suggestion(whose, id), guard, &suggestion, None), put(key, taught_guard, &memory, None)];
        if table.transact(writes).await? == Written::Stored {
            return Ok(suggestion);
        }
    }
    Err(DecideError::Overtaken)
}
