//! Webhook events, and the people who edit in Xero's own screens.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use ports::Method;
use scene::{Scene, body, first};
use serde_json::{Value, json};
use simulator::xero::{AppSettings, Consent, DemoSettings, Mischief, Role, signature};

/// The events that wait, each delivery's signature checked.
fn events(scene: &Scene) -> Vec<Value> {
    let mut all = Vec::new();
    for delivery in scene.xero.take_deliveries(scene.app) {
        assert_eq!(delivery.signature, signature(&AppSettings::default().webhook_key, &delivery.body));
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        let events = body["events"].as_array().unwrap().clone();
        let numbers = body["lastEventSequence"].as_i64().unwrap() - body["firstEventSequence"].as_i64().unwrap() + 1;
        assert_eq!(events.len() as i64, numbers);
        all.extend(events);
    }
    all
}

fn brief(events: &[Value]) -> Vec<String> {
    let one = |event: &Value| {
        format!("{} {}", event["eventCategory"].as_str().unwrap(), event["eventType"].as_str().unwrap())
    };
    events.iter().map(one).collect()
}

#[tokio::test]
async fn writes_and_screen_edits_raise_events_and_a_payment_updates_its_invoice() {
    let scene = Scene::with(5).await;
    assert!(events(&scene).is_empty());
    let bill = scene.made("/Invoices", scene.bill("AUTHORISED").await).await;
    let seen = events(&scene);
    assert_eq!(brief(&seen), ["INVOICE CREATE"]);
    assert_eq!(seen[0]["resourceId"], bill["InvoiceID"]);
    assert_eq!(seen[0]["tenantId"], scene.tenant.to_string());
    let id = bill["InvoiceID"].as_str().unwrap().parse().unwrap();
    scene.clock.pass(1);
    let payment = scene.xero.pay_invoice(scene.tenant, id, "090", "120".parse().unwrap()).unwrap();
    assert_eq!(brief(&events(&scene)), ["INVOICE UPDATE"]);
    let payment = payment["PaymentID"].as_str().unwrap().parse().unwrap();
    scene.xero.remove_payment(scene.tenant, payment).unwrap();
    scene.xero.void_invoice(scene.tenant, id).unwrap();
    assert_eq!(brief(&events(&scene)), ["INVOICE UPDATE", "INVOICE UPDATE"]);
    assert!(scene.xero.void_invoice(scene.tenant, id).is_err());
}

#[tokio::test]
async fn journals_and_accounts_raise_none_and_credit_notes_say_what_they_are() {
    let scene = Scene::with(5).await;
    scene.xero.add_account(scene.tenant, "486", "Gadgets", "OVERHEADS").unwrap();
    assert!(events(&scene).is_empty());
    let contact = scene.contact().await;
    let note = json!({
        "Type": "ACCPAYCREDIT", "Contact": { "ContactID": contact },
        "LineItems": [{ "Description": "Back", "UnitAmount": 5, "AccountCode": "463" }],
    });
    first(&scene.put("/CreditNotes", note).await);
    let seen = events(&scene);
    assert_eq!(seen[0]["data"], json!({ "Type": "ACCPAYCREDIT", "Status": "DRAFT" }));
}

#[tokio::test]
async fn a_refused_batch_raises_nothing() {
    let scene = Scene::with(5).await;
    let good = scene.bill("DRAFT").await;
    let mut bad = good.clone();
    bad["Type"] = json!("ACCOUNT");
    assert_eq!(scene.put("/Invoices", json!({ "Invoices": [good, bad] })).await.status, 400);
    assert!(events(&scene).is_empty());
}

#[tokio::test]
async fn lost_events_leave_a_gap_in_the_numbers() {
    let scene = Scene::with(5).await;
    let make = |name: &'static str| scene.xero.edit(scene.tenant, "Contacts", None, &json!({ "Name": name })).unwrap();
    make("One Away Ltd");
    assert_eq!(scene.xero.lose_deliveries(scene.app), 1);
    make("Two Here Ltd");
    let body: Value = serde_json::from_slice(&scene.xero.take_deliveries(scene.app)[0].body).unwrap();
    assert_eq!(body["firstEventSequence"], 2);
}

#[tokio::test]
async fn a_merged_contact_points_at_the_winner_who_gets_the_invoices() {
    let scene = Scene::with(40).await;
    let page = scene.get("/Invoices?page=1").await;
    let loser = page["Invoices"][0]["Contact"]["ContactID"].as_str().unwrap().to_owned();
    let other = page["Invoices"].as_array().unwrap().iter().find(|each| each["Contact"]["ContactID"] != loser.as_str());
    let winner = other.unwrap()["Contact"]["ContactID"].as_str().unwrap().to_owned();
    scene.xero.merge_contacts(scene.tenant, loser.parse().unwrap(), winner.parse().unwrap()).unwrap();
    let merged = scene.get(&format!("/Contacts/{loser}")).await["Contacts"][0].clone();
    assert_eq!((&merged["ContactStatus"], &merged["MergedToContactID"]), (&json!("ARCHIVED"), &json!(winner)));
    let left = scene.get(&format!("/Invoices?ContactIDs={loser}")).await;
    assert_eq!(left["Invoices"], json!([]));
    assert!(brief(&events(&scene)).contains(&"CONTACT UPDATE".to_owned()));
}

