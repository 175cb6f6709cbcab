//! What the template asks for, as plain values: the contract between reading it and running it.

use std::collections::BTreeMap;
use std::time::Duration;

/// Everything `infra/template.yaml` declares that one machine can run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The Lambda functions, by logical id's `FunctionName` stem such as `sync-worker`.
    pub functions: Vec<FunctionPlan>,
    /// The SQS queues.
    pub queues: Vec<QueuePlan>,
    /// The DynamoDB tables.
    pub tables: Vec<TablePlan>,
    /// The S3 buckets.
    pub buckets: Vec<BucketPlan>,
    /// KMS keys: logical ids (each becomes a local key with the alias `alias/<logical id>`).
    pub keys: Vec<String>,
    /// Secrets Manager secrets by logical id.
    pub secrets: Vec<String>,
    /// The HTTP API's routes.
    pub routes: Vec<RoutePlan>,
    /// The schedules.
    pub schedules: Vec<SchedulePlan>,
    /// The SQS event sources.
    pub sources: Vec<SourcePlan>,
    /// The JWT authoriser, where the API has one.
    pub authorizer: Option<AuthorizerPlan>,
}

/// One function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionPlan {
    /// Folder, package and binary: `sync-worker`.
    pub name: String,
    /// Environment, resolved: references to queues are queue URLs, to tables their names, to secrets their ARNs.
    pub environment: BTreeMap<String, String>,
    /// What its role allows: action and the last part of the resource's ARN. What is allowed only to a service that acts
    /// for it is left out.
    pub allowed: Vec<(String, String)>,
    /// Time for one invocation.
    pub timeout: Duration,
    /// Most environments at once (reserved concurrency), when stated.
    pub concurrency_max: Option<u32>,
    /// Megabytes.
    pub memory_mb: u32,
}

/// One queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueuePlan {
    /// Logical id in the template.
    pub logical_id: String,
    /// Its name, ending in `.fifo` for FIFO.
    pub name: String,
    /// FIFO or standard.
    pub fifo: bool,
    /// Seconds a received message stays hidden.
    pub visibility_secs: u32,
    /// Seconds a message is kept.
    pub retention_secs: u32,
    /// Seconds before a sent message can be received.
    pub delay_secs: u32,
    /// Content-based deduplication.
    pub content_dedupe: bool,
    /// Where messages go after too many receives: (queue name, receives).
    pub redrive: Option<(String, u32)>,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TablePlan {
    /// Logical id in the template.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Partition key attribute (string).
    pub partition_key: String,
    /// Sort key attribute (string).
    pub sort_key: Option<String>,
    /// TTL attribute.
    pub ttl_attribute: Option<String>,
}

/// One bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BucketPlan {
    /// Logical id in the template.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Whether each version of an object is kept.
    pub versioned: bool,
    /// What is told to which queue.
    pub notifications: Vec<NotificationPlan>,
}

/// One S3 → SQS notification.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotificationPlan {
    /// Such as `s3:ObjectCreated:*`.
    pub event: String,
    /// Key prefix, empty for any.
    pub prefix: String,
    /// Key suffix, empty for any.
    pub suffix: String,
    /// The queue's name.
    pub queue: String,
}

/// One route of the HTTP API (payload format 2.0).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoutePlan {
    /// `GET`, `POST`, … or `ANY`.
    pub method: String,
    /// `/v1/organisations/{tenant_id}`; `{proxy+}` takes the rest.
    pub path: String,
    /// The function's name.
    pub function: String,
    /// Whether the JWT authoriser guards it.
    pub authorized: bool,
}

/// The JWT authoriser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthorizerPlan {
    /// Expected `iss`.
    pub issuer: String,
    /// Accepted `aud` (or `client_id`) values.
    pub audiences: Vec<String>,
}

/// One EventBridge Scheduler schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchedulePlan {
    /// Its name.
    pub name: String,
    /// `rate(1 minute)` or `cron(…)`.
    pub expression: String,
    /// The function's name.
    pub function: String,
    /// The event given to the function, JSON text.
    pub input: String,
}

/// One SQS event source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourcePlan {
    /// The queue's name.
    pub queue: String,
    /// The function's name.
    pub function: String,
    /// Most messages a batch.
    pub batch_size: u32,
    /// Time to wait for a fuller batch; zero on FIFO.
    pub window: Duration,
    /// Whether the function reports single failures.
    pub partial_failures: bool,
    /// Most batches at once.
    pub concurrency_max: Option<u32>,
}
