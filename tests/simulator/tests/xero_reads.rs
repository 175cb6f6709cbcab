//! Lists: pages, filters, order, time, and the shape of each.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use ports::Method;
use scene::{Scene, body};
use serde_json::Value;
use simulator::xero::{DemoSettings, Xero, XeroSettings};

fn count(body: &Value, plural: &str) -> usize {
    body[plural].as_array().unwrap().len()
}

#[tokio::test]
async fn lines_come_with_a_page_and_not_without() {
    let scene = Scene::with(120).await;
    for (path, plural, lines) in [
        ("/Invoices", "Invoices", "LineItems"),
        ("/BankTransactions", "BankTransactions", "LineItems"),
        ("/ManualJournals", "ManualJournals", "JournalLines"),
    ] {
        let all = scene.get(path).await;
        assert!(all.get("pagination").is_none());
        assert!(all[plural].as_array().unwrap().iter().all(|each| each[lines].as_array().unwrap().is_empty()));
        let page = scene.get(&format!("{path}?page=1")).await;
        assert!(page[plural].as_array().unwrap().iter().all(|each| !each[lines].as_array().unwrap().is_empty()));
    }
}

#[tokio::test]
async fn pages_are_clamped_counted_and_cover_everything_once() {
    let scene = Scene::with(250).await;
    let body = scene.get("/Invoices?page=0&pageSize=5000").await;
    assert_eq!(
        body["pagination"],
        serde_json::json!({ "page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": 250 })
    );
    let mut ids = Vec::new();
    for page in 1..=3 {
        let body = scene.get(&format!("/Invoices?page={page}")).await;
        assert_eq!(body["pagination"]["pageCount"], 3);
        ids.extend(body["Invoices"].as_array().unwrap().iter().map(|each| each["InvoiceID"].to_string()));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 250);
    assert_eq!(count(&scene.get("/Invoices?page=4").await, "Invoices"), 0);
}

#[tokio::test]
async fn a_changed_record_moves_to_the_end_and_shows_since_its_second() {
    let scene = Scene::with(60).await;
    scene.clock.pass(10);
    let made = scene.made("/Invoices", scene.bill("DRAFT").await).await;
    let since = [("If-Modified-Since", "2026-10-05T09:00:10")];
    let found = body(&scene.call(Method::Get, "/Invoices", &since, "").await);
    assert_eq!(count(&found, "Invoices"), 1);
    assert_eq!(found["Invoices"][0]["InvoiceID"], made["InvoiceID"]);
    let since = [("If-Modified-Since", "2026-10-05T09:00:11")];
    assert_eq!(count(&body(&scene.call(Method::Get, "/Invoices", &since, "").await), "Invoices"), 0);
    let all = scene.get("/Invoices").await;
    assert_eq!(all["Invoices"][60]["InvoiceID"], made["InvoiceID"]);
}

#[tokio::test]
async fn a_precondition_that_cannot_be_read_is_refused() {
    let scene = Scene::with(5).await;
    for bad in ["yesterday", "2026-13-01T00:00:00", "1759654800"] {
        for path in ["/Invoices", "/Contacts?page=1", "/Organisation"] {
            let refused = scene.call(Method::Get, path, &[("If-Modified-Since", bad)], "").await;
            assert_eq!(refused.status, 412, "{path} since {bad}");
        }
    }
    for good in ["2026-10-05T09:00:10", "2026-10-05T09:00:10Z", "Mon, 05 Oct 2026 09:00:10 GMT", ""] {
        let answer = scene.call(Method::Get, "/Invoices", &[("If-Modified-Since", good)], "").await;
        assert_eq!(answer.status, 200, "{good}");
    }
}

#[tokio::test]
async fn filters_find_what_they_name() {
    let scene = Scene::with(120).await;
    let one = scene.get("/Invoices?InvoiceNumbers=INV-0001,INV-0003").await;
    assert_eq!(count(&one, "Invoices"), 2);
    let paid = scene.get("/Invoices?Statuses=PAID&page=1").await;
    assert!(count(&paid, "Invoices") > 0);
    let contact = paid["Invoices"][0]["Contact"]["ContactID"].as_str().unwrap().to_owned();
    let of = scene.get(&format!("/Invoices?ContactIDs={contact}&page=1")).await;
    assert!(of["Invoices"].as_array().unwrap().iter().all(|each| each["Contact"]["ContactID"] == contact));
    let same = scene.get(&format!("/Invoices?where=Contact.ContactID==guid(\"{contact}\")&page=1")).await;
    assert_eq!(count(&same, "Invoices"), count(&of, "Invoices"));
    let dated =
        scene.get("/Invoices?where=Date>=DateTime(2026,09,01) AND Type==\"ACCPAY\"&order=Date DESC&page=1").await;
    let dates: Vec<&str> =
        dated["Invoices"].as_array().unwrap().iter().map(|each| each["DateString"].as_str().unwrap()).collect();
    assert!(!dates.is_empty() && dates.is_sorted_by(|a, b| a >= b) && dates.iter().all(|date| *date >= "2026-09-01"));
    for bad in ["Colour==\"red\"", "Reference.Contains(\"x\")", "Status==="] {
        let refused = scene.call(Method::Get, &format!("/Invoices?where={bad}"), &[], "").await;
        assert_eq!((refused.status, &body(&refused)["ErrorNumber"]), (400, &serde_json::json!(16)), "{bad}");
    }
}

