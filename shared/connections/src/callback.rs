//! Finishing a connect: Xero sends the browser back with a code, and always gets a redirect.
//!
//! The order makes each step safe to lose: the state is used up first, the code is exchanged once, tokens are sealed
//! and stored before organisations are listed, and only then does the connect say what may be chosen.

use kernel::{ConnectId, Timestamp};
use ports::HttpResponse;
use secrecy::{ExposeSecret, SecretString};
use state::{Stored, keys, load, replace};
use tracing::warn;
use url::Url;
use xero::access_token::{AccessClaims, IdClaims, KeySet, check_expiry, verify};
use xero::oauth::{self, TokenReply};
use xero::{XeroError, sort_answer};

use crate::Access;
use crate::apps::{App, Apps};
use crate::connect::{Candidate, Connect, ConnectSettings, Stage, hash, matches_hash, owner, random_text};
use crate::tokens::store_consent;

/// What Xero put into the callback's query.
#[derive(Clone, Debug, Default)]
pub struct CallbackQuery {
    /// As sent with the consent request.
    pub state: Option<String>,
    /// Single use, five minutes.
    pub code: Option<SecretString>,
    /// Instead of a code, when the person declined or Xero refused.
    pub error: Option<String>,
}

/// Where the browser goes next. Always a redirect: no page here ever shows a code or a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The address for the `Location` header.
    pub location: String,
    /// Stable, for logs and tests: `choose` or the failure's code.
    pub code: String,
}

/// A failure with its stable code and words for people.
#[derive(Clone, Copy)]
struct Failure {
    code: &'static str,
    message: &'static str,
}

const UNKNOWN_STATE: Failure = failure("unknown_state", "This link is not one of ours. Start connecting again.");
const STATE_USED: Failure = failure("state_used", "This link was used already. Start connecting again.");
const STATE_EXPIRED: Failure = failure("state_expired", "Connecting took longer than ten minutes. Start again.");
const DENIED: Failure = failure("consent_denied", "Access was not allowed in Xero. Nothing was connected.");
/// Xero says the same of a person who declines and of an organisation that takes no more uncertified apps.
const DENIED_UNCERTIFIED: Failure = failure(
    "consent_denied",
    "Access was not allowed in Xero. Nothing was connected. If you did allow it, the organisation may already use two uncertified apps: disconnect one of them in Xero and start again.",
);
const REFUSED: Failure = failure(
    "xero_refused",
    "Xero refused the request. If the organisation already uses two uncertified apps, disconnect one of them in Xero and start again.",
);
const NO_CODE: Failure = failure("missing_code", "Xero sent no code. Start connecting again.");
const CODE_REFUSED: Failure =
    failure("code_refused", "Xero did not accept the code: it was used or is older than five minutes. Start again.");
const APP_REFUSED: Failure = failure("app_refused", "Xero does not accept this app's credentials. Tell the operator.");
const NO_ANSWER: Failure =
    failure("xero_unavailable", "Xero did not answer in time. Nothing was connected; start again.");
const BAD_TOKEN: Failure =
    failure("token_not_trusted", "Xero's answer could not be verified. Nothing was connected; start again.");
const NO_ORGANISATION: Failure =
    failure("no_organisation", "No organisation with books was chosen in Xero. Start again.");
const OURS: Failure =
    failure("temporarily_unavailable", "Something on our side failed. Nothing was connected; start again.");

const fn failure(code: &'static str, message: &'static str) -> Failure {
    Failure { code, message }
}

/// Finishes a connect. Never fails: whatever happens, the browser goes back with an outcome.
pub async fn finish(access: &Access, settings: &ConnectSettings, query: CallbackQuery) -> Outcome {
    let (target, claimed) = match claim(access, &query).await {
        Ok(claimed) => claimed,
        Err((failure, target)) => return redirect(settings, target.as_ref(), Err(failure)),
    };
    let consented = consent(access, settings, &query, target.id, &claimed.value).await;
    let concluded = conclude(access, target.id, claimed, consented).await;
    redirect(settings, Some(&target), concluded)
}

/// Whose browser it is, once the state has proved it.
struct Target {
    id: ConnectId,
    return_url: String,
}

