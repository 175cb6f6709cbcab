//! Suggestions through the API: switched on, listed with their reasons, accepted, dismissed, and refused precisely.

use serde_json::{Value, json};
use system::town::Town;

use crate::{calls, kind, text};

/// A bill for a year from today's month on, entered by a person in Xero; and its suggestion found.
pub async fn suggested(town: &Town, caller: &local::caller::Caller, number: &str) -> Value {
    let today = kernel::local_date("GMTSTANDARDTIME", ports::Clock::now(&aws::SystemClock));
    let contacts = caller.expect("GET", &town.path("/records/contacts"), None).await.unwrap();
    let line = json!({ "Description": format!("Licence {today} to {}", today.saturating_add(jiff_days(364))),
        "Quantity": 1, "UnitAmount": "1200.00", "AccountCode": "463", "TaxType": "INPUT2" });
    let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": contacts["records"][0]["id"] },
        "InvoiceNumber": number, "Date": today, "DueDate": today, "LineItems": [line] });
    town.xero.edit(town.tenant, "Invoices", None, &bill).unwrap();
    // Xero tells of it by itself.
    let path = town.path("/suggestions?state=open&limit=100");
    let of = |listed: &Value| {
        let all = listed["suggestions"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|each| each["bill"]["number"] == number)
    };
    of(&town.until("the suggestion", caller, &path, |listed| of(listed).is_some()).await).unwrap()
}

fn jiff_days(days: u64) -> std::time::Duration {
    std::time::Duration::from_secs(days * 24 * 3600)
}

/// Has a workspace want suggestions.
pub async fn switched_on(town: &Town, caller: &local::caller::Caller) {
    let on = json!({ "features": { "prepayment_suggestions": true }, "schedule_accounts": { "prepayment": "620" } });
    caller.expect("PUT", &town.path("/settings"), Some(on)).await.unwrap();
    town.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x5_a_suggestion_is_read_previewed_accepted_and_becomes_a_schedule_with_its_first_journal() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    switched_on(&town, &caller).await;
    let one = suggested(&town, &caller, "L-1").await;
    assert_eq!((&one["state"], &one["missing"], &one["schedule_id"]), (&json!("open"), &json!([]), &Value::Null));
    assert!(text(&one["reasons"][0]["words"]).starts_with("It is for "), "{one}");
    assert!(text(&one["bill"]["link"]).contains("AccountsPayable"), "m14");
    let preview = json!({ "terms": one["terms"] });
    caller.expect("POST", &town.path("/schedules/preview"), Some(preview)).await.unwrap();
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 0, "nothing is posted by itself");
    let path = town.path(&format!("/suggestions/{}", text(&one["suggestion_id"])));
    let changed = json!({ "terms": { "method": { "kind": "by_day" }, "description": "Licence" } });
    for before in [false, true] {
        let taken = caller.expect("POST", &format!("{path}/accept"), Some(changed.clone())).await.unwrap();
        assert_eq!(taken, json!({ "schedule_id": one["suggestion_id"], "approved_before": before }));
    }
    let shown = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!((&shown["state"], &shown["schedule_id"]), (&json!("accepted"), &one["suggestion_id"]));
    town.settle().await;
    let schedule = town.path(&format!("/schedules/{}", text(&one["suggestion_id"])));
    let schedule = caller.expect("GET", &schedule, None).await.unwrap();
    assert_eq!(
        (&schedule["terms"]["method"]["kind"], &schedule["initial"]["state"]),
        (&json!("by_day"), &json!("posted"))
    );
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 1, "twice accepted is once");
    let (status, problem) = caller.call("POST", &format!("{path}/dismiss"), None).await.unwrap();
    assert_eq!((status, kind(&problem)), (409, "suggestion-accepted"));
    // What was chosen is proposed for the supplier's next bill.
    let next = suggested(&town, &caller, "L-2").await;
    assert_eq!(next["terms"]["method"]["kind"], "by_day");
}

#[tokio::test(flavor = "multi_thread")]
async fn x5_a_suggestion_is_dismissed_in_words_taken_up_again_and_refused_precisely() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    switched_on(&town, &caller).await;
    let one = suggested(&town, &caller, "L-1").await;
    let path = town.path(&format!("/suggestions/{}", text(&one["suggestion_id"])));
    let dismiss = format!("{path}/dismiss");
    let shown = caller.expect("POST", &dismiss, Some(json!({ "reason": "below our limit" }))).await.unwrap();
    assert_eq!((&shown["state"], &shown["words"]), (&json!("dismissed"), &json!("below our limit")));
    let open = caller.expect("GET", &town.path("/suggestions?state=open"), None).await.unwrap();
    assert!(!open.to_string().contains(&text(&one["suggestion_id"])));
    let shown = caller.expect("POST", &format!("{path}/reopen"), None).await.unwrap();
    assert_eq!(shown["state"], "open");
    let unknown = town.path("/suggestions/unknown");
    for (method, path, body, status, problem) in [
        ("GET", &town.path("/suggestions?state=maybe"), None, 400, "bad-state"),
        ("GET", &town.path("/suggestions?limit=0"), None, 400, "bad-limit"),
        ("GET", &town.path("/suggestions?after=%20"), None, 400, "bad-after"),
        ("GET", &unknown, None, 404, "not-found"),
        ("POST", &format!("{unknown}/accept"), None, 404, "not-found"),
        ("POST", &format!("{unknown}/dismiss"), None, 404, "not-found"),
        ("POST", &format!("{unknown}/reopen"), None, 404, "not-found"),
        ("POST", &format!("{path}/accept"), Some(json!({ "terms": { "id": "mine" } })), 400, "malformed-json"),
        ("POST", &format!("{path}/accept"), Some(json!({ "terms": { "amounts": 1 } })), 400, "malformed-json"),
        (
            "POST",
            &format!("{path}/accept"),
            Some(json!({ "terms": { "balance_account": "463" } })),
            400,
            "bad-schedule",
        ),
        ("POST", &dismiss, Some(json!({ "reason": "x".repeat(501) })), 400, "malformed-json"),
    ] {
        let (code, answer) = caller.call(method, path, body).await.unwrap();
        assert_eq!((code, kind(&answer)), (status, problem), "{method} {path}");
    }
    let shown = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!(shown["state"], "open", "nothing changed");
    assert_eq!(calls(&town, "PUT", "/api.xro/2.0/ManualJournals", 200), 0);
    // Without an account in the settings a person must name one.
    let on = json!({ "features": { "prepayment_suggestions": true } });
    caller.expect("PUT", &town.path("/settings"), Some(on)).await.unwrap();
    let shown = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!(shown["missing"], json!(["balance_account"]));
    let (code, answer) = caller.call("POST", &format!("{path}/accept"), None).await.unwrap();
    assert_eq!((code, kind(&answer)), (400, "bad-schedule"));
}
