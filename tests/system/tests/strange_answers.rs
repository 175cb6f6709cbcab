//! Answers that are not as they should be: pages of HTML, records that cannot be read, unknown values, too much at
//! once. Each is said, holds nothing else up, and passes when it passes. Virtual time.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use connections::{ConnectionState, load_connection};
use mirror::feed::ChangeKind;
use ports::{HttpRequest, TransportError};
use serde_json::{Value, json};
use simulator::xero::Role;
use sync::head::{ItemResult, Outcome, Trigger};
use sync::load_head;
use sync::problems::{Problem, list_problems};
use system::desk::Desk;
use system::line::{edited, html};

async fn outcome(desk: &Desk) -> Outcome {
    load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().last.unwrap().outcome
}

async fn problem(desk: &Desk, code: &str) -> Option<Problem> {
    let open = list_problems(&*desk.access.ports.table, &desk.whose, false).await.unwrap();
    open.into_iter().find(|problem| problem.code == code)
}

async fn ready(invoices: usize) -> Desk {
    let desk = Desk::sized(invoices);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk
}

/// One that a thorough sync reads again although its time stamp stands still.
async fn open_invoice(desk: &Desk) -> String {
    let invoices = desk.mirror("invoices").await;
    invoices.into_iter().find(|view| view.record["Status"] == "AUTHORISED").unwrap().id
}

fn reads(request: &HttpRequest, list: &str) -> bool {
    request.url.contains(&format!("/api.xro/2.0/{list}"))
}

#[tokio::test]
async fn a_page_that_is_html_is_tried_again_then_said_and_the_other_kinds_are_read() {
    let desk = ready(40).await;
    let contacts = desk.mirror("contacts").await;
    desk.xero.rename_contact(desk.whose.tenant, contacts[0].id.parse().unwrap(), "Juniper Yard Tools").unwrap();
    let cursors = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().cursors;
    desk.line.spoil(|request, answer| Ok(if reads(request, "Contacts") { html(answer) } else { answer }));
    desk.sync(Trigger::Schedule).await;
    assert_eq!(outcome(&desk).await, Outcome::CompletedWithProblems);
    let said = problem(&desk, "not_readable").await.expect("a problem");
    assert!(said.subject == "contacts" && said.needs_attention && !said.message.contains("One moment"), "{said:?}");
    let head = load_head(&*desk.access.ports.table, &desk.whose).await.unwrap();
    assert_eq!(head.cursors["contacts"], cursors["contacts"], "the cursor stays where it was");
    assert!(head.cursors["invoices"] > cursors["invoices"], "the other kinds go on");
    desk.line.mend();
    desk.sync(Trigger::Schedule).await;
    assert_eq!(outcome(&desk).await, Outcome::Completed);
    assert_eq!(problem(&desk, "not_readable").await, None);
    let record = &desk.mirror("contacts").await.into_iter().find(|view| view.id == contacts[0].id).unwrap().record;
    assert_eq!(record["Name"], "Juniper Yard Tools");
}

#[tokio::test]
async fn a_webhook_whose_record_comes_as_html_ends_in_a_run_that_reads_it() {
    let desk = ready(40).await;
    let contacts = desk.mirror("contacts").await;
    desk.xero.take_deliveries(desk.app);
    desk.xero.rename_contact(desk.whose.tenant, contacts[0].id.parse().unwrap(), "Alder Bridge Books").unwrap();
    let spoiled = AtomicUsize::new(0);
    desk.line.spoil(move |request, answer| {
        let first = request.url.contains("IDs=") && spoiled.fetch_add(1, Ordering::Relaxed) == 0;
        Ok(if first { html(answer) } else { answer })
    });
    desk.deliver().await;
    desk.work().await;
    let record = &desk.mirror("contacts").await.into_iter().find(|view| view.id == contacts[0].id).unwrap().record;
    assert_eq!(record["Name"], "Alder Bridge Books");
}

#[tokio::test]
async fn html_from_the_token_endpoint_counts_as_a_lost_answer() {
    let desk = ready(10).await;
    desk.world.clock.advance(Duration::from_secs(3600));
    let spoiled = AtomicUsize::new(0);
    desk.line.spoil(move |request, answer| {
        let first = request.url.ends_with("/connect/token") && spoiled.fetch_add(1, Ordering::Relaxed) == 0;
        Ok(if first { html(answer) } else { answer })
    });
    desk.sync(Trigger::Schedule).await;
    let connection = load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value;
    assert_eq!((connection.state, outcome(&desk).await), (ConnectionState::Connected, Outcome::Completed));
}

