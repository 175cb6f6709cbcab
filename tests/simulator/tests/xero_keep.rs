//! A Xero that was saved and taken up again: it answers, counts and remembers as the one that was left.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ports::{HttpResponse, Method};
use scene::{Scene, body, first, parameter, text};
use serde_json::{Value, json};
use simulator::xero::{AppId, AppSettings, Delivery, DemoSettings, Fault, KeepError, Mischief, Xero};

/// A file of this test alone, removed at its end.
struct Kept(PathBuf);

impl Kept {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("kept-xero-{}-{number}.json", std::process::id())))
    }

    fn value(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.0).unwrap()).unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// The same scene in a later run.
fn later(scene: &Scene) -> Scene {
    let kept = Kept::new();
    scene.xero.save(&kept.0).unwrap();
    Scene {
        xero: Xero::restore(&kept.0, scene.clock.clone()).unwrap(),
        clock: scene.clock.clone(),
        app: scene.app,
        user: scene.user,
        tenant: scene.tenant,
        tokens: scene.tokens.clone(),
        keys: AtomicUsize::new(scene.keys.load(Ordering::Relaxed)),
    }
}

/// A page, a file or a list of everything that can be read.
const READS: &[&str] = &[
    "/Organisation",
    "/Organisation/Actions",
    "/Accounts",
    "/Items",
    "/TaxRates",
    "/Currencies",
    "/TrackingCategories?includeArchived=true",
    "/Contacts?page=1&includeArchived=true",
    "/Invoices?page=1",
    "/CreditNotes?page=1",
    "/PurchaseOrders?page=1",
    "/BankTransactions?page=1",
    "/BankTransfers",
    "/Prepayments?page=1",
    "/Overpayments?page=1",
    "/Payments?page=1",
    "/ManualJournals?page=1",
];

/// Asks both for the same; everything in the answers must be the same, ids of errors and remaining limits included.
async fn alike(before: &Scene, after: &Scene, path: &str, more: &[(&str, &str)]) -> HttpResponse {
    let one = before.call(Method::Get, path, more, "").await;
    let other = after.call(Method::Get, path, more, "").await;
    assert_eq!((one.status, &one.headers), (other.status, &other.headers), "{path}");
    assert_eq!(one.body, other.body, "{path}");
    one
}

