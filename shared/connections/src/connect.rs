//! Starting a connect: one row that knows who asked, where they return to and what Xero must send back.
//!
//! The state parameter is single-use and lives ten minutes. After consent the browser returns to the host
//! application with a ticket; only with that ticket, and signed in to the same workspace, can organisations be chosen.
//! So a link sent to somebody else connects nothing: the victim's browser holds the ticket, the attacker's session
//! does not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{ClientId, ConnectId, TenantId, Timestamp, WorkspaceId, XeroConnectionId, XeroUserId};
use ports::{Random, TableError, VaultError, random_16};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use state::{Stored, create, keys, load};
use url::Url;
use xero::oauth::{Consent, authorize_url};
use xero::scopes;

use crate::Access;
use crate::apps::{Apps, AppsError};

/// Configuration of the connect flow.
#[derive(Clone, Debug)]
pub struct ConnectSettings {
    /// Our callback address exactly as registered with the apps.
    pub redirect_uri: String,
    /// Where browsers may be sent back to: scheme, host, port and path must equal one of these.
    pub return_urls: Vec<Url>,
}

/// Longest return address; browsers and proxies cut longer ones.
const RETURN_URL_BYTES_MAX: usize = 2_048;

/// How long a started connect can be finished.
pub const CONNECT_MINUTES: u64 = 10;

/// A started or finished connect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connect {
    /// Who wants to connect.
    pub workspace: WorkspaceId,
    /// The acting person, as the host application names them.
    pub actor: String,
    /// With which app, by our name for it.
    pub app: String,
    /// With which app.
    pub client: ClientId,
    /// Where the browser goes afterwards.
    pub return_url: String,
    /// After this it can no longer be finished.
    pub expires_at: Timestamp,
    /// Hash of the secret half of the state.
    pub(crate) state_hash: String,
    /// Comes back inside the id token.
    pub(crate) nonce: String,
    /// The sealed PKCE verifier.
    pub(crate) sealed_verifier: String,
    /// How far it came.
    pub stage: Stage,
}

impl Connect {
    /// Until when organisations can be chosen: an hour after the consent could be given at the latest.
    pub fn choice_ends_at(&self) -> Timestamp {
        self.expires_at.saturating_add(std::time::Duration::from_secs(3600)).unwrap_or(Timestamp::MAX)
    }
}

/// How far a connect came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Waiting for the person at Xero.
    Pending,
    /// The callback came; the code is being exchanged. No second callback is taken.
    Exchanging,
    /// Consent is given; organisations are to be chosen.
    Choose {
        /// The consenting Xero user.
        user: XeroUserId,
        /// Hash of the ticket that the browser carries.
        ticket_hash: String,
        /// What was granted.
        granted: Vec<String>,
        /// The organisations of this consent.
        candidates: Vec<Candidate>,
    },
    /// Organisations were chosen.
    Completed {
        /// Which.
        tenants: Vec<TenantId>,
        /// Hash of the ticket with which they were chosen: repeating the choice needs it again.
        #[serde(default)]
        ticket_hash: String,
    },
    /// It ended without a connection.
    Failed {
        /// Stable, for programs.
        code: String,
        /// For people.
        message: String,
    },
}

/// An organisation that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The organisation.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Xero's id of the connection.
    pub xero_connection: XeroConnectionId,
}

/// Why a connect cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The return address is not on the list.
    #[error(
        "return_url must be one of the addresses the deployment allows (parameter ReturnUrls), at most 2048 characters long"
    )]
    ReturnUrl,
    /// No such app, or the apps' secret cannot be read.
    #[error(transparent)]
    Apps(#[from] AppsError),
    /// Table trouble.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Vault trouble.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewConnect {
    /// From the verified claims.
    pub workspace: WorkspaceId,
    /// From the verified claims.
    pub actor: String,
    /// Where the browser goes afterwards.
    pub return_url: String,
    /// By name, for those who move between apps.
    pub app: Option<String>,
}

