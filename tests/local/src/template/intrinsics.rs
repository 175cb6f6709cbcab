//! CloudFormation's intrinsic functions, over the names that resources have on this machine.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use super::STACK;
use crate::embedded::{ACCOUNT, REGION, queue_url};

/// What `Ref` and `GetAtt` answer.
#[derive(Clone, Debug, Default)]
pub struct Names {
    references: BTreeMap<String, String>,
    attributes: BTreeMap<String, String>,
    conditions: BTreeMap<String, bool>,
}

/// Turns tagged YAML into JSON with the long names of the functions.
pub fn spell_out(value: serde_norway::Value) -> Value {
    use serde_norway::Value as Yaml;
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or_else(|_| json!(number.to_string())),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(spell_out).collect()),
        Yaml::Mapping(fields) => {
            let name = |key: Yaml| match key {
                Yaml::String(text) => text,
                other => spell_out(other).to_string(),
            };
            Value::Object(fields.into_iter().map(|(key, value)| (name(key), spell_out(value))).collect())
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let inner = spell_out(tagged.value);
            match tag {
                "Ref" => json!({ "Ref": inner }),
                "GetAtt" => {
                    let parts =
                        inner.as_str().map(|text| text.splitn(2, '.').map(|part| json!(part)).collect::<Vec<_>>());
                    json!({ "Fn::GetAtt": parts.map_or(inner.clone(), Value::Array) })
                }
                other => json!({ format!("Fn::{other}"): inner }),
            }
        }
    }
}

impl Names {
    /// Names every resource and parameter of a template.
    pub fn collect(template: &Value, given: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let mut names = Self::default();
        for (name, value) in [
            ("AWS::StackName", STACK),
            ("AWS::Region", REGION),
            ("AWS::AccountId", ACCOUNT),
            ("AWS::Partition", "aws"),
            ("AWS::URLSuffix", "amazonaws.com"),
            ("AWS::NoValue", ""),
        ] {
            names.references.insert(name.to_owned(), value.to_owned());
        }
        for (name, parameter) in template["Parameters"].as_object().into_iter().flatten() {
            let default = match &parameter["Default"] {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let value = given.get(name).cloned().or(default);
            let value = value.with_context(|| format!("the parameter {name} has no default and no value"))?;
            names.references.insert(name.clone(), value);
        }
        for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
            names.add(id, resource)?;
        }
        for (name, condition) in template["Conditions"].as_object().into_iter().flatten() {
            let holds = names.holds(condition).with_context(|| format!("the condition {name}"))?;
            names.conditions.insert(name.clone(), holds);
        }
        Ok(names)
    }

    fn holds(&self, condition: &Value) -> anyhow::Result<bool> {
        match condition["Fn::Equals"].as_array().map(Vec::as_slice) {
            Some([one, other]) => Ok(self.text(one)? == self.text(other)?),
            _ => bail!("only Equals is understood here"),
        }
    }

    /// What stands in a place that a condition decides on: one of two values, or nothing at all.
    pub fn chosen<'v>(&self, value: &'v Value) -> anyhow::Result<Option<&'v Value>> {
        let chosen = match value["Fn::If"].as_array().map(Vec::as_slice) {
            None => value,
            Some([name, then, otherwise]) => {
                let name = name.as_str().unwrap_or_default();
                let holds = self.conditions.get(name).with_context(|| format!("{name} is no condition"))?;
                if *holds { then } else { otherwise }
            }
            Some(_) => bail!("If takes a condition and two values"),
        };
        Ok((chosen["Ref"] != "AWS::NoValue").then_some(chosen))
    }

    fn add(&mut self, id: &str, resource: &Value) -> anyhow::Result<()> {
        let properties = &resource["Properties"];
        let arn = |service: &str, name: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}");
        let (reference, attribute) = match resource["Type"].as_str().unwrap_or_default() {
            "AWS::SQS::Queue" => {
                let name = self.name_of(&properties["QueueName"], id)?;
                self.attributes.insert(format!("{id}.QueueName"), name.clone());
                (queue_url(&name), arn("sqs", &name))
            }
            "AWS::DynamoDB::Table" => {
                let name = self.name_of(&properties["TableName"], id)?;
                let table = arn("dynamodb", &format!("table/{name}"));
                (name, table)
            }
            "AWS::S3::Bucket" => {
                let name = self.name_of(&properties["BucketName"], id)?.to_ascii_lowercase();
                let bucket = format!("arn:aws:s3:::{name}");
                (name, bucket)
            }
            "AWS::KMS::Key" => (id.to_owned(), arn("kms", &format!("key/{id}"))),
            "AWS::SecretsManager::Secret" => {
                let secret = arn("secretsmanager", &format!("secret:{id}"));
                (secret.clone(), secret)
            }
            "AWS::Serverless::Function" => {
                let name = function_stem(properties).with_context(|| format!("resource {id}"))?;
                let function = arn("lambda", &format!("function:{name}"));
                (name, function)
            }
            _ => (id.to_owned(), arn("local", id)),
        };
        self.references.insert(id.to_owned(), reference);
        self.attributes.insert(format!("{id}.Arn"), attribute);
        Ok(())
    }

    fn name_of(&self, name: &Value, id: &str) -> anyhow::Result<String> {
        if name.is_null() { Ok(format!("{STACK}-{id}")) } else { self.text(name) }
    }

    /// A value as text, its functions carried out.
    pub fn text(&self, value: &Value) -> anyhow::Result<String> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Object(fields) => self.function(fields),
            _ => bail!("a text was expected, not {value}"),
        }
    }

    fn function(&self, fields: &Map<String, Value>) -> anyhow::Result<String> {
        let Some((name, argument)) = fields.iter().next().filter(|_| fields.len() == 1) else {
            bail!("a text or one intrinsic function was expected");
        };
        match name.as_str() {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                let parts: Vec<&str> = argument.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                self.attribute(&parts.join("."))
            }
            "Fn::Sub" => self.substitute(argument.as_str().unwrap_or_default()),
            "Fn::Join" => {
                let separator = argument[0].as_str().unwrap_or_default();
                let parts: anyhow::Result<Vec<String>> =
                    argument[1].as_array().into_iter().flatten().map(|part| self.text(part)).collect();
                Ok(parts?.join(separator))
            }
            other => bail!("the function {other} is not understood here"),
        }
    }

    fn reference(&self, name: &str) -> anyhow::Result<String> {
        let found = self.references.get(name).cloned();
        found.with_context(|| format!("{name} is neither a parameter nor a resource; correct the reference"))
    }

    fn attribute(&self, path: &str) -> anyhow::Result<String> {
        let found = self.attributes.get(path).cloned();
        found.with_context(|| format!("{path} is no attribute this machine knows; correct the reference"))
    }

    fn substitute(&self, text: &str) -> anyhow::Result<String> {
        let (mut whole, mut rest) = (String::new(), text);
        while let Some((before, behind)) = rest.split_once("${") {
            let (name, after) = behind.split_once('}').with_context(|| format!("an unclosed ${{ in {text}"))?;
            whole.push_str(before);
            let value = if name.contains('.') { self.attribute(name) } else { self.reference(name) };
            whole.push_str(&value?);
            rest = after;
        }
        Ok(whole + rest)
    }
}

/// The folder of the code is the function's name.
pub fn function_stem(properties: &Value) -> anyhow::Result<String> {
    let code = properties["CodeUri"].as_str().unwrap_or_default();
    let stem = code.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if stem.is_empty() { bail!("CodeUri must end in the function's folder") } else { Ok(stem.to_owned()) }
}
