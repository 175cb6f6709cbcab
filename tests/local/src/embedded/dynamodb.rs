//! DynamoDB by an embedded engine, behind its own protocol, with the tables of the plan.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use dynoxide::Database;
use serde_json::{Value, json};

use super::http::{Answer, Server, Whole, bind, serve, text};
use super::{Counters, Roles};
use crate::plan::{Plan, TablePlan};

/// DynamoDB's largest request.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

pub(super) async fn start(
    plan: &Plan,
    file: Option<PathBuf>,
    counters: Arc<Counters>,
    roles: Arc<Roles>,
) -> anyhow::Result<Server> {
    let database = match &file {
        Some(path) => Database::new(&path.to_string_lossy())
            .map_err(|error| anyhow!("cannot open {}: {error}; move it away or choose another --data", path.display())),
        None => Database::memory().map_err(|error| anyhow!("no table can be made in memory: {error}")),
    }?;
    for table in &plan.tables {
        create(&database, table).with_context(|| format!("cannot make the table {}", table.name))?;
    }
    let listener = bind(0).await?;
    serve(listener, REQUEST_BYTES_MAX, move |request| {
        let (database, counters, roles) = (database.clone(), counters.clone(), roles.clone());
        async move { roles.refusal(&request).unwrap_or_else(|| answer(&database, &counters, &request)) }
    })
}

fn create(database: &Database, table: &TablePlan) -> anyhow::Result<()> {
    let names = database.list_tables(serde_json::from_value(json!({}))?).map_err(|error| anyhow!("{error}"))?;
    if serde_json::to_value(&names)?["TableNames"].as_array().is_some_and(|names| names.contains(&json!(table.name))) {
        return Ok(());
    }
    let mut attributes = vec![json!({ "AttributeName": table.partition_key, "AttributeType": "S" })];
    let mut keys = vec![json!({ "AttributeName": table.partition_key, "KeyType": "HASH" })];
    if let Some(sort) = &table.sort_key {
        attributes.push(json!({ "AttributeName": sort, "AttributeType": "S" }));
        keys.push(json!({ "AttributeName": sort, "KeyType": "RANGE" }));
    }
    let request = json!({
        "TableName": table.name, "AttributeDefinitions": attributes, "KeySchema": keys, "BillingMode": "PAY_PER_REQUEST",
    });
    database.create_table(serde_json::from_value(request)?).map_err(|error| anyhow!("{error}"))?;
    Ok(())
}

fn answer(database: &Database, counters: &Counters, request: &Whole) -> Answer {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    Counters::add(&counters.table_requests, 1);
    match carry_out(database, operation, request.body()) {
        Ok(body) => {
            count_units(counters, operation, request.body());
            text(200, CONTENT_TYPE, body)
        }
        Err((status, body)) => text(status, CONTENT_TYPE, body),
    }
}

/// Write units by the size of what is stored; only puts are written one by one.
fn count_units(counters: &Counters, operation: &str, body: &[u8]) {
    let kilobytes = |bytes: usize| bytes.div_ceil(1024).max(1) as u64;
    match operation {
        "PutItem" => {
            let item: Option<Value> = serde_json::from_slice(body).ok();
            let size = item.and_then(|request| item_bytes(request.get("Item")?)).unwrap_or(body.len());
            Counters::add(&counters.write_units, kilobytes(size));
        }
        "DeleteItem" => Counters::add(&counters.write_units, 1),
        "TransactWriteItems" => Counters::add(&counters.write_units, 2 * kilobytes(body.len())),
        _ => (),
    }
}

/// Bytes as DynamoDB counts them: names and values of attributes.
fn item_bytes(item: &Value) -> Option<usize> {
    let fields = item.as_object()?;
    let one = |(name, value): (&String, &Value)| {
        let text = value.as_object().and_then(|typed| typed.values().next()).and_then(Value::as_str);
        name.len() + text.map_or(8, str::len)
    };
    Some(fields.iter().map(one).sum())
}

fn carry_out(database: &Database, operation: &str, body: &[u8]) -> Result<String, (u16, String)> {
    let refused = |kind: &str, message: String| {
        let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": message });
        (400, body.to_string())
    };
    macro_rules! call {
        ($method:ident) => {{
            let request = serde_json::from_slice(body).map_err(|error| {
                let (kind, message) = unreadable(&error.to_string());
                refused(kind, message)
            })?;
            let answer = database.$method(request).map_err(|error| (error.status_code(), error.to_json()))?;
            serde_json::to_string(&answer).map_err(|error| refused("InternalServerError", error.to_string()))
        }};
    }
    match operation {
        "PutItem" => call!(put_item),
        "GetItem" => call!(get_item),
        "DeleteItem" => call!(delete_item),
        "UpdateItem" => call!(update_item),
        "Query" => call!(query),
        "Scan" => call!(scan),
        "BatchGetItem" => call!(batch_get_item),
        "BatchWriteItem" => call!(batch_write_item),
        "TransactWriteItems" => call!(transact_write_items),
        "TransactGetItems" => call!(transact_get_items),
        "DescribeTable" => call!(describe_table),
        "ListTables" => call!(list_tables),
        _ => Err(refused("UnknownOperationException", format!("{operation} is not served here"))),
    }
}

/// The engine checks some members while it reads them, and marks how DynamoDB would refuse them.
fn unreadable(error: &str) -> (&'static str, String) {
    let words = error.split(" at line ").next().unwrap_or_default();
    match words.split_once(':') {
        Some((mark, message)) if mark.starts_with("VALIDATION") => ("ValidationException", message.to_owned()),
        Some((mark, message)) if mark.starts_with("SERIALIZATION") => ("SerializationException", message.to_owned()),
        _ if ["missing field", "unknown variant", "Supplied AttributeValue"]
            .iter()
            .any(|said| words.contains(said)) =>
        {
            ("ValidationException", words.to_owned())
        }
        _ => ("SerializationException", words.to_owned()),
    }
}
