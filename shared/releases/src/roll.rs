//! Schedules without an end: each night their plan grows with the periods that have come into sight.

use connections::{Access, Connection};
use kernel::{Date, ScheduleId};
use postings::PostingError;
use schedules::{carry_into, plan};
use state::{keys, replace};

use crate::approve::lay_out;
use crate::store::{list_rolling, load_schedule};
use journals::closing::calendar;

/// Schedules looked at in one read.
const ROLLING_AT_ONCE: usize = 100;

/// Plans every rolling schedule up to where it is to be planned today; answers how many grew.
///
/// Release rows come first and mean nothing until the schedule's row names them, so that any crash is made good by the
/// next night.
pub async fn roll(access: &Access, connection: &Connection, today: Date) -> Result<usize, PostingError> {
    let table = &*access.ports.table;
    let (mut grown, mut after) = (0, None);
    loop {
        let (ids, more) = list_rolling(table, &connection.whose, after.as_ref(), ROLLING_AT_ONCE).await?;
        for id in &ids {
            grown += usize::from(roll_one(access, connection, id, today).await?);
        }
        after = ids.last().cloned();
        if !more || after.is_none() {
            return Ok(grown);
        }
    }
}

async fn roll_one(
    access: &Access,
    connection: &Connection,
    id: &ScheduleId,
    today: Date,
) -> Result<bool, PostingError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let Some(found) = load_schedule(table, whose, id).await? else { return Ok(false) };
    let mut row = found.value;
    if row.removed {
        return Ok(false);
    }
    // A calendar that no longer knows these dates leaves the plan as it is: what was agreed stays.
    let planned = plan(&row.schedule, &calendar(connection), today).ok();
    let planned = planned.and_then(|planned| carry_into(&row.closing, &planned).ok()).unwrap_or_default();
    let last = row.releases.last().map(|release| release.period.last);
    let fresh: Vec<_> =
        planned.into_iter().filter(|release| last.is_none_or(|last| last < release.period.last)).collect();
    if fresh.is_empty() {
        return Ok(false);
    }
    lay_out(access, whose, id, &fresh).await?;
    row.releases.extend(fresh);
    // Overtaken: the other worker planned the same.
    Ok(replace(table, keys::schedule(whose, id), found.version, &row, None).await?.is_some())
}
