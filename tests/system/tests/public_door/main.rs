//! Requirement rows and bad inputs, each through the public door: the HTTP API, the callback, webhooks.
//!
//! Real function binaries over real sockets; where days must pass, the desk and its virtual time.
#![allow(clippy::unwrap_used)]

mod apps;
mod bad_callbacks;
mod bad_requests;
mod bad_tokens;
mod bad_webhooks;
mod books;
mod choosing;
mod disconnecting;
mod documents;
mod edits;
mod exports;
mod imports;
mod journals;
mod money;
mod no_access;
mod odd_cases;
mod orders;
mod publishing;
mod requests;
mod runs;
mod scans;
mod schedules;
mod settings;
mod sharing;
mod statements;
mod suggestions;
mod tie_outs;

use local::caller::Caller;
use serde_json::{Value, json};
use simulator::xero::{AppId, AppSettings, Delivery};
use system::town::Town;

/// The type of a problem, without what all share.
fn kind(problem: &Value) -> &str {
    let whole = problem["type"].as_str().unwrap_or_default();
    whole.strip_prefix("urn:counterfoil:problem:").unwrap_or(whole)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Everything of one kind that the API has.
async fn records(town: &Town, caller: &Caller, kind: &str) -> Vec<Value> {
    let page = caller.expect("GET", &town.path(&format!("/records/{kind}?limit=250")), None).await.unwrap();
    assert!(page["next_after"].is_null(), "more than one page of {kind}");
    page["records"].as_array().unwrap().iter().map(|view| view["record"].clone()).collect()
}

/// One record of a kind, as the API has it.
async fn record(town: &Town, caller: &Caller, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let all = records(town, caller, kind).await;
    all.into_iter().find(|record| wanted(record)).unwrap_or_else(|| panic!("no such record among {kind}"))
}

/// The status of the demo organisation.
async fn status(town: &Town, caller: &Caller) -> Value {
    caller.expect("GET", &town.path(""), None).await.unwrap()
}

/// Posts a webhook delivery to an app's door; answers status and body.
async fn post_delivery(town: &Town, app: &str, delivery: &Delivery, content_type: &str) -> (u16, String) {
    let url = format!("{}/webhooks/xero/{app}", town.stack.url);
    let post = local::caller::plain_client().unwrap().post(url).header("content-type", content_type);
    let post = post.header("x-xero-signature", &delivery.signature).body(delivery.body.to_vec());
    let answer = post.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A genuine delivery about a contact of the demo organisation, without a sequence number.
fn told_of_contact(town: &Town, contact: &str) -> Delivery {
    let event =
        json!({ "resourceId": contact, "tenantId": town.tenant, "eventCategory": "CONTACT", "eventType": "UPDATE" });
    let body = json!({ "events": [event], "firstEventSequence": 0, "lastEventSequence": 0 }).to_string();
    let signature = simulator::xero::signature(&AppSettings::default().webhook_key, body.as_bytes());
    Delivery { body: body.into(), signature, genuine: true }
}

/// Calls of one kind that reached Xero: the verb, the beginning of the path, and the status.
fn calls(town: &Town, method: &str, path: &str, status: u16) -> usize {
    let same = |call: &&simulator::xero::Call| call.method == method && call.path.starts_with(path);
    town.xero.calls().iter().filter(same).filter(|call| call.status == status).count()
}

/// Whether Xero still lists a connection; ends it, so ask once.
fn stood_at_xero(town: &Town, app: AppId) -> bool {
    town.xero.disconnect(app, town.user, town.tenant)
}
