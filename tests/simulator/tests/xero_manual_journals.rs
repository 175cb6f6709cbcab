//! Manual journals as our own requests write them and our own reading takes the answers.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use manual_journals::{
    AccountRef, DraftLine, JournalMark, JournalRecord, JournalStatus, LineAmounts, ManualJournalDraft, ManualJournalId,
    NewStatus, Removal, Sighting, TrackingRef, WriteOutcome, create, look_up, look_up_by_mark, look_up_since, losses,
    mark_narration, read_created, read_list, read_one, read_removed, read_updated, remove, sight, update,
};
use ports::{HttpResponse, Method, Transport, TransportError};
use rust_decimal::Decimal;
use scene::{Scene, first};
use secrecy::SecretString;
use serde_json::{Value, json};
use simulator::xero::{Fault, JournalSettings, Role, XeroSettings};
use xero::catalogue::{RefusalCode, leading, recognise_denied};
use xero::{ApiRead, ApiWrite, Denied, IdempotencyKey, XeroAddresses, XeroError, read_request, write_request};

fn line(amount: &str, code: &str) -> DraftLine {
    DraftLine {
        amount: amount.parse().unwrap(),
        account: AccountRef::Code(code.to_owned()),
        description: "Hosting".to_owned(),
        tax_type: None,
        tracking: Vec::new(),
    }
}

/// An accrual over 250.00, posted on 30 September.
fn draft(seed: u8) -> ManualJournalDraft {
    ManualJournalDraft {
        mark: JournalMark::from_bytes([seed; 16]),
        narration: "Accrual \"hosting\"\n— Sept 2026".to_owned(),
        date: "2026-09-30".parse().unwrap(),
        status: NewStatus::Posted,
        line_amounts: LineAmounts::NoTax,
        on_cash_basis: false,
        url: Some("https://app.example/j/771".to_owned()),
        lines: vec![line("250.00", "463"), line("-250.00", "801")],
    }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::try_new(text).unwrap()
}

async fn send(scene: &Scene, write: &ApiWrite) -> Result<HttpResponse, TransportError> {
    let token = SecretString::from(scene.access());
    scene.xero.send(write_request(&XeroAddresses::default(), &token, scene.tenant, write)).await
}

async fn read(scene: &Scene, read: &ApiRead) -> HttpResponse {
    let token = SecretString::from(scene.access());
    scene.xero.send(read_request(&XeroAddresses::default(), &token, scene.tenant, read)).await.unwrap()
}

async fn created(scene: &Scene, sent: &ManualJournalDraft, by: &str) -> WriteOutcome {
    read_created(send(scene, &create(sent, key(by)).unwrap()).await, sent)
}

async fn written(scene: &Scene, sent: &ManualJournalDraft, by: &str) -> ManualJournalId {
    match created(scene, sent, by).await {
        WriteOutcome::Written { id } => id,
        other => panic!("{other:?}"),
    }
}

/// What both look-ups together say.
async fn sighting(scene: &Scene, sent: &ManualJournalDraft) -> Sighting {
    let mut found = read_list(read(scene, &look_up_by_mark(&sent.narration, sent.mark)).await).unwrap().journals;
    let since = "2026-10-05T09:00:00Z".parse().unwrap();
    for page in 1..10 {
        let page = read_list(read(scene, &look_up_since(since, page)).await).unwrap();
        found.extend(page.journals);
        if page.is_last {
            return sight(found, &sent.narration, sent.mark);
        }
    }
    panic!("too many pages");
}

async fn found(scene: &Scene, sent: &ManualJournalDraft) -> JournalRecord {
    match sighting(scene, sent).await {
        Sighting::Present(journal) => *journal,
        other => panic!("{other:?}"),
    }
}

