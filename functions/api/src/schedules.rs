//! Prepayments and accruals: previewed, approved, shown with every release, and published.

use std::collections::BTreeMap;

use connections::{Connection, ConnectionState};
use envelopes::{Envelope, Work};
use journals::closing::{calendar, closing_period};
use kernel::periods::Period;
use kernel::{Applied, Date, IntentId, OrganisationRef, ScheduleId, local_date};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use postings::{IntentView, Standing};
use releases::publish::preview as preview_releases;
use releases::store::{ReleasedRow, ScheduleRow, list_released, list_schedules, load_schedule};
use releases::{ApproveError, Proposal, approve as approve_schedule, propose};
use schedules::{Journal, Line, Release, Terms};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use state::{Intent, keys, read_row};

use crate::answers::{body, failed, limit, path_id};
use crate::config::Api;

/// What may stand in terms; a field that is misspelt must not be passed over.
const TERMS: &[&str] = &[
    "id",
    "kind",
    "amount",
    "first",
    "last",
    "method",
    "balance_account",
    "expense_account",
    "tracking",
    "tax_type",
    "description",
    "source",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleBody {
    terms: Map<String, Value>,
    #[serde(default)]
    closing_period: Option<Date>,
}

async fn proposal(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<Proposal, Problem> {
    let ScheduleBody { terms, closing_period } = body(request)?;
    propose(&api.access, connection, read_terms(connection, terms)?, closing_period).await.map_err(refused)
}

/// Terms as a caller sends them. Where they name no balance account, the organisation's own of that kind is meant.
pub fn read_terms(connection: &Connection, mut terms: Map<String, Value>) -> Result<Terms, Problem> {
    let malformed = |detail: String| Problem::bad_request("malformed-json", detail);
    if let Some(name) = terms.keys().find(|name| !TERMS.contains(&name.as_str())) {
        let name: String = name.chars().take(40).collect();
        return Err(malformed(format!("terms: there is no field {name}; fields are {}.", TERMS.join(", "))));
    }
    let accounts = &connection.settings.schedule_accounts;
    let own = match terms.get("kind").and_then(Value::as_str) {
        Some("prepayment") => accounts.prepayment.as_ref(),
        Some("accrual") => accounts.accrual.as_ref(),
        _ => None,
    };
    if let Some(own) = own {
        terms.entry("balance_account").or_insert_with(|| json!(own));
    }
    serde_json::from_value(Value::Object(terms)).map_err(|error| malformed(format!("terms: {error}.")))
}

/// Why terms are not taken.
pub fn refused(error: ApproveError) -> Problem {
    match error {
        ApproveError::NotRead => {
            let detail = "The organisation has not been read yet. Wait for its first sync, then send it again.";
            Problem::new(409, "not-read-yet", "Not read yet", detail)
        }
        ApproveError::Otherwise => {
            let detail =
                "A schedule of this id was approved before with other terms. Use a new id for another schedule.";
            Problem::new(409, "schedule-id-taken", "Schedule id taken", detail)
        }
        ApproveError::Posting(error) => failed(error),
        error => Problem::bad_request("bad-schedule", format!("{error}.")),
    }
}

/// A period.
pub fn period(period: &Period) -> Value {
    json!({ "name": period.name, "first": period.first, "last": period.last })
}

/// A journal that is not posted yet.
pub fn journal(journal: &Journal) -> Value {
    let lines: Vec<Value> = journal.lines().iter().map(line).collect();
    json!({ "date": journal.date(), "narration": journal.narration(), "currency": journal.currency(), "lines": lines })
}

/// A line of a journal.
pub fn line(line: &Line) -> Value {
    json!({
        "account": line.account, "amount": line.amount.amount(), "description": line.description,
        "tax_type": line.tax_type, "tracking": line.tracking,
    })
}

/// A release that no journal carries yet.
pub fn planned(release: &Release) -> Value {
    json!({ "period": period(&release.period), "amount": release.amount.amount() })
}

/// What approving would do; stores nothing.
pub async fn preview(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let proposal = proposal(api, connection, request).await?;
    let releases: Vec<Value> = proposal.releases.iter().map(planned).collect();
    Ok(ApiReply::json(
        200,
        &json!({
            "terms": proposal.schedule.terms(),
            "closing_period": period(&proposal.closing),
            "initial": proposal.initial.as_ref().map(journal),
            "releases": releases,
        }),
    ))
}

/// Approves a schedule: its first journal is on its way, its releases are laid out.
pub async fn approve(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let proposal = proposal(api, connection, request).await?;
    let id = proposal.schedule.id().clone();
    let approved = approve_schedule(&api.access, connection, proposal, &caller.actor).await.map_err(refused)?;
    let found = load_schedule(&*api.access.ports.table, &connection.whose, &id).await.map_err(failed)?;
    let initial = found.and_then(|found| found.value.initial);
    let before = approved == Applied::Before;
    Ok(ApiReply::json(202, &json!({ "schedule_id": id, "posting_id": initial, "approved_before": before })))
}

/// One schedule with every release and what became of it.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (table, whose) = (&*api.access.ports.table, &connection.whose);
    let id: ScheduleId = path_id(request, "schedule_id")?;
    let found = load_schedule(table, whose, &id).await.map_err(failed)?.ok_or_else(Problem::not_found)?.value;
    let released = list_released(table, whose, &id).await.map_err(failed)?;
    let named = released.iter().map(|row| &row.intent).chain(&found.initial).chain(&found.corrections);
    let views = views(api, connection, named).await?;
    Ok(ApiReply::json(200, &answer(&found, &released, &views)))
}

fn answer(found: &ScheduleRow, released: &[ReleasedRow], views: &BTreeMap<IntentId, IntentView>) -> Value {
    let state = |intent: &IntentId| views.get(intent).map(|view| json!(view.state));
    let releases: Vec<Value> = found
        .releases
        .iter()
        .filter(|release| found.posts(release))
        .map(|release| {
            let row = released.iter().find(|row| row.period.last == release.period.last);
            let mut answer = planned(release);
            answer["posting_id"] = json!(row.map(|row| &row.intent));
            answer["state"] = row.and_then(|row| state(&row.intent)).unwrap_or(json!("planned"));
            answer
        })
        .collect();
    // Everything that was ever posted of it is where it shall be: whoever ends a schedule waits for that.
    let ended = |view: &IntentView| matches!(view.state, Standing::Posted | Standing::Withdrawn | Standing::Recorded);
    json!({
        "settled": views.values().all(ended),
        "schedule_id": found.schedule.id(),
        "terms": found.schedule.terms(),
        "closing_period": period(&found.closing),
        "released_until": found.released_until,
        "approved_by": found.approved_by,
        "approved_at": found.approved_at,
        "removed": found.removed,
        "corrections": found.corrections.iter().map(|id| json!({ "posting_id": id, "state": state(id) })).collect::<Vec<_>>(),
        "initial": found.initial.as_ref().map(|id| json!({ "posting_id": id, "state": state(id) })),
        "releases": releases,
    })
}

/// Where postings stand, by name.
async fn views<'a>(
    api: &Api,
    connection: &Connection,
    ids: impl Iterator<Item = &'a IntentId>,
) -> Result<BTreeMap<IntentId, IntentView>, Problem> {
    let now = api.access.ports.clock.now();
    let mut wanted: Vec<_> = ids.map(|id| keys::intent(&connection.whose, id)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let rows = api.access.ports.table.get_many(&wanted).await.map_err(failed)?;
    let mut views = BTreeMap::new();
    for row in &rows {
        let intent = read_row::<Intent>(row).map_err(failed)?.value;
        views.insert(intent.id.clone(), IntentView::of(&intent, now));
    }
    Ok(views)
}

/// Schedules by id.
pub async fn list(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 50, 100)?;
    let after = match request.query.get("after") {
        None => None,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-after", "after must be the next_after of an earlier answer.");
            Some(text.parse::<ScheduleId>().map_err(bad)?)
        }
    };
    let (rows, more) = list_schedules(&*api.access.ports.table, whose, after.as_ref(), most).await.map_err(failed)?;
    let line = |row: &ScheduleRow| {
        json!({
            "schedule_id": row.schedule.id(),
            "kind": row.schedule.terms().kind,
            "description": row.schedule.terms().description,
            "amount": row.schedule.total(),
            "approved_at": row.approved_at,
        })
    };
    let next = rows.last().filter(|_| more).map(|row| row.schedule.id().clone());
    Ok(ApiReply::json(200, &json!({ "schedules": rows.iter().map(line).collect::<Vec<_>>(), "next_after": next })))
}

