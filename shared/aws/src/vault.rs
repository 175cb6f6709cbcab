//! The Vault port on KMS: a data key for each seal, bound to its owner by the encryption context.
//!
//! Sealed text: `v1.` and base64 of (length of the wrapped key, wrapped key, nonce, ciphertext with tag). KMS refuses
//! to unwrap the key under another owner; AES-256-GCM refuses altered text.

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::SdkError;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ports::{Vault, VaultError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

use crate::client::AwsSettings;
use crate::secrets::SecretsReader;

/// KMS and Secrets Manager.
pub struct KmsVault {
    client: Client,
    key_id: String,
    secrets: SecretsReader,
    random: SystemRandom,
}

const FORM: &str = "v1.";
const CONTEXT: &str = "owner";

impl KmsVault {
    /// `key_id` is the ARN or alias of the key that wraps data keys.
    pub fn new(settings: &AwsSettings, key_id: String) -> Self {
        let client = Client::new(&settings.config("KMS"));
        Self { client, key_id, secrets: SecretsReader::new(settings), random: SystemRandom::new() }
    }
}

fn key_of(plain: &[u8]) -> Result<LessSafeKey, VaultError> {
    UnboundKey::new(&AES_256_GCM, plain).map(LessSafeKey::new).map_err(|_| VaultError::Unopenable)
}

#[async_trait]
impl Vault for KmsVault {
    async fn seal(&self, owner: &str, plain: &SecretString) -> Result<String, VaultError> {
        let request = self.client.generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        let answer = request.encryption_context(CONTEXT, owner).send().await;
        let answer = answer.map_err(|error| VaultError::Unavailable(error.into()))?;
        let (Some(data_key), Some(wrapped)) = (answer.plaintext(), answer.ciphertext_blob()) else {
            return Err(VaultError::Unavailable("KMS sent no data key".into()));
        };
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| VaultError::Unavailable("no random bytes".into()))?;
        let mut text = plain.expose_secret().as_bytes().to_vec();
        let key = key_of(data_key.as_ref())?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner.as_bytes()), &mut text)
            .map_err(|_| VaultError::Unavailable("sealing failed".into()))?;
        let wrapped = wrapped.as_ref();
        let length = u16::try_from(wrapped.len()).map_err(|_| VaultError::Unopenable)?;
        let sealed = [&length.to_be_bytes()[..], wrapped, &nonce, &text].concat();
        Ok(format!("{FORM}{}", STANDARD_NO_PAD.encode(sealed)))
    }

    async fn open(&self, owner: &str, sealed: &str) -> Result<SecretString, VaultError> {
        let sealed = sealed.strip_prefix(FORM).and_then(|text| STANDARD_NO_PAD.decode(text).ok());
        let sealed = sealed.ok_or(VaultError::Unopenable)?;
        let (wrapped, nonce, text) = split(&sealed).ok_or(VaultError::Unopenable)?;
        let request = self.client.decrypt().key_id(&self.key_id).ciphertext_blob(Blob::new(wrapped));
        let answer = request.encryption_context(CONTEXT, owner).send().await.map_err(|error| match &error {
            SdkError::ServiceError(refused) if never_opens(refused.err()) => VaultError::Unopenable,
            _ => VaultError::Unavailable(error.into()),
        })?;
        let key = key_of(answer.plaintext().ok_or(VaultError::Unopenable)?.as_ref())?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = key.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut text);
        let plain = plain.map_err(|_| VaultError::Unopenable)?;
        String::from_utf8(plain.to_vec()).map(SecretString::from).map_err(|_| VaultError::Unopenable)
    }

    async fn secret(&self, name: &'static str, renew: bool) -> Result<SecretString, VaultError> {
        self.secrets.read(name, renew).await
    }
}

/// Altered, of another owner, wrapped by another key, or not even a ciphertext.
fn never_opens(error: &DecryptError) -> bool {
    error.is_invalid_ciphertext_exception()
        || error.is_incorrect_key_exception()
        || error.meta().code() == Some("ValidationException")
}

fn split(sealed: &[u8]) -> Option<(&[u8], [u8; NONCE_LEN], &[u8])> {
    let (length, rest) = sealed.split_first_chunk::<2>()?;
    let (wrapped, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
    Some((wrapped, *nonce, text))
}
