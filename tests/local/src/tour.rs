//! The tour a newcomer wants: connect, load, hear of a change, see it, and try it by hand.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use aws::SystemClock;
use local::build::build_functions;
use local::caller::{Caller, browse};
use local::stack::{APP, Stack, StackSettings};
use serde_json::{Value, json};

use crate::bank_walk;
use crate::document_walk;
use crate::journal_walk::{self, GoesOn};
use crate::options::Options;
use crate::screen::Screen;
use crate::world::Xero;

const WORKSPACE: &str = "demo-workspace";
const PERSON: &str = "newcomer";
/// A token that outlives an afternoon of trying.
const TOKEN_LIFE: Duration = Duration::from_secs(8 * 3600);
/// Xero's slowest day, or a person at a consent page.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs the tour, then stays up unless told otherwise.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let mut screen = Screen::new(options.json);
    let began = Instant::now();
    let binaries = build_functions(options.json)?;
    let last_lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut xero = Xero::new(&options)?;
    let mut stack = start(&options, &mut xero, binaries, last_lines.clone()).await?;
    let mut outcome = guide(&mut screen, &mut stack, &xero, &options).await;
    if outcome.is_ok() && options.keep.is_some() {
        outcome = keep_so_far(&stack, &xero).await;
    }
    if let Err(error) = outcome {
        let error = match keep(stack.stop(), &xero) {
            Ok(()) => error,
            Err(lost) => error.context(format!("{lost:#}")),
        };
        let lines = last_lines.lock().map(|lines| lines.join("\n")).unwrap_or_default();
        return Err(if lines.is_empty() {
            error
        } else {
            error.context(format!("the functions said last:\n{lines}\n"))
        });
    }
    screen.done("Tour", &format!("{:.1} s from the start", began.elapsed().as_secs_f32()));
    if !options.once {
        screen.line("\nEverything stays up. Press Ctrl-C to stop.");
        tokio::signal::ctrl_c().await?;
        screen.line("Stopping …");
    }
    keep(stack.finish(STOP_PATIENCE).await, &xero)
}

/// Keeps everything while it goes on, so that a kill loses only what comes after. Work under way ends first:
/// its next message would be in no file yet, and the next run would wait for it until it counts as lost.
async fn keep_so_far(stack: &Stack, xero: &Xero) -> anyhow::Result<()> {
    drop(stack.settle(STOP_PATIENCE).await);
    stack.embedded.save()?;
    xero.save()
}

/// Keeps the simulated Xero for the next run, after the functions stopped, however that went.
fn keep(stopped: anyhow::Result<()>, xero: &Xero) -> anyhow::Result<()> {
    let kept = xero.save();
    stopped.and(kept)
}

/// The tour, until its end or until somebody presses Ctrl-C.
async fn guide(screen: &mut Screen, stack: &mut Stack, xero: &Xero, options: &Options) -> anyhow::Result<()> {
    tokio::select! {
        outcome = show_around(screen, stack, xero, options) => outcome,
        pressed = tokio::signal::ctrl_c() => {
            pressed?;
            screen.line("Stopping …");
            stack.finish(STOP_PATIENCE).await?;
            bail!("stopped before the tour came to its end")
        }
    }
}

/// Work under way may end by itself when everything stops.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Lines of the functions' logs that are shown when something fails.
const LINES_KEPT: usize = 12;

async fn start(
    options: &Options,
    xero: &mut Xero,
    binaries: std::path::PathBuf,
    last_lines: Arc<Mutex<Vec<String>>>,
) -> anyhow::Result<Stack> {
    let log = move |function: &str, line: &str| {
        let loud = line.contains("\"ERROR\"") || line.contains("\"WARN\"") || !line.starts_with('{');
        if let Ok(mut lines) = last_lines.lock()
            && loud
        {
            lines.push(format!("  {function}: {line}"));
            let extra = lines.len().saturating_sub(LINES_KEPT);
            lines.drain(..extra);
        }
    };
    let settings = StackSettings {
        binaries,
        port: options.port,
        keep: options.keep.clone(),
        clock: Arc::new(SystemClock),
        schedules: true,
        log: Arc::new(log),
        environment: std::collections::BTreeMap::new(),
        // It costs nothing here.
        parameters: std::collections::BTreeMap::from([("ScanReader".to_owned(), "textract".to_owned())]),
    };
    Stack::start(settings, async |url| xero.place(url).await).await
}

