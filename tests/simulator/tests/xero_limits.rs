//! Rate limits, faults, idempotency keys and headers.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use ports::{Method, TransportError};
use scene::{Scene, body, first, text};
use serde_json::json;
use simulator::xero::{Fault, Role};

#[tokio::test]
async fn the_sixty_first_call_of_a_minute_waits_for_the_next_window() {
    let scene = Scene::with(5).await;
    for left in (0..60).rev() {
        let answer = scene.call(Method::Get, "/Currencies", &[], "").await;
        assert_eq!(answer.header("X-MinLimit-Remaining"), Some(left.to_string().as_str()));
        assert!(answer.header("Xero-Correlation-Id").is_some());
    }
    let refused = scene.call(Method::Get, "/Currencies", &[], "").await;
    assert_eq!((refused.status, refused.header("X-Rate-Limit-Problem")), (429, Some("minute")));
    let wait: i64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    scene.clock.pass(wait - 1);
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 429);
    scene.clock.pass(1);
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 200);
}

#[tokio::test]
async fn a_spent_day_says_when_it_ends() {
    let scene = Scene::with(5).await;
    scene.xero.change_app(scene.app, |app| app.day_limit = 1_000);
    scene.xero.spend_calls(scene.app, scene.tenant, 0, 1_000);
    let refused = scene.call(Method::Get, "/Currencies", &[], "").await;
    assert_eq!((refused.status, refused.header("X-Rate-Limit-Problem")), (429, Some("day")));
    assert_eq!(refused.header("X-DayLimit-Remaining"), Some("0"));
    assert!(refused.header("Retry-After").unwrap().parse::<i64>().unwrap() <= 86_400);
}

#[tokio::test]
async fn the_apps_own_minute_has_no_retry_after() {
    let scene = Scene::with(5).await;
    scene.xero.spend_app_calls(scene.app, 10_000);
    let refused = scene.call(Method::Get, "/Currencies", &[], "").await;
    assert_eq!((refused.status, refused.header("X-Rate-Limit-Problem")), (429, Some("appminute")));
    assert!(refused.header("Retry-After").is_none());
}

#[tokio::test]
async fn a_sixth_call_in_flight_is_refused_at_once() {
    let scene = std::sync::Arc::new(Scene::with(5).await);
    scene.xero.hold_calls();
    let mut flying = Vec::new();
    for _ in 0..5 {
        let scene = scene.clone();
        flying.push(tokio::spawn(async move { scene.call(Method::Get, "/Currencies", &[], "").await.status }));
    }
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let refused = scene.call(Method::Get, "/Currencies", &[], "").await;
    assert_eq!((refused.status, refused.header("X-Rate-Limit-Problem")), (429, Some("concurrent")));
    assert!(refused.header("Retry-After").is_none());
    scene.xero.release_calls();
    for each in flying {
        assert_eq!(each.await.unwrap(), 200);
    }
    assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 200);
}

