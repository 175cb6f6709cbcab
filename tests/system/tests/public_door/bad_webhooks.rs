//! Webhooks that are not proven to be Xero's: 401 with nothing, in either form the gateway hands bodies over, and
//! nothing changed. Then what is Xero's and strange: statuses nobody has heard of.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use simulator::xero::record::Recorder;
use simulator::xero::{AppSettings, Delivery, Xero, signature};
use system::holdings::Holdings;
use system::town::Town;

use crate::{calls, post_delivery, record, text};

/// A body and the signature that goes with it.
fn delivery(body: impl Into<Bytes>, signature: impl Into<String>) -> Delivery {
    Delivery { body: body.into(), signature: signature.into(), genuine: false }
}

/// Deliveries about a contact of the connected organisation that must not be believed, by name.
fn forgeries(town: &Town, contact: &str) -> Vec<(&'static str, Delivery)> {
    let key = AppSettings::default().webhook_key;
    let event = json!({
        "resourceId": contact, "tenantId": town.tenant, "tenantType": "ORGANISATION", "eventCategory": "CONTACT",
        "eventType": "UPDATE", "eventDateUtc": "2026-10-02T00:44:09.923",
    });
    let body = format!(r#"{{"events":[{event}],"firstEventSequence": 1,"lastEventSequence": 1, "entropy": "ABCDEF"}}"#);
    let good = signature(&key, body.as_bytes());
    let parsed: Value = serde_json::from_str(&body).unwrap();
    let padded = format!("{body}{}", " ".repeat(512 * 1024 + 1 - body.len()));
    let true_one = Delivery { body: body.clone().into(), signature: good.clone(), genuine: true };
    vec![
        ("forged with another key", delivery(body.clone(), signature("another-key", body.as_bytes()))),
        ("forged without a signature", delivery(body.clone(), "")),
        ("a signature that is no base64", delivery(body.clone(), "%%%")),
        ("a signature cut short", delivery(body.clone(), &good[..20])),
        ("wrong by one character", Xero::spoil(true_one)),
        ("re-encoded", delivery(parsed.to_string(), good.clone())),
        ("with a byte order mark", delivery(format!("\u{feff}{body}"), good.clone())),
        ("signed over its base64", delivery(body.clone(), signature(&key, STANDARD.encode(&body).as_bytes()))),
        ("the base64 itself", delivery(STANDARD.encode(&body), good.clone())),
        ("empty with a signature of nothing", delivery(Bytes::new(), signature(&key, b""))),
        ("empty with the signature of another", delivery(Bytes::new(), good)),
        ("oversized though signed", delivery(padded.clone(), signature(&key, padded.as_bytes()))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_re_encoded_oversized_and_empty_webhooks_change_nothing_in_text_and_in_base64() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let contact = text(&record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    let before = Holdings::of(&town, &caller).await;
    let made = town.xero.calls().len();
    for (name, forgery) in forgeries(&town, &contact) {
        // Bodies of types that are no text reach the function in base64.
        for form in ["application/json", "application/octet-stream"] {
            let answer = post_delivery(&town, "main", &forgery, form).await;
            assert_eq!(answer, (401, String::new()), "{name}, as {form}");
        }
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
    assert_eq!(town.xero.calls().len(), made, "nor is Xero called");
}

/// The gateway's event of a webhook, as the function gets it.
fn event(body: &str, in_base64: bool, signature: &str) -> Bytes {
    let context = json!({
        "accountId": "0", "apiId": "local", "requestId": "1", "stage": "$default", "timeEpoch": 0,
        "routeKey": "POST /webhooks/xero/{app}",
        "http": { "method": "POST", "path": "/webhooks/xero/main", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
    });
    let event = json!({
        "version": "2.0", "routeKey": "POST /webhooks/xero/{app}", "rawPath": "/webhooks/xero/main",
        "rawQueryString": "", "headers": { "x-xero-signature": signature, "content-type": "application/json" },
        "pathParameters": { "app": "main" }, "requestContext": context, "body": body, "isBase64Encoded": in_base64,
    });
    event.to_string().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_in_the_gateways_base64_form_is_proven_over_its_bytes_and_never_over_its_text() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let before = Holdings::of(&town, &caller).await;
    let key = AppSettings::default().webhook_key;
    let body = r#"{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "ABCDEFGHIJ"}"#;
    let encoded = STANDARD.encode(body);
    let (over_bytes, over_text) = (signature(&key, body.as_bytes()), signature(&key, encoded.as_bytes()));
    let function = town.stack.function("xero-webhook").unwrap();
    for (name, event, status) in [
        ("the bytes proven", event(&encoded, true, &over_bytes), 200),
        ("the same as text", event(body, false, &over_bytes), 200),
        ("the text proven in the bytes' place", event(&encoded, true, &over_text), 401),
        ("base64 that says it is text", event(&encoded, false, &over_bytes), 401),
        ("text that says it is base64", event(body, true, &over_bytes), 401),
        ("base64 without its padding", event(encoded.trim_end_matches('='), true, &over_bytes), 401),
        ("nothing", event("", true, &signature(&key, b"")), 401),
    ] {
        let answer: Value = serde_json::from_slice(&function.invoke(event).await.unwrap()).unwrap();
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        assert!(answer["body"].as_str().unwrap_or_default().is_empty(), "{name}: {answer}");
    }
    town.settle().await;
    Holdings::of(&town, &caller).await.assert_same(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_status_nobody_has_heard_of_reaches_the_feed_and_the_records_as_it_is() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let (_, cursor) = town.changes(&caller, "").await;
    // Outside Xero's specification on purpose, so it stays out of the record that is held against that.
    town.xero.record(Recorder::new(Box::new(std::io::sink())));
    let mut wanted = Vec::new();
    for (collection, kind, id, status) in [
        ("Invoices", "invoices", "InvoiceID", "Status"),
        ("Contacts", "contacts", "ContactID", "ContactStatus"),
        ("Payments", "payments", "PaymentID", "Status"),
        ("Accounts", "accounts", "AccountID", "Status"),
    ] {
        let known = text(&record(&town, &caller, kind, |_| true).await[id]);
        town.xero.set_unheard_status(town.tenant, collection, known.parse().unwrap()).unwrap();
        wanted.push((kind, known, status));
    }
    let run = town.sync(&caller).await;
    assert_eq!(run["outcome"], "completed", "{run}");
    let (changes, _) = town.changes(&caller, &cursor).await;
    assert_eq!(changes.len(), wanted.len(), "{changes:#?}");
    for (kind, id, status) in wanted {
        let change = changes.iter().find(|change| change["entity"] == kind).unwrap();
        assert_eq!(
            (change["id"].as_str(), change["change"].as_str()),
            (Some(id.as_str()), Some("updated")),
            "{change}"
        );
        assert_eq!(change["record"][status], "UNDERREVIEW");
        let told = change["differences"].as_array().unwrap().iter().find(|each| each["field"] == status).unwrap();
        assert_eq!(told["to"], "UNDERREVIEW", "{told}");
        let path = change["self"].as_str().unwrap();
        let shown = caller.expect("GET", path, None).await.unwrap();
        assert_eq!((&shown["record"][status], &shown["gone"]), (&json!("UNDERREVIEW"), &json!(false)), "{path}");
    }
    assert_eq!(calls(&town, "POST", "/api.xro/", 200), 0);
    let problems = caller.expect("GET", &town.path("/problems"), None).await.unwrap();
    assert_eq!(problems["problems"], json!([]));
}
