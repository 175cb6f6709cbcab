//! The mirror: Xero's records as last seen, and the writing of what changed.
//!
//! Unchanged records write nothing; a small changed one costs one write unit. A batch is written in three steps, each
//! of which may be the last before a crash: the feed chunk, the records, the head. [`mend`] finishes what was begun.

use futures::stream::{self, StreamExt};
use kernel::{OrganisationRef, RunId, Timestamp};
use ports::{Guard, Key, Table, Write, Written};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::{Stored, keys, load, put, read_row};

use crate::MirrorError;
use crate::counts::Counts;
use crate::differences::{Differences, differences, json_bytes};
use crate::feed::{CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX, CallCost, ChangeKind, Chunk, ChunkEntry};
use crate::record::{Record, text_of};

/// A record as last seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MirrorRow {
    /// The position of its last change in the feed.
    #[serde(rename = "p")]
    pub position: u64,
    /// Whether it is no longer listed by Xero.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// The facts.
    #[serde(rename = "f")]
    pub fields: Map<String, Value>,
}

/// Record writes under way at once.
const WRITES_AT_ONCE: usize = 16;

/// What a batch is about.
pub struct Batch<'a> {
    /// Whose records.
    pub whose: &'a OrganisationRef,
    /// The run that found them.
    pub run: &'a RunId,
    /// Their kind.
    pub entity: &'static str,
    /// When.
    pub at: Timestamp,
    /// The position of the first change.
    pub position: u64,
    /// What the call that brought them cost.
    pub call: Option<CallCost>,
}

/// A record that differs from the mirror.
struct Changed {
    id: String,
    guard: Guard,
    kind: ChangeKind,
    differences: Differences,
    fields: Map<String, Value>,
    gone: bool,
    bytes: Option<u32>,
}

/// What a batch did.
#[derive(Default)]
pub struct BatchDone {
    /// What was found.
    pub counts: Counts,
    /// Positions used.
    pub positions: u64,
    /// Whether a leg of a bank transfer changed.
    pub transfers_touched: bool,
    /// Whether money on a document changed, so that its payments are worth a look.
    pub money_moved: bool,
}

/// Compares records with the mirror and writes what changed. The caller moves the head by `positions` afterwards.
pub async fn apply(table: &dyn Table, batch: &Batch<'_>, records: Vec<Record>) -> Result<BatchDone, MirrorError> {
    debug_assert!(records.len() <= CHUNK_ENTRIES_MAX);
    let read = records.len() as u64;
    let records = last_of_each(records);
    let wanted: Vec<Key> = records.iter().map(|record| mirror_key(batch, &record.id)).collect();
    let mut known = known_rows(table, &wanted).await?;
    let mut changed = Vec::new();
    let mut done = BatchDone { counts: Counts { read, ..Counts::default() }, ..BatchDone::default() };
    for record in records {
        let before = known.remove(&record.id);
        let Some(change) = decide(record, before) else { continue };
        done.transfers_touched |= text_of(&change.fields, "Type").ends_with("-TRANSFER");
        done.money_moved |= moves_money(&change);
        match change.kind {
            ChangeKind::Created => done.counts.created += 1,
            ChangeKind::Updated | ChangeKind::Restored => done.counts.updated += 1,
            _ => done.counts.ended += 1,
        }
        changed.push(change);
    }
    done.positions = changed.len() as u64;
    write(table, batch, changed).await?;
    Ok(done)
}

/// Marks records of a full list that are no longer listed.
pub async fn apply_gone(
    table: &dyn Table,
    batch: &Batch<'_>,
    gone: Vec<(String, Stored<MirrorRow>)>,
) -> Result<BatchDone, MirrorError> {
    let positions = gone.len() as u64;
    let changed = gone.into_iter().map(|(id, stored)| Changed {
        id,
        guard: stored.guard(),
        kind: ChangeKind::Deleted,
        differences: Differences::default(),
        fields: stored.value.fields,
        gone: true,
        bytes: None,
    });
    write(table, batch, changed.collect()).await?;
    let counts = Counts { ended: positions, ..Counts::default() };
    Ok(BatchDone { counts, positions, ..BatchDone::default() })
}

fn mirror_key(batch: &Batch<'_>, id: &str) -> Key {
    keys::mirror_record(batch.whose, batch.entity, id)
}

fn last_of_each(records: Vec<Record>) -> Vec<Record> {
    let mut kept: Vec<Record> = Vec::with_capacity(records.len());
    for record in records {
        kept.retain(|before| before.id != record.id);
        kept.push(record);
    }
    kept
}

type Known = std::collections::HashMap<String, Stored<MirrorRow>>;

async fn known_rows(table: &dyn Table, wanted: &[Key]) -> Result<Known, MirrorError> {
    let rows = table.get_many(wanted).await?;
    rows.iter().map(|row| Ok((row.key.sort.clone(), read_row::<MirrorRow>(row)?))).collect()
}

/// `None` when the mirror says the same already.
fn decide(record: Record, before: Option<Stored<MirrorRow>>) -> Option<Changed> {
    let bytes = Some(record.bytes);
    let Some(before) = before else {
        let kind = ChangeKind::Created;
        let (id, fields) = (record.id, record.fields);
        let differences = Differences::default();
        return Some(Changed { id, guard: Guard::Absent, kind, differences, fields, gone: false, bytes });
    };
    let differences = differences(&before.value.fields, &record.fields);
    if differences.kept.is_empty() && !differences.cut && !before.value.gone {
        return None;
    }
    let kind = transition(&before.value, &record.fields);
    Some(Changed { id: record.id, guard: before.guard(), kind, differences, fields: record.fields, gone: false, bytes })
}

