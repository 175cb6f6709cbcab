//! Prepayments that bills seem to hold: listed with their reasons, accepted as schedules, dismissed, taken up again.

use ::suggestions::decide::REASON_CHARS_MAX;
use ::suggestions::find::Spread;
use ::suggestions::row::Since;
use ::suggestions::{
    DecideError, Memory, Suggestion, SuggestionState, accepted, dismiss as dismiss_one, list_suggestions, load_memory,
    load_suggestion, reopen as reopen_one,
};
use connections::Connection;
use journals::closing::{calendar, closing_period};
use kernel::{Applied, Date, OrganisationRef, ScheduleId, local_date};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use releases::{approve, propose};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answers::{body, failed, limit, path_id, reason};
use crate::changes::link;
use crate::config::Api;
use crate::schedules::{read_terms, refused};

/// States that may be asked for.
const STATES: &[&str] = &["open", "held_back", "withdrawn", "dismissed", "accepted", "past"];
/// Rows looked through for one answer; where few are in the wanted state, an answer may be short and say there is more.
const ROWS_MAX: usize = 300;

/// Suggestions by bill.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 50, 100)?;
    let wanted = request.query.get("state").map(String::as_str);
    if wanted.is_some_and(|wanted| !STATES.contains(&wanted)) {
        return Err(Problem::bad_request("bad-state", format!("state must be one of {}.", STATES.join(", "))));
    }
    let mut after = match request.query.get("after") {
        None => None,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-after", "after must be the next_after of an earlier answer.");
            Some(text.parse::<ScheduleId>().map_err(bad)?)
        }
    };
    let table = &*api.access.ports.table;
    let (rows, more) = list_suggestions(table, &connection.whose, after.as_ref(), ROWS_MAX).await.map_err(failed)?;
    let past = past(api, connection)?;
    let (mut shown, mut left) = (Vec::new(), more);
    for row in &rows {
        if shown.len() == most {
            left = true;
            break;
        }
        after = Some(row.id.clone());
        if wanted.is_none_or(|wanted| wanted == state(row, past)) {
            shown.push(answer(api, connection, row, past).await?);
        }
    }
    Ok(ApiReply::json(200, &json!({ "suggestions": shown, "next_after": after.filter(|_| left) })))
}

/// What ends before this day is over and done.
fn past(api: &Api, connection: &Connection) -> Result<Date, Problem> {
    let today = local_date(connection.zone(), api.access.ports.clock.now());
    let closing = closing_period(&calendar(connection), today, connection.locked_until());
    Ok(closing.map_err(failed)?.first)
}

fn state(row: &Suggestion, past: Date) -> &'static str {
    match &row.state {
        SuggestionState::Open | SuggestionState::HeldBack { .. } if row.last < past => "past",
        SuggestionState::Open => "open",
        SuggestionState::HeldBack { .. } => "held_back",
        SuggestionState::Withdrawn { .. } => "withdrawn",
        SuggestionState::Dismissed { .. } => "dismissed",
        SuggestionState::Accepted { .. } => "accepted",
    }
}

/// One suggestion.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let row = known(api, &connection.whose, request).await?;
    let past = past(api, connection)?;
    Ok(ApiReply::json(200, &answer(api, connection, &row, past).await?))
}

