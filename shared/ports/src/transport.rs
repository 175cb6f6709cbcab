//! HTTPS to the world outside AWS, which is Xero.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// The verbs Xero knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or updates.
    Post,
    /// Creates.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The verb as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// One request. `Debug` shows neither headers nor body, because both may hold secrets.
#[derive(Clone)]
pub struct HttpRequest {
    /// The verb.
    pub method: Method,
    /// The whole address, percent-encoded.
    pub url: String,
    /// Names in any case, values as sent.
    pub headers: Vec<(String, String)>,
    /// The body, empty for none.
    pub body: Bytes,
    /// Time for the whole exchange. Passing it on a write leaves the outcome unknown.
    pub timeout: Duration,
    /// Longest answer taken, in bytes after decompression.
    pub response_bytes_max: usize,
}

impl HttpRequest {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split('?').next().unwrap_or_default();
        write!(out, "{} {path}, {} bytes", self.method.as_str(), self.body.len())
    }
}

/// One answer. `Debug` shows the status and size only.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Names in any case, values as received.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Bytes,
    /// Bytes as they crossed the wire, which is what Xero's egress counts.
    pub wire_bytes: u64,
}

impl HttpResponse {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "status {}, {} bytes", self.status, self.body.len())
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The request never left: refused connection, failed look-up or handshake.
    #[error("could not connect: {0}")]
    NotSent(String),
    /// The request left and no whole answer came back. On a write the effect may have happened.
    #[error("no answer came: {0}")]
    OutcomeUnknown(String),
    /// The answer is longer than the request allows.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLong {
        /// The bound that was crossed.
        bytes_max: usize,
    },
}

/// Sends requests. Follows no redirect, keeps no cookie, retries nothing.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and reads its whole answer. Any status is an answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}
