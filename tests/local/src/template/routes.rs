//! Routes and the authoriser, from the OpenAPI file that the gateway imports.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use super::intrinsics::Names;
use crate::plan::{AuthorizerPlan, Plan, RoutePlan};

const INTEGRATION: &str = "x-amazon-apigateway-integration";
const VERBS: &[&str] = &["get", "post", "put", "delete", "patch", "head", "options"];

/// Reads the API's definition, inline or included.
pub(super) fn read(plan: &mut Plan, properties: &Value, names: &Names, folder: &Path) -> anyhow::Result<()> {
    let body = &properties["DefinitionBody"];
    let included = body["Fn::Transform"]["Parameters"]["Location"].as_str();
    let definition = match included {
        Some(file) => super::yaml(&folder.join(file))?,
        None if body.is_object() => body.clone(),
        None => bail!("DefinitionBody must hold or include an OpenAPI definition"),
    };
    for (path, operations) in definition["paths"].as_object().context("the definition has no paths")? {
        for (verb, operation) in operations.as_object().into_iter().flatten() {
            if VERBS.contains(&verb.as_str()) {
                let place = || format!("{} {path}", verb.to_uppercase());
                plan.routes.push(route(path, verb, operation, names).with_context(place)?);
            }
        }
    }
    plan.authorizer = authorizer(&definition, names)?;
    if plan.authorizer.is_none() && plan.routes.iter().any(|route| route.authorized) {
        bail!("routes ask for a JWT, but no security scheme has an authoriser");
    }
    Ok(())
}

fn route(path: &str, verb: &str, operation: &Value, names: &Names) -> anyhow::Result<RoutePlan> {
    let integration = &operation[INTEGRATION];
    if integration["payloadFormatVersion"] != "2.0" {
        bail!("{INTEGRATION}.payloadFormatVersion must be \"2.0\"");
    }
    let uri = names.text(&integration["uri"]).with_context(|| format!("{INTEGRATION}.uri"))?;
    let function = uri.rsplit_once("function:").and_then(|(_, rest)| rest.split('/').next());
    Ok(RoutePlan {
        method: verb.to_uppercase(),
        path: path.to_owned(),
        function: function.with_context(|| format!("{INTEGRATION}.uri names no function"))?.to_owned(),
        authorized: operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty()),
    })
}

fn authorizer(definition: &Value, names: &Names) -> anyhow::Result<Option<AuthorizerPlan>> {
    let schemes = definition["components"]["securitySchemes"].as_object();
    let found = schemes.into_iter().flatten().find_map(|(_, scheme)| scheme.get("x-amazon-apigateway-authorizer"));
    let Some(found) = found.filter(|found| found["type"] == "jwt") else { return Ok(None) };
    let settings = &found["jwtConfiguration"];
    let audiences: anyhow::Result<Vec<String>> =
        settings["audience"].as_array().into_iter().flatten().map(|audience| names.text(audience)).collect();
    Ok(Some(AuthorizerPlan { issuer: names.text(&settings["issuer"])?, audiences: audiences? }))
}
