//! Bank statement lines read from Xero: kept in step, asked about, resumed wherever it is cut off. Virtual time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use bank_statements::account::bank_account;
use bank_statements::intake::take_in;
use bank_statements::row::{Teller, file_key};
use bank_statements::upload::{Announcement, announce};
use banking::FindingKind;
use connections::change_connection;
use documents::intake::Arrived;
use envelopes::{Envelope, FeedPull, Work};
use evidence::{ByHand, Decision, Exclusion, LineId, LineSource, Verdict, Words};
use feed_lines::{FeedAccount, Trouble, list_accounts, list_lines};
use ports::TransportError;
use reconciliation::report::load_reconciliation;
use reconciliation::sides::FeedSource;
use requests::sources::{AccountSource, account_sources};
use requests::{FEATURE, Request, RequestState, decide_by_hand, list_requests, store_settings};
use serde_json::json;
use simulator::world::Cut;
use simulator::xero::{BankLine, Consent, DemoSettings, Fault, FaultTarget, Role, StatementSettings, XeroSettings};
use sync::head::Trigger;
use system::desk::Desk;
use system::line::{edited, html};
use system::paper::a_contact;
use system::prepayments::until_cut;
use uuid::Uuid;

const BANK: &str = "090";

/// A connected desk of an app that may read statement lines, whose workspace wants requests from November on.
async fn desk() -> Desk {
    desk_at(XeroSettings::default()).await
}

async fn desk_at(settings: XeroSettings) -> Desk {
    wanting(Desk::reading_lines(settings, &DemoSettings::sized(7, 10))).await
}

async fn wanting(desk: Desk) -> Desk {
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk.work().await;
    change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings.features = BTreeMap::from([(FEATURE.to_owned(), true)]);
        true
    })
    .await
    .unwrap();
    let settings = serde_json::from_value(json!({ "since": "2026-11-01" })).unwrap();
    store_settings(&*desk.access.ports.table, &desk.whose, &settings).await.unwrap();
    desk
}

fn said(date: &str, amount: &str, payee: &str) -> BankLine {
    let (date, amount) = (date.parse().unwrap(), amount.parse().unwrap());
    BankLine { date, amount, payee: payee.into(), reference: "CARD 4411".into(), notes: "Card payment".into() }
}

/// What the bank says: three lines of November, one of the year before last, one of last December.
fn statement() -> Vec<BankLine> {
    vec![
        said("2024-11-20", "-5.00", "Long ago"),
        said("2025-12-20", "-7.00", "Last winter"),
        said("2026-11-03", "-61.20", "Harbour Fuel"),
        said("2026-11-04", "-9.10", "Toll Road Co"),
        said("2026-11-05", "140.00", "Alder Bridge Books"),
    ]
}

fn imported(desk: &Desk) -> Vec<Uuid> {
    desk.xero.import_statement(desk.whose.tenant, BANK, &statement()).unwrap()
}

async fn synced(desk: &Desk) {
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    desk.work().await;
}

async fn account(desk: &Desk) -> String {
    let all = desk.mirror("accounts").await;
    all.iter().find(|account| account.record.get("Code") == Some(&json!(BANK))).unwrap().id.clone()
}

/// Money spent, as a person enters it in Xero.
async fn spent(desk: &Desk, amount: &str, date: &str) -> Uuid {
    let entry = json!({ "Type": "SPEND", "Contact": { "ContactID": a_contact(desk).await },
        "BankAccount": { "AccountID": account(desk).await }, "Date": date, "LineAmountTypes": "NoTax",
        "LineItems": [{ "Description": "Fuel", "Quantity": 1, "UnitAmount": amount, "AccountCode": "429" }] });
    let made = desk.xero.edit(desk.whose.tenant, "BankTransactions", None, &entry).unwrap();
    made["BankTransactionID"].as_str().unwrap().parse().unwrap()
}

async fn of(desk: &Desk, id: Uuid) -> Option<Request> {
    let id: LineId = id.to_string().parse().unwrap();
    let found = requests::load_request(&*desk.access.ports.table, &desk.whose, &id).await.unwrap();
    found.map(|found| found.value)
}

