//! `cargo run` as a newcomer and as a script meet it: the real program, its output and its exit code.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

use aws::SystemClock;
use serde_json::Value;
use simulator::xero::{AppSettings, Consent, DemoSettings, Role, UserSettings, Xero, XeroSettings};
use xero_server::{ServerSettings, serve};

fn program(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    for name in ["XERO_CLIENT_ID", "XERO_CLIENT_SECRET", "XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL"] {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied());
    command
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    program(arguments, variables).output().unwrap()
}

/// The lines of `--json`.
fn said(output: &Output) -> Vec<Value> {
    printed(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The detail of something done.
fn done(output: &Output, what: &str) -> Option<String> {
    said(output).into_iter().find(|line| line["done"] == what).map(|line| line["detail"].as_str().unwrap().to_owned())
}

/// The rows of tables with this in a column.
fn rows(output: &Output, column: &str, value: &str) -> Vec<Value> {
    said(output).into_iter().filter(|line| line[column] == value).collect()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Ends with 1 and says all of this in one line of standard error.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let line = said.lines().last().unwrap_or_default();
    assert!(line.starts_with("counterfoil: ") && said.lines().filter(|l| l.starts_with("counterfoil")).count() == 1);
    assert!(words.iter().all(|word| line.contains(word)), "{line}");
}

/// A folder of this test alone, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("counterfoil-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn exchanges(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_port_in_use_is_said_in_one_line() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refused(&run(&["--once", "--port", &port], &[]), &[&port, "in use", "--port"]);
}

#[test]
fn a_missing_variable_is_named_in_one_line() {
    let half = run(&["--once", "--port", "0"], &[("XERO_CLIENT_ID", "an-app")]);
    refused(&half, &["XERO_CLIENT_SECRET is missing", "unset all XERO_ variables"]);
    let half = run(&["--once", "--port", "0"], &[("XERO_API_URL", "http://localhost:1")]);
    refused(&half, &["XERO_CLIENT_ID is missing"]);
}

#[test]
fn a_bad_address_option_or_number_is_said_in_one_line() {
    let app = [("XERO_CLIENT_ID", "a"), ("XERO_CLIENT_SECRET", "b")];
    refused(&run(&["--once"], &[app[0], app[1], ("XERO_API_URL", "nowhere")]), &["XERO_API_URL must be an address"]);
    refused(&run(&["--twice"], &[]), &["--twice", "--help"]);
    refused(&run(&["--organisation-size", "100001"], &[]), &["0 to 100000"]);
    refused(&run(&["--organisation-size", "many"], &[]), &["takes a number"]);
    refused(&run(&["--port", "70000"], &[]), &["65535"]);
}

#[test]
fn a_bad_file_is_said_in_one_line() {
    let folder = Folder::new("bad-file");
    let record = folder.path("missing/tour.jsonl");
    refused(&run(&["--once", "--port", "0", "--record", &record], &[]), &[&record, "--record"]);
    let file = folder.path("a-file");
    std::fs::write(&file, "not a folder").unwrap();
    refused(&run(&["--once", "--port", "0", "--data", &file], &[]), &[&file, "--data"]);
    let broken = folder.path("broken");
    std::fs::create_dir_all(&broken).unwrap();
    for name in ["issuer.der", "queues.json", "table.sqlite", "keys.seed", "xero.json"] {
        std::fs::write(folder.path(&format!("broken/{name}")), "this is not what was kept").unwrap();
        refused(&run(&["--once", "--port", "0", "--data", &broken], &[]), &[&broken, name, "--data"]);
        std::fs::remove_file(folder.path(&format!("broken/{name}"))).unwrap();
    }
}

#[test]
fn a_server_that_is_not_there_is_said_in_one_line() {
    let free = free_port();
    let nowhere = format!("http://127.0.0.1:{free}");
    let variables = [
        ("XERO_CLIENT_ID", "a"),
        ("XERO_CLIENT_SECRET", "b"),
        ("XERO_API_URL", nowhere.as_str()),
        ("XERO_IDENTITY_URL", nowhere.as_str()),
        ("XERO_LOGIN_URL", nowhere.as_str()),
    ];
    refused(&run(&["--once", "--port", "0"], &variables), &["127.0.0.1", "did not answer", "XERO_LOGIN_URL"]);
}

#[test]
fn the_tour_is_plain_in_a_pipe_and_invites_to_try() {
    let folder = Folder::new("tour");
    let record = folder.path("tour.jsonl");
    let output = run(&["--once", "--port", "0", "--organisation-size", "40", "--record", &record], &[]);
    let text = printed(&output);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains('\x1b') && !text.contains('\r'), "no colour and no bar in a pipe");
    assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("curl ")).count(), 3);
    for word in ["Consent", "Connected", "First sync", "Webhook", "AmountPaid", "http://localhost:", "export TOKEN="] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    walked_in_text(&text);
    let recorded = exchanges(&record);
    let journals = recorded.iter().filter(|line| line["url"].as_str().unwrap().ends_with("/ManualJournals"));
    assert!(journals.count() >= 3, "three journals reached Xero");
    assert!(recorded.iter().any(|line| line["url"].as_str().unwrap().contains("/connect/token")));
    assert!(recorded.iter().any(|line| line["request_headers"]["x-xero-signature"].is_string()));
    let whole = std::fs::read_to_string(&record).unwrap();
    assert!(!whole.contains("eyJ"), "tokens are masked");
}

