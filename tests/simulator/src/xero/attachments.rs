//! Files attached to records: raw bytes under a name, at most ten a record.
//!
//! Sources: the page Attachments. Whether an upload changes the record's `UpdatedDateUTC` is not documented; here it does
//! not, so that nobody comes to rely on it.

use bytes::Bytes;
use ports::{HttpRequest, Method};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounting::{Caller, envelope};
use super::address::{Address, encode};
use super::books::Books;
use super::endpoints::Endpoint;
use super::fields::as_id;
use super::model::Kind;
use super::reply::{Reply, messages, no_data, not_found, not_implemented, validation};
use super::writing::target;

const PER_RECORD_MAX: usize = 10;
const BYTES_MAX: usize = 10_000_000;

/// One file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Attached {
    id: Uuid,
    name: String,
    kind: String,
    #[serde(with = "super::keep::bytes_as_text")]
    bytes: Bytes,
    online: bool,
}

fn takes_files(endpoint: Endpoint) -> bool {
    use Endpoint::{
        Accounts, BankTransactions, BankTransfers, Contacts, CreditNotes, Invoices, ManualJournals, PurchaseOrders,
    };
    let parents =
        [Accounts, BankTransactions, BankTransfers, Contacts, CreditNotes, Invoices, ManualJournals, PurchaseOrders];
    parents.contains(&endpoint)
}

/// Answers everything below `/{Endpoint}/{id}/Attachments`.
pub(super) fn answer(
    books: &mut Books,
    caller: &Caller,
    endpoint: Endpoint,
    key: &str,
    file: Option<&str>,
    request: &HttpRequest,
    address: &Address,
) -> Reply {
    let parent = if takes_files(endpoint) { as_id(key).and_then(|_| target(books, endpoint, key)) } else { None };
    let Some(parent) = parent else { return not_found() };
    match (request.method, file) {
        (Method::Get, None) => {
            let all = books.attached.get(&parent).map(Vec::as_slice).unwrap_or_default();
            let rows = all.iter().map(|each| row(each, endpoint, parent)).collect();
            envelope(books, caller, "Attachments", rows, None)
        }
        (Method::Get, Some(file)) => content(books, parent, file),
        (Method::Put | Method::Post, Some(file)) => upload(books, caller, endpoint, parent, file, request, address),
        _ => not_implemented(),
    }
}

/// A file that somebody attaches in Xero's own pages.
pub(super) fn put_by_hand(books: &mut Books, record: Uuid, name: &str, bytes: &[u8]) {
    let id = books.dice.uuid();
    let bytes = Bytes::copy_from_slice(bytes);
    let made = Attached { id, name: name.to_owned(), kind: "application/pdf".to_owned(), bytes, online: false };
    books.attached.entry(record).or_default().push(made);
}

fn row(each: &Attached, endpoint: Endpoint, parent: Uuid) -> Value {
    let url =
        format!("https://api.xero.com/api.xro/2.0/{}/{parent}/Attachments/{}", endpoint.plural(), encode(&each.name));
    json!({
        "AttachmentID": each.id.to_string(), "FileName": each.name, "Url": url, "MimeType": each.kind,
        "ContentLength": each.bytes.len(), "IncludeOnline": each.online,
    })
}

fn content(books: &Books, parent: Uuid, file: &str) -> Reply {
    let all = books.attached.get(&parent).map(Vec::as_slice).unwrap_or_default();
    let found = all.iter().find(|each| each.name == file || as_id(file) == Some(each.id));
    found.map_or_else(not_found, |each| Reply {
        status: 200,
        headers: vec![("Content-Type".to_owned(), each.kind.clone())],
        body: each.bytes.clone(),
    })
}

fn upload(
    books: &mut Books,
    caller: &Caller,
    endpoint: Endpoint,
    parent: Uuid,
    file: &str,
    request: &HttpRequest,
    address: &Address,
) -> Reply {
    if request.body.is_empty() {
        return no_data();
    }
    let online = address.is_true("IncludeOnline");
    let is_sales = |kind: Kind| matches!(kind, Kind::Sale | Kind::SaleCredit);
    let document = books.invoices.find(parent).or_else(|| books.credit_notes.find(parent));
    let fresh = books.dice.uuid();
    let kept = books.attached.entry(parent).or_default();
    let known = kept.iter().position(|each| each.name == file);
    let mut errors = Vec::new();
    if file.contains(['<', '>', ':', '"', '/', '\\', '|', '?', '*', '\0', '+']) {
        errors.push("The file name contains characters that are not allowed".to_owned());
    }
    if request.body.len() > BYTES_MAX {
        errors.push("The file is too large".to_owned());
    }
    if known.is_none() && kept.len() >= PER_RECORD_MAX {
        errors.push("A maximum of 10 attachments may be added to a document".to_owned());
    }
    if online && !document.is_some_and(|document| is_sales(document.kind)) {
        errors.push("IncludeOnline is only possible for sales invoices and sales credit notes".to_owned());
    }
    if !errors.is_empty() {
        return validation(vec![json!({ "ValidationErrors": messages(&errors) })]);
    }
    let kind = request.header("content-type").unwrap_or("application/octet-stream").to_owned();
    let mut made = Attached { id: fresh, name: file.to_owned(), kind, bytes: request.body.clone(), online };
    match known {
        Some(at) => {
            made.id = kept[at].id;
            kept[at] = made.clone();
        }
        None => kept.push(made.clone()),
    }
    let shown = row(&made, endpoint, parent);
    envelope(books, caller, "Attachments", vec![shown], None)
}
