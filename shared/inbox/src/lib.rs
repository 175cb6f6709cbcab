//! What Xero's webhooks say, taken in: proven, cut into envelopes, durable before it is acknowledged.
//!
//! Owns signatures, the shape of a delivery and the sequence numbers that betray a lost one. Never calls Xero, never
//! reads or writes a record.

mod delivery;
mod keys;
mod sequence;

pub use delivery::{BODY_BYTES_MAX, Verdict, judge};
pub use keys::{KeysError, WEBHOOK_KEYS_SECRET, WebhookKeys};
pub use sequence::{Sequence, forget_gaps, note_sequence, note_unread, overdue_apps};

use ports::{Message, Queue, QueueError};

/// Judges a delivery and, when it is genuine, puts its events on their queues. Only then may it be acknowledged.
pub async fn receive(
    queue: &dyn Queue,
    keys: &WebhookKeys,
    app: &str,
    body: &[u8],
    signature: Option<&str>,
) -> Result<Verdict, QueueError> {
    let verdict = judge(keys, app, body, signature);
    if let Verdict::Genuine(envelopes) = &verdict {
        let messages = envelopes.iter().map(|envelope| Message {
            queue: envelope.queue(),
            body: envelope.to_json(),
            group: envelope.group(),
            dedupe: envelope.dedupe(),
        });
        let messages: Vec<Message> = messages.collect();
        if !messages.is_empty() {
            queue.send(messages).await?;
        }
    }
    Ok(verdict)
}
