//! KMS and Secrets Manager: the few actions our functions use, exact in those.
//!
//! Keys are derived from a seed, so that a kept folder opens its tokens again. A ciphertext is bound to its encryption
//! context: another owner's is refused as KMS refuses it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

use super::http::{Answer, Server, Whole, bind, serve, text};
use super::{ACCOUNT, REGION, Roles};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// KMS's longest ciphertext.
const CIPHERTEXT_BYTES_MAX: usize = 6144;

/// The seed of this machine's keys: kept in a file where there is one.
pub(super) fn seed(file: Option<PathBuf>) -> anyhow::Result<[u8; 32]> {
    if let Some((file, kept)) = file.as_ref().and_then(|file| Some((file, std::fs::read(file).ok()?))) {
        let fault = || anyhow::anyhow!("the key {} is damaged; remove it or choose another --data", file.display());
        return kept.try_into().map_err(|_| fault());
    }
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed).map_err(|_| anyhow::anyhow!("no random bytes"))?;
    if let Some(file) = file {
        std::fs::write(&file, seed).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(seed)
}

pub(super) async fn start_kms(seed: [u8; 32], roles: Arc<Roles>) -> anyhow::Result<Server> {
    serve(bind(0).await?, REQUEST_BYTES_MAX, move |request| {
        let roles = roles.clone();
        async move {
            match (roles.refusal(&request), kms(&seed, &request)) {
                (Some(refusal), _) => refusal,
                (None, Ok(answer)) => text(200, CONTENT_TYPE, answer.to_string()),
                (None, Err((kind, message))) => {
                    text(400, CONTENT_TYPE, json!({ "__type": kind, "message": message }).to_string())
                }
            }
        }
    })
}

type Refusal = (&'static str, &'static str);
const INVALID: Refusal = ("InvalidCiphertextException", "");
const MALFORMED: Refusal = ("ValidationException", "the request lacks a member or has a malformed one");

fn kms(seed: &[u8; 32], request: &Whole) -> Result<Value, Refusal> {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: Value = serde_json::from_slice(request.body()).map_err(|_| MALFORMED)?;
    let context = body["EncryptionContext"].to_string();
    let key_id = body["KeyId"].as_str().unwrap_or_default().to_owned();
    let bytes = |name: &str| body[name].as_str().and_then(|text| STANDARD.decode(text).ok()).ok_or(MALFORMED);
    match target.rsplit('.').next().unwrap_or_default() {
        "GenerateDataKey" => {
            let stated = body["NumberOfBytes"].as_u64().and_then(|bytes| usize::try_from(bytes).ok());
            let mut plain = vec![0; stated.unwrap_or(if body["KeySpec"] == "AES_128" { 16 } else { 32 }).min(1024)];
            SystemRandom::new().fill(&mut plain).map_err(|_| MALFORMED)?;
            let blob = wrap(seed, &context, &plain).ok_or(MALFORMED)?;
            Ok(json!({ "KeyId": key_id, "Plaintext": STANDARD.encode(plain), "CiphertextBlob": STANDARD.encode(blob) }))
        }
        "Encrypt" => {
            let blob = wrap(seed, &context, &bytes("Plaintext")?).ok_or(MALFORMED)?;
            Ok(json!({ "KeyId": key_id, "CiphertextBlob": STANDARD.encode(blob) }))
        }
        "Decrypt" => {
            let blob = bytes("CiphertextBlob")?;
            let fits = (1..=CIPHERTEXT_BYTES_MAX).contains(&blob.len());
            let plain = unwrap(seed, &context, fits.then_some(&blob).ok_or(MALFORMED)?).ok_or(INVALID)?;
            Ok(
                json!({ "KeyId": key_id, "Plaintext": STANDARD.encode(plain), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT" }),
            )
        }
        _ => Err(("UnknownOperationException", "this action is not served here")),
    }
}

fn wrap(seed: &[u8; 32], context: &str, plain: &[u8]) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, seed).ok()?);
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let mut text = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut text).ok()?;
    Some([&nonce[..], &text].concat())
}

fn unwrap(seed: &[u8; 32], context: &str, blob: &[u8]) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, seed).ok()?);
    let (nonce, text) = blob.split_first_chunk::<NONCE_LEN>()?;
    let mut text = text.to_vec();
    let plain =
        key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context.as_bytes()), &mut text).ok()?;
    Some(plain.to_vec())
}

/// The ARN under which a secret of that logical id is known here.
pub fn secret_arn(logical_id: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{logical_id}")
}

pub(super) async fn start_secrets(secrets: BTreeMap<String, String>, roles: Arc<Roles>) -> anyhow::Result<Server> {
    let by_arn: BTreeMap<String, String> = secrets.into_iter().map(|(id, text)| (secret_arn(&id), text)).collect();
    let by_arn = Arc::new(by_arn);
    serve(bind(0).await?, REQUEST_BYTES_MAX, move |request| {
        let (by_arn, roles) = (by_arn.clone(), roles.clone());
        async move { roles.refusal(&request).unwrap_or_else(|| secret(&by_arn, &request)) }
    })
}

fn secret(by_arn: &BTreeMap<String, String>, request: &Whole) -> Answer {
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let id = body["SecretId"].as_str().unwrap_or_default();
    match by_arn.get(id) {
        Some(secret) => {
            let answer = json!({
                "ARN": id, "Name": id.rsplit(':').next(), "SecretString": secret,
                "VersionId": "00000000-0000-4000-8000-000000000001", "VersionStages": ["AWSCURRENT"],
            });
            text(200, CONTENT_TYPE, answer.to_string())
        }
        None => {
            let refusal = json!({ "__type": "ResourceNotFoundException", "message": "Secrets Manager can't find the specified secret." });
            text(400, CONTENT_TYPE, refusal.to_string())
        }
    }
}
