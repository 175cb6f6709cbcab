//! What a sync notices of records that were posted: voided, deleted or changed in Xero by somebody.

use connections::Access;
use kernel::{Date, IntentId, OrganisationRef, Timestamp};
use ports::Written;
use state::{Intent, IntentState, Waiting, WaitsOn, keys, load, put};

use crate::PostingError;
use crate::resume::{WaitingRow, waiting_put, waiting_removal};

/// What is the case with a posted record in Xero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// It is out of the books.
    Gone {
        /// Xero's word for it.
        status: String,
    },
    /// It is there.
    There {
        /// What of it is not as it was sent.
        losses: Vec<String>,
        /// When it was last changed there.
        changed: Option<Timestamp>,
    },
}

/// The posting that became a record of Xero's, if one did.
pub async fn posting_of(
    access: &Access,
    whose: &OrganisationRef,
    entity: &str,
    xero_id: &str,
) -> Result<Option<IntentId>, PostingError> {
    let found = load::<IntentId>(&*access.ports.table, &keys::posted(whose, entity, xero_id)).await?;
    Ok(found.map(|found| found.value))
}

/// Attempts while others write the same intent.
const ATTEMPTS_MAX: u32 = 3;

/// Keeps what was noticed of the record of an id; answers whether it is news.
pub async fn notice(
    access: &Access,
    whose: &OrganisationRef,
    id: &IntentId,
    date: Date,
    xero_id: &str,
    noticed: &Noticed,
) -> Result<bool, PostingError> {
    let (table, key) = (&*access.ports.table, keys::intent(whose, id));
    for _ in 0..ATTEMPTS_MAX {
        let now = access.ports.clock.now();
        let found = load::<Intent>(table, &key).await?.ok_or_else(|| PostingError::Missing(id.clone()))?;
        let (guard, mut intent) = (found.guard(), found.value);
        let waited = matches!(intent.state, IntentState::Waiting(_));
        let news = match noticed {
            Noticed::There { losses, changed } => intent.compared(now, xero_id, *changed, losses.clone()),
            Noticed::Gone { status } => intent.undone(now, xero_id, gone(status, now)),
        };
        if !news {
            return Ok(false);
        }
        let mut writes = vec![put(key.clone(), guard, &intent, None)];
        // What waited for a lock date waits for a person now.
        if matches!(intent.state, IntentState::Waiting(_)) {
            let (on, entity) = (WaitsOn::Person, intent.kind.clone());
            let row = WaitingRow { on, date: Some(date), entity, since: now };
            writes.push(waiting_put(table, whose, id, &row).await?);
        } else if waited {
            writes.extend(waiting_removal(table, whose, id).await?);
        }
        if table.transact(writes).await? == Written::Stored {
            tracing::warn!(tenant.id = %whose.tenant, intent.id = %id, "A posted record was changed in Xero");
            return Ok(true);
        }
    }
    Ok(false)
}

/// Why a posting waits whose record somebody took out of the books.
pub(crate) fn gone(status: &str, since: Timestamp) -> Waiting {
    Waiting {
        on: WaitsOn::Person,
        code: "voided_in_xero".to_owned(),
        cause: format!("Somebody made it {status} in Xero."),
        fix: "Try again to post it anew, or record it as not wanted.".to_owned(),
        raw: Vec::new(),
        since,
    }
}
