//! Bank accounts held against their statements: asked for, shown day by day, and what of it nobody has decided yet.

use ::reconciliation::quality::decided;
use ::reconciliation::report::{list_reconciliations, load_reconciliation, load_report};
use ::reconciliation::suggestion::all_suggestions;
use ::reconciliation::{Reconciliation, Suggestion};
use connections::Connection;
use lambda_kit::{ApiReply, ApiRequest, Problem};
use serde_json::{Value, json};

use crate::answers::{failed, part, path_id};
use crate::config::Api;
use crate::documents::doors;
use crate::statements::{known_account, reconcile};

/// Days, or matches, in one answer.
const ROWS_MAX: usize = 500;

/// The last reconciliation of each account that has one.
pub async fn list(api: &Api, connection: &Connection) -> Result<ApiReply, Problem> {
    let found = list_reconciliations(&*api.access.ports.table, &connection.whose).await.map_err(failed)?;
    let accounts: Vec<Value> = found.iter().map(answer).collect();
    Ok(ApiReply::json(200, &json!({ "reconciliations": accounts })))
}

/// Asks for an account to be reconciled anew.
pub async fn start(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: String = path_id(request, "account_id")?;
    let account = known_account(api, &connection.whose, &id).await.map_err(|_| Problem::not_found())?;
    reconcile(api, &connection.whose, &account.id).await?;
    Ok(ApiReply::json(202, &json!({ "account_id": account.id, "reconciliation": "on its way" })))
}

async fn known(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<Reconciliation, Problem> {
    let id: String = path_id::<String>(request, "account_id")?.to_ascii_lowercase();
    let found = load_reconciliation(&*api.access.ports.table, &connection.whose, &id).await.map_err(failed)?;
    found.ok_or_else(Problem::not_found)
}

/// The last reconciliation of an account, with its days.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let found = known(api, connection, request).await?;
    let report = load_report(doors(api), &connection.whose, &found.account).await.map_err(failed)?;
    let mut days = report.as_ref().and_then(|report| report["days"].as_array().cloned()).unwrap_or_default();
    let left_out = days.len().saturating_sub(ROWS_MAX);
    let days = days.split_off(left_out);
    let mut shown = answer(&found);
    (shown["days"], shown["days_left_out"]) = (json!(days), json!(left_out));
    Ok(ApiReply::json(200, &shown))
}

/// The matches of the last reconciliation, or its findings.
pub async fn rows(api: &Api, connection: &Connection, request: &ApiRequest, of: &str) -> Result<ApiReply, Problem> {
    let found = known(api, connection, request).await?;
    let report = load_report(doors(api), &connection.whose, &found.account).await.map_err(failed)?;
    let all = report.as_ref().and_then(|report| report[of].as_array()).map(Vec::as_slice).unwrap_or_default();
    let (shown, next) = part(request, all, 100, ROWS_MAX)?;
    Ok(ApiReply::json(200, &json!({ of: shown, "next_from": next })))
}

/// How often the matcher was right on this account's own history.
pub async fn quality(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let found = known(api, connection, request).await?;
    let all = all_suggestions(&*api.access.ports.table, &connection.whose).await.map_err(failed)?;
    let ours = all.into_iter().map(|stored| stored.value).filter(|each| each.account == found.account);
    let ours: Vec<Suggestion> = ours.collect();
    let people = decided(&ours);
    let accepted = people.iter().map(|row| row.accepted).max().unwrap_or(0);
    let people: Vec<Value> = people
        .iter()
        .map(|row| {
            json!({
                "from_per_mille": row.from_per_mille, "accepted": row.accepted, "dismissed": row.dismissed,
                "precision_per_mille": share(row.accepted, row.accepted + row.dismissed),
                "recall_per_mille": share(row.accepted, accepted),
                "automatic_right": row.automatic_right, "automatic_wrong": row.automatic_wrong,
            })
        })
        .collect();
    let xero: Vec<Value> = found
        .against_xero
        .iter()
        .map(|row| {
            json!({
                "from_per_mille": row.from_per_mille, "compared": row.compared, "right": row.right, "of": row.of,
                "precision_per_mille": share(row.right, row.compared), "recall_per_mille": share(row.right, row.of),
            })
        })
        .collect();
    Ok(ApiReply::json(200, &json!({ "account_id": found.account, "by_people": people, "by_xero": xero })))
}

/// Thousandths; nothing of nothing.
fn share(part: usize, of: usize) -> Option<usize> {
    (of > 0).then(|| part * 1000 / of)
}

fn answer(found: &Reconciliation) -> Value {
    let (statement, feed, books) = found.rows;
    let gaps: Vec<Value> = found.gaps.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
    json!({
        "account_id": found.account, "currency": found.currency, "at": found.at, "from": found.from, "to": found.to,
        "rows": { "statement": statement, "feed": feed, "books": books },
        "feed_source": found.feed_source, "matched": found.matched.0, "certain": found.matched.1,
        "findings": found.findings, "difference": found.difference.amount(), "residual": found.residual.amount(),
        "unproven": found.unproven, "gaps": gaps, "capped": found.capped,
    })
}
