//! A posting as a person sees it: where it stands, why, and everything that happened to it in plain words.

use kernel::{IntentId, OrganisationRef, Timestamp};
use ports::{Table, TableError};
use serde::Serialize;
use state::{Intent, IntentState, Step, keys, load};

/// Where a posting stands, in one word for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It will be sent.
    Planned,
    /// It is being sent, or searched for.
    Sending,
    /// Something must change first.
    Waiting,
    /// It is in Xero.
    Posted,
    /// It was taken out of the books, because it is not wanted any more.
    Withdrawn,
    /// A person recorded it as entered by hand.
    Recorded,
}

/// Why a posting needs somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// Stable, for programs.
    pub code: String,
    /// In words.
    pub cause: String,
    /// What to do.
    pub fix: String,
    /// The lock date in the way, where one is.
    pub locked_until: Option<String>,
    /// Xero's own words.
    pub raw: Vec<String>,
    /// Since when.
    pub since: Timestamp,
}

/// One line of what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// In words.
    pub what: String,
}

/// A posting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntentView {
    /// Its name.
    pub id: IntentId,
    /// The kind of record it becomes.
    pub kind: String,
    /// Who decided.
    pub actor: String,
    /// Where it stands.
    pub state: Standing,
    /// Xero's id, once it has one; also of what was taken out of the books.
    pub xero_id: Option<String>,
    /// Why it needs somebody, if it does.
    pub attention: Option<Attention>,
    /// Sends so far, each under a key of its own or repeated under the same.
    pub sends: usize,
    /// What happened, oldest first.
    pub history: Vec<Happened>,
}

/// Loads one posting.
pub async fn load_view(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &IntentId,
    now: Timestamp,
) -> Result<Option<IntentView>, TableError> {
    let found = load::<Intent>(table, &keys::intent(whose, id)).await?;
    Ok(found.map(|found| IntentView::of(&found.value, now)))
}

impl IntentView {
    /// What a stored intent says now.
    pub fn of(intent: &Intent, now: Timestamp) -> Self {
        let existing = intent.existing.as_ref().map(|existing| existing.xero_id.clone());
        let (state, xero_id) = match &intent.state {
            IntentState::Open if intent.open.is_none() && intent.next_step(now) == Step::Send => {
                (Standing::Planned, existing)
            }
            IntentState::Open => (Standing::Sending, existing),
            IntentState::Waiting(_) => (Standing::Waiting, existing),
            IntentState::Done { xero_id, .. } => (Standing::Posted, Some(xero_id.clone())),
            IntentState::Withdrawn { xero_id, .. } => (Standing::Withdrawn, Some(xero_id.clone())),
            IntentState::Recorded { .. } => (Standing::Recorded, None),
        };
        let history = &intent.history.entries;
        Self {
            id: intent.id.clone(),
            kind: intent.kind.clone(),
            actor: intent.actor.clone(),
            state,
            xero_id,
            attention: attention(&intent.state),
            sends: history.iter().filter(|entry| entry.what == state::What::Sent).count(),
            history: history.iter().map(|entry| Happened { at: entry.at, what: entry.in_words() }).collect(),
        }
    }
}

fn attention(state: &IntentState) -> Option<Attention> {
    match state {
        IntentState::Waiting(waiting) => Some(Attention {
            code: waiting.code.clone(),
            cause: waiting.cause.clone(),
            fix: waiting.fix.clone(),
            locked_until: match &waiting.on {
                state::WaitsOn::LockDate { locked_until } => Some(locked_until.clone()),
                _ => None,
            },
            raw: waiting.raw.clone(),
            since: waiting.since,
        }),
        IntentState::Done { at, losses, .. } if !losses.is_empty() => Some(Attention {
            code: "not_as_sent".to_owned(),
            cause: "Xero has it, but not as it was sent.".to_owned(),
            fix: "Open it in Xero and correct it there, or void it and post it anew.".to_owned(),
            locked_until: None,
            raw: losses.clone(),
            since: *at,
        }),
        _ => None,
    }
}
