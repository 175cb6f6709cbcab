//! Files that browsers post by a signed form.
//!
//! Source: S3's pages on browser-based uploads using POST. What the policy does not allow is refused with S3's own codes.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kernel::Timestamp;
use memchr::memmem;
use serde_json::Value;

use super::signed::{Signing, hex};

/// S3's answer to a form that it does not take.
pub(super) type Refusal = (u16, &'static str);

const MALFORMED: Refusal = (400, "MalformedPOSTRequest");
const DENIED: Refusal = (403, "AccessDenied");

/// A posted form: its fields by lower-case name, and the file.
pub(super) struct Form {
    fields: BTreeMap<String, String>,
    pub(super) file: Bytes,
}

impl Form {
    /// Reads `multipart/form-data`. The file comes last; what follows it is passed over.
    pub(super) fn read(content_type: &str, body: &Bytes) -> Result<Self, Refusal> {
        let boundary = content_type.split("boundary=").nth(1).map(|text| text.trim_matches('"')).ok_or(MALFORMED)?;
        let mark = format!("--{boundary}");
        let mut fields = BTreeMap::new();
        let mut at = memmem::find(body, mark.as_bytes()).ok_or(MALFORMED)? + mark.len();
        while body.get(at..at + 2) == Some(b"\r\n") {
            let head_end = at + 2 + memmem::find(&body[at + 2..], b"\r\n\r\n").ok_or(MALFORMED)?;
            let head = std::str::from_utf8(&body[at + 2..head_end]).map_err(|_| MALFORMED)?;
            let start = head_end + 4;
            let end = start + memmem::find(&body[start..], format!("\r\n{mark}").as_bytes()).ok_or(MALFORMED)?;
            let name = named(head).ok_or(MALFORMED)?.to_ascii_lowercase();
            if name == "file" {
                return Ok(Self { fields, file: body.slice(start..end) });
            }
            fields.insert(name, String::from_utf8_lossy(&body[start..end]).into_owned());
            at = end + 2 + mark.len();
        }
        Err((400, "InvalidArgument"))
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The access key that signed it.
    pub(super) fn signer(&self) -> &str {
        self.field("x-amz-credential").split('/').next().unwrap_or_default()
    }

    /// Checks signature, time, conditions, length and checksum.
    pub(super) fn check(&self, bucket: &str, secret: &str, now: Timestamp) -> Result<(), Refusal> {
        let policy = self.field("policy");
        let signing = Signing::parse(self.field("x-amz-credential")).ok_or(MALFORMED)?;
        if policy.is_empty() || hex(signing.sign(secret, policy).as_ref()) != self.field("x-amz-signature") {
            return Err((403, "SignatureDoesNotMatch"));
        }
        let policy: Value = STANDARD
            .decode(policy)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or((400, "InvalidPolicyDocument"))?;
        let expires_at = policy["expiration"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if expires_at.is_none_or(|until| until <= now) {
            return Err(DENIED);
        }
        let conditions = policy["conditions"].as_array().ok_or((400, "InvalidPolicyDocument"))?;
        conditions.iter().try_for_each(|condition| self.meets(condition, bucket))?;
        self.check_covered(conditions)?;
        self.check_sum()
    }

    fn meets(&self, condition: &Value, bucket: &str) -> Result<(), Refusal> {
        let sent = |name: &str| if name == "bucket" { bucket } else { self.field(&name.to_ascii_lowercase()) };
        let fits = match condition {
            Value::Object(pairs) => pairs.iter().all(|(name, value)| Some(sent(name)) == value.as_str()),
            Value::Array(parts) => match parts.as_slice() {
                [kind, from, to] if kind == "content-length-range" => {
                    let length = self.file.len() as u64;
                    if length < from.as_u64().unwrap_or(u64::MAX) {
                        return Err((400, "EntityTooSmall"));
                    }
                    if length > to.as_u64().unwrap_or_default() {
                        return Err((400, "EntityTooLarge"));
                    }
                    true
                }
                [kind, name, value] => {
                    let (name, value) = (name.as_str().unwrap_or_default(), value.as_str().unwrap_or_default());
                    let sent = sent(name.trim_start_matches('$'));
                    if kind == "starts-with" { sent.starts_with(value) } else { sent == value }
                }
                _ => false,
            },
            _ => false,
        };
        if fits { Ok(()) } else { Err(DENIED) }
    }

    /// A field that no condition names is refused: "Extra input fields".
    fn check_covered(&self, conditions: &[Value]) -> Result<(), Refusal> {
        let names: Vec<String> = conditions
            .iter()
            .flat_map(|condition| match condition {
                Value::Object(pairs) => pairs.keys().cloned().collect(),
                other => vec![other[1].as_str().unwrap_or_default().trim_start_matches('$').to_owned()],
            })
            .map(|name| name.to_ascii_lowercase())
            .collect();
        let free = |name: &str| matches!(name, "policy" | "x-amz-signature") || name.starts_with("x-ignore-");
        if self.fields.keys().all(|name| free(name) || names.contains(name)) { Ok(()) } else { Err(DENIED) }
    }

    fn check_sum(&self) -> Result<(), Refusal> {
        let stated = self.field("x-amz-checksum-sha256");
        let actual = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &self.file));
        if stated.is_empty() || stated == actual { Ok(()) } else { Err((400, "BadDigest")) }
    }
}

/// The name in a part's head.
fn named(head: &str) -> Option<&str> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    line.split("; name=\"").nth(1)?.split('"').next()
}
