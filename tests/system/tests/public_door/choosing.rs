//! Choosing, authorising and testing a connection: who may, what was granted, what is missing.

use kernel::XeroUserId;
use local::caller::Caller;
use serde_json::{Value, json};
use simulator::xero::{Consent, DemoSettings, Role, UserSettings};
use system::holdings::Holdings;
use system::town::{Town, WORKSPACE};

use crate::{kind, status};

/// Somebody else of the workspace, with a Xero user of their own.
fn somebody_else(town: &Town, role: Role) -> (Caller, XeroUserId) {
    let settings = UserSettings { email: "ash@ledgerlane.example".into(), ..UserSettings::default() };
    let user = town.xero.register_user(settings);
    town.xero.set_role(user, town.tenant, role);
    let token = town.stack.issuer.token(WORKSPACE, "ash", std::time::Duration::from_secs(600)).unwrap();
    (Caller::new(&town.stack.url, &token).unwrap(), user)
}

fn consent_as(town: &Town, user: XeroUserId, only_scopes: Vec<String>) {
    town.xero.set_consent(Consent::Allow { user, tenants: vec![town.tenant], only_scopes });
}

async fn connect_as(town: &mut Town, caller: &Caller, user: XeroUserId) {
    consent_as(town, user, Vec::new());
    let returned = town.consent(caller).await;
    let (status, answer) = town.choose(caller, &returned, &[town.tenant]).await;
    assert_eq!(status, 201, "{answer}");
    town.settle().await;
}

async fn tested(town: &Town, caller: &Caller) -> Value {
    let test = caller.expect("POST", &town.path("/tests"), None).await.unwrap();
    let path = town.path(&format!("/tests/{}", test["test_id"].as_str().unwrap()));
    town.until("the test", caller, &path, |result| !result["finished_at"].is_null()).await
}

