//! SQS under virtual time: what a sender and an event source can observe, and no more.
//!
//! Source: the SQS Developer Guide on FIFO queues, visibility time-outs, dead-letter queues and quotas. Time is passed
//! in; message ids come from a counter, so that a run repeats.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use kernel::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// How a queue is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSettings {
    /// Ends in `.fifo` for FIFO.
    pub name: String,
    /// FIFO or standard.
    pub fifo: bool,
    /// Seconds a received message stays hidden.
    pub visibility_secs: u32,
    /// Seconds a message is kept.
    pub retention_secs: u32,
    /// Seconds before a message can be received.
    pub delay_secs: u32,
    /// Content-based deduplication: a message without a key takes the digest of its body for one.
    #[serde(default)]
    pub content_dedupe: bool,
    /// Where messages go, after how many receives.
    pub redrive: Option<(String, u32)>,
}

/// A message to send.
#[derive(Clone, Debug, Default)]
pub struct NewMessage {
    /// At most 1 MiB.
    pub body: String,
    /// Needed on FIFO queues.
    pub group: Option<String>,
    /// Needed on FIFO queues; the same key within five minutes is dropped.
    pub dedupe: Option<String>,
    /// Seconds, on standard queues only, at most 900.
    pub delay_secs: Option<u32>,
}

/// An accepted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub message_id: String,
    /// Its place, on FIFO queues.
    pub sequence_number: Option<String>,
}

/// A received message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its id.
    pub message_id: String,
    /// Deletes it or changes its visibility, until it becomes visible again.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// As SQS names them: `ApproximateReceiveCount`, `SentTimestamp`, `MessageGroupId`, ….
    pub attributes: BTreeMap<String, String>,
}

/// Messages of a queue by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Can be received.
    pub visible: usize,
    /// Received and hidden.
    pub in_flight: usize,
    /// Not yet receivable.
    pub delayed: usize,
}

/// What SQS refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueFault {
    /// No such queue.
    #[error("The specified queue does not exist.")]
    NoQueue,
    /// A parameter is missing or out of range.
    #[error("{0}")]
    Invalid(String),
    /// The receipt is not one of a message in flight.
    #[error("The input receipt handle is invalid.")]
    Receipt,
    /// A batch is wrong as a whole; the name is SQS's own, such as `BatchRequestTooLong`.
    #[error("{0}")]
    Batch(&'static str),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    id: String,
    body: String,
    group: Option<String>,
    dedupe: Option<String>,
    sequence: u64,
    sent_at: Timestamp,
    first_received_at: Option<Timestamp>,
    visible_at: Timestamp,
    receives: u32,
    receipt: Option<String>,
    source: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Queue {
    settings: QueueSettings,
    messages: VecDeque<Stored>,
    seen: HashMap<String, (Timestamp, String, u64)>,
}

/// Every queue of an account. Serialisable, so that a machine can be put to sleep.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sqs {
    queues: BTreeMap<String, Queue>,
    counter: u64,
}

impl Sqs {
    /// Makes every received message receivable again: whoever received them is gone, as after a machine slept.
    pub fn release_all(&mut self, now: Timestamp) {
        for message in self.queues.values_mut().flat_map(|queue| &mut queue.messages) {
            if message.receipt.take().is_some() {
                message.visible_at = message.visible_at.min(now);
            }
        }
    }
}

/// The region in the names of queues.
const REGION: &str = "eu-west-1";
/// SQS's largest message.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
const DEDUPE_SPAN: Duration = Duration::from_secs(300);
const KEY_CHARS_MAX: usize = 128;
const RECEIVE_MAX: usize = 10;
const VISIBILITY_SECS_MAX: u32 = 43_200;
const DELAY_SECS_MAX: u32 = 900;

fn after(now: Timestamp, secs: u32) -> Timestamp {
    now.saturating_add(Duration::from_secs(u64::from(secs))).unwrap_or(Timestamp::MAX)
}

fn invalid<T>(reason: &str) -> Result<T, QueueFault> {
    Err(QueueFault::Invalid(reason.to_owned()))
}

impl Sqs {
    /// Makes a queue, or brings the settings of one up to date.
    pub fn create(&mut self, settings: QueueSettings) {
        let queue = self.queues.entry(settings.name.clone()).or_default();
        queue.settings = settings;
    }

    /// The names of all queues.
    pub fn names(&self) -> Vec<String> {
        self.queues.keys().cloned().collect()
    }

    /// How a queue is set up.
    pub fn settings(&self, queue: &str) -> Option<&QueueSettings> {
        self.queues.get(queue).map(|queue| &queue.settings)
    }