fn codes(outcome: &WriteOutcome) -> Vec<&'static str> {
    match outcome {
        WriteOutcome::Rejected { refusals } => refusals.iter().map(|refusal| refusal.code.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

fn warnings(outcome: WriteOutcome) -> (ManualJournalId, String) {
    match outcome {
        WriteOutcome::WrittenWithLoss { id, warnings } => (id, warnings.join("; ")),
        other => panic!("{other:?}"),
    }
}

async fn ruled(journals: JournalSettings) -> Scene {
    Scene::ruled(XeroSettings { journals, ..XeroSettings::default() }).await
}

#[tokio::test]
async fn a_posted_journal_is_found_by_its_mark_and_by_its_id() {
    let scene = Scene::with(5).await;
    let region = first(&scene.call(Method::Get, "/TrackingCategories", &[], "").await);
    let option = &region["Options"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut sent = draft(1);
    sent.lines[0].tracking = vec![TrackingRef::Ids {
        category: text(&region["TrackingCategoryID"]).parse().unwrap(),
        option: text(&option["TrackingOptionID"]).parse().unwrap(),
    }];
    sent.lines[1].tracking =
        vec![TrackingRef::Names { category: text(&region["Name"]), option: text(&option["Name"]) }];
    sent.lines[1].account = AccountRef::Id(scene.account("801").await.parse().unwrap());
    assert_eq!(sighting(&scene, &sent).await, Sighting::Absent);
    let id = written(&scene, &sent, "one").await;
    let journal = found(&scene, &sent).await;
    assert_eq!((journal.id, &journal.status), (id, &JournalStatus::Posted));
    assert_eq!(journal.narration, format!("Accrual 'hosting' — Sept 2026 {}", sent.mark));
    assert_eq!(losses(&sent, &journal), Vec::<String>::new());
    assert_eq!(read_one(read(&scene, &look_up(id)).await, id).unwrap(), journal);
    let raw = scene.get(&format!("/ManualJournals/{id}")).await["ManualJournals"][0].clone();
    assert_eq!(raw["ShowOnCashBasisReports"], false);
    assert_eq!((&raw["LineAmountTypes"], &raw["Url"]), (&json!("NoTax"), &json!("https://app.example/j/771")));
    assert_eq!(raw["JournalLines"][1]["LineAmount"].to_string(), "-250.00");
    scene.xero.write_amounts_as_text(scene.tenant, Some(3));
    written(&scene, &draft(2), "two").await;
}

#[tokio::test]
async fn a_long_narration_in_any_script_is_found_by_equality() {
    let scene = Scene::with(5).await;
    for (seed, letter) in [(1, "x"), (2, "é"), (3, "家 "), (4, "🧾"), (5, "% & + #"), (6, " ")] {
        let sent = ManualJournalDraft { narration: format!("A{}", letter.repeat(700)), ..draft(seed) };
        let id = written(&scene, &sent, &format!("key-{seed}")).await;
        let answer = read(&scene, &look_up_by_mark(&sent.narration, sent.mark)).await;
        let all = read_list(answer).unwrap().journals;
        assert_eq!(all.iter().map(|each| each.id).collect::<Vec<_>>(), [id], "{letter}");
    }
}

#[tokio::test]
async fn a_draft_is_changed_and_deleted_and_then_final() {
    let scene = Scene::with(5).await;
    let mut sent = ManualJournalDraft { status: NewStatus::Draft, ..draft(1) };
    let id = written(&scene, &sent, "one").await;
    sent.lines = vec![line("10.00", "463"), line("5.50", "469"), line("-15.50", "801")];
    let answer = send(&scene, &update(id, &sent, key("two")).unwrap()).await;
    assert!(matches!(read_updated(answer, id, &sent), WriteOutcome::Written { id: same } if same == id));
    let journal = found(&scene, &sent).await;
    assert_eq!(journal.lines.iter().map(|line| line.amount).sum::<Decimal>(), Decimal::ZERO);
    assert_eq!(journal.lines.len(), 3);
    let wrong = send(&scene, &remove(id, &journal.narration, Removal::Void, key("three"))).await;
    assert_eq!(codes(&read_removed(wrong, id, Removal::Void)), ["status_not_applicable"]);
    let removal = Removal::of(&journal.status).unwrap();
    let gone = send(&scene, &remove(id, &journal.narration, removal, key("four"))).await;
    assert!(matches!(read_removed(gone, id, removal), WriteOutcome::Written { .. }));
    assert_eq!(found(&scene, &sent).await.status, JournalStatus::Deleted);
    let again = send(&scene, &remove(id, &journal.narration, removal, key("five"))).await;
    assert_eq!(codes(&read_removed(again, id, removal)), ["journal_already_voided"]);
    let answer = send(&scene, &update(id, &sent, key("six")).unwrap()).await;
    assert_eq!(codes(&read_updated(answer, id, &sent)), ["journal_already_voided"]);
}

#[tokio::test]
async fn a_posted_journal_is_edited_or_only_voided_as_the_settings_say() {
    for posted_are_final in [false, true] {
        let scene = ruled(JournalSettings { posted_are_final, ..JournalSettings::default() }).await;
        let mut sent = draft(1);
        let id = written(&scene, &sent, "one").await;
        sent.lines = vec![line("99.00", "469"), line("-99.00", "801")];
        let answer = send(&scene, &update(id, &sent, key("two")).unwrap()).await;
        match read_updated(answer, id, &sent) {
            WriteOutcome::Written { .. } => assert!(!posted_are_final),
            other => {
                assert!(posted_are_final, "{other:?}");
                assert_eq!(codes(&other), ["journal_already_voided"]);
                let lines = found(&scene, &sent).await.lines;
                assert_eq!(lines[0].amount.to_string(), "250.00", "it stays as it was");
            }
        }
        let narration = mark_narration(&sent.narration, sent.mark);
        let wrong = send(&scene, &remove(id, &narration, Removal::Delete, key("three"))).await;
        assert_eq!(codes(&read_removed(wrong, id, Removal::Delete)), ["status_not_applicable"]);
        let gone = send(&scene, &remove(id, &narration, Removal::Void, key("four"))).await;
        assert!(matches!(read_removed(gone, id, Removal::Void), WriteOutcome::Written { .. }));
        assert_eq!(found(&scene, &sent).await.status, JournalStatus::Voided);
        let unknown = ManualJournalId(uuid::Uuid::from_u128(42));
        let answer = send(&scene, &update(unknown, &sent, key("five")).unwrap()).await;
        assert!(matches!(read_updated(answer, unknown, &sent), WriteOutcome::TurnedAway(XeroError::NotFound)));
    }
}

/// Sends raw fields, as a call of its own and in a bulk call, and expects the same code from both.
async fn refused(scene: &Scene, change: impl Fn(&mut Value), expected: &str) {
    let sent = draft(1);
    let body = create(&sent, key("k")).unwrap().body;
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    change(&mut body["ManualJournals"][0]);
    for path in ["/ManualJournals", "/ManualJournals?summarizeErrors=false"] {
        let outcome = read_created(Ok(scene.put(path, body.clone()).await), &sent);
        assert_eq!(codes(&outcome), [expected], "{path} {body}");
    }
}

#[tokio::test]
async fn m25_every_refusal_has_its_code() {
    let scene = Scene::with(5).await;
    scene.xero.archive_account(scene.tenant, scene.account("469").await.parse().unwrap()).unwrap();
    for code in ["090", "610", "800", "960", "630", "999"] {
        refused(&scene, |sent| sent["JournalLines"][1]["AccountCode"] = json!(code), "account_not_allowed").await;
    }
    let nobody = json!({ "LineAmount": -250 });
    refused(&scene, |sent| sent["JournalLines"][1] = nobody.clone(), "account_not_allowed").await;
    refused(&scene, |sent| sent["JournalLines"][0]["AccountCode"] = json!("469"), "account_archived").await;
    refused(&scene, |sent| sent["JournalLines"][0]["TaxType"] = json!("20% VAT"), "tax_type_unknown").await;
    let tax = "tax_type_not_allowed_with_account";
    refused(&scene, |sent| sent["JournalLines"][0]["TaxType"] = json!("OUTPUT2"), tax).await;
    refused(&scene, |sent| sent["JournalLines"][0]["LineAmount"] = json!(249.99), "unbalanced").await;
    refused(&scene, |sent| _ = sent["JournalLines"].as_array_mut().unwrap().pop(), "too_few_lines").await;
    refused(&scene, |sent| sent["JournalLines"] = json!([]), "too_few_lines").await;
    refused(&scene, |sent| _ = sent.as_object_mut().unwrap().remove("JournalLines"), "too_few_lines").await;
    for narration in ["", "  "] {
        refused(&scene, |sent| sent["Narration"] = json!(narration), "narration_missing").await;
    }
    refused(&scene, |sent| sent["Url"] = json!("https://app.example/xero"), "link_invalid").await;
    refused(&scene, |sent| sent["Status"] = json!("VOIDED"), "status_not_applicable").await;
    let large = json!(10_000_000_000_i64);
    refused(&scene, |sent| sent["JournalLines"][0]["LineAmount"] = large.clone(), "amount_out_of_range").await;
    let three = json!([{ "Name": "a" }, { "Name": "b" }, { "Name": "c" }]);
    refused(&scene, |sent| sent["JournalLines"][0]["Tracking"] = three.clone(), "tracking_unknown").await;
    refused(&scene, |sent| sent["LineAmountTypes"] = json!("NO_TAX"), "request_malformed").await;
    refused(&scene, |sent| sent["Date"] = json!("soon"), "date_invalid").await;
    assert_eq!(sighting(&scene, &draft(1)).await, Sighting::Absent);
}

#[tokio::test]
async fn a_journal_with_tax_balances_after_tax() {
    let scene = Scene::with(5).await;
    let mut sent = draft(1);
    sent.lines[0].tax_type = Some("INPUT2".to_owned());
    sent.lines[1].tax_type = Some("NONE".to_owned());
    sent.line_amounts = LineAmounts::Exclusive;
    assert_eq!(codes(&created(&scene, &sent, "one").await), ["unbalanced"]);
    sent.lines[1].amount = "-300.00".parse().unwrap();
    written(&scene, &sent, "two").await;
    sent = ManualJournalDraft { line_amounts: LineAmounts::Inclusive, ..sent };
    sent.mark = JournalMark::from_bytes([2; 16]);
    sent.lines[1].amount = "-250.00".parse().unwrap();
    written(&scene, &sent, "three").await;
}

#[tokio::test]
async fn m26_a_lock_date_stops_posting_editing_and_voiding_and_names_itself() {
    let scene = Scene::with(5).await;
    let lock = |period: Option<&str>, year: Option<&str>| {
        let day = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        scene.xero.set_lock_dates(scene.tenant, day(period), day(year));
    };
    let standing = draft(9);
    let id = written(&scene, &standing, "standing").await;
    let narration = mark_narration(&standing.narration, standing.mark);
    for (period, year, expected, date) in [
        (Some("2026-09-30"), None, &["period_locked"][..], "2026-09-30"),
        (None, Some("2026-10-01"), &["end_of_year_locked"][..], "2026-10-01"),
        (Some("2026-10-03"), Some("2026-09-30"), &["period_locked", "end_of_year_locked"][..], "2026-10-03"),
        (Some("2026-09-30"), Some("2026-10-03"), &["period_locked", "end_of_year_locked"][..], "2026-10-03"),
    ] {
        lock(period, year);
        let by = format!("{period:?}-{year:?}").replace(|each: char| !each.is_ascii_alphanumeric(), "-");
        let posted = created(&scene, &draft(1), &by).await;
        let edited = send(&scene, &update(id, &standing, key(&format!("e{by}"))).unwrap()).await;
        let voided = send(&scene, &remove(id, &narration, Removal::Void, key(&format!("v{by}")))).await;
        let all = [posted, read_updated(edited, id, &standing), read_removed(voided, id, Removal::Void)];
        for outcome in all {
            let WriteOutcome::Rejected { refusals } = &outcome else { panic!("{outcome:?}") };
            let mut seen = codes(&outcome);
            seen.dedup();
            assert!(expected.iter().all(|code| seen.contains(code)) && seen.iter().all(|code| expected.contains(code)));
            let leading = leading(refusals).unwrap();
            assert_eq!(leading.lock_date.unwrap().to_string(), date);
            assert!(leading.raw.starts_with("The document date cannot be before the "), "{}", leading.raw);
        }
    }
    let saved = ManualJournalDraft { status: NewStatus::Draft, ..draft(2) };
    let saved_id = written(&scene, &saved, "draft").await;
    let posted = ManualJournalDraft { status: NewStatus::Posted, ..saved.clone() };
    let answer = send(&scene, &update(saved_id, &posted, key("post")).unwrap()).await;
    assert!(codes(&read_updated(answer, saved_id, &posted)).contains(&"period_locked"), "approval is what fails");
    lock(Some("2026-09-29"), None);
    written(&scene, &draft(1), "after the lock moved".replace(' ', "-").as_str()).await;
    let gone = send(&scene, &remove(id, &narration, Removal::Void, key("void"))).await;
    assert!(matches!(read_removed(gone, id, Removal::Void), WriteOutcome::Written { .. }));
}

#[tokio::test]
async fn an_account_that_xero_removes_is_a_loss_and_never_a_success() {
    let removed = "Account code '476' has been removed as it does not match a recognised account.";
    for (status, posted_lose_accounts) in
        [(NewStatus::Draft, false), (NewStatus::Posted, true), (NewStatus::Posted, false)]
    {
        let scene = ruled(JournalSettings { posted_lose_accounts, ..JournalSettings::default() }).await;
        let mut sent = ManualJournalDraft { status, ..draft(1) };
        sent.lines[1].account = AccountRef::Code("476".to_owned());
        let outcome = created(&scene, &sent, "one").await;
        if status == NewStatus::Posted && !posted_lose_accounts {
            assert_eq!(codes(&outcome), ["account_not_allowed"]);
            continue;
        }
        let (id, said) = warnings(outcome);
        assert!(said.starts_with(removed) && said.contains("line 2 is not there as sent"), "{said}");
        let journal = found(&scene, &sent).await;
        assert_eq!((journal.id, &journal.lines[1].account_id), (id, &None));
        assert_eq!(losses(&sent, &journal), ["line 2 is not there as sent: -250.00 to account 476"]);
        let removal = Removal::of(&journal.status).unwrap();
        let gone = send(&scene, &remove(id, &journal.narration, removal, key("two"))).await;
        assert!(matches!(read_removed(gone, id, removal), WriteOutcome::Written { .. }), "it can be taken back");
    }
}

#[tokio::test]
async fn unknown_tracking_is_a_loss_or_a_refusal_as_the_settings_say() {
    for tracking_refused in [false, true] {
        let scene = ruled(JournalSettings { tracking_refused, ..JournalSettings::default() }).await;
        let mut sent = draft(1);
        sent.lines[0].tracking =
            vec![TrackingRef::Names { category: "Region".to_owned(), option: "Atlantis".to_owned() }];
        let outcome = created(&scene, &sent, "one").await;
        match tracking_refused {
            true => assert_eq!(codes(&outcome), ["tracking_unknown"]),
            false => assert_eq!(warnings(outcome).1, "line 1 is not there as sent: 250.00 to account 463"),
        }
    }
}

#[tokio::test]
async fn more_lines_than_the_settings_allow_are_refused() {
    let scene = ruled(JournalSettings { lines_max: Some(2), ..JournalSettings::default() }).await;
    let mut sent = draft(1);
    sent.lines = vec![line("10.00", "463"), line("5.00", "463"), line("-15.00", "801")];
    assert_eq!(codes(&created(&scene, &sent, "one").await), ["line_limit"]);
    written(&scene, &draft(2), "two").await;
    let scene = Scene::with(5).await;
    sent.lines = (0..1_500).flat_map(|_| [line("10.00", "463"), line("-10.00", "801")]).collect();
    written(&scene, &sent, "three").await;
}

#[tokio::test]
async fn a_lost_answer_leaves_one_journal_for_whoever_looks_first() {
    for fault in [Fault::LostWriteAnswer, Fault::InternalAfterWrite, Fault::GatewayAfterWrite] {
        let scene = Scene::with(5).await;
        let sent = draft(1);
        scene.xero.order_fault(fault);
        assert!(matches!(created(&scene, &sent, "one").await, WriteOutcome::Unknown(_)), "{fault:?}");
        let journal = found(&scene, &sent).await;
        assert_eq!(losses(&sent, &journal), Vec::<String>::new());
        scene.clock.pass(359);
        match created(&scene, &sent, "one").await {
            WriteOutcome::Written { id } => assert_eq!(id, journal.id),
            // Xero keeps its own 500 under the key.
            other => assert!(fault == Fault::InternalAfterWrite && matches!(other, WriteOutcome::Unknown(_))),
        }
        let other = draft(2);
        assert_eq!(codes(&created(&scene, &other, "one").await), ["idempotency_key_reused"]);
        scene.clock.pass(1);
        assert_ne!(written(&scene, &sent, "one").await, journal.id, "after six minutes the key is new");
        assert!(matches!(sighting(&scene, &sent).await, Sighting::Ambiguous(both) if both.len() == 2));
    }
}

#[tokio::test]
async fn what_xero_never_saw_is_absent() {
    for fault in [Fault::CutBeforeXero, Fault::Maintenance, Fault::Gateway, Fault::Internal, Fault::TooConcurrent] {
        let scene = Scene::with(5).await;
        scene.xero.order_fault(fault);
        let outcome = created(&scene, &draft(1), "one").await;
        match fault {
            Fault::TooConcurrent => assert!(matches!(outcome, WriteOutcome::TurnedAway(XeroError::Throttled { .. }))),
            _ => assert!(matches!(outcome, WriteOutcome::Unknown(_)), "{fault:?} {outcome:?}"),
        }
        assert_eq!(sighting(&scene, &draft(1)).await, Sighting::Absent, "{fault:?}");
    }
}

#[tokio::test]
async fn what_people_do_in_xero_does_not_hide_ours() {
    let scene = Scene::with(5).await;
    let sent = draft(1);
    let id = written(&scene, &sent, "one").await;
    let narration = mark_narration(&sent.narration, sent.mark);
    let copy = |narration: String| {
        json!({
            "Narration": narration, "Status": "POSTED", "Date": "2026-10-01",
            "JournalLines": [{ "LineAmount": -250, "AccountCode": "463" }, { "LineAmount": 250, "AccountCode": "801" }],
        })
    };
    let edit = |id: Option<ManualJournalId>, fields: Value| {
        scene.xero.edit(scene.tenant, "ManualJournals", id.map(|id| id.0), &fields).unwrap();
    };
    edit(None, copy(format!("Reversal: {narration}")));
    edit(None, copy(narration.to_lowercase()));
    let by_equality = read_list(read(&scene, &look_up_by_mark(&sent.narration, sent.mark)).await).unwrap().journals;
    assert_eq!(by_equality.len(), 2, "Xero compares without regard to case");
    assert_eq!(found(&scene, &sent).await.id, id);
    edit(Some(id), json!({ "Narration": format!("Checked. {narration}") }));
    let by_equality = read_list(read(&scene, &look_up_by_mark(&sent.narration, sent.mark)).await).unwrap().journals;
    assert_eq!(sight(by_equality, &sent.narration, sent.mark), Sighting::Absent, "equality misses an edited one");
    assert_eq!(found(&scene, &sent).await.id, id);
    edit(Some(id), json!({ "Status": "VOIDED" }));
    assert_eq!(found(&scene, &sent).await.status, JournalStatus::Voided);
    edit(None, copy(narration));
    assert!(matches!(sighting(&scene, &sent).await, Sighting::Ambiguous(_)), "a person's copy is a person's to sort");
}

#[tokio::test]
async fn ours_is_found_beyond_the_first_page_of_recent_changes() {
    let scene = Scene::with(5).await;
    let many = |from: usize| -> Value {
        let one = |at: usize| {
            json!({
                "Narration": format!("Other {at}"), "JournalLines": [
                    { "LineAmount": 1, "AccountCode": "463" }, { "LineAmount": -1, "AccountCode": "801" },
                ],
            })
        };
        json!({ "ManualJournals": (from..from + 50).map(one).collect::<Vec<_>>() })
    };
    for from in [0, 50, 100] {
        assert_eq!(scene.put("/ManualJournals", many(from)).await.status, 200);
    }
    scene.clock.pass(1);
    let sent = draft(1);
    let id = written(&scene, &sent, "one").await;
    let first = read_list(read(&scene, &look_up_since("2026-10-05T09:00:00Z".parse().unwrap(), 1)).await).unwrap();
    assert!(!first.is_last && first.journals.iter().all(|each| each.mark().is_none()));
    assert_eq!(found(&scene, &sent).await.id, id);
}

#[tokio::test]
async fn a_user_who_may_not_see_reports_is_turned_away() {
    let scene = Scene::with(5).await;
    scene.xero.set_role(scene.user, scene.tenant, Role::Standard);
    match created(&scene, &draft(1), "one").await {
        WriteOutcome::TurnedAway(XeroError::Denied(denied)) => {
            assert_eq!(denied, Denied::ScopeOrRole);
            assert_eq!(recognise_denied(&denied).unwrap().code, RefusalCode::RoleOrPermission);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn journals_raise_no_webhook() {
    let scene = Scene::with(5).await;
    scene.xero.take_deliveries(scene.app);
    let sent = draft(1);
    let id = written(&scene, &sent, "one").await;
    let narration = mark_narration(&sent.narration, sent.mark);
    send(&scene, &remove(id, &narration, Removal::Void, key("two"))).await.unwrap();
    assert!(scene.xero.take_deliveries(scene.app).is_empty());
}

#[tokio::test]
async fn put_never_changes_a_journal_and_post_names_the_one_it_changes() {
    let scene = Scene::with(5).await;
    let id = written(&scene, &draft(1), "one").await;
    let element = json!({ "ManualJournalID": id.to_string(), "Narration": "Changed" });
    assert_eq!(scene.put("/ManualJournals", element.clone()).await.status, 400);
    let changed = first(&scene.post("/ManualJournals", element).await);
    assert_eq!((&changed["ManualJournalID"], &changed["Narration"]), (&json!(id.to_string()), &json!("Changed")));
    assert_eq!(changed["JournalLines"].as_array().unwrap().len(), 2, "lines that are not sent stay");
    let unsaved = json!({ "ManualJournals": [{ "Narration": "x", "Status": "SAVED" }] });
    assert!(
        scene::messages(&scene.put("/ManualJournals", unsaved).await).contains("The status 'SAVED' cannot be applied")
    );
}
