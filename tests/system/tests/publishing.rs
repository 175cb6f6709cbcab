//! Documents published as bills with their file, whatever is cut off, lost, doubled or edited meanwhile. Virtual time.
#![allow(clippy::unwrap_used)]

use bills::BillId;
use kernel::{Applied, DocumentId};
use postings::{Attention, Standing};
use publishing::prefill::prefill;
use publishing::{BillTerms, PublishError, attachment_intent, bill_intent, publish, supplier_intent};
use serde_json::{Value, json};
use simulator::world::Cut;
use simulator::xero::Fault;
use state::{keys, load};
use system::desk::Desk;
use system::paper::{
    SOURCE, a_contact, connection, desk, document, files_written, in_xero, may_write, published, taken_in, terms, ubl,
    until_cut, view, writes,
};

async fn attention(desk: &Desk, id: &kernel::IntentId) -> Option<Attention> {
    view(desk, id).await.attention
}

async fn to_contact(desk: &Desk, number: &str) -> (DocumentId, BillTerms) {
    let contact = a_contact(desk).await;
    let id = taken_in(desk, ubl("Any", number, "100.00")).await;
    (id, terms(&json!({ "contact_id": contact }), number, "100.00"))
}

#[tokio::test]
async fn m2_m3_m11_m16_a_document_becomes_one_bill_awaiting_payment_with_its_file_and_a_link_back() {
    let desk = desk().await;
    let (id, terms) = to_contact(&desk, "P-1").await;
    let (applied, proposal) = published(&desk, id, &terms, &[]).await.unwrap();
    assert_eq!(applied, Applied::Now);
    assert_eq!(proposal.totals().unwrap().total.to_string(), "120.00", "predicted before it is sent");
    assert_eq!(published(&desk, id, &terms, &[]).await.unwrap().0, Applied::Before, "m2: twice is once");
    desk.work().await;
    let found = in_xero(&desk, "invoices", "P-1").await;
    let [bill] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((&bill["Status"], &bill["Type"]), (&json!("AUTHORISED"), &json!("ACCPAY")), "m3 m11");
    assert!(bill["Url"].as_str().unwrap().starts_with(SOURCE), "m16");
    assert_eq!(bill["Total"], "120.00");
    assert_eq!(bill["HasAttachments"], true);
    assert_eq!((writes(&desk, "Invoices"), files_written(&desk)), (1, 1));
    let shown = view(&desk, &bill_intent(id)).await;
    assert_eq!((shown.state, shown.actor.as_str()), (Standing::Posted, "sam"));
    assert_eq!(view(&desk, &attachment_intent(id)).await.state, Standing::Posted);
}

#[tokio::test]
async fn m3_what_is_published_lands_in_the_books_and_not_as_a_draft() {
    let desk = desk().await;
    let (id, bill) = to_contact(&desk, "P-1").await;
    let (other, mut note) = to_contact(&desk, "C-1").await;
    (note.kind, note.due_date) = (publishing::terms::Kind::CreditNote, None);
    published(&desk, id, &bill, &[]).await.unwrap();
    published(&desk, other, &note, &[]).await.unwrap();
    desk.work().await;
    for (entity, number) in [("invoices", "P-1"), ("credit_notes", "C-1")] {
        let found = in_xero(&desk, entity, number).await;
        assert_eq!(found.len(), 1, "{entity}");
        assert_eq!(found[0]["Status"], "AUTHORISED", "{entity}");
    }
}

#[tokio::test]
async fn m12_the_status_is_the_settings_own_unless_whoever_publishes_says_otherwise() {
    let desk = desk().await;
    connections::change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings.publish_as = connections::PublishAs::Draft;
        true
    })
    .await
    .unwrap();
    let (first, by_setting) = to_contact(&desk, "P-1").await;
    let (second, mut said) = to_contact(&desk, "P-2").await;
    said.status = Some(connections::PublishAs::Submitted);
    published(&desk, first, &by_setting, &[]).await.unwrap();
    published(&desk, second, &said, &[]).await.unwrap();
    desk.work().await;
    assert_eq!(in_xero(&desk, "invoices", "P-1").await[0]["Status"], "DRAFT");
    assert_eq!(in_xero(&desk, "invoices", "P-2").await[0]["Status"], "SUBMITTED");
}

