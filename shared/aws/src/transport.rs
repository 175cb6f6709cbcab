//! The Transport port on reqwest: HTTPS with Mozilla's roots, no redirects, no cookies, no retries, bodies bounded.
//!
//! Bodies come compressed and are decompressed here, so that the bytes that crossed the wire are known: they are what
//! Xero bills.

use std::io::{Error as IoError, Write};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flate2::write::GzDecoder;
use ports::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use reqwest::redirect::Policy;
use reqwest::{Client, Error};

/// HTTPS to Xero.
pub struct HttpsTransport {
    client: Client,
}

const CONNECT: Duration = Duration::from_secs(5);
/// Xero closes idle connections early; a longer life only finds them dead.
const IDLE: Duration = Duration::from_secs(30);

impl HttpsTransport {
    /// A client without connections yet. `None` only when the TLS library refuses its own defaults.
    pub fn new() -> Option<Self> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .referer(false)
            .no_proxy()
            .user_agent(concat!("counterfoil/", env!("CARGO_PKG_VERSION")))
            .build();
        client.ok().map(|client| Self { client })
    }
}

#[async_trait]
impl Transport for HttpsTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, &request.url).timeout(request.timeout);
        builder = builder.header("Accept-Encoding", "gzip");
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body);
        }
        let response = builder.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let compressed = response.headers().get("content-encoding").is_some_and(|coding| coding == "gzip");
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let (body, wire_bytes) = read_body(response, compressed, request.response_bytes_max).await?;
        Ok(HttpResponse { status, headers, body, wire_bytes })
    }
}

/// A body that grows up to a bound and no further, however small it crossed the wire.
struct Bounded {
    body: Vec<u8>,
    bytes_max: usize,
    too_long: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.too_long |= self.body.len() + bytes.len() > self.bytes_max;
        if self.too_long {
            return Err(IoError::other("the body is too long"));
        }
        self.body.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

enum Sink {
    Plain(Bounded),
    Gzip(Box<GzDecoder<Bounded>>),
}

impl Sink {
    fn take(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(body) => body.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
        }
    }

    fn too_long(&self) -> bool {
        match self {
            Self::Plain(body) => body.too_long,
            Self::Gzip(decoder) => decoder.get_ref().too_long,
        }
    }

    fn finish(self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Plain(body) => Ok(body.body),
            Self::Gzip(decoder) => Ok(decoder.finish()?.body),
        }
    }
}

/// The body as it is meant, and how many bytes crossed the wire for it.
async fn read_body(
    mut response: reqwest::Response,
    compressed: bool,
    bytes_max: usize,
) -> Result<(Bytes, u64), TransportError> {
    let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let body = Vec::with_capacity(expected.min(bytes_max));
    let bounded = Bounded { body, bytes_max, too_long: false };
    let mut sink = if compressed { Sink::Gzip(Box::new(GzDecoder::new(bounded))) } else { Sink::Plain(bounded) };
    let broken = |error: IoError| TransportError::OutcomeUnknown(format!("the body cannot be decompressed: {error}"));
    let mut wire_bytes = 0;
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        wire_bytes += chunk.len() as u64;
        if let Err(error) = sink.take(&chunk) {
            return Err(if sink.too_long() { TransportError::TooLong { bytes_max } } else { broken(error) });
        }
    }
    if sink.too_long() {
        return Err(TransportError::TooLong { bytes_max });
    }
    Ok((sink.finish().map_err(broken)?.into(), wire_bytes))
}

/// Addresses are cut from errors: a query may hold what must not reach a log.
fn lost(error: Error) -> TransportError {
    let sent = !error.is_connect() && !error.is_builder();
    let words = error.without_url().to_string();
    if sent { TransportError::OutcomeUnknown(words) } else { TransportError::NotSent(words) }
}
