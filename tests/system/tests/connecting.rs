//! Getting, keeping and losing the right to act on an organisation. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use connections::{ConnectionState, Session, disconnect, load_connection, token_age};
use envelopes::{Envelope, Work};
use simulator::xero::{Consent, DemoSettings, Fault, Role, UserSettings};
use sync::head::{Outcome, Trigger};
use sync::load_head;
use system::desk::Desk;
use xero::budget::Urgency;

async fn state_of(desk: &Desk) -> (ConnectionState, Option<String>) {
    let found = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    (found.state, found.reason.map(|reason| reason.code))
}

fn token_calls(desk: &Desk) -> usize {
    desk.xero.calls().iter().filter(|call| call.path.ends_with("/connect/token")).count()
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn tokens_never_lie_in_the_table_in_the_clear() {
    let desk = Desk::sized(20);
    desk.connect().await;
    for row in desk.world.table.dump() {
        assert!(!row.body.contains("eyJ"), "a token in {}", row.key.sort);
        assert!(!row.body.contains("simulated-client-secret"), "a secret in {}", row.key.sort);
    }
}

#[tokio::test]
async fn an_access_token_that_ran_out_is_refreshed_once_for_the_whole_run() {
    let desk = Desk::sized(20);
    desk.connect().await;
    desk.world.clock.advance(HOUR);
    desk.xero.forget_calls();
    desk.sync(Trigger::Schedule).await;
    assert_eq!(token_calls(&desk), 1);
}

#[tokio::test]
async fn a_rotation_whose_answer_is_lost_is_repeated_within_the_grace() {
    let desk = Desk::sized(20);
    desk.connect().await;
    desk.world.clock.advance(HOUR);
    desk.xero.order_fault(Fault::LostTokenAnswer);
    desk.sync(Trigger::Schedule).await;
    assert_eq!(state_of(&desk).await.0, ConnectionState::Connected);
    let head = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
    assert_eq!(head.last.unwrap().outcome, Outcome::Completed);
}

#[tokio::test]
async fn two_workers_at_once_refresh_once_and_both_go_on() {
    let desk = Desk::sized(20);
    desk.connect().await;
    // Four minutes of life are left: worth renewing, good enough to use.
    desk.world.clock.advance(Duration::from_secs(26 * 60));
    desk.xero.forget_calls();
    // Answers take a moment, so that the second worker comes while the first one waits.
    desk.xero.set_latency(Duration::from_millis(20));
    let open = || Session::open(&desk.access, &desk.whose, Urgency::Person);
    let (one, other) = tokio::join!(open(), open());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(token_calls(&desk), 1);
}

#[tokio::test]
async fn a_refresh_cut_at_any_call_never_loses_the_authorisation() {
    for at in 1..=14 {
        for cut in [simulator::world::Cut::Before(at), simulator::world::Cut::After(at)] {
            let desk = Desk::sized(5);
            desk.connect().await;
            desk.world.clock.advance(HOUR);
            desk.world.faults.cut(cut);
            drop(Session::open(&desk.access, &desk.whose, Urgency::Person).await);
            desk.world.faults.heal();
            // The dead worker's lease runs out well within Xero's half hour.
            desk.world.clock.advance(Duration::from_secs(60));
            let again = Session::open(&desk.access, &desk.whose, Urgency::Person).await;
            assert!(again.is_ok(), "{cut:?}: {:?}", again.err());
        }
    }
}

#[tokio::test]
async fn dormant_tokens_are_kept_alive_long_before_sixty_days() {
    let desk = Desk::sized(10);
    desk.connect().await;
    desk.xero.forget_calls();
    for _ in 0..5 {
        desk.world.clock.advance(21 * 24 * HOUR);
        for _ in 0..24 * 60 {
            desk.tick(Duration::from_secs(60)).await;
        }
        desk.work().await;
    }
    assert_eq!(desk.xero.calls().len(), 5, "one refresh each three weeks and no other call");
    desk.sync(Trigger::Person).await;
    assert_eq!(state_of(&desk).await.0, ConnectionState::Connected);
}

#[tokio::test]
async fn b5_b7_an_authorisation_that_ended_is_said_with_its_fix_and_o33_a_reconnect_resumes() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let known = desk.feed().await.len();
    desk.world.clock.advance(61 * 24 * HOUR);
    desk.sync(Trigger::Schedule).await;
    assert_eq!(state_of(&desk).await, (ConnectionState::NeedsReauthorisation, Some("authorisation_ended".into())));
    let calls = desk.xero.calls().len();
    desk.sync(Trigger::Schedule).await;
    assert_eq!(desk.xero.calls().len(), calls, "a dead authorisation is not tried again and again");
    desk.connect().await;
    assert_eq!(state_of(&desk).await, (ConnectionState::Connected, None));
    assert_eq!(desk.feed().await.len(), known, "what was known before is not told again");
}

#[tokio::test]
async fn b6_p21_a_disconnection_inside_xero_is_noticed_and_history_kept() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let known = desk.feed().await.len();
    assert!(desk.xero.disconnect(desk.app, desk.user, desk.whose.tenant));
    desk.world.clock.advance(Duration::from_secs(120));
    desk.sync(Trigger::Schedule).await;
    assert_eq!(state_of(&desk).await, (ConnectionState::Disconnected, Some("disconnected_in_xero".into())));
    assert_eq!(desk.feed().await.len(), known);
}

