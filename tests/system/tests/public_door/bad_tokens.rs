//! Tokens that open nothing, on every route of the API file: 401 from the gateway, or the 404 of what is not yours.

use std::time::Duration;

use local::lambda::issuer::AUDIENCE;
use serde_json::{Value, json};
use system::holdings::Holdings;
use system::town::{Town, WORKSPACE};

/// Every route that asks for a token, as method and path template.
fn guarded_routes() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(local::build::checkout().join("infra/openapi.yaml")).unwrap();
    let file: Value = serde_norway::from_str(&text).unwrap();
    let mut routes = Vec::new();
    for (path, item) in file["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"][0]["jwt"].is_array() {
                routes.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    assert!(routes.len() >= 20, "{routes:?}");
    routes
}

/// The host application's id of the record that is named.
const SOURCE: &str = "client-7";

fn journal() -> Value {
    let line = |account: &str, amount: &str| json!({ "account": account, "amount": amount });
    let lines = [line("463", "1.00"), line("801", "-1.00")];
    json!({ "id": "known", "date": "2026-10-31", "narration": "Known", "lines": lines })
}

fn terms() -> Value {
    json!({
        "id": "S-known", "kind": "accrual", "amount": { "amount": "30.00", "currency": "GBP" }, "first": "2026-10-01",
        "last": "2026-12-31", "method": { "kind": "by_day" }, "balance_account": "620", "expense_account": "433",
        "description": "Known",
    })
}

fn documents() -> Value {
    let sha256 = "a".repeat(64);
    json!({ "files": [{ "file_name": "a.pdf", "content_type": "application/pdf", "bytes": 1, "sha256": sha256 }] })
}

fn file() -> String {
    let header = "id,kind,amount,first,last,method,balance account,expense account,description";
    format!("{header}\nS-file,accrual,30.00,2026-10-01,2026-12-31,by day,620,433,Known\n")
}

fn link() -> Value {
    json!({ "id": SOURCE, "origin": "source" })
}

/// What stands in a route's braces.
struct Names {
    tenant: String,
    connect: String,
    test: String,
    run: String,
    record: String,
    document: String,
    tie_out: String,
    suggestion: String,
    request: String,
    account: String,
    statement: String,
    bank_suggestion: String,
}

impl Names {
    fn fill(&self, template: &str) -> String {
        let bank = template.contains("/bank-suggestions/");
        let suggestion = if bank { &self.bank_suggestion } else { &self.suggestion };
        let filled = template.replace("{tenant_id}", &self.tenant).replace("{connect_id}", &self.connect);
        let filled = filled.replace("{test_id}", &self.test).replace("{run_id}", &self.run);
        let filled = filled.replace("{entity}", "contacts").replace("{record_id}", &self.record);
        let filled = filled.replace("{source_id}", SOURCE).replace("{posting_id}", "j-known");
        let filled = filled.replace("{schedule_id}", "S-known").replace("{document_id}", &self.document);
        let filled = filled.replace("{tie_out_id}", &self.tie_out).replace("{suggestion_id}", suggestion);
        let filled = filled.replace("{request_id}", &self.request).replace("{account_id}", &self.account);
        let filled = filled.replace("{statement_id}", &self.statement);
        assert!(!filled.contains('{'), "{filled}");
        filled
    }

    /// Things that exist, of a connected organisation of [`WORKSPACE`].
    async fn of(town: &mut Town) -> Self {
        let caller = town.caller(WORKSPACE);
        let (connect, _) = town.start_connect(&caller, None).await;
        let test = caller.expect("POST", &town.path("/tests"), None).await.unwrap();
        town.settle().await;
        let runs = caller.expect("GET", &town.path("/syncs"), None).await.unwrap();
        let records = caller.expect("GET", &town.path("/records/contacts?limit=1"), None).await.unwrap();
        let (run, record) = (crate::text(&runs["syncs"][0]["run"]), crate::text(&records["records"][0]["id"]));
        let path = town.path(&format!("/records/contacts/{record}/source"));
        caller.expect("PUT", &path, Some(link())).await.unwrap();
        caller.expect("POST", &town.path("/journals"), Some(journal())).await.unwrap();
        caller.expect("POST", &town.path("/schedules"), Some(json!({ "terms": terms() }))).await.unwrap();
        let announced = caller.expect("POST", &town.path("/documents"), Some(documents())).await.unwrap();
        let document = crate::text(&announced["documents"][0]["document_id"]);
        town.settle().await;
        let tie_out = caller.expect("POST", &town.path("/tie-outs"), None).await.unwrap();
        town.settle().await;
        let (test, tie_out) = (crate::text(&test["test_id"]), crate::text(&tie_out["tie_out_id"]));
        crate::suggestions::switched_on(town, &caller).await;
        let suggested = crate::suggestions::suggested(town, &caller, &connect).await;
        let suggestion = crate::text(&suggested["suggestion_id"]);
        let request = format!("line-{connect}");
        crate::requests::asked(town, &caller, &request).await;
        town.settle().await;
        let account = crate::statements::bank(town, &caller).await;
        let file = "Date,Description,Amount\n2026-11-03,HILLTOP STATIONERS,-18.40\n2026-11-05,BUS,3.20\n";
        let statement = crate::statements::uploaded(town, &caller, &account, "a.csv", file).await;
        town.settle().await;
        let bank = caller.expect("GET", &town.path("/bank-suggestions"), None).await.unwrap();
        let bank_suggestion = crate::text(&bank["suggestions"][0]["suggestion_id"]);
        let tenant = town.tenant.to_string();
        Names {
            tenant,
            connect,
            test,
            run,
            record,
            document,
            tie_out,
            suggestion,
            request,
            account,
            statement,
            bank_suggestion,
        }
    }
}

