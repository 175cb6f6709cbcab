//! Bills and supplier credit notes as our own requests write them and our own reading takes the answers.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use bills::{
    AccountRef, AttachFault, AttachOutcome, BillDraft, BillId, BillKind, BillLine, BillMark, BillRecord, BillStatus,
    ContactId, FileName, LineAmounts, NewStatus, Removal, Sighting, TrackingRef, Upload, WriteOutcome, attach, create,
    duplicates, list_attachments, look_up, look_up_by_content, look_up_like, look_up_since, losses, predict,
    read_attached, read_attachments, read_created, read_list, read_one, read_removed, remove, room_for, sight,
};
use bytes::Bytes;
use ports::{HttpResponse, Method, Transport, TransportError};
use rust_decimal::Decimal;
use scene::{Scene, first};
use secrecy::SecretString;
use serde_json::{Value, json};
use simulator::xero::Fault;
use uuid::Uuid;
use xero::catalogue::{RefusalCode, leading};
use xero::{ApiRead, ApiWrite, IdempotencyKey, XeroAddresses, XeroError, read_request, write_request};

fn line(unit: &str, code: &str) -> BillLine {
    BillLine {
        description: "Hosting".to_owned(),
        quantity: Decimal::ONE,
        unit_amount: unit.parse().unwrap(),
        account: AccountRef::Code(code.to_owned()),
        tax_type: Some("INPUT2".to_owned()),
        tax_amount: None,
        tracking: Vec::new(),
    }
}

/// An approved bill over 120.37 of 1 October, its totals predicted.
async fn bill(scene: &Scene, seed: u8) -> BillDraft {
    let mut draft = BillDraft {
        mark: BillMark::from_bytes([seed; 16]),
        kind: BillKind::Bill,
        contact: ContactId(scene.contact().await.parse().unwrap()),
        number: "SUP-9912".to_owned(),
        date: "2026-10-01".parse().unwrap(),
        due_date: Some("2026-10-31".parse().unwrap()),
        currency: "GBP".to_owned(),
        currency_rate: None,
        line_amounts: LineAmounts::Exclusive,
        status: NewStatus::Authorised,
        url: Some("https://app.example/d/771?tab=1".to_owned()),
        bank_account: None,
        lines: vec![line("100.3055", "463")],
        expected: None,
    };
    draft.expected = predict(&draft, |_| Some(Decimal::from(20))).ok();
    draft
}

