//! The change feed and the mirrored records, each with a link into Xero.

use connections::Connection;
use kernel::OrganisationRef;
use lambda_kit::{ApiReply, ApiRequest, Problem};
use mirror::entities::entity;
use mirror::feed::{Change, ChangePage, Cursor, CursorError, FeedError, Wanted};
use mirror::read::{RecordView, list_records, load_record};
use mirror::record::text_of;
use mirror::sources::{Source, Sources, sources_of};
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

pub fn link(connection: &Connection, kind: &str, id: &str, record: &Map<String, Value>) -> Option<String> {
    let short_code = connection.facts.as_ref().map(|facts| facts.short_code.as_str())?;
    deep_link(short_code, kind, text_of(record, "Type"), id)
}

/// Our own address of a record.
pub fn self_link(connection: &Connection, kind: &str, id: &str) -> String {
    format!("/v1/organisations/{}/records/{kind}/{id}", connection.whose.tenant)
}

/// What a record is in the host application.
pub fn source_of<'a>(sources: &'a Sources, kind: &str, id: &str) -> Option<&'a Source> {
    sources.get(&(kind.to_owned(), id.to_owned()))
}

/// The links of a page of changes.
pub async fn sources_of_changes(api: &Api, whose: &OrganisationRef, changes: &[Change]) -> Result<Sources, Problem> {
    let named = changes.iter().map(|change| (change.entity.as_str(), change.id.as_str()));
    sources_of(&*api.access.ports.table, whose, named).await.map_err(failed)
}

/// A change with its links: into Xero, to our record, and to the host application's.
pub fn change_answer(connection: &Connection, change: &Change, sources: &Sources) -> Value {
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
        "self": self_link(connection, &change.entity, &change.id),
        "source": source_of(sources, &change.entity, &change.id),
    })
}

/// A page of the feed behind the request's cursor, and what its records are in the host application.
pub async fn page_of(
    api: &Api,
    connection: &Connection,
    request: &ApiRequest,
    most: usize,
    wanted: &Wanted<'_>,
) -> Result<(ChangePage, Sources), Problem> {
    let whose = &connection.whose;
    let from = match request.query.get("cursor") {
        None => Cursor::start(whose),
        Some(text) => cursor(whose, text)?,
    };
    let page = read_changes(&*api.access.ports.table, &from, most, wanted).await.map_err(|error| match error {
        error @ FeedError::Ahead { .. } => ahead(&error),
        error @ FeedError::Table(_) => failed(error),
    })?;
    let sources = sources_of_changes(api, whose, &page.changes).await?;
    Ok((page, sources))
}

/// Changes behind a cursor, oldest first.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 100, 250)?;
    let (page, sources) = page_of(api, connection, request, most, &Wanted::default()).await?;
    let changes: Vec<Value> = page.changes.iter().map(|change| change_answer(connection, change, &sources)).collect();
    let answer = json!({ "changes": changes, "next_cursor": page.next.to_string(), "more": page.more });
    Ok(ApiReply::json(200, &answer))
}

/// The kind in the path.
pub fn known_kind(request: &ApiRequest) -> Result<&'static str, Problem> {
    let name = request.path.get("entity").map_or("", String::as_str);
    entity(name).map(|kind| kind.name).ok_or_else(Problem::not_found)
}

/// The record's id in the path.
pub fn known_record(request: &ApiRequest) -> Result<&str, Problem> {
    let plain = |id: &&str| {
        let characters = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        characters && (1..=RECORD_ID_MAX).contains(&id.len())
    };
    request.path.get("record_id").map(String::as_str).filter(plain).ok_or_else(Problem::not_found)
}

/// A record with its links.
pub fn record_answer(connection: &Connection, kind: &str, view: &RecordView, sources: &Sources) -> Value {
    json!({
        "id": view.id,
        "gone": view.gone,
        "position": view.position,
        "record": view.record,
        "link": link(connection, kind, &view.id, &view.record),
        "source": source_of(sources, kind, &view.id),
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
    let named = views.iter().map(|view| (kind, view.id.as_str()));
    let sources = sources_of(&*api.access.ports.table, &connection.whose, named).await.map_err(failed)?;
    let records: Vec<Value> = views.iter().map(|view| record_answer(connection, kind, view, &sources)).collect();
    let next = views.last().filter(|_| more).map(|view| view.id.clone());
    Ok(ApiReply::json(200, &json!({ "records": records, "next_after": next })))
}

/// One record.
pub async fn record(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let kind = known_kind(request)?;
    let id = known_record(request)?;
    let found = load_record(&*api.access.ports.table, &connection.whose, kind, id).await.map_err(failed)?;
    let view = found.ok_or_else(Problem::not_found)?;
    let sources = sources_of(&*api.access.ports.table, &connection.whose, [(kind, id)].into_iter()).await;
    Ok(ApiReply::json(200, &record_answer(connection, kind, &view, &sources.map_err(failed)?)))
}
