//! Tie-outs that Xero refuses, answers oddly or keeps waiting, and those that are cut off, doubled or continued. Virtual
//! time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use connections::{Direction, KindSettings, Settings, change_connection};
use envelopes::{Envelope, Work};
use journal_posting::Limits;
use kernel::{OrganisationRef, TieOutId};
use lambda_kit::QueueMessage;
use ports::HttpRequest;
use serde_json::{Value, json};
use simulator::world::Cut;
use simulator::xero::{Consent, DemoSettings, Fault, Role, TrialBalanceLayout, XeroSettings};
use state::keys;
use sync::head::Trigger;
use system::desk::Desk;
use system::line::{edited, html};
use system::prepayments::{begun, connection, october_posted, until_cut, with_october_posted};
use system::ties::{ask, stored, tied, told};
use tie_outs::{Fault as TieOutFault, Pace, Stage, list_tie_outs, load_tie_out};

const OCTOBER: &str = "2026-10-31";
const TIES: &str = "620 ledger 200.00 expected 200.00 unexplained 0.00";

async fn fault(desk: &Desk) -> TieOutFault {
    let (row, sheets) = tied(desk, OCTOBER).await;
    assert!(sheets.is_empty() && row.finished_at.is_some());
    match row.stage {
        Stage::Failed(fault) => fault,
        stage => panic!("{stage:?}"),
    }
}

fn of_report(request: &HttpRequest) -> bool {
    request.url.contains("/Reports/TrialBalance")
}

#[tokio::test]
async fn tie_out_reads_every_layout_of_the_trial_balance() {
    use TrialBalanceLayout::{Coded, MonthAndYear, Nested, YearAlone};
    for trial_balance in [MonthAndYear, YearAlone, Coded, Nested] {
        let settings = XeroSettings { trial_balance, ..XeroSettings::default() };
        let desk = october_posted(begun(Desk::at(settings, &DemoSettings::sized(7, 10))).await).await;
        let (_, sheets) = tied(&desk, OCTOBER).await;
        assert_eq!(told(&sheets[0]), [TIES], "{trial_balance:?}");
    }
}

#[tokio::test]
async fn tie_out_without_the_scope_or_the_role_says_which_and_what_to_do() {
    let desk = with_october_posted().await;
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Standard);
    let missing = fault(&desk).await;
    assert_eq!(missing.code, "role_missing");
    assert!(missing.fix.contains("reports"), "{missing:?}");

    let desk = Desk::sized(10);
    let only = xero::scopes::NEEDED.iter().map(|scope| scope.name.to_owned());
    let only_scopes = only.filter(|scope| !scope.contains("trialbalance")).collect();
    desk.xero.set_consent(Consent::Allow { user: desk.user, tenants: vec![desk.whose.tenant], only_scopes });
    let desk = october_posted(begun(desk).await).await;
    let missing = fault(&desk).await;
    assert_eq!(missing.code, "scope_missing");
    assert!(missing.fix.contains("Connect again"), "{missing:?}");
}

#[tokio::test]
async fn tie_out_needs_no_right_to_write() {
    let desk = with_october_posted().await;
    desk.xero.forget_calls();
    let (_, sheets) = tied(&desk, OCTOBER).await;
    assert_eq!(told(&sheets[0]), [TIES]);
    assert!(desk.xero.calls().iter().all(|call| call.method == "GET"), "{:?}", desk.xero.calls());
    for (direction, unread) in [(Direction::Pull, Vec::new()), (Direction::None, vec!["manual_journals".to_owned()])] {
        let kind = KindSettings { direction: Some(direction), ..KindSettings::default() };
        let kinds = std::collections::BTreeMap::from([("manual_journals".to_owned(), kind)]);
        let settings = Settings { kinds, ..Settings::default() };
        let set = change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
            connection.settings = settings.clone();
            true
        });
        set.await.unwrap();
        let (row, sheets) = tied(&desk, OCTOBER).await;
        assert_eq!((told(&sheets[0]), row.not_mirrored), (vec![TIES.to_owned()], unread), "{direction:?}");
    }
}