#[tokio::test]
async fn m12_what_is_dated_into_a_locked_period_waits_and_goes_when_the_lock_moves() {
    let desk = desk().await;
    desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-11-30".parse().unwrap()));
    desk.world.clock.advance(std::time::Duration::from_secs(61));
    desk.sync(sync::head::Trigger::Person).await;
    let (id, terms) = to_contact(&desk, "P-1").await;
    let (_, proposal) = published(&desk, id, &terms, &[]).await.unwrap();
    assert_eq!(proposal.locked_until, "2026-11-30".parse().ok(), "told before it is sent");
    desk.work().await;
    let waits = attention(&desk, &bill_intent(id)).await.unwrap();
    assert_eq!((waits.code.as_str(), waits.locked_until.as_deref()), ("period_locked", Some("2026-11-30")));
    desk.xero.set_lock_dates(desk.whose.tenant, None, Some("2026-10-31".parse().unwrap()));
    assert_eq!(in_xero(&desk, "invoices", "P-1").await.len(), 0);
    desk.work().await;
    let found = in_xero(&desk, "invoices", "P-1").await;
    assert_eq!((found.len(), &found[0]["HasAttachments"]), (1, &json!(true)));
}

#[tokio::test]
async fn a_supplier_without_a_contact_gets_one_and_two_documents_of_his_make_no_twin() {
    let desk = desk().await;
    let new = json!({ "name": "Ridgeway Joinery Ltd", "tax_number": "GB123456782" });
    let (one, two) = (
        taken_in(&desk, ubl("Ridgeway Joinery Ltd", "R-1", "10.00")).await,
        taken_in(&desk, ubl("Ridgeway Joinery Ltd", "R-2", "20.00")).await,
    );
    published(&desk, one, &terms(&new, "R-1", "10.00"), &[]).await.unwrap();
    published(&desk, two, &terms(&new, "R-2", "20.00"), &[]).await.unwrap();
    desk.work().await;
    let (first, second) = (in_xero(&desk, "invoices", "R-1").await, in_xero(&desk, "invoices", "R-2").await);
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0]["Contact"]["ContactID"], second[0]["Contact"]["ContactID"], "one contact");
    let contacts = desk.mirror("contacts").await;
    assert_eq!(contacts.iter().filter(|each| each.record["Name"] == "Ridgeway Joinery Ltd").count(), 1);
    assert_eq!(view(&desk, &supplier_intent(two)).await.state, Standing::Posted);
    // A third is told before anything is stored.
    let three = taken_in(&desk, ubl("Ridgeway Joinery Ltd", "R-3", "30.00")).await;
    let refused =
        published(&desk, three, &terms(&json!({ "name": "RIDGEWAY JOINERY LIMITED" }), "R-3", "30.00"), &[]).await;
    let Err(PublishError::Faults(proposal)) = refused else { panic!("{refused:?}") };
    assert_eq!(proposal.faults[0].code(), "supplier_there");
}

