//! The mirror page by page: records that use an account and did not come from here.

use std::collections::{BTreeMap, BTreeSet};

use journals::MANUAL_JOURNALS;
use kernel::{IntentId, Money, MoneyError};
use ledger::{AccountKey, Booked, booked};
use manual_journals::JournalMark;
use mirror::MirrorRow;
use ports::{Direction, Query, Row, TableError};
use state::{Intent, IntentState, keys, read_row};

use crate::TieOutError;
use crate::carry::{Turn, Work};
use crate::row::Stage;
use crate::sheet::{Finding, FindingKind, RecordRef, short};

/// Kinds of records that book on accounts, in the order in which they are read.
pub(crate) const KINDS: &[&str] =
    &["manual_journals", "invoices", "credit_notes", "bank_transactions", "payments", "prepayments"];

/// A record that puts something on an account that is looked at.
struct Hit {
    id: String,
    booked: Booked,
    amounts: BTreeMap<usize, Money>,
}

pub(crate) async fn read_records(work: &mut Work<'_>, kind: usize, after: Option<String>) -> Result<Turn, TieOutError> {
    let Some(entity) = KINDS.get(kind).filter(|_| !work.sheets.is_empty()) else {
        work.row.stage = Stage::Done;
        return Ok(Turn::On);
    };
    let query = Query {
        partition: keys::mirror(work.whose, entity),
        from: after.map_or_else(|| "!".to_owned(), |id| format!("{id}\0")),
        to: keys::LAST.to_owned(),
        direction: Direction::Forward,
        limit: work.pace.records,
    };
    let page = work.access.ports.table.query(&query).await?;
    let hits = hits(work, entity, &page.rows)?;
    let ours = if *entity == MANUAL_JOURNALS { ours(work, &hits).await? } else { BTreeSet::new() };
    for hit in hits.into_iter().filter(|hit| !ours.contains(&hit.id)) {
        put_on_sheets(work, entity, &hit)?;
    }
    work.row.records += page.rows.len() as u64;
    let last = page.rows.last().map(|row| row.key.sort.clone());
    work.row.stage = match last.filter(|_| page.more) {
        Some(last) => Stage::Records { kind, after: Some(last) },
        None => Stage::Records { kind: kind + 1, after: None },
    };
    Ok(Turn::On)
}

/// Records that touch a sheet. Most of a large organisation's do not even name one of its accounts, which their text tells
/// without being taken apart.
fn hits(work: &mut Work<'_>, entity: &str, rows: &[Row]) -> Result<Vec<Hit>, TieOutError> {
    let names: Vec<String> = names(work);
    let mut hits = Vec::new();
    for row in rows {
        let omitted = row.body.contains("LinesOmitted\"") || row.body.contains("LineItemsOmitted\"");
        if !omitted && !names.iter().any(|name| row.body.contains(name.as_str())) {
            continue;
        }
        let record = read_row::<MirrorRow>(row)?.value;
        if record.gone {
            continue;
        }
        match booked(entity, &record.fields, work.row.currency) {
            Ok(Some(booked)) => {
                let amounts = amounts_on(work, &booked)?;
                if !amounts.is_empty() {
                    hits.push(Hit { id: row.key.sort.clone(), booked, amounts });
                }
            }
            Ok(None) => (),
            Err(fault) => work.row.unread(entity, &row.key.sort, fault.to_string()),
        }
    }
    Ok(hits)
}

/// How the accounts stand in a record's text.
fn names(work: &Work<'_>) -> Vec<String> {
    let ids = work.sheets.iter().filter_map(|sheet| sheet.id.map(|id| format!("\"{id}\"")));
    let codes = work.sheets.iter().map(|sheet| serde_json::Value::from(sheet.code.as_str()).to_string());
    ids.chain(codes).collect()
}

/// What a record puts on each sheet by the day; sheets on which that is nothing are left out.
pub(crate) fn amounts_on(work: &Work<'_>, booked: &Booked) -> Result<BTreeMap<usize, Money>, MoneyError> {
    let mut amounts: BTreeMap<usize, Money> = BTreeMap::new();
    for entry in booked.entries.iter().filter(|entry| entry.date <= work.row.as_at) {
        if let Some(at) = sheet_of(work, &entry.account) {
            let sum = amounts.entry(at).or_insert(Money::zero(entry.amount.currency));
            *sum = sum.try_add(entry.amount)?;
        }
    }
    amounts.retain(|_, amount| !amount.is_zero());
    Ok(amounts)
}

/// An id tells for certain; a code only where there is no id.
fn sheet_of(work: &Work<'_>, account: &AccountKey) -> Option<usize> {
    let same = |sheet: &crate::sheet::Sheet| match (account.id, sheet.id) {
        (Some(id), Some(own)) => id == own,
        _ => account.code.as_deref() == Some(sheet.code.as_str()),
    };
    work.sheets.iter().position(same)
}

/// Which of these journals our postings became: those were looked at with the postings.
async fn ours(work: &Work<'_>, hits: &[Hit]) -> Result<BTreeSet<String>, TableError> {
    let (table, whose) = (&*work.access.ports.table, work.whose);
    let posted: Vec<_> = hits.iter().map(|hit| keys::posted(whose, MANUAL_JOURNALS, &hit.id)).collect();
    let mut claims: BTreeMap<IntentId, Vec<String>> = BTreeMap::new();
    for row in &table.get_many(&posted).await? {
        let id = row.key.sort.rsplit('#').next().unwrap_or_default().to_owned();
        claims.entry(read_row::<IntentId>(row)?.value).or_default().push(id);
    }
    let wanted: Vec<_> = claims.keys().map(|intent| keys::intent(whose, intent)).collect();
    let mut ours = BTreeSet::new();
    for row in &table.get_many(&wanted).await? {
        let intent = read_row::<Intent>(row)?.value;
        let claimed = claims.remove(&intent.id).unwrap_or_default();
        match &intent.state {
            IntentState::Done { xero_id, .. } => {
                ours.extend(claimed.into_iter().filter(|id| id == xero_id || intent.former.contains(id)));
            }
            // What the posting says of itself is newer than the mirror.
            IntentState::Waiting(_)
            | IntentState::Open
            | IntentState::Withdrawn { .. }
            | IntentState::Recorded { .. } => ours.extend(claimed),
        }
    }
    Ok(ours)
}

fn put_on_sheets(work: &mut Work<'_>, entity: &str, hit: &Hit) -> Result<(), MoneyError> {
    let marked = entity == MANUAL_JOURNALS && JournalMark::find(&hit.booked.number).is_some();
    let kind = if marked { FindingKind::UnclaimedJournal } else { FindingKind::ForeignEntry };
    for (at, amount) in &hit.amounts {
        let record = RecordRef {
            entity: entity.to_owned(),
            id: hit.id.clone(),
            document_type: hit.booked.document_type.clone(),
            number: short(&hit.booked.number),
        };
        let date = hit.booked.entries.iter().map(|entry| entry.date).filter(|date| *date <= work.row.as_at).max();
        work.sheets[*at].add(Finding { date, record: Some(record), ..Finding::new(kind, *amount) })?;
    }
    Ok(())
}
