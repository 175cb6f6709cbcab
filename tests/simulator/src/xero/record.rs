//! Writes every exchange as a line of JSON, secrets masked, so that a run can be checked afterwards.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use kernel::Timestamp;
use ports::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::address::{encode, pairs};
use super::webhooks::Delivery;

/// Form fields and JSON members that hold secrets.
const SECRET: &[&str] =
    &["access_token", "refresh_token", "id_token", "token", "code", "code_verifier", "client_secret", "nonce"];

/// Writes exchanges to a file or a buffer.
pub struct Recorder {
    out: Box<dyn Write + Send>,
}

impl Recorder {
    /// Writes to anything, usually a file.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out }
    }

    /// Records one exchange; without a response none came.
    pub fn exchange(
        &mut self,
        request: &HttpRequest,
        response: Option<&HttpResponse>,
        start: Timestamp,
        end: Timestamp,
    ) {
        let line = json!({
            "method": request.method.as_str(), "url": masked_url(&request.url),
            "request_headers": headers(&request.headers),
            "request_body": body(request.header("content-type"), &request.body),
            "status": response.map(|response| response.status),
            "response_headers": response.map(|response| headers(&response.headers)),
            "response_body": response.map(|response| body(response.header("content-type"), &response.body)),
            "at": start.to_string(), "start": start.to_string(), "end": end.to_string(),
        });
        self.write(&line);
    }

    /// Records a webhook delivery and its answer; a status of 0 means that none came.
    pub fn delivery(&mut self, url: &str, delivery: &Delivery, answer: (u16, &[u8]), start: Timestamp, end: Timestamp) {
        let line = json!({
            "method": "POST", "url": url,
            "request_headers": { "Content-Type": "application/json", "x-xero-signature": delivery.signature },
            "request_body": String::from_utf8_lossy(&delivery.body), "status": answer.0, "response_headers": {},
            "response_body": if answer.1.is_empty() { Value::Null } else { json!(String::from_utf8_lossy(answer.1)) },
            "at": start.to_string(), "start": start.to_string(), "end": end.to_string(),
        });
        self.write(&line);
    }

    /// A record that cannot be written is lost: it must not change how the simulated Xero behaves.
    fn write(&mut self, line: &Value) {
        let _ = writeln!(self.out, "{line}");
        let _ = self.out.flush();
    }
}

fn headers(all: &[(String, String)]) -> Value {
    let masked = |name: &str, value: &str| match name.to_ascii_lowercase().as_str() {
        "authorization" => format!("{} ***", value.split(' ').next().unwrap_or_default()),
        "cookie" | "set-cookie" => "***".to_owned(),
        "location" => masked_url(value),
        _ => value.to_owned(),
    };
    let rows = all.iter().map(|(name, value)| (name.clone(), Value::String(masked(name, value))));
    Value::Object(rows.collect::<Map<_, _>>())
}

fn masked_url(url: &str) -> String {
    match url.split_once('?') {
        Some((path, query)) if SECRET.iter().any(|name| query.contains(&format!("{name}="))) => {
            format!("{path}?{}", masked_form(query))
        }
        _ => url.to_owned(),
    }
}

fn masked_form(text: &str) -> String {
    let one = |(name, value): (String, String)| {
        let value = if SECRET.contains(&name.as_str()) { "***".to_owned() } else { encode(&value) };
        format!("{name}={value}")
    };
    pairs(text).into_iter().map(one).collect::<Vec<_>>().join("&")
}

fn body(kind: Option<&str>, bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return json!({ "base64": STANDARD.encode(bytes) });
    };
    let kind = kind.unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Value::String(masked_form(text));
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) if kind.contains("json") && !value.is_string() => {
            if let Value::Object(fields) = &mut value {
                for (name, inner) in fields.iter_mut().filter(|(_, inner)| inner.is_string()) {
                    if SECRET.contains(&name.as_str()) {
                        *inner = Value::String("***".to_owned());
                    }
                }
            }
            value
        }
        _ => Value::String(text.to_owned()),
    }
}
