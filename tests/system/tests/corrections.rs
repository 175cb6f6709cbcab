//! What was posted brought to what is wanted: edited, voided, rewritten before it is sent, or made up for by one journal,
//! as organisation and period allow. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use journals::{RedateError, propose_redate};
use kernel::IntentId;
use postings::{IntentView, Standing, load_view, record_by_hand, resume_by_hand};
use releases::store::{list_released, load_schedule};
use releases::{Change, CorrectBy, RevisedHow, Wanted};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::world::Cut;
use simulator::xero::{DemoSettings, Fault, JournalSettings, XeroSettings};
use sync::head::Trigger;
use system::desk::Desk;
use system::prepayments::{
    alter, alter_by, balance, begun, connection, days, decide, ends_with, in_xero, october_posted, publish_now, ready,
    terms, to_terms, until_cut, with_october_posted,
};

fn other_account() -> Wanted {
    to_terms(|terms| terms.expense_account = "469".parse().unwrap())
}

fn longer() -> Wanted {
    to_terms(|terms| terms.last = "2027-03-31".parse().ok())
}

async fn changed(desk: &Desk, wanted: &Wanted) -> Change {
    alter_by(desk, wanted, CorrectBy::Auto).await.unwrap()
}

fn actions(change: &Change) -> Vec<(String, RevisedHow)> {
    change.revisions.iter().map(|each| (each.posting.id().to_string(), each.action())).collect()
}

async fn view(desk: &Desk, id: &str) -> IntentView {
    let id: IntentId = id.parse().unwrap();
    load_view(&*desk.access.ports.table, &desk.whose, &id, desk.now()).await.unwrap().unwrap()
}

async fn xero_id(desk: &Desk, id: &str) -> uuid::Uuid {
    view(desk, id).await.xero_id.unwrap().parse().unwrap()
}

async fn live(desk: &Desk) -> usize {
    in_xero(desk).await.values().flatten().count()
}

/// Journals of a Xero that lets nobody change what is posted.
async fn where_posted_is_final() -> Desk {
    let journals = JournalSettings { posted_are_final: true, ..JournalSettings::default() };
    let settings = XeroSettings { journals, ..XeroSettings::default() };
    october_posted(begun(Desk::at(settings, &DemoSettings::sized(7, 10))).await).await
}

const FIRST: &str = "s-S-1";
const OCTOBER: &str = "r-2026-10-GBP-1";

#[tokio::test]
async fn m29_in_the_period_that_is_being_closed_the_journals_themselves_are_edited() {
    let desk = with_october_posted().await;
    let before = [xero_id(&desk, FIRST).await, xero_id(&desk, OCTOBER).await];
    let done = changed(&desk, &other_account()).await;
    let expected = [FIRST, OCTOBER].map(|id| (id.to_owned(), RevisedHow::Edit));
    assert_eq!((actions(&done), done.correction), (expected.to_vec(), None));
    desk.work().await;
    let after = [xero_id(&desk, FIRST).await, xero_id(&desk, OCTOBER).await];
    assert_eq!(before, after, "the same journals");
    let journals = in_xero(&desk).await;
    assert_eq!(journals.values().flatten().count(), 2, "{journals:#?}");
    assert_eq!(balance(&journals, "433"), Decimal::ZERO);
    let shown = view(&desk, FIRST).await;
    assert_eq!((shown.state, shown.attention), (Standing::Posted, None));
    let words: Vec<&str> = shown.history.iter().map(|entry| entry.what.as_str()).collect();
    assert!(words.contains(&"Changed: schedule S-1 was changed by sam"), "{words:?}");
    ends_with(&desk, &[("433", 0), ("469", 0), ("620", 0)], "all in all").await;
}

#[tokio::test]
async fn m29_another_timing_edits_what_was_released_and_leaves_the_first_journal_alone() {
    let desk = with_october_posted().await;
    let done = changed(&desk, &longer()).await;
    assert_eq!(actions(&done), [(OCTOBER.to_owned(), RevisedHow::Edit)]);
    let amounts: Vec<String> = done.revisions[0].after.iter().map(|line| line.amount.amount()).collect();
    assert_eq!(amounts, ["50.00", "-50.00"]);
    desk.work().await;
    assert_eq!(
        balance(&in_xero(&desk).await, "620"),
        Decimal::from(250),
        "as if it had been six months from the start"
    );
    let again = changed(&desk, &longer()).await;
    assert!(again.revisions.is_empty() && again.correction.is_none(), "the same terms change nothing");
    ends_with(&desk, &[("433", 0), ("620", 0)], "all in all").await;
}