#[tokio::test]
async fn what_the_books_would_refuse_is_told_before_anything_is_sent() {
    let desk = desk().await;
    let (id, good) = to_contact(&desk, "P-1").await;
    let with = |change: &dyn Fn(&mut Value)| -> BillTerms {
        let mut terms = json!(good);
        change(&mut terms);
        serde_json::from_value(terms).unwrap()
    };
    let archived = {
        let contact = desk.mirror("contacts").await[1].id.clone();
        desk.xero.archive_contact(desk.whose.tenant, contact.parse().unwrap()).unwrap();
        contact
    };
    in_xero(&desk, "invoices", "none").await;
    for (terms, expected) in [
        (with(&|t| t["lines"][0]["account"] = json!("99999")), "books_refuse"),
        (with(&|t| t["lines"][0]["account"] = json!("090")), "books_refuse"),
        (with(&|t| t["lines"][0]["tax_type"] = json!("NOSUCH")), "books_refuse"),
        (with(&|t| t["due_date"] = json!("2026-11-01")), "bill_unusable"),
        (with(&|t| t["lines"] = json!([])), "bill_unusable"),
        (with(&|t| t["currency"] = json!("ISK")), "currency_unknown"),
        (with(&|t| t["supplier"] = json!({ "contact_id": uuid::Uuid::from_u128(7) })), "contact_unknown"),
        (with(&|t| t["supplier"] = json!({ "contact_id": archived })), "contact_archived"),
        (with(&|t| t["supplier"] = json!({ "name": "a < b" })), "supplier_unusable"),
    ] {
        let refused = published(&desk, id, &terms, &[]).await;
        let Err(PublishError::Faults(proposal)) = refused else { panic!("{expected}: {refused:?}") };
        assert_eq!(proposal.faults[0].code(), expected, "{:?}", proposal.faults);
    }
    may_write(&desk, &["contacts"]).await;
    let Err(PublishError::Faults(proposal)) = published(&desk, id, &good, &[]).await else { panic!() };
    assert_eq!(proposal.faults[0].code(), "direction_forbids");
    desk.work().await;
    assert_eq!((writes(&desk, "Invoices"), writes(&desk, "Contacts")), (0, 0));
}

#[tokio::test]
async fn m13_a_published_document_is_not_published_otherwise_and_an_unfit_one_not_at_all() {
    let desk = desk().await;
    let (id, terms) = to_contact(&desk, "P-1").await;
    published(&desk, id, &terms, &[]).await.unwrap();
    let mut other = terms.clone();
    other.number = "P-1b".into();
    for _ in 0..2 {
        let refused = published(&desk, id, &other, &[]).await;
        let Err(PublishError::Published(before)) = refused else { panic!("{refused:?}") };
        assert_eq!(before.terms, terms);
        desk.work().await;
    }
    assert_eq!(writes(&desk, "Invoices"), 1);
    let announced = documents::upload::Announcement::of("a.xml".into(), "application/xml".into(), None, b"<a/>");
    let done = documents::upload::announce(desk.doors(), &desk.whose, "sam", &[announced]).await.unwrap();
    let refused = published(&desk, done[0].0.id, &terms, &[]).await;
    assert!(matches!(refused, Err(PublishError::NoFile)), "{refused:?}");
}

#[tokio::test]
async fn documents_that_look_alike_are_shown_before_a_second_one_is_sent() {
    let desk = desk().await;
    let (first, terms) = to_contact(&desk, "P-0042").await;
    published(&desk, first, &terms, &[]).await.unwrap();
    desk.work().await;
    in_xero(&desk, "invoices", "P-0042").await;
    desk.work().await;
    let second = taken_in(&desk, ubl("Any", "p 42", "100.00")).await;
    let again = BillTerms { number: "p 42".into(), ..terms };
    let refused = published(&desk, second, &again, &[]).await;
    let Err(PublishError::Alike(proposal)) = refused else { panic!("{refused:?}") };
    let alike = &proposal.alike[0];
    assert_eq!((alike.number.as_str(), alike.same_number, alike.same_total_and_date), ("P-0042", true, true));
    let seen: Vec<BillId> = proposal.alike.iter().map(|alike| alike.id).collect();
    published(&desk, second, &again, &seen).await.unwrap();
    desk.work().await;
    assert_eq!(writes(&desk, "Invoices"), 2, "who saw it and wants it gets it");
}

