//! Journals posted exactly once, whatever is cut off, lost, refused, locked or not authorised. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use connections::{ConnectionState, PostsAs, Settings, change_connection, load_connection};
use envelopes::Envelope;
use journals::{PlainJournal, post_plain};
use kernel::{Applied, IntentId};
use postings::{IntentView, Standing, load_view, record_by_hand, resume_by_hand};
use serde_json::{Value, json};
use simulator::world::Cut;
use simulator::xero::{Fault, Role};
use sync::head::Trigger;
use system::desk::Desk;

fn date(text: &str) -> kernel::Date {
    text.parse().unwrap()
}

const DAY: &str = "2026-10-31";

async fn ready() -> Desk {
    let desk = Desk::sized(10);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk
}

fn plain(id: &str) -> PlainJournal {
    serde_json::from_value(json!({
        "id": id, "date": DAY, "narration": "Hosting, October",
        "lines": [
            { "account": "463", "amount": "250.00", "description": "Hosting" },
            { "account": "801", "amount": "-250.00" },
        ],
    }))
    .unwrap()
}

/// Takes a journal in, as the API does.
async fn decide(desk: &Desk, id: &str) -> Result<(IntentId, Applied), String> {
    let connection =
        load_connection(&*desk.access.ports.table, &desk.whose).await.map_err(|error| error.to_string())?;
    let connection = connection.unwrap().value;
    post_plain(&desk.access, &connection, "sam", &plain(id)).await.map_err(|error| error.to_string())
}

async fn view(desk: &Desk, id: &IntentId) -> IntentView {
    load_view(&*desk.access.ports.table, &desk.whose, id, desk.now()).await.unwrap().unwrap()
}

/// The posted journals of our narration, as a sync finds them in Xero.
async fn in_xero(desk: &Desk) -> Vec<Value> {
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    let all = desk.mirror("manual_journals").await.into_iter().map(|view| Value::Object(view.record));
    all.filter(|journal| journal["Narration"].as_str().unwrap().starts_with("Hosting, October")).collect()
}

/// Carries out what waits until a worker dies over it.
async fn until_cut(desk: &Desk) {
    while let Some(taken) = desk.world.queue.take() {
        if desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.is_err() {
            desk.world.queue.give_back(taken);
            return;
        }
    }
}

#[tokio::test]
async fn m2_m3_a_journal_is_posted_once_with_its_mark_and_says_what_happened() {
    let desk = ready().await;
    desk.xero.forget_calls();
    let (id, applied) = decide(&desk, "J-771").await.unwrap();
    assert_eq!(applied, Applied::Now);
    assert_eq!(view(&desk, &id).await.state, Standing::Planned);
    desk.work().await;
    assert_eq!(desk.accounting_calls(), 1, "one call and no more");
    let shown = view(&desk, &id).await;
    assert_eq!((shown.state, shown.sends, &shown.attention), (Standing::Posted, 1, &None));
    let told: Vec<&str> = shown.history.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(told[..2], ["Decided on by sam", "Sent to Xero under key 1"]);
    assert!(told[2].starts_with("Xero accepted it as "), "{told:?}");
    assert_eq!(decide(&desk, "J-771").await.unwrap().1, Applied::Before, "the same again");
    desk.work().await;
    let found = in_xero(&desk).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["Status"], &found[0]["Date"]), (&json!("POSTED"), &json!(DAY)));
    assert_eq!(found[0]["ManualJournalID"], shown.xero_id.unwrap().as_str());
    assert_eq!(desk.parked(), 0);
}

