//! Both implementations of the ports: a world in memory, and adapters on services of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws::AwsSettings;
use kernel::Timestamp;
use local::embedded::{Embedded, EmbeddedSettings, secret_arn};
use local::plan::{Plan, QueuePlan, TablePlan};
use simulator::world::{VirtualClock, World};
use simulator::xero::{Xero, XeroSettings};

/// The table's name.
pub const TABLE: &str = "ports";
/// The queues' stems.
pub const QUEUES: [&str; 2] = ["sync-worker", "journal-posting"];
/// The variable of a secret that there is, and its text.
pub const SECRET: (&str, &str) = ("PRESENT_SECRET", "{\"key\":\"ünïcode\"}");
/// The variable of a secret whose ARN is configured and leads nowhere.
pub const LOST_SECRET: &str = "LOST_SECRET";

/// When every scene opens.
pub fn opening() -> Timestamp {
    "2026-11-24T03:00:00Z".parse().unwrap()
}

/// A world without anything in it.
pub fn world() -> World {
    let clock = Arc::new(VirtualClock::starting(opening()));
    let xero = Xero::new(XeroSettings::default(), clock.clone());
    World::new(1, clock, Arc::new(xero))
}

/// Running services, the time their queues keep, and settings that lead an adapter to them.
pub struct Services {
    /// The services; they stop with this.
    pub embedded: Embedded,
    /// The queues' time.
    pub clock: Arc<VirtualClock>,
    /// For adapters.
    pub settings: AwsSettings,
}

/// The full name of a queue.
pub fn full_name(stem: &str) -> String {
    format!("ports-{stem}.fifo")
}

/// Services with one table, two queues and one secret.
pub async fn services() -> Services {
    let queue = |stem: &&str| QueuePlan {
        name: full_name(stem),
        fifo: true,
        visibility_secs: 30,
        retention_secs: 345_600,
        ..QueuePlan::default()
    };
    let table = TablePlan {
        name: TABLE.into(),
        partition_key: "PK".into(),
        sort_key: Some("SK".into()),
        ttl_attribute: Some("ttl".into()),
        ..TablePlan::default()
    };
    let plan = Plan { tables: vec![table], queues: QUEUES.iter().map(queue).collect(), ..Plan::default() };
    let clock = Arc::new(VirtualClock::starting(opening()));
    let secrets = BTreeMap::from([("Present".to_owned(), SECRET.1.to_owned())]);
    let embedded = EmbeddedSettings { keep: None, clock: clock.clone(), secrets };
    let embedded = Embedded::start(&plan, embedded).await.unwrap();
    let mut variables = embedded.environment();
    variables.insert(SECRET.0.to_owned(), secret_arn("Present"));
    variables.insert(LOST_SECRET.to_owned(), secret_arn("Lost"));
    let settings = AwsSettings::with(move |name| variables.get(name).cloned()).unwrap();
    Services { embedded, clock, settings }
}
