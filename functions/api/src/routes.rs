//! Each route to its answer. The routes are those of `infra/openapi.yaml`, which the gateway imports.

use connections::Connection;
use kernel::OrganisationRef;
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};

use crate::answers::path_id;
use crate::commands::once;
use crate::config::Api;
use crate::{
    bank_suggestions, changes, connects, documents, imports, orders, organisations, postings, publishing,
    reconciliation, requests, schedule_changes, schedules, sources, statements, suggestions, syncs, tie_outs,
};

/// Answers one request.
pub async fn answer(api: &Api, request: ApiRequest) -> Result<ApiReply, Problem> {
    let caller = request.caller(&api.workspace_claim).ok_or_else(no_workspace)?;
    let (request, caller) = (&request, &caller);
    match request.route.as_str() {
        "GET /v1/apps" => connects::apps(api).await,
        "POST /v1/connects" => connects::start(api, caller, request).await,
        "GET /v1/connects/{connect_id}" => connects::show(api, caller, request).await,
        "POST /v1/connects/{connect_id}/choice" => connects::choose(api, caller, request).await,
        "GET /v1/requests/outstanding" => requests::workspace_message(api, caller, request).await,
        "GET /v1/organisations" => organisations::list(api, caller).await,
        _ => of_organisation(api, caller, request).await,
    }
}

/// Routes below one organisation. Its rows are reached only with the caller's own workspace.
async fn of_organisation(api: &Api, caller: &Caller, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let tenant = path_id(request, "tenant_id")?;
    let whose = &OrganisationRef { workspace: caller.workspace.clone(), tenant };
    let known = organisations::known(api, whose).await?;
    let below = request.route.split_once("/v1/organisations/{tenant_id}").map(|(verb, rest)| (verb.trim(), rest));
    match below {
        Some(("GET", "")) => organisations::show(api, &known).await,
        Some(("DELETE", "")) => organisations::disconnect(api, caller, whose).await,
        Some(("PUT", "/settings")) => organisations::change_settings(api, caller, whose, request).await,
        Some(("POST", "/tests")) => once(api, caller, request, organisations::start_test(api, caller, whose)).await,
        Some(("GET", "/tests/{test_id}")) => organisations::show_test(api, whose, request).await,
        Some(("GET", "/audit")) => organisations::audit(api, whose, request).await,
        Some(("GET", "/problems")) => organisations::problems(api, whose, request).await,
        Some(("GET", "/usage")) => organisations::usage(api, &known).await,
        Some(("POST", "/syncs")) => once(api, caller, request, syncs::start(api, caller, whose)).await,
        Some(("GET", "/syncs")) => syncs::list(api, whose, request).await,
        Some(("GET", "/syncs/{run_id}")) => syncs::show(api, whose, request).await,
        Some(("GET", "/syncs/{run_id}/items")) => syncs::items(api, &known, request).await,
        Some(("GET", "/changes")) => changes::list(api, &known, request).await,
        Some(("GET", "/records/{entity}")) => changes::records(api, &known, request).await,
        Some(("GET", "/records/{entity}/{record_id}")) => changes::record(api, &known, request).await,
        Some(("PUT", "/records/{entity}/{record_id}/source")) => sources::put(api, whose, request).await,
        Some(("DELETE", "/records/{entity}/{record_id}/source")) => sources::delete(api, whose, request).await,
        Some(("GET", "/sources/{entity}/{source_id}")) => sources::find(api, &known, request).await,
        Some(("GET", "/orders/events")) => orders::events(api, &known, request).await,
        Some((verb, path)) if path.starts_with("/documents") => {
            of_documents(api, caller, &known, request, (verb, path)).await
        }
        Some((verb, path)) if path.starts_with("/requests") || path.starts_with("/bank-lines") => {
            of_requests(api, caller, &known, request, (verb, path)).await
        }
        Some((verb, path)) if path.starts_with("/statements") || path.starts_with("/reconciliations") => {
            of_statements(api, caller, &known, request, (verb, path)).await
        }
        Some((verb, path)) if path.starts_with("/bank-") => {
            of_bank_suggestions(api, caller, &known, request, (verb, path)).await
        }
        Some((verb, path)) if path.starts_with("/suggestions") => {
            of_suggestions(api, caller, &known, request, (verb, path)).await
        }
        Some((verb, path)) => of_postings(api, caller, &known, request, (verb, path)).await,
        None => Err(Problem::not_found()),
    }
}