/// The walk through journals, step by step, with its tables aligned.
#[track_caller]
fn walked_in_text(text: &str) {
    let steps = [
        "✓ Approved ",
        "✓ Journal in Xero",
        "✓ Locked in Xero",
        "✓ Approved late",
        "✓ Published now",
        "✓ Parked",
        "✓ Unlocked in Xero",
        "✓ Resumed",
        "✓ Tied out",
        "✓ Bank line",
        "✓ Uploaded",
        "✓ Read",
        "✓ Previewed",
        "a bill awaiting payment in Xero",
        "✓ Back from Xero",
        "✓ Request closed",
        "Try it",
    ];
    let found: Vec<usize> = steps.iter().filter_map(|step| text.find(step)).collect();
    assert!(found.len() == steps.len() && found.is_sorted(), "{steps:?} are not all there in this order: {text}");
    let part = |from: usize| &text[found[from]..found[from + 1]];
    let amounts: Vec<&str> = part(0).lines().skip(2).filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(amounts, ["166.67", "166.67", "166.67", "166.67", "166.67", "166.65"], "{text}");
    let widths: Vec<usize> = part(0).lines().skip(2).filter_map(|line| line.find("planned")).collect();
    assert!(widths.len() == 6 && widths.iter().all(|width| *width == widths[0]), "aligned: {text}");
    assert!(part(1).contains("https://go.xero.com/") && part(1).contains("-1000.00"), "{text}");
    assert_eq!(part(5).matches("period_locked").count(), 2, "{text}");
    assert_eq!(part(7).matches("https://go.xero.com/").count(), 2, "{text}");
    assert!(part(7).contains("by itself"), "{text}");
    assert!(part(9).contains("requested") && part(13).contains("https://go.xero.com/"), "{text}");
    assert_eq!(part(13).matches("posted").count(), 4, "each step, and the heading: {text}");
}

/// The same as a program reads it.
#[track_caller]
fn walked_in_json(output: &Output) {
    let planned = rows(output, "release", "planned");
    let cents = |row: &Value| row["amount"].as_str().unwrap().replace('.', "").parse::<u32>().unwrap();
    assert_eq!((planned.len(), planned.iter().map(cents).sum::<u32>()), (6, 100_000), "{planned:?}");
    assert!(done(output, "Journal in Xero").unwrap().contains("https://"));
    let locked = done(output, "Locked in Xero").unwrap();
    let parked = rows(output, "state", "waiting");
    assert_eq!(parked.len(), 2, "{parked:?}");
    for row in &parked {
        assert_eq!(row["why"], "period_locked", "{row}");
        assert!(locked.ends_with(row["locked until"].as_str().unwrap()), "{row} {locked}");
        assert_eq!(row["dated"], row["locked until"], "{row}");
    }
    assert!(done(output, "Parked").unwrap().contains("lock"), "plain words");
    assert!(done(output, "Resumed").unwrap().contains("tried again"), "no sync is spent where data is kept");
    assert!(done(output, "Request closed").is_some(), "the bill is published and the request closed with it");
    let resumed = rows(output, "state", "posted");
    let names = |rows: &[Value]| rows.iter().map(|row| row["posting"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&resumed), names(&parked), "what waited is posted");
    assert!(resumed.iter().all(|row| row["link"].as_str().unwrap().starts_with("https://")), "{resumed:?}");
}

