//! One delivery: raw bytes and a signature in, a verdict out. Pure.
//!
//! Source: Xero's pages "Configuring your server" and "Webhooks overview". The signature is over the bytes as sent, so
//! nothing is parsed before it is proven and nothing is ever serialised again.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use envelopes::{EVENTS_MAX, Envelope, Work, XeroEvent, XeroEvents};
use kernel::TenantId;
use serde::Deserialize;

use crate::keys::WebhookKeys;

/// Longest body looked at. A thousand events fit; longer ones are refused before anything is computed over them.
pub const BODY_BYTES_MAX: usize = 512 * 1024;

/// What a delivery is.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not proven to be Xero's: 401, nothing else.
    Refused,
    /// Xero's. What must be durable before the 200; empty for an intent to receive.
    Genuine(Vec<Envelope>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    events: Vec<Event>,
    #[serde(default)]
    first_event_sequence: u64,
    #[serde(default)]
    last_event_sequence: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    resource_id: String,
    tenant_id: String,
    #[serde(default)]
    event_category: String,
    #[serde(default)]
    event_type: String,
    #[serde(default)]
    event_date_utc: String,
}

/// Longest text kept of one field of an event.
const FIELD_CHARS_MAX: usize = 64;

/// Proves a delivery and cuts it into envelopes, one for each organisation and [`EVENTS_MAX`] events.
pub fn judge(keys: &WebhookKeys, app: &str, body: &[u8], signature: Option<&str>) -> Verdict {
    if body.is_empty() || body.len() > BODY_BYTES_MAX {
        return Verdict::Refused;
    }
    let Some(signature) = signature.and_then(|text| STANDARD.decode(text.trim()).ok()) else { return Verdict::Refused };
    if !keys.verify(app, body, &signature) {
        return Verdict::Refused;
    }
    match serde_json::from_slice::<Delivery>(body) {
        Ok(delivery) => Verdict::Genuine(envelopes(app, delivery)),
        Err(_) => Verdict::Genuine(vec![unread(app, body)]),
    }
}

/// Genuine, but not in a form we know: what it said is found by pulling earlier.
fn unread(app: &str, body: &[u8]) -> Envelope {
    let digest = ring::digest::digest(&ring::digest::SHA256, body);
    let digest = URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]);
    Envelope::new(Work::WebhookUnread { app: app.to_owned(), digest })
}

fn envelopes(app: &str, delivery: Delivery) -> Vec<Envelope> {
    let (first_sequence, last_sequence) = (delivery.first_event_sequence, delivery.last_event_sequence);
    let mut by_tenant: BTreeMap<TenantId, Vec<XeroEvent>> = BTreeMap::new();
    for event in delivery.events {
        // Events of the app itself (subscriptions) carry no organisation's id.
        let Ok(tenant) = event.tenant_id.parse() else { continue };
        by_tenant.entry(tenant).or_default().push(XeroEvent {
            category: short(event.event_category),
            event_type: short(event.event_type),
            resource: short(event.resource_id),
            at: short(event.event_date_utc),
        });
    }
    let mut envelopes = Vec::new();
    if first_sequence > 0 {
        // Apart from the events: an organisation that keeps its queue busy must not look like a lost delivery.
        let (app, first, last) = (app.to_owned(), first_sequence, last_sequence);
        envelopes.push(Envelope::new(Work::WebhookReceived { app, first, last }));
    }
    for (tenant, events) in by_tenant {
        for some in events.chunks(EVENTS_MAX) {
            let (app, events) = (app.to_owned(), some.to_vec());
            let work = XeroEvents { app, tenant, first_sequence, last_sequence, events };
            envelopes.push(Envelope::new(Work::XeroEvents(work)));
        }
    }
    envelopes
}

