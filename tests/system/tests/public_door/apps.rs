//! Several Xero apps at once: each connection knows its own, webhooks are proven with their app's key, and a connection
//! that moves leaves nothing behind at Xero.

use serde_json::json;
use simulator::xero::{Delivery, DemoSettings, signature};
use system::apps::{KEY_BEFORE, NEW_APP};
use system::town::{Town, WORKSPACE};

use crate::{calls, post_delivery, record, records, status, stood_at_xero, text};

const OLD_APP: &str = "main";

#[tokio::test(flavor = "multi_thread")]
async fn b1_two_apps_at_once_each_connection_knows_its_own_and_each_apps_webhooks_have_their_own_key() {
    let mut town = Town::start_moving(5).await;
    let caller = town.caller(WORKSPACE);
    town.connect_one(&caller, town.tenant, Some(OLD_APP)).await;
    let second = town.open_organisation(&DemoSettings::sized_au(9, 3));
    town.connect_one(&caller, second, None).await;
    let other = format!("/v1/organisations/{second}");
    let theirs = caller.expect("GET", &other, None).await.unwrap();
    let own = status(&town, &caller).await;
    assert_eq!((own["app"]["name"].as_str(), theirs["app"]["name"].as_str()), (Some(OLD_APP), Some(NEW_APP)));
    assert_ne!(own["app"]["client_id"], theirs["app"]["client_id"]);

    // The old app's events come to its own door by themselves; the new app's are posted here.
    let contact = text(&record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    town.xero.rename_contact(town.tenant, contact.parse().unwrap(), "Larch Gate Saddlers").unwrap();
    let path = town.path(&format!("/records/contacts/{contact}"));
    town.until("the old app's webhook", &caller, &path, |shown| shown["record"]["Name"] == "Larch Gate Saddlers").await;
    let contacts = caller.expect("GET", &format!("{other}/records/contacts?limit=1"), None).await.unwrap();
    let contact = text(&contacts["records"][0]["id"]);
    let new_app = town.new_app.unwrap();
    town.xero.take_deliveries(new_app);
    town.xero.rename_contact(second, contact.parse().unwrap(), "Wattle Park Ceramics").unwrap();
    let deliveries = town.xero.take_deliveries(new_app);
    assert_eq!(deliveries.len(), 1);
    let form = "application/json";
    assert_eq!(post_delivery(&town, OLD_APP, &deliveries[0], form).await, (401, String::new()), "the wrong door");
    assert_eq!(post_delivery(&town, NEW_APP, &deliveries[0], form).await, (200, String::new()));
    let path = format!("{other}/records/contacts/{contact}");
    town.until("the new app's webhook", &caller, &path, |shown| shown["record"]["Name"] == "Wattle Park Ceramics")
        .await;
    // Its key is being rotated: the one before is still good.
    let body = br#"{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "ABCDEFGHIJ"}"#;
    let by_old_key = Delivery { body: body.to_vec().into(), signature: signature(KEY_BEFORE, body), genuine: true };
    assert_eq!(post_delivery(&town, NEW_APP, &by_old_key, form).await, (200, String::new()));
    assert_eq!(post_delivery(&town, OLD_APP, &by_old_key, form).await, (401, String::new()));
    let old_one = town.xero.intent_to_receive(town.app).into_iter().find(|each| each.genuine).unwrap();
    assert_eq!(post_delivery(&town, NEW_APP, &old_one, form).await, (401, String::new()), "nor the other way round");
    assert_eq!(post_delivery(&town, OLD_APP, &old_one, form).await, (200, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_b6_a_connection_moved_to_the_new_app_is_deleted_at_the_old_one_by_the_schedule() {
    let mut town = Town::start_moving(5).await;
    let caller = town.caller(WORKSPACE);
    town.connect_one(&caller, town.tenant, Some(OLD_APP)).await;
    let settings = json!({ "sync_interval": "off", "kinds": { "payments": { "direction": "none" } } });
    caller.expect("PUT", &town.path("/settings"), Some(settings)).await.unwrap();
    let before = status(&town, &caller).await;
    let (known, cursor) = town.changes(&caller, "").await;
    let held = records(&town, &caller, "invoices").await;
    town.connect_one(&caller, town.tenant, None).await;
    let moved = status(&town, &caller).await;
    assert_eq!((moved["app"]["name"].as_str(), moved["state"].as_str()), (Some(NEW_APP), Some("connected")));
    assert_eq!(moved["settings"], before["settings"], "settings move along");
    assert_eq!(town.changes(&caller, &cursor).await.0, Vec::<serde_json::Value>::new(), "nothing is told twice");
    assert_eq!(town.changes(&caller, "").await.0.len(), known.len());
    assert_eq!(records(&town, &caller, "invoices").await, held);

    let looked: serde_json::Value = serde_json::from_slice(&town.stack.fire("daily-sync").await.unwrap()).unwrap();
    assert_eq!(looked["deletions"], 1, "{looked}");
    town.settle().await;
    assert_eq!(calls(&town, "DELETE", "/connections/", 204), 1);
    assert_eq!(calls(&town, "POST", "/connect/revocation", 200), 1, "it was the old app's last one");
    assert!(!stood_at_xero(&town, town.app), "the old app's slot at the organisation is free");
    let looked: serde_json::Value = serde_json::from_slice(&town.stack.fire("daily-sync").await.unwrap()).unwrap();
    assert_eq!(looked["deletions"], 0, "once: {looked}");
    assert_eq!(town.sync(&caller).await["outcome"], "completed", "through the new app");
    assert!(stood_at_xero(&town, town.new_app.unwrap()), "which holds the connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_b2_every_scope_is_listed_with_its_purpose_and_every_app_with_its_certification() {
    let town = Town::start_moving(5).await;
    let caller = town.caller(WORKSPACE);
    let listed = caller.expect("GET", "/v1/apps", None).await.unwrap();
    let (_, authorize) = town.start_connect(&caller, None).await;
    let (_, old_authorize) = town.start_connect(&caller, Some(OLD_APP)).await;
    let asked = |name: &str, url: &url::Url| {
        url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap()
    };
    let scopes: Vec<&str> =
        listed["scopes"].as_array().unwrap().iter().map(|scope| scope["name"].as_str().unwrap()).collect();
    assert_eq!(scopes.join(" "), asked("scope", &authorize), "what is listed is what Xero is asked for");
    assert!(scopes.contains(&"offline_access") && scopes.len() > 8, "{scopes:?}");
    for scope in listed["scopes"].as_array().unwrap() {
        assert!(scope["purpose"].as_str().unwrap().split(' ').count() >= 2, "{scope}");
    }
    let apps: Vec<_> =
        listed["apps"].as_array().unwrap().iter().map(|app| (app["name"].as_str().unwrap(), app)).collect();
    assert_eq!(apps.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [OLD_APP, NEW_APP]);
    let flags = |app: &serde_json::Value| (app["certified"].as_bool(), app["connects_new"].as_bool());
    assert_eq!((flags(apps[0].1), flags(apps[1].1)), ((Some(false), Some(false)), (Some(true), Some(true))));
    assert_eq!(asked("client_id", &authorize), text(&apps[1].1["client_id"]), "new connections take the certified app");
    assert_eq!(asked("client_id", &old_authorize), text(&apps[0].1["client_id"]));
    assert!(!listed.to_string().contains("secret"), "{listed}");
    let body = json!({ "return_url": town.stack.host.return_url(), "app": "nobody" });
    let (status, problem) = caller.call("POST", "/v1/connects", Some(body)).await.unwrap();
    assert_eq!((status, crate::kind(&problem)), (400, "unknown-app"));
}
