//! Addresses and the common part of every Accounting API request.

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

/// One read of the Accounting API.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ApiRead {
    /// Below `/api.xro/2.0`, such as `/Invoices`.
    pub path: String,
    /// Query parameters in order, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// Only records changed since, to the second.
    pub modified_since: Option<Timestamp>,
}

/// Builds a read. `Accept` is always JSON: Xero answers XML otherwise, even on errors.
pub fn read_request(addresses: &XeroAddresses, token: &SecretString, tenant: TenantId, read: &ApiRead) -> HttpRequest {
    let mut url = format!("{}/api.xro/2.0{}", addresses.api, read.path);
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    parameters.extend_pairs(&read.query);
    let parameters = parameters.finish().replace('+', "%20");
    if !parameters.is_empty() {
        url = format!("{url}?{parameters}");
    }
    let mut headers = bearer(token);
    headers.push(("xero-tenant-id".to_owned(), tenant.to_string()));
    if let Some(since) = read.modified_since {
        headers.push(("If-Modified-Since".to_owned(), since.strftime("%Y-%m-%dT%H:%M:%S").to_string()));
    }
    HttpRequest {
        method: Method::Get,
        url,
        headers,
        body: Bytes::new(),
        timeout: TIMEOUT,
        response_bytes_max: RESPONSE_BYTES_MAX,
    }
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
        };
        let request = read_request(&XeroAddresses::default(), &token, tenant, &read);
        assert!(request.url.ends_with("/Payments?where=Status%3D%3D%22AUTHORISED%22%20AND%20Amount%3E0&page=2"));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("If-Modified-Since"), Some("2026-10-01T00:00:00"));
        assert_eq!(request.header("xero-tenant-id"), Some(tenant.to_string().as_str()));
        assert!(!format!("{request:?}").contains("Bearer"));
    }
}