async fn known(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<Suggestion, Problem> {
    let id: ScheduleId = path_id(request, "suggestion_id")?;
    let found = load_suggestion(&*api.access.ports.table, whose, &id).await.map_err(failed)?;
    Ok(found.ok_or_else(Problem::not_found)?.value)
}

async fn answer(api: &Api, connection: &Connection, row: &Suggestion, past: Date) -> Result<Value, Problem> {
    let memory = load_memory(&*api.access.ports.table, &connection.whose, row).await.map_err(failed)?;
    let terms = terms(connection, row, &memory);
    let missing: Vec<&str> = if terms.contains_key("balance_account") { Vec::new() } else { vec!["balance_account"] };
    let bill = Map::from_iter([("Type".to_owned(), json!("ACCPAY"))]);
    let (by, at, words) = decided(&row.state);
    let accepted = matches!(row.state, SuggestionState::Accepted { .. });
    Ok(json!({
        "suggestion_id": row.id,
        "state": state(row, past),
        "bill": {
            "xero_id": row.bill, "number": row.number, "date": row.date, "line": row.line,
            "contact_id": row.contact, "contact_name": row.contact_name,
            "link": link(connection, "invoices", &row.bill, &bill),
        },
        "confidence": row.confidence,
        "reasons": row.reasons,
        "terms": terms,
        "missing": missing,
        "found_at": row.found_at,
        "decided_by": by,
        "decided_at": at,
        "words": words,
        "schedule_id": accepted.then_some(&row.id),
        "attention": attention(&row.state),
    }))
}

/// Who decided, when, and in which words; of one that is held back, why.
fn decided(state: &SuggestionState) -> (Option<&str>, Value, Option<String>) {
    match state {
        SuggestionState::Open => (None, Value::Null, None),
        SuggestionState::HeldBack { dismissed } => {
            let words = format!("The last {dismissed} of this supplier on this account were dismissed.");
            (None, Value::Null, Some(words))
        }
        SuggestionState::Withdrawn { at } => (None, json!(at), Some("The bill does not say so any more.".to_owned())),
        SuggestionState::Dismissed { by, at, reason } => (Some(by), json!(at), reason.clone()),
        SuggestionState::Accepted { by, at, .. } => (Some(by), json!(at), None),
    }
}

fn attention(state: &SuggestionState) -> Value {
    let SuggestionState::Accepted { since: Some(since), .. } = state else { return Value::Null };
    match since {
        Since::BillChanged => json!({
            "code": "bill_changed",
            "cause": "The bill was edited, and does not say any more what this schedule was made of.",
            "fix": "Open the bill, then change the schedule to what it says now, or leave it.",
        }),
        Since::BillGone => json!({
            "code": "bill_gone",
            "cause": "The bill was voided, deleted or taken back to a draft after its schedule was approved.",
            "fix": "Remove the schedule: what it posted is taken back.",
        }),
    }
}

/// The terms that are proposed, as `POST …/schedules/preview` takes them. What an earlier decision taught comes first.
fn terms(connection: &Connection, row: &Suggestion, memory: &Memory) -> Map<String, Value> {
    let spread = match row.spread {
        Spread::StraightLine => "straight_line",
        Spread::PartPeriods => "part_periods",
    };
    let spread = memory.spread.as_deref().unwrap_or(spread);
    let own = connection.settings.schedule_accounts.prepayment.as_ref();
    let said: String = row.description.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let parts = [row.contact_name.as_str(), row.number.as_str(), said.trim()];
    let named: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let description: String = named.join(", ").chars().take(1000).collect();
    let mut terms = Map::from_iter([
        ("id".to_owned(), json!(row.id)),
        ("kind".to_owned(), json!("prepayment")),
        ("amount".to_owned(), json!(row.amount)),
        ("first".to_owned(), json!(row.first)),
        ("last".to_owned(), json!(row.last)),
        ("method".to_owned(), json!({ "kind": spread })),
        ("expense_account".to_owned(), json!(row.account)),
        ("description".to_owned(), json!(description)),
    ]);
    if let Some(account) = memory.balance_account.as_ref().or(own) {
        terms.insert("balance_account".to_owned(), json!(account));
    }
    if !row.tracking.is_empty() {
        terms.insert("tracking".to_owned(), json!(row.tracking));
    }
    terms
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AcceptBody {
    terms: Map<String, Value>,
    closing_period: Option<Date>,
}

/// Approves the schedule that is suggested, with what the caller changes of its terms.
pub async fn accept(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let AcceptBody { terms: changed, closing_period } = body(request)?;
    let row = known(api, &connection.whose, request).await?;
    if matches!(row.state, SuggestionState::Withdrawn { .. }) {
        let detail =
            "The bill does not say so any more. Look at the bill; approve a schedule of your own if it is one.";
        return Err(Problem::new(409, "suggestion-withdrawn", "Suggestion withdrawn", detail));
    }
    if changed.contains_key("id") || changed.contains_key("kind") {
        let detail = "terms: id and kind are the suggestion's own and cannot be changed.";
        return Err(Problem::bad_request("malformed-json", detail));
    }
    let memory = load_memory(&*api.access.ports.table, &connection.whose, &row).await.map_err(failed)?;
    let mut wanted = terms(connection, &row, &memory);
    wanted.extend(changed);
    if !wanted.contains_key("balance_account") {
        let detail = "terms: name the balance_account that holds the prepayment, or set one in the settings.";
        return Err(Problem::bad_request("bad-schedule", detail));
    }
    let terms = read_terms(connection, wanted)?;
    let proposal = propose(&api.access, connection, terms.clone(), closing_period).await.map_err(refused)?;
    let approved = approve(&api.access, connection, proposal, &caller.actor).await.map_err(refused)?;
    accepted(&api.access, &connection.whose, &terms, &caller.actor).await.map_err(undecided)?;
    let before = approved == Applied::Before;
    Ok(ApiReply::json(202, &json!({ "schedule_id": row.id, "approved_before": before })))
}

/// Dismisses a suggestion, and remembers that.
pub async fn dismiss(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let reason = reason(request, REASON_CHARS_MAX)?;
    let id: ScheduleId = path_id(request, "suggestion_id")?;
    let row = dismiss_one(&api.access, &connection.whose, &id, &caller.actor, reason).await.map_err(undecided)?;
    decided_answer(api, connection, &row).await
}

/// Takes up again what was dismissed or held back.
pub async fn reopen(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: ScheduleId = path_id(request, "suggestion_id")?;
    let row = reopen_one(&api.access, &connection.whose, &id).await.map_err(undecided)?;
    decided_answer(api, connection, &row).await
}

async fn decided_answer(api: &Api, connection: &Connection, row: &Suggestion) -> Result<ApiReply, Problem> {
    let past = past(api, connection)?;
    Ok(ApiReply::json(200, &answer(api, connection, row, past).await?))
}

fn undecided(error: DecideError) -> Problem {
    match error {
        DecideError::Unknown => Problem::not_found(),
        DecideError::Accepted => {
            let detail = "It was accepted and is a schedule. Change or remove the schedule instead.";
            Problem::new(409, "suggestion-accepted", "Suggestion accepted", detail)
        }
        error => failed(error),
    }
}
