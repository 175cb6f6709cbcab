//! S3 with the few actions of objects, forms and links that were signed in advance, and notifications to queues.
//!
//! Path-style addresses, whole bodies. Bodies that the SDK sends in signed chunks are unwrapped. What is stored tells
//! the queues that the plan names, with S3's own event.

mod events;
mod form;
mod signed;
mod store;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ports::Clock;
use simulator::sqs::NewMessage;

use self::events::{Created, s3_event, wants};
use self::form::Form;
use self::store::Object;
pub(super) use self::store::Objects;
use super::http::{Answer, Server, Whole, bind, serve, text};
use super::queues::SharedQueues;
use super::{Roles, SECRET_KEY};
use crate::plan::{BucketPlan, Plan};

/// Largest object taken here.
const OBJECT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// S3's longest key.
const KEY_BYTES_MAX: usize = 1024;

struct Store {
    buckets: Vec<BucketPlan>,
    objects: Arc<Objects>,
    queues: Arc<SharedQueues>,
    roles: Arc<Roles>,
    clock: Arc<dyn Clock>,
}

pub(super) async fn start(
    plan: &Plan,
    objects: Arc<Objects>,
    queues: Arc<SharedQueues>,
    roles: Arc<Roles>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Server> {
    let store = Arc::new(Store { buckets: plan.buckets.clone(), objects, queues, roles, clock });
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

fn header<'a>(request: &'a Whole, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The permission that a call needs.
fn action(request: &Whole, key: &str, version: Option<&str>) -> &'static str {
    match (request.method().as_str(), key) {
        ("GET", "") => "s3:ListBucket",
        ("PUT" | "POST", _) => "s3:PutObject",
        ("DELETE", _) => "s3:DeleteObject",
        _ if version.is_some() => "s3:GetObjectVersion",
        _ => "s3:GetObject",
    }
}

impl Store {
    fn answer(&self, request: &Whole) -> Answer {
        let path = decoded(request.uri().path().trim_start_matches('/'));
        let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
        let Some(plan) = self.buckets.iter().find(|plan| plan.name == bucket) else {
            return error(404, "NoSuchBucket");
        };
        if request.method() == "POST" && key.is_empty() {
            return self.post(plan, request);
        }
        let parameters = signed::parameters(request);
        let version = parameters.get("versionId").map(String::as_str);
        let signer = match (header(request, "authorization"), parameters.get("X-Amz-Credential")) {
            (Some(text), _) => text.split("Credential=").nth(1).unwrap_or_default(),
            (None, Some(credential)) if signed::is_valid(request, SECRET_KEY, self.clock.now()) => credential,
            (None, _) => return error(403, "AccessDenied"),
        };
        if self.forbids(signer, action(request, key, version), plan, key) {
            return error(403, "AccessDenied");
        }
        match (request.method().as_str(), key) {
            ("GET", "") => self.list(bucket, parameters.get("prefix").map_or("", String::as_str)),
            (_, key) if key.len() > KEY_BYTES_MAX => error(400, "KeyTooLongError"),
            ("PUT", key) if !key.is_empty() => self.put(plan, key, request),
            ("GET" | "HEAD", key) if !key.is_empty() => {
                let object = self.objects.find(bucket, key, version);
                object.map_or_else(|| missing(version), |object| found(request, object, &parameters))
            }
            ("DELETE", key) if !key.is_empty() => self.delete(plan, key),
            _ => error(501, "NotImplemented"),
        }
    }

    fn forbids(&self, signer: &str, action: &str, bucket: &BucketPlan, key: &str) -> bool {
        let resource = if key.is_empty() { bucket.name.clone() } else { format!("{}/{key}", bucket.name) };
        self.roles.forbids(signer.split('/').next().unwrap_or_default(), action, &resource)
    }

    /// A browser's form.
    fn post(&self, bucket: &BucketPlan, request: &Whole) -> Answer {
        let read = Form::read(header(request, "content-type").unwrap_or_default(), request.body());
        let form = match read.and_then(|form| form.check(&bucket.name, SECRET_KEY, self.clock.now()).map(|()| form)) {
            Ok(form) => form,
            Err((status, code)) => return error(status, code),
        };
        let key = form.field("key").to_owned();
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return error(400, "KeyTooLongError");
        }
        if self.forbids(form.signer(), "s3:PutObject", bucket, &key) {
            return error(403, "AccessDenied");
        }
        let object = Object::new(form.file.clone(), form.field("content-type"));
        match self.store(bucket, &key, object, "ObjectCreated:Post") {
            Err(_) => error(500, "InternalError"),
            Ok(object) if form.field("success_action_status") == "201" => {
                let body = format!(
                    "<PostResponse><Bucket>{}</Bucket><ETag>\"{}\"</ETag></PostResponse>",
                    bucket.name, object.etag
                );
                told(xml(201, body), &object)
            }
            Ok(object) => told(text(204, "application/xml", ""), &object),
        }
    }

    fn put(&self, bucket: &BucketPlan, key: &str, request: &Whole) -> Answer {
        let chunked = header(request, "x-amz-content-sha256").is_some_and(|mode| mode.starts_with("STREAMING-"));
        let body = if chunked { unchunked(request.body()) } else { Some(request.body().clone()) };
        let Some(body) = body else { return error(400, "IncompleteBody") };
        let sum = || STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &body));
        if header(request, "x-amz-checksum-sha256").is_some_and(|stated| stated != sum()) {
            return error(400, "BadDigest");
        }
        let object = Object::new(body, header(request, "content-type").unwrap_or("binary/octet-stream"));
        match self.store(bucket, key, object, "ObjectCreated:Put") {
            Ok(object) => told(text(200, "application/xml", ""), &object),
            Err(_) => error(500, "InternalError"),
        }
    }

    fn store(&self, bucket: &BucketPlan, key: &str, object: Object, event: &str) -> anyhow::Result<Object> {
        let object = self.objects.put(&bucket.name, key, object, bucket.versioned)?;
        let created = Created { size: object.body.len(), etag: &object.etag, version: object.version.as_deref() };
        self.tell(bucket, key, event, Some(&created));
        Ok(object)
    }

    fn delete(&self, bucket: &BucketPlan, key: &str) -> Answer {
        match self.objects.remove(&bucket.name, key, bucket.versioned) {
            Err(_) => return error(500, "InternalError"),
            Ok(true) => {
                let event = if bucket.versioned { "ObjectRemoved:DeleteMarkerCreated" } else { "ObjectRemoved:Delete" };
                self.tell(bucket, key, event, None);
            }
            Ok(false) => (),
        }
        text(204, "application/xml", "")
    }

    fn list(&self, bucket: &str, prefix: &str) -> Answer {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let row = |(key, object): &(String, Object)| {
            let (key, size, etag) = (escape(key), object.body.len(), &object.etag);
            format!("<Contents><Key>{key}</Key><Size>{size}</Size><ETag>&quot;{etag}&quot;</ETag></Contents>")
        };
        let rows: Vec<String> = self.objects.list(bucket, prefix).iter().map(row).collect();
        let (count, rows) = (rows.len(), rows.concat());
        let head = format!("<Name>{bucket}</Name><KeyCount>{count}</KeyCount><IsTruncated>false</IsTruncated>");
        xml(200, format!("<ListBucketResult>{head}{rows}</ListBucketResult>"))
    }

    /// Sends S3's event to each queue that wants it.
    fn tell(&self, bucket: &BucketPlan, key: &str, event: &str, created: Option<&Created<'_>>) {
        let now = self.clock.now();
        for wanted in bucket.notifications.iter().filter(|wanted| wants(wanted, event, key)) {
            let body = s3_event(&bucket.name, key, event, created, now);
            let message = NewMessage { body: body.to_string(), ..NewMessage::default() };
            // A queue that the template misnames is found by reading the template.
            drop(self.queues.lock().send(&wanted.queue, message, now));
        }
        self.queues.wake();
    }
}

