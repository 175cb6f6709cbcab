//! The change feed: one ordered list of changes per organisation, read by cursor.
//!
//! Changes are stored in chunks under the position of their first entry. A chunk is written before the records it
//! speaks of and counts only once the head has moved past it, so that a crash in between is seen and mended: entries
//! whose record was not written are emptied, and their positions stay as holes.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{OrganisationRef, RunId, Timestamp};
use ports::{Direction, Query, Table, TableError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::{keys, read_row};

use crate::differences::{Difference, json_bytes};
use crate::rows::MirrorRow;

/// Most changes in a chunk, and so in one commit.
pub const CHUNK_ENTRIES_MAX: usize = 250;

/// Most bytes of a chunk's entries as JSON: a row's 400 KB with room for what the row says beside them.
pub(crate) const CHUNK_BYTES_MAX: usize = 320 * 1024;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Seen for the first time.
    Created,
    /// Some fields changed.
    Updated,
    /// Deleted in Xero, or no longer listed.
    Deleted,
    /// Voided in Xero.
    Voided,
    /// Archived in Xero.
    Archived,
    /// Merged into another contact.
    Merged,
    /// Active again after having been archived or deleted.
    Restored,
}

/// A stored chunk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chunk {
    /// The run that found the changes.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
    /// The kind of all its records.
    pub entity: String,
    /// The changes; `None` is a hole.
    pub entries: Vec<Option<ChunkEntry>>,
    /// Each record's length as Xero sent it, in the order of the entries. Empty where nothing was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<u32>,
    /// What the call that brought them cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallCost>,
}

/// What one call cost, and how many records share that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCost {
    /// Records it brought, changed or not.
    pub records: u32,
    /// Calls made for it: one, or more where the first was refused and repeated.
    pub calls: u32,
    /// Bytes, as they crossed the wire.
    pub bytes: u64,
    /// Milliseconds spent waiting for Xero.
    pub millis: u64,
}

/// A stored change: id, what became of it, differences, and whether some of those were left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChunkEntry(
    pub String,
    pub ChangeKind,
    #[serde(default)] pub Vec<Difference>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")] pub bool,
);

/// One change as a host application reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Its place in the feed; larger is later.
    pub position: u64,
    /// When it was found.
    pub at: Timestamp,
    /// The run that found it.
    pub run: RunId,
    /// The kind of record.
    pub entity: String,
    /// Xero's id.
    pub id: String,
    /// What became of it.
    pub change: ChangeKind,
    /// What changed, for records that were known before.
    pub differences: Vec<Difference>,
    /// Whether differences were left out because there were too many or too long ones.
    pub differences_cut: bool,
    /// The record as it is now, which may be later than this change.
    pub record: Map<String, Value>,
    /// The record's length as Xero sent it for this change, where it did.
    pub bytes: Option<u32>,
    /// What the call that brought it cost, where one did.
    pub call: Option<CallCost>,
}

/// A page of the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangePage {
    /// The changes, oldest first.
    pub changes: Vec<Change>,
    /// Reads on from here, now or later.
    pub next: Cursor,
    /// Whether more changes are there already.
    pub more: bool,
}

/// A place in one organisation's feed. Opaque to callers, and worth nothing for another organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    whose: OrganisationRef,
    position: u64,
}

/// A cursor that cannot be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not one of ours.
    #[error("this is not a cursor of the change feed")]
    Malformed,
    /// Of another organisation's feed.
    #[error("this cursor belongs to another organisation's change feed")]
    OtherOrganisation,
}

impl Cursor {
    /// Before the first change.
    pub fn start(whose: &OrganisationRef) -> Self {
        Self { whose: whose.clone(), position: 0 }
    }

    /// Reads a cursor that a caller of this organisation gave back.
    pub fn parse(whose: &OrganisationRef, text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Malformed)?;
        let plain = String::from_utf8(bytes).map_err(|_| CursorError::Malformed)?;
        let rest = plain.strip_prefix("feed#").ok_or(CursorError::Malformed)?;
        let (owner, position) = rest.rsplit_once('#').ok_or(CursorError::Malformed)?;
        let position = position.parse().map_err(|_| CursorError::Malformed)?;
        if owner != format!("{}#{}", whose.workspace, whose.tenant) {
            return Err(CursorError::OtherOrganisation);
        }
        Ok(Self { whose: whose.clone(), position })
    }

    /// Whose feed it is a place in.
    pub fn whose(&self) -> &OrganisationRef {
        &self.whose
    }

    /// The position it reads on from.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// A cursor that reads on from a position.
    pub fn at(whose: &OrganisationRef, position: u64) -> Self {
        Self { whose: whose.clone(), position }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plain = format!("feed#{}#{}#{}", self.whose.workspace, self.whose.tenant, self.position);
        out.write_str(&URL_SAFE_NO_PAD.encode(plain))
    }
}

/// Why the feed cannot be read from a cursor.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The feed does not reach that far: it was restored from an older backup, say. Reading on would skip changes.
    #[error("this cursor is ahead of the change feed, which ends at position {head}")]
    Ahead {
        /// Where the feed ends.
        head: u64,
    },
    /// Table trouble.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Reads up to `limit` changes behind a cursor, each with its record as it is now. `head` is where the feed ends: what
/// lies behind it is still being written.
pub async fn read_changes(
    table: &dyn Table,
    cursor: &Cursor,
    head: u64,
    limit: usize,
    wanted: &Wanted<'_>,
) -> Result<ChangePage, FeedError> {
    let whose = &cursor.whose;
    if cursor.position > head {
        return Err(FeedError::Ahead { head });
    }
    Ok(read_range(table, whose, cursor.position..head, limit, wanted).await?)
}

