//! Prepayments and accruals from approval to the last release, whatever is cut off or raced. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use envelopes::Envelope;
use kernel::{Applied, Date, ScheduleId};
use postings::{Standing, load_view};
use releases::store::{list_due, list_released, load_schedule};
use releases::{CorrectBy, Wanted, initial_intent, preview, propose};
use schedules::Terms;
use serde_json::json;
use simulator::world::Cut;
use simulator::xero::Fault;
use sync::head::Trigger;
use system::prepayments::{
    DAY, Journals, all_accounted_for, alter, alter_by, approve_both, balance, connection, days, decide, ends_with,
    in_xero, publish_now, ready, terms, to_terms, until_cut, with_october_posted,
};

#[tokio::test]
async fn m17_m18_m19_approving_posts_the_first_journal_at_once_and_lays_out_every_release() {
    let desk = ready().await;
    assert_eq!(
        decide(&desk, terms("S-1", "prepayment", "1000.00", "2026-10-01", "2027-09-30")).await,
        Ok(Applied::Now)
    );
    desk.work().await;
    let id: ScheduleId = "S-1".parse().unwrap();
    let table = &*desk.access.ports.table;
    let view = load_view(table, &desk.whose, &initial_intent(&id).unwrap(), desk.now()).await.unwrap().unwrap();
    assert_eq!(view.state, Standing::Posted);
    let journals = in_xero(&desk).await;
    assert_eq!(journals.keys().collect::<Vec<_>>(), ["2026-10-31"], "m19: the closing period's last day, and no other");
    let (narration, lines) = &journals["2026-10-31"][0];
    assert!(narration.starts_with("Prepayment: Insurance S-1"), "{narration}");
    assert_eq!((&lines[0]["AccountCode"], &lines[0]["LineAmount"]), (&json!("620"), &json!("1000.00")));
    let row = load_schedule(table, &desk.whose, &id).await.unwrap().unwrap().value;
    let amounts: Vec<String> = row.releases.iter().map(|release| release.amount.amount()).collect();
    assert_eq!(amounts, [["83.33"; 11].as_slice(), &["83.37"]].concat(), "m18");
    let (due, _) = list_due(table, &desk.whose, None, "2100-01-01".parse().unwrap(), 100).await.unwrap();
    let ends: Vec<String> = due.iter().map(|due| due.last.to_string()).collect();
    assert_eq!((ends.len(), ends[0].as_str(), ends[4].as_str()), (12, "2026-10-31", "2027-02-28"), "m20");
    assert_eq!(
        decide(&desk, terms("S-1", "prepayment", "1000.00", "2026-10-01", "2027-09-30")).await,
        Ok(Applied::Before)
    );
    let other = decide(&desk, terms("S-1", "prepayment", "999.00", "2026-10-01", "2027-09-30")).await;
    assert!(other.unwrap_err().contains("approved before"));
    desk.work().await;
    assert_eq!(in_xero(&desk).await.values().map(Vec::len).sum::<usize>(), 1);
}

#[tokio::test]
async fn m20_m21_m22_each_night_posts_what_has_passed_in_one_journal_a_period_never_early_and_catches_up() {
    let desk = ready().await;
    decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.unwrap();
    decide(&desk, terms("S-2", "accrual", "100.00", "2026-10-15", "2026-11-14")).await.unwrap();
    desk.work().await;
    days(&desk, 2).await;
    let journals = in_xero(&desk).await;
    let released = |journals: &Journals, day: &str| {
        let of_day = journals.get(day).cloned().unwrap_or_default();
        of_day.into_iter().filter(|(narration, _)| narration.starts_with("Releases")).collect::<Vec<_>>()
    };
    let october = released(&journals, "2026-10-31");
    assert_eq!((october.len(), october[0].1.len()), (1, 4), "m22: one journal carries both schedules");
    assert!(october[0].1.iter().any(|line| line["Description"].as_str().unwrap().ends_with("[S-2]")));
    assert!(released(&journals, "2026-11-30").is_empty(), "m21: November has not passed");

    // 30 November at the organisation, until its midnight.
    while kernel::local_date("GMTSTANDARDTIME", desk.now()) < "2026-11-30".parse::<Date>().unwrap() {
        days(&desk, 1).await;
    }
    assert!(released(&in_xero(&desk).await, "2026-11-30").is_empty(), "m21: never early");
    days(&desk, 2).await;
    assert_eq!(released(&in_xero(&desk).await, "2026-11-30").len(), 1);

    // The schedule stands still over new year: the next night catches up.
    desk.world.clock.advance(40 * DAY);
    desk.tick(Duration::from_secs(3600)).await;
    desk.tick(Duration::from_secs(3600)).await;
    desk.work().await;
    let journals = in_xero(&desk).await;
    assert_eq!(released(&journals, "2026-12-31").len(), 1);
    assert_eq!(balance(&journals, "620"), rust_decimal::Decimal::ZERO, "everything is released");
    let table = &*desk.access.ports.table;
    let (due, _) = list_due(table, &desk.whose, None, "2100-01-01".parse().unwrap(), 100).await.unwrap();
    assert!(due.is_empty(), "{due:?}");
    let rows = list_released(table, &desk.whose, &"S-1".parse().unwrap()).await.unwrap();
    assert_eq!(rows.len(), 3, "every release is accounted for");
}

