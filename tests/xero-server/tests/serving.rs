//! The simulated Xero through a real socket.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod socket;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::xero::{AppSettings, Fault, UserSettings};
use socket::{Manner, Target, consent, control, exchange, get, parts, post, request, until, xero};
use tokio::io::AsyncWriteExt;
use xero_server::{ServerSettings, serve};

#[tokio::test]
async fn the_key_set_comes_over_http_and_a_lost_answer_closes_the_connection() {
    let (xero, ..) = xero();
    let server = serve(0, xero.clone(), ServerSettings::default()).await.unwrap();
    let keys = exchange(server.address(), &get("/.well-known/openid-configuration/jwks")).await;
    assert!(keys.starts_with("HTTP/1.1 200 OK") && keys.contains("\"kty\":\"RSA\""), "{keys}");
    xero.order_fault(Fault::LostTokenAnswer);
    assert_eq!(exchange(server.address(), &post("/connect/token", "grant_type=refresh_token")).await, "");
    let known = exchange(server.address(), &post("/connect/token", "grant_type=refresh_token")).await;
    assert!(known.starts_with("HTTP/1.1 400") && known.contains("invalid_client"), "{known}");
}

#[tokio::test]
async fn an_edit_through_a_control_reaches_the_webhook_target_unchecked_when_told_so() {
    let target = Target::listen(Manner::Good).await;
    let (xero, app, tenant) = xero();
    let settings =
        ServerSettings { webhook_target: Some(target.url.clone()), webhook_app: Some(app), intent_to_receive: false };
    let server = serve(0, xero, settings).await.unwrap();
    consent(server.address(), "openid").await;
    let fields = json!({ "tenant": tenant.to_string(), "collection": "Contacts", "fields": { "Name": "Quarry Lane" } });
    control(server.address(), "edit", fields).await;
    until("a delivery", async || target.seen() == [1]).await;
    assert_eq!(*target.posts.lock().unwrap(), 1, "no check came first");
}

/// Headers of an Accounting call by a fresh token.
async fn headers(address: SocketAddr, tenant: &str) -> String {
    let code = consent(address, "openid%20offline_access%20accounting.contacts").await;
    let settings = AppSettings::default();
    let form = format!(
        "grant_type=authorization_code&code={code}&client_id={}&client_secret={}&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Foauth%2Fcallback",
        settings.client_id, settings.client_secret
    );
    let sent = post("/connect/token", &form);
    let answer = exchange(address, &sent).await;
    let tokens: Value = serde_json::from_str(parts(&answer).1).unwrap();
    let bearer = tokens["access_token"].as_str().unwrap();
    format!("Authorization: Bearer {bearer}\r\nxero-tenant-id: {tenant}\r\nAccept: application/json\r\n")
}

const CONTACTS: &str = "/api.xro/2.0/Contacts";

#[tokio::test]
async fn accounting_calls_work_and_faults_and_spent_quotas_come_through_controls() {
    let (xero, _, tenant) = xero();
    let server = serve(0, xero, ServerSettings::default()).await.unwrap();
    let (address, tenant) = (server.address(), tenant.to_string());
    let headers = headers(address, &tenant).await;
    let read = async || exchange(address, &request("GET", CONTACTS, &headers, "")).await;
    let answer = read().await;
    let listed: Value = serde_json::from_str(parts(&answer).1).unwrap();
    assert!(listed["Contacts"].as_array().is_some_and(|all| !all.is_empty()), "{answer}");
    for (input, path, status) in [
        (json!({ "fault": "Maintenance" }), CONTACTS, 503),
        (json!({ "fault": "LostReadAnswer" }), CONTACTS, 0),
        (json!({ "fault": "Gateway", "target": "Keys" }), "/.well-known/openid-configuration/jwks", 502),
        (json!({ "fault": "CutBeforeXero", "target": "Connections" }), "/connections", 0),
    ] {
        control(address, "fault", input).await;
        let sent = request("GET", path, &headers, "");
        assert_eq!(parts(&exchange(address, &sent).await).0, status, "{path}");
        assert_eq!(parts(&exchange(address, &sent).await).0, 200, "{path}");
    }
    let wrong = exchange(address, &post("/_controls/fault", "{\"fault\":\"Maintenance\",\"target\":\"x\"}")).await;
    assert_eq!(parts(&wrong).0, 400);
    control(address, "spend_app", json!({ "calls": 10_000 })).await;
    let refused = read().await;
    assert!(parts(&refused).0 == 429 && refused.to_lowercase().contains("x-rate-limit-problem: appminute"));
    control(address, "spend", json!({ "tenant": tenant, "minute": 0, "day": 5_000 })).await;
    let refused = read().await;
    assert!(parts(&refused).0 == 429 && refused.to_lowercase().contains("x-rate-limit-problem: day"), "{refused}");
    let calls = control(address, "calls", json!({})).await;
    assert!(calls.as_array().unwrap().iter().any(|call| call["path"] == CONTACTS && call["status"] == 429));
}