#[tokio::test]
async fn what_was_kept_answers_every_read_byte_for_byte() {
    let scene = Scene::with(40).await;
    let bill = scene.made("/Invoices", scene.bill("AUTHORISED").await).await["InvoiceID"].clone();
    let bill = bill.as_str().unwrap();
    scene.clock.pass(90);
    scene.xero.pay_invoice(scene.tenant, bill.parse().unwrap(), "090", "12.5".parse().unwrap()).unwrap();
    let contact = scene.contact().await;
    scene.xero.rename_contact(scene.tenant, contact.parse().unwrap(), "Änderung & “Söhne”").unwrap();
    scene.xero.set_lock_dates(scene.tenant, Some("2025-03-31".parse().unwrap()), None);
    scene.xero.add_tracking_option(scene.tenant, "Region", "Far North").unwrap();
    let file = format!("/Invoices/{bill}/Attachments/notes.txt");
    assert_eq!(scene.call(Method::Put, &file, &[], "not JSON at all").await.status, 200);
    let note = json!({ "HistoryRecords": [{ "Details": "Seen by two people" }] });
    assert_eq!(scene.put(&format!("/Invoices/{bill}/History"), note).await.status, 200);
    let after = later(&scene);
    for path in READS {
        assert_eq!(alike(&scene, &after, path, &[]).await.status, 200, "{path}");
    }
    scene.clock.pass(60); // Another minute's calls.
    for path in READS {
        alike(&scene, &after, path, &[("If-Modified-Since", "2026-10-05T09:01:00")]).await;
    }
    for below in ["", "/History", "/Attachments", "/Attachments/notes.txt"] {
        assert_eq!(alike(&scene, &after, &format!("/Invoices/{bill}{below}"), &[]).await.status, 200, "{below}");
    }
    assert_eq!(alike(&scene, &after, "/Invoices/nothing", &[]).await.status, 404);
    assert_eq!(after.get(&format!("/Invoices/{bill}")).await["Invoices"][0]["AmountPaid"].to_string(), "12.50");
    let connections =
        (scene.connections(Method::Get, "").await.unwrap(), after.connections(Method::Get, "").await.unwrap());
    assert_eq!(connections.0.body, connections.1.body);
    assert_eq!(body(&connections.1).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_xero_taken_up_leaves_the_same_again() {
    let scene = Scene::with(40).await;
    scene.made("/Invoices", scene.bill("AUTHORISED").await).await;
    let (one, other) = (Kept::new(), Kept::new());
    scene.xero.save(&one.0).unwrap();
    Xero::restore(&one.0, scene.clock.clone()).unwrap().save(&other.0).unwrap();
    assert_eq!(one.value(), other.value());
}

#[tokio::test]
async fn tokens_rotate_on_and_a_consent_adds_to_the_same_connection() {
    let scene = Scene::with(5).await;
    let old = scene.tokens["refresh_token"].as_str().unwrap().to_owned();
    let answer = scene.refresh(&old).await;
    let fresh = body(&answer)["refresh_token"].as_str().unwrap().to_owned();
    let key_set = "https://identity.xero.com/.well-known/openid-configuration/jwks";
    let keys = scene.raw(Method::Get, key_set, &[], "").await.unwrap();
    scene.clock.pass(1_200);
    let mut after = later(&scene);
    assert_eq!(after.get("/Organisation").await["Organisations"].as_array().unwrap().len(), 1);
    assert_eq!(after.raw(Method::Get, key_set, &[], "").await.unwrap().body, keys.body);
    // Within the grace of half an hour the old one still works, and ends what it was changed for.
    assert_eq!(after.refresh(&old).await.status, 200);
    assert_eq!(after.refresh(&fresh).await.status, 400);
    scene.clock.pass(700);
    let mut even_later = later(&after);
    assert_eq!(even_later.refresh(&old).await.status, 400, "the grace ended at its time");
    assert_eq!(even_later.call(Method::Get, "/Organisation", &[], "").await.status, 401, "so did the access token");
    let before = body(&scene.connections(Method::Get, "").await.unwrap());
    assert!(before["Detail"].as_str().unwrap().contains("TokenExpired"));
    even_later.tokens = even_later.connect().await;
    let connections = body(&even_later.connections(Method::Get, "").await.unwrap());
    assert_eq!(connections.as_array().unwrap().len(), 1);
    assert!(connections[0]["createdDateUtc"].as_str().unwrap().starts_with("2026-10-05T09:00:00"));
    after.tokens = even_later.tokens.clone();
    assert_eq!(after.call(Method::Get, "/Organisation", &[], "").await.status, 401, "each run is a world of its own");
}

#[tokio::test]
async fn a_code_under_way_is_still_good_for_one_use() {
    let scene = Scene::unconnected(DemoSettings::sized(11, 5));
    let back = scene.authorize(&scene::all_scopes(), "").await.unwrap();
    let after = later(&scene);
    let code = parameter(&back, "code").unwrap();
    assert_eq!(after.redeem(&code, "").await.status, 200);
    assert_eq!(after.redeem(&code, "").await.status, 400);
}

#[tokio::test]
async fn an_idempotency_key_still_replays_until_its_six_minutes_are_over() {
    let scene = Scene::with(5).await;
    let bill = scene.bill("AUTHORISED").await.to_string();
    let key = [("Idempotency-Key", "kept-between-runs")];
    let made = scene.call(Method::Put, "/Invoices", &key, &bill).await;
    scene.clock.pass(300);
    let after = later(&scene);
    let again = after.call(Method::Put, "/Invoices", &key, &bill).await;
    assert_eq!(first(&again)["InvoiceID"], first(&made)["InvoiceID"]);
    assert_eq!(again.body, made.body);
    let other = after.call(Method::Put, "/Invoices", &key, &bill.replace("SUP-9912", "SUP-9913")).await;
    assert_eq!(other.status, 400, "{}", text(&other));
    scene.clock.pass(61);
    let fresh = after.call(Method::Put, "/Invoices", &key, &bill.replace("SUP-9912", "SUP-9914")).await;
    assert_ne!(first(&fresh)["InvoiceID"], first(&made)["InvoiceID"]);
}

/// First and last number of every delivery.
fn numbers(deliveries: &[Delivery]) -> Vec<(i64, i64)> {
    let one = |delivery: &Delivery| {
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        (body["firstEventSequence"].as_i64().unwrap(), body["lastEventSequence"].as_i64().unwrap())
    };
    deliveries.iter().map(one).collect()
}

#[tokio::test]
async fn waiting_events_are_delivered_later_and_the_numbers_go_on() {
    let scene = Scene::with(5).await;
    let contact = |scene: &Scene, name: &str| {
        scene.xero.edit(scene.tenant, "Contacts", None, &json!({ "Name": name })).unwrap();
    };
    contact(&scene, "Came In The First Run");
    assert_eq!(numbers(&scene.xero.take_deliveries(scene.app)), [(1, 1)]);
    contact(&scene, "On Its Way");
    let now = "2026-10-05T09:00:00Z".parse().unwrap();
    let (posted, packed) = scene.xero.next_delivery(scene.app, now).unwrap();
    contact(&scene, "Waits");
    scene.xero.order_mischief(scene.app, Mischief::Duplicate);
    let after = later(&scene);
    contact(&after, "Came In The Second Run");
    assert_eq!(after.xero.next_delivery(after.app, now), Some((posted, packed)), "the same bytes again");
    after.xero.delivered(after.app);
    let rest = after.xero.take_deliveries(after.app);
    assert_eq!(numbers(&rest), [(3, 4), (3, 4)]);
    assert_eq!(after.xero.next_delivery(after.app, now), None);
}

#[tokio::test]
async fn limits_and_ordered_faults_stand_and_nothing_is_in_flight() {
    let scene = Scene::with(5).await;
    scene.xero.spend_calls(scene.app, scene.tenant, 54, 0);
    scene.xero.hold_calls();
    for _ in 0..5 {
        let moment = Duration::from_millis(1);
        assert!(scene.hurried(Method::Get, "/Organisation", "", moment).await.is_err(), "it stays in flight");
    }
    assert_eq!(scene.call(Method::Get, "/Organisation", &[], "").await.status, 429);
    scene.xero.order_fault(Fault::Maintenance);
    let after = later(&scene);
    let status = async || after.call(Method::Get, "/Organisation", &[], "").await.status;
    assert_eq!(status().await, 503, "the fault strikes");
    let last = after.call(Method::Get, "/Organisation", &[], "").await;
    assert_eq!(last.status, 429, "59 of 60 were used before the fault");
    assert_eq!(last.header("x-rate-limit-problem"), Some("minute"));
    scene.clock.pass(60);
    assert_eq!(status().await, 200);
    assert!(after.xero.calls().len() == 3, "the log of calls is the run's own");
}

#[tokio::test]
async fn the_app_can_be_found_and_moved_to_another_address() {
    let scene = Scene::with(40).await;
    let after = later(&scene).xero;
    assert_eq!(after.tenants(), [scene.tenant]);
    assert_eq!(after.invoices_at_opening(scene.tenant), Some(40));
    assert_eq!(after.app_by_client_id(&AppSettings::default().client_id), Some(AppId(0)));
    let address = "http://localhost:4000/oauth/callback".to_owned();
    after.change_app(AppId(0), |app| app.redirect_uris = vec![address]);
    let kept = Kept::new();
    after.save(&kept.0).unwrap();
    assert_eq!(
        kept.value()["state"]["apps"][0]["settings"]["redirect_uris"][0],
        "http://localhost:4000/oauth/callback"
    );
}

#[tokio::test]
async fn a_file_that_is_no_xero_is_refused_and_a_failed_save_spoils_nothing() {
    let scene = Scene::with(5).await;
    let kept = Kept::new();
    let restore = || Xero::restore(&kept.0, scene.clock.clone()).err();
    assert!(matches!(restore(), Some(KeepError::File(_))), "there is none");
    scene.xero.save(&kept.0).unwrap();
    let good = std::fs::read(&kept.0).unwrap();
    for bad in [&good[..good.len() / 2], b"", b"{}", b"not JSON"] {
        std::fs::write(&kept.0, bad).unwrap();
        assert!(matches!(restore(), Some(KeepError::Unreadable(_))));
    }
    let other_form = String::from_utf8(good.clone()).unwrap().replacen("\"form\":1", "\"form\":2", 1);
    std::fs::write(&kept.0, other_form).unwrap();
    assert!(matches!(restore(), Some(KeepError::Form(2))));
    // A folder in the new version's way.
    std::fs::write(&kept.0, &good).unwrap();
    let fresh = PathBuf::from(format!("{}.new", kept.0.display()));
    std::fs::create_dir(&fresh).unwrap();
    assert!(matches!(scene.xero.save(&kept.0), Err(KeepError::File(_))));
    std::fs::remove_dir(&fresh).unwrap();
    assert_eq!(std::fs::read(&kept.0).unwrap(), good);
    scene.xero.save(&kept.0).unwrap();
    assert!(!fresh.exists(), "no version lies about half written");
}
