//! Slow answers, lost ones, outages, and which call each of them strikes.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use ports::{HttpResponse, Method, TransportError};
use scene::{Scene, body, first, text};
use serde_json::{Value, json};
use simulator::xero::{AppSettings, Fault, FaultTarget};

type Sent = Result<HttpResponse, TransportError>;

const TARGETS: [FaultTarget; 8] = [
    FaultTarget::Token,
    FaultTarget::Revocation,
    FaultTarget::Connections,
    FaultTarget::Disconnection,
    FaultTarget::Discovery,
    FaultTarget::Keys,
    FaultTarget::Reads,
    FaultTarget::Writes,
];

fn basic() -> String {
    let settings = AppSettings::default();
    let pair = format!("{}:{}", settings.client_id, settings.client_secret);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn contact(name: &str) -> String {
    json!({ "Contacts": [{ "Name": name }] }).to_string()
}

async fn named(scene: &Scene, name: &str) -> usize {
    scene.get(&format!("/Contacts?where=Name==\"{name}\"")).await["Contacts"].as_array().unwrap().len()
}

/// One harmless call of each kind.
async fn knock(scene: &Scene, target: FaultTarget) -> Sent {
    let document = "https://identity.xero.com/.well-known/openid-configuration";
    let headers = [("Authorization", basic())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    match target {
        FaultTarget::Token => {
            let refresh = scene.tokens["refresh_token"].as_str().unwrap();
            scene.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await
        }
        FaultTarget::Revocation => {
            let url = "https://identity.xero.com/connect/revocation";
            scene.raw(Method::Post, url, &headers, "token=nobodys").await
        }
        FaultTarget::Connections => scene.connections(Method::Get, "").await,
        FaultTarget::Disconnection => scene.connections(Method::Delete, "/6f0f0c4e-0000-4000-8000-000000000001").await,
        FaultTarget::Discovery => scene.raw(Method::Get, document, &[], "").await,
        FaultTarget::Keys => scene.raw(Method::Get, &format!("{document}/jwks"), &[], "").await,
        FaultTarget::Reads => scene.try_call(Method::Get, "/Currencies", &[], "").await,
        FaultTarget::Writes => scene.try_call(Method::Post, "/Contacts", &[], &contact("Knocking Shop Ltd")).await,
    }
}

#[tokio::test]
async fn every_failure_strikes_the_kind_of_call_it_is_aimed_at_and_no_other() {
    for target in TARGETS {
        let scene = Scene::with(5).await;
        let well = knock(&scene, target).await.unwrap().status;
        for (fault, status) in [
            (Fault::Maintenance, Some(503)),
            (Fault::Unavailable, Some(503)),
            (Fault::Gateway, Some(502)),
            (Fault::Internal, Some(500)),
            (Fault::GatewayAfterWrite, Some(502)),
            (Fault::InternalAfterWrite, Some(500)),
            (Fault::CutBeforeXero, None),
            (Fault::LostAnswer, None),
        ] {
            scene.clock.pass(61); // Few may ask for the discovery document.
            scene.xero.order_fault_at(target, fault);
            for other in TARGETS.into_iter().filter(|other| *other != target) {
                if other != FaultTarget::Discovery {
                    assert!(knock(&scene, other).await.unwrap().status < 500, "{fault:?} at {target:?}, {other:?}");
                }
            }
            let struck = knock(&scene, target).await;
            assert_eq!(struck.as_ref().ok().map(|answer| answer.status), status, "{fault:?} at {target:?}");
            assert!(!matches!(struck, Err(TransportError::NotSent(_) | TransportError::TooLong { .. })));
            assert_eq!(knock(&scene, target).await.unwrap().status, well, "{fault:?} at {target:?}");
        }
    }
}

#[tokio::test]
async fn outages_speak_xeros_own_words() {
    let scene = Scene::with(5).await;
    for (fault, words) in [
        (Fault::Maintenance, "The Xero API is currently offline for maintenance"),
        (Fault::Unavailable, "The Xero API is temporarily unavailable"),
    ] {
        scene.xero.order_fault(fault);
        let answer = scene.call(Method::Get, "/Currencies", &[], "").await;
        assert_eq!((answer.status, text(&answer).as_str()), (503, words));
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    }
}

#[tokio::test]
async fn a_lost_token_answer_waits_for_the_token_endpoint() {
    let scene = Scene::with(5).await;
    scene.xero.order_fault(Fault::LostTokenAnswer);
    assert_eq!(knock(&scene, FaultTarget::Revocation).await.unwrap().status, 200);
    assert!(knock(&scene, FaultTarget::Token).await.is_err());
}

#[tokio::test]
async fn a_connection_deleted_without_an_answer_is_deleted() {
    let scene = Scene::with(5).await;
    let id = body(&scene.connections(Method::Get, "").await.unwrap())[0]["id"].as_str().unwrap().to_owned();
    scene.xero.order_fault_at(FaultTarget::Disconnection, Fault::CutBeforeXero);
    assert!(scene.connections(Method::Delete, &format!("/{id}")).await.is_err());
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 200);
    scene.xero.order_fault_at(FaultTarget::Disconnection, Fault::LostAnswer);
    assert!(scene.connections(Method::Delete, &format!("/{id}")).await.is_err());
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 403);
    assert_eq!(scene.connections(Method::Delete, &format!("/{id}")).await.unwrap().status, 404);
}

