//! Requests for documents: asked, left out with a reason, answered, closed, whatever is cut off. Virtual time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use connections::change_connection;
use envelopes::{Envelope, Work};
use evidence::{ByHand, Decision, Exclusion, LineId, Verdict, Words};
use requests::outstanding::outstanding;
use requests::{
    FEATURE, Request, RequestSettings, RequestState, decide_by_hand, link_document, list_requests, load_settings,
    store_settings,
};
use serde_json::{Value, json};
use simulator::world::Cut;
use sync::head::Trigger;
use system::desk::Desk;
use system::paper::{self, a_contact};
use system::prepayments::until_cut;
use uuid::Uuid;

/// A desk whose workspace wants requests, asked about from November on.
async fn desk() -> Desk {
    let desk = paper::desk().await;
    change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings.features = BTreeMap::from([(FEATURE.to_owned(), true)]);
        true
    })
    .await
    .unwrap();
    settle(&desk, json!({ "since": "2026-11-01" })).await;
    desk
}

async fn settle(desk: &Desk, settings: Value) {
    let settings: RequestSettings = serde_json::from_value(settings).unwrap();
    settings.check().unwrap();
    store_settings(&*desk.access.ports.table, &desk.whose, &settings).await.unwrap();
}

async fn bank(desk: &Desk, code: &str) -> String {
    let all = desk.mirror("accounts").await;
    all.iter().find(|account| account.record.get("Code") == Some(&json!(code))).unwrap().id.clone()
}

/// Money spent, as a person enters it in Xero.
async fn spent(desk: &Desk, what: &str, amount: &str, date: &str) -> Uuid {
    let entry = json!({ "Type": "SPEND", "Contact": { "ContactID": a_contact(desk).await },
        "BankAccount": { "AccountID": bank(desk, "090").await }, "Date": date, "LineAmountTypes": "NoTax",
        "LineItems": [{ "Description": what, "Quantity": 1, "UnitAmount": amount, "AccountCode": "429" }] });
    let made = desk.xero.edit(desk.whose.tenant, "BankTransactions", None, &entry).unwrap();
    made["BankTransactionID"].as_str().unwrap().parse().unwrap()
}

async fn synced(desk: &Desk) {
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    desk.work().await;
}

/// Evaluates as a person asks for it.
async fn evaluated(desk: &Desk) {
    let wish = desk.now().to_string();
    let work = Work::EvaluateRequests { organisation: desk.whose.clone(), wish };
    desk.carry_out(&Envelope::new(work)).await.unwrap();
}

async fn of(desk: &Desk, id: Uuid) -> Request {
    let id: LineId = id.to_string().parse().unwrap();
    requests::load_request(&*desk.access.ports.table, &desk.whose, &id).await.unwrap().unwrap().value
}

fn rule(request: &Request) -> Option<Exclusion> {
    match &request.verdict {
        Some(Verdict::Excluded { rule, .. }) => Some(*rule),
        _ => None,
    }
}

fn hand(decision: Decision) -> Option<ByHand> {
    Some(ByHand { decision, note: Words::new("as agreed") })
}

async fn decided(desk: &Desk, id: Uuid, decision: Option<ByHand>) -> Request {
    let id: LineId = id.to_string().parse().unwrap();
    decide_by_hand(&desk.access, &desk.whose, &id, decision, "sam").await.unwrap()
}

#[tokio::test]
async fn m7_money_spent_without_a_document_is_asked_about_and_the_request_closes_itself() {
    let desk = desk().await;
    let (one, two) =
        (spent(&desk, "Fuel", "61.20", "2026-11-03").await, spent(&desk, "Tolls", "9.10", "2026-11-04").await);
    synced(&desk).await;
    assert_eq!(
        (of(&desk, one).await.state(), of(&desk, two).await.state()),
        (RequestState::Requested, RequestState::Requested)
    );
    // A person attaches the receipt in Xero and matches the line: the next sync sees both.
    desk.xero.attach(desk.whose.tenant, one, "fuel.pdf", b"%PDF-1.4").unwrap();
    desk.xero.reconcile(desk.whose.tenant, one, true).unwrap();
    synced(&desk).await;
    assert_eq!(of(&desk, one).await.state(), RequestState::Closed, "x1: it drops off at once");
    // The other is answered with a document.
    let document = paper::taken_in(&desk, paper::ubl("Toll Road Co", "T-1", "9.10")).await;
    let id: LineId = two.to_string().parse().unwrap();
    let linked = link_document(&desk.access, &desk.whose, &id, Some(document)).await.unwrap();
    assert_eq!((linked.state(), linked.document), (RequestState::Closed, Some(document)));
    evaluated(&desk).await;
    assert_eq!(of(&desk, two).await.state(), RequestState::Closed);
    let unlinked = link_document(&desk.access, &desk.whose, &id, None).await.unwrap();
    assert_eq!(unlinked.document, None);
    evaluated(&desk).await;
    assert_eq!(of(&desk, two).await.state(), RequestState::Requested, "without its document it is asked about again");
}