/// A started connect.
#[derive(Clone, Debug)]
pub struct Started {
    /// Names it.
    pub id: ConnectId,
    /// Where the person's browser goes, as top-level navigation.
    pub authorize_url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Starts a connect.
pub async fn start(access: &Access, settings: &ConnectSettings, new: NewConnect) -> Result<Started, ConnectError> {
    let short = new.return_url.len() <= RETURN_URL_BYTES_MAX;
    let return_url =
        allowed(&settings.return_urls, &new.return_url).filter(|_| short).ok_or(ConnectError::ReturnUrl)?;
    let apps = Apps::load(&*access.ports.vault).await?;
    let app = apps.for_connect(new.app.as_deref())?;
    let id = ConnectId::from_random(random_16(&*access.ports.random));
    let (secret, nonce) = (random_text(&*access.ports.random), random_text(&*access.ports.random));
    let verifier = SecretString::from(random_text(&*access.ports.random));
    let now = access.ports.clock.now();
    let minutes = std::time::Duration::from_secs(CONNECT_MINUTES * 60);
    let expires_at = now.saturating_add(minutes).unwrap_or(now);
    let connect = Connect {
        workspace: new.workspace,
        actor: new.actor,
        app: app.name.clone(),
        client: app.client_id.clone(),
        return_url: return_url.to_string(),
        expires_at,
        state_hash: hash(&secret),
        nonce: nonce.clone(),
        sealed_verifier: access.ports.vault.seal(&owner(id), &verifier).await?,
        stage: Stage::Pending,
    };
    // Kept a day longer than it works, so that a late callback is told "expired" and not "unknown".
    let drop_at = expires_at.saturating_add(std::time::Duration::from_secs(24 * 3600)).ok();
    create(&*access.ports.table, keys::connect(id), &connect, drop_at).await?;
    let state = format!("{id}.{secret}");
    let consent = Consent {
        client_id: &app.client_id,
        redirect_uri: &settings.redirect_uri,
        scopes: &scopes::parameter(app.scopes()),
        state: &state,
        nonce: &nonce,
        code_verifier: &verifier,
    };
    Ok(Started { id, authorize_url: authorize_url(&access.addresses, &consent), expires_at })
}

/// Reads a connect of one workspace; another workspace's answers as an unknown one.
pub async fn load_connect(
    access: &Access,
    workspace: &WorkspaceId,
    id: ConnectId,
) -> Result<Option<Stored<Connect>>, TableError> {
    let found: Option<Stored<Connect>> = load(&*access.ports.table, &keys::connect(id)).await?;
    Ok(found.filter(|stored| stored.value.workspace == *workspace))
}

pub(crate) fn owner(id: ConnectId) -> String {
    format!("connect#{id}")
}

fn allowed(list: &[Url], wanted: &str) -> Option<Url> {
    let wanted = Url::parse(wanted).ok()?;
    let same = |url: &&Url| url.origin() == wanted.origin() && url.path() == wanted.path();
    let plain = wanted.username().is_empty() && wanted.password().is_none() && wanted.fragment().is_none();
    list.iter().find(same).filter(|_| plain).map(|_| wanted.clone())
}

/// 256 bits as 43 characters of base64url, fit for state, nonce, ticket and PKCE verifier.
pub(crate) fn random_text(random: &dyn Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 as base64url: what is compared never lies in the table.
pub(crate) fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, secret.as_bytes()))
}

/// Compares a secret with a stored hash; hashes are compared, so time tells nothing about the secret.
pub(crate) fn matches_hash(secret: &SecretString, stored: &str) -> bool {
    hash(secret.expose_secret()) == stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_listed_address_is_returned_to() {
        let list = [Url::parse("https://app.example/xero/return").unwrap()];
        assert!(allowed(&list, "https://app.example/xero/return?tab=2").is_some());
        for bad in [
            "https://app.example.evil.test/xero/return",
            "http://app.example/xero/return",
            "https://app.example/xero/return/../evil",
            "https://user@app.example/xero/return",
            "https://app.example:8443/xero/return",
            "javascript:alert(1)",
            "/xero/return",
        ] {
            assert!(allowed(&list, bad).is_none(), "{bad} was allowed");
        }
    }
}
