//! Each function may do what its role in the template allows, and nothing else: what runs here is what ships.
//!
//! A function signs its requests with an access key of its own, by which it is known. Whoever signs with the machine's
//! common key is a person or a test and may do anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::http::{Answer, Whole, text};
use crate::plan::Plan;

/// What each function may do, by its access key.
#[derive(Clone, Debug, Default)]
pub struct Roles(BTreeMap<String, Role>);

#[derive(Clone, Debug)]
struct Role {
    function: String,
    /// Action and the last part of the resource's ARN.
    allowed: Vec<(String, String)>,
}

/// The access key of a function: as long as AWS's, and told apart by the function's place in the template.
pub fn access_key(place: usize) -> String {
    format!("LOCALFUNCTION{place:07}")
}

/// The services that name their action in a header, and how a role names them.
const SERVICES: &[(&str, &str)] = &[
    ("DynamoDB_20120810.", "dynamodb"),
    ("AmazonSQS.", "sqs"),
    ("TrentService.", "kms"),
    ("secretsmanager.", "secretsmanager"),
    ("Textract.", "textract"),
];

impl Roles {
    /// The roles of a plan's functions.
    pub fn of(plan: &Plan) -> Self {
        let role = |(place, function): (usize, &crate::plan::FunctionPlan)| {
            let role = Role { function: function.name.clone(), allowed: function.allowed.clone() };
            (access_key(place), role)
        };
        Self(plan.functions.iter().enumerate().map(role).collect())
    }

    /// Whether the role of an access key does not allow an action of S3 on a bucket or an object.
    pub fn forbids(&self, access_key: &str, action: &str, resource: &str) -> bool {
        let Some(role) = self.0.get(access_key) else { return false };
        let fits = |(allowed, on): &(String, String)| {
            let begins = on.strip_suffix('*').is_some_and(|beginning| resource.starts_with(beginning));
            allowed == action && (begins || on == resource)
        };
        let forbidden = !role.allowed.iter().any(fits);
        if forbidden {
            tracing::error!("the role of {} does not allow {action} on {resource}", role.function);
        }
        forbidden
    }

    /// The answer to a request that the caller's role does not allow; `None` when it does.
    pub fn refusal(&self, request: &Whole) -> Option<Answer> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let credential = header("authorization").split("Credential=").nth(1).unwrap_or_default();
        let role = self.0.get(credential.split('/').next().unwrap_or_default())?;
        let target = header("x-amz-target");
        let (prefix, service) = SERVICES.iter().find(|(prefix, _)| target.starts_with(prefix))?;
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let missing = needed(service, &target[prefix.len()..], &body).into_iter().find(|(action, resource)| {
            let fits = |(allowed, on): &(String, String)| allowed == action && (resource.is_empty() || on == resource);
            !role.allowed.iter().any(fits)
        })?;
        let message = format!("the role of {} does not allow {} on {}", role.function, missing.0, missing.1);
        tracing::error!("{message}");
        let body = json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "message": message });
        Some(text(400, "application/x-amz-json-1.0", body.to_string()))
    }
}

/// The permissions that a call needs: a batch those of its parts, a transaction those of what it holds.
fn needed(service: &str, call: &str, body: &Value) -> Vec<(String, String)> {
    let queue = body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
    let one = |action: &str| vec![(format!("{service}:{action}"), queue.clone())];
    match call {
        "SendMessageBatch" => one("SendMessage"),
        "DeleteMessageBatch" => one("DeleteMessage"),
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            let kinds = items.filter_map(|item| item.as_object()?.keys().next());
            let action = |kind: &String| match kind.as_str() {
                "ConditionCheck" => "ConditionCheckItem".to_owned(),
                kind => format!("{kind}Item"),
            };
            kinds.map(|kind| (format!("{service}:{}", action(kind)), String::new())).collect()
        }
        call => one(call),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FunctionPlan;
    use bytes::Bytes;

    fn request(key: &str, target: &str, body: Value) -> Whole {
        http::Request::builder()
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={key}/20261124/eu-west-1/x/aws4_request"))
            .header("x-amz-target", target)
            .body(Bytes::from(body.to_string()))
            .unwrap()
    }

    #[test]
    fn a_function_may_do_what_its_role_says_and_a_person_anything() {
        let allowed = [("dynamodb:PutItem", "t"), ("sqs:SendMessage", "a.fifo")];
        let allowed = allowed.map(|(action, on)| (action.to_owned(), on.to_owned())).to_vec();
        let functions = vec![FunctionPlan { name: "f".into(), allowed, ..FunctionPlan::default() }];
        let roles = Roles::of(&Plan { functions, ..Plan::default() });
        let refused = |key: &str, target: &str, body: Value| roles.refusal(&request(key, target, body)).is_some();
        let key = access_key(0);
        let transaction = |kind: &str| json!({ "TransactItems": [{ "Put": {} }, { kind: {} }] });
        assert!(!refused(&key, "DynamoDB_20120810.PutItem", json!({})));
        assert!(refused(&key, "DynamoDB_20120810.BatchGetItem", json!({})));
        assert!(!refused(&key, "DynamoDB_20120810.TransactWriteItems", transaction("Put")));
        assert!(refused(&key, "DynamoDB_20120810.TransactWriteItems", transaction("Delete")));
        assert!(!refused(&key, "AmazonSQS.SendMessageBatch", json!({ "QueueUrl": "http://x/000/a.fifo" })));
        assert!(refused(&key, "AmazonSQS.SendMessage", json!({ "QueueUrl": "http://x/000/b.fifo" })));
        assert!(refused(&key, "TrentService.Decrypt", json!({})));
        assert!(!refused(super::super::ACCESS_KEY, "TrentService.Decrypt", json!({})));
    }
}
