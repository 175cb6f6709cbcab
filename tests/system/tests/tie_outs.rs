//! What remains to be released held against the balance sheet account, each gap told by single entries. Virtual time.
#![allow(clippy::unwrap_used)]

use journals::{post_plain, redate};
use postings::{load_view, record_by_hand, resume_by_hand};
use releases::import::{Books, approve_rows};
use releases::{Asked, CorrectBy, Wanted, change};
use serde_json::{Value, json};
use sync::head::Trigger;
use system::desk::Desk;
use system::prepayments::{DAY, connection, days, decide, publish_now, ready, terms, to_terms, with_october_posted};
use system::ties::{tied, told};

/// A record that somebody makes in Xero's own screens.
fn by_hand(desk: &Desk, collection: &str, fields: &Value) -> Value {
    desk.xero.edit(desk.whose.tenant, collection, None, fields).unwrap()
}

fn journal(date: &str, amount: &str) -> Value {
    let line = |code: &str, amount: String| json!({ "AccountCode": code, "LineAmount": amount, "TaxType": "NONE" });
    json!({ "Narration": "By hand", "Date": date, "Status": "POSTED",
        "JournalLines": [line("620", amount.to_owned()), line("433", format!("-{amount}"))] })
}

async fn synced(desk: &Desk) {
    desk.world.clock.advance(std::time::Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
}

/// Ties a day out; the one account it is about, told.
async fn told_of(desk: &Desk, as_at: &str) -> Vec<String> {
    let (row, sheets) = tied(desk, as_at).await;
    assert_eq!((row.stage.clone(), sheets.len()), (tie_outs::Stage::Done, 1), "{row:#?} {sheets:#?}");
    told(&sheets[0])
}

#[tokio::test]
async fn tie_out_ties_when_all_is_well_and_reads_xero_once() {
    let desk = with_october_posted().await;
    desk.xero.forget_calls();
    assert_eq!(told_of(&desk, "2026-10-31").await, ["620 ledger 200.00 expected 200.00 unexplained 0.00"]);
    assert_eq!(desk.accounting_calls(), 1);
    assert_eq!(
        told_of(&desk, "2026-10-30").await,
        ["620 ledger 0.00 expected 0.00 unexplained 0.00"],
        "before it began"
    );
}

#[tokio::test]
async fn tie_out_names_a_manual_journal_that_did_not_come_from_here() {
    let desk = with_october_posted().await;
    by_hand(&desk, "ManualJournals", &journal("2026-10-20", "12.34"));
    by_hand(&desk, "ManualJournals", &journal("2026-11-01", "99.00"));
    assert_eq!(
        told_of(&desk, "2026-10-31").await,
        ["620 ledger 212.34 expected 200.00 unexplained 12.34"],
        "what no sync has seen is shown as it is"
    );
    synced(&desk).await;
    let expected = ["620 ledger 212.34 expected 200.00 unexplained 0.00", "foreign_entry 12.34 manual_journals"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
}

fn sorted(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    lines.sort();
    lines
}

/// What remains of S-1 after October.
const TIES: &str = "620 ledger 200.00 expected 200.00 unexplained 0.00";

fn posting_id(text: &str) -> kernel::IntentId {
    text.parse().unwrap()
}

async fn xero_id(desk: &Desk, posting: &str) -> uuid::Uuid {
    let view = load_view(&*desk.access.ports.table, &desk.whose, &posting_id(posting), desk.now()).await;
    view.unwrap().unwrap().xero_id.unwrap().parse().unwrap()
}

#[tokio::test]
async fn tie_out_names_each_kind_of_foreign_record_without_its_tax_and_in_the_currency_of_the_books() {
    let desk = with_october_posted().await;
    let contact = desk.mirror("contacts").await[0].id.clone();
    let line = json!([{ "Description": "Cover", "Quantity": 1, "UnitAmount": "120.00", "AccountCode": "620", "TaxType": "INPUT2" }]);
    let bill = |change: Value| {
        let mut bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": contact },
            "Date": "2026-10-05", "DueDate": "2026-10-20", "LineItems": line });
        bill.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bill
    };
    by_hand(&desk, "Invoices", &bill(json!({ "InvoiceNumber": "B-1" })));
    by_hand(&desk, "Invoices", &bill(json!({ "InvoiceNumber": "B-2", "LineAmountTypes": "Inclusive" })));
    by_hand(
        &desk,
        "Invoices",
        &bill(json!({ "CurrencyCode": "EUR", "CurrencyRate": "1.25", "LineAmountTypes": "NoTax" })),
    );
    by_hand(&desk, "Invoices", &bill(json!({ "Status": "DRAFT" })));
    by_hand(&desk, "Invoices", &bill(json!({ "Date": "2026-11-02" })));
    by_hand(
        &desk,
        "CreditNotes",
        &bill(json!({ "Type": "ACCPAYCREDIT", "DueDate": null, "LineAmountTypes": "NoTax" })),
    );
    let bank = desk.mirror("accounts").await;
    let bank = bank.iter().find(|account| account.record.get("Code") == Some(&json!("090"))).unwrap().id.clone();
    let spend = |kind: &str| {
        json!({ "Type": kind, "Contact": { "ContactID": contact }, "BankAccount": { "AccountID": bank },
            "Date": "2026-10-06", "LineAmountTypes": "NoTax",
            "LineItems": [{ "Description": "Cover", "Quantity": 1, "UnitAmount": "7.00", "AccountCode": "620" }] })
    };
    by_hand(&desk, "BankTransactions", &spend("SPEND"));
    by_hand(&desk, "BankTransactions", &spend("SPEND-PREPAYMENT"));
    synced(&desk).await;
    let told = told_of(&desk, "2026-10-31").await;
    let expected = [
        "620 ledger 410.00 expected 200.00 unexplained 0.00",
        "foreign_entry 120.00 invoices",
        "foreign_entry -120.00 credit_notes",
        "foreign_entry 100.00 invoices",
        "foreign_entry 96.00 invoices",
        "foreign_entry 7.00 bank_transactions",
        "foreign_entry 7.00 bank_transactions",
    ];
    assert_eq!(sorted(&told), sorted(&expected.map(str::to_owned)));
}

