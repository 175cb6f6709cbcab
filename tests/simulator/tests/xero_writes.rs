//! Writes: Xero's rules and its words for breaking them.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use scene::{Scene, body, first, messages};
use serde_json::{Value, json};

fn line(code: &str, tax: &str, amount: Value) -> Value {
    json!({ "Description": "Work", "Quantity": 1, "UnitAmount": amount, "AccountCode": code, "TaxType": tax })
}

/// Sends one changed bill and expects a refusal that says so.
async fn refused(scene: &Scene, status: &str, change: impl Fn(&mut Value), expected: &str) {
    let mut bill = scene.bill(status).await;
    change(&mut bill);
    let answer = scene.put("/Invoices", json!({ "Invoices": [bill] })).await;
    assert!(messages(&answer).contains(expected), "{} lacks {expected}", messages(&answer));
    assert_eq!(body(&answer)["ErrorNumber"], 10);
}

#[tokio::test]
async fn bad_lines_are_refused_in_xeros_words() {
    let scene = Scene::with(5).await;
    let put = |name: &'static str, value: Value| move |bill: &mut Value| bill["LineItems"][0][name] = value.clone();
    refused(
        &scene,
        "AUTHORISED",
        put("AccountCode", json!("999")),
        "Account code '999' is not a valid code for this document",
    )
    .await;
    refused(
        &scene,
        "AUTHORISED",
        put("AccountCode", json!("090")),
        "Account code '090' is not a valid code for this document",
    )
    .await;
    refused(
        &scene,
        "DRAFT",
        put("TaxType", json!("20% VAT")),
        "The TaxType code 20% VAT does not exist or cannot be used",
    )
    .await;
    refused(
        &scene,
        "DRAFT",
        put("TaxType", json!("OUTPUT2")),
        "The TaxType code 'OUTPUT2' cannot be used with account code '463'",
    )
    .await;
    refused(&scene, "DRAFT", put("Quantity", json!(-2)), "The quantity value '-2.0000' is invalid").await;
    refused(
        &scene,
        "DRAFT",
        |bill| bill["CurrencyCode"] = json!("JPY"),
        "Organisation is not subscribed to currency JPY",
    )
    .await;
}

#[tokio::test]
async fn an_unknown_account_on_a_draft_is_dropped_with_a_warning() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["LineItems"][0]["AccountCode"] = json!("476");
    let made = scene.made("/Invoices?summarizeErrors=false", json!({ "Invoices": [bill] })).await;
    assert_eq!(made["StatusAttributeString"], "WARNING");
    let warning = "Account code '476' has been removed as it does not match a recognised account.";
    assert_eq!(made["Warnings"][0]["Message"], warning);
    assert!(made["LineItems"][0].get("AccountCode").is_none());
}

#[tokio::test]
async fn one_bad_element_fails_the_call_or_only_itself() {
    let scene = Scene::with(5).await;
    let good = scene.bill("DRAFT").await;
    let mut bad = good.clone();
    bad["LineItems"][0]["TaxType"] = json!("NOSUCH");
    let before = scene.get("/Invoices").await["Invoices"].as_array().unwrap().len();
    let answer = scene.put("/Invoices", json!({ "Invoices": [good, bad] })).await;
    assert_eq!(body(&answer)["Elements"][0]["InvoiceNumber"], "SUP-9912");
    assert_eq!(scene.get("/Invoices").await["Invoices"].as_array().unwrap().len(), before);
    let answer = scene.put("/Invoices?summarizeErrors=false", json!({ "Invoices": [good, bad] })).await;
    let body = body(&answer);
    assert_eq!((answer.status, &body["Invoices"][0]["StatusAttributeString"]), (200, &json!("OK")));
    assert_eq!(body["Invoices"][1]["StatusAttributeString"], "ERROR");
    assert_eq!(scene.get("/Invoices").await["Invoices"].as_array().unwrap().len(), before + 1);
}

#[tokio::test]
async fn unreadable_values_and_empty_bodies_have_their_own_errors() {
    let scene = Scene::with(5).await;
    let journal = json!({ "ManualJournals": [{ "Narration": "x", "LineAmountTypes": "NO_TAX", "JournalLines": [] }] });
    let answer = body(&scene.put("/ManualJournals", journal).await);
    assert_eq!((&answer["ErrorNumber"], &answer["Type"]), (&json!(14), &json!("PostDataInvalidException")));
    assert!(answer["Message"].as_str().unwrap().ends_with("Path 'ManualJournals[0].LineAmountTypes'."));
    let answer = body(&scene.put("/ManualJournals", json!({ "Journals": [{ "Narration": "x" }] })).await);
    assert_eq!(answer["ErrorNumber"], 17);
}

