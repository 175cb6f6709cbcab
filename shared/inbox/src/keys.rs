//! The webhook keys of each app: one, or two while they are rotated.

use std::collections::BTreeMap;

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The secret's name: a JSON object from app name to its keys.
pub const WEBHOOK_KEYS_SECRET: &str = "XERO_WEBHOOK_KEYS_SECRET";

/// Most keys of one app: the present one and the one before or after it.
const KEYS_MAX: usize = 2;

/// The secret is not what it must be: the operator's matter. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret {WEBHOOK_KEYS_SECRET} must be JSON such as {{\"main\":[\"key\"]}}, one or two keys for each app")]
pub struct KeysError;

/// Every app's keys, ready to verify with.
pub struct WebhookKeys(BTreeMap<String, Vec<hmac::Key>>);

impl WebhookKeys {
    /// Reads the secret. The bytes of a key are the UTF-8 bytes of its text, which looks like base64 and is not decoded.
    pub fn parse(secret: &SecretString) -> Result<Self, KeysError> {
        let texts: BTreeMap<String, Vec<String>> =
            serde_json::from_str(secret.expose_secret()).map_err(|_| KeysError)?;
        let sound = |keys: &Vec<String>| (1..=KEYS_MAX).contains(&keys.len()) && keys.iter().all(|key| !key.is_empty());
        if !texts.values().all(sound) {
            return Err(KeysError);
        }
        let ready = |text: String| hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
        Ok(Self(texts.into_iter().map(|(app, texts)| (app, texts.into_iter().map(ready).collect())).collect()))
    }

    /// Whether any of the app's keys made this signature over these bytes. Compared in constant time.
    pub(crate) fn verify(&self, app: &str, body: &[u8], signature: &[u8]) -> bool {
        let keys = self.0.get(app).map(Vec::as_slice).unwrap_or_default();
        // Every key is tried, so that time does not tell which one it was.
        keys.iter().filter(|key| hmac::verify(key, body, signature).is_ok()).count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_secret_is_refused_without_showing_it() {
        for bad in
            ["", "[]", r#"{"main":[]}"#, r#"{"main":["a","b","c"]}"#, r#"{"main":[""]}"#, r#"{"main":"hunter2"}"#]
        {
            let error = WebhookKeys::parse(&SecretString::from(bad)).err().expect(bad);
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