async fn show_around(screen: &mut Screen, stack: &mut Stack, xero: &Xero, options: &Options) -> anyhow::Result<()> {
    screen.title("Counterfoil on this machine");
    let functions: Vec<&str> = stack.plan.functions.iter().map(|function| function.name.as_str()).collect();
    screen.done("Functions", &functions.join(", "));
    screen.done("Xero", xero.describe());
    let token = stack.issuer.token(WORKSPACE, PERSON, TOKEN_LIFE)?;
    let caller = Caller::new(&stack.url, &token)?;
    let tenant = match connected_before(screen, xero, &caller).await? {
        Some(tenant) => tenant,
        None => connect(screen, stack, xero, &caller).await?,
    };
    sync(screen, &caller, &tenant).await?;
    if xero.is_simulated() {
        webhook(screen, xero, &caller, &tenant).await?;
    } else {
        latest(screen, &caller, &tenant).await?;
        screen.done("Webhooks", &format!("taken at {}/webhooks/xero/{APP}; edit something in Xero", stack.url));
    }
    let path = format!("/v1/organisations/{tenant}");
    caller
        .expect("PUT", &format!("{path}/settings"), Some(json!({ "sync_interval": "daily", "daily_hour": 3 })))
        .await?;
    screen.done("Daily sync", "switched on, 03:00 in the organisation's own time zone");
    if xero.is_simulated() {
        let goes_on = if options.keep.is_some() { GoesOn::TriedAgain } else { GoesOn::WithASync };
        journal_walk::walk(screen, xero, &caller, &tenant, goes_on).await?;
        let stamp = ports::Clock::now(&SystemClock).strftime("%Y%m%d-%H%M%S").to_string();
        document_walk::walk(screen, &caller, &tenant, &stamp, options.keep.is_some()).await?;
        bank_walk::walk(screen, &caller, &tenant, &stamp).await?;
    } else {
        screen.line("Journals are left out: the tour posts to its own simulated Xero only.");
    }
    invite(screen, &stack.url, &token, &tenant, options);
    Ok(())
}

/// The organisation of the last run, where its consent still stands on both sides.
async fn connected_before(screen: &mut Screen, xero: &Xero, caller: &Caller) -> anyhow::Result<Option<String>> {
    let known = caller.expect("GET", "/v1/organisations", None).await?;
    let connected = known["organisations"].as_array().into_iter().flatten().find(|line| line["state"] == "connected");
    let Some(line) = connected.filter(|_| xero.remembers()) else { return Ok(None) };
    screen.done("Connected before", line["name"].as_str().unwrap_or_default());
    Ok(line["tenant_id"].as_str().map(str::to_owned))
}

/// Connects an organisation through the real flow.
async fn connect(screen: &mut Screen, stack: &mut Stack, xero: &Xero, caller: &Caller) -> anyhow::Result<String> {
    let started = caller.expect("POST", "/v1/connects", Some(json!({ "return_url": stack.host.return_url() }))).await?;
    let address = started["authorize_url"].as_str().context("no authorize_url")?;
    if xero.follows_redirects() {
        let (hops, last) = browse(address).await.context("consent failed; check XERO_LOGIN_URL where you set it")?;
        if last.starts_with(&stack.host.return_url()) {
            screen.done("Consent", &format!("Xero's login page and our callback, {hops} redirects"));
        } else {
            ask_for_consent(screen, address);
        }
    } else {
        ask_for_consent(screen, address);
    }
    let returned = stack.host.wait(PATIENCE).await?;
    if returned.get("outcome").map(String::as_str) != Some("choose") {
        let message = returned.get("message").cloned().unwrap_or_else(|| "Xero gave no reason".to_owned());
        bail!("nothing was connected: {message}");
    }
    let id = returned.get("connect").context("no connect in the return address")?;
    let found = caller.expect("GET", &format!("/v1/connects/{id}"), None).await?;
    let organisation = &found["organisations"][0];
    let tenant = organisation["tenant_id"].as_str().context("no organisation to choose")?.to_owned();
    let choice = json!({ "ticket": returned.get("ticket"), "tenant_ids": [tenant] });
    caller.expect("POST", &format!("/v1/connects/{id}/choice"), Some(choice)).await?;
    screen.done("Connected", organisation["name"].as_str().unwrap_or_default());
    Ok(tenant)
}

