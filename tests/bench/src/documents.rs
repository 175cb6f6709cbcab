//! What documents cost: table requests and calls of announcing one, calls of publishing one, and the peak memory of taking
//! the largest in and of publishing it.

use std::sync::atomic::Ordering;

use anyhow::{Context, ensure};
use local::caller::{Caller, plain_client};
use serde_json::{Value, json};
use system::town::Town;

use crate::Figure;
use crate::worker::peak_of;

/// The organisation is read, the document is written.
const REQUESTS_MAX: u64 = 2;
const PEAK_KIB_MAX: u64 = 48 * 1024;
/// The bill and its file.
const PUBLISH_CALLS_MAX: u64 = 2;
/// Publishing holds the file and the request that carries it.
const PUBLISH_PEAK_KIB_MAX: u64 = 64 * 1024;
/// The largest file that is taken in.
const FILE_BYTES: usize = 10_000_000;

/// Measures announcing, intake and publishing.
pub async fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let file = image();
    let sha256 = ring::digest::digest(&ring::digest::SHA256, &file);
    let sha256: String = sha256.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let named = json!({ "file_name": "scan.png", "content_type": "image/png", "bytes": file.len(), "sha256": sha256 });
    let requests = || town.stack.embedded.counters.table_requests.load(Ordering::Relaxed);
    let (before, calls) = (requests(), town.xero.calls().len());
    let announced = caller.expect("POST", &town.path("/documents"), Some(json!({ "files": [named] }))).await?;
    let (asked, calls) = (requests() - before, town.xero.calls().len() - calls);
    let document = &announced["documents"][0];
    post(&document["upload"], file).await?;
    town.settle().await;
    let id = document["document_id"].as_str().context("no document")?;
    let shown = caller.expect("GET", &town.path(&format!("/documents/{id}")), None).await?;
    ensure!(shown["attention"]["code"] == "image_only", "the file was not taken in: {shown}");
    let peak = peak_of(&town, "document-upload")?;
    let (publish_calls, publish_peak) = publish(&town, &caller, id).await?;
    town.stack.stop()?;
    Ok(vec![
        Figure::at_most("announcing a document: requests to the table", asked, REQUESTS_MAX, ""),
        Figure::at_most("announcing a document: calls to Xero", calls as u64, 0, ""),
        Figure::at_most("document-upload: peak memory with a file of 10 MB", peak, PEAK_KIB_MAX, "KiB"),
        Figure::at_most("publishing a document: calls to Xero", publish_calls, PUBLISH_CALLS_MAX, ""),
        Figure::at_most("document-publishing: peak memory, the same file", publish_peak, PUBLISH_PEAK_KIB_MAX, "KiB"),
    ])
}

/// Publishes it with terms that a person typed; answers the calls that this took, and the function's peak memory in KiB.
async fn publish(town: &Town, caller: &Caller, id: &str) -> anyhow::Result<(u64, u64)> {
    let kinds = json!({ "kinds": { "invoices": { "direction": "both" } } });
    caller.expect("PUT", &town.path("/settings"), Some(kinds)).await?;
    let contacts = caller.expect("GET", &town.path("/records/contacts?limit=100"), None).await?;
    let mut contacts = contacts["records"].as_array().into_iter().flatten();
    let contact = contacts.find(|each| each["record"]["ContactStatus"] == "ACTIVE").context("no contact")?;
    let terms = json!({
        "kind": "bill", "supplier": { "contact_id": contact["id"] }, "number": "B-1", "date": "2026-11-02",
        "due_date": "2026-12-02", "currency": "GBP",
        "lines": [{ "description": "Shelving", "unit_amount": "100.00", "account": "463", "tax_type": "INPUT2" }],
    });
    town.settle().await;
    // What a sync reads of it afterwards is the sync's.
    let ours = |call: &&simulator::xero::Call| call.path.starts_with(INVOICES) && call.method != "GET";
    let writes = || town.xero.calls().iter().filter(ours).count();
    let before = writes();
    let path = town.path(&format!("/documents/{id}"));
    caller.expect("POST", &format!("{path}/publish"), Some(json!({ "terms": terms }))).await?;
    let done = |shown: &Value| shown["publication"]["steps"]["file"]["state"] == "posted";
    town.until("the file", caller, &path, done).await;
    let calls = writes() - before;
    Ok((calls as u64, peak_of(town, "document-publishing")?))
}

/// Where a bill and its file are written.
const INVOICES: &str = "/api.xro/2.0/Invoices";

/// The beginning of a picture, and so many bytes that nothing looks at.
fn image() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\x20\0\0\x02\x58\x08\x02\0\0\0\0\0\0\0".to_vec();
    file.resize(FILE_BYTES, 7);
    file
}

async fn post(upload: &Value, file: Vec<u8>) -> anyhow::Result<()> {
    let mut body = Vec::new();
    for field in upload["fields"].as_array().into_iter().flatten() {
        let (name, value) = (field["name"].as_str().unwrap_or_default(), field["value"].as_str().unwrap_or_default());
        let part = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n");
    body.extend(file);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = plain_client()?.post(upload["url"].as_str().context("no address")?);
    let answer = request.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await?;
    ensure!(answer.status().is_success(), "the form was not taken: {}", answer.status());
    Ok(())
}
