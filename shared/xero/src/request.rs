//! Addresses and the common part of every Accounting API request.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use kernel::{TenantId, Timestamp};
use ports::{HttpRequest, HttpResponse, Method};
use secrecy::{ExposeSecret, SecretString};

/// Where Xero is. Configuration, because a test, a proxy or a simulator may stand in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XeroAddresses {
    /// `https://api.xero.com`, without a trailing slash.
    pub api: String,
    /// `https://identity.xero.com`, without a trailing slash.
    pub identity: String,
    /// `https://login.xero.com`, without a trailing slash.
    pub login: String,
}

impl Default for XeroAddresses {
    fn default() -> Self {
        Self {
            api: "https://api.xero.com".to_owned(),
            identity: "https://identity.xero.com".to_owned(),
            login: "https://login.xero.com".to_owned(),
        }
    }
}

/// A page of 1,000 documents with lines stays below this; longer answers are refused, not read.
pub(crate) const RESPONSE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Below the shortest function time-out by enough to record what happened.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(25);

/// Which of Xero's APIs is read. All of them share tokens, the tenant header and the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Api {
    /// The books.
    #[default]
    Accounting,
    /// Statement lines and what they are reconciled with; for apps that Xero has an agreement with.
    Finance,
}

impl Api {
    /// Where its paths begin, below the host.
    fn root(self) -> &'static str {
        match self {
            Self::Accounting => "/api.xro/2.0",
            Self::Finance => "/finance.xro/1.0",
        }
    }
}

/// One read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ApiRead {
    /// Of which API.
    pub api: Api,
    /// Below the API's root, such as `/Invoices`.
    pub path: String,
    /// Query parameters in order, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// Only records changed since, to the second.
    pub modified_since: Option<Timestamp>,
}

/// Builds a read. `Accept` is always JSON: Xero answers XML otherwise, even on errors.
pub fn read_request(addresses: &XeroAddresses, token: &SecretString, tenant: TenantId, read: &ApiRead) -> HttpRequest {
    let mut headers = tenanted(token, tenant);
    if let Some(since) = read.modified_since {
        headers.push(("If-Modified-Since".to_owned(), since.strftime("%Y-%m-%dT%H:%M:%S").to_string()));
    }
    let url = address_of(addresses, read.api, &read.path, &read.query);
    request(Method::Get, url, headers, Bytes::new())
}

/// Longest `Idempotency-Key` Xero takes.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;

/// An `Idempotency-Key`: 1 to 128 visible ASCII characters.
///
/// Xero keeps an answer under it for six minutes from the first call, errors included, and then forgets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The text cannot stand in the header, or Xero would not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 128 visible ASCII characters")]
pub struct KeyUnusable;

impl IdempotencyKey {
    /// Takes a text as key.
    pub fn try_new(text: impl Into<String>) -> Result<Self, KeyUnusable> {
        let text = text.into();
        let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(Self(text)) } else { Err(KeyUnusable) }
    }

    /// The key as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The verbs that write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMethod {
    /// Creates, and can never change what exists.
    Put,
    /// Creates or updates.
    Post,
}

/// One write of the Accounting API. `Debug` shows no body: it holds names and amounts.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiWrite {
    /// Whether it may change what exists.
    pub method: WriteMethod,
    /// Below `/api.xro/2.0`, such as `/ManualJournals`.
    pub path: String,
    /// Query parameters in order, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// JSON, or a file.
    pub body: Bytes,
    /// Of a file; JSON where absent.
    pub content_type: Option<String>,
    /// Stored before the first call, and sent again only within Xero's six minutes.
    pub idempotency_key: IdempotencyKey,
}

impl fmt::Debug for ApiWrite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} {}, {} bytes", self.method, self.path, self.body.len())
    }
}

/// Builds a write. Passing its time limit leaves the outcome unknown.
pub fn write_request(
    addresses: &XeroAddresses,
    token: &SecretString,
    tenant: TenantId,
    write: &ApiWrite,
) -> HttpRequest {
    let mut headers = tenanted(token, tenant);
    let content_type = write.content_type.as_deref().unwrap_or("application/json");
    headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    headers.push(("Idempotency-Key".to_owned(), write.idempotency_key.as_str().to_owned()));
    let method = match write.method {
        WriteMethod::Put => Method::Put,
        WriteMethod::Post => Method::Post,
    };
    request(method, address_of(addresses, Api::Accounting, &write.path, &write.query), headers, write.body.clone())
}

fn request(method: Method, url: String, headers: Vec<(String, String)>, body: Bytes) -> HttpRequest {
    HttpRequest { method, url, headers, body, timeout: TIMEOUT, response_bytes_max: RESPONSE_BYTES_MAX }
}

