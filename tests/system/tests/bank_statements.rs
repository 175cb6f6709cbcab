//! Bank statements from the announcement to a line in Xero, whatever is cut off, doubled or reordered. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bank_statements::account::{BankAccount, bank_account};
use bank_statements::intake::take_in;
use bank_statements::row::{FileState, StatementFile, Teller, file_key, load_file};
use bank_statements::upload::{Announcement, announce};
use documents::intake::Arrived;
use envelopes::Envelope;
use kernel::{Applied, StatementId};
use mirror::read::{RecordView, bank_accounts};
use mirror::record::text_of;
use reconciliation::decide::{DecideError, accept, dismiss, reopen};
use reconciliation::post::PostTerms;
use reconciliation::report::load_reconciliation;
use reconciliation::sides::FeedSource;
use reconciliation::suggestion::all_suggestions;
use reconciliation::{Suggestion, SuggestionKind, SuggestionState};
use simulator::world::Cut;
use sync::head::Trigger;
use system::desk::Desk;
use system::paper::let_write;

const FILE: &[u8] = b"Date,Description,Amount,Balance\n2026-11-20,HILLTOP STATIONERS,-18.40,81.60\n\
    2026-11-21,BUS,-3.20,78.40\n2026-11-21,BUS,-3.20,75.20\n";

async fn ready() -> Desk {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk.sync(Trigger::Person).await;
    let_write(&desk, &["bank_transactions"]).await;
    desk.work().await;
    desk
}

async fn bank(desk: &Desk) -> BankAccount {
    let table = &*desk.access.ports.table;
    let all = bank_accounts(table, &desk.whose).await.unwrap();
    let pounds = all.iter().find(|view| text_of(&view.record, "CurrencyCode") == "GBP").unwrap();
    bank_account(table, &desk.whose, &pounds.id).await.unwrap().unwrap()
}

/// Announces a file and uploads it; answers what the storage tells of it.
async fn arrived(desk: &Desk, file: &'static [u8]) -> (StatementId, Arrived) {
    let account = bank(desk).await;
    let announced = Announcement::of("a.csv".into(), "text/csv".into(), Teller::Bank, file);
    let (row, _) = announce(desk.doors(), &desk.whose, &account, "sam", &announced).await.unwrap();
    let key = file_key(&desk.whose, row.id);
    let version = Some(desk.world.blobs.upload(&key, file));
    (row.id, Arrived { key, version, bytes: file.len() as u64 })
}

/// A file taken in and worked through.
async fn read_in(desk: &Desk) {
    let (_, told) = arrived(desk, FILE).await;
    take_in(desk.doors(), &told).await.unwrap();
    desk.work().await;
}

/// The suggestion about the stationer's line.
async fn stationer(desk: &Desk) -> Suggestion {
    posts(desk).await.into_iter().find(|each| each.lines[0].amount.minor == -1840).unwrap()
}

/// Carries out what is on the queue, until something fails; that comes back.
async fn work_until_cut(desk: &Desk) {
    while let Some(taken) = desk.world.queue.take() {
        if desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.is_err() {
            desk.world.queue.give_back(taken);
            break;
        }
    }
}

async fn shown(desk: &Desk, id: StatementId) -> StatementFile {
    load_file(&*desk.access.ports.table, &desk.whose, id).await.unwrap().unwrap().value
}

async fn posts(desk: &Desk) -> Vec<Suggestion> {
    let all = all_suggestions(&*desk.access.ports.table, &desk.whose).await.unwrap();
    all.into_iter().map(|found| found.value).filter(|found| found.kind == SuggestionKind::Post).collect()
}

async fn terms(desk: &Desk) -> PostTerms {
    let contact = desk.mirror("contacts").await[0].id.parse().unwrap();
    let (account, tax_type) = ("463".parse().unwrap(), "NONE".parse().unwrap());
    PostTerms { contact_id: Some(contact), account: Some(account), tax_type: Some(tax_type), ..PostTerms::default() }
}

async fn connection(desk: &Desk) -> connections::Connection {
    connections::load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value
}

/// What Xero has of that amount on its books.
async fn in_xero(desk: &Desk, total: &str) -> usize {
    desk.sync(Trigger::Person).await;
    desk.work().await;
    let all = desk.mirror("bank_transactions").await;
    let stands = |view: &&RecordView| text_of(&view.record, "Status") == "AUTHORISED";
    all.iter().filter(stands).filter(|view| text_of(&view.record, "Total") == total).count()
}