/// Checks the state and uses it up: from here on a second callback is refused.
async fn claim(access: &Access, query: &CallbackQuery) -> Result<(Target, Stored<Connect>), (Failure, Option<Target>)> {
    let unknown = || (UNKNOWN_STATE, None);
    let (id, secret) = query.state.as_deref().and_then(|state| state.split_once('.')).ok_or_else(unknown)?;
    let id: ConnectId = id.parse().map_err(|_| unknown())?;
    let found = load::<Connect>(&*access.ports.table, &keys::connect(id)).await.map_err(|_| (OURS, None))?;
    let secret = SecretString::from(secret);
    let mut stored = found.filter(|found| matches_hash(&secret, &found.value.state_hash)).ok_or_else(unknown)?;
    let target = Target { id, return_url: stored.value.return_url.clone() };
    if stored.value.stage != Stage::Pending {
        return Err((STATE_USED, Some(target)));
    }
    if access.ports.clock.now() >= stored.value.expires_at {
        return Err((STATE_EXPIRED, Some(target)));
    }
    stored.value.stage = Stage::Exchanging;
    let drop_at = Some(drop_at(&stored.value));
    match replace(&*access.ports.table, keys::connect(id), stored.version, &stored.value, drop_at).await {
        Ok(Some(version)) => Ok((target, Stored { value: stored.value, version })),
        Ok(None) => Err((STATE_USED, Some(target))),
        Err(_) => Err((OURS, Some(target))),
    }
}

/// Changes the code into stored tokens and lists what may be chosen. Answers the next stage and the ticket.
async fn consent(
    access: &Access,
    settings: &ConnectSettings,
    query: &CallbackQuery,
    id: ConnectId,
    connect: &Connect,
) -> Result<(Stage, String), Failure> {
    let apps = Apps::load(&*access.ports.vault).await.map_err(|_| OURS)?;
    let app = apps.by_client(&connect.client).map_err(|_| OURS)?;
    match query.error.as_deref() {
        None => (),
        Some("access_denied") if !app.certified => return Err(DENIED_UNCERTIFIED),
        Some("access_denied") => return Err(DENIED),
        Some(_) => return Err(REFUSED),
    }
    let code = query.code.as_ref().ok_or(NO_CODE)?;
    let reply = exchange(access, settings, app, code, id, connect).await?;
    let claims = trusted_claims(access, app, &reply, &connect.nonce).await?;
    store_consent(access, app, claims.xero_userid, &reply).await.map_err(|_| OURS)?;
    let candidates = candidates(access, &reply, claims.authentication_event_id.as_deref()).await?;
    if candidates.is_empty() {
        return Err(NO_ORGANISATION);
    }
    let ticket = random_text(&*access.ports.random);
    let granted = if reply.scopes.is_empty() { claims.scope } else { reply.scopes };
    Ok((Stage::Choose { user: claims.xero_userid, ticket_hash: hash(&ticket), granted, candidates }, ticket))
}

async fn exchange(
    access: &Access,
    settings: &ConnectSettings,
    app: &App,
    code: &SecretString,
    id: ConnectId,
    connect: &Connect,
) -> Result<TokenReply, Failure> {
    let verifier = access.ports.vault.open(&owner(id), &connect.sealed_verifier).await.map_err(|_| OURS)?;
    let credentials = app.credentials();
    let uri = &settings.redirect_uri;
    let request = oauth::exchange_code(&access.addresses, &credentials, code.expose_secret(), uri, &verifier);
    let response = access.ports.transport.send(request).await.map_err(|_| NO_ANSWER)?;
    oauth::read_tokens(&response).map_err(|error| {
        warn!(connect.id = %id, error = %error, "The token endpoint gave no tokens for a code");
        match error {
            oauth::TokenError::InvalidGrant => CODE_REFUSED,
            oauth::TokenError::InvalidClient(_) => APP_REFUSED,
            oauth::TokenError::Xero(XeroError::Unavailable { .. } | XeroError::Transport(_)) => NO_ANSWER,
            oauth::TokenError::Xero(_) => BAD_TOKEN,
        }
    })
}

