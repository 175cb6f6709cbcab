//! DynamoDB, SQS, S3, KMS, Secrets Manager and Textract on loopback, spoken to by the real SDK.
//!
//! DynamoDB is an embedded engine; SQS is the simulator's own model behind AWS's protocol; the rest is as little as our
//! functions use, exact in that. Everything binds 127.0.0.1 and can be kept in a folder between runs.

pub mod http;

mod dynamodb;
mod keys;
mod queues;
mod roles;
mod s3;
mod textract;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use ports::Clock;
use simulator::sqs::QueueSettings;

pub use keys::secret_arn;
pub use queues::{SharedQueues, md5_of};
pub use roles::{Roles, access_key};
pub use textract::{Textract, TextractTrouble};

use crate::plan::{Plan, QueuePlan};

/// The made-up account and region of one machine.
pub const REGION: &str = "eu-west-1";
/// See [`REGION`].
pub const ACCOUNT: &str = "000000000000";
/// Local credentials; they open nothing beyond this machine.
pub const ACCESS_KEY: &str = "LOCALACCESSKEY000000";
/// See [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "local-secret-key-that-opens-nothing-elsewhere";

/// What was asked of the services, for benchmarks.
#[derive(Default)]
pub struct Counters {
    /// Requests to DynamoDB.
    pub table_requests: AtomicU64,
    /// Bytes of items written, in started KB.
    pub write_units: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// How to start.
pub struct EmbeddedSettings {
    /// Where to keep things between runs; nowhere when absent.
    pub keep: Option<PathBuf>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Texts of secrets, by logical id.
    pub secrets: BTreeMap<String, String>,
}

/// The running services.
pub struct Embedded {
    /// The queues, for event sources in this process.
    pub queues: Arc<SharedQueues>,
    /// What was asked.
    pub counters: Arc<Counters>,
    /// The reader of pictures, with its controls.
    pub textract: Arc<Textract>,
    endpoints: BTreeMap<&'static str, String>,
    _servers: Vec<http::Server>,
}

impl Embedded {
    /// Starts what the plan needs.
    pub async fn start(plan: &Plan, settings: EmbeddedSettings) -> anyhow::Result<Self> {
        if let Some(folder) = &settings.keep {
            let fault = || format!("cannot make the folder {}; choose another with --data", folder.display());
            std::fs::create_dir_all(folder).with_context(fault)?;
        }
        let counters = Arc::new(Counters::default());
        let file = |name: &str| settings.keep.as_ref().map(|folder| folder.join(name));
        let queues = SharedQueues::open(file("queues.json"), settings.clock.clone())?;
        for queue in &plan.queues {
            queues.lock().create(queue_settings(queue));
        }
        let roles = Arc::new(Roles::of(plan));
        let table = dynamodb::start(plan, file("table.sqlite"), counters.clone(), roles.clone()).await?;
        let sqs = queues::start(queues.clone(), roles.clone()).await?;
        let seed = keys::seed(file("keys.seed"))?;
        let kms = keys::start_kms(seed, roles.clone()).await?;
        let secrets = keys::start_secrets(settings.secrets, roles.clone()).await?;
        let folder = settings.keep.map(|folder| folder.join("objects"));
        let objects = Arc::new(s3::Objects::open(folder)?);
        let textract = Arc::new(Textract::default());
        let reader = textract::start(textract.clone(), objects.clone(), roles.clone()).await?;
        let s3 = s3::start(plan, objects, queues.clone(), roles, settings.clock).await?;
        let endpoints = BTreeMap::from([
            ("DYNAMODB", table.url()),
            ("SQS", sqs.url()),
            ("KMS", kms.url()),
            ("SECRETS_MANAGER", secrets.url()),
            ("S3", s3.url()),
            ("TEXTRACT", reader.url()),
        ]);
        Ok(Self { queues, counters, textract, endpoints, _servers: vec![table, sqs, kms, secrets, s3, reader] })
    }

    /// The address of a service: `DYNAMODB`, `SQS`, `KMS`, `SECRETS_MANAGER`, `S3`, `TEXTRACT`.
    pub fn endpoint(&self, service: &str) -> &str {
        self.endpoints.get(service).map_or("", String::as_str)
    }

    /// What a function's environment needs to reach them.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::from([
            ("AWS_REGION".to_owned(), REGION.to_owned()),
            ("AWS_DEFAULT_REGION".to_owned(), REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID".to_owned(), ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), SECRET_KEY.to_owned()),
        ]);
        for (service, url) in &self.endpoints {
            environment.insert(format!("AWS_ENDPOINT_URL_{service}"), url.clone());
        }
        environment
    }

    /// Keeps what lives in memory, when there is a folder to keep it in.
    pub fn save(&self) -> anyhow::Result<()> {
        self.queues.save()
    }
}

/// The address of a queue as functions are told it. Only its last part counts; the endpoint comes from the environment.
pub fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")
}

fn queue_settings(queue: &QueuePlan) -> QueueSettings {
    QueueSettings {
        name: queue.name.clone(),
        fifo: queue.fifo,
        visibility_secs: queue.visibility_secs,
        retention_secs: queue.retention_secs,
        delay_secs: queue.delay_secs,
        content_dedupe: queue.content_dedupe,
        redrive: queue.redrive.clone(),
    }
}
