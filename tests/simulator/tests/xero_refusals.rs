//! What Xero refuses, and where in its answer it says so.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use ports::Method;
use scene::{Scene, body, first, messages, text};
use serde_json::{Value, json};

/// Every message under a name, with the path to it, such as `LineItems/0`.
fn told(value: &Value, key: &str) -> Vec<(String, String)> {
    fn walk(value: &Value, key: &str, path: &str, out: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    match inner.as_array().filter(|_| name == "ValidationErrors") {
                        Some(all) => out.extend(
                            all.iter().filter_map(|one| Some((path.to_owned(), one[key].as_str()?.to_owned()))),
                        ),
                        None => walk(inner, key, &format!("{path}/{name}"), out),
                    }
                }
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| walk(item, key, &format!("{path}/{at}"), out));
            }
            _ => (),
        }
    }
    let mut out = Vec::new();
    walk(value, key, "", &mut out);
    out
}

fn journal(status: &str, code: &str) -> Value {
    json!({
        "Narration": "Accrual [ref J-9]", "Date": "2026-09-30", "Status": status,
        "JournalLines": [
            { "LineAmount": 100, "AccountCode": "463" }, { "LineAmount": -100, "AccountCode": code },
        ],
    })
}

#[tokio::test]
async fn a_draft_journal_loses_an_unknown_account_with_a_warning_and_cannot_be_posted_so() {
    let scene = Scene::with(5).await;
    let made = scene.made("/ManualJournals", journal("DRAFT", "476")).await;
    let warning = "Account code '476' has been removed as it does not match a recognised account.";
    assert_eq!(made["Warnings"][0]["Message"], warning);
    let line = &made["JournalLines"][1];
    assert_eq!((line.get("AccountCode"), line.get("AccountID")), (None, None));
    let listed = scene.made("/ManualJournals?summarizeErrors=false", journal("DRAFT", "477X")).await;
    assert_eq!(listed["StatusAttributeString"], "WARNING");
    let path = format!("/ManualJournals/{}", made["ManualJournalID"].as_str().unwrap());
    let kept = scene.get(&path).await["ManualJournals"][0].clone();
    assert!(kept["JournalLines"][1].get("AccountID").is_none(), "the account stays lost");
    assert!(
        messages(&scene.post(&path, json!({ "Status": "POSTED" })).await).contains("Account code must be specified")
    );
    let refused = messages(&scene.put("/ManualJournals", journal("POSTED", "476")).await);
    assert!(refused.contains("Account code '476' is not a valid code for this document"), "{refused}");
}

#[tokio::test]
async fn messages_sit_on_the_line_or_the_contact_they_are_about() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("AUTHORISED").await;
    let mut second = bill["LineItems"][0].clone();
    second["AccountCode"] = json!("999");
    bill["LineItems"] = json!([bill["LineItems"][0], second]);
    let unknown = "Account code '999' is not a valid code for this document.";
    let answer = body(&scene.put("/Invoices", bill.clone()).await);
    let at = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    assert_eq!(told(&answer["Elements"][0], "Message"), [at("/LineItems/1", unknown)]);
    let listed = body(&scene.put("/Invoices?summarizeErrors=false", bill.clone()).await);
    assert_eq!(listed["Invoices"][0]["StatusAttributeString"], "ERROR");
    assert_eq!(told(&listed["Invoices"][0], "Description"), [at("/LineItems/1", unknown)]);
    assert_eq!(told(&listed["Invoices"][0], "Message"), [], "a bulk answer says Description");
    let refused = body(&scene.put("/ManualJournals", journal("POSTED", "090")).await);
    assert_eq!(told(&refused["Elements"][0], "Message")[0].0, "/JournalLines/1");
    let contact = scene.made("/Contacts", json!({ "Name": "Lychgate Tools Ltd" })).await["ContactID"].clone();
    let path = format!("/Contacts/{}", contact.as_str().unwrap());
    first(&scene.post(&path, json!({ "ContactStatus": "ARCHIVED" })).await);
    bill["Contact"] = json!({ "ContactID": contact });
    bill["LineItems"] = json!([bill["LineItems"][0]]);
    let refused = body(&scene.put("/Invoices", bill).await);
    let element = &refused["Elements"][0];
    assert!(
        told(element, "Message").iter().all(|(path, _)| path == "/Contact") && !told(element, "Message").is_empty()
    );
    assert_eq!(element["Contact"]["HasValidationErrors"], true);
}

