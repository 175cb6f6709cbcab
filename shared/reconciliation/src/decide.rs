//! Suggestions accepted, dismissed and taken up again. Each decision is remembered, and teaches.

use connections::{Access, Connection};
use kernel::{IntentId, OrganisationRef, Timestamp};
use ports::{TableError, Written};
use postings::{PlanError, Plans, Posting, PostingError, change_content};
use publishing::SPEND_MONEY;
use state::{Intent, StoreError, Stored, keys, load, put};

use crate::post::{Entered, PostFault, PostTerms, intent_of, prepare};
use crate::prefill::{ProposedBy, payee_key, way_of};
use crate::rules::{Payee, count_rule, remember};
use crate::suggestion::{Suggestion, SuggestionKind, SuggestionState, load_suggestion};

/// How often one line may be entered anew.
const TIMES_MAX: u32 = 9;

/// Longest reason for dismissing something.
pub const REASON_CHARS_MAX: usize = 500;

/// Why a decision is not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such suggestion.
    #[error("there is no such suggestion")]
    Unknown,
    /// It was decided otherwise, or is no more; as it stands.
    #[error("it stands otherwise")]
    Stands(Box<Suggestion>),
    /// Everything that is in the way of entering it.
    #[error("something is in the way of entering it")]
    Faults(Vec<PostFault>),
    /// Somebody decides at the same moment.
    #[error("somebody decides about it at the same moment")]
    Overtaken,
    /// Table or queue trouble.
    #[error(transparent)]
    Posting(#[from] PostingError),
}

impl From<TableError> for DecideError {
    fn from(error: TableError) -> Self {
        Self::Posting(error.into())
    }
}

impl From<StoreError> for DecideError {
    fn from(error: StoreError) -> Self {
        Self::Posting(error.into())
    }
}

/// Accepts a suggestion. One that enters money in Xero is stored together with its posting, which is then on its way; the
/// same again changes nothing. What Xero refused, and a person is to correct, is accepted again with other terms.
pub async fn accept(
    access: &Access,
    connection: &Connection,
    id: &str,
    terms: &PostTerms,
    actor: &str,
) -> Result<Suggestion, DecideError> {
    let (table, whose, now) = (&*access.ports.table, &connection.whose, access.ports.clock.now());
    let found = load_suggestion(table, whose, id).await?.ok_or(DecideError::Unknown)?;
    let posts = found.value.kind == SuggestionKind::Post;
    match &found.value.state {
        SuggestionState::Accepted { intent: Some(intent), .. } if posts => {
            return again(access, connection, found.value.clone(), intent, terms, actor).await;
        }
        SuggestionState::Accepted { .. } => return Ok(found.value),
        SuggestionState::Open | SuggestionState::Dismissed { .. } => (),
        _ => return Err(DecideError::Stands(Box::new(found.value))),
    }
    if !posts {
        let state = SuggestionState::Accepted { by: actor.to_owned(), at: now, intent: None };
        return store(access, whose, found, state).await;
    }
    let entered = prepare(table, connection, &found.value, terms).await?.map_err(DecideError::Faults)?;
    let intent = free_intent(access, whose, id).await?;
    let suggestion = Suggestion {
        state: SuggestionState::Accepted { by: actor.to_owned(), at: now, intent: Some(intent.clone()) },
        ..found.value.clone()
    };
    let mut plans = Plans::with(vec![put(keys::bank_suggestion(whose, id), found.guard(), &suggestion, None)]);
    plans.add(whose, &Posting { id: intent, kind: SPEND_MONEY, actor, content: &entered.content }, now);
    match plans.store(access).await {
        Ok(_) => (),
        Err(PlanError::Posting(error)) => return Err(error.into()),
        Err(PlanError::Overtaken | PlanError::Otherwise(_)) => return Err(DecideError::Overtaken),
    }
    teach(access, whose, &suggestion, &entered, actor, now).await?;
    Ok(suggestion)
}

/// A posting of a suggestion that was not there before: what was entered once and taken out in Xero may be entered again.
async fn free_intent(access: &Access, whose: &OrganisationRef, id: &str) -> Result<IntentId, DecideError> {
    for time in 1..=TIMES_MAX {
        let intent = intent_of(id, time).ok_or(DecideError::Unknown)?;
        if load::<Intent>(&*access.ports.table, &keys::intent(whose, &intent)).await?.is_none() {
            return Ok(intent);
        }
    }
    Err(DecideError::Overtaken)
}

