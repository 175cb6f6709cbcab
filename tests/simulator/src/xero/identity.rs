//! Xero's identity server: codes for tokens, refresh with its grace, revocation.
//!
//! Sources: Xero's OAuth 2.0 pages and FAQ. Tokens belong to one user and one app, never to an organisation. A refresh
//! token lives for 60 days unused; once used, the old one works for 30 more minutes, as for a caller that lost the
//! answer. Used again, it ends what its earlier use issued.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kernel::{Timestamp, XeroUserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::pairs;
use super::jwt;
use super::reply::Reply;
use super::settings::AppId;
use super::state::{State, after};

const CODE_SECS: i64 = 5 * 60;
const ACCESS_SECS: i64 = 30 * 60;
const ID_TOKEN_SECS: i64 = 5 * 60;
const REFRESH_SECS: i64 = 60 * 86_400;
const GRACE_SECS: i64 = 30 * 60;
/// Length of a PKCE verifier.
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;

/// What a consent gave; every token of it carries this on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) app: AppId,
    pub(super) user: XeroUserId,
    pub(super) scopes: Vec<String>,
    pub(super) event: Uuid,
    pub(super) session: Uuid,
    pub(super) at: Timestamp,
}

/// An authorisation code that waits for its one use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) code: String,
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) made: Timestamp,
}

/// An access token that was handed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Access {
    pub(super) token: String,
    pub(super) grant: Grant,
    pub(super) expires: Timestamp,
}

/// A refresh token that was handed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Refresh {
    token: String,
    grant: Grant,
    expires: Timestamp,
    first_used: Option<Timestamp>,
    /// The refresh token it was changed for; none from a consent.
    parent: Option<String>,
}

fn refused(status: u16, error: &str) -> Reply {
    Reply::json(status, &json!({ "error": error }))
}

/// The app behind Basic credentials, or behind a PKCE client id without a secret.
fn client(state: &State, authorization: Option<&str>, form: &[(String, String)]) -> Option<AppId> {
    let basic = authorization.and_then(|value| value.strip_prefix("Basic "));
    let decoded = basic.and_then(|text| STANDARD.decode(text.trim()).ok()).and_then(|raw| String::from_utf8(raw).ok());
    let field = |name: &str| form.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone());
    let (id, secret) = match decoded {
        Some(text) => text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))?,
        None => (field("client_id")?, field("client_secret")?),
    };
    let matches = |app: &super::state::App| app.settings.client_id == id && app.settings.client_secret == secret;
    state.apps.iter().position(matches).map(AppId)
}

/// `POST /connect/token`.
pub(super) fn token(state: &mut State, authorization: Option<&str>, body: &[u8], now: Timestamp) -> Reply {
    let form = pairs(&String::from_utf8_lossy(body));
    let field = |name: &str| form.iter().find(|(have, _)| have == name).map_or("", |(_, value)| value.as_str());
    let Some(app) = client(state, authorization, &form) else { return refused(400, "invalid_client") };
    match field("grant_type") {
        "authorization_code" => redeem(state, app, field("code"), field("redirect_uri"), field("code_verifier"), now),
        "refresh_token" => refresh(state, app, field("refresh_token"), now),
        "client_credentials" => refused(400, "unauthorized_client"),
        _ => refused(400, "unsupported_grant_type"),
    }
}

fn redeem(state: &mut State, app: AppId, code: &str, redirect_uri: &str, verifier: &str, now: Timestamp) -> Reply {
    // A code is spent by the first attempt, right or wrong.
    let Some(at) = state.codes.iter().position(|each| each.code == code) else { return refused(400, "invalid_grant") };
    let code = state.codes.remove(at);
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    let proves =
        |challenge: String| VERIFIER_CHARS.contains(&verifier.len()) && challenge == URL_SAFE_NO_PAD.encode(digest);
    let proved = code.challenge.is_none_or(proves);
    let fresh = now < after(code.made, CODE_SECS);
    if code.grant.app != app || code.redirect_uri != redirect_uri || !proved || !fresh {
        return refused(400, "invalid_grant");
    }
    issue(state, code.grant, Issue { parent: None, nonce: code.nonce }, now)
}

fn refresh(state: &mut State, app: AppId, token: &str, now: Timestamp) -> Reply {
    let usable = |each: &&mut Refresh| {
        each.token == token
            && each.grant.app == app
            && now < each.expires
            && each.first_used.is_none_or(|used| now < after(used, GRACE_SECS))
    };
    let Some(found) = state.refreshes.iter_mut().find(usable) else { return refused(400, "invalid_grant") };
    found.first_used.get_or_insert(now);
    let grant = found.grant.clone();
    disown(state, token);
    issue(state, grant, Issue { parent: Some(token), nonce: None }, now)
}

/// Ends what earlier uses of a refresh token issued, down to the last descendant: of two workers that use one token, the
/// first one's new token is dead.
fn disown(state: &mut State, token: &str) {
    let mut dead = vec![token.to_owned()];
    while let Some(parent) = dead.pop() {
        let (children, rest): (Vec<Refresh>, Vec<Refresh>) =
            state.refreshes.drain(..).partition(|each| each.parent.as_deref() == Some(parent.as_str()));
        state.refreshes = rest;
        dead.extend(children.into_iter().map(|child| child.token));
    }
}

/// What a token set comes from.
struct Issue<'a> {
    parent: Option<&'a str>,
    nonce: Option<String>,
}