fn ask_for_consent(screen: &mut Screen, address: &str) {
    screen.line(&format!("Open this address in your browser and allow access:\n\n  {address}\n"));
}

/// Syncs and shows what came.
async fn sync(screen: &mut Screen, caller: &Caller, tenant: &str) -> anyhow::Result<()> {
    let organisation = caller.expect("GET", &format!("/v1/organisations/{tenant}"), None).await?;
    let title = if organisation["sync"]["loaded"] == true { "Sync of what changed" } else { "First sync" };
    let last = run_sync(screen, caller, tenant).await?;
    let counts = last["counts"].as_object().context("no counts")?;
    let sum = |field: &str| counts.values().filter_map(|count| count[field].as_u64()).sum::<u64>();
    let detail = format!("{} records in {} calls, {} KB", sum("read"), sum("calls"), sum("bytes") / 1024);
    screen.done(title, &detail);
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|(name, count)| {
            vec![
                name.replace('_', " "),
                count["read"].to_string(),
                count["created"].to_string(),
                count["calls"].to_string(),
            ]
        })
        .collect();
    screen.table(&["kind", "read", "new", "calls"], &rows);
    Ok(())
}

/// Asks for a sync and watches it, with a bar where a terminal reads it; answers the completed run.
pub async fn run_sync(screen: &mut Screen, caller: &Caller, tenant: &str) -> anyhow::Result<Value> {
    let path = format!("/v1/organisations/{tenant}/syncs");
    let run = caller.expect("POST", &path, None).await?;
    let run = format!("{path}/{}", run["run_id"].as_str().context("no run_id")?);
    let began = Instant::now();
    loop {
        let state = caller.expect("GET", &run, None).await?;
        if !state["finished_at"].is_null() {
            ensure!(state["outcome"] == "completed", "the sync ended as {}; see /problems", state["outcome"]);
            return Ok(state);
        }
        let progress = &state["progress"];
        let number = |name: &str| progress[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let waiting = state["waiting"][1].as_str().map(|why| format!("waits: {why}"));
        let what = waiting.unwrap_or_else(|| progress["entity"].as_str().unwrap_or("starting").to_owned());
        screen.progress(number("steps_done"), number("steps"), &what);
        ensure!(began.elapsed() < PATIENCE, "the sync takes longer than ten minutes; {what}");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// The newest changes of a Xero in which this tour edits nothing.
async fn latest(screen: &mut Screen, caller: &Caller, tenant: &str) -> anyhow::Result<()> {
    let runs = caller.expect("GET", &format!("/v1/organisations/{tenant}/syncs?limit=1"), None).await?;
    let run = runs["syncs"][0]["run"].as_str().context("no run")?.to_owned();
    let page = caller.expect("GET", &format!("/v1/organisations/{tenant}/syncs/{run}/items?limit=5"), None).await?;
    let items = page["items"].as_array().cloned().unwrap_or_default();
    if !items.is_empty() {
        screen.done("What changed", "the first of this sync's changes");
        screen.table(&["kind", "change", "field", "from", "to"], &difference_rows(&items));
    }
    Ok(())
}

/// Somebody edits an invoice in Xero; its webhook brings the change.
async fn webhook(screen: &mut Screen, xero: &Xero, caller: &Caller, tenant: &str) -> anyhow::Result<()> {
    let path = format!("/v1/organisations/{tenant}/changes");
    let end = last_cursor(caller, &path).await?;
    let edited = edit_something(xero, caller, tenant).await?;
    screen.done("Edited in Xero", &edited);
    let began = Instant::now();
    let changes = loop {
        let page = caller.expect("GET", &format!("{path}?cursor={end}"), None).await?;
        let found = page["changes"].as_array().cloned().unwrap_or_default();
        if !found.is_empty() {
            break found;
        }
        ensure!(began.elapsed() < Duration::from_secs(30), "the webhook brought no change within 30 seconds");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    screen.done("Webhook", "proven, queued, record read again, compared");
    screen.table(&["kind", "change", "field", "from", "to"], &difference_rows(&changes));
    Ok(())
}

/// A bookkeeper records a payment on an unpaid invoice in Xero's own screens, or raises an invoice when all are paid: the
/// tours of kept data pay one after the other.
async fn edit_something(xero: &Xero, caller: &Caller, tenant: &str) -> anyhow::Result<String> {
    let path = format!("/v1/organisations/{tenant}/records");
    let accounts = caller.expect("GET", &format!("{path}/accounts?limit=250"), None).await?;
    let bank = |line: &&Value| line["record"]["Type"] == "BANK" && line["record"]["Code"].is_string();
    let account = accounts["records"].as_array().into_iter().flatten().find(bank).context("no bank account")?;
    let invoices = caller.expect("GET", &format!("{path}/invoices?limit=250"), None).await?;
    let open = |line: &&Value| line["record"]["Status"] == "AUTHORISED" && line["record"]["Type"] == "ACCREC";
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let Some(invoice) = invoices["records"].as_array().into_iter().flatten().find(open) else {
        let contacts = caller.expect("GET", &format!("{path}/contacts?limit=250"), None).await?;
        let active = |line: &&Value| line["record"]["ContactStatus"] == "ACTIVE";
        let contact = contacts["records"].as_array().into_iter().flatten().find(active).context("no contact")?;
        return Ok(format!("invoice {} raised", xero.sell(tenant, &text(&contact["id"]))?));
    };
    let (id, due) = (text(&invoice["id"]), text(&invoice["record"]["AmountDue"]));
    xero.pay(tenant, &id, &text(&account["record"]["Code"]), &due)?;
    Ok(format!("{due} paid on invoice {}", text(&invoice["record"]["InvoiceNumber"])))
}

async fn last_cursor(caller: &Caller, path: &str) -> anyhow::Result<String> {
    let mut cursor = String::new();
    loop {
        let query = if cursor.is_empty() { "?limit=250".to_owned() } else { format!("?limit=250&cursor={cursor}") };
        let page = caller.expect("GET", &format!("{path}{query}"), None).await?;
        cursor = page["next_cursor"].as_str().context("no cursor")?.to_owned();
        if page["more"] != true {
            return Ok(cursor);
        }
    }
}

fn difference_rows(changes: &[Value]) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string().chars().take(32).collect(),
    };
    let mut rows = Vec::new();
    for change in changes {
        let first = [text(&change["entity"]), text(&change["change"])];
        let differences = change["differences"].as_array().cloned().unwrap_or_default();
        if differences.is_empty() {
            rows.push(first.iter().cloned().chain(["–", "–", "–"].map(str::to_owned)).collect());
        }
        for difference in differences {
            let rest = [&difference["field"], &difference["from"], &difference["to"]].map(text);
            rows.push(first.iter().cloned().chain(rest).collect());
        }
    }
    rows
}

/// The address, a token and three lines to try.
fn invite(screen: &mut Screen, url: &str, token: &str, tenant: &str, options: &Options) {
    screen.title("Try it");
    screen.line(&format!("  API    {url}"));
    screen.line(&format!("  export TOKEN={token}\n"));
    let curl = |rest: &str| format!("  curl -s -H \"Authorization: Bearer $TOKEN\" {rest}");
    screen.line(&curl(&format!("{url}/v1/organisations/{tenant}")));
    screen.line(&curl(&format!("{url}/v1/organisations/{tenant}/changes?limit=2")));
    screen.line(&curl(&format!("-X POST {url}/v1/organisations/{tenant}/syncs")));
    if let Some(folder) = &options.keep {
        screen.line(&format!("\n  Data is kept in {}", folder.display()));
    }
}
