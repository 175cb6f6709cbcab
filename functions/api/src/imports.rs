//! Schedules from a file: previewed row by row, then approved, every row or none.
//!
//! Owns what of a request is a file that is read at all. A file is known by its content, never by its type or name, so
//! that it cannot matter how a browser calls it.

use std::time::Duration;

use ::imports::{DateOrder, DecimalMark, Imported};
use connections::Connection;
use kernel::Applied;
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use releases::ApproveError;
use releases::import::{ApprovedRow, Books, ImportError, ImportPreview, ImportRow, SCHEDULES_MAX, approve_rows};
use schedules::Schedule;
use serde_json::{Value, json};
use sheets::{Limits, Sheet, SheetError};

use crate::answers::failed;
use crate::config::Api;
use crate::schedules::{period, planned, refused};

/// As base64 in an event this still fits into the 6 MB that a function is invoked with.
const FILE_BYTES_MAX: usize = 4 << 20;
/// A function answers 6 MB at most, and JSON within JSON may take twice its bytes.
const ANSWER_BYTES_MAX: usize = 5 << 19;
/// No approval is begun later than this: the gateway waits 30 seconds.
const APPROVING_TIME: Duration = Duration::from_secs(20);
/// What stands for a letter that was lost on the way.
const LOST_LETTER: &[u8] = "\u{fffd}".as_bytes();

fn bad_file(code: &str, detail: String) -> Problem {
    Problem::bad_request("bad-file", detail).with("code", json!(code))
}

/// The file as a sheet, its size and the number of its rows checked before the rest is looked at.
fn sheet(request: &ApiRequest) -> Result<Sheet, Problem> {
    let file = &request.body;
    if file.len() > FILE_BYTES_MAX {
        let detail = format!("Send a file of at most {FILE_BYTES_MAX} bytes: split it.");
        return Err(Problem::new(413, "body-too-large", "Body too large", detail));
    }
    let limits = Limits { file_bytes_max: FILE_BYTES_MAX, rows_max: SCHEDULES_MAX, ..Limits::default() };
    let sheet = sheets::read(file, &limits).map_err(|error| match error {
        SheetError::RowsTooMany { .. } => bad_file(error.code(), format!("{}: split the file.", capital(&error))),
        error => bad_file(error.code(), format!("{}.", capital(&error))),
    })?;
    let compressed = file.starts_with(b"PK");
    if !compressed && file.windows(LOST_LETTER.len()).any(|window| window == LOST_LETTER) {
        let detail =
            "The file holds marks of letters that were lost: save it as UTF-8, or send it as application/octet-stream.";
        return Err(bad_file("letters_lost", detail.to_owned()));
    }
    Ok(sheet)
}

fn capital(error: &SheetError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn dates(request: &ApiRequest) -> Result<Option<DateOrder>, Problem> {
    match request.query.get("dates").map(String::as_str) {
        None => Ok(None),
        Some("dmy") => Ok(Some(DateOrder::DayFirst)),
        Some("mdy") => Ok(Some(DateOrder::MonthFirst)),
        Some("ymd") => Ok(Some(DateOrder::YearFirst)),
        Some(_) => Err(Problem::bad_request("bad-dates", "dates must be dmy, mdy or ymd.")),
    }
}

fn decimals(request: &ApiRequest) -> Result<Option<DecimalMark>, Problem> {
    match request.query.get("decimals").map(String::as_str) {
        None => Ok(None),
        Some("point") => Ok(Some(DecimalMark::Point)),
        Some("comma") => Ok(Some(DecimalMark::Comma)),
        Some(_) => Err(Problem::bad_request("bad-decimals", "decimals must be point or comma.")),
    }
}

/// The file's rows, held against the books.
async fn checked(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ImportPreview, Problem> {
    let (dates, decimals) = (dates(request)?, decimals(request)?);
    let sheet = sheet(request)?;
    let books = Books::read(&api.access, connection).await.map_err(refused)?;
    let read = ::imports::preview(&sheet, &books.setting(dates, decimals));
    books.check(&*api.access.ports.table, &connection.whose, read).await.map_err(failed)
}

/// What importing a file would do, and what stands in the way; stores nothing.
pub async fn preview(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let ImportPreview { preview, closing, rows } = checked(api, connection, request).await?;
    let schedules: Vec<Value> =
        preview.schedules.iter().zip(&rows).map(|(imported, row)| previewed(imported, row)).collect();
    let reply = ApiReply::json(
        200,
        &json!({
            "closing_period": period(&closing),
            "schedules": schedules,
            "errors": preview.errors,
            "warnings": preview.warnings,
            "totals": preview.totals,
        }),
    );
    if reply.body.len() > ANSWER_BYTES_MAX {
        return Err(bad_file(
            "preview_too_large",
            "The preview is larger than an answer can be: split the file.".into(),
        ));
    }
    Ok(reply)
}

fn previewed(imported: &Imported, row: &ImportRow) -> Value {
    let proposal = &row.proposal;
    json!({
        "row": row.row,
        "terms": imported.schedule.terms(),
        "released_until": imported.released_until,
        "released": imported.released,
        "remaining": imported.remaining,
        "initial": initial(&proposal.schedule, row),
        "releases": proposal.releases.len(),
        "next_release": proposal.releases.first().map(planned),
        "approved_before": row.approved_before,
    })
}

/// What becomes of the first journal.
fn initial(schedule: &Schedule, row: &ImportRow) -> &'static str {
    match (&row.proposal.initial, schedule.total()) {
        (_, None) => "none",
        (None, Some(_)) => "in_books",
        (Some(_), Some(_)) => "to_post",
    }
}

/// Approves every schedule of a file without errors. Cut off, it is finished by sending the same file again.
pub async fn import(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let last_start = api.access.ports.clock.now().saturating_add(APPROVING_TIME).map_err(failed)?;
    let ImportPreview { preview, rows, .. } = checked(api, connection, request).await?;
    if preview.accepted().is_none() {
        let errors = preview.errors;
        let detail = format!(
            "Nothing is imported: the file has {} errors. Preview it, mend what stands in errors, and send it again.",
            errors.count()
        );
        return Err(Problem::bad_request("import-has-errors", detail).with("errors", json!(errors)));
    }
    let progress = approve_rows(&api.access, connection, rows, &caller.actor, last_start).await.map_err(interrupted)?;
    if progress.left > 0 {
        let (done, left) = (progress.approved.len(), progress.left);
        let detail = format!("{done} schedules are approved and {left} are left: send the same file again to finish.");
        return Err(Problem::new(503, "import-unfinished", "Import unfinished", detail));
    }
    Ok(ApiReply::json(202, &imported(&progress.approved)))
}

fn interrupted(error: ImportError) -> Problem {
    match error.source {
        ApproveError::Otherwise => {
            let detail = format!(
                "Row {}: a schedule of this id was approved meanwhile with other terms. Others of the file may be \
                 approved; preview it again.",
                error.row
            );
            Problem::new(409, "schedule-id-taken", "Schedule id taken", detail)
        }
        source => refused(source),
    }
}

fn imported(approved: &[ApprovedRow]) -> Value {
    let row = |row: &ApprovedRow| {
        json!({
            "row": row.row, "schedule_id": row.id, "posting_id": row.initial,
            "approved_before": row.applied == Applied::Before,
        })
    };
    let before = approved.iter().filter(|row| row.applied == Applied::Before).count();
    json!({
        "schedules": approved.iter().map(row).collect::<Vec<_>>(),
        "approved": approved.len() - before,
        "approved_before": before,
    })
}