fn short(text: String) -> String {
    if text.len() <= FIELD_CHARS_MAX { text } else { text.chars().take(FIELD_CHARS_MAX).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    // Key, bodies and signatures: vectors computed with an independent implementation.
    const KEY: &str = "dGVzdC13ZWJob29rLWtleS1ub3QtZGVjb2RlZA==";
    const INTENT: &str =
        r#"{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "TESTENTROPYABCDEFGHI"}"#;
    const INTENT_SIGNATURE: &str = "3hYy8NAVOVu4TyKpCoi2RyCpLjMU2iTlyQmZJWjGLRE=";
    const EVENT: &str = r#"{"events":[{"resourceUrl":"https://api.xero.com/api.xro/2.0/Invoices/6f0f0c4e-0000-4000-8000-000000000001","resourceId":"6f0f0c4e-0000-4000-8000-000000000001","eventDateUtc":"2026-10-02T00:44:09.923","eventType":"UPDATE","eventCategory":"INVOICE","tenantId":"6f0f0c4e-0000-4000-8000-0000000000aa","tenantType":"ORGANISATION"}],"lastEventSequence":5,"firstEventSequence":5,"entropy":"S0m3r4Nd0mt3xt"}"#;
    const EVENT_SIGNATURE: &str = "6GOFCw/6sfsLYGFe/nXiVFD3mh/zg34IjGO5MxBLDUM=";

    fn keys(list: &[&str]) -> WebhookKeys {
        let json = serde_json::json!({ "main": list }).to_string();
        WebhookKeys::parse(&SecretString::from(json)).unwrap()
    }

    #[test]
    fn an_intent_to_receive_is_accepted_and_its_wrong_twin_refused() {
        assert_eq!(judge(&keys(&[KEY]), "main", INTENT.as_bytes(), Some(INTENT_SIGNATURE)), Verdict::Genuine(vec![]));
        let one_off = INTENT_SIGNATURE.replacen('h', "i", 1);
        assert_eq!(judge(&keys(&[KEY]), "main", INTENT.as_bytes(), Some(&one_off)), Verdict::Refused);
    }

    #[test]
    fn an_event_becomes_an_envelope_of_its_organisation() {
        let Verdict::Genuine(envelopes) = judge(&keys(&[KEY]), "main", EVENT.as_bytes(), Some(EVENT_SIGNATURE)) else {
            panic!("refused")
        };
        assert_eq!(envelopes.len(), 2);
        assert_eq!(envelopes[0].work, Work::WebhookReceived { app: "main".into(), first: 5, last: 5 });
        assert_eq!(envelopes[0].group(), "app-main");
        assert_eq!(envelopes[1].group(), "6f0f0c4e-0000-4000-8000-0000000000aa");
        assert!(!envelopes[1].to_json().contains("resourceUrl"));
    }

    #[test]
    fn both_keys_are_good_while_they_are_rotated() {
        for list in [&["new", KEY][..], &[KEY, "new"][..]] {
            assert_eq!(judge(&keys(list), "main", INTENT.as_bytes(), Some(INTENT_SIGNATURE)), Verdict::Genuine(vec![]));
        }
        assert_eq!(judge(&keys(&["new"]), "main", INTENT.as_bytes(), Some(INTENT_SIGNATURE)), Verdict::Refused);
    }

    #[test]
    fn forged_re_encoded_oversized_and_empty_bodies_are_refused() {
        let keys = keys(&[KEY]);
        let re_encoded = serde_json::from_str::<serde_json::Value>(INTENT).unwrap().to_string();
        assert_eq!(judge(&keys, "main", re_encoded.as_bytes(), Some(INTENT_SIGNATURE)), Verdict::Refused);
        assert_eq!(judge(&keys, "main", b"", Some(INTENT_SIGNATURE)), Verdict::Refused);
        assert_eq!(judge(&keys, "main", &vec![b' '; BODY_BYTES_MAX + 1], Some(INTENT_SIGNATURE)), Verdict::Refused);
        assert_eq!(judge(&keys, "main", INTENT.as_bytes(), None), Verdict::Refused);
        assert_eq!(judge(&keys, "main", INTENT.as_bytes(), Some("not base64!")), Verdict::Refused);
        assert_eq!(judge(&keys, "other", INTENT.as_bytes(), Some(INTENT_SIGNATURE)), Verdict::Refused);
    }

    #[test]
    fn a_genuine_body_of_a_new_shape_asks_for_an_earlier_pull() {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY.as_bytes());
        let signature = STANDARD.encode(ring::hmac::sign(&key, b"[1]"));
        let Verdict::Genuine(envelopes) = judge(&keys(&[KEY]), "main", b"[1]", Some(&signature)) else {
            panic!("refused")
        };
        assert!(matches!(envelopes[0].work, Work::WebhookUnread { .. }));
    }
}
