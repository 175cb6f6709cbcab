//! A receipt published as spend money through the public door: previewed, refused, followed to the bank transaction in Xero.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use system::paper::{spend_terms, ubl};
use system::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_previewed_published_and_shown_with_its_link_into_xero() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let both = json!({ "direction": "both" });
    let kinds = json!({ "kinds": { "bank_transactions": both } });
    caller.expect("PUT", &town.path("/settings"), Some(kinds)).await.unwrap();
    town.settle().await;
    let path = town.path("/documents/file?file_name=receipt.xml&source=https%3A%2F%2Fapp.example%2Fd%2F8");
    let file = ubl("Any", "R-1", "35.42");
    let (status, stored) = caller.send("POST", &path, &[("content-type", "application/xml")], file).await.unwrap();
    assert_eq!(status, 202, "{stored}");
    let path = town.path(&format!("/documents/{}", stored["document_id"].as_str().unwrap()));
    town.until("the reading", &caller, &path, |shown| shown["state"] == "read").await;
    let contacts = caller.expect("GET", &town.path("/records/contacts?limit=250"), None).await.unwrap();
    let contacts = contacts["records"].as_array().unwrap();
    let active = contacts.iter().find(|each| each["record"]["ContactStatus"] == "ACTIVE").unwrap();
    let terms = json!({ "terms": spend_terms(active["id"].as_str().unwrap(), "R-1", "42.50", "090") });
    let mut unpaid = terms.clone();
    unpaid["terms"].as_object_mut().unwrap().remove("bank_account");
    let (status, problem) = caller.call("POST", &format!("{path}/publish"), Some(unpaid)).await.unwrap();
    assert_eq!((status, &problem["proposal"]["faults"][0]["code"]), (400, &json!("bill_unusable")), "{problem}");
    let preview = caller.expect("POST", &format!("{path}/preview"), Some(terms.clone())).await.unwrap();
    assert_eq!(preview["terms"]["bank_account"], "090");
    assert_eq!(
        (&preview["proposal"]["totals"]["total"], &preview["proposal"]["faults"]),
        (&json!("42.50"), &json!([]))
    );
    caller.expect("POST", &format!("{path}/publish"), Some(terms)).await.unwrap();
    let done = |shown: &Value| shown["publication"]["steps"]["file"]["state"] == "posted";
    let shown = town.until("the file", &caller, &path, done).await;
    let publication = &shown["publication"];
    let (link, id) = (publication["link"].as_str().unwrap(), publication["xero_id"].as_str().unwrap());
    assert!(link.contains("ViewTransaction.aspx%3FbankTransactionID%3D") && link.contains(id), "{link}");
    assert_eq!(publication["terms"]["kind"], "spend_money");
}
