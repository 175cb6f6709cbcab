//! Documents published through the API: proposed from what was read, refused precisely, followed to the bill in Xero.

use serde_json::{Value, json};
use system::paper::ubl;
use system::town::Town;

use crate::{calls, kind, text};

/// Lets bills, credit notes and contacts be written.
async fn may_write(town: &Town, caller: &local::caller::Caller) {
    let both = json!({ "direction": "both" });
    let kinds = json!({ "kinds": { "invoices": both, "credit_notes": both, "contacts": both } });
    caller.expect("PUT", &town.path("/settings"), Some(kinds)).await.unwrap();
    town.settle().await;
}

/// Uploads a bill and waits until it is read; answers its path.
async fn read(town: &Town, caller: &local::caller::Caller, file: Vec<u8>) -> String {
    let path = town.path("/documents/file?file_name=bill.xml&source=https%3A%2F%2Fapp.example%2Fd%2F7");
    let (status, stored) = caller.send("POST", &path, &[("content-type", "application/xml")], file).await.unwrap();
    assert_eq!(status, 202, "{stored}");
    let path = town.path(&format!("/documents/{}", text(&stored["document_id"])));
    town.until("the reading", caller, &path, |shown| shown["state"] == "read").await;
    path
}

/// Completes what a preview proposes, as a person does.
fn completed(preview: &Value) -> Value {
    let mut terms = preview["terms"].clone();
    for line in terms["lines"].as_array_mut().unwrap() {
        line["account"] = json!("463");
        line["tax_type"] = json!("INPUT2");
    }
    terms
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_m13_m14_m16_a_document_is_proposed_published_and_shown_with_its_bill_and_file_in_xero() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let path = read(&town, &caller, ubl("Harbour Supplies Ltd", "H-17", "100.00")).await;
    let preview = caller.expect("POST", &format!("{path}/preview"), None).await.unwrap();
    assert_eq!(preview["terms"]["supplier"], json!({ "name": "Harbour Supplies Ltd" }), "{preview}");
    assert_eq!(preview["missing"], json!(["lines[0].account"]));
    assert_eq!(preview["supplier"]["verdict"], "none");
    let terms = json!({ "terms": completed(&preview) });
    let (status, problem) = caller.call("POST", &format!("{path}/publish"), Some(terms.clone())).await.unwrap();
    assert_eq!((status, kind(&problem)), (400, "bad-bill"));
    assert_eq!(problem["proposal"]["faults"][0]["code"], "direction_forbids", "nothing is written unasked");
    may_write(&town, &caller).await;
    let preview = caller.expect("POST", &format!("{path}/preview"), Some(terms.clone())).await.unwrap();
    assert_eq!(
        (&preview["proposal"]["totals"]["total"], &preview["proposal"]["faults"]),
        (&json!("120.00"), &json!([]))
    );
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/Invoices", 200), 0, "a preview sends nothing");
    for before in [false, true] {
        let taken = caller.expect("POST", &format!("{path}/publish"), Some(terms.clone())).await.unwrap();
        assert_eq!(taken["published_before"], before);
    }
    let done = |shown: &Value| shown["publication"]["steps"]["file"]["state"] == "posted";
    let shown = town.until("the file", &caller, &path, done).await;
    let publication = &shown["publication"];
    let states = ["supplier", "bill", "file"].map(|step| &publication["steps"][step]["state"]);
    assert_eq!(states, [&json!("posted"), &json!("posted"), &json!("posted")]);
    assert!(text(&publication["link"]).contains("AccountsPayable"), "m14: {publication}");
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/Invoices", 200), 2, "the bill and its file");
    // Xero tells of the bill by itself; whether that comes before a sync does not matter here.
    town.sync(&caller).await;
    let bill = town.path(&format!("/records/invoices/{}", text(&publication["xero_id"])));
    let bill = caller.expect("GET", &bill, None).await.unwrap();
    assert!(text(&bill["record"]["Url"]).starts_with("https://app.example/d/7"), "m16");
    let mut other = terms.clone();
    other["terms"]["number"] = json!("H-18");
    let (status, problem) = caller.call("POST", &format!("{path}/publish"), Some(other)).await.unwrap();
    assert_eq!((status, kind(&problem)), (409, "document-published"));
    assert_eq!(problem["publication"]["link"], publication["link"], "m13: edited in Xero, where the link leads");
    let posting = town.path(&format!("/postings/{}", text(&publication["steps"]["bill"]["posting_id"])));
    let posting = caller.expect("GET", &posting, None).await.unwrap();
    assert_eq!((&posting["kind"], &posting["document_id"]), (&json!("invoices"), &shown["document_id"]));
    assert_eq!((&posting["link"], &posting["journal"]), (&publication["link"], &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_m15_a_draft_and_a_void_in_xero_are_told_and_bad_publishes_are_refused_precisely() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    may_write(&town, &caller).await;
    let path = read(&town, &caller, ubl("Harbour Supplies Ltd", "H-17", "100.00")).await;
    let preview = caller.expect("POST", &format!("{path}/preview"), None).await.unwrap();
    let mut terms = completed(&preview);
    terms["status"] = json!("draft");
    let with = |field: &str, value: Value| {
        let mut terms = terms.clone();
        terms[field] = value;
        json!({ "terms": terms })
    };
    let publish = format!("{path}/publish");
    let unknown = town.path("/documents/0193f0c4-0000-7000-8000-000000000001/publish");
    for (path, body, status, problem) in [
        (&publish, json!({}), 400, "malformed-json"),
        (&publish, with("colour", json!("red")), 400, "malformed-json"),
        (&publish, with("kind", json!("sale")), 400, "malformed-json"),
        (&publish, with("status", json!("PAID")), 400, "malformed-json"),
        (&publish, with("currency", json!("pounds")), 400, "malformed-json"),
        (&publish, with("date", json!("yesterday")), 400, "malformed-json"),
        (&publish, with("due_date", json!("2026-01-01")), 400, "bad-bill"),
        (&publish, with("lines", json!([])), 400, "bad-bill"),
        (&unknown, json!({ "terms": terms }), 404, "not-found"),
    ] {
        let (code, answer) = caller.call("POST", path, Some(body)).await.unwrap();
        assert_eq!((code, kind(&answer)), (status, problem), "{answer}");
    }
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/Invoices", 200), 0);
    caller.expect("POST", &publish, Some(json!({ "terms": terms }))).await.unwrap();
    let done = |shown: &Value| shown["publication"]["steps"]["file"]["state"] == "posted";
    let shown = town.until("the file", &caller, &path, done).await;
    let id = text(&shown["publication"]["xero_id"]);
    town.sync(&caller).await;
    let record = caller.expect("GET", &town.path(&format!("/records/invoices/{id}")), None).await.unwrap();
    assert_eq!(record["record"]["Status"], "DRAFT", "m12");
    town.xero.delete_draft(town.tenant, id.parse().unwrap()).unwrap();
    let gone = |shown: &Value| shown["publication"]["steps"]["bill"]["attention"]["code"] == "voided_in_xero";
    let shown = town.until("the deletion", &caller, &path, gone).await;
    assert_eq!(shown["publication"]["steps"]["bill"]["state"], "waiting", "m15: told, and a person decides");
}
