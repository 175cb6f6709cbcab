//! Files and notes on records: what is taken and what is refused.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use ports::{HttpResponse, Method};
use scene::{Scene, body, first, messages};
use serde_json::json;

/// Puts a file under a name that is encoded already.
async fn upload(scene: &Scene, invoice: &str, name: &str, content: &str) -> HttpResponse {
    let (bearer, tenant) = (format!("Bearer {}", scene.access()), scene.tenant.to_string());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("xero-tenant-id", tenant.as_str()),
        ("Accept", "application/json"),
        ("Content-Type", "application/pdf"),
    ];
    let url = format!("https://api.xero.com/api.xro/2.0/Invoices/{invoice}/Attachments/{name}");
    scene.raw(Method::Put, &url, &headers, content).await.unwrap()
}

async fn bill(scene: &Scene) -> String {
    scene.made("/Invoices", scene.bill("DRAFT").await).await["InvoiceID"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn some_letters_may_not_stand_in_a_file_name() {
    let scene = Scene::with(5).await;
    let bill = bill(&scene).await;
    for name in ["a%3Cb.pdf", "a%3Ab.pdf", "a%22b.pdf", "a%7Cb.pdf", "a%3Fb.pdf", "a%2Ab.pdf", "a%5Cb.pdf", "a%2Bb.pdf"]
    {
        let refused = upload(&scene, &bill, name, "%PDF").await;
        assert!(messages(&refused).contains("file name contains characters"), "{name}");
    }
    assert_eq!(first(&upload(&scene, &bill, "invoice%20%5B7%5D.pdf", "%PDF").await)["FileName"], "invoice [7].pdf");
}

#[tokio::test]
async fn a_file_has_ten_megabytes_at_most_and_more_than_a_body_of_json() {
    let scene = Scene::with(5).await;
    let bill = bill(&scene).await;
    let refused = upload(&scene, &bill, "large.pdf", &"x".repeat(10_000_001)).await;
    assert!(messages(&refused).contains("too large"));
    assert_eq!(upload(&scene, &bill, "full.pdf", &"x".repeat(10_000_000)).await.status, 200);
}

#[tokio::test]
async fn only_sales_documents_show_files_online() {
    let scene = Scene::with(5).await;
    let refused = upload(&scene, &bill(&scene).await, "a.pdf?IncludeOnline=true", "%PDF").await;
    assert!(messages(&refused).contains("IncludeOnline is only possible for sales"));
    let sale = scene.get("/Invoices/INV-0001").await["Invoices"][0]["InvoiceID"].as_str().unwrap().to_owned();
    let shown = first(&upload(&scene, &sale, "a.pdf?IncludeOnline=true", "%PDF").await);
    assert_eq!(shown["IncludeOnline"], true);
}

#[tokio::test]
async fn payments_and_advances_take_no_notes_and_no_note_is_endless() {
    let scene = Scene::with(60).await;
    let note = |text: &str| json!({ "HistoryRecords": [{ "Details": text }] });
    for (plural, id) in [("Payments", "PaymentID"), ("Prepayments", "PrepaymentID"), ("Overpayments", "OverpaymentID")]
    {
        let first = scene.get(&format!("/{plural}?page=1")).await[plural][0][id].as_str().unwrap().to_owned();
        let refused = body(&scene.put(&format!("/{plural}/{first}/History"), note("Seen")).await);
        let element = &refused["Elements"][0];
        let text = "The document with the supplied id was not found for this endpoint.";
        assert_eq!((&element["ValidationErrors"][0]["Message"], &element["Details"]), (&json!(text), &json!("Seen")));
    }
    let path = format!("/Invoices/{}/History", bill(&scene).await);
    for text in [String::new(), "x".repeat(2_501)] {
        assert!(messages(&scene.put(&path, note(&text)).await).contains("1 to 2500 characters"));
    }
    assert_eq!(first(&scene.put(&path, note(&"x".repeat(2_500))).await)["Details"].as_str().unwrap().len(), 2_500);
}