#[tokio::test]
async fn a_crash_before_or_after_any_port_call_leaves_exactly_one_journal() {
    let whole = ready().await;
    whole.world.faults.heal();
    decide(&whole, "J-1").await.unwrap();
    until_cut(&whole).await;
    let calls = whole.world.faults.calls();
    assert!(calls > 12, "{calls} calls");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            for pause in [Duration::from_secs(20), Duration::from_secs(720)] {
                let desk = ready().await;
                desk.world.faults.cut(cut);
                let decided = decide(&desk, "J-1").await.is_ok();
                until_cut(&desk).await;
                desk.world.faults.heal();
                desk.world.clock.advance(pause);
                desk.work().await;
                // Whoever got no answer sends the same again.
                if !decided {
                    decide(&desk, "J-1").await.unwrap();
                    desk.work().await;
                }
                let name = format!("{cut:?}, then {pause:?}");
                assert_eq!(view(&desk, &"j-J-1".parse().unwrap()).await.state, Standing::Posted, "{name}");
                assert_eq!(in_xero(&desk).await.len(), 1, "{name}");
                assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{name}: work left");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_searched_for_before_anything_is_sent_again() {
    let faults = [
        Fault::LostWriteAnswer,
        Fault::InternalAfterWrite,
        Fault::GatewayAfterWrite,
        Fault::CutBeforeXero,
        Fault::Internal,
        Fault::Gateway,
        Fault::Maintenance,
        Fault::OrganisationOffline,
    ];
    for fault in faults {
        let desk = ready().await;
        desk.xero.order_fault(fault);
        let (id, _) = decide(&desk, "J-1").await.unwrap();
        desk.work().await;
        let shown = view(&desk, &id).await;
        assert_eq!(shown.state, Standing::Posted, "{fault:?}: {shown:#?}");
        let words: Vec<&str> = shown.history.iter().map(|entry| entry.what.as_str()).collect();
        assert!(words.iter().any(|what| what.contains("is not known")), "{fault:?}: {words:?}");
        assert!(
            words.iter().any(|what| what.starts_with("Found in Xero") || what.starts_with("Searched for in Xero")),
            "{fault:?}: searched: {words:?}"
        );
        assert_eq!(in_xero(&desk).await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_whose_key_has_expired_meanwhile_makes_no_second_journal() {
    for fault in [Fault::LostWriteAnswer, Fault::CutBeforeXero] {
        let desk = ready().await;
        desk.xero.order_fault(fault);
        let (id, _) = decide(&desk, "J-1").await.unwrap();
        until_cut(&desk).await;
        // The schedule stands still for a day: Xero has forgotten the key.
        desk.world.clock.advance(Duration::from_secs(24 * 3600));
        desk.work().await;
        assert_eq!(view(&desk, &id).await.state, Standing::Posted, "{fault:?}");
        assert_eq!(in_xero(&desk).await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_journal_that_a_person_edited_before_it_was_searched_for_is_found_all_the_same() {
    let desk = ready().await;
    desk.xero.order_fault(Fault::LostWriteAnswer);
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    until_cut(&desk).await;
    desk.sync(Trigger::Person).await;
    let found = desk.mirror("manual_journals").await;
    let ours = found.iter().find(|view| view.record["Narration"].as_str().unwrap().starts_with("Hosting")).unwrap();
    let edited = format!("Checked by Robin. {}", ours.record["Narration"].as_str().unwrap());
    let fields = json!({ "Narration": edited, "JournalLines": [
        { "LineAmount": 250, "AccountCode": "463" }, { "LineAmount": -250, "AccountCode": "801" } ] });
    desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(ours.id.parse().unwrap()), &fields).unwrap();
    desk.work().await;
    let shown = view(&desk, &id).await;
    assert_eq!((shown.state, shown.xero_id.as_deref()), (Standing::Posted, Some(ours.id.as_str())), "{shown:#?}");
}

#[tokio::test]
async fn two_workers_at_once_post_one_journal() {
    let desk = ready().await;
    desk.xero.set_latency(Duration::from_millis(50));
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    let taken = desk.world.queue.take().unwrap();
    let envelope = Envelope::parse(&taken.message.body).unwrap();
    let (one, two) = tokio::join!(desk.carry_out(&envelope), desk.carry_out(&envelope));
    one.unwrap();
    two.unwrap();
    desk.xero.set_latency(Duration::ZERO);
    desk.work().await;
    assert_eq!(view(&desk, &id).await.state, Standing::Posted);
    assert_eq!(in_xero(&desk).await.len(), 1);
}

#[tokio::test]
async fn m27_a_posting_whose_message_is_gone_goes_on_when_a_person_asks() {
    let desk = ready().await;
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    drop(desk.world.queue.take().unwrap());
    desk.world.clock.advance(Duration::from_secs(3600));
    desk.work().await;
    assert_eq!(view(&desk, &id).await.state, Standing::Planned, "nobody sends it");
    assert!(!resume_by_hand(&desk.access, &desk.whose, &id, "sam").await.unwrap(), "it did not wait");
    desk.work().await;
    assert_eq!((view(&desk, &id).await.state, in_xero(&desk).await.len()), (Standing::Posted, 1));
}

#[tokio::test]
async fn m26_m27_a_locked_period_parks_the_journal_and_it_goes_when_the_lock_date_moves() {
    let desk = ready().await;
    desk.xero.set_lock_dates(desk.whose.tenant, Some(date("2026-10-31")), None);
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::StandardWithReports);
    desk.xero.forget_calls();
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    assert_eq!(desk.accounting_calls(), 1, "the lock was not known here: Xero said so");
    let shown = view(&desk, &id).await;
    let attention = shown.attention.clone().unwrap();
    assert_eq!((shown.state, attention.code.as_str()), (Standing::Waiting, "period_locked"), "{attention:?}");
    assert_eq!(attention.locked_until.as_deref(), Some("2026-10-31"));
    assert!(attention.raw[0].contains("lock date"), "Xero's own words: {attention:?}");
    assert!(in_xero(&desk).await.is_empty());
    assert_eq!(view(&desk, &id).await.state, Standing::Waiting, "the sync found the same lock date");

    // Now the lock is known: the next one is not even sent.
    desk.xero.forget_calls();
    let (second, _) = decide(&desk, "J-2").await.unwrap();
    desk.work().await;
    assert_eq!((desk.accounting_calls(), view(&desk, &second).await.state), (0, Standing::Waiting));

    desk.xero.set_lock_dates(desk.whose.tenant, Some(date("2026-09-30")), None);
    assert_eq!(in_xero(&desk).await.len(), 0, "the sync that reads the new date comes first");
    desk.work().await;
    for id in [id, second] {
        let shown = view(&desk, &id).await;
        assert_eq!(shown.state, Standing::Posted, "{shown:#?}");
        assert!(shown.history.iter().any(|entry| entry.what == "Tried again: the lock date moved"));
    }
    assert_eq!(in_xero(&desk).await.len(), 2);
}

#[tokio::test]
async fn m25_m27_a_refusal_says_why_in_plain_words_and_goes_again_when_a_person_asks() {
    let desk = ready().await;
    let accounts = desk.mirror("accounts").await;
    let account = accounts.iter().find(|view| view.record.get("Code") == Some(&json!("463"))).unwrap().id.clone();
    desk.xero.archive_account(desk.whose.tenant, account.parse().unwrap()).unwrap();
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    let shown = view(&desk, &id).await;
    let attention = shown.attention.unwrap();
    assert_eq!((shown.state, shown.sends), (Standing::Waiting, 1));
    assert!(["account_archived", "account_not_allowed"].contains(&attention.code.as_str()), "{attention:?}");
    assert!(!attention.cause.is_empty() && !attention.fix.is_empty() && attention.raw[0].contains("463"));
    desk.world.clock.advance(Duration::from_secs(24 * 3600));
    desk.work().await;
    assert_eq!(view(&desk, &id).await.sends, 1, "nothing is tried blindly");
    let fields = json!({ "Status": "ACTIVE" });
    desk.xero.edit(desk.whose.tenant, "Accounts", Some(account.parse().unwrap()), &fields).unwrap();
    assert!(resume_by_hand(&desk.access, &desk.whose, &id, "sam").await.unwrap());
    assert!(!resume_by_hand(&desk.access, &desk.whose, &id, "sam").await.unwrap(), "twice is once");
    desk.work().await;
    assert_eq!((view(&desk, &id).await.state, in_xero(&desk).await.len()), (Standing::Posted, 1));
}

#[tokio::test]
async fn b5_without_an_authorisation_a_journal_is_parked_and_a_reconnect_sends_it() {
    let desk = ready().await;
    assert!(desk.xero.disconnect(desk.app, desk.user, desk.whose.tenant));
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    let shown = view(&desk, &id).await;
    let attention = shown.attention.unwrap();
    assert_eq!((shown.state, attention.code.as_str()), (Standing::Waiting, "not_authorised"));
    assert!(attention.fix.contains("Authorise"), "{attention:?}");
    let calls = desk.xero.calls().len();
    desk.world.clock.advance(Duration::from_secs(24 * 3600));
    desk.work().await;
    assert_eq!(desk.xero.calls().len(), calls, "not retried into a lockout");
    desk.connect().await;
    desk.work().await;
    assert_eq!((view(&desk, &id).await.state, in_xero(&desk).await.len()), (Standing::Posted, 1));
}

#[tokio::test]
async fn b5_a_missing_role_parks_a_journal_and_it_is_tried_once_a_day_and_after_a_new_authorisation() {
    let desk = ready().await;
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Standard);
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    let shown = view(&desk, &id).await;
    assert_eq!((shown.state, shown.attention.unwrap().code.as_str()), (Standing::Waiting, "role_or_permission"));
    for _ in 0..5 {
        desk.world.clock.advance(Duration::from_secs(3600));
        desk.sync(Trigger::Schedule).await;
    }
    assert_eq!(view(&desk, &id).await.sends, 1, "not retried into a lockout");
    desk.world.clock.advance(Duration::from_secs(24 * 3600));
    desk.sync(Trigger::Schedule).await;
    assert_eq!((view(&desk, &id).await.sends, view(&desk, &id).await.state), (2, Standing::Waiting), "once a day");
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::StandardWithReports);
    desk.world.clock.advance(Duration::from_secs(3600));
    desk.consent().await;
    desk.sync(Trigger::Connected).await;
    assert_eq!(view(&desk, &id).await.state, Standing::Posted);
}

#[tokio::test]
async fn b8_where_everybody_must_authorise_themselves_a_journal_waits_for_its_own_person() {
    let desk = ready().await;
    let table = &*desk.access.ports.table;
    let own = Settings { posts_as: PostsAs::Own, ..Settings::default() };
    let set = change_connection(table, &desk.whose, |connection| {
        connection.settings = own.clone();
        true
    });
    let connection = set.await.unwrap().unwrap().value;
    assert_eq!(connection.state, ConnectionState::Connected);
    let (theirs, _) = post_plain(&desk.access, &connection, "ash", &plain("J-1")).await.unwrap();
    let (ours, _) = post_plain(&desk.access, &connection, "sam", &plain("J-2")).await.unwrap();
    desk.work().await;
    let shown = view(&desk, &theirs).await;
    assert_eq!(
        (shown.state, view(&desk, &ours).await.state),
        (Standing::Waiting, Standing::Posted),
        "{:#?}",
        view(&desk, &ours).await
    );
    assert!(shown.attention.unwrap().cause.contains("has not authorised the app themselves"));
    desk.consent_of(&desk.whose, "ash").await;
    desk.sync(Trigger::Connected).await;
    desk.work().await;
    assert_eq!(view(&desk, &theirs).await.state, Standing::Posted);
}

#[tokio::test]
async fn b15_what_was_entered_by_hand_is_recorded_and_never_sent() {
    let desk = ready().await;
    desk.xero.set_lock_dates(desk.whose.tenant, None, Some(date("2026-10-31")));
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    desk.xero.forget_calls();
    let record =
        async |id: &IntentId, reason: &str| record_by_hand(&desk.access, &desk.whose, id, "sam", reason).await.unwrap();
    assert!(record(&id, "entered in Xero by hand").await);
    assert!(record(&id, "again").await, "twice is once");
    desk.xero.set_lock_dates(desk.whose.tenant, None, None);
    desk.sync(Trigger::Person).await;
    desk.work().await;
    let shown = view(&desk, &id).await;
    assert_eq!((shown.state, shown.attention), (Standing::Recorded, None));
    assert!(shown.history.last().unwrap().what.contains("entered in Xero by hand"));
    assert!(in_xero(&desk).await.is_empty());
    let (posted, _) = decide(&desk, "J-2").await.unwrap();
    desk.work().await;
    assert!(!record(&posted, "too late").await, "what is in Xero is not recorded as entered by hand");
}

#[tokio::test]
async fn m28_a_journal_voided_in_xero_is_noticed_and_posted_anew_only_when_a_person_says_so() {
    let desk = ready().await;
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    let first = view(&desk, &id).await.xero_id.unwrap();
    // Before any sync has seen it.
    let fields = json!({ "Status": "VOIDED" });
    desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(first.parse().unwrap()), &fields).unwrap();
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Schedule).await;
    let shown = view(&desk, &id).await;
    let attention = shown.attention.unwrap();
    assert_eq!((shown.state, attention.code.as_str()), (Standing::Waiting, "voided_in_xero"));
    assert!(attention.cause.contains("VOIDED") && attention.fix.contains("post it anew"), "{attention:?}");
    desk.world.clock.advance(Duration::from_secs(24 * 3600));
    desk.sync(Trigger::Schedule).await;
    assert_eq!(view(&desk, &id).await.state, Standing::Waiting, "nothing is posted anew by itself");

    // The answer to the new one is lost: the old one, which carries the same mark, is not taken for it.
    desk.xero.order_fault(Fault::CutBeforeXero);
    assert!(resume_by_hand(&desk.access, &desk.whose, &id, "sam").await.unwrap());
    desk.work().await;
    let shown = view(&desk, &id).await;
    assert_eq!((shown.state, &shown.attention), (Standing::Posted, &None), "{shown:#?}");
    assert_ne!(shown.xero_id.unwrap(), first);
    let live = in_xero(&desk).await.into_iter().filter(|journal| journal["Status"] == "POSTED").count();
    assert_eq!(live, 1);
}

#[tokio::test]
async fn m28_a_journal_edited_in_xero_is_noticed_with_what_differs_until_it_is_as_sent_again() {
    let desk = ready().await;
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    let in_narration = in_xero(&desk).await[0]["Narration"].clone();
    let journal = view(&desk, &id).await.xero_id.unwrap();
    let edit = |account: &str| {
        let narration = in_narration.clone();
        json!({ "Narration": narration, "JournalLines": [
            { "LineAmount": 250, "AccountCode": account, "Description": "Hosting" },
            { "LineAmount": -250, "AccountCode": "801" },
        ] })
    };
    for (account, expected) in [("469", Some("line 1 is not there as sent: 250.00 to account 463")), ("463", None)] {
        let fields = edit(account);
        desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(journal.parse().unwrap()), &fields).unwrap();
        in_xero(&desk).await;
        let shown = view(&desk, &id).await;
        assert_eq!(shown.state, Standing::Posted);
        let told = shown.attention.map(|attention| (attention.code, attention.raw));
        assert_eq!(told, expected.map(|expected| ("not_as_sent".to_owned(), vec![expected.to_owned()])));
    }
}

