//! Work that is cut off, overtaken, crowded or forgotten: nothing is lost, nothing waits for nothing. Virtual time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use connections::{Direction, Interval, KindSettings, Settings, change_connection};
use envelopes::Envelope;
use kernel::OrganisationRef;
use ports::{Guard, Key, Write};
use rust_decimal::Decimal;
use serde_json::Value;
use simulator::world::Cut;
use simulator::xero::Fault;
use state::keys;
use sync::head::Trigger;
use sync::load_head;
use sync::{Requested, Wish, list_runs, request_run};
use system::desk::Desk;

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap_or_default().to_owned()
}

async fn record(desk: &Desk, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let all = desk.mirror(kind).await.into_iter().map(|view| Value::Object(view.record));
    all.into_iter().find(|record| wanted(record)).unwrap_or_else(|| panic!("no such record among {kind}"))
}

/// An organisation in which a sale was just paid; its webhook waits. Answers the invoice.
async fn paid_desk(invoices: usize) -> (Desk, String) {
    let desk = Desk::sized(invoices);
    desk.connect().await;
    let open = record(&desk, "invoices", |i| i["Status"] == "AUTHORISED" && i["AmountPaid"] == "0.00").await;
    let bank = record(&desk, "accounts", |a| a["Type"] == "BANK" && a["Code"].is_string()).await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.take_deliveries(desk.app);
    let id = text(&open, "InvoiceID");
    desk.xero.pay_invoice(desk.whose.tenant, id.parse().unwrap(), &text(&bank, "Code"), Decimal::ONE).unwrap();
    (desk, id)
}

async fn has_payment(desk: &Desk, invoice: &str) -> bool {
    desk.mirror("payments").await.iter().any(|view| view.record["Invoice"]["InvoiceID"] == invoice)
}

async fn carry_out_what_waits(desk: &Desk) {
    while let Some(taken) = desk.world.queue.take() {
        let envelope = Envelope::parse(&taken.message.body).unwrap();
        if desk.carry_out(&envelope).await.is_err() {
            desk.world.queue.give_back(taken);
            return;
        }
    }
}

#[tokio::test]
async fn p14_a_payment_is_found_wherever_the_reading_of_its_webhook_is_cut() {
    let (whole, _) = paid_desk(24).await;
    whole.world.faults.heal();
    whole.deliver().await;
    carry_out_what_waits(&whole).await;
    let calls = whole.world.faults.calls();
    assert!(calls > 20, "{calls} calls");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let (desk, invoice) = paid_desk(24).await;
            desk.deliver().await;
            desk.world.faults.cut(cut);
            carry_out_what_waits(&desk).await;
            desk.world.faults.heal();
            // The message comes back once the dead worker's lease has run out.
            desk.world.clock.advance(Duration::from_secs(720));
            desk.work().await;
            assert!(has_payment(&desk, &invoice).await, "the payment is missing after {cut:?}");
            let head = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
            assert!(!head.payments_due && desk.world.queue.is_empty(), "work left after {cut:?}");
        }
    }
}

#[tokio::test]
async fn p14_a_limit_between_an_invoice_and_its_payment_only_delays_it() {
    let (desk, invoice) = paid_desk(40).await;
    // One call is left in this minute: it goes to the invoice.
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 59, 0);
    desk.deliver().await;
    carry_out_what_waits(&desk).await;
    assert!(!has_payment(&desk, &invoice).await, "the limit was to come in between");
    desk.work().await;
    assert!(has_payment(&desk, &invoice).await);
}

