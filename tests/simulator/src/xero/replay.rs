//! Idempotency keys, kept per app for six minutes from the first call, answers and errors alike.
//!
//! Source: the idempotency page of Xero's API documentation. A replay is counted against the limits as any call.

use std::collections::HashMap;

use jiff::SignedDuration;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::reply::Reply;

const WINDOW: SignedDuration = SignedDuration::from_mins(6);
/// Longest key.
pub(super) const KEY_CHARS_MAX: usize = 128;

#[derive(Serialize, Deserialize)]
struct Kept {
    first: Timestamp,
    request: [u8; 32],
    reply: Reply,
}

/// What is known under a key.
pub(super) enum Known {
    Nothing,
    Same(Reply),
    Different,
}

/// The store of one app.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Replays(HashMap<String, Kept>);

impl Replays {
    pub(super) fn look_up(&self, key: &str, request: &[u8; 32], now: Timestamp) -> Known {
        match self.0.get(key).filter(|kept| now.duration_since(kept.first) < WINDOW) {
            None => Known::Nothing,
            Some(kept) if kept.request == *request => Known::Same(kept.reply.clone()),
            Some(_) => Known::Different,
        }
    }

    pub(super) fn keep(&mut self, key: &str, request: [u8; 32], reply: &Reply, now: Timestamp) {
        self.0.retain(|_, kept| now.duration_since(kept.first) < WINDOW);
        self.0.insert(key.to_owned(), Kept { first: now, request, reply: reply.clone() });
    }
}

/// What makes two requests the same: method, address, organisation and body.
pub(super) fn fingerprint(method: &str, url: &str, tenant: &str, body: &[u8]) -> [u8; 32] {
    let mut text = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [method.as_bytes(), url.as_bytes(), tenant.as_bytes(), body] {
        text.update(&(part.len() as u64).to_be_bytes());
        text.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(text.finish().as_ref());
    out
}
