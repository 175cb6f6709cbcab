//! SQS event sources: messages to functions in batches, as Lambda's pollers bring them.
//!
//! Source: "Using Lambda with Amazon SQS". What a function does not report as failed is deleted; what fails stays
//! hidden until its visibility ends and then comes again, up to the queue's redrive. A FIFO group has one batch at a
//! time, which the queue itself keeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::sqs::Received;
use tokio::task::JoinHandle;

use super::runtime::Function;
use crate::embedded::{ACCOUNT, REGION, SharedQueues, md5_of};
use crate::plan::SourcePlan;

/// A running source; stops when dropped.
pub struct Source {
    task: JoinHandle<()>,
    busy: Arc<AtomicUsize>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Source {
    /// Batches under way.
    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::Acquire)
    }
}

/// Batches of one source at once, when the template states none.
const BATCHES_DEFAULT: usize = 5;
/// Looks at the queue at least this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Starts bringing a queue's messages to a function.
pub fn start(plan: SourcePlan, queues: Arc<SharedQueues>, function: Arc<Function>) -> Source {
    let busy = Arc::new(AtomicUsize::new(0));
    let counted = busy.clone();
    let most = plan.concurrency_max.map_or(BATCHES_DEFAULT, |most| (most as usize).min(BATCHES_DEFAULT));
    let task = tokio::spawn(async move {
        loop {
            let free = counted.load(Ordering::Acquire) < most;
            let batch = if free { collect(&plan, &queues).await } else { Vec::new() };
            if batch.is_empty() {
                queues.changed(LOOK_EVERY).await;
                continue;
            }
            counted.fetch_add(1, Ordering::AcqRel);
            let (plan, queues, function, counted) = (plan.clone(), queues.clone(), function.clone(), counted.clone());
            tokio::spawn(async move {
                bring(&plan, &queues, &function, batch).await;
                counted.fetch_sub(1, Ordering::AcqRel);
                queues.wake();
            });
        }
    });
    Source { task, busy }
}

/// One batch: what is there, waiting out the window where there is one.
async fn collect(plan: &SourcePlan, queues: &SharedQueues) -> Vec<Received> {
    let mut batch = take(plan, queues, plan.batch_size as usize);
    if batch.is_empty() || plan.window.is_zero() {
        return batch;
    }
    let until = tokio::time::Instant::now() + plan.window;
    while batch.len() < plan.batch_size as usize {
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        if left.is_zero() {
            break;
        }
        queues.changed(left).await;
        batch.extend(take(plan, queues, plan.batch_size as usize - batch.len()));
    }
    batch
}

fn take(plan: &SourcePlan, queues: &SharedQueues, most: usize) -> Vec<Received> {
    let mut taken = Vec::new();
    while taken.len() < most {
        let some = queues.lock().receive(&plan.queue, (most - taken.len()).min(10), None, queues.clock.now());
        match some {
            Ok(some) if !some.is_empty() => taken.extend(some),
            _ => break,
        }
    }
    taken
}

async fn bring(plan: &SourcePlan, queues: &SharedQueues, function: &Arc<Function>, batch: Vec<Received>) {
    let records: Vec<Value> = batch.iter().map(|message| record(plan, message)).collect();
    let answer = function.invoke(json!({ "Records": records }).to_string().into()).await;
    let failed = match answer {
        Ok(answer) => failures(plan, &answer),
        Err(_) => None,
    };
    let now = queues.clock.now();
    let mut model = queues.lock();
    for message in &batch {
        let done = failed.as_ref().is_some_and(|failed| !failed.contains(&message.message_id));
        if done {
            // A receipt that ran out meanwhile: the message comes again, as on AWS.
            drop(model.delete(&plan.queue, &message.receipt, now));
        }
    }
}

/// The ids reported as failed; `None` when the whole batch failed or the report makes no sense.
fn failures(plan: &SourcePlan, answer: &[u8]) -> Option<Vec<String>> {
    if !plan.partial_failures {
        return Some(Vec::new());
    }
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Some(list) = answer.get("batchItemFailures") else { return Some(Vec::new()) };
    let Some(list) = list.as_array() else { return list.is_null().then(Vec::new) };
    list.iter().map(|item| item["itemIdentifier"].as_str().filter(|id| !id.is_empty()).map(str::to_owned)).collect()
}

fn record(plan: &SourcePlan, message: &Received) -> Value {
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": {},
        "md5OfBody": md5_of(&message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", plan.queue),
        "awsRegion": REGION,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Option<&[&str]>) {
        let plan = SourcePlan { partial_failures: true, ..SourcePlan::default() };
        let found = failures(&plan, answer.as_bytes());
        assert_eq!(found, expected.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()), "{answer}");
    }

    #[test]
    fn an_empty_report_is_success_and_a_malformed_one_fails_the_batch() {
        check(r#"{"batchItemFailures":[]}"#, Some(&[]));
        check(r#"{"batchItemFailures":null}"#, Some(&[]));
        check("null", Some(&[]));
        check(r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#, Some(&["a"]));
        check(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, None);
        check(r#"{"batchItemFailures":[{"wrong":"a"}]}"#, None);
        check("not json", None);
    }
}
