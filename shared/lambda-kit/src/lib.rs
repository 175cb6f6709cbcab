//! What every function's main is made of: configuration, logs, replies, the batch loop.
//!
//! Owns the shapes AWS Lambda gives and wants. Knows nothing of Xero and holds no rule of the business.

mod arrivals;
mod batch;
mod config;
mod gateway;
mod logs;
mod problem;

pub use arrivals::{OfFile, StoredFile, run_arrivals};
pub use batch::{QueueMessage, run_queue};
pub use config::{MissingVariable, Variables};
pub use gateway::{ApiReply, ApiRequest, Caller, run_api, run_plain_api};
pub use lambda_runtime::Error;
pub use logs::start_logs;
pub use problem::Problem;

use std::future::Future;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

/// Runs a function that a schedule wakes. What it was woken with is not looked at: stored state says what to do.
pub async fn run_schedule<F, Fut, E>(step: F) -> Result<(), Error>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<Value, E>>,
    E: std::error::Error + Send + Sync + 'static,
{
    lambda_runtime::run(service_fn(|_: LambdaEvent<Value>| async {
        step().await.map_err(|error| {
            tracing::error!(error = %chain(&error), "A scheduled look failed; the schedule fires again");
            Error::from(error)
        })
    }))
    .await
}

/// An error with its sources, in one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = inner.source();
    }
    text
}
