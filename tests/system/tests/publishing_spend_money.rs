//! Receipts published as spend money with their file, whatever is cut off, lost, doubled or edited meanwhile. Virtual time.
#![allow(clippy::unwrap_used)]

use bills::BillId;
use documents::row::Document;
use kernel::{Applied, DocumentId};
use postings::Standing;
use publishing::{BillTerms, PublishError, attachment_intent, bill_intent, publish};
use serde_json::{Value, json};
use simulator::world::Cut;
use simulator::xero::Fault;
use system::desk::Desk;
use system::paper::{
    SOURCE, a_contact, connection, desk, document, files_written, in_xero, may_write, published, spend_terms, taken_in,
    ubl, until_cut, view, writes,
};

/// Bank transactions alone may be written: neither bills nor contacts take part.
async fn ready(reference: &str) -> (Desk, DocumentId, BillTerms) {
    let desk = desk().await;
    may_write(&desk, &["bank_transactions"]).await;
    let contact = a_contact(&desk).await;
    let id = taken_in(&desk, ubl("Any", reference, "35.42")).await;
    (desk, id, spend_terms(&contact, reference, "42.50", "090"))
}

fn with(terms: &BillTerms, change: impl FnOnce(&mut Value)) -> BillTerms {
    let mut changed = json!(terms);
    change(&mut changed);
    serde_json::from_value(changed).unwrap()
}

async fn account(desk: &Desk, field: &str, value: &str) -> Value {
    let accounts = desk.mirror("accounts").await;
    let found = accounts.into_iter().find(|each| each.record.get(field) == Some(&json!(value)));
    Value::Object(found.unwrap().record)
}

async fn code(desk: &Desk, id: DocumentId) -> Option<String> {
    view(desk, &bill_intent(id)).await.attention.map(|attention| attention.code)
}

#[tokio::test]
async fn a_receipt_becomes_one_bank_transaction_with_its_file_and_a_link_back() {
    let (desk, id, terms) = ready("R-1").await;
    // Of bills the organisation says that they start as drafts; what is paid is in the books.
    connections::change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings.publish_as = connections::PublishAs::Draft;
        true
    })
    .await
    .unwrap();
    let (applied, proposal) = published(&desk, id, &terms, &[]).await.unwrap();
    assert_eq!(applied, Applied::Now);
    let totals = proposal.totals().unwrap();
    assert_eq!([totals.sub_total, totals.tax, totals.total].map(|each| each.to_string()), ["35.42", "7.08", "42.50"]);
    assert_eq!(published(&desk, id, &terms, &[]).await.unwrap().0, Applied::Before, "twice is once");
    desk.work().await;
    let found = in_xero(&desk, "bank_transactions", "R-1").await;
    let [spent] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((&spent["Status"], &spent["Type"]), (&json!("AUTHORISED"), &json!("SPEND")));
    let current = account(&desk, "Code", "090").await;
    assert_eq!((&spent["BankAccount"]["AccountID"], &spent["Total"]), (&current["AccountID"], &json!("42.50")));
    assert!(spent["Url"].as_str().unwrap().starts_with(SOURCE));
    assert_eq!((&spent["HasAttachments"], &spent["IsReconciled"]), (&json!(true), &json!(false)));
    assert_eq!((writes(&desk, "BankTransactions"), writes(&desk, "Invoices"), files_written(&desk)), (1, 0, 1));
    for id in [bill_intent(id), attachment_intent(id)] {
        let view = view(&desk, &id).await;
        assert_eq!((view.state, &view.attention), (Standing::Posted, &None));
    }
}

#[tokio::test]
async fn what_was_paid_from_an_account_in_another_currency_is_in_that_currency() {
    let (desk, id, terms) = ready("R-1").await;
    let euros = account(&desk, "CurrencyCode", "EUR").await["AccountID"].clone();
    let terms = with(&terms, |terms| (terms["bank_account"], terms["currency"]) = (euros.clone(), json!("EUR")));
    published(&desk, id, &terms, &[]).await.unwrap();
    desk.work().await;
    let found = in_xero(&desk, "bank_transactions", "R-1").await;
    assert_eq!((&found[0]["BankAccount"]["AccountID"], &found[0]["CurrencyCode"]), (&euros, &json!("EUR")));
    assert_eq!((code(&desk, id).await, &found[0]["Total"]), (None, &json!("42.50")));
}

#[tokio::test]
async fn a_new_supplier_of_a_receipt_gets_a_contact_first() {
    let (desk, id, terms) = ready("R-1").await;
    may_write(&desk, &["bank_transactions", "contacts"]).await;
    let terms = with(&terms, |terms| terms["supplier"] = json!({ "name": "Ridgeway Joinery Ltd" }));
    published(&desk, id, &terms, &[]).await.unwrap();
    desk.work().await;
    let found = in_xero(&desk, "bank_transactions", "R-1").await;
    let contacts = desk.mirror("contacts").await;
    let new = contacts.iter().find(|each| each.record["Name"] == "Ridgeway Joinery Ltd").unwrap();
    assert_eq!((found.len(), &found[0]["Contact"]["ContactID"]), (1, &json!(new.id)));
}

