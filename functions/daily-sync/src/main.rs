//! Looks each minute at what is due and puts it on queues: parked work, pulls, keep-alives, deletions, lost webhooks.
//!
//! Stored state says what is due, so a schedule that fires twice, late or not at all does no harm. Calls no Xero.

mod config;

use lambda_kit::{Error, run_schedule};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let access = config::connect()?;
    run_schedule(|| daily_sync::look(&access)).await
}
