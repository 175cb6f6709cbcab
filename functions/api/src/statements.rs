//! Bank statements announced, uploaded, listed, shown with what was read of them, confirmed and taken back.

use ::bank_statements::BankLine;
use ::bank_statements::account::{BankAccount, bank_account};
use ::bank_statements::lines::file_lines;
use ::bank_statements::profile::{Confirmation, confirm};
use ::bank_statements::row::{FileState, StatementFile, Summary, Teller, list_files, load_file};
use ::bank_statements::upload::{Announcement, Unfit, announce as announce_file, store, withdraw as withdraw_file};
use connections::Connection;
use documents::DocumentError;
use envelopes::{Envelope, Work};
use kernel::{OrganisationRef, StatementId, Timestamp};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use statements::Profile;

use crate::answers::{body, failed, limit, part, path_id};
use crate::config::Api;
use crate::documents::{check_direct, doors, form_answer, sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnounceBody {
    account_id: String,
    file_name: String,
    content_type: String,
    bytes: u64,
    sha256: String,
    #[serde(default)]
    teller: Teller,
}

/// Announces a file; answers the form that uploads it.
pub async fn announce(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let AnnounceBody { account_id, file_name, content_type, bytes, sha256: digest, teller } = body(request)?;
    let bad = || Problem::bad_request("bad-statement", "sha256 must be 64 hexadecimal digits.");
    let announced = Announcement { file_name, content_type, bytes, sha256: sha256(&digest).ok_or_else(bad)?, teller };
    announced.check().map_err(unfit)?;
    let account = known_account(api, &connection.whose, &account_id).await?;
    let done = announce_file(doors(api), &connection.whose, &account, &caller.actor, &announced).await;
    let (file, form) = done.map_err(failed)?;
    let until = match &file.state {
        FileState::AwaitingFile { until } => Some(until),
        _ => None,
    };
    let upload = form_answer(&form, until);
    Ok(ApiReply::json(201, &json!({ "statement_id": file.id, "file_name": file.file_name, "upload": upload })))
}

fn unfit(reason: Unfit) -> Problem {
    Problem::bad_request("bad-statement", reason.to_string()).with("code", json!(reason.code()))
}

pub(crate) async fn known_account(api: &Api, whose: &OrganisationRef, id: &str) -> Result<BankAccount, Problem> {
    let found = bank_account(&*api.access.ports.table, whose, id).await.map_err(failed)?;
    found.ok_or_else(|| {
        let detail = "account_id must be Xero's id of a bank account that is in use; sync if it was just made.";
        Problem::bad_request("bad-account", detail)
    })
}

/// Takes one small file as the body.
pub async fn upload(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    check_direct(request)?;
    let teller = match request.query.get("teller").map(String::as_str) {
        None | Some("bank") => Teller::Bank,
        Some("feed") => Teller::Feed,
        Some(_) => return Err(Problem::bad_request("bad-statement", "teller must be bank or feed.")),
    };
    let file_name = request.query.get("file_name").cloned().unwrap_or_default();
    let content_type = request.header("content-type").unwrap_or("application/octet-stream").to_owned();
    let announced = Announcement::of(file_name, content_type, teller, &request.body);
    announced.check().map_err(unfit)?;
    let wanted = request.query.get("account_id").map(String::as_str).unwrap_or_default();
    let account = known_account(api, &connection.whose, wanted).await?;
    let stored = store(doors(api), &connection.whose, &account, &caller.actor, &announced, request.body.clone()).await;
    let file = stored.map_err(failed)?;
    Ok(ApiReply::json(202, &json!({ "statement_id": file.id, "file_name": file.file_name })))
}

/// Files, newest first, of all accounts or of one.
pub async fn list(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let most = limit(request, 50, 100)?;
    let before = match request.query.get("before") {
        None => None,
        Some(text) => {
            let bad = |_| Problem::bad_request("bad-before", "before must be the next_before of an earlier answer.");
            Some(text.parse::<StatementId>().map_err(bad)?)
        }
    };
    let account = request.query.get("account_id").map(|id| id.to_ascii_lowercase());
    let all = list_files(&*api.access.ports.table, &connection.whose).await.map_err(failed)?;
    let wanted = |file: &&StatementFile| {
        before.is_none_or(|before| file.id < before) && account.as_ref().is_none_or(|account| file.account == *account)
    };
    let mut left = all.iter().rev().filter(wanted).peekable();
    let now = api.access.ports.clock.now();
    let shown: Vec<&StatementFile> = left.by_ref().take(most).collect();
    let next = shown.last().map(|file| file.id).filter(|_| left.peek().is_some());
    let files: Vec<Value> = shown.into_iter().map(|file| answer(file, now)).collect();
    Ok(ApiReply::json(200, &json!({ "statements": files, "next_before": next })))
}

async fn known(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<StatementFile, Problem> {
    let id: StatementId = path_id(request, "statement_id")?;
    let found = load_file(&*api.access.ports.table, whose, id).await.map_err(failed)?;
    Ok(found.ok_or_else(Problem::not_found)?.value)
}

/// One file.
pub async fn show(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let file = known(api, &connection.whose, request).await?;
    Ok(ApiReply::json(200, &answer(&file, api.access.ports.clock.now())))
}

/// The lines that were taken of a file, in its order.
pub async fn lines(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let file = known(api, &connection.whose, request).await?;
    let all = match file.state {
        FileState::Read(_) => file_lines(doors(api), &connection.whose, file.id).await.map_err(failed)?,
        _ => Vec::new(),
    };
    let (shown, next) = part(request, &all, 200, 1000)?;
    let shown: Vec<Value> = shown.iter().map(line_answer).collect();
    Ok(ApiReply::json(200, &json!({ "lines": shown, "next_from": next })))
}

fn line_answer(line: &BankLine) -> Value {
    json!({
        "line_id": line.id, "date": line.date, "value_date": line.value_date, "amount": line.amount.amount(),
        "currency": line.amount.currency, "payee": line.payee, "description": line.description,
        "reference": line.reference, "bank_id": line.bank_id, "code": line.code, "page": line.place.0,
        "row": line.place.1,
    })
}

/// Takes a file back: its lines speak for nothing any more, and its account is reconciled anew.
pub async fn withdraw(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let whose = &connection.whose;
    let file = known(api, whose, request).await?;
    match withdraw_file(doors(api), whose, file.id, &caller.actor).await.map_err(withdrawn)? {
        None => Err(Problem::not_found()),
        Some(false) => {
            let detail = "It is being read. Ask again when its state says that it was read.";
            Err(Problem::new(409, "being-read", "Being read", detail))
        }
        Some(true) => {
            reconcile(api, whose, &file.account).await?;
            Ok(ApiReply::json(200, &json!({ "statement_id": file.id, "state": "withdrawn" })))
        }
    }
}

fn withdrawn(error: DocumentError) -> Problem {
    match error {
        DocumentError::Overtaken => {
            let detail = "Somebody changes it at the same moment. Look at it, then send it again.";
            Problem::new(409, "being-changed", "Being changed", detail)
        }
        error => failed(error),
    }
}

/// Asks for an account to be reconciled.
pub(crate) async fn reconcile(api: &Api, whose: &OrganisationRef, account: &str) -> Result<(), Problem> {
    let wish = api.access.ports.clock.now().to_string();
    let (organisation, account) = (whose.clone(), Some(account.to_owned()));
    let work = Work::Reconcile { organisation, account, statement: None, wish };
    api.access.send(&Envelope::new(work)).await.map_err(failed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    profile: Option<Profile>,
}

/// Confirms what the columns of an account's tables mean; the file is read anew with that, and so is each later one.
pub async fn confirm_profile(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let ProfileBody { profile } = body(request)?;
    let file = known(api, &connection.whose, request).await?;
    let read = match &file.state {
        FileState::Read(summary) => summary.profile.clone().and_then(|found| serde_json::from_value(found).ok()),
        _ => None,
    };
    let no_table = || {
        let detail = "The file is no table, or was not read: name the profile whole.";
        Problem::new(409, "no-profile", "No profile", detail)
    };
    let profile = profile.or(read).ok_or_else(no_table)?;
    let done = confirm(doors(api), &connection.whose, file.id, profile, &caller.actor).await.map_err(withdrawn)?;
    match done {
        Confirmation::Unknown => Err(Problem::not_found()),
        Confirmation::NotRead => Err(no_table()),
        Confirmation::Taken => Ok(ApiReply::json(202, &json!({ "statement_id": file.id, "state": "reading" }))),
    }
}

fn answer(file: &StatementFile, now: Timestamp) -> Value {
    let (state, attention, duplicate_of) = standing(file, now);
    let summary = match &file.state {
        FileState::Read(summary) => summary_answer(summary),
        _ => Value::Null,
    };
    json!({
        "statement_id": file.id,
        "account_id": file.account,
        "teller": file.teller,
        "file_name": file.file_name,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "announced_by": file.announced_by,
        "announced_at": file.announced_at,
        "state": state,
        "attention": attention,
        "duplicate_of": duplicate_of,
        "read": summary,
    })
}

fn summary_answer(summary: &Summary) -> Value {
    let statements: Vec<Value> = summary
        .statements
        .iter()
        .map(|each| {
            json!({
                "account_ending": each.account_ending, "taken": each.taken,
                "opening": each.opening.map(|money| money.amount()), "closing": each.closing.map(|money| money.amount()),
                "closing_date": each.closing_date, "first_day": each.days.map(|(from, _)| from),
                "last_day": each.days.map(|(_, to)| to), "entries": each.entries,
            })
        })
        .collect();
    let left = summary.left_out;
    json!({
        "format": summary.format, "statements": statements, "statements_more": summary.statements_more,
        "lines": summary.lines,
        "left_out": {
            "unreadable": left.unreadable, "not_booked": left.not_booked, "other_account": left.other_account,
            "other_currency": left.other_currency, "zero": left.zero,
        },
        "problems": summary.problems, "problems_more": summary.problems_more,
        "profile": summary.profile, "profile_confirmed": summary.profile_confirmed, "read_at": summary.at,
    })
}

/// State, why a person is needed, and the file that is the same.
fn standing(file: &StatementFile, now: Timestamp) -> (&'static str, Value, Option<StatementId>) {
    match &file.state {
        FileState::AwaitingFile { until } if *until <= now => {
            let words = "No file arrived in time. Announce it again and post its new form.";
            ("not_uploaded", json!({ "code": "form_expired", "words": words }), None)
        }
        FileState::AwaitingFile { .. } => ("awaiting_file", Value::Null, None),
        FileState::TakenIn | FileState::Reading { .. } => ("reading", Value::Null, None),
        FileState::Duplicate { of } => ("duplicate", Value::Null, Some(*of)),
        FileState::Refused { code, words } => ("refused", json!({ "code": code, "words": words }), None),
        FileState::Read(_) => ("read", Value::Null, None),
        FileState::Withdrawn { .. } => ("withdrawn", Value::Null, None),
    }
}
