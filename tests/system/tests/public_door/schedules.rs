//! Schedules through the API: previewed, approved, published, shown, and refused precisely.

use serde_json::{Value, json};
use system::holdings::Holdings;
use system::town::Town;

use crate::{calls, kind, text};

/// A prepayment of a year from today's month on, in the organisation's currency.
fn terms(id: &str) -> Value {
    let today = kernel::local_date("GMTSTANDARDTIME", ports::Clock::now(&aws::SystemClock));
    let first = today.first_of_month();
    let last = first.saturating_add(kernel_months(11)).last_of_month();
    json!({
        "id": id, "kind": "prepayment", "amount": { "amount": "1000.00", "currency": "GBP" }, "first": first,
        "last": last, "method": { "kind": "straight_line" }, "balance_account": "620", "expense_account": "433",
        "description": "Insurance", "source": "https://app.example/schedules/1",
    })
}

fn kernel_months(months: i32) -> std::time::Duration {
    // Long enough to be in the wanted month, whatever month it is.
    std::time::Duration::from_secs(u64::try_from(months).unwrap() * 2_630_000)
}

fn body(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({ "terms": terms("bad") });
    change(&mut body);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn m17_m23_m24_a_schedule_is_previewed_approved_published_and_shown_with_every_release() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let wanted = json!({ "terms": terms("S-1") });
    let proposed = caller.expect("POST", &town.path("/schedules/preview"), Some(wanted.clone())).await.unwrap();
    assert_eq!(proposed["releases"].as_array().unwrap().len(), 12);
    assert_eq!(proposed["initial"]["date"], proposed["closing_period"]["last"], "m19");
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 0, "nothing is sent");
    let (code, _) = caller.call("GET", &town.path("/schedules/S-1"), None).await.unwrap();
    assert_eq!(code, 404, "nothing is stored");

    let approved = caller.expect("POST", &town.path("/schedules"), Some(wanted.clone())).await.unwrap();
    assert_eq!(approved["approved_before"], false);
    let again = caller.expect("POST", &town.path("/schedules"), Some(wanted)).await.unwrap();
    assert_eq!(
        (&again["approved_before"], &again["posting_id"]),
        (&json!(true), &approved["posting_id"]),
        "a repetition is safe"
    );
    let posting = town.path(&format!("/postings/{}", text(&approved["posting_id"])));
    let shown = town.until("the first journal", &caller, &posting, |posting| posting["state"] == "posted").await;
    assert!(text(&shown["link"]).contains("go.xero.com"), "m14: {shown}");
    assert_eq!(shown["journal"]["url"], "https://app.example/schedules/1", "m16");

    let today = kernel::local_date("GMTSTANDARDTIME", ports::Clock::now(&aws::SystemClock));
    let ready = town.path(&format!("/releases/ready?closing_period={today}"));
    let preview = caller.expect("GET", &ready, None).await.unwrap();
    assert_eq!(preview["periods"][0]["releases"], 1, "{preview}");
    let publish = json!({ "closing_period": today });
    let published = caller.expect("POST", &town.path("/releases/publish"), Some(publish.clone())).await.unwrap();
    assert_eq!(published, preview, "the answer says what it will post");
    caller.expect("POST", &town.path("/releases/publish"), Some(publish)).await.unwrap();
    let path = town.path("/schedules/S-1");
    let shown =
        town.until("the release", &caller, &path, |schedule| schedule["releases"][0]["state"] == "posted").await;
    assert_eq!(shown["initial"]["state"], "posted");
    let states: Vec<String> =
        shown["releases"].as_array().unwrap().iter().map(|release| text(&release["state"])).collect();
    assert!(states[1..].iter().all(|state| state == "planned"), "{states:?}");
    town.settle().await;
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 2, "the first journal and one of releases");
    let listed = caller.expect("GET", &town.path("/schedules?limit=1"), None).await.unwrap();
    assert_eq!((&listed["schedules"][0]["schedule_id"], &listed["next_after"]), (&json!("S-1"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_cannot_be_is_refused_before_any_call_and_nothing_is_stored() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let before = Holdings::of(&town, &caller).await;
    town.xero.forget_calls();
    let gbp = |amount: &str| json!({ "amount": amount, "currency": "GBP" });
    let parts = |parts: Value| json!({ "kind": "custom", "parts": parts });
    let first = text(&terms("x")["first"]);
    let cases = [
        (body(|body| body["terms"]["amount"] = gbp("0.00")), "more than zero"),
        (body(|body| body["terms"]["amount"] = gbp("-5.00")), "more than zero"),
        (
            body(|body| body["terms"]["amount"] = json!({ "amount": "5.00", "currency": "EUR" })),
            "currency of the books",
        ),
        (body(|body| body["terms"]["amount"] = Value::Null), "amount is missing"),
        (body(|body| body["terms"]["last"] = json!("2020-01-01")), "before it starts"),
        (body(|body| body["terms"]["last"] = Value::Null), "last date is missing"),
        (body(|body| body["terms"]["last"] = json!("2099-01-01")), "more than 600 periods"),
        (body(|body| body["terms"]["balance_account"] = json!("433")), "same account"),
        (body(|body| body["terms"]["balance_account"] = json!("999")), "there is no account 999"),
        (body(|body| body["terms"]["expense_account"] = json!("090")), "090 is a bank account"),
        (body(|body| body["terms"]["tax_type"] = json!("OUTPUT9")), "no tax type OUTPUT9"),
        (
            body(|body| body["terms"]["method"] = parts(json!([{ "date": "2019-01-01", "amount": gbp("1000.00") }]))),
            "outside the schedule",
        ),
        (body(|body| body["terms"]["method"] = parts(json!([{ "date": first, "amount": gbp("1.00") }]))), "come to"),
        (body(|body| body["terms"]["id"] = json!("x".repeat(61))), "at most 60"),
        (body(|body| body["closing_period"] = json!("2099-01-01")), "has not begun"),
    ];
    for (body, expected) in cases {
        for path in ["/schedules/preview", "/schedules"] {
            let (code, problem) = caller.call("POST", &town.path(path), Some(body.clone())).await.unwrap();
            assert_eq!((code, kind(&problem)), (400, "bad-schedule"), "{expected}: {problem}");
            assert!(text(&problem["detail"]).contains(expected), "{expected}: {problem}");
        }
    }
    for body in [
        body(|body| body["terms"]["tax_typ"] = json!("NONE")),
        body(|body| body["terms"]["kind"] = json!("gift")),
        body(|body| body["terms"]["first"] = json!("2026-02-30")),
        body(|body| body["terms"]["amount"] = json!(1000)),
        body(|body| body["terms"]["source"] = json!("javascript:alert(1)")),
        body(|body| body["terms"]["description"] = json!("")),
        body(|body| body["more"] = json!(1)),
    ] {
        let (code, problem) = caller.call("POST", &town.path("/schedules"), Some(body.clone())).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, "malformed-json"), "{body}");
    }
    for closing in ["soon", "2099-01-01", "1800-01-01"] {
        let path = town.path(&format!("/releases/ready?closing_period={closing}"));
        let (code, problem) = caller.call("GET", &path, None).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, "bad-period"), "{closing}");
    }
    town.settle().await;
    assert_eq!(town.xero.calls().len(), 0, "nothing reached Xero");
    assert_eq!(Holdings::of(&town, &caller).await, before, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvals_at_once_are_one_and_of_two_kinds_the_first_wins() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let path = town.path("/schedules");
    let wanted = |amount: &str| {
        let mut terms = terms("S-1");
        terms["amount"]["amount"] = json!(amount);
        json!({ "terms": terms })
    };
    let (one, two, three) = tokio::join!(
        caller.call("POST", &path, Some(wanted("1000.00"))),
        caller.call("POST", &path, Some(wanted("1000.00"))),
        caller.call("POST", &path, Some(wanted("900.00"))),
    );
    let outcomes = [one.unwrap(), two.unwrap(), three.unwrap()];
    assert!(outcomes.iter().all(|(code, _)| [202, 409].contains(code)), "{outcomes:?}");
    assert!(outcomes.iter().any(|(code, _)| *code == 202) && outcomes.iter().any(|(code, _)| *code == 409));
    town.settle().await;
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 1);
    let shown = caller.expect("GET", &town.path("/schedules/S-1"), None).await.unwrap();
    assert_eq!(shown["releases"].as_array().unwrap().len(), 12);
    let total = text(&shown["terms"]["amount"]["amount"]);
    let journal = caller.expect("GET", &town.path("/postings/s-S-1"), None).await.unwrap();
    assert_eq!(journal["journal"]["lines"][0]["amount"], total.as_str(), "what is shown is what was posted");
}

