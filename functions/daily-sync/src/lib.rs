//! One look at what is due; the function's main joins this to a schedule, and tests join it to a clock of their own.

use connections::Access;
use inbox::{forget_gaps, overdue_apps};
use serde_json::{Value, json};
use state::keys::SHARDS;
use sync::{Due, SyncError, bring_back_parked, look_at_shard};

/// Looks at what is due and puts it on queues. Answers how much of what was found.
pub async fn look(access: &Access) -> Result<Value, SyncError> {
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    let early = overdue_apps(table, now).await?;
    let mut due = Due::default();
    for shard in 0..SHARDS {
        // A shard that cannot be read does not keep the others waiting; the next look comes in a minute.
        match look_at_one(access, shard, &early).await {
            Ok(found) => due += found,
            Err(error) => {
                tracing::error!(shard, error = %lambda_kit::chain(&error), "A shard could not be looked at");
                due.failures += 1;
            }
        }
    }
    for app in early.iter().filter(|_| due.failures == 0) {
        forget_gaps(table, app, now).await?;
    }
    let Due { unparked, runs, nights, deletions, keep_alives, failures } = due;
    tracing::info!(unparked, runs, nights, deletions, keep_alives, failures, "Looked at what is due");
    Ok(json!({
        "unparked": unparked, "runs": runs, "nights": nights, "deletions": deletions, "keep_alives": keep_alives, "failures": failures,
    }))
}

async fn look_at_one(access: &Access, shard: u8, early: &[String]) -> Result<Due, SyncError> {
    let unparked = bring_back_parked(access, shard).await?;
    Ok(Due { unparked, ..look_at_shard(access, shard, early).await? })
}
