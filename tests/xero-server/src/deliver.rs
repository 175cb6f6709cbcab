//! Takes waiting webhook events to their target, as Xero does: signed, at least once, repeated when refused.
//!
//! Source: Xero's webhook pages: an answer within 5 seconds, an immediate second try, then one every 15 minutes for 24
//! hours, after which the subscription is disabled.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use ports::Clock;
use simulator::xero::{AppId, Delivery, Xero};
use tokio::net::TcpStream;

use crate::WallClock;

const LOOK_EVERY: Duration = Duration::from_millis(200);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const AGAIN_AFTER: Duration = Duration::from_secs(15 * 60);
/// One delivery, its immediate repetition, and one every 15 minutes of a day.
const TRIES_MAX: u32 = 2 + 96;
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Delivers until stopped, or until a target refused for a day.
pub(crate) async fn run(xero: Xero, app: AppId, target: String, intent_first: bool) {
    let Ok(uri) = target.parse::<Uri>() else {
        tracing::error!("The webhook target {target:?} is not an address; nothing will be delivered");
        return;
    };
    if intent_first {
        for delivery in xero.intent_to_receive(app) {
            let status = post(&xero, &uri, &delivery).await;
            let right = if delivery.genuine { status == 200 } else { status == 401 };
            if !right {
                tracing::warn!(
                    status,
                    genuine = delivery.genuine,
                    "The target failed a check of its signature handling"
                );
            }
        }
    }
    loop {
        for delivery in xero.take_deliveries(app) {
            if !deliver(&xero, &uri, &delivery).await {
                tracing::error!("The webhook target refused for 24 hours; deliveries are disabled");
                return;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn deliver(xero: &Xero, uri: &Uri, delivery: &Delivery) -> bool {
    for attempt in 0..TRIES_MAX {
        if (200..300).contains(&post(xero, uri, delivery).await) {
            return true;
        }
        if attempt > 0 {
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
    false
}

/// One POST; the status, or 0 when no answer came in time.
async fn post(xero: &Xero, uri: &Uri, delivery: &Delivery) -> u16 {
    let start = WallClock.now();
    let answer = tokio::time::timeout(ANSWER_WITHIN, exchange(uri, delivery)).await;
    let (status, body) = answer.ok().and_then(Result::ok).unwrap_or((0, Bytes::new()));
    xero.record_delivery(&uri.to_string(), delivery, (status, &body), start);
    status
}

async fn exchange(uri: &Uri, delivery: &Delivery) -> anyhow::Result<(u16, Bytes)> {
    let host = uri.host().unwrap_or("127.0.0.1");
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header("host", format!("{host}:{port}"))
        .header("content-type", "application/json")
        .header("x-xero-signature", &delivery.signature)
        .body(Full::new(delivery.body.clone()))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    driver.abort();
    Ok((status, body))
}
