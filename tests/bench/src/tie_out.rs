//! Peak memory of the real journal-posting while it ties out an organisation, with an account that every sale is on.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use simulator::xero::XeroSettings;
use system::town::Town;

use crate::Figure;
use crate::worker::peak_of;

const PEAK_KIB_MAX: u64 = 64 * 1024;

/// Ties an organisation of so many invoices out.
pub async fn measure(invoices: usize) -> anyhow::Result<Vec<Figure>> {
    // Waiting out Xero's minutes measures nothing; the limits are kept elsewhere.
    let settings = XeroSettings { limits: false, ..XeroSettings::default() };
    let mut town = Town::start_with(invoices, None, settings).await;
    let caller = town.connect_within(Duration::from_secs(1_800)).await;
    for (id, account) in [("S-1", "620"), ("S-2", "200")] {
        caller.expect("POST", &town.path("/schedules"), Some(terms(id, account))).await?;
    }
    town.settle().await;
    town.xero.forget_calls();
    let started = caller.expect("POST", &town.path("/tie-outs"), None).await?;
    town.stack.settle(Duration::from_secs(1_800)).await?;
    let id = started["tie_out_id"].as_str().context("no id")?;
    let done = caller.expect("GET", &town.path(&format!("/tie-outs/{id}")), None).await?;
    ensure!(done["state"] == "done", "not done: {done}");
    let entries: u64 = sum(&done, |account| {
        account["entries"].as_array().map_or(0, |entries| entries.len() as u64)
            + account["left_out"]["count"].as_u64().unwrap_or(0)
    });
    // The sales account begins anew each financial year, so that only the other can be explained.
    let explained = |account: &Value| account["account"]["code"] != "620" || account["unexplained"] == "0.00";
    let unexplained = sum(&done, |account| u64::from(!explained(account)));
    let calls = town.xero.calls().iter().filter(|call| call.path.contains("/api.xro/")).count() as u64;
    let peak = peak_of(&town, "journal-posting")?;
    town.stack.stop()?;
    Ok(vec![
        Figure::at_most("a tie-out: calls", calls, 1, ""),
        Figure::at_most("a tie-out: accounts not explained to the penny", unexplained, 0, ""),
        Figure::beside("a tie-out: records read", done["progress"]["records"].to_string()),
        Figure::beside("a tie-out: entries told", entries.to_string()),
        Figure::at_most("journal-posting: peak memory of a tie-out", peak, PEAK_KIB_MAX, "KiB"),
    ])
}

fn sum(done: &Value, of: impl Fn(&Value) -> u64) -> u64 {
    done["accounts"].as_array().map_or(0, |accounts| accounts.iter().map(of).sum())
}

fn terms(id: &str, account: &str) -> Value {
    json!({ "terms": {
        "id": id, "kind": "prepayment", "amount": { "amount": "120.00", "currency": "GBP" }, "first": "2020-01-01",
        "last": "2030-12-31", "method": { "kind": "by_day" }, "balance_account": account, "expense_account": "433",
        "description": "Insurance",
    } })
}