#[tokio::test]
async fn a_refused_element_comes_back_whole() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["Url"] = json!("https://ledgerlane.example/d/7");
    bill["LineItems"][0]["Quantity"] = json!(-1);
    let answer = body(&scene.put("/Invoices", bill.clone()).await);
    let element = &answer["Elements"][0];
    for (name, value) in bill.as_object().unwrap() {
        match name.as_str() {
            "LineItems" | "Contact" => (),
            _ => assert_eq!(element[name], *value, "{name}"),
        }
    }
    for (name, value) in bill["LineItems"][0].as_object().unwrap() {
        assert_eq!(element["LineItems"][0][name], *value, "{name}");
    }
    assert_eq!(element["Contact"]["ContactID"], bill["Contact"]["ContactID"]);
    assert_eq!(element["InvoiceID"], "00000000-0000-0000-0000-000000000000");
    assert_eq!((&element["HasErrors"], &element["ValidationErrors"]), (&json!(true), &json!([])));
}

#[tokio::test]
async fn a_date_with_an_offset_is_the_day_of_utc() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["Date"] = json!("2026-10-05T00:00:00+13:00");
    assert_eq!(scene.made("/Invoices", bill.clone()).await["DateString"], "2026-10-04T00:00:00");
    bill["Date"] = json!("2026-10-05Tnoon");
    assert_eq!(body(&scene.put("/Invoices", bill).await)["ErrorNumber"], 14);
}

#[tokio::test]
async fn approval_looks_again_at_what_a_draft_names() {
    let scene = Scene::with(5).await;
    let contact = scene.made("/Contacts", json!({ "Name": "Lychgate Tools Ltd" })).await["ContactID"].clone();
    let mut bill = scene.bill("DRAFT").await;
    bill["Contact"] = json!({ "ContactID": contact });
    let bill = scene.made("/Invoices", bill).await;
    let posted = scene.made("/ManualJournals", journal("DRAFT", "801")).await;
    scene.xero.archive_account(scene.tenant, scene.account("463").await.parse().unwrap()).unwrap();
    scene.xero.archive_contact(scene.tenant, contact.as_str().unwrap().parse().unwrap()).unwrap();
    let path = format!("/Invoices/{}", bill["InvoiceID"].as_str().unwrap());
    let refused = messages(&scene.post(&path, json!({ "Status": "AUTHORISED" })).await);
    assert!(refused.contains("Account code '463' has been archived, or has been deleted"), "{refused}");
    assert!(refused.contains("must be un-archived"), "{refused}");
    let path = format!("/ManualJournals/{}", posted["ManualJournalID"].as_str().unwrap());
    let refused = messages(&scene.post(&path, json!({ "Status": "POSTED" })).await);
    assert!(refused.contains("Account code '463' has been archived, or has been deleted"), "{refused}");
}

#[tokio::test]
async fn approved_money_needs_an_account_and_words_do_not() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("AUTHORISED").await;
    bill["LineItems"] = json!([bill["LineItems"][0], { "Description": "Hosting", "LineAmount": 10.00 }]);
    let missing = "Account code must be specified for each line of an approved document";
    assert!(messages(&scene.put("/Invoices", bill.clone()).await).contains(missing));
    bill["LineItems"][1] = json!({ "Description": "Thank you for waiting" });
    assert_eq!(scene.made("/Invoices", bill.clone()).await["SubTotal"].to_string(), "100.00");
    let spend = json!({
        "Type": "SPEND", "Contact": bill["Contact"], "BankAccount": { "Code": "090" }, "Date": "2026-10-03",
        "LineItems": [{ "Description": "Fare", "LineAmount": 4.20 }],
    });
    assert!(messages(&scene.put("/BankTransactions", spend).await).contains(missing));
}

#[tokio::test]
async fn amounts_have_bounds() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["LineItems"][0]["UnitAmount"] = json!(9_999_999_999.99);
    assert_eq!(scene.put("/Invoices", bill.clone()).await.status, 200);
    let too_large = "LineAmount must not be greater than 9999999999.99";
    bill["LineItems"][0]["Quantity"] = json!(2);
    assert!(messages(&scene.put("/Invoices", bill.clone()).await).contains(too_large));
    bill["LineItems"][0]["UnitAmount"] = json!("79228162514264337593543950335");
    assert!(messages(&scene.put("/Invoices", bill.clone()).await).contains(too_large));
    let mut huge = journal("DRAFT", "801");
    huge["JournalLines"][0]["LineAmount"] = json!(10_000_000_000_i64);
    assert!(messages(&scene.put("/ManualJournals", huge).await).contains(too_large));
    for unit in [0, -5] {
        let receive = json!({
            "Type": "RECEIVE", "Contact": bill["Contact"], "BankAccount": { "Code": "090" }, "Date": "2026-10-03",
            "LineItems": [
                { "Description": "Sale", "Quantity": 1, "UnitAmount": 20, "AccountCode": "200" },
                { "Description": "Discount", "Quantity": 1, "UnitAmount": unit, "AccountCode": "200" },
            ],
        });
        let refused = messages(&scene.put("/BankTransactions", receive).await);
        assert!(refused.contains("UnitAmount must be greater than zero"), "{unit}: {refused}");
    }
}

