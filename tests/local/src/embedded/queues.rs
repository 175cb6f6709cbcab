//! SQS's JSON protocol in front of the queue model.
//!
//! Source: the service model's AWS JSON 1.0 protocol: the action in `X-Amz-Target`, errors with `__type`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use md5::{Digest, Md5};
use ports::Clock;
use serde_json::{Value, json};
use simulator::sqs::{BODY_BYTES_MAX, NewMessage, QueueFault, Received, Sqs};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::http::{Answer, Server, Whole, bind, serve, text};
use super::{ACCOUNT, REGION, Roles, queue_url};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// Ten messages of 1 MiB and their attributes.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;
const WAIT_SECS_MAX: u64 = 20;
const BATCH_ENTRIES_MAX: usize = 10;

/// The queues of this machine, shared by the protocol and the event sources.
pub struct SharedQueues {
    model: Mutex<Sqs>,
    changed: Notify,
    file: Option<PathBuf>,
    /// The time the model runs on.
    pub clock: Arc<dyn Clock>,
}

impl SharedQueues {
    pub(super) fn open(file: Option<PathBuf>, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Self>> {
        let model = match file.as_ref().filter(|file| file.exists()) {
            None => Sqs::default(),
            Some(file) => {
                let fault = || format!("{} cannot be read; move it away or choose another --data", file.display());
                serde_json::from_slice(&std::fs::read(file).with_context(fault)?).with_context(fault)?
            }
        };
        Ok(Arc::new(Self { model: Mutex::new(model), changed: Notify::new(), file, clock }))
    }

    /// The model. Call [`SharedQueues::wake`] after changing it.
    pub fn lock(&self) -> MutexGuard<'_, Sqs> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells waiting receivers to look again.
    pub fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Waits until something changes, or a hidden message may be visible again.
    pub async fn changed(&self, at_most: Duration) {
        self.heard(self.changed.notified(), at_most).await;
    }

    async fn heard(&self, change: Notified<'_>, at_most: Duration) {
        let now = self.clock.now();
        let next = self.lock().next_change(now).map(|at| at.duration_since(now).unsigned_abs());
        let wait = next.map_or(at_most, |next| next.min(at_most)).max(Duration::from_millis(1));
        drop(tokio::time::timeout(wait, change).await);
    }

    pub(super) fn save(&self) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_vec(&*self.lock())?;
        // Beside the old one first: a kill in the middle of writing must not spoil what was kept before.
        let fresh = file.with_extension("new");
        let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, file));
        written.with_context(|| format!("cannot write {}", file.display()))
    }
}

pub(super) async fn start(queues: Arc<SharedQueues>, roles: Arc<Roles>) -> anyhow::Result<Server> {
    serve(bind(0).await?, REQUEST_BYTES_MAX, move |request| {
        let (queues, roles) = (queues.clone(), roles.clone());
        async move {
            match roles.refusal(&request) {
                Some(refusal) => refusal,
                None => answer(&queues, &request).await,
            }
        }
    })
}

async fn answer(queues: &SharedQueues, request: &Whole) -> Answer {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let action = target.rsplit('.').next().unwrap_or_default();
    let Ok(body) = serde_json::from_slice::<Value>(request.body()) else {
        return refusal("SerializationException", "the request is not JSON", "Sender");
    };
    match carry_out(queues, action, &body).await {
        Ok(answer) => text(200, CONTENT_TYPE, answer.to_string()),
        Err(QueueFault::NoQueue) => refusal(
            "com.amazonaws.sqs#QueueDoesNotExist",
            "The specified queue does not exist.",
            "AWS.SimpleQueueService.NonExistentQueue;Sender",
        ),
        Err(QueueFault::Receipt) => refusal(
            "com.amazonaws.sqs#ReceiptHandleIsInvalid",
            "The input receipt handle is invalid.",
            "ReceiptHandleIsInvalid;Sender",
        ),
        Err(QueueFault::Batch(name)) => {
            refusal(&format!("com.amazonaws.sqs#{name}"), name, &format!("AWS.SimpleQueueService.{name};Sender"))
        }
        Err(QueueFault::Invalid(reason)) => {
            refusal("com.amazon.coral.service#InvalidParameterValueException", &reason, "InvalidParameterValue;Sender")
        }
    }
}