async fn state(desk: &Desk, id: Uuid) -> Option<RequestState> {
    of(desk, id).await.map(|request| request.state())
}

/// What is known of the bank account with the statement.
async fn known(desk: &Desk) -> FeedAccount {
    let all = list_accounts(&*desk.access.ports.table, &desk.whose).await.unwrap();
    let account = account(desk).await;
    all.into_iter().find(|known| known.account == account).unwrap()
}

async fn lines(desk: &Desk) -> Vec<feed_lines::FeedLine> {
    let (from, to) = ("2020-01-01".parse().unwrap(), "2030-01-01".parse().unwrap());
    list_lines(&*desk.access.ports.table, &desk.whose, &account(desk).await, from, to).await.unwrap()
}

async fn source(desk: &Desk) -> AccountSource {
    let connection = system::prepayments::connection(desk).await;
    let all = account_sources(&*desk.access.ports.table, &connection).await.unwrap();
    let account = account(desk).await;
    all.into_iter().find(|source| source.account.as_str() == account).unwrap()
}

fn calls(desk: &Desk) -> usize {
    desk.xero.calls().iter().filter(|call| call.path.contains("BankStatementsPlus")).count()
}

/// Whether every request is about the same line as before, in the same state.
async fn states(desk: &Desk) -> Vec<(String, RequestState)> {
    let (rows, _) = list_requests(&*desk.access.ports.table, &desk.whose, None, 1_000).await.unwrap();
    rows.iter().map(|row| (row.value.id.to_string(), row.value.state())).collect()
}

#[tokio::test]
async fn m7_x1_a_statement_line_without_a_document_is_asked_about_until_its_entry_has_one() {
    let desk = desk().await;
    let ids = imported(&desk);
    synced(&desk).await;
    assert_eq!(state(&desk, ids[2]).await, Some(RequestState::Requested), "nobody entered it in the books yet");
    assert_eq!(state(&desk, ids[0]).await, None, "before the day that is asked about");
    let line = of(&desk, ids[2]).await.unwrap();
    let line = line.line().unwrap();
    assert_eq!((line.source, line.reconciled), (LineSource::FinanceStatement, Some(false)));
    assert_eq!((line.payee.as_str(), line.amount.minor), ("Harbour Fuel", -6120));
    // A bookkeeper enters it, attaches the receipt and reconciles.
    let entry = spent(&desk, "61.20", "2026-11-03").await;
    desk.xero.attach(desk.whose.tenant, entry, "fuel.pdf", b"%PDF-1.4").unwrap();
    desk.xero.match_line(desk.whose.tenant, ids[2], &[entry]).unwrap();
    synced(&desk).await;
    assert_eq!(state(&desk, ids[2]).await, Some(RequestState::Closed), "x1: it drops off by itself");
    assert_eq!(state(&desk, ids[3]).await, Some(RequestState::Requested));
    assert_eq!(state(&desk, entry).await, None, "the entry is the same money: nobody is asked about it twice");
}

#[tokio::test]
async fn x1_deleted_and_doubled_lines_are_asked_about_no_more() {
    let desk = desk().await;
    let ids = imported(&desk);
    synced(&desk).await;
    desk.xero.delete_line(desk.whose.tenant, ids[2]).unwrap();
    desk.xero.mark_duplicate(desk.whose.tenant, ids[3]).unwrap();
    synced(&desk).await;
    for id in &ids[2..4] {
        let closed = of(&desk, *id).await.unwrap();
        assert!(matches!(closed.verdict, Some(Verdict::Closed { .. })), "{closed:?}");
    }
}

