//! Deliveries to a target: the check before them, their repetition, and their end after a day.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod socket;

use std::time::Duration;

use kernel::TenantId;
use serde_json::json;
use simulator::xero::Xero;
use socket::{Manner, Target, consent, control, until, xero};
use xero_server::{Pace, ServerHandle, ServerSettings, serve_at_pace};

/// A quarter of an hour is a moment, a day not much longer.
const PACE: Pace = Pace {
    answer_within: Duration::from_secs(2),
    again_after: Duration::from_millis(30),
    give_up_after: Duration::from_millis(120),
    keep_for: Duration::from_secs(31 * 24 * 3600),
};

async fn start(target: &Target, pace: Pace) -> (ServerHandle, Xero, TenantId) {
    let (xero, app, tenant) = xero();
    let settings =
        ServerSettings { webhook_target: Some(target.url.clone()), webhook_app: Some(app), intent_to_receive: true };
    let server = serve_at_pace(0, xero.clone(), settings, pace).await.unwrap();
    consent(server.address(), "openid").await;
    (server, xero, tenant)
}

fn edit(xero: &Xero, tenant: TenantId, name: &str) {
    xero.edit(tenant, "Contacts", None, &json!({ "Name": name })).unwrap();
}

async fn stands(server: &ServerHandle, standing: &str) {
    let holds = async || control(server.address(), "webhooks", json!({})).await["standing"] == standing;
    until(standing, holds).await;
}

#[tokio::test]
async fn a_target_that_passes_the_check_gets_its_events() {
    let target = Target::listen(Manner::Good).await;
    let (server, xero, tenant) = start(&target, PACE).await;
    stands(&server, "Enabled").await;
    assert_eq!(*target.posts.lock().unwrap(), 4, "the check is four POSTs");
    edit(&xero, tenant, "Quarry Lane Tools");
    until("a delivery", async || target.seen() == [1]).await;
}

#[tokio::test]
async fn a_target_that_fails_the_check_gets_nothing_until_it_passes_one() {
    for manner in [Manner::Credulous, Manner::Talkative, Manner::Sticky, Manner::Down] {
        let target = Target::listen(manner).await;
        let (server, xero, tenant) = start(&target, PACE).await;
        stands(&server, "Disabled").await;
        edit(&xero, tenant, "Waits For The Check");
        assert_eq!(control(server.address(), "enable_webhooks", json!({})).await["enabled"], false, "{manner:?}");
        assert!(target.seen().is_empty());
        target.behave(Manner::Good);
        assert_eq!(control(server.address(), "enable_webhooks", json!({})).await["enabled"], true);
        until("a delivery", async || target.seen() == [1]).await;
    }
}

#[tokio::test]
async fn a_delivery_answered_with_5xx_a_body_or_a_cookie_is_repeated_and_those_behind_it_wait() {
    for manner in [Manner::Down, Manner::Talkative, Manner::Sticky] {
        let target = Target::listen(Manner::Good).await;
        let pace = Pace { give_up_after: Duration::from_secs(60), ..PACE };
        let (server, xero, tenant) = start(&target, pace).await;
        stands(&server, "Enabled").await;
        target.behave(manner);
        edit(&xero, tenant, "First In Line");
        until("a repetition", async || target.seen().len() >= 3).await;
        edit(&xero, tenant, "Second In Line");
        target.behave(Manner::Good);
        until("the second", async || target.seen().last() == Some(&2)).await;
        let seen = target.seen();
        assert!(seen.iter().filter(|number| **number == 2).count() == 1 && seen.is_sorted(), "{manner:?}: {seen:?}");
    }
}

#[tokio::test]
async fn a_day_of_failures_disables_and_the_kept_events_come_in_order_once_enabled_again() {
    let target = Target::listen(Manner::Good).await;
    let (server, xero, tenant) = start(&target, PACE).await;
    stands(&server, "Enabled").await;
    target.behave(Manner::Down);
    edit(&xero, tenant, "Failed For A Day");
    stands(&server, "Disabled").await;
    assert!(target.seen().len() > 2 && target.seen().iter().all(|number| *number == 1));
    edit(&xero, tenant, "Kept Meanwhile");
    target.seen.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(target.seen().is_empty(), "nothing comes while disabled");
    target.behave(Manner::Good);
    assert_eq!(control(server.address(), "enable_webhooks", json!({})).await["enabled"], true);
    until("both", async || target.seen() == [1, 2]).await;
}

#[tokio::test]
async fn mischief_comes_through_a_control() {
    let target = Target::listen(Manner::Good).await;
    let (server, xero, tenant) = start(&target, PACE).await;
    stands(&server, "Enabled").await;
    control(server.address(), "mischief", json!({ "kind": "Duplicate" })).await;
    edit(&xero, tenant, "Comes Twice");
    until("two deliveries", async || target.seen() == [1, 1]).await;
}
