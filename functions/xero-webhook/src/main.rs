//! Takes Xero's webhooks in: proves them, puts their events on a queue, answers 200 or 401 with nothing.
//!
//! Never calls Xero and never touches the table. A body that is not durable is not acknowledged: Xero sends it again.

mod config;

use config::Doors;
use inbox::{Verdict, WEBHOOK_KEYS_SECRET, WebhookKeys, receive};
use lambda_kit::{ApiReply, ApiRequest, Error, run_plain_api};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::start_logs();
    let doors = config::connect()?;
    let doors = &doors;
    run_plain_api(|request| async move { ApiReply::empty(answer(doors, request).await) }).await
}

async fn answer(doors: &Doors, request: Option<ApiRequest>) -> u16 {
    let Some(request) = request else { return 401 };
    match take(doors, &request, false).await {
        // The key may just have been rotated: read it again before refusing.
        Ok(Verdict::Refused) => take(doors, &request, true).await.map_or(503, |again| status(&again)),
        Ok(verdict) => status(&verdict),
        Err(error) => {
            tracing::error!(error = %error, "A webhook is not taken; Xero sends it again");
            503
        }
    }
}

async fn take(doors: &Doors, request: &ApiRequest, renew: bool) -> Result<Verdict, Error> {
    let app = request.path.get("app").map_or("", String::as_str);
    let keys = WebhookKeys::parse(&doors.secrets.read(WEBHOOK_KEYS_SECRET, renew).await?)?;
    Ok(receive(&doors.queue, &keys, app, &request.body, request.header("x-xero-signature")).await?)
}

fn status(verdict: &Verdict) -> u16 {
    if matches!(verdict, Verdict::Refused) { 401 } else { 200 }
}