#[tokio::test]
async fn m8_m9_a_line_that_an_unpaid_bill_fits_is_left_out_with_the_bill_named_until_the_bill_is_gone() {
    let desk = desk().await;
    let contact = a_contact(&desk).await;
    let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": contact }, "InvoiceNumber": "B-77",
        "Date": "2026-11-01", "DueDate": "2026-11-10", "LineAmountTypes": "NoTax",
        "LineItems": [{ "Description": "Printing", "Quantity": 1, "UnitAmount": "418.37", "AccountCode": "461" }] });
    let bill = desk.xero.edit(desk.whose.tenant, "Invoices", None, &bill).unwrap();
    let bill: Uuid = bill["InvoiceID"].as_str().unwrap().parse().unwrap();
    let line = spent(&desk, "Printing", "418.37", "2026-11-09").await;
    synced(&desk).await;
    let request = of(&desk, line).await;
    assert_eq!((request.state(), rule(&request)), (RequestState::Excluded, Some(Exclusion::BillFits)), "{request:#?}");
    assert_eq!(request.verdict.as_ref().unwrap().records()[0].id.as_str(), bill.to_string(), "m9: with its evidence");
    desk.xero.void_invoice(desk.whose.tenant, bill).unwrap();
    synced(&desk).await;
    evaluated(&desk).await;
    let request = of(&desk, line).await;
    assert_eq!(request.state(), RequestState::Requested);
    let Some(Verdict::Requested { again: Some(again), .. }) = &request.verdict else { panic!("{request:#?}") };
    assert_eq!(again.excluded_by, Some(Exclusion::BillFits), "and says why it was not before");
}

#[tokio::test]
async fn m10_what_a_person_asks_for_by_hand_or_waives_is_kept_through_later_evaluations() {
    let desk = desk().await;
    settle(
        &desk,
        json!({ "since": "2026-11-01", "rules": [{ "id": "fuel", "name": "Fuel card", "reason": "Monthly statement",
            "matches": [{ "description_contains": "fuel" }] }] }),
    )
    .await;
    let (fuel, tolls) =
        (spent(&desk, "Fuel", "61.20", "2026-11-03").await, spent(&desk, "Tolls", "9.10", "2026-11-04").await);
    synced(&desk).await;
    let request = of(&desk, fuel).await;
    assert_eq!(rule(&request), Some(Exclusion::NoDocumentNeeded), "{request:#?}");
    assert_eq!(decided(&desk, fuel, hand(Decision::Needed)).await.state(), RequestState::Requested);
    assert_eq!(decided(&desk, tolls, hand(Decision::NotNeeded)).await.state(), RequestState::Excluded);
    for _ in 0..2 {
        evaluated(&desk).await;
        assert_eq!(of(&desk, fuel).await.state(), RequestState::Requested);
        assert_eq!(rule(&of(&desk, tolls).await), Some(Exclusion::ByHand));
    }
    assert_eq!(of(&desk, fuel).await.by_hand.unwrap().actor, "sam");
    decided(&desk, fuel, None).await;
    evaluated(&desk).await;
    assert_eq!(rule(&of(&desk, fuel).await), Some(Exclusion::NoDocumentNeeded), "taken back, the rule speaks again");
}

#[tokio::test]
async fn x1_transfers_and_money_in_are_left_out_with_their_reason() {
    let desk = desk().await;
    let accounts = desk.mirror("accounts").await;
    let banks: Vec<&str> = accounts
        .iter()
        .filter(|account| account.record["Type"] == "BANK" && account.record["CurrencyCode"] == "GBP")
        .filter_map(|account| account.record.get("Code")?.as_str())
        .collect();
    assert!(banks.len() >= 2, "{banks:?}");
    let moved = desk.xero.transfer(desk.whose.tenant, banks[0], banks[1], "250.00".parse().unwrap()).unwrap();
    synced(&desk).await;
    let (rows, _) = list_requests(&*desk.access.ports.table, &desk.whose, None, 500).await.unwrap();
    let sides = [&moved["FromBankTransactionID"], &moved["ToBankTransactionID"]];
    let found = rows.iter().filter(|row| sides.iter().any(|side| *side == row.value.id.as_str()));
    for row in found {
        let rule = rule(&row.value);
        assert!(matches!(rule, Some(Exclusion::RecordedTransfer | Exclusion::TransferPair)), "{:#?}", row.value);
    }
    assert!(rows.iter().all(|row| row.value.verdict.is_some()), "everything left out says why");
}

