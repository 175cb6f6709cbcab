//! Suppliers' documents by contact: what a new one is held against.
//!
//! Owns which documents belong to which contact; what they say, the mirror has. One small row a document, written when a
//! document is new, moves to another contact, or goes out of the books.

use coding::contact_of;
use kernel::{Date, OrganisationRef};
use mirror::MirrorRow;
use mirror::record::text_of;
use ports::{Guard, Table, TableError, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::{StoreError, edit, keys, read_range, read_row};

/// Rows of one contact that are looked through; of more, which are kept by id, the others are passed over.
pub const ROWS_MAX: usize = 2_000;
/// Records read for one look, the newest.
pub const RECORDS_MAX: usize = 200;
/// Records read at once.
const RECORDS_AT_ONCE: usize = 25;

/// Kinds of records that lie on the shelf.
pub const KINDS: [&str; 3] = ["invoices", "credit_notes", "bank_transactions"];

/// One document of a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shelved {
    entity: String,
    date: Date,
}

/// A document of a supplier as the mirror has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The kind of record.
    pub entity: String,
    /// Xero's id.
    pub id: String,
    /// Its day.
    pub date: Date,
    /// The record.
    pub record: Map<String, Value>,
}

/// Whether a record is one that a supplier's new document is held against.
fn belongs(entity: &str, record: &Map<String, Value>) -> bool {
    let of_supplier = match entity {
        "invoices" => text_of(record, "Type") == "ACCPAY",
        "credit_notes" => text_of(record, "Type") == "ACCPAYCREDIT",
        _ => text_of(record, "Type") == "SPEND",
    };
    of_supplier && !matches!(text_of(record, "Status"), "VOIDED" | "DELETED")
}

/// Puts a record that changed where it belongs; `left` is the contact that it had before, where it has another now.
pub async fn shelve(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    id: &str,
    record: &Map<String, Value>,
    left: Option<&str>,
) -> Result<(), StoreError> {
    let contact = contact_of(record).map(|contact| contact.to_string());
    let date = text_of(record, "Date").parse().ok();
    if let Some(left) = left.filter(|left| contact.as_deref() != Some(*left)) {
        take_off(table, whose, left, id).await?;
    }
    let (Some(contact), Some(date)) = (contact, date) else { return Ok(()) };
    if !belongs(entity, record) {
        return take_off(table, whose, &contact, id).await;
    }
    let row = Shelved { entity: entity.to_owned(), date };
    let key = keys::shelved(whose, &contact, id);
    edit(table, &key, None, |found: Option<&Shelved>| (found != Some(&row)).then(|| row.clone())).await?;
    Ok(())
}

async fn take_off(table: &dyn Table, whose: &OrganisationRef, contact: &str, id: &str) -> Result<(), StoreError> {
    let key = keys::shelved(whose, contact, id);
    if let Some(row) = table.get(&key).await? {
        // Whoever wrote it meanwhile saw a later state.
        table.write(Write::Delete { key, guard: Guard::Version(row.version) }).await?;
    }
    Ok(())
}

/// The newest documents of a contact, newest first.
pub async fn documents_of(table: &dyn Table, whose: &OrganisationRef, contact: &str) -> Result<Vec<Past>, TableError> {
    let (from, to) = (format!("{contact}#"), format!("{contact}#{}", keys::LAST));
    let mut rows: Vec<(String, Shelved)> = Vec::new();
    for row in read_range(table, keys::shelf(whose), from, to, ROWS_MAX).await? {
        let id = row.key.sort.split_once('#').map_or("", |(_, id)| id).to_owned();
        rows.push((id, read_row::<Shelved>(&row)?.value));
    }
    rows.sort_by(|one, other| (other.1.date, &one.0).cmp(&(one.1.date, &other.0)));
    rows.truncate(RECORDS_MAX);
    let mut found = Vec::with_capacity(rows.len());
    for some in rows.chunks(RECORDS_AT_ONCE) {
        let wanted: Vec<_> = some.iter().map(|(id, row)| keys::mirror_record(whose, &row.entity, id)).collect();
        let records = table.get_many(&wanted).await?;
        for ((id, row), key) in some.iter().zip(&wanted) {
            let Some(record) = records.iter().find(|record| record.key == *key) else { continue };
            let record = read_row::<MirrorRow>(record)?.value.fields;
            found.push(Past { entity: row.entity.clone(), id: id.clone(), date: row.date, record });
        }
    }
    Ok(found)
}
