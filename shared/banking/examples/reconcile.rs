//! Holds three files of rows against each other: `cargo run --release -p banking --example reconcile -- STATEMENT FEED LEDGER`.
//!
//! Each line of a file is a row as JSON: id, account, date, amount as a decimal text (money in is positive), currency,
//! description, and, where known, reference, payee, bank_id and type. The report is printed as JSON.
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::env;
use std::fs;

use anyhow::{Context, Result, ensure};
use banking::{Match, Row, reconcile};
use kernel::{Currency, Date, Money};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Written {
    id: String,
    account: String,
    date: Date,
    amount: String,
    currency: Currency,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    payee: Option<String>,
    #[serde(default)]
    bank_id: Option<String>,
}

fn read(file: &str) -> Result<Vec<Row>> {
    let text = fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| row(line).with_context(|| format!("{file}, line {number}"))).collect()
}

fn row(line: &str) -> Result<Row> {
    let Written { id, account, date, amount, currency, description, reference, payee, bank_id } =
        serde_json::from_str(line)?;
    let amount = Money::parse(&amount, currency).context("amount")?;
    let text = Option::unwrap_or_default;
    let (description, reference) = (text(description), text(reference));
    Ok(Row { id, account, date, amount, description, reference, payee: text(payee), bank_id: text(bank_id) })
}

/// A decimal text as a number: no float is made of it.
fn score(found: &Match) -> Result<Box<RawValue>> {
    let text = format!("{}.{:03}", found.per_mille / 1000, found.per_mille % 1000);
    Ok(RawValue::from_string(text)?)
}

fn main() -> Result<()> {
    let files: Vec<String> = env::args().skip(1).collect();
    ensure!(files.len() == 3, "give three files: STATEMENT FEED LEDGER");
    let rows: Vec<Vec<Row>> = files.iter().map(|file| read(file)).collect::<Result<_>>()?;
    let report = reconcile(&rows[0], &rows[1], &rows[2]);
    let mut matches: Vec<Value> = Vec::with_capacity(report.matches.len());
    for found in &report.matches {
        let score: Value = serde_json::from_str(score(found)?.get())?;
        matches.push(json!({
            "statement": found.statement, "feed": found.feed, "ledger": found.ledger, "score": score,
            "certain": found.certain, "kind": found.kind, "reasons": found.reasons,
        }));
    }
    let answer = json!({
        "matches": matches, "findings": report.findings, "unproven": report.unproven, "capped": report.capped,
    });
    println!("{answer}");
    Ok(())
}