#[test]
fn data_is_kept_between_runs_and_json_is_json() {
    let folder = Folder::new("data");
    let data = folder.path("kept");
    let arguments = ["--once", "--port", "0", "--organisation-size", "40", "--json", "--data", &data];
    let new_records = |output: &Output| -> u64 {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = printed(output);
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter_map(|line| line["new"].as_str().and_then(|new| new.parse::<u64>().ok())).sum()
    };
    let (one, two) = (run(&arguments, &[]), run(&arguments, &[]));
    let (first, second) = (new_records(&one), new_records(&two));
    assert!(first > 100, "everything is new in a first run, not only {first}");
    let journals = rows(&two, "kind", "manual journals")[0]["new"].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!((second, journals), (0, 0), "everything is known in a second one: the first ends with a pull");
    walked_in_json(&one);
    walked_in_json(&two);
    assert!(done(&one, "Consent").is_some() && done(&one, "Connected").is_some() && done(&one, "First sync").is_some());
    assert!(done(&two, "Consent").is_none() && done(&two, "First sync").is_none(), "nobody is asked twice");
    assert_eq!(done(&two, "Connected before"), done(&one, "Connected"));
    assert!(done(&two, "Sync of what changed").is_some() && done(&two, "Webhook").is_some());
    let read = |output: &Output, kind: &str| rows(output, "kind", kind)[0]["read"].as_str().unwrap().to_owned();
    assert_eq!((read(&one, "contacts"), read(&two, "contacts")), ("8".to_owned(), "1".to_owned()), "only what changed");
    assert_eq!(read(&two, "payments"), "1", "the payment of the first run is there");
    let paid = [&one, &two].map(|output| {
        let statuses = rows(output, "field", "Status");
        assert!(statuses.iter().any(|row| row["from"] == "AUTHORISED" && row["to"] == "PAID"), "{statuses:?}");
        done(output, "Edited in Xero").unwrap().rsplit(' ').next().unwrap().to_owned()
    });
    assert_ne!(paid[0], paid[1], "the invoice that was paid stays so");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(folder.path("kept/xero.json")).unwrap()).unwrap();
    for invoice in kept["state"]["books"][0]["invoices"].as_array().unwrap() {
        let known = paid.iter().any(|number| invoice["number"] == **number);
        assert!(!known || invoice["status"] == "Paid", "{invoice}");
    }
}

