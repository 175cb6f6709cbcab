//! Our own postings: what each put on the accounts by the day, and what became of it in Xero.
//!
//! What counts as sent is a posting's present content. A journal that is not in Xero as it was sent is one entry.

use std::collections::BTreeMap;

use journals::{JournalContent, MANUAL_JOURNALS, PostedAs};
use kernel::{Currency, Date, IntentId, Money, MoneyError, OrganisationRef};
use ledger::booked;
use mirror::MirrorRow;
use ports::{Direction, Query, Row, Table, TableError};
use releases::gave_up;
use releases::store::{Batch, list_released, load_schedule};
use state::{HistoryEntry, How, Intent, IntentState, What, keys, load, read_row};

use crate::TieOutError;
use crate::carry::{Turn, Work};
use crate::records::amounts_on;
use crate::row::Stage;
use crate::sheet::{Finding, FindingKind, RecordRef, Said, short};

/// Postings looked at in one read; a page of the table is a megabyte at most.
const POSTINGS_AT_ONCE: usize = 100;

pub(crate) async fn read_postings(work: &mut Work<'_>, after: Option<String>) -> Result<Turn, TieOutError> {
    let table = work.access.ports.table.clone();
    let (first, to) = keys::intent_contents_range();
    let from = after.map_or(first, |after| format!("{after}\0"));
    let partition = keys::organisation(work.whose);
    let query = Query { partition, from, to, direction: Direction::Forward, limit: POSTINGS_AT_ONCE };
    let page = table.query(&query).await?;
    let intents = intents(&*table, work.whose, &page.rows).await?;
    for row in &page.rows {
        let Some(intent) = id_of(row).and_then(|id| intents.get(&id)) else { continue };
        work.row.postings += 1;
        if intent.kind == MANUAL_JOURNALS {
            let content = read_row::<JournalContent>(row)?.value;
            put_on_sheets(work, intent, &content).await?;
        }
    }
    let last = page.rows.last().map(|row| row.key.sort.clone());
    work.row.stage = match last.filter(|_| page.more) {
        Some(last) => Stage::Postings { after: Some(last) },
        None => Stage::Records { kind: 0, after: None },
    };
    Ok(Turn::On)
}

fn id_of(row: &Row) -> Option<IntentId> {
    row.key.sort.strip_prefix("content#")?.parse().ok()
}

async fn intents(
    table: &dyn Table,
    whose: &OrganisationRef,
    contents: &[Row],
) -> Result<BTreeMap<IntentId, Intent>, TableError> {
    let wanted: Vec<_> = contents.iter().filter_map(id_of).map(|id| keys::intent(whose, &id)).collect();
    let rows = table.get_many(&wanted).await?;
    let found = rows.iter().map(|row| read_row::<Intent>(row).map(|found| (found.value.id.clone(), found.value)));
    found.collect()
}

/// A journal of the host application, rather than of schedules.
fn is_plain(id: &IntentId) -> bool {
    id.as_str().starts_with("j-")
}

async fn put_on_sheets(work: &mut Work<'_>, intent: &Intent, content: &JournalContent) -> Result<(), TieOutError> {
    let as_at = work.row.as_at;
    let on = sums(work, content)?;
    if on.is_empty() && content.status == PostedAs::Posted && losses(intent).is_empty() {
        return Ok(());
    }
    let decided = |entry: &HistoryEntry| matches!(entry.what, What::Planned | What::Changed);
    let meanwhile = |entry: &HistoryEntry| decided(entry) && work.row.asked_at < entry.at;
    if !is_plain(&intent.id) && intent.history.entries.iter().any(meanwhile) {
        work.row.decided_meanwhile += 1;
    }
    let as_sent = intent.existing.is_none() && losses(intent).is_empty();
    if as_at < content.journal.date() && !is_plain(&intent.id) && as_sent {
        return dated_later(work, intent, content, &on).await;
    }
    let in_time = content.journal.date() <= as_at && content.status == PostedAs::Posted && is_wanted(intent);
    let (kind, actual) = actual(work, intent, content).await?;
    for at in 0..work.sheets.len() {
        let zero = Money::zero(work.row.currency);
        let sent = on.get(&at).copied().filter(|_| in_time).unwrap_or(zero);
        let there = match &actual {
            Actual::AsSent => sent,
            Actual::Absent => zero,
            Actual::Found(found) => found.get(&at).copied().unwrap_or(zero),
        };
        let sheet = &mut work.sheets[at];
        let amount = if is_plain(&intent.id) {
            there
        } else {
            sheet.journals = sheet.journals.try_add(sent)?;
            there.try_sub(sent)?
        };
        let kind = if is_plain(&intent.id) { FindingKind::HostJournal } else { kind };
        sheet.add(finding(intent, content, kind, amount))?;
    }
    Ok(())
}

