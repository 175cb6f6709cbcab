//! The Queue port on SQS.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use ports::{Message, Queue, QueueError};

use crate::client::AwsSettings;

/// Most messages SQS takes in one call.
const BATCH_MAX: usize = 10;
/// Most bytes SQS takes in one call, with some room for attributes.
const BATCH_BYTES_MAX: usize = 900 * 1024;

/// SQS, with the addresses of the queues this function may send to.
pub struct SqsQueue {
    client: Client,
    urls: BTreeMap<&'static str, String>,
}

impl SqsQueue {
    /// `urls` maps a queue's stem to its address.
    pub fn new(settings: &AwsSettings, urls: BTreeMap<&'static str, String>) -> Self {
        Self { client: Client::new(&settings.config("SQS")), urls }
    }

    async fn send_some(&self, queue: &'static str, messages: &[Message]) -> Result<(), QueueError> {
        let url = self.urls.get(queue).ok_or(QueueError::Unknown { queue })?;
        let unavailable = |source: Box<dyn std::error::Error + Send + Sync>| QueueError::Unavailable { queue, source };
        let mut request = self.client.send_message_batch().queue_url(url);
        for (at, message) in messages.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .message_body(&message.body)
                .message_group_id(&message.group)
                .message_deduplication_id(&message.dedupe)
                .build();
            request = request.entries(entry.map_err(|error| unavailable(error.into()))?);
        }
        let answer = request.send().await.map_err(|error| unavailable(error.into()))?;
        match answer.failed().first() {
            None => Ok(()),
            Some(failed) => Err(unavailable(format!("an entry was refused: {}", failed.code()).into())),
        }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let mut rest = messages.as_slice();
        while let Some(first) = rest.first() {
            let mut bytes = 0;
            let fits = |message: &&Message| {
                bytes += message.body.len();
                message.queue == first.queue && bytes <= BATCH_BYTES_MAX
            };
            let count = rest.iter().take(BATCH_MAX).take_while(fits).count().max(1);
            self.send_some(first.queue, &rest[..count]).await?;
            rest = &rest[count..];
        }
        Ok(())
    }
}