/// The period that a request means: the one that holds the day it names, or the one that is being closed.
fn meant(api: &Api, connection: &Connection, day: Option<Date>) -> Result<Period, Problem> {
    let today = local_date(connection.zone(), api.access.ports.clock.now());
    let calendar = calendar(connection);
    let found = match day {
        Some(day) => calendar.period_of(day),
        None => closing_period(&calendar, today, connection.locked_until()),
    };
    let bad = |detail: String| Problem::bad_request("bad-period", detail);
    let found = found.map_err(|error| bad(format!("{error}.")))?;
    if today < found.first {
        return Err(bad(format!("The period {} has not begun.", found.name)));
    }
    Ok(found)
}

/// Every release of every schedule that publishing now would post, by period.
pub async fn ready(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let bad = |_| Problem::bad_request("bad-period", "closing_period must be a date such as 2026-10-31.");
    let day = request.query.get("closing_period").map(|text| text.parse().map_err(bad)).transpose()?;
    let closing = meant(api, connection, day)?;
    Ok(ApiReply::json(200, &ready_answer(api, connection, &closing).await?))
}

async fn ready_answer(api: &Api, connection: &Connection, closing: &Period) -> Result<Value, Problem> {
    let found = preview_releases(&api.access, &connection.whose, closing.last).await;
    let (periods, more) = found.map_err(failed)?;
    let periods: Vec<Value> = periods
        .iter()
        .map(|ready| {
            json!({
                "last": ready.last, "releases": ready.releases, "journals": ready.journals,
                "currency": ready.total.currency, "total": ready.total.amount(),
            })
        })
        .collect();
    Ok(json!({ "closing_period": period(closing), "periods": periods, "more": more }))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PublishBody {
    closing_period: Option<Date>,
}

/// Posts every ready release of the closing period and before, across all schedules.
pub async fn publish(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let PublishBody { closing_period } = body(request)?;
    if connection.state != ConnectionState::Connected {
        let detail = "The organisation is not connected; its status says why. Connect it again, then publish.";
        return Err(Problem::new(409, "not-connected", "Not connected", detail));
    }
    let closing = meant(api, connection, closing_period)?;
    let answer = ready_answer(api, connection, &closing).await?;
    let now = api.access.ports.clock.now();
    let envelope = Envelope::new(Work::PostReleases {
        organisation: connection.whose.clone(),
        until: Some(closing.last),
        actor: Some(caller.actor.clone()),
        wish: format!("publish-{}-{now}", closing.last),
        round: 0,
    });
    api.access.send(&envelope).await.map_err(failed)?;
    Ok(ApiReply::json(202, &answer))
}
