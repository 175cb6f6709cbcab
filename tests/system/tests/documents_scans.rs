//! Pictures and scans, with a reader of pictures set up or not, whatever it does. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use documents::intake::{Arrived, Scan, judge, take_in};
use documents::kinds::Unfit;
use documents::row::{Document, DocumentState, Verdict, file_key, load_document};
use documents::upload::{Announcement, announce};
use envelopes::{Envelope, Work};
use kernel::DocumentId;
use ports::{Expense, ScanField, ScanRefusal, ScanText, Scanned};
use readings::Reading;
use readings::reading::Method;
use simulator::world::{Cut, ScanTrouble};
use state::{keys, load};
use system::desk::Desk;
use system::pictures::{Picture, gif_head, png_head, tiff_head};

const WIDE: u32 = 800;

async fn ready() -> Desk {
    let mut desk = Desk::sized(5);
    desk.connect().await;
    desk.reads_scans = true;
    desk
}

/// What a reader finds on a bill of 120.00.
fn found() -> Scanned {
    let printed = |text: &str| ScanText { text: text.into(), confidence: 970, page: 1, area: None };
    let field = |kind: &str, label: &str, value: &str| ScanField {
        kind: kind.into(),
        kind_confidence: 950,
        label: Some(printed(label)),
        value: Some(printed(value)),
        ..ScanField::default()
    };
    let summary = vec![
        field("VENDOR_NAME", "", "Harbour Supplies Ltd"),
        field("INVOICE_RECEIPT_ID", "Invoice no", "H-77"),
        field("INVOICE_RECEIPT_DATE", "Date", "2026-11-14"),
        field("TOTAL", "Total", "£120.00"),
    ];
    Scanned { pages: 1, expenses: vec![Expense { summary, rows: Vec::new(), text: vec![printed("INVOICE")] }] }
}

async fn arrived(desk: &Desk, content_type: &str, file: &[u8]) -> (DocumentId, Arrived) {
    let announced = Announcement::of("photo".into(), content_type.into(), None, file);
    let done = announce(desk.doors(), &desk.whose, "sam", &[announced]).await.unwrap();
    let id = done[0].0.id;
    let key = file_key(&desk.whose, id);
    let version = Some(desk.world.blobs.upload(&key, file.to_vec()));
    (id, Arrived { key, version, bytes: file.len() as u64 })
}

/// Uploads a file and works until nothing is left.
async fn sent(desk: &Desk, content_type: &str, file: &[u8]) -> DocumentId {
    let (id, told) = arrived(desk, content_type, file).await;
    take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
    desk.work().await;
    id
}

async fn shown(desk: &Desk, id: DocumentId) -> Document {
    load_document(&*desk.access.ports.table, &desk.whose, id).await.unwrap().unwrap().value
}

async fn reading(desk: &Desk, id: DocumentId) -> Reading {
    let key = keys::document_reading(&desk.whose, id);
    load::<Reading>(&*desk.access.ports.table, &key).await.unwrap().unwrap().value
}

async fn code(desk: &Desk, id: DocumentId) -> (String, String) {
    match shown(desk, id).await.state {
        DocumentState::NeedsPerson { code, words } => (code, words),
        other => panic!("{other:?}"),
    }
}

fn envelope(desk: &Desk, document: DocumentId) -> Envelope {
    Envelope::new(Work::ReadDocument { organisation: desk.whose.clone(), document })
}

#[tokio::test]
async fn a_photo_is_read_once_however_often_its_message_comes() {
    let desk = ready().await;
    let photo = png_head(WIDE, 600);
    desk.world.scans.show(photo.clone(), found());
    let id = sent(&desk, "image/png", &photo).await;
    assert_eq!(shown(&desk, id).await.state, DocumentState::Read { lines_left_out: 0 });
    let read = reading(&desk, id).await;
    assert_eq!((read.method, read.fields.number.as_ref().unwrap().value.as_str()), (Method::Scan, "H-77"));
    assert_eq!(read.fields.gross_total.as_ref().unwrap().confidence, 950);
    for _ in 0..3 {
        desk.carry_out(&envelope(&desk, id)).await.unwrap();
    }
    assert_eq!(desk.world.scans.calls(), 1);
}

#[tokio::test]
async fn a_pdf_is_scanned_only_where_nothing_else_reads_it() {
    let desk = ready().await;
    let scan = Picture::blank(100, 100).pdf(1);
    desk.world.scans.show(scan.clone(), found());
    let id = sent(&desk, "application/pdf", &scan).await;
    assert_eq!(reading(&desk, id).await.method, Method::Scan);
    let corpus = local::build::checkout().join("shared/readings/tests/corpus/seen");
    let text = std::fs::read(corpus.join("reportlab-en.pdf")).unwrap();
    let id = sent(&desk, "application/pdf", &text).await;
    assert_eq!((reading(&desk, id).await.method, desk.world.scans.calls()), (Method::PdfText, 1));
}