#[tokio::test]
async fn a_kept_tax_type_must_fit_a_new_account() {
    let scene = Scene::with(5).await;
    let bill = scene.made("/Invoices", scene.bill("DRAFT").await).await;
    let path = format!("/Invoices/{}", bill["InvoiceID"].as_str().unwrap());
    let moved = |code: &str| json!({ "LineItems": [{ "LineItemID": bill["LineItems"][0]["LineItemID"], "AccountCode": code }] });
    let refused = messages(&scene.post(&path, moved("200")).await);
    assert!(refused.contains("The TaxType code 'INPUT2' cannot be used with account code '200'"), "{refused}");
    assert_eq!(first(&scene.post(&path, moved("469")).await)["LineItems"][0]["TaxType"], "INPUT2");
}

#[tokio::test]
async fn an_unknown_tracking_option_is_dropped_on_bank_money_and_journals_and_refused_elsewhere() {
    let scene = Scene::with(5).await;
    let tracking = json!([{ "Name": "Region", "Option": "Atlantis" }]);
    let mut bill = scene.bill("DRAFT").await;
    bill["LineItems"][0]["Tracking"] = tracking.clone();
    assert!(messages(&scene.put("/Invoices", bill.clone()).await).contains("tracking category or option"));
    let mut entry = journal("POSTED", "801");
    entry["JournalLines"][0]["Tracking"] = tracking;
    let made = scene.made("/ManualJournals", entry).await;
    assert_eq!((&made["JournalLines"][0]["Tracking"], made.get("Warnings")), (&json!([]), None));
    let spend = json!({
        "Type": "SPEND", "Contact": bill["Contact"], "BankAccount": { "Code": "090" }, "LineItems": bill["LineItems"],
    });
    assert_eq!(scene.made("/BankTransactions", spend).await["LineItems"][0]["Tracking"], json!([]));
}

#[tokio::test]
async fn links_must_not_look_like_xeros_own() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    let refuses = |answer: &_| messages(answer).contains("Url must not contain");
    let mut entry = journal("DRAFT", "801");
    let mut spend = json!({
        "Type": "SPEND", "Contact": bill["Contact"], "BankAccount": { "Code": "090" }, "LineItems": bill["LineItems"],
    });
    for url in ["https://app.example/xero/1", "https://XeRo.example/1"] {
        (bill["Url"], entry["Url"], spend["Url"]) = (json!(url), json!(url), json!(url));
        assert!(refuses(&scene.put("/Invoices", bill.clone()).await), "{url}");
        assert!(refuses(&scene.put("/ManualJournals", entry.clone()).await), "{url}");
        assert!(refuses(&scene.put("/BankTransactions", spend.clone()).await), "{url}");
    }
}

#[tokio::test]
async fn taking_back_an_allocation_respects_lock_dates() {
    let scene = Scene::with(5).await;
    let bill = scene.made("/Invoices", scene.bill("AUTHORISED").await).await;
    let note = json!({
        "Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "Contact": { "ContactID": bill["Contact"]["ContactID"] },
        "Date": "2026-10-03", "LineItems": scene.bill("DRAFT").await["LineItems"],
    });
    let note = scene.made("/CreditNotes", note).await;
    let path = format!("/CreditNotes/{}/Allocations", note["CreditNoteID"].as_str().unwrap());
    let part = json!({ "Amount": 20, "Invoice": { "InvoiceID": bill["InvoiceID"] } });
    let made = first(&scene.put(&path, part).await);
    let one = format!("{path}/{}", made["AllocationID"].as_str().unwrap());
    scene.xero.set_lock_dates(scene.tenant, Some("2026-10-03".parse().unwrap()), None);
    let refused = scene.call(Method::Delete, &one, &[], "").await;
    assert!(messages(&refused).contains("period lock date, currently set at 03-Oct-2026"));
    scene.xero.set_lock_dates(scene.tenant, None, None);
    assert_eq!(scene.call(Method::Delete, &one, &[], "").await.status, 200);
}

