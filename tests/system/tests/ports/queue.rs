//! The Queue port: order, deduplication, batches, limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws::SqsQueue;
use local::embedded::queue_url;
use ports::{Clock, Message, Queue, QueueError};
use simulator::world::{VirtualClock, World};

use crate::adapters::{QUEUES, Services, full_name, services, world};
use crate::on_both;

/// What stands behind the port, for looking at what arrived.
enum Behind {
    Memory(Box<World>),
    Aws(Box<Services>),
}

/// Empty queues.
pub struct Scene {
    queue: Arc<dyn Queue>,
    behind: Behind,
}

impl Scene {
    fn in_memory() -> Self {
        let world = world();
        world.queue.know_only(&QUEUES);
        Self { queue: world.queue.clone(), behind: Behind::Memory(Box::new(world)) }
    }

    async fn on_aws() -> Self {
        let services = services().await;
        let urls: BTreeMap<_, _> = QUEUES.iter().map(|stem| (*stem, queue_url(&full_name(stem)))).collect();
        let queue = Arc::new(SqsQueue::new(&services.settings, urls));
        Self { queue, behind: Behind::Aws(Box::new(services)) }
    }

    fn clock(&self) -> &VirtualClock {
        match &self.behind {
            Behind::Memory(world) => &world.clock,
            Behind::Aws(services) => &services.clock,
        }
    }

    /// Takes out what waits in a queue, in order.
    fn taken(&self, stem: &str) -> Vec<String> {
        match &self.behind {
            Behind::Memory(world) => {
                let all: Vec<_> = std::iter::from_fn(|| world.queue.take()).collect();
                let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|taken| taken.message.queue == stem);
                others.into_iter().rev().for_each(|taken| world.queue.give_back(taken));
                ours.into_iter().map(|taken| taken.message.body).collect()
            }
            Behind::Aws(services) => {
                let mut model = services.embedded.queues.lock();
                let bodies = model.bodies(&full_name(stem));
                model.purge(&full_name(stem)).unwrap();
                bodies
            }
        }
    }
}

on_both!(
    messages_keep_their_order_and_their_queue,
    a_key_seen_within_five_minutes_is_dropped_and_later_taken_again,
    more_than_ten_messages_go_in_one_call,
    what_is_too_much_for_one_batch_is_split,
    a_message_beyond_a_mebibyte_is_not_taken,
    empty_and_misspelt_messages_are_not_taken,
    a_queue_without_an_address_is_named,
    nothing_to_send_is_no_error,
);

const WORKER: &str = QUEUES[0];
const POSTING: &str = QUEUES[1];

fn message(queue: &'static str, group: &str, body: impl Into<String>) -> Message {
    let body = body.into();
    let dedupe =
        format!("{group}-{}-{}", body.len(), body.chars().filter(char::is_ascii_graphic).take(20).collect::<String>());
    Message { queue, body, group: group.into(), dedupe }
}

async fn messages_keep_their_order_and_their_queue(scene: Scene) {
    let messages = vec![
        message(WORKER, "a", "{\"at\":\"1 — Zoë 🚚\"}"),
        message(WORKER, "b", "2"),
        message(POSTING, "a", "3"),
        message(WORKER, "a", "4"),
        message(POSTING, "a", "5"),
        message(WORKER, "a", "6"),
    ];
    scene.queue.send(messages).await.unwrap();
    scene.queue.send(vec![message(WORKER, "a", "7")]).await.unwrap();
    assert_eq!(scene.taken(WORKER), ["{\"at\":\"1 — Zoë 🚚\"}", "2", "4", "6", "7"]);
    assert_eq!(scene.taken(POSTING), ["3", "5"]);
}

async fn a_key_seen_within_five_minutes_is_dropped_and_later_taken_again(scene: Scene) {
    let keyed = |queue, body: &str| Message { dedupe: "one key".replace(' ', "-"), ..message(queue, "a", body) };
    scene.queue.send(vec![keyed(WORKER, "first"), keyed(WORKER, "in one call")]).await.unwrap();
    scene.queue.send(vec![keyed(WORKER, "in another call"), keyed(POSTING, "in another queue")]).await.unwrap();
    assert_eq!(scene.taken(WORKER), ["first"]);
    assert_eq!(scene.taken(POSTING), ["in another queue"]);
    scene.clock().advance(Duration::from_secs(299));
    scene.queue.send(vec![keyed(WORKER, "handled meanwhile")]).await.unwrap();
    assert_eq!(scene.taken(WORKER), [""; 0]);
    scene.clock().advance(Duration::from_secs(1));
    scene.queue.send(vec![keyed(WORKER, "five minutes later")]).await.unwrap();
    assert_eq!(scene.taken(WORKER), ["five minutes later"]);
}

