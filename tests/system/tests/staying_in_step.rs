//! A Xero organisation and its mirror stay in step: first load, changes, endings, limits, crashes. Virtual time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use connections::{Interval, Settings, change_connection, load_connection};
use mirror::feed::ChangeKind;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::world::Cut;
use simulator::xero::{Fault, Role};
use sync::head::{Outcome, Trigger};
use sync::load_head;
use sync::problems::list_problems;
use sync::{Requested, Wish, list_runs, request_run};
use system::desk::Desk;
use uuid::Uuid;

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

async fn first(desk: &Desk, entity: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let all = desk.mirror(entity).await;
    let found = all.into_iter().map(|view| Value::Object(view.record)).find(|record| wanted(record));
    found.unwrap_or_else(|| panic!("no such record among {entity}"))
}

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap_or_default().to_owned()
}

async fn bank_code(desk: &Desk) -> String {
    text(&first(desk, "accounts", |account| account["Type"] == "BANK" && account["Code"].is_string()).await, "Code")
}

#[tokio::test]
async fn m1_the_first_load_brings_every_record_of_every_kind_once() {
    let desk = Desk::sized(300);
    desk.connect().await;
    let feed = desk.feed().await;
    let mut by_kind: BTreeMap<String, usize> = BTreeMap::new();
    for change in &feed {
        assert_eq!(change.change, ChangeKind::Created);
        *by_kind.entry(change.entity.clone()).or_default() += 1;
    }
    assert_eq!(by_kind.len(), mirror::entities::ENTITIES.len(), "{by_kind:?}");
    assert_eq!(by_kind["invoices"], 300);
    for (entity, count) in &by_kind {
        assert_eq!(desk.mirror(entity).await.len(), *count, "{entity}");
    }
    let mut seen: Vec<_> = feed.iter().map(|change| (change.entity.clone(), change.id.clone())).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), feed.len(), "a record came twice");
}

#[tokio::test]
async fn an_unchanged_record_writes_nothing() {
    let desk = Desk::sized(200);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(3600));
    let (feed, before) = (desk.feed().await.len(), desk.world.table.dump());
    desk.sync(Trigger::Person).await;
    assert_eq!(desk.feed().await.len(), feed);
    let mirrored = |rows: &[ports::Row]| {
        let rows = rows.iter().filter(|row| row.key.partition.starts_with("mirror#"));
        rows.map(|row| (row.key.clone(), row.version)).collect::<Vec<_>>()
    };
    assert_eq!(mirrored(&before), mirrored(&desk.world.table.dump()));
}

#[tokio::test]
async fn m5_a_quiet_day_takes_at_most_fifteen_calls() {
    let desk = Desk::sized(200);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(24 * 3600));
    desk.xero.forget_calls();
    desk.sync(Trigger::Schedule).await;
    let all = desk.xero.calls().len();
    assert!(all <= 15, "{all} calls, token refresh included: {:?}", desk.xero.calls());
}

#[tokio::test]
async fn m15_edits_payments_and_voids_in_xero_come_back_field_by_field() {
    let desk = Desk::sized(200);
    desk.connect().await;
    let known = desk.feed().await.len();
    let invoice = first(&desk, "invoices", |i| i["Status"] == "AUTHORISED" && i["AmountPaid"] == "0.00").await;
    let other = text(&invoice, "InvoiceID");
    let voided = first(&desk, "invoices", |i| {
        i["Status"] == "AUTHORISED"
            && i["AmountPaid"] == "0.00"
            && i["AmountCredited"] != "1"
            && i["InvoiceID"] != other.as_str()
    });
    let voided = text(&voided.await, "InvoiceID");
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.pay_invoice(desk.whose.tenant, id(&other), &bank_code(&desk).await, Decimal::ONE).unwrap();
    desk.xero.void_invoice(desk.whose.tenant, id(&voided)).unwrap();
    desk.sync(Trigger::Schedule).await;
    let changes = desk.feed().await.split_off(known);
    let of = |id: &str| changes.iter().find(|change| change.id == id).unwrap_or_else(|| panic!("no change of {id}"));
    let paid = of(&other);
    let fields: Vec<&str> = paid.differences.iter().map(|difference| difference.field.as_str()).collect();
    assert!(fields.contains(&"AmountPaid") && fields.contains(&"AmountDue"), "{fields:?}");
    assert_eq!(of(&voided).change, ChangeKind::Voided);
    assert_eq!(changes.iter().filter(|change| change.entity == "payments").count(), 1);
}

