//! Giving connections back, and moving between apps: what is ours to delete is deleted at Xero, and only that.
//! Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use connections::{APPS_SECRET, Connection, ConnectionState, disconnect, load_connection};
use kernel::OrganisationRef;
use serde_json::{Value, json};
use simulator::xero::{AppSettings, DemoSettings, Fault, FaultTarget, Role};
use sync::head::Trigger;
use system::desk::Desk;
use system::town::off_the_record;

async fn connection(desk: &Desk, whose: &OrganisationRef) -> Connection {
    load_connection(&*desk.access.ports.table, whose).await.unwrap().unwrap().value
}

fn calls(desk: &Desk, method: &str, end: &str) -> usize {
    desk.xero.calls().iter().filter(|call| call.method == method && call.path.contains(end)).count()
}

async fn minutes(desk: &Desk, count: usize) {
    for _ in 0..count {
        desk.tick(Duration::from_secs(60)).await;
        desk.work().await;
    }
}

#[tokio::test]
async fn o32_tokens_without_a_connection_are_revoked_and_others_kept() {
    let desk = Desk::sized(5);
    let second = desk.xero.register_organisation(&DemoSettings::sized_au(9, 5));
    desk.xero.set_role(desk.user, second, Role::Adviser);
    desk.connect().await;
    let first = desk.whose.clone();
    let other = desk.connect_as("acme", second).await;
    disconnect(&desk.access, &first, "sam").await.unwrap();
    minutes(&desk, 2).await;
    assert!(connection(&desk, &first).await.deleted_at_xero);
    assert_eq!(calls(&desk, "POST", "/connect/revocation"), 0, "the other organisation still needs the tokens");
    assert_eq!(connection(&desk, &other).await.state, ConnectionState::Connected);
    disconnect(&desk.access, &other, "sam").await.unwrap();
    minutes(&desk, 2).await;
    assert_eq!(calls(&desk, "POST", "/connect/revocation"), 1);
    for row in desk.world.table.dump().iter().filter(|row| row.key.partition.starts_with("token-set#")) {
        let set: Value = serde_json::from_str(&row.body).unwrap();
        assert_eq!((set["sealed"].as_str(), set["dead_since"].is_string()), (Some(""), true), "nothing is left sealed");
    }
}

#[tokio::test]
async fn what_another_workspace_uses_is_not_deleted_at_xero() {
    let desk = Desk::sized(5);
    desk.connect().await;
    let ours = desk.whose.clone();
    let theirs = desk.connect_as("another", ours.tenant).await;
    disconnect(&desk.access, &ours, "sam").await.unwrap();
    minutes(&desk, 2).await;
    assert_eq!(calls(&desk, "DELETE", "/connections/"), 0);
    assert!(connection(&desk, &ours).await.deleted_at_xero, "nothing is owed any more");
    desk.sync_of(&theirs, Trigger::Person).await;
    assert_eq!(connection(&desk, &theirs).await.state, ConnectionState::Connected);
    disconnect(&desk.access, &theirs, "sam").await.unwrap();
    minutes(&desk, 2).await;
    assert_eq!(calls(&desk, "DELETE", "/connections/"), 1, "the last one to leave deletes it");
}

#[tokio::test]
async fn b1_moving_to_another_app_deletes_the_old_apps_connection_and_keeps_everything() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let (feed, old) = (desk.feed().await, connection(&desk, &desk.whose).await);
    let settings = AppSettings {
        client_id: "5D1E0000000000000000000000000002".into(),
        client_secret: "another-client-secret".into(),
        ..AppSettings::default()
    };
    off_the_record(&desk.xero);
    desk.xero.register_app(settings.clone());
    let mut apps: Vec<Value> = serde_json::from_str(&desk.apps).unwrap();
    apps.push(json!({ "name": "certified", "client_id": settings.client_id, "client_secret": settings.client_secret,
        "certified": true, "connects_new": true }));
    desk.world.vault.set_secret(APPS_SECRET, Value::from(apps).to_string());
    desk.consent().await;
    let new = connection(&desk, &desk.whose).await;
    assert!(new.client != old.client && new.app == "certified");
    assert_eq!(new.superseded.len(), 1);
    minutes(&desk, 2).await;
    assert_eq!(connection(&desk, &desk.whose).await.superseded, [], "the old app's slot is free again");
    let path = format!("/connections/{}", old.xero_connection);
    assert_eq!(calls(&desk, "DELETE", &path), 1);
    desk.sync(Trigger::Person).await;
    assert_eq!(connection(&desk, &desk.whose).await.state, ConnectionState::Connected);
    assert_eq!(desk.feed().await.len(), feed.len(), "what was known is not told again");
}

#[tokio::test]
async fn a_deletion_that_xero_does_not_take_is_tried_again_and_never_piles_up() {
    let desk = Desk::sized(5);
    desk.connect().await;
    for _ in 0..4 {
        desk.xero.order_fault_at(FaultTarget::Disconnection, Fault::Unavailable);
    }
    disconnect(&desk.access, &desk.whose, "sam").await.unwrap();
    let mut waiting = 0;
    for _ in 0..60 {
        desk.tick(Duration::from_secs(60)).await;
        waiting = waiting.max(desk.world.queue.len() + desk.parked());
        desk.work().await;
    }
    assert!(connection(&desk, &desk.whose).await.deleted_at_xero);
    assert_eq!(waiting, 1, "one message at a time");
    let tries = calls(&desk, "DELETE", "/connections/");
    assert!((2..=5).contains(&tries), "{tries} tries");
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_as_good() {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk.xero.order_fault_at(FaultTarget::Disconnection, Fault::LostAnswer);
    disconnect(&desk.access, &desk.whose, "sam").await.unwrap();
    minutes(&desk, 12).await;
    assert!(connection(&desk, &desk.whose).await.deleted_at_xero);
}
