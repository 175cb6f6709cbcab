//! Takes in files that were uploaded: checked by their bytes, each once, and on to reading.

mod config;

use documents::Doors;
use documents::intake::{Arrived, take_in};
use lambda_kit::{Error, StoredFile, run_arrivals};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let (access, blobs) = config::connect()?;
    let doors = Doors { access: &access, blobs: &blobs };
    run_arrivals(|file: StoredFile| async move {
        let arrived = Arrived { key: file.key, version: file.version, bytes: file.bytes };
        take_in(doors, &arrived).await.map(|_| ())
    })
    .await
}
