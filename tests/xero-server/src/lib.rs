//! Serves the simulated Xero over HTTP on loopback.
//!
//! Owns sockets and nothing else: every answer is the simulator's. A lost answer closes the connection without one.
//! While a webhook target is set, waiting events are delivered to it and failed deliveries repeated. Controls are
//! `POST /_controls/{name}` with a JSON body; the table of names and fields heads `simulator::xero`'s module `controls`.
//! Two more are the server's own: `webhooks` tells how the subscription stands, `enable_webhooks` has the target checked
//! and, when it passes, the kept events delivered.

mod deliver;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
pub use deliver::Pace;
use deliver::{Postman, Subscription};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use kernel::Timestamp;
use ports::{Clock, HttpRequest, Method, Transport};
use serde_json::{Value, json};
use simulator::xero::{AppId, Xero};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Largest request body taken; Xero's own limit is lower.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A call that takes longer, as a held one may, ends without an answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// What the server does beside answering.
#[derive(Clone, Debug, Default)]
pub struct ServerSettings {
    /// Where webhook events go, such as `http://127.0.0.1:3000/webhooks/xero`; none by default.
    pub webhook_target: Option<String>,
    /// Whose events they are.
    pub webhook_app: Option<AppId>,
    /// Whether the target's handling of signatures is checked first, as Xero always does for a new address. Nothing is
    /// delivered to a target that fails.
    pub intent_to_receive: bool,
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A running server; dropping it stops it.
pub struct ServerHandle {
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl ServerHandle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port`, good for Xero's API, identity and login addresses alike.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the server ends, which it does not by itself.
    pub async fn wait(mut self) {
        if let Some(task) = self.tasks.pop() {
            // A task that was stopped has ended as well.
            let _ = task.await;
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Listens on a loopback port; 0 picks a free one.
pub async fn serve(port: u16, xero: Xero, settings: ServerSettings) -> std::io::Result<ServerHandle> {
    serve_at_pace(port, xero, settings, Pace::default()).await
}

/// The same with webhooks repeated and given up at another pace than Xero's.
pub async fn serve_at_pace(
    port: u16,
    xero: Xero,
    settings: ServerSettings,
    pace: Pace,
) -> std::io::Result<ServerHandle> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let mut tasks = Vec::new();
    let mut subscription = None;
    if let (Some(target), Some(app)) = (&settings.webhook_target, settings.webhook_app) {
        let target = target.parse().map_err(std::io::Error::other)?;
        let (postman, portal) = Postman::new(xero.clone(), app, target, pace);
        subscription = Some(portal);
        tasks.push(tokio::spawn(postman.run(settings.intent_to_receive)));
    }
    tasks.push(tokio::spawn(accept(listener, Arc::new(Served { xero, subscription }))));
    Ok(ServerHandle { address, tasks })
}

/// What requests reach.
struct Served {
    xero: Xero,
    subscription: Option<Subscription>,
}

async fn accept(listener: TcpListener, served: Arc<Served>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, served.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "Could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, served: Arc<Served>) {
    let service = service_fn(move |request| {
        let served = served.clone();
        async move { answer(&served, request).await }
    });
    // An error here is a lost answer, or a caller that went away: nobody is left to tell.
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "A connection ended early");
    }
}

/// Ends the connection without an answer.
#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the answer is lost on purpose")
    }
}

impl std::error::Error for NoAnswer {}

async fn answer(served: &Served, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Bytes::new()));
    };
    let body = body.to_bytes();
    if let Some(name) = parts.uri.path().strip_prefix("/_controls/") {
        return Ok(control(served, name, &body).await);
    }
    let method = match parts.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        _ => return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain", Bytes::new())),
    };
    let headers = parts
        .headers
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned())));
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let sent = HttpRequest {
        method,
        url: format!("http://127.0.0.1{target}"),
        headers: headers.collect(),
        body,
        timeout: CALL_TIMEOUT,
        response_bytes_max: usize::MAX,
    };
    // By itself, because a caller who leaves does not end a call at Xero.
    let xero = served.xero.clone();
    let call = tokio::spawn(async move { xero.send(sent).await });
    let response = call.await.map_err(|_| NoAnswer)?.map_err(|_| NoAnswer)?;
    let wanted = parts.headers.get("accept-encoding").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut out = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        out = out.header(name, value);
    }
    if wanted.contains("gzip") && response.body.len() > COMPRESSED_FROM {
        let body = gzip(&response.body).map_err(|_| NoAnswer)?;
        return out.header("content-encoding", "gzip").body(Full::new(body)).map_err(|_| NoAnswer);
    }
    out.body(Full::new(response.body)).map_err(|_| NoAnswer)
}

/// Bodies longer than this are compressed for those who take it, as Xero's edge does.
const COMPRESSED_FROM: usize = 1_000;

fn gzip(body: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    Ok(encoder.finish()?.into())
}

async fn control(served: &Served, name: &str, body: &[u8]) -> Response<Full<Bytes>> {
    let input: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let outcome = match (name, &served.subscription) {
        ("webhooks", Some(portal)) => Ok(json!({ "standing": format!("{:?}", portal.standing()) })),
        ("enable_webhooks", Some(portal)) => Ok(json!({ "enabled": portal.enable().await })),
        _ => served.xero.control(name, &input),
    };
    match outcome {
        Ok(output) => plain(StatusCode::OK, "application/json", Bytes::from(output.to_string())),
        Err(error) => {
            let text = json!({ "error": error.to_string() }).to_string();
            plain(StatusCode::BAD_REQUEST, "application/json", Bytes::from(text))
        }
    }
}

fn plain(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(kind));
    response
}