#[tokio::test]
async fn p14_p16_a_payment_made_in_xero_arrives_by_webhook_and_p19_its_removal_too() {
    let desk = Desk::sized(200);
    desk.connect().await;
    let invoice = first(&desk, "invoices", |i| i["Status"] == "AUTHORISED" && i["AmountPaid"] == "0.00").await;
    let (invoice_id, due) = (text(&invoice, "InvoiceID"), text(&invoice, "AmountDue"));
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.take_deliveries(desk.app);
    desk.xero.pay_invoice(desk.whose.tenant, id(&invoice_id), &bank_code(&desk).await, due.parse().unwrap()).unwrap();
    assert!(desk.deliver().await > 0);
    desk.work().await;
    let paid = first(&desk, "invoices", |i| i["InvoiceID"] == invoice_id.as_str()).await;
    assert_eq!((text(&paid, "Status"), text(&paid, "AmountDue")), ("PAID".into(), "0.00".into()));
    let payment = first(&desk, "payments", |p| p["Invoice"]["InvoiceID"] == invoice_id.as_str()).await;
    assert_eq!(text(&payment, "Amount"), due, "p15 p17: amounts are kept and linked to the invoice");
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.remove_payment(desk.whose.tenant, id(&text(&payment, "PaymentID"))).unwrap();
    desk.deliver().await;
    desk.work().await;
    let reopened = first(&desk, "invoices", |i| i["InvoiceID"] == invoice_id.as_str()).await;
    assert_eq!(text(&reopened, "Status"), "AUTHORISED", "p18: the status follows");
    let removed = first(&desk, "payments", |p| p["PaymentID"] == payment["PaymentID"]).await;
    assert_eq!(text(&removed, "Status"), "DELETED");
}

#[tokio::test]
async fn merged_and_archived_contacts_are_told_apart() {
    let desk = Desk::sized(200);
    desk.connect().await;
    let known = desk.feed().await.len();
    let contacts = desk.mirror("contacts").await;
    desk.world.clock.advance(Duration::from_secs(600));
    let (loser, winner, archived) = (id(&contacts[0].id), id(&contacts[1].id), id(&contacts[2].id));
    desk.xero.merge_contacts(desk.whose.tenant, loser, winner).unwrap();
    desk.xero.archive_contact(desk.whose.tenant, archived).unwrap();
    desk.sync(Trigger::Schedule).await;
    let changes = desk.feed().await.split_off(known);
    let kind = |id: Uuid| changes.iter().find(|change| change.id == id.to_string()).map(|change| change.change);
    assert_eq!(kind(loser), Some(ChangeKind::Merged));
    assert_eq!(kind(archived), Some(ChangeKind::Archived));
}

#[tokio::test]
async fn webhooks_twice_late_out_of_order_or_lost_end_in_the_same_books() {
    let desk = Desk::sized(200);
    desk.connect().await;
    let open: Vec<String> = desk
        .mirror("invoices")
        .await
        .into_iter()
        .map(|view| Value::Object(view.record))
        .filter(|i| i["Status"] == "AUTHORISED" && i["AmountPaid"] == "0.00")
        .map(|i| text(&i, "InvoiceID"))
        .take(6)
        .collect();
    desk.xero.take_deliveries(desk.app);
    let bank = bank_code(&desk).await;
    let mut deliveries = Vec::new();
    for invoice in &open {
        desk.world.clock.advance(Duration::from_secs(60));
        desk.xero.pay_invoice(desk.whose.tenant, id(invoice), &bank, Decimal::ONE).unwrap();
        deliveries.extend(desk.xero.take_deliveries(desk.app));
    }
    deliveries.reverse();
    deliveries.pop();
    for delivery in deliveries.iter().chain(deliveries.iter().take(2)) {
        assert!(desk.take_in(&delivery.body, &delivery.signature).await);
    }
    desk.work().await;
    desk.sync(Trigger::Schedule).await;
    for invoice in &open {
        let found = first(&desk, "invoices", |i| i["InvoiceID"] == invoice.as_str()).await;
        assert_eq!(text(&found, "AmountPaid"), "1.00");
    }
    let feed = desk.feed().await;
    for invoice in &open {
        let updates =
            feed.iter().filter(|change| change.id == *invoice && change.change == ChangeKind::Updated).count();
        assert_eq!(updates, 1, "one change, one entry");
    }
}

#[tokio::test]
async fn a_gap_in_sequence_numbers_is_answered_by_an_earlier_pull() {
    let desk = Desk::sized(100);
    desk.connect().await;
    let contacts = desk.mirror("contacts").await;
    desk.xero.take_deliveries(desk.app);
    let rename =
        |at: usize, name: &str| desk.xero.rename_contact(desk.whose.tenant, id(&contacts[at].id), name).unwrap();
    rename(0, "Harbour Lane Joinery");
    desk.deliver().await;
    desk.work().await;
    desk.world.clock.advance(Duration::from_secs(60));
    rename(1, "Quarry Hill Bakery");
    assert!(desk.xero.lose_deliveries(desk.app) > 0);
    rename(2, "Mill Street Optics");
    desk.deliver().await;
    desk.work().await;
    for _ in 0..4 {
        desk.tick(Duration::from_secs(60)).await;
        desk.work().await;
    }
    let renamed = first(&desk, "contacts", |c| c["ContactID"] == contacts[1].id.as_str()).await;
    assert_eq!(text(&renamed, "Name"), "Quarry Hill Bakery");
    let (runs, _) = list_runs(&*desk.access.ports.table, &desk.whose, None, 20).await.unwrap();
    assert!(runs.iter().any(|run| run.trigger == Trigger::WebhookGap));
}

