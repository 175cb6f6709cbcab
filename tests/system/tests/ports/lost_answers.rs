//! A put whose answer is lost and which the SDK repeats: the repetition finds its own row and says "stored".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws::{AwsSettings, DynamoTable, HttpsTransport};
use local::embedded::http::{Server, Whole, bind, serve, text};
use ports::{Guard, HttpRequest, Key, Method, Table, Transport, Write, Written};

use crate::adapters::{TABLE, services};

/// Passes calls on to DynamoDB; the first put is carried out and answered with a server error.
async fn losing(target: String) -> Server {
    let lost = Arc::new(AtomicBool::new(false));
    let transport = Arc::new(HttpsTransport::new().unwrap());
    let handle = move |request: Whole| {
        let (target, lost, transport) = (target.clone(), lost.clone(), transport.clone());
        async move {
            let is_put = request.headers()["x-amz-target"].to_str().unwrap().ends_with(".PutItem");
            let headers =
                request.headers().iter().filter(|(name, _)| !["host", "content-length"].contains(&name.as_str()));
            let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
            let passed = HttpRequest {
                method: Method::Post,
                url: format!("{target}/"),
                headers,
                body: request.body().clone(),
                timeout: std::time::Duration::from_secs(10),
                response_bytes_max: 1 << 22,
            };
            let answer = transport.send(passed).await.unwrap();
            if is_put && !lost.swap(true, Ordering::SeqCst) {
                return text(500, "application/x-amz-json-1.0", r#"{"__type":"InternalServerError"}"#);
            }
            text(answer.status, "application/x-amz-json-1.0", answer.body)
        }
    };
    serve(bind(0).await.unwrap(), 1 << 22, handle).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_the_sdk_repeats_is_not_taken_for_somebody_elses() {
    let services = services().await;
    let line = losing(services.embedded.endpoint("DYNAMODB").to_owned()).await;
    let mut variables: BTreeMap<String, String> = services.embedded.environment();
    variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), line.url());
    let settings = AwsSettings::with(move |name| variables.get(name).cloned()).unwrap();
    let table = DynamoTable::new(&settings, TABLE.into());
    let key = Key { partition: "p".into(), sort: "s".into() };
    let put = |guard| Write::Put { key: key.clone(), guard, body: "{}".into(), expires_at: None };
    assert_eq!(table.write(put(Guard::Absent)).await.unwrap(), Written::Stored);
    assert!(
        matches!(table.write(put(Guard::Absent)).await.unwrap(), Written::Conflict(Some(_))),
        "the same text again"
    );
    assert_eq!(table.get(&key).await.unwrap().unwrap().version, 1);
}
