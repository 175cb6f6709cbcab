//! `GET /connections` and `DELETE /connections/{id}`: which organisations a token may act on.
//!
//! Source: Xero's identity specification. The answer holds every organisation the user ever connected to this app,
//! not just those of this consent, so the first element means nothing; filter by the authentication event.

use std::time::Duration;

use bytes::Bytes;
use kernel::{TenantId, XeroConnectionId, place_of};
use ports::{HttpRequest, HttpResponse, Method};
use secrecy::SecretString;
use serde::Deserialize;

use crate::error::XeroError;
use crate::request::{XeroAddresses, bearer};

const TIMEOUT: Duration = Duration::from_secs(10);
/// 10,000 connections of about 300 bytes, the highest tier's cap.
const RESPONSE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One connection as Xero lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct XeroConnection {
    /// Needed to delete the connection; never a tenant id.
    pub id: XeroConnectionId,
    /// The organisation.
    pub tenant_id: TenantId,
    /// `ORGANISATION`, or a practice, which has no books.
    #[serde(default)]
    pub tenant_type: String,
    /// The organisation's name.
    #[serde(default)]
    pub tenant_name: Option<String>,
}

impl XeroConnection {
    /// Whether it is an organisation with books.
    pub fn has_books(&self) -> bool {
        self.tenant_type == "ORGANISATION"
    }
}

/// Lists connections, of one consent where its event is known.
pub fn list(addresses: &XeroAddresses, token: &SecretString, authentication_event: Option<&str>) -> HttpRequest {
    let mut url = format!("{}/connections", addresses.api);
    if let Some(event) = authentication_event {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("authEventId", event).finish();
        url = format!("{url}?{query}");
    }
    request(Method::Get, url, token)
}

/// Removes one connection. 204 on success, 404 when it is gone already.
pub fn delete(addresses: &XeroAddresses, token: &SecretString, id: XeroConnectionId) -> HttpRequest {
    request(Method::Delete, format!("{}/connections/{id}", addresses.api), token)
}

fn request(method: Method, url: String, token: &SecretString) -> HttpRequest {
    HttpRequest {
        method,
        url,
        headers: bearer(token),
        body: Bytes::new(),
        timeout: TIMEOUT,
        response_bytes_max: RESPONSE_BYTES_MAX,
    }
}

/// Reads the list.
pub fn read_list(response: &HttpResponse) -> Result<Vec<XeroConnection>, XeroError> {
    serde_json::from_slice(&response.body).map_err(|error| XeroError::Unreadable {
        status: response.status,
        content_type: "application/json".to_owned(),
        reason: place_of(&error),
    })
}
