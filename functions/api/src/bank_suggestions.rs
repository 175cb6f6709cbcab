//! What reconciled accounts suggest: listed with reasons, accepted, dismissed, taken up again; rules and payees beside them.

use ::publishing::SPEND_MONEY;
use ::reconciliation::books::EntryKind;
use ::reconciliation::decide::{self, DecideError, REASON_CHARS_MAX};
use ::reconciliation::post::PostTerms;
use ::reconciliation::rules::{BankRules, Payee, Way, forget_payee, list_payees, load_rules, rule_hits, store_rules};
use ::reconciliation::suggestion::{EntryView, LineView, all_suggestions, load_suggestion};
use ::reconciliation::{Suggestion, SuggestionState};
use connections::Connection;
use kernel::{IntentId, OrganisationRef};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use postings::IntentView;
use serde_json::{Map, Value, json};
use state::{Intent, keys, load};

use crate::answers::{body, failed, limit, path_id, reason};
use crate::changes::link;
use crate::config::Api;

/// States that may be asked for.
const STATES: &[&str] = &["open", "accepted", "confirmed", "dismissed", "settled"];

fn state(row: &Suggestion) -> &'static str {
    match &row.state {
        SuggestionState::Open => "open",
        SuggestionState::Accepted { .. } => "accepted",
        SuggestionState::Confirmed { .. } => "confirmed",
        SuggestionState::Dismissed { .. } => "dismissed",
        SuggestionState::Settled { .. } => "settled",
    }
}

/// Suggestions by id, of all accounts or of one.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 50, 100)?;
    let wanted = request.query.get("state").map_or("open", String::as_str);
    if !STATES.contains(&wanted) {
        return Err(Problem::bad_request("bad-state", format!("state must be one of {}.", STATES.join(", "))));
    }
    let after = request.query.get("after");
    let account = request.query.get("account_id").map(|id| id.to_ascii_lowercase());
    let all = all_suggestions(&*api.access.ports.table, &connection.whose).await.map_err(failed)?;
    let wanted = |row: &&Suggestion| {
        state(row) == wanted
            && account.as_ref().is_none_or(|account| row.account == *account)
            && after.is_none_or(|after| *after < row.id)
    };
    let mut left = all.iter().map(|stored| &stored.value).filter(wanted).peekable();
    let mut shown = Vec::new();
    let mut last = None;
    for row in left.by_ref().take(most) {
        shown.push(answer(api, connection, row).await?);
        last = Some(row.id.clone());
    }
    let next = last.filter(|_| left.peek().is_some());
    Ok(ApiReply::json(200, &json!({ "suggestions": shown, "next_after": next })))
}

/// One suggestion.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: String = path_id(request, "suggestion_id")?;
    let found = load_suggestion(&*api.access.ports.table, &connection.whose, &id).await.map_err(failed)?;
    let row = found.ok_or_else(Problem::not_found)?.value;
    Ok(ApiReply::json(200, &answer(api, connection, &row).await?))
}

async fn answer(api: &Api, connection: &Connection, row: &Suggestion) -> Result<Value, Problem> {
    let line = |line: &LineView| {
        json!({
            "line_id": line.id, "date": line.date, "amount": line.amount.amount(), "currency": line.amount.currency,
            "payee": line.payee, "description": line.description, "reference": line.reference,
        })
    };
    let entry = |entry: &EntryView| {
        json!({
            "xero_id": entry.id, "kind": entry.kind, "date": entry.date, "amount": entry.amount.amount(),
            "currency": entry.amount.currency, "whom": entry.whom, "reference": entry.reference,
            "reconciled": entry.reconciled, "link": entry_link(connection, entry),
        })
    };
    let (by, at, words, intent) = decision(&row.state);
    Ok(json!({
        "suggestion_id": row.id,
        "account_id": row.account,
        "kind": row.kind,
        "state": state(row),
        "what_to_do": row.kind.words(),
        "lines": row.lines.iter().map(line).collect::<Vec<_>>(),
        "entries": row.entries.iter().map(entry).collect::<Vec<_>>(),
        "per_mille": row.per_mille,
        "certain": row.certain,
        "reasons": row.reasons,
        "proposal": row.proposal.as_ref().map(proposal),
        "found_at": row.found_at,
        "decided_by": by,
        "decided_at": at,
        "words": words,
        "posting": posting(api, connection, intent).await?,
    }))
}