#[tokio::test]
async fn unknown_tenants_are_harmless() {
    let desk = Desk::sized(50);
    let before = desk.world.table.dump().len();
    let body = json!({ "events": [{ "resourceId": "6f0f0c4e-0000-4000-8000-000000000001", "eventCategory": "INVOICE",
        "tenantId": "6f0f0c4e-0000-4000-8000-0000000000aa", "eventType": "UPDATE" }],
        "firstEventSequence": 1, "lastEventSequence": 1 })
    .to_string();
    let key = simulator::xero::AppSettings::default().webhook_key;
    assert!(desk.take_in(body.as_bytes(), &simulator::xero::signature(&key, body.as_bytes())).await);
    desk.work().await;
    assert_eq!(desk.accounting_calls(), 0);
    assert_eq!(desk.world.table.dump().len(), before + 1, "only the sequence number is kept");
}

#[tokio::test]
async fn the_minute_limit_parks_the_work_and_it_resumes() {
    let desk = Desk::sized(100);
    desk.consent().await;
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 55, 0);
    desk.sync(Trigger::Connected).await;
    let limited = desk.xero.calls().iter().filter(|call| call.status == 429).count();
    assert!(limited <= 1, "{limited} calls against a closed door");
    assert_eq!(desk.mirror("invoices").await.len(), 100);
}

#[tokio::test]
async fn the_days_limit_parks_for_hours_and_outages_pass() {
    let desk = Desk::sized(100);
    desk.consent().await;
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 0, 4_996);
    let began = desk.now();
    desk.sync(Trigger::Connected).await;
    assert!(desk.now().duration_since(began).as_hours() >= 1);
    assert_eq!(desk.mirror("invoices").await.len(), 100);
    for fault in [
        Fault::Maintenance,
        Fault::Unavailable,
        Fault::OrganisationOffline,
        Fault::Internal,
        Fault::TooConcurrent,
        Fault::LostReadAnswer,
        Fault::Gateway,
    ] {
        desk.xero.order_fault(fault);
        desk.world.clock.advance(Duration::from_secs(600));
        desk.sync(Trigger::Schedule).await;
        let head = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
        assert_eq!(head.last.unwrap().outcome, Outcome::Completed, "{fault:?}");
    }
}

#[tokio::test]
async fn x10_o19_o20_a_missing_role_is_named_counted_and_stays_listed_until_it_is_mended() {
    let desk = Desk::sized(60);
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Standard);
    desk.connect().await;
    let table = &*desk.access.ports.table;
    desk.sync(Trigger::Person).await;
    let open = list_problems(table, &desk.whose, false).await.unwrap();
    let journals = open.iter().find(|problem| problem.subject == "manual_journals").expect("a problem");
    assert!(journals.fix.contains("role") && journals.needs_attention && journals.count == 2, "{journals:?}");
    let head = load_head(table, &desk.whose).await.unwrap();
    assert_eq!(head.last.unwrap().outcome, Outcome::CompletedWithProblems);
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Adviser);
    desk.sync(Trigger::Person).await;
    assert!(list_problems(table, &desk.whose, false).await.unwrap().is_empty());
    assert!(!desk.mirror("manual_journals").await.is_empty());
}

#[tokio::test]
async fn m6_o24_a_wish_during_a_run_is_that_run() {
    let desk = Desk::sized(60);
    desk.consent().await;
    let wish = async || {
        request_run(&desk.access, &desk.whose, Wish { actor: Some("sam"), ..Wish::of(Trigger::Person) }).await.unwrap()
    };
    let (Requested::Run { run: first, .. }, Requested::Run { run: second, .. }) = (wish().await, wish().await) else {
        panic!("no run")
    };
    assert_eq!(first, second);
    desk.work().await;
    let (runs, _) = list_runs(&*desk.access.ports.table, &desk.whose, None, 20).await.unwrap();
    assert_eq!(runs.len(), 1);
}

async fn choose_interval(desk: &Desk, interval: Interval) {
    change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings = Settings { sync_interval: interval, daily_hour: 3, ..Settings::default() };
        true
    })
    .await
    .unwrap();
}