#[tokio::test]
async fn a_crash_before_or_after_any_port_call_of_reading_and_reconciling_loses_and_doubles_nothing() {
    let whole = ready().await;
    let (id, told) = arrived(&whole, FILE).await;
    whole.world.faults.heal();
    take_in(whole.doors(), &told).await.unwrap();
    whole.work().await;
    assert!(matches!(shown(&whole, id).await.state, FileState::Read(_)));
    let calls = whole.world.faults.calls();
    assert!(calls > 12, "{calls} calls");
    for cut in (1..=calls).flat_map(|at| [Cut::Before(at), Cut::After(at)]) {
        let desk = ready().await;
        let (id, told) = arrived(&desk, FILE).await;
        desk.world.faults.cut(cut);
        let taken = take_in(desk.doors(), &told).await;
        if taken.is_ok() {
            work_until_cut(&desk).await;
        }
        desk.world.faults.heal();
        desk.world.clock.advance(Duration::from_secs(800));
        if taken.is_err() {
            take_in(desk.doors(), &told).await.unwrap();
        }
        desk.tick(Duration::from_secs(800)).await;
        desk.work().await;
        let FileState::Read(read) = shown(&desk, id).await.state else { panic!("{cut:?}: not read") };
        assert_eq!(read.lines, 3, "{cut:?}");
        assert_eq!(posts(&desk).await.len(), 3, "{cut:?}");
        let account = bank(&desk).await.id;
        let kept = load_reconciliation(&*desk.access.ports.table, &desk.whose, &account).await.unwrap();
        assert_eq!(kept.unwrap().rows.0, 3, "{cut:?}");
        assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{cut:?}: work left");
        assert_eq!(take_in(desk.doors(), &told).await.unwrap(), Applied::Before, "{cut:?}");
    }
}

#[tokio::test]
async fn a_reader_that_dies_twice_refuses_the_file_and_others_are_read() {
    let desk = ready().await;
    let (id, told) = arrived(&desk, FILE).await;
    take_in(desk.doors(), &told).await.unwrap();
    let taken = desk.world.queue.take().unwrap();
    let envelope = Envelope::parse(&taken.message.body).unwrap();
    for _ in 0..2 {
        // The row read, its attempt stored, the accounts read: then the file would be.
        desk.world.faults.cut(Cut::After(3));
        assert!(desk.carry_out(&envelope).await.is_err());
        desk.world.faults.heal();
    }
    desk.carry_out(&envelope).await.unwrap();
    let FileState::Refused { code, .. } = shown(&desk, id).await.state else { panic!("not refused") };
    assert_eq!(code, "reader_failed");
}

#[tokio::test]
async fn m34_a_line_is_confirmed_once_whatever_port_call_of_it_is_cut_off() {
    let whole = ready().await;
    read_in(&whole).await;
    let post = stationer(&whole).await;
    let (wanted, connected) = (terms(&whole).await, connection(&whole).await);
    whole.world.faults.heal();
    accept(&whole.access, &connected, &post.id, &wanted, "sam").await.unwrap();
    whole.work().await;
    let calls = whole.world.faults.calls();
    assert!(calls > 10, "{calls} calls");
    assert_eq!(in_xero(&whole, "18.40").await, 1);
    for cut in (1..=calls).flat_map(|at| [Cut::Before(at), Cut::After(at)]) {
        let desk = ready().await;
        read_in(&desk).await;
        let (wanted, connected) = (terms(&desk).await, connection(&desk).await);
        desk.world.faults.cut(cut);
        let accepted = accept(&desk.access, &connected, &post.id, &wanted, "sam").await;
        if accepted.is_ok() {
            work_until_cut(&desk).await;
        }
        desk.world.faults.heal();
        desk.world.clock.advance(Duration::from_secs(800));
        if accepted.is_err() {
            accept(&desk.access, &connected, &post.id, &wanted, "sam").await.unwrap();
        }
        desk.tick(Duration::from_secs(800)).await;
        desk.work().await;
        assert_eq!(in_xero(&desk, "18.40").await, 1, "{cut:?}");
    }
}

#[tokio::test]
async fn m34_two_lines_that_are_alike_to_the_letter_are_two_entries() {
    let desk = ready().await;
    read_in(&desk).await;
    let buses: Vec<Suggestion> =
        posts(&desk).await.into_iter().filter(|each| each.lines[0].amount.minor == -320).collect();
    assert_eq!(buses.len(), 2);
    let (wanted, connected) = (terms(&desk).await, connection(&desk).await);
    for bus in &buses {
        accept(&desk.access, &connected, &bus.id, &wanted, "sam").await.unwrap();
    }
    desk.work().await;
    assert_eq!(in_xero(&desk, "3.20").await, 2);
}

