//! The authorisation-code flow: the consent address, the token endpoint, revocation.
//!
//! Sources: Xero's OAuth 2.0 pages; RFC 6749 (flow), RFC 7636 (PKCE S256), RFC 7009 (revocation). Parameters of PKCE
//! and a nonce are sent as well although Xero does not ask web apps for them: they bind code and id token to our flow.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use kernel::{ClientId, place_of};
use ports::{HttpRequest, HttpResponse, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::XeroError;
use crate::request::XeroAddresses;

/// Below the time-out of oauth-callback, by enough to record the outcome.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Token answers are some kilobytes.
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// What a consent request is made of.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// The app.
    pub client_id: &'a ClientId,
    /// Exactly one of the app's registered addresses.
    pub redirect_uri: &'a str,
    /// What is asked for, separated by spaces.
    pub scopes: &'a str,
    /// Comes back with the callback.
    pub state: &'a str,
    /// Comes back inside the id token.
    pub nonce: &'a str,
    /// Proved at the token endpoint.
    pub code_verifier: &'a SecretString,
}

/// The address to which a person's browser goes, as top-level navigation: Xero refuses frames.
pub fn authorize_url(addresses: &XeroAddresses, consent: &Consent<'_>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", consent.client_id.as_str())
        .append_pair("redirect_uri", consent.redirect_uri)
        .append_pair("scope", consent.scopes)
        .append_pair("state", consent.state)
        .append_pair("nonce", consent.nonce)
        .append_pair("code_challenge", &code_challenge(consent.code_verifier))
        .append_pair("code_challenge_method", "S256");
    // Xero wants scopes separated by %20, which form encoding writes as a plus sign.
    format!("{}/identity/connect/authorize?{}", addresses.login, query.finish().replace('+', "%20"))
}

fn code_challenge(verifier: &SecretString) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.expose_secret().as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

/// An app's credentials.
#[derive(Clone, Debug)]
pub struct AppCredentials {
    /// Public half.
    pub client_id: ClientId,
    /// Secret half.
    pub client_secret: SecretString,
}

/// Changes a code into tokens. A code works once and for five minutes.
pub fn exchange_code(
    addresses: &XeroAddresses,
    app: &AppCredentials,
    code: &str,
    redirect_uri: &str,
    code_verifier: &SecretString,
) -> HttpRequest {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", code_verifier.expose_secret()),
    ];
    form_post(format!("{}/connect/token", addresses.identity), app, &form)
}

/// Changes a refresh token into new tokens. The old one may be used again for 30 minutes, and only then.
pub fn refresh(addresses: &XeroAddresses, app: &AppCredentials, refresh_token: &SecretString) -> HttpRequest {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
    form_post(format!("{}/connect/token", addresses.identity), app, &form)
}

/// The issuer's public keys. The address is fixed: Xero's edge refuses those who ask its discovery page too often.
pub fn key_set(addresses: &XeroAddresses) -> HttpRequest {
    HttpRequest {
        method: Method::Get,
        url: format!("{}/.well-known/openid-configuration/jwks", addresses.identity),
        headers: vec![("Accept".to_owned(), "application/json".to_owned())],
        body: Bytes::new(),
        timeout: TIMEOUT,
        response_bytes_max: RESPONSE_BYTES_MAX,
    }
}

/// Takes back everything a user gave our app: all their connections, not one.
pub fn revoke(addresses: &XeroAddresses, app: &AppCredentials, refresh_token: &SecretString) -> HttpRequest {
    let form = [("token", refresh_token.expose_secret())];
    form_post(format!("{}/connect/revocation", addresses.identity), app, &form)
}

fn form_post(url: String, app: &AppCredentials, form: &[(&str, &str)]) -> HttpRequest {
    let basic = STANDARD.encode(format!("{}:{}", app.client_id, app.client_secret.expose_secret()));
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    HttpRequest {
        method: Method::Post,
        url,
        headers: vec![
            ("Authorization".to_owned(), format!("Basic {basic}")),
            ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("Accept".to_owned(), "application/json".to_owned()),
        ],
        body: Bytes::from(body),
        timeout: TIMEOUT,
        response_bytes_max: RESPONSE_BYTES_MAX,
    }
}

