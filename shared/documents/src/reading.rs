//! A document read, at the cost of nothing but itself.
//!
//! That a reader begins is stored before it sees a byte. One that crashes, hangs or eats all memory takes its process with
//! it; the message comes back, and after the last attempt the document waits for a person.

use kernel::{DocumentId, OrganisationRef};
use ports::{BlobError, Guard, Written};
use readings::{Outcome, Reading, Refusal};
use state::{Stored, keys, load, put};
use tracing::{info, warn};

use crate::kinds::FILE_BYTES_MAX;
use crate::row::{Document, DocumentState, file_key, load_document};
use crate::{DocumentError, Doors};

/// Readers that may try: the second in case the first was stopped by something else.
const ATTEMPTS_MAX: u32 = 2;
/// A row takes 390 KB.
const READING_BYTES_MAX: usize = 350 * 1024;

/// Reads a document that waits for it.
pub async fn read_document(doors: Doors<'_>, whose: &OrganisationRef, id: DocumentId) -> Result<(), DocumentError> {
    let table = &*doors.access.ports.table;
    let Some(mut found) = load_document(table, whose, id).await? else { return Ok(()) };
    let attempt = match found.value.state {
        DocumentState::TakenIn => 1,
        DocumentState::Reading { attempt } => attempt + 1,
        _ => return Ok(()),
    };
    if attempt > ATTEMPTS_MAX {
        warn!(tenant.id = %whose.tenant, document.id = %id, "A reader failed on a document twice");
        let state = needs_person("reader_failed", "The reader failed on this document. Open it and type it in.");
        return end(doors, whose, found, state, None).await;
    }
    if found.value.measure.is_some_and(|measure| measure.kind.is_image()) {
        let words = "It is a picture, and no reader for pictures is set up. Open it and type it in.";
        return end(doors, whose, found, needs_person("image_only", words), None).await;
    }
    found.value.state = DocumentState::Reading { attempt };
    let key = keys::document(whose, id);
    if table.write(put(key, found.guard(), &found.value, None)).await? != Written::Stored {
        // Another reader is at it, and its message comes back if it dies.
        return Ok(());
    }
    found.version += 1;
    let bytes_max = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    let body = match doors.blobs.read(&file_key(whose, id), found.value.version.as_deref(), bytes_max).await {
        Ok(body) => body,
        Err(BlobError::Missing | BlobError::TooLong { .. }) => {
            let state = needs_person("file_gone", "The file is not in the storage any more. Upload it again.");
            return end(doors, whose, found, state, None).await;
        }
        Err(error) => return Err(error.into()),
    };
    match readings::read(&body) {
        Outcome::NotReadable(refusal) => {
            let code = word(refusal.code);
            info!(tenant.id = %whose.tenant, document.id = %id, code, "No reader reads a document");
            let state = needs_person(&code, &refusal.words);
            end(doors, whose, found, state, None).await
        }
        Outcome::Read(reading) => {
            let (reading, lines_left_out) = bounded(*reading);
            end(doors, whose, found, DocumentState::Read { lines_left_out }, Some(reading)).await
        }
    }
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
