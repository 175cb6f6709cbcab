//! `/connections`: what a token may act on, and taking it back.

use kernel::{Timestamp, XeroUserId};
use ports::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::Address;
use super::identity::{Bearer, Grant, bearer};
use super::limits;
use super::reply::{Reply, not_found, problem};
use super::settings::AppId;
use super::state::{Connection, State};

/// Checks the token and counts the call against the app's minute.
pub(super) fn admit(state: &mut State, token: Option<&str>, now: Timestamp) -> Result<Grant, Reply> {
    let grant = match bearer(state, token, now) {
        Bearer::Valid(grant) => grant,
        Bearer::Expired(at) => return Err(expired(state, at)),
        Bearer::Unknown => return Err(unauthorized(state)),
    };
    let met = state.limits.admit_app(grant.app, now);
    met.map_err(|met| state.limits.mark_app(limits::refuse(met), grant.app))?;
    Ok(grant)
}

/// Dispatches `/connections` and `/connections/{id}` of an admitted call.
pub(super) fn answer(state: &mut State, grant: &Grant, method: Method, address: &Address, now: Timestamp) -> Reply {
    match (method, address.segments.get(1)) {
        (Method::Get, None) => list(state, grant.app, grant.user, address.parameter("authEventId")),
        (Method::Delete, Some(id)) => delete(state, grant.app, grant.user, id, now),
        _ => not_found(),
    }
}

pub(super) fn expired(state: &mut State, at: Timestamp) -> Reply {
    let detail = format!("TokenExpired: token expired at {}", at.strftime("%m/%d/%Y %H:%M:%S"));
    problem(401, &detail, state.dice.uuid()).with("WWW-Authenticate", "Bearer error=invalid_token")
}

pub(super) fn unauthorized(state: &mut State) -> Reply {
    let reply = problem(401, "AuthenticationUnsuccessful", state.dice.uuid());
    reply.with("WWW-Authenticate", "Bearer error=invalid_token")
}

fn list(state: &State, app: AppId, user: XeroUserId, event: Option<&str>) -> Reply {
    let wanted = |each: &&Connection| {
        each.live && each.app == app && each.user == user && event.is_none_or(|event| each.event.to_string() == event)
    };
    let rows: Vec<Value> = state.connections.iter().filter(wanted).map(|each| row(state, each)).collect();
    Reply::json(200, &Value::Array(rows))
}

fn row(state: &State, each: &Connection) -> Value {
    let practice = state.practices.iter().find(|practice| practice.tenant == each.tenant);
    let books = state.books.iter().find(|books| books.tenant == each.tenant);
    let name = practice.map(|practice| &practice.name).or(books.map(|books| &books.profile.name));
    let kind = if practice.is_some() { "PRACTICE" } else { "ORGANISATION" };
    let stamp = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S%.7f").to_string();
    json!({
        "id": each.id.to_string(), "authEventId": each.event.to_string(), "tenantId": each.tenant.to_string(),
        "tenantType": kind, "tenantName": name,
        "createdDateUtc": stamp(each.created), "updatedDateUtc": stamp(each.updated),
    })
}

fn delete(state: &mut State, app: AppId, user: XeroUserId, id: &str, now: Timestamp) -> Reply {
    let Ok(id) = id.parse::<Uuid>() else { return not_found() };
    let mine = |each: &Connection| each.live && each.app == app && each.user == user;
    if let Some(found) = state.connections.iter_mut().find(|each| mine(each) && each.id.0 == id) {
        (found.live, found.updated) = (false, now);
        return Reply::empty(204);
    }
    let other_id = |each: &Connection| mine(each) && (each.tenant.0 == id || each.event == id);
    if state.connections.iter().any(other_id) {
        return problem(403, "AuthenticationUnsuccessful", state.dice.uuid());
    }
    not_found()
}
