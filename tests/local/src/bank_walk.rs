//! The tour's fourth part: a bank statement uploaded, the account held against it, one suggestion confirmed into Xero.
//!
//! Writes to our own simulated Xero and to no other.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use local::caller::Caller;
use serde_json::{Value, json};

use crate::screen::Screen;

/// How long each step may take: Xero's minute, when its calls are spent, and the look that brings them back.
const PATIENCE: Duration = Duration::from_secs(150);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Lines of the books that the statement has too.
const KNOWN_LINES: usize = 6;
/// What the line says that the books do not have.
const NEW_LINE: &str = "CARD 4711 HILLTOP STATIONERS";
/// Account and tax of the money that is entered.
const ACCOUNT: &str = "463";
const TAX_TYPE: &str = "INPUT2";

/// One line as the bank has it: date, amount, what it says.
type Line = (String, String, String);

/// Uploads a statement of the demo organisation's bank, and shows what comes of it.
pub async fn walk(screen: &mut Screen, caller: &Caller, tenant: &str, stamp: &str) -> anyhow::Result<()> {
    let organisation = format!("/v1/organisations/{tenant}");
    let both = json!({ "direction": "both" });
    let settings = json!({
        "sync_interval": "daily", "daily_hour": 3,
        "features": { "document_requests": true, "bank_reconciliation": true },
        "kinds": { "invoices": both, "credit_notes": both, "contacts": both, "bank_transactions": both },
    });
    caller.expect("PUT", &format!("{organisation}/settings"), Some(settings)).await?;
    let (bank, mut lines) = books(caller, &organisation).await?;
    // Each run has a line of its own: kept data has that of the run before.
    let new = format!("{NEW_LINE} {stamp}");
    let pence = stamp.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 1_000);
    let amount = format!("{}.{:02}", 18 + pence / 100, pence % 100);
    let last = lines.last().map_or_else(|| local_today().to_string(), |(date, ..)| date.clone());
    lines.push((last, format!("-{amount}"), new.clone()));
    let path = format!("{organisation}/statements/file?account_id={bank}&file_name=statement.csv");
    let (status, stored) = caller.send("POST", &path, &[("content-type", "text/csv")], csv(&lines)).await?;
    ensure!(status == 202, "the statement was not taken: {stored}");
    let id = stored["statement_id"].as_str().context("no statement_id")?;
    let path = format!("{organisation}/statements/{id}");
    let read = until(caller, &path, |found| found["state"] != "reading" && found["state"] != "awaiting_file").await?;
    ensure!(read["state"] == "read", "the statement was not read: {}", read["attention"]["words"]);
    let said = format!("statement.csv: {} lines of a bank that nobody described", read["read"]["lines"]);
    screen.done("Statement", &said);
    let is_new = |each: &Value| each["kind"] == "post" && each["lines"][0]["description"] == new.as_str();
    let path = format!("{organisation}/bank-suggestions?account_id={bank}&limit=100");
    let open = until(caller, &path, |found| found["suggestions"].as_array().is_some_and(|all| all.iter().any(is_new)));
    let open = open.await?["suggestions"].as_array().cloned().unwrap_or_default();
    let post = open.iter().find(|each| is_new(each)).context("the new line is not suggested")?;
    let report = caller.expect("GET", &format!("{organisation}/reconciliations/{bank}"), None).await?;
    let days: Vec<&Value> = report["days"].as_array().into_iter().flatten().rev().take(4).collect();
    let shown = days.iter().rev().map(|day| {
        let of = |name: &str| day[name].as_str().unwrap_or_default().to_owned();
        vec![of("date"), of("statement"), of("ledger"), of("difference"), of("residual")]
    });
    screen.table(&["day", "bank", "books", "apart by", "unexplained"], &shown.collect::<Vec<_>>());
    let said = format!("{} to look at, such as {NEW_LINE}: {}", open.len(), post["what_to_do"].as_str().unwrap_or(""));
    screen.done("Suggestions", &said);
    confirm(screen, caller, &organisation, post).await
}

/// The bank account in pounds, and the newest lines of its books.
async fn books(caller: &Caller, organisation: &str) -> anyhow::Result<(String, Vec<Line>)> {
    let accounts = caller.expect("GET", &format!("{organisation}/records/accounts?limit=250"), None).await?;
    let mut accounts = accounts["records"].as_array().into_iter().flatten();
    let bank = accounts.find(|each| each["record"]["Type"] == "BANK" && each["record"]["CurrencyCode"] == "GBP");
    let bank = bank.and_then(|bank| bank["id"].as_str()).context("no bank account in pounds")?.to_owned();
    let found = caller.expect("GET", &format!("{organisation}/records/bank_transactions?limit=250"), None).await?;
    let records = found["records"].as_array().into_iter().flatten().map(|each| &each["record"]);
    let ours = records.filter(|each| each["BankAccount"]["AccountID"] == *bank && each["Status"] == "AUTHORISED");
    let mut lines: Vec<Line> = ours
        .map(|each| {
            let of = |name: &str| each[name].as_str().unwrap_or_default().to_owned();
            let sign = if of("Type").starts_with("SPEND") { "-" } else { "" };
            (of("Date"), format!("{sign}{}", of("Total")), of("Reference"))
        })
        .collect();
    lines.sort();
    let lines = lines.split_off(lines.len().saturating_sub(KNOWN_LINES));
    Ok((bank, lines))
}

/// Today, for books without any line.
fn local_today() -> kernel::Date {
    kernel::local_date("UTC", ports::Clock::now(&aws::SystemClock))
}

/// A file as a bank's site exports it.
fn csv(lines: &[Line]) -> String {
    let rows = lines.iter().map(|(date, amount, said)| format!("{date},{said},{amount}\n"));
    std::iter::once("Date,Description,Amount\n".to_owned()).chain(rows).collect()
}

/// Confirms a line, and shows it in Xero and gone from the list.
async fn confirm(screen: &mut Screen, caller: &Caller, organisation: &str, post: &Value) -> anyhow::Result<()> {
    let path = format!("{organisation}/bank-suggestions/{}", post["suggestion_id"].as_str().unwrap_or_default());
    let contacts = caller.expect("GET", &format!("{organisation}/records/contacts?limit=1"), None).await?;
    let contact = &contacts["records"][0]["id"];
    let terms = json!({ "contact_id": contact, "account": ACCOUNT, "tax_type": TAX_TYPE });
    caller.expect("POST", &format!("{path}/accept"), Some(terms)).await?;
    let done =
        until(caller, &path, |found| found["posting"]["state"] == "posted" || !found["posting"]["attention"].is_null())
            .await?;
    ensure!(done["posting"]["state"] == "posted", "it was not entered: {}", done["posting"]["attention"]);
    let link = done["posting"]["link"].as_str().unwrap_or_default();
    screen.done("Confirmed", &format!("{} GBP spent, in Xero at {link}", text(&post["proposal"]["amount"])));
    caller.expect("POST", &format!("{organisation}/syncs"), None).await?;
    let seen = until(caller, &path, |found| found["state"] == "confirmed").await?;
    screen.done(
        "Seen in Xero",
        &format!("by the next pull; the suggestion is {} and gone from the list", text(&seen["state"])),
    );
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn until(caller: &Caller, path: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    let began = Instant::now();
    loop {
        let (status, found) = caller.call("GET", path, None).await?;
        if status == 200 && wanted(&found) {
            return Ok(found);
        }
        ensure!(began.elapsed() < PATIENCE, "still waiting at {path}: {found}");
        tokio::time::sleep(PAUSE).await;
    }
}