#[tokio::test]
async fn nothing_is_published_before_suppliers_documents_were_looked_through_once() {
    let desk = Desk::sized(10);
    desk.connect().await;
    let (id, terms) = to_contact(&desk, "P-1").await;
    let followers = system::paper::let_write(&desk, &["invoices"]).await;
    assert_eq!(followers, [envelopes::Follower::Documents]);
    let early = published(&desk, id, &terms, &[]).await;
    assert!(matches!(early, Err(PublishError::NotLookedThrough)), "what looks alike would not be seen: {early:?}");
    let to = sync::load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().feed_head;
    let work = envelopes::Work::FollowFeed { organisation: desk.whose.clone(), follower: followers[0], to, round: 0 };
    desk.carry_out(&envelopes::Envelope::new(work)).await.unwrap();
    published(&desk, id, &terms, &[]).await.unwrap();
}

#[tokio::test]
async fn a_contact_archived_between_preview_and_publish_is_told_in_plain_words_and_another_one_taken() {
    let desk = desk().await;
    let (id, terms) = to_contact(&desk, "P-1").await;
    published(&desk, id, &terms, &[]).await.unwrap();
    let contact = a_contact(&desk).await;
    desk.xero.archive_contact(desk.whose.tenant, contact.parse().unwrap()).unwrap();
    desk.work().await;
    let waits = attention(&desk, &bill_intent(id)).await.unwrap();
    assert_eq!(waits.code, "contact_archived", "{waits:?}");
    assert!(!waits.raw.is_empty() && !waits.fix.is_empty());
    in_xero(&desk, "invoices", "P-1").await;
    let other = BillTerms {
        supplier: serde_json::from_value(json!({ "contact_id": a_contact(&desk).await })).unwrap(),
        ..terms
    };
    published(&desk, id, &other, &[]).await.unwrap();
    desk.work().await;
    let found = in_xero(&desk, "invoices", "P-1").await;
    assert_eq!((found.len(), &found[0]["HasAttachments"]), (1, &json!(true)));
}

#[tokio::test]
async fn m15_a_bill_edited_or_voided_in_xero_comes_back_as_a_difference() {
    let desk = desk().await;
    let (id, terms) = to_contact(&desk, "P-1").await;
    published(&desk, id, &terms, &[]).await.unwrap();
    desk.work().await;
    assert_eq!(attention(&desk, &bill_intent(id)).await, None);
    let bill = in_xero(&desk, "invoices", "P-1").await.remove(0);
    desk.work().await;
    assert_eq!(attention(&desk, &bill_intent(id)).await, None, "as it was sent");
    let xero_id = bill["InvoiceID"].as_str().unwrap().parse().unwrap();
    let line = json!([{ "Description": "Cloud hosting", "Quantity": 1, "UnitAmount": "90.00", "AccountCode": "469", "TaxType": "INPUT2" }]);
    desk.xero.edit(desk.whose.tenant, "Invoices", Some(xero_id), &json!({ "LineItems": line })).unwrap();
    in_xero(&desk, "invoices", "P-1").await;
    desk.work().await;
    let edited = attention(&desk, &bill_intent(id)).await.unwrap();
    assert_eq!(edited.code, "not_as_sent");
    assert!(edited.raw.iter().any(|word| word.contains("account 463")), "{edited:?}");
    desk.xero.void_invoice(desk.whose.tenant, xero_id).unwrap();
    in_xero(&desk, "invoices", "P-1").await;
    desk.work().await;
    let voided = attention(&desk, &bill_intent(id)).await.unwrap();
    assert_eq!((voided.code.as_str(), voided.cause.as_str()), ("voided_in_xero", "Somebody made it VOIDED in Xero."));
}

