//! Publishes documents to Xero: the supplier's contact, the bill or credit note, its file, each exactly once.

mod config;

use documents::Doors;
use lambda_kit::{Error, run_queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let (access, blobs) = config::connect()?;
    let doors = Doors { access: &access, blobs: &blobs };
    run_queue(|message| document_publishing::carry_out(doors, message)).await
}
