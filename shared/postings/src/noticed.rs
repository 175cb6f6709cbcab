//! What a sync notices of records that were posted: voided, deleted or changed in Xero by somebody.

use connections::Access;
use kernel::{Date, IntentId, OrganisationRef};
use ports::{Guard, Written};
use state::{Intent, Waiting, WaitsOn, keys, load, put};

use crate::PostingError;
use crate::resume::WaitingRow;

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

/// Keeps what was noticed; answers whether it is news.
pub async fn notice(
    access: &Access,
    whose: &OrganisationRef,
    id: &IntentId,
    date: Date,
    noticed: &Noticed,
) -> Result<bool, PostingError> {
    let (table, key) = (&*access.ports.table, keys::intent(whose, id));
    for _ in 0..ATTEMPTS_MAX {
        let now = access.ports.clock.now();
        let found = load::<Intent>(table, &key).await?.ok_or_else(|| PostingError::Missing(id.clone()))?;
        let (guard, mut intent) = (found.guard(), found.value);
        let (news, row) = match noticed {
            Noticed::There { losses } => (intent.compared(now, losses.clone()), None),
            Noticed::Gone { status } => {
                let (on, entity) = (WaitsOn::Person, intent.kind.clone());
                let row = WaitingRow { on, date: Some(date), entity, since: now };
                let row = put(keys::waiting(whose, id), Guard::Absent, &row, None);
                (intent.undone(now, gone(status, now)), Some(row))
            }
        };
        if !news {
            return Ok(false);
        }
        let mut writes = vec![put(key.clone(), guard, &intent, None)];
        writes.extend(row);
        if table.transact(writes).await? == Written::Stored {
            tracing::warn!(tenant.id = %whose.tenant, intent.id = %id, "A posted record was changed in Xero");
            return Ok(true);
        }
    }
    Ok(false)
}

fn gone(status: &str, since: kernel::Timestamp) -> Waiting {
    Waiting {
        on: WaitsOn::Person,
        code: "voided_in_xero".to_owned(),
        cause: format!("Somebody made it {status} in Xero."),
        fix: "Try again to post it anew, or record it as not wanted.".to_owned(),
        raw: Vec::new(),
        since,
    }
}
