//! The Xero apps of this deployment. Several at once, since moving customers from one app to another takes months;
//! each connection knows its own.

use kernel::ClientId;
use ports::{Vault, VaultError};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use xero::oauth::AppCredentials;
use xero::scopes::{self, Scope};

/// The secret's name: a JSON list of apps.
pub const APPS_SECRET: &str = "XERO_APPS_SECRET";

/// One app as registered in Xero's developer portal.
#[derive(Clone, Debug, Deserialize)]
pub struct App {
    /// Our name for it, part of the webhook address.
    pub name: String,
    /// From the portal.
    pub client_id: ClientId,
    /// From the portal.
    client_secret: SecretText,
    /// Whether Xero certified it. An organisation may connect at most two uncertified apps.
    #[serde(default)]
    pub certified: bool,
    /// New connections are made with the first app that says so.
    #[serde(default)]
    pub connects_new: bool,
    /// Whether Xero has agreed that it reads bank statement lines. Its scope makes the consent of any other app fail.
    #[serde(default)]
    pub statement_lines: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct SecretText(#[serde(deserialize_with = "secret_text")] SecretString);

fn secret_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

impl App {
    /// What it asks for at a consent.
    pub fn scopes(&self) -> impl Iterator<Item = &'static Scope> {
        scopes::NEEDED.iter().chain(self.statement_lines.then_some(&scopes::STATEMENT_LINES))
    }

    /// What the token endpoint wants.
    pub fn credentials(&self) -> AppCredentials {
        AppCredentials { client_id: self.client_id.clone(), client_secret: self.client_secret.0.clone() }
    }
}

/// Why the list of apps cannot be used: the operator's matter.
#[derive(Debug, thiserror::Error)]
pub enum AppsError {
    /// The vault gave no text.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The text is no list of apps. The position is kept, the text is not.
    #[error(
        "the secret {APPS_SECRET} is not a JSON list of apps with name, client_id and client_secret (line {line}, column {column})"
    )]
    Malformed {
        /// Line of the first problem.
        line: usize,
        /// Column of the first problem.
        column: usize,
    },
    /// No app of that name or client id, or none for new connections.
    #[error("no Xero app {0} is configured; add it to the secret {APPS_SECRET}")]
    Unknown(String),
}

/// The list of apps.
#[derive(Clone, Debug)]
pub struct Apps(Vec<App>);

impl Apps {
    /// Reads the list from the vault.
    pub async fn load(vault: &dyn Vault) -> Result<Self, AppsError> {
        Self::parse(&vault.secret(APPS_SECRET, false).await?)
    }

    fn parse(text: &SecretString) -> Result<Self, AppsError> {
        let read: Result<Vec<App>, _> = serde_json::from_str(text.expose_secret());
        read.map(Self).map_err(|error| AppsError::Malformed { line: error.line(), column: error.column() })
    }

    /// The app a stored connection names.
    pub fn by_client(&self, client: &ClientId) -> Result<&App, AppsError> {
        let found = self.0.iter().find(|app| app.client_id == *client);
        found.ok_or_else(|| AppsError::Unknown(client.to_string()))
    }

    /// The app of that name, or the one for new connections.
    pub fn for_connect(&self, name: Option<&str>) -> Result<&App, AppsError> {
        let found = match name {
            Some(name) => self.0.iter().find(|app| app.name == name),
            None => self.0.iter().find(|app| app.connects_new).or(self.0.first()),
        };
        found.ok_or_else(|| AppsError::Unknown(name.unwrap_or("for new connections").to_owned()))
    }

    /// What a consent to the app for new connections asks for. What is needed, where none is configured yet.
    pub fn scopes_of_new(&self) -> Vec<&'static Scope> {
        self.for_connect(None).map_or_else(|_| scopes::NEEDED.iter().collect(), |app| app.scopes().collect())
    }

    /// Every app.
    pub fn iter(&self) -> impl Iterator<Item = &App> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_apps_are_known_by_name_and_by_client_id() {
        let text = r#"[{"name":"old","client_id":"A","client_secret":"s1","certified":true},
                       {"name":"new","client_id":"B","client_secret":"s2","connects_new":true}]"#;
        let apps = Apps::parse(&SecretString::from(text)).unwrap();
        assert_eq!(apps.for_connect(None).unwrap().name, "new");
        assert_eq!(apps.for_connect(Some("old")).unwrap().client_id.as_str(), "A");
        assert_eq!(apps.by_client(&"B".parse().unwrap()).unwrap().name, "new");
        assert!(matches!(apps.for_connect(Some("x")), Err(AppsError::Unknown(_))));
        assert!(!format!("{apps:?}").contains("s2"));
    }

    #[test]
    fn statement_lines_are_asked_for_by_an_app_that_says_so_and_a_deployment_without_apps_names_what_is_needed() {
        let of = |text: &str| Apps::parse(&SecretString::from(text)).unwrap().scopes_of_new();
        let agreed = r#"[{"name":"a","client_id":"A","client_secret":"s","statement_lines":true}]"#;
        assert_eq!(of(agreed).last().unwrap().name, scopes::STATEMENT_LINES.name);
        assert_eq!(of("[]").len(), scopes::NEEDED.len());
        assert_eq!(of(&agreed.replace("true", "false")).len(), scopes::NEEDED.len());
    }

    #[test]
    fn a_malformed_secret_says_where_and_never_what() {
        let error = Apps::parse(&SecretString::from("[{\"name\": hunter2}]")).unwrap_err().to_string();
        assert!(error.contains("column") && !error.contains("hunter2"));
    }
}
