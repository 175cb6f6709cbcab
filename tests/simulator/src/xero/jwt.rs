//! Signs id and access tokens with RS256 and publishes the key.
//!
//! Owns one RSA key per process, made from a constant seed: it protects nothing, and a key made once keeps tests quick.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};

use super::dice::Dice;

const KEY_ID: &str = "1CAF8E66772D6DC028D6726FD0261581570EFC19";

struct Seeded(Dice);

impl TryRng for Seeded {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.0.roll() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.0.roll())
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.0.roll().to_be_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}

fn key() -> &'static RsaKeyPair {
    static KEY: OnceLock<RsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = rsa::PrivateKey::new(&mut Seeded(Dice::new(7)), 2048).expect("2,048 bits are a legal size");
        let der = key.to_pkcs1_der().expect("a fresh key has an encoding");
        RsaKeyPair::from_der(der.as_bytes()).expect("a fresh key of 2,048 bits is one that ring takes")
    })
}

/// A JWT over the claims.
pub(super) fn sign(claims: &Value) -> String {
    let header = json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT", "x5t": "HK-OZnctbcAo1nJv0CYVgVcO_Bk" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let mut signature = vec![0; key().public().modulus_len()];
    let random = ring::rand::SystemRandom::new(); // Blinds the calculation; the signature itself is deterministic.
    key().sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).expect("the buffer has the key's length");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The key set that verifies `sign`.
pub(super) fn key_set() -> Value {
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key().public_key());
    json!({ "keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
        "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
    }] })
}

/// OpenID Connect's `at_hash`: the left half of the access token's SHA-256.
pub(super) fn left_half_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&ring::digest::digest(&ring::digest::SHA256, token.as_bytes()).as_ref()[..16])
}