#[tokio::test]
async fn after_a_lost_answer_it_is_found_by_its_mark_or_content_and_not_sent_twice() {
    for source in [Some(SOURCE.to_owned()), None] {
        let (desk, id, terms) = ready("R-1").await;
        // The same from another account was there before, and is not ours.
        let other = json!({ "Type": "SPEND", "BankAccount": { "Code": "091" }, "Reference": "R-1", "Date": "2026-11-02",
            "Contact": { "ContactID": a_contact(&desk).await }, "LineAmountTypes": "Inclusive", "LineItems": [{
            "Description": "Train fare", "Quantity": 1, "UnitAmount": "42.50", "AccountCode": "493",
            "TaxType": "INPUT2" }] });
        desk.xero.edit(desk.whose.tenant, "BankTransactions", None, &other).unwrap();
        desk.xero.order_fault(Fault::LostWriteAnswer);
        let document = Document { source: source.clone(), ..document(&desk, id).await };
        publish(&desk.access, &connection(&desk).await, &document, &terms, &[], "sam").await.unwrap();
        desk.work().await;
        let found = in_xero(&desk, "bank_transactions", "R-1").await;
        let current = account(&desk, "Code", "090").await["AccountID"].clone();
        let ours: Vec<&Value> = found.iter().filter(|each| each["BankAccount"]["AccountID"] == current).collect();
        assert_eq!((found.len(), ours.len(), writes(&desk, "BankTransactions")), (2, 1, 1), "{source:?}");
        assert_eq!((ours[0]["Url"].is_string(), &ours[0]["HasAttachments"]), (source.is_some(), &json!(true)));
        assert_eq!(view(&desk, &bill_intent(id)).await.state, Standing::Posted, "{source:?}");
    }
}

#[tokio::test]
async fn what_the_books_would_refuse_is_told_before_anything_is_sent() {
    let (desk, id, good) = ready("R-1").await;
    let savings = account(&desk, "Code", "091").await["AccountID"].as_str().unwrap().parse().unwrap();
    desk.xero.archive_account(desk.whose.tenant, savings).unwrap();
    in_xero(&desk, "bank_transactions", "none").await;
    let unknown = uuid::Uuid::from_u128(7).to_string();
    for (terms, code, words) in [
        (with(&good, |t| t["bank_account"] = Value::Null), "bill_unusable", "needs the bank account"),
        (with(&good, |t| t["due_date"] = json!("2026-12-02")), "bill_unusable", "no due date"),
        (with(&good, |t| t["status"] = json!("draft")), "bill_unusable", "cannot start as a draft"),
        (with(&good, |t| t["status"] = json!("submitted")), "bill_unusable", "cannot start as a draft"),
        (with(&good, |t| t["bank_account"] = json!("99999")), "bank_account_unknown", "no account 99999"),
        (with(&good, |t| t["bank_account"] = json!(unknown)), "bank_account_unknown", &unknown),
        (with(&good, |t| t["bank_account"] = json!("091")), "bank_account_archived", "091 is archived"),
        (with(&good, |t| t["bank_account"] = json!("463")), "not_a_bank_account", "463 is not a bank account"),
        (with(&good, |t| t["currency"] = json!("EUR")), "bank_account_currency", "090 is in GBP, not in EUR"),
        (with(&good, |t| t["lines"][0]["account"] = json!("090")), "books_refuse", "bank account"),
    ] {
        let refused = published(&desk, id, &terms, &[]).await;
        let Err(PublishError::Faults(proposal)) = refused else { panic!("{words}: {refused:?}") };
        let told: Vec<(&str, String)> = proposal.faults.iter().map(|each| (each.code(), each.to_string())).collect();
        assert!(told.len() == 1 && told[0].0 == code && told[0].1.contains(words), "{code} {words}: {told:?}");
    }
    may_write(&desk, &["invoices", "credit_notes", "contacts"]).await;
    let Err(PublishError::Faults(proposal)) = published(&desk, id, &good, &[]).await else { panic!() };
    assert_eq!(proposal.faults[0].code(), "direction_forbids");
    let bill = with(&good, |t| (t["kind"], t["due_date"]) = (json!("bill"), json!("2026-12-02")));
    let Err(PublishError::Faults(proposal)) = published(&desk, id, &bill, &[]).await else { panic!() };
    assert!(proposal.faults[0].to_string().contains("only spend money has a bank account"), "{:?}", proposal.faults);
    assert_eq!(writes(&desk, "BankTransactions") + writes(&desk, "Invoices"), 0);
}

