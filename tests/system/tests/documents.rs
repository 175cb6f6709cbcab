//! Documents from the announcement to the reading, whatever is cut off, doubled or reordered. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use documents::intake::{Arrived, Scan, judge, take_in};
use documents::kinds::Unfit;
use documents::row::{Document, DocumentState, Verdict, file_key, load_document};
use documents::upload::{Announcement, announce};
use envelopes::Envelope;
use kernel::{Applied, DocumentId};
use simulator::world::Cut;
use system::desk::Desk;

const FILE: &[u8] = b"<?xml version=\"1.0\"?><note>no invoice</note>";

async fn ready() -> Desk {
    let desk = Desk::sized(5);
    desk.connect().await;
    desk
}

/// Announces a file and uploads it; answers what the storage tells of it.
async fn arrived(desk: &Desk, file: &'static [u8]) -> (DocumentId, Arrived) {
    let announced = Announcement::of("a.xml".into(), "application/xml".into(), None, file);
    let done = announce(desk.doors(), &desk.whose, "sam", &[announced]).await.unwrap();
    let id = done[0].0.id;
    (id, upload(desk, id, file))
}

fn upload(desk: &Desk, id: DocumentId, file: &'static [u8]) -> Arrived {
    let key = file_key(&desk.whose, id);
    let version = Some(desk.world.blobs.upload(&key, file));
    Arrived { key, version, bytes: file.len() as u64 }
}

async fn shown(desk: &Desk, id: DocumentId) -> Document {
    load_document(&*desk.access.ports.table, &desk.whose, id).await.unwrap().unwrap().value
}

