//! Connecting: start, follow, choose.

use connections::{
    App, Apps, ChooseError, ConnectError, NewConnect, Stage, choose as choose_organisations, load_connect,
    start as start_connect,
};
use kernel::{Applied, TenantId};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use sync::head::Trigger;
use sync::{Wish, request_run};
use xero::scopes;

use crate::answers::{body, failed, path_id};
use crate::config::Api;

/// The apps of this deployment, without their secrets.
pub async fn apps(api: &Api) -> Result<ApiReply, Problem> {
    let apps = Apps::load(&*api.access.ports.vault).await.map_err(failed)?;
    let show = |app: &App| {
        json!({
            "name": app.name, "client_id": app.client_id, "certified": app.certified,
            "connects_new": app.connects_new, "statement_lines": app.statement_lines,
        })
    };
    let asked = apps.scopes_of_new();
    let scopes: Vec<Value> =
        asked.iter().map(|scope| json!({ "name": scope.name, "purpose": scope.purpose })).collect();
    Ok(ApiReply::json(200, &json!({ "apps": apps.iter().map(show).collect::<Vec<_>>(), "scopes": scopes })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartBody {
    return_url: String,
    app: Option<String>,
}

/// Starts a connect. Starting twice does no harm: each link works by itself, and an unused one ends by itself. So no
/// answer is kept under an `Idempotency-Key`: it would hold the secret half of the state.
pub async fn start(api: &Api, caller: &Caller, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let wanted: StartBody = body(request)?;
    let new = NewConnect {
        workspace: caller.workspace.clone(),
        actor: caller.actor.clone(),
        return_url: wanted.return_url,
        app: wanted.app,
    };
    let started = start_connect(&api.access, &api.connect, new).await.map_err(|error| match error {
        ConnectError::ReturnUrl => Problem::bad_request("return-url-not-allowed", format!("{error}.")),
        ConnectError::Apps(connections::AppsError::Unknown(_)) => {
            Problem::bad_request("unknown-app", "No Xero app of that name is configured; see GET /v1/apps.")
        }
        error => failed(error),
    })?;
    let answer = json!({
        "connect_id": started.id,
        "authorize_url": started.authorize_url,
        "expires_at": started.expires_at,
    });
    Ok(ApiReply::json(201, &answer))
}

/// How far a connect came.
pub async fn show(api: &Api, caller: &Caller, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id = path_id(request, "connect_id")?;
    let found = load_connect(&api.access, &caller.workspace, id).await.map_err(failed)?;
    let connect = found.ok_or_else(Problem::not_found)?.value;
    let now = api.access.ports.clock.now();
    let mut answer = match &connect.stage {
        Stage::Pending if now >= connect.expires_at => json!({ "stage": "expired" }),
        // The exchange takes seconds: one that is not over by then was cut off, and its code is used up.
        Stage::Exchanging if now >= connect.expires_at => json!({
            "stage": "failed",
            "reason": "temporarily_unavailable",
            "message": "Something on our side failed. Nothing was connected; start again.",
        }),
        Stage::Pending | Stage::Exchanging => json!({ "stage": "pending" }),
        Stage::Choose { .. } if now >= connect.choice_ends_at() => json!({ "stage": "expired" }),
        Stage::Choose { candidates, granted, .. } => {
            let organisations: Vec<Value> =
                candidates.iter().map(|found| json!({ "tenant_id": found.tenant, "name": found.name })).collect();
            json!({ "stage": "choose", "organisations": organisations, "missing_scopes": scopes::missing(granted) })
        }
        Stage::Completed { tenants, .. } => json!({ "stage": "completed", "tenant_ids": tenants }),
        Stage::Failed { code, message } => json!({ "stage": "failed", "reason": code, "message": message }),
    };
    answer["connect_id"] = json!(id);
    answer["expires_at"] = json!(connect.expires_at);
    Ok(ApiReply::json(200, &answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceBody {
    ticket: String,
    tenant_ids: Vec<TenantId>,
}

/// Connects the chosen organisations and asks for their first sync.
pub async fn choose(api: &Api, caller: &Caller, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id = path_id(request, "connect_id")?;
    let choice: ChoiceBody = body(request)?;
    let ticket = SecretString::from(choice.ticket);
    let chosen = choose_organisations(&api.access, &caller.workspace, &caller.actor, id, &ticket, &choice.tenant_ids);
    let chosen = chosen.await.map_err(|error| match error {
        ChooseError::Unknown => Problem::not_found(),
        ChooseError::NotWaiting => {
            Problem::new(409, "not-waiting-for-choice", "Not waiting for a choice", format!("{error}."))
        }
        ChooseError::NotOffered => Problem::bad_request("organisation-not-offered", format!("{error}.")),
        error @ ChooseError::Store(_) => failed(error),
    })?;
    let mut organisations = Vec::new();
    for connection in &chosen.connections {
        let wish = Wish { actor: Some(&caller.actor), ..Wish::of(Trigger::Connected) };
        let run = request_run(&api.access, &connection.whose, wish).await.map_err(failed)?;
        organisations.push(json!({
            "tenant_id": connection.whose.tenant,
            "name": connection.name,
            "missing_scopes": scopes::missing(&connection.granted),
            "sync": crate::syncs::run_answer(&run),
        }));
    }
    let status = if chosen.applied == Applied::Now { 201 } else { 200 };
    Ok(ApiReply::json(status, &json!({ "organisations": organisations })))
}
