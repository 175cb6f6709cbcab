//! Tie-outs: asked for, shown while they run, and read with every entry that the two balances do not share.

use connections::{Connection, ConnectionState};
use journals::closing::{calendar, closing_period};
use kernel::{Currency, Date, Money, MoneyError, TieOutId, local_date};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sync::load_head;
use tie_outs::{
    Finding, KEPT_DAYS, Sheet, Stage, TieOut, Wanted, list_tie_outs, load_sheets, load_tie_out, request_tie_out,
    words::words,
};

use crate::answers::{body, failed, limit, path_id};
use crate::changes::link;
use crate::config::Api;

/// Entries of one answer, over all accounts: a function answers with 6 MB at most.
const ENTRIES_SHOWN_MAX: usize = 4_000;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TieOutBody {
    as_at: Option<Date>,
}

/// Asks for a tie-out of a day; of the last day of the period that is being closed where none is named.
pub async fn start(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let TieOutBody { as_at } = body(request)?;
    if connection.state != ConnectionState::Connected {
        let detail = "The organisation is not connected; its status says why. Connect it again, then tie out.";
        return Err(Problem::new(409, "not-connected", "Not connected", detail));
    }
    let head = load_head(&*api.access.ports.table, &connection.whose).await.map_err(failed)?;
    let currency = connection.facts.as_ref().and_then(|facts| facts.base_currency.parse::<Currency>().ok());
    let Some(currency) = currency.filter(|_| head.loaded) else {
        let detail = "The organisation has not been read yet. Wait for its first sync, then send it again.";
        return Err(Problem::new(409, "not-read-yet", "Not read yet", detail));
    };
    let wanted = Wanted {
        as_at: day(api, connection, as_at)?,
        currency,
        actor: &caller.actor,
        mirror_synced_at: head.last.map(|last| last.finished_at),
    };
    let id = request_tie_out(&api.access, connection, &wanted).await.map_err(failed)?;
    Ok(ApiReply::json(202, &json!({ "tie_out_id": id, "as_at": wanted.as_at })))
}

/// A day that has come.
fn day(api: &Api, connection: &Connection, as_at: Option<Date>) -> Result<Date, Problem> {
    let today = local_date(connection.zone(), api.access.ports.clock.now());
    let bad = |detail: String| Problem::bad_request("bad-as-at", detail);
    match as_at {
        Some(day) if today < day => Err(bad(format!("{day} has not come yet: balances are of today or before."))),
        Some(day) => Ok(day),
        None => {
            let closing = closing_period(&calendar(connection), today, connection.locked_until());
            Ok(closing.map_err(|error| bad(format!("{error}.")))?.last.min(today))
        }
    }
}

/// The latest tie-outs, newest first.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let wanted = limit(request, 20, 100)?;
    let now = api.access.ports.clock.now();
    let found = list_tie_outs(&*api.access.ports.table, &connection.whose, now, wanted).await.map_err(failed)?;
    let found: Vec<Value> = found.iter().map(summary).collect();
    Ok(ApiReply::json(200, &json!({ "tie_outs": found })))
}

/// One tie-out: how far it is, or its result.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let (table, whose) = (&*api.access.ports.table, &connection.whose);
    let id: TieOutId = path_id(request, "tie_out_id")?;
    let found = load_tie_out(table, whose, &id, api.access.ports.clock.now()).await.map_err(failed)?;
    let row = found.ok_or_else(Problem::not_found)?.value;
    let mut answer = summary(&row);
    answer["accounts"] = Value::Null;
    if row.stage == Stage::Done {
        let sheets = load_sheets(table, whose, &row).await.map_err(failed)?;
        let most = ENTRIES_SHOWN_MAX / sheets.len().max(1);
        let accounts: Result<Vec<Value>, MoneyError> =
            sheets.iter().map(|sheet| account(connection, sheet, most)).collect();
        answer["accounts"] = json!(accounts.map_err(failed)?);
    }
    Ok(ApiReply::json(200, &answer))
}