#[tokio::test]
async fn tie_out_of_an_organisation_that_is_not_connected_any_more_says_so() {
    let desk = with_october_posted().await;
    assert!(desk.xero.disconnect(desk.app, desk.user, desk.whose.tenant));
    assert_eq!(fault(&desk).await.code, "not_connected");
}

#[tokio::test]
async fn tie_out_refuses_a_trial_balance_that_it_does_not_understand() {
    let desk = with_october_posted().await;
    let spoiled: [fn(&mut Value); 6] = [
        |body| body["Reports"] = json!([]),
        |body| body["Reports"][0]["Rows"] = json!([]),
        |body| body["Reports"][0]["Rows"][0]["Cells"][3]["Value"] = json!("Soll"),
        |body| body["Reports"][0]["ReportType"] = json!("BalanceSheet"),
        |body| body["Reports"][0]["Rows"].as_array_mut().unwrap().truncate(2),
        |body| body["Reports"][0]["Rows"][1]["Rows"][0]["Cells"][4]["Value"] = json!("1,000.00"),
    ];
    for (at, spoil) in spoiled.into_iter().enumerate() {
        desk.line.spoil(move |request, answer| Ok(if of_report(request) { edited(answer, spoil) } else { answer }));
        let told = fault(&desk).await;
        assert_eq!(told.code, "trial_balance_unreadable", "{at}: {told:?}");
        assert!(!told.cause.contains("1,000.00"), "{told:?}");
    }
    desk.line.spoil(|request, answer| Ok(if of_report(request) { html(answer) } else { answer }));
    assert_eq!(fault(&desk).await.code, "trial_balance_unreadable");
    desk.line.mend();
    assert_eq!(told(&tied(&desk, OCTOBER).await.1[0]), [TIES]);
}

#[tokio::test]
async fn tie_out_waits_for_xeros_limits_and_outages_and_is_given_up_after_a_day() {
    let desk = with_october_posted().await;
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 60, 0);
    let id = ask(&desk, OCTOBER).await.unwrap();
    until_cut(&desk).await;
    let (row, _) = stored(&desk, &id).await;
    assert!(row.waiting.is_some() && row.stage == Stage::TrialBalance, "{row:?}");
    desk.work().await;
    let (row, sheets) = stored(&desk, &id).await;
    assert_eq!((&row.stage, &row.waiting, told(&sheets[0])), (&Stage::Done, &None, vec![TIES.to_owned()]));
    for fault in [Fault::Maintenance, Fault::Internal, Fault::LostReadAnswer, Fault::TooConcurrent, Fault::Gateway] {
        desk.xero.order_fault(fault);
        assert_eq!(told(&tied(&desk, OCTOBER).await.1[0]), [TIES], "{fault:?}");
    }
    desk.line.spoil(|request, answer| Ok(if of_report(request) { unavailable(answer) } else { answer }));
    assert_eq!(fault(&desk).await.code, "not_reached");
}

fn unavailable(answer: ports::HttpResponse) -> ports::HttpResponse {
    ports::HttpResponse { status: 503, ..answer }
}

