//! Prepayments that bills hold: found as bills change, held by what people decided, whatever falls in between.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use connections::change_connection;
use envelopes::{Envelope, Follower, Work};
use releases::{approve, propose};
use schedules::Terms;
use serde_json::{Value, json};
use simulator::world::Cut;
use suggestions::row::Since;
use suggestions::{DecideError, FEATURE, Suggestion, SuggestionState, accepted, dismiss, list_suggestions, reopen};
use sync::head::Trigger;
use system::desk::Desk;
use system::prepayments::{connection, in_xero, ready, until_cut};
use uuid::Uuid;

/// A desk whose workspace wants suggestions.
async fn desk() -> Desk {
    let desk = ready().await;
    switch_on(&desk).await;
    desk
}

async fn switch_on(desk: &Desk) {
    let on = |connection: &mut connections::Connection| {
        connection.settings.features = BTreeMap::from([(FEATURE.to_owned(), true)]);
        true
    };
    change_connection(&*desk.access.ports.table, &desk.whose, on).await.unwrap();
}

/// A bill of the first supplier, as a person enters it in Xero.
async fn bill(desk: &Desk, number: &str, lines: &[(&str, &str, &str)]) -> Uuid {
    let contact = desk.mirror("contacts").await[0].id.clone();
    let lines: Vec<Value> = lines
        .iter()
        .map(|(description, amount, account)| {
            json!({ "Description": description, "Quantity": 1, "UnitAmount": amount, "AccountCode": account, "TaxType": "INPUT2" })
        })
        .collect();
    let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": contact }, "InvoiceNumber": number,
        "Date": "2026-11-02", "DueDate": "2026-12-02", "LineItems": lines });
    let made = desk.xero.edit(desk.whose.tenant, "Invoices", None, &bill).unwrap();
    made["InvoiceID"].as_str().unwrap().parse().unwrap()
}

async fn synced(desk: &Desk) {
    desk.world.clock.advance(std::time::Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    desk.work().await;
}

/// Of our bills: the organisation has some of its own.
async fn all(desk: &Desk) -> Vec<Suggestion> {
    let mut found = list_suggestions(&*desk.access.ports.table, &desk.whose, None, 100).await.unwrap().0;
    found.retain(|of| of.number.starts_with("L-"));
    found
}

fn states(found: &[Suggestion]) -> Vec<&'static str> {
    let word = |state: &SuggestionState| match state {
        SuggestionState::Open => "open",
        SuggestionState::HeldBack { .. } => "held_back",
        SuggestionState::Withdrawn { .. } => "withdrawn",
        SuggestionState::Dismissed { .. } => "dismissed",
        SuggestionState::Accepted { since: None, .. } => "accepted",
        SuggestionState::Accepted { since: Some(Since::BillChanged), .. } => "accepted, bill changed",
        SuggestionState::Accepted { since: Some(Since::BillGone), .. } => "accepted, bill gone",
    };
    let mut words: Vec<_> = found.iter().map(|suggestion| word(&suggestion.state)).collect();
    words.sort_unstable();
    words
}

/// What a person does who accepts.
async fn accept(desk: &Desk, of: &Suggestion) -> Result<(), String> {
    let terms: Terms = serde_json::from_value(json!({
        "id": of.id, "kind": "prepayment", "amount": of.amount, "first": of.first, "last": of.last,
        "method": { "kind": "straight_line" }, "balance_account": "620", "expense_account": of.account,
        "description": of.description,
    }))
    .unwrap();
    let connection = connection(desk).await;
    let proposal = propose(&desk.access, &connection, terms.clone(), None).await.map_err(|error| error.to_string())?;
    approve(&desk.access, &connection, proposal, "sam").await.map_err(|error| error.to_string())?;
    accepted(&desk.access, &desk.whose, &terms, "sam").await.map_err(|error| error.to_string())?;
    Ok(())
}

const LICENCE: (&str, &str, &str) = ("Licence 1 Nov 2026 - 31 Oct 2027", "1200.00", "463");

