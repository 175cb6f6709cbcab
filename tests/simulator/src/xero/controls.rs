//! The controls by name, with JSON in and out, as the server offers them under `POST /_controls/{name}`.
//!
//! | name | input | does |
//! |---|---|---|
//! | `tenants` | | lists organisations |
//! | `edit` | `tenant`, `collection`, `id`?, `fields` | creates or edits a record as a person would |
//! | `merge_contacts` | `tenant`, `loser`, `winner` | merges one contact into another |
//! | `lock_dates` | `tenant`, `period`?, `end_of_year`? | sets or lifts lock dates |
//! | `tracking_option` | `tenant`, `category`, `name` | adds an option |
//! | `reconcile` | `tenant`, `id`, `reconciled` | matches or unmatches a bank transaction |
//! | `disconnect` | `tenant`, `user`, `app`? | disconnects the app inside Xero |
//! | `role` | `tenant`, `user`, `role` | `adviser`, `reports`, `standard` or `read_only` |
//! | `reset_demo` | `tenant`, `seed`, `invoices` | resets a demo company: a new tenant id |
//! | `consent` | `user`, `tenants`, `only_scopes`?, or `deny: true` | how the next consents go |
//! | `fault` | `fault`, such as `LostWriteAnswer`; `target`?, such as `Token` | orders a failure |
//! | `spend` | `tenant`, `minute`, `day`, `app`? | uses up calls |
//! | `spend_app` | `calls`, `app`? | uses up calls of the app's minute |
//! | `latency` | `millis` | makes every answer take so long |
//! | `practice` | `name`, `user` | opens a practice; its tenant id |
//! | `subscription` | `created`?, `app`? | queues an event of the app's own subscription |
//! | `hold`, `release` | | keeps calls open, lets them go |
//! | `lose_events` | `app`? | loses waiting webhook events |
//! | `mischief` | `kind`: `WrongSignature`, `Duplicate` or `Reorder`; `app`? | spoils the next deliveries |
//! | `calls` | | every call so far |

use std::str::FromStr;
use std::time::Duration;