#[tokio::test]
async fn receipts_that_look_alike_are_shown_before_a_second_one_is_sent() {
    let (desk, first, terms) = ready("R-0042").await;
    published(&desk, first, &terms, &[]).await.unwrap();
    desk.work().await;
    in_xero(&desk, "bank_transactions", "R-0042").await;
    desk.work().await;
    let second = taken_in(&desk, ubl("Any", "r 42", "35.42")).await;
    let again = BillTerms { number: "r 42".into(), ..terms };
    let refused = published(&desk, second, &again, &[]).await;
    let Err(PublishError::Alike(proposal)) = refused else { panic!("{refused:?}") };
    let alike = &proposal.alike[0];
    assert_eq!((alike.number.as_str(), alike.same_number, alike.same_total_and_date), ("R-0042", true, true));
    let seen: Vec<BillId> = proposal.alike.iter().map(|alike| alike.id).collect();
    published(&desk, second, &again, &seen).await.unwrap();
    desk.work().await;
    assert_eq!(writes(&desk, "BankTransactions"), 2, "who saw it and wants it gets it");
}

#[tokio::test]
async fn what_somebody_edits_or_deletes_in_xero_comes_back_as_a_difference() {
    let (desk, id, terms) = ready("R-1").await;
    published(&desk, id, &terms, &[]).await.unwrap();
    desk.work().await;
    let spent = in_xero(&desk, "bank_transactions", "R-1").await.remove(0);
    desk.work().await;
    assert_eq!(code(&desk, id).await, None, "as it was sent");
    let xero_id = spent["BankTransactionID"].as_str().unwrap().parse().unwrap();
    desk.xero.reconcile(desk.whose.tenant, xero_id, true).unwrap();
    in_xero(&desk, "bank_transactions", "R-1").await;
    desk.work().await;
    assert_eq!(code(&desk, id).await, None, "a line of the bank's statement is no edit");
    desk.xero.reconcile(desk.whose.tenant, xero_id, false).unwrap();
    let line = json!([{ "Description": "Train fare", "Quantity": 1, "UnitAmount": "40.00", "AccountCode": "469",
        "TaxType": "INPUT2" }]);
    desk.xero.edit(desk.whose.tenant, "BankTransactions", Some(xero_id), &json!({ "LineItems": line })).unwrap();
    in_xero(&desk, "bank_transactions", "R-1").await;
    desk.work().await;
    let edited = view(&desk, &bill_intent(id)).await.attention.unwrap();
    assert_eq!(edited.code, "not_as_sent");
    assert!(edited.raw.iter().any(|word| word.contains("account 493")), "{edited:?}");
    let deleted = json!({ "Status": "DELETED" });
    desk.xero.edit(desk.whose.tenant, "BankTransactions", Some(xero_id), &deleted).unwrap();
    in_xero(&desk, "bank_transactions", "R-1").await;
    desk.work().await;
    let gone = view(&desk, &bill_intent(id)).await.attention.unwrap();
    assert_eq!(gone.cause, "Somebody made it DELETED in Xero.", "{gone:?}");
}

/// What else goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    None,
    AnswerLost,
    /// Lost, and nothing but its content to find it by.
    AnswerLostAndNoLink,
    TwoWorkers,
}

/// Publishes, cut somewhere, healed and repeated by whoever got no answer; answers the port calls of an uncut run.
async fn swept(trouble: Trouble, cut: Option<Cut>) -> u64 {
    let (desk, id, terms) = ready("R-1").await;
    let name = format!("{trouble:?} {cut:?}");
    if matches!(trouble, Trouble::AnswerLost | Trouble::AnswerLostAndNoLink) {
        desk.xero.order_fault(Fault::LostWriteAnswer);
    }
    let (mut document, connection) = (document(&desk, id).await, connection(&desk).await);
    if trouble == Trouble::AnswerLostAndNoLink {
        document.source = None;
    }
    let publish = || publish(&desk.access, &connection, &document, &terms, &[], "sam");
    desk.world.faults.heal();
    cut.into_iter().for_each(|cut| desk.world.faults.cut(cut));
    if publish().await.is_ok() {
        until_cut(&desk, if trouble == Trouble::TwoWorkers { 2 } else { 1 }).await;
    }
    let calls = desk.world.faults.calls();
    desk.world.faults.heal();
    desk.world.clock.advance(std::time::Duration::from_secs(800));
    publish().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    desk.work().await;
    let found = in_xero(&desk, "bank_transactions", "R-1").await;
    assert_eq!(found.len(), 1, "{name}: {found:#?}");
    assert_eq!(found[0]["HasAttachments"], true, "{name}");
    for id in [bill_intent(id), attachment_intent(id)] {
        let view = view(&desk, &id).await;
        assert_eq!((view.state, &view.attention), (Standing::Posted, &None), "{name}: {view:?}");
    }
    assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{name}: work left");
    calls
}

#[tokio::test]
async fn a_crash_before_or_after_any_port_call_leaves_one_bank_transaction_with_its_file() {
    for trouble in [Trouble::None, Trouble::AnswerLost, Trouble::AnswerLostAndNoLink, Trouble::TwoWorkers] {
        let calls = swept(trouble, None).await;
        assert!(calls > 20, "{trouble:?}: {calls}");
        for at in 1..=calls {
            for cut in [Cut::Before(at), Cut::After(at)] {
                swept(trouble, Some(cut)).await;
            }
        }
    }
}
