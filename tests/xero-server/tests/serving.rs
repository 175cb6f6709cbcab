//! The simulated Xero through a real socket.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

use std::sync::Arc;
use std::time::Duration;

use simulator::xero::{AppSettings, DemoSettings, Fault, Role, UserSettings, Xero, XeroSettings, signature};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use xero_server::{ServerSettings, WallClock, serve};

/// Sends raw text and reads until the other side closes.
async fn exchange(address: std::net::SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap_or_default();
    answer
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn the_key_set_comes_over_http_and_a_lost_answer_closes_the_connection() {
    let xero = Xero::new(XeroSettings::default(), Arc::new(WallClock));
    xero.register_app(AppSettings::default());
    let server = serve(0, xero.clone(), ServerSettings::default()).await.unwrap();
    let keys = exchange(server.address(), &get("/.well-known/openid-configuration/jwks")).await;
    assert!(keys.starts_with("HTTP/1.1 200 OK") && keys.contains("\"kty\":\"RSA\""), "{keys}");
    xero.order_fault(Fault::LostTokenAnswer);
    assert_eq!(exchange(server.address(), &post("/connect/token", "grant_type=refresh_token")).await, "");
    let known = exchange(server.address(), &post("/connect/token", "grant_type=refresh_token")).await;
    assert!(known.starts_with("HTTP/1.1 400") && known.contains("invalid_client"), "{known}");
}

#[tokio::test]
async fn an_edit_through_a_control_reaches_the_webhook_target_signed() {
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/webhooks", receiver.local_addr().unwrap());
    let (seen, received) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = receiver.accept().await.unwrap();
        let mut buffer = vec![0; 16_384];
        let mut text = String::new();
        while !text.contains("\"entropy\"") {
            let read = stream.read(&mut buffer).await.unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        seen.send(text).unwrap();
    });
    let xero = Xero::new(XeroSettings::default(), Arc::new(WallClock));
    let app = xero.register_app(AppSettings::default());
    let user = xero.register_user(UserSettings::default());
    let tenant = xero.register_organisation(&DemoSettings::sized(1, 10));
    xero.set_role(user, tenant, Role::Adviser);
    let settings = ServerSettings { webhook_target: Some(target), webhook_app: Some(app), intent_to_receive: false };
    let server = serve(0, xero, settings).await.unwrap();
    let client = AppSettings::default().client_id;
    let consent = format!(
        "/identity/connect/authorize?response_type=code&client_id={client}&scope=openid&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Foauth%2Fcallback"
    );
    assert!(exchange(server.address(), &get(&consent)).await.starts_with("HTTP/1.1 302"));
    let edit = format!(
        "{{\"tenant\":\"{tenant}\",\"collection\":\"Contacts\",\"fields\":{{\"Name\":\"Quarry Lane Tools\"}}}}"
    );
    let made = exchange(server.address(), &post("/_controls/edit", &edit)).await;
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let text = tokio::time::timeout(Duration::from_secs(10), received).await.unwrap().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(body.contains("\"eventCategory\": \"CONTACT\"") && body.contains("\"eventType\": \"CREATE\""), "{body}");
    let expected = signature(&AppSettings::default().webhook_key, body.as_bytes());
    assert!(head.contains(&format!("x-xero-signature: {expected}")), "{head}");
}
