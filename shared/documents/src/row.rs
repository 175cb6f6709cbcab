//! A document as it is stored.

use kernel::{DocumentId, OrganisationRef, Timestamp};
use ports::{Direction, Query, Table, TableError};
use serde::{Deserialize, Serialize};
use state::{Stored, keys, load, read_row};

use crate::kinds::{Measure, Unfit};
use crate::names::FileName;

/// One document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// What it is called.
    pub file_name: FileName,
    /// The content type that was announced.
    pub content_type: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Where the host application shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who announced it.
    pub announced_by: String,
    /// When.
    pub announced_at: Timestamp,
    /// The version of the file that was taken in, once one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What a scanner for malware said of versions of the file before their arrival was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scanned: Vec<Scanned>,
    /// What was measured of it, once it was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// Where it stands.
    pub state: DocumentState,
}

/// What a scanner for malware said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanned {
    /// Of which version.
    pub version: Option<String>,
    /// Its word.
    pub verdict: Verdict,
}

/// A scanner's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// Something was found.
    Malware,
    /// It could not be scanned.
    NotScanned,
}

impl Verdict {
    /// Of GuardDuty's word. Whatever is neither clean nor malware was not scanned.
    pub fn of(status: &str) -> Self {
        match status {
            "NO_THREATS_FOUND" => Self::Clean,
            "THREATS_FOUND" => Self::Malware,
            _ => Self::NotScanned,
        }
    }
}

/// Where a document stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum DocumentState {
    /// Its file has not arrived.
    AwaitingFile {
        /// From then on its form is refused.
        until: Timestamp,
    },
    /// The file cannot be a bill.
    Refused {
        /// Why.
        reason: Unfit,
    },
    /// It waits for a scanner's word. Nobody is given the file meanwhile, and nothing reads it.
    Quarantined,
    /// The same file was taken in before.
    Duplicate {
        /// As this document.
        of: DocumentId,
    },
    /// To be read.
    TakenIn,
    /// A reader is at it.
    Reading {
        /// Counts the readers, this one included.
        attempt: u32,
        /// How often a reader took no more calls or was still at work, which is no attempt.
        #[serde(default, skip_serializing_if = "is_zero")]
        waits: u32,
        /// What a reader of pictures calls its work on several pages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<String>,
    },
    /// It was read.
    Read {
        /// Lines that were left out because there are too many of them to keep.
        #[serde(default)]
        lines_left_out: usize,
    },
    /// No reader could read it: a person types it in.
    NeedsPerson {
        /// Stable, for programs.
        code: String,
        /// In words.
        words: String,
    },
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The key of a document's file. It says whose it is, so that an event of the storage needs no other row to be understood.
pub fn file_key(whose: &OrganisationRef, id: DocumentId) -> String {
    format!("{UPLOADS}/{}/{}/{id}", whose.workspace, whose.tenant)
}

/// Where every uploaded file lies.
const UPLOADS: &str = "uploads";

/// Whose document a file is; `None` of a key that is none of ours.
pub fn of_file_key(key: &str) -> Option<(OrganisationRef, DocumentId)> {
    let parts: Vec<&str> = key.split('/').collect();
    let [UPLOADS, workspace, tenant, id] = parts[..] else { return None };
    let whose = OrganisationRef { workspace: workspace.parse().ok()?, tenant: tenant.parse().ok()? };
    Some((whose, id.parse().ok()?))
}

/// One document.
pub async fn load_document(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: DocumentId,
) -> Result<Option<Stored<Document>>, TableError> {
    load(table, &keys::document(whose, id)).await
}

/// Documents, newest first, from before `before`; and whether there are more.
pub async fn list_documents(
    table: &dyn Table,
    whose: &OrganisationRef,
    before: Option<DocumentId>,
    limit: usize,
) -> Result<(Vec<Document>, bool), TableError> {
    let (from, last) = keys::documents_range();
    // Below every key that begins with the document itself.
    let to = before.map_or(last, |before| format!("document#{before}"));
    let partition = keys::organisation(whose);
    let query = Query { partition, from, to, direction: Direction::Backward, limit: limit + 2 };
    let page = table.query(&query).await?;
    let mut documents = Vec::with_capacity(page.rows.len());
    for row in &page.rows {
        let document = read_row::<Document>(row)?.value;
        if Some(document.id) != before {
            documents.push(document);
        }
    }
    let more = documents.len() > limit || page.more;
    documents.truncate(limit);
    Ok((documents, more))
}