/// Routes of documents.
async fn of_documents(
    api: &Api,
    caller: &Caller,
    known: &Connection,
    request: &ApiRequest,
    below: (&str, &str),
) -> Result<ApiReply, Problem> {
    match below {
        // Not remembered under an Idempotency-Key: a form is a secret for as long as it works.
        ("POST", "/documents") => documents::announce(api, caller, known, request).await,
        ("POST", "/documents/file") => once(api, caller, request, documents::upload(api, caller, known, request)).await,
        ("GET", "/documents") => documents::list(api, known, request).await,
        ("POST", "/documents/{document_id}/preview") => publishing::preview(api, known, request).await,
        ("POST", "/documents/{document_id}/publish") => {
            once(api, caller, request, publishing::publish(api, caller, known, request)).await
        }
        ("GET", "/documents/{document_id}") => documents::show(api, known, request).await,
        _ => Err(Problem::not_found()),
    }
}

/// Routes of requests for documents.
async fn of_requests(
    api: &Api,
    caller: &Caller,
    known: &Connection,
    request: &ApiRequest,
    below: (&str, &str),
) -> Result<ApiReply, Problem> {
    let whose = &known.whose;
    match below {
        ("GET", "/requests") => requests::list(api, known, request).await,
        ("POST", "/requests/evaluation") => once(api, caller, request, requests::evaluate(api, whose)).await,
        ("GET", "/requests/settings") => requests::show_settings(api, whose).await,
        ("PUT", "/requests/settings") => requests::change_settings(api, whose, request).await,
        ("GET", "/requests/outstanding") => requests::message(api, known, request).await,
        ("GET", "/bank-lines/sources") => requests::sources(api, known).await,
        ("POST", "/bank-lines") => once(api, caller, request, requests::take_lines(api, whose, request)).await,
        ("GET", "/requests/{request_id}") => requests::show(api, whose, request).await,
        ("PUT", "/requests/{request_id}/decision") => requests::decide(api, caller, whose, request).await,
        ("PUT", "/requests/{request_id}/document") => requests::link(api, whose, request).await,
        _ => Err(Problem::not_found()),
    }
}

/// Routes of bank statements, and of accounts held against them.
async fn of_statements(
    api: &Api,
    caller: &Caller,
    known: &Connection,
    request: &ApiRequest,
    below: (&str, &str),
) -> Result<ApiReply, Problem> {
    match below {
        // Not remembered under an Idempotency-Key: a form is a secret for as long as it works.
        ("POST", "/statements") => statements::announce(api, caller, known, request).await,
        ("POST", "/statements/file") => {
            once(api, caller, request, statements::upload(api, caller, known, request)).await
        }
        ("GET", "/statements") => statements::list(api, known, request).await,
        ("GET", "/statements/{statement_id}") => statements::show(api, known, request).await,
        ("DELETE", "/statements/{statement_id}") => statements::withdraw(api, caller, known, request).await,
        ("GET", "/statements/{statement_id}/lines") => statements::lines(api, known, request).await,
        ("POST", "/statements/{statement_id}/profile") => {
            statements::confirm_profile(api, caller, known, request).await
        }
        ("GET", "/reconciliations") => reconciliation::list(api, known).await,
        ("GET", "/reconciliations/{account_id}") => reconciliation::show(api, known, request).await,
        ("POST", "/reconciliations/{account_id}") => {
            once(api, caller, request, reconciliation::start(api, known, request)).await
        }
        ("GET", "/reconciliations/{account_id}/matches") => reconciliation::rows(api, known, request, "matches").await,
        ("GET", "/reconciliations/{account_id}/findings") => {
            reconciliation::rows(api, known, request, "findings").await
        }
        ("GET", "/reconciliations/{account_id}/quality") => reconciliation::quality(api, known, request).await,
        _ => Err(Problem::not_found()),
    }
}

