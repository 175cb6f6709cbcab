//! Requests for documents: what is asked for and what is left out, decided by people, answered with documents.

use ::requests::evaluate::{last_evaluation, new_request};
use ::requests::outstanding::outstanding;
use ::requests::sources::{AccountSource, account_sources};
use ::requests::{
    AnswerError, Request, RequestSettings, RequestState, Subject, decide_by_hand, link_document, list_requests,
    load_request, load_settings, store_settings,
};
use connections::{Connection, connections_of};
use envelopes::{Envelope, Work};
use evidence::{
    AccountId, ByHand, Decision, Line, LineId, LineKind, LineSource, Policy, Presence, Rules, Verdict, Words,
};
use kernel::{Date, DocumentId, Money, OrganisationRef, TenantId, local_date};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use reminders::Recurring;
use serde::Deserialize;
use serde_json::{Value, json};
use state::create;
use xero::scopes;

use crate::answers::{body, failed, limit, path_id};
use crate::config::Api;

/// States that may be asked for.
const STATES: &[(&str, RequestState)] = &[
    ("new", RequestState::New),
    ("requested", RequestState::Requested),
    ("excluded", RequestState::Excluded),
    ("closed", RequestState::Closed),
];
/// Rows looked through for one answer; where few are in the wanted state, an answer may be short and say there is more.
const ROWS_MAX: usize = 300;
/// Lines of a statement in one command.
const LINES_MAX: usize = 200;
/// Rows of a message.
const MESSAGE_ROWS_MAX: usize = 200;
/// Organisations in one answer of a whole workspace, and the rows of each.
const ORGANISATIONS_MAX: usize = 25;
const ROWS_OF_EACH: usize = 20;

/// Requests by id.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 50, 100)?;
    let wanted = match request.query.get("state") {
        None => None,
        Some(text) => {
            let names: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
            let found = STATES.iter().find(|(name, _)| name == text);
            let bad = || Problem::bad_request("bad-state", format!("state must be one of {}.", names.join(", ")));
            Some(found.ok_or_else(bad)?.1)
        }
    };
    let mut after = match request.query.get("after") {
        None => None,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-after", "after must be the next_after of an earlier answer.");
            Some(text.parse::<LineId>().map_err(bad)?)
        }
    };
    let table = &*api.access.ports.table;
    let (rows, more) = list_requests(table, &connection.whose, after.as_ref(), ROWS_MAX).await.map_err(failed)?;
    let (mut shown, mut left) = (Vec::new(), more);
    for row in rows.iter().map(|row| &row.value) {
        if shown.len() == most {
            left = true;
            break;
        }
        after = Some(row.id.clone());
        if wanted.is_none_or(|wanted| wanted == row.state()) {
            shown.push(answer(row));
        }
    }
    let evaluated = last_evaluation(table, &connection.whose).await.map_err(failed)?;
    let answer = json!({
        "requests": shown, "next_after": after.filter(|_| left),
        "evaluated_at": evaluated.as_ref().map(|row| row.at),
        "lines_left_out": evaluated.map_or(0, |row| row.evaluated.left_out),
    });
    Ok(ApiReply::json(200, &answer))
}

fn answer(row: &Request) -> Value {
    let line = row.line().map(|line| {
        let capabilities = line.source.capabilities();
        json!({
            "source": line.source, "account_id": line.account, "date": line.date, "amount": line.amount.amount(),
            "currency": line.amount.currency, "payee": line.payee, "description": line.description,
            "reference": line.reference, "reconciled": line.reconciled, "unproven": capabilities.unproven,
        })
    });
    let recurring = match &row.subject {
        Subject::Line { .. } => None,
        Subject::Recurring { title, note, occurrence } => Some(json!({
            "recurring_id": occurrence.of, "title": title, "note": note, "due": occurrence.due,
            "first": occurrence.first, "last": occurrence.last,
        })),
    };
    let by_hand = row.by_hand.as_ref().map(|hand| {
        let ByHand { decision, note } = &hand.by_hand;
        json!({ "decision": decision, "note": note, "actor": hand.actor, "at": hand.at })
    });
    let (reason, evidence, near, again) = why(row);
    json!({
        "request_id": row.id,
        "state": row.state(),
        "line": line,
        "recurring": recurring,
        "reason": reason,
        "evidence": evidence,
        "near": near,
        "again": again,
        "by_hand": by_hand,
        "document_id": row.document,
        "seen_at": row.seen_at,
        "changed_at": row.changed_at,
    })
}

