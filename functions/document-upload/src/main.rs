//! Takes in files that were uploaded: checked by their bytes, each once, scanned where that is required, and on to reading.

mod config;

use documents::intake::{Arrived, Scan, judge, take_in};
use documents::row::Verdict;
use documents::{DocumentError, Doors};
use lambda_kit::{Error, OfFile, run_arrivals};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let (access, blobs, scan) = config::connect()?;
    let doors = Doors { access: &access, blobs: &blobs };
    run_arrivals(|told| carry_out(doors, scan, told)).await
}

async fn carry_out(doors: Doors<'_>, scan: Scan, told: OfFile) -> Result<(), DocumentError> {
    match told {
        OfFile::Stored(file) => {
            let arrived = Arrived { key: file.key, version: file.version, bytes: file.bytes };
            if bank_statements::intake::is_statement(&arrived.key) {
                bank_statements::intake::take_in(doors, &arrived).await?;
            } else {
                take_in(doors, scan, &arrived).await?;
            }
        }
        OfFile::Scanned { key, version, status } => {
            judge(doors, &key, version.as_deref(), Verdict::of(&status)).await?;
        }
    }
    Ok(())
}