/// A good body for a route that takes one.
fn body(template: &str, town: &Town) -> String {
    match template {
        "/v1/connects" => json!({ "return_url": town.stack.host.return_url() }).to_string(),
        "/v1/connects/{connect_id}/choice" => {
            json!({ "ticket": "A".repeat(43), "tenant_ids": [town.tenant] }).to_string()
        }
        "/v1/organisations/{tenant_id}/settings" => json!({ "sync_interval": "daily" }).to_string(),
        "/v1/organisations/{tenant_id}/records/{entity}/{record_id}/source" => link().to_string(),
        "/v1/organisations/{tenant_id}/schedules" | "/v1/organisations/{tenant_id}/schedules/preview" => {
            json!({ "terms": terms() }).to_string()
        }
        "/v1/organisations/{tenant_id}/schedules/import" | "/v1/organisations/{tenant_id}/schedules/import/preview" => {
            file()
        }
        "/v1/organisations/{tenant_id}/documents" => documents().to_string(),
        "/v1/organisations/{tenant_id}/journals" => journal().to_string(),
        "/v1/organisations/{tenant_id}/postings/recorded" => {
            json!({ "posting_ids": ["j-known"], "reason": "by hand" }).to_string()
        }
        _ => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_or_audience_expired_unsigned_or_none_gets_401_on_every_route() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let names = Names::of(&mut town).await;
    let now = ports::Clock::now(&aws::SystemClock).as_second();
    let sign = |header: Value, change: Value| {
        let mut claims = json!({
            "iss": town.stack.issuer.url(), "aud": AUDIENCE, "sub": "sam", "workspace": WORKSPACE, "exp": now + 600,
        });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        town.stack.issuer.sign(&header, &claims).unwrap()
    };
    let header = || json!({ "alg": "RS256", "kid": "local" });
    let unsigned = sign(json!({ "alg": "none" }), json!({}));
    let good = sign(header(), json!({}));
    let tokens = [
        ("none", None),
        ("expired", Some(sign(header(), json!({ "exp": now - 1 })))),
        ("another issuer", Some(sign(header(), json!({ "iss": "https://login.example.com" })))),
        ("another audience", Some(sign(header(), json!({ "aud": "somebody-else" })))),
        ("unsigned", Some(format!("{}.", unsigned.rsplit_once('.').unwrap().0))),
        ("signed for other claims", Some(swapped(&good, &sign(header(), json!({ "workspace": "other" }))))),
    ];
    let before = Holdings::of(&town, &caller).await;
    for (method, template) in guarded_routes() {
        let (path, body) = (names.fill(&template), body(&template, &town));
        for (name, token) in &tokens {
            let answer = town.send(token.as_deref(), &method, &path, &body).await;
            assert_eq!(answer, (401, json!({ "message": "Unauthorized" })), "{name}: {method} {template}");
        }
    }
    Holdings::of(&town, &caller).await.assert_same(&before);
    let (status, _) = town.send(Some(&good), "GET", &names.fill("/v1/organisations/{tenant_id}"), "").await;
    assert_eq!(status, 200, "the same claims rightly signed");
}

/// The claims of one token with the signature of another.
fn swapped(signature_of: &str, claims_of: &str) -> String {
    let signature = signature_of.rsplit_once('.').unwrap().1;
    format!("{}.{signature}", claims_of.rsplit_once('.').unwrap().0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_workspace_gets_the_404_of_unknown_things_on_every_route() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let theirs = Names::of(&mut town).await;
    let unknown = Names {
        tenant: kernel::TenantId::from_random([5; 16]).to_string(),
        connect: kernel::ConnectId::from_random([6; 16]).to_string(),
        ..Names::of(&mut town).await
    };
    let stranger = town.stack.issuer.token("stranger", "sam", Duration::from_secs(600)).unwrap();
    let before = Holdings::of(&town, &caller).await;
    let mut asked = 0;
    for (method, template) in guarded_routes().into_iter().filter(|(_, template)| template.contains('{')) {
        let body = body(&template, &town);
        let of_theirs = town.send(Some(&stranger), &method, &theirs.fill(&template), &body).await;
        let of_nobody = town.send(Some(&stranger), &method, &unknown.fill(&template), &body).await;
        assert_eq!((of_theirs.0, crate::kind(&of_theirs.1)), (404, "not-found"), "{method} {template}");
        assert_eq!(of_theirs, of_nobody, "{method} {template}");
        asked += 1;
    }
    assert!(asked >= 16, "{asked} routes");
    let (status, mine) = town.send(Some(&stranger), "GET", "/v1/organisations", "").await;
    assert_eq!((status, mine), (200, json!({ "organisations": [] })));
    Holdings::of(&town, &caller).await.assert_same(&before);
}
