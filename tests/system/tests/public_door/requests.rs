//! Requests for documents through the API: listed with their reasons, decided, answered, sent as a message, and refused
//! precisely.

use serde_json::{Value, json};
use system::paper::ubl;
use system::town::Town;

use crate::{kind, text};

/// Has a workspace ask for documents, and takes one line of a statement; answers its path.
pub async fn asked(town: &Town, caller: &local::caller::Caller, id: &str) -> String {
    let on = json!({ "features": { "document_requests": true } });
    caller.expect("PUT", &town.path("/settings"), Some(on)).await.unwrap();
    let accounts = caller.expect("GET", &town.path("/records/accounts?limit=250"), None).await.unwrap();
    let bank = accounts["records"].as_array().unwrap().iter().find(|each| each["record"]["Type"] == "BANK").unwrap();
    let today = kernel::local_date("GMTSTANDARDTIME", ports::Clock::now(&aws::SystemClock));
    let line = json!({ "id": id, "account_id": bank["id"], "date": today, "payee": "TOLL ROAD CO",
        "amount": { "amount": "-9.13", "currency": "GBP" } });
    for taken in [1, 0] {
        let answer = caller.expect("POST", &town.path("/bank-lines"), Some(json!({ "lines": [line] }))).await.unwrap();
        assert_eq!(answer["taken"], taken, "the same line again changes nothing");
    }
    let path = town.path(&format!("/requests/{id}"));
    town.until("the evaluation", caller, &path, |request| request["state"] != "new").await;
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_m9_m10_x2_a_line_is_asked_about_waived_asked_for_by_hand_answered_and_listed_in_the_message() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let path = asked(&town, &caller, "stmt-1").await;
    let request = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!((&request["state"], &request["reason"]), (&json!("requested"), &json!("nothing_speaks_for_it")));
    assert!(!text(&request["line"]["unproven"]).is_empty(), "the source says what it leaves unproven");
    let message = caller.expect("GET", &town.path("/requests/outstanding"), None).await.unwrap();
    assert!(text(&message["text"]).contains("TOLL ROAD CO") && message["count"].as_u64().unwrap() >= 1, "{message}");
    let whole = caller.expect("GET", "/v1/requests/outstanding", None).await.unwrap();
    let of_this = &whole["organisations"][0];
    assert_eq!(
        (&of_this["tenant_id"], &of_this["text"]),
        (&json!(town.tenant), &message["text"]),
        "x2: of the workspace"
    );
    let stranger = town.caller("stranger").expect("GET", "/v1/requests/outstanding", None).await.unwrap();
    assert_eq!(stranger, json!({ "organisations": [], "next_after": null }));
    let rules = json!({ "rules": [{ "id": "tolls", "name": "Tolls", "reason": "Monthly statement",
        "matches": [{ "payee_contains": "toll" }] }] });
    caller.expect("PUT", &town.path("/requests/settings"), Some(rules)).await.unwrap();
    let left_out = town.until("the rule", &caller, &path, |request| request["state"] == "excluded").await;
    assert_eq!(
        (&left_out["reason"], &left_out["evidence"]["rule_id"]),
        (&json!("no_document_needed"), &json!("tolls"))
    );
    let excluded = caller.expect("GET", &town.path("/requests?state=excluded&limit=100"), None).await.unwrap();
    assert!(excluded["requests"].as_array().unwrap().iter().all(|each| each["evidence"]["words"].is_string()), "m9");
    let by_hand = json!({ "decision": "needed", "note": "over our limit" });
    let asked = caller.expect("PUT", &format!("{path}/decision"), Some(by_hand)).await.unwrap();
    assert_eq!((&asked["state"], &asked["by_hand"]["note"]), (&json!("requested"), &json!("over our limit")));
    caller.expect("POST", &town.path("/requests/evaluation"), None).await.unwrap();
    town.settle().await;
    assert_eq!(caller.expect("GET", &path, None).await.unwrap()["state"], "requested", "m10: kept");
    let upload = town.path("/documents/file?file_name=toll.xml");
    let file = ubl("Toll Road Co", "T-1", "9.13");
    let (_, stored) = caller.send("POST", &upload, &[("content-type", "application/xml")], file).await.unwrap();
    let document = town.path(&format!("/documents/{}", text(&stored["document_id"])));
    town.until("the reading", &caller, &document, |shown| shown["state"] == "read").await;
    let answered = json!({ "document_id": stored["document_id"] });
    let closed = caller.expect("PUT", &format!("{path}/document"), Some(answered)).await.unwrap();
    assert_eq!((&closed["state"], &closed["document_id"]), (&json!("closed"), &stored["document_id"]));
    let message = caller.expect("GET", &town.path("/requests/outstanding"), None).await.unwrap();
    assert!(!text(&message["text"]).contains("TOLL ROAD CO"), "x1: it drops off");
}

