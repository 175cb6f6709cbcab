//! Access that was lost: said with its reason and fix wherever one looks, tried no further, and resumed by a reconnect.

use serde_json::{Value, json};
use simulator::xero::AppSettings;
use system::holdings::{put_row, rows};
use system::town::Town;

use crate::{calls, kind, records, status, text};

/// As if the person's authorisation had died: Xero refuses their refresh token, and their access token is due.
async fn end_authorisation(town: &mut Town) {
    // To Xero the old grants are those of another app from now on.
    let callback = format!("{}/oauth/callback", town.stack.url);
    town.xero.change_app(town.app, |app| app.client_id = "5D1E0000000000000000000000000099".into());
    town.app = town.xero.register_app(AppSettings { redirect_uris: vec![callback], ..AppSettings::default() });
    let due = ports::Clock::now(&aws::SystemClock).to_string();
    let tokens = rows(town).await.into_iter().filter(|row| text(&row["PK"]["S"]).starts_with("token-set#"));
    let mut count = 0;
    for mut row in tokens {
        let mut body: Value = serde_json::from_str(row["body"]["S"].as_str().unwrap()).unwrap();
        body["expires_at"] = json!(due);
        row["body"]["S"] = json!(body.to_string());
        put_row(town, &row).await;
        count += 1;
    }
    assert_eq!(count, 1, "one token set, whatever was connected with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_b7_m4_a_dead_authorisation_is_said_at_every_send_point_with_its_fix_and_a_reconnect_resumes() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (known, cursor) = town.changes(&caller, "").await;
    end_authorisation(&mut town).await;
    let stopped = town.sync(&caller).await;
    assert_eq!(stopped["outcome"], "stopped", "{stopped}");
    let shown = status(&town, &caller).await;
    assert_eq!(
        (&shown["state"], &shown["reason"]["code"]),
        (&json!("needs_reauthorisation"), &json!("authorisation_ended"))
    );
    assert!(text(&shown["reason"]["fix"]).contains("Connect the organisation again"), "{}", shown["reason"]);
    assert!(shown["reason"]["since"].is_string() && shown["token"]["ended_at"].is_string(), "{shown}");
    let step = shown["setup"].as_array().unwrap().iter().find(|step| step["step"] == "connect").unwrap();
    assert_eq!(step["done"], false);
    let listed = caller.expect("GET", "/v1/organisations", None).await.unwrap();
    assert_eq!(
        (&listed["organisations"][0]["state"], &listed["organisations"][0]["reason"]),
        (&shown["state"], &shown["reason"])
    );

    let made = calls(&town, "POST", "/connect/token", 400);
    let (code, problem) = caller.call("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!((code, kind(&problem)), (409, "not-connected"));
    assert!(text(&problem["detail"]).contains("Connect it again"), "{problem}");
    let test = caller.expect("POST", &town.path("/tests"), None).await.unwrap();
    let path = town.path(&format!("/tests/{}", text(&test["test_id"])));
    let result = town.until("the test", &caller, &path, |result| !result["finished_at"].is_null()).await;
    let check = &result["checks"][0];
    assert_eq!(
        (&result["passed"], &check["name"], &check["passed"]),
        (&json!(false), &json!("authorisation"), &json!(false))
    );
    assert_eq!(check["fix"], "Connect the organisation again.");
    town.settle().await;
    assert_eq!(calls(&town, "POST", "/connect/token", 400), made, "a dead token is not tried again");
    assert_eq!(town.changes(&caller, "").await, (known, cursor.clone()), "what was read stays readable");

    town.connect().await;
    let shown = status(&town, &caller).await;
    assert_eq!(
        (&shown["state"], &shown["reason"], &shown["needs_attention"]),
        (&json!("connected"), &Value::Null, &json!(0))
    );
    assert!(shown["token"]["ended_at"].is_null());
    assert!(town.changes(&caller, &cursor).await.0.is_empty(), "o33: nothing is told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_p21_m4_a_disconnection_inside_xero_is_noticed_by_the_next_sync_and_history_kept() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (known, cursor) = town.changes(&caller, "").await;
    assert!(town.xero.disconnect(town.app, town.user, town.tenant));
    assert_eq!(status(&town, &caller).await["state"], "connected", "Xero sends no event for it");
    assert_eq!(town.sync(&caller).await["outcome"], "stopped");
    let shown = status(&town, &caller).await;
    assert_eq!((&shown["state"], &shown["reason"]["code"]), (&json!("disconnected"), &json!("disconnected_in_xero")));
    assert!(
        text(&shown["reason"]["message"]).contains("inside Xero") && text(&shown["reason"]["fix"]).contains("kept")
    );
    assert_eq!(calls(&town, "GET", "/connections", 200), 2, "the list is asked before it is believed");
    let (code, problem) = caller.call("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!((code, kind(&problem)), (409, "not-connected"));
    let made = town.xero.calls().len();
    town.stack.fire("daily-sync").await.unwrap();
    town.settle().await;
    assert_eq!(town.xero.calls().len(), made, "there is nothing left to delete there");
    assert_eq!(town.changes(&caller, "").await, (known, cursor.clone()));
    assert_eq!(records(&town, &caller, "invoices").await.len(), 5);
    town.connect().await;
    assert_eq!(status(&town, &caller).await["state"], "connected");
    assert!(town.changes(&caller, &cursor).await.0.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_p21_a_disconnection_inside_xero_is_noticed_by_a_test_too() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    assert!(town.xero.disconnect(town.app, town.user, town.tenant));
    let test = caller.expect("POST", &town.path("/tests"), None).await.unwrap();
    let path = town.path(&format!("/tests/{}", text(&test["test_id"])));
    let result = town.until("the test", &caller, &path, |result| !result["finished_at"].is_null()).await;
    let names: Vec<(&str, bool)> = result["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["name"].as_str().unwrap(), check["passed"].as_bool().unwrap()))
        .collect();
    assert_eq!(names, [("authorisation", true), ("organisation", false)]);
    assert_eq!(status(&town, &caller).await["reason"]["code"], "disconnected_in_xero");
}
