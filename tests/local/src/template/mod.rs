//! Reads `infra/template.yaml`, the file that deploys, into a plan for one machine.
//!
//! What runs here is what ships: routes, queues, tables, sources and schedules come from the template and the OpenAPI
//! file it imports, never from a second list. Roles, permissions and logs are AWS's own matter and are passed over.

mod intrinsics;
mod resources;
mod routes;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

pub use intrinsics::Names;

use crate::plan::Plan;

/// The stack's name on this machine.
pub const STACK: &str = "counterfoil";

/// Reads a template with the given parameter values.
pub fn read(path: &Path, parameters: &BTreeMap<String, String>) -> anyhow::Result<Plan> {
    let template = yaml(path)?;
    let names = Names::collect(&template, parameters).with_context(|| path.display().to_string())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    plan(&template, &names, folder).with_context(|| path.display().to_string())
}

/// A YAML file as JSON, its short tags (`!Ref`) spelt out.
fn yaml(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}; run from the checkout", path.display()))?;
    let parsed: serde_norway::Value =
        serde_norway::from_str(&text).with_context(|| format!("{} is not YAML", path.display()))?;
    Ok(intrinsics::spell_out(parsed))
}

fn plan(template: &Value, names: &Names, folder: &Path) -> anyhow::Result<Plan> {
    let mut plan = Plan::default();
    let Some(all) = template["Resources"].as_object() else { bail!("no Resources") };
    for (id, resource) in all {
        let properties = &resource["Properties"];
        let place = || format!("resource {id}");
        match resource["Type"].as_str().unwrap_or_default() {
            "AWS::SQS::Queue" => plan.queues.push(resources::queue(id, properties, names).with_context(place)?),
            "AWS::DynamoDB::Table" => plan.tables.push(resources::table(id, properties, names).with_context(place)?),
            "AWS::S3::Bucket" => plan.buckets.push(resources::bucket(id, properties, names).with_context(place)?),
            "AWS::KMS::Key" => plan.keys.push(id.clone()),
            "AWS::SecretsManager::Secret" => plan.secrets.push(id.clone()),
            "AWS::Serverless::Function" => {
                resources::function(&mut plan, properties, &template["Globals"]["Function"], names)
                    .with_context(place)?;
            }
            "AWS::Serverless::HttpApi" => routes::read(&mut plan, properties, names, folder).with_context(place)?,
            _ => (),
        }
    }
    check(&plan)?;
    Ok(plan)
}

/// What AWS would refuse, or accept and regret.
fn check(plan: &Plan) -> anyhow::Result<()> {
    for source in &plan.sources {
        let Some(queue) = plan.queues.iter().find(|queue| queue.name == source.queue) else {
            bail!("the source of {} names a queue that does not exist: {}", source.function, source.queue);
        };
        let function = plan.functions.iter().find(|function| function.name == source.function);
        let timeout = function.map_or(0, |function| function.timeout.as_secs());
        if u64::from(queue.visibility_secs) < timeout {
            bail!(
                "queue {} hides messages for less time than {} may take; set VisibilityTimeout to six times its Timeout",
                queue.name,
                source.function
            );
        }
        let most = if queue.fifo { 10 } else { 10_000 };
        if !(1..=most).contains(&source.batch_size) {
            bail!(
                "the source of {} asks for batches of {}; 1 to {most} are possible",
                source.function,
                source.batch_size
            );
        }
    }
    for route in &plan.routes {
        if !plan.functions.iter().any(|function| function.name == route.function) {
            bail!(
                "the route {} {} names a function that is not deployed: {}",
                route.method,
                route.path,
                route.function
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::checkout;

    fn of(scan_reader: &str) -> Plan {
        let given = ["JwtIssuer", "JwtAudience", "ReturnUrls", "PublicUrl"].map(|name| (name, "https://x.example"));
        let given = given.into_iter().chain([("ScanReader", scan_reader)]);
        let parameters = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        read(&checkout().join("infra/template.yaml"), &parameters).unwrap()
    }

    #[test]
    fn no_role_reaches_every_resource_but_the_one_that_may_ask_textract_and_that_where_it_is_wanted() {
        let everything = |plan: &Plan| {
            let all = plan.functions.iter().flat_map(|function| {
                let name = function.name.clone();
                function.allowed.iter().map(move |(action, on)| (name.clone(), action.clone(), on.clone()))
            });
            all.filter(|(_, action, on)| on == "*" || action.contains('*')).collect::<Vec<_>>()
        };
        assert_eq!(everything(&of("none")), []);
        let asked = ["AnalyzeExpense", "StartExpenseAnalysis", "GetExpenseAnalysis"];
        let textract =
            asked.map(|action| ("document-reading".to_owned(), format!("textract:{action}"), "*".to_owned()));
        assert_eq!(everything(&of("textract")), textract);
    }

    #[test]
    fn whoever_reads_strangers_files_reaches_neither_tokens_nor_secrets_nor_queues() {
        for reader in ["none", "textract"] {
            let plan = of(reader);
            let function = plan.functions.iter().find(|function| function.name == "document-reading").unwrap();
            let services = function.allowed.iter().filter_map(|(action, _)| action.split(':').next());
            let allowed = ["dynamodb", "s3", "textract"];
            assert!(services.into_iter().all(|service| allowed.contains(&service)), "{:?}", function.allowed);
            assert_eq!(function.environment["SCAN_READER"], reader);
            assert!(!function.environment.contains_key("TOKEN_KEY_ID"));
        }
    }
}
