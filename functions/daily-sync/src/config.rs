//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::Names;
use connections::Access;
use envelopes::{BANK_RECONCILIATION, DOCUMENT_PUBLISHING, DOCUMENT_READING, JOURNAL_POSTING, SYNC_WORKER};
use lambda_kit::{Error, Variables};
use xero::XeroAddresses;

/// Reads the environment and builds the ports. This function's role opens neither tokens nor secrets.
pub fn connect() -> Result<Access, Error> {
    let variables = Variables;
    let names = Names {
        table: variables.required("TABLE_NAME")?,
        token_key: String::new(),
        queues: BTreeMap::from([
            (SYNC_WORKER, variables.required("SYNC_WORKER_QUEUE_URL")?),
            (JOURNAL_POSTING, variables.required("JOURNAL_POSTING_QUEUE_URL")?),
            (DOCUMENT_PUBLISHING, variables.required("DOCUMENT_PUBLISHING_QUEUE_URL")?),
            (BANK_RECONCILIATION, variables.required("BANK_RECONCILIATION_QUEUE_URL")?),
            (DOCUMENT_READING, variables.required("DOCUMENT_READING_QUEUE_URL")?),
        ]),
    };
    Ok(Access { ports: aws::connect(names)?, addresses: XeroAddresses::default() })
}
