//! The whole sweep over journals: the worker stops before and after every port call of approve, nightly and publish now,
//! while an answer is lost, a key expires, a lock date moves or a second worker is at it. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use envelopes::{Envelope, Work};
use simulator::world::Cut;
use simulator::xero::Fault;
use sync::head::Trigger;
use system::desk::Desk;
use system::paper::until_cut;
use system::prepayments::{all_accounted_for, approve_both, publish_now, ready};

/// How releases come to be posted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Night,
    Person,
}

/// What else goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    AnswerLost,
    KeyExpired,
    LockMoves,
    TwoWorkers,
}

/// The night's wish, as daily-sync sends it.
async fn night(desk: &Desk, name: &str) -> bool {
    let envelope = Envelope::new(Work::PostReleases {
        organisation: desk.whose.clone(),
        until: None,
        actor: None,
        wish: format!("night-{name}"),
        round: 0,
    });
    desk.access.send(&envelope).await.is_ok()
}

async fn release(desk: &Desk, by: By, name: &str) -> bool {
    match by {
        By::Night => night(desk, name).await,
        By::Person => publish_now(desk, "2026-10-31", name).await,
    }
}

/// One run: cut somewhere, healed, repeated by whoever got no answer. Answers the port calls of an uncut one.
async fn run(by: By, trouble: Trouble, cut: Option<Cut>) -> u64 {
    let name = format!("{by:?} {trouble:?} {cut:?}");
    let desk = ready().await;
    let workers = if trouble == Trouble::TwoWorkers { 2 } else { 1 };
    match trouble {
        Trouble::AnswerLost => desk.xero.order_fault(Fault::LostWriteAnswer),
        Trouble::LockMoves => desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-10-31".parse().unwrap())),
        Trouble::TwoWorkers => desk.xero.set_latency(Duration::from_millis(5)),
        Trouble::KeyExpired => (),
    }
    desk.world.faults.heal();
    cut.into_iter().for_each(|cut| desk.world.faults.cut(cut));
    if approve_both(&desk).await {
        release(&desk, by, "first").await;
    }
    until_cut(&desk, workers).await;
    let calls = desk.world.faults.calls();
    desk.world.faults.heal();
    desk.xero.set_latency(Duration::ZERO);
    let pause = if trouble == Trouble::KeyExpired { 24 * 3600 } else { 720 };
    desk.world.clock.advance(Duration::from_secs(pause));
    desk.work().await;
    // Whoever got no answer sends the same again.
    assert!(approve_both(&desk).await && release(&desk, by, "again").await, "{name}");
    desk.work().await;
    if trouble == Trouble::LockMoves {
        desk.xero.set_lock_dates(desk.whose.tenant, None, None);
        desk.world.clock.advance(Duration::from_secs(61));
        desk.sync(Trigger::Person).await;
    }
    all_accounted_for(&desk, &name).await;
    calls
}

async fn sweep(by: By, trouble: Trouble) {
    let calls = run(by, trouble, None).await;
    assert!(calls > 50, "{calls} calls");
    for at in 1..=calls {
        run(by, trouble, Some(Cut::Before(at))).await;
        run(by, trouble, Some(Cut::After(at))).await;
    }
}

#[tokio::test]
async fn a_crash_at_any_call_while_an_answer_is_lost_leaves_one_journal_each() {
    sweep(By::Night, Trouble::AnswerLost).await;
    sweep(By::Person, Trouble::AnswerLost).await;
}

#[tokio::test]
async fn a_crash_at_any_call_after_which_the_key_expires_leaves_one_journal_each() {
    sweep(By::Night, Trouble::KeyExpired).await;
    sweep(By::Person, Trouble::KeyExpired).await;
}

#[tokio::test]
async fn a_crash_at_any_call_while_the_lock_date_moves_leaves_one_journal_each() {
    sweep(By::Night, Trouble::LockMoves).await;
    sweep(By::Person, Trouble::LockMoves).await;
}

#[tokio::test]
async fn a_crash_at_any_call_of_two_workers_leaves_one_journal_each() {
    sweep(By::Night, Trouble::TwoWorkers).await;
    sweep(By::Person, Trouble::TwoWorkers).await;
}
