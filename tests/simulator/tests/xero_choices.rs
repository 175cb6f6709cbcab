//! What Xero's documentation leaves open, decided both ways by the settings.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use ports::Method;
use scene::{Scene, all_scopes, parameter};
use serde_json::{Value, json};
use simulator::xero::{DemoSettings, XeroSettings};

/// Category and resource of the events that wait.
fn events(scene: &Scene) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for delivery in scene.xero.take_deliveries(scene.app) {
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
        let one = |event: &Value| (text(event, "eventCategory"), text(event, "resourceId"));
        all.extend(body["events"].as_array().unwrap().iter().map(one));
    }
    all
}

#[tokio::test]
async fn a_payment_and_an_allocation_move_the_stamp_and_raise_events_only_where_the_settings_say_so() {
    for payment_events in [true, false] {
        let scene = Scene::ruled(XeroSettings { payment_events, ..XeroSettings::default() }).await;
        let bill = scene.made("/Invoices", scene.bill("AUTHORISED").await).await;
        let id = bill["InvoiceID"].as_str().unwrap().to_owned();
        let note = json!({
            "Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "Contact": bill["Contact"], "Date": "2026-10-01",
            "LineItems": [{ "Description": "Back", "UnitAmount": 5, "AccountCode": "463", "TaxType": "NONE" }],
        });
        let note = scene.made("/CreditNotes", note).await["CreditNoteID"].as_str().unwrap().to_owned();
        events(&scene);
        let stamp = async || scene.get(&format!("/Invoices/{id}")).await["Invoices"][0]["UpdatedDateUTC"].clone();
        let before = stamp().await;
        scene.clock.pass(1);
        scene.xero.pay_invoice(scene.tenant, id.parse().unwrap(), "090", "20".parse().unwrap()).unwrap();
        let paid = stamp().await;
        assert_ne!(paid, before);
        scene.clock.pass(1);
        let use_up = json!({ "Allocations": [{ "Amount": 5.00, "Invoice": { "InvoiceID": id } }] });
        assert_eq!(scene.put(&format!("/CreditNotes/{note}/Allocations"), use_up).await.status, 200);
        assert_ne!(stamp().await, paid);
        let event = |category: &str, id: &str| (category.to_owned(), id.to_owned());
        let told = [event("INVOICE", &id), event("CREDITNOTE", &note), event("INVOICE", &id)];
        assert_eq!(events(&scene), if payment_events { told.to_vec() } else { Vec::new() });
        scene.xero.edit(scene.tenant, "Contacts", None, &json!({ "Name": "Other Events Go On" })).unwrap();
        assert!(events(&scene).iter().any(|(category, _)| category == "CONTACT"));
    }
}

#[tokio::test]
async fn a_failed_batch_keeps_its_valid_elements_only_where_the_settings_say_so() {
    for keeps_valid_of_failed_batch in [false, true] {
        let scene = Scene::ruled(XeroSettings { keeps_valid_of_failed_batch, ..XeroSettings::default() }).await;
        let [good, other] = ["Sound Element Ltd", "Sound As Well Ltd"].map(|name| json!({ "Name": name }));
        let bad = json!({ "Name": "Holds <brackets>", "ContactNumber": "x".repeat(51) });
        let batch = json!({ "Contacts": [good, bad, other] });
        let refused = scene.put("/Contacts", batch).await;
        assert_eq!(refused.status, 400);
        assert_eq!(scene::body(&refused)["Elements"].as_array().unwrap().len(), 1, "only the refused one is echoed");
        let kept = scene.get("/Contacts?searchTerm=sound").await["Contacts"].as_array().unwrap().len();
        assert_eq!(kept, if keeps_valid_of_failed_batch { 2 } else { 0 });
        assert_eq!(events(&scene).len(), kept, "what is taken back raises nothing");
        assert_eq!(scene.get("/Contacts?searchTerm=brackets").await["Contacts"], json!([]));
    }
}

#[tokio::test]
async fn an_app_at_its_cap_comes_back_with_an_error_or_stays_on_xeros_page() {
    for cap_shows_error_page in [false, true] {
        let settings = XeroSettings { cap_shows_error_page, ..XeroSettings::default() };
        let scene = Scene::within(settings, DemoSettings::sized(3, 5));
        scene.xero.change_app(scene.app, |app| app.connections_max = 0);
        let back = scene.authorize(&all_scopes(), "").await;
        match cap_shows_error_page {
            false => assert_eq!(parameter(&back.unwrap(), "error").as_deref(), Some("access_denied")),
            true => assert_eq!(back, None),
        }
    }
}

#[tokio::test]
async fn a_contact_merge_moves_the_documents_without_stamp_or_event() {
    let scene = Scene::with(60).await;
    let page = scene.get("/Invoices?page=1").await;
    let loser = page["Invoices"][0]["Contact"]["ContactID"].as_str().unwrap().to_owned();
    let others = page["Invoices"].as_array().unwrap();
    let winner = others.iter().find(|each| each["Contact"]["ContactID"] != loser.as_str()).unwrap();
    let winner = winner["Contact"]["ContactID"].as_str().unwrap().to_owned();
    let stamps = async |contact: &str| {
        let found = scene.get(&format!("/Invoices?ContactIDs={contact}&page=1&pageSize=1000")).await;
        let one = |each: &Value| (each["InvoiceID"].to_string(), each["UpdatedDateUTC"].to_string());
        found["Invoices"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let theirs = stamps(&loser).await;
    scene.clock.pass(10);
    events(&scene);
    scene.xero.merge_contacts(scene.tenant, loser.parse().unwrap(), winner.parse().unwrap()).unwrap();
    assert!(stamps(&loser).await.is_empty());
    let moved = stamps(&winner).await;
    assert!(!theirs.is_empty() && theirs.iter().all(|each| moved.contains(each)));
    assert_eq!(events(&scene), [("CONTACT".to_owned(), loser)]);
    let since = [("If-Modified-Since", "2026-10-05T09:00:05")];
    let changed = scene::body(&scene.call(Method::Get, "/Invoices", &since, "").await);
    assert_eq!(changed["Invoices"], json!([]), "a poll does not see it either");
}