#[tokio::test]
async fn tie_out_cut_off_at_any_call_ends_with_the_same_result() {
    let whole = with_entries().await;
    whole.world.faults.heal();
    let id = ask(&whole, OCTOBER).await.unwrap();
    at_small_pace(&whole).await;
    let calls = whole.world.faults.calls();
    let expected: Vec<_> = stored(&whole, &id).await.1.iter().map(told).collect();
    assert_eq!(expected[0].len(), 3, "{expected:#?}");
    assert!(calls > 40, "{calls} calls");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let desk = with_entries().await;
            desk.world.faults.cut(cut);
            let mut id = ask(&desk, OCTOBER).await;
            at_small_pace(&desk).await;
            desk.world.faults.heal();
            desk.world.clock.advance(Duration::from_secs(720));
            desk.work().await;
            if id.is_err() {
                // Whoever got no answer asks again.
                id = ask(&desk, OCTOBER).await;
                desk.work().await;
            }
            let (row, sheets) = stored(&desk, &id.unwrap()).await;
            assert_eq!(row.stage, Stage::Done, "{cut:?}");
            let told: Vec<_> = sheets.iter().map(told).collect();
            assert_eq!(told, expected, "{cut:?}");
            assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{cut:?}: work left");
        }
    }
}

/// A prepayment, a journal of the host application, and one that did not come from here.
async fn with_entries() -> Desk {
    let desk = with_october_posted().await;
    let own = json!({ "id": "J-1", "date": "2026-10-15", "narration": "Own", "lines": [
        { "account": "620", "amount": "5.00" }, { "account": "433", "amount": "-5.00" }] });
    let own = serde_json::from_value(own).unwrap();
    journals::post_plain(&desk.access, &connection(&desk).await, "sam", &own).await.unwrap();
    desk.work().await;
    let line = |code: &str, amount: &str| json!({ "AccountCode": code, "LineAmount": amount, "TaxType": "NONE" });
    let fields = json!({ "Narration": "By hand", "Date": "2026-10-20", "Status": "POSTED",
        "JournalLines": [line("620", "12.34"), line("433", "-12.34")] });
    desk.xero.edit(desk.whose.tenant, "ManualJournals", None, &fields).unwrap();
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    desk
}

/// One page of two records for each envelope.
const SMALL: Pace = Pace { records: 2, pages_max: 1 };

async fn one(desk: &Desk, envelope: Envelope) -> Result<(), journal_posting::WorkError> {
    let deadline = desk.now().saturating_add(Duration::from_secs(120)).unwrap();
    let limits = Limits { pace: SMALL, ..Limits::default() };
    journal_posting::carry_out(&desk.access, limits, QueueMessage { envelope, deadline }).await
}

/// Carries out what waits until nothing does or a worker dies over it; answers how many envelopes that took.
async fn at_small_pace(desk: &Desk) -> usize {
    let mut envelopes = 0;
    while let Some(taken) = desk.world.queue.take() {
        let envelope = Envelope::parse(&taken.message.body).unwrap();
        envelopes += 1;
        if one(desk, envelope).await.is_err() {
            desk.world.queue.give_back(taken);
            break;
        }
    }
    envelopes
}

#[tokio::test]
async fn tie_out_of_large_books_goes_on_envelope_by_envelope_and_a_doubled_or_late_one_changes_nothing() {
    let desk = with_entries().await;
    let first = tied(&desk, OCTOBER).await.1;
    let id = ask(&desk, OCTOBER).await.unwrap();
    let (mut envelopes, mut seen) = (0, Vec::new());
    while let Some(taken) = desk.world.queue.take() {
        let envelope = Envelope::parse(&taken.message.body).unwrap();
        one(&desk, envelope.clone()).await.unwrap();
        let (row, _) = stored(&desk, &id).await;
        // The same again, and every one before it.
        seen.push(envelope);
        for old in seen.iter().rev().take(3) {
            one(&desk, old.clone()).await.unwrap();
        }
        assert_eq!(stored(&desk, &id).await.0, row, "envelope {envelopes}");
        envelopes += 1;
    }
    let (row, sheets) = stored(&desk, &id).await;
    assert!(envelopes > 10 && row.records > 10, "{envelopes} envelopes, {row:?}");
    assert_eq!((row.stage, &sheets), (Stage::Done, &first));
    assert_eq!(desk.parked(), 0);
}

