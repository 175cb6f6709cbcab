//! Raw sockets for tests of the server: requests as text, and a webhook target that behaves as told.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.
#![allow(dead_code)] // Each test file uses a part.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::TenantId;
use serde_json::Value;
use simulator::xero::{AppId, AppSettings, DemoSettings, Role, UserSettings, Xero, XeroSettings, signature};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use xero_server::WallClock;

/// Sends raw text and reads until the other side closes.
pub async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap_or_default();
    answer
}

/// A request with headers of its own, each ended by a line break.
pub fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

pub fn post(path: &str, body: &str) -> String {
    request("POST", path, "", body)
}

pub fn get(path: &str) -> String {
    request("GET", path, "", "")
}

/// Status and body.
pub fn parts(answer: &str) -> (u16, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), body)
}

/// A control that must work; its output.
pub async fn control(address: SocketAddr, name: &str, input: Value) -> Value {
    let answer = exchange(address, &post(&format!("/_controls/{name}"), &input.to_string())).await;
    let (status, body) = parts(&answer);
    assert_eq!(status, 200, "{name}: {answer}");
    serde_json::from_str(body).unwrap()
}

/// A Xero with one app, one user and one small organisation, on the machine's clock.
pub fn xero() -> (Xero, AppId, TenantId) {
    let xero = Xero::new(XeroSettings::default(), Arc::new(WallClock));
    let app = xero.register_app(AppSettings::default());
    let user = xero.register_user(UserSettings::default());
    let tenant = xero.register_organisation(&DemoSettings::sized(1, 10));
    xero.set_role(user, tenant, Role::Adviser);
    (xero, app, tenant)
}

/// Consents over HTTP; the code.
pub async fn consent(address: SocketAddr, scope: &str) -> String {
    let client = AppSettings::default().client_id;
    let path = format!(
        "/identity/connect/authorize?response_type=code&client_id={client}&scope={scope}&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Foauth%2Fcallback"
    );
    let answer = exchange(address, &get(&path)).await;
    assert_eq!(parts(&answer).0, 302, "{answer}");
    let code = answer.split("code=").nth(1).unwrap();
    code.split(['&', '\r']).next().unwrap().to_owned()
}

/// How a webhook target answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// 200 and 401, both empty.
    Good,
    /// 200 to any signature.
    Credulous,
    /// A body with the 200.
    Talkative,
    /// A cookie with the 200.
    Sticky,
    /// 503 to everything.
    Down,
}

/// A webhook target and what it saw.
#[derive(Clone)]
pub struct Target {
    pub url: String,
    pub manner: Arc<Mutex<Manner>>,
    /// Each POST that was signed rightly and held events, as its first sequence number.
    pub seen: Arc<Mutex<Vec<i64>>>,
    /// Every POST.
    pub posts: Arc<Mutex<usize>>,
}

impl Target {
    pub async fn listen(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
        let target = Self { url, manner: Arc::new(Mutex::new(manner)), seen: Arc::default(), posts: Arc::default() };
        let own = target.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                own.serve(stream).await;
            }
        });
        target
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut text = String::new();
        let mut buffer = vec![0; 65_536];
        while !text.ends_with("\"}") {
            let read = stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                return; // The sender gave up.
            }
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let expected = signature(&AppSettings::default().webhook_key, body.as_bytes());
        let is_right = head.contains(&format!("x-xero-signature: {expected}"));
        let body: Value = serde_json::from_str(body).unwrap();
        *self.posts.lock().unwrap() += 1;
        if is_right && body["firstEventSequence"] != 0 {
            self.seen.lock().unwrap().push(body["firstEventSequence"].as_i64().unwrap());
        }
        let manner = *self.manner.lock().unwrap();
        let answer = match manner {
            Manner::Down => "503 Service Unavailable\r\nContent-Length: 0",
            Manner::Credulous => "200 OK\r\nContent-Length: 0",
            _ if !is_right => "401 Unauthorized\r\nContent-Length: 0",
            Manner::Good => "204 No Content",
            Manner::Talkative => "200 OK\r\nContent-Length: 2\r\n\r\nOK",
            Manner::Sticky => "200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0",
        };
        let end = if manner == Manner::Talkative && is_right { "" } else { "\r\n\r\n" };
        stream.write_all(format!("HTTP/1.1 {answer}{end}").as_bytes()).await.unwrap();
    }

    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub fn seen(&self) -> Vec<i64> {
        self.seen.lock().unwrap().clone()
    }
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not come true");
}
