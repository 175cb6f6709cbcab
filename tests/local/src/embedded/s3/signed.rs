//! Links to objects that were signed in advance, and the signatures of Signature Version 4.

use std::collections::BTreeMap;

use kernel::Timestamp;
use ring::hmac;

use super::super::http::Whole;

/// What a signature is bound to.
pub(super) struct Signing<'a> {
    day: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Signing<'a> {
    /// Of a credential: access key, day, region, service.
    pub(super) fn parse(credential: &'a str) -> Option<Self> {
        match credential.split('/').collect::<Vec<_>>()[..] {
            [_, day, region, service, "aws4_request"] => Some(Self { day, region, service }),
            _ => None,
        }
    }

    pub(super) fn sign(&self, secret: &str, text: &str) -> hmac::Tag {
        let sign = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
        let mut key = sign(format!("AWS4{secret}").as_bytes(), self.day);
        for part in [self.region, self.service, "aws4_request"] {
            key = sign(key.as_ref(), part);
        }
        sign(key.as_ref(), text)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A link's parameters.
pub(super) fn parameters(request: &Whole) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Whether a signed link is genuine and not over.
pub(super) fn is_valid(request: &Whole, secret: &str, now: Timestamp) -> bool {
    let parameters = parameters(request);
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    let Some(signing) = Signing::parse(text("X-Amz-Credential")) else { return false };
    let signed_at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text("X-Amz-Date"));
    let signed_at = signed_at.ok().and_then(|at| jiff::tz::Offset::UTC.to_timestamp(at).ok());
    let (Some(signed_at), Ok(secs)) = (signed_at, text("X-Amz-Expires").parse::<i64>()) else { return false };
    let until = signed_at.as_second().saturating_add(secs);
    let text_to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{}/{}/{}/aws4_request\n{}",
        text("X-Amz-Date"),
        signing.day,
        signing.region,
        signing.service,
        hex(ring::digest::digest(&ring::digest::SHA256, canonical(request).as_bytes()).as_ref())
    );
    now.as_second() < until && hex(signing.sign(secret, &text_to_sign).as_ref()) == text("X-Amz-Signature")
}

/// The request as it is signed: the host is its only header, and its body is not part of it.
fn canonical(request: &Whole) -> String {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    pairs.sort_unstable();
    let host = request.headers().get("host").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = request.uri().path();
    format!("{}\n{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", request.method(), pairs.join("&"))
}