#[tokio::test]
async fn tie_out_names_a_payment_onto_the_account() {
    let desk = with_october_posted().await;
    let account = desk.mirror("accounts").await;
    let account = account.iter().find(|each| each.record.get("Code") == Some(&json!("620"))).unwrap().id.clone();
    let takes = json!({ "EnablePaymentsToAccount": true });
    desk.xero.edit(desk.whose.tenant, "Accounts", Some(account.parse().unwrap()), &takes).unwrap();
    let contact = desk.mirror("contacts").await[0].id.clone();
    let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": contact }, "Date": "2026-10-05",
        "DueDate": "2026-10-20", "LineAmountTypes": "NoTax",
        "LineItems": [{ "Description": "Rent", "Quantity": 1, "UnitAmount": "50.00", "AccountCode": "469" }] });
    let bill = by_hand(&desk, "Invoices", &bill)["InvoiceID"].clone();
    let payment = json!({ "Invoice": { "InvoiceID": bill }, "Account": { "Code": "620" }, "Date": "2026-10-06", "Amount": "50.00" });
    by_hand(&desk, "Payments", &payment);
    synced(&desk).await;
    let expected = ["620 ledger 150.00 expected 200.00 unexplained 0.00", "foreign_entry -50.00 payments"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
}

#[tokio::test]
async fn tie_out_names_a_release_that_no_journal_carries_yet() {
    let desk = ready().await;
    decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.unwrap();
    decide(&desk, terms("S-2", "accrual", "90.00", "2026-10-01", "2026-12-31")).await.unwrap();
    desk.work().await;
    let expected =
        ["620 ledger 210.00 expected 140.00 unexplained 0.00", "not_published 100.00 S-1", "not_published -30.00 S-2"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
    assert!(publish_now(&desk, "2026-10-31", "now").await);
    desk.work().await;
    assert_eq!(told_of(&desk, "2026-10-31").await, ["620 ledger 140.00 expected 140.00 unexplained 0.00"]);
}

#[tokio::test]
async fn tie_out_names_a_journal_that_a_locked_period_keeps_waiting_in_its_own_words_and_one_recorded_by_hand() {
    let desk = ready().await;
    decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.unwrap();
    desk.work().await;
    desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-10-31".parse().unwrap()));
    assert!(publish_now(&desk, "2026-10-31", "now").await);
    desk.work().await;
    let (_, sheets) = tied(&desk, "2026-10-31").await;
    let expected = ["620 ledger 300.00 expected 200.00 unexplained 0.00", "waiting 100.00 r-2026-10-GBP-1"];
    assert_eq!(told(&sheets[0]), expected);
    let said = tie_outs::words::words(&sheets[0].kept[0]);
    assert_eq!(said.code, "end_of_year_locked");
    assert!(!said.cause.is_empty() && !said.fix.is_empty(), "{said:?}");
    let id = posting_id("r-2026-10-GBP-1");
    assert!(record_by_hand(&desk.access, &desk.whose, &id, "sam", "entered by Robin").await.unwrap());
    let expected = ["620 ledger 300.00 expected 200.00 unexplained 0.00", "recorded_by_hand 100.00 r-2026-10-GBP-1"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
}

#[tokio::test]
async fn tie_out_names_a_release_that_was_dated_into_a_later_period() {
    let desk = ready().await;
    decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.unwrap();
    desk.work().await;
    desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-10-31".parse().unwrap()));
    assert!(publish_now(&desk, "2026-10-31", "now").await);
    desk.work().await;
    let id = posting_id("r-2026-10-GBP-1");
    redate(&desk.access, &connection(&desk).await, &id, "2026-11-20".parse().ok(), "sam").await.unwrap();
    desk.work().await;
    let expected = ["620 ledger 300.00 expected 200.00 unexplained 0.00", "dated_later 100.00 r-2026-10-GBP-1"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
    assert_eq!(told_of(&desk, "2026-11-20").await, [TIES], "it counts from its date on");
}

#[tokio::test]
async fn tie_out_names_a_journal_that_was_edited_or_voided_in_xero() {
    let desk = with_october_posted().await;
    let october = xero_id(&desk, "r-2026-10-GBP-1").await;
    let line = |code: &str, amount: &str| json!({ "AccountCode": code, "LineAmount": amount });
    let edited = json!({ "JournalLines": [line("433", "70.00"), line("620", "-70.00")] });
    desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(october), &edited).unwrap();
    synced(&desk).await;
    let expected = ["620 ledger 230.00 expected 200.00 unexplained 0.00", "edited_in_xero 30.00 r-2026-10-GBP-1"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
    desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(october), &json!({ "Status": "VOIDED" })).unwrap();
    synced(&desk).await;
    let expected = ["620 ledger 300.00 expected 200.00 unexplained 0.00", "voided_in_xero 100.00 r-2026-10-GBP-1"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
    assert!(resume_by_hand(&desk.access, &desk.whose, &posting_id("r-2026-10-GBP-1"), "sam").await.unwrap());
    desk.work().await;
    assert_eq!(told_of(&desk, "2026-10-31").await, [TIES], "posted anew");
}

#[tokio::test]
async fn tie_out_names_a_plain_journal_of_the_host_application_but_no_draft() {
    let desk = with_october_posted().await;
    for (id, status) in [("J-1", "posted"), ("J-2", "draft")] {
        let wanted = json!({ "id": id, "date": "2026-10-15", "narration": "Own", "status": status, "lines": [
            { "account": "620", "amount": "5.00" }, { "account": "433", "amount": "-5.00" }] });
        let wanted = serde_json::from_value(wanted).unwrap();
        post_plain(&desk.access, &connection(&desk).await, "sam", &wanted).await.unwrap();
    }
    desk.work().await;
    let expected = ["620 ledger 205.00 expected 200.00 unexplained 0.00", "host_journal 5.00 j-J-1"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
    synced(&desk).await;
    assert_eq!(told_of(&desk, "2026-10-31").await, expected, "and once, also when the mirror has it");
    let draft = xero_id(&desk, "j-J-2").await;
    desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(draft), &json!({ "Status": "POSTED" })).unwrap();
    synced(&desk).await;
    let expected =
        ["620 ledger 210.00 expected 200.00 unexplained 0.00", "host_journal 5.00 j-J-1", "host_journal 5.00 j-J-2"];
    assert_eq!(sorted(&told_of(&desk, "2026-10-31").await), expected);
}

/// A schedule of 120.00 over October 2026 to January 2027 that ran elsewhere until the end of October.
async fn imported(desk: &Desk) {
    let connection = connection(desk).await;
    let books = Books::read(&desk.access, &connection).await.unwrap();
    let sheet = "id,kind,amount,first,last,method,balance account,expense account,description,released until\n\
        F-1,prepayment,120.00,2026-10-01,2027-01-31,straight line,620,433,Running,2026-10-31\n";
    let read = sheets::read(sheet.as_bytes(), &sheets::Limits::default()).unwrap();
    let preview = imports::preview(&read, &books.setting(None, None));
    let table = &*desk.access.ports.table;
    let checked = books.check(table, &desk.whose, preview).await.unwrap();
    assert_eq!(checked.rows.len(), 1);
    let deadline = desk.now().saturating_add(std::time::Duration::from_secs(60)).unwrap();
    let done = approve_rows(&desk.access, &connection, checked.rows, "sam", deadline).await.unwrap();
    assert_eq!(done.approved.len(), 1);
}

#[tokio::test]
async fn tie_out_takes_off_what_an_imported_schedule_brought_in_also_once_it_was_changed_and_removed() {
    let desk = ready().await;
    imported(&desk).await;
    let expected = ["620 ledger 0.00 expected 90.00 unexplained 0.00", "brought_in -90.00 F-1"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected, "the books hold nothing of it");
    by_hand(&desk, "ManualJournals", &journal("2026-10-31", "90.00"));
    synced(&desk).await;
    let expected = [
        "620 ledger 90.00 expected 90.00 unexplained 0.00",
        "foreign_entry 90.00 manual_journals",
        "brought_in -90.00 F-1",
    ];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
    assert_eq!(told_of(&desk, "2026-10-30").await.len(), 1, "before it came");
    assert!(publish_now(&desk, "2026-11-30", "november").await);
    desk.work().await;
    let mut changed = terms("F-1", "prepayment", "160.00", "2026-10-01", "2027-01-31");
    changed.description = "Running".parse().unwrap();
    change_of(&desk, "F-1", Wanted::Terms(Box::new(changed)), CorrectBy::Journal).await;
    let lines = told_of(&desk, "2026-11-24").await;
    assert!(lines[0].ends_with("unexplained 0.00") && lines.len() == 3, "{lines:#?}");
    change_of(&desk, "F-1", Wanted::Removed, CorrectBy::Journal).await;
    for day in ["2026-10-31", "2026-11-24"] {
        let lines = told_of(&desk, day).await;
        assert!(lines[0].ends_with("unexplained 0.00"), "{day} {lines:#?}");
        assert!(lines.iter().all(|line| !line.starts_with("schedules_differ")), "{day} {lines:#?}");
    }
}

async fn change_of(desk: &Desk, id: &str, wanted: Wanted, correct_by: CorrectBy) {
    let asked = Asked { wanted, closing: None, correct_by };
    let id = id.parse().unwrap();
    change(&desk.access, &connection(desk).await, &id, &asked, "sam").await.unwrap();
    desk.work().await;
}

#[tokio::test]
async fn tie_out_ties_on_every_day_whatever_was_changed_or_removed_and_however_it_was_corrected() {
    let longer = || to_terms(|terms| terms.last = "2027-03-31".parse().ok());
    let dearer =
        || to_terms(|terms| terms.amount = Some(kernel::Money::parse("480.00", "GBP".parse().unwrap()).unwrap()));
    let elsewhere = || to_terms(|terms| terms.balance_account = "801".parse().unwrap());
    let expensed = || to_terms(|terms| terms.expense_account = "469".parse().unwrap());
    let changes: [(&str, &dyn Fn() -> Wanted); 5] = [
        ("longer", &longer),
        ("dearer", &dearer),
        ("on another account", &elsewhere),
        ("to another expense", &expensed),
        ("removed", &|| Wanted::Removed),
    ];
    for (name, wanted) in changes {
        for correct_by in [CorrectBy::Auto, CorrectBy::Edit, CorrectBy::Journal] {
            let desk = with_october_posted().await;
            // Two more months are closed before it is changed.
            desk.world.clock.advance(28 * DAY);
            days(&desk, 1).await;
            synced(&desk).await;
            change_of(&desk, "S-1", wanted(), correct_by).await;
            synced(&desk).await;
            for day in ["2026-09-30", "2026-10-31", "2026-11-15", "2026-11-30", "2026-12-23"] {
                let (row, sheets) = tied(&desk, day).await;
                assert_eq!(row.stage, tie_outs::Stage::Done, "{row:#?}");
                for sheet in &sheets {
                    let told = told(sheet);
                    assert!(sheet.gap().unwrap().is_zero(), "{name} {correct_by:?} {day}: {told:#?}");
                    assert!(sheet.kept.is_empty(), "{name} {correct_by:?} {day}: {told:#?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn tie_out_of_a_rolling_schedule_holds_what_it_released_against_what_documents_brought() {
    let desk = ready().await;
    let mut rolling = terms("S-1", "prepayment", "1.00", "2026-10-01", "2026-12-31");
    (rolling.amount, rolling.last) = (None, None);
    rolling.method = serde_json::from_value(
        json!({ "kind": "rolling", "amount": { "amount": "10.00", "currency": "GBP" }, "ahead": 2 }),
    )
    .unwrap();
    decide(&desk, rolling).await.unwrap();
    by_hand(&desk, "ManualJournals", &journal("2026-10-05", "10.00"));
    assert!(publish_now(&desk, "2026-10-31", "now").await);
    desk.work().await;
    synced(&desk).await;
    let expected = ["620 ledger 0.00 expected -10.00 unexplained 0.00", "foreign_entry 10.00 manual_journals"];
    assert_eq!(told_of(&desk, "2026-10-31").await, expected);
}

#[tokio::test]
async fn tie_out_knows_accounts_by_code_and_by_id_as_one_and_a_profit_and_loss_account_as_none_that_can_tie() {
    let desk = with_october_posted().await;
    let id = desk.mirror("accounts").await;
    let id = id.iter().find(|each| each.record.get("Code") == Some(&json!("620"))).unwrap().id.clone();
    let mut by_id = terms("S-2", "prepayment", "90.00", "2026-11-01", "2026-12-31");
    by_id.balance_account = id.parse().unwrap();
    decide(&desk, by_id).await.unwrap();
    desk.work().await;
    assert_eq!(told_of(&desk, "2026-10-31").await, ["620 ledger 290.00 expected 290.00 unexplained 0.00"]);
    let mut odd = terms("S-3", "prepayment", "90.00", "2026-10-01", "2026-12-31");
    odd.balance_account = "469".parse().unwrap();
    decide(&desk, odd).await.unwrap();
    desk.work().await;
    let (_, sheets) = tied(&desk, "2026-10-31").await;
    let afresh: Vec<_> = sheets.iter().map(|sheet| (sheet.code.as_str(), sheet.starts_afresh)).collect();
    assert_eq!(afresh, [("620", false), ("469", true)]);
}