#[tokio::test]
async fn m23_m24_publish_now_previews_and_posts_every_ready_release_of_all_schedules_once_however_it_races() {
    let desk = ready().await;
    for number in 0..5 {
        decide(&desk, terms(&format!("S-{number}"), "prepayment", "120.00", "2026-09-01", "2026-12-31")).await.unwrap();
    }
    desk.work().await;
    let (periods, more) = preview(&desk.access, &desk.whose, "2026-10-31".parse().unwrap()).await.unwrap();
    assert_eq!((periods.len(), more), (1, false));
    // September is closed: its part is in October's.
    assert_eq!((periods[0].releases, periods[0].journals, periods[0].total.amount().as_str()), (5, 1, "300.00"));
    assert!(publish_now(&desk, "2026-10-31", "one").await);
    assert!(publish_now(&desk, "2026-10-31", "two").await);
    desk.look().await;
    let envelopes: Vec<Envelope> = std::iter::from_fn(|| desk.world.queue.take())
        .map(|taken| Envelope::parse(&taken.message.body).unwrap())
        .collect();
    // Together: the two wishes, and whatever the night sent.
    let outcomes = futures::future::join_all(envelopes.iter().map(|envelope| desk.carry_out(envelope))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(publish_now(&desk, "2026-10-31", "three").await);
    desk.work().await;
    days(&desk, 1).await;
    let journals = in_xero(&desk).await;
    let released: Vec<_> =
        journals["2026-10-31"].iter().filter(|(narration, _)| narration.starts_with("Releases")).collect();
    assert_eq!(released.len(), 1, "{released:#?}");
    assert_eq!(released[0].1.len(), 10, "m24: all five schedules");
    assert_eq!(preview(&desk.access, &desk.whose, "2026-10-31".parse().unwrap()).await.unwrap().0, Vec::new());
}

#[tokio::test]
async fn a_crash_before_or_after_any_port_call_of_approve_and_publish_loses_and_doubles_nothing() {
    let whole = ready().await;
    whole.world.faults.heal();
    assert!(approve_both(&whole).await);
    assert!(publish_now(&whole, "2026-10-31", "now").await);
    until_cut(&whole).await;
    let calls = whole.world.faults.calls();
    assert!(calls > 60, "{calls} calls");
    all_accounted_for(&whole, "uncut").await;
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let desk = ready().await;
            desk.world.faults.cut(cut);
            let approved = approve_both(&desk).await;
            if approved {
                publish_now(&desk, "2026-10-31", "now").await;
            }
            until_cut(&desk).await;
            desk.world.faults.heal();
            desk.world.clock.advance(Duration::from_secs(720));
            desk.work().await;
            // Whoever got no answer sends the same again.
            assert!(approve_both(&desk).await, "{cut:?}");
            assert!(publish_now(&desk, "2026-10-31", "again").await);
            desk.work().await;
            all_accounted_for(&desk, &format!("{cut:?}")).await;
        }
    }
}