/// Accepted before: the same again, or other terms for what Xero refused.
async fn again(
    access: &Access,
    connection: &Connection,
    suggestion: Suggestion,
    intent: &IntentId,
    terms: &PostTerms,
    actor: &str,
) -> Result<Suggestion, DecideError> {
    let (table, whose, now) = (&*access.ports.table, &connection.whose, access.ports.clock.now());
    let stored = load::<Intent>(table, &keys::intent(whose, intent)).await?;
    let correctable = stored.is_some_and(|stored| stored.value.is_correctable());
    if !correctable || *terms == PostTerms::default() {
        return Ok(suggestion);
    }
    let entered = prepare(table, connection, &suggestion, terms).await?.map_err(DecideError::Faults)?;
    let reason = format!("confirmed with other terms by {actor}");
    if !change_content(access, whose, intent, &entered.content, &reason).await? {
        return Err(DecideError::Stands(Box::new(suggestion)));
    }
    teach(access, whose, &suggestion, &entered, actor, now).await?;
    Ok(suggestion)
}

/// Remembers how the payee was coded, and counts the rule that spoke.
async fn teach(
    access: &Access,
    whose: &OrganisationRef,
    suggestion: &Suggestion,
    entered: &Entered,
    actor: &str,
    now: Timestamp,
) -> Result<(), DecideError> {
    let table = &*access.ports.table;
    let (Some(line), Some(proposal)) = (suggestion.lines.first(), &suggestion.proposal) else { return Ok(()) };
    if let ProposedBy::Rule { id } = &proposal.by {
        let as_said = proposal.contact_id == Some(entered.contact_id)
            && proposal.account.as_ref() == Some(&entered.account)
            && proposal.tax_type == entered.tax_type;
        count_rule(table, whose, id, as_said, now).await?;
    }
    let key = payee_key(line);
    if key.is_empty() {
        return Ok(());
    }
    let payee = Payee {
        key,
        way: way_of(line.amount),
        contact_id: entered.contact_id,
        account: entered.account.clone(),
        tax_type: entered.tax_type.clone(),
        confirmed: 1,
        changed: 0,
        at: now,
        by: actor.to_owned(),
    };
    Ok(remember(table, whose, &payee).await?)
}

/// Dismisses a suggestion; it stays dismissed however often the account is reconciled.
pub async fn dismiss(
    access: &Access,
    whose: &OrganisationRef,
    id: &str,
    reason: Option<&str>,
    actor: &str,
) -> Result<Suggestion, DecideError> {
    let found = load_suggestion(&*access.ports.table, whose, id).await?.ok_or(DecideError::Unknown)?;
    let posting = matches!(found.value.state, SuggestionState::Accepted { intent: Some(_), .. });
    match &found.value.state {
        SuggestionState::Dismissed { .. } => return Ok(found.value),
        SuggestionState::Open | SuggestionState::Accepted { .. } if !posting => (),
        _ => return Err(DecideError::Stands(Box::new(found.value))),
    }
    let (at, reason) = (access.ports.clock.now(), reason.map(str::to_owned));
    store(access, whose, found, SuggestionState::Dismissed { by: actor.to_owned(), at, reason }).await
}

/// Takes a decision back. What is on its way to Xero is taken back there.
pub async fn reopen(access: &Access, whose: &OrganisationRef, id: &str) -> Result<Suggestion, DecideError> {
    let found = load_suggestion(&*access.ports.table, whose, id).await?.ok_or(DecideError::Unknown)?;
    match &found.value.state {
        SuggestionState::Open => Ok(found.value),
        SuggestionState::Dismissed { .. } | SuggestionState::Accepted { intent: None, .. } => {
            store(access, whose, found, SuggestionState::Open).await
        }
        _ => Err(DecideError::Stands(Box::new(found.value))),
    }
}

async fn store(
    access: &Access,
    whose: &OrganisationRef,
    mut found: Stored<Suggestion>,
    state: SuggestionState,
) -> Result<Suggestion, DecideError> {
    found.value.state = state;
    let write = put(keys::bank_suggestion(whose, &found.value.id), found.guard(), &found.value, None);
    match access.ports.table.write(write).await? {
        Written::Stored => Ok(found.value),
        Written::Conflict(_) => Err(DecideError::Overtaken),
    }
}