/// Which changes are read. Chunks of others are passed over without reading their records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Only what this run found.
    pub run: Option<&'a RunId>,
    /// Only these kinds; all when empty.
    pub entities: &'a [&'a str],
}

impl Wanted<'_> {
    fn takes(&self, chunk: &Chunk) -> bool {
        let kind = self.entities.is_empty() || self.entities.contains(&chunk.entity.as_str());
        kind && self.run.is_none_or(|run| chunk.run == *run)
    }
}

/// Chunks looked at for one page; where nothing wanted is among them, the page is empty and says that there is more.
const CHUNKS_MAX: usize = 100;

/// Most bytes of a page of changes as JSON: quoted once more inside Lambda's answer it stays below 6 MB.
const PAGE_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Records read at once for a page.
const RECORDS_AT_ONCE: usize = 25;

/// Reads changes of a range of positions.
pub async fn read_range(
    table: &dyn Table,
    whose: &OrganisationRef,
    positions: Range<u64>,
    limit: usize,
    wanted: &Wanted<'_>,
) -> Result<ChangePage, TableError> {
    let Range { start: mut position, end } = positions;
    let mut changes = Vec::new();
    let mut chunks = 0;
    while position < end && changes.len() < limit && chunks < CHUNKS_MAX {
        let Some((first, chunk)) = chunk_at(table, whose, position).await? else { break };
        chunks += 1;
        let behind = first + chunk.entries.len() as u64;
        if !wanted.takes(&chunk) {
            position = behind.min(end);
            continue;
        }
        for at in position.max(first)..behind.min(end) {
            if changes.len() == limit {
                break;
            }
            position = at + 1;
            let index = usize::try_from(at - first).unwrap_or(usize::MAX);
            let entry = chunk.entries.get(index).cloned().flatten();
            changes.extend(entry.map(|entry| change(&chunk, at, entry, chunk.sizes.get(index).copied())));
        }
        position = position.max(behind.min(end)).min(if changes.len() == limit { position } else { u64::MAX });
    }
    let fitting = attach_records(table, whose, &mut changes).await?;
    if let Some(first_left) = changes.get(fitting) {
        position = first_left.position;
        changes.truncate(fitting);
    }
    Ok(ChangePage { changes, next: Cursor::at(whose, position), more: position < end })
}

fn change(chunk: &Chunk, position: u64, entry: ChunkEntry, bytes: Option<u32>) -> Change {
    Change {
        position,
        at: chunk.at,
        run: chunk.run.clone(),
        entity: chunk.entity.clone(),
        id: entry.0,
        change: entry.1,
        differences: entry.2,
        differences_cut: entry.3,
        record: Map::new(),
        bytes,
        call: chunk.call,
    }
}

/// The chunk that holds a position, with its first position.
async fn chunk_at(
    table: &dyn Table,
    whose: &OrganisationRef,
    position: u64,
) -> Result<Option<(u64, Chunk)>, TableError> {
    // A chunk that holds the position starts at most one chunk's length before it.
    let from = keys::feed_sort((position + 1).saturating_sub(CHUNK_ENTRIES_MAX as u64));
    let query = Query {
        partition: keys::organisation(whose),
        from,
        to: keys::feed_sort(position),
        direction: Direction::Backward,
        limit: 1,
    };
    let page = table.query(&query).await?;
    let Some(row) = page.rows.first() else { return Ok(None) };
    let first = row.key.sort.rsplit('#').next().and_then(|digits| digits.parse().ok());
    let first =
        first.ok_or_else(|| TableError::Corrupt { sort: row.key.sort.clone(), reason: "no position".into() })?;
    Ok(Some((first, read_row::<Chunk>(row)?.value)))
}

/// Puts the present record beside each change; answers how many changes fit into a page.
async fn attach_records(
    table: &dyn Table,
    whose: &OrganisationRef,
    changes: &mut [Change],
) -> Result<usize, TableError> {
    let (mut bytes, mut fitting) = (0, 0);
    for some in changes.chunks_mut(RECORDS_AT_ONCE) {
        let mut wanted: Vec<_> =
            some.iter().map(|change| keys::mirror_record(whose, &change.entity, &change.id)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let rows = table.get_many(&wanted).await?;
        for change in some {
            let key = keys::mirror_record(whose, &change.entity, &change.id);
            if let Some(row) = rows.iter().find(|row| row.key == key) {
                change.record = read_row::<MirrorRow>(row)?.value.fields;
            }
            bytes += json_bytes(change);
            if bytes > PAGE_BYTES_MAX && fitting > 0 {
                return Ok(fitting);
            }
            fitting += 1;
        }
    }
    Ok(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::TenantId;

    fn whose(workspace: &str) -> OrganisationRef {
        OrganisationRef { workspace: workspace.parse().unwrap(), tenant: TenantId::from_random([3; 16]) }
    }

    #[test]
    fn a_cursor_of_another_organisation_is_told_from_nonsense() {
        let text = Cursor::at(&whose("a"), 7).to_string();
        assert_eq!(Cursor::parse(&whose("a"), &text), Ok(Cursor::at(&whose("a"), 7)));
        assert_eq!(Cursor::parse(&whose("b"), &text), Err(CursorError::OtherOrganisation));
        assert_eq!(Cursor::parse(&whose("a"), "%%%"), Err(CursorError::Malformed));
        assert_eq!(Cursor::parse(&whose("a"), &URL_SAFE_NO_PAD.encode("feed#x")), Err(CursorError::Malformed));
    }
}
