//! The front end's commands and reads. Holds no Xero tokens: every effect on Xero is an envelope on a queue.

mod answers;
mod bank_suggestions;
mod changes;
mod commands;
mod config;
mod connects;
mod documents;
mod export;
mod imports;
mod orders;
mod organisations;
mod postings;
mod publishing;
mod reconciliation;
mod requests;
mod routes;
mod schedule_changes;
mod schedules;
mod sources;
mod statements;
mod suggestions;
mod syncs;
mod tie_outs;

use lambda_kit::{Error, run_api};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let api = config::connect()?;
    let api = &api;
    run_api(|request| routes::answer(api, request)).await
}
