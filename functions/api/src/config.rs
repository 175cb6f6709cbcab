//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::{AwsSettings, BucketNames, Names, S3Blobs};
use connections::{Access, ConnectSettings};
use envelopes::{BANK_RECONCILIATION, DOCUMENT_PUBLISHING, JOURNAL_POSTING, SYNC_WORKER};
use lambda_kit::{Error, Variables};
use url::Url;
use xero::XeroAddresses;

/// Everything a request is answered with.
pub struct Api {
    /// The ports.
    pub access: Access,
    /// The connect flow's configuration.
    pub connect: ConnectSettings,
    /// The files of documents.
    pub blobs: S3Blobs,
    /// The claim that names the workspace.
    pub workspace_claim: String,
}

/// Reads the environment and builds the ports.
pub fn connect() -> Result<Api, Error> {
    let variables = Variables;
    let names = Names {
        table: variables.required("TABLE_NAME")?,
        token_key: variables.required("TOKEN_KEY_ID")?,
        queues: BTreeMap::from([
            (SYNC_WORKER, variables.required("SYNC_WORKER_QUEUE_URL")?),
            (JOURNAL_POSTING, variables.required("JOURNAL_POSTING_QUEUE_URL")?),
            (BANK_RECONCILIATION, variables.required("BANK_RECONCILIATION_QUEUE_URL")?),
            (DOCUMENT_PUBLISHING, variables.required("DOCUMENT_PUBLISHING_QUEUE_URL")?),
        ]),
    };
    let addresses = XeroAddresses {
        api: variables.address("XERO_API_URL")?,
        identity: variables.address("XERO_IDENTITY_URL")?,
        login: variables.address("XERO_LOGIN_URL")?,
    };
    let return_urls: Result<Vec<Url>, _> =
        variables.required("RETURN_URLS")?.split_whitespace().map(Url::parse).collect();
    let connect = ConnectSettings { redirect_uri: variables.address("REDIRECT_URI")?, return_urls: return_urls? };
    let workspace_claim = variables.required("WORKSPACE_CLAIM")?;
    let bucket = BucketNames {
        bucket: variables.required("DOCUMENTS_BUCKET")?,
        storage_key: variables.required("STORAGE_KEY_ARN")?,
    };
    let blobs = S3Blobs::new(&AwsSettings::from_env()?, bucket);
    Ok(Api { access: Access { ports: aws::connect(names)?, addresses }, connect, blobs, workspace_claim })
}
