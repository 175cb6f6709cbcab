//! Changing course: a schedule gets other terms or ends; previewed, then confirmed.

use connections::Connection;
use journals::MANUAL_JOURNALS;
use kernel::{Date, ScheduleId};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use releases::{Asked, ChangeError, CorrectBy, JournalRevision, Wanted, change, propose_change};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answers::{body, failed, path_id};
use crate::changes::link;
use crate::config::Api;
use crate::schedules::{journal, line, period, planned, read_terms, refused};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChangeBody {
    terms: Option<Map<String, Value>>,
    remove: bool,
    closing_period: Option<Date>,
    correct_by: CorrectBy,
    confirmed: bool,
}

/// Says what other terms, or the end of a schedule, would change; confirmed, it is done.
pub async fn change_schedule(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let id: ScheduleId = path_id(request, "schedule_id")?;
    let ChangeBody { terms, remove, closing_period, correct_by, confirmed } = body(request)?;
    let wanted = match (terms, remove) {
        (Some(terms), false) => Wanted::Terms(Box::new(read_terms(connection, terms)?)),
        (None, true) => Wanted::Removed,
        _ => return Err(Problem::bad_request("bad-change", "Send either terms or remove: true.")),
    };
    let asked = Asked { wanted, closing: closing_period, correct_by };
    let (found, posting) = if confirmed {
        change(&api.access, connection, &id, &asked, &caller.actor).await.map_err(not_changed)?
    } else {
        let proposed = propose_change(&api.access, connection, &id, &asked).await;
        (proposed.map_err(not_changed)?.0, None)
    };
    let answer = json!({
        "closing_period": period(&found.closing),
        "posted_through": found.posted_through,
        "revisions": found.revisions.iter().map(|each| revision(connection, each)).collect::<Vec<_>>(),
        "correction": found.correction.as_ref().map(journal),
        "releases": found.releases.iter().map(planned).collect::<Vec<_>>(),
        "confirmed": confirmed,
        "posting_id": posting,
    });
    Ok(ApiReply::json(if confirmed { 202 } else { 200 }, &answer))
}

/// A journal that changes itself, with the schedule's lines in it before and after.
fn revision(connection: &Connection, each: &JournalRevision) -> Value {
    let xero_id = each.posting.xero_id();
    json!({
        "posting_id": each.posting.id(),
        "action": each.action(),
        "date": each.posting.content().journal.date(),
        "xero_id": xero_id,
        "link": xero_id.and_then(|id| link(connection, MANUAL_JOURNALS, id, &Map::new())),
        "before": each.before.iter().map(line).collect::<Vec<_>>(),
        "after": each.after.iter().map(line).collect::<Vec<_>>(),
    })
}

fn not_changed(error: ChangeError) -> Problem {
    let conflict = |detail: String| Problem::new(409, "not-changeable", "Not changeable", detail);
    match error {
        ChangeError::Unknown => Problem::not_found(),
        ChangeError::Terms(error) => refused(error),
        ChangeError::Posting(error) => failed(error),
        ChangeError::Removed | ChangeError::Voided(_) | ChangeError::Overtaken | ChangeError::Behind => {
            conflict(format!("{error}."))
        }
        error => Problem::bad_request("bad-change", format!("{error}.")),
    }
}
