//! The organisation and its accounts: what a role may do, and how Accounts answers.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use scene::{Scene, body, messages};
use serde_json::{Value, json};
use simulator::xero::Role;

fn allowed(actions: &Value, name: &str) -> bool {
    let found = actions["Actions"].as_array().unwrap().iter().find(|each| each["Name"] == name);
    found.unwrap()["Status"] == "ALLOWED"
}

#[tokio::test]
async fn actions_are_those_of_the_connecting_user() {
    let scene = Scene::with(5).await;
    let behind_lock = "ApproveTransactionsBeforePeriodLockDate";
    for (role, bills, journals, locked) in [
        (Role::Adviser, true, true, true),
        (Role::StandardWithReports, true, true, false),
        (Role::Standard, true, false, false),
        (Role::ReadOnly, false, false, false),
    ] {
        scene.xero.set_role(scene.user, scene.tenant, role);
        let actions = scene.get("/Organisation/Actions").await;
        let seen = ["CreateApprovedBill", "CreateManualJournal", behind_lock].map(|name| allowed(&actions, name));
        assert_eq!(seen, [bills, journals, locked], "{role:?}");
    }
    let none = scene.get("/Organisation/Actions").await;
    assert!(none["Actions"].as_array().unwrap().iter().all(|each| each["Status"] == "NOT-ALLOWED"));
}

#[tokio::test]
async fn accounts_are_not_made_by_a_wrong_id_nor_for_paypal() {
    let scene = Scene::with(5).await;
    let lost = json!({
        "AccountID": "6f0f0c4e-0000-4000-8000-000000000001", "Code": "499B", "Name": "Sundry", "Type": "OVERHEADS",
    });
    assert_eq!(scene.post("/Accounts", lost).await.status, 400);
    let paypal = json!({
        "Code": "095", "Name": "PayPal", "Type": "BANK", "BankAccountType": "PAYPAL",
        "BankAccountNumber": "till@ledgerlane.example",
    });
    assert!(messages(&scene.put("/Accounts", paypal).await).contains("PayPal accounts cannot be created"));
}

#[tokio::test]
async fn a_bulk_answer_of_accounts_hides_errors_and_all_but_the_first() {
    let scene = Scene::with(5).await;
    let account = |code: &str, name: &str| json!({ "Code": code, "Name": name, "Type": "OVERHEADS" });
    let two = json!({ "Accounts": [account("499A", "Sundry"), account("499B", "Sundry too")] });
    assert_eq!(scene.put("/Accounts", two.clone()).await.status, 400);
    let answer = scene.put("/Accounts?summarizeErrors=false", two.clone()).await;
    assert_eq!(body(&answer)["Accounts"].as_array().unwrap().len(), 1);
    let all = scene.get("/Accounts").await;
    let has = |code: &str| all["Accounts"].as_array().unwrap().iter().any(|each| each["Code"] == code);
    assert!(has("499A") && !has("499B"));
    let again = scene.put("/Accounts?summarizeErrors=false", two).await;
    let shown = body(&again)["Accounts"][0].clone();
    assert_eq!(again.status, 200);
    assert_eq!(shown["AccountID"], "00000000-0000-0000-0000-000000000000");
    assert!(shown.get("ValidationErrors").is_none() && shown.get("StatusAttributeString").is_none());
}
