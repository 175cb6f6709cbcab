//! A decision becomes durable: intent, content and envelope in one transaction, and only then a message.

use connections::{Access, parked};
use envelopes::{Envelope, Work};
use kernel::{Applied, IntentId, OrganisationRef, Timestamp};
use ports::{Guard, TableError, Write, Written};
use serde::Serialize;
use state::{Intent, ParkedWork, keys, load, parked_write, put};

use crate::PostingError;

/// What is to be posted, and who decided it.
pub struct Posting<'a, C> {
    /// Names it; the same decision has the same name.
    pub id: IntentId,
    /// The kind of record.
    pub kind: &'static str,
    /// Who decided.
    pub actor: &'a str,
    /// What is posted.
    pub content: &'a C,
}

/// The writes of one decision, and the messages that follow once they are stored.
pub struct Plans {
    pub(crate) writes: Vec<Write>,
    pub(crate) sent_after: Vec<ParkedWork>,
}

/// Why a decision was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Something of that name was decided before, with other content.
    #[error("{0} was decided before, and otherwise")]
    Otherwise(IntentId),
    /// A row that was read has changed meanwhile.
    #[error("something changed meanwhile")]
    Overtaken,
    /// Table or queue trouble.
    #[error(transparent)]
    Posting(#[from] PostingError),
}

impl From<TableError> for PlanError {
    fn from(error: TableError) -> Self {
        Self::Posting(error.into())
    }
}

impl Plans {
    /// Nothing yet; `writes` are stored together with whatever is planned.
    pub fn with(writes: Vec<Write>) -> Self {
        Self { writes, sent_after: Vec::new() }
    }

    /// Adds a posting: four write units and two more for each KB of its content.
    pub fn add<C: Serialize>(&mut self, whose: &OrganisationRef, posting: &Posting<'_, C>, now: Timestamp) {
        let content = content_of(posting.content);
        let intent = intent_of(posting, &content, now);
        let work = outbox(whose, &intent, now);
        self.writes.push(put(keys::intent(whose, &intent.id), Guard::Absent, &intent, None));
        let key = keys::intent_content(whose, &intent.id);
        self.writes.push(Write::Put { key, guard: Guard::Absent, body: content, expires_at: None });
        self.writes.push(parked_write(&work));
        self.sent_after.push(work);
    }

    /// Stores everything together, or nothing, and sends the messages. A crash in between loses none: the schedule finds
    /// them parked.
    pub async fn store(self, access: &Access) -> Result<Applied, PlanError> {
        let table = &*access.ports.table;
        if let Written::Conflict(_) = table.transact(self.writes).await? {
            return Err(PlanError::Overtaken);
        }
        for work in self.sent_after {
            send_parked(access, work).await?;
        }
        Ok(Applied::Now)
    }
}

/// Plans one posting. The same again changes nothing; the same name with other content is refused.
pub async fn plan_posting<C: Serialize>(
    access: &Access,
    whose: &OrganisationRef,
    posting: &Posting<'_, C>,
) -> Result<Applied, PlanError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let same = async |id: &IntentId| -> Result<Option<bool>, TableError> {
        let found = load::<Intent>(table, &keys::intent(whose, id)).await?;
        Ok(found.map(|found| found.value.content == digest(&content_of(posting.content))))
    };
    for _ in 0..2 {
        match same(&posting.id).await? {
            Some(true) => return Ok(Applied::Before),
            Some(false) => return Err(PlanError::Otherwise(posting.id.clone())),
            None => (),
        }
        let mut plans = Plans::with(Vec::new());
        plans.add(whose, posting, now);
        match plans.store(access).await {
            // Somebody else decided the same at the same moment: their row tells.
            Err(PlanError::Overtaken) => (),
            outcome => return outcome,
        }
    }
    Err(PlanError::Overtaken)
}

pub(crate) fn content_of<C: Serialize>(content: &C) -> String {
    serde_json::to_string(content).expect("contents are structs with text keys")
}

/// Two contents of one digest are one content.
pub(crate) fn digest(content: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, content.as_bytes());
    digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn intent_of<C>(posting: &Posting<'_, C>, content: &str, now: Timestamp) -> Intent {
    Intent::new(posting.id.clone(), posting.kind, posting.actor, digest(content), now)
}

/// The envelope of a posting, parked until now: the net under the message that follows.
pub(crate) fn outbox(whose: &OrganisationRef, intent: &Intent, now: Timestamp) -> ParkedWork {
    parked(&envelope(whose, intent), now, "just decided")
}

pub(crate) fn envelope(whose: &OrganisationRef, intent: &Intent) -> Envelope {
    Envelope::new(Work::Post {
        organisation: whose.clone(),
        entity: intent.kind.clone(),
        intent: intent.id.clone(),
        round: intent.history.count(),
    })
}

/// Sends what was parked for now, and forgets it as parked.
pub(crate) async fn send_parked(access: &Access, work: ParkedWork) -> Result<(), PostingError> {
    // The envelope was made a moment ago by this very code.
    let envelope = Envelope::parse(&work.envelope).expect("an envelope of this version");
    access.send_parked(&envelope, work).await
}
