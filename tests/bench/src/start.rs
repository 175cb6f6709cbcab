//! Instructions of xero-webhook, counted by callgrind over the Runtime API, beside a function that does nothing.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use aws::SystemClock;
use bytes::Bytes;
use local::build::{build, build_functions, checkout};
use local::embedded::http::{Server, bind, serve, text};
use local::embedded::{Embedded, EmbeddedSettings, queue_url, secret_arn};
use local::plan::{Plan, QueuePlan};
use tokio::process::Command;
use tokio::sync::Notify;

use crate::Figure;

const START_MAX: u64 = 3_000_000;
const WEBHOOK_MAX: u64 = 10_000_000;
/// A start under valgrind takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);
const BINARY_BYTES_MAX: u64 = 8_000_000;

/// Counts both functions. Needs valgrind.
pub async fn measure() -> anyhow::Result<Vec<Figure>> {
    build(true, &["--package", "bench", "--bin", "hello"])?;
    let binaries = build_functions(true)?;
    let (webhook, hello) = (binaries.join("xero-webhook"), binaries.join("hello"));
    let event = std::fs::read(checkout().join("events/xero-webhook/invoice-updated.json"))?;
    let hello_start = count(&hello, None).await?;
    let start = count(&webhook, None).await?;
    let first = count(&webhook, Some(event.into())).await?;
    let bytes = std::fs::metadata(&webhook)?.len();
    Ok(vec![
        Figure::beside("hello: instructions to the first poll", hello_start.to_string()),
        Figure::at_most("xero-webhook: instructions to the first poll", start, START_MAX, ""),
        Figure::at_most("xero-webhook: instructions through its first accepted webhook", first, WEBHOOK_MAX, ""),
        Figure::at_most("xero-webhook: stripped binary", bytes, BINARY_BYTES_MAX, "bytes"),
    ])
}

/// A Runtime API that hands out at most one event and says when everything asked for is done.
struct Stub {
    server: Server,
    done: Arc<Notify>,
}

async fn stub(event: Option<Bytes>) -> anyhow::Result<Stub> {
    let done = Arc::new(Notify::new());
    let (polls, told) = (Arc::new(AtomicUsize::new(0)), done.clone());
    let server = serve(bind(0).await?, 1 << 20, move |request| {
        let (polls, told, event) = (polls.clone(), told.clone(), event.clone());
        async move {
            if !request.uri().path().ends_with("/invocation/next") {
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
                if body["statusCode"] != 200 {
                    eprint_once(&body);
                }
                return text(202, "application/json", "{}");
            }
            let poll = polls.fetch_add(1, Ordering::AcqRel);
            match event.filter(|_| poll == 0) {
                Some(event) => {
                    let mut answer = text(200, "application/json", event);
                    for (name, value) in [
                        ("lambda-runtime-aws-request-id", "00000000-0000-4000-8000-000000000001"),
                        ("lambda-runtime-deadline-ms", "4102444800000"),
                        (
                            "lambda-runtime-invoked-function-arn",
                            "arn:aws:lambda:eu-west-1:000000000000:function:measured",
                        ),
                    ] {
                        answer.headers_mut().insert(name, http_value(value));
                    }
                    answer
                }
                None => {
                    told.notify_one();
                    std::future::pending::<()>().await;
                    text(410, "text/plain", "")
                }
            }
        }
    })?;
    Ok(Stub { server, done })
}

fn http_value(text: &'static str) -> local::embedded::http::HeaderValue {
    local::embedded::http::HeaderValue::from_static(text)
}

#[allow(clippy::print_stderr)]
fn eprint_once(body: &serde_json::Value) {
    eprintln!("bench: the measured function did not answer 200: {body}");
}

/// Instructions from the start of the process up to the poll that waits for ever.
async fn count(binary: &Path, event: Option<Bytes>) -> anyhow::Result<u64> {
    let stub = stub(event).await?;
    let embedded = embedded().await?;
    let out = std::env::temp_dir().join(format!("callgrind-{}", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", out.display())])
        .arg(binary)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .envs(embedded.environment())
        .env("AWS_LAMBDA_RUNTIME_API", stub.server.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "measured")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "measured")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "measured")
        .env("SYNC_WORKER_QUEUE_URL", queue_url(QUEUE))
        .env("XERO_WEBHOOK_KEYS_SECRET", secret_arn("Keys"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().context("valgrind is missing; install it (apt-get install valgrind)")?;
    tokio::select! {
        () = stub.done.notified() => (),
        ended = child.wait() => bail!("{} ended before its last poll: {}", binary.display(), ended?),
        () = tokio::time::sleep(PATIENCE) => bail!("{} never came to its last poll", binary.display()),
    }
    // The poll is sent; let the process come to rest, then end it so that callgrind writes its totals.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let id = child.id().context("the process ended early")?;
    Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
    child.wait().await?;
    let totals = totals(&out)?;
    std::fs::remove_file(out)?;
    Ok(totals)
}

const QUEUE: &str = "measured-sync-worker.fifo";

async fn embedded() -> anyhow::Result<Embedded> {
    let queue = QueuePlan {
        name: QUEUE.into(),
        fifo: true,
        visibility_secs: 30,
        retention_secs: 345_600,
        ..QueuePlan::default()
    };
    let plan = Plan { queues: vec![queue], ..Plan::default() };
    // The key of the sample event.
    let keys = r#"{"main":["dGVzdC13ZWJob29rLWtleS1ub3QtZGVjb2RlZA=="]}"#.to_owned();
    let secrets = std::collections::BTreeMap::from([("Keys".to_owned(), keys)]);
    Embedded::start(&plan, EmbeddedSettings { keep: None, clock: Arc::new(SystemClock), secrets }).await
}

/// Instructions of this very program when it is told to do one thing so many times.
pub fn instructions(alone: &str, rounds: usize) -> anyhow::Result<u64> {
    let out = std::env::temp_dir().join(format!("callgrind{alone}-{}", std::process::id()));
    let status = std::process::Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", out.display())])
        .arg(std::env::current_exe()?)
        .args([alone, &rounds.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("valgrind is missing; install it (apt-get install valgrind)")?;
    ensure!(status.success(), "{alone} under valgrind failed");
    let found = totals(&out)?;
    std::fs::remove_file(out)?;
    Ok(found)
}

/// What callgrind counted in all.
pub(crate) fn totals(out: &Path) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(out).context("callgrind wrote nothing")?;
    let line = text.lines().find(|line| line.starts_with("totals:") || line.starts_with("summary:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|number| number.parse().ok());
    number.context("callgrind wrote no totals")
}