#[tokio::test]
async fn a_gateway_page_may_follow_a_rotation_and_the_old_token_recovers() {
    let scene = Scene::with(5).await;
    let old = scene.tokens["refresh_token"].as_str().unwrap().to_owned();
    scene.xero.order_fault_at(FaultTarget::Token, Fault::GatewayAfterWrite);
    let page = scene.refresh(&old).await;
    assert!(page.status == 502 && text(&page).starts_with("<html>"));
    scene.clock.pass(29 * 60);
    assert_eq!(scene.refresh(&old).await.status, 200);
    scene.clock.pass(60);
    assert_eq!(scene.refresh(&old).await.status, 400, "the first use, though unanswered, began the half hour");
}

#[tokio::test]
async fn a_server_error_may_follow_a_write_that_happened() {
    let scene = Scene::with(5).await;
    for (fault, status, again, kind) in
        [(Fault::GatewayAfterWrite, 502, 200, "text/html"), (Fault::InternalAfterWrite, 500, 500, "application/json")]
    {
        let name = format!("Written All The Same {status}");
        let key = [("Idempotency-Key", name.as_str())];
        scene.xero.order_fault(fault);
        assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 200, "it waits for a write");
        let answer = scene.call(Method::Put, "/Contacts", &key, &contact(&name)).await;
        assert_eq!(answer.status, status);
        assert!(answer.header("content-type").unwrap().starts_with(kind));
        assert_eq!(named(&scene, &name).await, 1);
        // The gateway did not change what Xero keeps under the key; an error of Xero's own is kept as it is.
        assert_eq!(scene.call(Method::Put, "/Contacts", &key, &contact(&name)).await.status, again);
        assert_eq!(named(&scene, &name).await, 1);
    }
}

#[tokio::test]
async fn a_call_turned_away_at_the_door_uses_no_failure_up() {
    let mut scene = Scene::with(5).await;
    scene.xero.order_fault(Fault::Maintenance);
    scene.xero.order_fault_at(FaultTarget::Connections, Fault::Gateway);
    let bearer = scene.tokens["access_token"].clone();
    scene.tokens["access_token"] = json!("nobody");
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 401);
    assert_eq!(scene.connections(Method::Get, "").await.unwrap().status, 401);
    scene.tokens["access_token"] = bearer;
    let tenant = std::mem::replace(&mut scene.tenant, kernel::TenantId(Default::default()));
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 403);
    scene.tenant = tenant;
    scene.xero.set_role(scene.user, scene.tenant, simulator::xero::Role::Standard);
    assert_eq!(scene.call(Method::Get, "/ManualJournals", &[], "").await.status, 401);
    scene.xero.spend_calls(scene.app, scene.tenant, 60, 0);
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 429);
    scene.clock.pass(60);
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 503);
    scene.xero.spend_app_calls(scene.app, 10_000);
    let limited = scene.connections(Method::Get, "").await.unwrap();
    assert_eq!((limited.status, limited.header("X-Rate-Limit-Problem")), (429, Some("appminute")));
    assert!(limited.header("Retry-After").is_none() && limited.header("X-AppMinLimit-Remaining") == Some("0"));
    scene.clock.pass(60);
    assert_eq!(scene.connections(Method::Get, "").await.unwrap().status, 502);
}

