//! Every port at once, each client built once for the life of the process.

use std::collections::BTreeMap;
use std::sync::Arc;

use ports::Ports;

use crate::client::{AwsSettings, SettingsError};
use crate::clock::{SystemClock, SystemRandom};
use crate::queue::SqsQueue;
use crate::table::DynamoTable;
use crate::transport::HttpsTransport;
use crate::vault::KmsVault;

/// What this deployment calls its parts.
#[derive(Clone, Debug)]
pub struct Names {
    /// The DynamoDB table.
    pub table: String,
    /// The KMS key that seals tokens.
    pub token_key: String,
    /// Queue stem to queue address.
    pub queues: BTreeMap<&'static str, String>,
}

/// Why the ports could not be built; nothing was called.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The environment is incomplete.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The TLS library refuses its own defaults.
    #[error("no HTTPS client could be built")]
    Https,
}

/// Builds the ports. Nobody is called: connections are opened by their first use.
pub fn connect(names: Names) -> Result<Ports, ConnectError> {
    let settings = AwsSettings::from_env()?;
    Ok(Ports {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom::default()),
        table: Arc::new(DynamoTable::new(&settings, names.table)),
        queue: Arc::new(SqsQueue::new(&settings, names.queues)),
        vault: Arc::new(KmsVault::new(&settings, names.token_key)),
        transport: Arc::new(HttpsTransport::new().ok_or(ConnectError::Https)?),
    })
}
