//! Queues, tables, buckets and functions, each from its properties.

use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::intrinsics::{Names, function_stem};
use crate::plan::{BucketPlan, FunctionPlan, NotificationPlan, Plan, QueuePlan, SchedulePlan, SourcePlan, TablePlan};

fn number(value: &Value, default: u32) -> u32 {
    let given = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    given.and_then(|given| given.try_into().ok()).unwrap_or(default)
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"))
}

/// The name behind an ARN.
fn behind_arn(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}

pub(super) fn queue(id: &str, properties: &Value, names: &Names) -> anyhow::Result<QueuePlan> {
    let arn = names.text(&serde_json::json!({ "Fn::GetAtt": [id, "Arn"] }))?;
    let policy = &properties["RedrivePolicy"];
    let redrive = if policy.is_null() {
        None
    } else {
        let target = names.text(&policy["deadLetterTargetArn"]).context("RedrivePolicy.deadLetterTargetArn")?;
        Some((behind_arn(&target), number(&policy["maxReceiveCount"], 10)))
    };
    Ok(QueuePlan {
        logical_id: id.to_owned(),
        name: behind_arn(&arn),
        fifo: flag(&properties["FifoQueue"]),
        visibility_secs: number(&properties["VisibilityTimeout"], 30),
        retention_secs: number(&properties["MessageRetentionPeriod"], 345_600),
        delay_secs: number(&properties["DelaySeconds"], 0),
        content_dedupe: flag(&properties["ContentBasedDeduplication"]),
        redrive,
    })
}

pub(super) fn table(id: &str, properties: &Value, names: &Names) -> anyhow::Result<TablePlan> {
    let key = |kind: &str| {
        let schema = properties["KeySchema"].as_array().into_iter().flatten();
        let mut found = schema.filter(|key| key["KeyType"] == kind);
        found.next().and_then(|key| key["AttributeName"].as_str()).map(str::to_owned)
    };
    Ok(TablePlan {
        logical_id: id.to_owned(),
        name: names.text(&serde_json::json!({ "Ref": id }))?,
        partition_key: key("HASH").context("KeySchema has no HASH key")?,
        sort_key: key("RANGE"),
        ttl_attribute: properties["TimeToLiveSpecification"]["AttributeName"].as_str().map(str::to_owned),
    })
}

pub(super) fn bucket(id: &str, properties: &Value, names: &Names) -> anyhow::Result<BucketPlan> {
    let mut notifications = Vec::new();
    for wanted in properties["NotificationConfiguration"]["QueueConfigurations"].as_array().into_iter().flatten() {
        let rules = wanted["Filter"]["S3Key"]["Rules"].as_array();
        let rule = |name: &str| {
            let mut found = rules.into_iter().flatten().filter(|rule| rule["Name"] == name);
            found.next().and_then(|rule| rule["Value"].as_str()).unwrap_or_default().to_owned()
        };
        notifications.push(NotificationPlan {
            event: wanted["Event"].as_str().unwrap_or_default().to_owned(),
            prefix: rule("prefix"),
            suffix: rule("suffix"),
            queue: behind_arn(&names.text(&wanted["Queue"]).context("NotificationConfiguration")?),
        });
    }
    Ok(BucketPlan {
        logical_id: id.to_owned(),
        name: names.text(&serde_json::json!({ "Ref": id }))?,
        versioned: properties["VersioningConfiguration"]["Status"] == "Enabled",
        notifications,
    })
}

/// The function, and whatever wakes it.
pub(super) fn function(plan: &mut Plan, properties: &Value, globals: &Value, names: &Names) -> anyhow::Result<()> {
    let name = function_stem(properties)?;
    let mut environment = std::collections::BTreeMap::new();
    for variables in [&globals["Environment"]["Variables"], &properties["Environment"]["Variables"]] {
        for (variable, value) in variables.as_object().into_iter().flatten() {
            let value = names.text(value).with_context(|| format!("Environment.Variables.{variable}"))?;
            environment.insert(variable.clone(), value);
        }
    }
    let setting = |field: &str, default: u32| number(&properties[field], number(&globals[field], default));
    plan.functions.push(FunctionPlan {
        name: name.clone(),
        environment,
        allowed: allowed(&properties["Policies"], names)?,
        timeout: Duration::from_secs(setting("Timeout", 3).into()),
        concurrency_max: properties["ReservedConcurrentExecutions"].as_u64().and_then(|most| most.try_into().ok()),
        memory_mb: setting("MemorySize", 128),
    });
    for (event, wanted) in properties["Events"].as_object().into_iter().flatten() {
        let place = || format!("Events.{event}");
        let settings = &wanted["Properties"];
        match wanted["Type"].as_str().unwrap_or_default() {
            "SQS" => plan.sources.push(source(&name, settings, names).with_context(place)?),
            "ScheduleV2" | "Schedule" => plan.schedules.push(schedule(&name, settings, names).with_context(place)?),
            _ => (),
        }
    }
    Ok(())
}

/// A role's allowances. Statements under a condition are for services that act on the function's behalf.
fn allowed(policies: &Value, names: &Names) -> anyhow::Result<Vec<(String, String)>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut found = Vec::new();
    let statements = policies.as_array().into_iter().flatten().flat_map(|policy| list(&policy["Statement"]));
    for statement in statements {
        let Some(statement) = names.chosen(&statement).context("Policies")? else { continue };
        if !statement["Condition"].is_null() || statement["Effect"] != "Allow" {
            continue;
        }
        for resource in list(&statement["Resource"]) {
            let resource = behind_arn(&names.text(&resource).context("Policies")?);
            let actions = list(&statement["Action"]);
            found.extend(actions.iter().filter_map(Value::as_str).map(|action| (action.to_owned(), resource.clone())));
        }
    }
    Ok(found)
}

fn source(function: &str, settings: &Value, names: &Names) -> anyhow::Result<SourcePlan> {
    let kinds = settings["FunctionResponseTypes"].as_array();
    let partial_failures = kinds.into_iter().flatten().any(|kind| kind == "ReportBatchItemFailures");
    Ok(SourcePlan {
        queue: behind_arn(&names.text(&settings["Queue"])?),
        function: function.to_owned(),
        batch_size: number(&settings["BatchSize"], 10),
        window: Duration::from_secs(number(&settings["MaximumBatchingWindowInSeconds"], 0).into()),
        partial_failures,
        concurrency_max: settings["ScalingConfig"]["MaximumConcurrency"].as_u64().and_then(|most| most.try_into().ok()),
    })
}

fn schedule(function: &str, settings: &Value, names: &Names) -> anyhow::Result<SchedulePlan> {
    let expression =
        [&settings["ScheduleExpression"], &settings["Schedule"]].into_iter().find(|value| !value.is_null());
    let name = &settings["Name"];
    Ok(SchedulePlan {
        name: if name.is_null() { function.to_owned() } else { names.text(name)? },
        expression: names.text(expression.context("no ScheduleExpression")?)?,
        function: function.to_owned(),
        input: settings["Input"].as_str().unwrap_or_default().to_owned(),
    })
}
