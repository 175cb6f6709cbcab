//! Documents from the form to what was read of them.

use local::caller::{Caller, plain_client};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use system::town::Town;

use super::{kind, text};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(file: &[u8]) -> String {
    hex(digest(&SHA256, file).as_ref())
}

/// A bill as Peppol sends it: 100.00 and 20 % tax.
fn invoice(number: &str) -> Vec<u8> {
    let amounts = "<cbc:LineExtensionAmount currencyID=\"GBP\">100.00</cbc:LineExtensionAmount>";
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-11-02</cbc:IssueDate><cbc:DueDate>2026-12-02</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>GBP</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>Harbour Supplies Ltd</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>Demo Company</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="GBP">20.00</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount currencyID="GBP">100.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="GBP">20.00</cbc:TaxAmount><cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal>{amounts}<cbc:TaxExclusiveAmount currencyID="GBP">100.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="GBP">120.00</cbc:TaxInclusiveAmount><cbc:PayableAmount currencyID="GBP">120.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>{amounts}<cac:Item><cbc:Name>Rope</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item><cac:Price><cbc:PriceAmount currencyID="GBP">100.00</cbc:PriceAmount></cac:Price></cac:InvoiceLine>
</Invoice>"#
    )
    .into_bytes()
}

/// The beginning of a PNG of some size, which is all that is measured of it.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend_from_slice(&width.to_be_bytes());
    file.extend_from_slice(&height.to_be_bytes());
    file.extend_from_slice(&[8, 2, 0, 0, 0, 0, 0, 0, 0]);
    file
}

fn announced(name: &str, content_type: &str, file: &[u8]) -> Value {
    json!({ "file_name": name, "content_type": content_type, "bytes": file.len(), "sha256": sha256(file) })
}

