//! `Idempotency-Key`: a command repeated under its key answers as the first time, for a day.
//!
//! Source: the IETF draft "The Idempotency-Key HTTP Header Field". The key belongs to the workspace; the same key with
//! another request is refused. Commands here are harmless to repeat as such, so nothing is locked meanwhile.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use serde::{Deserialize, Serialize};
use state::{create, keys, load};

use crate::answers::failed;
use crate::config::Api;

/// A remembered answer.
#[derive(Serialize, Deserialize)]
struct Remembered {
    request: String,
    status: u16,
    body: String,
    expires_at: kernel::Timestamp,
}

const KEPT: Duration = Duration::from_secs(24 * 3600);
const KEY_CHARS_MAX: usize = 128;

fn digest(parts: &[&[u8]]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    URL_SAFE_NO_PAD.encode(context.finish())
}

/// Carries out a command, or answers what it answered before.
pub async fn once<F>(api: &Api, caller: &Caller, request: &ApiRequest, command: F) -> Result<ApiReply, Problem>
where
    F: Future<Output = Result<ApiReply, Problem>>,
{
    let Some(idempotency_key) = request.header("idempotency-key") else { return command.await };
    if !(1..=KEY_CHARS_MAX).contains(&idempotency_key.len()) {
        let detail = format!("Idempotency-Key must have 1 to {KEY_CHARS_MAX} characters.");
        return Err(Problem::bad_request("bad-idempotency-key", detail));
    }
    let table = &*api.access.ports.table;
    let now = api.access.ports.clock.now();
    let key = keys::command(&caller.workspace, &digest(&[caller.actor.as_bytes(), idempotency_key.as_bytes()]));
    let mut path: Vec<String> = sorted(&request.path);
    path.extend(request.query.iter().map(|(name, value)| format!("?{name}={value}")));
    let this = digest(&[request.route.as_bytes(), path.join("&").as_bytes(), &request.body]);
    let before = load::<Remembered>(table, &key).await.map_err(failed)?;
    if let Some(before) = before.map(|stored| stored.value).filter(|before| now < before.expires_at) {
        return again(before, &this);
    }
    let reply = command.await?;
    let expires_at = now.saturating_add(KEPT).unwrap_or(now);
    let remembered = Remembered { request: this, status: reply.status, body: reply.body.clone(), expires_at };
    create(table, key, &remembered, Some(expires_at)).await.map_err(failed)?;
    Ok(reply)
}

fn sorted(path: &std::collections::HashMap<String, String>) -> Vec<String> {
    let mut pairs: Vec<String> = path.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.sort_unstable();
    pairs
}

fn again(before: Remembered, this: &str) -> Result<ApiReply, Problem> {
    if before.request != this {
        let detail = "This Idempotency-Key was used with another request. Use a new key for a new request.";
        return Err(Problem::new(422, "idempotency-key-reused", "Idempotency-Key reused", detail));
    }
    let body: serde_json::Value = serde_json::from_str(&before.body).map_err(failed)?;
    Ok(ApiReply::json(before.status, &body))
}
