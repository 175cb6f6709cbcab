//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::{AwsSettings, BucketNames, Names, S3Blobs};
use connections::Access;
use envelopes::{BANK_RECONCILIATION, DOCUMENT_PUBLISHING};
use lambda_kit::{Error, Variables};
use xero::XeroAddresses;

/// Reads the environment and builds the ports.
pub fn connect() -> Result<(Access, S3Blobs), Error> {
    let variables = Variables;
    // It opens no token: the role allows no use of the key that seals them.
    let names = Names {
        table: variables.required("TABLE_NAME")?,
        token_key: String::new(),
        queues: BTreeMap::from([
            (BANK_RECONCILIATION, variables.required("BANK_RECONCILIATION_QUEUE_URL")?),
            (DOCUMENT_PUBLISHING, variables.required("DOCUMENT_PUBLISHING_QUEUE_URL")?),
        ]),
    };
    let bucket = BucketNames {
        bucket: variables.required("DOCUMENTS_BUCKET")?,
        storage_key: variables.required("STORAGE_KEY_ARN")?,
    };
    let blobs = S3Blobs::new(&AwsSettings::from_env()?, bucket);
    Ok((Access { ports: aws::connect(names)?, addresses: XeroAddresses::default() }, blobs))
}