#[tokio::test]
async fn a_wish_while_a_webhook_is_being_read_disturbs_nobody_and_is_carried_out() {
    let (desk, invoice) = paid_desk(40).await;
    desk.deliver().await;
    desk.xero.set_latency(Duration::from_millis(20));
    let messages: Vec<_> = std::iter::from_fn(|| desk.world.queue.take()).collect();
    let wish = async {
        tokio::task::yield_now().await;
        request_run(&desk.access, &desk.whose, Wish::of(Trigger::Person)).await.unwrap()
    };
    let events = async {
        for taken in &messages {
            desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.unwrap();
        }
    };
    let (requested, ()) = tokio::join!(wish, events);
    desk.xero.set_latency(Duration::ZERO);
    let Requested::Run { run, .. } = requested else { panic!("{requested:?}") };
    desk.work().await;
    let (runs, _) = list_runs(&*desk.access.ports.table, &desk.whose, None, 20).await.unwrap();
    let found = runs.iter().find(|log| log.run == run).expect("the run that was wished for");
    assert!(found.finished_at.is_some());
    assert!(has_payment(&desk, &invoice).await);
}

#[tokio::test]
async fn what_changes_during_the_first_load_is_there_when_it_is_over() {
    let desk = Desk::sized(60);
    desk.consent().await;
    // The first load reads most kinds, then waits for the next minute.
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 48, 0);
    request_run(&desk.access, &desk.whose, Wish::of(Trigger::Connected)).await.unwrap();
    carry_out_what_waits(&desk).await;
    let head = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
    assert!(!head.loaded && head.active.is_some_and(|active| active.at > 8), "the load is half done");
    let contact = desk.mirror("contacts").await[0].id.clone();
    desk.xero.take_deliveries(desk.app);
    desk.xero.rename_contact(desk.whose.tenant, contact.parse().unwrap(), "Saffron Lane Prints").unwrap();
    desk.deliver().await;
    desk.work().await;
    let renamed = record(&desk, "contacts", |c| c["ContactID"] == contact.as_str()).await;
    assert_eq!(text(&renamed, "Name"), "Saffron Lane Prints", "although automatic sync is off");
}

#[tokio::test]
async fn m6_a_person_who_asks_wakes_a_run_that_waits_and_gets_the_calls_kept_for_people() {
    let desk = Desk::sized(20);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(3600));
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 0, 4_940);
    request_run(&desk.access, &desk.whose, Wish::of(Trigger::Schedule)).await.unwrap();
    carry_out_what_waits(&desk).await;
    let head = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
    let waits = head.active.and_then(|active| active.waiting).expect("the schedule leaves the last calls to people");
    assert!(waits.1.contains("people"), "{waits:?}");
    let Requested::Run { run, .. } = request_run(&desk.access, &desk.whose, Wish::of(Trigger::Person)).await.unwrap()
    else {
        panic!("no run")
    };
    carry_out_what_waits(&desk).await;
    let (runs, _) = list_runs(&*desk.access.ports.table, &desk.whose, None, 5).await.unwrap();
    let found = runs.iter().find(|log| log.run == run).unwrap();
    assert!(found.finished_at.is_some(), "it ends within the same minute: {found:?}");
}

#[tokio::test]
async fn m6_a_wish_on_a_day_without_calls_left_is_told_until_when() {
    let desk = Desk::sized(20);
    desk.consent().await;
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 0, 5_000);
    request_run(&desk.access, &desk.whose, Wish::of(Trigger::Connected)).await.unwrap();
    carry_out_what_waits(&desk).await;
    let requested = request_run(&desk.access, &desk.whose, Wish::of(Trigger::Person)).await.unwrap();
    let Requested::NoCallsLeft { until } = requested else { panic!("{requested:?}") };
    assert!(until > desk.now());
    desk.world.clock.advance(Duration::from_secs(25 * 3600));
    desk.work().await;
    assert!(load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().loaded);
}

async fn write_raw(desk: &Desk, key: Key, body: &str) {
    let put = Write::Put { key, guard: Guard::Absent, body: body.to_owned(), expires_at: None };
    desk.access.ports.table.write(put).await.unwrap();
}

