//! A file that arrived: checked by its bytes, compared with those there are, taken in once.
//!
//! The first file that arrives under a document's key is the document; a form that is posted again changes nothing.

use connections::{Access, parked};
use envelopes::{Envelope, Work};
use kernel::{Applied, DocumentId, OrganisationRef};
use ports::{BlobError, Guard, Table, Written};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use state::{ParkedWork, Stored, keys, load, parked_write, put};
use tracing::{info, warn};

use crate::kinds::{FILE_BYTES_MAX, Measure, Unfit, measure};
use crate::row::{Document, DocumentState, Scanned, Verdict, load_document, of_file_key};
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

/// Whether files wait for a scanner's word before anything is done with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// They do not: the account has no scanner, or does without.
    NotAwaited,
    /// They do. One that cannot be scanned is refused.
    Required,
}

/// Which document has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileRow {
    document: DocumentId,
}

/// Words of a scanner kept until a file's arrival is told.
const SCANNED_MAX: usize = 16;
/// Attempts while others write the same document, or take in the same file.
const ATTEMPTS_MAX: u32 = 4;

/// Takes a file in. Told twice, it changes nothing.
pub async fn take_in(doors: Doors<'_>, scan: Scan, arrived: &Arrived) -> Result<Applied, DocumentError> {
    let table = &*doors.access.ports.table;
    for _ in 0..ATTEMPTS_MAX {
        let Some((whose, mut found)) = of_file(table, &arrived.key).await? else { return Ok(Applied::Before) };
        if !matches!(found.value.state, DocumentState::AwaitingFile { .. }) {
            return Ok(Applied::Before);
        }
        let checked = check(doors, &found.value, arrived).await?;
        found.value.version = arrived.version.clone();
        let said = found.value.scanned.iter().find(|scanned| scanned.version == arrived.version);
        let step = match (checked, said.map(|scanned| scanned.verdict), scan) {
            (Err(unfit), ..) => Step::Refuse(unfit),
            (Ok(_), Some(Verdict::Malware), _) => Step::Refuse(Unfit::Malware),
            (Ok(_), Some(Verdict::NotScanned), Scan::Required) => Step::Refuse(Unfit::NotScanned),
            (Ok(measured), None, Scan::Required) => Step::Quarantine(measured),
            (Ok(measured), ..) => Step::Admit(measured),
        };
        if settle(doors.access, &whose, found, step).await? {
            return Ok(Applied::Now);
        }
    }
    Err(DocumentError::Overtaken)
}

/// Takes a scanner's word of a version of a file. Where it is of malware, the document is refused wherever it stands.
pub async fn judge(
    doors: Doors<'_>,
    key: &str,
    version: Option<&str>,
    verdict: Verdict,
) -> Result<Applied, DocumentError> {
    let table = &*doors.access.ports.table;
    for _ in 0..ATTEMPTS_MAX {
        let Some((whose, mut found)) = of_file(table, key).await? else { return Ok(Applied::Before) };
        let document = &mut found.value;
        let ours = document.version.as_deref() == version;
        let step = match (&document.state, verdict) {
            (DocumentState::Refused { .. }, _) => return Ok(Applied::Before),
            // The word came before the file's arrival was told.
            (DocumentState::AwaitingFile { .. }, _) => {
                // A form that is posted again and again makes versions without end; the first that arrives counts.
                if document.scanned.len() == SCANNED_MAX {
                    document.scanned.remove(0);
                }
                document.scanned.push(Scanned { version: version.map(str::to_owned), verdict });
                Step::Keep
            }
            _ if !ours => return Ok(Applied::Before),
            (_, Verdict::Malware) => Step::Refuse(Unfit::Malware),
            (DocumentState::Quarantined, Verdict::NotScanned) => Step::Refuse(Unfit::NotScanned),
            (DocumentState::Quarantined, Verdict::Clean) => match document.measure {
                Some(measured) => Step::Admit(measured),
                None => return Ok(Applied::Before),
            },
            _ => return Ok(Applied::Before),
        };
        if settle(doors.access, &whose, found, step).await? {
            return Ok(Applied::Now);
        }
    }
    Err(DocumentError::Overtaken)
}

/// The document of a file.
async fn of_file(table: &dyn Table, key: &str) -> Result<Option<(OrganisationRef, Stored<Document>)>, DocumentError> {
    let Some((whose, id)) = of_file_key(key) else {
        warn!("The storage told of a file under a key that is no document's; it is left alone");
        return Ok(None);
    };
    let found = load_document(table, &whose, id).await?;
    if found.is_none() {
        warn!(tenant.id = %whose.tenant, document.id = %id, "The storage told of a file of a document that is not stored");
    }
    Ok(found.map(|found| (whose, found)))
}

/// What becomes of a document whose file is known.
enum Step {
    Refuse(Unfit),
    Quarantine(Measure),
    Admit(Measure),
    /// It stays as it is.
    Keep,
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

/// Stores what becomes of a document; `false` when somebody else wrote meanwhile.
async fn settle(
    access: &Access,
    whose: &OrganisationRef,
    found: Stored<Document>,
    step: Step,
) -> Result<bool, DocumentError> {
    let (guard, mut document) = (found.guard(), found.value);
    let id = document.id;
    match step {
        Step::Admit(measured) => {
            document.measure = Some(measured);
            return admit(access, whose, guard, document).await;
        }
        Step::Quarantine(measured) => {
            (document.measure, document.state) = (Some(measured), DocumentState::Quarantined);
        }
        Step::Refuse(reason) => {
            info!(tenant.id = %whose.tenant, document.id = %id, "A document was refused");
            document.state = DocumentState::Refused { reason };
        }
        Step::Keep => (),
    }
    let write = put(keys::document(whose, id), guard, &document, None);
    Ok(access.ports.table.write(write).await? == Written::Stored)
}

/// The document is taken in and goes on to reading, unless its file is there already.
async fn admit(
    access: &Access,
    whose: &OrganisationRef,
    guard: Guard,
    mut document: Document,
) -> Result<bool, DocumentError> {
    let (table, id) = (&*access.ports.table, document.id);
    let (key, file_key) = (keys::document(whose, id), keys::document_file(whose, &document.sha256));
    if let Some(first) = load::<FileRow>(table, &file_key).await? {
        document.state = DocumentState::Duplicate { of: first.value.document };
        return Ok(table.write(put(key, guard, &document, None)).await? == Written::Stored);
    }
    document.state = DocumentState::TakenIn;
    let (envelope, work) = to_read(access, whose, id);
    let writes = vec![
        put(key, guard, &document, None),
        put(file_key, Guard::Absent, &FileRow { document: id }, None),
        parked_write(&work),
    ];
    if table.transact(writes).await? != Written::Stored {
        return Ok(false);
    }
    access.send_parked::<DocumentError>(&envelope, work).await?;
    info!(tenant.id = %whose.tenant, document.id = %id, "A document was taken in");
    Ok(true)
}

/// The message that has a document read, parked until now: the net under the message itself.
fn to_read(access: &Access, whose: &OrganisationRef, document: DocumentId) -> (Envelope, ParkedWork) {
    let envelope = Envelope::new(Work::ReadDocument { organisation: whose.clone(), document });
    let work = parked(&envelope, access.ports.clock.now(), "just taken in");
    (envelope, work)
}