fn proposal(of: &::reconciliation::prefill::Proposal) -> Value {
    let by = json!(of.by);
    json!({
        "way": of.way, "date": of.date, "amount": of.amount.amount(), "currency": of.amount.currency,
        "contact_id": of.contact_id, "contact_name": of.contact_name, "account": of.account, "tax_type": of.tax_type,
        "description": of.description, "reference": of.reference, "from": by["from"], "rule_id": by["id"],
        "because": of.because,
    })
}

/// Opens an entry in Xero; none of a batch payment, for which Xero names no address.
fn entry_link(connection: &Connection, entry: &EntryView) -> Option<String> {
    let kind = match entry.kind {
        EntryKind::BankTransaction | EntryKind::Transfer => SPEND_MONEY,
        EntryKind::Payment => "payments",
        EntryKind::BatchPayment => return None,
    };
    link(connection, kind, &entry.id, &Map::new())
}

type Decision<'a> = (Option<&'a str>, Value, Option<&'a str>, Option<&'a IntentId>);

fn decision(state: &SuggestionState) -> Decision<'_> {
    match state {
        SuggestionState::Open => (None, Value::Null, None, None),
        SuggestionState::Dismissed { by, at, reason } => (Some(by), json!(at), reason.as_deref(), None),
        SuggestionState::Accepted { by, at, intent } => (Some(by), json!(at), None, intent.as_ref()),
        SuggestionState::Confirmed { by, at, intent } => (Some(by), json!(at), None, intent.as_ref()),
        SuggestionState::Settled { at } => (None, json!(at), None, None),
    }
}

/// Where the posting of a line stands; null where there is none.
async fn posting(api: &Api, connection: &Connection, intent: Option<&IntentId>) -> Result<Value, Problem> {
    let Some(intent) = intent else { return Ok(Value::Null) };
    let table = &*api.access.ports.table;
    let found = load::<Intent>(table, &keys::intent(&connection.whose, intent)).await.map_err(failed)?;
    let Some(found) = found else { return Ok(Value::Null) };
    let view = IntentView::of(&found.value, api.access.ports.clock.now());
    let link = view.xero_id.as_deref().and_then(|id| link(connection, SPEND_MONEY, id, &Map::new()));
    Ok(json!({
        "posting_id": view.id, "state": view.state, "attention": view.attention, "xero_id": view.xero_id, "link": link,
    }))
}

/// Accepts a suggestion; money that is to be entered is on its way then.
pub async fn accept(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let terms: PostTerms = body(request)?;
    let id: String = path_id(request, "suggestion_id")?;
    let done = decide::accept(&api.access, connection, &id, &terms, &caller.actor).await;
    answered(api, connection, done, 202).await
}

/// Dismisses a suggestion, and remembers that.
pub async fn dismiss(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let reason = reason(request, REASON_CHARS_MAX)?;
    let id: String = path_id(request, "suggestion_id")?;
    let done = decide::dismiss(&api.access, &connection.whose, &id, reason.as_deref(), &caller.actor).await;
    answered(api, connection, done, 200).await
}

/// Takes a decision back.
pub async fn reopen(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: String = path_id(request, "suggestion_id")?;
    let done = decide::reopen(&api.access, &connection.whose, &id).await;
    answered(api, connection, done, 200).await
}