fn summary(row: &TieOut) -> Value {
    let (state, problem) = match &row.stage {
        Stage::Done => ("done", None),
        Stage::Failed(fault) => ("failed", Some(fault)),
        _ => ("running", None),
    };
    let stage = match &row.stage {
        Stage::TrialBalance => "trial_balance",
        Stage::Schedules { .. } => "schedules",
        Stage::Postings { .. } => "postings",
        Stage::Records { .. } => "records",
        Stage::Done | Stage::Failed(_) => "over",
    };
    let waiting = row.waiting.as_ref().map(|(until, reason)| json!({ "until": until, "reason": reason }));
    json!({
        "tie_out_id": row.id, "state": state, "as_at": row.as_at, "currency": row.currency,
        "asked_by": row.asked_by, "asked_at": row.asked_at, "finished_at": row.finished_at,
        "kept_days": KEPT_DAYS, "problem": problem,
        "progress": {
            "stage": stage, "moved_at": row.moved_at, "schedules": row.schedules, "postings": row.postings,
            "records": row.records, "waiting": waiting,
        },
        "trial_balance_at": row.trial_balance_at,
        "mirror_synced_at": row.mirror_synced_at,
        "kinds_not_read": row.not_mirrored,
        "decided_meanwhile": row.decided_meanwhile,
        "unread": { "count": row.unread, "records": row.unread_named },
    })
}

fn account(connection: &Connection, sheet: &Sheet, most: usize) -> Result<Value, MoneyError> {
    let (gap, unexplained) = (sheet.gap()?, sheet.unexplained()?);
    let status = match (sheet.id, gap.is_zero()) {
        (None, _) => "account_unknown",
        (Some(_), true) => "ties",
        (Some(_), false) => "gap",
    };
    let (shown, cut) = sheet.kept.split_at(sheet.kept.len().min(most));
    let entries: Vec<Value> = shown.iter().map(|finding| entry(connection, sheet, finding)).collect();
    let cut_amounts = cut.iter().map(|finding| Money::new(finding.minor, sheet.ledger.currency));
    let left_out = Money::try_sum(cut_amounts, sheet.ledger.currency)?.try_add(sheet.left_out_sum)?;
    Ok(json!({
        "account": { "id": sheet.id, "code": sheet.code, "name": sheet.name },
        "status": status,
        "advice": advice(sheet, status, unexplained.is_zero()),
        "ledger": sheet.ledger.amount(),
        "expected": sheet.expected.amount(),
        "gap": gap.amount(),
        "attributed": sheet.attributed()?.amount(),
        "unexplained": unexplained.amount(),
        "entries": entries,
        "left_out": { "count": sheet.left_out + cut.len() as u64, "amount": left_out.amount() },
    }))
}

fn advice(sheet: &Sheet, status: &str, explained: bool) -> &'static str {
    match (status, explained, sheet.kept.is_empty()) {
        ("account_unknown", ..) => {
            "Schedules name an account that the books do not have. Give them the account's present code or id."
        }
        _ if sheet.starts_afresh => {
            "This is a profit and loss account: its balance in Xero begins anew with each financial year, while schedules hold \
             theirs. Change the schedules to a balance sheet account."
        }
        ("ties", _, true) => "The account holds exactly what remains to be released.",
        ("ties", ..) => "The account holds what remains to be released; the entries below cancel each other.",
        (_, true, _) => "The entries below are the whole gap. Each says what to do.",
        _ => {
            "Some of the gap is no entry that is known here: an opening balance, a kind of record that an app cannot \
             read, or what changed in Xero after the last sync. Sync and tie out again; look the rest up in Xero's account \
             transactions."
        }
    }
}

fn entry(connection: &Connection, sheet: &Sheet, finding: &Finding) -> Value {
    let said = words(finding);
    let record = finding.record.as_ref();
    let typed = record.map(|record| Map::from_iter([("Type".to_owned(), json!(record.document_type))]));
    let link =
        record.zip(typed.as_ref()).and_then(|(record, typed)| link(connection, &record.entity, &record.id, typed));
    json!({
        "kind": finding.kind,
        "amount": Money::new(finding.minor, sheet.ledger.currency).amount(),
        "date": finding.date,
        "entity": record.map(|record| &record.entity),
        "xero_id": record.map(|record| &record.id),
        "number": record.map(|record| &record.number).filter(|number| !number.is_empty()),
        "link": link,
        "posting_id": finding.posting,
        "schedule_id": finding.schedule,
        "code": said.code, "cause": said.cause, "fix": said.fix,
    })
}