fn needs_person(document: &Document) -> &str {
    match &document.state {
        DocumentState::NeedsPerson { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_crash_before_or_after_any_port_call_of_intake_and_reading_loses_and_doubles_nothing() {
    let whole = ready().await;
    let (id, told) = arrived(&whole, FILE).await;
    whole.world.faults.heal();
    take_in(whole.doors(), Scan::NotAwaited, &told).await.unwrap();
    whole.work().await;
    assert_eq!(needs_person(&shown(&whole, id).await), "not_an_invoice");
    let calls = whole.world.faults.calls();
    assert!(calls > 8, "{calls} calls");
    for cut in (1..=calls).flat_map(|at| [Cut::Before(at), Cut::After(at)]) {
        let desk = ready().await;
        let (id, told) = arrived(&desk, FILE).await;
        desk.world.faults.cut(cut);
        // The queue brings the storage's message back as long as it fails.
        let taken = take_in(desk.doors(), Scan::NotAwaited, &told).await;
        if taken.is_ok() {
            while let Some(taken) = desk.world.queue.take() {
                if desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.is_err() {
                    desk.world.queue.give_back(taken);
                    break;
                }
            }
        }
        desk.world.faults.heal();
        desk.world.clock.advance(Duration::from_secs(400));
        if taken.is_err() {
            take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
        }
        desk.work().await;
        assert_eq!(needs_person(&shown(&desk, id).await), "not_an_invoice", "{cut:?}");
        assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{cut:?}: work left");
        // Once more, as a standard queue may.
        assert_eq!(take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap(), Applied::Before, "{cut:?}");
        assert!(desk.world.queue.is_empty(), "{cut:?}");
    }
}

#[tokio::test]
async fn the_first_file_under_a_key_is_the_document_and_a_second_changes_nothing() {
    let desk = ready().await;
    let (id, first) = arrived(&desk, FILE).await;
    let second = upload(&desk, id, FILE);
    assert_eq!(take_in(desk.doors(), Scan::NotAwaited, &first).await.unwrap(), Applied::Now);
    assert_eq!(take_in(desk.doors(), Scan::NotAwaited, &second).await.unwrap(), Applied::Before);
    desk.work().await;
    assert_eq!(shown(&desk, id).await.version, first.version);
}

#[tokio::test]
async fn one_file_announced_twice_is_taken_in_once_even_at_the_same_moment() {
    let desk = ready().await;
    let ((one, first), (two, second)) = (arrived(&desk, FILE).await, arrived(&desk, FILE).await);
    let (a, b) =
        tokio::join!(take_in(desk.doors(), Scan::NotAwaited, &first), take_in(desk.doors(), Scan::NotAwaited, &second));
    assert_eq!((a.unwrap(), b.unwrap()), (Applied::Now, Applied::Now));
    desk.work().await;
    let documents = [shown(&desk, one).await, shown(&desk, two).await];
    let duplicates = documents.iter().filter(|each| matches!(each.state, DocumentState::Duplicate { .. })).count();
    assert_eq!(duplicates, 1, "{documents:?}");
}

#[tokio::test]
async fn a_reader_that_dies_twice_leaves_the_document_to_a_person_and_others_alone() {
    let desk = ready().await;
    let (id, told) = arrived(&desk, FILE).await;
    take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
    let taken = desk.world.queue.take().unwrap();
    let envelope = Envelope::parse(&taken.message.body).unwrap();
    for _ in 0..2 {
        // Three calls are made before a reader sees a byte: the document read, its attempt stored, the file read.
        desk.world.faults.cut(Cut::After(3));
        assert!(desk.carry_out(&envelope).await.is_err());
        desk.world.faults.heal();
    }
    assert!(matches!(shown(&desk, id).await.state, DocumentState::Reading { attempt: 2, .. }));
    desk.carry_out(&envelope).await.unwrap();
    assert_eq!(needs_person(&shown(&desk, id).await), "reader_failed");
    desk.carry_out(&envelope).await.unwrap();
    assert_eq!(needs_person(&shown(&desk, id).await), "reader_failed");
}

#[tokio::test]
async fn what_the_storage_tells_of_no_document_or_of_other_bytes_harms_nothing() {
    let desk = ready().await;
    for key in ["other/file.pdf", "uploads/acme/x/y", "uploads/acme", "uploads//a/b", ""] {
        let told = Arrived { key: key.into(), version: None, bytes: 1 };
        assert_eq!(take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap(), Applied::Before, "{key}");
    }
    let unknown = file_key(&desk.whose, DocumentId::from_random([9; 16]));
    let told = Arrived { key: unknown, version: None, bytes: 1 };
    assert_eq!(take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap(), Applied::Before);
    let announced = Announcement::of("a.xml".into(), "application/xml".into(), None, FILE);
    let done = announce(desk.doors(), &desk.whose, "sam", &[announced]).await.unwrap();
    let told = upload(&desk, done[0].0.id, b"<other/>");
    take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
    let state = shown(&desk, done[0].0.id).await.state;
    assert_eq!(state, DocumentState::Refused { reason: Unfit::OtherFile });
    assert!(desk.world.queue.is_empty());
}

async fn said(desk: &Desk, told: &Arrived, verdict: Verdict) -> Applied {
    judge(desk.doors(), &told.key, told.version.as_deref(), verdict).await.unwrap()
}

#[tokio::test]
async fn where_a_scan_is_required_nothing_is_done_before_its_word_whenever_that_comes() {
    for (verdict, first) in [Verdict::Clean, Verdict::Malware, Verdict::NotScanned]
        .into_iter()
        .flat_map(|verdict| [(verdict, false), (verdict, true)])
    {
        let desk = ready().await;
        let (id, told) = arrived(&desk, FILE).await;
        if first {
            assert_eq!(said(&desk, &told, verdict).await, Applied::Now);
        }
        take_in(desk.doors(), Scan::Required, &told).await.unwrap();
        desk.work().await;
        if !first {
            assert_eq!(shown(&desk, id).await.state, DocumentState::Quarantined, "{verdict:?}");
            assert!(desk.world.queue.is_empty());
            let other = Arrived { version: Some("other".into()), ..told.clone() };
            assert_eq!(said(&desk, &other, Verdict::Clean).await, Applied::Before, "of another version");
            assert_eq!(said(&desk, &told, verdict).await, Applied::Now);
            desk.work().await;
        }
        let state = shown(&desk, id).await.state;
        match verdict {
            Verdict::Clean => assert!(matches!(state, DocumentState::NeedsPerson { .. }), "read: {state:?}"),
            Verdict::Malware => assert_eq!(state, DocumentState::Refused { reason: Unfit::Malware }),
            Verdict::NotScanned => assert_eq!(state, DocumentState::Refused { reason: Unfit::NotScanned }),
        }
        assert_eq!(said(&desk, &told, Verdict::Clean).await, Applied::Before, "twice is once");
    }
}

#[tokio::test]
async fn malware_that_is_found_later_is_refused_even_where_no_scan_is_awaited() {
    let desk = ready().await;
    let (id, told) = arrived(&desk, FILE).await;
    take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
    desk.work().await;
    assert_eq!(said(&desk, &told, Verdict::NotScanned).await, Applied::Before);
    assert_eq!(said(&desk, &told, Verdict::Malware).await, Applied::Now);
    assert_eq!(shown(&desk, id).await.state, DocumentState::Refused { reason: Unfit::Malware });
}