async fn more_than_ten_messages_go_in_one_call(scene: Scene) {
    let bodies: Vec<String> = (0..47).map(|number| format!("{number:02}")).collect();
    let messages = bodies.iter().map(|body| message(WORKER, "a", body));
    scene.queue.send(messages.collect()).await.unwrap();
    assert_eq!(scene.taken(WORKER), bodies);
}

async fn what_is_too_much_for_one_batch_is_split(scene: Scene) {
    let bodies: Vec<String> = (0..7_u32).map(|number| number.to_string().repeat(256 * 1024)).collect();
    let messages = bodies.iter().map(|body| message(WORKER, "a", body));
    scene.queue.send(messages.collect()).await.unwrap();
    assert!(scene.taken(WORKER) == bodies, "seven messages of 256 KB arrive in order");
    let largest = "x".repeat(1024 * 1024);
    scene.queue.send(vec![message(WORKER, "b", "before"), message(WORKER, "b", &largest)]).await.unwrap();
    assert!(scene.taken(WORKER) == ["before".to_owned(), largest]);
}

#[track_caller]
fn unavailable(what: &str, outcome: Result<(), QueueError>) {
    assert!(matches!(outcome, Err(QueueError::Unavailable { queue: WORKER, .. })), "{what}: {outcome:?}");
}

async fn a_message_beyond_a_mebibyte_is_not_taken(scene: Scene) {
    let too_large = message(WORKER, "a", "x".repeat(1024 * 1024 + 1));
    unavailable("alone", scene.queue.send(vec![too_large.clone()]).await);
    unavailable("behind another", scene.queue.send(vec![message(WORKER, "a", "1"), too_large]).await);
    assert_eq!(scene.taken(WORKER), ["1"], "what was sent before it is there: repeating is safe");
}

async fn empty_and_misspelt_messages_are_not_taken(scene: Scene) {
    let good = message(WORKER, "a", "{}");
    let bad = [
        Message { body: String::new(), ..good.clone() },
        Message { group: String::new(), ..good.clone() },
        Message { dedupe: String::new(), ..good.clone() },
        Message { group: "g".repeat(129), ..good.clone() },
        Message { dedupe: "d".repeat(129), ..good.clone() },
        Message { group: "two words".into(), ..good.clone() },
        Message { dedupe: "ünïcode".into(), ..good.clone() },
    ];
    for message in bad {
        unavailable(&format!("{message:?}"), scene.queue.send(vec![message]).await);
    }
    assert_eq!(scene.taken(WORKER), [""; 0]);
    let longest = Message { group: "g".repeat(128), dedupe: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".repeat(4), ..good };
    scene.queue.send(vec![longest]).await.unwrap();
    assert_eq!(scene.taken(WORKER), ["{}"]);
}

async fn a_queue_without_an_address_is_named(scene: Scene) {
    let outcome = scene.queue.send(vec![message(WORKER, "a", "1"), message("bank-statements", "a", "2")]).await;
    assert!(matches!(outcome, Err(QueueError::Unknown { queue: "bank-statements" })), "{outcome:?}");
    assert!(outcome.unwrap_err().to_string().contains("bank-statements"));
    assert_eq!(scene.taken(WORKER), ["1"]);
}

async fn nothing_to_send_is_no_error(scene: Scene) {
    let before = scene.clock().now();
    scene.queue.send(Vec::new()).await.unwrap();
    assert_eq!(scene.taken(WORKER), [""; 0]);
    assert_eq!(scene.clock().now(), before);
}

#[tokio::test]
async fn a_queue_that_is_gone_is_an_error_and_not_silence() {
    let services = services().await;
    let urls = BTreeMap::from([(WORKER, queue_url("ports-removed.fifo"))]);
    let queue = SqsQueue::new(&services.settings, urls);
    unavailable("removed", queue.send(vec![message(WORKER, "a", "1")]).await);
}