#[tokio::test]
async fn what_the_reader_cannot_take_waits_for_a_person_and_costs_no_call() {
    let desk = ready().await;
    for (content_type, file, expected) in [
        ("image/gif", gif_head(800, 600), "kind_not_for_reader"),
        ("image/png", png_head(10_001, 600), "too_large_for_reader"),
        ("image/tiff", tiff_head(21, 800, 600), "too_many_pages_for_reader"),
        ("application/pdf", Picture::blank(100, 100).pdf(21), "too_many_pages_for_reader"),
    ] {
        let id = sent(&desk, content_type, &file).await;
        let (code, words) = code(&desk, id).await;
        assert_eq!(code, expected, "{content_type}");
        assert!(words.contains("type it in"), "{words}");
    }
    assert_eq!(desk.world.scans.calls(), 0);
    let id = sent(&desk, "image/tiff", &tiff_head(1, 800, 600)).await;
    assert_eq!((code(&desk, id).await.0.as_str(), desk.world.scans.calls()), ("nothing_found", 1));
}

#[tokio::test]
async fn where_no_reader_is_set_up_the_document_says_so_in_the_words_it_always_had() {
    let mut desk = ready().await;
    desk.reads_scans = false;
    for (content_type, file, expected) in [
        (
            "image/png",
            png_head(WIDE, 600),
            "It is a picture, and no reader for pictures is set up. Open it and type it in.",
        ),
        ("image/gif", gif_head(8, 6), "It is a picture, and no reader for pictures is set up. Open it and type it in."),
        (
            "application/pdf",
            Picture::blank(100, 100).pdf(2),
            "This PDF has no text layer, so no reader can read it: it is an image.",
        ),
    ] {
        let id = sent(&desk, content_type, &file).await;
        assert_eq!(code(&desk, id).await, ("image_only".to_owned(), expected.to_owned()));
    }
    assert_eq!(desk.world.scans.calls(), 0);
}

#[tokio::test]
async fn a_throttled_reader_is_asked_later_without_using_up_an_attempt() {
    let desk = ready().await;
    let photo = png_head(WIDE, 600);
    desk.world.scans.show(photo.clone(), found());
    desk.world.scans.trouble([ScanTrouble::Throttled; 5]);
    let (id, told) = arrived(&desk, "image/png", &photo).await;
    take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
    let taken = desk.world.queue.take().unwrap();
    desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.unwrap();
    assert_eq!(shown(&desk, id).await.state, DocumentState::Reading { attempt: 0, waits: 1, job: None });
    assert_eq!((desk.parked(), desk.world.queue.is_empty()), (1, true));
    desk.work().await;
    assert_eq!(shown(&desk, id).await.state, DocumentState::Read { lines_left_out: 0 });
    assert_eq!(desk.world.scans.calls(), 6);
}

#[tokio::test]
async fn a_reader_that_is_throttled_without_end_leaves_the_document_to_a_person() {
    let desk = ready().await;
    desk.world.scans.trouble([ScanTrouble::Throttled; 100]);
    let started = desk.now();
    let id = sent(&desk, "image/png", &png_head(WIDE, 600)).await;
    assert_eq!(code(&desk, id).await.0, "reader_busy");
    assert_eq!((desk.world.scans.calls(), desk.parked()), (15, 0));
    let hours = desk.now().duration_since(started).as_hours();
    assert!((9..11).contains(&hours), "{hours} hours");
}

#[tokio::test]
async fn a_reader_that_fails_twice_costs_one_document_and_no_third_call() {
    let desk = ready().await;
    let (bad, good) = (png_head(WIDE, 600), png_head(WIDE, 601));
    desk.world.scans.show(good.clone(), found());
    desk.world.scans.trouble([ScanTrouble::Unanswered; 2]);
    let id = sent(&desk, "image/png", &bad).await;
    assert_eq!(code(&desk, id).await.0, "reader_failed");
    let other = sent(&desk, "image/png", &good).await;
    assert_eq!(shown(&desk, other).await.state, DocumentState::Read { lines_left_out: 0 });
    assert_eq!(desk.world.scans.calls(), 3);
    // Once, then well.
    desk.world.scans.trouble([ScanTrouble::Unanswered]);
    desk.world.scans.show(png_head(WIDE, 602), found());
    let late = sent(&desk, "image/png", &png_head(WIDE, 602)).await;
    assert_eq!(shown(&desk, late).await.state, DocumentState::Read { lines_left_out: 0 });
    assert_eq!(desk.world.scans.calls(), 5);
}

#[tokio::test]
async fn waits_between_failures_give_no_attempt_back_that_was_used() {
    let desk = ready().await;
    use ScanTrouble::{Throttled, Unanswered};
    desk.world.scans.trouble([Unanswered, Throttled, Throttled, Unanswered, Unanswered]);
    let id = sent(&desk, "image/png", &png_head(WIDE, 600)).await;
    assert_eq!((code(&desk, id).await.0.as_str(), desk.world.scans.calls()), ("reader_failed", 4));
}