fn refusal(kind: &str, message: &str, query_error: &str) -> Answer {
    let mut answer = text(400, CONTENT_TYPE, json!({ "__type": kind, "message": message }).to_string());
    if let Ok(value) = http::HeaderValue::from_str(query_error) {
        answer.headers_mut().insert("x-amzn-query-error", value);
    }
    answer
}

fn queue_name(body: &Value) -> &str {
    body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default()
}

/// SQS's digest of a body.
pub fn md5_of(body: &str) -> String {
    Md5::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn carry_out(queues: &SharedQueues, action: &str, body: &Value) -> Result<Value, QueueFault> {
    match action {
        "SendMessage" => send(queues, queue_name(body), body),
        "SendMessageBatch" => batch(body, |entry| send(queues, queue_name(body), entry)),
        "ReceiveMessage" => receive(queues, body).await,
        "DeleteMessage" => delete(queues, queue_name(body), body),
        "DeleteMessageBatch" => batch(body, |entry| delete(queues, queue_name(body), entry)),
        "ChangeMessageVisibility" => change_visibility(queues, queue_name(body), body),
        "ChangeMessageVisibilityBatch" => batch(body, |entry| change_visibility(queues, queue_name(body), entry)),
        "GetQueueUrl" => {
            let name = body["QueueName"].as_str().unwrap_or_default();
            let known = queues.lock().settings(name).is_some();
            known.then(|| json!({ "QueueUrl": queue_url(name) })).ok_or(QueueFault::NoQueue)
        }
        "ListQueues" => {
            let urls: Vec<String> = queues.lock().names().iter().map(|name| queue_url(name)).collect();
            Ok(json!({ "QueueUrls": urls }))
        }
        "GetQueueAttributes" => attributes(queues, queue_name(body), &body["AttributeNames"]),
        "PurgeQueue" => queues.lock().purge(queue_name(body)).map(|()| json!({})),
        _ => Err(QueueFault::Invalid(format!("{action} is not served here"))),
    }
}

fn send(queues: &SharedQueues, queue: &str, entry: &Value) -> Result<Value, QueueFault> {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let message = NewMessage {
        body: text("MessageBody").unwrap_or_default(),
        group: text("MessageGroupId"),
        dedupe: text("MessageDeduplicationId"),
        delay_secs: entry["DelaySeconds"].as_u64().and_then(|secs| secs.try_into().ok()),
    };
    let md5 = md5_of(&message.body);
    let sent = queues.lock().send(queue, message, queues.clock.now())?;
    queues.wake();
    Ok(json!({ "MessageId": sent.message_id, "MD5OfMessageBody": md5, "SequenceNumber": sent.sequence_number }))
}

/// Each entry alone; what is refused is listed beside what was done.
fn batch(body: &Value, each: impl Fn(&Value) -> Result<Value, QueueFault>) -> Result<Value, QueueFault> {
    let entries = body["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    check_batch(entries)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match each(entry) {
            Ok(mut done) => {
                done["Id"] = entry["Id"].clone();
                successful.push(done);
            }
            Err(QueueFault::NoQueue) => return Err(QueueFault::NoQueue),
            Err(fault) => failed.push(json!({
                "Id": entry["Id"], "Code": entry_code(&fault), "Message": fault.to_string(), "SenderFault": true,
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn entry_code(fault: &QueueFault) -> &'static str {
    match fault {
        QueueFault::Receipt => "ReceiptHandleIsInvalid",
        _ => "InvalidParameterValue",
    }
}

/// What SQS asks of a batch before it looks at an entry.
fn check_batch(entries: &[Value]) -> Result<(), QueueFault> {
    let ids: BTreeSet<&str> = entries.iter().filter_map(|entry| entry["Id"].as_str()).collect();
    let bytes: usize = entries.iter().filter_map(|entry| entry["MessageBody"].as_str()).map(str::len).sum();
    match entries.len() {
        0 => Err(QueueFault::Batch("EmptyBatchRequest")),
        count if count > BATCH_ENTRIES_MAX => Err(QueueFault::Batch("TooManyEntriesInBatchRequest")),
        count if count > ids.len() => Err(QueueFault::Batch("BatchEntryIdsNotDistinct")),
        _ if bytes > BODY_BYTES_MAX => Err(QueueFault::Batch("BatchRequestTooLong")),
        _ => Ok(()),
    }
}

async fn receive(queues: &SharedQueues, body: &Value) -> Result<Value, QueueFault> {
    let queue = queue_name(body);
    let max = body["MaxNumberOfMessages"].as_u64().map_or(Some(1), |max| usize::try_from(max).ok()).unwrap_or(0);
    let visibility = body["VisibilityTimeout"].as_u64().and_then(|secs| secs.try_into().ok());
    let wait_secs = body["WaitTimeSeconds"].as_u64().unwrap_or(0);
    if wait_secs > WAIT_SECS_MAX {
        return Err(QueueFault::Invalid("WaitTimeSeconds is 0 to 20.".into()));
    }
    let wait = Duration::from_secs(wait_secs);
    let wanted = [&body["MessageSystemAttributeNames"], &body["AttributeNames"]];
    let began = tokio::time::Instant::now();
    loop {
        // Listened for before looking, so that nothing sent in between is missed.
        let change = queues.changed.notified();
        let received = queues.lock().receive(queue, max, visibility, queues.clock.now())?;
        let left = wait.saturating_sub(began.elapsed());
        if !received.is_empty() || left.is_zero() {
            let messages: Vec<Value> = received.iter().map(|message| shown(message, &wanted)).collect();
            return Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) });
        }
        queues.heard(change, left).await;
    }
}

/// Whether a request asks for an attribute: unasked, SQS tells none.
fn asks_for(wanted: &[&Value], name: &str) -> bool {
    wanted.iter().filter_map(|names| names.as_array()).flatten().any(|asked| asked == name || asked == "All")
}

fn shown(message: &Received, wanted: &[&Value]) -> Value {
    let mut shown = json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": md5_of(&message.body),
        "Body": message.body,
    });
    let asked: BTreeMap<_, _> = message.attributes.iter().filter(|(name, _)| asks_for(wanted, name)).collect();
    if !asked.is_empty() {
        shown["Attributes"] = json!(asked);
    }
    shown
}

