//! Documents announced, uploaded, listed and shown with what was read of them.

use std::time::Duration;

use ::documents::kinds::Unfit;
use ::documents::row::{Document, DocumentState, file_key, list_documents, load_document};
use ::documents::upload::{ANNOUNCED_MAX, Announcement, announce as announce_files, store};
use ::documents::{DocumentError, Doors};
use connections::Connection;
use kernel::{DocumentId, Timestamp};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use ports::{Blobs, DownloadTerms, UploadForm};
use serde::Deserialize;
use serde_json::{Value, json};
use state::{keys, load};
use url::Url;

use crate::answers::{body, failed, limit, path_id};
use crate::config::Api;
use crate::publishing::of_document;

/// A file that comes through the API: as base64 in an event it still fits into the 6 MB a function is invoked with.
const DIRECT_BYTES_MAX: usize = 4 << 20;
/// How long a link to a file works.
const LINK_VALID: Duration = Duration::from_secs(300);
/// Longest link of the host application.
const SOURCE_CHARS_MAX: usize = 500;

pub(crate) fn doors(api: &Api) -> Doors<'_> {
    Doors { access: &api.access, blobs: &api.blobs }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnounceBody {
    files: Vec<FileBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBody {
    file_name: String,
    content_type: String,
    bytes: u64,
    sha256: String,
    #[serde(default)]
    source: Option<String>,
}

/// Announces files; answers each with the form that uploads it.
pub async fn announce(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let AnnounceBody { files } = body(request)?;
    if !(1..=ANNOUNCED_MAX).contains(&files.len()) {
        return Err(Problem::bad_request("bad-files", format!("files must name 1 to {ANNOUNCED_MAX} files.")));
    }
    let announced: Result<Vec<Announcement>, Problem> =
        files.into_iter().enumerate().map(|(at, file)| announcement(file, at)).collect();
    let announced = announced?;
    let done = announce_files(doors(api), &connection.whose, &caller.actor, &announced).await.map_err(refused)?;
    let documents: Vec<Value> = done.iter().map(|(document, form)| announced_answer(document, form)).collect();
    Ok(ApiReply::json(201, &json!({ "documents": documents })))
}

fn announcement(file: FileBody, at: usize) -> Result<Announcement, Problem> {
    let bad = |detail: String| Problem::bad_request("bad-files", format!("files[{at}]: {detail}"));
    let sha256 = sha256(&file.sha256).ok_or_else(|| bad("sha256 must be 64 hexadecimal digits.".to_owned()))?;
    let source = file.source.map(checked_source).transpose().map_err(&bad)?;
    let FileBody { file_name, content_type, bytes, .. } = file;
    let announced = Announcement { file_name, content_type, bytes, sha256, source };
    announced.check().map_err(|unfit| bad(unfit.to_string()).with("code", json!(unfit)["code"].clone()))?;
    Ok(announced)
}

pub(crate) fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn checked_source(source: String) -> Result<String, String> {
    let fits = source.len() <= SOURCE_CHARS_MAX && Url::parse(&source).is_ok_and(|url| url.scheme() == "https");
    if fits {
        Ok(source)
    } else {
        Err(format!("source must be an https:// link of at most {SOURCE_CHARS_MAX} characters."))
    }
}

fn announced_answer(document: &Document, form: &UploadForm) -> Value {
    let until = match &document.state {
        DocumentState::AwaitingFile { until } => Some(until),
        _ => None,
    };
    json!({ "document_id": document.id, "file_name": document.file_name, "upload": form_answer(form, until) })
}

/// A form, as a browser posts it.
pub(crate) fn form_answer(form: &UploadForm, until: Option<&Timestamp>) -> Value {
    let fields: Vec<Value> = form.fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "url": form.url, "fields": fields, "expires_at": until })
}

/// Refuses a body that is too large for one.
pub(crate) fn check_direct(request: &ApiRequest) -> Result<(), Problem> {
    if request.body.len() <= DIRECT_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("Send at most {DIRECT_BYTES_MAX} bytes here; announce a larger file and post its form.");
    Err(Problem::new(413, "body-too-large", "Body too large", detail))
}

fn refused(error: DocumentError) -> Problem {
    failed(error)
}

