//! A token issuer for one machine: an OpenID configuration, a key set, and tokens for whoever asks on this machine.
//!
//! Stands where a deployment has the host application's own issuer. The gateway checks its tokens as it checks theirs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::Clock;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};

use crate::embedded::http::{Server, bind, serve, text};

/// The audience of its tokens.
pub const AUDIENCE: &str = "counterfoil";
const KEY_ID: &str = "local";
const KEY_BITS: usize = 2048;

/// The issuer.
pub struct Issuer {
    key: RsaKeyPair,
    server: Server,
    clock: Arc<dyn Clock>,
}

impl Issuer {
    /// Starts an issuer; its key is kept in `file` between runs.
    pub async fn start(file: Option<PathBuf>, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let name = file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        let der = kept_key(file)?;
        let damaged = || anyhow!("the issuer's key {name} is damaged; remove it or choose another --data");
        let key = RsaKeyPair::from_der(&der).map_err(|_| damaged())?;
        let listener = bind(0).await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let keys = key_set(&key).to_string();
        let configuration =
            json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/.well-known/jwks.json") }).to_string();
        let server = serve(listener, 1024, move |request| {
            let (keys, configuration) = (keys.clone(), configuration.clone());
            async move {
                match request.uri().path() {
                    "/.well-known/openid-configuration" => text(200, "application/json", configuration),
                    "/.well-known/jwks.json" => text(200, "application/json", keys),
                    _ => text(404, "text/plain", "not found"),
                }
            }
        })?;
        Ok(Self { key, server, clock })
    }

    /// Its `iss`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its key set, as it publishes it.
    pub fn key_set(&self) -> String {
        key_set(&self.key).to_string()
    }

    /// A token of a person in a workspace.
    pub fn token(&self, workspace: &str, subject: &str, life: Duration) -> anyhow::Result<String> {
        let now = self.clock.now().as_second();
        let claims = json!({
            "iss": self.url(), "aud": AUDIENCE, "sub": subject, "workspace": workspace,
            "iat": now, "nbf": now, "exp": now + i64::try_from(life.as_secs())?,
        });
        self.sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": KEY_ID }), &claims)
    }

    /// Signs any header and claims: tests make wrong tokens with it.
    pub fn sign(&self, header: &Value, claims: &Value) -> anyhow::Result<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        let done = self.key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature);
        done.map_err(|_| anyhow!("signing failed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The system's random source, as the key maker wants it.
struct SystemSource(SystemRandom);

impl TryRng for SystemSource {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(buffer).expect("the operating system gives random bytes");
        Ok(())
    }
}

impl TryCryptoRng for SystemSource {}

fn kept_key(file: Option<PathBuf>) -> anyhow::Result<Vec<u8>> {
    if let Some(kept) = file.as_ref().and_then(|file| std::fs::read(file).ok()) {
        return Ok(kept);
    }
    let made =
        rsa::PrivateKey::new(&mut SystemSource(SystemRandom::new()), KEY_BITS).context("no key could be made")?;
    let der = made.to_pkcs1_der().map_err(|error| anyhow!("{error}"))?.as_bytes().to_vec();
    if let Some(file) = file {
        std::fs::write(&file, &der).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(der)
}

fn key_set(key: &RsaKeyPair) -> Value {
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": part(&public.n), "e": part(&public.e) }] })
}
