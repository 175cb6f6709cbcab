//! A file announced, so that a browser may upload exactly it; or its bytes taken as they come.

use bytes::Bytes;
use documents::names::FileName;
use documents::upload::{FORM_VALID, hex, sha256};
use documents::{DocumentError, Doors};
use kernel::{OrganisationRef, StatementId};
use ports::{UploadForm, UploadTerms, Written, random_16};
use state::{create, keys, put};

use crate::account::BankAccount;
use crate::row::{FileState, StatementFile, Teller, file_key, load_file};

/// Longest content type that is taken.
const TYPE_CHARS_MAX: usize = 100;

/// A file that somebody is going to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// What it is called.
    pub file_name: String,
    /// Its content type; which format it is in, its bytes say.
    pub content_type: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Who tells of its lines.
    pub teller: Teller,
}

/// Why a file is not announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing in it.
    #[error("The file is empty. Export it again; perhaps it was still being written.")]
    Empty,
    /// More than is read.
    #[error("The file has more than {} bytes. Export fewer months at once.", statements::FILE_BYTES_MAX)]
    TooLarge,
    /// No content type.
    #[error("content_type must be a type such as text/csv; application/octet-stream where it is not known.")]
    BadType,
}

impl Unfit {
    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::BadType => "bad_type",
        }
    }
}

impl Announcement {
    /// Of bytes that are here.
    pub fn of(file_name: String, content_type: String, teller: Teller, body: &[u8]) -> Self {
        Self { file_name, content_type, bytes: body.len() as u64, sha256: sha256(body), teller }
    }

    /// Refuses what is not going to be read, before anything is uploaded.
    pub fn check(&self) -> Result<(), Unfit> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-._; =".contains(&byte);
        let typed = self.content_type.contains('/') && self.content_type.bytes().all(plain);
        match self.bytes {
            0 => Err(Unfit::Empty),
            bytes if bytes > statements::FILE_BYTES_MAX as u64 => Err(Unfit::TooLarge),
            _ if !typed || self.content_type.len() > TYPE_CHARS_MAX => Err(Unfit::BadType),
            _ => Ok(()),
        }
    }
}

fn file(doors: Doors<'_>, account: &BankAccount, announced: &Announcement, actor: &str) -> StatementFile {
    let now = doors.access.ports.clock.now();
    StatementFile {
        id: StatementId::at(now, random_16(&*doors.access.ports.random)),
        account: account.id.clone(),
        teller: announced.teller,
        file_name: FileName::nearest(&announced.file_name),
        content_type: announced.content_type.clone(),
        bytes: announced.bytes,
        sha256: hex(&announced.sha256),
        announced_by: actor.to_owned(),
        announced_at: now,
        version: None,
        state: FileState::AwaitingFile { until: now.saturating_add(FORM_VALID).unwrap_or(now) },
    }
}

/// Announces a file that was checked; answers the form that uploads it.
pub async fn announce(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    account: &BankAccount,
    actor: &str,
    announced: &Announcement,
) -> Result<(StatementFile, UploadForm), DocumentError> {
    let (table, now) = (&*doors.access.ports.table, doors.access.ports.clock.now());
    let file = file(doors, account, announced, actor);
    create(table, keys::statement_file(whose, file.id), &file, None).await?;
    let terms = UploadTerms {
        key: file_key(whose, file.id),
        content_type: announced.content_type.clone(),
        bytes: (announced.bytes, announced.bytes),
        sha256: announced.sha256,
        expires_at: now.saturating_add(FORM_VALID).unwrap_or(now),
    };
    let form = doors.blobs.sign_upload(&terms, now);
    Ok((file, form))
}

/// Stores a small file that came through the API. Its arrival is then told by the storage, as of any other.
pub async fn store(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    account: &BankAccount,
    actor: &str,
    announced: &Announcement,
    body: Bytes,
) -> Result<StatementFile, DocumentError> {
    let file = file(doors, account, announced, actor);
    create(&*doors.access.ports.table, keys::statement_file(whose, file.id), &file, None).await?;
    doors.blobs.put(&file_key(whose, file.id), &announced.content_type, announced.sha256, body).await?;
    Ok(file)
}

/// Takes a file back: its lines speak for nothing any more. `None` where there is none, `false` where a reader is at it.
pub async fn withdraw(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    id: StatementId,
    actor: &str,
) -> Result<Option<bool>, DocumentError> {
    let (table, now) = (&*doors.access.ports.table, doors.access.ports.clock.now());
    let Some(mut found) = load_file(table, whose, id).await? else { return Ok(None) };
    match found.value.state {
        FileState::Withdrawn { .. } => return Ok(Some(true)),
        FileState::TakenIn | FileState::Reading { .. } => return Ok(Some(false)),
        _ => (),
    }
    found.value.state = FileState::Withdrawn { by: actor.to_owned(), at: now };
    let (key, sha) = (keys::statement_file(whose, id), keys::statement_digest(whose, &digest_of(&found.value)));
    let mut writes = vec![put(key, found.guard(), &found.value, None)];
    // The same file may be uploaded again.
    if let Some(first) = state::load::<StatementId>(table, &sha).await?
        && first.value == id
    {
        writes.push(ports::Write::Delete { key: sha, guard: first.guard() });
    }
    match table.transact(writes).await? {
        Written::Stored => Ok(Some(true)),
        Written::Conflict(_) => Err(DocumentError::Overtaken),
    }
}

/// By which the same file for the same account is known.
pub(crate) fn digest_of(file: &StatementFile) -> String {
    format!("{}#{}#{}", file.account, file.teller.as_str(), file.sha256)
}
