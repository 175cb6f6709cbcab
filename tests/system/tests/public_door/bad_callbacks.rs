//! Callbacks that must connect nothing: each says its reason, changes nothing, and leaves what went before it usable.

use std::time::Duration;

use local::caller::Caller;
use serde_json::{Value, json};
use simulator::xero::{Consent, Fault, FaultTarget};
use sync::head::{Outcome, Trigger};
use system::desk::Desk;
use system::holdings::{CONNECTS, Holdings, put_row, rows};
use system::town::{Town, WORKSPACE};
use url::Url;

use crate::{calls, kind};

const TOKEN: &str = "/connect/token";

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap()
}

/// A person who has consented; their browser is on its way to our callback.
struct OnTheWay {
    id: String,
    state: String,
    code: String,
    back: Url,
}

async fn on_the_way(town: &Town, caller: &Caller) -> OnTheWay {
    let (id, authorize) = town.start_connect(caller, None).await;
    let back = town.back_from_xero(&authorize).await;
    OnTheWay { id, state: parameter(&back, "state"), code: parameter(&back, "code"), back }
}

fn callback(town: &Town, state: &str, code: &str) -> String {
    let mut url = Url::parse(&format!("{}/oauth/callback", town.stack.url)).unwrap();
    url.query_pairs_mut().append_pair("state", state).append_pair("code", code);
    url.into()
}