    /// Takes a message in. A repetition answers as the first did and is not stored.
    pub fn send(&mut self, name: &str, mut message: NewMessage, now: Timestamp) -> Result<Sent, QueueFault> {
        let queue = self.queues.get_mut(name).ok_or(QueueFault::NoQueue)?;
        if queue.settings.content_dedupe && message.dedupe.is_none() {
            message.dedupe = Some(body_digest(&message.body));
        }
        check_message(&queue.settings, &message)?;
        queue.seen.retain(|_, (at, _, _)| now.duration_since(*at).unsigned_abs() < DEDUPE_SPAN);
        if let Some((_, id, sequence)) = message.dedupe.as_ref().and_then(|key| queue.seen.get(key)) {
            return Ok(Sent { message_id: id.clone(), sequence_number: Some(sequence_text(*sequence)) });
        }
        self.counter += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", self.counter);
        if let Some(key) = message.dedupe.clone().filter(|_| queue.settings.fifo) {
            queue.seen.insert(key, (now, id.clone(), self.counter));
        }
        let delay = message.delay_secs.unwrap_or(queue.settings.delay_secs);
        queue.messages.push_back(Stored {
            id: id.clone(),
            body: message.body,
            group: message.group,
            dedupe: message.dedupe,
            sequence: self.counter,
            sent_at: now,
            first_received_at: None,
            visible_at: after(now, delay),
            receives: 0,
            receipt: None,
            source: None,
        });
        let fifo = queue.settings.fifo;
        Ok(Sent { message_id: id, sequence_number: fifo.then(|| sequence_text(self.counter)) })
    }

    /// Hands out up to `max` messages and hides them. On FIFO queues a group with a message in flight is closed.
    pub fn receive(
        &mut self,
        name: &str,
        max: usize,
        visibility_secs: Option<u32>,
        now: Timestamp,
    ) -> Result<Vec<Received>, QueueFault> {
        if !(1..=RECEIVE_MAX).contains(&max) || visibility_secs.is_some_and(|secs| secs > VISIBILITY_SECS_MAX) {
            return invalid("MaxNumberOfMessages is 1 to 10, VisibilityTimeout 0 to 43200.");
        }
        self.redrive(name, now)?;
        let queue = self.queues.get_mut(name).ok_or(QueueFault::NoQueue)?;
        let visibility = visibility_secs.unwrap_or(queue.settings.visibility_secs);
        let fifo = queue.settings.fifo;
        let mut closed: BTreeSet<String> = BTreeSet::new();
        if fifo {
            let in_flight =
                queue.messages.iter().filter(|message| message.visible_at > now && message.receipt.is_some());
            closed = in_flight.filter_map(|message| message.group.clone()).collect();
        }
        let mut received = Vec::new();
        for message in &mut queue.messages {
            let open = !fifo || message.group.as_ref().is_none_or(|group| !closed.contains(group));
            // Nobody overtakes a message of its group that is still delayed.
            if fifo && message.visible_at > now {
                closed.extend(message.group.clone());
            }
            if received.len() < max && message.visible_at <= now && open {
                self.counter += 1;
                message.receives += 1;
                message.first_received_at.get_or_insert(now);
                message.visible_at = after(now, visibility);
                let receipt = format!("receipt-{}-{}", message.sequence, self.counter);
                message.receipt = Some(receipt.clone());
                received.push(hand_out(message, receipt));
            }
        }
        Ok(received)
    }

