//! The change feed and the mirrored records, each with a link into Xero.

use connections::Connection;
use kernel::OrganisationRef;
use lambda_kit::{ApiReply, ApiRequest, Problem};
use mirror::entities::entity;
use mirror::feed::{Change, Cursor, CursorError, FeedError};
use mirror::read::{RecordView, list_records, load_record};
use mirror::record::text_of;
use serde_json::{Map, Value, json};
use sync::read_changes;
use xero::links::deep_link;

use crate::answers::{failed, limit};
use crate::config::Api;

/// Longest id of a record: Xero's are UUIDs or short codes.
const RECORD_ID_MAX: usize = 128;

/// A cursor the caller gave back.
pub fn cursor(whose: &OrganisationRef, text: &str) -> Result<Cursor, Problem> {
    Cursor::parse(whose, text).map_err(|error| match error {
        CursorError::Malformed => Problem::bad_request("bad-cursor", format!("{error}. Start again without one.")),
        CursorError::OtherOrganisation => Problem::bad_request("cursor-of-another-organisation", format!("{error}.")),
    })
}

/// A cursor of a later state than this one, after a restore from an older backup, say.
pub fn ahead(error: &FeedError) -> Problem {
    let detail = format!("{error}. It is of a later state than this one: start again without a cursor.");
    Problem::bad_request("cursor-ahead", detail)
}

fn link(connection: &Connection, kind: &str, id: &str, record: &Map<String, Value>) -> Option<String> {
    let short_code = connection.facts.as_ref().map(|facts| facts.short_code.as_str())?;
    deep_link(short_code, kind, text_of(record, "Type"), id)
}

/// A change with its links: into Xero, and to our record.
pub fn change_answer(connection: &Connection, change: &Change) -> Value {
    json!({
        "position": change.position,
        "at": change.at,
        "run_id": change.run,
        "entity": change.entity,
        "id": change.id,
        "change": change.change,
        "differences": change.differences,
        "differences_cut": change.differences_cut,
        "record": change.record,
        "link": link(connection, &change.entity, &change.id, &change.record),
        "self": format!("/v1/organisations/{}/records/{}/{}", connection.whose.tenant, change.entity, change.id),
    })
}

/// Changes behind a cursor, oldest first.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let whose = &connection.whose;
    let wanted = limit(request, 100, 250)?;
    let from = match request.query.get("cursor") {
        None => Cursor::start(whose),
        Some(text) => cursor(whose, text)?,
    };
    let page = read_changes(&*api.access.ports.table, &from, wanted).await.map_err(|error| match error {
        error @ FeedError::Ahead { .. } => ahead(&error),
        error @ FeedError::Table(_) => failed(error),
    })?;
    let changes: Vec<Value> = page.changes.iter().map(|change| change_answer(connection, change)).collect();
    let answer = json!({ "changes": changes, "next_cursor": page.next.to_string(), "more": page.more });
    Ok(ApiReply::json(200, &answer))
}

fn known_kind(request: &ApiRequest) -> Result<&'static str, Problem> {
    let name = request.path.get("entity").map_or("", String::as_str);
    entity(name).map(|kind| kind.name).ok_or_else(Problem::not_found)
}

fn record_answer(connection: &Connection, kind: &str, view: &RecordView) -> Value {
    json!({
        "id": view.id,
        "gone": view.gone,
        "position": view.position,
        "record": view.record,
        "link": link(connection, kind, &view.id, &view.record),
    })
}

/// Records of one kind, by id.
pub async fn records(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let kind = known_kind(request)?;
    let wanted = limit(request, 100, 250)?;
    let after = request.query.get("after").map(String::as_str);
    if after.is_some_and(|after| after.is_empty() || after.len() > RECORD_ID_MAX || !after.is_ascii()) {
        return Err(Problem::bad_request("bad-after", "after must be the next_after of an earlier answer."));
    }
    let found = list_records(&*api.access.ports.table, &connection.whose, kind, after, wanted).await;
    let (views, more) = found.map_err(failed)?;
    let records: Vec<Value> = views.iter().map(|view| record_answer(connection, kind, view)).collect();
    let next = views.last().filter(|_| more).map(|view| view.id.clone());
    Ok(ApiReply::json(200, &json!({ "records": records, "next_after": next })))
}

/// One record.
pub async fn record(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let kind = known_kind(request)?;
    let id = request.path.get("record_id").filter(|id| id.len() <= RECORD_ID_MAX).ok_or_else(Problem::not_found)?;
    let found = load_record(&*api.access.ports.table, &connection.whose, kind, id).await.map_err(failed)?;
    let view = found.ok_or_else(Problem::not_found)?;
    Ok(ApiReply::json(200, &record_answer(connection, kind, &view)))
}
