//! The batch loop of a standard queue that is told of files: each message on its own, single failures reported.
//!
//! Sources: S3's page "Event message structure"; GuardDuty's page on scans of S3 objects, for the event of a scan's result,
//! which EventBridge brings. What S3 sends to try the queue is taken and means nothing. A message that
//! cannot be read is reported as failed each time and so ends as a dead letter, never dropped.

use std::future::Future;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;
use kernel::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use tracing::{error, warn};

use crate::chain;

/// A file that S3 has stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its key.
    pub key: String,
    /// Its version, where the bucket keeps versions.
    pub version: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
    /// When the function is stopped.
    pub deadline: Timestamp,
}

/// What a queue tells of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfFile {
    /// One was stored.
    Stored(StoredFile),
    /// One was scanned for malware.
    Scanned {
        /// Its key.
        key: String,
        /// Its version, where the bucket keeps versions.
        version: Option<String>,
        /// The scanner's word, such as `NO_THREATS_FOUND`.
        status: String,
    },
}

#[derive(Deserialize)]
struct Told {
    detail: Option<Detail>,
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    #[serde(rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    s3_object_details: ScannedObject,
    scan_result_details: ScanResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScannedObject {
    object_key: String,
    version_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScanResult {
    /// None of a scan that was skipped.
    scan_result_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    s3: OfObject,
}

#[derive(Deserialize)]
struct OfObject {
    object: Object,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: String,
    #[serde(default)]
    size: u64,
    version_id: Option<String>,
}

/// Runs a function that such a queue wakes.
pub async fn run_arrivals<F, Fut, E>(handle: F) -> Result<(), Error>
where
    F: Fn(OfFile) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = i64::try_from(event.context.deadline).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        let handled = event.payload.records.into_iter().map(|message| one(handle, message, deadline));
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = join_all(handled).await.into_iter().flatten().collect();
        Ok::<_, Error>(response)
    }))
    .await
}

/// Handles one message; answers its failure.
async fn one<F, Fut, E>(handle: &F, message: SqsMessage, deadline: Timestamp) -> Option<BatchItemFailure>
where
    F: Fn(OfFile) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    let id = message.message_id.unwrap_or_default();
    let failed = |id: String| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        Some(failure)
    };
    let Some(files) = files(message.body.as_deref().unwrap_or_default(), deadline) else {
        error!(message.id = %id, "A message of the storage cannot be read; it becomes a dead letter");
        return failed(id);
    };
    for file in files {
        // Boxed: deep futures of the SDK would make the compiler give up on their layout.
        if let Err(error) = Box::pin(handle(file)).await {
            warn!(message.id = %id, error = %chain(&error), "A file was not taken in; the queue brings it back");
            return failed(id);
        }
    }
    None
}

/// What a message tells of files; `None` when it is of another kind.
fn files(body: &str, deadline: Timestamp) -> Option<Vec<OfFile>> {
    let told: Told = serde_json::from_str(body).ok()?;
    if told.event.as_deref() == Some("s3:TestEvent") {
        return Some(Vec::new());
    }
    if let Some(Detail { s3_object_details: object, scan_result_details: result }) = told.detail {
        let status = result.scan_result_status.unwrap_or_default();
        return Some(vec![OfFile::Scanned { key: object.object_key, version: object.version_id, status }]);
    }
    let created = told.records?.into_iter().filter(|record| record.event_name.starts_with("ObjectCreated:"));
    let file = |record: Record| {
        let Object { key, size, version_id } = record.s3.object;
        OfFile::Stored(StoredFile { key: decoded(&key), version: version_id, bytes: size, deadline })
    };
    Some(created.map(file).collect())
}

/// Keys are encoded as in forms.
fn decoded(key: &str) -> String {
    let pair = format!("k={}", key.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_is_told_with_its_key_as_it_is() {
        let body = r#"{"Records":[
            {"eventName":"ObjectCreated:Post","s3":{"object":{"key":"uploads/a+b%26c/1","size":7,"versionId":"v1"}}},
            {"eventName":"ObjectRemoved:Delete","s3":{"object":{"key":"uploads/2"}}}]}"#;
        let found = files(body, Timestamp::MAX).unwrap();
        let [OfFile::Stored(found)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((found.key.as_str(), found.version.as_deref(), found.bytes), ("uploads/a b&c/1", Some("v1"), 7));
    }

    #[test]
    fn a_test_event_means_nothing_and_anything_else_is_unreadable() {
        assert_eq!(
            files(r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#, Timestamp::MAX),
            Some(Vec::new())
        );
        for body in ["", "{}", "[]", r#"{"Records":[{}]}"#, r#"{"version":1,"kind":"post"}"#] {
            assert_eq!(files(body, Timestamp::MAX), None, "{body}");
        }
    }

    #[test]
    fn a_scanners_word_is_told_with_the_key_as_it_is() {
        let body = r#"{"version":"0","detail-type":"GuardDuty Malware Protection Object Scan Result","detail":{
            "scanStatus":"COMPLETED","s3ObjectDetails":{"bucketName":"b","objectKey":"uploads/a+b/1","versionId":"v1"},
            "scanResultDetails":{"scanResultStatus":"THREATS_FOUND","threats":[{"name":"EICAR"}]}}}"#;
        let (key, version, status) = ("uploads/a+b/1".into(), Some("v1".into()), "THREATS_FOUND".into());
        assert_eq!(files(body, Timestamp::MAX), Some(vec![OfFile::Scanned { key, version, status }]));
        let skipped = r#"{"detail":{"s3ObjectDetails":{"objectKey":"k"},"scanResultDetails":{}}}"#;
        let (key, version, status) = ("k".into(), None, String::new());
        assert_eq!(files(skipped, Timestamp::MAX), Some(vec![OfFile::Scanned { key, version, status }]));
    }
}
