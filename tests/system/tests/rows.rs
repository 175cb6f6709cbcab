//! Requirement rows of the foundation that the other files prove in passing, each by itself. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use connections::{APPS_SECRET, Apps, ConnectionState, Interval, Settings, connections_of, load_connection};
use kernel::OrganisationRef;
use mirror::entities::ENTITIES;
use mirror::feed::ChangeKind;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::xero::{AppSettings, Consent, DemoSettings, Role};
use sync::head::{Outcome, Trigger};
use sync::load_head;
use sync::problems::list_problems;
use sync::{Requested, Wish, list_runs, load_run, request_run};
use system::desk::Desk;
use system::town::off_the_record;

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap_or_default().to_owned()
}

async fn records(desk: &Desk, entity: &str) -> Vec<Value> {
    desk.mirror(entity).await.into_iter().map(|view| Value::Object(view.record)).collect()
}

/// An unpaid invoice, paid in Xero and brought here by its webhook: the invoice's id and the payment.
async fn paid(desk: &Desk) -> (String, Value) {
    let open = records(desk, "invoices").await.into_iter();
    let invoice = open.into_iter().find(|i| i["Status"] == "AUTHORISED" && i["AmountPaid"] == "0.00").unwrap();
    let accounts = records(desk, "accounts").await;
    let bank = accounts.iter().find(|account| account["Type"] == "BANK" && account["Code"].is_string()).unwrap();
    let id = text(&invoice, "InvoiceID");
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.pay_invoice(desk.whose.tenant, id.parse().unwrap(), &text(bank, "Code"), Decimal::TWO).unwrap();
    desk.deliver().await;
    desk.work().await;
    let payments = records(desk, "payments").await;
    let payment =
        payments.into_iter().find(|p| p["Invoice"]["InvoiceID"] == id.as_str() && p["Status"] == "AUTHORISED");
    (id, payment.expect("the payment came with its invoice"))
}

#[tokio::test]
async fn b1_several_apps_at_once_and_each_connection_knows_its_own() {
    let desk = Desk::sized(10);
    desk.connect().await;
    let old = AppSettings::default();
    let new = AppSettings { client_id: "5D1E0000000000000000000000000002".into(), ..AppSettings::default() };
    off_the_record(&desk.xero);
    let new_app = desk.xero.register_app(new.clone());
    let apps = json!([
        { "name": "main", "client_id": old.client_id, "client_secret": old.client_secret },
        { "name": "certified", "client_id": new.client_id, "client_secret": new.client_secret, "certified": true, "connects_new": true },
    ]);
    desk.world.vault.set_secret(APPS_SECRET, apps.to_string());
    let known = desk.feed().await.len();
    desk.sync(Trigger::Person).await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!(
        (stored.app.as_str(), stored.client.as_str()),
        ("main", old.client_id.as_str()),
        "the old one still works"
    );
    desk.connect().await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!((stored.app.as_str(), stored.client.as_str()), ("certified", new.client_id.as_str()));
    assert_eq!(desk.feed().await.len(), known, "the move tells nothing twice");
    desk.xero.forget_calls();
    desk.sync(Trigger::Person).await;
    assert!(desk.xero.disconnect(new_app, desk.user, desk.whose.tenant), "the new app holds the connection");
}

#[tokio::test]
async fn b2_certification_is_shown_and_xeros_refusal_explained() {
    let desk = Desk::sized(10);
    let apps = Apps::load(&*desk.access.ports.vault).await.unwrap();
    assert!(apps.iter().all(|app| !app.certified));
    desk.xero.change_app(desk.app, |app| app.connections_max = 0);
    let outcome = desk.try_consent().await;
    assert!(outcome.contains("outcome=failed"), "{outcome}");
    let answered = desk.callback_error("connection_limit").await;
    assert!(answered.contains("reason=xero_refused") && answered.contains("uncertified"), "{answered}");
}

#[tokio::test]
async fn b7_every_read_of_a_dead_connection_says_the_same_reason() {
    let desk = Desk::sized(10);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(61 * 24 * 3600));
    desk.sync(Trigger::Schedule).await;
    let wish = request_run(&desk.access, &desk.whose, Wish::of(Trigger::Person)).await.unwrap();
    assert_eq!(wish, Requested::NotConnected);
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    let reason = stored.reason.unwrap();
    assert!(reason.fix.contains("Connect") && !reason.message.is_empty());
}