/// Why it stands as it does: a word for programs, what that went by, what nearly spoke for the line, and what held before.
fn why(row: &Request) -> (Value, Value, Value, Value) {
    match &row.verdict {
        None => (Value::Null, Value::Null, json!([]), Value::Null),
        Some(Verdict::Requested { why, near, again, .. }) => {
            (json!(why), Value::Null, json!(near), json!(again.as_ref().map(|again| &again.words)))
        }
        Some(Verdict::Excluded { rule, rule_id, evidence }) => {
            let mut shown = json!(evidence);
            shown["rule_id"] = json!(rule_id);
            (json!(rule), shown, json!([]), Value::Null)
        }
        Some(Verdict::Closed { by, evidence }) => {
            let mut shown = json!(evidence);
            shown["rule_id"] = Value::Null;
            (json!(by), shown, json!([]), Value::Null)
        }
    }
}

/// One request.
pub async fn show(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: LineId = path_id(request, "request_id")?;
    let found = load_request(&*api.access.ports.table, whose, &id).await.map_err(failed)?;
    Ok(ApiReply::json(200, &answer(&found.ok_or_else(Problem::not_found)?.value)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    decision: Wanted,
    #[serde(default)]
    note: Words,
}

/// What a person decides.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Needed,
    NotNeeded,
    Automatic,
}

/// Takes a person's decision.
pub async fn decide(
    api: &Api,
    caller: &Caller,
    whose: &OrganisationRef,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let id: LineId = path_id(request, "request_id")?;
    let DecisionBody { decision, note } = body(request)?;
    let (by_hand, automatic) = match decision {
        Wanted::Needed => (Some(ByHand { decision: Decision::Needed, note }), false),
        Wanted::NotNeeded => (Some(ByHand { decision: Decision::NotNeeded, note }), false),
        Wanted::Automatic => (None, true),
    };
    let row = decide_by_hand(&api.access, whose, &id, by_hand, &caller.actor).await.map_err(refused)?;
    if automatic {
        wish(api, whose).await?;
    }
    Ok(ApiReply::json(200, &answer(&row)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentBody {
    document_id: Option<DocumentId>,
}

/// Answers a request with a document, or takes that back.
pub async fn link(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: LineId = path_id(request, "request_id")?;
    let DocumentBody { document_id } = body(request)?;
    let row = link_document(&api.access, whose, &id, document_id).await.map_err(refused)?;
    if document_id.is_none() {
        wish(api, whose).await?;
    }
    Ok(ApiReply::json(200, &answer(&row)))
}

fn refused(error: AnswerError) -> Problem {
    match error {
        AnswerError::Unknown => Problem::not_found(),
        AnswerError::Document => {
            let detail = "document_id must name a document whose file was taken in; see its state.";
            Problem::bad_request("bad-document", detail)
        }
        error => failed(error),
    }
}

async fn wish(api: &Api, whose: &OrganisationRef) -> Result<(), Problem> {
    let wish = api.access.ports.clock.now().to_string();
    let work = Work::EvaluateRequests { organisation: whose.clone(), wish };
    api.access.send(&Envelope::new(work)).await.map_err(failed)
}

/// Asks for an evaluation.
pub async fn evaluate(api: &Api, whose: &OrganisationRef) -> Result<ApiReply, Problem> {
    wish(api, whose).await?;
    Ok(ApiReply::json(202, &json!({ "evaluation": "on its way" })))
}

/// Rules, policy and recurring requests.
pub async fn show_settings(api: &Api, whose: &OrganisationRef) -> Result<ApiReply, Problem> {
    let found = load_settings(&*api.access.ports.table, whose).await.map_err(failed)?;
    Ok(ApiReply::json(200, &settings_answer(&found)))
}

fn settings_answer(settings: &RequestSettings) -> Value {
    json!({
        "since": settings.since, "rules": settings.rules, "policy": settings.policy, "recurring": settings.recurring,
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SettingsBody {
    since: Option<Date>,
    rules: Rules,
    policy: Policy,
    recurring: Vec<Recurring>,
}

/// Replaces them.
pub async fn change_settings(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let SettingsBody { since, rules, policy, recurring } = body(request)?;
    let wanted = RequestSettings { since, rules, policy, recurring };
    wanted.check().map_err(|error| Problem::bad_request("bad-request-settings", format!("{error}.")))?;
    store_settings(&*api.access.ports.table, whose, &wanted).await.map_err(failed)?;
    wish(api, whose).await?;
    Ok(ApiReply::json(200, &settings_answer(&wanted)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinesBody {
    lines: Vec<LineBody>,
}

/// A line of a statement, as a caller sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    id: LineId,
    account_id: AccountId,
    date: Date,
    amount: Money,
    #[serde(default)]
    payee: Words,
    #[serde(default)]
    description: Words,
    #[serde(default)]
    reference: Words,
}

/// Takes lines of a bank statement; the same line again changes nothing.
pub async fn take_lines(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let LinesBody { lines } = body(request)?;
    if !(1..=LINES_MAX).contains(&lines.len()) {
        return Err(Problem::bad_request("bad-lines", format!("lines must be 1 to {LINES_MAX} lines.")));
    }
    let (table, now) = (&*api.access.ports.table, api.access.ports.clock.now());
    let mut taken = 0;
    for line in lines {
        let LineBody { id, account_id, date, amount, payee, description, reference } = line;
        let line = Line {
            id,
            source: LineSource::UploadedStatement,
            account: account_id,
            date,
            amount,
            payee,
            description,
            reference,
            kind: LineKind::Ordinary,
            presence: Presence::Present,
            reconciled: None,
            links: Vec::new(),
        };
        let row = new_request(&line, now);
        let key = state::keys::request(whose, row.id.as_str());
        taken += usize::from(create(table, key, &row, None).await.map_err(failed)?.is_some());
    }
    wish(api, whose).await?;
    Ok(ApiReply::json(202, &json!({ "taken": taken })))
}

/// Who speaks for each bank account, and what that leaves unproven.
pub async fn sources(api: &Api, connection: &Connection) -> Result<ApiReply, Problem> {
    let found = account_sources(&*api.access.ports.table, connection).await.map_err(failed)?;
    let accounts: Vec<Value> = found.iter().map(source_answer).collect();
    let allowed = scopes::reads_statement_lines(&connection.granted);
    Ok(ApiReply::json(200, &json!({ "statement_lines_allowed": allowed, "accounts": accounts })))
}

fn source_answer(of: &AccountSource) -> Value {
    let tells = of.capabilities.map(|tells| {
        json!({
            "sees_unreconciled": tells.sees_unreconciled, "knows_links": tells.knows_links,
            "knows_attachments": tells.knows_attachments, "unproven": tells.unproven,
        })
    });
    let trouble = of.trouble.as_ref().map(|(code, words)| json!({ "code": code, "words": words }));
    json!({
        "account_id": of.account, "name": of.name, "source": of.source, "tells": tells,
        "read_since": of.read_since, "read_at": of.read_at, "unreadable": of.unreadable, "trouble": trouble,
    })
}

/// What is open in each organisation of the workspace that asks for documents, by tenant id.
pub async fn workspace_message(api: &Api, caller: &Caller, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 10, ORGANISATIONS_MAX)?;
    let after = match request.query.get("after") {
        None => None,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-after", "after must be the next_after of an earlier answer.");
            Some(text.parse::<TenantId>().map_err(bad)?)
        }
    };
    let all = connections_of(&*api.access.ports.table, &caller.workspace).await.map_err(failed)?;
    let asks = |connection: &&Connection| connection.settings.has(::requests::FEATURE);
    let mut left = all.iter().filter(asks).filter(|of| after.is_none_or(|after| after < of.whose.tenant)).peekable();
    let (mut shown, mut last) = (Vec::new(), None);
    for connection in left.by_ref().take(most) {
        let mut answer = open_answer(api, connection, ROWS_OF_EACH).await?;
        answer["tenant_id"] = json!(connection.whose.tenant);
        answer["name"] = json!(connection.name);
        shown.push(answer);
        last = Some(connection.whose.tenant);
    }
    let next = last.filter(|_| left.peek().is_some());
    Ok(ApiReply::json(200, &json!({ "organisations": shown, "next_after": next })))
}

/// What is open, as data and as a text to be sent.
pub async fn message(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let rows = limit(request, 20, MESSAGE_ROWS_MAX)?;
    Ok(ApiReply::json(200, &open_answer(api, connection, rows).await?))
}

async fn open_answer(api: &Api, connection: &Connection, rows: usize) -> Result<Value, Problem> {
    let today = local_date(connection.zone(), api.access.ports.clock.now());
    let found = outstanding(&*api.access.ports.table, &connection.whose, today, rows).await.map_err(failed)?;
    let lines = &found.lines;
    let totals: Vec<Value> = lines
        .totals
        .iter()
        .map(|total| json!({ "currency": total.out.currency, "out": total.out.amount(), "in": total.came_in.amount() }))
        .collect();
    let shown: Vec<Value> = lines
        .rows
        .iter()
        .map(|row| {
            let open = &row.request;
            json!({
                "request_id": open.line, "account_name": open.account_name, "date": open.date,
                "amount": open.amount.amount(), "currency": open.amount.currency, "payee": open.payee,
                "age_days": row.age_days,
            })
        })
        .collect();
    let recurring: Vec<Value> = found
        .recurring
        .iter()
        .map(|(title, occurrence)| json!({ "request_id": occurrence.id, "title": title, "due": occurrence.due }))
        .collect();
    Ok(json!({
        "count": lines.count, "oldest_days": lines.oldest_days, "totals": totals, "lines": shown,
        "lines_left_out": lines.rows_left_out, "recurring": recurring, "text": found.text(),
    }))
}
