//! A file announced, so that a browser may upload exactly it; or its bytes taken as they come.

use std::time::Duration;

use bytes::Bytes;
use kernel::{DocumentId, OrganisationRef};
use ports::{Guard, UploadForm, UploadTerms, random_16};
use ring::digest::{SHA256, digest};
use state::{create, keys, put};

use crate::kinds::{FILE_BYTES_MAX, FileKind, Unfit};
use crate::names::FileName;
use crate::row::{Document, DocumentState, file_key};
use crate::{DocumentError, Doors};

/// How long a form is taken.
pub const FORM_VALID: Duration = Duration::from_secs(300);
/// Files announced at once.
pub const ANNOUNCED_MAX: usize = 50;

/// A file that somebody is going to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// What it is called.
    pub file_name: String,
    /// Its content type.
    pub content_type: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Where the host application shows it.
    pub source: Option<String>,
}

impl Announcement {
    /// Of bytes that are here.
    pub fn of(file_name: String, content_type: String, source: Option<String>, body: &[u8]) -> Self {
        Self { file_name, content_type, bytes: body.len() as u64, sha256: sha256(body), source }
    }

    /// Refuses what is not going to be taken in, before anything is uploaded.
    pub fn check(&self) -> Result<(), Unfit> {
        match self.bytes {
            0 => Err(Unfit::Empty),
            bytes if bytes > FILE_BYTES_MAX => Err(Unfit::TooLarge { bytes }),
            _ if FileKind::of_type(&self.content_type).is_none() => Err(Unfit::UnknownType),
            _ => Ok(()),
        }
    }
}

/// The SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sha256
}

/// The first half of the SHA-256 of a text, in hexadecimal: an accident among a billion is one in 10^20.
pub fn short_digest(text: &[u8]) -> String {
    hex(&sha256(text)[..16])
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn document(doors: Doors<'_>, announced: &Announcement, actor: &str) -> Document {
    let now = doors.access.ports.clock.now();
    Document {
        id: DocumentId::at(now, random_16(&*doors.access.ports.random)),
        file_name: FileName::nearest(&announced.file_name),
        content_type: announced.content_type.clone(),
        bytes: announced.bytes,
        sha256: hex(&announced.sha256),
        source: announced.source.clone(),
        announced_by: actor.to_owned(),
        announced_at: now,
        version: None,
        scanned: Vec::new(),
        measure: None,
        state: DocumentState::AwaitingFile { until: now.saturating_add(FORM_VALID).unwrap_or(now) },
    }
}

/// Announces files that were checked; answers each with the form that uploads it. One write unit a file, and no read.
pub async fn announce(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    actor: &str,
    announced: &[Announcement],
) -> Result<Vec<(Document, UploadForm)>, DocumentError> {
    let (table, now) = (&*doors.access.ports.table, doors.access.ports.clock.now());
    let documents: Vec<Document> = announced.iter().map(|each| document(doors, each, actor)).collect();
    let writes = documents.iter().map(|each| put(keys::document(whose, each.id), Guard::Absent, each, None));
    // Ids are new, so nothing can be in the way.
    table.transact(writes.collect()).await?;
    let form = |(document, announced): (Document, &Announcement)| {
        let terms = UploadTerms {
            key: file_key(whose, document.id),
            content_type: announced.content_type.clone(),
            bytes: (announced.bytes, announced.bytes),
            sha256: announced.sha256,
            expires_at: now.saturating_add(FORM_VALID).unwrap_or(now),
        };
        (document, doors.blobs.sign_upload(&terms, now))
    };
    Ok(documents.into_iter().zip(announced).map(form).collect())
}

/// Stores a small file that came through the API. Its arrival is then told by the storage, as of any other.
pub async fn store(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    actor: &str,
    announced: &Announcement,
    body: Bytes,
) -> Result<Document, DocumentError> {
    let document = document(doors, announced, actor);
    create(&*doors.access.ports.table, keys::document(whose, document.id), &document, None).await?;
    let key = file_key(whose, document.id);
    doors.blobs.put(&key, &announced.content_type, announced.sha256, body).await?;
    Ok(document)
}