    /// Forgets a message that was handled. Deleting it twice is no error, as in SQS.
    pub fn delete(&mut self, name: &str, receipt: &str, now: Timestamp) -> Result<(), QueueFault> {
        let queue = self.queues.get_mut(name).ok_or(QueueFault::NoQueue)?;
        if !receipt.starts_with("receipt-") {
            return Err(QueueFault::Receipt);
        }
        let held = queue.messages.iter().position(|message| message.receipt.as_deref() == Some(receipt));
        match held {
            // A FIFO receipt is worth nothing once its message is visible again.
            Some(at) if queue.settings.fifo && queue.messages[at].visible_at <= now => invalid(&format!(
                "Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
            )),
            Some(at) => {
                queue.messages.remove(at);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Hides a message for longer, or shows it again.
    pub fn change_visibility(
        &mut self,
        name: &str,
        receipt: &str,
        secs: u32,
        now: Timestamp,
    ) -> Result<(), QueueFault> {
        if secs > VISIBILITY_SECS_MAX {
            return invalid("VisibilityTimeout is 0 to 43200.");
        }
        let queue = self.queues.get_mut(name).ok_or(QueueFault::NoQueue)?;
        let held = queue.messages.iter_mut().find(|message| message.receipt.as_deref() == Some(receipt));
        let message = held.filter(|message| message.visible_at > now).ok_or(QueueFault::Receipt)?;
        message.visible_at = after(now, secs);
        Ok(())
    }

    /// Forgets every message of a queue.
    pub fn purge(&mut self, name: &str) -> Result<(), QueueFault> {
        self.queues.get_mut(name).ok_or(QueueFault::NoQueue)?.messages.clear();
        Ok(())
    }

    /// Messages by state.
    pub fn counts(&self, name: &str, now: Timestamp) -> Option<QueueCounts> {
        let mut counts = QueueCounts::default();
        for message in &self.queues.get(name)?.messages {
            match (message.visible_at > now, message.receipt.is_some()) {
                (false, _) => counts.visible += 1,
                (true, true) => counts.in_flight += 1,
                (true, false) => counts.delayed += 1,
            }
        }
        Some(counts)
    }

    /// The bodies waiting in a queue, in order, for looking at.
    pub fn bodies(&self, name: &str) -> Vec<String> {
        let messages = self.queues.get(name).map(|queue| &queue.messages);
        messages.into_iter().flatten().map(|message| message.body.clone()).collect()
    }

    /// When a hidden message becomes visible next, in any queue.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let all = self.queues.values().flat_map(|queue| &queue.messages);
        all.map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    /// Moves what was received too often, drops what is too old.
    fn redrive(&mut self, name: &str, now: Timestamp) -> Result<(), QueueFault> {
        let queue = self.queues.get_mut(name).ok_or(QueueFault::NoQueue)?;
        let keep = Duration::from_secs(u64::from(queue.settings.retention_secs));
        queue.messages.retain(|message| now.duration_since(message.sent_at).unsigned_abs() < keep);
        let Some((target, receives_max)) = queue.settings.redrive.clone() else { return Ok(()) };
        let worn = |message: &Stored| message.receives >= receives_max && message.visible_at <= now;
        let (moved, kept): (VecDeque<Stored>, VecDeque<Stored>) = queue.messages.drain(..).partition(worn);
        queue.messages = kept;
        let fifo = queue.settings.fifo;
        let Some(dead) = self.queues.get_mut(&target) else { return invalid("The dead-letter queue does not exist.") };
        for mut message in moved {
            message.receipt = None;
            message.visible_at = now;
            message.source = Some(name.to_owned());
            // On standard queues age goes on counting from the first sending.
            if fifo {
                message.sent_at = now;
            }
            dead.messages.push_back(message);
        }
        Ok(())
    }
}

fn check_message(settings: &QueueSettings, message: &NewMessage) -> Result<(), QueueFault> {
    if message.body.is_empty() || message.body.len() > BODY_BYTES_MAX {
        return invalid("The message body has 1 byte to 1 MiB.");
    }
    let spelt = |key: &str| (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let fits = |key: &Option<String>| key.as_deref().is_some_and(spelt);
    if settings.fifo && !fits(&message.group) {
        return invalid("The request must contain the parameter MessageGroupId.");
    }
    if settings.fifo && !fits(&message.dedupe) {
        return invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        );
    }
    if settings.fifo && message.delay_secs.is_some() || message.delay_secs.is_some_and(|secs| secs > DELAY_SECS_MAX) {
        return invalid("DelaySeconds is 0 to 900, and not for a single message of a FIFO queue.");
    }
    Ok(())
}

fn body_digest(body: &str) -> String {
    digest(&SHA256, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sequence_text(sequence: u64) -> String {
    format!("{:020}", 8_800_000_000_000_000_000_u64.saturating_add(sequence))
}

fn hand_out(message: &Stored, receipt: String) -> Received {
    let millis = |at: Timestamp| at.as_millisecond().to_string();
    let mut attributes = BTreeMap::from([
        ("ApproximateReceiveCount".to_owned(), message.receives.to_string()),
        ("SentTimestamp".to_owned(), millis(message.sent_at)),
        ("SenderId".to_owned(), "000000000000".to_owned()),
    ]);
    if let Some(first) = message.first_received_at {
        attributes.insert("ApproximateFirstReceiveTimestamp".to_owned(), millis(first));
    }
    if let (Some(group), Some(dedupe)) = (&message.group, &message.dedupe) {
        attributes.insert("MessageGroupId".to_owned(), group.clone());
        attributes.insert("MessageDeduplicationId".to_owned(), dedupe.clone());
        attributes.insert("SequenceNumber".to_owned(), sequence_text(message.sequence));
    }
    if let Some(source) = &message.source {
        attributes.insert("DeadLetterQueueSourceArn".to_owned(), format!("arn:aws:sqs:{REGION}:000000000000:{source}"));
    }
    Received { message_id: message.id.clone(), receipt, body: message.body.clone(), attributes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + secs).unwrap()
    }

    fn queues() -> Sqs {
        let mut sqs = Sqs::default();
        let dead = QueueSettings {
            name: "dead.fifo".into(),
            fifo: true,
            retention_secs: 1_209_600,
            ..QueueSettings::default()
        };
        let redrive = Some(("dead.fifo".to_owned(), 2));
        let live = QueueSettings { name: "live.fifo".into(), visibility_secs: 30, redrive, ..dead.clone() };
        sqs.create(dead);
        sqs.create(live);
        sqs
    }

    fn message(group: &str, dedupe: &str) -> NewMessage {
        NewMessage { body: dedupe.into(), group: Some(group.into()), dedupe: Some(dedupe.into()), delay_secs: None }
    }

    fn bodies(received: &[Received]) -> Vec<&str> {
        received.iter().map(|message| message.body.as_str()).collect()
    }

    #[test]
    fn a_group_in_flight_is_closed_and_others_go_on() {
        let mut sqs = queues();
        for (group, key) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
            sqs.send("live.fifo", message(group, key), at(0)).unwrap();
        }
        assert_eq!(bodies(&sqs.receive("live.fifo", 1, None, at(0)).unwrap()), ["a1"]);
        let next = sqs.receive("live.fifo", 10, None, at(1)).unwrap();
        assert_eq!(bodies(&next), ["b1"]);
        assert!(sqs.receive("live.fifo", 10, None, at(2)).unwrap().is_empty());
    }

    #[test]
    fn a_repetition_is_dropped_for_five_minutes_even_after_deletion() {
        let mut sqs = queues();
        let first = sqs.send("live.fifo", message("a", "k"), at(0)).unwrap();
        let got = sqs.receive("live.fifo", 1, None, at(0)).unwrap();
        sqs.delete("live.fifo", &got[0].receipt, at(1)).unwrap();
        assert_eq!(sqs.send("live.fifo", message("a", "k"), at(299)).unwrap(), first);
        assert!(sqs.receive("live.fifo", 1, None, at(299)).unwrap().is_empty());
        sqs.send("live.fifo", message("a", "k"), at(300)).unwrap();
        assert_eq!(sqs.receive("live.fifo", 1, None, at(300)).unwrap().len(), 1);
    }

    #[test]
    fn after_too_many_receives_a_message_becomes_a_dead_letter() {
        let mut sqs = queues();
        sqs.send("live.fifo", message("a", "k"), at(0)).unwrap();
        for round in 0..2 {
            assert_eq!(sqs.receive("live.fifo", 1, None, at(round * 31)).unwrap().len(), 1);
        }
        assert!(sqs.receive("live.fifo", 1, None, at(62)).unwrap().is_empty());
        assert_eq!(bodies(&sqs.receive("dead.fifo", 1, None, at(62)).unwrap()), ["k"]);
    }

    #[test]
    fn a_receipt_of_a_message_that_is_visible_again_is_worth_nothing() {
        let mut sqs = queues();
        sqs.send("live.fifo", message("a", "k"), at(0)).unwrap();
        let got = sqs.receive("live.fifo", 1, Some(5), at(0)).unwrap();
        let refused = sqs.delete("live.fifo", &got[0].receipt, at(6)).unwrap_err();
        assert!(refused.to_string().contains("has expired"), "{refused}");
        assert_eq!(sqs.counts("live.fifo", at(6)).unwrap().visible, 1);
        assert_eq!(sqs.change_visibility("live.fifo", &got[0].receipt, 9, at(6)), Err(QueueFault::Receipt));
    }

    #[test]
    fn bad_parameters_are_refused() {
        let mut sqs = queues();
        assert!(sqs.send("live.fifo", NewMessage { body: "x".into(), ..NewMessage::default() }, at(0)).is_err());
        assert!(sqs.send("live.fifo", NewMessage { delay_secs: Some(1), ..message("a", "k") }, at(0)).is_err());
        assert!(
            sqs.send("live.fifo", NewMessage { body: "x".repeat(BODY_BYTES_MAX + 1), ..message("a", "k") }, at(0))
                .is_err()
        );
        assert_eq!(sqs.send("none", message("a", "k"), at(0)), Err(QueueFault::NoQueue));
        assert!(sqs.receive("live.fifo", 11, None, at(0)).is_err());
    }
}
