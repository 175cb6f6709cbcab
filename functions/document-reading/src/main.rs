//! Reads documents that were taken in, without access to tokens: a reader that fails costs one document's reading.

mod config;

use documents::Doors;
use lambda_kit::{Error, run_queue};
use ports::ScanReader;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let (access, blobs, scans) = config::connect()?;
    let doors = Doors { access: &access, blobs: &blobs };
    let scans = scans.as_ref().map(|scans| -> &dyn ScanReader { scans });
    run_queue(|message| document_reading::carry_out(doors, scans, message)).await
}