/// Whether a posting's content is to be in the books. A change of its schedule may have taken it out of them, or given it up
/// before it was sent.
pub(crate) fn is_wanted(intent: &Intent) -> bool {
    let withdrawing = intent.existing.as_ref().is_some_and(|existing| existing.how == How::Withdraw);
    match &intent.state {
        IntentState::Withdrawn { .. } => false,
        IntentState::Recorded { reason, .. } => !gave_up(reason),
        IntentState::Open | IntentState::Waiting(_) | IntentState::Done { .. } => !withdrawing,
    }
}

/// What a journal puts on each sheet, whatever its day.
fn sums(work: &Work<'_>, content: &JournalContent) -> Result<BTreeMap<usize, Money>, MoneyError> {
    let mut sums: BTreeMap<usize, Money> = BTreeMap::new();
    for line in content.journal.lines() {
        if let Some(at) = work.position(&line.account) {
            let sum = sums.entry(at).or_insert(Money::zero(line.amount.currency));
            *sum = sum.try_add(line.amount)?;
        }
    }
    Ok(sums)
}

fn losses(intent: &Intent) -> &[String] {
    match &intent.state {
        IntentState::Done { losses, .. } => losses,
        _ => &[],
    }
}

/// What of a posting is in Xero.
enum Actual {
    AsSent,
    Absent,
    /// By sheet.
    Found(BTreeMap<usize, Money>),
}

async fn actual(
    work: &Work<'_>,
    intent: &Intent,
    content: &JournalContent,
) -> Result<(FindingKind, Actual), TieOutError> {
    Ok(match &intent.state {
        // What it is already stays in the books until it is brought to what is wanted.
        IntentState::Open | IntentState::Waiting(_) if intent.existing.is_some() => {
            let kind = if intent.state == IntentState::Open { FindingKind::OnItsWay } else { FindingKind::Waiting };
            let xero_id = intent.existing.as_ref().map(|existing| existing.xero_id.as_str()).unwrap_or_default();
            (kind, in_mirror(work, xero_id).await?)
        }
        IntentState::Done { at, .. } if work.row.trial_balance_at.is_some_and(|read| read < *at) => {
            (FindingKind::PostedSince, Actual::Absent)
        }
        // A draft counts once somebody has approved it in Xero, which only the mirror tells.
        IntentState::Done { xero_id, losses, .. } if !losses.is_empty() || content.status == PostedAs::Draft => {
            (FindingKind::EditedInXero, in_mirror(work, xero_id).await?)
        }
        IntentState::Done { .. } => (FindingKind::EditedInXero, Actual::AsSent),
        IntentState::Waiting(waiting) if waiting.code == "voided_in_xero" => {
            (FindingKind::VoidedInXero, Actual::Absent)
        }
        IntentState::Waiting(_) => (FindingKind::Waiting, Actual::Absent),
        IntentState::Recorded { .. } => (FindingKind::RecordedByHand, Actual::Absent),
        IntentState::Open => (FindingKind::OnItsWay, Actual::Absent),
        IntentState::Withdrawn { .. } => (FindingKind::OnItsWay, Actual::Absent),
    })
}

