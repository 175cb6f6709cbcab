//! Reading and checking the JWTs of an OpenID provider: RS256 against its JWKS, nothing else.
//!
//! Sources: RFC 7515 and 7519, OpenID Connect Core 3.1.3.7, Xero's token pages. `none`, HMAC and any other algorithm
//! are refused before a key is looked at, so that no token chooses how it is checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{ClientId, Timestamp, XeroUserId};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why a token is not believed. Never carries the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not three parts of base64url and JSON.
    #[error("not a JWT: {0}")]
    Malformed(&'static str),
    /// Signed by another algorithm than RS256, or not at all.
    #[error("only RS256 is accepted")]
    Algorithm,
    /// No key of that id in the key set.
    #[error("signed by a key the issuer does not publish")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the signature does not match")]
    Signature,
    /// Expired or not valid yet.
    #[error("expired or not valid yet")]
    Expired,
    /// A claim is not what it must be.
    #[error("the claim {0} is not what it must be")]
    Claim(&'static str),
}

/// A JSON Web Key Set (RFC 7517), RSA keys only.
#[derive(Clone, Debug, Deserialize)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, Deserialize)]
struct Key {
    #[serde(default)]
    kid: String,
    #[serde(default)]
    kty: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: String,
}

/// Longest token looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// Checks a token's signature and reads its claims. Times and claims are the caller's to check.
pub fn verify<T: DeserializeOwned>(token: &str, keys: &KeySet) -> Result<T, JwtError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JwtError::Malformed("too long"));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed("not three parts"))?;
    let (header, claims) = signed.split_once('.').ok_or(JwtError::Malformed("not three parts"))?;
    let header: Header = part(header, "header")?;
    if header.alg != "RS256" {
        return Err(JwtError::Algorithm);
    }
    let of_header = |key: &&Key| key.kty == "RSA" && key.kid == header.kid;
    let key = keys.keys.iter().find(of_header).ok_or(JwtError::UnknownKey)?;
    let (n, e) = (bytes(&key.n, "key")?, bytes(&key.e, "key")?);
    let public = RsaPublicKeyComponents { n: &n, e: &e };
    let signature = bytes(signature, "signature")?;
    let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature);
    verified.map_err(|_| JwtError::Signature)?;
    part(claims, "claims")
}

fn bytes(text: &str, what: &'static str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| JwtError::Malformed(what))
}

fn part<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, JwtError> {
    serde_json::from_slice(&bytes(text, what)?).map_err(|_| JwtError::Malformed(what))
}

/// The claims we use of Xero's access token. `authentication_event_id` is in this one only.
#[derive(Clone, Debug, Deserialize)]
pub struct AccessClaims {
    /// The stable user key.
    pub xero_userid: XeroUserId,
    /// Tells this consent's organisations from the user's others.
    #[serde(default)]
    pub authentication_event_id: Option<String>,
    /// Seconds since 1970.
    pub exp: i64,
    /// The issuer.
    pub iss: String,
    /// The app.
    pub client_id: String,
    /// What was granted, as an array.
    #[serde(default)]
    pub scope: Vec<String>,
}

/// The claims we use of Xero's id token.
#[derive(Clone, Debug, Deserialize)]
pub struct IdClaims {
    /// Seconds since 1970.
    pub exp: i64,
    /// The issuer.
    pub iss: String,
    /// The app.
    pub aud: String,
    /// As sent with the consent request.
    #[serde(default)]
    pub nonce: Option<String>,
    /// The stable user key.
    pub xero_userid: XeroUserId,
}

impl IdClaims {
    /// Holds the id token against our app, our flow and the access token that came with it.
    ///
    /// Issuers are compared with each other and not with a constant: the connection to the token endpoint already
    /// proves who speaks, and a deployment may point it elsewhere.
    pub fn check(&self, client: &ClientId, nonce: &str, access: &AccessClaims) -> Result<(), JwtError> {
        let claims = [
            ("aud", self.aud == client.as_str()),
            ("client_id", access.client_id == client.as_str()),
            ("nonce", self.nonce.as_deref() == Some(nonce)),
            ("iss", self.iss == access.iss),
            ("xero_userid", self.xero_userid == access.xero_userid),
        ];
        claims.iter().find(|(_, holds)| !holds).map_or(Ok(()), |(claim, _)| Err(JwtError::Claim(claim)))
    }
}

/// Clocks may differ by this many seconds.
const LEEWAY_SECS: i64 = 60;

/// Whether `exp` has passed, with a minute's leeway.
pub fn check_expiry(exp_secs: i64, now: Timestamp) -> Result<(), JwtError> {
    if now.as_second() > exp_secs.saturating_add(LEEWAY_SECS) { Err(JwtError::Expired) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(token: &str) -> JwtError {
        verify::<serde_json::Value>(token, &KeySet { keys: Vec::new() }).unwrap_err()
    }

    #[test]
    fn a_token_that_chooses_its_own_algorithm_is_refused() {
        let token = |header: &str| format!("{}.e30.", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(refused(&token(r#"{"alg":"none"}"#)), JwtError::Algorithm);
        assert_eq!(refused(&token(r#"{"alg":"HS256","kid":"a"}"#)), JwtError::Algorithm);
        assert_eq!(refused(&token(r#"{"alg":"RS256","kid":"a"}"#)), JwtError::UnknownKey);
        assert_eq!(refused("e30.e30"), JwtError::Malformed("not three parts"));
        assert_eq!(refused("e30.e30."), JwtError::Malformed("header"));
        assert_eq!(refused(&"x".repeat(20_000)), JwtError::Malformed("too long"));
    }
}
