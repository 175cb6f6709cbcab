//! Settings with single kinds through the API: shown, stored, audited, and obeyed by the schedule.

use serde_json::{Value, json};
use system::town::Town;

use crate::status;

fn kind_of<'a>(settings: &'a Value, name: &str) -> &'a Value {
    settings["kinds"].as_array().unwrap().iter().find(|kind| kind["name"] == name).unwrap()
}

async fn changes_of_settings(town: &Town, caller: &local::caller::Caller) -> Vec<Value> {
    let audit = caller.expect("GET", &town.path("/audit"), None).await.unwrap();
    let entries = audit["entries"].as_array().unwrap().iter();
    entries.filter(|entry| entry["action"] == "settings.changed").cloned().collect()
}

async fn look(town: &Town) -> Value {
    let looked = serde_json::from_slice(&town.stack.fire("daily-sync").await.unwrap()).unwrap();
    town.settle().await;
    looked
}

#[tokio::test(flavor = "multi_thread")]
async fn o22_o23_s8_o4_settings_of_single_kinds_are_stored_shown_and_audited() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let fresh = status(&town, &caller).await["settings"].clone();
    assert_eq!(fresh["sync_interval"], "off", "o23");
    // What a person approves goes out; everything else only comes in.
    let expected = |kind: &Value| if kind["name"] == "manual_journals" { "both" } else { "pull" };
    assert_eq!(fresh["kinds"].as_array().unwrap().len(), mirror::entities::ENTITIES.len());
    assert!(
        fresh["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .all(|kind| kind["direction"] == expected(kind) && kind["sync_interval"] == "off")
    );
    assert!(changes_of_settings(&town, &caller).await.is_empty());

    let wanted = json!({
        "sync_interval": "daily", "daily_hour": 6,
        "kinds": { "purchase_orders": { "sync_interval": "15_minutes" }, "payments": { "direction": "none" } },
    });
    let answer = caller.expect("PUT", &town.path("/settings"), Some(wanted.clone())).await.unwrap();
    assert_eq!(answer, status(&town, &caller).await["settings"], "the answer is what is stored");
    assert_eq!((&answer["sync_interval"], &answer["daily_hour"]), (&json!("daily"), &json!(6)));
    let orders = kind_of(&answer, "purchase_orders");
    assert_eq!((&orders["direction"], &orders["sync_interval"]), (&json!("pull"), &json!("15_minutes")));
    assert_eq!(kind_of(&answer, "payments")["direction"], "none");
    assert_eq!(kind_of(&answer, "invoices")["sync_interval"], "daily", "the others follow");
    let audited = changes_of_settings(&town, &caller).await;
    assert_eq!((audited.len(), &audited[0]["actor"]), (1, &json!("sam")));
    assert!(audited[0]["detail"].as_str().unwrap().contains("purchase_orders"), "{audited:?}");
    caller.expect("PUT", &town.path("/settings"), Some(wanted)).await.unwrap();
    assert_eq!(changes_of_settings(&town, &caller).await.len(), 1, "the same again is no change");
    let answer = caller.expect("PUT", &town.path("/settings"), Some(json!({}))).await.unwrap();
    assert_eq!(answer, fresh, "put replaces the whole");
    assert_eq!(changes_of_settings(&town, &caller).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn o22_s8_the_schedule_reads_a_kind_at_its_own_interval_and_leaves_the_others() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    assert_eq!(look(&town).await["runs"], 0, "o23: off");
    let wanted = json!({ "kinds": { "purchase_orders": { "sync_interval": "15_minutes" } } });
    caller.expect("PUT", &town.path("/settings"), Some(wanted)).await.unwrap();
    town.xero.forget_calls();
    assert_eq!(look(&town).await["runs"], 1);
    let paths: Vec<String> = town.xero.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/api.xro/2.0/PurchaseOrders"]);
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let newest = &runs["syncs"][0];
    assert_eq!((&newest["trigger"], &newest["actor"]), (&json!("schedule"), &Value::Null));
    assert_eq!(newest["counts"].as_object().unwrap().keys().collect::<Vec<_>>(), ["purchase_orders"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn o22_each_interval_makes_one_run_of_its_slot_and_a_kind_left_out_is_not_asked_for() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let wanted = json!({ "sync_interval": "daily", "kinds": { "payments": { "direction": "none" } } });
    caller.expect("PUT", &town.path("/settings"), Some(wanted)).await.unwrap();
    town.xero.forget_calls();
    assert_eq!((look(&town).await["runs"].clone(), look(&town).await["runs"].clone()), (json!(1), json!(0)));
    let asked = |path: &str| town.xero.calls().iter().any(|call| call.path.ends_with(path));
    assert!(asked("/Invoices") && !asked("/Payments"), "{:?}", town.xero.calls());
    let shown = status(&town, &caller).await;
    assert_eq!((&shown["sync"]["interval"], &shown["sync"]["last"]["outcome"]), (&json!("daily"), &json!("completed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn o4_a_kind_left_out_is_not_read_for_webhooks_either_and_catches_up_when_it_is_wanted_again() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (_, cursor) = town.changes(&caller, "").await;
    let contact = crate::text(&crate::record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    let without = json!({ "kinds": { "contacts": { "direction": "none" } } });
    caller.expect("PUT", &town.path("/settings"), Some(without)).await.unwrap();
    town.xero.rename_contact(town.tenant, contact.parse().unwrap(), "Teasel Yard Fabrics").unwrap();
    town.xero.forget_calls();
    let told = crate::told_of_contact(&town, &contact);
    assert_eq!(crate::post_delivery(&town, "main", &told, "application/json").await.0, 200);
    town.settle().await;
    assert_eq!(town.sync(&caller).await["outcome"], "completed");
    let asked = |town: &Town| town.xero.calls().iter().filter(|call| call.path.contains("/Contacts")).count();
    assert_eq!((asked(&town), town.changes(&caller, &cursor).await.0), (0, Vec::new()));
    caller.expect("PUT", &town.path("/settings"), Some(json!({}))).await.unwrap();
    town.sync(&caller).await;
    let (changes, _) = town.changes(&caller, &cursor).await;
    assert_eq!((changes.len(), &changes[0]["record"]["Name"]), (1, &json!("Teasel Yard Fabrics")));
}

#[tokio::test(flavor = "multi_thread")]
async fn o4_o27_one_way_out_means_that_xeros_edits_are_not_asked_for_and_payments_are_never_pushed() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (_, cursor) = town.changes(&caller, "").await;
    let contact = crate::text(&crate::record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    let out = json!({ "kinds": { "contacts": { "direction": "push" }, "invoices": { "direction": "both" } } });
    let stored = caller.expect("PUT", &town.path("/settings"), Some(out)).await.unwrap();
    assert_eq!(kind_of(&stored, "contacts")["direction"], "push");
    town.xero.rename_contact(town.tenant, contact.parse().unwrap(), "Rowan Gate Pottery").unwrap();
    town.xero.forget_calls();
    let told = crate::told_of_contact(&town, &contact);
    assert_eq!(crate::post_delivery(&town, "main", &told, "application/json").await.0, 200);
    town.settle().await;
    assert_eq!(town.sync(&caller).await["outcome"], "completed");
    let asked = |path: &str| town.xero.calls().iter().any(|call| call.path.ends_with(path));
    assert!(!asked("/Contacts") && asked("/Invoices"), "{:?}", town.xero.calls());
    assert_eq!(town.changes(&caller, &cursor).await.0, Vec::<Value>::new());
    let pushed = json!({ "kinds": { "payments": { "direction": "push" } } });
    let (code, problem) = caller.call("PUT", &town.path("/settings"), Some(pushed)).await.unwrap();
    assert_eq!((code, crate::kind(&problem)), (400, "bad-settings"));
    assert!(crate::text(&problem["detail"]).contains("payments live in Xero only"), "the reason is given: {problem}");
    let shown = status(&town, &caller).await["settings"].clone();
    assert_eq!((&kind_of(&shown, "payments")["direction"], &shown), (&json!("pull"), &stored), "nothing changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn x6_the_accounts_of_schedules_are_checked_against_the_chart_and_meant_where_terms_name_none() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let organisation = status(&town, &caller).await["organisation"].clone();
    assert_eq!(organisation["financial_year_end"], json!([31, 3]), "{organisation}");
    assert!(!organisation["sales_tax_period"].as_str().unwrap().is_empty(), "{organisation}");
    let put = async |accounts: Value| {
        let body = json!({ "schedule_accounts": accounts });
        caller.call("PUT", &town.path("/settings"), Some(body)).await.unwrap()
    };
    for (accounts, words) in [
        (json!({ "prepayment": "999" }), "schedule_accounts.prepayment: there is no account 999"),
        (json!({ "accrual": "433" }), "profit and loss"),
        (json!({ "accrual": "" }), "is empty"),
        (json!({ "prepayment": "610" }), "system account"),
    ] {
        let (code, problem) = put(accounts).await;
        assert_eq!((code, crate::kind(&problem)), (400, "bad-settings"), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{words}: {problem}");
    }
    assert_eq!(put(json!({ "deferral": "620" })).await.0, 400, "no such kind");
    let mut terms = json!({
        "id": "S-1", "kind": "prepayment", "amount": { "amount": "30.00", "currency": "GBP" }, "first": "2026-10-01",
        "last": "2026-12-31", "method": { "kind": "straight_line" }, "expense_account": "433", "description": "Rent",
    });
    let preview = async |terms: &Value| {
        caller.call("POST", &town.path("/schedules/preview"), Some(json!({ "terms": terms }))).await.unwrap()
    };
    assert_eq!(preview(&terms).await.0, 400, "no account is named anywhere");
    let (code, answer) = put(json!({ "prepayment": "620", "accrual": "801" })).await;
    assert_eq!((code, &answer["schedule_accounts"]["prepayment"]), (200, &json!("620")), "{answer}");
    assert_eq!(preview(&terms).await.1["terms"]["balance_account"], "620");
    terms["kind"] = json!("accrual");
    assert_eq!(preview(&terms).await.1["terms"]["balance_account"], "801");
    terms["balance_account"] = json!("620");
    assert_eq!(preview(&terms).await.1["terms"]["balance_account"], "620", "terms may name their own");
}
