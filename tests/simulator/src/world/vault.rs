//! The Vault port in memory: sealed to an owner, unreadable in the table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ports::{Vault, VaultError};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use secrecy::{ExposeSecret, SecretString};

use super::faults::{Faults, Verdict, crash};

/// The vault.
pub struct MemoryVault {
    secrets: Mutex<HashMap<&'static str, String>>,
    faults: Arc<Faults>,
}

const MASK: u8 = 0x5A;

impl MemoryVault {
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        Self { secrets: Mutex::default(), faults }
    }

    /// Sets a named secret.
    pub fn set_secret(&self, name: &'static str, text: impl Into<String>) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(name, text.into());
    }

    fn live<T>(&self, act: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
        match self.faults.judge() {
            Verdict::Live => act(),
            Verdict::LoseAnswer | Verdict::Dead => Err(VaultError::Unavailable(crash())),
        }
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn seal(&self, owner: &str, plain: &SecretString) -> Result<String, VaultError> {
        // The owner is quoted, so that one with a line break ends where it ends.
        let text = format!("{owner:?}\n{}", plain.expose_secret());
        let proven = [digest(&SHA256, text.as_bytes()).as_ref(), text.as_bytes()].concat();
        // Not secrecy, which a test needs none of: only so that a token in the clear is found when a test looks for one.
        let masked: Vec<u8> = proven.iter().map(|byte| byte ^ MASK).collect();
        self.live(|| Ok(STANDARD.encode(masked)))
    }

    async fn open(&self, owner: &str, sealed: &str) -> Result<SecretString, VaultError> {
        self.live(|| {
            let masked = STANDARD.decode(sealed).map_err(|_| VaultError::Unopenable)?;
            let proven: Vec<u8> = masked.iter().map(|byte| byte ^ MASK).collect();
            let (proof, text) = proven.split_first_chunk::<SHA256_OUTPUT_LEN>().ok_or(VaultError::Unopenable)?;
            if digest(&SHA256, text).as_ref() != proof {
                return Err(VaultError::Unopenable);
            }
            let text = std::str::from_utf8(text).map_err(|_| VaultError::Unopenable)?;
            let (sealed_for, plain) = text.split_once('\n').ok_or(VaultError::Unopenable)?;
            if sealed_for == format!("{owner:?}") { Ok(plain.into()) } else { Err(VaultError::Unopenable) }
        })
    }

    async fn secret(&self, name: &'static str, _renew: bool) -> Result<SecretString, VaultError> {
        self.live(|| {
            let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            secrets.get(name).map(|text| text.as_str().into()).ok_or(VaultError::NoSecret(name))
        })
    }
}