#[tokio::test]
async fn x5_a_bill_for_later_periods_is_suggested_once_with_its_reason_and_nothing_is_posted() {
    let desk = desk().await;
    bill(&desk, "L-1", &[LICENCE, ("Setup", "50.00", "463"), ("Deposit 1 Nov 2026 - 31 Oct 2027", "9.00", "620")])
        .await;
    synced(&desk).await;
    let found = all(&desk).await;
    assert_eq!(states(&found), ["open"], "the deposit is on a balance sheet account: {found:#?}");
    let one = &found[0];
    assert_eq!((one.number.as_str(), one.line, one.amount.amount()), ("L-1", 1, "1200.00".to_owned()));
    assert!(!one.contact_name.is_empty());
    assert_eq!(one.reasons[0].quote, "1 Nov 2026 - 31 Oct 2027");
    synced(&desk).await;
    assert_eq!(all(&desk).await, found, "looked at again, it is the same");
    assert!(in_xero(&desk).await.is_empty(), "a suggestion has no automatic path");
}

#[tokio::test]
async fn x5_what_only_the_attached_document_says_is_found_too_and_named_as_its_place() {
    let desk = system::paper::desk().await;
    let contact = desk.mirror("contacts").await[0].id.clone();
    let period =
        "<a:InvoicePeriod><b:StartDate>2026-11-01</b:StartDate><b:EndDate>2027-10-31</b:EndDate></a:InvoicePeriod>";
    let file = String::from_utf8(system::paper::ubl("Any", "L-9", "1200.00")).unwrap();
    let file = file.replace("<a:AccountingSupplierParty>", &format!("{period}<a:AccountingSupplierParty>"));
    let id = system::paper::taken_in(&desk, file.into_bytes()).await;
    let terms = system::paper::terms(&json!({ "contact_id": contact }), "L-9", "1200.00");
    system::paper::published(&desk, id, &terms, &[]).await.unwrap();
    desk.work().await;
    change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings.features.insert(FEATURE.to_owned(), true).is_none()
    })
    .await
    .unwrap();
    synced(&desk).await;
    let found = all(&desk).await;
    assert_eq!(states(&found), ["open"]);
    let reason = &found[0].reasons[0];
    assert!(reason.place.starts_with("document, ") && reason.words.contains("12 months"), "{reason:?}");
    assert_eq!((found[0].first.to_string(), found[0].last.to_string()), ("2026-11-01".into(), "2027-10-31".into()));
}

#[tokio::test]
async fn x5_nothing_is_suggested_unless_the_workspace_switched_it_on_and_then_what_is_there_is_looked_through() {
    let desk = ready().await;
    bill(&desk, "L-1", &[LICENCE]).await;
    synced(&desk).await;
    assert_eq!(all(&desk).await, []);
    switch_on(&desk).await;
    let to = sync::load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().feed_head;
    let work = Work::FollowFeed { organisation: desk.whose.clone(), follower: Follower::Prepayments, to, round: 0 };
    desk.carry_out(&Envelope::new(work)).await.unwrap();
    assert_eq!(states(&all(&desk).await), ["open"]);
}

#[tokio::test]
async fn x5_what_was_dismissed_stays_dismissed_and_teaches_what_to_hold_back() {
    let desk = desk().await;
    let first = bill(&desk, "L-1", &[LICENCE]).await;
    synced(&desk).await;
    let id = all(&desk).await[0].id.clone();
    dismiss(&desk.access, &desk.whose, &id, "sam", Some("too small".into())).await.unwrap();
    // Edited where it does not matter, and looked at again.
    let edit = json!({ "DueDate": "2026-12-20" });
    desk.xero.edit(desk.whose.tenant, "Invoices", Some(first), &edit).unwrap();
    synced(&desk).await;
    assert_eq!(states(&all(&desk).await), ["dismissed"]);
    bill(&desk, "L-2", &[LICENCE]).await;
    synced(&desk).await;
    let second = all(&desk).await.into_iter().find(|of| of.number == "L-2").unwrap();
    assert_eq!(second.state, SuggestionState::Open, "one dismissal is no habit");
    dismiss(&desk.access, &desk.whose, &second.id, "sam", None).await.unwrap();
    bill(&desk, "L-3", &[LICENCE]).await;
    synced(&desk).await;
    let third = all(&desk).await.into_iter().find(|of| of.number == "L-3").unwrap();
    assert_eq!(third.state, SuggestionState::HeldBack { dismissed: 2 });
    reopen(&desk.access, &desk.whose, &third.id).await.unwrap();
    bill(&desk, "L-4", &[LICENCE]).await;
    synced(&desk).await;
    assert_eq!(states(&all(&desk).await), ["dismissed", "dismissed", "open", "open"], "taken up again, it unlearns");
}

