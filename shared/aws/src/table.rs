//! The Table port on DynamoDB.
//!
//! Attributes: `PK`, `SK`, `v` (version), `body` (JSON text), `ttl` (seconds since 1970, where a row may be dropped), `w`
//! (which call wrote it: the SDK repeats a put whose answer was lost, and must not take its own row for another's).

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::try_join_all;
use kernel::Timestamp;
use ports::{Direction, Guard, Key, Query, Row, RowPage, Table, TableError, Write, Written};

use ring::rand::{SecureRandom, SystemRandom};

use crate::client::AwsSettings;

type Item = HashMap<String, AttributeValue>;

/// DynamoDB, one table.
pub struct DynamoTable {
    client: Client,
    name: String,
    random: SystemRandom,
}

/// Most keys DynamoDB reads in one call.
const GET_MAX: usize = 100;
/// Tries to read what a throttled batch left over.
const LEFT_OVER_TRIES_MAX: u32 = 8;
/// The attribute that names the call which wrote a row.
const WRITER: &str = "w";
const IF_ABSENT: &str = "attribute_not_exists(PK)";
const IF_VERSION: &str = "v = :v";

impl DynamoTable {
    /// The table of that name.
    pub fn new(settings: &AwsSettings, name: String) -> Self {
        Self { client: Client::new(&settings.config("DYNAMODB")), name, random: SystemRandom::new() }
    }

    async fn get_some(&self, keys: &[Key]) -> Result<Vec<Row>, TableError> {
        let mut wanted: Vec<Item> = keys.iter().map(key_item).collect();
        let mut rows = Vec::with_capacity(keys.len());
        for _ in 0..LEFT_OVER_TRIES_MAX {
            let all = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
            let all = all.map_err(|error| TableError::Refused(error.into()))?;
            let answer = self.client.batch_get_item().request_items(&self.name, all).send().await.map_err(failed)?;
            for item in answer.responses().and_then(|tables| tables.get(&self.name)).into_iter().flatten() {
                rows.push(row(item)?);
            }
            let left = answer.unprocessed_keys().and_then(|tables| tables.get(&self.name));
            wanted = left.map(|left| left.keys().to_vec()).unwrap_or_default();
            if wanted.is_empty() {
                return Ok(rows);
            }
        }
        Err(TableError::Unavailable("keys stayed unread because of throttling".into()))
    }
}

/// Codes of refusals that no repetition changes.
const FOR_GOOD: &[&str] = &["ValidationException", "AccessDeniedException", "ValidationError"];

/// What stands behind a failed call: a refusal for good, or something that may pass.
fn failed<E>(error: SdkError<E>) -> TableError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error.code() {
        Some(code) if FOR_GOOD.contains(&code) => TableError::Refused(error.into()),
        _ => TableError::Unavailable(error.into()),
    }
}

/// DynamoDB refuses two keys alike in one call, and does not see them in two: here they are refused in any.
fn refuse_alike(keys: &[Key]) -> Result<(), TableError> {
    let distinct: BTreeSet<&Key> = keys.iter().collect();
    if distinct.len() == keys.len() { Ok(()) } else { Err(TableError::Refused("two keys are alike".into())) }
}

fn key_item(key: &Key) -> Item {
    HashMap::from([
        ("PK".to_owned(), AttributeValue::S(key.partition.clone())),
        ("SK".to_owned(), AttributeValue::S(key.sort.clone())),
    ])
}

fn item(key: &Key, version: u64, body: String, expires_at: Option<Timestamp>) -> Item {
    let mut item = key_item(key);
    item.insert("v".to_owned(), AttributeValue::N(version.to_string()));
    item.insert("body".to_owned(), AttributeValue::S(body));
    if let Some(at) = expires_at {
        item.insert("ttl".to_owned(), AttributeValue::N(at.as_second().to_string()));
    }
    item
}

fn row(item: &Item) -> Result<Row, TableError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok());
    let sort = text("SK").unwrap_or_default();
    let corrupt = |reason: &str| TableError::Corrupt { sort: sort.clone(), reason: reason.to_owned() };
    let partition = text("PK").ok_or_else(|| corrupt("no PK"))?;
    let version = number("v").and_then(|digits| digits.parse().ok()).ok_or_else(|| corrupt("no version"))?;
    let body = text("body").ok_or_else(|| corrupt("no body"))?;
    let expires_at =
        number("ttl").and_then(|digits| digits.parse().ok()).and_then(|at| Timestamp::from_second(at).ok());
    Ok(Row { key: Key { partition, sort: sort.clone() }, version, body, expires_at })
}

/// The condition and its value for what a write expects.
fn condition(guard: Guard) -> (&'static str, Option<(String, AttributeValue)>) {
    match guard {
        Guard::Absent => (IF_ABSENT, None),
        Guard::Version(version) => (IF_VERSION, Some((":v".to_owned(), AttributeValue::N(version.to_string())))),
    }
}