#[tokio::test(flavor = "multi_thread")]
async fn m29_m30_a_change_is_previewed_then_confirmed_and_a_removal_takes_back_what_was_posted() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    caller.expect("POST", &town.path("/schedules"), Some(json!({ "terms": terms("S-1") }))).await.unwrap();
    town.settle().await;
    let path = town.path("/schedules/S-1/change");
    let mut other = terms("S-1");
    other["expense_account"] = json!("469");
    let offered = caller.expect("POST", &path, Some(json!({ "terms": other }))).await.unwrap();
    let edit = &offered["revisions"][0];
    assert_eq!(
        (&edit["posting_id"], &edit["action"], &offered["correction"]),
        (&json!("s-S-1"), &json!("edit"), &json!(null))
    );
    assert!(text(&edit["link"]).ends_with(&text(&edit["xero_id"])), "{edit}");
    let accounts = [&edit["before"][1]["account"], &edit["after"][1]["account"]];
    assert_eq!(accounts, [&json!("433"), &json!("469")]);

    let by_journal = json!({ "terms": other, "correct_by": "journal" });
    let offered = caller.expect("POST", &path, Some(by_journal)).await.unwrap();
    assert_eq!(offered["revisions"], json!([]));
    let lines: Vec<(String, String)> = offered["correction"]["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (text(&line["account"]), text(&line["amount"])))
        .collect();
    let expected = [("433", "1000.00"), ("469", "-1000.00")].map(|(account, amount)| (account.into(), amount.into()));
    assert_eq!((lines, &offered["confirmed"]), (expected.to_vec(), &json!(false)));
    let shown = caller.expect("GET", &town.path("/schedules/S-1"), None).await.unwrap();
    assert_eq!((&shown["terms"]["expense_account"], &shown["corrections"]), (&json!("433"), &json!([])));
    let confirmed = json!({ "terms": other, "correct_by": "journal", "confirmed": true });
    let done = caller.expect("POST", &path, Some(confirmed)).await.unwrap();
    let posting = town.path(&format!("/postings/{}", text(&done["posting_id"])));
    town.until("the correction", &caller, &posting, |posting| posting["state"] == "posted").await;
    let shown = caller.expect("GET", &town.path("/schedules/S-1"), None).await.unwrap();
    assert_eq!((&shown["terms"]["expense_account"], &shown["removed"]), (&json!("469"), &json!(false)));
    assert_eq!(shown["corrections"][0]["posting_id"], done["posting_id"]);

    let removed = json!({ "remove": true, "confirmed": true });
    let done = caller.expect("POST", &path, Some(removed.clone())).await.unwrap();
    assert_eq!((&done["releases"], &done["correction"]), (&json!([]), &json!(null)));
    let voided: Vec<&Value> = done["revisions"].as_array().unwrap().iter().map(|each| &each["action"]).collect();
    assert_eq!(voided, ["void", "void"], "the first journal and the correction");
    town.settle().await;
    for id in ["s-S-1", "c1-S-1"] {
        let path = town.path(&format!("/postings/{id}"));
        town.until("the void", &caller, &path, |posting| posting["state"] == "withdrawn").await;
    }
    let shown = caller.expect("GET", &town.path("/schedules/S-1"), None).await.unwrap();
    assert_eq!(
        (&shown["removed"], &shown["releases"], &shown["settled"]),
        (&json!(true), &json!([]), &json!(true)),
        "m30"
    );
    let today = kernel::local_date("GMTSTANDARDTIME", ports::Clock::now(&aws::SystemClock));
    let ready =
        caller.expect("GET", &town.path(&format!("/releases/ready?closing_period={today}")), None).await.unwrap();
    assert_eq!(ready["periods"], json!([]), "nothing is released any more");
    for (body, expected) in [
        (removed, (409, "not-changeable")),
        (json!({}), (400, "bad-change")),
        (json!({ "remove": true, "terms": terms("S-1") }), (400, "bad-change")),
        (json!({ "terms": { "id": 1 } }), (400, "malformed-json")),
        (json!({ "remove": true, "correct_by": "magic" }), (400, "malformed-json")),
    ] {
        let (code, problem) = caller.call("POST", &path, Some(body.clone())).await.unwrap();
        assert_eq!((code, kind(&problem)), expected, "{body}: {problem}");
    }
    let unknown = town.path("/schedules/S-9/change");
    assert_eq!(caller.call("POST", &unknown, Some(json!({ "remove": true }))).await.unwrap().0, 404);
}
