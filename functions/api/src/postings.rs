//! What is written to Xero: journals taken in, and every posting shown, tried again, or recorded as entered by hand.

use connections::Connection;
use journals::{
    JournalContent, MANUAL_JOURNALS, PlainError, PlainJournal, RedateError, post_plain, propose_redate,
    redate as redate_journal,
};
use kernel::{Applied, Date, IntentId, OrganisationRef};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use postings::{IntentView, PlanError, list_waiting, load_view, record_by_hand, resume_by_hand};
use publishing::{BILLS, document_of};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use state::{keys, load};

use crate::answers::{body, failed, limit, path_id};
use crate::changes::link;
use crate::config::Api;
use crate::schedules::{self, period};

/// Postings recorded by one command.
const RECORDED_MAX: usize = 100;
/// Longest reason.
const REASON_CHARS_MAX: usize = 200;

/// Takes one journal of the host application in.
pub async fn post_journal(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let wanted: PlainJournal = body(request)?;
    let (id, applied) = post_plain(&api.access, connection, &caller.actor, &wanted).await.map_err(refused)?;
    Ok(ApiReply::json(202, &json!({ "posting_id": id, "taken_before": applied == Applied::Before })))
}

fn refused(error: PlainError) -> Problem {
    let bad = |detail: String| Problem::bad_request("bad-journal", format!("{detail}."));
    match error {
        PlainError::NotRead => {
            let detail = "The organisation has not been read yet. Wait for its first sync, then send it again.";
            Problem::new(409, "not-read-yet", "Not read yet", detail)
        }
        PlainError::Plan(PlanError::Otherwise(_)) => {
            let detail = "A journal of this id was taken before with other content. Use a new id for another journal.";
            Problem::new(409, "journal-id-taken", "Journal id taken", detail)
        }
        PlainError::Plan(error) => failed(error),
        error => bad(error.to_string()),
    }
}

/// A posting with its links and, for a journal, what it says.
async fn answer(api: &Api, connection: &Connection, view: IntentView) -> Result<Value, Problem> {
    let key = keys::intent_content(&connection.whose, &view.id);
    let content = match view.kind == MANUAL_JOURNALS {
        true => load::<JournalContent>(&*api.access.ports.table, &key).await.map_err(failed)?,
        false => None,
    };
    // Of what else is posted only suppliers' documents have links that depend on their type, and none is a sale.
    let bill = Map::from_iter([("Type".to_owned(), json!(if view.kind == BILLS { "ACCPAY" } else { "ACCPAYCREDIT" }))]);
    let xero = view.xero_id.as_deref().and_then(|id| link(connection, &view.kind, id, &bill));
    let mut answer = json!(view);
    answer["document_id"] = json!(document_of(&view.id));
    answer["link"] = json!(xero);
    answer["journal"] = json!(content.map(|content| journal(&content.value)));
    Ok(answer)
}

fn journal(content: &JournalContent) -> Value {
    let mut answer = schedules::journal(&content.journal);
    answer["status"] = json!(content.status);
    answer["url"] = json!(content.source);
    answer
}

/// One posting.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: IntentId = path_id(request, "posting_id")?;
    let now = api.access.ports.clock.now();
    let found = load_view(&*api.access.ports.table, &connection.whose, &id, now).await.map_err(failed)?;
    Ok(ApiReply::json(200, &answer(api, connection, found.ok_or_else(Problem::not_found)?).await?))
}

/// Postings that wait for something, by id.
pub async fn waiting(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (table, now) = (&*api.access.ports.table, api.access.ports.clock.now());
    let most = limit(request, 50, 100)?;
    let after = match request.query.get("after") {
        None => None,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-after", "after must be the next_after of an earlier answer.");
            Some(text.parse::<IntentId>().map_err(bad)?)
        }
    };
    let (ids, more) = list_waiting(table, &connection.whose, after.as_ref(), most).await.map_err(failed)?;
    let mut postings = Vec::with_capacity(ids.len());
    for id in &ids {
        let found = load_view(table, &connection.whose, id, now).await.map_err(failed)?;
        if let Some(view) = found {
            postings.push(answer(api, connection, view).await?);
        }
    }
    let next = ids.last().filter(|_| more);
    Ok(ApiReply::json(200, &json!({ "postings": postings, "next_after": next })))
}

