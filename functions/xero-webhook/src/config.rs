//! What this function needs from its environment: one queue and one secret.

use std::collections::BTreeMap;

use aws::{AwsSettings, SecretsReader, SqsQueue};
use envelopes::SYNC_WORKER;
use lambda_kit::{Error, Variables};

/// The two doors of this function.
pub struct Doors {
    /// Where events go.
    pub queue: SqsQueue,
    /// Where the webhook keys are.
    pub secrets: SecretsReader,
}

/// Reads the environment and builds the doors.
pub fn connect() -> Result<Doors, Error> {
    let settings = AwsSettings::from_env()?;
    let queues = BTreeMap::from([(SYNC_WORKER, Variables.required("SYNC_WORKER_QUEUE_URL")?)]);
    Ok(Doors { queue: SqsQueue::new(&settings, queues), secrets: SecretsReader::new(&settings) })
}
