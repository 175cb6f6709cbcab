//! Values of ours that are too large for a row: kept as JSON in the storage of files, under keys of their own.

use bytes::Bytes;
use ports::BlobError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use crate::upload::sha256;
use crate::{DocumentError, Doors};

/// Keeps a value; one that was there before is replaced.
pub async fn keep<T: Serialize + ?Sized>(doors: Doors<'_>, key: &str, value: &T) -> Result<(), DocumentError> {
    let body = Bytes::from(serde_json::to_vec(value).expect("values that are kept have text keys"));
    doors.blobs.put(key, "application/json", sha256(&body), body).await?;
    Ok(())
}

/// A value that was kept; none where there is none that this version can read.
pub async fn kept<T: DeserializeOwned>(
    doors: Doors<'_>,
    key: &str,
    bytes_max: usize,
) -> Result<Option<T>, DocumentError> {
    let body = match doors.blobs.read(key, None, bytes_max).await {
        Ok(body) => body,
        Err(BlobError::Missing | BlobError::TooLong { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let read = serde_json::from_slice(&body);
    if let Err(error) = &read {
        warn!(place = %kernel::place_of(error), "A value that was kept cannot be read");
    }
    Ok(read.ok())
}
