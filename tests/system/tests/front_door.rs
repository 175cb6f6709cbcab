//! Through the front door: real function binaries, real sockets, the SDK's real path.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use local::lambda::issuer::AUDIENCE;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::xero::{AppSettings, Consent, Xero, signature};
use system::town::{Town, WORKSPACE};

async fn post_webhook(town: &Town, url: &str, body: &[u8], signature: Option<&str>, kind: &str) -> (u16, String) {
    let client = local::caller::plain_client().unwrap();
    let mut request = client.post(url).header("content-type", kind).body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header("x-xero-signature", signature);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert!(!town.stack.url.is_empty());
    (status, text)
}

fn waiting(town: &Town) -> usize {
    let model = town.stack.embedded.queues.lock();
    let now = town.stack.embedded.queues.clock.now();
    town.stack
        .plan
        .queues
        .iter()
        .filter_map(|queue| model.counts(&queue.name, now))
        .map(|counts| counts.visible + counts.in_flight)
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_m4_o3_connect_load_status_and_everything_a_front_end_asks_for() {
    let mut town = Town::start(60).await;
    let caller = town.connect().await;
    let status = caller.expect("GET", &town.path(""), None).await.unwrap();
    assert_eq!(status["state"], "connected");
    assert_eq!(status["sync"]["loaded"], true);
    assert!(status["token"]["renewed_at"].is_string() && status["last_good_call"].is_string());
    assert!(status["calls_left_today"].as_u64().unwrap() > 4_000, "day quota left");
    assert_eq!(status["scopes"]["missing"], json!([]));
    let unfinished: Vec<&Value> =
        status["setup"].as_array().unwrap().iter().filter(|step| step["done"] == false).collect();
    assert_eq!(unfinished.len(), 1, "o3: only automatic sync is left to choose: {unfinished:?}");
    assert!(unfinished[0]["fix"].as_str().unwrap().contains("settings"));

    let (changes, cursor) = town.changes(&caller, "").await;
    assert!(changes.len() > 200);
    assert!(changes.iter().any(|change| change["link"].as_str().is_some_and(|link| link.contains("go.xero.com"))));
    assert!(town.changes(&caller, &cursor).await.0.is_empty());

    // o18 o21: the run log, with calls, bytes and milliseconds, and its items with links both ways.
    let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
    let run = &runs["syncs"][0];
    assert_eq!((run["trigger"].as_str(), run["outcome"].as_str()), (Some("connected"), Some("completed")));
    let counts = &run["counts"]["invoices"];
    assert!(counts["calls"] == 1 && counts["bytes"].as_u64().unwrap() > 1_000 && counts["millis"].is_u64(), "{counts}");
    let items = town.path(&format!("/syncs/{}/items?entity=invoices", run["run"].as_str().unwrap()));
    let items = caller.expect("GET", &items, None).await.unwrap();
    let item = items["items"][0].clone();
    assert!(item["self"].as_str().unwrap().contains("/records/invoices/") && item["link"].is_string());
    // Each item says what became of it, how long it is, and what the call cost that brought it.
    assert_eq!(
        (&item["entity"], &item["change"], &item["result"]),
        (&json!("invoices"), &json!("created"), &json!("applied"))
    );
    assert!(item["bytes"].as_u64().unwrap() > 200, "{item}");
    let call = &item["call"];
    assert_eq!((&call["records"], &call["calls"]), (&counts["read"], &json!(1)));
    assert_eq!((&call["bytes"], &call["millis"]), (&counts["bytes"], &counts["millis"]));
    let usage = caller.expect("GET", &town.path("/usage"), None).await.unwrap();
    assert!(usage["months"][0]["bytes"].as_u64().unwrap() > 10_000, "egress per organisation");
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_a_webhook_reaches_the_feed_over_real_sockets() {
    let mut town = Town::start(40).await;
    let caller = town.connect().await;
    let (_, cursor) = town.changes(&caller, "").await;
    let contact = caller.expect("GET", &town.path("/records/contacts?limit=1"), None).await.unwrap();
    let id = contact["records"][0]["id"].as_str().unwrap().to_owned();
    town.xero.rename_contact(town.tenant, id.parse().unwrap(), "Cedar Wharf Lighting").unwrap();
    let path = town.path(&format!("/changes?cursor={cursor}"));
    let page = town.until("the webhook", &caller, &path, |page| page["changes"] != json!([])).await;
    let change = &page["changes"][0];
    assert_eq!((change["entity"].as_str(), change["id"].as_str()), (Some("contacts"), Some(id.as_str())));
    assert_eq!(change["differences"][0]["to"], "Cedar Wharf Lighting");
    town.settle().await;
    let calls = town.xero.calls();
    let last = calls.iter().rev().find(|call| call.path.contains("/Contacts")).unwrap();
    assert!(last.query.contains("IDs="), "the record was read by its id: {last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_re_encoded_oversized_and_empty_webhooks_get_401_with_nothing_and_leave_nothing() {
    let town = Town::start(5).await;
    let (url, key) = (town.webhook_url(), AppSettings::default().webhook_key);
    let body = br#"{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "ABCDEFGHIJKLMNOPQRST"}"#;
    let good = signature(&key, body);
    let json = "application/json";
    assert_eq!(post_webhook(&town, &url, body, Some(&good), json).await, (200, String::new()));
    // The gateway hands bodies of other types over in base64; the bytes are the same.
    assert_eq!(post_webhook(&town, &url, body, Some(&good), "application/octet-stream").await, (200, String::new()));
    let compact: Value = serde_json::from_slice(body).unwrap();
    let oversized = vec![b' '; 600 * 1024];
    let wrong = Xero::spoil(town.xero.intent_to_receive(town.app).remove(0));
    let cases: [(&str, Vec<u8>, Option<String>); 6] = [
        ("forged", body.to_vec(), Some(signature("another-key", body))),
        ("re-encoded", compact.to_string().into_bytes(), Some(good.clone())),
        ("oversized", oversized.clone(), Some(signature(&key, &oversized))),
        ("empty", Vec::new(), Some(signature(&key, b""))),
        ("unsigned", body.to_vec(), None),
        ("wrong by one character", wrong.body.to_vec(), Some(wrong.signature.clone())),
    ];
    for (name, body, signature) in cases {
        let answer = post_webhook(&town, &url, &body, signature.as_deref(), json).await;
        assert_eq!(answer, (401, String::new()), "{name}");
    }
    let elsewhere = format!("{}/webhooks/xero/unknown", town.stack.url);
    assert_eq!(post_webhook(&town, &elsewhere, body, Some(&good), json).await, (401, String::new()));
    assert_eq!(waiting(&town), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_to_receive_burst_is_answered_as_xero_expects() {
    let town = Town::start(5).await;
    for delivery in town.xero.intent_to_receive(town.app) {
        let answer =
            post_webhook(&town, &town.webhook_url(), &delivery.body, Some(&delivery.signature), "application/json")
                .await;
        assert_eq!(answer, (if delivery.genuine { 200 } else { 401 }, String::new()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_b13_the_callback_takes_each_state_once_and_the_choice_needs_the_browsers_ticket() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let body = json!({ "return_url": town.stack.host.return_url() });
    let started = caller.expect("POST", "/v1/connects", Some(body)).await.unwrap();
    let authorize = started["authorize_url"].as_str().unwrap().to_owned();
    assert!(authorize.contains("state=") && authorize.contains("code_challenge="));
    // Only the way to Xero and back, so that the callback can be repeated.
    let client = local::caller::plain_client().unwrap();
    let back = client.get(&authorize).send().await.unwrap().headers()["location"].to_str().unwrap().to_owned();
    let returned = town.follow(&back).await;
    assert_eq!(returned["outcome"], "choose");
    let again = town.follow(&back).await;
    assert_eq!((again["outcome"].as_str(), again["reason"].as_str()), ("failed", "state_used"));
    assert!(
        caller.expect("GET", "/v1/organisations", None).await.unwrap()["organisations"] == json!([]),
        "nothing is assumed"
    );

    let tenants = [town.tenant];
    let mut without = returned.clone();
    without.insert("ticket".into(), "A".repeat(43));
    assert_eq!(town.choose(&caller, &without, &tenants).await.0, 404);
    let stranger = town.caller("another-workspace");
    assert_eq!(town.choose(&stranger, &returned, &tenants).await.0, 404, "the ticket is worth nothing elsewhere");
    let foreign = [kernel::TenantId::from_random([9; 16])];
    assert_eq!(town.choose(&caller, &returned, &foreign).await.0, 400);
    assert_eq!(town.choose(&caller, &returned, &tenants).await.0, 201);
    assert_eq!(town.choose(&caller, &returned, &tenants).await.0, 200, "the same choice answers the same");
    town.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_wrong_denied_and_missing_callbacks_change_nothing_and_say_why() {
    let mut town = Town::start(5).await;
    let caller = town.caller(WORKSPACE);
    let callback = format!("{}/oauth/callback", town.stack.url);
    for (query, reason) in
        [("?code=x&state=nonsense", "unknown_state"), ("?code=x", "unknown_state"), ("", "unknown_state")]
    {
        let returned = town.follow(&format!("{callback}{query}")).await;
        assert_eq!(returned["reason"], reason, "{query}");
    }
    town.xero.set_consent(Consent::Deny);
    let returned = town.consent(&caller).await;
    assert_eq!(returned["reason"], "consent_denied");
    let shown = caller.expect("GET", &format!("/v1/connects/{}", returned["connect"]), None).await.unwrap();
    assert_eq!((shown["stage"].as_str(), shown["reason"].as_str()), (Some("failed"), Some("consent_denied")));

    // A state of ours with a code that Xero never gave.
    let body = json!({ "return_url": town.stack.host.return_url() });
    let started = caller.expect("POST", "/v1/connects", Some(body)).await.unwrap();
    let authorize = url::Url::parse(started["authorize_url"].as_str().unwrap()).unwrap();
    let state = authorize.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let returned = town.follow(&format!("{callback}?code=stolen&state={state}")).await;
    assert_eq!(returned["reason"], "code_refused");
    let organisations = caller.expect("GET", "/v1/organisations", None).await.unwrap();
    assert_eq!(organisations["organisations"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_workspace_time_or_without_signature_is_refused() {
    let mut town = Town::start(5).await;
    town.connect().await;
    let now = ports::Clock::now(&aws::SystemClock).as_second();
    let claims = |change: Value| {
        let mut claims = json!({ "iss": town.stack.issuer.url(), "aud": AUDIENCE, "sub": "sam", "workspace": WORKSPACE, "exp": now + 60 });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        claims
    };
    let header = json!({ "alg": "RS256", "kid": "local" });
    let sign = |header: &Value, change: Value| town.stack.issuer.sign(header, &claims(change)).unwrap();
    let unsigned = sign(&json!({ "alg": "none" }), json!({}));
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    let good = sign(&header, json!({}));
    let tampered = format!("{}x", &good[..good.len() - 1]);
    let tokens = [
        ("expired", sign(&header, json!({ "exp": now - 1 }))),
        ("another issuer", sign(&header, json!({ "iss": "https://login.example.com" }))),
        ("another audience", sign(&header, json!({ "aud": "somebody-else" }))),
        ("not yet valid", sign(&header, json!({ "nbf": now + 600 }))),
        ("unsigned", unsigned),
        ("tampered", tampered),
        ("HS256", sign(&json!({ "alg": "HS256", "kid": "local" }), json!({}))),
        ("nonsense", "nonsense".to_owned()),
    ];
    let path = town.path("");
    for (name, token) in tokens {
        let caller = local::caller::Caller::new(&town.stack.url, &token).unwrap();
        let (status, answer) = caller.call("GET", &path, None).await.unwrap();
        assert_eq!((status, answer), (401, json!({ "message": "Unauthorized" })), "{name}");
    }
    let caller = local::caller::Caller::new(&town.stack.url, &sign(&header, json!({ "workspace": 5 }))).unwrap();
    assert_eq!(caller.call("GET", &path, None).await.unwrap().0, 404, "a workspace of another name");
    let bad = local::caller::Caller::new(&town.stack.url, &sign(&header, json!({ "workspace": "a/b" }))).unwrap();
    assert_eq!(bad.call("GET", &path, None).await.unwrap().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspaces_organisation_answers_exactly_as_an_unknown_one() {
    let mut town = Town::start(5).await;
    let owner = town.connect().await;
    let stranger = town.caller("stranger");
    let unknown = kernel::TenantId::from_random([5; 16]);
    let run = town.sync(&owner).await["run"].as_str().unwrap().to_owned();
    let (_, cursor) = town.changes(&owner, "").await;
    for (method, rest) in [
        ("GET", String::new()),
        ("DELETE", String::new()),
        ("PUT", "/settings".into()),
        ("POST", "/tests".into()),
        ("POST", "/syncs".into()),
        ("GET", "/syncs".into()),
        ("GET", format!("/syncs/{run}")),
        ("GET", format!("/syncs/{run}/items")),
        ("GET", "/changes".into()),
        ("GET", format!("/changes?cursor={cursor}")),
        ("GET", "/records/invoices".into()),
        ("GET", "/problems".into()),
        ("GET", "/usage".into()),
        ("GET", "/audit".into()),
    ] {
        let body = (method == "PUT").then(|| json!({ "sync_interval": "daily" }));
        let theirs = stranger.call(method, &town.path(&rest), body.clone()).await.unwrap();
        let nobodys = stranger.call(method, &format!("/v1/organisations/{unknown}{rest}"), body).await.unwrap();
        assert_eq!(theirs, nobodys, "{method} {rest}");
        assert_eq!(theirs.0, 404);
    }
    assert_eq!(owner.expect("GET", &town.path(""), None).await.unwrap()["state"], "connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_a_problem_with_a_stable_type() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (_, cursor) = town.changes(&caller, "").await;
    let foreign = mirror::feed::Cursor::at(
        &kernel::OrganisationRef { workspace: "other".parse().unwrap(), tenant: town.tenant },
        0,
    );
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let large = json!({ "return_url": "x".repeat(70_000) }).to_string();
    let settings = town.path("/settings");
    let cases: Vec<(&str, String, Option<String>, u16, &str)> = vec![
        ("GET", town.path("/changes?cursor=nonsense"), None, 400, "bad-cursor"),
        ("GET", town.path(&format!("/changes?cursor={foreign}")), None, 400, "cursor-of-another-organisation"),
        ("GET", town.path(&format!("/changes?cursor={cursor}&limit=0")), None, 400, "bad-limit"),
        ("GET", town.path("/records/unicorns"), None, 404, "not-found"),
        ("GET", town.path("/problems?state=maybe"), None, 400, "bad-state"),
        ("PUT", settings.clone(), Some(deep), 400, "json-too-deep"),
        ("PUT", settings.clone(), Some("{".into()), 400, "malformed-json"),
        ("PUT", settings.clone(), Some(json!({ "daily_hour": 24 }).to_string()), 400, "bad-settings"),
        (
            "PUT",
            settings.clone(),
            Some(json!({ "features": { "time_travel": true } }).to_string()),
            400,
            "bad-settings",
        ),
        ("PUT", settings.clone(), Some(json!({ "unknown": 1 }).to_string()), 400, "malformed-json"),
        ("POST", "/v1/connects".into(), Some(large), 413, "body-too-large"),
        (
            "POST",
            "/v1/connects".into(),
            Some(json!({ "return_url": "https://evil.example/" }).to_string()),
            400,
            "return-url-not-allowed",
        ),
        ("GET", "/v1/connects/not-an-id".into(), None, 404, "not-found"),
    ];
    let client = local::caller::plain_client().unwrap();
    let token = town.stack.issuer.token(WORKSPACE, "sam", Duration::from_secs(60)).unwrap();
    for (method, path, body, status, kind) in cases {
        let request = client.request(method.parse().unwrap(), format!("{}{path}", town.stack.url)).bearer_auth(&token);
        let request = request.header("content-type", "application/json").body(body.unwrap_or_default());
        let response = request.send().await.unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let (found, text) = (response.status().as_u16(), response.text().await.unwrap());
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (found, problem["type"].as_str()),
            (status, Some(format!("urn:counterfoil:problem:{kind}").as_str())),
            "{method} {path}: {text}"
        );
        assert_eq!(content_type, "application/problem+json");
        assert!(problem["detail"].as_str().unwrap().len() > 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b9_b14_m36_o23_settings_are_audited_and_the_connection_can_be_tested() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let before = caller.expect("GET", &town.path(""), None).await.unwrap();
    assert_eq!(before["settings"]["sync_interval"], "off", "o23");
    let wanted = json!({ "sync_interval": "15_minutes", "features": { "bank_reconciliation": true } });
    let settings = caller.expect("PUT", &town.path("/settings"), Some(wanted)).await.unwrap();
    let feature = &settings["features"][0];
    assert_eq!((feature["stage"].as_str(), feature["on"].as_bool()), (Some("beta"), Some(true)), "m36");
    let audit = caller.expect("GET", &town.path("/audit"), None).await.unwrap();
    let entries = audit["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["action"] == "settings.changed" && entry["actor"] == "sam"));
    let test = caller.expect("POST", &town.path("/tests"), None).await.unwrap();
    let path = town.path(&format!("/tests/{}", test["test_id"].as_str().unwrap()));
    let result = town.until("the test", &caller, &path, |result| !result["finished_at"].is_null()).await;
    assert_eq!(result["passed"], true, "{result}");
    let accounts = result["checks"].as_array().unwrap().iter().find(|check| check["name"] == "accounts").unwrap();
    assert!(accounts["detail"].as_str().unwrap().contains("general ledger accounts"), "b14");
}

#[tokio::test(flavor = "multi_thread")]
async fn o32_s3_s4_disconnecting_and_reconnecting_through_the_api() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let (known, cursor) = town.changes(&caller, "").await;
    let answer = caller.expect("DELETE", &town.path(""), None).await.unwrap();
    assert_eq!(
        (answer["state"].as_str(), answer["reason"]["code"].as_str()),
        (Some("disconnected"), Some("disconnected_here"))
    );
    town.settle().await;
    assert!(town.xero.calls().iter().any(|call| call.method == "DELETE" && call.status == 204));
    let (status, problem) = caller.call("POST", &town.path("/syncs"), None).await.unwrap();
    assert_eq!((status, problem["type"].as_str()), (409, Some("urn:counterfoil:problem:not-connected")));
    assert_eq!(town.changes(&caller, "").await.0.len(), known.len(), "s4: data is kept");
    town.connect().await;
    assert!(town.changes(&caller, &cursor).await.0.is_empty(), "o33: it resumes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_repeated_under_its_key_answers_as_the_first_time() {
    let mut town = Town::start(5).await;
    town.connect().await;
    let client = local::caller::plain_client().unwrap();
    let token = town.stack.issuer.token(WORKSPACE, "sam", Duration::from_secs(60)).unwrap();
    let send = async |key: &str, rest: &str| {
        let url = format!("{}{}", town.stack.url, town.path(rest));
        let request = client.post(url).bearer_auth(&token).header("idempotency-key", key);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap())
    };
    let first = send("k1", "/tests").await;
    assert_eq!(first.0, 202);
    assert_eq!(send("k1", "/tests").await, first);
    assert_ne!(send("k2", "/tests").await.1["test_id"], first.1["test_id"]);
    let (status, problem) = send("k1", "/syncs").await;
    assert_eq!((status, problem["type"].as_str()), (422, Some("urn:counterfoil:problem:idempotency-key-reused")));
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_started_connect_is_kept_nowhere_with_the_secret_of_its_state() {
    let town = Town::start(5).await;
    let client = local::caller::plain_client().unwrap();
    let token = town.stack.issuer.token(WORKSPACE, "sam", Duration::from_secs(60)).unwrap();
    let body = json!({ "return_url": town.stack.host.return_url() }).to_string();
    let url = format!("{}/v1/connects", town.stack.url);
    let start = async || {
        let request = client.post(&url).bearer_auth(&token).header("idempotency-key", "k1").body(body.clone());
        serde_json::from_str::<Value>(&request.send().await.unwrap().text().await.unwrap()).unwrap()
    };
    let (first, second) = (start().await, start().await);
    assert_ne!(first["connect_id"], second["connect_id"], "no answer was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_kept_in_a_folder_is_there_after_a_restart() {
    let folder = std::env::temp_dir().join(format!("counterfoil-{}", std::process::id()));
    let kept = {
        let mut town = Town::start_keeping(8, Some(folder.clone())).await;
        let caller = town.connect().await;
        let kept = town.changes(&caller, "").await.0.len();
        town.stack.stop().unwrap();
        kept
    };
    let town = Town::start_keeping(8, Some(folder.clone())).await;
    let caller = town.caller(WORKSPACE);
    assert_eq!(town.changes(&caller, "").await.0.len(), kept);
    town.stack.stop().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn o4_s2_nothing_is_ever_written_to_xero() {
    let mut town = Town::start(30).await;
    let caller = town.connect().await;
    let invoices = caller.expect("GET", &town.path("/records/invoices"), None).await.unwrap();
    let open = invoices["records"].as_array().unwrap().iter().find(|i| i["record"]["Status"] == "AUTHORISED").unwrap();
    let accounts = caller.expect("GET", &town.path("/records/accounts"), None).await.unwrap();
    let bank = accounts["records"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["record"]["Type"] == "BANK" && a["record"]["Code"].is_string());
    let code = bank.unwrap()["record"]["Code"].as_str().unwrap().to_owned();
    let id = open["id"].as_str().unwrap().parse().unwrap();
    town.xero.pay_invoice(town.tenant, id, &code, Decimal::ONE).unwrap();
    town.sync(&caller).await;
    let writes: Vec<_> =
        town.xero.calls().into_iter().filter(|call| call.path.contains("/api.xro/") && call.method != "GET").collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_message_becomes_a_dead_letter_and_blocks_nobody() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let queue = town.stack.plan.sources[0].queue.clone();
    let dead = town.stack.plan.queues.iter().find(|plan| plan.name == queue).unwrap().redrive.clone().unwrap();
    {
        let queues = &town.stack.embedded.queues;
        let mut model = queues.lock();
        let mut settings = model.settings(&queue).unwrap().clone();
        // The template's visibility would make this test wait for an hour.
        settings.visibility_secs = 1;
        model.create(settings);
        let message = simulator::sqs::NewMessage {
            body: r#"{"version":99}"#.into(),
            group: Some("somebody".into()),
            dedupe: Some("unreadable".into()),
            delay_secs: None,
        };
        model.send(&queue, message, queues.clock.now()).unwrap();
    }
    town.stack.embedded.queues.wake();
    let run = town.sync(&caller).await;
    assert_eq!(run["outcome"], "completed", "other groups go on");
    for _ in 0..200 {
        if town.stack.embedded.queues.lock().bodies(&dead.0).len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(town.stack.embedded.queues.lock().bodies(&dead.0), [r#"{"version":99}"#]);
    let log = town.log.lock().unwrap().join("\n");
    assert!(log.contains("envelope version 99"), "its reason is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_secret_or_name_reaches_a_log() {
    let mut town = Town::start(20).await;
    let caller = town.connect().await;
    town.sync(&caller).await;
    let contacts = caller.expect("GET", &town.path("/records/contacts"), None).await.unwrap();
    let log = town.log.lock().unwrap().join("\n");
    let settings = AppSettings::default();
    for secret in ["eyJ", &settings.client_secret, &settings.webhook_key, "refresh_token"] {
        assert!(!log.contains(secret), "{secret} is in a log");
    }
    for contact in contacts["records"].as_array().unwrap() {
        let name = contact["record"]["Name"].as_str().unwrap();
        assert!(!log.contains(name), "the name of a contact is in a log");
    }
}