fn conflict(found: Option<&Item>) -> Result<Written, TableError> {
    Ok(Written::Conflict(found.map(row).transpose()?))
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Row>, TableError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key_item(key))).consistent_read(true);
        let answer = request.send().await.map_err(failed)?;
        answer.item().map(row).transpose()
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Row>, TableError> {
        refuse_alike(keys)?;
        let parts = try_join_all(keys.chunks(GET_MAX).map(|some| self.get_some(some))).await?;
        Ok(parts.into_iter().flatten().collect())
    }

    async fn query(&self, query: &Query) -> Result<RowPage, TableError> {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("PK = :p AND SK BETWEEN :a AND :b")
            .expression_attribute_values(":p", text(&query.partition))
            .expression_attribute_values(":a", text(&query.from))
            .expression_attribute_values(":b", text(&query.to))
            .scan_index_forward(query.direction == Direction::Forward)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
            .consistent_read(true);
        let answer = request.send().await.map_err(failed)?;
        let rows: Result<Vec<Row>, TableError> = answer.items().iter().map(row).collect();
        Ok(RowPage { rows: rows?, more: answer.last_evaluated_key().is_some() })
    }

    async fn write(&self, write: Write) -> Result<Written, TableError> {
        match write {
            Write::Put { key, guard, body, expires_at } => self.put(&key, guard, body, expires_at).await,
            Write::Delete { key, guard } => self.delete(&key, guard).await,
        }
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Written, TableError> {
        let items: Result<Vec<_>, TableError> = writes.into_iter().map(|write| self.transact_item(write)).collect();
        let outcome = self.client.transact_write_items().set_transact_items(Some(items?)).send().await;
        match outcome {
            Ok(_) => Ok(Written::Stored),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    match cancelled_for(cancelled.cancellation_reasons()) {
                        Cancelled::Guard(found) => conflict(found),
                        // Another transaction is at the same rows: theirs will show as a version.
                        Cancelled::Elsewhere => Ok(Written::Conflict(None)),
                        Cancelled::Refused => Err(TableError::Refused(error.into())),
                        Cancelled::Throttled => Err(TableError::Unavailable(error.into())),
                    }
                }
                _ => Err(failed(error)),
            },
        }
    }
}

/// Why a transaction was cancelled, as far as the caller must know.
enum Cancelled<'a> {
    Guard(Option<&'a Item>),
    Elsewhere,
    Refused,
    Throttled,
}

fn cancelled_for(reasons: &[CancellationReason]) -> Cancelled<'_> {
    let with = |codes: &[&str]| reasons.iter().find(|reason| reason.code().is_some_and(|code| codes.contains(&code)));
    if let Some(reason) = with(&["ConditionalCheckFailed"]) {
        Cancelled::Guard(reason.item())
    } else if with(FOR_GOOD).is_some() {
        Cancelled::Refused
    } else if with(&["TransactionConflict"]).is_some() {
        Cancelled::Elsewhere
    } else {
        Cancelled::Throttled
    }
}

impl DynamoTable {
    /// Names one call, so that its repetitions know its row.
    fn mark(&self) -> Result<String, TableError> {
        let mut bytes = [0; 6];
        let refused = |_| TableError::Unavailable("the system gives no random bytes".into());
        self.random.fill(&mut bytes).map_err(refused)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    async fn put(
        &self,
        key: &Key,
        guard: Guard,
        body: String,
        expires_at: Option<Timestamp>,
    ) -> Result<Written, TableError> {
        let (expression, value) = condition(guard);
        let mark = self.mark()?;
        let mut item = item(key, guard.next_version(), body, expires_at);
        item.insert(WRITER.to_owned(), AttributeValue::S(mark.clone()));
        let mut request = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(expression)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some((name, value)) = value {
            request = request.expression_attribute_values(name, value);
        }
        match request.send().await {
            Ok(_) => Ok(Written::Stored),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    let ours = refused.item().and_then(|item| item.get(WRITER)?.as_s().ok()) == Some(&mark);
                    if ours { Ok(Written::Stored) } else { conflict(refused.item()) }
                }
                _ => Err(failed(error)),
            },
        }
    }

    async fn delete(&self, key: &Key, guard: Guard) -> Result<Written, TableError> {
        let (expression, value) = condition(guard);
        let mut request = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .condition_expression(expression)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some((name, value)) = value {
            request = request.expression_attribute_values(name, value);
        }
        match request.send().await {
            Ok(_) => Ok(Written::Stored),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(refused)) => conflict(refused.item()),
                _ => Err(failed(error)),
            },
        }
    }

    fn transact_item(&self, write: Write) -> Result<TransactWriteItem, TableError> {
        let refused = |error: aws_sdk_dynamodb::error::BuildError| TableError::Refused(error.into());
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        Ok(match write {
            Write::Put { key, guard, body, expires_at } => {
                let (expression, value) = condition(guard);
                let put = Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(item(&key, guard.next_version(), body, expires_at)))
                    .condition_expression(expression)
                    .set_expression_attribute_values(value.map(|value| HashMap::from([value])))
                    .return_values_on_condition_check_failure(all_old);
                TransactWriteItem::builder().put(put.build().map_err(refused)?).build()
            }
            Write::Delete { key, guard } => {
                let (expression, value) = condition(guard);
                let delete = Delete::builder()
                    .table_name(&self.name)
                    .set_key(Some(key_item(&key)))
                    .condition_expression(expression)
                    .set_expression_attribute_values(value.map(|value| HashMap::from([value])))
                    .return_values_on_condition_check_failure(all_old);
                TransactWriteItem::builder().delete(delete.build().map_err(refused)?).build()
            }
        })
    }
}
