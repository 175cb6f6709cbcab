//! A posting that is brought to something else: changed in Xero or taken out of the books where it is there as it was sent,
//! rewritten or given up where nothing of it was sent.

use connections::Access;
use kernel::{IntentId, OrganisationRef};
use ports::{Guard, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use state::{How, Intent, IntentState, Stored, keys, load, parked_write, put};

use crate::PostingError;
use crate::plan::{Plans, content_of, digest, outbox};
use crate::resume::waiting_removal;

/// A posting as it was read.
#[derive(Clone, Debug)]
pub struct Revisable<C> {
    intent: Stored<Intent>,
    content: Stored<C>,
}

/// What a posting is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revised<C> {
    /// This content.
    Content(C),
    /// Nothing: it is not wanted any more.
    Nothing,
}

/// How a posting can be brought to something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// It is in Xero as it was sent: that record changes.
    InXero,
    /// Nothing of it was sent: what will be sent changes.
    Unsent,
}

/// Reads a posting.
pub async fn load_revisable<C: DeserializeOwned>(
    access: &Access,
    whose: &OrganisationRef,
    id: &IntentId,
) -> Result<Revisable<C>, PostingError> {
    let table = &*access.ports.table;
    let missing = || PostingError::Missing(id.clone());
    let intent = load::<Intent>(table, &keys::intent(whose, id)).await?.ok_or_else(missing)?;
    let content = load::<C>(table, &keys::intent_content(whose, id)).await?.ok_or_else(missing)?;
    Ok(Revisable { intent, content })
}

impl<C> Revisable<C> {
    /// Its name.
    pub fn id(&self) -> &IntentId {
        &self.intent.value.id
    }

    /// What was sent, or is to be.
    pub fn content(&self) -> &C {
        &self.content.value
    }

    /// Xero's id, where it is there.
    pub fn xero_id(&self) -> Option<&str> {
        match &self.intent.value.state {
            IntentState::Done { xero_id, .. } => Some(xero_id),
            _ => None,
        }
    }

    /// How it can be brought to something else; not while it is on its way, nor when somebody changed it in Xero.
    pub fn means(&self) -> Option<Means> {
        match &self.intent.value.state {
            IntentState::Done { losses, .. } => losses.is_empty().then_some(Means::InXero),
            _ => self.intent.value.is_unsent().then_some(Means::Unsent),
        }
    }
}

impl Plans {
    /// Adds the revision of a posting; `false` where it cannot be revised. Four write units and two more for each KB of its
    /// content.
    pub async fn revise<C: Serialize>(
        &mut self,
        access: &Access,
        whose: &OrganisationRef,
        posting: &Revisable<C>,
        revised: &Revised<C>,
        actor: &str,
        reason: &str,
    ) -> Result<bool, PostingError> {
        let (table, now) = (&*access.ports.table, access.ports.clock.now());
        let mut intent = posting.intent.value.clone();
        let waited = matches!(intent.state, IntentState::Waiting(_));
        let body = match revised {
            Revised::Content(content) => Some(content_of(content)),
            Revised::Nothing => None,
        };
        let possible = match (posting.means(), &body) {
            (None, _) => false,
            (Some(Means::InXero), Some(body)) => intent.revise(now, How::Edit, digest(body), reason),
            (Some(Means::InXero), None) => {
                let content = intent.content.clone();
                intent.revise(now, How::Withdraw, content, reason)
            }
            (Some(Means::Unsent), Some(body)) => intent.change(now, digest(body), reason),
            (Some(Means::Unsent), None) => intent.record(now, actor, reason),
        };
        if !possible {
            return Ok(false);
        }
        self.writes.push(put(keys::intent(whose, &intent.id), posting.intent.guard(), &intent, None));
        if let Some(body) = body {
            let (key, guard) = (keys::intent_content(whose, &intent.id), Guard::Version(posting.content.version));
            self.writes.push(Write::Put { key, guard, body, expires_at: None });
        }
        if intent.state == IntentState::Open {
            let work = outbox(whose, &intent, now);
            self.writes.push(parked_write(&work));
            self.sent_after.push(work);
        }
        if waited {
            self.writes.extend(waiting_removal(table, whose, &intent.id).await?);
        }
        Ok(true)
    }
}
