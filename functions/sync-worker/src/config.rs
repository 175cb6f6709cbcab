//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::Names;
use connections::Access;
use envelopes::{BANK_RECONCILIATION, DOCUMENT_PUBLISHING, JOURNAL_POSTING, SYNC_WORKER};
use lambda_kit::{Error, Variables};
use xero::XeroAddresses;

/// Reads the environment and builds the ports.
pub fn connect() -> Result<Access, Error> {
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
    Ok(Access { ports: aws::connect(names)?, addresses })
}