#[tokio::test]
async fn a_cut_call_is_not_counted() {
    let scene = Scene::with(5).await;
    scene.xero.order_fault(Fault::CutBeforeXero);
    assert!(scene.try_call(Method::Get, "/Currencies", &[], "").await.is_err());
    let answer = scene.call(Method::Get, "/Currencies", &[], "").await;
    assert_eq!(answer.header("X-MinLimit-Remaining"), Some("59"));
}

#[tokio::test]
async fn a_caller_who_waits_less_than_xero_takes_does_not_know_and_the_write_is_done() {
    let scene = Scene::with(5).await;
    scene.xero.set_latency(Duration::from_secs(30));
    let short = Duration::from_millis(20);
    let lost = scene.hurried(Method::Put, "/Contacts", &contact("Slow Coach Hire"), short).await;
    assert!(matches!(&lost, Err(TransportError::OutcomeUnknown(text)) if text.contains("within")), "{lost:?}");
    assert_eq!(scene.xero.calls().last().unwrap().status, 0);
    scene.xero.set_latency(Duration::ZERO);
    assert_eq!(named(&scene, "Slow Coach Hire").await, 1);
    scene.xero.hold_calls();
    let lost = scene.hurried(Method::Put, "/Contacts", &contact("Held Up Hire"), short).await;
    assert!(matches!(lost, Err(TransportError::OutcomeUnknown(_))));
    scene.xero.release_calls();
    assert_eq!(named(&scene, "Held Up Hire").await, 1);
}

#[tokio::test]
async fn a_caller_who_left_does_not_end_the_call_at_xero() {
    let scene = Scene::with(5).await;
    scene.xero.hold_calls();
    for _ in 0..5 {
        let lost = scene.hurried(Method::Get, "/Currencies", "", Duration::from_millis(1)).await;
        assert!(lost.is_err());
    }
    let refused = scene.call(Method::Get, "/Currencies", &[], "").await;
    assert_eq!((refused.status, refused.header("X-Rate-Limit-Problem")), (429, Some("concurrent")));
    scene.xero.release_calls();
    while scene.call(Method::Get, "/Currencies", &[], "").await.status == 429 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_kind_of_answer_can_be_slow_or_held() {
    let scene = Arc::new(Scene::with(5).await);
    scene.xero.hold_calls();
    let mut all = Vec::new();
    for target in TARGETS {
        let scene = scene.clone();
        all.push(tokio::spawn(async move { knock(&scene, target).await.unwrap().status }));
    }
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert!(all.iter().all(|call| !call.is_finished()));
    scene.xero.release_calls();
    for call in all {
        assert!(call.await.unwrap() < 500);
    }
    scene.xero.set_latency(Duration::from_millis(5));
    for target in TARGETS {
        let start = std::time::Instant::now();
        knock(&scene, target).await.unwrap();
        assert!(start.elapsed() >= Duration::from_millis(5), "{target:?}");
    }
}

/// Starts a call that is held, and waits until it has arrived.
async fn held(scene: &Arc<Scene>, method: Method, path: &str, payload: String) -> tokio::task::JoinHandle<Sent> {
    scene.xero.hold_calls();
    let (caller, path) = (scene.clone(), path.to_owned());
    let call = tokio::spawn(async move { caller.try_call(method, &path, &[], &payload).await });
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished());
    call
}

