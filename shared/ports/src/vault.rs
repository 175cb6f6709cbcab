//! Sealing of what must not lie in the table in the clear, and the app's own secrets.

use async_trait::async_trait;
use secrecy::SecretString;

/// Why the vault did not answer.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Throttled, timed out or unreachable.
    #[error("the vault is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The sealed text was made for another owner, altered, or its key is gone. Repeating cannot help.
    #[error("the sealed text cannot be opened for this owner")]
    Unopenable,
    /// There is no secret of that name, or it is not text.
    #[error("the secret {0} cannot be read")]
    NoSecret(&'static str),
}

/// Envelope encryption bound to an owner, and named secrets.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Seals a text for its owner. Only the same owner opens it again.
    async fn seal(&self, owner: &str, plain: &SecretString) -> Result<String, VaultError>;
    /// Opens a sealed text.
    async fn open(&self, owner: &str, sealed: &str) -> Result<SecretString, VaultError>;
    /// The app's secret of that name, fresh within five minutes. `renew` asks past any cache.
    async fn secret(&self, name: &'static str, renew: bool) -> Result<SecretString, VaultError>;
}