#[tokio::test]
async fn m29_what_is_locked_or_closed_stays_and_one_journal_makes_the_difference() {
    for locked in [true, false] {
        let desk = with_october_posted().await;
        if locked {
            desk.xero.set_lock_dates(desk.whose.tenant, Some("2026-10-31".parse().unwrap()), None);
        } else {
            days(&desk, 10).await;
        }
        desk.sync(Trigger::Person).await;
        let done = changed(&desk, &longer()).await;
        // In December November is being closed, and its release is posted: that one is edited.
        let expected: &[&str] = if locked { &[] } else { &["r-2026-11-GBP-1"] };
        assert_eq!(actions(&done).iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), expected);
        let correction = done.correction.unwrap();
        assert_eq!(correction.date().to_string(), "2026-11-30");
        assert_eq!(correction.lines()[1].amount.amount().trim_start_matches('-'), "50.00", "October's difference");
        desk.work().await;
        ends_with(&desk, &[("433", 0), ("620", 0)], "all in all").await;
    }
}

#[tokio::test]
async fn m29_a_person_may_have_journals_of_earlier_open_periods_edited_as_well() {
    let desk = with_october_posted().await;
    days(&desk, 10).await;
    let done = alter_by(&desk, &longer(), CorrectBy::Edit).await.unwrap();
    let expected = [OCTOBER, "r-2026-11-GBP-1"].map(|id| (id.to_owned(), RevisedHow::Edit));
    assert_eq!((actions(&done), done.correction), (expected.to_vec(), None));
    desk.work().await;
    assert_eq!(balance(&in_xero(&desk).await, "620"), Decimal::from(200));
}

#[tokio::test]
async fn m30_a_removed_schedule_has_its_journals_voided_and_leaves_those_of_others_alone() {
    let desk = ready().await;
    decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.unwrap();
    decide(&desk, terms("S-2", "prepayment", "90.00", "2026-10-01", "2026-12-31")).await.unwrap();
    assert!(publish_now(&desk, "2026-10-31", "october").await);
    desk.work().await;
    let done = changed(&desk, &Wanted::Removed).await;
    let expected = [(FIRST.to_owned(), RevisedHow::Void), (OCTOBER.to_owned(), RevisedHow::Edit)];
    assert_eq!((actions(&done), done.correction), (expected.to_vec(), None));
    desk.work().await;
    assert_eq!(view(&desk, FIRST).await.state, Standing::Withdrawn);
    let journals = in_xero(&desk).await;
    let lines: Vec<&Value> = journals.values().flatten().flat_map(|(_, lines)| lines).collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(lines.iter().all(|line| line["Description"].as_str().unwrap().ends_with("[S-2]")));
    assert_eq!(view(&desk, FIRST).await.state, Standing::Withdrawn, "the sync found it voided, as was wanted");
    let row = load_schedule(&*desk.access.ports.table, &desk.whose, &"S-1".parse().unwrap()).await.unwrap().unwrap();
    assert!(row.value.removed);
    ends_with(&desk, &[("433", 0), ("620", 0)], "all in all").await;
}

#[tokio::test]
async fn m30_a_removal_behind_a_lock_date_is_a_reversing_journal() {
    let desk = with_october_posted().await;
    desk.xero.set_lock_dates(desk.whose.tenant, Some("2026-10-31".parse().unwrap()), None);
    desk.sync(Trigger::Person).await;
    let done = changed(&desk, &Wanted::Removed).await;
    assert!(done.revisions.is_empty());
    let reversal = done.correction.unwrap();
    let lines: Vec<String> =
        reversal.lines().iter().map(|line| format!("{} {}", line.account, line.amount.amount())).collect();
    assert_eq!(
        (reversal.date().to_string().as_str(), lines),
        ("2026-11-30", vec!["433 200.00".into(), "620 -200.00".into()])
    );
    desk.work().await;
    let journals = in_xero(&desk).await;
    assert_eq!((balance(&journals, "620"), balance(&journals, "433")), (Decimal::ZERO, Decimal::ZERO));
}

#[tokio::test]
async fn m29_where_xero_lets_no_posted_journal_be_changed_it_is_voided_and_posted_anew() {
    let desk = where_posted_is_final().await;
    let before = xero_id(&desk, FIRST).await;
    changed(&desk, &other_account()).await;
    desk.work().await;
    let after = xero_id(&desk, FIRST).await;
    assert_ne!(before, after);
    let journals = in_xero(&desk).await;
    assert_eq!((journals.values().flatten().count(), balance(&journals, "433")), (2, Decimal::ZERO));
    for id in [FIRST, OCTOBER] {
        let shown = view(&desk, id).await;
        assert_eq!((shown.state, &shown.attention), (Standing::Posted, &None), "{shown:#?}");
        assert!(shown.history.iter().any(|entry| entry.what.starts_with("Voided and posted anew")), "{shown:#?}");
    }
    ends_with(&desk, &[("433", 0), ("469", 0), ("620", 0)], "all in all").await;
}

