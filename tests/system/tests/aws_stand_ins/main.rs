//! The services of one machine, asked by the real SDK over real sockets: they answer as AWS documents.
//!
//! What capabilities see through the ports is tried in `ports`; here is the rest, the way event sources, uploads and
//! operators meet it. Queues run on a clock that only a test moves.
#![allow(clippy::unwrap_used)]

mod forms;
mod keeping;
mod keys;
mod objects;
mod queues;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws::AwsSettings;
use local::embedded::{Embedded, EmbeddedSettings, queue_url};
use local::plan::{BucketPlan, NotificationPlan, Plan, QueuePlan, TablePlan};
use simulator::world::VirtualClock;

const LIVE: &str = "live.fifo";
const DEAD: &str = "dead.fifo";
const DELAYED: &str = "delayed.fifo";
const BY_CONTENT: &str = "by-content.fifo";
const UPLOADS: &str = "uploads";
const EVERYTHING: &str = "everything";
/// A bucket that keeps versions.
const VERSIONED: &str = "versioned";
const DOCUMENTS: &str = "documents";
const TABLE: &str = "rows";
const VISIBILITY_SECS: u32 = 30;
const RECEIVES_MAX: u32 = 3;
const RETENTION_SECS: u32 = 345_600;

/// Running services and clients of them.
struct Services {
    embedded: Embedded,
    clock: Arc<VirtualClock>,
    settings: AwsSettings,
}

impl Services {
    async fn start() -> Self {
        Self::keeping(None).await
    }

    async fn keeping(keep: Option<PathBuf>) -> Self {
        let clock = Arc::new(VirtualClock::starting("2026-11-24T03:00:00.250Z".parse().unwrap()));
        let settings = EmbeddedSettings { keep, clock: clock.clone(), secrets: BTreeMap::new() };
        let embedded = Embedded::start(&plan(), settings).await.unwrap();
        let variables = embedded.environment();
        let settings = AwsSettings::with(move |name| variables.get(name).cloned()).unwrap();
        Self { embedded, clock, settings }
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.settings.config("SQS"))
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.settings.config("S3")).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The port on that S3.
    fn blobs(&self) -> aws::S3Blobs {
        let names = aws::BucketNames { bucket: VERSIONED.into(), storage_key: "arn:key".into() };
        aws::S3Blobs::new(&self.settings, names)
    }

    fn kms(&self) -> aws_sdk_kms::Client {
        aws_sdk_kms::Client::new(&self.settings.config("KMS"))
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.settings.config("DYNAMODB"))
    }

    /// Moves the queues' time.
    fn pass(&self, secs: u32) {
        use ports::Clock;
        let from = self.clock.now();
        self.clock.advance(Duration::from_secs(secs.into()));
        assert!(self.clock.now() > from);
        self.embedded.queues.wake();
    }
}

fn plan() -> Plan {
    let standard = |name: &str| QueuePlan {
        name: name.into(),
        visibility_secs: VISIBILITY_SECS,
        retention_secs: RETENTION_SECS,
        ..QueuePlan::default()
    };
    let fifo = |name: &str| QueuePlan { fifo: true, ..standard(name) };
    let notification = |event: &str, prefix: &str, suffix: &str, queue: &str| NotificationPlan {
        event: event.into(),
        prefix: prefix.into(),
        suffix: suffix.into(),
        queue: queue.into(),
    };
    let notifications = vec![
        notification("s3:ObjectCreated:*", "incoming/", ".pdf", UPLOADS),
        notification("s3:Object*", "", "", EVERYTHING),
    ];
    let table = TablePlan {
        name: TABLE.into(),
        partition_key: "PK".into(),
        sort_key: Some("SK".into()),
        ..TablePlan::default()
    };
    Plan {
        queues: vec![
            QueuePlan { redrive: Some((DEAD.into(), RECEIVES_MAX)), ..fifo(LIVE) },
            fifo(DEAD),
            QueuePlan { delay_secs: 60, ..fifo(DELAYED) },
            QueuePlan { content_dedupe: true, ..fifo(BY_CONTENT) },
            standard(UPLOADS),
            standard(EVERYTHING),
        ],
        buckets: vec![
            BucketPlan { name: DOCUMENTS.into(), notifications: notifications.clone(), ..BucketPlan::default() },
            BucketPlan { name: VERSIONED.into(), notifications, versioned: true, ..BucketPlan::default() },
        ],
        tables: vec![table],
        ..Plan::default()
    }
}

/// Receives up to ten messages with everything SQS tells of them.
async fn receive(services: &Services, queue: &str) -> Vec<aws_sdk_sqs::types::Message> {
    let request = services.sqs().receive_message().queue_url(queue_url(queue)).max_number_of_messages(10);
    let all = aws_sdk_sqs::types::MessageSystemAttributeName::All;
    request.message_system_attribute_names(all).send().await.unwrap().messages.unwrap_or_default()
}

/// The texts of messages.
fn bodies(messages: &[aws_sdk_sqs::types::Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().unwrap()).collect()
}