#[tokio::test]
async fn m16_a_credit_note_is_published_with_its_link_in_its_history_and_found_again_by_its_content() {
    let desk = desk().await;
    let (id, terms) = to_contact(&desk, "C-1").await;
    let mut credit = json!(terms);
    credit["kind"] = json!("credit_note");
    credit.as_object_mut().unwrap().remove("due_date");
    let credit: BillTerms = serde_json::from_value(credit).unwrap();
    desk.xero.order_fault(Fault::LostWriteAnswer);
    published(&desk, id, &credit, &[]).await.unwrap();
    desk.work().await;
    let found = in_xero(&desk, "credit_notes", "C-1").await;
    assert_eq!(
        (found.len(), &found[0]["Type"], &found[0]["HasAttachments"]),
        (1, &json!("ACCPAYCREDIT"), &json!(true))
    );
    assert_eq!(writes(&desk, "CreditNotes"), 1, "the answer was lost, the document was not sent again");
    assert_eq!(view(&desk, &publishing::note_intent(id)).await.state, Standing::Posted);
    let notes = desk.xero.calls().into_iter().filter(|call| call.path.ends_with("/History") && call.method == "PUT");
    assert_eq!(notes.count(), 1, "m16: the link back is a note, once");
}

#[tokio::test]
async fn x4_a_reading_is_prefilled_with_its_supplier_and_coded_by_history() {
    let desk = desk().await;
    let contact = a_contact(&desk).await;
    let name = desk.mirror("contacts").await.iter().find(|each| each.id == contact).unwrap().record["Name"].clone();
    let name = name.as_str().unwrap().to_owned();
    // Three bills of the past, two of them coded alike.
    for (number, account) in [("H-1", "463"), ("H-2", "463"), ("H-3", "469")] {
        let line = json!([{ "Description": if account == "463" { "Cloud hosting" } else { "Desk rent" }, "Quantity": 1,
            "UnitAmount": "100.00", "AccountCode": account, "TaxType": "INPUT2" }]);
        let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": contact },
            "InvoiceNumber": number, "Date": "2026-10-02", "DueDate": "2026-11-02", "LineItems": line });
        desk.xero.edit(desk.whose.tenant, "Invoices", None, &bill).unwrap();
    }
    in_xero(&desk, "invoices", "none").await;
    desk.work().await;
    let id = taken_in(&desk, ubl(&name, "P-9", "100.00")).await;
    let key = keys::document_reading(&desk.whose, id);
    let reading = load::<readings::Reading>(&*desk.access.ports.table, &key).await.unwrap().unwrap().value;
    let filled = prefill(&*desk.access.ports.table, &desk.whose, &reading, "GBP".parse().unwrap()).await.unwrap();
    assert_eq!(filled.terms["supplier"], json!({ "contact_id": contact }), "{:?}", filled.supplier);
    let line = &filled.terms["lines"][0];
    assert_eq!((&line["account"], &line["tax_type"]), (&json!("463"), &json!("INPUT2")));
    assert!(filled.coding[0].as_ref().unwrap().reason.contains("463"), "{:?}", filled.coding[0]);
    assert_eq!(filled.missing, [""; 0]);
    // What is proposed can be published as it is.
    let terms: BillTerms = serde_json::from_value(Value::Object(filled.terms)).unwrap();
    published(&desk, id, &terms, &[]).await.unwrap();
    desk.work().await;
    assert_eq!(in_xero(&desk, "invoices", "P-9").await.len(), 1);
}

#[tokio::test]
async fn what_is_another_postings_record_waits_for_a_person_instead_of_being_claimed_twice() {
    let id_of = async |desk: &Desk| {
        let (id, terms) = to_contact(desk, "P-1").await;
        published(desk, id, &terms, &[]).await.unwrap();
        id
    };
    let first = desk().await;
    let id = id_of(&first).await;
    first.work().await;
    let xero_id = view(&first, &bill_intent(id)).await.xero_id.unwrap();
    // The same Xero gives its bill the same id; here another posting has it already.
    let desk = desk().await;
    let other: kernel::IntentId = "d-other".parse().unwrap();
    let write = state::put(keys::posted(&desk.whose, "invoices", &xero_id), ports::Guard::Absent, &other, None);
    desk.access.ports.table.write(write).await.unwrap();
    let id = id_of(&desk).await;
    desk.work().await;
    let waits = attention(&desk, &bill_intent(id)).await.unwrap();
    assert_eq!(waits.code, "record_of_another");
    assert!(waits.cause.contains("d-other") && waits.cause.contains(&xero_id), "{waits:?}");
    assert_eq!(writes(&desk, "Invoices"), 1, "and it is not sent again");
}