#[tokio::test]
async fn x5_an_accepted_suggestion_becomes_one_schedule_and_says_what_happened_to_its_bill() {
    let desk = desk().await;
    let made = bill(&desk, "L-1", &[LICENCE]).await;
    synced(&desk).await;
    let one = all(&desk).await.remove(0);
    accept(&desk, &one).await.unwrap();
    accept(&desk, &one).await.unwrap();
    desk.work().await;
    let journals = in_xero(&desk).await;
    assert_eq!(journals["2026-10-31"].len(), 1, "twice accepted is once: {journals:#?}");
    assert!(matches!(dismiss(&desk.access, &desk.whose, &one.id, "sam", None).await, Err(DecideError::Accepted)));
    let line = json!([{ "Description": LICENCE.0, "Quantity": 1, "UnitAmount": "1500.00", "AccountCode": "463", "TaxType": "INPUT2" }]);
    desk.xero.edit(desk.whose.tenant, "Invoices", Some(made), &json!({ "LineItems": line })).unwrap();
    synced(&desk).await;
    assert_eq!(states(&all(&desk).await), ["accepted, bill changed"], "and not suggested a second time");
    desk.xero.edit(desk.whose.tenant, "Invoices", Some(made), &json!({ "Status": "VOIDED" })).unwrap();
    synced(&desk).await;
    assert_eq!(states(&all(&desk).await), ["accepted, bill gone"]);
}

#[tokio::test]
async fn x5_a_bill_that_says_so_no_more_withdraws_its_suggestion_until_it_does_again() {
    let desk = desk().await;
    let made = bill(&desk, "L-1", &[LICENCE]).await;
    synced(&desk).await;
    let line = |text: &str| json!([{ "Description": text, "Quantity": 1, "UnitAmount": "1200.00", "AccountCode": "463", "TaxType": "INPUT2" }]);
    let edit =
        |text: &str| desk.xero.edit(desk.whose.tenant, "Invoices", Some(made), &json!({ "LineItems": line(text) }));
    edit("Licence").unwrap();
    synced(&desk).await;
    assert_eq!(states(&all(&desk).await), ["withdrawn"]);
    edit(LICENCE.0).unwrap();
    synced(&desk).await;
    assert_eq!(states(&all(&desk).await), ["open"]);
}

/// One look, cut somewhere, healed and repeated; answers the lines suggested, and whether the cut was met.
async fn look(lines: &[(&str, &str, &str)], cut: Option<Cut>) -> (Vec<usize>, bool, u64) {
    let desk = ready().await;
    bill(&desk, "L-1", lines).await;
    synced(&desk).await;
    switch_on(&desk).await;
    let to = sync::load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().feed_head;
    let work = Work::FollowFeed { organisation: desk.whose.clone(), follower: Follower::Prepayments, to, round: 0 };
    desk.access.send(&Envelope::new(work)).await.unwrap();
    desk.world.faults.heal();
    cut.into_iter().for_each(|cut| desk.world.faults.cut(cut));
    until_cut(&desk).await;
    let calls = desk.world.faults.calls();
    let met = desk.world.faults.heal();
    desk.world.clock.advance(std::time::Duration::from_secs(800));
    desk.work().await;
    let mut found: Vec<usize> = all(&desk).await.iter().map(|of| of.line).collect();
    found.sort_unstable();
    (found, met, calls)
}

#[tokio::test]
async fn x5_a_look_that_is_cut_off_at_any_call_ends_with_the_same_suggestions() {
    let lines = [LICENCE, LICENCE, ("Rent Jan - Mar 2027", "300.00", "469")];
    let (found, _, calls) = look(&lines, None).await;
    assert_eq!(found, [1, 2, 3], "two equal lines are two suggestions");
    assert!(calls > 5, "{calls}");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let (found, met, _) = look(&lines, Some(cut)).await;
            assert_eq!(found, [1, 2, 3], "{cut:?}");
            assert!(met, "{cut:?} was not met");
        }
    }
}
