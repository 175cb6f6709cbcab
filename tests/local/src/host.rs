//! The host application's part: the page to which a browser returns after consent.
//!
//! Takes the outcome and the ticket from its own address, as a host application's front end would.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;

use crate::embedded::http::{Server, bind, serve, text};

/// The page.
pub struct HostPage {
    server: Server,
    returned: watch::Receiver<BTreeMap<String, String>>,
}

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Counterfoil</title><p>You are back from Xero. Go on in the terminal.</p>";

impl HostPage {
    /// Starts the page on any port.
    pub async fn start() -> anyhow::Result<Self> {
        let (sender, returned) = watch::channel(BTreeMap::new());
        let sender = Arc::new(sender);
        let server = serve(bind(0).await?, 64 * 1024, move |request| {
            let query = request.uri().query().unwrap_or_default();
            let pairs: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            if request.uri().path() == "/return" && pairs.contains_key("outcome") {
                drop(sender.send(pairs));
            }
            async { text(200, "text/html; charset=utf-8", PAGE) }
        })?;
        Ok(Self { server, returned })
    }

    /// Its address, for `return_url`.
    pub fn return_url(&self) -> String {
        format!("http://localhost:{}/return", self.server.address.port())
    }

    /// Waits for a browser; answers the query it came with.
    pub async fn wait(&mut self, at_most: Duration) -> anyhow::Result<BTreeMap<String, String>> {
        let waited = tokio::time::timeout(at_most, self.returned.changed()).await;
        waited.context("nobody came back from Xero; start again")??;
        Ok(self.returned.borrow().clone())
    }
}
