//! Reads bank statements and reconciles accounts, without access to tokens: what people confirm, another function posts.

mod config;

use documents::Doors;
use lambda_kit::{Error, run_queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let (access, blobs) = config::connect()?;
    let doors = Doors { access: &access, blobs: &blobs };
    run_queue(|message| bank_reconciliation::carry_out(doors, message)).await
}
