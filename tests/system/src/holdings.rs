//! Everything a town holds, to be compared before and after what must change nothing.
//!
//! What the API shows, every row of the table, and every message on every queue. Reading it changes nothing itself.

use std::collections::BTreeMap;

use local::caller::{Caller, plain_client};
use serde_json::{Value, json};

use crate::town::Town;

/// What a town held at one moment, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings(BTreeMap<String, String>);

/// Rows in which a connect's own progress is kept.
pub const CONNECTS: &str = "row connect#";

impl Holdings {
    /// Looks at everything, the API as this caller sees it.
    pub async fn of(town: &Town, caller: &Caller) -> Self {
        let mut parts = BTreeMap::new();
        for row in rows(town).await {
            let name = |part: &str| row[part]["S"].as_str().unwrap_or_default().to_owned();
            parts.insert(format!("row {} {}", name("PK"), name("SK")), row.to_string());
        }
        for queue in &town.stack.plan.queues {
            let bodies = town.stack.embedded.queues.lock().bodies(&queue.name);
            parts.insert(format!("queue {}", queue.name), bodies.join("\n"));
        }
        let organisations = caller.expect("GET", "/v1/organisations", None).await.unwrap();
        for organisation in organisations["organisations"].as_array().unwrap() {
            let path = format!("/v1/organisations/{}", organisation["tenant_id"].as_str().unwrap());
            let mut paths = vec![path.clone(), format!("{path}/changes?limit=250"), format!("{path}/audit")];
            paths.extend(["invoices", "contacts", "payments"].map(|kind| format!("{path}/records/{kind}?limit=250")));
            for path in paths {
                let shown = caller.expect("GET", &path, None).await.unwrap();
                parts.insert(format!("GET {path}"), shown.to_string());
            }
        }
        parts.insert("GET /v1/organisations".to_owned(), organisations.to_string());
        Self(parts)
    }

    /// Everything but the parts whose name begins so.
    pub fn without(mut self, beginning: &str) -> Self {
        self.0.retain(|name, _| !name.starts_with(beginning));
        self
    }

    /// Fails with the names of the parts that are not as they were before.
    pub fn assert_same(&self, before: &Self) {
        let names = self.0.keys().chain(before.0.keys());
        let mut changed: Vec<&String> = names.filter(|name| self.0.get(*name) != before.0.get(*name)).collect();
        changed.sort();
        changed.dedup();
        assert!(changed.is_empty(), "these changed: {changed:#?}");
    }
}

/// Every row of the table, as DynamoDB writes items.
pub async fn rows(town: &Town) -> Vec<Value> {
    let (mut all, mut request) = (Vec::new(), json!({ "TableName": table(town) }));
    loop {
        let mut page = dynamodb(town, "Scan", &request).await;
        all.append(page["Items"].as_array_mut().unwrap());
        match page.get("LastEvaluatedKey").filter(|key| key.is_object()) {
            Some(key) => request["ExclusiveStartKey"] = key.clone(),
            None => return all,
        }
    }
}

/// Puts a row in the place of the one of the same key.
pub async fn put_row(town: &Town, row: &Value) {
    dynamodb(town, "PutItem", &json!({ "TableName": table(town), "Item": row })).await;
}

fn table(town: &Town) -> &str {
    &town.stack.plan.tables[0].name
}

async fn dynamodb(town: &Town, operation: &str, request: &Value) -> Value {
    let post = plain_client().unwrap().post(town.stack.embedded.endpoint("DYNAMODB"));
    let post = post.header("x-amz-target", format!("DynamoDB_20120810.{operation}")).body(request.to_string());
    let answer = post.send().await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{operation}: {text}");
    serde_json::from_str(&text).unwrap()
}
