//! Plain journals through the API: taken in, posted once, refused precisely, recorded by hand.

use serde_json::{Value, json};
use system::holdings::Holdings;
use system::town::Town;

use crate::{calls, kind, text};

fn journal(id: &str) -> Value {
    json!({
        "id": id, "date": "2026-10-31", "narration": "Hosting, October", "url": "https://app.example/j/771",
        "lines": [
            { "account": "463", "amount": "250.00", "description": "Hosting", "tax_type": "NONE" },
            { "account": "801", "amount": "-250.00" },
        ],
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut journal = journal("bad");
    change(&mut journal);
    journal
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_m14_m16_a_journal_is_posted_once_however_often_it_is_sent_with_links_both_ways() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let taken = caller.expect("POST", &town.path("/journals"), Some(journal("J-771"))).await.unwrap();
    assert_eq!(taken["taken_before"], false);
    let again = caller.expect("POST", &town.path("/journals"), Some(journal("J-771"))).await.unwrap();
    assert_eq!(again, json!({ "posting_id": taken["posting_id"], "taken_before": true }));
    let path = town.path(&format!("/postings/{}", text(&taken["posting_id"])));
    let shown = town.until("the posting", &caller, &path, |posting| posting["state"] == "posted").await;
    assert!(text(&shown["link"]).contains(&text(&shown["xero_id"])), "m14: {shown}");
    assert_eq!((&shown["actor"], &shown["sends"], &shown["attention"]), (&json!("sam"), &json!(1), &Value::Null));
    town.sync(&caller).await;
    let record = town.path(&format!("/records/manual_journals/{}", text(&shown["xero_id"])));
    let record = caller.expect("GET", &record, None).await.unwrap();
    assert_eq!(record["record"]["Url"], "https://app.example/j/771", "m16");
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 1);
    let usage = caller.expect("GET", &town.path("/usage"), None).await.unwrap()["months"][0]["calls"].clone();
    let made = town.xero.calls().iter().filter(|call| call.tenant == Some(town.tenant)).count();
    assert_eq!(usage, made, "calls of postings are counted too");
    let mut other = journal("J-771");
    other["narration"] = json!("Hosting, November");
    let (code, problem) = caller.call("POST", &town.path("/journals"), Some(other)).await.unwrap();
    assert_eq!((code, kind(&problem)), (409, "journal-id-taken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_is_refused_before_any_call_and_nothing_is_stored() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let archived = crate::record(&town, &caller, "accounts", |account| account["Code"] == "404").await;
    town.xero.archive_account(town.tenant, text(&archived["AccountID"]).parse().unwrap()).unwrap();
    town.sync(&caller).await;
    let before = Holdings::of(&town, &caller).await;
    town.xero.forget_calls();
    let line = |account: &str, amount: &str| json!({ "account": account, "amount": amount });
    let cases = [
        (with(|journal| journal["lines"][1]["amount"] = json!("-249.99")), "differ by"),
        (with(|journal| journal["lines"] = json!([line("463", "1.00")])), "at least two lines"),
        (with(|journal| journal["lines"] = json!([])), "at least two lines"),
        (with(|journal| journal["lines"] = json!([line("463", "0.00"), line("801", "0")])), "is zero"),
        (with(|journal| journal["lines"][0]["amount"] = json!("250.001")), "line 1: the amount"),
        (with(|journal| journal["lines"][0]["amount"] = json!("a lot")), "line 1: the amount"),
        (with(|journal| journal["narration"] = json!("  ")), "narration is empty"),
        (with(|journal| journal["narration"] = json!("x".repeat(4_001))), "longer than 4000"),
        (with(|journal| journal["lines"][0]["account"] = json!("090")), "090 is a bank account"),
        (with(|journal| journal["lines"][0]["account"] = json!("610")), "610 is a system account"),
        (with(|journal| journal["lines"][0]["account"] = json!("404")), "404 is archived"),
        (with(|journal| journal["lines"][0]["account"] = json!("999")), "there is no account 999"),
        (with(|journal| journal["lines"][0]["tax_type"] = json!("OUTPUT9")), "there is no tax type OUTPUT9"),
        (
            with(|journal| journal["lines"][0]["tracking"] = json!([{ "category": "Region", "option": "Moon" }])),
            "no tracking option",
        ),
        (with(|journal| journal["id"] = json!("a b")), "id must be"),
        (with(|journal| journal["id"] = json!("x".repeat(61))), "id must be"),
        (with(|journal| journal["lines"] = json!(vec![line("463", "1.00"); 1_001])), "at most 1000 lines"),
    ];
    for (body, expected) in cases {
        let (code, problem) = caller.call("POST", &town.path("/journals"), Some(body)).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, "bad-journal"), "{expected}: {problem}");
        assert!(text(&problem["detail"]).contains(expected), "{expected}: {problem}");
    }
    for body in [
        with(|journal| journal["date"] = json!("2026-02-30")),
        with(|journal| journal["date"] = Value::Null),
        with(|journal| journal["url"] = json!("javascript:alert(1)")),
        with(|journal| journal["lines"][0]["account"] = json!("")),
        with(|journal| journal["lines"][0]["amount"] = json!(250.0)),
        with(|journal| journal["more"] = json!(1)),
    ] {
        let (code, problem) = caller.call("POST", &town.path("/journals"), Some(body.clone())).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, "malformed-json"), "{body}");
    }
    town.settle().await;
    assert_eq!(town.xero.calls().len(), 0, "nothing reached Xero");
    assert_eq!(Holdings::of(&town, &caller).await, before, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_journals_are_recorded_as_entered_by_hand_singly_and_many_at_once_with_a_reason() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    assert!(town.xero.disconnect(town.app, town.user, town.tenant));
    let mut ids = Vec::new();
    for id in ["a", "b", "c"] {
        let taken = caller.expect("POST", &town.path("/journals"), Some(journal(id))).await.unwrap();
        ids.push(text(&taken["posting_id"]));
    }
    town.settle().await;
    let status = crate::status(&town, &caller).await;
    assert_eq!((&status["waiting_postings"], &status["needs_attention"]), (&json!(3), &json!(3)), "o19");
    let waiting = caller.expect("GET", &town.path("/postings?limit=2"), None).await.unwrap();
    assert_eq!(waiting["postings"].as_array().unwrap().len(), 2);
    let first = &waiting["postings"][0];
    assert_eq!((&first["state"], &first["attention"]["code"]), (&json!("waiting"), &json!("not_authorised")), "b7");
    let next = town.path(&format!("/postings?after={}", text(&waiting["next_after"])));
    let rest = caller.expect("GET", &next, None).await.unwrap();
    assert_eq!((rest["postings"].as_array().unwrap().len(), &rest["next_after"]), (1, &Value::Null));

    let record = |ids: Value, reason: &str| json!({ "posting_ids": ids, "reason": reason });
    let path = town.path("/postings/recorded");
    let one = caller.expect("POST", &path, Some(record(json!([ids[0]]), "entered by hand"))).await.unwrap();
    assert_eq!(one, json!({ "recorded": [ids[0]], "in_xero_or_on_its_way": [] }));
    let many = caller.expect("POST", &path, Some(record(json!(ids), "entered by hand"))).await.unwrap();
    assert_eq!(many["recorded"], json!(ids), "twice is once");
    let left = caller.expect("GET", &town.path("/postings"), None).await.unwrap();
    assert_eq!(left["postings"], json!([]));
    for (body, expected) in [
        (record(json!([ids[0]]), " "), "bad-reason"),
        (record(json!([ids[0]]), &"x".repeat(201)), "bad-reason"),
        (record(json!([]), "why"), "bad-postings"),
        (record(json!(vec!["j-a"; 101]), "why"), "bad-postings"),
        (record(json!(["a b"]), "why"), "malformed-json"),
    ] {
        let (code, problem) = caller.call("POST", &path, Some(body)).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, expected), "{problem}");
    }
    let (code, _) = caller.call("POST", &path, Some(record(json!([ids[0], "j-unknown"]), "why"))).await.unwrap();
    assert_eq!(code, 404, "all or nothing");
    town.connect().await;
    town.sync(&caller).await;
    town.settle().await;
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 0, "nothing is sent any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn m27_a_waiting_journal_is_tried_again_by_one_command() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    town.xero.set_lock_dates(town.tenant, None, Some("2026-10-31".parse().unwrap()));
    let taken = caller.expect("POST", &town.path("/journals"), Some(journal("J-1"))).await.unwrap();
    let path = town.path(&format!("/postings/{}", text(&taken["posting_id"])));
    let shown = town.until("the refusal", &caller, &path, |posting| posting["state"] == "waiting").await;
    assert_eq!(
        (&shown["attention"]["code"], &shown["attention"]["locked_until"]),
        (&json!("end_of_year_locked"), &json!("2026-10-31"))
    );
    town.xero.set_lock_dates(town.tenant, None, None);
    let retried = caller.expect("POST", &format!("{path}/retry"), None).await.unwrap();
    assert_eq!(retried["resumed"], true);
    town.until("the posting", &caller, &path, |posting| posting["state"] == "posted").await;
    let (code, _) = caller.call("POST", &town.path("/postings/j-unknown/retry"), None).await.unwrap();
    assert_eq!(code, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn m26_a_journal_kept_out_by_a_lock_is_offered_the_next_open_period_with_what_that_changes() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    town.xero.set_lock_dates(town.tenant, None, Some("2026-10-31".parse().unwrap()));
    caller.expect("POST", &town.path("/journals"), Some(journal("J-1"))).await.unwrap();
    let path = town.path("/postings/j-J-1");
    town.until("the refusal", &caller, &path, |posting| posting["state"] == "waiting").await;
    let redate = format!("{path}/redate");
    let offered = caller.expect("POST", &redate, None).await.unwrap();
    assert_eq!(
        (&offered["from"], &offered["from_period"]["name"], &offered["to"], &offered["to_period"]["name"]),
        (&json!("2026-10-31"), &json!("2026-10"), &json!("2026-11-30"), &json!("2026-11"))
    );
    let moved = json!([{ "account": "463", "amount": "250.00" }, { "account": "801", "amount": "-250.00" }]);
    assert_eq!((&offered["moved"], &offered["confirmed"]), (&moved, &json!(false)));
    assert_eq!(caller.expect("GET", &path, None).await.unwrap()["state"], "waiting", "an offer changes nothing");
    let (code, problem) = caller.call("POST", &redate, Some(json!({ "date": "2026-10-15" }))).await.unwrap();
    assert_eq!((code, kind(&problem)), (400, "bad-date"));
    assert!(text(&problem["detail"]).contains("locked too"), "{problem}");
    let confirmed = json!({ "date": "2026-11-02", "confirmed": true });
    let done = caller.expect("POST", &redate, Some(confirmed.clone())).await.unwrap();
    assert_eq!((&done["to"], &done["confirmed"]), (&json!("2026-11-02"), &json!(true)));
    let shown = town.until("the posting", &caller, &path, |posting| posting["state"] == "posted").await;
    assert_eq!(shown["journal"]["date"], "2026-11-02");
    let words = shown["history"].as_array().unwrap().iter().map(|entry| text(&entry["what"]));
    assert!(words.clone().any(|what| what == "Changed: dated 2026-11-02 in the place of 2026-10-31 by sam"));
    let (code, problem) = caller.call("POST", &redate, Some(confirmed)).await.unwrap();
    assert_eq!((code, kind(&problem)), (409, "not-locked"), "what is in Xero stays as it is");
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 1);
    let (code, _) = caller.call("POST", &town.path("/postings/j-unknown/redate"), None).await.unwrap();
    assert_eq!(code, 404);
}
