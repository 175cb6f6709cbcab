//! The line to Xero as it really is: compressed bodies, bounds that hold however small a body crossed the wire.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::time::Duration;

use aws::HttpsTransport;
use flate2::Compression;
use flate2::write::GzEncoder;
use local::embedded::http::{Server, bind, serve, text};
use ports::{HttpRequest, HttpResponse, Method, Transport, TransportError};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A server that always answers this body under this encoding.
async fn answering(body: Vec<u8>, encoding: &'static str) -> Server {
    let handle = move |request: local::embedded::http::Whole| {
        let body = body.clone();
        async move {
            assert_eq!(request.headers()["accept-encoding"], "gzip");
            let mut answer = text(200, "application/json", body);
            if !encoding.is_empty() {
                answer.headers_mut().insert("content-encoding", http::HeaderValue::from_static(encoding));
            }
            answer
        }
    };
    serve(bind(0).await.unwrap(), 1024, handle).unwrap()
}

async fn read(server: &Server, bytes_max: usize) -> Result<HttpResponse, TransportError> {
    let request = HttpRequest {
        method: Method::Get,
        url: format!("{}/", server.url()),
        headers: Vec::new(),
        body: Default::default(),
        timeout: Duration::from_secs(10),
        response_bytes_max: bytes_max,
    };
    HttpsTransport::new().unwrap().send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn egress_is_counted_in_bytes_of_the_wire_and_bodies_are_whole() {
    let body = br#"{"Invoices":["#.repeat(10_000);
    let packed = gzip(&body);
    let answer = read(&answering(packed.clone(), "gzip").await, 1 << 20).await.unwrap();
    assert!(answer.body == body && packed.len() < body.len() / 50);
    assert_eq!(answer.wire_bytes, packed.len() as u64);
    let plain = read(&answering(body.clone(), "").await, 1 << 20).await.unwrap();
    assert_eq!((plain.wire_bytes, plain.body.len()), (body.len() as u64, body.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_holds_for_what_a_small_body_becomes() {
    let bomb = gzip(&vec![b' '; 20 << 20]);
    assert!(bomb.len() < 100_000);
    let refused = read(&answering(bomb, "gzip").await, 1 << 20).await.unwrap_err();
    assert!(matches!(refused, TransportError::TooLong { bytes_max } if bytes_max == 1 << 20), "{refused}");
    let refused = read(&answering(vec![b' '; 2 << 20], "").await, 1 << 20).await.unwrap_err();
    assert!(matches!(refused, TransportError::TooLong { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_or_is_not_what_it_says_is_no_answer() {
    let packed = gzip(&b"abc".repeat(10_000));
    for broken in [packed[..packed.len() / 2].to_vec(), b"not compressed at all".to_vec()] {
        let lost = read(&answering(broken, "gzip").await, 1 << 20).await.unwrap_err();
        assert!(matches!(lost, TransportError::OutcomeUnknown(_)), "{lost}");
    }
}
