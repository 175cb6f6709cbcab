//! Bank statement lines: who may read them, what is refused, and what a match says.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use ports::{HttpResponse, Method};
use scene::{Scene, all_scopes, body, parameter};
use serde_json::{Value, json};
use simulator::xero::{
    AppSettings, BankLine, DemoSettings, Role, STATEMENT_LINES_SCOPE, StatementSettings, UiError, XeroSettings,
};
use uuid::Uuid;

/// The clock stands on 5 October 2026.
const DAYS: &str = "FromDate=2026-09-01&ToDate=2026-10-05";

async fn scene(statements: StatementSettings) -> Scene {
    let mut app = AppSettings::default();
    app.scopes.push(STATEMENT_LINES_SCOPE.to_owned());
    let settings = XeroSettings { statements, limits: false, ..XeroSettings::default() };
    let mut scene = Scene::of_app(settings, DemoSettings::sized(11, 5), app);
    let scopes = format!("{} {STATEMENT_LINES_SCOPE}", all_scopes());
    let back = scene.authorize(&scopes, "").await.unwrap();
    scene.tokens = body(&scene.redeem(&parameter(&back, "code").unwrap(), "").await);
    scene
}

async fn asked(scene: &Scene, query: &str) -> HttpResponse {
    let url = format!("https://api.xero.com/finance.xro/1.0/BankStatementsPlus/statements?{query}");
    let (token, tenant) = (format!("Bearer {}", scene.access()), scene.tenant.to_string());
    let headers = [("Authorization", token.as_str()), ("xero-tenant-id", &tenant), ("Accept", "application/json")];
    scene.raw(Method::Get, &url, &headers, "").await.unwrap()
}

async fn bank(scene: &Scene) -> String {
    format!("BankAccountID={}", scene.account("090").await)
}

fn said(date: &str, amount: &str) -> BankLine {
    let (payee, reference, notes) = ("Harbour Fuel".into(), "CARD 4411".into(), String::new());
    BankLine { date: date.parse().unwrap(), amount: amount.parse().unwrap(), payee, reference, notes }
}

fn imported(scene: &Scene) -> Vec<Uuid> {
    let lines = [said("2026-09-02", "-61.20"), said("2026-09-03", "40.00"), said("2026-08-31", "-1.00")];
    scene.xero.import_statement(scene.tenant, "090", &lines).unwrap()
}

async fn lines(scene: &Scene) -> Vec<Value> {
    let answer = asked(scene, &format!("{}&{DAYS}", bank(scene).await)).await;
    assert_eq!(answer.status, 200);
    let statements = body(&answer)["statements"].as_array().unwrap().clone();
    statements.iter().flat_map(|statement| statement["statementLines"].as_array().unwrap().clone()).collect()
}

