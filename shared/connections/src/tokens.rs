//! One Xero user's tokens for one app: sealed, refreshed by one holder of a lease, never lost.
//!
//! Tokens belong to a user and an app, not to a connection; copies per organisation are the classic way to lose them.
//! The old refresh token stays stored until the new one is: Xero takes it again for 30 minutes, so a crash or a
//! lost answer between the two costs one more refresh and nothing else. That a refresh was begun is stored before the
//! call; as long as its answer is not, whoever needs the tokens refreshes first, and a parked envelope sees to it that
//! somebody does before the half hour is over.

use std::time::Duration;

use envelopes::{Envelope, Work};
use kernel::{Applied, ClientId, Timestamp, XeroUserId};
use ports::{TableError, TransportError, VaultError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use state::{Lease, StoreError, Stored, edit, keys, load, park, replace};
use tracing::{info, warn};
use xero::XeroError;
use xero::oauth::{self, TokenReply};

use crate::Access;
use crate::apps::{App, Apps, AppsError};
use crate::connection::Connection;
use crate::parked;

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
    /// Since when a refresh may have happened at Xero whose answer is not stored. It counts for 30 minutes.
    #[serde(default)]
    pub unsure_since: Option<Timestamp>,
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
        unsure_since: None,
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
    if life(RENEW_BEFORE) && !rejected && stored.value.unsure_since.is_none() {
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
    let app = Apps::load(&*access.ports.vault).await?;
    let app = app.by_client(client)?;
    let old = open(access, client, user, &stored.value).await?;
    let now = access.ports.clock.now();
    let retry_at = now.saturating_add(Duration::from_secs(5)).unwrap_or(now);
    stored.value.lease.take(now, LEASE_SPAN).map_err(|held| TokenError::Busy { until: held.until })?;
    let unsure_before = stored.value.unsure_since;
    stored.value.unsure_since = unsure_before.or(Some(now));
    let taken = replace(table, key.clone(), stored.version, &stored.value, None).await?;
    let Some(version) = taken else { return Err(TokenError::Busy { until: retry_at }) };
    let held = Held { client, user, stored: Stored { value: stored.value, version }, unsure_before };
    let request = oauth::refresh(&access.addresses, &app.credentials(), &old.refresh.into());
    let answer = access.ports.transport.send(request).await.map_err(|error| oauth::TokenError::Xero(error.into()));
    match answer.and_then(|response| oauth::read_tokens(&response)) {
        Ok(reply) => {
            let sealed = seal(access, client, user, &reply).await?;
            let lease = held.stored.value.lease.clone();
            store_renewed(access, &held, token_set(sealed, &reply, access.ports.clock.now(), lease)).await?;
            info!(xero.user = %user, "Refreshed the tokens of a Xero user");
            Ok(reply.access_token)
        }
        Err(error) => Err(give_back(access, held, error).await?),
    }
}

/// A token set whose lease is ours.
struct Held<'a> {
    client: &'a ClientId,
    user: XeroUserId,
    stored: Stored<TokenSet>,
    /// What was known of a lost answer before this refresh.
    unsure_before: Option<Timestamp>,
}

/// Xero has rotated already: the new pair must be stored, so a table hiccup is worth some tries.
const STORE_ATTEMPTS_MAX: u32 = 3;