/// A journal as it is in Xero now. One that the mirror does not have is taken for as it was sent.
async fn in_mirror(work: &Work<'_>, xero_id: &str) -> Result<Actual, TieOutError> {
    let table = &*work.access.ports.table;
    let found = load::<MirrorRow>(table, &keys::mirror_record(work.whose, MANUAL_JOURNALS, xero_id)).await?;
    let Some(found) = found.map(|found| found.value) else { return Ok(Actual::AsSent) };
    let currency: Currency = work.row.currency;
    match booked(MANUAL_JOURNALS, &found.fields, currency) {
        Ok(Some(booked)) if !found.gone => Ok(Actual::Found(amounts_on(work, &booked)?)),
        Ok(_) => Ok(Actual::Absent),
        Err(_) => Ok(Actual::AsSent),
    }
}

fn finding(intent: &Intent, content: &JournalContent, kind: FindingKind, amount: Money) -> Finding {
    let record = match &intent.state {
        IntentState::Done { xero_id, .. } => Some(xero_id.clone()),
        _ => intent.existing.as_ref().map(|existing| existing.xero_id.clone()),
    };
    let record = record.map(|id| RecordRef {
        entity: MANUAL_JOURNALS.to_owned(),
        id,
        document_type: String::new(),
        number: short(content.journal.narration()),
    });
    let said = match &intent.state {
        IntentState::Waiting(waiting) => Some(Said::new(&waiting.code, &waiting.cause, &waiting.fix)),
        _ => None,
    };
    let (date, posting) = (Some(content.journal.date()), Some(intent.id.clone()));
    Finding { date, record, posting, said, ..Finding::new(kind, amount) }
}

/// A journal of releases that counts after the day although its period ended by then: a lock date moved it.
async fn dated_later(
    work: &mut Work<'_>,
    intent: &Intent,
    content: &JournalContent,
    on: &BTreeMap<usize, Money>,
) -> Result<(), TieOutError> {
    let moved = intent.history.entries.iter().any(|entry| entry.what == What::Changed);
    let due = if moved { due_day(work, &intent.id).await? } else { None };
    if due.is_none_or(|due| work.row.as_at < due) {
        return Ok(());
    }
    for (at, sum) in on {
        let sheet = &mut work.sheets[*at];
        let missing = sum.try_neg()?;
        sheet.accounted = sheet.accounted.try_add(missing)?;
        sheet.add(finding(intent, content, FindingKind::DatedLater, missing))?;
    }
    Ok(())
}

/// The last day of the period whose releases a journal carries.
async fn due_day(work: &Work<'_>, id: &IntentId) -> Result<Option<Date>, TableError> {
    let (table, whose) = (&*work.access.ports.table, work.whose);
    let Some(batch) = batch_of(id) else { return Ok(None) };
    let (period, currency, number) = batch;
    let batch = load::<Batch>(table, &keys::batch(whose, period, currency, number)).await?;
    let Some(schedule) = batch.and_then(|batch| batch.value.schedules.into_iter().next()) else { return Ok(None) };
    let released = list_released(table, whose, &schedule).await?;
    if let Some(row) = released.iter().find(|row| row.intent == *id) {
        return Ok(Some(row.period.last));
    }
    let row = load_schedule(table, whose, &schedule).await?;
    let releases = row.map(|row| row.value.releases).unwrap_or_default();
    Ok(releases.iter().find(|release| release.period.name == period).map(|release| release.period.last))
}

/// A journal of releases is named by its period, its currency and its number.
fn batch_of(id: &IntentId) -> Option<(kernel::periods::PeriodName, Currency, usize)> {
    let mut parts = id.as_str().strip_prefix("r-")?.rsplitn(3, '-');
    let (number, currency, period) = (parts.next()?, parts.next()?, parts.next()?);
    Some((period.parse().ok()?, currency.parse().ok()?, number.parse().ok()?))
}
