//! A small HTTP/1.1 server on loopback: whole bodies in, whole bodies out.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use http::HeaderValue;

/// A request with its whole body.
pub type Whole = Request<Bytes>;
/// An answer with its whole body.
pub type Answer = Response<Full<Bytes>>;

/// A running server; stops when dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Binds a loopback port; 0 for any.
pub async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    let fault = || format!("port {port} on 127.0.0.1 is in use; stop what listens there or pass --port with another");
    TcpListener::bind(("127.0.0.1", port)).await.with_context(fault)
}

/// Serves requests with bodies up to `body_bytes_max`; longer ones are answered 413.
pub fn serve<F, Fut>(listener: TcpListener, body_bytes_max: usize, handle: F) -> anyhow::Result<Server>
where
    F: Fn(Whole) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let address = listener.local_addr()?;
    let handle = Arc::new(handle);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handle = handle.clone();
            drop(stream.set_nodelay(true));
            let service = service_fn(move |request: Request<Incoming>| answer(handle.clone(), request, body_bytes_max));
            tokio::spawn(async move {
                // A peer that goes away mid-request is its own affair.
                drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    Ok(Server { address, task })
}

async fn answer<F, Fut>(handle: Arc<F>, request: Request<Incoming>, body_bytes_max: usize) -> Result<Answer, Infallible>
where
    F: Fn(Whole) -> Fut,
    Fut: Future<Output = Answer>,
{
    let (parts, body) = request.into_parts();
    Ok(match Limited::new(body, body_bytes_max).collect().await {
        Ok(body) => handle(Request::from_parts(parts, body.to_bytes())).await,
        Err(_) => text(413, "application/json", r#"{"message":"Request Too Long"}"#),
    })
}

/// An answer of a status, a content type and a text.
pub fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        answer.headers_mut().insert(http::header::CONTENT_TYPE, value);
    }
    answer
}