/// The same as a credit note.
async fn credit(scene: &Scene, seed: u8) -> BillDraft {
    BillDraft { kind: BillKind::CreditNote, due_date: None, url: None, ..bill(scene, seed).await }
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

async fn created(scene: &Scene, sent: &BillDraft, by: &str) -> WriteOutcome {
    read_created(send(scene, &create(sent, key(by)).unwrap()).await, sent)
}

async fn written(scene: &Scene, sent: &BillDraft, by: &str) -> BillId {
    match created(scene, sent, by).await {
        WriteOutcome::Written { id } => id,
        other => panic!("{other:?}"),
    }
}

async fn removed(scene: &Scene, bill: &BillRecord, removal: Removal, by: &str) -> WriteOutcome {
    let answer = send(scene, &remove(bill.kind, bill.id, removal, key(by))).await;
    read_removed(answer, bill.kind, bill.id, removal)
}

/// All pages of a look-up.
async fn pages(scene: &Scene, kind: BillKind, ask: impl Fn(u32) -> ApiRead) -> Vec<BillRecord> {
    let mut found = Vec::new();
    for page in 1..20 {
        let page = read_list(read(scene, &ask(page)).await, kind).unwrap();
        found.extend(page.bills);
        if page.is_last {
            return found;
        }
    }
    panic!("too many pages");
}

/// What the wide look-up and the narrow one say, in that order, which may never contradict each other.
async fn sightings(scene: &Scene, sent: &BillDraft, former: &[BillId]) -> (Sighting, Sighting) {
    let since = "2026-10-05T09:00:00Z".parse().unwrap();
    let wide = pages(scene, sent.kind, |page| look_up_since(sent.kind, since, page)).await;
    let narrow = pages(scene, sent.kind, |page| look_up_by_content(sent, page)).await;
    (sight(wide, sent, former), sight(narrow, sent, former))
}

async fn found(scene: &Scene, sent: &BillDraft) -> BillRecord {
    match sightings(scene, sent, &[]).await.0 {
        Sighting::Present(bill) => *bill,
        other => panic!("{other:?}"),
    }
}

async fn is_absent(scene: &Scene, sent: &BillDraft) -> bool {
    sightings(scene, sent, &[]).await == (Sighting::Absent, Sighting::Absent)
}

fn codes(outcome: &WriteOutcome) -> Vec<&'static str> {
    match outcome {
        WriteOutcome::Rejected { refusals } => refusals.iter().map(|refusal| refusal.code.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

fn warnings(outcome: WriteOutcome) -> (BillId, String) {
    match outcome {
        WriteOutcome::WrittenWithLoss { id, warnings } => (id, warnings.join("; ")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_bill_is_written_with_every_field_and_its_contact_is_left_alone() {
    let scene = Scene::with(5).await;
    let region = first(&scene.call(Method::Get, "/TrackingCategories", &[], "").await);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut sent = bill(&scene, 1).await;
    sent.lines[0].tracking = vec![TrackingRef::Ids {
        category: text(&region["TrackingCategoryID"]).parse().unwrap(),
        option: text(&region["Options"][0]["TrackingOptionID"]).parse().unwrap(),
    }];
    let named = TrackingRef::Names { category: text(&region["Name"]), option: text(&region["Options"][0]["Name"]) };
    sent.lines.push(BillLine { tracking: vec![named], quantity: "2.5".parse().unwrap(), ..line("-1.1111", "469") });
    sent.lines[1].account = AccountRef::Id(scene.account("469").await.parse().unwrap());
    (sent.currency, sent.currency_rate) = ("EUR".to_owned(), Some("1.172".parse().unwrap()));
    sent.expected = predict(&sent, |_| Some(Decimal::from(20))).ok();
    let contact = format!("/Contacts/{}", sent.contact.0);
    let before = scene.get(&contact).await["Contacts"][0].clone();
    let id = written(&scene, &sent, "one").await;
    let record = found(&scene, &sent).await;
    assert_eq!((record.id, &record.status, record.mark()), (id, &BillStatus::Authorised, Some(sent.mark)));
    assert_eq!(record.total.unwrap().to_string(), "117.03", "100.31 - 2.78, and a fifth of each");
    assert_eq!(losses(&sent, &record), Vec::<String>::new());
    let again = read_one(read(&scene, &look_up(BillKind::Bill, id)).await, BillKind::Bill, id).unwrap();
    assert_eq!(again, record, "unit prices keep four places in every look-up");
    let raw = scene.get(&format!("/Invoices/{id}")).await["Invoices"][0].clone();
    assert_eq!(raw["Url"], json!(format!("https://app.example/d/771?tab=1&{}", sent.mark)));
    let after = scene.get(&contact).await["Contacts"][0].clone();
    for field in ["Name", "ContactPersons", "Addresses", "EmailAddress", "ContactNumber"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    scene.xero.write_amounts_as_text(scene.tenant, Some(3));
    written(&scene, &BillDraft { mark: BillMark::from_bytes([2; 16]), ..sent }, "two").await;
}

#[tokio::test]
async fn either_kind_starts_in_the_status_that_was_asked_for_and_leaves_by_it() {
    let scene = Scene::with(5).await;
    for (seed, status, is, removal, gone) in [
        (1, NewStatus::Draft, BillStatus::Draft, Removal::Delete, BillStatus::Deleted),
        (2, NewStatus::Submitted, BillStatus::Submitted, Removal::Delete, BillStatus::Deleted),
        (3, NewStatus::Authorised, BillStatus::Authorised, Removal::Void, BillStatus::Voided),
    ] {
        for draft in [bill(&scene, seed).await, credit(&scene, seed).await] {
            let sent = BillDraft { status, ..draft };
            let by = |what: &str| format!("{what}-{seed}-{:?}", sent.kind);
            let id = written(&scene, &sent, &by("create")).await;
            let record = found(&scene, &sent).await;
            assert_eq!((record.id, &record.status, Removal::of(&record)), (id, &is, Some(removal)));
            let other = if removal == Removal::Void { Removal::Delete } else { Removal::Void };
            let wrong = removed(&scene, &record, other, &by("wrong")).await;
            assert_eq!(codes(&wrong), ["journal_already_voided"], "{is:?}");
            let right = removed(&scene, &record, removal, &by("remove")).await;
            assert!(matches!(right, WriteOutcome::Written { id: same } if same == id), "{right:?}");
            let read = read(&scene, &look_up(sent.kind, id)).await;
            let after = read_one(read, sent.kind, id).unwrap();
            assert_eq!((&after.status, Removal::of(&after)), (&gone, None));
            let again = removed(&scene, &record, removal, &by("again")).await;
            assert_eq!(codes(&again), ["journal_already_voided"]);
        }
    }
}

#[tokio::test]
async fn a_paid_bill_is_not_removed() {
    let scene = Scene::with(5).await;
    for (seed, paid) in [(1, "120.37"), (2, "20.00")] {
        let sent = bill(&scene, seed).await;
        let id = written(&scene, &sent, &format!("create-{seed}")).await;
        let record = found(&scene, &sent).await;
        scene.xero.pay_invoice(scene.tenant, id.0, "090", paid.parse().unwrap()).unwrap();
        let settled = found(&scene, &sent).await;
        assert!(settled.is_settled() && Removal::of(&settled).is_none());
        assert_eq!(losses(&sent, &settled), Vec::<String>::new(), "a payment is no loss");
        let outcome = removed(&scene, &record, Removal::Void, &format!("void-{seed}")).await;
        assert_eq!(codes(&outcome), ["has_payment"]);
    }
    let unknown = BillId(Uuid::from_u128(42));
    let answer = send(&scene, &remove(BillKind::Bill, unknown, Removal::Void, key("unknown"))).await;
    let outcome = read_removed(answer, BillKind::Bill, unknown, Removal::Void);
    assert!(matches!(outcome, WriteOutcome::TurnedAway(XeroError::NotFound)), "{outcome:?}");
}

#[tokio::test]
async fn a_lost_answer_leaves_one_document_for_whoever_looks_first() {
    for fault in [Fault::LostWriteAnswer, Fault::InternalAfterWrite, Fault::GatewayAfterWrite] {
        let scene = Scene::with(5).await;
        for sent in [bill(&scene, 1).await, credit(&scene, 1).await] {
            let by = format!("{:?}", sent.kind);
            assert!(is_absent(&scene, &sent).await);
            scene.xero.order_fault(fault);
            assert!(matches!(created(&scene, &sent, &by).await, WriteOutcome::Unknown(_)), "{fault:?}");
            let record = found(&scene, &sent).await;
            let present = Sighting::Present(Box::new(record.clone()));
            assert_eq!(sightings(&scene, &sent, &[]).await, (present.clone(), present));
            assert_eq!(losses(&sent, &record), Vec::<String>::new());
            match created(&scene, &sent, &by).await {
                WriteOutcome::Written { id } => assert_eq!(id, record.id),
                // Xero keeps its own 500 under the key.
                other => assert!(fault == Fault::InternalAfterWrite && matches!(other, WriteOutcome::Unknown(_))),
            }
            scene.clock.pass(360);
            assert_ne!(written(&scene, &sent, &by).await, record.id, "after six minutes the key is new");
            let (wide, narrow) = sightings(&scene, &sent, &[]).await;
            assert!(matches!(&wide, Sighting::Ambiguous(both) if both.len() == 2), "{wide:?}");
            assert_eq!(wide, narrow);
        }
    }
}

#[tokio::test]
async fn what_xero_never_saw_is_absent() {
    for fault in [Fault::CutBeforeXero, Fault::Maintenance, Fault::Gateway, Fault::Internal, Fault::TooConcurrent] {
        let scene = Scene::with(5).await;
        for sent in [bill(&scene, 1).await, credit(&scene, 1).await] {
            scene.xero.order_fault(fault);
            match created(&scene, &sent, "one").await {
                WriteOutcome::TurnedAway(XeroError::Throttled { .. }) => assert_eq!(fault, Fault::TooConcurrent),
                other => assert!(matches!(other, WriteOutcome::Unknown(_)), "{fault:?} {other:?}"),
            }
            assert!(is_absent(&scene, &sent).await, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn what_people_do_in_xero_does_not_hide_a_bill_and_former_ones_do_not_count() {
    let scene = Scene::with(5).await;
    let sent = bill(&scene, 1).await;
    let id = written(&scene, &sent, "one").await;
    let edit = |fields: Value| scene.xero.edit(scene.tenant, "Invoices", Some(id.0), &fields).unwrap();
    edit(json!({ "InvoiceNumber": "corrected", "Date": "2026-10-02" }));
    let (wide, narrow) = sightings(&scene, &sent, &[]).await;
    assert!(matches!(wide, Sighting::Present(bill) if bill.id == id));
    assert_eq!(narrow, Sighting::Absent, "the narrow look-up is no proof of absence");
    let said = losses(&sent, &found(&scene, &sent).await).join("; ");
    assert_eq!(said, "the number is not SUP-9912; the document is not dated 2026-10-01");
    edit(json!({ "Url": "https://app.example/d/771" }));
    assert!(is_absent(&scene, &sent).await, "another link is another's");
    let second = written(&scene, &sent, "two").await;
    scene.xero.void_invoice(scene.tenant, second.0).unwrap();
    assert_eq!(found(&scene, &sent).await.status, BillStatus::Voided, "a person has voided ours");
    assert_eq!(sightings(&scene, &sent, &[second]).await, (Sighting::Absent, Sighting::Absent));
    let third = written(&scene, &sent, "three").await;
    assert_eq!(found(&scene, &sent).await.id, third, "what stands comes before what is voided");
}

#[tokio::test]
async fn a_credit_note_is_told_from_a_persons_by_what_was_there_before() {
    let scene = Scene::with(5).await;
    let sent = credit(&scene, 1).await;
    let by_hand = written(&scene, &sent, "hand").await;
    let alike = duplicates(pages(&scene, sent.kind, |page| look_up_like(&sent, page)).await, &sent);
    let known: Vec<BillId> = alike.iter().map(|each| each.bill.id).collect();
    assert_eq!(known, [by_hand]);
    assert_eq!(sightings(&scene, &sent, &known).await, (Sighting::Absent, Sighting::Absent));
    scene.xero.order_fault(Fault::LostWriteAnswer);
    assert!(matches!(created(&scene, &sent, "ours").await, WriteOutcome::Unknown(_)));
    let (wide, narrow) = sightings(&scene, &sent, &known).await;
    assert!(matches!(&wide, Sighting::Present(note) if note.id != by_hand), "{wide:?}");
    assert_eq!(wide, narrow);
    let Sighting::Present(ours) = wide else { panic!("not there") };
    assert!(matches!(removed(&scene, &ours, Removal::Void, "void").await, WriteOutcome::Written { .. }));
    assert_eq!(sightings(&scene, &sent, &known).await.0, Sighting::Absent, "a voided one is no sign of ours");
}

#[tokio::test]
async fn a_credit_note_is_not_searched_by_its_number() {
    let scene = Scene::with(5).await;
    let sent = credit(&scene, 1).await;
    written(&scene, &sent, "one").await;
    let mut ask = look_up_by_content(&sent, 1);
    assert_eq!(read(&scene, &ask).await.status, 200);
    ask.query[0].1.push_str(" AND CreditNoteNumber==\"SUP-9912\"");
    assert_eq!(read(&scene, &ask).await.status, 400);
}

#[tokio::test]
async fn a_merge_of_contacts_between_sending_and_looking_hides_neither_kind() {
    let scene = Scene::with(5).await;
    let (sent, note) = (bill(&scene, 1).await, credit(&scene, 2).await);
    let id = written(&scene, &sent, "bill").await;
    let credit_id = written(&scene, &note, "note").await;
    let contacts = scene.get("/Contacts?page=1").await["Contacts"].clone();
    let winner = contacts[1]["ContactID"].as_str().unwrap().parse().unwrap();
    scene.xero.merge_contacts(scene.tenant, sent.contact.0, winner).unwrap();
    let record = found(&scene, &sent).await;
    assert_eq!((record.id, record.contact()), (id, Some(ContactId(winner))));
    assert_eq!(losses(&sent, &record), ["the document is on another contact"]);
    let (wide, narrow) = sightings(&scene, &note, &[]).await;
    assert!(matches!(&wide, Sighting::Ambiguous(all) if all.len() == 1 && all[0].id == credit_id), "{wide:?}");
    assert_eq!(narrow, Sighting::Absent);
}

#[tokio::test]
async fn ours_is_found_beyond_the_first_page() {
    let scene = Scene::with(5).await;
    let sent = bill(&scene, 1).await;
    for from in [0, 50, 100] {
        let element = |at: u32| {
            let number = format!("SUP-{at}");
            let lines = json!([{ "Description": "x", "UnitAmount": 1, "AccountCode": "463" }]);
            json!({
                "Type": "ACCPAY", "Contact": { "ContactID": sent.contact.0.to_string() }, "Date": "2026-10-01",
                "InvoiceNumber": number, "LineItems": lines,
            })
        };
        let many: Vec<Value> = (from..from + 50).map(element).collect();
        assert_eq!(scene.put("/Invoices", json!({ "Invoices": many })).await.status, 200);
    }
    scene.clock.pass(1);
    let id = written(&scene, &sent, "one").await;
    let since = look_up_since(BillKind::Bill, "2026-10-05T09:00:00Z".parse().unwrap(), 1);
    let first = read_list(read(&scene, &since).await, BillKind::Bill).unwrap();
    assert!(!first.is_last && first.bills.iter().all(|each| each.mark().is_none()));
    assert_eq!(found(&scene, &sent).await.id, id);
    let like = pages(&scene, BillKind::Bill, |page| look_up_like(&sent, page)).await;
    assert!(like.iter().any(|each| each.id == id), "all pages are read");
}

#[tokio::test]
async fn duplicates_are_shown_before_sending_and_nothing_refuses_a_second_one() {
    let scene = Scene::with(5).await;
    let sent = bill(&scene, 9).await;
    let like = |number: &str, unit: &str, date: &str| {
        let expected = None;
        BillDraft {
            number: number.into(),
            date: date.parse().unwrap(),
            lines: vec![line(unit, "463")],
            expected,
            ..sent.clone()
        }
    };
    let others = [
        like("sup 9912", "7.00", "2026-04-01"),
        like("OTHER", "100.3055", "2026-10-01"),
        like("OTHER-2", "100.3055", "2026-09-30"),
        like("SUP-9913", "7.00", "2026-10-01"),
        like("SUP/9912", "100.3055", "2025-09-29"),
        like("SUP-9912", "100.3055", "2026-10-01"),
    ];
    let mut ids = Vec::new();
    for (at, other) in (1_u8..).zip(&others) {
        let other = BillDraft { mark: BillMark::from_bytes([at; 16]), ..other.clone() };
        ids.push(written(&scene, &other, &format!("other-{at}")).await);
    }
    scene.xero.void_invoice(scene.tenant, ids[5].0).unwrap();
    let found = pages(&scene, sent.kind, |page| look_up_like(&sent, page)).await;
    let seen: Vec<_> = duplicates(found, &sent)
        .into_iter()
        .map(|each| (each.bill.id, each.same_number, each.same_total_and_date))
        .collect();
    assert_eq!(seen, [(ids[0], true, false), (ids[1], false, true)], "voided, out of the window, and others are not");
    let first = written(&scene, &sent, "one").await;
    let second = written(&scene, &BillDraft { mark: BillMark::from_bytes([10; 16]), ..sent.clone() }, "two").await;
    assert_ne!(first, second, "a bill's number is not unique in Xero");
    assert_eq!(found_id(&scene, &sent).await, first, "the mark tells them apart");
}

async fn found_id(scene: &Scene, sent: &BillDraft) -> BillId {
    found(scene, sent).await.id
}

#[tokio::test]
async fn a_locked_period_stops_approval_and_voiding_but_no_draft() {
    let scene = Scene::with(5).await;
    for (seed, standing) in [(1, bill(&scene, 1).await), (2, credit(&scene, 2).await)] {
        scene.xero.set_lock_dates(scene.tenant, None, None);
        let id = written(&scene, &standing, &format!("standing-{seed}")).await;
        let record = found(&scene, &standing).await;
        scene.xero.set_lock_dates(scene.tenant, Some("2026-10-01".parse().unwrap()), None);
        let sent = BillDraft { mark: BillMark::from_bytes([seed + 10; 16]), number: "NEW".to_owned(), ..standing };
        let approved = created(&scene, &sent, &format!("approved-{seed}")).await;
        let voided = removed(&scene, &record, Removal::Void, &format!("void-{seed}")).await;
        for outcome in [approved, voided] {
            let WriteOutcome::Rejected { refusals } = &outcome else { panic!("{outcome:?}") };
            let lead = leading(refusals).unwrap();
            assert_eq!(
                (lead.code, lead.lock_date.unwrap().to_string()),
                (RefusalCode::PeriodLocked, "2026-10-01".into())
            );
        }
        assert!(is_absent(&scene, &sent).await);
        let saved = BillDraft { status: NewStatus::Draft, ..sent };
        assert_ne!(written(&scene, &saved, &format!("draft-{seed}")).await, id);
    }
}

#[tokio::test]
async fn what_is_archived_or_unknown_is_refused_with_its_code() {
    let scene = Scene::with(5).await;
    scene.xero.archive_account(scene.tenant, scene.account("469").await.parse().unwrap()).unwrap();
    let of_line = |change: &dyn Fn(&mut BillLine)| {
        let mut line = line("100.3055", "463");
        change(&mut line);
        vec![line]
    };
    let code = |code: &str| of_line(&|line| line.account = AccountRef::Code(code.to_owned()));
    let tax = |tax: &str| of_line(&|line| line.tax_type = Some(tax.to_owned()));
    let atlantis = TrackingRef::Names { category: "Region".to_owned(), option: "Atlantis".to_owned() };
    for (at, (lines, expected)) in [
        (code("469"), "account_archived"),
        (code("999"), "account_not_allowed"),
        (code("090"), "account_not_allowed"),
        (code("800"), "account_not_allowed"),
        (tax("20% VAT"), "tax_type_unknown"),
        (tax("OUTPUT2"), "tax_type_not_allowed_with_account"),
        (of_line(&|line| line.tracking = vec![atlantis.clone()]), "tracking_unknown"),
    ]
    .into_iter()
    .enumerate()
    {
        for draft in [bill(&scene, 1).await, credit(&scene, 1).await] {
            let sent = BillDraft { lines: lines.clone(), ..draft };
            assert_eq!(codes(&created(&scene, &sent, &format!("{at}-{:?}", sent.kind)).await), [expected]);
            assert!(is_absent(&scene, &sent).await);
            scene.clock.pass(60);
        }
    }
    let mut sent = BillDraft { currency: "JPY".to_owned(), ..bill(&scene, 1).await };
    assert_eq!(codes(&created(&scene, &sent, "currency").await), ["currency_not_enabled"]);
    sent.currency = "GBP".to_owned();
    scene.xero.archive_contact(scene.tenant, sent.contact.0).unwrap();
    assert_eq!(codes(&created(&scene, &sent, "archived").await), ["contact_archived", "contact_archived"]);
    sent.contact = ContactId(Uuid::from_u128(42));
    assert_eq!(codes(&created(&scene, &sent, "nobody").await), ["contact_unknown"]);
}

#[tokio::test]
async fn a_refusal_is_read_from_a_bulk_answer_too() {
    let scene = Scene::with(5).await;
    let mut sent = bill(&scene, 1).await;
    sent.lines[0].tax_type = Some("20% VAT".to_owned());
    let mut write = create(&sent, key("one")).unwrap();
    write.query.push(("summarizeErrors", "false".to_owned()));
    let answer = send(&scene, &write).await;
    assert_eq!(answer.as_ref().unwrap().status, 200);
    assert_eq!(codes(&read_created(answer, &sent)), ["tax_type_unknown"]);
}

#[tokio::test]
async fn an_account_that_xero_removes_is_a_loss_and_never_a_success() {
    let removed_words = "Account code '476' has been removed as it does not match a recognised account.";
    let scene = Scene::with(5).await;
    for draft in [bill(&scene, 1).await, credit(&scene, 1).await] {
        let mut sent = BillDraft { status: NewStatus::Draft, ..draft };
        sent.lines[0].account = AccountRef::Code("476".to_owned());
        let by = format!("{:?}", sent.kind);
        let (id, said) = warnings(created(&scene, &sent, &by).await);
        assert_eq!(said, format!("{removed_words}; line 1 is without its account 476"));
        let record = found(&scene, &sent).await;
        assert_eq!((record.id, &record.line_items[0].account_id), (id, &None));
        assert_eq!(losses(&sent, &record), ["line 1 is without its account 476"], "seen without the warning too");
        let removal = Removal::of(&record).unwrap();
        let gone = removed(&scene, &record, removal, &format!("{by}-gone")).await;
        assert!(matches!(gone, WriteOutcome::Written { .. }), "it can be taken back");
    }
}

#[tokio::test]
async fn other_totals_than_predicted_are_a_loss() {
    let scene = Scene::with(5).await;
    let mut sent = bill(&scene, 1).await;
    sent.expected = predict(&sent, |_| Some("17.5".parse().unwrap())).ok();
    let (_, said) = warnings(created(&scene, &sent, "one").await);
    let expected = "the tax is 20.06, not 17.55 as predicted; the total is 120.37, not 117.86 as predicted";
    assert_eq!(said, expected);
}

#[tokio::test]
async fn put_never_changes_a_document_that_is_there() {
    let scene = Scene::with(5).await;
    for sent in [bill(&scene, 1).await, credit(&scene, 1).await] {
        let id = written(&scene, &sent, &format!("one-{:?}", sent.kind)).await;
        let before = read(&scene, &look_up(sent.kind, id)).await.body;
        let other = BillDraft { lines: vec![line("1.00", "463")], expected: None, ..sent.clone() };
        assert_ne!(written(&scene, &other, &format!("two-{:?}", sent.kind)).await, id);
        let bill = |body: &Bytes| serde_json::from_slice::<Value>(body).unwrap()[collection(sent.kind)].clone();
        assert_eq!(bill(&before), bill(&read(&scene, &look_up(sent.kind, id)).await.body));
    }
}

fn collection(kind: BillKind) -> &'static str {
    match kind {
        BillKind::Bill => "Invoices",
        BillKind::CreditNote => "CreditNotes",
        BillKind::SpendMoney | BillKind::ReceiveMoney => "BankTransactions",
    }
}

fn upload(kind: BillKind, id: BillId, name: &str, file: &[u8], by: &str) -> Upload {
    let file = Bytes::copy_from_slice(file);
    attach(kind, id, FileName::try_new(name).unwrap(), "application/pdf", file, key(by)).unwrap()
}

async fn put_up(scene: &Scene, upload: &Upload) -> AttachOutcome {
    let token = SecretString::from(scene.access());
    let request = write_request(&XeroAddresses::default(), &token, scene.tenant, &upload.write);
    read_attached(scene.xero.send(request).await, upload.name.as_str(), upload.write.body.len() as u64)
}

/// Names and lengths of a document's files.
async fn files(scene: &Scene, kind: BillKind, id: BillId) -> Vec<(String, u64)> {
    let all = read_attachments(read(scene, &list_attachments(kind, id)).await).unwrap();
    all.into_iter().map(|each| (each.file_name, each.content_length.unwrap())).collect()
}

async fn content(scene: &Scene, kind: BillKind, id: BillId, name: &str) -> HttpResponse {
    let file = ApiRead { path: format!("/{}/{id}/Attachments/{name}", collection(kind)), ..ApiRead::default() };
    read(scene, &file).await
}

#[tokio::test]
async fn a_file_is_uploaded_listed_and_overwritten_under_its_name() {
    let scene = Scene::with(5).await;
    for sent in [bill(&scene, 1).await, credit(&scene, 1).await] {
        let (kind, by) = (sent.kind, format!("{:?}", sent.kind));
        let id = written(&scene, &sent, &by).await;
        assert_eq!(files(&scene, kind, id).await, []);
        let first = upload(kind, id, "bill.pdf", b"%PDF-1", &format!("{by}-a"));
        let AttachOutcome::Attached(attached) = put_up(&scene, &first).await else { panic!("not attached") };
        assert_eq!((attached.mime_type.as_str(), attached.content_length), ("application/pdf", Some(6)));
        let stored = content(&scene, kind, id, "bill.pdf").await;
        assert_eq!((stored.header("content-type"), &stored.body[..]), (Some("application/pdf"), &b"%PDF-1"[..]));
        let second = upload(kind, id, "bill.pdf", b"%PDF-1.7", &format!("{by}-b"));
        let AttachOutcome::Attached(again) = put_up(&scene, &second).await else { panic!("not attached") };
        assert_eq!((again.id, files(&scene, kind, id).await), (attached.id, vec![("bill.pdf".to_owned(), 8)]));
        assert!(matches!(
            removed(&scene, &found(&scene, &sent).await, Removal::Void, &format!("{by}-v")).await,
            WriteOutcome::Written { .. }
        ));
    }
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_repeated_and_leaves_one_file() {
    for fault in [Fault::LostWriteAnswer, Fault::InternalAfterWrite, Fault::GatewayAfterWrite, Fault::CutBeforeXero] {
        let scene = Scene::with(5).await;
        let id = written(&scene, &bill(&scene, 1).await, "one").await;
        let file = upload(BillKind::Bill, id, "bill.pdf", b"%PDF-1", "file");
        scene.xero.order_fault(fault);
        assert!(matches!(put_up(&scene, &file).await, AttachOutcome::Unknown(_)), "{fault:?}");
        let there = usize::from(fault != Fault::CutBeforeXero);
        assert_eq!(files(&scene, BillKind::Bill, id).await.len(), there, "{fault:?}");
        let again = upload(BillKind::Bill, id, "bill.pdf", b"%PDF-1", "again");
        assert!(matches!(put_up(&scene, &again).await, AttachOutcome::Attached(_)), "{fault:?}");
        assert_eq!(files(&scene, BillKind::Bill, id).await, [("bill.pdf".to_owned(), 6)], "{fault:?}");
    }
}

#[tokio::test]
async fn names_in_any_script_arrive_as_they_are() {
    let scene = Scene::with(5).await;
    let id = written(&scene, &bill(&scene, 1).await, "one").await;
    let names = ["Rechnung № 7 [März], Kopie (2).pdf", "家 & 50% #1; {a}=b@c~'d'!.pdf", "a%2Fb.pdf", "..b"];
    for (at, name) in names.into_iter().enumerate() {
        let file = upload(BillKind::Bill, id, name, b"x", &format!("file-{at}"));
        assert!(matches!(put_up(&scene, &file).await, AttachOutcome::Attached(_)), "{name}");
    }
    let listed: Vec<String> = files(&scene, BillKind::Bill, id).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(listed, names);
    let tidied = FileName::tidied("../a<b>\u{202e}c:\"d\"|e?*+\\f.pdf");
    let file = upload(BillKind::Bill, id, tidied.as_str(), b"x", "tidied");
    assert!(
        matches!(put_up(&scene, &file).await, AttachOutcome::Attached(each) if each.file_name == "_a_b_c__d__e____f.pdf")
    );
}

#[tokio::test]
async fn a_file_too_large_or_misnamed_or_one_too_many_is_refused_on_either_side() {
    let scene = Scene::with(5).await;
    let id = written(&scene, &bill(&scene, 1).await, "one").await;
    let name = || FileName::tidied("a.pdf");
    let large = Bytes::from(vec![b'x'; 10_000_001]);
    let refused = attach(BillKind::Bill, id, name(), "application/pdf", large.clone(), key("large"));
    assert_eq!(refused, Err(AttachFault::TooLarge(10_000_001)));
    assert_eq!(FileName::try_new("a:b.pdf"), Err(AttachFault::NameUnusable));
    let change = |by: &str, change: &dyn Fn(&mut ApiWrite)| {
        let mut file = upload(BillKind::Bill, id, "a.pdf", b"x", by);
        change(&mut file.write);
        file
    };
    let path = |path: String| move |write: &mut ApiWrite| write.path.clone_from(&path);
    for file in [
        change("large", &|write| write.body = large.clone()),
        change("misnamed", &path(format!("/Invoices/{id}/Attachments/a%3Ab.pdf"))),
    ] {
        let AttachOutcome::Rejected(refusals) = put_up(&scene, &file).await else { panic!("not refused") };
        assert_eq!(refusals[0].code, RefusalCode::FileRefused);
    }
    for at in 0..10 {
        let file = upload(BillKind::Bill, id, &format!("{at}.pdf"), b"x", &format!("file-{at}"));
        assert!(matches!(put_up(&scene, &file).await, AttachOutcome::Attached(_)));
    }
    let there = read_attachments(read(&scene, &list_attachments(BillKind::Bill, id)).await).unwrap();
    assert_eq!(
        (room_for(&name(), &there), room_for(&FileName::tidied("3.pdf"), &there)),
        (Err(AttachFault::TooMany), Ok(()))
    );
    let AttachOutcome::Rejected(refusals) = put_up(&scene, &change("eleventh", &|_| ())).await else { panic!("taken") };
    assert_eq!(refusals[0].code, RefusalCode::FileRefused);
    let nowhere = BillId(Uuid::from_u128(42));
    let file = upload(BillKind::Bill, nowhere, "a.pdf", b"x", "nowhere");
    assert!(matches!(put_up(&scene, &file).await, AttachOutcome::TurnedAway(XeroError::NotFound)));
}