/// Takes one small file as the body.
pub async fn upload(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    check_direct(request)?;
    let bad = |detail: String| Problem::bad_request("bad-files", detail);
    let file_name = request.query.get("file_name").cloned().unwrap_or_default();
    let content_type = request.header("content-type").unwrap_or_default().to_owned();
    let source = request.query.get("source").cloned().map(checked_source).transpose().map_err(bad)?;
    let announced = Announcement::of(file_name, content_type, source, &request.body);
    announced.check().map_err(|unfit| unfit_problem(&unfit))?;
    let stored = store(doors(api), &connection.whose, &caller.actor, &announced, request.body.clone()).await;
    let document = stored.map_err(refused)?;
    Ok(ApiReply::json(202, &json!({ "document_id": document.id, "file_name": document.file_name })))
}

fn unfit_problem(unfit: &Unfit) -> Problem {
    Problem::bad_request("bad-files", unfit.to_string()).with("code", json!(unfit)["code"].clone())
}

/// Documents, newest first.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 50, 100)?;
    let before = match request.query.get("before") {
        None => None,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-before", "before must be the next_before of an earlier answer.");
            Some(text.parse::<DocumentId>().map_err(bad)?)
        }
    };
    let table = &*api.access.ports.table;
    let (found, more) = list_documents(table, &connection.whose, before, most).await.map_err(failed)?;
    let now = api.access.ports.clock.now();
    let next = found.last().filter(|_| more).map(|document| document.id);
    let documents: Vec<Value> = found.iter().map(|document| answer(document, now)).collect();
    Ok(ApiReply::json(200, &json!({ "documents": documents, "next_before": next })))
}

/// One document with what was read of it and a link to its file.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (table, whose) = (&*api.access.ports.table, &connection.whose);
    let id: DocumentId = path_id(request, "document_id")?;
    let found = load_document(table, whose, id).await.map_err(failed)?.ok_or_else(Problem::not_found)?.value;
    let now = api.access.ports.clock.now();
    let mut shown = answer(&found, now);
    shown["reading"] = match &found.state {
        DocumentState::Read { .. } => {
            let reading = load::<Value>(table, &keys::document_reading(whose, id)).await.map_err(failed)?;
            json!(reading.map(|reading| reading.value))
        }
        _ => Value::Null,
    };
    shown["publication"] = of_document(api, connection, id).await?;
    shown["link"] = json!(link(api, connection, &found, now).await?);
    Ok(ApiReply::json(200, &shown))
}

/// A link that saves the file. Only of what was taken in: what was refused, or waits for a scan, is nobody's to open.
async fn link(
    api: &Api,
    connection: &Connection,
    document: &Document,
    now: Timestamp,
) -> Result<Option<String>, Problem> {
    let withheld = matches!(document.state, DocumentState::Quarantined | DocumentState::Refused { .. });
    let Some(measure) = document.measure.filter(|_| !withheld) else { return Ok(None) };
    let (key, disposition) = (file_key(&connection.whose, document.id), document.file_name.disposition());
    let terms = DownloadTerms {
        key: &key,
        version: document.version.as_deref(),
        content_type: measure.kind.content_type(),
        disposition: &disposition,
        valid_for: LINK_VALID,
    };
    api.blobs.sign_download(&terms, now).await.map(Some).map_err(failed)
}

fn answer(document: &Document, now: Timestamp) -> Value {
    let (state, attention, duplicate_of) = standing(document, now);
    json!({
        "document_id": document.id,
        "file_name": document.file_name,
        "content_type": document.content_type,
        "bytes": document.bytes,
        "sha256": document.sha256,
        "source": document.source,
        "announced_by": document.announced_by,
        "announced_at": document.announced_at,
        "pages": document.measure.and_then(|measure| measure.pages),
        "state": state,
        "attention": attention,
        "duplicate_of": duplicate_of,
    })
}

/// State, why a person is needed, and the document that has the same file.
fn standing(document: &Document, now: Timestamp) -> (&'static str, Value, Option<DocumentId>) {
    match &document.state {
        DocumentState::AwaitingFile { until } if *until <= now => {
            let words = "No file arrived in time. Announce it again and post its new form.";
            ("not_uploaded", json!({ "code": "form_expired", "words": words }), None)
        }
        DocumentState::AwaitingFile { .. } => ("awaiting_file", Value::Null, None),
        DocumentState::Refused { reason } => {
            let code = json!(reason)["code"].clone();
            ("refused", json!({ "code": code, "words": reason.to_string() }), None)
        }
        DocumentState::Quarantined => ("quarantined", Value::Null, None),
        DocumentState::Duplicate { of } => ("duplicate", Value::Null, Some(*of)),
        DocumentState::TakenIn | DocumentState::Reading { .. } => ("reading", Value::Null, None),
        DocumentState::Read { .. } => ("read", Value::Null, None),
        DocumentState::NeedsPerson { code, words } => ("needs_person", json!({ "code": code, "words": words }), None),
    }
}