#[tokio::test]
async fn b13_the_organisation_is_chosen_never_assumed() {
    let desk = Desk::sized(5);
    let second = desk.xero.register_organisation(&DemoSettings::sized_au(9, 5));
    desk.xero.set_role(desk.user, second, Role::Adviser);
    desk.xero.change_app(desk.app, |app| app.bulk_connect = true);
    let tenants = vec![second, desk.whose.tenant];
    desk.xero.set_consent(Consent::Allow { user: desk.user, tenants, only_scopes: Vec::new() });
    desk.consent().await;
    let connected = connections_of(&*desk.access.ports.table, &desk.whose.workspace).await.unwrap();
    let tenants: Vec<_> = connected.iter().map(|connection| connection.whose.tenant).collect();
    assert_eq!(tenants, [desk.whose.tenant], "two were offered, one was chosen");
}

#[tokio::test]
async fn s3_several_connections_of_a_workspace_are_addressed_singly() {
    let mut desk = Desk::sized(5);
    desk.connect().await;
    let first = desk.whose.clone();
    let tenant = desk.xero.register_organisation(&DemoSettings::sized_au(9, 7));
    desk.xero.set_role(desk.user, tenant, Role::Adviser);
    desk.xero.set_consent(Consent::Allow { user: desk.user, tenants: vec![tenant], only_scopes: Vec::new() });
    desk.whose = OrganisationRef { workspace: first.workspace.clone(), tenant };
    desk.connect().await;
    assert_eq!(
        (
            desk.mirror("invoices").await.len(),
            connections_of(&*desk.access.ports.table, &first.workspace).await.unwrap().len()
        ),
        (7, 2)
    );
    connections::disconnect(&desk.access, &first, "sam").await.unwrap();
    let state = async |whose: &OrganisationRef| {
        load_connection(&*desk.access.ports.table, whose).await.unwrap().unwrap().value.state
    };
    assert_eq!(
        (state(&first).await, state(&desk.whose).await),
        (ConnectionState::Disconnected, ConnectionState::Connected)
    );
}

#[tokio::test]
async fn p2_consent_shows_what_is_asked_for_and_why() {
    for scope in xero::scopes::NEEDED {
        assert!(scope.purpose.len() > 10, "{}", scope.name);
    }
}

#[tokio::test]
async fn p15_p17_paid_and_due_amounts_and_the_payment_are_linked_to_the_invoice() {
    let desk = Desk::sized(60);
    desk.connect().await;
    let (id, payment) = paid(&desk).await;
    let invoice = records(&desk, "invoices").await.into_iter().find(|i| i["InvoiceID"] == id.as_str()).unwrap();
    assert_eq!(text(&invoice, "AmountPaid"), "2.00");
    assert_eq!(invoice["Payments"][0]["PaymentID"], payment["PaymentID"]);
    assert_eq!(text(&payment, "Amount"), "2.00");
}

#[tokio::test]
async fn p17_credit_notes_prepayments_and_overpayments_carry_their_allocations() {
    let desk = Desk::sized(200);
    desk.connect().await;
    for entity in ["credit_notes", "prepayments", "overpayments"] {
        assert!(!records(&desk, entity).await.is_empty(), "{entity}");
    }
}

#[tokio::test]
async fn p18_a_part_payment_keeps_the_invoice_open_and_p19_its_removal_reopens_it() {
    let desk = Desk::sized(60);
    desk.connect().await;
    let (id, payment) = paid(&desk).await;
    let find = async || records(&desk, "invoices").await.into_iter().find(|i| i["InvoiceID"] == id.as_str()).unwrap();
    assert_eq!(text(&find().await, "Status"), "AUTHORISED");
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.remove_payment(desk.whose.tenant, text(&payment, "PaymentID").parse().unwrap()).unwrap();
    desk.deliver().await;
    desk.work().await;
    assert_eq!(text(&find().await, "AmountPaid"), "0.00");
}

#[tokio::test]
async fn p19_a_removed_payment_is_told_as_deleted() {
    let desk = Desk::sized(60);
    desk.connect().await;
    let (_, payment) = paid(&desk).await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.remove_payment(desk.whose.tenant, text(&payment, "PaymentID").parse().unwrap()).unwrap();
    desk.sync(Trigger::Schedule).await;
    let told = desk.feed().await.into_iter().rev().find(|change| change.id == text(&payment, "PaymentID")).unwrap();
    assert_eq!(told.change, ChangeKind::Deleted);
}

