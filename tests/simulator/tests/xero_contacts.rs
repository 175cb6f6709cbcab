//! Contacts: how they match, what a document does to them, and which names are free.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use scene::{Scene, first, messages};
use serde_json::{Value, json};

async fn shown(scene: &Scene, contact: &Value) -> Value {
    scene.get(&format!("/Contacts/{}", contact["ContactID"].as_str().unwrap())).await["Contacts"][0].clone()
}

#[tokio::test]
async fn a_document_that_says_more_than_the_id_changes_the_contact_and_drops_its_persons() {
    let scene = Scene::with(5).await;
    let person = |name: &str| json!({ "FirstName": name, "EmailAddress": "desk@tidewater.example" });
    let contact = json!({ "Name": "Tidewater Crafts", "ContactPersons": [person("Edie"), person("Otis")] });
    let contact = scene.made("/Contacts", contact).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["Contact"] = json!({ "ContactID": contact["ContactID"] });
    scene.made("/Invoices", bill.clone()).await;
    assert_eq!(shown(&scene, &contact).await["ContactPersons"].as_array().unwrap().len(), 2, "the id alone is safe");
    bill["Contact"]["ContactPersons"] = json!([person("Otis")]);
    scene.made("/Invoices", bill.clone()).await;
    assert_eq!(shown(&scene, &contact).await["ContactPersons"].as_array().unwrap().len(), 1);
    bill["Contact"] = json!({ "ContactID": contact["ContactID"], "EmailAddress": "new@tidewater.example" });
    scene.made("/Invoices", bill).await;
    let after = shown(&scene, &contact).await;
    assert_eq!((&after["EmailAddress"], &after["ContactPersons"]), (&json!("new@tidewater.example"), &json!([])));
}

#[tokio::test]
async fn names_match_in_their_case_and_clash_in_any() {
    let scene = Scene::with(5).await;
    let made = scene.made("/Contacts", json!({ "Name": "Tidewater Crafts" })).await;
    let same = first(&scene.post("/Contacts", json!({ "Name": "Tidewater Crafts", "FirstName": "Pia" })).await);
    assert_eq!(same["ContactID"], made["ContactID"]);
    let taken = "is already assigned to another contact";
    assert!(messages(&scene.post("/Contacts", json!({ "Name": "TIDEWATER Crafts" })).await).contains(taken));
    let mut bill = scene.bill("DRAFT").await;
    bill["Contact"] = json!({ "Name": "tidewater crafts" });
    assert!(messages(&scene.put("/Invoices", bill).await).contains(taken));
}

#[tokio::test]
async fn an_archived_contact_comes_back_only_under_a_free_name() {
    let scene = Scene::with(5).await;
    let made = scene.made("/Contacts", json!({ "Name": "Tidewater Crafts" })).await;
    let path = format!("/Contacts/{}", made["ContactID"].as_str().unwrap());
    first(&scene.post(&path, json!({ "ContactStatus": "ARCHIVED" })).await);
    scene.made("/Contacts", json!({ "Name": "Tidewater CRAFTS" })).await;
    let refused = messages(&scene.post(&path, json!({ "ContactStatus": "ACTIVE" })).await);
    assert!(refused.contains("is already assigned to another contact"), "{refused}");
    let renamed = json!({ "ContactStatus": "ACTIVE", "Name": "Tidewater Crafts of Bath" });
    assert_eq!(first(&scene.post(&path, renamed).await)["ContactStatus"], "ACTIVE");
}

#[tokio::test]
async fn a_contact_has_at_most_five_persons_and_put_only_creates() {
    let scene = Scene::with(5).await;
    let with = |count: usize| json!({ "Name": "Tidewater Crafts", "ContactPersons": vec![json!({ "FirstName": "Kit" }); count] });
    assert!(messages(&scene.put("/Contacts", with(6)).await).contains("at most 5 contact persons"));
    let made = scene.made("/Contacts", with(5)).await;
    let again = scene.put("/Contacts", json!({ "ContactID": made["ContactID"], "FirstName": "Kit" })).await;
    assert_eq!(again.status, 400);
}
