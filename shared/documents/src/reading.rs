//! A document read, at the cost of nothing but itself.
//!
//! That a reader begins is stored before it sees a byte. One that crashes, hangs or eats all memory takes its process with
//! it; the message comes back, and after the last attempt the document waits for a person.

use std::time::Duration;

use connections::parked;
use envelopes::{Envelope, Work};
use kernel::{DocumentId, OrganisationRef};
use ports::{BlobError, Guard, ScanError, ScanReader, Scanned, Written};
use readings::{Outcome, Reading, Refusal};
use state::{Stored, keys, load, parked_write, put};
use tracing::{error, info, warn};

use crate::kinds::FILE_BYTES_MAX;
use crate::row::{Document, DocumentState, file_key, load_document};
use crate::scan::{Unscannable, check, takes_a_job};
use crate::{DocumentError, Doors};

/// Readers that may try: the second in case the first was stopped by something else.
const ATTEMPTS_MAX: u32 = 2;
/// A row takes 390 KB.
const READING_BYTES_MAX: usize = 350 * 1024;
/// How often a document waits for a reader that takes no more calls: some ten hours in all.
const WAITS_MAX: u32 = 14;
/// The first wait; each later one is twice as long as the one before, up to an hour.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// Reads a document that waits for it; a picture with the reader of pictures, where one is set up.
pub async fn read_document(
    doors: Doors<'_>,
    scans: Option<&dyn ScanReader>,
    whose: &OrganisationRef,
    id: DocumentId,
) -> Result<(), DocumentError> {
    let table = &*doors.access.ports.table;
    let Some(mut found) = load_document(table, whose, id).await? else { return Ok(()) };
    let (attempt, waits, job) = match &found.value.state {
        DocumentState::TakenIn => (1, 0, None),
        DocumentState::Reading { attempt, waits, job } => (attempt + 1, *waits, job.clone()),
        _ => return Ok(()),
    };
    if attempt > ATTEMPTS_MAX {
        warn!(tenant.id = %whose.tenant, document.id = %id, "A reader failed on a document twice");
        let state = needs_person("reader_failed", "The reader failed on this document. Open it and type it in.");
        return end(doors, whose, found, state, None).await;
    }
    let picture = found.value.measure.is_some_and(|measure| measure.kind.is_image());
    let scan = scan_reader(scans, &found.value);
    if let (true, Err(reason)) = (picture, &scan) {
        return end(doors, whose, found, left_to_person(*reason), None).await;
    }
    // Counted before a reader is asked: one that takes its process with it must still use up an attempt.
    let is_begun = job.is_some();
    found.value.state = DocumentState::Reading { attempt, waits, job };
    let key = keys::document(whose, id);
    if table.write(put(key, found.guard(), &found.value, None)).await? != Written::Stored {
        // Another reader is at it, and its message comes back if it dies.
        return Ok(());
    }
    found.version += 1;
    if !picture && !is_begun {
        match read_file(doors, whose, &found.value).await? {
            None => {
                let state = needs_person("file_gone", "The file is not in the storage any more. Upload it again.");
                return end(doors, whose, found, state, None).await;
            }
            // A PDF of pictures.
            Some(Outcome::NotReadable(refusal)) if refusal.code == Refusal::ImageOnly && scans.is_some() => (),
            Some(outcome) => return end_read(doors, whose, found, outcome).await,
        }
    }
    match scan {
        Ok(reader) => read_picture(doors, reader, whose, found).await,
        Err(reason) => end(doors, whose, found, left_to_person(reason), None).await,
    }
}