/// Makes a token set: access always, refresh with `offline_access`, identity with `openid`.
fn issue(state: &mut State, grant: Grant, from: Issue<'_>, now: Timestamp) -> Reply {
    let access = access_token(state, &grant, now);
    let mut answer = json!({
        "access_token": access, "expires_in": ACCESS_SECS, "token_type": "Bearer", "scope": grant.scopes.join(" "),
    });
    if grant.scopes.iter().any(|scope| scope == "openid") {
        answer["id_token"] = Value::String(id_token(state, &grant, &access, from.nonce, now));
    }
    if grant.scopes.iter().any(|scope| scope == "offline_access") {
        let token = state.dice.token(43);
        answer["refresh_token"] = Value::String(token.clone());
        let expires = after(now, REFRESH_SECS);
        let parent = from.parent.map(str::to_owned);
        state.refreshes.push(Refresh { token, grant: grant.clone(), expires, first_used: None, parent });
    }
    state.accesses.retain(|each| now < after(each.expires, 7 * 86_400));
    state.accesses.push(Access { token: access, grant, expires: after(now, ACCESS_SECS) });
    Reply::json(200, &answer).with("Cache-Control", "no-store, no-cache, max-age=0")
}

fn access_token(state: &mut State, grant: &Grant, now: Timestamp) -> String {
    let client_id = state.apps[grant.app.0].settings.client_id.clone();
    let secs = now.as_second();
    jwt::sign(&json!({
        "nbf": secs, "exp": secs + ACCESS_SECS, "iss": state.settings.issuer,
        "aud": format!("{}/resources", state.settings.issuer), "client_id": client_id,
        "sub": grant.user.0.simple().to_string(), "auth_time": grant.at.as_second(), "idp": "local",
        "xero_userid": grant.user.to_string(), "global_session_id": grant.session.simple().to_string(),
        "jti": state.dice.token(32), "authentication_event_id": grant.event.to_string(),
        "scope": grant.scopes, "amr": ["pwd", "mfa"],
    }))
}

fn id_token(state: &State, grant: &Grant, access: &str, nonce: Option<String>, now: Timestamp) -> String {
    let user = state.user(grant.user).map(|user| user.settings.clone()).unwrap_or_default();
    let secs = now.as_second();
    let mut claims = json!({
        "nbf": secs, "exp": secs + ID_TOKEN_SECS, "iss": state.settings.issuer,
        "aud": state.apps[grant.app.0].settings.client_id, "iat": secs, "at_hash": jwt::left_half_hash(access),
        "sid": grant.session.simple().to_string(), "sub": grant.user.0.simple().to_string(),
        "auth_time": grant.at.as_second(), "idp": "local", "xero_userid": grant.user.to_string(),
        "global_session_id": grant.session.simple().to_string(), "preferred_username": user.email,
        "email": user.email, "given_name": user.given_name, "family_name": user.family_name, "amr": ["pwd", "mfa"],
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = Value::String(nonce);
    }
    jwt::sign(&claims)
}

/// `POST /connect/revocation`: ends every connection the token's user gave this app, and all their tokens.
pub(super) fn revoke(state: &mut State, authorization: Option<&str>, body: &[u8], now: Timestamp) -> Reply {
    let form = pairs(&String::from_utf8_lossy(body));
    let Some(app) = client(state, authorization, &form) else { return refused(400, "invalid_client") };
    let token = form.iter().find(|(name, _)| name == "token").map_or("", |(_, value)| value.as_str());
    let owner = state.refreshes.iter().find(|each| each.token == token && each.grant.app == app);
    if let Some(user) = owner.map(|found| found.grant.user) {
        state.refreshes.retain(|each| each.grant.app != app || each.grant.user != user);
        state.granted.retain(|(of, by, _)| *of != app || *by != user);
        for connection in &mut state.connections {
            if connection.app == app && connection.user == user {
                connection.live = false;
                connection.updated = now;
            }
        }
    }
    Reply::empty(200) // RFC 7009: unknown tokens are answered alike.
}

/// What stands in front of the discovery document. Developers report 403 after repeated hits, without a figure; few are
/// let through here, because a program needs the document once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Firewall(Vec<Timestamp>);

/// Hits within `FIREWALL_SECS` that pass. Those that are refused count on.
const HITS_MAX: usize = 5;
const FIREWALL_SECS: i64 = 60;

impl Firewall {
    /// Counts a hit; whether it is refused.
    pub(super) fn blocks(&mut self, now: Timestamp) -> bool {
        self.0.retain(|hit| now < after(*hit, FIREWALL_SECS));
        self.0.push(now);
        // Only the newest matter, and only so many.
        let surplus = self.0.len().saturating_sub(HITS_MAX + 1);
        self.0.drain(..surplus);
        self.0.len() > HITS_MAX
    }
}

/// The firewall's own page.
pub(super) fn blocked() -> Reply {
    Reply::html(403, "<html><head><title>403 Forbidden</title></head><body><h1>Access Denied</h1></body></html>")
}

/// `GET /.well-known/openid-configuration`.
pub(super) fn discovery(state: &State) -> Reply {
    let issuer = &state.settings.issuer;
    Reply::json(
        200,
        &json!({
            "issuer": issuer, "jwks_uri": format!("{issuer}/.well-known/openid-configuration/jwks"),
            "authorization_endpoint": "https://login.xero.com/identity/connect/authorize",
            "token_endpoint": format!("{issuer}/connect/token"), "revocation_endpoint": format!("{issuer}/connect/revocation"),
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"], "subject_types_supported": ["public"],
        }),
    )
}

/// The live grant behind a bearer token, or why there is none.
pub(super) enum Bearer {
    Valid(Grant),
    Expired(Timestamp),
    Unknown,
}

pub(super) fn bearer(state: &State, authorization: Option<&str>, now: Timestamp) -> Bearer {
    let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match state.accesses.iter().rev().find(|access| access.token == token) {
        Some(access) if now < access.expires => Bearer::Valid(access.grant.clone()),
        Some(access) => Bearer::Expired(access.expires),
        None => Bearer::Unknown,
    }
}
