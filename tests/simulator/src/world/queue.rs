//! The Queue port in memory: FIFO with groups and five minutes of deduplication, under virtual time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kernel::Timestamp;
use ports::{Clock, Message, Queue, QueueError};

use super::clock::VirtualClock;
use super::faults::{Faults, Verdict, crash};

/// SQS forgets a deduplication key after this.
const DEDUPE_SPAN: Duration = Duration::from_secs(300);
/// SQS's limits on a message.
const BODY_BYTES_MAX: usize = 1024 * 1024;
const KEY_CHARS_MAX: usize = 128;

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessage {
    /// As sent.
    pub message: Message,
    /// How often it was handed out.
    pub receives: u32,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<QueuedMessage>,
    seen: Vec<(String, String, Timestamp)>,
    sent: u64,
    known: Option<Vec<&'static str>>,
}

/// The queues, all in one order.
pub struct MemoryQueue {
    state: Mutex<State>,
    clock: Arc<VirtualClock>,
    faults: Arc<Faults>,
}

impl MemoryQueue {
    pub(crate) fn new(clock: Arc<VirtualClock>, faults: Arc<Faults>) -> Self {
        Self { state: Mutex::default(), clock, faults }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on only these queues have an address; before, every queue has one.
    pub fn know_only(&self, queues: &[&'static str]) {
        self.state().known = Some(queues.to_vec());
    }

    /// Takes the oldest message; give it back with [`MemoryQueue::give_back`] unless it was handled.
    pub fn take(&self) -> Option<QueuedMessage> {
        let mut taken = self.state().waiting.pop_front()?;
        taken.receives += 1;
        Some(taken)
    }

    /// An unhandled message comes back before everything of its group.
    pub fn give_back(&self, message: QueuedMessage) {
        self.state().waiting.push_front(message);
    }

    /// Messages waiting.
    pub fn len(&self) -> usize {
        self.state().waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Messages taken in since the beginning, dropped repetitions not counted.
    pub fn sent(&self) -> u64 {
        self.state().sent
    }
}

/// What SQS takes as a group or a deduplication key: letters, digits and punctuation.
fn is_key(key: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let queue = messages.first().map_or("none", |message| message.queue);
        let unavailable =
            |reason: Box<dyn std::error::Error + Send + Sync>| QueueError::Unavailable { queue, source: reason };
        let verdict = self.faults.judge();
        if verdict == Verdict::Dead {
            return Err(unavailable(crash()));
        }
        let now = self.clock.now();
        let mut state = self.state();
        state.seen.retain(|(_, _, at)| now.duration_since(*at).unsigned_abs() < DEDUPE_SPAN);
        for message in messages {
            if state.known.as_ref().is_some_and(|known| !known.contains(&message.queue)) {
                return Err(QueueError::Unknown { queue: message.queue });
            }
            let body_fits = (1..=BODY_BYTES_MAX).contains(&message.body.len());
            if !body_fits || !is_key(&message.group) || !is_key(&message.dedupe) {
                return Err(unavailable("the message or one of its keys is empty, too long or misspelt".into()));
            }
            let seen = state.seen.iter().any(|(queue, key, _)| queue == message.queue && *key == message.dedupe);
            if !seen {
                state.seen.push((message.queue.to_owned(), message.dedupe.clone(), now));
                state.sent += 1;
                state.waiting.push_back(QueuedMessage { message, receives: 0 });
            }
        }
        if verdict == Verdict::LoseAnswer { Err(unavailable(crash())) } else { Ok(()) }
    }
}