#[tokio::test]
async fn m26_m27_a_release_into_a_locked_period_waits_and_goes_when_the_lock_date_moves() {
    let desk = ready().await;
    decide(&desk, terms("S-1", "prepayment", "90.00", "2026-10-01", "2026-12-31")).await.unwrap();
    desk.work().await;
    desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-10-31".parse().unwrap()));
    assert!(publish_now(&desk, "2026-10-31", "now").await);
    desk.work().await;
    let table = &*desk.access.ports.table;
    let released = list_released(table, &desk.whose, &"S-1".parse().unwrap()).await.unwrap();
    let intent = released[0].intent.clone();
    let view = async || load_view(table, &desk.whose, &intent, desk.now()).await.unwrap().unwrap();
    let attention = view().await.attention.unwrap();
    assert_eq!(
        (attention.code.as_str(), attention.locked_until.as_deref()),
        ("end_of_year_locked", Some("2026-10-31"))
    );
    desk.xero.set_lock_dates(desk.whose.tenant, None, None);
    desk.sync(Trigger::Person).await;
    desk.work().await;
    assert_eq!(view().await.state, Standing::Posted);
}

#[tokio::test]
async fn x5_a_rolling_schedule_is_planned_on_each_night_and_has_no_first_journal() {
    let desk = ready().await;
    let mut rolling = terms("S-1", "prepayment", "1.00", "2026-10-01", "2026-12-31");
    (rolling.amount, rolling.last) = (None, None);
    rolling.method = serde_json::from_value(
        json!({ "kind": "rolling", "amount": { "amount": "10.00", "currency": "GBP" }, "ahead": 2 }),
    )
    .unwrap();
    assert_eq!(decide(&desk, rolling).await, Ok(Applied::Now));
    let table = &*desk.access.ports.table;
    let id: ScheduleId = "S-1".parse().unwrap();
    let planned = async || load_schedule(table, &desk.whose, &id).await.unwrap().unwrap().value.releases.len();
    assert_eq!(planned().await, 4, "October, November and two ahead");
    for _ in 0..4 {
        desk.world.clock.advance(30 * DAY);
        days(&desk, 1).await;
    }
    let journals = in_xero(&desk).await;
    let narrations: Vec<&str> = journals.values().flatten().map(|(narration, _)| narration.as_str()).collect();
    assert!(narrations.iter().all(|narration| narration.starts_with("Releases")), "{narrations:?}");
    // 24 November and 124 days: 28 March has come, February has passed.
    assert_eq!(journals.len(), 5, "October to February: {:?}", journals.keys());
    assert_eq!(planned().await, 8, "March and two ahead");
    assert_eq!(balance(&journals, "433"), rust_decimal::Decimal::from(50));
}

#[tokio::test]
async fn m19_the_stated_closing_period_counts_and_one_that_has_not_begun_is_refused() {
    let desk = ready().await;
    let known = connection(&desk).await;
    let of = |day: &str| Some(day.parse::<Date>().unwrap());
    let terms = || terms("S-1", "prepayment", "120.00", "2026-09-01", "2026-12-31");
    let september = propose(&desk.access, &known, terms(), of("2026-09-15")).await.unwrap();
    assert_eq!((september.closing.name.to_string().as_str(), september.releases.len()), ("2026-09", 4));
    let november = propose(&desk.access, &known, terms(), of("2026-11-30")).await.unwrap();
    assert_eq!(november.releases.len(), 2, "what is past is carried into it");
    assert_eq!(november.initial.unwrap().date().to_string(), "2026-11-30");
    let refused = propose(&desk.access, &known, terms(), of("2026-12-01")).await.unwrap_err();
    assert!(refused.to_string().contains("has not begun"), "{refused}");
}

#[tokio::test]
async fn a_lost_answer_of_a_released_journal_makes_no_second_one() {
    for fault in [Fault::LostWriteAnswer, Fault::CutBeforeXero, Fault::InternalAfterWrite] {
        let desk = ready().await;
        assert!(approve_both(&desk).await);
        desk.work().await;
        desk.xero.order_fault(fault);
        assert!(publish_now(&desk, "2026-10-31", "now").await);
        until_cut(&desk).await;
        desk.world.clock.advance(DAY);
        desk.work().await;
        all_accounted_for(&desk, &format!("{fault:?}")).await;
    }
}