#[tokio::test]
async fn tax_is_rounded_per_line_and_then_summed() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["LineItems"] = json!([line("463", "RRINPUT", json!(25.10)), line("463", "RRINPUT", json!(25.10))]);
    let made = scene.made("/Invoices", bill).await;
    assert_eq!(made["TotalTax"].to_string(), "2.52"); // 1.255 rounds to 1.26 on each line.
    assert_eq!(made["Total"].to_string(), "52.72");
}

#[tokio::test]
async fn sales_numbers_are_unique_and_a_post_with_one_updates() {
    let scene = Scene::with(5).await;
    let mut sale = scene.bill("DRAFT").await;
    (sale["Type"], sale["InvoiceNumber"]) = (json!("ACCREC"), json!("INV-0001"));
    sale["LineItems"] = json!([line("200", "OUTPUT2", json!(10))]);
    assert!(messages(&scene.put("/Invoices", sale.clone()).await).contains("Invoice # must be unique."));
    sale["InvoiceNumber"] = json!("NEW-1");
    let made = scene.made("/Invoices", sale.clone()).await;
    sale["Reference"] = json!("changed");
    let again = first(&scene.post("/Invoices", sale).await);
    assert_eq!((&again["InvoiceID"], &again["Reference"]), (&made["InvoiceID"], &json!("changed")));
    let bill = scene.bill("DRAFT").await;
    let (one, two) = (scene.made("/Invoices", bill.clone()).await, first(&scene.post("/Invoices", bill).await));
    assert_ne!(one["InvoiceID"], two["InvoiceID"], "a supplier's number is not unique");
}

#[tokio::test]
async fn lines_not_named_in_an_update_are_gone() {
    let scene = Scene::with(5).await;
    let mut bill = scene.bill("DRAFT").await;
    bill["LineItems"] = json!([line("463", "INPUT2", json!(10)), line("469", "INPUT2", json!(20))]);
    let made = scene.made("/Invoices", bill).await;
    let path = format!("/Invoices/{}", made["InvoiceID"].as_str().unwrap());
    let header = first(&scene.post(&path, json!({ "DueDate": "2026-11-30" })).await);
    assert_eq!(header["LineItems"].as_array().unwrap().len(), 2);
    let kept = json!({ "LineItems": [{ "LineItemID": made["LineItems"][1]["LineItemID"], "UnitAmount": 25 }] });
    let after = first(&scene.post(&path, kept).await);
    assert_eq!(after["LineItems"].as_array().unwrap().len(), 1);
    assert_eq!(
        (after["LineItems"][0]["AccountCode"].as_str(), after["SubTotal"].to_string()),
        (Some("469"), "25.00".into())
    );
}

#[tokio::test]
async fn payments_settle_and_protect_a_bill() {
    let scene = Scene::with(5).await;
    let bill = scene.made("/Invoices", scene.bill("AUTHORISED").await).await;
    let id = bill["InvoiceID"].as_str().unwrap().to_owned();
    let pay = |amount: f64| json!({ "Invoice": { "InvoiceID": id }, "Account": { "Code": "090" }, "Date": "2026-10-05", "Amount": amount });
    assert!(
        messages(&scene.put("/Payments", pay(120.01)).await).contains("Payment amount exceeds the amount outstanding")
    );
    let payment = scene.made("/Payments", pay(120.0)).await;
    let path = format!("/Invoices/{id}");
    let paid = scene.get(&path).await["Invoices"][0].clone();
    assert_eq!((paid["Status"].as_str(), paid["AmountDue"].to_string()), (Some("PAID"), "0.00".into()));
    assert_eq!(paid["Payments"][0]["PaymentID"], payment["PaymentID"]);
    let refused = scene.post(&path, json!({ "Status": "VOIDED" })).await;
    assert!(messages(&refused).contains("cannot be edited as it has a payment or credit note allocated"));
    let removed = scene
        .post(&format!("/Payments/{}", payment["PaymentID"].as_str().unwrap()), json!({ "Status": "DELETED" }))
        .await;
    assert_eq!(first(&removed)["Status"], "DELETED");
    assert_eq!(first(&scene.post(&path, json!({ "Status": "VOIDED" })).await)["Status"], "VOIDED");
    let refused = scene.post(&path, json!({ "Status": "AUTHORISED" })).await;
    assert!(messages(&refused).contains("Invoice not of valid status for modification"));
}

