//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::{AwsSettings, BucketNames, Names, S3Blobs, SCAN_TIME_MAX, TextractReader};
use connections::Access;
use lambda_kit::{Error, Variables};
use xero::XeroAddresses;

/// Reads the environment and builds the ports; a reader of pictures where the deployment wants one, which costs money.
pub fn connect() -> Result<(Access, S3Blobs, Option<TextractReader>), Error> {
    let variables = Variables;
    let queues = BTreeMap::new();
    // It opens no token: the role allows no use of the key that seals them.
    let names = Names { table: variables.required("TABLE_NAME")?, token_key: String::new(), queues };
    let bucket = BucketNames {
        bucket: variables.required("DOCUMENTS_BUCKET")?,
        storage_key: variables.required("STORAGE_KEY_ARN")?,
    };
    let settings = AwsSettings::from_env()?;
    let scans = match variables.required("SCAN_READER")?.as_str() {
        "textract" => Some(TextractReader::new(&settings, bucket.bucket.clone(), SCAN_TIME_MAX)),
        "none" => None,
        _ => return Err("SCAN_READER must be textract or none".into()),
    };
    let blobs = S3Blobs::new(&settings, bucket);
    Ok((Access { ports: aws::connect(names)?, addresses: XeroAddresses::default() }, blobs, scans))
}
