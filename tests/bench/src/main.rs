//! Figures from counters, each beside its budget: calls, write units, bytes, peak memory, instructions.
//!
//! `cargo run --release -p bench` takes the full sizes; `-- --quick` a tenth of them; `-- --journals` only what journals
//! cost, `-- --documents` only what documents cost, `-- --banks` what bank statements and their matching cost, `-- --tie-outs` what a tie-out does; `-- --builds` only measures how
//! long a newcomer waits, in seconds. A budget that is missed ends the run with 1.
#![allow(clippy::print_stdout)]

mod banks;
mod builds;
mod documents;
mod journals;
mod load;
mod planning;
mod reading;
mod start;
mod tie_out;
mod worker;

use std::process::ExitCode;

/// One figure and what it may be.
pub struct Figure {
    name: &'static str,
    found: String,
    budget: String,
    kept: bool,
}

impl Figure {
    /// A figure that must not be larger.
    pub fn at_most(name: &'static str, found: u64, most: u64, unit: &str) -> Self {
        Self { name, found: format!("{found} {unit}"), budget: format!("≤ {most}"), kept: found <= most }
    }

    /// A share in thousandths that must not be smaller.
    pub fn at_least_thousandths(name: &'static str, found: u64, least: u64) -> Self {
        let show = |n: u64| format!("{}.{:03}", n / 1000, n % 1000);
        Self { name, found: show(found), budget: format!("≥ {}", show(least)), kept: found >= least }
    }

    /// A figure without a budget, for comparison.
    pub fn beside(name: &'static str, found: String) -> Self {
        Self { name, found, budget: "–".to_owned(), kept: true }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let asked = |option: &str| std::env::args().any(|argument| argument == option);
    if let Some(rounds) = std::env::args().skip_while(|argument| argument != planning::ALONE).nth(1) {
        let planned = rounds.parse().map_err(anyhow::Error::from).and_then(planning::alone);
        return if planned.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let Some(rounds) = std::env::args().skip_while(|argument| argument != reading::ALONE).nth(1) {
        let read = rounds.parse().map_err(anyhow::Error::from).and_then(reading::alone);
        return if read.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    for (format, alone) in banks::READ_ALONE {
        if let Some(rounds) = std::env::args().skip_while(|argument| argument != alone).nth(1) {
            let read = rounds.parse().map_err(anyhow::Error::from).and_then(|rounds| banks::read_alone(format, rounds));
            return if read.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    }
    if let Some(lines) = std::env::args().skip_while(|argument| argument != banks::MATCH_ALONE).nth(1) {
        let matched = lines.parse().map_err(anyhow::Error::from).and_then(banks::match_alone);
        return if matched.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let invoices = if asked("--quick") { 10_000 } else { 100_000 };
    let releases = invoices / 10;
    let outcomes = if asked("--builds") {
        vec![builds::measure()]
    } else if asked("--journals") {
        vec![planning::measure(), journals::measure(releases).await]
    } else if asked("--documents") {
        vec![documents::measure().await, reading::measure()]
    } else if asked("--banks") {
        vec![banks::measure(invoices)]
    } else if asked("--tie-outs") {
        vec![tie_out::measure(invoices).await]
    } else {
        vec![
            load::measure(invoices).await,
            worker::measure(invoices).await,
            start::measure().await,
            planning::measure(),
            journals::measure(releases).await,
            documents::measure().await,
            reading::measure(),
            banks::measure(invoices),
            tie_out::measure(invoices).await,
        ]
    };
    let mut figures = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(some) => figures.extend(some),
            Err(error) => {
                println!("bench: {error:#}");
                return ExitCode::FAILURE;
            }
        }
    }
    let width = figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
    for figure in &figures {
        let mark = if figure.kept { "kept" } else { "MISSED" };
        let space = " ".repeat(width - figure.name.chars().count());
        println!("{}{space}  {:>24}  {:>10}  {mark}", figure.name, figure.found, figure.budget);
    }
    if figures.iter().all(|figure| figure.kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
