//! Sync now, the run log, and the items of a run.

use connections::Connection;
use kernel::{Applied, OrganisationRef, RunId};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use mirror::feed::{Change, FeedError, Wanted, read_range};
use mirror::sources::Sources;
use serde_json::{Value, json};
use sync::head::{FailedItem, ItemResult, Trigger};
use sync::{Requested, Wish, list_runs, load_head, load_run, request_run};

use crate::answers::{failed, limit, path_id};
use crate::changes::{ahead, change_answer, cursor, sources_of_changes};
use crate::config::Api;
use crate::export::csv;

/// A wish's answer.
pub fn run_answer(requested: &Requested) -> Value {
    match requested {
        Requested::Run { run, applied } => json!({ "run_id": run, "joined": *applied == Applied::Before }),
        Requested::NoCallsLeft { .. } | Requested::NotConnected | Requested::Unknown => Value::Null,
    }
}

/// Asks for a sync now; during a run this is that run.
pub async fn start(api: &Api, caller: &Caller, whose: &OrganisationRef) -> Result<ApiReply, Problem> {
    let wish = Wish { actor: Some(&caller.actor), ..Wish::of(Trigger::Person) };
    let requested = request_run(&api.access, whose, wish).await.map_err(failed)?;
    match requested {
        Requested::NoCallsLeft { until } => {
            let detail = format!("Xero allows no more calls for this organisation today. Sync again after {until}.");
            Err(Problem::new(429, "no-calls-left", "No calls left today", detail))
        }
        Requested::Run { .. } => Ok(ApiReply::json(202, &run_answer(&requested))),
        Requested::NotConnected => {
            let detail = "The organisation is not connected; its status says why. Connect it again, then sync.";
            Err(Problem::new(409, "not-connected", "Not connected", detail))
        }
        Requested::Unknown => Err(Problem::not_found()),
    }
}

/// The newest runs.
pub async fn list(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let wanted = limit(request, 20, 100)?;
    let before: Option<RunId> = match request.query.get("before") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Problem::bad_request("bad-run", "before must be a run_id."))?),
    };
    let (runs, more) = list_runs(&*api.access.ports.table, whose, before.as_ref(), wanted).await.map_err(failed)?;
    let next = runs.last().filter(|_| more).map(|last| last.run.clone());
    Ok(ApiReply::json(200, &json!({ "syncs": runs, "next_before": next })))
}

/// One run, with its progress while it is under way.
pub async fn show(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let run: RunId = path_id(request, "run_id")?;
    let found = load_run(&*api.access.ports.table, whose, &run).await.map_err(failed)?;
    Ok(ApiReply::json(200, &found.ok_or_else(Problem::not_found)?))
}

/// A change as an item of its run: with what became of it and what it cost.
fn item_answer(connection: &Connection, change: &Change, sources: &Sources) -> Value {
    let mut item = change_answer(connection, change, sources);
    item["result"] = json!(ItemResult::Applied);
    item["bytes"] = json!(change.bytes);
    item["call"] = json!(change.call);
    item
}

/// What a run could not read, each as an item of its own.
fn failed_answer(run: &RunId, item: &FailedItem) -> Value {
    json!({ "at": item.at, "run_id": run, "entity": item.entity, "id": item.id, "result": item.result, "reason": item.reason })
}

/// The changes a run found, each with its links; as rows for a spreadsheet where that is wanted.
pub async fn items(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (table, whose) = (&*api.access.ports.table, &connection.whose);
    let wanted = limit(request, 100, 250)?;
    let run: RunId = path_id(request, "run_id")?;
    let found = load_run(table, whose, &run).await.map_err(failed)?.ok_or_else(Problem::not_found)?;
    let from = match request.query.get("cursor") {
        None => found.log.feed_from,
        Some(text) => {
            let position = cursor(whose, text)?.position();
            let head = load_head(table, whose).await.map_err(failed)?.feed_head;
            if position > head {
                return Err(ahead(&FeedError::Ahead { head }));
            }
            position.max(found.log.feed_from)
        }
    };
    let entity = request.query.get("entity").map(String::as_str);
    let kinds: Vec<&str> = entity.into_iter().collect();
    // Webhooks bring changes between a run's own; they have runs of their own.
    let only = Wanted { run: Some(&run), entities: &kinds };
    let page = read_range(table, whose, from..found.log.feed_to, wanted, &only).await.map_err(failed)?;
    let sources = sources_of_changes(api, whose, &page.changes).await?;
    let items: Vec<Value> = page.changes.iter().map(|change| item_answer(connection, change, &sources)).collect();
    let of_kind = |item: &&FailedItem| entity.is_none_or(|entity| item.entity == entity);
    let failed: Vec<Value> = found.log.failed.iter().filter(of_kind).map(|item| failed_answer(&run, item)).collect();
    let next = page.more.then(|| page.next.to_string());
    match request.query.get("format").map(String::as_str) {
        None | Some("json") => {
            Ok(ApiReply::json(200, &json!({ "items": items, "failed": failed, "next_cursor": next })))
        }
        // The last page ends with what could not be read.
        Some("csv") => Ok(csv(items.iter().chain(failed.iter().filter(|_| next.is_none())), next.clone())),
        Some(_) => Err(Problem::bad_request("bad-format", "format must be json or csv.")),
    }
}
