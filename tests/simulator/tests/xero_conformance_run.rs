//! One broad run over every operation, recorded. With `COUNTERFOIL_RECORDS=folder` the records are written there, to be
//! checked against Xero's own specification.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use std::io::Write;
use std::sync::{Arc, Mutex};

use ports::Method;
use scene::{Scene, first, text};
use serde_json::{Value, json};
use simulator::xero::record::Recorder;
use simulator::xero::{DemoSettings, Fault, Xero};

/// A file, or a buffer when no file is asked for.
struct Sink(Option<std::fs::File>, Arc<Mutex<usize>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        *self.1.lock().unwrap() += bytes.len();
        match &mut self.0 {
            Some(file) => file.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn start(demo: DemoSettings, name: &str) -> (Scene, Arc<Mutex<usize>>) {
    let scene = Scene::unconnected(demo);
    let written = Arc::new(Mutex::new(0));
    let folder = std::env::var("COUNTERFOIL_RECORDS").ok();
    let file = folder.map(|folder| std::fs::File::create(format!("{folder}/broad-run-{name}.jsonl")).unwrap());
    scene.xero.record(Recorder::new(Box::new(Sink(file, written.clone()))));
    (scene, written)
}

async fn reads(scene: &Scene) {
    for path in [
        "/Organisation",
        "/Organisation/Actions",
        "/Accounts",
        "/TaxRates",
        "/TaxRates/NONE",
        "/Currencies",
        "/TrackingCategories?includeArchived=true",
        "/Contacts",
        "/Contacts?page=1&pageSize=50&includeArchived=true",
        "/Contacts?summaryOnly=true",
        "/Items?unitdp=4",
        "/Invoices",
        "/Invoices?page=1&unitdp=4",
        "/Invoices?summaryOnly=true&page=2&pageSize=20",
        "/Invoices?where=Status==\"PAID\" AND Date>=DateTime(2026,01,01)&order=Date DESC&page=1",
        "/Invoices?Statuses=DRAFT,SUBMITTED&page=1",
        "/CreditNotes",
        "/CreditNotes?page=1",
        "/PurchaseOrders?page=1",
        "/Payments",
        "/Payments?page=1",
        "/Prepayments?page=1",
        "/Overpayments?page=1",
        "/BankTransactions",
        "/BankTransactions?page=1&pageSize=1000",
        "/BankTransfers",
        "/BankTransfers?includeDeleted=true",
        "/ManualJournals",
        "/ManualJournals?page=1",
    ] {
        let body = scene.get(path).await;
        let list = body.as_object().unwrap().iter().find(|(_, value)| value.is_array()).unwrap();
        let id_name = match list.0.as_str() {
            "Organisations" | "Actions" | "TaxRates" | "Currencies" => continue,
            "TrackingCategories" => "TrackingCategoryID".to_owned(),
            plural => format!("{}ID", plural.trim_end_matches('s')),
        };
        if let Some(id) = list.1[0][&id_name].as_str() {
            let collection = path.split('?').next().unwrap();
            scene.get(&format!("{collection}/{id}")).await;
        }
        scene.clock.pass(2);
    }
    scene.get("/Invoices/INV-0001").await;
    scene.get("/PurchaseOrders/PO-0001").await;
    scene.get("/Reports/TrialBalance").await;
    scene.get("/Reports/TrialBalance?date=2026-03-31&paymentsOnly=false").await;
}

async fn invoices(scene: &Scene) -> Value {
    let bill = scene.made("/Invoices", json!({ "Invoices": [scene.bill("AUTHORISED").await] })).await;
    let id = bill["InvoiceID"].as_str().unwrap().to_owned();
    let path = format!("/Invoices/{id}");
    let nowhere = "/Invoices/6f0f0c4e-0000-4000-8000-000000000001/History";
    assert_eq!(scene.put(nowhere, json!({ "HistoryRecords": [{ "Details": "x" }] })).await.status, 404);
    first(
        &scene.put(&format!("{path}/History"), json!({ "HistoryRecords": [{ "Details": "Seen by the buyer" }] })).await,
    );
    scene.get(&format!("{path}/History")).await;
    let account = scene.account("090").await;
    let pay = json!({ "Payments": [{
        "Invoice": { "InvoiceID": id }, "Account": { "AccountID": account }, "Date": "2026-10-04", "Amount": 20.00,
    }] });
    let payment = scene.made("/Payments", pay).await;
    let too_much = json!({ "Payments": [{
        "Invoice": { "InvoiceID": id }, "Account": { "AccountID": account }, "Date": "2026-10-04", "Amount": 900.00,
    }] });
    assert_eq!(scene.put("/Payments", too_much).await.status, 400);
    let path = format!("/Payments/{}", payment["PaymentID"].as_str().unwrap());
    first(&scene.post(&path, json!({ "Payments": [{ "Status": "DELETED" }] })).await);
    let mut draft = scene.bill("DRAFT").await;
    draft["InvoiceNumber"] = json!("SUP-2");
    draft["LineItems"][0]["AccountCode"] = json!("999");
    let mut wrong = draft.clone();
    wrong["LineItems"][0]["TaxType"] = json!("NOSUCH");
    let mixed = scene.put("/Invoices?summarizeErrors=false&unitdp=4", json!({ "Invoices": [draft, wrong] })).await;
    assert_eq!(mixed.status, 200, "{}", text(&mixed));
    first(&scene.post(&format!("/Invoices/{id}"), json!({ "Invoices": [{ "Status": "VOIDED" }] })).await);
    bill
}

async fn credits(scene: &Scene) {
    let contact = scene.contact().await;
    let mut bill = scene.bill("AUTHORISED").await;
    bill["InvoiceNumber"] = json!("SUP-9913");
    let bill = scene.made("/Invoices", json!({ "Invoices": [bill] })).await;
    let note = json!({ "CreditNotes": [{
        "Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "Contact": { "ContactID": contact }, "Date": "2026-10-02",
        "CreditNoteNumber": "CR-1",
        "LineItems": [{ "Description": "Returned", "Quantity": 1, "UnitAmount": 10.00, "AccountCode": "463", "TaxType": "INPUT2" }],
    }] });
    let note = scene.made("/CreditNotes", note).await;
    let path = format!("/CreditNotes/{}", note["CreditNoteID"].as_str().unwrap());
    let amount = json!({ "Allocations": [{ "Amount": 5.00, "Date": "2026-10-02", "Invoice": { "InvoiceID": bill["InvoiceID"] } }] });
    let made = first(&scene.put(&format!("{path}/Allocations"), amount).await);
    scene.get(&path).await;
    scene.get(&format!("/Invoices/{}", bill["InvoiceID"].as_str().unwrap())).await;
    let allocation = made["AllocationID"].as_str().unwrap();
    let gone = scene.call(Method::Delete, &format!("{path}/Allocations/{allocation}"), &[], "").await;
    assert_eq!(gone.status, 200);
    first(&scene.post(&path, json!({ "CreditNotes": [{ "Status": "VOIDED" }] })).await);
}

async fn journals(scene: &Scene) {
    let journal = |narration: &str, second: f64| {
        json!({ "ManualJournals": [{
            "Narration": narration, "Date": "2026-09-30", "Status": "POSTED", "LineAmountTypes": "NoTax",
            "JournalLines": [
                { "LineAmount": 250.00, "AccountCode": "463", "TaxType": "NONE" },
                { "LineAmount": second, "AccountCode": "801", "TaxType": "NONE" },
            ],
        }] })
    };
    let key = [("Idempotency-Key", "journal-771-1")];
    let payload = journal("Accrual [ref J-771]", -250.0).to_string();
    let made = scene.call(Method::Put, "/ManualJournals", &key, &payload).await;
    let again = scene.call(Method::Put, "/ManualJournals", &key, &payload).await;
    assert_eq!(made.body, again.body);
    scene.get("/ManualJournals?where=Narration==\"Accrual [ref J-771]\"&page=1").await;
    let path = format!("/ManualJournals/{}", first(&made)["ManualJournalID"].as_str().unwrap());
    first(
        &scene
            .post(&path, json!({ "ManualJournals": [{ "Narration": "Accrual [ref J-771]", "Status": "VOIDED" }] }))
            .await,
    );
    scene.get(&format!("{path}/History")).await;
}

async fn advance(scene: &Scene, plural: &str, id: &str) -> String {
    scene.get(&format!("/{plural}?page=1")).await[plural][0][id].as_str().unwrap().to_owned()
}

/// A file goes up, is listed, and comes back.
async fn attachments(scene: &Scene) {
    let invoice = scene.get("/Invoices/INV-0001").await["Invoices"][0]["InvoiceID"].as_str().unwrap().to_owned();
    let (bearer, tenant) = (format!("Bearer {}", scene.access()), scene.tenant.to_string());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("xero-tenant-id", tenant.as_str()),
        ("Accept", "application/json"),
        ("Content-Type", "application/pdf"),
        ("Idempotency-Key", "file-1"),
    ];
    let url = format!("https://api.xero.com/api.xro/2.0/Invoices/{invoice}/Attachments");
    let up = scene.raw(Method::Put, &format!("{url}/receipt.pdf"), &headers, "%PDF-1.7 nearly").await.unwrap();
    assert_eq!(first(&up)["ContentLength"], 15);
    let listed = scene.get(&format!("/Invoices/{invoice}/Attachments")).await;
    assert_eq!(listed["Attachments"][0]["FileName"], "receipt.pdf");
    let plain = [headers[0], headers[1], ("Accept", "application/pdf")];
    let back = scene.raw(Method::Get, &format!("{url}/receipt.pdf"), &plain, "").await.unwrap();
    assert_eq!((back.status, text(&back).as_str()), (200, "%PDF-1.7 nearly"));
    assert_eq!(scene.get(&format!("/Invoices/{invoice}")).await["Invoices"][0]["HasAttachments"], true);
    let ten = (1..10).map(|number| format!("file{number}.pdf"));
    for (at, name) in ten.chain(["one-too-many.pdf".to_owned()]).enumerate() {
        let key = format!("file-more-{at}");
        let headers = [headers[0], headers[1], headers[2], headers[3], ("Idempotency-Key", key.as_str())];
        let status = scene.raw(Method::Put, &format!("{url}/{name}"), &headers, "%PDF").await.unwrap().status;
        assert_eq!(status, if at == 9 { 400 } else { 200 }, "{name}");
    }
}

/// Operations that the other parts leave out.
async fn rest(scene: &Scene) {
    let contact = scene.contact().await;
    for (collection, id) in [("Contacts", contact.clone())] {
        let path = format!("/{collection}/{id}/History");
        first(&scene.put(&path, json!({ "HistoryRecords": [{ "Details": "Called" }] })).await);
        scene.get(&path).await;
    }
    first(
        &scene.post("/Contacts", json!({ "Contacts": [{ "Name": "Posted Partners", "ContactNumber": "PP-1" }] })).await,
    );
    scene.get("/Contacts/PP-1").await;
    let mut bill = scene.bill("DRAFT").await;
    bill["Type"] = json!("ACCREC");
    bill["InvoiceNumber"] = json!("AR-77");
    bill["LineItems"][0]["AccountCode"] = json!("200");
    bill["LineItems"][0]["TaxType"] = json!("OUTPUT2");
    first(&scene.post("/Invoices", json!({ "Invoices": [bill] })).await);
    let note = json!({ "CreditNotes": [{
        "Type": "ACCRECCREDIT", "Contact": { "ContactID": contact }, "Date": "2026-10-02",
        "LineItems": [{ "Description": "Goodwill", "Quantity": 1, "UnitAmount": 10.00, "AccountCode": "200", "TaxType": "OUTPUT2" }],
    }] });
    first(&scene.post("/CreditNotes", note).await);
    let path = format!("/Overpayments/{}/Allocations", advance(scene, "Overpayments", "OverpaymentID").await);
    let sale = scene.get("/Invoices?where=Type==\"ACCREC\" AND Status==\"AUTHORISED\"&page=1&order=Date DESC").await;
    let other = json!({ "Allocations": [{ "Amount": 1.00, "Date": "2026-10-02", "Invoice": { "InvoiceID": sale["Invoices"][0]["InvoiceID"] } }] });
    assert!(matches!(scene.put(&path, other).await.status, 200 | 400));
    let wire = json!({ "BankTransactions": [{
        "Type": "RECEIVE", "Contact": { "ContactID": contact }, "BankAccount": { "AccountID": scene.account("091").await },
        "Date": "2026-10-02", "LineItems": [{ "Description": "Interest", "Quantity": 1, "UnitAmount": 3.10, "AccountCode": "270" }],
    }] });
    first(&scene.post("/BankTransactions", wire).await);
    first(&scene.post("/Items", json!({ "Items": [{ "Code": "NUT", "Name": "Nut" }] })).await);
    let account = scene.account("090").await;
    let open = scene.get("/Invoices?where=Type==\"ACCPAY\" AND Status==\"AUTHORISED\"&page=1&order=Date DESC").await;
    let payment = json!({
        "Invoice": { "InvoiceID": open["Invoices"][0]["InvoiceID"] }, "Account": { "AccountID": account },
        "Date": "2026-10-04", "Amount": 1.00,
    });
    first(&scene.post("/Payments", payment).await);
    let over = scene.get("/Overpayments?page=1").await;
    scene.get(&format!("/Overpayments/{}", over["Overpayments"][0]["OverpaymentID"].as_str().unwrap())).await;
    let bearer = format!("Bearer {}", scene.access());
    let headers = [("Authorization", bearer.as_str()), ("Accept", "application/json")];
    let listed = scene.raw(Method::Get, "https://api.xero.com/connections", &headers, "").await.unwrap();
    let url = format!("https://api.xero.com/connections/{}", scene::body(&listed)[0]["id"].as_str().unwrap());
    assert_eq!(scene.raw(Method::Delete, &url, &headers, "").await.unwrap().status, 204);
    assert_eq!(scene.call(Method::Get, "/Organisation", &[], "").await.status, 403);
}

async fn settings(scene: &Scene) {
    let contact = scene.made("/Contacts", json!({ "Contacts": [{ "Name": "Lychgate Tools Ltd" }] })).await;
    let path = format!("/Contacts/{}", contact["ContactID"].as_str().unwrap());
    first(
        &scene
            .post(&path, json!({ "Contacts": [{ "ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED" }] }))
            .await,
    );
    let account = scene.made("/Accounts", json!({ "Code": "499A", "Name": "Sundry", "Type": "OVERHEADS" })).await;
    let path = format!("/Accounts/{}", account["AccountID"].as_str().unwrap());
    first(&scene.post(&path, json!({ "Accounts": [{ "Status": "ARCHIVED" }] })).await);
    first(&scene.call(Method::Delete, &path, &[], "").await);
    let item = json!({ "Items": [{ "Code": "BOLT", "Name": "Bolt", "SalesDetails": { "UnitPrice": 0.12, "AccountCode": "200", "TaxType": "OUTPUT2" } }] });
    let item = scene.made("/Items", item).await;
    let path = format!("/Items/{}", item["ItemID"].as_str().unwrap());
    first(&scene.post(&path, json!({ "Items": [{ "Code": "BOLT", "Name": "Steel bolt" }] })).await);
    assert_eq!(scene.call(Method::Delete, &path, &[], "").await.status, 204);
    scene.made("/Currencies", json!({ "Code": "NZD", "Description": "New Zealand Dollar" })).await;
    let rate = json!({ "TaxRates": [{ "Name": "Reduced", "TaxComponents": [{ "Name": "VAT", "Rate": 7.5, "IsCompound": false, "IsNonRecoverable": false }] }] });
    scene.made("/TaxRates", rate).await;
    let categories = scene.get("/TrackingCategories").await;
    let path =
        format!("/TrackingCategories/{}", categories["TrackingCategories"][0]["TrackingCategoryID"].as_str().unwrap());
    let option = first(&scene.put(&format!("{path}/Options"), json!({ "Name": "Islands" })).await);
    let option = format!("{path}/Options/{}", option["TrackingOptionID"].as_str().unwrap());
    first(&scene.post(&option, json!({ "Name": "Isles" })).await);
    first(&scene.call(Method::Delete, &option, &[], "").await);
}

async fn bank(scene: &Scene) {
    let (contact, account, other) = (scene.contact().await, scene.account("090").await, scene.account("091").await);
    let spend = |kind: &str, code: &str, tax: &str| {
        json!({ "BankTransactions": [{
            "Type": kind, "Contact": { "ContactID": contact }, "BankAccount": { "AccountID": account },
            "Date": "2026-10-03", "Reference": "card 4417", "LineAmountTypes": "Inclusive",
            "LineItems": [{ "Description": "Fare", "Quantity": 1, "UnitAmount": 42.50, "AccountCode": code, "TaxType": tax }],
        }] })
    };
    let made = scene.made("/BankTransactions", spend("SPEND", "493", "ZERORATEDINPUT")).await;
    let path = format!("/BankTransactions/{}", made["BankTransactionID"].as_str().unwrap());
    let gone = json!({ "BankTransactions": [{
        "Type": "SPEND", "BankAccount": { "AccountID": account }, "Status": "DELETED", "LineItems": [],
    }] });
    first(&scene.post(&path, gone).await);
    scene.made("/BankTransactions", spend("RECEIVE-PREPAYMENT", "810", "NONE")).await;
    scene.made("/BankTransactions", spend("RECEIVE-OVERPAYMENT", "610", "NONE")).await;
    scene.get("/Prepayments?page=1").await;
    let transfer = json!({ "BankTransfers": [{
        "FromBankAccount": { "AccountID": account }, "ToBankAccount": { "AccountID": other }, "Amount": 20.00, "Date": "2026-10-03",
    }] });
    let transfer = scene.made("/BankTransfers", transfer).await;
    let path = format!("/BankTransfers/{}", transfer["BankTransferID"].as_str().unwrap());
    first(&scene.post(&path, json!({ "Status": "DELETED" })).await);
    let order = json!({ "PurchaseOrders": [{
        "Contact": { "ContactID": contact }, "Date": "2026-10-03", "DeliveryDate": "2026-10-10",
        "LineItems": [{ "Description": "Timber", "Quantity": 2, "UnitAmount": 30.00, "AccountCode": "310" }],
    }] });
    let order = scene.made("/PurchaseOrders", order).await;
    let path = format!("/PurchaseOrders/{}", order["PurchaseOrderID"].as_str().unwrap());
    first(&scene.post(&path, json!({ "PurchaseOrders": [{ "Status": "AUTHORISED" }] })).await);
}

async fn deliveries(scene: &Scene) {
    let all = scene.xero.take_deliveries(scene.app).into_iter().chain(scene.xero.intent_to_receive(scene.app));
    for delivery in all {
        let status = if delivery.genuine { 200 } else { 401 };
        let at = "2026-10-05T10:00:00Z".parse().unwrap();
        scene.xero.record_delivery("https://app.example/webhooks", &delivery, (status, b""), at);
    }
    let spoiled = scene.xero.intent_to_receive(scene.app).pop().map(Xero::spoil);
    assert!(spoiled.is_some());
}

#[tokio::test]
async fn a_broad_run_works_and_is_recorded() {
    let (mut scene, written) = start(DemoSettings::sized(11, 120), "uk");
    scene.raw(Method::Get, "https://identity.xero.com/.well-known/openid-configuration", &[], "").await.unwrap();
    scene.tokens = scene.connect().await;
    scene.tokens = scene::body(&scene.refresh(scene.tokens["refresh_token"].as_str().unwrap()).await);
    let bearer = format!("Bearer {}", scene.access());
    let headers = [("Authorization", bearer.as_str()), ("Accept", "application/json")];
    scene.raw(Method::Get, "https://api.xero.com/connections", &headers, "").await.unwrap();
    reads(&scene).await;
    scene.clock.pass(61);
    invoices(&scene).await;
    scene.clock.pass(61);
    credits(&scene).await;
    journals(&scene).await;
    scene.clock.pass(61);
    settings(&scene).await;
    scene.clock.pass(61);
    bank(&scene).await;
    scene.clock.pass(61);
    deliveries(&scene).await;
    for (fault, status) in [
        (Fault::Maintenance, 503),
        (Fault::Gateway, 502),
        (Fault::OrganisationOffline, 503),
        (Fault::TooConcurrent, 429),
    ] {
        scene.xero.order_fault(fault);
        assert_eq!(scene.call(Method::Get, "/Organisation", &[], "").await.status, status);
    }
    scene.xero.spend_calls(scene.app, scene.tenant, 60, 0);
    assert_eq!(scene.call(Method::Get, "/Organisation", &[], "").await.status, 429);
    scene.clock.pass(61);
    attachments(&scene).await;
    rest(&scene).await;
    assert!(*written.lock().unwrap() > 100_000);
}

#[tokio::test]
async fn an_australian_organisation_reads_as_well() {
    let (mut scene, _) = start(DemoSettings::sized_au(5, 120), "au");
    scene.tokens = scene.connect().await;
    reads(&scene).await;
    let organisation = scene.get("/Organisation").await["Organisations"][0].clone();
    assert_eq!(
        (&organisation["BaseCurrency"], &organisation["Timezone"]),
        (&json!("AUD"), &json!("AUSEASTERNSTANDARDTIME"))
    );
}