#[tokio::test]
async fn one_row_nobody_can_read_keeps_no_other_organisation_waiting() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let stranger = OrganisationRef { workspace: "zzz".parse().unwrap(), tenant: desk.whose.tenant };
    write_raw(&desk, keys::directory_entry(&stranger), r#"{"of":"a newer version"}"#).await;
    set(&desk, Settings { sync_interval: Interval::Minutes15, ..Settings::default() }).await;
    let before = list_runs(&*desk.access.ports.table, &desk.whose, None, 20).await.unwrap().0.len();
    desk.world.clock.advance(Duration::from_secs(1800));
    let looked = desk.look().await;
    assert_eq!((looked["runs"].as_u64(), looked["failures"].as_u64()), (Some(1), Some(1)), "{looked}");
    carry_out_what_waits(&desk).await;
    let after = list_runs(&*desk.access.ports.table, &desk.whose, None, 20).await.unwrap().0.len();
    assert_eq!(after, before + 1);
}

#[tokio::test]
async fn parked_work_of_a_newer_version_goes_to_where_a_person_sees_it() {
    let desk = Desk::sized(5);
    let work = state::ParkedWork {
        until: desk.now(),
        reason: "waits".into(),
        envelope: r#"{"version":99,"kind":"from_tomorrow"}"#.into(),
        tail: "from-tomorrow".into(),
    };
    state::park(&*desk.access.ports.table, &work).await.unwrap();
    desk.look().await;
    let sent = desk.world.queue.take().expect("it is on the queue, where it becomes a dead letter");
    assert_eq!((sent.message.body, desk.parked()), (work.envelope, 0));
}

#[tokio::test]
async fn a_lost_webhook_is_remembered_until_every_organisation_was_asked_for() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let contact = desk.mirror("contacts").await[0].id.clone();
    let rename = |name: &str| {
        desk.world.clock.advance(Duration::from_secs(5));
        desk.xero.rename_contact(desk.whose.tenant, contact.parse().unwrap(), name).unwrap();
    };
    rename("Lime Tree Sails");
    desk.deliver().await;
    rename("Lime Tree Boats");
    desk.xero.lose_deliveries(desk.app);
    rename("Lime Tree Ropes");
    desk.deliver().await;
    desk.work().await;
    desk.world.clock.advance(Duration::from_secs(180));
    // The look that finds the gap dies on the way.
    desk.world.faults.cut(Cut::Before(30));
    drop(daily_sync::look(&desk.access).await);
    desk.world.faults.heal();
    let looked = desk.look().await;
    assert_eq!(looked["runs"], 1, "{looked}");
    desk.work().await;
    assert_eq!(desk.look().await["runs"], 0, "answered once");
    let (runs, _) = list_runs(&*desk.access.ports.table, &desk.whose, None, 20).await.unwrap();
    assert!(runs.iter().any(|run| run.trigger == Trigger::WebhookGap));
}

#[tokio::test]
async fn a_busy_organisation_is_no_lost_webhook() {
    let (desk, _) = paid_desk(20).await;
    desk.deliver().await;
    // The organisation's own messages wait; the app's sequence numbers do not.
    let (mut waiting, mut noted) = (Vec::new(), 0);
    while let Some(taken) = desk.world.queue.take() {
        let envelope = Envelope::parse(&taken.message.body).unwrap();
        if envelope.group().starts_with("app-") {
            desk.carry_out(&envelope).await.unwrap();
            noted += 1;
        } else {
            waiting.push(taken);
        }
    }
    assert!(noted > 0 && !waiting.is_empty());
    desk.world.clock.advance(Duration::from_secs(600));
    assert_eq!(desk.look().await["runs"], 0, "no gap, no early pull");
}

async fn set(desk: &Desk, settings: Settings) {
    let change = |connection: &mut connections::Connection| {
        connection.settings = settings.clone();
        true
    };
    change_connection(&*desk.access.ports.table, &desk.whose, change).await.unwrap();
}