fn address_of(addresses: &XeroAddresses, api: Api, path: &str, query: &[(&'static str, String)]) -> String {
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    parameters.extend_pairs(query);
    let parameters = parameters.finish().replace('+', "%20");
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{}{}{path}{question}{parameters}", addresses.api, api.root())
}

fn tenanted(token: &SecretString, tenant: TenantId) -> Vec<(String, String)> {
    let mut headers = bearer(token);
    headers.push(("xero-tenant-id".to_owned(), tenant.to_string()));
    headers
}

pub(crate) fn bearer(token: &SecretString) -> Vec<(String, String)> {
    vec![
        ("Authorization".to_owned(), format!("Bearer {}", token.expose_secret())),
        ("Accept".to_owned(), "application/json".to_owned()),
    ]
}

/// What Xero's headers say about the limits after a call.
///
/// Source: OAuth 2.0 API Limits page: `X-DayLimit-Remaining`, `X-MinLimit-Remaining`, `X-AppMinLimit-Remaining`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitHeaders {
    /// Calls left today for this app at this organisation.
    pub day_remaining: Option<u32>,
    /// Calls left in this minute for this app at this organisation.
    pub minute_remaining: Option<u32>,
    /// Calls left in this minute for this app over all organisations.
    pub app_minute_remaining: Option<u32>,
}

impl LimitHeaders {
    /// Reads the headers of any answer.
    pub fn of(response: &HttpResponse) -> Self {
        let number = |name| response.header(name).and_then(|value| value.trim().parse().ok());
        Self {
            day_remaining: number("x-daylimit-remaining"),
            minute_remaining: number("x-minlimit-remaining"),
            app_minute_remaining: number("x-appminlimit-remaining"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_carries_tenant_accept_and_an_encoded_query() {
        let token = SecretString::from("t");
        let tenant = TenantId::from_random([1; 16]);
        let read = ApiRead {
            path: "/Payments".into(),
            query: vec![("where", "Status==\"AUTHORISED\" AND Amount>0".into()), ("page", "2".into())],
            modified_since: Some("2026-10-01T00:00:00.750Z".parse().unwrap()),
            ..ApiRead::default()
        };
        let request = read_request(&XeroAddresses::default(), &token, tenant, &read);
        assert!(request.url.ends_with("/Payments?where=Status%3D%3D%22AUTHORISED%22%20AND%20Amount%3E0&page=2"));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("If-Modified-Since"), Some("2026-10-01T00:00:00"));
        assert_eq!(request.header("xero-tenant-id"), Some(tenant.to_string().as_str()));
        assert!(!format!("{request:?}").contains("Bearer"));
        let finance =
            ApiRead { api: Api::Finance, path: "/BankStatementsPlus/statements".into(), ..ApiRead::default() };
        let request = read_request(&XeroAddresses::default(), &token, tenant, &finance);
        assert_eq!(request.url, "https://api.xero.com/finance.xro/1.0/BankStatementsPlus/statements");
    }

    #[test]
    fn a_write_carries_its_key_and_its_body_and_shows_neither() {
        let token = SecretString::from("t");
        let tenant = TenantId::from_random([1; 16]);
        let write = ApiWrite {
            method: WriteMethod::Put,
            path: "/ManualJournals".into(),
            query: Vec::new(),
            body: Bytes::from_static(br#"{"Narration":"Rent"}"#),
            content_type: None,
            idempotency_key: IdempotencyKey::try_new("intent-1.1").unwrap(),
        };
        let request = write_request(&XeroAddresses::default(), &token, tenant, &write);
        assert_eq!(request.url, "https://api.xero.com/api.xro/2.0/ManualJournals");
        assert_eq!((request.method, &request.body[..]), (Method::Put, &write.body[..]));
        for (name, value) in [
            ("Idempotency-Key", "intent-1.1"),
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
            ("Authorization", "Bearer t"),
            ("xero-tenant-id", tenant.to_string().as_str()),
        ] {
            assert_eq!(request.header(name), Some(value), "{name}");
        }
        assert_eq!(format!("{write:?}"), "Put /ManualJournals, 20 bytes");
        let post = write_request(
            &XeroAddresses::default(),
            &token,
            tenant,
            &ApiWrite { method: WriteMethod::Post, query: vec![("summarizeErrors", "false".into())], ..write },
        );
        assert_eq!(post.method, Method::Post);
        assert!(post.url.ends_with("/ManualJournals?summarizeErrors=false"));
    }

    #[test]
    fn a_key_has_up_to_128_visible_characters() {
        assert!(IdempotencyKey::try_new("k".repeat(128)).is_ok());
        for bad in ["", "two words", "line\nbreak", "kéy", &"k".repeat(129)] {
            assert_eq!(IdempotencyKey::try_new(bad), Err(KeyUnusable), "{bad}");
        }
    }
}