#[tokio::test]
async fn x1_what_a_person_decided_about_an_entry_holds_for_its_statement_line() {
    let desk = Desk::reading_lines(XeroSettings::default(), &DemoSettings::sized(7, 10));
    let only_scopes = xero::scopes::NEEDED.iter().map(|scope| scope.name.to_owned()).collect();
    let consent = |only_scopes| Consent::Allow { user: desk.user, tenants: vec![desk.whose.tenant], only_scopes };
    desk.xero.set_consent(consent(only_scopes));
    let desk = wanting(desk).await;
    let entry = spent(&desk, "61.20", "2026-11-03").await;
    synced(&desk).await;
    assert_eq!(
        (state(&desk, entry).await, calls(&desk)),
        (Some(RequestState::Requested), 0),
        "x1: the grant leaves it out"
    );
    assert_eq!(source(&desk).await.source, Some(LineSource::LedgerEntry));
    let no = ByHand { decision: Decision::NotNeeded, note: Words::new("private") };
    let id: LineId = entry.to_string().parse().unwrap();
    decide_by_hand(&desk.access, &desk.whose, &id, Some(no), "sam").await.unwrap();
    // Xero agrees; the person connects again. The bank has said it too, and the line is reconciled with the entry.
    let ids = imported(&desk);
    desk.xero.match_line(desk.whose.tenant, ids[2], &[entry]).unwrap();
    let (user, tenants) = (desk.user, vec![desk.whose.tenant]);
    desk.xero.set_consent(Consent::Allow { user, tenants, only_scopes: Vec::new() });
    desk.consent().await;
    synced(&desk).await;
    let line = of(&desk, ids[2]).await.unwrap();
    let rule = match &line.verdict {
        Some(Verdict::Excluded { rule, .. }) => Some(*rule),
        _ => None,
    };
    assert_eq!((line.state(), rule), (RequestState::Excluded, Some(Exclusion::ByHand)), "{line:?}");
    assert_eq!(line.by_hand.unwrap().actor, "sam");
    let before = of(&desk, entry).await.unwrap();
    assert_ne!(before.state(), RequestState::Requested, "the entry speaks for itself no more");
    assert_eq!(source(&desk).await.source, Some(LineSource::FinanceStatement));
}

#[tokio::test]
async fn x1_each_source_says_what_it_can_tell() {
    let desk = desk().await;
    imported(&desk);
    assert_eq!((source(&desk).await.source, source(&desk).await.read_at), (None, None), "nothing was seen yet");
    synced(&desk).await;
    let told = source(&desk).await;
    let tells = told.capabilities.unwrap();
    assert!(tells.sees_unreconciled && tells.knows_links && !tells.knows_attachments && !tells.unproven.is_empty());
    assert_eq!(told.read_since, Some("2025-11-25".parse().unwrap()), "a year");
    assert!(told.read_at.is_some() && told.trouble.is_none());
}

#[tokio::test]
async fn x1_a_year_comes_first_then_a_quarter_in_one_call_and_what_did_not_change_costs_no_write() {
    let desk = desk().await;
    imported(&desk);
    let banks = desk.mirror("accounts").await.iter().filter(|view| view.record["Type"] == "BANK").count();
    synced(&desk).await;
    assert_eq!(calls(&desk), 4 * banks, "365 days in windows of at most 92");
    let all = lines(&desk).await;
    assert_eq!(all.len(), 4, "what is older than a year is not read");
    let rows = desk.world.table.dump();
    synced(&desk).await;
    assert_eq!(calls(&desk), 5 * banks);
    let of_lines = |rows: &[ports::Row]| -> Vec<(ports::Key, u64)> {
        let lines = rows.iter().filter(|row| row.key.sort.starts_with("line#"));
        lines.map(|row| (row.key.clone(), row.version)).collect()
    };
    assert_eq!(of_lines(&rows), of_lines(&desk.world.table.dump()), "not one line was written again");
    // By itself at most once an hour, however often a sync runs.
    desk.sync(Trigger::Schedule).await;
    assert_eq!(calls(&desk), 5 * banks);
    desk.world.clock.advance(Duration::from_secs(3_601));
    desk.sync(Trigger::Schedule).await;
    assert_eq!(calls(&desk), 6 * banks);
    // A week later a whole year is read once more, and what Xero does not list any more is gone.
    desk.world.clock.advance(Duration::from_secs(7 * 24 * 3_600));
    desk.line.spoil(|request, answer| {
        let finance = request.url.contains("BankStatementsPlus");
        let empty = |body: &mut serde_json::Value| body["statements"] = json!([]);
        Ok(if finance { edited(answer, empty) } else { answer })
    });
    desk.sync(Trigger::Schedule).await;
    assert_eq!(calls(&desk), 10 * banks);
    assert!(lines(&desk).await.iter().all(|line| line.gone));
    desk.line.mend();
    synced(&desk).await;
    assert_eq!(lines(&desk).await.iter().filter(|line| line.gone).count(), 1, "a quarter lists its own again");
}

