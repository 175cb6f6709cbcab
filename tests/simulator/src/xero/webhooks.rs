//! Webhooks: what happened, as signed deliveries with one sequence of numbers per app.
//!
//! Sources: Xero's webhook pages and its webhook specification. The body's uneven spacing is Xero's own; a receiver
//! that parses and writes it anew before checking the signature fails.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kernel::{TenantId, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::books::Event;
use super::dice::Dice;
use super::state::after;

/// Most events of one delivery.
const EVENTS_PER_DELIVERY: usize = 50;
/// Events that nobody took are kept for 31 days.
const KEPT_SECS: i64 = 31 * 86_400;
/// Deliveries of one intent-to-receive check.
const INTENT_DELIVERIES: usize = 4;

/// One POST to the app's webhook address. The address is the receiver's affair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The raw body; the signature is over these very bytes.
    #[serde(with = "super::keep::bytes_as_text")]
    pub body: Bytes,
    /// Value of `x-xero-signature`.
    pub signature: String,
    /// Whether the signature is right. A receiver answers 200 to a right one and 401 to a wrong one.
    pub genuine: bool,
}

/// The id of an app as a tenant of its own: its client id, as far as that is one.
pub(super) fn application_id(client_id: &str) -> TenantId {
    let digest = ring::digest::digest(&ring::digest::SHA256, client_id.as_bytes());
    let hashed = || Uuid::from_slice(&digest.as_ref()[..16]).unwrap_or_default();
    TenantId(Uuid::parse_str(client_id).unwrap_or_else(|_| hashed()))
}

/// Base64 of HMAC-SHA256 over the raw body, keyed by the bytes of the key's text.
pub fn signature(key: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, body))
}

#[derive(Serialize, Deserialize)]
struct Queued {
    tenant: TenantId,
    event: Event,
    sequence: i32,
}

/// What goes wrong with the next deliveries. Each strikes once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mischief {
    /// The first delivery is signed wrongly by one character.
    WrongSignature,
    /// Every delivery comes twice.
    Duplicate,
    /// One event a delivery, the newest first.
    Reorder,
}

/// The events of one app that wait for delivery.
#[derive(Serialize, Deserialize)]
pub(super) struct Outbox {
    next: i32,
    waiting: Vec<Queued>,
    mischief: Vec<Mischief>,
    /// Packed and on their way, each with the instant it was packed.
    posted: VecDeque<(Delivery, Timestamp)>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { next: 1, waiting: Vec::new(), mischief: Vec::new(), posted: VecDeque::new() }
    }
}

impl Outbox {
    pub(super) fn queue(&mut self, tenant: TenantId, happened: &[Event]) {
        for event in happened {
            self.waiting.push(Queued { tenant, event: event.clone(), sequence: self.next });
            self.next = self.next.checked_add(1).unwrap_or(1);
        }
    }

    /// Loses what waits: the receiver sees a gap in the numbers.
    pub(super) fn lose(&mut self) -> usize {
        std::mem::take(&mut self.waiting).len()
    }

    /// Packs everything that waits and is not too old.
    pub(super) fn take(&mut self, key: &str, api: &str, dice: &mut Dice, now: Timestamp) -> Vec<Delivery> {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|each| now < after(each.event.at, KEPT_SECS));
        if waiting.is_empty() {
            return Vec::new();
        }
        let mischief = std::mem::take(&mut self.mischief);
        let reorders = mischief.contains(&Mischief::Reorder);
        let size = if reorders { 1 } else { EVENTS_PER_DELIVERY };
        let mut all: Vec<Delivery> = waiting.chunks(size).map(|events| delivery(events, key, api, dice)).collect();
        if reorders {
            all.reverse();
        }
        if mischief.contains(&Mischief::Duplicate) {
            all = all.into_iter().flat_map(|each| [each.clone(), each]).collect();
        }
        if mischief.contains(&Mischief::WrongSignature) {
            all[0] = spoil(all[0].clone());
        }
        all
    }

    /// The oldest delivery on its way and when it was packed; packs what waits when there is none.
    pub(super) fn next(
        &mut self,
        key: &str,
        api: &str,
        dice: &mut Dice,
        now: Timestamp,
    ) -> Option<(Delivery, Timestamp)> {
        if self.posted.is_empty() {
            self.posted = self.take(key, api, dice, now).into_iter().map(|each| (each, now)).collect();
        }
        self.posted.front().cloned()
    }

    /// The oldest delivery came, or never will.
    pub(super) fn done(&mut self) {
        self.posted.pop_front();
    }

    /// Orders something to go wrong.
    pub(super) fn order(&mut self, mischief: Mischief) {
        self.mischief.push(mischief);
    }
}

fn delivery(events: &[Queued], key: &str, api: &str, dice: &mut Dice) -> Delivery {
    let first = events.first().map_or(0, |each| each.sequence);
    let last = events.last().map_or(0, |each| each.sequence);
    let texts: Vec<String> = events.iter().map(|each| event(each, api)).collect();
    sealed(format!("[{}]", texts.join(",")), first, last, key, dice)
}