#[tokio::test]
async fn x3_a_recurring_request_comes_round_once_a_period_and_is_answered() {
    let desk = desk().await;
    settle(
        &desk,
        json!({ "since": "2026-11-01", "recurring": [{ "id": "statement", "title": "Card statement", "every": "month",
            "day": { "days_after_end": 3 }, "starts": "2026-09-01", "note": "From the bank" }] }),
    )
    .await;
    for _ in 0..2 {
        evaluated(&desk).await;
    }
    let open = outstanding(&*desk.access.ports.table, &desk.whose, "2026-11-24".parse().unwrap(), 20).await.unwrap();
    let due: Vec<String> = open.recurring.iter().map(|(_, occurrence)| occurrence.due.to_string()).collect();
    assert_eq!(due, ["2026-10-03", "2026-11-03"], "each once");
    assert!(open.text().contains("Card statement (2026-10-01 to 2026-10-31), due 2026-11-03"), "{}", open.text());
    let document = paper::taken_in(&desk, paper::ubl("Bank", "S-1", "1.00")).await;
    let id = &open.recurring[0].1.id;
    link_document(&desk.access, &desk.whose, &id.parse().unwrap(), Some(document)).await.unwrap();
    system::prepayments::days(&desk, 10).await;
    evaluated(&desk).await;
    let open = outstanding(&*desk.access.ports.table, &desk.whose, "2026-12-04".parse().unwrap(), 20).await.unwrap();
    let due: Vec<String> = open.recurring.iter().map(|(_, occurrence)| occurrence.due.to_string()).collect();
    assert_eq!(due, ["2026-11-03", "2026-12-03"], "answered is closed, and the next came round");
}

#[tokio::test]
async fn a_document_that_was_published_speaks_for_its_bill_before_xero_shows_it() {
    let desk = desk().await;
    let contact = a_contact(&desk).await;
    let document = paper::taken_in(&desk, paper::ubl("Any", "P-1", "100.00")).await;
    let terms = paper::terms(&json!({ "contact_id": contact }), "P-1", "100.00");
    paper::published(&desk, document, &terms, &[]).await.unwrap();
    desk.work().await;
    let bill = paper::in_xero(&desk, "invoices", "P-1").await.remove(0);
    let paid = json!({ "Invoice": { "InvoiceID": bill["InvoiceID"] }, "Account": { "Code": "090" }, "Date": "2026-11-20",
        "Amount": "120.00" });
    desk.xero.edit(desk.whose.tenant, "Payments", None, &paid).unwrap();
    synced(&desk).await;
    let rows = desk.world.table.dump();
    let marked = rows.iter().any(|row| row.key.sort == format!("attached#{}", bill["InvoiceID"].as_str().unwrap()));
    assert!(marked, "the file is known to be there without Xero's word");
}

/// An evaluation, cut somewhere, healed and repeated; answers every request and whether the cut was met.
async fn cut_off(cut: Option<Cut>) -> (Vec<(LineId, RequestState)>, bool, u64) {
    let desk = paper::desk().await;
    settle(&desk, json!({ "since": "2026-11-01" })).await;
    spent(&desk, "Fuel", "61.20", "2026-11-03").await;
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    let work = Work::EvaluateRequests { organisation: desk.whose.clone(), wish: "now".into() };
    desk.access.send(&Envelope::new(work)).await.unwrap();
    desk.world.faults.heal();
    cut.into_iter().for_each(|cut| desk.world.faults.cut(cut));
    until_cut(&desk).await;
    let calls = desk.world.faults.calls();
    let met = desk.world.faults.heal();
    desk.world.clock.advance(Duration::from_secs(800));
    desk.work().await;
    let (rows, _) = list_requests(&*desk.access.ports.table, &desk.whose, None, 500).await.unwrap();
    (rows.iter().map(|row| (row.value.id.clone(), row.value.state())).collect(), met, calls)
}

#[tokio::test]
async fn m7_an_evaluation_that_is_cut_off_at_any_call_ends_with_the_same_requests() {
    let (expected, _, calls) = cut_off(None).await;
    let asked = expected.iter().filter(|(_, state)| *state == RequestState::Requested).count();
    assert!(asked >= 1 && calls > 10, "{asked} {calls}");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let (found, met, _) = cut_off(Some(cut)).await;
            assert_eq!(found, expected, "{cut:?}");
            assert!(met, "{cut:?} was not met");
        }
    }
}

#[tokio::test]
async fn nothing_is_asked_unless_the_workspace_switched_it_on() {
    let desk = paper::desk().await;
    spent(&desk, "Fuel", "61.20", "2026-11-03").await;
    synced(&desk).await;
    assert_eq!(list_requests(&*desk.access.ports.table, &desk.whose, None, 10).await.unwrap().0.len(), 0);
    let none = load_settings(&*desk.access.ports.table, &desk.whose).await.unwrap();
    assert_eq!(none, RequestSettings::default());
}
