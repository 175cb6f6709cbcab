//! Tie-outs through the API: asked for, read with links and words, and refused precisely.

use serde_json::{Value, json};
use system::town::Town;

use crate::{calls, kind, text};

/// A day of last month, and that month's last.
fn days() -> (String, String) {
    let today = kernel::local_date("GMTSTANDARDTIME", ports::Clock::now(&aws::SystemClock));
    let last = today.first_of_month().yesterday().unwrap();
    (last.first_of_month().to_string(), last.to_string())
}

fn terms() -> Value {
    let (first, last) = days();
    json!({ "terms": {
        "id": "S-1", "kind": "prepayment", "amount": { "amount": "1000.00", "currency": "GBP" }, "first": first,
        "last": last, "method": { "kind": "straight_line" }, "balance_account": "620", "expense_account": "433",
        "description": "Insurance",
    } })
}

#[tokio::test(flavor = "multi_thread")]
async fn tie_out_through_the_api_says_what_the_gap_is_with_a_link_and_what_to_do() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    caller.expect("POST", &town.path("/schedules"), Some(terms())).await.unwrap();
    let line = |code: &str, amount: &str| json!({ "AccountCode": code, "LineAmount": amount, "TaxType": "NONE" });
    let by_hand = json!({ "Narration": "By hand", "Date": days().0, "Status": "POSTED",
        "JournalLines": [line("620", "12.34"), line("433", "-12.34")] });
    town.xero.edit(town.tenant, "ManualJournals", None, &by_hand).unwrap();
    town.settle().await;
    town.sync(&caller).await;
    let started = caller.expect("POST", &town.path("/tie-outs"), None).await.unwrap();
    assert_eq!(started["as_at"], days().1, "the closing period's last day");
    let path = town.path(&format!("/tie-outs/{}", text(&started["tie_out_id"])));
    let done = town.until("the tie-out", &caller, &path, |tie_out| tie_out["state"] != "running").await;
    assert_eq!((&done["state"], &done["problem"]), (&json!("done"), &Value::Null), "{done}");
    assert!(done["mirror_synced_at"].is_string() && done["trial_balance_at"].is_string(), "{done}");
    let account = &done["accounts"][0];
    assert_eq!((&account["account"]["code"], &account["status"]), (&json!("620"), &json!("gap")), "{done}");
    for (name, amount) in [
        ("ledger", "1012.34"),
        ("expected", "0.00"),
        ("gap", "1012.34"),
        ("attributed", "1012.34"),
        ("unexplained", "0.00"),
    ] {
        assert_eq!(account[name], amount, "{name}: {account}");
    }
    let entries = account["entries"].as_array().unwrap();
    assert_eq!((&entries[0]["kind"], &entries[0]["schedule_id"]), (&json!("not_published"), &json!("S-1")));
    assert_eq!((&entries[1]["kind"], &entries[1]["number"]), (&json!("foreign_entry"), &json!("By hand")));
    assert!(text(&entries[1]["link"]).contains("go.xero.com"), "{entries:?}");
    assert!(entries.iter().all(|entry| !text(&entry["cause"]).is_empty() && !text(&entry["fix"]).is_empty()));
    assert_eq!(calls(&town, "GET", "/api.xro/2.0/Reports/TrialBalance", 200), 1);

    caller.expect("POST", &town.path("/releases/publish"), None).await.unwrap();
    town.settle().await;
    let again = caller.expect("POST", &town.path("/tie-outs"), Some(json!({ "as_at": days().1 }))).await.unwrap();
    let path = town.path(&format!("/tie-outs/{}", text(&again["tie_out_id"])));
    let done = town.until("the tie-out", &caller, &path, |tie_out| tie_out["state"] != "running").await;
    assert_eq!(done["accounts"][0]["gap"], "12.34", "published: {done}");
    let listed = caller.expect("GET", &town.path("/tie-outs?limit=1"), None).await.unwrap();
    assert_eq!(listed["tie_outs"].as_array().unwrap().len(), 1);
    assert_eq!(listed["tie_outs"][0]["tie_out_id"], again["tie_out_id"], "newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn tie_out_of_a_day_to_come_or_of_nobody_is_refused_and_a_foreign_one_is_unknown() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    town.xero.forget_calls();
    for (body, expected) in [
        (json!({ "as_at": "2999-01-01" }), "bad-as-at"),
        (json!({ "as_at": "2026-02-30" }), "malformed-json"),
        (json!({ "as_at": 5 }), "malformed-json"),
        (json!({ "until": "2026-10-31" }), "malformed-json"),
    ] {
        let (code, problem) = caller.call("POST", &town.path("/tie-outs"), Some(body.clone())).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, expected), "{body}: {problem}");
    }
    for limit in ["0", "101", "many"] {
        let (code, problem) = caller.call("GET", &town.path(&format!("/tie-outs?limit={limit}")), None).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, "bad-limit"), "{limit}");
    }
    let listed = caller.expect("GET", &town.path("/tie-outs"), None).await.unwrap();
    assert_eq!(listed, json!({ "tie_outs": [] }), "what was refused is nowhere");
    let key = [("idempotency-key", "once")];
    let send = async || caller.send("POST", &town.path("/tie-outs"), &key, "{}".to_owned()).await.unwrap();
    let (one, two) = (send().await, send().await);
    assert_eq!((one.0, &one.1), (202, &two.1), "the same key is one tie-out");
    town.settle().await;
    let path = town.path(&format!("/tie-outs/{}", text(&one.1["tie_out_id"])));
    let done = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!((&done["state"], &done["accounts"]), (&json!("done"), &json!([])), "no schedules, no accounts");
    let stranger = town.caller("other");
    for path in [path.as_str(), &town.path("/tie-outs"), &town.path("/tie-outs/unknown")] {
        assert_eq!(stranger.call("GET", path, None).await.unwrap().0, 404, "{path}");
    }
    assert_eq!(stranger.call("POST", &town.path("/tie-outs"), None).await.unwrap().0, 404);
    assert_eq!(caller.call("GET", &town.path("/tie-outs/unknown"), None).await.unwrap().0, 404);
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    town.settle().await;
    let (code, problem) = caller.call("POST", &town.path("/tie-outs"), None).await.unwrap();
    assert_eq!((code, kind(&problem)), (409, "not-connected"));
}