#[tokio::test]
async fn x1_the_specification_s_spelling_is_read_as_the_live_one() {
    let mut told = Vec::new();
    for as_in_the_example in [false, true] {
        let statements = StatementSettings { as_in_the_example, ..StatementSettings::default() };
        let desk = desk_at(XeroSettings { statements, ..XeroSettings::default() }).await;
        let ids = imported(&desk);
        synced(&desk).await;
        let mut amounts = Vec::new();
        for id in &ids[2..] {
            amounts.push(of(&desk, *id).await.unwrap().line().unwrap().amount.minor);
        }
        told.push(amounts);
    }
    assert_eq!(told, vec![vec![-6120, -910, 14_000]; 2]);
}

#[tokio::test]
async fn x1_where_xero_refuses_lines_the_ledger_speaks_and_the_reason_is_told() {
    let desk = desk().await;
    let ids = imported(&desk);
    synced(&desk).await;
    let entry = spent(&desk, "33.00", "2026-11-06").await;
    synced(&desk).await;
    assert_eq!(state(&desk, entry).await, None, "the statement speaks");
    // The user may not see reports any more.
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Standard);
    let before = calls(&desk);
    synced(&desk).await;
    assert_eq!(calls(&desk), before + 1, "one call is enough to know");
    let all = list_accounts(&*desk.access.ports.table, &desk.whose).await.unwrap();
    assert!(all.iter().all(|known| known.last.as_ref().unwrap().trouble == Some(Trouble::NotAllowed)));
    assert_eq!(source(&desk).await.trouble.unwrap().0, "not_allowed");
    let work = Work::EvaluateRequests { organisation: desk.whose.clone(), wish: "now".into() };
    desk.carry_out(&Envelope::new(work)).await.unwrap();
    assert_eq!(state(&desk, entry).await, Some(RequestState::Requested), "what is in the books is all there is now");
    assert_eq!(state(&desk, ids[3]).await, Some(RequestState::Closed), "a copy that nobody keeps in step asks nobody");
}

#[tokio::test]
async fn x1_only_reconciled_lines_come_where_the_agreement_says_so() {
    let statements = StatementSettings { reconciled_only: true, ..StatementSettings::default() };
    let desk = desk_at(XeroSettings { statements, ..XeroSettings::default() }).await;
    let ids = imported(&desk);
    let entry = spent(&desk, "61.20", "2026-11-03").await;
    desk.xero.match_line(desk.whose.tenant, ids[2], &[entry]).unwrap();
    synced(&desk).await;
    assert_eq!(lines(&desk).await.len(), 1);
    assert_eq!(state(&desk, ids[2]).await, Some(RequestState::Requested), "its entry has no document");
    assert!(source(&desk).await.capabilities.unwrap().unproven.contains("not proven"));
}

#[tokio::test]
async fn x1_an_element_that_is_no_line_costs_itself_and_is_told() {
    let desk = desk().await;
    let ids = imported(&desk);
    synced(&desk).await;
    desk.line.spoil(|request, answer| {
        let spoil = |body: &mut serde_json::Value| {
            for statement in body["statements"].as_array_mut().unwrap() {
                statement["statementLines"][0]["statementLineId"] = json!("none");
            }
        };
        Ok(if request.url.contains("BankStatementsPlus") { edited(answer, spoil) } else { answer })
    });
    synced(&desk).await;
    assert_eq!(source(&desk).await.unreadable, 1);
    assert!(lines(&desk).await.iter().all(|line| !line.gone), "it may be any of those that seem to be missing");
    assert_eq!(state(&desk, ids[2]).await, Some(RequestState::Requested));
}