#[tokio::test]
async fn p21_a_connection_removed_in_xero_is_noticed_here() {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk.xero.disconnect(desk.app, desk.user, desk.whose.tenant);
    desk.world.clock.advance(Duration::from_secs(60));
    desk.sync(Trigger::Person).await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!(stored.reason.unwrap().code, "disconnected_in_xero");
}

#[tokio::test]
async fn s4_disconnecting_keeps_every_record() {
    let desk = Desk::sized(20);
    desk.connect().await;
    let before = desk.mirror("invoices").await;
    connections::disconnect(&desk.access, &desk.whose, "sam").await.unwrap();
    assert_eq!(desk.mirror("invoices").await, before);
}

#[tokio::test]
async fn o33_a_reconnect_to_the_same_organisation_resumes_and_another_starts_its_own() {
    let mut desk = Desk::sized(20);
    desk.connect().await;
    connections::disconnect(&desk.access, &desk.whose, "sam").await.unwrap();
    desk.world.clock.advance(Duration::from_secs(3600));
    desk.connect().await;
    let (_, created) = (desk.feed().await, desk.feed().await.len());
    let tenant = desk.xero.register_organisation(&DemoSettings::sized(11, 9));
    desk.xero.set_role(desk.user, tenant, Role::Adviser);
    desk.xero.set_consent(Consent::Allow { user: desk.user, tenants: vec![tenant], only_scopes: Vec::new() });
    desk.whose.tenant = tenant;
    desk.connect().await;
    assert_eq!(desk.mirror("invoices").await.len(), 9);
    assert_ne!(desk.feed().await.len(), created);
}

#[tokio::test]
async fn o13_the_organisations_year_end_lock_dates_and_short_code_are_kept() {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(60));
    desk.xero.set_lock_dates(desk.whose.tenant, Some("2026-09-30".parse().unwrap()), None);
    desk.sync(Trigger::Schedule).await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    let facts = stored.facts.unwrap();
    assert_eq!(facts.period_lock_date.as_deref(), Some("2026-09-30"));
    assert!(facts.financial_year_end.is_some() && facts.short_code.starts_with('!'));
}

#[tokio::test]
async fn o14_the_chart_of_accounts_has_status_and_default_tax() {
    let desk = Desk::sized(5);
    desk.connect().await;
    let accounts = records(&desk, "accounts").await;
    assert!(accounts.iter().all(|account| account["Status"].is_string() && account["AccountID"].is_string()));
    assert!(accounts.iter().any(|account| account["TaxType"].is_string()));
}

#[tokio::test]
async fn o15_tax_rates_have_their_effective_rate() {
    let desk = Desk::sized(5);
    desk.connect().await;
    let rates = records(&desk, "tax_rates").await;
    assert!(rates.iter().any(|rate| rate["TaxType"] == "OUTPUT2" && rate["EffectiveRate"] == "20.00"), "{rates:?}");
}

#[tokio::test]
async fn o16_currencies_are_read() {
    let desk = Desk::sized(5);
    desk.connect().await;
    assert!(records(&desk, "currencies").await.iter().any(|currency| currency["Code"] == "GBP"));
}

#[tokio::test]
async fn x13_tracking_categories_are_read_with_their_options() {
    let desk = Desk::sized(5);
    desk.connect().await;
    let categories = records(&desk, "tracking_categories").await;
    assert!(categories.iter().all(|category| category["Options"][0]["TrackingOptionID"].is_string()));
}

#[tokio::test]
async fn o12_the_list_of_kinds_is_one_registry_and_the_api_declares_the_same() {
    let openapi = std::fs::read_to_string(local::build::checkout().join("infra/openapi.yaml")).unwrap();
    for entity in ENTITIES {
        assert!(openapi.contains(&format!("- {}\n", entity.name)), "{} is not declared", entity.name);
    }
}

#[tokio::test]
async fn o17_nothing_is_asked_for_without_a_purpose_and_no_broad_scope_at_all() {
    let asked = xero::scopes::parameter(xero::scopes::NEEDED);
    assert!(asked.split(' ').all(|scope| !["accounting.transactions", "accounting.reports.read"].contains(&scope)));
    assert_eq!(asked.split(' ').count(), xero::scopes::NEEDED.len());
}

