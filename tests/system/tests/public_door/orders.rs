//! Orders in: sales invoices and purchase orders as neutral events, without taking back what was sent.

use serde_json::{Value, json};
use system::town::Town;

use crate::{kind, record, text};

async fn events(town: &Town, caller: &local::caller::Caller, query: &str) -> (Vec<Value>, String) {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = town.path(&format!("/orders/events?limit=250{query}{cursor}"));
        let page = caller.expect("GET", &path, None).await.unwrap();
        all.extend(page["events"].as_array().unwrap().clone());
        let next = text(&page["next_cursor"]);
        if page["more"] == false {
            return (all, next);
        }
        cursor = format!("&cursor={next}");
    }
}

fn of<'a>(events: &'a [Value], id: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["id"] == id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_sales_invoices_and_purchase_orders_arrive_as_orders_and_bills_and_payments_do_not() {
    let mut town = Town::start(60).await;
    let caller = town.connect().await;
    let (first, cursor) = events(&town, &caller, "").await;
    let invoices = crate::records(&town, &caller, "invoices").await;
    let sales = invoices.iter().filter(|invoice| invoice["Type"] == "ACCREC").count();
    let purchases = crate::records(&town, &caller, "purchase_orders").await;
    let count = |kind: &str| first.iter().filter(|event| event["order"]["kind"] == kind).count();
    assert!(sales > 5 && sales < invoices.len() && !purchases.is_empty());
    assert_eq!((count("sales"), count("purchase")), (sales, purchases.len()), "each once, and no bill");
    assert!(first.iter().all(|event| event["event"] == "created" && event["origin"] == "xero"));

    let order = of(&first, &text(&purchases[0]["PurchaseOrderID"]))[0];
    let xero = &purchases[0];
    assert_eq!(order["order"]["number"], xero["PurchaseOrderNumber"]);
    assert_eq!(order["order"]["contact_id"], xero["Contact"]["ContactID"]);
    assert_eq!(order["order"]["currency"], xero["CurrencyCode"]);
    let (lines, of_xero) = (order["order"]["lines"].as_array().unwrap(), xero["LineItems"].as_array().unwrap());
    assert_eq!(lines.len(), of_xero.len());
    assert_eq!(
        (&lines[0]["quantity"], &lines[0]["description"]),
        (&of_xero[0]["Quantity"], &of_xero[0]["Description"])
    );

    let open = |invoice: &&Value| invoice["Type"] == "ACCREC" && invoice["Status"] == "AUTHORISED";
    let mut still = invoices.iter().filter(open).filter(|invoice| invoice["AmountPaid"] == "0.00");
    let (paid, voided) = (text(&still.next().unwrap()["InvoiceID"]), text(&still.next().unwrap()["InvoiceID"]));
    town.xero.pay_invoice(town.tenant, paid.parse().unwrap(), "090", rust_decimal::Decimal::ONE).unwrap();
    town.xero.void_invoice(town.tenant, voided.parse().unwrap()).unwrap();
    town.sync(&caller).await;
    let (later, _) = events(&town, &caller, &format!("&cursor={cursor}")).await;
    assert!(of(&later, &paid).is_empty(), "a part payment is no matter of the order: {later:#?}");
    let cancelled = of(&later, &voided);
    assert_eq!(cancelled.len(), 1, "{later:#?}");
    assert_eq!((&cancelled[0]["event"], &cancelled[0]["order"]["status"]), (&json!("cancelled"), &json!("cancelled")));
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_an_order_that_the_host_application_sent_does_not_come_back_as_an_order() {
    let mut town = Town::start(60).await;
    let caller = town.connect().await;
    let (all, cursor) = events(&town, &caller, "").await;
    let untouched = |invoice: &Value| {
        let open = invoice["Type"] == "ACCREC" && invoice["Status"] == "AUTHORISED";
        open && invoice["AmountDue"] == invoice["Total"]
    };
    let ours = text(&record(&town, &caller, "invoices", untouched).await["InvoiceID"]);
    let theirs = all.iter().find(|event| event["entity"] == "invoices" && event["id"] != ours.as_str()).unwrap();
    let theirs = text(&theirs["id"]);
    let link = |id: &str| town.path(&format!("/records/invoices/{id}/source"));
    let sent = json!({ "id": "SO-1001", "url": "https://app.example/orders/SO-1001", "origin": "source" });
    caller.expect("PUT", &link(&ours), Some(sent)).await.unwrap();
    let taken_in = json!({ "id": "SO-1002", "origin": "xero" });
    caller.expect("PUT", &link(&theirs), Some(taken_in)).await.unwrap();
    let (guarded, _) = events(&town, &caller, "").await;
    assert_eq!((of(&guarded, &ours).len(), of(&guarded, &theirs).len()), (0, 1), "the loop is cut by origin");
    assert_eq!(guarded.len(), all.len() - 1);
    assert_eq!(of(&guarded, &theirs)[0]["source"]["id"], "SO-1002");
    let (own, _) = events(&town, &caller, "&origin=source").await;
    assert_eq!((own.len(), &own[0]["origin"], &own[0]["source"]["id"]), (1, &json!("source"), &json!("SO-1001")));
    assert_eq!(events(&town, &caller, "&origin=all").await.0.len(), all.len());

    // What is done to it in Xero is still to be had by whoever asks.
    town.xero
        .edit(town.tenant, "Invoices", Some(ours.parse().unwrap()), &json!({ "Reference": "From the road" }))
        .unwrap();
    town.sync(&caller).await;
    let since = format!("&cursor={cursor}");
    assert!(events(&town, &caller, &since).await.0.is_empty());
    let (echo, _) = events(&town, &caller, &format!("{since}&origin=source")).await;
    assert_eq!((echo.len(), &echo[0]["event"]), (1, &json!("changed")), "{echo:#?}");
    assert_eq!(echo[0]["order"]["reference"], "From the road");
    let bad = caller.call("GET", &town.path("/orders/events?origin=moon"), None).await.unwrap();
    assert_eq!((bad.0, kind(&bad.1)), (400, "bad-origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m1_o21_each_side_finds_the_others_record_and_neither_has_two_partners() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let contacts = crate::records(&town, &caller, "contacts").await;
    let (one, two) = (text(&contacts[0]["ContactID"]), text(&contacts[1]["ContactID"]));
    let link = |id: &str| town.path(&format!("/records/contacts/{id}/source"));
    let body = |id: &str| json!({ "id": id, "url": "https://app.example/clients/7", "origin": "source" });
    let stored = caller.expect("PUT", &link(&one), Some(body("client/7"))).await.unwrap();
    assert_eq!(caller.expect("PUT", &link(&one), Some(body("client/7"))).await.unwrap(), stored, "again: no change");
    let shown = caller.expect("GET", &town.path(&format!("/records/contacts/{one}")), None).await.unwrap();
    assert_eq!(shown["source"], stored);
    let found = caller.expect("GET", &town.path("/sources/contacts/client%2F7"), None).await.unwrap();
    assert_eq!((&found["id"], &found["record"]["Name"]), (&json!(one), &contacts[0]["Name"]));
    let listed = caller.expect("GET", &town.path("/records/contacts?limit=250"), None).await.unwrap();
    let linked =
        |page: &Value| page.as_array().unwrap().iter().filter(|view| view["source"]["id"] == "client/7").count();
    assert_eq!(linked(&listed["records"]), 1);
    assert_eq!(linked(&Value::Array(town.changes(&caller, "").await.0)), 1, "in the feed as well");

    let (code, problem) = caller.call("PUT", &link(&two), Some(body("client/7"))).await.unwrap();
    assert_eq!((code, kind(&problem)), (409, "source-taken"));
    assert!(text(&problem["detail"]).contains(&one), "says which record has it: {problem}");
    caller.expect("PUT", &link(&one), Some(body("client/8"))).await.unwrap();
    let (code, _) = caller.call("GET", &town.path("/sources/contacts/client%2F7"), None).await.unwrap();
    assert_eq!(code, 404, "the old link has ended");
    caller.expect("PUT", &link(&two), Some(body("client/7"))).await.unwrap();
    let ended = caller.expect("DELETE", &link(&one), None).await.unwrap();
    assert_eq!(ended, json!({ "ended": true }));
    assert_eq!(caller.expect("DELETE", &link(&one), None).await.unwrap(), json!({ "ended": false }));
    let (code, _) = caller.call("GET", &town.path("/sources/contacts/client%2F8"), None).await.unwrap();
    assert_eq!(code, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_cannot_be_is_refused_and_nothing_is_stored() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let contact = text(&record(&town, &caller, "contacts", |_| true).await["ContactID"]);
    let path = town.path(&format!("/records/contacts/{contact}/source"));
    let long = format!("https://app.example/{}", "x".repeat(1_000));
    let cases = [
        (json!({ "id": "", "origin": "xero" }), "bad-source"),
        (json!({ "id": "a b", "origin": "xero" }), "bad-source"),
        (json!({ "id": "a#b", "origin": "xero" }), "bad-source"),
        (json!({ "id": "x".repeat(101), "origin": "xero" }), "bad-source"),
        (json!({ "id": "a", "url": "javascript:alert(1)", "origin": "xero" }), "bad-source"),
        (json!({ "id": "a", "url": long, "origin": "xero" }), "bad-source"),
        (json!({ "id": "a", "origin": "moon" }), "malformed-json"),
        (json!({ "id": "a" }), "malformed-json"),
        (json!({ "id": "a", "origin": "xero", "more": 1 }), "malformed-json"),
    ];
    for (body, expected) in cases {
        let (code, problem) = caller.call("PUT", &path, Some(body.clone())).await.unwrap();
        assert_eq!((code, kind(&problem)), (400, expected), "{body}");
    }
    let elsewhere = town.path(&format!("/records/unicorns/{contact}/source"));
    assert_eq!(caller.call("PUT", &elsewhere, Some(json!({ "id": "a", "origin": "xero" }))).await.unwrap().0, 404);
    let shown = caller.expect("GET", &town.path(&format!("/records/contacts/{contact}")), None).await.unwrap();
    assert_eq!(shown["source"], Value::Null);
}