#[tokio::test]
async fn x1_an_answer_that_is_none_is_told_and_asked_for_again() {
    let desk = desk().await;
    imported(&desk);
    desk.line
        .spoil(|request, answer| Ok(if request.url.contains("BankStatementsPlus") { html(answer) } else { answer }));
    synced(&desk).await;
    assert_eq!((source(&desk).await.trouble.unwrap().0.as_str(), known(&desk).await.since), ("unreadable", None));
    desk.line.mend();
    synced(&desk).await;
    assert!(source(&desk).await.trouble.is_none());
    assert_eq!(lines(&desk).await.len(), 4);
}

#[tokio::test]
async fn x1_an_answer_that_is_too_long_is_asked_for_in_smaller_windows() {
    let desk = desk().await;
    imported(&desk);
    desk.line.spoil(|request, answer| {
        let day = |name: &str| -> kernel::Date {
            let at = request.url.find(name).unwrap() + name.len();
            request.url[at..at + 10].parse().unwrap()
        };
        let long = request.url.contains("BankStatementsPlus") && (day("ToDate=") - day("FromDate=")).get_days() > 20;
        if long { Err(TransportError::TooLong { bytes_max: 1 }) } else { Ok(answer) }
    });
    synced(&desk).await;
    assert!(source(&desk).await.trouble.is_none());
    assert_eq!(lines(&desk).await.len(), 4);
    // One day alone that is too long is told.
    desk.line.spoil(|request, answer| match request.url.contains("BankStatementsPlus") {
        true => Err(TransportError::TooLong { bytes_max: 1 }),
        false => Ok(answer),
    });
    synced(&desk).await;
    assert_eq!(source(&desk).await.trouble.unwrap().0, "too_long");
    assert_eq!(lines(&desk).await.iter().filter(|line| line.gone).count(), 0);
}

#[tokio::test]
async fn x1_a_limit_or_an_outage_parks_the_reading_and_it_goes_on() {
    for fault in [Fault::Unavailable, Fault::OrganisationOffline, Fault::CutBeforeXero, Fault::LostReadAnswer] {
        let desk = desk().await;
        imported(&desk);
        synced(&desk).await;
        desk.xero.import_statement(desk.whose.tenant, BANK, &[said("2026-11-06", "-1.00", "Late")]).unwrap();
        let work = Work::PullFeedLines(FeedPull {
            organisation: desk.whose.clone(),
            wish: "w".into(),
            urgent: true,
            round: 0,
        });
        desk.xero.order_fault_at(FaultTarget::Reads, fault);
        desk.carry_out(&Envelope::new(work)).await.unwrap();
        assert_eq!(desk.parked(), 1, "{fault:?}");
        desk.work().await;
        assert_eq!(lines(&desk).await.len(), 5, "{fault:?}");
    }
    // The minute's calls are used up.
    let desk = desk().await;
    imported(&desk);
    desk.xero.spend_calls(desk.app, desk.whose.tenant, 60, 60);
    let work =
        Work::PullFeedLines(FeedPull { organisation: desk.whose.clone(), wish: "w".into(), urgent: true, round: 0 });
    desk.carry_out(&Envelope::new(work)).await.unwrap();
    assert_eq!((desk.parked(), lines(&desk).await.len()), (1, 0));
    desk.work().await;
    assert_eq!(lines(&desk).await.len(), 4);
}

#[tokio::test]
async fn an_app_without_the_agreement_asks_for_no_statement_lines_and_one_that_claims_it_cannot_connect() {
    let desk = wanting(Desk::sized(10)).await;
    imported(&desk);
    synced(&desk).await;
    assert_eq!(calls(&desk), 0);
    let claims = desk.apps.replace("\"statement_lines\":false", "\"statement_lines\":true");
    assert_ne!(claims, desk.apps);
    desk.world.vault.set_secret(connections::APPS_SECRET, claims);
    let url = desk.authorize_url().await;
    assert!(url.contains("finance.bankstatementsplus.read"), "{url}");
    let page = desk.open(&url).await;
    assert_eq!((page.status, page.header("location")), (200, None), "Xero's own page, and the browser stays there");
    assert!(String::from_utf8_lossy(&page.body).contains("Invalid scope for client"));
}