#[tokio::test]
async fn m34_what_was_taken_out_in_xero_may_be_entered_again() {
    let desk = ready().await;
    read_in(&desk).await;
    let post = stationer(&desk).await;
    let (wanted, connected) = (terms(&desk).await, connection(&desk).await);
    let reconciled = async || {
        let (organisation, account) = (desk.whose.clone(), Some(post.account.clone()));
        let wish = desk.now().to_string();
        let work = envelopes::Work::Reconcile { organisation, account, statement: None, wish };
        desk.carry_out(&Envelope::new(work)).await.unwrap();
        stationer(&desk).await.state
    };
    accept(&desk.access, &connected, &post.id, &wanted, "sam").await.unwrap();
    desk.work().await;
    assert_eq!(in_xero(&desk, "18.40").await, 1);
    assert!(matches!(reconciled().await, SuggestionState::Confirmed { .. }));
    let entry = desk.mirror("bank_transactions").await;
    let entry = entry.iter().find(|view| text_of(&view.record, "Total") == "18.40").unwrap();
    let deleted = serde_json::json!({ "Status": "DELETED" });
    desk.xero.edit(desk.whose.tenant, "BankTransactions", Some(entry.id.parse().unwrap()), &deleted).unwrap();
    assert_eq!(in_xero(&desk, "18.40").await, 0);
    assert_eq!(reconciled().await, SuggestionState::Open);
    accept(&desk.access, &connected, &post.id, &wanted, "sam").await.unwrap();
    desk.work().await;
    assert_eq!(in_xero(&desk, "18.40").await, 1);
}

#[tokio::test]
async fn m35_what_was_dismissed_stays_so_and_what_was_posted_is_taken_back_in_xero() {
    let desk = ready().await;
    read_in(&desk).await;
    let all = posts(&desk).await;
    let (first, second) = (&all[0].id, &all[1].id);
    dismiss(&desk.access, &desk.whose, first, Some("private"), "sam").await.unwrap();
    let envelope = Envelope::new(envelopes::Work::Reconcile {
        organisation: desk.whose.clone(),
        account: Some(all[0].account.clone()),
        statement: None,
        wish: "again".into(),
    });
    desk.carry_out(&envelope).await.unwrap();
    let state = |all: &[Suggestion], id: &str| all.iter().find(|each| each.id == id).unwrap().state.clone();
    assert!(matches!(state(&posts(&desk).await, first), SuggestionState::Dismissed { .. }));
    reopen(&desk.access, &desk.whose, first).await.unwrap();
    assert_eq!(state(&posts(&desk).await, first), SuggestionState::Open);
    let (wanted, connected) = (terms(&desk).await, connection(&desk).await);
    accept(&desk.access, &connected, second, &wanted, "sam").await.unwrap();
    let refused = dismiss(&desk.access, &desk.whose, second, None, "sam").await;
    assert!(matches!(refused, Err(DecideError::Stands(_))));
    assert!(matches!(reopen(&desk.access, &desk.whose, second).await, Err(DecideError::Stands(_))));
}

#[tokio::test]
async fn m31_a_feed_that_was_exported_is_the_third_side_and_its_gaps_and_doubles_are_told() {
    let desk = ready().await;
    read_in(&desk).await;
    let account = bank(&desk).await;
    let kept =
        async || load_reconciliation(&*desk.access.ports.table, &desk.whose, &account.id).await.unwrap().unwrap();
    let before = kept().await;
    assert_eq!((before.feed_source, before.rows.1), (FeedSource::None, 0));
    assert!(before.unproven.iter().any(|words| words.contains("No feed lines")), "{:?}", before.unproven);
    // The feed has the stationer twice, and one of two buses.
    let export: &[u8] = b"Date,Description,Amount\n2026-11-20,HILLTOP STATIONERS,-18.40\n\
        2026-11-20,HILLTOP STATIONERS,-18.40\n2026-11-21,BUS,-3.20\n";
    let announced = Announcement::of("feed.csv".into(), "text/csv".into(), Teller::Feed, export);
    let (row, _) = announce(desk.doors(), &desk.whose, &account, "sam", &announced).await.unwrap();
    let key = file_key(&desk.whose, row.id);
    let version = Some(desk.world.blobs.upload(&key, export));
    take_in(desk.doors(), &Arrived { key, version, bytes: export.len() as u64 }).await.unwrap();
    desk.work().await;
    let after = kept().await;
    assert_eq!((after.feed_source, after.rows.1), (FeedSource::UploadedExport, 3));
    let all = all_suggestions(&*desk.access.ports.table, &desk.whose).await.unwrap();
    let of = |kind: SuggestionKind| all.iter().filter(|found| found.value.kind == kind).count();
    assert_eq!((of(SuggestionKind::ImportLine), of(SuggestionKind::RemoveFeedDuplicate)), (1, 1), "{all:?}");
}