#[tokio::test]
async fn a_disconnection_or_reset_inside_xero_shows_as_403_only() {
    let scene = Scene::with(5).await;
    let fresh = scene.xero.reset_demo(scene.tenant, &DemoSettings::sized(4, 5)).unwrap();
    assert_ne!(fresh, scene.tenant);
    let refused = scene.call(Method::Get, "/Organisation", &[], "").await;
    assert_eq!((refused.status, &body(&refused)["Detail"]), (403, &json!("AuthenticationUnsuccessful")));
    let other = Scene::with(5).await;
    assert!(other.xero.disconnect(other.app, other.user, other.tenant));
    assert_eq!(other.call(Method::Get, "/Organisation", &[], "").await.status, 403);
    assert_eq!(other.refresh(other.tokens["refresh_token"].as_str().unwrap()).await.status, 200);
    assert!(events(&other).is_empty());
}

#[tokio::test]
async fn an_intent_check_is_four_posts_of_which_some_lie() {
    let scene = Scene::with(5).await;
    let burst = scene.xero.intent_to_receive(scene.app);
    assert_eq!(burst.len(), 4);
    for delivery in &burst {
        let right = signature(&AppSettings::default().webhook_key, &delivery.body) == delivery.signature;
        assert_eq!(right, delivery.genuine);
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        assert_eq!((&body["events"], &body["firstEventSequence"]), (&json!([]), &json!(0)));
    }
    assert!(burst.iter().any(|each| each.genuine) && burst.iter().any(|each| !each.genuine));
}

#[tokio::test]
async fn deliveries_can_come_twice_out_of_order_and_wrongly_signed() {
    let scene = Scene::with(5).await;
    let make = |name: &'static str| scene.xero.edit(scene.tenant, "Contacts", None, &json!({ "Name": name })).unwrap();
    make("First Contact Ltd");
    make("Second Contact Ltd");
    for mischief in [Mischief::Reorder, Mischief::Duplicate, Mischief::WrongSignature] {
        scene.xero.order_mischief(scene.app, mischief);
    }
    let all = scene.xero.take_deliveries(scene.app);
    let number = |at: usize| serde_json::from_slice::<Value>(&all[at].body).unwrap()["firstEventSequence"].clone();
    assert_eq!((all.len(), number(0), number(1), number(2)), (4, json!(2), json!(2), json!(1)));
    assert_eq!(all.iter().map(|each| each.genuine).collect::<Vec<_>>(), [false, true, true, true]);
}

#[tokio::test]
async fn one_delivery_may_hold_events_of_two_organisations() {
    let mut scene = Scene::with(5).await;
    let second = scene.xero.register_organisation(&DemoSettings::sized(8, 5));
    scene.xero.set_role(scene.user, second, Role::Adviser);
    scene.xero.change_app(scene.app, |app| app.bulk_connect = true);
    let tenants = vec![scene.tenant, second];
    scene.xero.set_consent(Consent::Allow { user: scene.user, tenants, only_scopes: Vec::new() });
    scene.tokens = scene.connect().await;
    for tenant in [scene.tenant, second, scene.tenant] {
        scene.clock.pass(1);
        let name = json!({ "Name": format!("Made At {}", ports::Clock::now(&*scene.clock)) });
        scene.xero.edit(tenant, "Contacts", None, &name).unwrap();
    }
    let all = scene.xero.take_deliveries(scene.app);
    assert_eq!(all.len(), 1);
    let body: Value = serde_json::from_slice(&all[0].body).unwrap();
    let tenants: Vec<&str> =
        body["events"].as_array().unwrap().iter().map(|event| event["tenantId"].as_str().unwrap()).collect();
    assert_eq!(tenants, [scene.tenant, second, scene.tenant].map(|tenant| tenant.to_string()));
}

#[tokio::test]
async fn a_subscription_event_belongs_to_the_application() {
    let scene = Scene::with(5).await;
    let id = scene.xero.subscription_event(scene.app, false).unwrap();
    let seen = events(&scene);
    assert_eq!(brief(&seen), ["SUBSCRIPTION UPDATE"]);
    assert_eq!(seen[0]["tenantType"], "APPLICATION");
    assert_eq!(seen[0]["tenantId"], "5d1e0000-0000-0000-0000-000000000001");
    assert_eq!(seen[0]["resourceUrl"], format!("https://api.xero.com/appstore/2.0/subscriptions/{id}"));
}

#[tokio::test]
async fn events_nobody_took_for_thirty_one_days_are_gone() {
    let scene = Scene::with(5).await;
    let make = |name: &'static str| scene.xero.edit(scene.tenant, "Contacts", None, &json!({ "Name": name })).unwrap();
    make("Too Old Ltd");
    scene.clock.pass(1);
    make("Just Kept Ltd");
    scene.clock.pass(31 * 86_400 - 1);
    let body: Value = serde_json::from_slice(&scene.xero.take_deliveries(scene.app)[0].body).unwrap();
    assert_eq!((&body["firstEventSequence"], &body["lastEventSequence"]), (&json!(2), &json!(2)));
}