/// What a file says by itself; none where there is no such file.
async fn read_file(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    document: &Document,
) -> Result<Option<Outcome>, DocumentError> {
    let bytes_max = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    match doors.blobs.read(&file_key(whose, document.id), document.version.as_deref(), bytes_max).await {
        Ok(body) => Ok(Some(readings::read(&body))),
        Err(BlobError::Missing | BlobError::TooLong { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The reader of pictures for a document, or why none is asked.
fn scan_reader<'s>(scans: Option<&'s dyn ScanReader>, document: &Document) -> Result<&'s dyn ScanReader, Unscannable> {
    let reader = scans.ok_or(Unscannable::NotSetUp)?;
    // A document without a measure is none that was taken in.
    let measure = document.measure.ok_or(Unscannable::Kind)?;
    check(&measure, document.bytes).map(|()| reader)
}

/// What the reader of pictures says now.
enum Told {
    Found(Scanned),
    /// A job is at work.
    Working(String),
}

async fn ask(reader: &dyn ScanReader, whose: &OrganisationRef, document: &Document) -> Result<Told, ScanError> {
    let (key, version) = (file_key(whose, document.id), document.version.as_deref());
    if !takes_a_job(document.measure.as_ref()) {
        return reader.read_scan(&key, version).await.map(Told::Found);
    }
    match &document.state {
        DocumentState::Reading { job: Some(job), .. } => {
            let findings = reader.finished_scan(job).await?;
            Ok(findings.map_or_else(|| Told::Working(job.clone()), Told::Found))
        }
        // A start whose answer is lost is repeated, and begins nothing new.
        _ => reader.start_scan(&key, version, &document.id.to_string()).await.map(Told::Working),
    }
}

/// Asks the reader of pictures once. What it answers is stored with the document's end, so nobody asks it again.
async fn read_picture(
    doors: Doors<'_>,
    reader: &dyn ScanReader,
    whose: &OrganisationRef,
    found: Stored<Document>,
) -> Result<(), DocumentError> {
    let id = found.value.id;
    let attempt = match &found.value.state {
        DocumentState::Reading { attempt, .. } => *attempt,
        _ => ATTEMPTS_MAX,
    };
    let reason = match ask(reader, whose, &found.value).await {
        Ok(Told::Found(scanned)) => return end_read(doors, whose, found, scans::read(&scanned)).await,
        Ok(Told::Working(job)) => return wait(doors, whose, found, Some(job)).await,
        Err(ScanError::Throttled) => return wait(doors, whose, found, None).await,
        // It may have been charged for, so it uses up an attempt; the message comes back for the second.
        Err(error @ ScanError::Unavailable(_)) if attempt < ATTEMPTS_MAX => return Err(error.into()),
        Err(ScanError::Unavailable(_)) => Unscannable::Failed,
        Err(ScanError::Refused(refusal)) => Unscannable::of(refusal),
        Err(error @ ScanError::NotAllowed(_)) => {
            error!(tenant.id = %whose.tenant, document.id = %id, %error, "Allow the reader for pictures, or turn it off");
            Unscannable::NotAllowed
        }
    };
    info!(tenant.id = %whose.tenant, document.id = %id, code = reason.code(), "The reader for pictures reads no document");
    end(doors, whose, found, left_to_person(reason), None).await
}

/// Parks a document whose reader takes no more calls or is at work. Nothing failed, so the attempt is given back; the waits
/// are counted instead, and have an end.
async fn wait(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    mut found: Stored<Document>,
    job: Option<String>,
) -> Result<(), DocumentError> {
    let DocumentState::Reading { attempt, waits, job: begun } = found.value.state.clone() else { return Ok(()) };
    if waits >= WAITS_MAX {
        return end(doors, whose, found, left_to_person(Unscannable::Busy), None).await;
    }
    let access = doors.access;
    let id = found.value.id;
    found.value.state =
        DocumentState::Reading { attempt: attempt.saturating_sub(1), waits: waits + 1, job: job.or(begun) };
    let envelope = Envelope::new(Work::ReadDocument { organisation: whose.clone(), document: id });
    let span = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(waits)).min(WAIT_MAX);
    let now = access.ports.clock.now();
    let until = now.saturating_add(span).unwrap_or(now);
    let work = parked(&envelope, until, "the reader for pictures takes no more calls, or is at work");
    let writes = vec![put(keys::document(whose, id), found.guard(), &found.value, None), parked_write(&work)];
    match access.ports.table.transact(writes).await? {
        Written::Stored => Ok(()),
        // Somebody else's word on the document, such as a scanner's that it is malware: its message sees when it comes back.
        Written::Conflict(_) => Err(DocumentError::Overtaken),
    }
}

async fn end_read(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    found: Stored<Document>,
    outcome: Outcome,
) -> Result<(), DocumentError> {
    match outcome {
        Outcome::NotReadable(refusal) => {
            let code = word(refusal.code);
            info!(tenant.id = %whose.tenant, document.id = %found.value.id, code, "No reader reads a document");
            end(doors, whose, found, needs_person(&code, &refusal.words), None).await
        }
        Outcome::Read(reading) => {
            let (reading, lines_left_out) = bounded(*reading);
            end(doors, whose, found, DocumentState::Read { lines_left_out }, Some(reading)).await
        }
    }
}

fn left_to_person(reason: Unscannable) -> DocumentState {
    needs_person(reason.code(), &reason.to_string())
}

/// The reason as programs see it.
fn word(code: Refusal) -> String {
    let named = serde_json::to_value(code).ok();
    named.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn needs_person(code: &str, words: &str) -> DocumentState {
    DocumentState::NeedsPerson { code: code.to_owned(), words: words.to_owned() }
}

/// A reading that fits a row, and how many lines that cost.
fn bounded(mut reading: Reading) -> (Reading, usize) {
    let length = serde_json::to_vec(&reading).map_or(usize::MAX, |json| json.len());
    if length <= READING_BYTES_MAX {
        return (reading, 0);
    }
    let left_out = reading.lines.len();
    reading.lines.clear();
    (reading, left_out)
}

async fn end(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    mut found: Stored<Document>,
    state: DocumentState,
    reading: Option<Reading>,
) -> Result<(), DocumentError> {
    let table = &*doors.access.ports.table;
    let id = found.value.id;
    found.value.state = state;
    let mut writes = vec![put(keys::document(whose, id), found.guard(), &found.value, None)];
    if let Some(reading) = reading {
        let key = keys::document_reading(whose, id);
        let before = load::<Reading>(table, &key).await?;
        let guard = before.map_or(Guard::Absent, |before| before.guard());
        writes.push(put(key, guard, &reading, None));
    }
    match table.transact(writes).await? {
        Written::Stored => Ok(()),
        // Somebody else ended it meanwhile.
        Written::Conflict(_) => Ok(()),
    }
}