#[tokio::test]
async fn html_from_the_key_set_connects_nothing_and_says_so() {
    let desk = Desk::sized(5);
    desk.line.spoil(|request, answer| Ok(if request.url.ends_with("/jwks") { html(answer) } else { answer }));
    let location = desk.try_consent().await;
    assert!(location.contains("outcome=failed") && !location.contains("ticket="), "{location}");
    let list = Desk::sized(5);
    list.line.spoil(|request, answer| Ok(if request.url.contains("/connections") { html(answer) } else { answer }));
    let location = list.try_consent().await;
    assert!(location.contains("reason=xero_unavailable"), "{location}");
}

#[tokio::test]
async fn a_cursor_never_passes_a_record_that_cannot_be_read_and_the_problem_stays_until_it_can() {
    let desk = ready(40).await;
    let contacts = desk.mirror("contacts").await;
    let (bad, good) = (contacts[0].id.clone(), contacts[1].id.clone());
    desk.xero.rename_contact(desk.whose.tenant, bad.parse().unwrap(), "Birch Mill Yarns").unwrap();
    desk.world.clock.advance(Duration::from_secs(5));
    desk.xero.rename_contact(desk.whose.tenant, good.parse().unwrap(), "Fern Street Cycles").unwrap();
    let hidden = bad.clone();
    desk.line.spoil(move |request, answer| {
        if !reads(request, "Contacts") {
            return Ok(answer);
        }
        Ok(edited(answer, |body| {
            for contact in body["Contacts"].as_array_mut().into_iter().flatten() {
                if contact["ContactID"] == hidden.as_str() {
                    contact["ContactID"] = Value::Null;
                }
            }
        }))
    });
    for _ in 0..2 {
        desk.world.clock.advance(Duration::from_secs(3600));
        desk.sync(Trigger::Schedule).await;
    }
    assert_eq!(outcome(&desk).await, Outcome::CompletedWithProblems);
    let said = problem(&desk, "unreadable_records").await.expect("a problem");
    assert!(said.needs_attention && said.count == 2 && said.subject == "contacts", "{said:?}");
    let name = async |id: &str| {
        desk.mirror("contacts").await.into_iter().find(|view| view.id == id).unwrap().record["Name"].clone()
    };
    assert_eq!(name(&good).await, "Fern Street Cycles", "what can be read is read");
    desk.line.mend();
    desk.world.clock.advance(Duration::from_secs(24 * 3600));
    desk.sync(Trigger::Schedule).await;
    assert_eq!(name(&bad).await, "Birch Mill Yarns", "hours later the record is still ahead of the cursor");
    assert_eq!(problem(&desk, "unreadable_records").await, None);
    assert_eq!(outcome(&desk).await, Outcome::Completed);
}

#[tokio::test]
async fn o18_what_could_not_be_read_is_an_item_of_the_run_with_its_id_and_the_reason() {
    let desk = ready(40).await;
    let contacts = desk.mirror("contacts").await;
    for (contact, name) in contacts.iter().zip(["Larch Court Kilns", "Maple Row Glass"]) {
        desk.xero.rename_contact(desk.whose.tenant, contact.id.parse().unwrap(), name).unwrap();
    }
    let (deep, nameless) = (contacts[0].id.clone(), contacts[1].id.clone());
    desk.line.spoil(move |request, answer| {
        if reads(request, "Items") {
            return Ok(html(answer));
        }
        Ok(edited(answer, |body| {
            for contact in body["Contacts"].as_array_mut().into_iter().flatten() {
                if contact["ContactID"] == deep.as_str() {
                    contact["Deep"] = (0..20).fold(json!(1), |inner, _| json!([inner]));
                }
                if contact["ContactID"] == nameless.as_str() {
                    contact["ContactID"] = Value::Null;
                }
            }
        }))
    });
    desk.sync(Trigger::Schedule).await;
    let (table, whose) = (&*desk.access.ports.table, &desk.whose);
    let last = load_head(table, whose).await.unwrap().last.unwrap().run;
    let log = sync::load_run(table, whose, &last).await.unwrap().unwrap().log;
    let failed: Vec<_> = log
        .failed
        .iter()
        .map(|item| (item.entity.as_str(), item.result, item.id.clone(), item.reason.as_str()))
        .collect();
    let deep = Some(contacts[0].id.clone());
    assert_eq!(failed.len(), 3, "{failed:?}");
    assert!(matches!(failed[0], ("items", ItemResult::Refused, None, _)), "{failed:?}");
    assert!(failed.contains(&("contacts", ItemResult::Unreadable, deep, "an element is nested deeper than 12 levels")));
    assert!(failed.contains(&("contacts", ItemResult::Unreadable, None, "an element has no ContactID")));
    assert_eq!(log.counts["contacts"].unreadable, 2, "the counts tell of all");
}