fn status(fields: &Map<String, Value>) -> &str {
    let status = text_of(fields, "Status");
    if status.is_empty() { text_of(fields, "ContactStatus") } else { status }
}

fn ended(status: &str) -> bool {
    matches!(status, "DELETED" | "VOIDED" | "ARCHIVED" | "GDPRREQUEST")
}

fn transition(before: &MirrorRow, after: &Map<String, Value>) -> ChangeKind {
    if text_of(&before.fields, "MergedToContactID") != text_of(after, "MergedToContactID") {
        return ChangeKind::Merged;
    }
    let (was, is) = (status(&before.fields), status(after));
    match is {
        _ if was == is && !before.gone => ChangeKind::Updated,
        "DELETED" => ChangeKind::Deleted,
        "VOIDED" => ChangeKind::Voided,
        "ARCHIVED" | "GDPRREQUEST" => ChangeKind::Archived,
        _ if before.gone || ended(was) => ChangeKind::Restored,
        _ => ChangeKind::Updated,
    }
}

/// Fields of documents, credit notes, prepayments and overpayments that a payment, refund or allocation moves.
const MONEY: &[&str] = &[
    "AmountPaid",
    "AmountDue",
    "AmountCredited",
    "Payments",
    "CreditNotes",
    "Prepayments",
    "Overpayments",
    "RemainingCredit",
    "Allocations",
];

fn moves_money(change: &Changed) -> bool {
    match change.kind {
        ChangeKind::Created => change.fields.get("AmountPaid").is_some_and(|paid| paid != "0.00"),
        _ if change.differences.cut => true,
        _ => {
            change.differences.kept.iter().any(|difference| MONEY.iter().any(|name| difference.field.starts_with(name)))
        }
    }
}

/// Chunk first, then records; the head is the caller's.
async fn write(table: &dyn Table, batch: &Batch<'_>, changed: Vec<Changed>) -> Result<(), MirrorError> {
    if changed.is_empty() {
        return Ok(());
    }
    let entry = |change: &Changed| {
        let Differences { kept, cut } = change.differences.clone();
        ChunkEntry(change.id.clone(), change.kind, kept, cut)
    };
    let mut position = batch.position;
    let mut sizes = changed.iter().map(|change| change.bytes);
    for entries in in_chunks(changed.iter().map(entry).collect()) {
        let behind = position + entries.len() as u64;
        let sizes = sizes.by_ref().take(entries.len()).flatten().collect();
        let entries = entries.into_iter().map(Some).collect();
        let (run, entity) = (batch.run.clone(), batch.entity.to_owned());
        let chunk = Chunk { run, at: batch.at, entity, entries, sizes, call: batch.call };
        let key = keys::feed_chunk(batch.whose, position);
        stored(table.write(put(key, Guard::Absent, &chunk, None)).await?)?;
        position = behind;
    }
    let writes = changed.into_iter().zip(batch.position..).map(|(change, position)| {
        let row = MirrorRow { position, gone: change.gone, fields: change.fields };
        put(mirror_key(batch, &change.id), change.guard, &row, None)
    });
    let mut outcomes = stream::iter(writes.map(|write: Write| table.write(write))).buffer_unordered(WRITES_AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        stored(outcome?)?;
    }
    Ok(())
}

/// As many entries to a chunk as a row of the table can hold.
fn in_chunks(entries: Vec<ChunkEntry>) -> Vec<Vec<ChunkEntry>> {
    let mut chunks: Vec<Vec<ChunkEntry>> = Vec::new();
    let mut bytes = usize::MAX;
    for entry in entries {
        let more = json_bytes(&entry) + 1;
        bytes = bytes.saturating_add(more);
        match chunks.last_mut() {
            Some(chunk) if bytes <= CHUNK_BYTES_MAX => chunk.push(entry),
            _ => {
                chunks.push(vec![entry]);
                bytes = more;
            }
        }
    }
    chunks
}

fn stored(written: Written) -> Result<(), MirrorError> {
    match written {
        Written::Stored => Ok(()),
        Written::Conflict(_) => Err(MirrorError::Overtaken),
    }
}

/// Finishes a batch that a crash cut off: entries whose record was written count, the others become holes.
///
/// Answers the positions the head must move by. The records of holes are read again by whoever brought them, since no
/// cursor moves before the head does.
pub async fn mend(table: &dyn Table, whose: &OrganisationRef, head: u64) -> Result<u64, MirrorError> {
    let key = keys::feed_chunk(whose, head);
    let Some(mut found) = load::<Chunk>(table, &key).await? else { return Ok(0) };
    let ids = found.value.entries.iter().flatten().map(|entry| entry.0.clone());
    let wanted: Vec<Key> = ids.map(|id| keys::mirror_record(whose, &found.value.entity, &id)).collect();
    let known = known_rows(table, &wanted).await?;
    let mut holes = 0;
    for (entry, position) in found.value.entries.iter_mut().zip(head..) {
        let written = |entry: &ChunkEntry| known.get(&entry.0).is_some_and(|row| row.value.position == position);
        if entry.as_ref().is_some_and(|entry| !written(entry)) {
            *entry = None;
            holes += 1;
        }
    }
    if holes > 0 {
        stored(table.write(put(key, found.guard(), &found.value, None)).await?)?;
    }
    Ok(found.value.entries.len() as u64)
}
