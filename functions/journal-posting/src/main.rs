//! Posts journals to Xero, each exactly once, and looks again at those that wait.

mod config;

use lambda_kit::{Error, run_queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let (access, limits) = config::connect()?;
    let access = &access;
    run_queue(|message| journal_posting::carry_out(access, limits, message)).await
}
