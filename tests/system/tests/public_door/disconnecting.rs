//! Giving connections back and taking them up again: deleted at Xero, kept here, resumed where they stopped.

use std::time::Duration;

use connections::{disconnect, load_connection};
use envelopes::{Envelope, Work};
use serde_json::{Value, json};
use simulator::xero::{DemoSettings, Fault, FaultTarget};
use system::desk::Desk;
use system::holdings::rows;
use system::town::Town;

use crate::{calls, kind, record, records, status, stood_at_xero, text};

/// What is stored of everybody's tokens: ciphertexts, empty where nothing is.
async fn token_sets(town: &Town) -> Vec<String> {
    let rows = rows(town).await.into_iter().filter(|row| text(&row["PK"]["S"]).starts_with("token-set#"));
    let body = |row: Value| serde_json::from_str::<Value>(row["body"]["S"].as_str().unwrap()).unwrap();
    rows.map(|row| text(&body(row)["sealed"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn o32_s4_p21_disconnecting_deletes_at_xero_revokes_the_last_tokens_and_keeps_everything_readable() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (known, cursor) = town.changes(&caller, "").await;
    let invoices = records(&town, &caller, "invoices").await;
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let answer = caller.expect("DELETE", &town.path(""), None).await.unwrap();
    assert_eq!((&answer["state"], &answer["reason"]["code"]), (&json!("disconnected"), &json!("disconnected_here")));
    town.settle().await;
    assert_eq!(
        (calls(&town, "DELETE", "/connections/", 204), calls(&town, "POST", "/connect/revocation", 200)),
        (1, 1)
    );
    assert!(!stood_at_xero(&town, town.app));
    assert_eq!(token_sets(&town).await, [""], "tokens that are good for nothing are not kept");

    let shown = status(&town, &caller).await;
    assert!(shown["reason"]["fix"].as_str().unwrap().contains("kept"), "{}", shown["reason"]);
    assert!(shown["token"]["ended_at"].is_string() && shown["sync"]["running"].is_null(), "{shown}");
    assert_eq!(town.changes(&caller, "").await, (known, cursor));
    assert_eq!(records(&town, &caller, "invoices").await, invoices);
    assert_eq!(caller.expect("GET", &town.path("/syncs"), None).await.unwrap(), runs);
    let audit = caller.expect("GET", &town.path("/audit"), None).await.unwrap();
    assert_eq!(
        (&audit["entries"][0]["action"], &audit["entries"][0]["actor"]),
        (&json!("connection.disconnected"), &json!("sam"))
    );
    assert!(
        caller.expect("GET", &town.path("/usage"), None).await.unwrap()["months"][0]["calls"].as_u64().unwrap() > 10
    );

    let (code, problem) = caller.call("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!((code, kind(&problem)), (409, "not-connected"));
    let made = town.xero.calls().len();
    assert_eq!(caller.call("DELETE", &town.path(""), None).await.unwrap().0, 202, "again does no harm");
    town.stack.fire("daily-sync").await.unwrap();
    town.settle().await;
    assert_eq!(town.xero.calls().len(), made, "no stopped schedule, webhook or deletion calls Xero any more");
    let audit = caller.expect("GET", &town.path("/audit"), None).await.unwrap();
    let times =
        audit["entries"].as_array().unwrap().iter().filter(|entry| entry["action"] == "connection.disconnected");
    assert_eq!(times.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_o32_connections_are_given_back_singly_and_tokens_revoked_with_the_last_one() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let second = town.open_organisation(&DemoSettings::sized_au(9, 3));
    town.connect_one(&caller, second, None).await;
    let other = format!("/v1/organisations/{second}");
    let states = async || {
        let listed = caller.expect("GET", "/v1/organisations", None).await.unwrap();
        let state = |tenant: String| {
            let all = listed["organisations"].as_array().unwrap();
            text(&all.iter().find(|each| each["tenant_id"] == tenant.as_str()).unwrap()["state"])
        };
        (state(town.tenant.to_string()), state(second.to_string()))
    };
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    assert_eq!(states().await, ("disconnected".into(), "connected".into()));
    let revoked = || calls(&town, "POST", "/connect/revocation", 200);
    assert_eq!((calls(&town, "DELETE", "/connections/", 204), revoked()), (1, 0), "the other one needs the tokens");
    assert!(token_sets(&town).await.iter().all(|sealed| !sealed.is_empty()));
    let run = caller.expect("POST", &format!("{other}/syncs"), None).await.unwrap();
    town.settle().await;
    let run = caller.expect("GET", &format!("{other}/syncs/{}", text(&run["run_id"])), None).await.unwrap();
    assert_eq!(run["outcome"], "completed");
    caller.expect("DELETE", &other, None).await.unwrap();
    town.settle().await;
    assert_eq!(states().await, ("disconnected".into(), "disconnected".into()));
    assert_eq!((calls(&town, "DELETE", "/connections/", 204), revoked()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn o33_a_reconnect_goes_on_behind_the_old_cursor_and_another_organisation_has_its_own() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let settings = json!({ "sync_interval": "4_hours", "daily_hour": 5 });
    let settings = caller.expect("PUT", &town.path("/settings"), Some(settings)).await.unwrap();
    let (_, cursor) = town.changes(&caller, "").await;
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    let contact = text(&record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    town.xero.rename_contact(town.tenant, contact.parse().unwrap(), "Plover Marsh Weavers").unwrap();
    town.connect_one(&caller, town.tenant, None).await;
    let (changes, _) = town.changes(&caller, &cursor).await;
    assert_eq!(changes.len(), 1, "only what changed meanwhile: {changes:#?}");
    assert_eq!((&changes[0]["id"], &changes[0]["change"]), (&json!(contact), &json!("updated")));
    let shown = status(&town, &caller).await;
    assert_eq!((&shown["state"], &shown["settings"]), (&json!("connected"), &settings));

    let second = town.open_organisation(&DemoSettings::sized_au(9, 3));
    town.connect_one(&caller, second, None).await;
    let other = format!("/v1/organisations/{second}");
    let page = caller.expect("GET", &format!("{other}/changes?limit=250"), None).await.unwrap();
    assert!(page["changes"].as_array().unwrap().iter().all(|change| change["change"] == "created"));
    assert_eq!(page["changes"][0]["position"], 0, "its feed begins at its own beginning");
    let (code, problem) = caller.call("GET", &format!("{other}/changes?cursor={cursor}"), None).await.unwrap();
    assert_eq!((code, kind(&problem)), (400, "cursor-of-another-organisation"));
    assert_eq!(caller.expect("GET", &other, None).await.unwrap()["settings"]["sync_interval"], "off", "nor settings");
    assert_eq!(town.changes(&caller, &cursor).await.0.len(), 1, "the first one's feed is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_webhooks_of_an_organisation_that_was_given_back_are_taken_and_change_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let contact = text(&record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    let (known, made) = (town.changes(&caller, "").await.0.len(), town.xero.calls().len());
    let late = crate::told_of_contact(&town, &contact);
    assert_eq!(crate::post_delivery(&town, "main", &late, "application/json").await, (200, String::new()));
    town.settle().await;
    assert_eq!((town.changes(&caller, "").await.0.len(), town.xero.calls().len()), (known, made));
}

#[tokio::test(flavor = "multi_thread")]
async fn o32_a_choice_repeated_after_a_disconnect_connects_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.caller(system::town::WORKSPACE);
    let returned = town.consent(&caller).await;
    assert_eq!(town.choose(&caller, &returned, &[town.tenant]).await.0, 201);
    town.settle().await;
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    let made = town.xero.calls().len();
    let (code, answer) = town.choose(&caller, &returned, &[town.tenant]).await;
    assert_eq!((code, &answer["organisations"][0]["sync"]), (200, &json!(null)));
    town.settle().await;
    assert_eq!((&status(&town, &caller).await["state"], town.xero.calls().len()), (&json!("disconnected"), made));
}

#[tokio::test(flavor = "multi_thread")]
async fn o32_o33_a_disconnect_during_a_run_stops_it_and_a_reconnect_reads_the_rest() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (known, cursor) = town.changes(&caller, "").await;
    let contact = text(&record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    town.xero.hold_calls();
    let run = caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
    let path = town.path(&format!("/syncs/{}", text(&run["run_id"])));
    town.until("the run's beginning", &caller, &path, |run| run["progress"]["entity"].is_string()).await;
    town.xero.rename_contact(town.tenant, contact.parse().unwrap(), "Curlew Sound Chandlers").unwrap();
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.xero.release_calls();
    town.settle().await;
    let shown = status(&town, &caller).await;
    assert_eq!((&shown["state"], &shown["reason"]["code"]), (&json!("disconnected"), &json!("disconnected_here")));
    assert!(shown["sync"]["running"].is_null() && !stood_at_xero(&town, town.app), "{shown}");
    assert!(town.changes(&caller, "").await.0.len() >= known.len());
    town.connect_one(&caller, town.tenant, None).await;
    let (changes, _) = town.changes(&caller, &cursor).await;
    let told: Vec<&str> = changes.iter().map(|change| change["id"].as_str().unwrap()).collect();
    assert_eq!(told, [contact.as_str()], "once, by whichever of them");
}

#[tokio::test]
async fn o32_a_deletion_that_xero_does_not_take_is_sent_again_by_the_schedule() {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk.xero.order_fault_at(FaultTarget::Disconnection, Fault::Unavailable);
    let (connection, _) = disconnect(&desk.access, &desk.whose, "sam").await.unwrap();
    let work = Work::Disconnect { organisation: desk.whose.clone(), generation: connection.generation };
    desk.carry_out(&Envelope::new(work)).await.unwrap();
    let deletions =
        || desk.xero.calls().iter().filter(|call| call.method == "DELETE").map(|call| call.status).collect();
    let stored = async || load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!((deletions(), stored().await.deleted_at_xero), (vec![503], false));
    // The queue takes the same message again after five minutes.
    desk.tick(Duration::from_secs(360)).await;
    desk.work().await;
    assert_eq!((deletions(), stored().await.deleted_at_xero), (vec![503, 204], true));
}
