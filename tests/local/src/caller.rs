//! A front end's calls to the API: a token, JSON, and answers with their status.

use anyhow::{Context, bail};
use reqwest::{Client, Method};
use serde_json::Value;

/// Calls one API as one person.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    base: String,
    token: String,
}

impl Caller {
    /// A caller with a token.
    pub fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        Ok(Self { client: plain_client()?, base: base.to_owned(), token: token.to_owned() })
    }

    /// Sends a request and reads its JSON; `Null` when there is none.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<(u16, Value)> {
        match body {
            Some(body) => self.send(method, path, &[("content-type", "application/json")], body.to_string()).await,
            None => self.send(method, path, &[], "").await,
        }
    }

    /// The same with a body of any kind.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> anyhow::Result<(u16, Value)> {
        let method = Method::from_bytes(method.as_bytes())?;
        let mut request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if headers.is_empty() { request } else { request.body(body) };
        let response = request.send().await.with_context(|| format!("{path} did not answer"))?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// A request that must succeed.
    pub async fn expect(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let (status, answer) = self.call(method, path, body).await?;
        if status >= 300 {
            bail!("{method} {path} answered {status}: {}", answer["detail"].as_str().unwrap_or(&answer.to_string()));
        }
        Ok(answer)
    }
}

/// A client that follows nothing and keeps nothing.
pub fn plain_client() -> anyhow::Result<Client> {
    // Loopback needs no TLS; an address of the real Xero does.
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?)
}

/// Follows redirects as a browser would, up to a page; answers how many there were and the last address.
pub async fn browse(start: &str) -> anyhow::Result<(u32, String)> {
    let client = plain_client()?;
    let mut address = start.to_owned();
    for hops in 0..10 {
        let response = client.get(&address).send().await.map_err(reqwest::Error::without_url);
        let response = response.with_context(|| format!("{} did not answer", host_of(&address)))?;
        let Some(next) = response.headers().get("location").and_then(|value| value.to_str().ok()) else {
            return Ok((hops, address));
        };
        address = url::Url::parse(&address)?.join(next)?.into();
    }
    bail!("more than ten redirects from {}", host_of(start))
}

fn host_of(address: &str) -> String {
    url::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
