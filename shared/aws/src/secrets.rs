//! Secrets Manager, cached for five minutes so that a rotated secret is picked up without a deployment.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use ports::VaultError;
use secrecy::SecretString;
use tokio::sync::Mutex;

use crate::client::AwsSettings;

const FRESH: Duration = Duration::from_secs(5 * 60);
/// Whoever asks past the cache is served from it all the same within this span: forged webhooks must not become calls.
const RENEW_AT_MOST_EVERY: Duration = Duration::from_secs(60);

/// Reads secrets by the name of the variable that holds their ARN.
pub struct SecretsReader {
    client: Client,
    settings: AwsSettings,
    cache: Mutex<HashMap<&'static str, (Instant, SecretString)>>,
}

impl SecretsReader {
    /// A reader without anything read yet.
    pub fn new(settings: &AwsSettings) -> Self {
        let client = Client::new(&settings.config("SECRETS_MANAGER"));
        Self { client, settings: settings.clone(), cache: Mutex::default() }
    }

    /// The secret whose ARN is in the environment variable `name`. `renew` asks past the cache, at most once a minute.
    pub async fn read(&self, name: &'static str, renew: bool) -> Result<SecretString, VaultError> {
        let keep = if renew { RENEW_AT_MOST_EVERY } else { FRESH };
        let mut cache = self.cache.lock().await;
        if let Some((_, secret)) = cache.get(name).filter(|(read_at, _)| read_at.elapsed() < keep) {
            return Ok(secret.clone());
        }
        match self.fetch(name).await {
            Ok(secret) => {
                cache.insert(name, (Instant::now(), secret.clone()));
                Ok(secret)
            }
            // An outage of the secret store must not stop work whose secret is known.
            Err(error) => cache.get(name).map(|(_, secret)| secret.clone()).ok_or(error),
        }
    }

    async fn fetch(&self, name: &'static str) -> Result<SecretString, VaultError> {
        let arn = self.settings.variable(name).ok_or(VaultError::NoSecret(name))?;
        let answer = self.client.get_secret_value().secret_id(arn).send().await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(refused) if refused.is_resource_not_found_exception() => VaultError::NoSecret(name),
            _ => VaultError::Unavailable(error.into()),
        })?;
        answer.secret_string().map(SecretString::from).ok_or(VaultError::NoSecret(name))
    }
}
