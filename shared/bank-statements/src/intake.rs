//! A file that arrived: held against what was announced, and on to reading, once.

use connections::parked;
use documents::intake::Arrived;
use documents::upload::{hex, sha256 as digest};
use documents::{DocumentError, Doors};
use envelopes::{Envelope, Work};
use kernel::{Applied, OrganisationRef, StatementId};
use ports::{BlobError, Guard, Written};
use state::{keys, load, parked_write, put};
use tracing::{info, warn};

use crate::row::{FileState, load_file, of_file_key};
use crate::upload::digest_of;

/// Attempts while others write the same file.
const ATTEMPTS_MAX: u32 = 4;

/// Whether a key of the storage is one of ours.
pub fn is_statement(key: &str) -> bool {
    of_file_key(key).is_some()
}

/// Takes a file in. Told twice, it changes nothing.
pub async fn take_in(doors: Doors<'_>, arrived: &Arrived) -> Result<Applied, DocumentError> {
    let Some((whose, id)) = of_file_key(&arrived.key) else { return Ok(Applied::Before) };
    for _ in 0..ATTEMPTS_MAX {
        match once(doors, &whose, id, arrived).await? {
            Some(applied) => return Ok(applied),
            None => continue,
        }
    }
    Err(DocumentError::Overtaken)
}

/// `None` when somebody else wrote meanwhile.
async fn once(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    id: StatementId,
    arrived: &Arrived,
) -> Result<Option<Applied>, DocumentError> {
    let table = &*doors.access.ports.table;
    let Some(mut found) = load_file(table, whose, id).await? else {
        warn!(tenant.id = %whose.tenant, statement.id = %id, "The storage told of a statement that is not stored");
        return Ok(Some(Applied::Before));
    };
    if !matches!(found.value.state, FileState::AwaitingFile { .. }) {
        return Ok(Some(Applied::Before));
    }
    let key = keys::statement_file(whose, id);
    found.value.version.clone_from(&arrived.version);
    if !is_announced(doors, &found.value.sha256, arrived).await? {
        found.value.state = FileState::Refused {
            code: "other_file".to_owned(),
            words: "The file is not the one that was announced. Announce this one and send it again.".to_owned(),
        };
        let written = table.write(put(key, found.guard(), &found.value, None)).await?;
        return Ok((written == Written::Stored).then_some(Applied::Now));
    }
    let sha = keys::statement_digest(whose, &digest_of(&found.value));
    if let Some(first) = load::<StatementId>(table, &sha).await? {
        found.value.state = FileState::Duplicate { of: first.value };
        let written = table.write(put(key, found.guard(), &found.value, None)).await?;
        return Ok((written == Written::Stored).then_some(Applied::Now));
    }
    found.value.state = FileState::TakenIn;
    let envelope = Envelope::new(Work::ReadStatement { organisation: whose.clone(), statement: id, round: 0 });
    let work = parked(&envelope, doors.access.ports.clock.now(), "just taken in");
    let writes =
        vec![put(key, found.guard(), &found.value, None), put(sha, Guard::Absent, &id, None), parked_write(&work)];
    if table.transact(writes).await? != Written::Stored {
        return Ok(None);
    }
    doors.access.send_parked::<DocumentError>(&envelope, work).await?;
    info!(tenant.id = %whose.tenant, statement.id = %id, "A bank statement was taken in");
    Ok(Some(Applied::Now))
}

async fn is_announced(doors: Doors<'_>, announced: &str, arrived: &Arrived) -> Result<bool, DocumentError> {
    if arrived.bytes > statements::FILE_BYTES_MAX as u64 {
        return Ok(false);
    }
    match doors.blobs.read(&arrived.key, arrived.version.as_deref(), statements::FILE_BYTES_MAX).await {
        Ok(body) => Ok(hex(&digest(&body)) == announced),
        Err(BlobError::TooLong { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