#[tokio::test]
async fn outages_come_as_text_json_or_html_and_pass() {
    let scene = Scene::with(5).await;
    for (fault, status, kind) in [
        (Fault::Maintenance, 503, "text/plain"),
        (Fault::Unavailable, 503, "text/plain"),
        (Fault::OrganisationOffline, 503, "application/json"),
        (Fault::Gateway, 502, "text/html"),
        (Fault::Internal, 500, "application/json"),
    ] {
        scene.xero.order_fault(fault);
        let answer = scene.call(Method::Get, "/Currencies", &[], "").await;
        assert_eq!(answer.status, status, "{fault:?}");
        assert!(answer.header("content-type").unwrap().starts_with(kind), "{fault:?}");
        assert_eq!(scene.call(Method::Get, "/Currencies", &[], "").await.status, 200);
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_the_record_behind_and_a_cut_call_does_not() {
    let scene = Scene::with(5).await;
    for (fault, made) in [(Fault::CutBeforeXero, 0), (Fault::LostWriteAnswer, 1)] {
        scene.xero.order_fault(fault);
        let payload = json!({ "Contacts": [{ "Name": "Lost and Found Ltd" }] }).to_string();
        let lost = scene.try_call(Method::Put, "/Contacts", &[], &payload).await;
        assert!(matches!(lost, Err(TransportError::OutcomeUnknown(_))));
        let found = scene.get("/Contacts?where=Name==\"Lost and Found Ltd\"").await;
        assert_eq!(found["Contacts"].as_array().unwrap().len(), made, "{fault:?}");
    }
    let calls = scene.xero.calls();
    assert_eq!(calls.iter().filter(|call| call.method == "PUT" && call.status == 0).count(), 2);
}

#[tokio::test]
async fn a_key_replays_for_six_minutes_and_then_duplicates() {
    let scene = Scene::with(5).await;
    let key = [("Idempotency-Key", "bill-1")];
    let payload = json!({ "Invoices": [scene.bill("DRAFT").await] }).to_string();
    let made = scene.call(Method::Put, "/Invoices", &key, &payload).await;
    scene.clock.pass(359);
    assert_eq!(scene.call(Method::Put, "/Invoices", &key, &payload).await.body, made.body);
    let other = payload.replace("SUP-9912", "SUP-9999");
    let refused = scene.call(Method::Put, "/Invoices", &key, &other).await;
    assert!(refused.status == 400 && text(&refused).contains("is used with a different request"));
    scene.clock.pass(1);
    let again = scene.call(Method::Put, "/Invoices", &key, &payload).await;
    assert_ne!(first(&again)["InvoiceID"], first(&made)["InvoiceID"]);
}

#[tokio::test]
async fn an_error_is_replayed_as_well_and_a_long_key_is_refused() {
    let scene = Scene::with(5).await;
    let contact = scene.get("/Contacts?page=1").await["Contacts"][0]["Name"].clone();
    let payload = json!({ "Contacts": [{ "Name": contact }] }).to_string();
    let key = [("Idempotency-Key", "same-name")];
    let refused = scene.call(Method::Put, "/Contacts", &key, &payload).await;
    assert_eq!((refused.status, &body(&refused)["ErrorNumber"]), (400, &json!(10)));
    assert_eq!(scene.call(Method::Put, "/Contacts", &key, &payload).await.body, refused.body);
    let long = "k".repeat(129);
    let refused = scene.call(Method::Put, "/Contacts", &[("Idempotency-Key", &long)], &payload).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn xml_is_the_answer_when_nobody_asks_for_json() {
    let scene = Scene::with(5).await;
    let bearer = format!("Bearer {}", scene.access());
    let tenant = scene.tenant.to_string();
    let headers = [("Authorization", bearer.as_str()), ("xero-tenant-id", tenant.as_str())];
    let answer = scene.raw(Method::Get, "https://api.xero.com/api.xro/2.0/Currencies", &headers, "").await.unwrap();
    assert!(answer.header("content-type").unwrap().starts_with("text/xml"));
    assert!(text(&answer).contains("<Currencies><Currency><Code>GBP</Code>"), "{}", text(&answer));
}

#[tokio::test]
async fn a_wrong_organisation_an_unknown_path_and_a_missing_permission_are_told_apart() {
    let scene = Scene::with(5).await;
    let bearer = format!("Bearer {}", scene.access());
    let headers = [("Authorization", bearer.as_str()), ("Accept", "application/json")];
    let url = "https://api.xero.com/api.xro/2.0/Invoices";
    let refused = scene.raw(Method::Get, url, &headers, "").await.unwrap();
    assert_eq!((refused.status, &body(&refused)["Detail"]), (403, &json!("AuthenticationUnsuccessful")));
    let missing = scene.call(Method::Get, "/Nonsense", &[], "").await;
    assert_eq!((missing.status, text(&missing).as_str()), (404, "The resource you're looking for cannot be found"));
    assert_eq!(scene.call(Method::Get, "/Journals", &[], "").await.status, 501);
    scene.xero.set_role(scene.user, scene.tenant, Role::Standard);
    let refused = scene.call(Method::Get, "/ManualJournals", &[], "").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("insufficient_scope")));
    assert_eq!(scene.call(Method::Get, "/Invoices", &[], "").await.status, 200);
}