/// Tries a waiting posting again.
pub async fn retry(
    api: &Api,
    caller: &Caller,
    whose: &OrganisationRef,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let id: IntentId = path_id(request, "posting_id")?;
    known(api, whose, &id).await?;
    let resumed = resume_by_hand(&api.access, whose, &id, &caller.actor).await.map_err(failed)?;
    Ok(ApiReply::json(202, &json!({ "posting_id": id, "resumed": resumed })))
}

async fn known(api: &Api, whose: &OrganisationRef, id: &IntentId) -> Result<(), Problem> {
    let now = api.access.ports.clock.now();
    let found = load_view(&*api.access.ports.table, whose, id, now).await.map_err(failed)?;
    found.map(|_| ()).ok_or_else(Problem::not_found)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedBody {
    posting_ids: Vec<IntentId>,
    reason: String,
}

/// Records postings as entered by hand, or not wanted: nothing is sent any more, and Xero is not called.
pub async fn record(
    api: &Api,
    caller: &Caller,
    whose: &OrganisationRef,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let RecordedBody { posting_ids, reason } = body(request)?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let detail = format!("reason must have 1 to {REASON_CHARS_MAX} characters: it is kept for whoever asks later.");
        return Err(Problem::bad_request("bad-reason", detail));
    }
    if !(1..=RECORDED_MAX).contains(&posting_ids.len()) {
        let detail = format!("posting_ids must name 1 to {RECORDED_MAX} postings.");
        return Err(Problem::bad_request("bad-postings", detail));
    }
    for id in &posting_ids {
        known(api, whose, id).await?;
    }
    let (mut recorded, mut refused) = (Vec::new(), Vec::new());
    for id in posting_ids {
        let possible = record_by_hand(&api.access, whose, &id, &caller.actor, reason).await.map_err(failed)?;
        if possible { recorded.push(id) } else { refused.push(id) }
    }
    Ok(ApiReply::json(200, &json!({ "recorded": recorded, "in_xero_or_on_its_way": refused })))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RedateBody {
    date: Option<Date>,
    confirmed: bool,
}

/// Offers a journal that a locked period keeps out the next open period, with what that changes; confirmed, it goes there.
pub async fn redate(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let id: IntentId = path_id(request, "posting_id")?;
    let RedateBody { date, confirmed } = body(request)?;
    let redating = if confirmed {
        redate_journal(&api.access, connection, &id, date, &caller.actor).await
    } else {
        propose_redate(&api.access, connection, &id, date).await.map(|(redating, _)| redating)
    };
    let redating = redating.map_err(|error| match error {
        RedateError::Unknown => Problem::not_found(),
        RedateError::NotLocked => {
            let detail =
                "Only a journal that waits for a lock date can be dated otherwise; showPosting says where it stands.";
            Problem::new(409, "not-locked", "Not locked", detail)
        }
        RedateError::Posting(error) => failed(error),
        error => Problem::bad_request("bad-date", format!("{error}.")),
    })?;
    let moved: Vec<Value> = redating
        .moved
        .iter()
        .map(|(account, amount)| json!({ "account": account, "amount": amount.amount() }))
        .collect();
    let answer = json!({
        "from": redating.from, "from_period": period(&redating.from_period),
        "to": redating.to, "to_period": period(&redating.to_period),
        "moved": moved, "confirmed": confirmed,
    });
    Ok(ApiReply::json(if confirmed { 202 } else { 200 }, &answer))
}