async fn runs_in(desk: &Desk, minutes: u32) -> usize {
    let before = list_runs(&*desk.access.ports.table, &desk.whose, None, 100).await.unwrap().0.len();
    for _ in 0..minutes {
        desk.tick(Duration::from_secs(60)).await;
        // The schedule fires twice now and then.
        desk.tick(Duration::ZERO).await;
        desk.work().await;
    }
    list_runs(&*desk.access.ports.table, &desk.whose, None, 100).await.unwrap().0.len() - before
}

#[tokio::test]
async fn o22_o23_s8_each_interval_makes_its_runs_and_off_makes_none() {
    let desk = Desk::sized(40);
    desk.connect().await;
    assert_eq!(runs_in(&desk, 60).await, 0, "off is the default");
    choose_interval(&desk, Interval::Minutes15).await;
    assert_eq!(runs_in(&desk, 1).await, 1, "one at once");
    runs_in(&desk, 150).await;
    let (runs, _) = list_runs(&*desk.access.ports.table, &desk.whose, None, 11).await.unwrap();
    let asked: Vec<i64> = runs.iter().take(10).map(|run| run.requested_at.as_second()).collect();
    assert!(asked.windows(2).all(|two| (two[0] - two[1] - 900).abs() <= 60), "one each quarter: {asked:?}");
    choose_interval(&desk, Interval::Hour1).await;
    assert!(runs_in(&desk, 120).await.abs_diff(2) <= 1);
}

#[tokio::test]
async fn m5_the_daily_run_comes_once_a_day_and_a_missed_day_is_caught_up() {
    let desk = Desk::sized(40);
    desk.connect().await;
    choose_interval(&desk, Interval::Daily).await;
    assert_eq!(runs_in(&desk, 3).await, 1);
    desk.world.clock.advance(Duration::from_secs(3 * 24 * 3600));
    assert_eq!(runs_in(&desk, 3).await, 1, "one run catches up three days");
}

#[tokio::test]
async fn m36_and_o13_settings_and_facts_of_the_organisation_are_kept_with_the_connection() {
    let desk = Desk::sized(40);
    desk.connect().await;
    let connection = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    let facts = connection.facts.unwrap();
    assert_eq!(facts.base_currency, "GBP");
    assert!(facts.short_code.starts_with('!') && facts.financial_year_end.is_some());
    for (entity, row) in
        [("accounts", "o14"), ("tax_rates", "o15"), ("currencies", "o16"), ("tracking_categories", "x13")]
    {
        assert!(!desk.mirror(entity).await.is_empty(), "{row} {entity}");
    }
}

/// Everything that must be the same however often a worker dies.
async fn books(desk: &Desk) -> (BTreeMap<String, String>, BTreeMap<(String, String), usize>) {
    let mut records = BTreeMap::new();
    for entity in mirror::entities::ENTITIES {
        for view in desk.mirror(entity.name).await {
            records.insert(format!("{}/{}", entity.name, view.id), Value::Object(view.record).to_string());
        }
    }
    let mut entries: BTreeMap<(String, String), usize> = BTreeMap::new();
    for change in desk.feed().await {
        *entries.entry((change.id, format!("{:?}", change.change))).or_default() += 1;
    }
    (records, entries)
}

async fn changed_desk() -> Desk {
    let desk = Desk::sized(24);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    let contacts = desk.mirror("contacts").await;
    for (at, name) in [(0, "Tide Mill Prints"), (1, "Oak Row Florists"), (2, "Granite Quay Foods")] {
        desk.xero.rename_contact(desk.whose.tenant, id(&contacts[at].id), name).unwrap();
    }
    desk
}

#[tokio::test]
async fn a_worker_that_dies_at_any_call_loses_nothing_and_repeats_nothing() {
    let whole = changed_desk().await;
    whole.world.faults.heal();
    whole.sync(Trigger::Schedule).await;
    let calls = whole.world.faults.calls();
    let expected = books(&whole).await;
    assert!(calls > 40, "{calls} calls");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let desk = changed_desk().await;
            desk.world.faults.cut(cut);
            drop(request_run(&desk.access, &desk.whose, Wish::of(Trigger::Schedule)).await);
            while let Some(taken) = desk.world.queue.take() {
                let envelope = envelopes::Envelope::parse(&taken.message.body).unwrap();
                if desk.carry_out(&envelope).await.is_err() {
                    desk.world.queue.give_back(taken);
                    break;
                }
            }
            desk.world.faults.heal();
            // The lease of the dead worker runs out; the schedule asks again, as it does each slot.
            desk.world.clock.advance(Duration::from_secs(11 * 60));
            desk.work().await;
            desk.sync(Trigger::Schedule).await;
            let found = books(&desk).await;
            assert_eq!(found.0, expected.0, "mirror after {cut:?}");
            assert_eq!(found.1, expected.1, "feed after {cut:?}");
            let head = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
            assert!(head.active.is_none() && desk.world.queue.is_empty(), "work left after {cut:?}");
        }
    }
}
