//! Bodies, settings, cursors and parameters that cannot be: a problem of a stable type each, and nothing changed.

use std::time::Duration;

use kernel::{OrganisationRef, TenantId};
use mirror::feed::Cursor;
use serde_json::{Value, json};
use simulator::xero::DemoSettings;
use system::holdings::Holdings;
use system::town::{Town, WORKSPACE};

use crate::{kind, text};

fn token(town: &Town) -> String {
    town.stack.issuer.token(WORKSPACE, "sam", Duration::from_secs(600)).unwrap()
}

/// Lists within lists, so many levels deep.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[tokio::test(flavor = "multi_thread")]
async fn json_too_deep_or_too_large_is_refused_on_every_route_that_takes_a_body() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let returned = town.consent(&caller).await;
    let token = token(&town);
    let before = Holdings::of(&town, &caller).await;
    let choice = format!("/v1/connects/{}/choice", returned["connect"]);
    let good = [
        ("POST", "/v1/connects".to_owned(), json!({ "return_url": town.stack.host.return_url() })),
        ("POST", choice.clone(), json!({ "ticket": returned["ticket"], "tenant_ids": [town.tenant] })),
        ("PUT", town.path("/settings"), json!({ "sync_interval": "daily", "daily_hour": 4 })),
    ];
    for (method, path, body) in &good {
        let whole = body.to_string();
        let inside = whole.strip_suffix('}').unwrap();
        let deep = format!(r#"{inside},"more":{}}}"#, nested(16));
        let large = format!("{inside}{}}}", " ".repeat(64 * 1024 + 1 - whole.len()));
        assert_eq!(large.len(), 64 * 1024 + 1);
        for (body, status, wanted) in [
            (&deep, 400, "json-too-deep"),
            (&large, 413, "body-too-large"),
            (&format!(r#"{inside},"more":{}}}"#, nested(15)), 400, "malformed-json"),
            (&format!("{whole}{whole}"), 400, "malformed-json"),
            (&nested(30_000), 400, "json-too-deep"),
        ] {
            let (found, problem) = town.send(Some(&token), method, path, body).await;
            assert_eq!((found, kind(&problem)), (status, wanted), "{method} {path}");
        }
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
    let (status, answer) = town.send(Some(&token), "POST", &choice, &good[1].2.to_string()).await;
    assert_eq!(status, 201, "the choice still waits: {answer}");
    town.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b9_settings_that_cannot_be_are_refused_whole() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let before = Holdings::of(&town, &caller).await;
    let path = town.path("/settings");
    for (settings, wanted) in [
        (json!({ "sync_interval": "daily", "kinds": { "unicorns": {} } }), "bad-settings"),
        (json!({ "sync_interval": "daily", "kinds": { "organisation": { "direction": "none" } } }), "bad-settings"),
        (json!({ "sync_interval": "daily", "daily_hour": 24 }), "bad-settings"),
        (json!({ "sync_interval": "daily", "features": { "time_travel": true } }), "bad-settings"),
        (json!({ "sync_interval": "daily", "colour": "red" }), "malformed-json"),
        (json!({ "sync_interval": "daily", "kinds": { "invoices": { "colour": "red" } } }), "malformed-json"),
        (json!({ "sync_interval": "daily", "kinds": { "invoices": { "direction": "sideways" } } }), "malformed-json"),
        (json!({ "sync_interval": "daily", "kinds": { "payments": { "direction": "push" } } }), "bad-settings"),
        (json!({ "sync_interval": "daily", "kinds": { "accounts": { "direction": "both" } } }), "bad-settings"),
        (json!({ "sync_interval": "daily", "kinds": { "invoices": { "sync_interval": "weekly" } } }), "malformed-json"),
        (json!({ "sync_interval": "5_minutes" }), "malformed-json"),
        (json!({ "daily_hour": -1 }), "malformed-json"),
        (json!({ "daily_hour": 256 }), "malformed-json"),
        (json!({ "daily_hour": "3" }), "malformed-json"),
        (json!("daily"), "malformed-json"),
        (json!(null), "malformed-json"),
    ] {
        let (status, problem) = caller.call("PUT", &path, Some(settings.clone())).await.unwrap();
        assert_eq!((status, kind(&problem)), (400, wanted), "{settings}");
        assert!(text(&problem["detail"]).len() > 10, "{problem}");
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_organisation_of_the_same_workspace_is_refused_on_changes_and_items() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let second = town.open_organisation(&DemoSettings::sized_au(9, 3));
    town.connect_one(&caller, second, None).await;
    let own = town.changes(&caller, "").await.1;
    let other = format!("/v1/organisations/{second}");
    let theirs = caller.expect("GET", &format!("{other}/changes?limit=250"), None).await.unwrap();
    let theirs = text(&theirs["next_cursor"]);
    let run = async |path: &str| {
        let runs = caller.expect("GET", &format!("{path}/syncs"), None).await.unwrap();
        text(&runs["syncs"].as_array().unwrap().last().unwrap()["run"])
    };
    let (own_run, their_run) = (run(&town.path("")).await, run(&other).await);
    let before = Holdings::of(&town, &caller).await;
    for path in [
        town.path(&format!("/changes?cursor={theirs}")),
        town.path(&format!("/syncs/{own_run}/items?cursor={theirs}")),
        format!("{other}/changes?cursor={own}"),
        format!("{other}/syncs/{their_run}/items?cursor={own}"),
    ] {
        let (status, problem) = caller.call("GET", &path, None).await.unwrap();
        assert_eq!((status, kind(&problem)), (400, "cursor-of-another-organisation"), "{path}");
    }
    let (status, _) = caller.call("GET", &format!("{other}/syncs/{own_run}/items"), None).await.unwrap();
    assert_eq!(status, 404, "nor is a run of another organisation known");
    Holdings::of(&town, &caller).await.assert_same(&before);
    assert_eq!(caller.call("GET", &town.path(&format!("/changes?cursor={own}")), None).await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_ahead_of_the_feed_is_refused_and_the_one_at_its_end_is_not() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (changes, end) = town.changes(&caller, "").await;
    let whose = OrganisationRef { workspace: WORKSPACE.parse().unwrap(), tenant: town.tenant };
    let last = changes.last().unwrap()["position"].as_u64().unwrap();
    assert_eq!(Cursor::at(&whose, last + 1).to_string(), end);
    let before = Holdings::of(&town, &caller).await;
    for ahead in [last + 2, 1_000_000, u64::MAX] {
        let path = town.path(&format!("/changes?cursor={}", Cursor::at(&whose, ahead)));
        let (status, problem) = caller.call("GET", &path, None).await.unwrap();
        assert_eq!((status, kind(&problem)), (400, "cursor-ahead"), "{ahead}");
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
    let path = town.path(&format!("/changes?cursor={end}"));
    assert_eq!(caller.expect("GET", &path, None).await.unwrap()["changes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_limits_afters_befores_and_names_are_each_said_and_change_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let run = text(&runs["syncs"][0]["run"]);
    let before = Holdings::of(&town, &caller).await;
    let long = "a".repeat(129);
    let mut cases: Vec<(String, u16, &str)> = Vec::new();
    for (path, most) in [
        ("/changes".to_owned(), 250),
        ("/records/contacts".to_owned(), 250),
        ("/syncs".to_owned(), 100),
        (format!("/syncs/{run}/items"), 250),
        ("/audit".to_owned(), 500),
    ] {
        for limit in ["0", "-1", "ten", "1.5", "", "99999999999999999999", &(most + 1).to_string()] {
            cases.push((format!("{path}?limit={limit}"), 400, "bad-limit"));
        }
    }
    for after in ["", &long, "%C3%A9"] {
        cases.push((format!("/records/contacts?after={after}"), 400, "bad-after"));
    }
    for before in ["", "a%23b", "a/b", &long] {
        cases.push((format!("/syncs?before={before}"), 400, "bad-run"));
    }
    for cursor in ["", "nonsense", "%F0%9F%92%A9", &long] {
        cases.push((format!("/changes?cursor={cursor}"), 400, "bad-cursor"));
        cases.push((format!("/syncs/{run}/items?cursor={cursor}"), 400, "bad-cursor"));
    }
    cases.push(("/problems?state=maybe".into(), 400, "bad-state"));
    for path in ["/records/unicorns", "/records/contacts/nobody", "/syncs/nothing", "/tests/nothing"] {
        cases.push((path.into(), 404, "not-found"));
    }
    cases.push((format!("/records/contacts/{long}"), 404, "not-found"));
    for (path, status, wanted) in cases {
        let (found, problem) = caller.call("GET", &town.path(&path), None).await.unwrap();
        assert_eq!((found, kind(&problem)), (status, wanted), "{path}: {problem}");
    }
    let nobody = TenantId::from_random([7; 16]);
    for path in [format!("/v1/organisations/{nobody}"), "/v1/organisations/not-an-id".to_owned()] {
        let (status, problem) = caller.call("GET", &path, None).await.unwrap();
        assert_eq!((status, kind(&problem)), (404, "not-found"), "{path}");
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_choices_that_cannot_be_are_refused_and_the_right_one_still_works() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let stranger = town.consent(&caller).await;
    let returned = town.consent(&caller).await;
    let path = format!("/v1/connects/{}/choice", returned["connect"]);
    let before = Holdings::of(&town, &caller).await;
    let (ticket, tenant) = (json!(returned["ticket"]), json!(town.tenant));
    let many: Vec<TenantId> = (0..21).map(|at| TenantId::from_random([at; 16])).collect();
    let cases: [(Value, u16, &str); 9] = [
        (json!({ "ticket": stranger["ticket"], "tenant_ids": [tenant] }), 404, "not-found"),
        (json!({ "ticket": ticket, "tenant_ids": [] }), 400, "organisation-not-offered"),
        (json!({ "ticket": ticket, "tenant_ids": [tenant, tenant] }), 400, "organisation-not-offered"),
        (json!({ "ticket": ticket, "tenant_ids": [TenantId::from_random([9; 16])] }), 400, "organisation-not-offered"),
        (json!({ "ticket": ticket, "tenant_ids": many }), 400, "organisation-not-offered"),
        (json!({ "ticket": ticket, "tenant_ids": ["first"] }), 400, "malformed-json"),
        (json!({ "ticket": ticket }), 400, "malformed-json"),
        (json!({ "ticket": "", "tenant_ids": [tenant] }), 404, "not-found"),
        (json!({ "ticket": "A".repeat(43), "tenant_ids": [tenant] }), 404, "not-found"),
    ];
    for (choice, status, wanted) in cases {
        let (found, problem) = caller.call("POST", &path, Some(choice.clone())).await.unwrap();
        assert_eq!((found, kind(&problem)), (status, wanted), "{choice}");
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
    assert_eq!(town.choose(&caller, &returned, &[town.tenant]).await.0, 201);
    town.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_that_is_empty_or_too_long_is_refused_and_nothing_is_asked_for() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (token, client) = (token(&town), local::caller::plain_client().unwrap());
    let before = Holdings::of(&town, &caller).await;
    for command in ["/syncs", "/tests"] {
        for key in [String::new(), "k".repeat(129)] {
            let url = format!("{}{}", town.stack.url, town.path(command));
            let answer = client.post(url).bearer_auth(&token).header("idempotency-key", &key).send().await.unwrap();
            let (status, problem) = (answer.status().as_u16(), answer.text().await.unwrap());
            let problem: Value = serde_json::from_str(&problem).unwrap();
            assert_eq!((status, kind(&problem)), (400, "bad-idempotency-key"), "{command} {}", key.len());
        }
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn o18_pages_of_every_list_give_each_row_once_and_in_order() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    town.sync(&caller).await;
    let all = async |path: &str, rows: &str, next: &str, pass: &str| {
        let (mut found, mut from) = (Vec::new(), String::new());
        loop {
            let page = caller.expect("GET", &town.path(&format!("{path}{from}")), None).await.unwrap();
            found.extend(page[rows].as_array().unwrap().clone());
            assert!(found.len() < 1_000, "{path} has no end");
            match page[next].as_str().filter(|_| page["more"] != false) {
                Some(next) => from = format!("&{pass}={next}"),
                None => return found,
            }
        }
    };
    let runs = all("/syncs?limit=1", "syncs", "next_before", "before").await;
    let first = text(&runs.last().unwrap()["run"]);
    assert_eq!(runs, all("/syncs?limit=100", "syncs", "next_before", "before").await);
    assert_eq!(runs.len(), 2);
    for (path, rows, next, pass) in [
        ("/changes".to_owned(), "changes", "next_cursor", "cursor"),
        (format!("/syncs/{first}/items"), "items", "next_cursor", "cursor"),
        ("/records/accounts".to_owned(), "records", "next_after", "after"),
    ] {
        let whole = all(&format!("{path}?limit=250"), rows, next, pass).await;
        assert_eq!(all(&format!("{path}?limit=7"), rows, next, pass).await, whole, "{path}");
        assert!(whole.len() > 14, "{path} has {} rows", whole.len());
    }
    let whole = all(&format!("/syncs/{first}/items?limit=250&entity=contacts"), "items", "next_cursor", "cursor").await;
    let paged = all(&format!("/syncs/{first}/items?limit=7&entity=contacts"), "items", "next_cursor", "cursor").await;
    assert_eq!((paged.len(), paged), (crate::records(&town, &caller, "contacts").await.len(), whole));
}