#[tokio::test]
async fn m29_what_waits_for_a_lock_date_is_rewritten_or_dropped_before_it_is_sent() {
    for (wanted, action) in [(other_account(), RevisedHow::Rewrite), (Wanted::Removed, RevisedHow::Drop)] {
        let desk = ready().await;
        desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-10-31".parse().unwrap()));
        decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.unwrap();
        desk.work().await;
        assert_eq!(view(&desk, FIRST).await.state, Standing::Waiting);
        let done = changed(&desk, &wanted).await;
        assert_eq!((actions(&done), done.correction), (vec![(FIRST.to_owned(), action)], None));
        desk.work().await;
        assert_eq!(live(&desk).await, 0);
        let stands = if action == RevisedHow::Drop { Standing::Recorded } else { Standing::Waiting };
        assert_eq!(view(&desk, FIRST).await.state, stands);
        desk.xero.set_lock_dates(desk.whose.tenant, None, None);
        desk.sync(Trigger::Person).await;
        let journals = in_xero(&desk).await;
        let expected = if action == RevisedHow::Drop { 0 } else { -300 };
        assert_eq!((balance(&journals, "469"), balance(&journals, "433")), (Decimal::from(expected), Decimal::ZERO));
    }
}

#[tokio::test]
async fn m28_m29_what_a_person_changed_in_xero_is_left_alone_and_the_difference_is_posted() {
    let desk = with_october_posted().await;
    let fields = json!({ "JournalLines": [
        { "LineAmount": 40, "AccountCode": "433" }, { "LineAmount": -40, "AccountCode": "620" } ] });
    let october = xero_id(&desk, OCTOBER).await;
    desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(october), &fields).unwrap();
    in_xero(&desk).await;
    let done = changed(&desk, &longer()).await;
    assert!(done.revisions.is_empty(), "{:?}", actions(&done));
    assert!(done.correction.is_some());
}

#[tokio::test]
async fn m28_a_journal_voided_by_a_person_before_its_edit_arrives_waits_for_that_person() {
    for desk in [with_october_posted().await, where_posted_is_final().await] {
        changed(&desk, &other_account()).await;
        let first = xero_id(&desk, FIRST).await;
        desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(first), &json!({ "Status": "VOIDED" })).unwrap();
        desk.work().await;
        let shown = view(&desk, FIRST).await;
        assert_eq!((shown.state, shown.attention.unwrap().code.as_str()), (Standing::Waiting, "voided_in_xero"));
        assert_eq!(live(&desk).await, 1, "October's");
        assert!(resume_by_hand(&desk.access, &desk.whose, &FIRST.parse().unwrap(), "sam").await.unwrap());
        desk.work().await;
        assert_ne!(xero_id(&desk, FIRST).await, first);
        let journals = in_xero(&desk).await;
        assert_eq!(
            (journals.values().flatten().count(), balance(&journals, "433")),
            (2, Decimal::ZERO),
            "{journals:#?}"
        );
    }
}

#[tokio::test]
async fn m27_an_edit_that_meets_a_lock_date_waits_and_goes_when_it_moves_or_is_given_up() {
    for give_up in [false, true] {
        let desk = with_october_posted().await;
        changed(&desk, &other_account()).await;
        desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-10-31".parse().unwrap()));
        desk.work().await;
        let shown = view(&desk, FIRST).await;
        assert_eq!((shown.state, shown.attention.unwrap().code.as_str()), (Standing::Waiting, "end_of_year_locked"));
        let connection = connection(&desk).await;
        let redated = propose_redate(&desk.access, &connection, &FIRST.parse().unwrap(), None).await;
        assert!(matches!(redated, Err(RedateError::NotLocked)), "its day stays what it is");
        if give_up {
            for id in [FIRST, OCTOBER] {
                let id = id.parse().unwrap();
                assert!(record_by_hand(&desk.access, &desk.whose, &id, "kim", "agreed").await.unwrap());
            }
            let shown = view(&desk, FIRST).await;
            let attention = shown.attention.unwrap();
            assert_eq!((shown.state, attention.code.as_str()), (Standing::Posted, "not_as_sent"));
            assert!(attention.raw[0].contains("kim left it as it was in Xero: agreed"), "{attention:?}");
        }
        desk.xero.set_lock_dates(desk.whose.tenant, None, None);
        desk.sync(Trigger::Person).await;
        let journals = in_xero(&desk).await;
        let expected = if give_up { -200 } else { 0 };
        assert_eq!((journals.values().flatten().count(), balance(&journals, "433")), (2, Decimal::from(expected)));
    }
}