#[tokio::test]
async fn archived_contacts_and_deleted_transfers_hide_until_asked_for() {
    let scene = Scene::set(DemoSettings { contacts: 100, ..DemoSettings::sized(2, 60) }).await;
    let (some, all) = (scene.get("/Contacts").await, scene.get("/Contacts?includeArchived=true").await);
    let archived = |body: &Value| {
        body["Contacts"].as_array().unwrap().iter().filter(|each| each["ContactStatus"] == "ARCHIVED").count()
    };
    assert_eq!((archived(&some), archived(&all)), (0, 4));
    assert_eq!((count(&some, "Contacts"), count(&all, "Contacts")), (96, 100));
    let summary = scene.get("/Contacts?summaryOnly=true").await;
    assert!(summary["pagination"].is_object() && summary["Contacts"][0].get("IsCustomer").is_none());
    let transfer = scene.xero.transfer(scene.tenant, "090", "091", "5".parse().unwrap()).unwrap();
    let path = format!("/BankTransfers/{}", transfer["BankTransferID"].as_str().unwrap());
    let before = count(&scene.get("/BankTransfers").await, "BankTransfers");
    assert_eq!(scene.post(&path, serde_json::json!({ "Status": "DELETED" })).await.status, 200);
    assert_eq!(count(&scene.get("/BankTransfers").await, "BankTransfers"), before - 1);
    assert_eq!(count(&scene.get("/BankTransfers?includeDeleted=true").await, "BankTransfers"), before);
}

#[tokio::test]
async fn four_decimals_are_there_for_those_who_ask() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["LineItems"][0]["UnitAmount"] = serde_json::json!(0.1234);
    bill["LineItems"][0]["Quantity"] = serde_json::json!(1000);
    let cut = scene.made("/Invoices", bill.clone()).await;
    assert_eq!(
        (cut["LineItems"][0]["UnitAmount"].to_string(), cut["SubTotal"].to_string()),
        ("0.12".into(), "120.00".into())
    );
    let kept = scene.made("/Invoices?unitdp=4", bill).await;
    assert_eq!(
        (kept["LineItems"][0]["UnitAmount"].to_string(), kept["SubTotal"].to_string()),
        ("0.1234".into(), "123.40".into())
    );
    let path = format!("/Invoices/{}", kept["InvoiceID"].as_str().unwrap());
    assert_eq!(scene.get(&path).await["Invoices"][0]["LineItems"][0]["UnitAmount"].to_string(), "0.12");
}

#[test]
fn the_same_seed_makes_the_same_books_and_two_hundred_invoices_take_no_time() {
    let clock = scene::StillClock::at("2026-10-05T09:00:00Z");
    let started = std::time::Instant::now();
    let make = || {
        let xero = Xero::new(XeroSettings::default(), clock.clone());
        let tenant = xero.register_organisation(&DemoSettings::sized(9, 200));
        xero.edit(tenant, "Contacts", None, &serde_json::json!({ "Name": "Same Every Time" })).unwrap()
    };
    assert_eq!(make(), make());
    assert!(started.elapsed().as_millis() < 2_000, "two organisations took {:?}", started.elapsed());
}

#[tokio::test]
async fn a_hundred_thousand_invoices_fit_and_pages_stay_quick() {
    let started = std::time::Instant::now();
    let scene = Scene::with(100_001).await;
    let made = started.elapsed();
    let first = std::time::Instant::now();
    let body = scene.get("/Invoices?page=1&pageSize=1000").await;
    let first = first.elapsed();
    let last = std::time::Instant::now();
    assert_eq!(count(&scene.get("/Invoices?page=101&pageSize=1000").await, "Invoices"), 1);
    assert_eq!(scene.call(Method::Get, "/Invoices", &[], "").await.status, 400);
    let last = last.elapsed();
    assert_eq!(body["pagination"]["itemCount"], 100_001);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("VmRSS: unknown").to_owned();
    assert!(made.as_secs() < 60, "{made:?}");
    let megabytes: u64 =
        resident.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1024;
    assert!(megabytes < 500, "made in {made:?}, first page {first:?}, last {last:?}, {megabytes} MB");
    assert!(first.as_millis() < 5_000 && last < first * 10, "first page {first:?}, last {last:?}");
}