fn missing(version: Option<&str>) -> Answer {
    error(404, if version.is_some() { "NoSuchVersion" } else { "NoSuchKey" })
}

/// An object as an answer, under the headers that a signed link asks for.
fn found(request: &Whole, object: Object, parameters: &std::collections::BTreeMap<String, String>) -> Answer {
    let (length, is_head) = (object.body.len(), request.method() == "HEAD");
    let asked = |name: &str| parameters.get(name).map(String::as_str);
    let content_type = asked("response-content-type").unwrap_or(&object.content_type);
    let mut answer = text(200, content_type, if is_head { Bytes::new() } else { object.body.clone() });
    if is_head {
        set(&mut answer, "content-length", &length.to_string());
    }
    if let Some(disposition) = asked("response-content-disposition") {
        set(&mut answer, "content-disposition", disposition);
    }
    told(answer, &object)
}

fn set(answer: &mut Answer, name: &'static str, value: &str) {
    if let Ok(value) = http::HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// With what S3 tells of an object.
fn told(mut answer: Answer, object: &Object) -> Answer {
    set(&mut answer, "etag", &format!("\"{}\"", object.etag));
    // Pages of any origin may see what became of their form.
    set(&mut answer, "access-control-allow-origin", "*");
    if let Some(version) = &object.version {
        set(&mut answer, "x-amz-version-id", version);
    }
    answer
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