#[tokio::test]
async fn a_reconciled_transfer_stays() {
    let scene = Scene::with(5).await;
    let made = scene.xero.transfer(scene.tenant, "090", "091", "5".parse().unwrap()).unwrap();
    let into = made["ToBankTransactionID"].as_str().unwrap().parse().unwrap();
    let path = format!("/BankTransfers/{}", made["BankTransferID"].as_str().unwrap());
    scene.xero.reconcile(scene.tenant, into, true).unwrap();
    assert!(messages(&scene.post(&path, json!({ "Status": "DELETED" })).await).contains("has been reconciled"));
    scene.xero.reconcile(scene.tenant, into, false).unwrap();
    assert_eq!(first(&scene.post(&path, json!({ "Status": "DELETED" })).await)["Status"], "DELETED");
}

#[tokio::test]
async fn a_request_holds_fifty_elements_and_three_and_a_half_megabytes() {
    let scene = Scene::with(5).await;
    let many = |count: usize| -> Value {
        let named = (0..count).map(|at| json!({ "Name": format!("Branch {at}") }));
        json!({ "Contacts": named.collect::<Vec<_>>() })
    };
    let refused = scene.put("/Contacts?summarizeErrors=false", many(51)).await;
    assert_eq!((refused.status, &body(&refused)["ErrorNumber"]), (400, &json!(14)));
    assert_eq!(scene.put("/Contacts?summarizeErrors=false", many(50)).await.status, 200);
    let items = |count: usize| -> Value {
        let named = (0..count).map(|at| json!({ "Code": format!("B-{at}") }));
        json!({ "Items": named.collect::<Vec<_>>() })
    };
    assert_eq!(scene.put("/Items?summarizeErrors=false", items(501)).await.status, 400);
    assert_eq!(scene.put("/Items?summarizeErrors=false", items(500)).await.status, 200);
    let mut bill = scene.bill("DRAFT").await;
    bill["Padding"] = json!("x".repeat(3_500_000));
    let refused = scene.put("/Invoices", bill).await;
    assert_eq!(refused.status, 413, "{}", text(&refused));
}

#[tokio::test]
async fn an_order_needs_a_supplier_one_has_and_is_sent_once_approved() {
    let scene = Scene::with(5).await;
    let order = |contact: Value| {
        json!({
            "Contact": contact, "Date": "2026-10-03",
            "LineItems": [{ "Description": "Timber", "Quantity": 2, "UnitAmount": 30.00, "AccountCode": "310" }],
        })
    };
    let refused = messages(&scene.put("/PurchaseOrders", order(json!({ "Name": "Nobody Yet Known" }))).await);
    assert!(refused.contains("The contact must exist"), "{refused}");
    let mut draft = order(json!({ "ContactID": scene.contact().await }));
    draft["SentToContact"] = json!(true);
    let made = scene.made("/PurchaseOrders", draft).await;
    let warning = "Only AUTHORISED and BILLED purchase orders may have SentToContact updated.";
    assert_eq!((&made["Warnings"][0]["Message"], &made["SentToContact"]), (&json!(warning), &json!(false)));
    let path = format!("/PurchaseOrders/{}", made["PurchaseOrderID"].as_str().unwrap());
    for status in ["AUTHORISED", "BILLED"] {
        first(&scene.post(&path, json!({ "Status": status })).await);
    }
    let sent = first(&scene.post(&path, json!({ "SentToContact": true })).await);
    assert_eq!((sent.get("Warnings"), &sent["SentToContact"]), (None, &json!(true)));
}

#[tokio::test]
async fn a_refused_batch_leaves_no_trace_in_histories_and_short_lists() {
    let scene = Scene::with(5).await;
    let mut bill = scene.made("/Invoices", scene.bill("DRAFT").await).await;
    let path = format!("/Invoices/{}/History", bill["InvoiceID"].as_str().unwrap());
    let before = scene.get(&path).await["HistoryRecords"].clone();
    bill = json!({ "InvoiceID": bill["InvoiceID"], "DueDate": "2026-11-30" });
    let mut bad = scene.bill("DRAFT").await;
    bad["LineItems"][0]["Quantity"] = json!(-1);
    assert_eq!(scene.post("/Invoices", json!({ "Invoices": [bill, bad] })).await.status, 400);
    assert_eq!(scene.get(&path).await["HistoryRecords"], before);
    let two = json!({ "Currencies": [{ "Code": "NZD" }, { "Code": "nowhere" }] });
    assert_eq!(scene.put("/Currencies", two).await.status, 400);
    let currencies = scene.get("/Currencies").await;
    assert!(currencies["Currencies"].as_array().unwrap().iter().all(|each| each["Code"] != "NZD"));
}