#[tokio::test]
async fn m29_another_expense_account_moves_what_was_posted_and_the_rest_goes_there() {
    let desk = with_october_posted().await;
    let wanted = to_terms(|terms| terms.expense_account = "469".parse().unwrap());
    let done = alter(&desk, &wanted).await.unwrap();
    let lines: Vec<String> = done
        .correction
        .unwrap()
        .lines()
        .iter()
        .map(|line| format!("{} {}", line.account, line.amount.amount()))
        .collect();
    assert_eq!(lines, ["433 200.00", "469 -200.00"], "what the first journal left on 433 after October");
    assert_eq!(done.posted_through.unwrap().to_string(), "2026-10-31");
    assert_eq!(done.releases.len(), 2);
    desk.work().await;
    ends_with(&desk, &[("433", 0), ("469", 0), ("620", 0)], "all in all").await;
}

#[tokio::test]
async fn m29_another_timing_corrects_what_was_released_and_releases_the_rest_anew() {
    let desk = with_october_posted().await;
    let done = alter(&desk, &to_terms(|terms| terms.last = "2027-03-31".parse().ok())).await.unwrap();
    let amounts: Vec<String> = done.releases.iter().map(|release| release.amount.amount()).collect();
    assert_eq!(amounts, ["50.00"; 5]);
    let correction = done.correction.unwrap();
    assert_eq!((correction.date().to_string().as_str(), correction.lines().len()), ("2026-10-31", 2));
    desk.work().await;
    let journals = in_xero(&desk).await;
    assert_eq!(
        balance(&journals, "620"),
        rust_decimal::Decimal::from(250),
        "as if it had been six months from the start"
    );
    ends_with(&desk, &[("433", 0), ("620", 0)], "all in all").await;
    let same = to_terms(|terms| terms.last = "2027-03-31".parse().ok());
    let again = alter(&desk, &same).await.unwrap();
    assert!(again.correction.is_none(), "the same terms change nothing");
}

#[tokio::test]
async fn m30_a_removed_schedule_takes_back_what_it_posted_and_releases_nothing_more() {
    let desk = with_october_posted().await;
    let done = alter(&desk, &Wanted::Removed).await.unwrap();
    assert_eq!((done.releases.len(), done.correction.unwrap().lines().len()), (0, 2));
    desk.work().await;
    let journals = in_xero(&desk).await;
    assert_eq!(balance(&journals, "620"), rust_decimal::Decimal::ZERO);
    days(&desk, 60).await;
    assert_eq!(in_xero(&desk).await.values().flatten().count(), 3, "first, October, removal, and nothing more");
    assert!(alter(&desk, &Wanted::Removed).await.unwrap_err().contains("removed before"));
    assert!(decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.is_ok());
}

#[tokio::test]
async fn m29_what_cannot_be_changed_is_refused_and_a_journal_voided_in_xero_comes_first() {
    let desk = with_october_posted().await;
    let refused = async |wanted: &Wanted, expected: &str| {
        let error = alter(&desk, wanted).await.unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
    };
    refused(&to_terms(|terms| terms.kind = schedules::Kind::Accrual), "keeps its id and its kind").await;
    refused(&to_terms(|terms| terms.id = "S-2".parse().unwrap()), "keeps its id").await;
    refused(&to_terms(|terms| terms.expense_account = "999".parse().unwrap()), "no account 999").await;
    refused(&to_terms(|terms| terms.last = "2020-01-01".parse().ok()), "before it starts").await;
    let rolling = json!({ "kind": "rolling", "amount": { "amount": "10.00", "currency": "GBP" }, "ahead": 2 });
    let roll = |terms: &mut Terms| {
        (terms.amount, terms.last) = (None, None);
        terms.method = serde_json::from_value(rolling.clone()).unwrap();
    };
    refused(&to_terms(roll), "rolling").await;
    let table = &*desk.access.ports.table;
    let view = load_view(table, &desk.whose, &"s-S-1".parse().unwrap(), desk.now()).await.unwrap().unwrap();
    let first = view.xero_id.unwrap().parse().unwrap();
    desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(first), &json!({ "Status": "VOIDED" })).unwrap();
    in_xero(&desk).await;
    refused(&Wanted::Removed, "voided in Xero").await;
}