#[tokio::test]
async fn a_slow_read_shows_the_state_of_its_beginning() {
    let scene = Arc::new(Scene::with(5).await);
    let call = held(&scene, Method::Get, "/Contacts?where=Name==\"Too Late Ltd\"", String::new()).await;
    scene.xero.edit(scene.tenant, "Contacts", None, &json!({ "Name": "Too Late Ltd" })).unwrap();
    scene.xero.release_calls();
    assert_eq!(body(&call.await.unwrap().unwrap())["Contacts"], json!([]));
    assert_eq!(named(&scene, "Too Late Ltd").await, 1);
}

#[tokio::test]
async fn a_lock_date_set_while_a_call_is_held_binds_the_next_one() {
    let scene = Arc::new(Scene::with(5).await);
    let bill = json!({ "Invoices": [scene.bill("AUTHORISED").await] });
    let call = held(&scene, Method::Put, "/Invoices", bill.to_string()).await;
    scene.xero.set_lock_dates(scene.tenant, Some("2026-10-31".parse().unwrap()), None);
    scene.xero.release_calls();
    let made: Value = first(&call.await.unwrap().unwrap());
    assert_eq!(made["Status"], "AUTHORISED");
    let refused = scene.put("/Invoices", bill).await;
    assert!(scene::messages(&refused).contains("period lock date, currently set at 31-Oct-2026"));
}

/// A bill and a manual journal, each without a number that must be unique.
async fn nameless(scene: &Scene) -> [(&'static str, Value); 2] {
    let journal = json!({
        "Narration": "Accrual [ref J-900]", "Date": "2026-09-30", "Status": "POSTED", "LineAmountTypes": "NoTax",
        "JournalLines": [
            { "LineAmount": 250.00, "AccountCode": "463", "TaxType": "NONE" },
            { "LineAmount": -250.00, "AccountCode": "801", "TaxType": "NONE" },
        ],
    });
    [("Invoices", scene.bill("DRAFT").await), ("ManualJournals", journal)]
}

#[tokio::test]
async fn a_lost_answer_replays_under_its_key_for_six_minutes_and_duplicates_after() {
    let scene = Scene::with(5).await;
    for (plural, record) in nameless(&scene).await {
        let (path, payload) = (format!("/{plural}"), json!({ plural: [record] }).to_string());
        let key = [("Idempotency-Key", plural)];
        let before = scene.get(&path).await[plural].as_array().unwrap().len();
        let count = async || scene.get(&path).await[plural].as_array().unwrap().len() - before;
        scene.xero.order_fault(Fault::LostWriteAnswer);
        assert!(scene.try_call(Method::Put, &path, &key, &payload).await.is_err());
        scene.clock.pass(359);
        let replay = scene.call(Method::Put, &path, &key, &payload).await;
        let id = first(&replay)[format!("{}ID", plural.trim_end_matches('s'))].as_str().unwrap().to_owned();
        assert_eq!(scene.call(Method::Get, &format!("{path}/{id}"), &[], "").await.status, 200);
        assert_eq!(count().await, 1, "{plural}");
        scene.clock.pass(1);
        assert_eq!(scene.call(Method::Put, &path, &key, &payload).await.status, 200);
        assert_eq!(count().await, 2, "{plural}: the key is new again");
    }
}

#[tokio::test]
async fn a_body_too_long_or_of_another_kind_is_refused() {
    let scene = Scene::with(5).await;
    let long = format!("{{\"Contacts\":[{{\"Name\":\"{}\"}}]}}", "x".repeat(10_000_000));
    assert_eq!(scene.call(Method::Put, "/Contacts", &[], &long).await.status, 413);
    let headers = [
        ("Authorization", format!("Bearer {}", scene.access())),
        ("xero-tenant-id", scene.tenant.to_string()),
        ("Accept", "application/json".to_owned()),
        ("Content-Type", "text/plain".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let url = "https://api.xero.com/api.xro/2.0/Contacts";
    let refused = scene.raw(Method::Put, url, &headers, &contact("Plain Text Ltd")).await.unwrap();
    assert_eq!((refused.status, &body(&refused)["Type"]), (415, &json!("UnsupportedMediaTypeException")));
}