async fn spent(scene: &Scene, amount: &str) -> Uuid {
    let money = json!({ "Type": "SPEND", "Contact": { "ContactID": scene.contact().await },
        "BankAccount": { "AccountID": scene.account("090").await }, "Date": "2026-09-02", "LineAmountTypes": "NoTax",
        "LineItems": [{ "Description": "Fuel", "Quantity": 1, "UnitAmount": amount, "AccountCode": "429" }] });
    let made = scene.xero.edit(scene.tenant, "BankTransactions", None, &money).unwrap();
    made["BankTransactionID"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn lines_of_the_days_come_with_signs_and_the_specification_s_example_has_none() {
    for (as_in_the_example, expected) in [
        (false, [("-61.20", "STMTTRNTYPE/DEBIT"), ("40.00", "STMTTRNTYPE/CREDIT")]),
        (true, [("61.20", "Debit"), ("40.00", "Credit")]),
    ] {
        let scene = scene(StatementSettings { as_in_the_example, ..StatementSettings::default() }).await;
        imported(&scene);
        let lines = lines(&scene).await;
        let shown: Vec<(String, &str)> =
            lines.iter().map(|line| (line["amount"].to_string(), line["type"].as_str().unwrap())).collect();
        assert_eq!(shown, expected.map(|(amount, kind)| (amount.to_owned(), kind)).to_vec());
    }
}

#[tokio::test]
async fn a_match_names_its_entries_and_money_is_matched_once() {
    let scene = scene(StatementSettings::default()).await;
    let ids = imported(&scene);
    let (entry, other) = (spent(&scene, "61.20").await, spent(&scene, "61.20").await);
    let short = spent(&scene, "61.19").await;
    let refused = |line, with: &[Uuid]| scene.xero.match_line(scene.tenant, line, with);
    assert!(matches!(refused(ids[0], &[short]), Err(UiError::Refused(_))), "another amount");
    assert!(matches!(refused(ids[1], &[entry]), Err(UiError::Refused(_))), "the other way");
    assert_eq!(refused(ids[0], &[]), Err(UiError::Unknown("payment or bank transaction")));
    refused(ids[0], &[entry]).unwrap();
    assert!(matches!(refused(ids[0], &[other]), Err(UiError::Refused(_))), "it is reconciled");
    let line = lines(&scene).await.remove(0);
    assert_eq!(
        (&line["isReconciled"], &line["bankTransactions"][0]["bankTransactionId"]),
        (&json!(true), &json!(entry))
    );
    let shown = scene.get(&format!("/BankTransactions/{entry}")).await;
    assert_eq!(shown["BankTransactions"][0]["IsReconciled"], true);
    assert!(matches!(scene.xero.delete_line(scene.tenant, ids[0]), Err(UiError::Refused(_))));
    scene.xero.unmatch_line(scene.tenant, ids[0]).unwrap();
    scene.xero.delete_line(scene.tenant, ids[0]).unwrap();
    let line = lines(&scene).await.remove(0);
    assert_eq!(
        (&line["isReconciled"], &line["isDeleted"], &line["bankTransactions"]),
        (&json!(false), &json!(true), &json!([]))
    );
}

#[tokio::test]
async fn a_payment_is_named_with_what_it_pays() {
    let scene = scene(StatementSettings::default()).await;
    let ids = imported(&scene);
    let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": scene.contact().await },
        "Date": "2026-09-01", "DueDate": "2026-09-30", "LineAmountTypes": "NoTax", "InvoiceNumber": "F-1",
        "LineItems": [{ "Description": "Fuel", "Quantity": 1, "UnitAmount": "61.20", "AccountCode": "429" }] });
    let bill = scene.xero.edit(scene.tenant, "Invoices", None, &bill).unwrap();
    let id = bill["InvoiceID"].as_str().unwrap();
    let payment = scene.xero.pay_invoice(scene.tenant, id.parse().unwrap(), "090", "61.20".parse().unwrap()).unwrap();
    let payment: Uuid = payment["PaymentID"].as_str().unwrap().parse().unwrap();
    scene.xero.match_line(scene.tenant, ids[0], &[payment]).unwrap();
    let line = lines(&scene).await.remove(0);
    assert_eq!(line["payments"][0]["paymentId"], json!(payment));
    assert_eq!(line["payments"][0]["invoice"]["invoiceId"], json!(id));
}

#[tokio::test]
async fn what_the_specification_forbids_is_refused_in_lower_case() {
    let scene = scene(StatementSettings::default()).await;
    imported(&scene);
    let bank = bank(&scene).await;
    let sales = format!("BankAccountID={}", scene.account("200").await);
    for (query, kind) in [
        (DAYS.to_owned(), "invalid-request"),
        (format!("BankAccountID=x&{DAYS}"), "invalid-request"),
        (format!("{bank}&ToDate=2026-10-05"), "invalid-request"),
        (format!("{bank}&FromDate=2026-09-01"), "invalid-request"),
        (format!("{bank}&FromDate=01/09/2026&ToDate=2026-10-05"), "invalid-request"),
        (format!("{bank}&FromDate=2026-09-01&ToDate=2026-10-06"), "invalid-request"),
        (format!("{bank}&FromDate=2025-10-05&ToDate=2026-10-05"), "invalid-request"),
        (format!("{bank}&FromDate=2026-10-05&ToDate=2026-10-04"), "invalid-request"),
        (format!("{bank}&{DAYS}&SummaryOnly=perhaps"), "invalid-request"),
        (format!("{sales}&{DAYS}"), "bank-account-not-found"),
    ] {
        let answer = asked(&scene, &query).await;
        assert_eq!((answer.status, &body(&answer)["type"]), (400, &json!(kind)), "{query}");
        assert!(answer.header("content-type").unwrap().starts_with("application/problem+json"), "{query}");
    }
    assert_eq!(asked(&scene, &format!("{bank}&FromDate=2025-10-06&ToDate=2026-10-05")).await.status, 200, "12 months");
    assert_eq!(asked(&scene, &format!("{bank}&{DAYS}&SummaryOnly=false")).await.status, 501);
}

#[tokio::test]
async fn neither_a_token_without_the_scope_nor_a_user_without_reports_reads_lines() {
    let scene = scene(StatementSettings::default()).await;
    let query = format!("{}&{DAYS}", bank(&scene).await);
    scene.xero.set_role(scene.user, scene.tenant, Role::Standard);
    let answer = asked(&scene, &query).await;
    assert_eq!((answer.status, &body(&answer)["type"]), (403, &json!("unauthorized")));
    let plain = Scene::with(5).await;
    let answer = asked(&plain, &query).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("insufficient_scope")));
    let wanted = format!("{} {STATEMENT_LINES_SCOPE}", all_scopes());
    assert_eq!(plain.authorize(&wanted, "").await, None, "Invalid scope for client");
}