#[tokio::test]
async fn a_crash_or_a_race_during_a_change_loses_and_doubles_nothing() {
    let wanted = to_terms(|terms| terms.expense_account = "469".parse().unwrap());
    for correct_by in [CorrectBy::Journal, CorrectBy::Auto] {
        sweep_change(&wanted, correct_by).await;
    }
}

async fn sweep_change(wanted: &Wanted, correct_by: CorrectBy) {
    let whole = with_october_posted().await;
    whole.world.faults.heal();
    alter_by(&whole, wanted, correct_by).await.unwrap();
    until_cut(&whole).await;
    let calls = whole.world.faults.calls();
    assert!(calls > 20, "{calls} calls");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let desk = with_october_posted().await;
            desk.world.faults.cut(cut);
            let _ = alter_by(&desk, wanted, correct_by).await;
            until_cut(&desk).await;
            desk.world.faults.heal();
            desk.world.clock.advance(Duration::from_secs(720));
            desk.work().await;
            // Whoever got no answer asks for the same again.
            alter_by(&desk, wanted, correct_by).await.unwrap();
            desk.work().await;
            ends_with(&desk, &[("433", 0), ("469", 0), ("620", 0)], &format!("{correct_by:?} {cut:?}")).await;
        }
    }
}

/// A table that lets others run before each of its calls, so that two workers interleave at every one of them.
struct Yielding(std::sync::Arc<dyn ports::Table>);

#[async_trait::async_trait]
impl ports::Table for Yielding {
    async fn get(&self, key: &ports::Key) -> Result<Option<ports::Row>, ports::TableError> {
        tokio::task::yield_now().await;
        self.0.get(key).await
    }
    async fn get_many(&self, keys: &[ports::Key]) -> Result<Vec<ports::Row>, ports::TableError> {
        tokio::task::yield_now().await;
        self.0.get_many(keys).await
    }
    async fn query(&self, query: &ports::Query) -> Result<ports::RowPage, ports::TableError> {
        tokio::task::yield_now().await;
        self.0.query(query).await
    }
    async fn write(&self, write: ports::Write) -> Result<ports::Written, ports::TableError> {
        tokio::task::yield_now().await;
        self.0.write(write).await
    }
    async fn transact(&self, writes: Vec<ports::Write>) -> Result<ports::Written, ports::TableError> {
        tokio::task::yield_now().await;
        self.0.transact(writes).await
    }
}

#[tokio::test]
async fn m29_a_change_and_a_publishing_at_once_end_as_if_one_had_come_after_the_other() {
    let wanted = to_terms(|terms| terms.expense_account = "469".parse().unwrap());
    let shorter = to_terms(|terms| terms.last = "2026-11-30".parse().ok());
    let mut refused = 0;
    for (late, wanted) in (0..60).step_by(2).flat_map(|late| [(late, &wanted), (late, &shorter)]) {
        let mut desk = with_october_posted().await;
        desk.access.ports.table = std::sync::Arc::new(Yielding(desk.access.ports.table.clone()));
        // November may be published by a person although it has not passed.
        assert!(publish_now(&desk, "2026-11-30", "november").await);
        let envelope = Envelope::parse(&desk.world.queue.take().unwrap().message.body).unwrap();
        // First one of them begins later and later, then the other.
        let (publish_late, change_late) = (if late < 30 { late } else { 0 }, usize::saturating_sub(late, 30));
        let publishing = async {
            for _ in 0..publish_late {
                tokio::task::yield_now().await;
            }
            desk.carry_out(&envelope).await.unwrap();
        };
        let changing = async {
            for _ in 0..change_late {
                tokio::task::yield_now().await;
            }
            alter(&desk, wanted).await
        };
        let (changed, ()) = tokio::join!(changing, publishing);
        if changed.is_err() {
            refused += 1;
            alter(&desk, wanted).await.unwrap();
        }
        desk.work().await;
        ends_with(&desk, &[("433", 0), ("469", 0), ("620", 0)], &format!("{late}")).await;
    }
    assert!(refused > 0, "no interleaving was close enough to be refused");
}
