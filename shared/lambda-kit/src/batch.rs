//! The batch loop of a FIFO queue: groups side by side, each in order, single failures reported.
//!
//! After a failure the rest of its group is reported as failed too, so that nothing overtakes; other groups go on.
//! A message that cannot be read is reported as failed each time and so ends as a dead letter, never dropped. It keeps
//! nothing from going on: what nobody can read has no order, and its neighbours must not become dead letters with it.

use std::collections::BTreeMap;
use std::future::Future;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use envelopes::Envelope;
use futures::future::join_all;
use kernel::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing::{error, warn};

use crate::chain;

/// One message with the time its function has.
pub struct QueueMessage {
    /// What is asked.
    pub envelope: Envelope,
    /// When the function is stopped.
    pub deadline: Timestamp,
}

/// Runs a function that a FIFO queue wakes.
pub async fn run_queue<F, Fut, E>(handle: F) -> Result<(), Error>
where
    F: Fn(QueueMessage) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = i64::try_from(event.context.deadline).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        let groups = by_group(event.payload.records).into_values();
        let failed = join_all(groups.map(|group| one_group(handle, group, deadline))).await;
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failed.into_iter().flatten().map(failure).collect();
        Ok::<_, Error>(response)
    }))
    .await
}

fn failure(message_id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    failure
}

fn by_group(messages: Vec<SqsMessage>) -> BTreeMap<String, Vec<SqsMessage>> {
    let mut groups: BTreeMap<String, Vec<SqsMessage>> = BTreeMap::new();
    for message in messages {
        let group = message.attributes.get("MessageGroupId").cloned().unwrap_or_default();
        groups.entry(group).or_default().push(message);
    }
    groups
}

/// Handles one group in order. Answers the ids of the first failure and of everything behind it.
async fn one_group<F, Fut, E>(handle: &F, messages: Vec<SqsMessage>, deadline: Timestamp) -> Vec<String>
where
    F: Fn(QueueMessage) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    let mut rest = messages.into_iter();
    let mut failed = Vec::new();
    for message in rest.by_ref() {
        let id = message.message_id.unwrap_or_default();
        let envelope = match Envelope::parse(message.body.as_deref().unwrap_or_default()) {
            Ok(envelope) => envelope,
            Err(unreadable) => {
                error!(message.id = %id, error = %unreadable, "A message cannot be read; it becomes a dead letter");
                failed.push(id);
                continue;
            }
        };
        // Boxed: deep futures of the SDK would make the compiler give up on their layout.
        if let Err(error) = Box::pin(handle(QueueMessage { envelope, deadline })).await {
            warn!(message.id = %id, error = %chain(&error), "A message failed; the queue brings it back");
            failed.push(id);
            failed.extend(rest.filter_map(|message| message.message_id));
            break;
        }
    }
    failed
}
