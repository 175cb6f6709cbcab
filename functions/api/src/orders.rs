//! Order events: the change feed as a product reads it that ships or awaits goods.

use connections::Connection;
use lambda_kit::{ApiReply, ApiRequest, Problem};
use mirror::feed::{Change, Wanted};
use mirror::orders::{ORDER_ENTITIES, order_event};
use mirror::sources::{Origin, Sources};
use serde_json::{Value, json};

use crate::answers::limit;
use crate::changes::{link, page_of, self_link, source_of};
use crate::config::Api;

/// Which orders a caller wants: by the side that made them.
fn wanted_origin(request: &ApiRequest) -> Result<Option<Origin>, Problem> {
    match request.query.get("origin").map(String::as_str) {
        None | Some("xero") => Ok(Some(Origin::Xero)),
        Some("source") => Ok(Some(Origin::Source)),
        Some("all") => Ok(None),
        Some(_) => Err(Problem::bad_request("bad-origin", "origin must be xero, source or all.")),
    }
}

/// Order events behind a cursor of the change feed, oldest first. What the host application itself sent to Xero is
/// left out unless it is asked for: read back as an order it would be sent again.
pub async fn events(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (most, origin) = (limit(request, 100, 250)?, wanted_origin(request)?);
    let (page, sources) =
        page_of(api, connection, request, most, &Wanted { run: None, entities: ORDER_ENTITIES }).await?;
    let events: Vec<Value> =
        page.changes.iter().filter_map(|change| event(connection, change, &sources, origin)).collect();
    let answer = json!({ "events": events, "next_cursor": page.next.to_string(), "more": page.more });
    Ok(ApiReply::json(200, &answer))
}

fn event(connection: &Connection, change: &Change, sources: &Sources, wanted: Option<Origin>) -> Option<Value> {
    let source = source_of(sources, &change.entity, &change.id);
    let origin = source.map_or(Origin::Xero, |source| source.origin);
    if wanted.is_some_and(|wanted| wanted != origin) {
        return None;
    }
    let (event, order) = order_event(change)?;
    Some(json!({
        "position": change.position,
        "at": change.at,
        "event": event,
        "origin": origin,
        "entity": change.entity,
        "id": change.id,
        "order": order,
        "source": source,
        "link": link(connection, &change.entity, &change.id, &change.record),
        "self": self_link(connection, &change.entity, &change.id),
    }))
}