async fn choose_demo(town: &Town, caller: &Caller, returned: &std::collections::BTreeMap<String, String>) -> u16 {
    let (status, answer) = town.choose(caller, returned, &[town.tenant]).await;
    assert!(status < 300, "{answer}");
    town.settle().await;
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_wrong_state_is_unknown_changes_nothing_and_the_right_one_still_works() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let (mine, other) = (on_the_way(&town, &caller).await, on_the_way(&town, &caller).await);
    let before = Holdings::of(&town, &caller).await;
    let secret = mine.state.split_once('.').unwrap().1;
    let last = if secret.ends_with('A') { 'B' } else { 'A' };
    let wrong = [
        format!("{}.{}{last}", mine.id, &secret[..secret.len() - 1]),
        format!("{}.{secret}", other.id),
        format!("{}.", mine.id),
        mine.id.clone(),
        format!(".{secret}"),
        String::new(),
    ];
    for state in wrong {
        let returned = town.follow(&callback(&town, &state, &mine.code)).await;
        assert_eq!((returned["outcome"].as_str(), returned["reason"].as_str()), ("failed", "unknown_state"), "{state}");
        assert!(!returned.contains_key("connect") && !returned.contains_key("ticket"), "{returned:?}");
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
    assert_eq!(calls(&town, "POST", TOKEN, 200), 0, "no code was spent on a state that is not ours");
    let returned = town.follow(mine.back.as_str()).await;
    assert_eq!(choose_demo(&town, &caller, &returned).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_replayed_state_is_refused_with_any_code_and_the_first_callback_stands() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let (mine, fresh) = (on_the_way(&town, &caller).await, on_the_way(&town, &caller).await);
    let returned = town.follow(mine.back.as_str()).await;
    assert_eq!(returned["outcome"], "choose");
    let before = Holdings::of(&town, &caller).await;
    for code in [&mine.code, &fresh.code] {
        let again = town.follow(&callback(&town, &mine.state, code)).await;
        assert_eq!((again["outcome"].as_str(), again["reason"].as_str()), ("failed", "state_used"));
        assert!(!again.contains_key("ticket"), "{again:?}");
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
    assert_eq!(calls(&town, "POST", TOKEN, 200), 1);
    assert_eq!(choose_demo(&town, &caller, &returned).await, 201);
    let after = Holdings::of(&town, &caller).await;
    let late = town.follow(mine.back.as_str()).await;
    assert_eq!(late["reason"], "state_used", "after the choice as well");
    Holdings::of(&town, &caller).await.assert_same(&after);
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_code_used_twice_is_refused_under_a_fresh_state_and_the_first_connect_is_unaffected() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let (first, second) = (on_the_way(&town, &caller).await, on_the_way(&town, &caller).await);
    let returned = town.follow(first.back.as_str()).await;
    assert_eq!(returned["outcome"], "choose");
    let before = Holdings::of(&town, &caller).await.without(CONNECTS);
    let again = town.follow(&callback(&town, &second.state, &first.code)).await;
    assert_eq!((again["reason"].as_str(), again["connect"].as_str()), ("code_refused", second.id.as_str()));
    Holdings::of(&town, &caller).await.without(CONNECTS).assert_same(&before);
    assert_eq!(calls(&town, "POST", TOKEN, 400), 1);
    let shown = caller.expect("GET", &format!("/v1/connects/{}", second.id), None).await.unwrap();
    assert_eq!((shown["stage"].as_str(), shown["reason"].as_str()), (Some("failed"), Some("code_refused")));
    assert_eq!(choose_demo(&town, &caller, &returned).await, 201);
    assert_eq!(crate::status(&town, &caller).await["sync"]["loaded"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_denied_consent_changes_nothing_of_what_is_connected() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    town.xero.set_consent(Consent::Deny);
    let before = Holdings::of(&town, &caller).await.without(CONNECTS);
    let returned = town.consent(&caller).await;
    assert_eq!((returned["outcome"].as_str(), returned["reason"].as_str()), ("failed", "consent_denied"));
    assert!(!returned["message"].is_empty());
    Holdings::of(&town, &caller).await.without(CONNECTS).assert_same(&before);
    let choice = json!({ "ticket": "A".repeat(43), "tenant_ids": [town.tenant] });
    let path = format!("/v1/connects/{}/choice", returned["connect"]);
    let (status, problem) = caller.call("POST", &path, Some(choice)).await.unwrap();
    assert_eq!((status, kind(&problem)), (409, "not-waiting-for-choice"));
    assert_eq!(town.sync(&caller).await["outcome"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_a_token_answer_lost_after_rotating_connects_nothing_and_a_new_start_does() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let mine = on_the_way(&town, &caller).await;
    let before = Holdings::of(&town, &caller).await.without(CONNECTS);
    town.xero.order_fault(Fault::LostTokenAnswer);
    let returned = town.follow(mine.back.as_str()).await;
    assert_eq!((returned["outcome"].as_str(), returned["reason"].as_str()), ("failed", "xero_unavailable"));
    assert_eq!(calls(&town, "POST", TOKEN, 0), 1, "a code is never sent twice");
    Holdings::of(&town, &caller).await.without(CONNECTS).assert_same(&before);
    let shown = caller.expect("GET", &format!("/v1/connects/{}", mine.id), None).await.unwrap();
    assert_eq!((shown["stage"].as_str(), shown["reason"].as_str()), (Some("failed"), Some("xero_unavailable")));
    let returned = town.consent(&caller).await;
    assert_eq!(choose_demo(&town, &caller, &returned).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_a_state_that_comes_back_without_a_code_connects_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let mine = on_the_way(&town, &caller).await;
    let before = Holdings::of(&town, &caller).await.without(CONNECTS);
    for (query, reason) in [("", "missing_code"), ("&error=server_error", "state_used")] {
        let address = format!("{}/oauth/callback?state={}{query}", town.stack.url, mine.state);
        assert_eq!(town.follow(&address).await["reason"], reason);
    }
    let other = on_the_way(&town, &caller).await;
    let address = callback(&town, &other.state, &other.code);
    assert_eq!(town.follow(&format!("{address}&error=server_error")).await["reason"], "xero_refused");
    Holdings::of(&town, &caller).await.without(CONNECTS).assert_same(&before);
    assert_eq!(calls(&town, "POST", TOKEN, 200), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_a_xero_that_is_out_of_order_while_connecting_connects_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    // Tokens that came before the fault are kept sealed: the same person's next consent takes their place.
    let held = async |town: &Town| Holdings::of(town, &caller).await.without(CONNECTS).without("row token-set#");
    let before = held(&town).await;
    for (target, fault) in [
        (FaultTarget::Token, Fault::Maintenance),
        (FaultTarget::Token, Fault::Gateway),
        (FaultTarget::Token, Fault::Internal),
        (FaultTarget::Keys, Fault::Unavailable),
        (FaultTarget::Keys, Fault::Gateway),
        (FaultTarget::Connections, Fault::Unavailable),
        (FaultTarget::Connections, Fault::Gateway),
    ] {
        town.xero.order_fault_at(target, fault);
        let returned = town.consent(&caller).await;
        assert_eq!(returned["outcome"], "failed", "{target:?} {fault:?}");
        assert_eq!(returned["reason"], "xero_unavailable", "{target:?} {fault:?}");
        held(&town).await.assert_same(&before);
    }
    let returned = town.consent(&caller).await;
    assert_eq!(choose_demo(&town, &caller, &returned).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_the_same_callback_four_times_at_once_is_taken_once() {
    let town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let mine = on_the_way(&town, &caller).await;
    let client = local::caller::plain_client().unwrap();
    let go = async || {
        let answer = client.get(mine.back.clone()).send().await.unwrap();
        Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
    };
    let (one, two, three, four) = tokio::join!(go(), go(), go(), go());
    let (taken, refused): (Vec<Url>, Vec<Url>) =
        [one, two, three, four].into_iter().partition(|url| parameter(url, "outcome") == "choose");
    assert!(taken.len() == 1 && refused.iter().all(|url| parameter(url, "reason") == "state_used"), "{refused:?}");
    assert_eq!(town.xero.calls().iter().filter(|call| call.path == TOKEN).count(), 1);
    let returned = taken[0].query_pairs().into_owned().collect();
    assert_eq!(choose_demo(&town, &caller, &returned).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_an_abandoned_connect_stays_pending_and_hinders_no_other() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let (abandoned, _) = town.start_connect(&caller, None).await;
    let returned = town.consent(&caller).await;
    assert_eq!(choose_demo(&town, &caller, &returned).await, 201);
    let shown = caller.expect("GET", &format!("/v1/connects/{abandoned}"), None).await.unwrap();
    assert_eq!(shown["stage"], "pending");
}

/// As if a connect had been started so many minutes earlier than it was.
pub(crate) async fn started_earlier(town: &Town, connect: &str, minutes: i64) {
    let key = format!("connect#{connect}");
    let mut row = rows(town).await.into_iter().find(|row| row["PK"]["S"] == key.as_str()).unwrap();
    let mut body: Value = serde_json::from_str(row["body"]["S"].as_str().unwrap()).unwrap();
    let expires_at: kernel::Timestamp = body["expires_at"].as_str().unwrap().parse().unwrap();
    let span = Duration::from_secs(60 * minutes.unsigned_abs());
    body["expires_at"] = json!(expires_at.saturating_sub(span).unwrap());
    row["body"]["S"] = json!(body.to_string());
    put_row(town, &row).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_an_expired_connect_says_so_takes_no_callback_and_changes_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let mine = on_the_way(&town, &caller).await;
    started_earlier(&town, &mine.id, 11).await;
    let path = format!("/v1/connects/{}", mine.id);
    assert_eq!(caller.expect("GET", &path, None).await.unwrap()["stage"], "expired");
    let before = Holdings::of(&town, &caller).await;
    let returned = town.follow(mine.back.as_str()).await;
    assert_eq!((returned["reason"].as_str(), returned["connect"].as_str()), ("state_expired", mine.id.as_str()));
    Holdings::of(&town, &caller).await.assert_same(&before);
    assert_eq!(calls(&town, "POST", TOKEN, 200), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_a_choice_that_comes_hours_late_is_unknown_and_connects_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let returned = town.consent(&caller).await;
    started_earlier(&town, &returned["connect"], 71).await;
    let before = Holdings::of(&town, &caller).await;
    let (code, problem) = town.choose(&caller, &returned, &[town.tenant]).await;
    assert_eq!((code, kind(&problem)), (404, "not-found"));
    Holdings::of(&town, &caller).await.assert_same(&before);
}

#[tokio::test]
async fn b11_a_state_is_expired_after_ten_minutes_and_no_code_is_spent() {
    let desk = Desk::sized(5);
    let location = desk.slow_consent(Duration::from_secs(599)).await;
    assert!(location.contains("outcome=choose"), "{location}");
    let calls = desk.xero.calls().len();
    let before = desk.world.table.dump();
    let location = desk.slow_consent(Duration::from_secs(660)).await;
    assert!(location.contains("outcome=failed") && location.contains("reason=state_expired"), "{location}");
    let fresh: Vec<_> = desk.world.table.dump().into_iter().filter(|row| !before.contains(row)).collect();
    assert!(fresh.len() == 1 && fresh[0].key.partition.starts_with("connect#"), "only its start: {fresh:?}");
    assert!(fresh[0].body.contains(r#""stage":"pending""#), "{fresh:?}");
    assert!(desk.world.queue.is_empty());
    let paths: Vec<String> = desk.xero.calls().into_iter().skip(calls).map(|call| call.path).collect();
    assert_eq!(paths, ["/identity/connect/authorize"], "only the person at Xero");
}

#[tokio::test]
async fn b11_a_token_answer_lost_after_rotating_during_a_sync_costs_one_more_refresh_and_no_change() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let (known, contact) = (desk.feed().await.len(), desk.mirror("contacts").await[0].id.clone());
    desk.world.clock.advance(Duration::from_secs(3600));
    desk.xero.rename_contact(desk.whose.tenant, contact.parse().unwrap(), "Otter Brook Cheeses").unwrap();
    desk.xero.forget_calls();
    desk.xero.order_fault(Fault::LostTokenAnswer);
    desk.sync(Trigger::Schedule).await;
    let refreshes: Vec<u16> =
        desk.xero.calls().iter().filter(|call| call.path == TOKEN).map(|call| call.status).collect();
    assert_eq!(refreshes, [0, 200], "the lost one and its repetition");
    let head = sync::load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
    assert_eq!(head.last.unwrap().outcome, Outcome::Completed);
    let changes = desk.feed().await.split_off(known);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!((changes[0].id.as_str(), &changes[0].record["Name"]), (contact.as_str(), &json!("Otter Brook Cheeses")));
}