fn sealed(events: String, first: i32, last: i32, key: &str, dice: &mut Dice) -> Delivery {
    let entropy = dice.capitals(20);
    let body = format!(
        "{{\"events\":{events},\"firstEventSequence\": {first},\"lastEventSequence\": {last}, \"entropy\": \"{entropy}\"}}"
    );
    Delivery { signature: signature(key, body.as_bytes()), body: Bytes::from(body), genuine: true }
}

fn event(each: &Queued, api: &str) -> String {
    let collection = match &*each.event.category {
        "CONTACT" => "api.xro/2.0/Contacts",
        "INVOICE" => "api.xro/2.0/Invoices",
        "CREDITNOTE" => "api.xro/2.0/CreditNotes",
        "PREPAYMENT" => "api.xro/2.0/Prepayments",
        "SUBSCRIPTION" => "appstore/2.0/subscriptions",
        _ => "api.xro/2.0/Overpayments",
    };
    let owner = if each.event.category == "SUBSCRIPTION" { "APPLICATION" } else { "ORGANISATION" };
    let id = each.event.resource;
    let kind = if each.event.created { "CREATE" } else { "UPDATE" };
    let at = each.event.at.strftime("%Y-%m-%dT%H:%M:%S%.3f");
    let detail = each.event.detail.as_ref().map_or_else(String::new, |(kind, status)| {
        format!(",\"data\":{{\"Type\":\"{kind}\",\"Status\":\"{status}\"}}")
    });
    format!(
        "{{\"resourceUrl\": \"{api}/{collection}/{id}\",\"resourceId\": \"{id}\",\"tenantId\": \"{}\",\
         \"tenantType\": \"{owner}\",\"eventCategory\": \"{}\",\"eventType\": \"{kind}\",\"eventDateUtc\": \"{at}\"{detail}}}",
        each.tenant, each.event.category
    )
}

/// Changes one character of a signature, leaving it the right length.
pub(super) fn spoil(delivery: Delivery) -> Delivery {
    let mut signature = delivery.signature.into_bytes();
    signature[0] = if signature[0] == b'A' { b'B' } else { b'A' };
    let signature = String::from_utf8(signature).unwrap_or_default();
    Delivery { signature, genuine: false, ..delivery }
}

/// The burst that proves a receiver checks signatures: no events, some signed wrongly by one character.
pub(super) fn intent_to_receive(key: &str, dice: &mut Dice) -> Vec<Delivery> {
    let genuine_at = dice.below(INTENT_DELIVERIES);
    let one = |at: usize, dice: &mut Dice| {
        let right = sealed("[]".to_owned(), 0, 0, key, dice);
        if at == genuine_at || at.is_multiple_of(2) { right } else { spoil(right) }
    };
    let mut all: Vec<Delivery> = (0..INTENT_DELIVERIES).map(|at| one(at, dice)).collect();
    if all.iter().all(|each| each.genuine) {
        let last = all.pop().map(spoil);
        all.extend(last);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGVzdC13ZWJob29rLWtleS1ub3QtZGVjb2RlZA==";

    #[test]
    fn the_key_is_used_as_text_and_never_decoded() {
        let empty =
            r#"{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "TESTENTROPYABCDEFGHI"}"#;
        assert_eq!(signature(KEY, empty.as_bytes()), "3hYy8NAVOVu4TyKpCoi2RyCpLjMU2iTlyQmZJWjGLRE=");
        let one = r#"{"events":[{"resourceUrl":"https://api.xero.com/api.xro/2.0/Invoices/6f0f0c4e-0000-4000-8000-000000000001","resourceId":"6f0f0c4e-0000-4000-8000-000000000001","eventDateUtc":"2026-10-02T00:44:09.923","eventType":"UPDATE","eventCategory":"INVOICE","tenantId":"6f0f0c4e-0000-4000-8000-0000000000aa","tenantType":"ORGANISATION"}],"lastEventSequence":5,"firstEventSequence":5,"entropy":"S0m3r4Nd0mt3xt"}"#;
        assert_eq!(signature(KEY, one.as_bytes()), "6GOFCw/6sfsLYGFe/nXiVFD3mh/zg34IjGO5MxBLDUM=");
    }

    #[test]
    fn an_intent_check_mixes_right_and_wrong_signatures() {
        for seed in 0..20 {
            let burst = intent_to_receive(KEY, &mut Dice::new(seed));
            assert_eq!(burst.len(), 4, "seed {seed}");
            assert!(burst.iter().any(|each| each.genuine) && burst.iter().any(|each| !each.genuine), "seed {seed}");
            for each in burst {
                assert_eq!(each.genuine, signature(KEY, &each.body) == each.signature);
            }
        }
    }
}
