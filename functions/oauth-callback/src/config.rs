//! What this function needs from its environment.

use std::collections::BTreeMap;

use aws::Names;
use connections::{Access, ConnectSettings};
use lambda_kit::{Error, Variables};
use url::Url;
use xero::XeroAddresses;

/// Reads the environment and builds the ports.
pub fn connect() -> Result<(Access, ConnectSettings), Error> {
    let variables = Variables;
    let names = Names {
        table: variables.required("TABLE_NAME")?,
        token_key: variables.required("TOKEN_KEY_ID")?,
        queues: BTreeMap::new(),
    };
    let addresses = XeroAddresses {
        api: variables.address("XERO_API_URL")?,
        identity: variables.address("XERO_IDENTITY_URL")?,
        login: variables.address("XERO_LOGIN_URL")?,
    };
    let return_urls: Result<Vec<Url>, _> =
        variables.required("RETURN_URLS")?.split_whitespace().map(Url::parse).collect();
    let settings = ConnectSettings { redirect_uri: variables.address("REDIRECT_URI")?, return_urls: return_urls? };
    Ok((Access { ports: aws::connect(names)?, addresses }, settings))
}