/// Tokens as they come from the token endpoint.
#[derive(Clone, Debug)]
pub struct TokenReply {
    /// A JWT of 30 minutes.
    pub access_token: SecretString,
    /// 60 days unused; replaced at each refresh.
    pub refresh_token: SecretString,
    /// Only with a code.
    pub id_token: Option<SecretString>,
    /// Life of the access token.
    pub expires_in: Duration,
    /// What was granted.
    pub scopes: Vec<String>,
}

/// Why the token endpoint gave no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The code or refresh token is used, expired or revoked. The user must consent again, unless a sibling rotated.
    #[error("Xero no longer accepts this authorisation (invalid_grant)")]
    InvalidGrant,
    /// Client id or secret are wrong: the operator's matter, not the user's.
    #[error("Xero does not accept the app's client id and secret ({0})")]
    InvalidClient(String),
    /// Anything else: later, the same request.
    #[error(transparent)]
    Xero(#[from] XeroError),
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
    expires_in: u64,
    #[serde(default)]
    scope: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

/// Reads the token endpoint's answer.
pub fn read_tokens(response: &HttpResponse) -> Result<TokenReply, TokenError> {
    let unreadable = |reason: String| XeroError::Unreadable {
        status: response.status,
        content_type: response.header("content-type").unwrap_or_default().chars().take(80).collect(),
        reason,
    };
    match response.status {
        200 => {
            let body: TokenBody =
                serde_json::from_slice(&response.body).map_err(|error| unreadable(place_of(&error)))?;
            let refresh_token = body
                .refresh_token
                .ok_or_else(|| unreadable("no refresh_token: offline_access was not granted".into()))?;
            Ok(TokenReply {
                access_token: body.access_token.into(),
                refresh_token: refresh_token.into(),
                id_token: body.id_token.map(Into::into),
                expires_in: Duration::from_secs(body.expires_in),
                scopes: body.scope.split_ascii_whitespace().map(str::to_owned).collect(),
            })
        }
        400 | 401 => Err(refused(response)),
        429 | 500..=599 => Err(XeroError::Unavailable { status: response.status, retry_after: None }.into()),
        _ => Err(unreadable("unexpected status".to_owned()).into()),
    }
}

fn refused(response: &HttpResponse) -> TokenError {
    let error = serde_json::from_slice::<ErrorBody>(&response.body).map(|body| body.error).unwrap_or_default();
    match error.as_str() {
        "invalid_grant" => TokenError::InvalidGrant,
        "invalid_client" | "unauthorized_client" => TokenError::InvalidClient(error),
        _ => XeroError::Unreadable {
            status: response.status,
            content_type: response.header("content-type").unwrap_or_default().chars().take(80).collect(),
            reason: "an OAuth error this code does not know".to_owned(),
        }
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b10_the_consent_address_carries_state_nonce_and_challenge_but_no_secret() {
        let verifier = SecretString::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let client_id = "ABC".parse().unwrap();
        let consent = Consent {
            client_id: &client_id,
            redirect_uri: "https://app.example/oauth/callback",
            scopes: "openid offline_access",
            state: "s",
            nonce: "n",
            code_verifier: &verifier,
        };
        let url = authorize_url(&XeroAddresses::default(), &consent);
        // The challenge of RFC 7636, appendix B.
        assert!(url.contains("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(url.contains("scope=openid%20offline_access&"));
        assert!(!url.contains(verifier.expose_secret()));
    }

    #[test]
    fn the_token_endpoint_tells_a_dead_grant_from_a_wrong_secret() {
        let answer =
            |status, body: &str| HttpResponse { status, headers: vec![], body: body.to_owned().into(), wire_bytes: 0 };
        assert!(matches!(read_tokens(&answer(400, r#"{"error":"invalid_grant"}"#)), Err(TokenError::InvalidGrant)));
        assert!(matches!(
            read_tokens(&answer(401, r#"{"error":"invalid_client"}"#)),
            Err(TokenError::InvalidClient(_))
        ));
        assert!(matches!(read_tokens(&answer(503, "<html>")), Err(TokenError::Xero(XeroError::Unavailable { .. }))));
        assert!(matches!(read_tokens(&answer(200, "<html>")), Err(TokenError::Xero(XeroError::Unreadable { .. }))));
    }
}
