//! S3 with the few actions of objects, and its notifications to queues.
//!
//! Path-style addresses, whole bodies. Bodies that the SDK sends in signed chunks are unwrapped. What is stored tells
//! the queues that the plan names, with S3's own event.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use kernel::Timestamp;
use md5::{Digest, Md5};
use ports::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use simulator::sqs::NewMessage;

use super::http::{Answer, Server, Whole, bind, serve, text};
use super::queues::SharedQueues;
use super::{ACCOUNT, REGION};
use crate::plan::{BucketPlan, NotificationPlan, Plan};

/// Largest object taken here.
const OBJECT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// S3's longest key.
const KEY_BYTES_MAX: usize = 1024;

#[derive(Clone)]
struct Object {
    body: Bytes,
    content_type: String,
    etag: String,
}

struct Store {
    buckets: Vec<BucketPlan>,
    objects: Mutex<BTreeMap<(String, String), Object>>,
    folder: Option<PathBuf>,
    queues: Arc<SharedQueues>,
    clock: Arc<dyn Clock>,
}

pub(super) async fn start(
    plan: &Plan,
    folder: Option<PathBuf>,
    queues: Arc<SharedQueues>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Server> {
    let store = Store { buckets: plan.buckets.clone(), objects: Mutex::default(), folder, queues, clock };
    store.read_kept()?;
    let store = Arc::new(store);
    serve(bind(0).await?, OBJECT_BYTES_MAX, move |request| {
        let store = store.clone();
        async move { store.answer(&request) }
    })
}

fn xml(status: u16, body: String) -> Answer {
    text(status, "application/xml", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"))
}

fn error(status: u16, code: &str) -> Answer {
    xml(status, format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"))
}

/// A path without its percent signs. A `+`, a `&` and a `=` in a path stand for themselves.
fn decoded(path: &str) -> String {
    let pairs = format!("k={}", path.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

impl Store {
    fn answer(&self, request: &Whole) -> Answer {
        let path = decoded(request.uri().path().trim_start_matches('/'));
        let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
        let Some(plan) = self.buckets.iter().find(|plan| plan.name == bucket) else {
            return error(404, "NoSuchBucket");
        };
        if request.headers().get("authorization").is_none()
            && request.uri().query().is_none_or(|query| !query.contains("X-Amz-Signature"))
        {
            return error(403, "AccessDenied");
        }
        match (request.method().as_str(), key) {
            ("GET", "") => self.list(bucket, request.uri().query().unwrap_or_default()),
            (_, key) if key.len() > KEY_BYTES_MAX => error(400, "KeyTooLongError"),
            ("PUT", key) if !key.is_empty() => self.put(plan, key, request),
            ("GET" | "HEAD", key) if !key.is_empty() => self.get(bucket, key, request.method() == "HEAD"),
            ("DELETE", key) if !key.is_empty() => self.delete(plan, key),
            _ => error(501, "NotImplemented"),
        }
    }

    fn put(&self, bucket: &BucketPlan, key: &str, request: &Whole) -> Answer {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let chunked = header("x-amz-content-sha256").is_some_and(|mode| mode.starts_with("STREAMING-"));
        let body = if chunked { unchunked(request.body()) } else { Some(request.body().clone()) };
        let Some(body) = body else { return error(400, "IncompleteBody") };
        let etag = etag_of(&body);
        let content_type = header("content-type").unwrap_or("binary/octet-stream").to_owned();
        let object = Object { body, content_type, etag: etag.clone() };
        if self.keep(&bucket.name, key, Some(&object)).is_err() {
            return error(500, "InternalError");
        }
        let size = object.body.len();
        self.objects().insert((bucket.name.clone(), key.to_owned()), object);
        self.tell(bucket, key, "ObjectCreated:Put", Some((size, &etag)));
        with_etag(text(200, "application/xml", ""), &etag)
    }

    fn get(&self, bucket: &str, key: &str, head: bool) -> Answer {
        let Some(object) = self.objects().get(&(bucket.to_owned(), key.to_owned())).cloned() else {
            return error(404, "NoSuchKey");
        };
        let length = object.body.len();
        let mut answer = text(200, &object.content_type, if head { Bytes::new() } else { object.body });
        if head && let Ok(value) = http::HeaderValue::from_str(&length.to_string()) {
            answer.headers_mut().insert(http::header::CONTENT_LENGTH, value);
        }
        with_etag(answer, &object.etag)
    }

    fn delete(&self, bucket: &BucketPlan, key: &str) -> Answer {
        let removed = self.objects().remove(&(bucket.name.clone(), key.to_owned()));
        if removed.is_some() {
            if self.keep(&bucket.name, key, None).is_err() {
                return error(500, "InternalError");
            }
            self.tell(bucket, key, "ObjectRemoved:Delete", None);
        }
        text(204, "application/xml", "")
    }

    fn list(&self, bucket: &str, query: &str) -> Answer {
        let prefix = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "prefix");
        let prefix = prefix.map(|(_, value)| value.into_owned()).unwrap_or_default();
        let objects = self.objects();
        let found = objects.iter().filter(|((of, key), _)| of == bucket && key.starts_with(&prefix));
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let rows: Vec<String> = found
            .map(|((_, key), object)| {
                format!(
                    "<Contents><Key>{}</Key><Size>{}</Size><ETag>&quot;{}&quot;</ETag></Contents>",
                    escape(key),
                    object.body.len(),
                    object.etag
                )
            })
            .collect();
        let count = rows.len();
        xml(
            200,
            format!(
                "<ListBucketResult><Name>{bucket}</Name><KeyCount>{count}</KeyCount><IsTruncated>false</IsTruncated>{}</ListBucketResult>",
                rows.concat()
            ),
        )
    }

    fn objects(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, String), Object>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends S3's event to each queue that wants it.
    fn tell(&self, bucket: &BucketPlan, key: &str, event: &str, created: Option<(usize, &str)>) {
        let now = self.clock.now();
        for wanted in bucket.notifications.iter().filter(|wanted| wants(wanted, event, key)) {
            let body = s3_event(&bucket.name, key, event, created, now);
            let message = NewMessage { body: body.to_string(), ..NewMessage::default() };
            // A queue that the template misnames is found by reading the template.
            drop(self.queues.lock().send(&wanted.queue, message, now));
        }
        self.queues.wake();
    }

    /// One file an object: its first line says what it is, the rest is the body. The name is a digest of bucket and
    /// key, because a key can be longer than a file's name.
    fn keep(&self, bucket: &str, key: &str, object: Option<&Object>) -> anyhow::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("{bucket}/{key}").as_bytes());
        let file = folder.join(URL_SAFE_NO_PAD.encode(digest));
        match object {
            Some(object) => {
                let label = Label { bucket: bucket.into(), key: key.into(), content_type: object.content_type.clone() };
                std::fs::write(file, [&serde_json::to_vec(&label)?[..], b"\n", &object.body].concat())?;
            }
            None => std::fs::remove_file(file)?,
        }
        Ok(())
    }

    fn read_kept(&self) -> anyhow::Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|folder| folder.exists()) else { return Ok(()) };
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let fault = || format!("{} is damaged; remove it or choose another --data", path.display());
            let kept = std::fs::read(&path).with_context(fault)?;
            let line = kept.iter().position(|byte| *byte == b'\n').with_context(fault)?;
            let label: Label = serde_json::from_slice(&kept[..line]).with_context(fault)?;
            let body = Bytes::copy_from_slice(&kept[line + 1..]);
            let object = Object { etag: etag_of(&body), body, content_type: label.content_type };
            self.objects().insert((label.bucket, label.key), object);
        }
        Ok(())
    }
}