#[tokio::test]
async fn tie_out_by_two_workers_at_once_is_one() {
    let desk = with_entries().await;
    let expected = tied(&desk, OCTOBER).await.1;
    let id = ask(&desk, OCTOBER).await.unwrap();
    while let Some(taken) = desk.world.queue.take() {
        let envelope = Envelope::parse(&taken.message.body).unwrap();
        let (one, two) = tokio::join!(one(&desk, envelope.clone()), one(&desk, envelope));
        one.unwrap();
        two.unwrap();
    }
    assert_eq!(stored(&desk, &id).await.1, expected);
}

#[tokio::test]
async fn tie_out_of_another_workspace_or_one_that_has_expired_is_unknown() {
    let desk = with_october_posted().await;
    let (row, _) = tied(&desk, OCTOBER).await;
    let table = &*desk.access.ports.table;
    let other = OrganisationRef { workspace: "other".parse().unwrap(), tenant: desk.whose.tenant };
    assert!(load_tie_out(table, &other, &row.id, desk.now()).await.unwrap().is_none());
    assert!(list_tie_outs(table, &other, desk.now(), 10).await.unwrap().is_empty());
    assert_eq!(list_tie_outs(table, &desk.whose, desk.now(), 10).await.unwrap(), std::slice::from_ref(&row));
    desk.world.clock.advance(Duration::from_secs(tie_outs::KEPT_DAYS * 24 * 3600));
    assert!(load_tie_out(table, &desk.whose, &row.id, desk.now()).await.unwrap().is_none());
    assert!(list_tie_outs(table, &desk.whose, desk.now(), 10).await.unwrap().is_empty());
    // A message about one that is gone does no harm.
    let gone: TieOutId = "20260101T000000000Z-000000000000".parse().unwrap();
    let work = Work::TieOut { organisation: desk.whose.clone(), tie_out: gone.clone(), step: 1 };
    one(&desk, Envelope::new(work)).await.unwrap();
    assert!(table.get(&keys::tie_out(&desk.whose, &gone)).await.unwrap().is_none());
}

#[tokio::test]
async fn tie_out_says_which_records_it_could_not_read_and_leaves_their_amount_unexplained() {
    let desk = with_october_posted().await;
    let line = |code: &str, amount: &str| json!({ "AccountCode": code, "LineAmount": amount, "TaxType": "NONE" });
    let fields = json!({ "Narration": "By hand", "Date": "2026-10-20", "Status": "POSTED",
        "JournalLines": [line("620", "12.34"), line("433", "-12.34")] });
    let made = desk.xero.edit(desk.whose.tenant, "ManualJournals", None, &fields).unwrap();
    desk.line.spoil(|request, answer| {
        let journals = request.url.contains("/ManualJournals") && answer.status == 200;
        let odd = |body: &mut Value| {
            for journal in body["ManualJournals"].as_array_mut().unwrap() {
                if journal["Narration"] == "By hand" {
                    journal["JournalLines"][0]["LineAmount"] = json!("much");
                }
            }
        };
        Ok(if journals { edited(answer, odd) } else { answer })
    });
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    let (row, sheets) = tied(&desk, OCTOBER).await;
    assert_eq!(told(&sheets[0]), ["620 ledger 212.34 expected 200.00 unexplained 12.34"]);
    assert_eq!((row.unread, &row.unread_named[0].id), (1, &made["ManualJournalID"].as_str().unwrap().to_owned()));
    assert!(row.unread_named[0].reason.contains("LineAmount") && !row.unread_named[0].reason.contains("much"));
}

#[tokio::test]
async fn tie_out_lists_the_latest_first() {
    let desk = with_october_posted().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(tied(&desk, OCTOBER).await.0.id);
        desk.world.clock.advance(Duration::from_secs(1));
    }
    let listed = list_tie_outs(&*desk.access.ports.table, &desk.whose, desk.now(), 2).await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|row| row.id).collect();
    assert_eq!(listed, [ids[2].clone(), ids[1].clone()]);
}
