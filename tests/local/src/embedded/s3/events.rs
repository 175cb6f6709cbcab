//! What S3 tells to queues.

use kernel::Timestamp;
use serde_json::{Value, json};

use super::super::{ACCOUNT, REGION};
use crate::plan::NotificationPlan;

/// What is told of a new object.
pub(super) struct Created<'a> {
    pub(super) size: usize,
    pub(super) etag: &'a str,
    pub(super) version: Option<&'a str>,
}

/// Whether a queue wants to hear of it.
pub(super) fn wants(wanted: &NotificationPlan, event: &str, key: &str) -> bool {
    let kind = wanted.event.trim_start_matches("s3:").trim_end_matches('*');
    event.starts_with(kind) && key.starts_with(&wanted.prefix) && key.ends_with(&wanted.suffix)
}

/// S3's own record. Of a removed object only the key is told.
pub(super) fn s3_event(bucket: &str, key: &str, event: &str, created: Option<&Created<'_>>, at: Timestamp) -> Value {
    let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
    let mut object = json!({ "key": key.replace("%2F", "/"), "sequencer": format!("{:018X}", at.as_microsecond()) });
    if let Some(created) = created {
        object["size"] = json!(created.size);
        object["eTag"] = json!(created.etag);
        if let Some(version) = created.version {
            object["versionId"] = json!(version);
        }
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
