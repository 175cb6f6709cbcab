//! Lists by explicit filters, and which fields each way of asking brings.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use std::collections::BTreeSet;

use scene::Scene;
use serde_json::{Value, json};

async fn list(scene: &Scene, path: &str, plural: &str) -> Vec<Value> {
    scene.get(path).await[plural].as_array().unwrap().clone()
}

fn ids(rows: &[Value], name: &str) -> BTreeSet<String> {
    rows.iter().map(|each| each[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn ids_choose_records_and_unknown_ones_find_nothing() {
    let scene = Scene::with(60).await;
    for (plural, id) in [("Invoices", "InvoiceID"), ("Contacts", "ContactID")] {
        let all = list(&scene, &format!("/{plural}?page=1"), plural).await;
        let wanted: Vec<&str> = all.iter().skip(2).step_by(3).take(4).map(|each| each[id].as_str().unwrap()).collect();
        let found = list(&scene, &format!("/{plural}?IDs={}&page=1", wanted.join(",")), plural).await;
        assert_eq!(ids(&found, id), wanted.iter().map(|id| (*id).to_owned()).collect());
        let nowhere = "6f0f0c4e-0000-4000-8000-000000000001";
        assert_eq!(list(&scene, &format!("/{plural}?IDs={nowhere}"), plural).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn created_by_my_app_leaves_out_what_people_made() {
    let scene = Scene::with(20).await;
    let by_hand = scene.bill("DRAFT").await;
    scene.xero.edit(scene.tenant, "Invoices", None, &by_hand).unwrap();
    assert_eq!(list(&scene, "/Invoices?createdByMyApp=true", "Invoices").await, Vec::<Value>::new());
    let made = scene.made("/Invoices", by_hand).await;
    let mine = list(&scene, "/Invoices?createdByMyApp=true", "Invoices").await;
    assert_eq!(ids(&mine, "InvoiceID"), [made["InvoiceID"].as_str().unwrap().to_owned()].into());
}

#[tokio::test]
async fn a_search_term_looks_into_names_numbers_and_addresses() {
    let scene = Scene::with(60).await;
    let contact = json!({
        "Name": "Tidewater Crafts", "FirstName": "Quin", "LastName": "Wickham", "ContactNumber": "TW-77",
        "CompanyNumber": "09876543", "EmailAddress": "desk@tidewater.example",
    });
    let made = scene.made("/Contacts", contact).await;
    for term in ["TIDEWATER", "wickham", "tw-77", "0987654", "desk@tide"] {
        let found = list(&scene, &format!("/Contacts?searchTerm={term}"), "Contacts").await;
        assert!(found.iter().any(|each| each["ContactID"] == made["ContactID"]), "{term}");
    }
    assert_eq!(list(&scene, "/Contacts?searchTerm=nowheretobefound", "Contacts").await, Vec::<Value>::new());
    let found = list(&scene, "/Invoices?searchTerm=inv-0003", "Invoices").await;
    assert_eq!(ids(&found, "InvoiceNumber"), ["INV-0003".to_owned()].into());
}

#[tokio::test]
async fn orders_are_chosen_by_status_and_by_dates_that_both_count() {
    let scene = Scene::with(200).await;
    let all = list(&scene, "/PurchaseOrders?page=1", "PurchaseOrders").await;
    let day = |each: &Value| each["DateString"].as_str().unwrap()[..10].to_owned();
    let mut days: Vec<String> = all.iter().map(day).collect();
    days.sort();
    let (from, to) = (&days[2], &days[6]);
    let found = list(&scene, &format!("/PurchaseOrders?DateFrom={from}&DateTo={to}"), "PurchaseOrders").await;
    assert!(found.iter().all(|each| day(each) >= *from && day(each) <= *to));
    assert_eq!(found.len(), days.iter().filter(|day| *day >= from && *day <= to).count());
    let billed = list(&scene, "/PurchaseOrders?Status=BILLED", "PurchaseOrders").await;
    assert!(!billed.is_empty() && billed.iter().all(|each| each["Status"] == "BILLED"));
}

#[tokio::test]
async fn a_page_of_no_size_has_one_record() {
    let scene = Scene::with(60).await;
    for size in ["0", "-5"] {
        let body = scene.get(&format!("/Invoices?page=2&pageSize={size}")).await;
        assert_eq!(body["pagination"], json!({ "page": 2, "pageSize": 1, "pageCount": 60, "itemCount": 60 }));
        assert_eq!(body["Invoices"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn credits_come_without_lines_unless_paged() {
    let scene = Scene::with(60).await;
    for plural in ["CreditNotes", "Prepayments", "Overpayments"] {
        let plain = list(&scene, &format!("/{plural}"), plural).await;
        assert!(!plain.is_empty() && plain.iter().all(|each| each["LineItems"] == json!([])), "{plural}");
        let paged = list(&scene, &format!("/{plural}?page=1"), plural).await;
        assert!(paged.iter().all(|each| !each["LineItems"].as_array().unwrap().is_empty()), "{plural}");
    }
}

#[tokio::test]
async fn a_summary_of_invoices_has_light_fields_only() {
    let scene = Scene::with(60).await;
    let names = |rows: &[Value]| -> BTreeSet<String> {
        rows.iter().flat_map(|each| each.as_object().unwrap().keys().cloned()).collect()
    };
    let full = names(&list(&scene, "/Invoices?page=1", "Invoices").await);
    let body = scene.get("/Invoices?summaryOnly=true").await;
    let light = names(body["Invoices"].as_array().unwrap());
    assert!(body["pagination"].is_object(), "a summary is always paged");
    let dropped: Vec<&str> = full.difference(&light).map(String::as_str).collect();
    let heavy = ["CreditNotes", "HasAttachments", "LineItems", "Overpayments", "Payments", "Prepayments"];
    assert_eq!(dropped, heavy);
    assert!(light.is_subset(&full));
}
