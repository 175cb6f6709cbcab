//! Testing a connection by doing what work will do: token, organisation, accounts. The result is stored and read back
//! by the host application, since the function that answers it holds no tokens.

use kernel::{OrganisationRef, Timestamp};
use ports::TableError;
use serde::{Deserialize, Serialize};
use state::{StoreError, edit, keys, load};
use xero::budget::Urgency;
use xero::{ApiRead, scopes};

use crate::Access;
use crate::call_error::CallError;
use crate::session::Session;

/// A requested or finished test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTest {
    /// When it was asked for.
    pub requested_at: Option<Timestamp>,
    /// Who asked: their own authorisation is tested where they gave one.
    #[serde(default)]
    pub actor: Option<String>,
    /// When it ended; `None` while it is waited for.
    pub finished_at: Option<Timestamp>,
    /// The checks in order; the first failed one is the last.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `authorisation`, `organisation`, `accounts`, `scopes`, `writing`.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// What was found, in words.
    pub detail: String,
    /// What to do when it did not pass.
    pub fix: String,
}

/// A test's result can be read for this long.
const KEPT_DAYS: u64 = 7;

/// Stores that a test is wanted.
pub async fn request_test(access: &Access, whose: &OrganisationRef, id: &str, actor: &str) -> Result<(), StoreError> {
    let now = access.ports.clock.now();
    let actor = Some(actor.to_owned());
    let wanted = ConnectionTest { requested_at: Some(now), actor, ..ConnectionTest::default() };
    store(access, whose, id, wanted).await
}

/// Reads a test's result.
pub async fn load_test(
    access: &Access,
    whose: &OrganisationRef,
    id: &str,
) -> Result<Option<ConnectionTest>, TableError> {
    Ok(load(&*access.ports.table, &keys::connection_test(whose, id)).await?.map(|stored| stored.value))
}

async fn store(access: &Access, whose: &OrganisationRef, id: &str, test: ConnectionTest) -> Result<(), StoreError> {
    let kept = std::time::Duration::from_secs(KEPT_DAYS * 24 * 3600);
    let drop_at = access.ports.clock.now().saturating_add(kept).ok();
    let key = keys::connection_test(whose, id);
    edit(&*access.ports.table, &key, drop_at, |found: Option<&ConnectionTest>| {
        let requested_at = found.and_then(|before| before.requested_at).or(test.requested_at);
        let actor = found.and_then(|before| before.actor.clone()).or_else(|| test.actor.clone());
        Some(ConnectionTest { requested_at, actor, ..test.clone() })
    })
    .await?;
    Ok(())
}

/// Runs a wanted test. A limit or an outage is a result too: the person who asked is waiting.
pub async fn run_test(access: &Access, whose: &OrganisationRef, id: &str) -> Result<(), StoreError> {
    let wanted = load_test(access, whose, id).await?;
    let actor = wanted.and_then(|test| test.actor);
    let mut checks = Vec::new();
    if let Err(error) = run_checks(access, whose, actor.as_deref(), &mut checks).await {
        let fix = fix_for(&error).to_owned();
        let name = ["authorisation", "organisation", "accounts"].get(checks.len()).copied().unwrap_or("accounts");
        checks.push(Check { name: name.to_owned(), passed: false, detail: error.to_string(), fix });
    }
    let finished_at = Some(access.ports.clock.now());
    store(access, whose, id, ConnectionTest { finished_at, checks, ..ConnectionTest::default() }).await
}

async fn run_checks(
    access: &Access,
    whose: &OrganisationRef,
    actor: Option<&str>,
    checks: &mut Vec<Check>,
) -> Result<(), CallError> {
    let mut session = Session::open_as(access, whose, Urgency::Person, actor).await?;
    checks.push(passed("authorisation", "Xero accepts the authorisation".to_owned()));
    let organisation = ApiRead { path: "/Organisation".into(), ..ApiRead::default() };
    session.read(&organisation).await?;
    checks.push(passed("organisation", "Xero answers for this organisation".to_owned()));
    let response = session.read(&ApiRead { path: "/Accounts".into(), ..ApiRead::default() }).await?;
    let count = xero::page::cut(&response.body, "Accounts").map(|page| page.elements.len());
    let count = count.map_err(|error| CallError::Unreadable(error.to_string()))?;
    checks.push(passed("accounts", format!("{count} general ledger accounts can be read")));
    checks.push(scopes_check(&session.connection().granted));
    let actions = session.read(&ApiRead { path: "/Organisation/Actions".into(), ..ApiRead::default() }).await?;
    checks.push(writing_check(&actions.body)?);
    Ok(())
}

/// What later posting needs, as Xero names it.
const WRITING: &[&str] = &["CreateApprovedBill", "CreateApprovedInvoice", "CreateInvoicePayment"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Action {
    name: String,
    status: String,
}

/// What the person's role and the organisation's plan allow to be written; nothing is written to find out.
///
/// Source: Xero's Organisation page, `GET /Organisation/Actions`.
fn writing_check(body: &[u8]) -> Result<Check, CallError> {
    let page = xero::page::cut(body, "Actions").map_err(|error| CallError::Unreadable(error.to_string()))?;
    let actions = page.elements.iter().filter_map(|element| serde_json::from_str::<Action>(element.get()).ok());
    let refused: Vec<String> = actions
        .filter(|action| WRITING.contains(&action.name.as_str()) && action.status != "ALLOWED")
        .map(|action| action.name)
        .collect();
    if refused.is_empty() {
        return Ok(passed("writing", "The role and the plan allow bills, invoices and payments to be written".into()));
    }
    Ok(Check {
        name: "writing".into(),
        passed: false,
        detail: format!("Xero does not allow: {}", refused.join(", ")),
        fix: "Reading works. To post as well, a Xero user with the Standard or Adviser role must connect.".into(),
    })
}

fn passed(name: &str, detail: String) -> Check {
    Check { name: name.to_owned(), passed: true, detail, fix: String::new() }
}

fn scopes_check(granted: &[String]) -> Check {
    let missing = scopes::missing(granted);
    if missing.is_empty() {
        return passed("scopes", "Everything needed was granted".into());
    }
    Check {
        name: "scopes".into(),
        passed: false,
        detail: format!("Not granted: {}", missing.join(", ")),
        fix: "Connect again and allow everything that is asked for.".into(),
    }
}

fn fix_for(error: &CallError) -> &'static str {
    match error {
        CallError::Later { .. } => "Nothing is broken: try again later.",
        CallError::NotConnected(_) => "Connect the organisation again.",
        CallError::NotAllowed => "Ask a Xero user with the Standard or Adviser role, including reports, to connect.",
        CallError::Setup(_) => "Tell the operator: the deployment's Xero app is not set up.",
        _ => "Try again; if it stays, tell the operator.",
    }
}
