//! Links between records of Xero's and the host application's own.

use connections::Connection;
use kernel::OrganisationRef;
use lambda_kit::{ApiReply, ApiRequest, Problem};
use mirror::read::load_record;
use mirror::sources::{LinkError, NotASourceId, Origin, Source, SourceId, link, sources_of, unlink, xero_id_of};
use serde::Deserialize;
use serde_json::json;

use crate::answers::{body, failed};
use crate::changes::{known_kind, known_record, record_answer};
use crate::config::Api;

/// Longest address of a record in the host application.
const URL_CHARS_MAX: usize = 1_000;

/// A link as a caller sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceBody {
    id: String,
    url: Option<String>,
    origin: Origin,
}

fn bad_source(detail: String) -> Problem {
    Problem::bad_request("bad-source", detail)
}

fn refused(error: LinkError) -> Problem {
    match error {
        LinkError::Taken { xero_id } => {
            let detail = format!("This id is linked to {xero_id} already. End that link first, or use another id.");
            Problem::new(409, "source-taken", "Source taken", detail)
        }
        LinkError::Overtaken => {
            let detail = "Somebody else changed this link at the same moment. Look at it and send it again.";
            Problem::new(409, "source-changed", "Source changed", detail)
        }
        LinkError::Table(error) => failed(error),
    }
}

/// Links a record to one of the host application; the record need not have been seen yet.
pub async fn put(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (kind, id) = (known_kind(request)?, known_record(request)?);
    let SourceBody { id: source_id, url, origin } = body(request)?;
    let source_id: SourceId = source_id.parse().map_err(|error: NotASourceId| bad_source(format!("{error}.")))?;
    if let Some(url) = &url {
        let good = url.starts_with("https://")
            && url.len() <= URL_CHARS_MAX
            && url.bytes().all(|byte| byte.is_ascii_graphic());
        let detail =
            || bad_source(format!("url must begin with https:// and have at most {URL_CHARS_MAX} ASCII characters."));
        good.then_some(()).ok_or_else(detail)?;
    }
    let source = Source { id: source_id, url, origin, linked_at: api.access.ports.clock.now() };
    let stored = link(&*api.access.ports.table, whose, kind, id, source).await.map_err(refused)?;
    Ok(ApiReply::json(200, &stored))
}

/// Ends a record's link.
pub async fn delete(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (kind, id) = (known_kind(request)?, known_record(request)?);
    let ended = unlink(&*api.access.ports.table, whose, kind, id).await.map_err(refused)?;
    Ok(ApiReply::json(200, &json!({ "ended": ended })))
}

/// The record that an id of the host application is linked to.
pub async fn find(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (table, whose) = (&*api.access.ports.table, &connection.whose);
    let kind = known_kind(request)?;
    let wanted: SourceId = crate::answers::path_id(request, "source_id")?;
    let id = xero_id_of(table, whose, kind, &wanted).await.map_err(failed)?.ok_or_else(Problem::not_found)?;
    let view = load_record(table, whose, kind, &id).await.map_err(failed)?.ok_or_else(Problem::not_found)?;
    let sources = sources_of(table, whose, [(kind, id.as_str())].into_iter()).await.map_err(failed)?;
    Ok(ApiReply::json(200, &record_answer(connection, kind, &view, &sources)))
}
