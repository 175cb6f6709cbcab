//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::{AwsSettings, BucketNames, Names, S3Blobs};
use connections::Access;
use envelopes::DOCUMENT_PUBLISHING;
use lambda_kit::{Error, Variables};
use xero::XeroAddresses;

/// Reads the environment and builds the ports.
pub fn connect() -> Result<(Access, S3Blobs), Error> {
    let variables = Variables;
    let names = Names {
        table: variables.required("TABLE_NAME")?,
        token_key: variables.required("TOKEN_KEY_ID")?,
        queues: BTreeMap::from([(DOCUMENT_PUBLISHING, variables.required("DOCUMENT_PUBLISHING_QUEUE_URL")?)]),
    };
    let addresses = XeroAddresses {
        api: variables.address("XERO_API_URL")?,
        identity: variables.address("XERO_IDENTITY_URL")?,
        login: variables.address("XERO_LOGIN_URL")?,
    };
    let bucket = BucketNames {
        bucket: variables.required("DOCUMENTS_BUCKET")?,
        storage_key: variables.required("STORAGE_KEY_ARN")?,
    };
    let blobs = S3Blobs::new(&AwsSettings::from_env()?, bucket);
    Ok((Access { ports: aws::connect(names)?, addresses }, blobs))
}
