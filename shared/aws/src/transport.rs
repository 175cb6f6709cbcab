//! The Transport port on reqwest: HTTPS with Mozilla's roots, no redirects, no cookies, no retries, bodies bounded.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
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
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body);
        }
        let response = builder.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        // Present unless the body was decompressed on the way, for which the wire length is not told.
        let declared = response.content_length();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = read_body(response, request.response_bytes_max).await?;
        let wire_bytes = declared.unwrap_or(body.len() as u64);
        Ok(HttpResponse { status, headers, body, wire_bytes })
    }
}

async fn read_body(mut response: reqwest::Response, bytes_max: usize) -> Result<Bytes, TransportError> {
    let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut body = BytesMut::with_capacity(expected.min(bytes_max));
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(TransportError::TooLong { bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Addresses are cut from errors: a query may hold what must not reach a log.
fn lost(error: Error) -> TransportError {
    let sent = !error.is_connect() && !error.is_builder();
    let words = error.without_url().to_string();
    if sent { TransportError::OutcomeUnknown(words) } else { TransportError::NotSent(words) }
}