/// A reading of lines, cut off where stated; what came of it, and how many port calls it took.
async fn cut_off(cut: Option<Cut>) -> (Vec<(String, RequestState)>, Vec<String>, bool, u64) {
    let desk = desk().await;
    imported(&desk);
    let wish =
        Work::PullFeedLines(FeedPull { organisation: desk.whose.clone(), wish: "w".into(), urgent: true, round: 0 });
    desk.access.send(&Envelope::new(wish)).await.unwrap();
    desk.world.faults.heal();
    cut.into_iter().for_each(|cut| desk.world.faults.cut(cut));
    until_cut(&desk).await;
    let calls = desk.world.faults.calls();
    let met = desk.world.faults.heal();
    desk.world.clock.advance(Duration::from_secs(800));
    desk.work().await;
    let lines = lines(&desk).await.iter().map(|line| line.id.clone()).collect();
    (states(&desk).await, lines, met, calls)
}

#[tokio::test]
async fn x1_cut_off_at_any_call_lines_and_requests_end_as_if_nothing_had_happened() {
    let (expected, lines, _, calls) = cut_off(None).await;
    let asked = expected.iter().filter(|(_, state)| *state == RequestState::Requested).count();
    assert!(asked >= 2 && lines.len() == 4 && calls > 20, "{asked} {calls}");
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let (found, found_lines, met, _) = cut_off(Some(cut)).await;
            assert_eq!((&found, &found_lines), (&expected, &lines), "{cut:?}");
            assert!(met, "{cut:?} was not met");
        }
    }
}

#[tokio::test]
async fn m31_m35_an_account_is_held_against_xeros_own_lines_and_the_matcher_against_its_matches() {
    let desk = Desk::reading_lines(XeroSettings::default(), &DemoSettings::sized(7, 10));
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk.work().await;
    change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings.features = BTreeMap::from([("bank_reconciliation".to_owned(), true)]);
        true
    })
    .await
    .unwrap();
    let fed = imported(&desk);
    let fuel = spent(&desk, "61.20", "2026-11-03").await;
    desk.xero.match_line(desk.whose.tenant, fed[2], &[fuel]).unwrap();
    synced(&desk).await;
    let account = bank_account(&*desk.access.ports.table, &desk.whose, &account(&desk).await).await.unwrap().unwrap();
    let file: &[u8] = b"Date,Description,Amount\n2026-11-03,CARD HARBOUR FUEL,-61.20\n\
        2026-11-04,CARD TOLL ROAD CO,-9.10\n2026-11-05,ALDER BRIDGE BOOKS,140.00\n2026-11-05,KIOSK,-2.00\n";
    let announced = Announcement::of("bank.csv".into(), "text/csv".into(), Teller::Bank, file);
    let (row, _) = announce(desk.doors(), &desk.whose, &account, "sam", &announced).await.unwrap();
    let key = file_key(&desk.whose, row.id);
    let version = Some(desk.world.blobs.upload(&key, file));
    take_in(desk.doors(), &Arrived { key, version, bytes: file.len() as u64 }).await.unwrap();
    desk.work().await;
    let kept = load_reconciliation(&*desk.access.ports.table, &desk.whose, &account.id).await.unwrap().unwrap();
    assert_eq!((kept.feed_source, kept.rows), (FeedSource::FinanceApi, (4, 3, 1)), "{kept:?}");
    assert_eq!(kept.findings.get(&FindingKind::MissingInFeed), Some(&1), "the kiosk: {kept:?}");
    let all = kept.against_xero.iter().find(|row| row.from_per_mille == 0).unwrap();
    assert_eq!((all.compared, all.right, all.of), (1, 1, 1), "{kept:?}");
    let asked = list_requests(&*desk.access.ports.table, &desk.whose, None, 10).await.unwrap().0;
    assert!(asked.is_empty(), "nobody wants requests for documents: {asked:?}");
}
