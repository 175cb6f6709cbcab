//! Writes down what passes between the functions and a Xero that is not ours.
//!
//! The simulated Xero records itself. Another one is reached through two relays on loopback, one for its API and one
//! for its identity server, which pass every exchange on as it is and hand a copy to the recorder.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use aws::{HttpsTransport, SystemClock};
use http::{HeaderName, HeaderValue};
use local::embedded::http::{Answer, Server, Whole, bind, serve, text};
use ports::{Clock, HttpRequest, Method, Transport};
use simulator::xero::record::Recorder;

/// As long as Xero itself may take.
const TIMEOUT: Duration = Duration::from_secs(100);
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// What belongs to one connection and not to the exchange.
const OF_THE_LINE: &[&str] =
    &["host", "connection", "content-length", "transfer-encoding", "accept-encoding", "content-encoding"];

/// Starts a relay to an address; it stops when dropped.
pub async fn start(target: &str, recorder: Arc<Mutex<Recorder>>) -> anyhow::Result<Server> {
    let transport = Arc::new(HttpsTransport::new().context("no TLS client can be made on this machine")?);
    let target = target.to_owned();
    serve(bind(0).await?, BYTES_MAX, move |request| {
        let (transport, recorder, target) = (transport.clone(), recorder.clone(), target.clone());
        async move { pass(&transport, &recorder, &target, &request).await }
    })
}

async fn pass(transport: &HttpsTransport, recorder: &Mutex<Recorder>, target: &str, request: &Whole) -> Answer {
    let Some(asked) = asked(target, request) else {
        return text(405, "text/plain", "only GET, POST, PUT and DELETE are passed on");
    };
    let start = SystemClock.now();
    let outcome = transport.send(asked.clone()).await;
    let end = SystemClock.now();
    let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
    recorder.exchange(&asked, outcome.as_ref().ok(), start, end);
    let Ok(response) = outcome else {
        return text(502, "text/plain", format!("{target} did not answer"));
    };
    let mut answer = text(response.status, "text/plain", response.body.clone());
    answer.headers_mut().clear();
    for (name, value) in response.headers.iter().filter(|(name, _)| !of_the_line(name)) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

fn asked(target: &str, request: &Whole) -> Option<HttpRequest> {
    let known = [Method::Get, Method::Post, Method::Put, Method::Delete];
    let method = known.into_iter().find(|method| method.as_str() == request.method().as_str())?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers().iter().filter(|(name, _)| !of_the_line(name.as_str()));
    Some(HttpRequest {
        method,
        url: format!("{target}{}", request.uri()),
        headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: request.body().clone(),
        timeout: TIMEOUT,
        response_bytes_max: BYTES_MAX,
    })
}

fn of_the_line(name: &str) -> bool {
    OF_THE_LINE.iter().any(|own| name.eq_ignore_ascii_case(own))
}