#[tokio::test]
async fn s8_o4_a_kind_with_its_own_interval_costs_its_own_calls_and_one_left_out_costs_none() {
    let desk = Desk::sized(40);
    desk.connect().await;
    let own = KindSettings { sync_interval: Some(Interval::Minutes15), ..KindSettings::default() };
    let none = KindSettings { direction: Some(Direction::None), ..KindSettings::default() };
    let kinds = BTreeMap::from([("invoices".to_owned(), own), ("payments".to_owned(), none)]);
    set(&desk, Settings { sync_interval: Interval::Daily, daily_hour: 3, kinds, ..Settings::default() }).await;
    desk.tick(Duration::from_secs(900)).await;
    desk.work().await;
    desk.xero.forget_calls();
    for _ in 0..60 {
        desk.tick(Duration::from_secs(60)).await;
        desk.work().await;
    }
    let paths: Vec<String> = desk.xero.calls().iter().map(|call| call.path.clone()).collect();
    let lists: Vec<&String> = paths.iter().filter(|path| path.contains("/api.xro/")).collect();
    assert!((4..=5).contains(&lists.len()) && lists.iter().all(|path| path.ends_with("/Invoices")), "{paths:?}");
    desk.xero.forget_calls();
    desk.sync(Trigger::Person).await;
    assert!(desk.xero.calls().iter().all(|call| !call.path.ends_with("/Payments")), "o4: left out is left alone");
    assert!(desk.xero.calls().iter().any(|call| call.path.ends_with("/Contacts")));
}

#[tokio::test]
async fn p16_a_run_of_invoices_alone_reads_the_payments_it_finds_made() {
    let (desk, invoice) = paid_desk(40).await;
    let own = KindSettings { sync_interval: Some(Interval::Minutes15), ..KindSettings::default() };
    set(&desk, Settings { kinds: BTreeMap::from([("invoices".to_owned(), own)]), ..Settings::default() }).await;
    desk.xero.forget_calls();
    desk.tick(Duration::from_secs(60)).await;
    desk.work().await;
    assert!(has_payment(&desk, &invoice).await);
    let lists = desk.accounting_calls();
    assert_eq!(lists, 2, "invoices and payments: {:?}", desk.xero.calls());
}

#[tokio::test]
async fn dormant_tokens_survive_a_refresh_whose_answer_is_lost() {
    let desk = Desk::sized(5);
    desk.connect().await;
    for _ in 0..21 {
        desk.world.clock.advance(Duration::from_secs(24 * 3600));
    }
    desk.xero.order_fault(Fault::LostTokenAnswer);
    // A day of looks finds the dormant tokens; the lost answer is repeated within the half hour.
    for _ in 0..24 * 60 {
        desk.tick(Duration::from_secs(60)).await;
        carry_out_what_waits(&desk).await;
    }
    let posts = desk.xero.calls().iter().filter(|call| call.path.ends_with("/connect/token")).count();
    assert_eq!(posts, 3, "the code, the lost refresh and its repetition");
    desk.sync(Trigger::Person).await;
    let connection = connections::load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap();
    assert_eq!(connection.value.state, connections::ConnectionState::Connected);
}

#[tokio::test]
async fn a_lost_refresh_while_the_old_token_still_works_is_repeated_in_time() {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(27 * 60));
    desk.xero.order_fault(Fault::LostTokenAnswer);
    desk.sync(Trigger::Schedule).await;
    // Nobody works for an hour but the schedule.
    for _ in 0..60 {
        desk.tick(Duration::from_secs(60)).await;
        carry_out_what_waits(&desk).await;
    }
    desk.sync(Trigger::Schedule).await;
    let connection = connections::load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap();
    assert_eq!(connection.value.state, connections::ConnectionState::Connected);
}

#[tokio::test]
async fn b5_an_authorisation_that_ended_while_nobody_worked_is_said_by_the_daily_look() {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(61 * 24 * 3600));
    for _ in 0..2 * 24 * 60 {
        desk.tick(Duration::from_secs(60)).await;
        carry_out_what_waits(&desk).await;
    }
    let connection = connections::load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap();
    assert_eq!(connection.value.state, connections::ConnectionState::NeedsReauthorisation);
    assert!(connection.value.reason.is_some_and(|reason| reason.fix.contains("Connect")));
}