#[test]
fn kept_data_has_its_size_and_a_folder_without_the_xero_begins_anew() {
    let folder = Folder::new("sizes");
    let data = folder.path("kept");
    let sized = |size: &[&str]| run(&[&["--once", "--port", "0", "--json", "--data", &data], size].concat(), &[]);
    let first = sized(&["--organisation-size", "3"]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    refused(&sized(&["--organisation-size", "4"]), &["xero.json", "3 invoices", "--organisation-size", "--data"]);
    // What folders of before hold: everything but the Xero.
    std::fs::remove_file(folder.path("kept/xero.json")).unwrap();
    let anew = sized(&["--organisation-size", "3"]);
    assert!(anew.status.success() && done(&anew, "Consent").is_some(), "{}", printed(&anew));
}

#[test]
fn a_run_that_was_killed_after_its_tour_has_kept_its_xero() {
    let folder = Folder::new("killed");
    let data = folder.path("kept");
    let mut killed = Tour::start(&["--port", "0", "--organisation-size", "10", "--json", "--data", &data]);
    killed.until("Press Ctrl-C");
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    let next = run(&["--once", "--port", "0", "--json", "--data", &data], &[]);
    assert!(next.status.success(), "{}", String::from_utf8_lossy(&next.stderr));
    assert!(done(&next, "Connected before").is_some() && done(&next, "Consent").is_none(), "{}", printed(&next));
    assert_eq!(rows(&next, "kind", "invoices")[0]["new"], "0", "{}", printed(&next));
    assert!(done(&next, "Xero").unwrap().contains("10 invoices"), "the kept size, as none was asked for");
}

#[test]
fn ctrl_c_keeps_the_xero_in_the_middle_of_the_tour_and_after_it() {
    let folder = Folder::new("interrupted");
    let data = folder.path("kept");
    let start = || Tour::start(&["--port", "0", "--organisation-size", "10", "--json", "--data", &data]);
    let mut early = start();
    early.until("\"Connected\"");
    early.interrupt();
    assert_eq!(early.child.wait().unwrap().code(), Some(1), "the tour did not come to its end");
    let mut late = start();
    late.until("Press Ctrl-C");
    assert!(late.seen.iter().any(|line| line.contains("Connected before")), "{:?}", late.seen);
    let kept = folder.path("kept/xero.json");
    std::fs::remove_file(&kept).unwrap();
    late.interrupt();
    assert_eq!(late.child.wait().unwrap().code(), Some(0));
    assert!(PathBuf::from(kept).exists(), "kept once more at the end");
}

/// A program that stays up, read line by line.
struct Tour {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
}

impl Tour {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments, &[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads to a line with these words.
    fn until(&mut self, words: &str) {
        for line in self.lines.by_ref() {
            self.seen.push(line.unwrap());
            if self.seen.last().unwrap().contains(words) {
                return;
            }
        }
        panic!("it ended without {words}: {:?}", self.seen);
    }

    /// Ctrl-C.
    fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Tour {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_addresses_are_enough_for_a_server_that_knows_the_demo_app() {
    let port = free_port();
    let xero = Xero::new(XeroSettings::default(), Arc::new(SystemClock));
    let user = xero.register_user(UserSettings::default());
    let tenant = xero.register_organisation(&DemoSettings::sized_au(12, 20));
    xero.set_role(user, tenant, Role::Adviser);
    xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
    let callback = format!("http://localhost:{port}/oauth/callback");
    xero.register_app(AppSettings { redirect_uris: vec![callback], ..AppSettings::default() });
    let server = serve(0, xero.clone(), ServerSettings::default()).await.unwrap();
    let url = server.url();
    let output = tokio::task::spawn_blocking(move || {
        let variables = ["XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL"].map(|name| (name, url.as_str()));
        run(&["--once", "--port", &port.to_string()], &variables)
    });
    let output = output.await.unwrap();
    let text = printed(&output);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("First sync") && text.contains("What changed") && text.contains("created"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_follows_another_server_that_speaks_as_xero_does() {
    let port = free_port();
    let xero = Xero::new(XeroSettings::default(), Arc::new(SystemClock));
    let user = xero.register_user(UserSettings::default());
    let tenant = xero.register_organisation(&DemoSettings::sized(11, 30));
    xero.set_role(user, tenant, Role::Adviser);
    xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
    let callback = format!("http://localhost:{port}/oauth/callback");
    let app = AppSettings { redirect_uris: vec![callback], ..AppSettings::default() };
    let (id, secret) = (app.client_id.clone(), app.client_secret.clone());
    xero.register_app(app);
    let server = serve(0, xero.clone(), ServerSettings::default()).await.unwrap();
    let url = server.url();
    let folder = Folder::new("another");
    let record = folder.path("another.jsonl");
    let output = tokio::task::spawn_blocking({
        let record = record.clone();
        move || {
            let variables = [
                ("XERO_CLIENT_ID", id.as_str()),
                ("XERO_CLIENT_SECRET", secret.as_str()),
                ("XERO_API_URL", url.as_str()),
                ("XERO_IDENTITY_URL", url.as_str()),
                ("XERO_LOGIN_URL", url.as_str()),
            ];
            run(&["--once", "--port", &port.to_string(), "--record", &record], &variables)
        }
    });
    let output = output.await.unwrap();
    let text = printed(&output);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("First sync") && text.contains("/webhooks/xero/main"), "{text}");
    assert!(text.contains("Journals are left out") && !text.contains("Approved"), "{text}");
    assert!(xero.calls().iter().all(|call| !call.path.contains("/api.xro/") || call.method == "GET"), "only read");
    let calls = xero.calls().iter().filter(|call| call.path.contains("/api.xro/")).count();
    let recorded = exchanges(&record);
    let written = recorded.iter().filter(|line| line["url"].as_str().unwrap().contains("/api.xro/")).count();
    assert!(calls > 10, "that server was read: {calls} calls");
    assert_eq!(written, calls, "every exchange is on record");
    assert!(recorded.iter().all(|line| line["url"].as_str().unwrap().starts_with(&server.url())));
}