#[tokio::test]
async fn latency_comes_through_a_control_and_a_client_that_leaves_does_not_undo_its_write() {
    let (xero, _, tenant) = xero();
    let server = serve(0, xero.clone(), ServerSettings::default()).await.unwrap();
    let address = server.address();
    let headers = headers(address, &tenant.to_string()).await;
    control(address, "latency", json!({ "millis": 60 })).await;
    let start = std::time::Instant::now();
    assert_eq!(parts(&exchange(address, &request("GET", CONTACTS, &headers, "")).await).0, 200);
    assert!(start.elapsed() >= Duration::from_millis(60));
    let kind = format!("{headers}Content-Type: application/json\r\n");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let sent = request("PUT", CONTACTS, &kind, "{\"Name\":\"Left Before The Answer\"}");
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let path = format!("{CONTACTS}?where=Name==%22Left%20Before%20The%20Answer%22");
    tokio::time::sleep(Duration::from_millis(30)).await;
    drop(stream);
    control(address, "latency", json!({ "millis": 0 })).await;
    until("the write", async || exchange(address, &request("GET", &path, &headers, "")).await.contains("ContactID"))
        .await;
    let logged = async || xero.calls().iter().any(|call| call.method == "PUT" && call.status == 200);
    until("its end at Xero", logged).await;
}

#[tokio::test]
async fn a_held_call_is_answered_when_it_is_released() {
    let (xero, _, tenant) = xero();
    let server = serve(0, xero, ServerSettings::default()).await.unwrap();
    let address = server.address();
    let headers = headers(address, &tenant.to_string()).await;
    control(address, "hold", json!({})).await;
    let call = tokio::spawn(async move { exchange(address, &request("GET", CONTACTS, &headers, "")).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!call.is_finished());
    control(address, "release", json!({})).await;
    assert_eq!(parts(&call.await.unwrap()).0, 200);
}

#[tokio::test]
async fn practices_and_subscription_events_come_through_controls() {
    let (xero, app, _) = xero();
    let server = serve(0, xero.clone(), ServerSettings::default()).await.unwrap();
    let address = server.address();
    let user = xero.register_user(UserSettings::default()).to_string();
    let practice = control(address, "practice", json!({ "name": "Ferris & Partners", "user": user })).await;
    control(address, "consent", json!({ "user": user, "tenants": [practice] })).await;
    let headers = headers(address, practice.as_str().unwrap()).await;
    let listed = exchange(address, &request("GET", "/connections", &headers, "")).await;
    assert!(listed.contains("\"tenantType\":\"PRACTICE\""), "{listed}");
    assert_eq!(parts(&exchange(address, &request("GET", CONTACTS, &headers, "")).await).0, 403);
    let id = control(address, "subscription", json!({ "created": true })).await;
    let body = String::from_utf8_lossy(&xero.take_deliveries(app)[0].body).into_owned();
    assert!(body.contains(id.as_str().unwrap()) && body.contains("\"tenantType\": \"APPLICATION\""), "{body}");
}