#[tokio::test]
async fn m29_an_open_correction_takes_the_next_difference_so_that_no_other_is_needed() {
    let desk = with_october_posted().await;
    assert!(alter(&desk, &other_account()).await.unwrap().correction.is_some());
    desk.work().await;
    assert_eq!(live(&desk).await, 3);
    let back = to_terms(|_| ());
    let done = changed(&desk, &back).await;
    assert!(done.correction.is_none(), "{:?}", done.correction);
    assert_eq!(actions(&done), [("c1-S-1".to_owned(), RevisedHow::Void)], "back where it was, nothing is to correct");
    desk.work().await;
    let journals = in_xero(&desk).await;
    assert_eq!((journals.values().flatten().count(), balance(&journals, "469")), (2, Decimal::ZERO));
    ends_with(&desk, &[("433", 0), ("469", 0), ("620", 0)], "all in all").await;
}

#[tokio::test]
async fn a_lost_answer_of_an_edit_or_a_void_is_looked_up_and_ends_as_wanted() {
    let faults = [Fault::LostWriteAnswer, Fault::InternalAfterWrite, Fault::CutBeforeXero, Fault::Internal];
    for fault in faults {
        for (wanted, expected) in [(other_account(), 2), (Wanted::Removed, 0)] {
            let desk = with_october_posted().await;
            changed(&desk, &wanted).await;
            desk.xero.order_fault(fault);
            until_cut(&desk).await;
            // Xero has forgotten the key by then.
            desk.world.clock.advance(Duration::from_secs(24 * 3600));
            desk.work().await;
            let journals = in_xero(&desk).await;
            let found = journals.values().flatten().count();
            assert_eq!((found, balance(&journals, "433")), (expected, Decimal::ZERO), "{fault:?} {journals:#?}");
        }
    }
}

#[tokio::test]
async fn a_crash_at_any_call_of_a_removal_or_of_a_journal_posted_anew_loses_and_doubles_nothing() {
    for (is_final, wanted, journals) in [(false, Wanted::Removed, 0), (true, other_account(), 2)] {
        let begin = async || if is_final { where_posted_is_final().await } else { with_october_posted().await };
        let whole = begin().await;
        whole.world.faults.heal();
        changed(&whole, &wanted).await;
        until_cut(&whole).await;
        let calls = whole.world.faults.calls();
        for cut in (1..=calls).flat_map(|at| [Cut::Before(at), Cut::After(at)]) {
            let desk = begin().await;
            desk.world.faults.cut(cut);
            let _ = alter_by(&desk, &wanted, CorrectBy::Auto).await;
            until_cut(&desk).await;
            desk.world.faults.heal();
            desk.world.clock.advance(Duration::from_secs(720));
            desk.work().await;
            // Whoever got no answer asks for the same again.
            let again = alter_by(&desk, &wanted, CorrectBy::Auto).await;
            assert!(again.is_ok() || again.unwrap_err().contains("removed before"), "{cut:?}");
            desk.work().await;
            let found = in_xero(&desk).await;
            let name = format!("{is_final} {cut:?}");
            assert_eq!(found.values().flatten().count(), journals, "{name}: {found:#?}");
            assert_eq!(balance(&found, "433"), Decimal::ZERO, "{name}");
            for id in [FIRST, OCTOBER] {
                let shown = view(&desk, id).await;
                assert!(matches!(shown.state, Standing::Posted | Standing::Withdrawn), "{name}: {shown:#?}");
                assert_eq!(shown.attention, None, "{name}: {shown:#?}");
            }
            assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{name}: work left");
        }
    }
}

#[tokio::test]
async fn releases_that_were_caught_up_are_edited_as_one() {
    let desk = ready().await;
    // August and September are released with October, which is being closed.
    decide(&desk, terms("S-1", "prepayment", "300.00", "2026-08-01", "2027-01-31")).await.unwrap();
    assert!(publish_now(&desk, "2026-10-31", "october").await);
    desk.work().await;
    let mut other = terms("S-1", "prepayment", "300.00", "2026-08-01", "2026-12-31");
    other.source = None;
    let done = changed(&desk, &Wanted::Terms(Box::new(other))).await;
    let amounts: Vec<String> =
        done.revisions.iter().flat_map(|each| &each.after).map(|line| line.amount.amount()).collect();
    assert_eq!((amounts, done.correction), (vec!["180.00".to_owned(), "-180.00".to_owned()], None));
    desk.work().await;
    let table = &*desk.access.ports.table;
    let row = load_schedule(table, &desk.whose, &"S-1".parse().unwrap()).await.unwrap().unwrap().value;
    let stored: Vec<String> =
        row.releases.iter().map(|each| format!("{} {}", each.period.name, each.amount.amount())).collect();
    assert_eq!(stored, ["2026-10 180.00", "2026-11 60.00", "2026-12 60.00"]);
    assert_eq!(list_released(table, &desk.whose, &"S-1".parse().unwrap()).await.unwrap().len(), 1);
    ends_with(&desk, &[("433", 0), ("620", 0)], "all in all").await;
}
