//! One Xero user's tokens for one app: sealed, refreshed by one holder of a lease, never lost.
//!
//! Tokens belong to a user and an app, not to a connection; copies per organisation are the classic way to lose them.
//! The old refresh token stays stored until the new one is: Xero takes it again for 30 minutes, so a crash or a
//! lost answer between the two costs one more refresh and nothing else.

use std::time::Duration;

use kernel::{Applied, ClientId, Timestamp, XeroUserId};
use ports::{TableError, VaultError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use state::{Lease, StoreError, Stored, edit, keys, load, replace};
use tracing::{info, warn};
use xero::oauth::{self, TokenReply};

use crate::Access;
use crate::apps::{App, Apps, AppsError};

/// The stored token set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenSet {
    sealed: String,
    /// When the access token runs out.
    pub expires_at: Timestamp,
    /// When the refresh token was last renewed; it dies 60 days later unless used.
    pub refreshed_at: Timestamp,
    /// What was granted.
    pub granted: Vec<String>,
    /// Since when Xero refuses the refresh token.
    pub dead_since: Option<Timestamp>,
    lease: Lease,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Tokens {
    access: String,
    refresh: String,
}

/// Why there is no usable access token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Nobody's consent stands any more; a person must connect again.
    #[error("the authorisation has ended")]
    Ended,
    /// Another worker refreshes just now.
    #[error("the tokens are being refreshed by another worker")]
    Busy {
        /// When to look again.
        until: Timestamp,
    },
    /// The token endpoint did not answer as it should; the same refresh token is tried again later.
    #[error("the tokens could not be refreshed")]
    Unavailable(#[source] oauth::TokenError),
    /// Client id and secret are wrong: the operator's matter.
    #[error("Xero does not accept the app's credentials")]
    AppRefused(#[source] oauth::TokenError),
    /// The apps' secret cannot be read.
    #[error(transparent)]
    Apps(#[from] AppsError),
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Vault trouble.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<TableError> for TokenError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

/// A token that has less life than this is renewed before use; siblings go on with the old one meanwhile.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// A token that has less life than this is not used for a call.
const USABLE_BEFORE: Duration = Duration::from_secs(45);
/// Longer than a refresh may take.
const LEASE_SPAN: Duration = Duration::from_secs(30);

fn owner(app: &ClientId, user: XeroUserId) -> String {
    format!("token-set#{app}#{user}")
}

/// Stores the tokens of a new consent in place of any older ones.
pub(crate) async fn store_consent(
    access: &Access,
    app: &App,
    user: XeroUserId,
    reply: &TokenReply,
) -> Result<(), TokenError> {
    let now = access.ports.clock.now();
    let sealed = seal(access, &app.client_id, user, reply).await?;
    let key = keys::token_set(&app.client_id, user);
    edit(&*access.ports.table, &key, None, |found: Option<&TokenSet>| {
        let lease = found.map(|set| set.lease.clone()).unwrap_or_default();
        Some(token_set(sealed.clone(), reply, now, lease))
    })
    .await?;
    Ok(())
}

fn token_set(sealed: String, reply: &TokenReply, now: Timestamp, mut lease: Lease) -> TokenSet {
    lease.release();
    TokenSet {
        sealed,
        expires_at: now.saturating_add(reply.expires_in).unwrap_or(now),
        refreshed_at: now,
        granted: reply.scopes.clone(),
        dead_since: None,
        lease,
    }
}

async fn seal(access: &Access, app: &ClientId, user: XeroUserId, reply: &TokenReply) -> Result<String, TokenError> {
    let tokens = Tokens {
        access: reply.access_token.expose_secret().to_owned(),
        refresh: reply.refresh_token.expose_secret().to_owned(),
    };
    let plain = SecretString::from(serde_json::to_string(&tokens).expect("two texts serialise"));
    Ok(access.ports.vault.seal(&owner(app, user), &plain).await?)
}

async fn open(access: &Access, app: &ClientId, user: XeroUserId, set: &TokenSet) -> Result<Tokens, TokenError> {
    let plain = access.ports.vault.open(&owner(app, user), &set.sealed).await?;
    serde_json::from_str(plain.expose_secret()).map_err(|_| VaultError::Unopenable.into())
}

/// An access token with some life left, refreshed when needed. `rejected` says that Xero refused the stored one.
pub(crate) async fn access_token(
    access: &Access,
    client: &ClientId,
    user: XeroUserId,
    rejected: bool,
) -> Result<SecretString, TokenError> {
    let now = access.ports.clock.now();
    let key = keys::token_set(client, user);
    let Some(stored) = load::<TokenSet>(&*access.ports.table, &key).await? else { return Err(TokenError::Ended) };
    if stored.value.dead_since.is_some() {
        return Err(TokenError::Ended);
    }
    let life = |span: Duration| now.saturating_add(span).is_ok_and(|until| until < stored.value.expires_at);
    if life(RENEW_BEFORE) && !rejected {
        return Ok(open(access, client, user, &stored.value).await?.access.into());
    }
    match refresh(access, client, user, stored.clone()).await {
        // A sibling refreshes; the old token still has some minutes.
        Err(TokenError::Busy { .. } | TokenError::Unavailable(_)) if life(USABLE_BEFORE) && !rejected => {
            Ok(open(access, client, user, &stored.value).await?.access.into())
        }
        outcome => outcome,
    }
}

/// Refreshes under the lease; the new pair and the end of the lease are one write.
async fn refresh(
    access: &Access,
    client: &ClientId,
    user: XeroUserId,
    mut stored: Stored<TokenSet>,
) -> Result<SecretString, TokenError> {
    let (table, key) = (&*access.ports.table, keys::token_set(client, user));
    let now = access.ports.clock.now();
    let retry_at = now.saturating_add(Duration::from_secs(5)).unwrap_or(now);
    stored.value.lease.take(now, LEASE_SPAN).map_err(|held| TokenError::Busy { until: held.until })?;
    let taken = replace(table, key.clone(), stored.version, &stored.value, None).await?;
    let Some(version) = taken else { return Err(TokenError::Busy { until: retry_at }) };
    let app = Apps::load(&*access.ports.vault).await?;
    let app = app.by_client(client)?;
    let old = open(access, client, user, &stored.value).await?;
    let request = oauth::refresh(&access.addresses, &app.credentials(), &old.refresh.into());
    let answer = access.ports.transport.send(request).await.map_err(|error| oauth::TokenError::Xero(error.into()));
    match answer.and_then(|response| oauth::read_tokens(&response)) {
        Ok(reply) => {
            let sealed = seal(access, client, user, &reply).await?;
            let renewed = token_set(sealed, &reply, access.ports.clock.now(), stored.value.lease);
            store_renewed(access, client, user, version, renewed).await?;
            info!(xero.user = %user, "Refreshed the tokens of a Xero user");
            Ok(reply.access_token)
        }
        Err(error) => Err(give_back(access, client, user, Stored { value: stored.value, version }, error).await?),
    }
}

/// Xero has rotated already: the new pair must be stored, so a table hiccup is worth some tries.
const STORE_ATTEMPTS_MAX: u32 = 3;

async fn store_renewed(
    access: &Access,
    client: &ClientId,
    user: XeroUserId,
    version: u64,
    renewed: TokenSet,
) -> Result<(), TokenError> {
    let key = keys::token_set(client, user);
    let mut last = None;
    for _ in 0..STORE_ATTEMPTS_MAX {
        match replace(&*access.ports.table, key.clone(), version, &renewed, None).await {
            // Refused by version: a new consent or an earlier try of this very write stands there. Both are usable.
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    last.map_or(Ok(()), |error| Err(error.into()))
}

/// After a failed refresh: gives the lease back, and decides whether the authorisation has ended.
async fn give_back(
    access: &Access,
    client: &ClientId,
    user: XeroUserId,
    mut held: Stored<TokenSet>,
    error: oauth::TokenError,
) -> Result<TokenError, TokenError> {
    let ended = matches!(error, oauth::TokenError::InvalidGrant);
    held.value.lease.release();
    if ended {
        held.value.dead_since = Some(access.ports.clock.now());
    }
    let key = keys::token_set(client, user);
    let stored = replace(&*access.ports.table, key, held.version, &held.value, None).await?;
    match error {
        // Somebody stored a newer pair in between: ours was merely old.
        oauth::TokenError::InvalidGrant if stored.is_none() => Ok(TokenError::Busy { until: access.ports.clock.now() }),
        oauth::TokenError::InvalidGrant => {
            warn!(xero.user = %user, "Xero ended the authorisation of a user; they must connect again");
            Ok(TokenError::Ended)
        }
        error @ oauth::TokenError::InvalidClient(_) => Ok(TokenError::AppRefused(error)),
        error @ oauth::TokenError::Xero(_) => Ok(TokenError::Unavailable(error)),
    }
}

/// Days without use after which tokens are refreshed only to keep them alive; they die after 60.
pub const KEEP_ALIVE_DAYS: i64 = 20;

/// Refreshes a token set that was long unused.
pub async fn keep_alive(access: &Access, client: &ClientId, user: XeroUserId) -> Result<Applied, TokenError> {
    let key = keys::token_set(client, user);
    let Some(stored) = load::<TokenSet>(&*access.ports.table, &key).await? else { return Ok(Applied::Before) };
    let idle = access.ports.clock.now().duration_since(stored.value.refreshed_at);
    if stored.value.dead_since.is_some() || idle.as_hours() < KEEP_ALIVE_DAYS * 24 {
        return Ok(Applied::Before);
    }
    refresh(access, client, user, stored).await.map(|_| Applied::Now)
}

/// When a user's tokens were last renewed and when they were found dead; `None` when there are none.
pub async fn token_age(
    access: &Access,
    client: &ClientId,
    user: XeroUserId,
) -> Result<Option<(Timestamp, Option<Timestamp>)>, TableError> {
    let found = load::<TokenSet>(&*access.ports.table, &keys::token_set(client, user)).await?;
    Ok(found.map(|stored| (stored.value.refreshed_at, stored.value.dead_since)))
}
