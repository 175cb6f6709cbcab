//! Reading the mirror for a host application.

use kernel::OrganisationRef;
use ports::{Direction, Query, Row, Table, TableError};
use serde::Serialize;
use serde_json::{Map, Value};
use state::{keys, load, read_range, read_row};

use crate::record::text_of;
use crate::rows::MirrorRow;

/// A mirrored record as a host application reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordView {
    /// Xero's id.
    pub id: String,
    /// Whether Xero no longer lists it.
    pub gone: bool,
    /// The position of its last change in the feed.
    pub position: u64,
    /// The facts, under Xero's names.
    pub record: Map<String, Value>,
}

/// One record.
pub async fn load_record(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    id: &str,
) -> Result<Option<RecordView>, TableError> {
    let found = load::<MirrorRow>(table, &keys::mirror_record(whose, entity, id)).await?;
    Ok(found.map(|stored| view(id.to_owned(), stored.value)))
}

/// Records of one kind in the order of their ids, behind `after`; and whether there are more.
pub async fn list_records(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<RecordView>, bool), TableError> {
    let query = Query {
        partition: keys::mirror(whose, entity),
        from: after.map_or_else(|| "!".to_owned(), |id| format!("{id}\0")),
        to: keys::LAST.to_owned(),
        direction: Direction::Forward,
        limit,
    };
    let page = table.query(&query).await?;
    let views: Result<Vec<RecordView>, TableError> = page
        .rows
        .iter()
        .map(|row| read_row::<MirrorRow>(row).map(|stored| view(row.key.sort.clone(), stored.value)))
        .collect();
    Ok((views?, page.more))
}

fn view(id: String, row: MirrorRow) -> RecordView {
    RecordView { id, gone: row.gone, position: row.position, record: row.fields }
}

/// Records read at once.
const RECORDS_AT_ONCE: usize = 500;

/// Looks at each record of a kind that Xero still lists, by id, up to a bound.
pub async fn each_record(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    records_max: usize,
    mut see: impl FnMut(&RecordView),
) -> Result<(), TableError> {
    let (mut after, mut seen) = (None, 0);
    loop {
        let (page, more) = list_records(table, whose, entity, after.as_deref(), RECORDS_AT_ONCE).await?;
        page.iter().filter(|view| !view.gone).for_each(&mut see);
        seen += page.len();
        after = page.last().map(|last| last.id.clone());
        if !more || after.is_none() || seen >= records_max {
            return Ok(());
        }
    }
}

/// Every row of one kind, up to a bound.
pub async fn all_rows(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    rows_max: usize,
) -> Result<Vec<Row>, TableError> {
    let partition = keys::mirror(whose, entity);
    read_range(table, partition, "!".to_owned(), keys::LAST.to_owned(), rows_max).await
}

/// Bank accounts of one organisation; Xero has no bound, and nobody has so many.
const BANK_ACCOUNTS_MAX: usize = 500;
/// Accounts that are looked through for them.
const ACCOUNTS_MAX: usize = 5_000;

/// Whether a record is a bank account that is in use.
pub fn is_bank_in_use(account: &RecordView) -> bool {
    let of = |name: &str| text_of(&account.record, name);
    !account.gone && of("Type") == "BANK" && of("Status") == "ACTIVE"
}

/// Bank accounts that are in use, by Xero's ids.
pub async fn bank_accounts(table: &dyn Table, whose: &OrganisationRef) -> Result<Vec<RecordView>, TableError> {
    let mut found = Vec::new();
    for row in all_rows(table, whose, "accounts", ACCOUNTS_MAX).await? {
        let view = view(row.key.sort.clone(), read_row::<MirrorRow>(&row)?.value);
        if is_bank_in_use(&view) && found.len() < BANK_ACCOUNTS_MAX {
            found.push(view);
        }
    }
    Ok(found)
}