use kernel::{TenantId, XeroUserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Xero;
use super::demo::DemoSettings;
use super::faults::{Fault, FaultTarget};
use super::settings::{AppId, Consent, Role};
use super::ui::UiError;
use super::webhooks::Mischief;

/// Why a control did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No control of that name.
    #[error("there is no such control")]
    Unknown,
    /// A field is missing or of the wrong form.
    #[error("the field {0} is missing or not readable")]
    Field(&'static str),
    /// The edit was refused.
    #[error(transparent)]
    Refused(#[from] UiError),
}

fn field<T: FromStr>(input: &Value, name: &'static str) -> Result<T, ControlError> {
    let text = input[name].as_str().ok_or(ControlError::Field(name))?;
    text.parse().map_err(|_| ControlError::Field(name))
}

fn number(input: &Value, name: &str) -> u32 {
    input[name].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// The one of a kind whose name it is, as the code spells it.
fn named<T: Copy + std::fmt::Debug>(all: &[T], input: &Value, name: &'static str) -> Result<T, ControlError> {
    let text = input[name].as_str().ok_or(ControlError::Field(name))?;
    all.iter().copied().find(|each| format!("{each:?}") == text).ok_or(ControlError::Field(name))
}

impl Xero {
    /// Carries out a control by its name.
    pub fn control(&self, name: &str, input: &Value) -> Result<Value, ControlError> {
        let app = AppId(number(input, "app") as usize);
        let tenant = || field::<TenantId>(input, "tenant");
        match name {
            "tenants" => {
                let all: Vec<String> = self.tenants().iter().map(ToString::to_string).collect();
                return Ok(json!(all));
            }
            "edit" => {
                let id = if input["id"].is_string() { Some(field::<Uuid>(input, "id")?) } else { None };
                let collection: String = field(input, "collection")?;
                return Ok(self.edit(tenant()?, &collection, id, &input["fields"])?);
            }
            "merge_contacts" => self.merge_contacts(tenant()?, field(input, "loser")?, field(input, "winner")?)?,
            "lock_dates" => {
                let day = |name| if input[name].is_string() { field(input, name).map(Some) } else { Ok(None) };
                self.set_lock_dates(tenant()?, day("period")?, day("end_of_year")?);
            }
            "tracking_option" => {
                let (category, name): (String, String) = (field(input, "category")?, field(input, "name")?);
                return Ok(json!(self.add_tracking_option(tenant()?, &category, &name)?.to_string()));
            }
            "reconcile" => self.reconcile(tenant()?, field(input, "id")?, input["reconciled"] == true)?,
            "disconnect" => return Ok(json!(self.disconnect(app, field(input, "user")?, tenant()?))),
            "role" => self.set_role(field(input, "user")?, tenant()?, role(input)?),
            "reset_demo" => {
                let invoices = number(input, "invoices") as usize;
                let settings = DemoSettings::sized(number(input, "seed").into(), invoices);
                return Ok(json!(self.reset_demo(tenant()?, &settings).map(|fresh| fresh.to_string())));
            }
            "consent" => self.set_consent(consent(input)?),
            "fault" => {
                let fault = named(&Fault::ALL, input, "fault")?;
                match input["target"].is_null() {
                    true => self.order_fault(fault),
                    false => self.order_fault_at(named(&FaultTarget::ALL, input, "target")?, fault),
                }
            }
            "spend" => self.spend_calls(app, tenant()?, number(input, "minute"), number(input, "day")),
            "spend_app" => self.spend_app_calls(app, number(input, "calls")),
            "latency" => self.set_latency(Duration::from_millis(number(input, "millis").into())),
            "practice" => {
                let practice = self.register_practice(&field::<String>(input, "name")?);
                self.set_role(field(input, "user")?, practice, Role::Adviser);
                return Ok(json!(practice.to_string()));
            }
            "subscription" => {
                return Ok(json!(self.subscription_event(app, input["created"] == true).map(|id| id.to_string())));
            }
            "hold" => self.hold_calls(),
            "release" => self.release_calls(),
            "lose_events" => return Ok(json!(self.lose_deliveries(app))),
            "mischief" => self.order_mischief(app, mischief(input)?),
            "calls" => return Ok(self.call_rows()),
            _ => return Err(ControlError::Unknown),
        }
        Ok(Value::Null)
    }

    fn call_rows(&self) -> Value {
        let row = |call: super::Call| {
            json!({
                "method": call.method, "path": call.path, "query": call.query, "status": call.status,
                "tenant": call.tenant.map(|tenant| tenant.to_string()), "at": call.at.to_string(),
            })
        };
        self.calls().into_iter().map(row).collect()
    }
}

fn mischief(input: &Value) -> Result<Mischief, ControlError> {
    match input["kind"].as_str() {
        Some("WrongSignature") => Ok(Mischief::WrongSignature),
        Some("Duplicate") => Ok(Mischief::Duplicate),
        Some("Reorder") => Ok(Mischief::Reorder),
        _ => Err(ControlError::Field("kind")),
    }
}

fn role(input: &Value) -> Result<Role, ControlError> {
    match input["role"].as_str() {
        Some("adviser") => Ok(Role::Adviser),
        Some("reports") => Ok(Role::StandardWithReports),
        Some("standard") => Ok(Role::Standard),
        Some("read_only") => Ok(Role::ReadOnly),
        _ => Err(ControlError::Field("role")),
    }
}

fn consent(input: &Value) -> Result<Consent, ControlError> {
    if input["deny"] == true {
        return Ok(Consent::Deny);
    }
    let texts = |name: &'static str| -> Vec<String> {
        let items = input[name].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let tenants: Result<Vec<TenantId>, _> = texts("tenants").iter().map(|text| text.parse()).collect();
    Ok(Consent::Allow {
        user: field::<XeroUserId>(input, "user")?,
        tenants: tenants.map_err(|_| ControlError::Field("tenants"))?,
        only_scopes: texts("only_scopes"),
    })
}