#[tokio::test]
async fn a_demo_organisation_that_was_reset_reads_as_disconnected() {
    let desk = Desk::sized(20);
    desk.connect().await;
    desk.xero.reset_demo(desk.whose.tenant, &DemoSettings::sized(8, 20)).unwrap();
    desk.world.clock.advance(Duration::from_secs(120));
    desk.sync(Trigger::Schedule).await;
    assert_eq!(state_of(&desk).await.0, ConnectionState::Disconnected);
}

#[tokio::test]
async fn o32_s4_p21_disconnecting_deletes_the_connection_at_xero_and_keeps_the_data() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let known = desk.feed().await.len();
    let (connection, _) = disconnect(&desk.access, &desk.whose, "sam").await.unwrap();
    let work = Work::Disconnect { organisation: desk.whose.clone(), generation: connection.generation };
    desk.carry_out(&Envelope::new(work)).await.unwrap();
    let deleted = desk.xero.calls().iter().any(|call| call.method == "DELETE" && call.status == 204);
    assert!(deleted, "{:?}", desk.xero.calls());
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert!(stored.deleted_at_xero);
    assert_eq!(desk.feed().await.len(), known);
}

#[tokio::test]
async fn a_deletion_that_was_forgotten_is_found_by_the_schedule_and_one_overtaken_by_a_reconnect_is_void() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let (first, _) = disconnect(&desk.access, &desk.whose, "sam").await.unwrap();
    desk.tick(Duration::from_secs(60)).await;
    desk.work().await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert!(stored.deleted_at_xero, "the schedule sent the deletion again");
    desk.connect().await;
    let late = Work::Disconnect { organisation: desk.whose.clone(), generation: first.generation };
    desk.carry_out(&Envelope::new(late)).await.unwrap();
    desk.sync(Trigger::Person).await;
    assert_eq!(state_of(&desk).await.0, ConnectionState::Connected);
}

#[tokio::test]
async fn b8_each_person_authorises_with_their_own_xero_user() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let other =
        desk.xero.register_user(UserSettings { email: "ash@ledgerlane.example".into(), ..UserSettings::default() });
    desk.xero.set_role(other, desk.whose.tenant, Role::StandardWithReports);
    let tenants = vec![desk.whose.tenant];
    desk.xero.set_consent(Consent::Allow { user: other, tenants, only_scopes: Vec::new() });
    desk.consent().await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!(stored.acting_user(), Some(other));
    for user in [desk.user, other] {
        assert!(
            token_age(&desk.access, &stored.client, user).await.unwrap().is_some(),
            "a token set for each Xero user"
        );
    }
}

#[tokio::test]
async fn b5_b8_when_the_acting_persons_authorisation_ends_another_persons_takes_its_place() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let other =
        desk.xero.register_user(UserSettings { email: "ash@ledgerlane.example".into(), ..UserSettings::default() });
    desk.xero.set_role(other, desk.whose.tenant, Role::StandardWithReports);
    let tenants = vec![desk.whose.tenant];
    desk.xero.set_consent(Consent::Allow { user: other, tenants, only_scopes: Vec::new() });
    desk.consent_of(&desk.whose, "ash").await;
    let table = &*desk.access.ports.table;
    let stored = load_connection(table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!(stored.acting_user(), Some(other));
    end_tokens(&desk, &stored.client, other).await;
    desk.sync(Trigger::Schedule).await;
    desk.tick(Duration::from_secs(60)).await;
    desk.work().await;
    let stored = load_connection(table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!((stored.state, stored.acting_user()), (ConnectionState::Connected, Some(desk.user)));
    assert_eq!(load_head(table, &desk.whose).await.unwrap().last.unwrap().outcome, Outcome::Completed);
    end_tokens(&desk, &stored.client, desk.user).await;
    desk.sync(Trigger::Schedule).await;
    assert_eq!(state_of(&desk).await, (ConnectionState::NeedsReauthorisation, Some("authorisation_ended".into())));
}

/// As if Xero had refused this person's refresh token for good.
async fn end_tokens(desk: &Desk, client: &kernel::ClientId, user: kernel::XeroUserId) {
    let table = &*desk.access.ports.table;
    let key = state::keys::token_set(client, user);
    state::edit(table, &key, None, |found: Option<&serde_json::Value>| {
        let mut set = found.cloned()?;
        set["dead_since"] = serde_json::json!(desk.now());
        Some(set)
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn b12_a_partial_grant_names_the_missing_scope() {
    let desk = Desk::sized(20);
    let only = xero::scopes::NEEDED.iter().map(|scope| scope.name.to_owned());
    let only_scopes: Vec<String> = only.filter(|scope| scope != "accounting.manualjournals").collect();
    desk.xero.set_consent(Consent::Allow { user: desk.user, tenants: vec![desk.whose.tenant], only_scopes });
    desk.connect().await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!(xero::scopes::missing(&stored.granted), ["accounting.manualjournals"]);
    assert!(!desk.mirror("invoices").await.is_empty(), "the rest is read all the same");
}
