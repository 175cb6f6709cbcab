//! Schedules page by page: what each must have on its accounts, added to their sheets.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use journals::JournalContent;
use kernel::{Date, IntentId, ScheduleId};
use ports::TableError;
use releases::store::{ReleasedRow, ScheduleRow, list_released, list_schedules};
use state::{Intent, keys, load, read_row};

use crate::TieOutError;
use crate::carry::{Turn, Work};
use crate::expected::{Expected, Journals, Known, OwnLine, expected};
use crate::own_postings::is_wanted;
use crate::row::{Fault, Stage};

/// Schedules looked at in one read.
const SCHEDULES_AT_ONCE: usize = 50;
/// Reads under way at once.
const READS_AT_ONCE: usize = 16;

pub(crate) async fn read_schedules(work: &mut Work<'_>, after: Option<ScheduleId>) -> Result<Turn, TieOutError> {
    let table = &*work.access.ports.table;
    let (rows, more) = list_schedules(table, work.whose, after.as_ref(), SCHEDULES_AT_ONCE).await?;
    let initial = initial_days(work, &rows).await?;
    let released: Vec<Vec<ReleasedRow>> = stream::iter(&rows)
        .map(|row| list_released(table, work.whose, row.schedule.id()))
        .buffered(READS_AT_ONCE)
        .try_collect()
        .await?;
    for (row, released) in rows.iter().zip(&released) {
        let initial = row.initial.as_ref().and_then(|id| initial.get(id)).copied();
        let found = of_schedule(work, row, initial, released).await?;
        if let Err(fault) = put_on_sheets(work, found)? {
            return Ok(Turn::Failed(fault));
        }
        work.row.schedules += 1;
    }
    work.row.stage = match rows.last().filter(|_| more) {
        Some(last) => Stage::Schedules { after: Some(last.schedule.id().clone()) },
        None => Stage::Postings { after: None },
    };
    Ok(Turn::On)
}

/// The day of each schedule's first journal, as it is stored now.
async fn initial_days(work: &Work<'_>, rows: &[ScheduleRow]) -> Result<BTreeMap<IntentId, Date>, TableError> {
    let ids: Vec<&IntentId> = rows.iter().filter_map(|row| row.initial.as_ref()).collect();
    let wanted: BTreeMap<_, _> = ids.into_iter().map(|id| (keys::intent_content(work.whose, id), id)).collect();
    let found = work.access.ports.table.get_many(&wanted.keys().cloned().collect::<Vec<_>>()).await?;
    let mut days = BTreeMap::new();
    for row in &found {
        let day = read_row::<JournalContent>(row)?.value.journal.date();
        days.extend(wanted.get(&row.key).map(|id| ((*id).clone(), day)));
    }
    Ok(days)
}

async fn of_schedule(
    work: &Work<'_>,
    row: &ScheduleRow,
    initial: Option<Date>,
    released: &[ReleasedRow],
) -> Result<Expected, TieOutError> {
    if !row.removed && row.corrections.is_empty() {
        let known = Known { row, initial, released, journals: Journals::AsAgreed };
        return Ok(expected(known, work.row.as_at)?);
    }
    let (lines, corrected) = own_lines(work, row, released).await?;
    let journals = Journals::Changed { lines: &lines, corrected };
    let mut found = expected(Known { row, initial, released, journals }, work.row.as_at)?;
    // A journal's other side may be an expense account that the schedule had before.
    let own = &row.schedule.terms().balance_account;
    found.held.retain(|(account, _)| account == own || work.accounts.may_hold(account));
    Ok(found)
}

/// Every line that the schedule's journals have of it, and the last day of a correction. Only a schedule that was changed
/// needs this, and its journals are read one by one.
async fn own_lines(
    work: &Work<'_>,
    row: &ScheduleRow,
    released: &[ReleasedRow],
) -> Result<(Vec<OwnLine>, Option<Date>), TableError> {
    let table = &*work.access.ports.table;
    let (mut lines, mut corrected) = (Vec::new(), None);
    let mark = format!("[{}]", row.schedule.id());
    let mut ids: Vec<&IntentId> = released.iter().map(|row| &row.intent).chain(&row.initial).collect();
    ids.extend(&row.corrections);
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let key = keys::intent_content(work.whose, id);
        let Some(content) = load::<JournalContent>(table, &key).await? else { continue };
        let intent = load::<Intent>(table, &keys::intent(work.whose, id)).await?;
        if !intent.is_some_and(|intent| is_wanted(&intent.value)) {
            continue;
        }
        let journal = content.value.journal;
        if row.corrections.contains(id) {
            corrected = corrected.max(Some(journal.date()));
        }
        let own = journal.lines().iter().filter(|line| line.description.ends_with(&mark));
        lines.extend(own.map(|line| OwnLine {
            account: line.account.clone(),
            amount: line.amount,
            date: journal.date(),
        }));
    }
    Ok((lines, corrected))
}

/// Adds what a schedule holds to its sheets; a fault says that there are too many.
fn put_on_sheets(work: &mut Work<'_>, found: Expected) -> Result<Result<(), Fault>, TieOutError> {
    for (account, held) in found.held {
        let sheet = match work.sheet(&account) {
            Ok(sheet) => sheet,
            Err(fault) => return Ok(Err(fault)),
        };
        sheet.expected = sheet.expected.try_add(held)?;
    }
    for (account, finding) in found.findings {
        let sheet = match work.sheet(&account) {
            Ok(sheet) => sheet,
            Err(fault) => return Ok(Err(fault)),
        };
        sheet.accounted = sheet.accounted.try_add(kernel::Money::new(finding.minor, sheet.ledger.currency))?;
        sheet.add(finding)?;
    }
    Ok(Ok(()))
}