/// What a kept file begins with.
#[derive(Serialize, Deserialize)]
struct Label {
    bucket: String,
    key: String,
    content_type: String,
}

fn etag_of(body: &[u8]) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn with_etag(mut answer: Answer, etag: &str) -> Answer {
    if let Ok(value) = http::HeaderValue::from_str(&format!("\"{etag}\"")) {
        answer.headers_mut().insert(http::header::ETAG, value);
    }
    answer
}

fn wants(wanted: &NotificationPlan, event: &str, key: &str) -> bool {
    let kind = wanted.event.trim_start_matches("s3:").trim_end_matches('*');
    event.starts_with(kind) && key.starts_with(&wanted.prefix) && key.ends_with(&wanted.suffix)
}

/// S3's own record. Of a removed object only the key is told.
fn s3_event(bucket: &str, key: &str, event: &str, created: Option<(usize, &str)>, at: Timestamp) -> Value {
    let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
    let mut object = json!({ "key": key.replace("%2F", "/"), "sequencer": format!("{:018X}", at.as_microsecond()) });
    if let Some((size, etag)) = created {
        object["size"] = json!(size);
        object["eTag"] = json!(etag);
    }
    json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(), "eventName": event,
        "userIdentity": { "principalId": ACCOUNT },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": "local", "x-amz-id-2": "local" },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "local",
            "bucket": {
                "name": bucket, "ownerIdentity": { "principalId": ACCOUNT }, "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": object,
        },
    }] })
}

/// Takes the chunks of `aws-chunked` apart: size in hex, extensions, CRLF, bytes, CRLF, until a chunk of none.
fn unchunked(body: &[u8]) -> Option<Bytes> {
    let mut whole = Vec::with_capacity(body.len());
    let mut rest = body;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let head = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(head.split(';').next()?.trim(), 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(whole.into());
        }
        whole.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