#[tokio::test(flavor = "multi_thread")]
async fn x1_each_bank_account_says_who_speaks_for_it_and_what_that_leaves_unproven() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    asked(&town, &caller, "stmt-1").await;
    // Who speaks is stored when an evaluation ends, behind the requests that it made.
    let spoken_for = |shown: &Value| {
        shown["accounts"].as_array().is_some_and(|all| all.iter().any(|account| account["source"].is_string()))
    };
    let sources = town.until("the sources", &caller, &town.path("/bank-lines/sources"), spoken_for).await;
    assert_eq!(sources["statement_lines_allowed"], false, "the app has no agreement with Xero");
    let accounts = sources["accounts"].as_array().unwrap();
    let spoken: Vec<&Value> = accounts.iter().filter(|account| account["source"] == "uploaded_statement").collect();
    assert!(spoken.len() == 1 && accounts.len() > 1, "{sources}");
    assert_eq!(
        (&spoken[0]["tells"]["sees_unreconciled"], &spoken[0]["tells"]["knows_links"]),
        (&json!(true), &json!(false))
    );
    assert!(accounts.iter().all(|account| account["trouble"].is_null() && account["read_at"].is_null()));
    for account in accounts.iter().filter(|account| account["source"] == "ledger_entry") {
        assert!(text(&account["tells"]["unproven"]).contains("not in the books yet"), "{account}");
    }
    let foreign =
        town.caller("stranger").send("GET", &town.path("/bank-lines/sources"), &[], Vec::new()).await.unwrap();
    assert_eq!(foreign.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_request_can_be_is_refused_precisely_and_changes_nothing() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let path = asked(&town, &caller, "stmt-1").await;
    let before = caller.expect("GET", &path, None).await.unwrap();
    let (settings, lines) = (town.path("/requests/settings"), town.path("/bank-lines"));
    let unknown = town.path("/requests/unknown");
    let rule =
        |matches: Value| json!({ "rules": [{ "id": "r", "name": "Rule", "reason": "Because", "matches": matches }] });
    let line = |change: &dyn Fn(&mut Value)| {
        let mut line = json!({ "id": "x", "account_id": "a", "date": "2026-11-01",
            "amount": { "amount": "-1.00", "currency": "GBP" } });
        change(&mut line);
        json!({ "lines": [line] })
    };
    let recurring = json!({ "recurring": [{ "id": "r", "title": "Statement", "every": { "weeks": 0 },
        "day": { "days_after_end": 1 }, "starts": "2026-11-01" }] });
    for (method, path, body, status, problem) in [
        ("GET", &town.path("/requests?state=maybe"), None, 400, "bad-state"),
        ("GET", &town.path("/requests?limit=0"), None, 400, "bad-limit"),
        ("GET", &town.path("/requests?after=%20"), None, 400, "bad-after"),
        ("GET", &town.path("/requests/outstanding?limit=201"), None, 400, "bad-limit"),
        ("GET", &unknown, None, 404, "not-found"),
        ("PUT", &format!("{unknown}/decision"), Some(json!({ "decision": "needed" })), 404, "not-found"),
        ("PUT", &format!("{unknown}/document"), Some(json!({ "document_id": null })), 404, "not-found"),
        ("PUT", &format!("{path}/decision"), Some(json!({ "decision": "perhaps" })), 400, "malformed-json"),
        (
            "PUT",
            &format!("{path}/document"),
            Some(json!({ "document_id": "0193f0c4-0000-7000-8000-000000000001" })),
            400,
            "bad-document",
        ),
        ("PUT", &settings, Some(rule(json!([]))), 400, "malformed-json"),
        ("PUT", &settings, Some(rule(json!([{ "colour": "red" }]))), 400, "malformed-json"),
        ("PUT", &settings, Some(recurring), 400, "bad-request-settings"),
        ("PUT", &settings, Some(json!({ "colour": "red" })), 400, "malformed-json"),
        ("POST", &lines, Some(json!({ "lines": [] })), 400, "bad-lines"),
        ("POST", &lines, Some(line(&|line| line["id"] = json!("a b"))), 400, "malformed-json"),
        ("POST", &lines, Some(line(&|line| line["date"] = json!("soon"))), 400, "malformed-json"),
        ("POST", &lines, Some(line(&|line| line["amount"]["amount"] = json!("1.001"))), 400, "malformed-json"),
    ] {
        let (code, answer) = caller.call(method, path, body).await.unwrap();
        assert_eq!((code, kind(&answer)), (status, problem), "{method} {path}: {answer}");
    }
    assert_eq!(caller.expect("GET", &path, None).await.unwrap(), before);
}