#[tokio::test]
async fn lock_dates_stop_approval_but_not_drafts() {
    let scene = Scene::with(5).await;
    scene.xero.set_lock_dates(scene.tenant, Some("2026-10-01".parse().unwrap()), None);
    let expected = "The document date cannot be before the period lock date, currently set at 01-Oct-2026";
    refused(&scene, "AUTHORISED", |_| (), expected).await;
    let draft = scene.made("/Invoices", scene.bill("DRAFT").await).await;
    let path = format!("/Invoices/{}", draft["InvoiceID"].as_str().unwrap());
    assert!(messages(&scene.post(&path, json!({ "Status": "AUTHORISED" })).await).contains(expected));
    let organisation = scene.get("/Organisation").await;
    assert_eq!(organisation["Organisations"][0]["PeriodLockDate"], "/Date(1790812800000+0000)/");
}

#[tokio::test]
async fn contacts_match_by_id_number_and_name_and_archived_ones_are_refused() {
    let scene = Scene::with(5).await;
    let made = scene.made("/Contacts", json!({ "Name": "Tidewater Crafts", "ContactNumber": "T-1" })).await;
    let clash = scene.put("/Contacts", json!({ "Name": "tidewater crafts" })).await;
    assert!(messages(&clash).contains("is already assigned to another contact"));
    let same = first(&scene.post("/Contacts", json!({ "ContactNumber": "T-1", "Name": "Tidewater Crafts Ltd" })).await);
    assert_eq!((&same["ContactID"], &same["Name"]), (&made["ContactID"], &json!("Tidewater Crafts Ltd")));
    let mut bill = scene.bill("DRAFT").await;
    bill["Contact"] = json!({ "Name": "Nobody Yet Known" });
    assert_eq!(scene.made("/Invoices", bill.clone()).await["Contact"]["Name"], "Nobody Yet Known");
    let path = format!("/Contacts/{}", made["ContactID"].as_str().unwrap());
    first(&scene.post(&path, json!({ "ContactStatus": "ARCHIVED" })).await);
    bill["Contact"] = json!({ "ContactID": made["ContactID"] });
    let refused = messages(&scene.put("/Invoices", bill).await);
    assert!(
        refused.contains("The status 'ARCHIVED' is not valid for contacts") && refused.contains("must be un-archived")
    );
}

fn journal(second: f64, code: &str) -> Value {
    json!({ "ManualJournals": [{
        "Narration": "Accrual [ref J-9]", "Date": "2026-09-30", "Status": "POSTED",
        "JournalLines": [{ "LineAmount": 100, "AccountCode": "463" }, { "LineAmount": second, "AccountCode": code }],
    }] })
}

#[tokio::test]
async fn journals_balance_and_keep_off_bank_and_system_accounts() {
    let scene = Scene::with(5).await;
    let text = messages(&scene.put("/ManualJournals", journal(-10.0, "801")).await);
    assert!(text.contains("The total debits (100.00) must equal total credits (-10.00)"), "{text}");
    for code in ["090", "610", "800", "960", "630"] {
        assert_eq!(scene.put("/ManualJournals", journal(-100.0, code)).await.status, 400, "{code}");
    }
    let made = scene.made("/ManualJournals", journal(-100.0, "801")).await;
    assert_eq!((made["Status"].as_str(), made["LineAmountTypes"].as_str()), (Some("POSTED"), Some("NoTax")));
    let found = scene.get("/ManualJournals?where=Narration==\"Accrual [ref J-9]\"").await;
    assert_eq!(found["ManualJournals"].as_array().unwrap().len(), 1);
    let path = format!("/ManualJournals/{}", made["ManualJournalID"].as_str().unwrap());
    let text = messages(&scene.post(&path, json!({ "Narration": "x", "Status": "VOID" })).await);
    assert!(text.contains("The status 'VOID' cannot be applied to the document"));
    scene.xero.set_lock_dates(scene.tenant, None, Some("2026-09-30".parse().unwrap()));
    let text = messages(&scene.post(&path, json!({ "Narration": "x", "Status": "VOIDED" })).await);
    assert!(text.contains("end of year lock date, currently set at 30-Sep-2026"));
    scene.xero.set_lock_dates(scene.tenant, None, None);
    assert_eq!(first(&scene.post(&path, json!({ "Narration": "x", "Status": "VOIDED" })).await)["Status"], "VOIDED");
    assert_eq!(scene.post(&path, json!({ "Narration": "x", "Status": "POSTED" })).await.status, 400);
}

#[tokio::test]
async fn archived_accounts_are_refused_and_used_ones_cannot_be_deleted() {
    let scene = Scene::with(20).await;
    let id = scene.account("463").await.parse().unwrap();
    scene.xero.archive_account(scene.tenant, id).unwrap();
    refused(&scene, "DRAFT", |_| (), "Account code '463' has been archived, or has been deleted").await;
    let path = format!("/Accounts/{id}");
    assert_eq!(scene.call(ports::Method::Delete, &path, &[], "").await.status, 400);
}

