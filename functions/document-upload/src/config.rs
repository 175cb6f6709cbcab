//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::{BucketNames, Names, S3Blobs};
use connections::Access;
use documents::intake::Scan;
use envelopes::{BANK_RECONCILIATION, DOCUMENT_READING};
use lambda_kit::{Error, Variables};
use xero::XeroAddresses;

/// Reads the environment and builds the ports.
pub fn connect() -> Result<(Access, S3Blobs, Scan), Error> {
    let variables = Variables;
    let queues = BTreeMap::from([
        (BANK_RECONCILIATION, variables.required("BANK_RECONCILIATION_QUEUE_URL")?),
        (DOCUMENT_READING, variables.required("DOCUMENT_READING_QUEUE_URL")?),
    ]);
    // It opens no token: the role allows no use of the key that seals them.
    let names = Names { table: variables.required("TABLE_NAME")?, token_key: String::new(), queues };
    let bucket = BucketNames {
        bucket: variables.required("DOCUMENTS_BUCKET")?,
        storage_key: variables.required("STORAGE_KEY_ARN")?,
    };
    let blobs = S3Blobs::new(&aws::AwsSettings::from_env()?, bucket);
    let scan = match variables.required("MALWARE_SCAN")?.as_str() {
        "required" => Scan::Required,
        "not_awaited" => Scan::NotAwaited,
        _ => return Err("MALWARE_SCAN must be required or not_awaited".into()),
    };
    Ok((Access { ports: aws::connect(names)?, addresses: XeroAddresses::default() }, blobs, scan))
}