/// Posts a form as a browser does; answers the status.
pub(super) async fn post(upload: &Value, file: &[u8]) -> u16 {
    let mut body = Vec::new();
    for field in upload["fields"].as_array().unwrap() {
        let (name, value) = (text(&field["name"]), text(&field["value"]));
        let part = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n");
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = plain_client().unwrap().post(text(&upload["url"]));
    let answer = request.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await.unwrap();
    answer.status().as_u16()
}

/// Announces and uploads a file; answers the document's id.
pub(super) async fn uploaded(town: &Town, caller: &Caller, name: &str, content_type: &str, file: &[u8]) -> String {
    let body = json!({ "files": [announced(name, content_type, file)] });
    let answer = caller.expect("POST", &town.path("/documents"), Some(body)).await.unwrap();
    let document = &answer["documents"][0];
    assert_eq!(post(&document["upload"], file).await, 201, "{name}");
    text(&document["document_id"])
}

pub(super) async fn shown(town: &Town, caller: &Caller, id: &str) -> Value {
    caller.expect("GET", &town.path(&format!("/documents/{id}")), None).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn x4_a_file_goes_by_its_form_is_read_and_can_be_saved_again() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let file = invoice("H-77");
    let id = uploaded(&town, &caller, "bill <7>.xml", "application/xml", &file).await;
    town.settle().await;
    let found = shown(&town, &caller, &id).await;
    assert_eq!((&found["state"], &found["attention"]), (&json!("read"), &json!(null)), "{found}");
    assert_eq!((&found["file_name"], &found["sha256"]), (&json!("bill _7_.xml"), &json!(sha256(&file))));
    let fields = &found["reading"]["fields"];
    assert_eq!((&fields["number"]["value"], &fields["number"]["confidence"]), (&json!("H-77"), &json!(1000)));
    assert!(text(&fields["number"]["place"]).contains("cbc:ID"), "{fields}");
    assert_eq!((&found["reading"]["problems"], &found["reading"]["method"]), (&json!([]), &json!("ubl")));
    let saved = plain_client().unwrap().get(text(&found["link"])).send().await.unwrap();
    assert!(
        saved.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"bill _7_.xml\"")
    );
    assert_eq!(saved.bytes().await.unwrap(), file);

    let of_others = town.caller("others");
    let path = town.path(&format!("/documents/{id}"));
    assert_eq!(of_others.call("GET", &path, None).await.unwrap().0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_is_taken_in_once_and_later_ones_name_the_first() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let file = invoice("H-1");
    let body =
        json!({ "files": [announced("a.xml", "application/xml", &file), announced("b.xml", "text/xml", &file)] });
    let answer = caller.expect("POST", &town.path("/documents"), Some(body)).await.unwrap();
    let (one, two) = (&answer["documents"][0], &answer["documents"][1]);
    // Both at once, and one form twice.
    let posted = tokio::join!(post(&one["upload"], &file), post(&two["upload"], &file), post(&one["upload"], &file));
    assert_eq!(posted, (201, 201, 201));
    town.settle().await;
    let both = [
        shown(&town, &caller, &text(&one["document_id"])).await,
        shown(&town, &caller, &text(&two["document_id"])).await,
    ];
    let (first, second) = if both[0]["state"] == "read" { (&both[0], &both[1]) } else { (&both[1], &both[0]) };
    assert_eq!((&first["state"], &second["state"]), (&json!("read"), &json!("duplicate")), "{both:?}");
    assert_eq!(second["duplicate_of"], first["document_id"]);
    let listed = caller.expect("GET", &town.path("/documents?limit=1"), None).await.unwrap();
    assert_eq!((listed["documents"].as_array().unwrap().len(), listed["next_before"].is_null()), (1, false));
    let before = text(&listed["next_before"]);
    let rest = caller.expect("GET", &town.path(&format!("/documents?limit=1&before={before}")), None).await.unwrap();
    assert_eq!((rest["documents"].as_array().unwrap().len(), rest["next_before"].is_null()), (1, true));
    assert_ne!(rest["documents"][0]["document_id"], listed["documents"][0]["document_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_bill_is_refused_and_says_what_to_do() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let path = town.path("/documents");
    let mut too_long = announced("a.pdf", "application/pdf", b"%PDF-1.7");
    too_long["bytes"] = json!(10_000_001);
    let mut empty = too_long.clone();
    empty["bytes"] = json!(0);
    let mut unsummed = announced("a.pdf", "application/pdf", b"%PDF-1.7");
    unsummed["sha256"] = json!("xyz");
    let mut elsewhere = announced("a.pdf", "application/pdf", b"%PDF-1.7");
    elsewhere["source"] = json!("javascript:alert(1)");
    let program = announced("a.exe", "application/x-msdownload", b"MZ");
    for (file, words) in [
        (too_long, "at most 10000000"),
        (empty, "is empty"),
        (unsummed, "64 hexadecimal"),
        (elsewhere, "https:// link"),
        (program, "neither a PDF"),
    ] {
        let (status, problem) = caller.call("POST", &path, Some(json!({ "files": [file] }))).await.unwrap();
        assert_eq!((status, kind(&problem)), (400, "bad-files"), "{problem}");
        assert!(text(&problem["detail"]).contains(words), "{problem}");
    }
    for body in [json!({ "files": [] }), json!({}), json!({ "files": vec![announced("a", "image/png", b"x"); 51] })] {
        assert_eq!(caller.call("POST", &path, Some(body)).await.unwrap().0, 400);
    }
    assert_eq!(caller.call("GET", &town.path("/documents?before=x"), None).await.unwrap().0, 400);

    let damaged = &png(10, 10)[..12];
    for (content_type, file, code) in [
        ("application/pdf", b"MZ\x90\0 a program".to_vec(), "unknown_type"),
        ("application/pdf", png(10, 10), "other_type"),
        ("image/png", b"%PDF-1.7\n".to_vec(), "other_type"),
        ("image/png", png(10_000, 10_000), "too_many_pixels"),
        ("image/png", damaged.to_vec(), "damaged"),
        ("application/xml", b"<!DOCTYPE html><html></html>".to_vec(), "unknown_type"),
    ] {
        let id = uploaded(&town, &caller, "a.pdf", content_type, &file).await;
        town.settle().await;
        let found = shown(&town, &caller, &id).await;
        assert_eq!((&found["state"], &found["attention"]["code"]), (&json!("refused"), &json!(code)), "{found}");
        assert!(found["link"].is_null() && text(&found["attention"]["words"]).ends_with('.'), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_reader_reads_waits_for_a_person_and_can_be_saved() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let bomb = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;</a>".to_vec();
    for (content_type, file, code) in [
        ("image/png", png(800, 600), "image_only"),
        ("application/xml", bomb, "dtd_refused"),
        ("text/xml", b"<note><to>nobody</to></note>".to_vec(), "not_an_invoice"),
    ] {
        let id = uploaded(&town, &caller, "a", content_type, &file).await;
        town.settle().await;
        let found = shown(&town, &caller, &id).await;
        assert_eq!((&found["state"], &found["attention"]["code"]), (&json!("needs_person"), &json!(code)), "{found}");
        assert!(found["reading"].is_null() && !found["link"].is_null(), "{found}");
    }
}

/// A PDF of so many empty pages.
fn pdf(pages: usize, trailer: &str) -> Vec<u8> {
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", page + 3)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {pages} /Kids [{kids}] >>"),
    ];
    objects.resize(pages + 2, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>".to_owned());
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (at, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file += &format!("xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n");
    file += &format!("startxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn pdfs_are_read_by_their_invoice_or_their_text_and_others_say_why_not() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let corpus = local::build::checkout().join("shared/readings/tests/corpus/seen");
    for (name, method) in [("EXTENDED_Projektabschlussrechnung.pdf", "factur_x"), ("reportlab-en.pdf", "pdf_text")] {
        let file = std::fs::read(corpus.join(name)).unwrap();
        let id = uploaded(&town, &caller, name, "application/pdf", &file).await;
        town.settle().await;
        let found = shown(&town, &caller, &id).await;
        assert_eq!((&found["state"], &found["reading"]["method"]), (&json!("read"), &json!(method)), "{found}");
        assert!(found["pages"].as_u64().unwrap() >= 1 && !found["reading"]["fields"]["number"].is_null(), "{found}");
    }
    let whole = std::fs::read(corpus.join("reportlab-en.pdf")).unwrap();
    let locked = "/Encrypt << /Filter /Standard /V 1 /R 2 /O (00000000000000000000000000000000) \
                  /U (00000000000000000000000000000000) /P -4 >> /ID [(0) (0)]";
    for (file, state, code) in [
        (pdf(10_000, ""), "refused", "too_many_pages"),
        (pdf(1, locked), "refused", "encrypted"),
        (pdf(1, ""), "needs_person", "image_only"),
        (whole[..200].to_vec(), "needs_person", "damaged"),
    ] {
        let id = uploaded(&town, &caller, "a.pdf", "application/pdf", &file).await;
        town.settle().await;
        let found = shown(&town, &caller, &id).await;
        assert_eq!((&found["state"], &found["attention"]["code"]), (&json!(state), &json!(code)), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_goes_through_the_api_and_a_form_takes_no_other_file() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let file = invoice("H-9");
    let path = town.path("/documents/file?file_name=bill.xml");
    let headers = [("content-type", "application/xml"), ("idempotency-key", "once")];
    let (status, stored) = caller.send("POST", &path, &headers, file.clone()).await.unwrap();
    assert_eq!(status, 202, "{stored}");
    let (_, again) = caller.send("POST", &path, &headers, file).await.unwrap();
    assert_eq!(stored, again);
    town.settle().await;
    assert_eq!(shown(&town, &caller, &text(&stored["document_id"])).await["state"], "read");
    for (content_type, body, expected) in [
        ("application/pdf", vec![b'x'; (4 << 20) + 1], (413, "body-too-large")),
        ("application/pdf", Vec::new(), (400, "bad-files")),
        ("text/html", b"<html>".to_vec(), (400, "bad-files")),
    ] {
        let (status, problem) = caller.send("POST", &path, &[("content-type", content_type)], body).await.unwrap();
        assert_eq!((status, kind(&problem)), expected, "{problem}");
    }
    let body = json!({ "files": [announced("a.xml", "application/xml", b"<a/>")] });
    let answer = caller.expect("POST", &town.path("/documents"), Some(body)).await.unwrap();
    let upload = &answer["documents"][0]["upload"];
    assert_eq!(post(upload, b"<b/>").await, 400, "another file");
    assert_eq!(post(upload, b"<a/><!-- longer -->").await, 400, "another length");
    let mut elsewhere = upload.clone();
    elsewhere["fields"][0]["value"] = json!("uploads/others/key");
    assert_eq!(post(&elsewhere, b"<a/>").await, 403, "another key");
}