#[tokio::test]
async fn o18_each_run_is_logged_with_calls_bytes_and_milliseconds_by_kind() {
    let desk = Desk::sized(30);
    desk.connect().await;
    let (runs, _) = list_runs(&*desk.access.ports.table, &desk.whose, None, 10).await.unwrap();
    let counts = &runs[0].counts["invoices"];
    assert_eq!((counts.read, counts.created, counts.calls), (30, 30, 1));
    assert!(counts.bytes > 1_000 && runs[0].outcome == Some(Outcome::Completed));
    let state = load_run(&*desk.access.ports.table, &desk.whose, &runs[0].run).await.unwrap().unwrap();
    assert_eq!(state.log.feed_to - state.log.feed_from, desk.feed().await.len() as u64, "its items are in the feed");
}

#[tokio::test]
async fn o19_what_needs_attention_is_flagged() {
    let desk = Desk::sized(5);
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Standard);
    desk.connect().await;
    let open = list_problems(&*desk.access.ports.table, &desk.whose, false).await.unwrap();
    assert!(open.iter().all(|problem| problem.needs_attention) && open.len() == 1, "{open:?}");
}

#[tokio::test]
async fn o20_an_unresolved_problem_is_listed_again_with_its_count_until_it_is_gone() {
    let desk = Desk::sized(5);
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Standard);
    desk.connect().await;
    for _ in 0..3 {
        desk.world.clock.advance(Duration::from_secs(600));
        desk.sync(Trigger::Person).await;
    }
    let table = &*desk.access.ports.table;
    let open = list_problems(table, &desk.whose, false).await.unwrap();
    assert_eq!(open[0].count, 4);
    assert!(open[0].first_seen < open[0].last_seen);
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Adviser);
    desk.sync(Trigger::Person).await;
    assert!(list_problems(table, &desk.whose, false).await.unwrap().is_empty());
    assert!(list_problems(table, &desk.whose, true).await.unwrap()[0].resolved_at.is_some());
}

#[tokio::test]
async fn o21_a_record_opens_in_xero_by_its_link() {
    let desk = Desk::sized(10);
    desk.connect().await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    let code = stored.facts.unwrap().short_code;
    for invoice in records(&desk, "invoices").await {
        let link =
            xero::links::deep_link(&code, "invoices", &text(&invoice, "Type"), &text(&invoice, "InvoiceID")).unwrap();
        assert!(link.contains(if invoice["Type"] == "ACCPAY" { "AccountsPayable" } else { "AccountsReceivable" }));
    }
}

#[tokio::test]
async fn o23_a_new_connection_is_manual() {
    let desk = Desk::sized(5);
    desk.connect().await;
    let stored = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!(stored.settings, Settings::default());
    assert_eq!(stored.settings.sync_interval, Interval::Off);
}

#[tokio::test]
async fn o24_sync_now_joins_a_run_the_schedule_made() {
    let desk = Desk::sized(5);
    desk.consent().await;
    let made = request_run(&desk.access, &desk.whose, Wish::of(Trigger::Schedule)).await.unwrap();
    let joined =
        request_run(&desk.access, &desk.whose, Wish { actor: Some("sam"), ..Wish::of(Trigger::Person) }).await.unwrap();
    let name = |requested: Requested| match requested {
        Requested::Run { run, .. } => run,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(made), name(joined));
}

#[tokio::test]
async fn s2_s8_orders_and_purchase_orders_arrive_with_the_cheap_probe_of_each_quarter_hour() {
    let desk = Desk::sized(60);
    desk.connect().await;
    assert!(!records(&desk, "purchase_orders").await.is_empty());
    desk.world.clock.advance(Duration::from_secs(900));
    desk.xero.forget_calls();
    desk.sync(Trigger::Schedule).await;
    let calls = desk.xero.calls();
    let probe = calls.iter().find(|call| call.path.ends_with("/PurchaseOrders")).unwrap();
    assert!(probe.query.contains("page=1"), "{probe:?}");
    assert!(load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().loaded);
}

#[tokio::test]
async fn s8_a_quarter_hour_without_changes_reads_first_pages_only() {
    let desk = Desk::sized(60);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(900));
    desk.xero.forget_calls();
    desk.sync(Trigger::Schedule).await;
    assert!(desk.xero.calls().iter().all(|call| !call.query.contains("page=2")));
}