#[tokio::test]
async fn a_refusal_is_told_and_a_forbidden_reader_is_as_good_as_none() {
    let desk = ready().await;
    for (at, (trouble, expected)) in (0_u32..).zip([
        (ScanTrouble::Refused(ScanRefusal::Bad), "refused_by_reader"),
        (ScanTrouble::Refused(ScanRefusal::Unsupported), "refused_by_reader"),
        (ScanTrouble::Refused(ScanRefusal::TooLarge), "too_large_for_reader"),
        (ScanTrouble::NotAllowed, "image_only"),
    ]) {
        desk.world.scans.trouble([trouble]);
        let id = sent(&desk, "image/png", &png_head(WIDE, 600 + at)).await;
        assert_eq!(code(&desk, id).await.0, expected, "{trouble:?}");
    }
    assert_eq!(desk.world.scans.calls(), 4);
}

#[tokio::test]
async fn malware_that_is_found_while_a_document_waits_is_not_read_any_more() {
    let desk = ready().await;
    desk.world.scans.trouble([ScanTrouble::Throttled]);
    let (id, told) = arrived(&desk, "image/png", &png_head(WIDE, 600)).await;
    take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
    let taken = desk.world.queue.take().unwrap();
    desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.unwrap();
    judge(desk.doors(), &told.key, told.version.as_deref(), Verdict::Malware).await.unwrap();
    desk.work().await;
    assert_eq!(shown(&desk, id).await.state, DocumentState::Refused { reason: Unfit::Malware });
    assert_eq!((desk.world.scans.calls(), desk.parked()), (1, 0));
}

#[tokio::test]
async fn a_scan_of_several_pages_is_a_job_that_is_begun_once_and_looked_at_until_it_ends() {
    let desk = ready().await;
    let scan = Picture::blank(100, 100).pdf(3);
    desk.world.scans.show(scan.clone(), found());
    use ScanTrouble::{Throttled, Unanswered};
    desk.world.scans.trouble([Throttled, Unanswered]);
    let id = sent(&desk, "application/pdf", &scan).await;
    assert_eq!(shown(&desk, id).await.state, DocumentState::Read { lines_left_out: 0 });
    assert_eq!(reading(&desk, id).await.method, Method::Scan);
    // One throttled, one lost, one that begins it, two while it is at work, one that brings it.
    assert_eq!((desk.world.scans.calls(), desk.world.scans.jobs(), desk.parked()), (6, 1, 0));
    desk.carry_out(&envelope(&desk, id)).await.unwrap();
    assert_eq!(desk.world.scans.calls(), 6);
}

#[tokio::test]
async fn a_crash_around_a_job_begins_no_second_one() {
    for cut in (1..=24).flat_map(|at| [Cut::Before(at), Cut::After(at)]) {
        let desk = ready().await;
        let scan = Picture::blank(100, 100).pdf(2);
        desk.world.scans.show(scan.clone(), found());
        let (id, told) = arrived(&desk, "application/pdf", &scan).await;
        take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
        desk.world.faults.cut(cut);
        for _ in 0..4 {
            while let Some(taken) = desk.world.queue.take() {
                if desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.is_err() {
                    desk.world.faults.heal();
                    desk.world.queue.give_back(taken);
                    desk.world.clock.advance(Duration::from_secs(400));
                }
            }
            desk.world.clock.advance(Duration::from_secs(3_600));
            if daily_sync::look(&desk.access).await.is_err() {
                desk.world.faults.heal();
            }
        }
        desk.world.faults.heal();
        desk.work().await;
        assert_eq!(shown(&desk, id).await.state, DocumentState::Read { lines_left_out: 0 }, "{cut:?}");
        assert_eq!(desk.world.scans.jobs(), 1, "{cut:?}");
        assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{cut:?}: work left");
    }
}

#[tokio::test]
async fn a_crash_before_or_after_any_port_call_ends_in_one_reading_and_at_most_two_calls() {
    for throttled in [0, 1] {
        for cut in (1..=8).flat_map(|at| [Cut::Before(at), Cut::After(at)]) {
            let desk = ready().await;
            let photo = png_head(WIDE, 600);
            desk.world.scans.show(photo.clone(), found());
            desk.world.scans.trouble(vec![ScanTrouble::Throttled; throttled]);
            let (id, told) = arrived(&desk, "image/png", &photo).await;
            take_in(desk.doors(), Scan::NotAwaited, &told).await.unwrap();
            desk.world.faults.cut(cut);
            let taken = desk.world.queue.take().unwrap();
            let failed = desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.is_err();
            desk.world.faults.heal();
            if failed {
                desk.world.queue.give_back(taken);
                desk.world.clock.advance(Duration::from_secs(400));
            }
            desk.work().await;
            let state = shown(&desk, id).await.state;
            assert_eq!(state, DocumentState::Read { lines_left_out: 0 }, "{cut:?} {throttled}");
            assert!(desk.world.scans.calls() <= 2 + throttled, "{cut:?}: {}", desk.world.scans.calls());
            assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{cut:?}: work left");
        }
    }
}
