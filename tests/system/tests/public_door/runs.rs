//! Runs as a person sees them: asked for, joined, waiting, logged with their cost, and what in them needs attention.

use serde_json::{Value, json};
use simulator::xero::Role;
use system::town::Town;

use crate::{kind, records, status, text};

/// Kinds for whose records Xero has a page.
const WITH_PAGES: &[&str] = &[
    "organisation",
    "contacts",
    "invoices",
    "credit_notes",
    "purchase_orders",
    "payments",
    "bank_transactions",
    "manual_journals",
    "tracking_categories",
];

#[tokio::test(flavor = "multi_thread")]
async fn m4_the_status_tells_the_last_sync_the_token_the_scopes_and_the_calls_left_today() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let shown = status(&town, &caller).await;
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let first = &runs["syncs"][0];
    assert_eq!(
        shown["sync"]["last"],
        json!({ "run": first["run"], "finished_at": first["finished_at"], "outcome": "completed" })
    );
    let spent = town.xero.calls().iter().filter(|call| call.tenant == Some(town.tenant)).count() as u64;
    assert_eq!(shown["calls_left_today"], 5_000 - spent);
    town.xero.spend_calls(town.app, town.tenant, 0, 1_000);
    let run = town.sync(&caller).await;
    let shown = status(&town, &caller).await;
    assert_eq!(shown["sync"]["last"]["run"], run["run"]);
    let spent = town.xero.calls().iter().filter(|call| call.tenant == Some(town.tenant)).count() as u64;
    assert_eq!(shown["calls_left_today"], 4_000 - spent, "what others spend counts as well");
    let granted = shown["scopes"]["granted"].as_array().unwrap();
    assert_eq!((granted.len(), &shown["scopes"]["missing"]), (xero::scopes::NEEDED.len(), &json!([])));
    assert!(shown["token"]["renewed_at"].as_str() <= shown["last_good_call"].as_str(), "{shown}");
    assert_eq!((&shown["reason"], &shown["sync"]["running"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_o24_wishes_during_a_run_join_it_and_its_progress_is_told() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    town.xero.hold_calls();
    let first = caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!(first["joined"], false);
    let path = town.path(&format!("/syncs/{}", text(&first["run_id"])));
    let under_way = |run: &Value| run["progress"]["entity"].is_string();
    let run = town.until("the run's beginning", &caller, &path, under_way).await;
    assert_eq!((&run["outcome"], &run["finished_at"], &run["waiting"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&run["progress"]["steps_done"], &run["progress"]["entity"]), (&json!(0), &json!("organisation")));
    assert_eq!(run["progress"]["steps"], 17, "every kind, and the open documents once more");
    assert_eq!((&run["trigger"], &run["actor"]), (&json!("person"), &json!("sam")));
    for _ in 0..2 {
        let second = caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
        assert_eq!(second, json!({ "run_id": first["run_id"], "joined": true }));
    }
    assert_eq!(status(&town, &caller).await["sync"]["running"]["run_id"], first["run_id"]);
    town.xero.release_calls();
    town.settle().await;
    let run = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!((&run["outcome"], &run["progress"]), (&json!("completed"), &Value::Null));
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    assert_eq!(runs["syncs"].as_array().unwrap().len(), 2, "the first load and one more");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_o24_five_wishes_at_once_are_one_run() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    town.xero.hold_calls();
    let path = town.path("/syncs");
    let wish = async || caller.expect("POST", &path, None).await.unwrap();
    let (one, two, three, four, five) = tokio::join!(wish(), wish(), wish(), wish(), wish());
    let all = [&one, &two, &three, &four, &five];
    assert!(all.iter().all(|wish| wish["run_id"] == one["run_id"]), "{all:?}");
    assert_eq!(all.iter().filter(|wish| wish["joined"] == false).count(), 1, "{all:?}");
    town.xero.release_calls();
    town.settle().await;
    let runs = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!(runs["syncs"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn o24_sync_now_with_auto_sync_on_joins_the_schedules_run() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    caller.expect("PUT", &town.path("/settings"), Some(json!({ "sync_interval": "15_minutes" }))).await.unwrap();
    town.xero.hold_calls();
    town.stack.fire("daily-sync").await.unwrap();
    let wish = caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!(wish["joined"], true);
    town.xero.release_calls();
    town.settle().await;
    let run = caller.expect("GET", &town.path(&format!("/syncs/{}", text(&wish["run_id"]))), None).await.unwrap();
    assert_eq!((&run["trigger"], &run["outcome"]), (&json!("schedule"), &json!("completed")));
    let wish = caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!(wish["joined"], false, "after it a wish is a run of its own");
    town.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_run_that_waits_says_until_when_and_why_and_how_far_it_came() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let spent_and_wished = async || {
        town.xero.spend_calls(town.app, town.tenant, 60, 0);
        let wish = caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
        town.settle().await;
        let path = town.path(&format!("/syncs/{}", text(&wish["run_id"])));
        (wish, caller.expect("GET", &path, None).await.unwrap())
    };
    let (mut wish, mut run) = spent_and_wished().await;
    if run["finished_at"].is_string() {
        // Xero's minute turned just then; the next one has just begun.
        (wish, run) = spent_and_wished().await;
    }
    assert!(run["finished_at"].is_null() && run["outcome"].is_null(), "{run}");
    assert!(text(&run["waiting"][0]) > text(&run["requested_at"]), "until: {run}");
    assert!(text(&run["waiting"][1]).to_lowercase().contains("minute"), "why: {run}");
    assert_eq!(run["progress"]["steps"], 17, "{run}");
    assert!(run["progress"]["steps_done"].as_u64() < Some(17), "{run}");
    let running = status(&town, &caller).await["sync"]["running"].clone();
    assert_eq!((&running["run_id"], &running["waiting"]), (&wish["run_id"], &run["waiting"]));
    let again = caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!((&again["run_id"], &again["joined"]), (&wish["run_id"], &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_wish_on_a_day_without_calls_left_gets_429_and_no_run() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    town.xero.spend_calls(town.app, town.tenant, 0, 5_000);
    caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
    town.settle().await;
    let shown = status(&town, &caller).await;
    assert_eq!(shown["calls_left_today"], 0, "{shown}");
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let (code, problem) = caller.call("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!((code, kind(&problem)), (429, "no-calls-left"));
    let instant = |text: &str| text.parse::<kernel::Timestamp>().unwrap_or_else(|error| panic!("{text}: {error}"));
    let detail = text(&problem["detail"]);
    let told = instant(detail.split(" after ").nth(1).unwrap().trim_end_matches('.'));
    let waits = instant(&text(&shown["sync"]["running"]["waiting"][0]));
    assert!(told.duration_since(waits).as_secs().abs() < 60, "until {waits}: {problem}");
    assert_eq!(caller.expect("GET", &town.path("/syncs"), None).await.unwrap(), runs);
}

#[tokio::test(flavor = "multi_thread")]
async fn o18_o21_each_run_has_its_cost_by_kind_and_its_own_items_each_with_links_that_open() {
    let mut town = Town::start(60).await;
    let caller = town.connect().await;
    let contact = text(&crate::record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    town.xero.rename_contact(town.tenant, contact.parse().unwrap(), "Heron Weir Boatyard").unwrap();
    let path = town.path("/syncs");
    town.until("the webhook's run", &caller, &path, |runs| runs["syncs"][0]["trigger"] == "webhook").await;
    town.sync(&caller).await;
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let (changes, _) = town.changes(&caller, "").await;
    let mut items = Vec::new();
    for run in runs["syncs"].as_array().unwrap() {
        let path = town.path(&format!("/syncs/{}/items?limit=250", text(&run["run"])));
        let page = caller.expect("GET", &path, None).await.unwrap();
        let of_run = page["items"].as_array().unwrap().clone();
        assert!(of_run.iter().all(|item| item["run_id"] == run["run"]), "items of the run only");
        for (kind, counts) in run["counts"].as_object().unwrap() {
            let found = of_run.iter().filter(|item| item["entity"] == kind.as_str()).count() as u64;
            let changed =
                ["created", "updated", "ended"].map(|name| counts[name].as_u64().unwrap()).iter().sum::<u64>();
            assert_eq!(found, changed, "{kind}: {counts}");
            let cost = ["calls", "bytes"].map(|name| counts[name].as_u64().unwrap());
            assert!(cost.iter().all(|each| *each > 0) && counts["millis"].is_u64(), "o18: {kind} {counts}");
            for item in of_run.iter().filter(|item| item["entity"] == kind.as_str()) {
                let number = |name: &str| item["call"][name].as_u64().unwrap();
                assert_eq!((&item["result"], number("calls")), (&json!("applied"), 1), "o18: {item}");
                assert!(number("bytes") <= counts["bytes"].as_u64().unwrap(), "o18: {item} {counts}");
                assert!((1..=counts["read"].as_u64().unwrap()).contains(&number("records")), "o18: {item} {counts}");
                assert!(item["bytes"].as_u64().unwrap() > 20, "o18: {item}");
            }
            let only = caller.expect("GET", &format!("{path}&entity={kind}"), None).await.unwrap();
            assert_eq!(only["items"].as_array().unwrap().len() as u64, changed, "filtered by {kind}");
        }
        items.extend(of_run);
    }
    items.sort_by_key(|item| item["position"].as_u64());
    for item in &mut items {
        ["result", "bytes", "call"].iter().for_each(|name| drop(item.as_object_mut().unwrap().remove(*name)));
    }
    assert!(items == changes, "every change is an item of exactly one run");
    for item in &items {
        let shown = caller.expect("GET", item["self"].as_str().unwrap(), None).await.unwrap();
        assert_eq!((&shown["id"], &shown["link"]), (&item["id"], &item["link"]), "o21: {}", item["self"]);
        let has_page = WITH_PAGES.contains(&item["entity"].as_str().unwrap());
        assert_eq!(item["link"].is_string(), has_page, "o21: {item}");
        assert!(!has_page || text(&item["link"]).starts_with("https://go.xero.com/"), "{item}");
    }
    let calls: u64 = runs["syncs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|run| run["counts"].as_object().unwrap().values())
        .map(|counts| counts["calls"].as_u64().unwrap())
        .sum();
    let made = town.xero.calls().iter().filter(|call| call.tenant == Some(town.tenant)).count() as u64;
    assert_eq!(calls, made, "o18: no call is missing from the log");
    let usage = async || caller.expect("GET", &town.path("/usage"), None).await.unwrap()["months"][0]["calls"].clone();
    assert_eq!(usage().await, made);
    let again = crate::told_of_contact(&town, &contact);
    assert_eq!(crate::post_delivery(&town, "main", &again, "application/json").await.0, 200);
    town.settle().await;
    assert_eq!(usage().await, made + 1, "a reading that finds nothing costs a call all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn o19_o20_x10_a_missing_role_is_counted_needs_attention_stays_listed_and_is_resolved() {
    let mut town = Town::start(5).await;
    town.xero.set_role(town.user, town.tenant, Role::Standard);
    let caller = town.connect().await;
    let problems = async |state: &str| {
        let answer = caller.expect("GET", &town.path(&format!("/problems?state={state}")), None).await.unwrap();
        answer["problems"].as_array().unwrap().clone()
    };
    let first = problems("open").await;
    assert_eq!(first.len(), 1, "{first:#?}");
    let (subject, fix) = (text(&first[0]["subject"]), text(&first[0]["fix"]));
    assert_eq!(
        (subject.as_str(), &first[0]["count"], &first[0]["needs_attention"]),
        ("manual_journals", &json!(1), &json!(true))
    );
    assert!(["Standard", "Adviser", "reports"].iter().all(|word| fix.contains(word)), "x10: {fix}");
    let shown = status(&town, &caller).await;
    assert_eq!(
        (&shown["open_problems"], &shown["needs_attention"], &shown["state"]),
        (&json!(1), &json!(1), &json!("connected"))
    );
    assert_eq!(shown["sync"]["last"]["outcome"], "completed_with_problems");
    let second = town.sync(&caller).await;
    assert_eq!(second["outcome"], "completed_with_problems");
    let path = town.path(&format!("/syncs/{}/items", text(&second["run"])));
    let failed = caller.expect("GET", &path, None).await.unwrap()["failed"].clone();
    assert_eq!(failed.as_array().unwrap().len(), 1, "o18: {failed}");
    assert_eq!((&failed[0]["entity"], &failed[0]["result"]), (&json!("manual_journals"), &json!("refused")), "o18");
    let other = caller.expect("GET", &format!("{path}?entity=contacts"), None).await.unwrap();
    assert_eq!(other["failed"], json!([]), "o18: filtered");
    let again = problems("open").await;
    assert_eq!(
        (again.len(), &again[0]["count"], &again[0]["first_seen"]),
        (1, &json!(2), &first[0]["first_seen"]),
        "o20"
    );
    assert!(text(&again[0]["last_seen"]) > text(&again[0]["first_seen"]) && again[0]["resolved_at"].is_null());
    town.xero.set_role(town.user, town.tenant, Role::StandardWithReports);
    assert_eq!(town.sync(&caller).await["outcome"], "completed");
    assert!(problems("open").await.is_empty());
    let all = problems("all").await;
    assert!(all.len() == 1 && all[0]["resolved_at"].is_string(), "{all:#?}");
    let shown = status(&town, &caller).await;
    assert_eq!((&shown["open_problems"], &shown["needs_attention"]), (&json!(0), &json!(0)));
    assert_eq!(records(&town, &caller, "manual_journals").await, Vec::<Value>::new(), "so small a demo has none");
}