/// Routes of what reconciled accounts suggest.
async fn of_bank_suggestions(
    api: &Api,
    caller: &Caller,
    known: &Connection,
    request: &ApiRequest,
    below: (&str, &str),
) -> Result<ApiReply, Problem> {
    let whose = &known.whose;
    match below {
        ("GET", "/bank-suggestions") => bank_suggestions::list(api, known, request).await,
        ("GET", "/bank-suggestions/{suggestion_id}") => bank_suggestions::show(api, known, request).await,
        ("POST", "/bank-suggestions/{suggestion_id}/accept") => {
            once(api, caller, request, bank_suggestions::accept(api, caller, known, request)).await
        }
        ("POST", "/bank-suggestions/{suggestion_id}/dismiss") => {
            bank_suggestions::dismiss(api, caller, known, request).await
        }
        ("POST", "/bank-suggestions/{suggestion_id}/reopen") => bank_suggestions::reopen(api, known, request).await,
        ("GET", "/bank-rules") => bank_suggestions::show_rules(api, whose).await,
        ("PUT", "/bank-rules") => bank_suggestions::change_rules(api, whose, request).await,
        ("GET", "/bank-payees") => bank_suggestions::payees(api, whose).await,
        ("DELETE", "/bank-payees") => bank_suggestions::forget(api, whose, request).await,
        _ => Err(Problem::not_found()),
    }
}

/// Routes of what is suggested.
async fn of_suggestions(
    api: &Api,
    caller: &Caller,
    known: &Connection,
    request: &ApiRequest,
    below: (&str, &str),
) -> Result<ApiReply, Problem> {
    match below {
        ("GET", "/suggestions") => suggestions::list(api, known, request).await,
        ("GET", "/suggestions/{suggestion_id}") => suggestions::show(api, known, request).await,
        ("POST", "/suggestions/{suggestion_id}/accept") => {
            once(api, caller, request, suggestions::accept(api, caller, known, request)).await
        }
        ("POST", "/suggestions/{suggestion_id}/dismiss") => suggestions::dismiss(api, caller, known, request).await,
        ("POST", "/suggestions/{suggestion_id}/reopen") => suggestions::reopen(api, known, request).await,
        _ => Err(Problem::not_found()),
    }
}

/// Routes of what is written to Xero.
async fn of_postings(
    api: &Api,
    caller: &Caller,
    known: &Connection,
    request: &ApiRequest,
    below: (&str, &str),
) -> Result<ApiReply, Problem> {
    let whose = &known.whose;
    match below {
        ("POST", "/journals") => once(api, caller, request, postings::post_journal(api, caller, known, request)).await,
        ("GET", "/postings") => postings::waiting(api, known, request).await,
        ("POST", "/postings/recorded") => postings::record(api, caller, whose, request).await,
        ("GET", "/postings/{posting_id}") => postings::show(api, known, request).await,
        ("POST", "/schedules/preview") => schedules::preview(api, known, request).await,
        ("POST", "/schedules") => once(api, caller, request, schedules::approve(api, caller, known, request)).await,
        ("POST", "/schedules/import/preview") => imports::preview(api, known, request).await,
        ("POST", "/schedules/import") => once(api, caller, request, imports::import(api, caller, known, request)).await,
        ("GET", "/schedules") => schedules::list(api, whose, request).await,
        ("GET", "/schedules/{schedule_id}") => schedules::show(api, known, request).await,
        ("POST", "/schedules/{schedule_id}/change") => {
            once(api, caller, request, schedule_changes::change_schedule(api, caller, known, request)).await
        }
        ("GET", "/releases/ready") => schedules::ready(api, known, request).await,
        ("POST", "/releases/publish") => {
            once(api, caller, request, schedules::publish(api, caller, known, request)).await
        }
        ("POST", "/tie-outs") => once(api, caller, request, tie_outs::start(api, caller, known, request)).await,
        ("GET", "/tie-outs") => tie_outs::list(api, known, request).await,
        ("GET", "/tie-outs/{tie_out_id}") => tie_outs::show(api, known, request).await,
        ("POST", "/postings/{posting_id}/redate") => {
            once(api, caller, request, postings::redate(api, caller, known, request)).await
        }
        ("POST", "/postings/{posting_id}/retry") => postings::retry(api, caller, whose, request).await,
        _ => Err(Problem::not_found()),
    }
}

fn no_workspace() -> Problem {
    let detail = "The token names no workspace. Your issuer must put it into the claim this deployment is set up with.";
    Problem::new(403, "no-workspace", "No workspace", detail)
}