async fn store_renewed(access: &Access, held: &Held<'_>, mut renewed: TokenSet) -> Result<(), TokenError> {
    let (table, key) = (&*access.ports.table, keys::token_set(held.client, held.user));
    let (mut version, mut last) = (held.stored.version, None);
    for _ in 0..STORE_ATTEMPTS_MAX {
        let outcome = match replace(table, key.clone(), version, &renewed, None).await {
            Ok(None) => load::<TokenSet>(table, &key).await,
            Ok(Some(_)) => return Ok(()),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(Some(found)) if overtakes(&found.value, &held.stored.value) => return Ok(()),
            // A sibling has merely taken the lease: it still holds the token we have just used up, so ours goes in.
            Ok(Some(found)) => (version, renewed.lease) = (found.version, found.value.lease),
            Ok(None) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    last.map_or(Ok(()), |error| Err(error.into()))
}

/// Whether what is stored now came later than our refresh: a new consent, or the pair of a sibling who took the lease
/// after us and so used the token after us. A pair stored by one who held it before us did not.
fn overtakes(found: &TokenSet, ours: &TokenSet) -> bool {
    let consented = found.lease.holder == ours.lease.holder && found.lease.until.is_none();
    found.sealed != ours.sealed && (consented || found.lease.holder > ours.lease.holder)
}

/// After a failed refresh: gives the lease back, and decides whether the authorisation has ended.
async fn give_back(access: &Access, held: Held<'_>, error: oauth::TokenError) -> Result<TokenError, TokenError> {
    let Held { client, user, stored: Stored { value: mut set, version }, unsure_before } = held;
    let now = access.ports.clock.now();
    set.lease.release();
    let unsure = may_have_rotated(&error);
    if !unsure {
        set.unsure_since = unsure_before;
    }
    if matches!(error, oauth::TokenError::InvalidGrant) {
        set.dead_since = Some(now);
    }
    let key = keys::token_set(client, user);
    let stored = replace(&*access.ports.table, key, version, &set, None).await?;
    // Whoever was unsure before has an envelope of their own waiting.
    if unsure && unsure_before.is_none() {
        try_again(access, client, user).await?;
    }
    match error {
        // Somebody stored a newer pair in between: ours was merely old.
        oauth::TokenError::InvalidGrant if stored.is_none() => Ok(TokenError::Busy { until: now }),
        oauth::TokenError::InvalidGrant => {
            warn!(xero.user = %user, "Xero ended the authorisation of a user; they must connect again");
            Ok(TokenError::Ended)
        }
        error @ oauth::TokenError::InvalidClient(_) => Ok(TokenError::AppRefused(error)),
        error @ oauth::TokenError::Xero(_) => Ok(TokenError::Unavailable(error)),
    }
}

/// Whether Xero may have changed the refresh token although no pair came back.
fn may_have_rotated(error: &oauth::TokenError) -> bool {
    match error {
        oauth::TokenError::InvalidGrant | oauth::TokenError::InvalidClient(_) => false,
        oauth::TokenError::Xero(XeroError::Transport(TransportError::NotSent(_))) => false,
        oauth::TokenError::Xero(_) => true,
    }
}

/// Far within Xero's 30 minutes of grace.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Sees to it that the refresh is repeated, whoever else needs the tokens or not.
pub async fn try_again(access: &Access, client: &ClientId, user: XeroUserId) -> Result<(), TableError> {
    let now = access.ports.clock.now();
    let day = now.strftime("%Y%m%d").to_string();
    let envelope = Envelope::new(Work::KeepAlive { client: client.clone(), user, day });
    let until = now.saturating_add(TRY_AGAIN_AFTER).unwrap_or(now);
    let work = parked(&envelope, until, "the answer of a token refresh was lost");
    park(&*access.ports.table, &work).await
}

/// Days without use after which tokens are refreshed only to keep them alive; they die after 60.
const KEEP_ALIVE_DAYS: i64 = 20;

impl TokenSet {
    /// Whether a refresh is due only for the tokens' own sake.
    fn wants_refresh(&self, now: Timestamp) -> bool {
        let idle = now.duration_since(self.refreshed_at).as_hours() >= KEEP_ALIVE_DAYS * 24;
        self.dead_since.is_none() && (idle || self.unsure_since.is_some())
    }
}

/// Refreshes a token set that was long unused, or whose last refresh brought no answer.
pub async fn keep_alive(access: &Access, client: &ClientId, user: XeroUserId) -> Result<Applied, TokenError> {
    let key = keys::token_set(client, user);
    let Some(stored) = load::<TokenSet>(&*access.ports.table, &key).await? else { return Ok(Applied::Before) };
    if !stored.value.wants_refresh(access.ports.clock.now()) {
        return Ok(Applied::Before);
    }
    refresh(access, client, user, stored).await.map(|_| Applied::Now)
}

/// What a connection's token sets need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokensToKeep {
    /// Users whose tokens must be refreshed to stay alive.
    pub idle: Vec<XeroUserId>,
    /// Whether the authorisation that acts for schedules was found to have ended.
    pub acting_ended: bool,
}

/// Looks at the tokens of everybody who consented to a connection.
pub async fn tokens_to_keep(access: &Access, connection: &Connection) -> Result<TokensToKeep, TableError> {
    let now = access.ports.clock.now();
    let mut found = TokensToKeep::default();
    for user in connection.users() {
        let key = keys::token_set(&connection.client, user);
        let Some(stored) = load::<TokenSet>(&*access.ports.table, &key).await? else { continue };
        if stored.value.wants_refresh(now) {
            found.idle.push(user);
        }
        found.acting_ended |= stored.value.dead_since.is_some() && connection.acting_user() == Some(user);
    }
    Ok(found)
}

/// Takes a user's authorisation back at Xero and forgets their tokens. For when no connection of theirs is left: it
/// would end every one.
pub(crate) async fn revoke(access: &Access, client: &ClientId, user: XeroUserId) -> Result<(), TokenError> {
    let key = keys::token_set(client, user);
    let Some(mut stored) = load::<TokenSet>(&*access.ports.table, &key).await? else { return Ok(()) };
    if stored.value.dead_since.is_some() {
        return Ok(());
    }
    let apps = Apps::load(&*access.ports.vault).await?;
    let tokens = open(access, client, user, &stored.value).await?;
    let credentials = apps.by_client(client)?.credentials();
    let request = oauth::revoke(&access.addresses, &credentials, &tokens.refresh.into());
    let answer = access.ports.transport.send(request).await.map_err(|error| oauth::TokenError::Xero(error.into()));
    match answer.map(|response| response.status) {
        Ok(200) => (),
        Ok(status) => {
            let error = XeroError::Unavailable { status, retry_after: None };
            return Err(TokenError::Unavailable(error.into()));
        }
        Err(error) => return Err(TokenError::Unavailable(error)),
    }
    stored.value.sealed.clear();
    stored.value.dead_since = Some(access.ports.clock.now());
    // Refused by version: a new consent came in between, and its tokens stand.
    replace(&*access.ports.table, key, stored.version, &stored.value, None).await?;
    Ok(())
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