fn delete(queues: &SharedQueues, queue: &str, entry: &Value) -> Result<Value, QueueFault> {
    let receipt = entry["ReceiptHandle"].as_str().unwrap_or_default();
    queues.lock().delete(queue, receipt, queues.clock.now())?;
    queues.wake();
    Ok(json!({}))
}

fn change_visibility(queues: &SharedQueues, queue: &str, entry: &Value) -> Result<Value, QueueFault> {
    let receipt = entry["ReceiptHandle"].as_str().unwrap_or_default();
    let secs = entry["VisibilityTimeout"].as_u64().and_then(|secs| secs.try_into().ok());
    let secs = secs.ok_or_else(|| QueueFault::Invalid("VisibilityTimeout is missing".into()))?;
    queues.lock().change_visibility(queue, receipt, secs, queues.clock.now())?;
    queues.wake();
    Ok(json!({}))
}

fn attributes(queues: &SharedQueues, queue: &str, wanted: &Value) -> Result<Value, QueueFault> {
    let model = queues.lock();
    let counts = model.counts(queue, queues.clock.now()).ok_or(QueueFault::NoQueue)?;
    let settings = model.settings(queue).ok_or(QueueFault::NoQueue)?;
    let all = [
        ("QueueArn", format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")),
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ("VisibilityTimeout", settings.visibility_secs.to_string()),
        ("FifoQueue", settings.fifo.to_string()),
    ];
    let asked: BTreeMap<_, _> = all.into_iter().filter(|(name, _)| asks_for(&[wanted], name)).collect();
    Ok(json!({ "Attributes": asked }))
}
