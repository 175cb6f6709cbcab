//! Photos and scans from the form to what Textract saw on them.

use std::time::Duration;

use local::caller::Caller;
use local::embedded::TextractTrouble;
use ports::Clock;
use serde_json::{Value, json};
use system::pictures::{BILL, Picture, bill, gif_head, png_head, tiff_head};
use system::town::Town;

use super::documents::{shown, uploaded};
use super::text;

async fn town() -> (Town, Caller) {
    let mut town = Town::start_deployed(5, "ScanReader", "textract").await;
    let caller = town.connect().await;
    (town, caller)
}

/// Uploads a file and waits for its end.
async fn read(town: &Town, caller: &Caller, content_type: &str, file: &[u8]) -> Value {
    let id = uploaded(town, caller, "photo", content_type, file).await;
    town.settle().await;
    shown(town, caller, &id).await
}

/// Waits until Textract was asked so often.
async fn asked(town: &Town, calls: usize) {
    for _ in 0..400 {
        if town.stack.embedded.textract.calls() >= calls {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Textract was not asked {calls} times; the functions said: {:?}", town.log.lock().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn x4_a_photo_and_a_scanned_page_are_read_field_by_field() {
    let (town, caller) = town().await;
    for (content_type, file) in [("image/png", Picture::of(&BILL).png()), ("application/pdf", bill("H-78").pdf(1))] {
        let found = read(&town, &caller, content_type, &file).await;
        assert_eq!((&found["state"], &found["attention"]), (&json!("read"), &json!(null)), "{found}");
        let reading = &found["reading"];
        assert_eq!((&reading["method"], &reading["kind"]), (&json!("scan"), &json!("invoice")));
        assert_eq!(reading["problems"], json!([]), "{reading}");
        let fields = &reading["fields"];
        assert!(text(&fields["number"]["value"]).starts_with("H-7"), "{fields}");
        assert_eq!(fields["supplier"]["name"]["value"], "HARBOUR SUPPLIES LTD");
        assert_eq!(fields["issue_date"]["value"], "2026-11-14");
        assert_eq!((&fields["due_date"]["value"], &fields["currency"]["value"]), (&json!("2026-12-14"), &json!("GBP")));
        assert_eq!(fields["gross_total"]["value"], json!({ "number": "120.00", "currency": "GBP" }));
        assert_eq!(fields["gross_total"]["confidence"], 994);
        assert_eq!(fields["gross_total"]["place"], "page 1, bottom right, beside “Total”");
        let line = &reading["lines"][0];
        assert_eq!((&line["description"]["value"], &line["quantity"]["value"]), (&json!("Rope"), &json!("2")));
        assert_eq!(line["net"]["value"]["number"], "80.00");
        assert_eq!(reading["taxes"][0]["percent"]["value"], "20");
    }
    assert_eq!(town.stack.embedded.textract.calls(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_add_up_on_a_photo_is_told() {
    let (town, caller) = town().await;
    let mut lines = BILL;
    lines[11] = "Total                            £130.00";
    lines[4] = "Due                   next week";
    let found = read(&town, &caller, "image/png", &Picture::of(&lines).png()).await;
    let problems = found["reading"]["problems"].as_array().unwrap();
    let codes: Vec<&str> = problems.iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["value_unreadable", "net_plus_tax_not_gross"], "{problems:?}");
    assert_eq!((&problems[1]["stated"], &problems[1]["computed"]), (&json!("130.00"), &json!("120")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_textract_cannot_take_or_sees_nothing_on_waits_for_a_person() {
    let (town, caller) = town().await;
    for (content_type, file, code, calls) in [
        ("image/gif", gif_head(800, 600), "kind_not_for_reader", 0),
        ("image/png", png_head(10_001, 10), "too_large_for_reader", 0),
        ("image/tiff", tiff_head(21, 800, 600), "too_many_pages_for_reader", 0),
        ("application/pdf", bill("H-1").pdf(21), "too_many_pages_for_reader", 0),
        ("image/png", Picture::blank(300, 200).png(), "nothing_found", 1),
        ("image/png", Picture::of(&["A cat on a chair"]).png(), "nothing_found", 2),
        ("image/png", png_head(800, 600), "refused_by_reader", 3),
    ] {
        let found = read(&town, &caller, content_type, &file).await;
        assert_eq!((&found["state"], &found["attention"]["code"]), (&json!("needs_person"), &json!(code)), "{found}");
        assert!(found["reading"].is_null() && !found["link"].is_null(), "{found}");
        assert_eq!(town.stack.embedded.textract.calls(), calls, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_of_several_pages_is_begun_as_a_job_and_waits_for_its_end() {
    let (town, caller) = town().await;
    let found = read(&town, &caller, "application/pdf", &bill("H-5").pdf(2)).await;
    assert_eq!((&found["state"], &found["pages"]), (&json!("reading"), &json!(2)), "{found}");
    assert_eq!((town.stack.embedded.textract.jobs(), town.stack.embedded.textract.calls()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reader_a_photo_says_so_and_textract_is_not_asked() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let found = read(&town, &caller, "image/png", &Picture::of(&BILL).png()).await;
    let words = "It is a picture, and no reader for pictures is set up. Open it and type it in.";
    assert_eq!(found["attention"], json!({ "code": "image_only", "words": words }), "{found}");
    assert_eq!(town.stack.embedded.textract.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_fails_twice_costs_one_document_while_others_are_read_and_a_throttled_one_waits() {
    let (town, caller) = town().await;
    let textract = &town.stack.embedded.textract;
    textract.trouble([TextractTrouble::Fails]);
    let bad = uploaded(&town, &caller, "bad", "image/png", &bill("H-1").png()).await;
    asked(&town, 1).await;
    // Its message is hidden for six minutes; others are read meanwhile.
    let good = uploaded(&town, &caller, "good", "image/png", &bill("H-2").png()).await;
    let path = town.path(&format!("/documents/{good}"));
    town.until("the other photo read", &caller, &path, |found| found["state"] == "read").await;
    textract.trouble([TextractTrouble::Fails]);
    town.stack.embedded.queues.lock().release_all(aws::SystemClock.now());
    town.stack.embedded.queues.wake();
    let path = town.path(&format!("/documents/{bad}"));
    let found = town.until("the end", &caller, &path, |found| found["state"] == "needs_person").await;
    assert_eq!((&found["attention"]["code"], textract.calls()), (&json!("reader_failed"), 3), "{found}");

    textract.trouble([TextractTrouble::OverProvisioned]);
    let waiting = uploaded(&town, &caller, "waiting", "image/png", &bill("H-3").png()).await;
    asked(&town, 4).await;
    town.settle().await;
    assert_eq!(shown(&town, &caller, &waiting).await["state"], "reading");
    town.stack.fire("daily-sync").await.unwrap();
    town.settle().await;
    assert_eq!(textract.calls(), 4, "not before its time");
}