#[tokio::test]
async fn values_nobody_has_heard_of_reach_the_feed_as_they_are() {
    let desk = ready(40).await;
    let invoice = open_invoice(&desk).await;
    let known = desk.feed().await.len();
    let unheard = invoice.clone();
    desk.line.spoil(move |request, answer| {
        if !reads(request, "Invoices") {
            return Ok(answer);
        }
        Ok(edited(answer, |body| {
            for found in body["Invoices"].as_array_mut().into_iter().flatten() {
                if found["InvoiceID"] == unheard.as_str() {
                    found["Status"] = json!("UNDERREVIEW");
                    found["SomethingNew"] = json!({ "Of": ["Xero's"] });
                }
            }
        }))
    });
    let contact = desk.mirror("contacts").await[0].id.clone();
    desk.xero.rename_contact(desk.whose.tenant, contact.parse().unwrap(), "Willow Court Paints").unwrap();
    // A person's wish also reads open documents again, and with them what moved no time stamp.
    desk.sync(Trigger::Person).await;
    let changes = desk.feed().await.split_off(known);
    if let Some(change) = changes.iter().find(|change| change.id == invoice) {
        assert_eq!((change.change, change.record["Status"].as_str()), (ChangeKind::Updated, Some("UNDERREVIEW")));
        assert_eq!(change.record["SomethingNew"]["Of"][0], "Xero's");
    } else {
        panic!("the invoice's new status is not in the feed: {changes:?}");
    }
    assert_eq!(outcome(&desk).await, Outcome::Completed);
}

#[tokio::test]
async fn pages_that_are_too_long_are_asked_for_in_smaller_ones() {
    let desk = Desk::sized(400);
    desk.line.spoil(|request, answer| {
        let large = answer.body.len() > 200_000 && reads(request, "Invoices");
        if large { Err(TransportError::TooLong { bytes_max: 200_000 }) } else { Ok(answer) }
    });
    desk.connect().await;
    assert_eq!(outcome(&desk).await, Outcome::Completed);
    assert_eq!(desk.mirror("invoices").await.len(), 400);
}

#[tokio::test]
async fn a_document_of_thousands_of_lines_is_kept_and_keeps_nobody_from_their_changes() {
    let desk = ready(40).await;
    let invoice = open_invoice(&desk).await;
    let (long, lines) = (invoice.clone(), Arc::new(AtomicUsize::new(3_000)));
    let count = lines.clone();
    desk.line.spoil(move |request, answer| {
        if !reads(request, "Invoices") {
            return Ok(answer);
        }
        Ok(edited(answer, |body| {
            for found in body["Invoices"].as_array_mut().into_iter().flatten() {
                if found["InvoiceID"] == long.as_str() {
                    let line = |at: usize| json!({ "LineItemID": at.to_string(), "Description": "x".repeat(200) });
                    found["LineItems"] = (0..count.load(Ordering::Relaxed)).map(line).collect();
                }
            }
        }))
    });
    desk.sync(Trigger::Person).await;
    let record =
        |views: Vec<mirror::read::RecordView>| views.into_iter().find(|view| view.id == invoice).unwrap().record;
    let before = record(desk.mirror("invoices").await);
    assert_eq!(before["LineItemsOmitted"]["Count"], 3_000);
    assert!(before.contains_key("Total") && !before.contains_key("LineItems"));
    lines.store(3_001, Ordering::Relaxed);
    desk.sync(Trigger::Person).await;
    assert_ne!(record(desk.mirror("invoices").await)["LineItemsOmitted"], before["LineItemsOmitted"]);
    assert_eq!(outcome(&desk).await, Outcome::Completed);
}

#[tokio::test]
async fn changes_of_any_size_are_stored_in_rows_that_fit_and_read_in_pages_that_fit() {
    let desk = ready(300).await;
    let known = desk.feed().await.len();
    let round = Arc::new(AtomicUsize::new(1));
    let turn = round.clone();
    desk.line.spoil(move |request, answer| {
        if !reads(request, "Contacts") && !reads(request, "Items") {
            return Ok(answer);
        }
        let turn = turn.load(Ordering::Relaxed);
        Ok(edited(answer, |body| {
            for item in body["Items"].as_array_mut().into_iter().flatten() {
                for field in 0..60 {
                    item[format!("Note{field:02}")] = json!(format!("{turn}{}", "y".repeat(3_000)));
                }
            }
        }))
    });
    for turn in [1, 2] {
        round.store(turn, Ordering::Relaxed);
        desk.sync(Trigger::Person).await;
    }
    assert_eq!(outcome(&desk).await, Outcome::Completed);
    let items = desk.mirror("items").await.len();
    let changes = desk.feed().await.split_off(known);
    assert_eq!(changes.len(), 2 * items, "each change once, over pages of bytes");
    assert!(changes.iter().skip(items).all(|change| change.differences_cut && !change.differences.is_empty()));
    let positions: Vec<u64> = changes.iter().map(|change| change.position).collect();
    assert!(positions.windows(2).all(|two| two[0] < two[1]));
    for row in desk.world.table.dump() {
        assert!(row.body.len() < 400 * 1024, "{} has {} bytes", row.key.sort, row.body.len());
    }
}