/// Checks both tokens against Xero's published keys, and the nonce against the connect.
async fn trusted_claims(access: &Access, app: &App, reply: &TokenReply, nonce: &str) -> Result<AccessClaims, Failure> {
    let request = oauth::key_set(&access.addresses);
    let response = access.ports.transport.send(request).await.map_err(|_| NO_ANSWER)?;
    let keys = read_keys(response).ok_or(NO_ANSWER)?;
    let id_token = reply.id_token.as_ref().ok_or(BAD_TOKEN)?;
    let now = access.ports.clock.now();
    let checked = verify::<IdClaims>(id_token.expose_secret(), &keys).and_then(|id| {
        check_expiry(id.exp, now)?;
        let claims: AccessClaims = verify(reply.access_token.expose_secret(), &keys)?;
        check_expiry(claims.exp, now)?;
        id.check(&app.client_id, nonce, &claims)?;
        Ok(claims)
    });
    checked.map_err(|error| {
        warn!(error = %error, "A token from the token endpoint is not trusted");
        BAD_TOKEN
    })
}

fn read_keys(response: HttpResponse) -> Option<KeySet> {
    serde_json::from_slice(&sort_answer(response).ok()?.body).ok()
}

/// The organisations of this very consent; all of the user's where Xero ties none to it. Practices have no books.
async fn candidates(access: &Access, reply: &TokenReply, event: Option<&str>) -> Result<Vec<Candidate>, Failure> {
    let mut listed = list(access, reply, event).await?;
    if listed.is_empty() && event.is_some() {
        listed = list(access, reply, None).await?;
    }
    Ok(listed)
}

async fn list(access: &Access, reply: &TokenReply, event: Option<&str>) -> Result<Vec<Candidate>, Failure> {
    let request = xero::connections::list(&access.addresses, &reply.access_token, event);
    let response = access.ports.transport.send(request).await.map_err(|_| NO_ANSWER)?;
    let listed = sort_answer(response).and_then(|response| xero::connections::read_list(&response));
    let listed = listed.map_err(|_| NO_ANSWER)?;
    let with_books = listed.into_iter().filter(xero::connections::XeroConnection::has_books);
    Ok(with_books
        .map(|found| Candidate {
            tenant: found.tenant_id,
            name: found.tenant_name.unwrap_or_else(|| "Organisation without a name".to_owned()),
            xero_connection: found.id,
        })
        .collect())
}

/// Stores the stage that was reached; the ticket is only worth something once that is durable.
async fn conclude(
    access: &Access,
    id: ConnectId,
    claimed: Stored<Connect>,
    consented: Result<(Stage, String), Failure>,
) -> Result<String, Failure> {
    let (stage, result) = match consented {
        Ok((stage, ticket)) => (stage, Ok(ticket)),
        Err(failure) => {
            let (code, message) = (failure.code.to_owned(), failure.message.to_owned());
            (Stage::Failed { code, message }, Err(failure))
        }
    };
    let connect = Connect { stage, ..claimed.value };
    let drop_at = Some(drop_at(&connect));
    let written = replace(&*access.ports.table, keys::connect(id), claimed.version, &connect, drop_at).await;
    match written {
        Ok(Some(_)) => result,
        _ => Err(result.err().unwrap_or(OURS)),
    }
}

fn drop_at(connect: &Connect) -> Timestamp {
    connect.expires_at.saturating_add(std::time::Duration::from_secs(24 * 3600)).unwrap_or(Timestamp::MAX)
}

/// Back to the host application; to its first address when the state did not say whose browser this is.
fn redirect(settings: &ConnectSettings, target: Option<&Target>, result: Result<String, Failure>) -> Outcome {
    let code = result.as_ref().map_or_else(|failure| failure.code, |_| "choose").to_owned();
    let known = target.and_then(|target| Url::parse(&target.return_url).ok());
    let Some(mut url) = known.or_else(|| settings.return_urls.first().cloned()) else {
        return Outcome { location: "about:blank".to_owned(), code };
    };
    {
        let mut query = url.query_pairs_mut();
        if let Some(target) = target {
            query.append_pair("connect", &target.id.to_string());
        }
        match &result {
            Ok(ticket) => query.append_pair("outcome", "choose").append_pair("ticket", ticket),
            Err(failure) => query
                .append_pair("outcome", "failed")
                .append_pair("reason", failure.code)
                .append_pair("message", failure.message),
        };
    }
    Outcome { location: url.into(), code }
}