fn check<'a>(result: &'a Value, name: &str) -> &'a Value {
    result["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_missing_scope_is_named_by_the_connect_the_choice_and_the_status_until_it_is_granted() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let left_out = ["accounting.manualjournals", "accounting.attachments"];
    let all = xero::scopes::NEEDED.iter().map(|scope| scope.name.to_owned());
    consent_as(&town, town.user, all.filter(|scope| !left_out.contains(&scope.as_str())).collect());
    let returned = town.consent(&caller).await;
    let shown = caller.expect("GET", &format!("/v1/connects/{}", returned["connect"]), None).await.unwrap();
    assert_eq!(shown["missing_scopes"], json!(left_out), "before anything is connected");
    let (code, chosen) = town.choose(&caller, &returned, &[town.tenant]).await;
    assert_eq!((code, &chosen["organisations"][0]["missing_scopes"]), (201, &json!(left_out)));
    town.settle().await;
    let shown = status(&town, &caller).await;
    assert_eq!((shown["state"].as_str(), &shown["scopes"]["missing"]), (Some("connected"), &json!(left_out)));
    let step = |shown: &Value| shown["setup"].as_array().unwrap().iter().find(|step| step["step"] == "scopes").cloned();
    let open = step(&shown).unwrap();
    assert!(open["done"] == false && open["fix"].as_str().unwrap().contains("Connect again"), "{open}");
    assert!(!crate::records(&town, &caller, "invoices").await.is_empty(), "the rest is read all the same");
    let result = tested(&town, &caller).await;
    assert!(check(&result, "scopes")["detail"].as_str().unwrap().contains(left_out[0]), "{result}");
    assert_eq!((&result["passed"], &check(&result, "scopes")["passed"]), (&json!(false), &json!(false)));
    town.connect_one(&caller, town.tenant, None).await;
    let shown = status(&town, &caller).await;
    assert_eq!((&shown["scopes"]["missing"], &step(&shown).unwrap()["done"]), (&json!([]), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_x13_of_two_organisations_offered_one_is_chosen_and_the_other_later() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let second = town.open_organisation(&DemoSettings::sized_au(9, 3));
    town.xero.change_app(town.app, |app| app.bulk_connect = true);
    town.consent_to(&[second, town.tenant]);
    let returned = town.consent(&caller).await;
    let path = format!("/v1/connects/{}", returned["connect"]);
    let shown = caller.expect("GET", &path, None).await.unwrap();
    let mut offered: Vec<&Value> =
        shown["organisations"].as_array().unwrap().iter().map(|each| &each["name"]).collect();
    offered.sort_by_key(|name| name.to_string());
    assert_eq!(offered, [&json!("Demo Company (AU)"), &json!("Demo Company (UK)")]);
    let listed = async || {
        let answer = caller.expect("GET", "/v1/organisations", None).await.unwrap();
        answer["organisations"].as_array().unwrap().clone()
    };
    assert!(listed().await.is_empty(), "nothing is connected before the choice");
    assert_eq!(town.choose(&caller, &returned, &[town.tenant]).await.0, 201);
    town.settle().await;
    assert_eq!(listed().await.iter().map(|each| &each["tenant_id"]).collect::<Vec<_>>(), [&json!(town.tenant)]);
    let (status, problem) = town.choose(&caller, &returned, &[second]).await;
    assert_eq!((status, kind(&problem)), (409, "not-waiting-for-choice"), "one connect is one choice");
    assert_eq!(listed().await.len(), 1);
    town.consent_to(&[second, town.tenant]);
    let again = town.consent(&caller).await;
    assert_eq!(town.choose(&caller, &again, &[second]).await.0, 201);
    town.settle().await;
    assert_eq!(listed().await.len(), 2);
    let invoices = format!("/v1/organisations/{second}/records/invoices");
    let invoices = caller.expect("GET", &invoices, None).await.unwrap();
    assert_eq!(invoices["records"].as_array().unwrap().len(), 3, "each has its own books");
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_several_are_chosen_at_once_and_all_or_none_are_connected() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let second = town.open_organisation(&DemoSettings::sized_au(9, 3));
    town.xero.change_app(town.app, |app| app.bulk_connect = true);
    town.consent_to(&[second, town.tenant]);
    let returned = town.consent(&caller).await;
    let before = Holdings::of(&town, &caller).await;
    let foreign = kernel::TenantId::from_random([9; 16]);
    let (code, problem) = town.choose(&caller, &returned, &[town.tenant, second, foreign]).await;
    assert_eq!((code, kind(&problem)), (400, "organisation-not-offered"));
    Holdings::of(&town, &caller).await.assert_same(&before);
    let (code, chosen) = town.choose(&caller, &returned, &[second, town.tenant]).await;
    let tenants: Vec<&Value> =
        chosen["organisations"].as_array().unwrap().iter().map(|each| &each["tenant_id"]).collect();
    assert_eq!((code, tenants), (201, vec![&json!(second), &json!(town.tenant)]), "in the order of the choice");
    town.settle().await;
    for tenant in [town.tenant, second] {
        let shown = caller.expect("GET", &format!("/v1/organisations/{tenant}"), None).await.unwrap();
        assert_eq!((&shown["state"], &shown["sync"]["loaded"]), (&json!("connected"), &json!(true)), "{tenant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_a_test_names_every_check_and_tells_a_read_only_role_what_it_cannot_write() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let names = ["authorisation", "organisation", "accounts", "scopes", "writing"];
    let result = tested(&town, &caller).await;
    let found: Vec<&str> =
        result["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!((found.as_slice(), &result["passed"]), (names.as_slice(), &json!(true)), "{result}");
    let accounts = crate::records(&town, &caller, "accounts").await.len();
    assert_eq!(check(&result, "accounts")["detail"], format!("{accounts} general ledger accounts can be read"));
    town.xero.set_role(town.user, town.tenant, Role::ReadOnly);
    let writes = town.xero.calls().len();
    let result = tested(&town, &caller).await;
    assert_eq!(result["passed"], false);
    for name in &names[..4] {
        assert_eq!(check(&result, name)["passed"], true, "reading works: {result}");
    }
    let writing = check(&result, "writing");
    assert!(writing["detail"].as_str().unwrap().contains("CreateApprovedBill"), "{writing}");
    let fix = writing["fix"].as_str().unwrap();
    assert!(writing["passed"] == false && fix.contains("Standard") && fix.contains("Adviser"), "x10: {writing}");
    let made: Vec<String> = town.xero.calls().into_iter().skip(writes).map(|call| call.method).collect();
    assert!(made.len() == 3 && made.iter().all(|method| method == "GET"), "nothing is written to find out: {made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_everybody_authorises_with_their_own_xero_user_and_is_tested_with_it() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (ash, user) = somebody_else(&town, Role::ReadOnly);
    connect_as(&mut town, &ash, user).await;
    let shown = status(&town, &caller).await;
    let by: Vec<&Value> = shown["authorised_by"].as_array().unwrap().iter().map(|each| &each["actor"]).collect();
    assert_eq!(by, [&json!("sam"), &json!("ash")]);
    assert_eq!(check(&tested(&town, &caller).await, "writing")["passed"], true, "sam is an adviser");
    assert_eq!(check(&tested(&town, &ash).await, "writing")["passed"], false, "ash may only read");
    let audit = caller.expect("GET", &town.path("/audit"), None).await.unwrap();
    let entries = audit["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["actor"] == "ash" && entry["action"] == "connection.reconnected"));
}