#[tokio::test]
async fn an_outage_that_lasts_is_waited_for_longer_each_time_said_and_forgotten_when_it_is_over() {
    let desk = ready(20).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    desk.line.spoil(move |request, answer| {
        if !request.url.contains("/api.xro/") {
            return Ok(answer);
        }
        // Six hours by any clock that counts calls: a fixed wait of a minute would make hundreds.
        if counted.fetch_add(1, Ordering::Relaxed) < 12 {
            return Err(TransportError::OutcomeUnknown("nothing came back".into()));
        }
        Ok(answer)
    });
    let began = desk.now();
    sync::request_run(&desk.access, &desk.whose, sync::Wish::of(Trigger::Schedule)).await.unwrap();
    let mut told = false;
    for _ in 0..24 * 60 {
        desk.tick(Duration::from_secs(60)).await;
        while let Some(taken) = desk.world.queue.take() {
            desk.carry_out(&envelopes::Envelope::parse(&taken.message.body).unwrap()).await.unwrap();
        }
        told |= problem(&desk, "xero_unavailable").await.is_some();
        if desk.parked() == 0 && desk.world.queue.is_empty() {
            break;
        }
    }
    let hours = desk.now().duration_since(began).as_hours();
    assert!(told && hours >= 3, "{hours} hours, told: {told}");
    assert_eq!(outcome(&desk).await, Outcome::Completed);
    assert_eq!(problem(&desk, "xero_unavailable").await, None);
}

#[tokio::test]
async fn a_setup_that_was_mended_is_no_problem_any_more() {
    let desk = ready(20).await;
    desk.world.vault.set_secret(connections::APPS_SECRET, "[]".to_owned());
    desk.world.clock.advance(Duration::from_secs(3600));
    sync::request_run(&desk.access, &desk.whose, sync::Wish::of(Trigger::Schedule)).await.unwrap();
    let taken = desk.world.queue.take().unwrap();
    desk.carry_out(&envelopes::Envelope::parse(&taken.message.body).unwrap()).await.unwrap();
    assert!(problem(&desk, "setup").await.is_some_and(|said| said.fix.contains("secret")));
    desk.world.vault.set_secret(connections::APPS_SECRET, desk.apps.clone());
    desk.work().await;
    assert_eq!((outcome(&desk).await, problem(&desk, "setup").await), (Outcome::Completed, None));
}

#[tokio::test]
async fn a_webhook_whose_payments_may_not_be_read_is_said_and_fails_no_message() {
    let desk = Desk::sized(60);
    let only = xero::scopes::NEEDED.iter().map(|scope| scope.name.to_owned());
    let only_scopes: Vec<String> = only.filter(|scope| scope != "accounting.payments").collect();
    let tenants = vec![desk.whose.tenant];
    desk.xero.set_consent(simulator::xero::Consent::Allow { user: desk.user, tenants, only_scopes });
    desk.xero.set_role(desk.user, desk.whose.tenant, Role::Adviser);
    desk.connect().await;
    let open = desk.mirror("invoices").await.into_iter().find(|view| view.record["Status"] == "AUTHORISED").unwrap();
    let bank = desk.mirror("accounts").await.into_iter();
    let bank = bank.map(|view| view.record).find(|a| a["Type"] == "BANK" && a.contains_key("Code")).unwrap();
    desk.world.clock.advance(Duration::from_secs(600));
    desk.xero.take_deliveries(desk.app);
    let code = bank["Code"].as_str().unwrap();
    desk.xero.pay_invoice(desk.whose.tenant, open.id.parse().unwrap(), code, rust_decimal::Decimal::ONE).unwrap();
    desk.deliver().await;
    while let Some(taken) = desk.world.queue.take() {
        desk.carry_out(&envelopes::Envelope::parse(&taken.message.body).unwrap()).await.unwrap();
    }
    let said = list_problems(&*desk.access.ports.table, &desk.whose, false).await.unwrap();
    assert!(said.iter().any(|problem| problem.subject == "payments" && problem.code == "not_readable"), "{said:?}");
    let paid = desk.mirror("invoices").await.into_iter().find(|view| view.id == open.id).unwrap();
    assert_ne!(paid.record["AmountPaid"], open.record["AmountPaid"], "the invoice itself is up to date");
}
