//! What remains to be released held against the balance sheet account, each gap told by single entries. Virtual time.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use sync::head::Trigger;
use system::desk::Desk;
use system::prepayments::with_october_posted;
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
    assert_eq!(told_of(&desk, "2026-10-30").await, ["620 ledger 0.00 expected 0.00 unexplained 0.00"], "before it began");
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
