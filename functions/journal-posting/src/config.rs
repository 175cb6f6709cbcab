//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::Names;
use connections::Access;
use envelopes::{DOCUMENT_PUBLISHING, JOURNAL_POSTING};
use journal_posting::Limits;
use journals::LINES_MAX;
use lambda_kit::{Error, Variables};
use xero::XeroAddresses;

/// Reads the environment and builds the ports.
pub fn connect() -> Result<(Access, Limits), Error> {
    let variables = Variables;
    let names = Names {
        table: variables.required("TABLE_NAME")?,
        token_key: variables.required("TOKEN_KEY_ID")?,
        queues: BTreeMap::from([
            (JOURNAL_POSTING, variables.required("JOURNAL_POSTING_QUEUE_URL")?),
            // Whatever waits is looked at here, documents too.
            (DOCUMENT_PUBLISHING, variables.required("DOCUMENT_PUBLISHING_QUEUE_URL")?),
        ]),
    };
    let addresses = XeroAddresses {
        api: variables.address("XERO_API_URL")?,
        identity: variables.address("XERO_IDENTITY_URL")?,
        login: variables.address("XERO_LOGIN_URL")?,
    };
    let lines = variables.required("JOURNAL_LINES_MAX")?;
    let lines_max = lines.parse().ok().filter(|lines| (2..=LINES_MAX).contains(lines));
    let lines_max = lines_max.ok_or_else(|| format!("JOURNAL_LINES_MAX must be 2 to {LINES_MAX}"))?;
    Ok((Access { ports: aws::connect(names)?, addresses }, Limits { lines_max, ..Limits::default() }))
}
