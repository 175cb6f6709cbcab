//! Does everything that needs Xero tokens and does not post: sync runs, webhook events, tests, keep-alives, deletions.

mod config;

use lambda_kit::{Error, run_queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let access = config::connect()?;
    let access = &access;
    run_queue(|message| sync_worker::carry_out(access, message)).await
}