async fn answered(
    api: &Api,
    connection: &Connection,
    done: Result<Suggestion, DecideError>,
    status: u16,
) -> Result<ApiReply, Problem> {
    let row = match done {
        Ok(row) => row,
        Err(DecideError::Unknown) => return Err(Problem::not_found()),
        Err(DecideError::Stands(row)) => {
            let detail = "It stands otherwise: see the suggestion. What is in Xero is taken back in Xero.";
            let shown = answer(api, connection, &row).await?;
            return Err(Problem::new(409, "suggestion-decided", "Suggestion decided", detail).with("suggestion", shown));
        }
        Err(DecideError::Faults(faults)) => {
            let shown: Vec<Value> =
                faults.iter().map(|fault| json!({ "code": fault.code(), "words": fault.to_string() })).collect();
            let detail = faults.first().map(|fault| format!("{fault}.")).unwrap_or_default();
            return Err(Problem::bad_request("bad-line", detail).with("faults", json!(shown)));
        }
        Err(DecideError::Overtaken) => {
            let detail = "Somebody decides about it at the same moment. Look at it, then send it again.";
            return Err(Problem::new(409, "being-decided", "Being decided", detail));
        }
        Err(error @ DecideError::Posting(_)) => return Err(failed(error)),
    };
    Ok(ApiReply::json(status, &answer(api, connection, &row).await?))
}

/// Rules with their hits, and the threshold for links.
pub async fn show_rules(api: &Api, whose: &OrganisationRef) -> Result<ApiReply, Problem> {
    let found = load_rules(&*api.access.ports.table, whose).await.map_err(failed)?;
    rules_answer(api, whose, &found).await
}

async fn rules_answer(api: &Api, whose: &OrganisationRef, found: &BankRules) -> Result<ApiReply, Problem> {
    let mut rules = Vec::new();
    for rule in &found.rules {
        let hits = rule_hits(&*api.access.ports.table, whose, &rule.id).await.map_err(failed)?;
        rules.push(json!({
            "id": rule.id, "contains": rule.contains, "way": rule.way, "contact_id": rule.contact_id,
            "account": rule.account, "tax_type": rule.tax_type, "confirmed": hits.confirmed, "changed": hits.changed,
            "last_hit": hits.last,
        }));
    }
    Ok(ApiReply::json(200, &json!({ "rules": rules, "accept_links_from": found.accept_links_from })))
}

/// Replaces the rules.
pub async fn change_rules(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let wanted: BankRules = body(request)?;
    wanted.check().map_err(|fault| Problem::bad_request("bad-rules", format!("{fault}.")))?;
    store_rules(&*api.access.ports.table, whose, &wanted).await.map_err(failed)?;
    rules_answer(api, whose, &wanted).await
}

/// Payees that decisions taught.
pub async fn payees(api: &Api, whose: &OrganisationRef) -> Result<ApiReply, Problem> {
    let found = list_payees(&*api.access.ports.table, whose).await.map_err(failed)?;
    let one = |payee: &Payee| {
        json!({
            "payee": payee.key, "way": payee.way, "contact_id": payee.contact_id, "account": payee.account,
            "tax_type": payee.tax_type, "confirmed": payee.confirmed, "changed": payee.changed, "at": payee.at,
            "by": payee.by,
        })
    };
    Ok(ApiReply::json(200, &json!({ "payees": found.iter().map(one).collect::<Vec<_>>() })))
}

/// Forgets what decisions taught about a payee.
pub async fn forget(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let name = request.query.get("payee").map(String::as_str).unwrap_or_default();
    let way = match request.query.get("way").map(String::as_str) {
        Some("out") => Way::Out,
        Some("in") => Way::In,
        _ => return Err(Problem::bad_request("bad-way", "way must be out or in.")),
    };
    match forget_payee(&*api.access.ports.table, whose, name, way).await.map_err(failed)? {
        true => Ok(ApiReply::json(200, &json!({ "payee": name, "way": way }))),
        false => Err(Problem::not_found()),
    }
}
