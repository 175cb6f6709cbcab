//! Sending to the queues that wake other functions. Receiving is the Lambda event source's work.

use async_trait::async_trait;

/// One message for a FIFO queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The queue's stem: the name of the function it wakes, such as `sync-worker`.
    pub queue: &'static str,
    /// The envelope as JSON, at most 256 KiB.
    pub body: String,
    /// Messages of one group are handled in order, one at a time.
    pub group: String,
    /// A message with the same key within 5 minutes is dropped by SQS.
    pub dedupe: String,
}

/// Why messages were not sent. Any of them may have been accepted all the same: sending again is always safe here,
/// because every handler decides from stored state.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Throttled, timed out or unreachable; the same call may succeed later.
    #[error("the queue {queue} did not take the messages")]
    Unavailable {
        /// The queue's stem.
        queue: &'static str,
        /// What the adapter met.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No address is configured for this queue: the deployment is incomplete.
    #[error("no queue named {queue} is configured; set its QUEUE_URL_… variable")]
    Unknown {
        /// The queue's stem.
        queue: &'static str,
    },
}

/// Hands messages to SQS.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends all messages, in order within each group; returns only when every one is durable.
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError>;
}
