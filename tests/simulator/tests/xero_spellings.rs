//! One value, many spellings: dates, empty texts, amounts and words that no specification lists.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use scene::{Scene, first, messages};
use serde_json::{Value, json};
use simulator::xero::DemoSettings;

async fn some(scene: &Scene, path: &str, plural: &str) -> Value {
    scene.get(path).await[plural][0].clone()
}

/// Milliseconds of a `/Date(…)/` and what follows them.
fn taken_apart(value: &Value) -> (i64, &str) {
    let inner = value.as_str().unwrap().strip_prefix("/Date(").unwrap().strip_suffix(")/").unwrap();
    let digits = inner.split('+').next().unwrap();
    (digits.parse().unwrap(), &inner[digits.len()..])
}

#[tokio::test]
async fn some_endpoints_leave_the_offset_out() {
    let scene = Scene::with(60).await;
    let item = some(&scene, "/Items", "Items").await;
    let organisation = some(&scene, "/Organisation", "Organisations").await;
    let invoice = some(&scene, "/Invoices?page=1", "Invoices").await;
    let path = format!("/Invoices/{}/History", invoice["InvoiceID"].as_str().unwrap());
    first(&scene.put(&path, json!({ "HistoryRecords": [{ "Details": "Seen" }] })).await);
    let note = some(&scene, &path, "HistoryRecords").await;
    for bare in [&item["UpdatedDateUTC"], &organisation["CreatedDateUTC"], &note["DateUTC"]] {
        assert_eq!(taken_apart(bare).1, "");
    }
    assert_eq!(taken_apart(&invoice["UpdatedDateUTC"]).1, "+0000");
    assert_eq!(note["DateUTCString"], "2026-10-05T09:00:00");
}

#[tokio::test]
async fn transfers_and_allocations_carry_a_time_of_day() {
    let scene = Scene::with(60).await;
    let transfer = scene.xero.transfer(scene.tenant, "090", "091", "5".parse().unwrap()).unwrap();
    assert_eq!(taken_apart(&transfer["Date"]).0 % 86_400_000, 9 * 3_600_000);
    assert_eq!(
        (&transfer["DateString"], &transfer["CreatedDateUTCString"]),
        (&json!("2026-10-05T09:00:00"), &json!("2026-10-05T09:00:00"))
    );
    let notes = scene.get("/CreditNotes?page=1").await;
    let used = notes["CreditNotes"].as_array().unwrap().iter().flat_map(|each| each["Allocations"].as_array().unwrap());
    let dates: Vec<i64> = used.map(|each| taken_apart(&each["Date"]).0).collect();
    assert!(!dates.is_empty() && dates.iter().any(|date| date % 86_400_000 != 0));
    let prepayment = some(&scene, "/Prepayments?page=1", "Prepayments").await;
    assert_eq!(&prepayment["UpdatedDateUTCString"].as_str().unwrap()[10..11], " ");
}

#[tokio::test]
async fn nothing_is_spelled_in_three_ways() {
    let scene = Scene::with(5).await;
    let accounts = scene.get("/Accounts").await;
    let of = |code: &str| {
        let found = accounts["Accounts"].as_array().unwrap().iter().find(|each| each["Code"] == code).unwrap();
        found.get("SystemAccount").cloned()
    };
    assert_eq!(
        [of("090"), of("463"), of("200"), of("610")],
        [Some(Value::Null), Some(json!("")), None, Some(json!("DEBTORS"))]
    );
    let order = json!({ "Contact": { "ContactID": scene.contact().await }, "Date": "2026-10-03" });
    assert_eq!(scene.made("/PurchaseOrders", order).await.get("Reference"), Some(&Value::Null));
}

#[tokio::test]
async fn amounts_become_text_by_a_seed_and_stay_the_same_amounts() {
    let scene = Scene::with(40).await;
    let path = "/BankTransactions?page=1";
    let plain = some(&scene, path, "BankTransactions").await;
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..6 {
        scene.xero.write_amounts_as_text(scene.tenant, Some(seed));
        let loose = some(&scene, path, "BankTransactions").await;
        assert_eq!(loose, some(&scene, path, "BankTransactions").await, "one seed, one spelling");
        for name in ["Total", "SubTotal", "IsReconciled"] {
            let text = loose[name].as_str().map_or_else(|| loose[name].to_string(), str::to_owned);
            assert_eq!(text, plain[name].to_string(), "{name}");
            seen.extend(loose[name].is_string().then_some(name));
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    scene.xero.write_amounts_as_text(scene.tenant, None);
    assert_eq!(some(&scene, path, "BankTransactions").await, plain);
}

#[tokio::test]
async fn screens_set_words_that_the_api_cannot() {
    let scene = Scene::with(40).await;
    let journal = scene.get("/ManualJournals?page=1").await["ManualJournals"][0]["ManualJournalID"].clone();
    scene.xero.archive_journal(scene.tenant, journal.as_str().unwrap().parse().unwrap()).unwrap();
    let path = format!("/ManualJournals/{}", journal.as_str().unwrap());
    assert_eq!(some(&scene, &path, "ManualJournals").await["Status"], "ARCHIVED");
    assert_eq!(scene.post(&path, json!({ "Narration": "x" })).await.status, 400);
    let mut bill = scene.bill("DRAFT").await;
    let contact = bill["Contact"]["ContactID"].as_str().unwrap().to_owned();
    let draft = scene.made("/Invoices", bill.clone()).await["InvoiceID"].as_str().unwrap().to_owned();
    scene.xero.request_erasure(scene.tenant, contact.parse().unwrap()).unwrap();
    assert_eq!(some(&scene, &format!("/Contacts/{contact}"), "Contacts").await["ContactStatus"], "GDPRREQUEST");
    bill["InvoiceNumber"] = json!("SUP-9913");
    assert!(
        messages(&scene.put("/Invoices", bill).await).contains("The status 'GDPRREQUEST' is not valid for contacts")
    );
    scene.xero.set_unheard_status(scene.tenant, "Invoices", draft.parse().unwrap()).unwrap();
    assert_eq!(some(&scene, &format!("/Invoices/{draft}"), "Invoices").await["Status"], "UNDERREVIEW");
}

#[tokio::test]
async fn the_plan_may_be_one_nobody_has_heard_of() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let scene = Scene::set(DemoSettings { is_demo: false, ..DemoSettings::sized(seed, 0) }).await;
        let organisation = some(&scene, "/Organisation", "Organisations").await;
        seen.insert(organisation["Class"].as_str().unwrap().to_owned());
    }
    assert!(seen.contains("ULTRA") && seen.contains("BASICLITE") && seen.contains("STANDARD"), "{seen:?}");
    let scene = Scene::with(0).await;
    assert_eq!(some(&scene, "/Organisation", "Organisations").await["Class"], "DEMO");
    scene.xero.set_class(scene.tenant, "ORCHARD");
    assert_eq!(some(&scene, "/Organisation", "Organisations").await["Class"], "ORCHARD");
}