#[tokio::test]
async fn two_publishes_at_once_are_one() {
    let desk = desk().await;
    let (id, terms) = to_contact(&desk, "P-1").await;
    let (document, connection) = (document(&desk, id).await, connection(&desk).await);
    let one = || publish(&desk.access, &connection, &document, &terms, &[], "sam");
    let (first, second) = tokio::join!(one(), one());
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    desk.work().await;
    assert_eq!((writes(&desk, "Invoices"), files_written(&desk)), (1, 1));
}

/// What else goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    None,
    AnswerLost,
    NewSupplier,
    TwoWorkers,
    CreditNote,
}

/// Publishes, cut somewhere, healed and repeated by whoever got no answer; answers the port calls of an uncut run.
async fn swept(trouble: Trouble, cut: Option<Cut>) -> u64 {
    let desk = desk().await;
    let name = format!("{trouble:?} {cut:?}");
    let (id, mut terms) = to_contact(&desk, "P-1").await;
    if trouble == Trouble::NewSupplier {
        terms.supplier = serde_json::from_value(json!({ "name": "Ridgeway Joinery Ltd" })).unwrap();
    }
    let credit = trouble == Trouble::CreditNote;
    if credit {
        (terms.kind, terms.due_date) = (publishing::terms::Kind::CreditNote, None);
    }
    if trouble == Trouble::AnswerLost {
        desk.xero.order_fault(Fault::LostWriteAnswer);
    }
    let (document, connection) = (document(&desk, id).await, connection(&desk).await);
    desk.world.faults.heal();
    cut.into_iter().for_each(|cut| desk.world.faults.cut(cut));
    if publish(&desk.access, &connection, &document, &terms, &[], "sam").await.is_ok() {
        until_cut(&desk, if trouble == Trouble::TwoWorkers { 2 } else { 1 }).await;
    }
    let calls = desk.world.faults.calls();
    desk.world.faults.heal();
    desk.world.clock.advance(std::time::Duration::from_secs(800));
    published(&desk, id, &terms, &[]).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    desk.work().await;
    let found = in_xero(&desk, if credit { "credit_notes" } else { "invoices" }, "P-1").await;
    assert_eq!(found.len(), 1, "{name}: {found:#?}");
    assert_eq!(found[0]["HasAttachments"], true, "{name}");
    let notes = desk.xero.calls().into_iter().filter(|call| call.path.ends_with("/History") && call.method == "PUT");
    assert_eq!(notes.count(), usize::from(credit), "{name}: the link back is one note");
    let note = credit.then(|| publishing::note_intent(id));
    for id in [bill_intent(id), attachment_intent(id)].into_iter().chain(note) {
        let view = view(&desk, &id).await;
        assert_eq!((view.state, &view.attention), (Standing::Posted, &None), "{name}: {view:?}");
    }
    let contacts = desk.mirror("contacts").await;
    let twins = contacts.iter().filter(|each| each.record["Name"] == "Ridgeway Joinery Ltd").count();
    assert_eq!(twins, usize::from(trouble == Trouble::NewSupplier), "{name}");
    assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{name}: work left");
    calls
}

#[tokio::test]
async fn m11_a_crash_before_or_after_any_port_call_of_publishing_leaves_one_bill_with_its_file() {
    for trouble in [Trouble::None, Trouble::AnswerLost, Trouble::NewSupplier, Trouble::TwoWorkers, Trouble::CreditNote]
    {
        let calls = swept(trouble, None).await;
        assert!(calls > 20, "{trouble:?}: {calls}");
        for at in 1..=calls {
            for cut in [Cut::Before(at), Cut::After(at)] {
                swept(trouble, Some(cut)).await;
            }
        }
    }
}