#[tokio::test]
async fn o4_a_kind_that_goes_only_one_way_is_never_written() {
    let desk = ready().await;
    let kind = connections::KindSettings { direction: Some(connections::Direction::Pull), ..Default::default() };
    let kinds = std::collections::BTreeMap::from([("manual_journals".to_owned(), kind)]);
    let settings = Settings { kinds, ..Settings::default() };
    change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings = settings.clone();
        true
    })
    .await
    .unwrap();
    desk.xero.forget_calls();
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    let shown = view(&desk, &id).await;
    let attention = shown.attention.unwrap();
    assert_eq!((shown.state, attention.code.as_str()), (Standing::Waiting, "direction_forbids"));
    assert!(attention.fix.contains("settings"));
    assert_eq!(desk.accounting_calls(), 0);
}

#[tokio::test]
async fn xeros_limits_park_a_journal_until_they_allow_it() {
    let desk = ready().await;
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 60, 0);
    let (id, _) = decide(&desk, "J-1").await.unwrap();
    desk.work().await;
    let shown = view(&desk, &id).await;
    assert_eq!(shown.state, Standing::Posted, "{shown:#?}");
    assert!(shown.history.iter().any(|entry| entry.what.starts_with("Not sent:")), "{shown:#?}");
    assert_eq!(in_xero(&desk).await.len(), 1);
}
