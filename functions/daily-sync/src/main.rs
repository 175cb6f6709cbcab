//! Looks each minute at what is due and puts it on queues: parked work, pulls, keep-alives, deletions, lost webhooks.
//!
//! Stored state says what is due, so a schedule that fires twice, late or not at all does no harm. Calls no Xero.

mod config;

use connections::Access;
use inbox::overdue_apps;
use lambda_kit::{Error, run_schedule};
use serde_json::{Value, json};
use state::keys::SHARDS;
use sync::{SyncError, bring_back_parked, look_at_shard};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let access = config::connect()?;
    run_schedule(|| look(&access)).await
}

async fn look(access: &Access) -> Result<Value, SyncError> {
    let early = overdue_apps(&*access.ports.table, access.ports.clock.now()).await?;
    let (mut unparked, mut runs, mut deletions, mut keep_alives) = (0, 0, 0, 0);
    for shard in 0..SHARDS {
        unparked += bring_back_parked(access, shard).await?;
        let due = look_at_shard(access, shard, &early).await?;
        runs += due.runs;
        deletions += due.deletions;
        keep_alives += due.keep_alives;
    }
    tracing::info!(unparked, runs, deletions, keep_alives, "Looked at what is due");
    Ok(json!({ "unparked": unparked, "runs": runs, "deletions": deletions, "keep_alives": keep_alives }))
}
