//! A file that arrived: checked by its bytes, compared with those there are, taken in once.
//!
//! The first file that arrives under a document's key is the document; a form that is posted again changes nothing.

use connections::Access;
use envelopes::{Envelope, Work};
use kernel::{Applied, DocumentId, OrganisationRef};
use ports::{BlobError, Guard, Written};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use state::{ParkedWork, Stored, keys, load, parked_write, put, unpark};
use tracing::{info, warn};

use crate::kinds::{FILE_BYTES_MAX, Measure, Unfit, measure};
use crate::row::{Document, DocumentState, load_document, of_file_key};
use crate::upload::hex;
use crate::{DocumentError, Doors};

/// What the storage tells of a new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Its key.
    pub key: String,
    /// Its version, where versions are kept.
    pub version: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Which document has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileRow {
    document: DocumentId,
}

/// Attempts while others write the same document, or take in the same file.
const ATTEMPTS_MAX: u32 = 4;

/// Takes a file in. Told twice, it changes nothing.
pub async fn take_in(doors: Doors<'_>, arrived: &Arrived) -> Result<Applied, DocumentError> {
    let Some((whose, id)) = of_file_key(&arrived.key) else {
        warn!("A file arrived under a key that is no document's; it is left alone");
        return Ok(Applied::Before);
    };
    let table = &*doors.access.ports.table;
    for _ in 0..ATTEMPTS_MAX {
        let Some(found) = load_document(table, &whose, id).await? else {
            warn!(tenant.id = %whose.tenant, document.id = %id, "A file arrived of a document that is not stored");
            return Ok(Applied::Before);
        };
        if !matches!(found.value.state, DocumentState::AwaitingFile { .. }) {
            return Ok(Applied::Before);
        }
        let checked = check(doors, &found.value, arrived).await?;
        if settle(doors.access, &whose, found, arrived, checked).await? {
            return Ok(Applied::Now);
        }
    }
    Err(DocumentError::Overtaken)
}

async fn check(
    doors: Doors<'_>,
    document: &Document,
    arrived: &Arrived,
) -> Result<Result<Measure, Unfit>, DocumentError> {
    let bytes_max = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    let too_large = || Ok(Err(Unfit::TooLarge { bytes: arrived.bytes }));
    if arrived.bytes > FILE_BYTES_MAX {
        return too_large();
    }
    let body = match doors.blobs.read(&arrived.key, arrived.version.as_deref(), bytes_max).await {
        Ok(body) => body,
        Err(BlobError::TooLong { .. }) => return too_large(),
        Err(error) => return Err(error.into()),
    };
    if hex(digest(&SHA256, &body).as_ref()) != document.sha256 {
        return Ok(Err(Unfit::OtherFile));
    }
    Ok(measure(&body, &document.content_type))
}

/// Stores what was found; `false` when somebody else wrote meanwhile.
async fn settle(
    access: &Access,
    whose: &OrganisationRef,
    found: Stored<Document>,
    arrived: &Arrived,
    checked: Result<Measure, Unfit>,
) -> Result<bool, DocumentError> {
    let table = &*access.ports.table;
    let (guard, mut document) = (found.guard(), found.value);
    let id = document.id;
    document.version = arrived.version.clone();
    let key = keys::document(whose, id);
    let file_key = keys::document_file(whose, &document.sha256);
    let measured = match checked {
        Ok(measured) => measured,
        Err(reason) => {
            info!(tenant.id = %whose.tenant, document.id = %id, "A document was refused");
            document.state = DocumentState::Refused { reason };
            return Ok(table.write(put(key, guard, &document, None)).await? == Written::Stored);
        }
    };
    document.measure = Some(measured);
    if let Some(first) = load::<FileRow>(table, &file_key).await? {
        document.state = DocumentState::Duplicate { of: first.value.document };
        return Ok(table.write(put(key, guard, &document, None)).await? == Written::Stored);
    }
    document.state = DocumentState::TakenIn;
    let work = to_read(access, whose, id);
    let writes = vec![
        put(key, guard, &document, None),
        put(file_key, Guard::Absent, &FileRow { document: id }, None),
        parked_write(&work),
    ];
    if table.transact(writes).await? != Written::Stored {
        return Ok(false);
    }
    send(access, work).await?;
    info!(tenant.id = %whose.tenant, document.id = %id, "A document was taken in");
    Ok(true)
}

/// The message that has a document read, parked until now: the net under the message itself.
pub(crate) fn to_read(access: &Access, whose: &OrganisationRef, document: DocumentId) -> ParkedWork {
    let envelope = Envelope::new(Work::ReadDocument { organisation: whose.clone(), document });
    let (reason, tail) = ("just taken in".to_owned(), envelope.dedupe());
    ParkedWork { until: access.ports.clock.now(), reason, envelope: envelope.to_json(), tail }
}

async fn send(access: &Access, work: ParkedWork) -> Result<(), DocumentError> {
    // The envelope was made a moment ago by this very code.
    let envelope = Envelope::parse(&work.envelope).expect("an envelope of this version");
    access.send(&envelope).await?;
    unpark(&*access.ports.table, &Stored { value: work, version: 1 }).await?;
    Ok(())
}