#[tokio::test]
async fn a_new_due_date_on_a_part_paid_bill_leaves_no_trace_in_time() {
    let scene = Scene::with(5).await;
    let bill = scene.made("/Invoices", scene.bill("AUTHORISED").await).await;
    let id = bill["InvoiceID"].as_str().unwrap().to_owned();
    let pay =
        json!({ "Invoice": { "InvoiceID": id }, "Account": { "Code": "090" }, "Date": "2026-10-05", "Amount": 20 });
    scene.made("/Payments", pay).await;
    let path = format!("/Invoices/{id}");
    let before = scene.get(&path).await["Invoices"][0].clone();
    scene.clock.pass(100);
    let after = first(&scene.post(&path, json!({ "DueDate": "2026-12-24" })).await);
    assert_eq!(
        (&after["UpdatedDateUTC"], after["DueDateString"].as_str()),
        (&before["UpdatedDateUTC"], Some("2026-12-24T00:00:00"))
    );
    let lines = json!({ "LineItems": [line("463", "INPUT2", json!(1))] });
    assert!(messages(&scene.post(&path, lines).await).contains("payment or credit note allocated"));
}

#[tokio::test]
async fn an_allocation_uses_a_credit_on_a_bill_and_can_be_taken_back() {
    let scene = Scene::with(5).await;
    let bill = scene.made("/Invoices", scene.bill("AUTHORISED").await).await;
    let note = json!({
        "Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "Contact": { "ContactID": bill["Contact"]["ContactID"] },
        "Date": "2026-10-03", "LineItems": [line("463", "INPUT2", json!(100))],
    });
    let note = scene.made("/CreditNotes", note).await;
    let path = format!("/CreditNotes/{}/Allocations", note["CreditNoteID"].as_str().unwrap());
    let part = |amount: f64| json!({ "Amount": amount, "Invoice": { "InvoiceID": bill["InvoiceID"] } });
    assert_eq!(scene.put(&path, part(121.0)).await.status, 400);
    let made = first(&scene.put(&path, part(120.0)).await);
    let date: i64 = made["Date"].as_str().unwrap()[6..19].parse().unwrap();
    assert_eq!(date / 86_400_000, 1_790_985_600_000 / 86_400_000, "the later of both dates, with a time of day");
    let paid = scene.get(&format!("/Invoices/{}", bill["InvoiceID"].as_str().unwrap())).await["Invoices"][0].clone();
    assert_eq!((paid["Status"].as_str(), paid["AmountCredited"].to_string()), (Some("PAID"), "120.00".into()));
    assert!(messages(&scene.put(&path, part(1.0)).await).contains("has already been paid off"));
    let one = format!("{path}/{}", made["AllocationID"].as_str().unwrap());
    assert_eq!(body(&scene.call(ports::Method::Delete, &one, &[], "").await)["IsDeleted"], true);
    let open = scene.get(&format!("/Invoices/{}", bill["InvoiceID"].as_str().unwrap())).await["Invoices"][0].clone();
    assert_eq!((open["Status"].as_str(), open["AmountDue"].to_string()), (Some("AUTHORISED"), "120.00".into()));
}

#[tokio::test]
async fn bank_money_needs_a_bank_account_and_reconciled_entries_stay() {
    let scene = Scene::with(20).await;
    let contact = scene.contact().await;
    let spend = |code: &str| {
        json!({
            "Type": "SPEND", "Contact": { "ContactID": contact }, "BankAccount": { "Code": code }, "Date": "2026-10-03",
            "LineAmountTypes": "Inclusive", "LineItems": [line("493", "INPUT2", json!(12))],
        })
    };
    assert!(messages(&scene.put("/BankTransactions", spend("463")).await).contains("Account must be valid."));
    let made = scene.made("/BankTransactions", spend("090")).await;
    assert_eq!((made["SubTotal"].to_string(), made["TotalTax"].to_string()), ("10.00".into(), "2.00".into()));
    assert_eq!(made["IsReconciled"], false);
    let id = made["BankTransactionID"].as_str().unwrap().to_owned();
    scene.xero.reconcile(scene.tenant, id.parse().unwrap(), true).unwrap();
    let path = format!("/BankTransactions/{id}");
    assert_eq!(scene.post(&path, json!({ "Status": "DELETED" })).await.status, 400);
    scene.xero.reconcile(scene.tenant, id.parse().unwrap(), false).unwrap();
    assert_eq!(first(&scene.post(&path, json!({ "Status": "DELETED" })).await)["Status"], "DELETED");
    let open = scene.get("/BankTransactions?where=IsReconciled==false AND Status==\"AUTHORISED\"&page=1").await;
    assert!(open["BankTransactions"].as_array().unwrap().iter().all(|each| each["IsReconciled"] == false));
}
