//! Finishes a connect: Xero sends the browser here with a code; the answer is always a redirect.

mod config;

use connections::{CallbackQuery, finish};
use lambda_kit::{ApiReply, ApiRequest, Error, run_plain_api};
use secrecy::SecretString;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let (access, settings) = config::connect()?;
    let (access, settings) = (&access, &settings);
    run_plain_api(|request| async move {
        let outcome = finish(access, settings, query(request.as_ref())).await;
        tracing::info!(outcome = %outcome.code, "A connect came back from Xero");
        ApiReply::redirect(outcome.location)
    })
    .await
}

fn query(request: Option<&ApiRequest>) -> CallbackQuery {
    let text = |name: &str| request.and_then(|request| request.query.get(name)).cloned();
    CallbackQuery { state: text("state"), code: text("code").map(SecretString::from), error: text("error") }
}
