//! Two workspaces that hold the same organisation through the same Xero user: what one does takes nothing from the other.

use serde_json::json;
use simulator::xero::DemoSettings;
use system::town::{Town, WORKSPACE};

use crate::{calls, status, stood_at_xero};

#[tokio::test(flavor = "multi_thread")]
async fn o32_a_disconnect_in_one_workspace_leaves_the_connection_another_workspace_uses() {
    let mut town = Town::start(5).await;
    let (caller, neighbour) = (town.connect().await, town.caller("neighbour"));
    town.connect_one(&neighbour, town.tenant, None).await;
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    town.stack.fire("daily-sync").await.unwrap();
    town.settle().await;
    assert_eq!(status(&town, &caller).await["state"], "disconnected");
    assert_eq!(
        (calls(&town, "DELETE", "/connections/", 204), calls(&town, "POST", "/connect/revocation", 200)),
        (0, 0)
    );
    assert_eq!(town.sync(&neighbour).await["outcome"], "completed");
    let kept = town.changes(&caller, "").await.0.len();
    let contact = crate::text(&crate::record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    town.xero.rename_contact(town.tenant, contact.parse().unwrap(), "Linnet Cross Hardware").unwrap();
    let path = town.path(&format!("/records/contacts/{contact}"));
    town.until("its webhook", &neighbour, &path, |shown| shown["record"]["Name"] == "Linnet Cross Hardware").await;
    town.settle().await;
    assert_eq!(town.changes(&caller, "").await.0.len(), kept, "nothing more reaches the one that left");
    neighbour.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    assert_eq!(
        (calls(&town, "DELETE", "/connections/", 204), calls(&town, "POST", "/connect/revocation", 200)),
        (1, 1)
    );
    assert!(!stood_at_xero(&town, town.app), "the last one out gives it back");
}

#[tokio::test(flavor = "multi_thread")]
async fn o32_a_disconnect_keeps_the_tokens_with_which_another_workspace_reads_another_organisation() {
    let mut town = Town::start(5).await;
    let (caller, neighbour) = (town.connect().await, town.caller("neighbour"));
    let second = town.open_organisation(&DemoSettings::sized_au(9, 3));
    town.connect_one(&neighbour, second, None).await;
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    assert_eq!(
        (calls(&town, "DELETE", "/connections/", 204), calls(&town, "POST", "/connect/revocation", 200)),
        (1, 0)
    );
    let path = format!("/v1/organisations/{second}");
    let run = neighbour.expect("POST", &format!("{path}/syncs"), None).await.unwrap();
    town.settle().await;
    let run =
        neighbour.expect("GET", &format!("{path}/syncs/{}", run["run_id"].as_str().unwrap()), None).await.unwrap();
    assert_eq!(run["outcome"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_each_workspace_has_its_own_feed_settings_and_state_of_a_shared_organisation() {
    let mut town = Town::start(5).await;
    let (caller, neighbour) = (town.connect().await, town.caller("neighbour"));
    let (mine, end) = town.changes(&caller, "").await;
    town.connect_one(&neighbour, town.tenant, None).await;
    let settings = json!({ "sync_interval": "1_hour" });
    neighbour.expect("PUT", &town.path("/settings"), Some(settings)).await.unwrap();
    assert_eq!(status(&town, &caller).await["settings"]["sync_interval"], "off");
    assert_eq!(town.changes(&neighbour, "").await.0.len(), mine.len());
    let (code, problem) = neighbour.call("GET", &town.path(&format!("/changes?cursor={end}")), None).await.unwrap();
    assert_eq!((code, crate::kind(&problem)), (400, "cursor-of-another-organisation"));
    let contact = crate::record(&town, &caller, "contacts", |_| true).await;
    let id = crate::text(&contact["ContactID"]);
    town.xero.rename_contact(town.tenant, id.parse().unwrap(), "Rowan Ferry Fisheries").unwrap();
    for (who, caller) in [(WORKSPACE, &caller), ("neighbour", &neighbour)] {
        let path = town.path(&format!("/records/contacts/{id}"));
        town.until(who, caller, &path, |shown| shown["record"]["Name"] == "Rowan Ferry Fisheries").await;
    }
}
