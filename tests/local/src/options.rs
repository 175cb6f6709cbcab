//! The command line and the environment, read once; what is wrong is said in one line.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use lexopt::prelude::*;

/// What the person at the terminal wants.
pub struct Options {
    /// End after the tour.
    pub once: bool,
    /// The gateway's port.
    pub port: u16,
    /// Where to keep data between runs.
    pub keep: Option<PathBuf>,
    /// Where to write every exchange with Xero.
    pub record: Option<PathBuf>,
    /// Invoices in the demo organisation, where that was said.
    pub organisation_size: Option<usize>,
    /// JSON lines instead of text.
    pub json: bool,
    /// The real Xero, or one like it, in place of our own.
    pub outside: Option<Outside>,
}

/// A Xero that is not ours.
pub struct Outside {
    /// The app's client id.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: String,
    /// Its API.
    pub api: String,
    /// Its identity server.
    pub identity: String,
    /// Its login page.
    pub login: String,
    /// The app's webhook key, where webhooks can reach this machine.
    pub webhook_key: String,
}

const HELP: &str = "\
Counterfoil on one machine: every function as its own process, embedded AWS, a simulated Xero.

  cargo run -- [--once] [--port 8787] [--data DIR] [--record FILE] [--organisation-size N] [--json]

  --once                 end after the tour: exit 0, or 1 and the reason
  --port N               the API's port (default 8787; 0 for any)
  --data DIR             keep data between runs, the simulated Xero's too
  --record FILE          write every exchange with Xero as JSON lines
  --organisation-size N  invoices in the demo organisation, 0 to 100000 (default 200, or as kept)
  --json                 one JSON object a line instead of text

Environment: XERO_CLIENT_ID and XERO_CLIENT_SECRET use the real Xero; XERO_API_URL, XERO_IDENTITY_URL and
XERO_LOGIN_URL point at any server like it, without client id and secret as the demo app; XERO_WEBHOOK_KEY is the app's
webhook key.
";

const SIZE_MAX: usize = 100_000;

impl Options {
    /// Reads both; `None` when only help was wanted.
    pub fn read() -> anyhow::Result<Option<Self>> {
        let mut options = Self {
            once: false,
            port: 8787,
            keep: None,
            record: None,
            organisation_size: None,
            json: false,
            outside: outside()?,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("once") => options.once = true,
                Long("json") => options.json = true,
                Long("port") => options.port = parser.value()?.parse().context("--port takes a number up to 65535")?,
                Long("data") => options.keep = Some(parser.value()?.into()),
                Long("record") => options.record = Some(parser.value()?.into()),
                Long("organisation-size") => {
                    let size: usize = parser.value()?.parse().context("--organisation-size takes a number")?;
                    ensure!(size <= SIZE_MAX, "--organisation-size takes 0 to {SIZE_MAX}");
                    options.organisation_size = Some(size);
                }
                Short('h') | Long("help") => {
                    crate::screen::plain(HELP);
                    return Ok(None);
                }
                other => bail!("{}; see --help", other.unexpected()),
            }
        }
        Ok(Some(options))
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// The Xero named by the environment. Half a name is a mistake, not a default.
fn outside() -> anyhow::Result<Option<Outside>> {
    let names = ["XERO_CLIENT_ID", "XERO_CLIENT_SECRET", "XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL"];
    if names.iter().all(|name| variable(name).is_none()) {
        return Ok(None);
    }
    // A server like Xero that is ours to try may know the demo app; the real one never does.
    let demo = simulator::xero::AppSettings::default();
    let elsewhere = |name: &str| variable(name).is_some_and(|value| !value.contains("xero.com"));
    let tried = ["XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL"].iter().all(|name| elsewhere(name))
        && ["XERO_CLIENT_ID", "XERO_CLIENT_SECRET"].iter().all(|name| variable(name).is_none());
    let needed = |name: &str, demo: &str| {
        variable(name).or_else(|| tried.then(|| demo.to_owned())).with_context(|| {
            format!("{name} is missing; set it, or unset all XERO_ variables to use the simulated Xero")
        })
    };
    let address = |name: &str, default: &str| {
        let value = variable(name).unwrap_or_else(|| default.to_owned());
        ensure!(url::Url::parse(&value).is_ok_and(|url| url.has_host()), "{name} must be an address such as {default}");
        Ok(value.trim_end_matches('/').to_owned())
    };
    Ok(Some(Outside {
        client_id: needed("XERO_CLIENT_ID", &demo.client_id)?,
        client_secret: needed("XERO_CLIENT_SECRET", &demo.client_secret)?,
        api: address("XERO_API_URL", "https://api.xero.com")?,
        identity: address("XERO_IDENTITY_URL", "https://identity.xero.com")?,
        login: address("XERO_LOGIN_URL", "https://login.xero.com")?,
        webhook_key: variable("XERO_WEBHOOK_KEY").unwrap_or_else(|| "no-webhook-key-is-set".to_owned()),
    }))
}
