//! The Lambda Runtime API: execution environments as processes, one invocation at a time each.
//!
//! Source: the "Using the Lambda runtime API" page. An environment asks for its next invocation, answers it, and is
//! kept warm; when it takes too long or dies, the invocation fails and a fresh one takes its place.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot};

use crate::embedded::http::{Answer, Server, Whole, bind, serve, text};
use crate::plan::FunctionPlan;

/// Lambda's largest payload.
const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Environments of one function at once, when the template states none.
const ENVIRONMENTS_DEFAULT: usize = 4;
const VERSION: &str = "/2018-06-01/runtime/";

/// Why an invocation brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The function answered with an error.
    #[error("{kind}: {message}")]
    Function {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
    /// The function took longer than its time-out.
    #[error("Task timed out after {0} seconds")]
    TimedOut(u64),
    /// The process ended before it answered.
    #[error("the process ended before it answered; see its log")]
    Crashed,
    /// The binary could not be started.
    #[error("{0}")]
    NotStarted(String),
}

type Outcome = Result<Bytes, InvokeError>;

struct Invocation {
    id: String,
    payload: Bytes,
    answer: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Invocation>,
    running: HashMap<String, (oneshot::Sender<Outcome>, u64)>,
    environments: HashMap<u64, Environment>,
    idle: usize,
    starting: usize,
}

/// One process and the Runtime API that only it is told of.
struct Environment {
    process: Child,
    _api: Server,
}

/// Where a function's output goes, line by line.
pub type LogSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// One function with its environments.
pub struct Function {
    plan: FunctionPlan,
    binary: PathBuf,
    environment: BTreeMap<String, String>,
    log: LogSink,
    state: Mutex<State>,
    arrived: Notify,
    counter: AtomicU64,
}

impl Function {
    /// Makes a function; its first environment starts with its first invocation.
    pub fn start(plan: FunctionPlan, binary: PathBuf, shared: &BTreeMap<String, String>, log: LogSink) -> Arc<Self> {
        let mut environment = shared.clone();
        environment.extend(plan.environment.clone());
        Arc::new(Self {
            plan,
            binary,
            environment,
            log,
            state: Mutex::default(),
            arrived: Notify::new(),
            counter: AtomicU64::new(0),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// Its time-out.
    pub fn timeout(&self) -> Duration {
        self.plan.timeout
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out one invocation.
    pub async fn invoke(self: &Arc<Self>, payload: Bytes) -> Outcome {
        let id = format!("00000000-0000-4000-8000-{:012x}", self.counter.fetch_add(1, Ordering::Relaxed) + 1);
        let (answer, answered) = oneshot::channel();
        let wanted = {
            let mut state = self.state();
            state.waiting.push_back(Invocation { id: id.clone(), payload, answer });
            let most = self.plan.concurrency_max.map_or(ENVIRONMENTS_DEFAULT, |most| most as usize);
            let wanted =
                state.waiting.len() > state.idle + state.starting && state.environments.len() + state.starting < most;
            state.starting += usize::from(wanted);
            wanted
        };
        if wanted {
            self.start_environment().await?;
        }
        self.arrived.notify_waiters();
        let limit = self.plan.timeout + Duration::from_secs(20);
        match tokio::time::timeout(limit, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(InvokeError::Crashed),
            Err(_) => {
                self.end_of(&id);
                Err(InvokeError::TimedOut(self.plan.timeout.as_secs()))
            }
        }
    }

    /// Starts one more process.
    async fn start_environment(self: &Arc<Self>) -> Result<(), InvokeError> {
        let started = self.launch().await;
        if started.is_err() {
            let mut state = self.state();
            state.starting = state.starting.saturating_sub(1);
        }
        started
    }

    /// Boxed, because a process that ends launches the next one.
    fn launch(self: &Arc<Self>) -> BoxFuture<'static, Result<(), InvokeError>> {
        let function = self.clone();
        Box::pin(async move { function.launch_one().await })
    }

    async fn launch_one(self: Arc<Self>) -> Result<(), InvokeError> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed) + 1;
        let api = self.serve_environment(number).await.map_err(|error| InvokeError::NotStarted(error.to_string()))?;
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .envs(&self.environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.plan.name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.plan.memory_mb.to_string())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.plan.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", number.to_string())
            .env("_HANDLER", "bootstrap")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let fault =
            |error: std::io::Error| InvokeError::NotStarted(format!("cannot start {}: {error}", self.binary.display()));
        let mut child = command.spawn().map_err(fault)?;
        self.follow(child.stdout.take());
        self.follow(child.stderr.take());
        self.state().environments.insert(number, Environment { process: child, _api: api });
        let watched = self.clone();
        tokio::spawn(async move { watched.watch(number).await });
        Ok(())
    }

    async fn serve_environment(self: &Arc<Self>, number: u64) -> anyhow::Result<Server> {
        let serving = Arc::downgrade(self);
        serve(bind(0).await?, PAYLOAD_BYTES_MAX, move |request| {
            let serving = serving.upgrade();
            async move {
                match serving {
                    Some(function) => function.api(number, request).await,
                    None => text(410, "text/plain", "stopped"),
                }
            }
        })
    }

    fn follow<R: tokio::io::AsyncRead + Unpin + Send + 'static>(&self, output: Option<R>) {
        let (Some(output), log, name) = (output, self.log.clone(), self.plan.name.clone()) else { return };
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                log(&name, &line);
            }
        });
    }

    /// Notices a process that ended: its invocation fails, waiting ones get a fresh process.
    async fn watch(self: Arc<Self>, number: u64) {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let ended = match self.state().environments.get_mut(&number) {
                None => return,
                Some(environment) => !matches!(environment.process.try_wait(), Ok(None)),
            };
            if ended {
                break;
            }
        }
        let restart = {
            let mut state = self.state();
            state.environments.remove(&number);
            let lost: Vec<String> =
                state.running.iter().filter(|(_, (_, at))| *at == number).map(|(id, _)| id.clone()).collect();
            let failed = !lost.is_empty();
            for id in lost {
                if let Some((answer, _)) = state.running.remove(&id) {
                    drop(answer.send(Err(InvokeError::Crashed)));
                }
            }
            // A process that dies before it ever asked would be started for ever.
            if !failed && state.environments.is_empty() {
                for invocation in state.waiting.drain(..) {
                    drop(invocation.answer.send(Err(InvokeError::Crashed)));
                }
            }
            failed && !state.waiting.is_empty()
        };
        if restart {
            drop(self.launch().await);
        }
    }

    /// Kills the process that holds an invocation.
    fn end_of(&self, id: &str) {
        let mut state = self.state();
        state.waiting.retain(|invocation| invocation.id != id);
        if let Some((_, number)) = state.running.remove(id)
            && let Some(mut environment) = state.environments.remove(&number)
        {
            drop(environment.process.start_kill());
        }
    }

    /// The four addresses of the Runtime API, for the environment of that number.
    async fn api(self: Arc<Self>, number: u64, request: Whole) -> Answer {
        let path = request.uri().path().to_owned();
        let Some(action) = path.strip_prefix(VERSION) else { return text(404, "text/plain", "") };
        let parts: Vec<&str> = action.split('/').collect();
        match parts.as_slice() {
            ["invocation", "next"] => self.next(number).await,
            ["invocation", id, "response"] => self.conclude(id, Ok(request.into_body())),
            ["invocation", id, "error"] => self.conclude(id, Err(function_error(request.body()))),
            ["init", "error"] => {
                (self.log)(&self.plan.name, &String::from_utf8_lossy(request.body()));
                text(202, "application/json", "{}")
            }
            _ => text(404, "text/plain", ""),
        }
    }

    /// Waits for work, as long as it takes.
    async fn next(self: Arc<Self>, number: u64) -> Answer {
        {
            let mut state = self.state();
            state.idle += 1;
            state.starting = state.starting.saturating_sub(1);
        }
        let invocation = loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if let Some(invocation) = self.state().waiting.pop_front() {
                break invocation;
            }
            arrived.await;
        };
        let deadline = {
            let mut state = self.state();
            state.idle = state.idle.saturating_sub(1);
            state.running.insert(invocation.id.clone(), (invocation.answer, number));
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + self.plan.timeout
        };
        self.clone().limit(invocation.id.clone());
        let mut answer = text(200, "application/json", invocation.payload);
        let headers = [
            ("lambda-runtime-aws-request-id", invocation.id),
            ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                format!("arn:aws:lambda:eu-west-1:000000000000:function:{}", self.plan.name),
            ),
            ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
        ];
        for (name, value) in headers {
            if let Ok(value) = http::HeaderValue::from_str(&value) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }

    /// Ends an invocation that takes too long, process and all.
    fn limit(self: Arc<Self>, id: String) {
        tokio::spawn(async move {
            tokio::time::sleep(self.plan.timeout).await;
            let seconds = self.plan.timeout.as_secs();
            let taken = self.state().running.remove(&id);
            if let Some((answer, number)) = taken {
                if let Some(mut environment) = self.state().environments.remove(&number) {
                    drop(environment.process.start_kill());
                }
                drop(answer.send(Err(InvokeError::TimedOut(seconds))));
            }
        });
    }

    fn conclude(&self, id: &str, outcome: Outcome) -> Answer {
        match self.state().running.remove(id) {
            Some((answer, _)) => {
                drop(answer.send(outcome));
                text(202, "application/json", r#"{"status":"OK"}"#)
            }
            None => text(400, "application/json", r#"{"errorType":"InvalidRequestID"}"#),
        }
    }

    /// The process ids of its environments, for measuring.
    pub fn process_ids(&self) -> Vec<u32> {
        self.state().environments.values().filter_map(|environment| environment.process.id()).collect()
    }

    /// Ends every environment.
    pub fn stop(&self) {
        let mut state = self.state();
        for (_, mut environment) in state.environments.drain() {
            drop(environment.process.start_kill());
        }
    }
}

fn function_error(body: &[u8]) -> InvokeError {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| body[name].as_str().unwrap_or("unknown").to_owned();
    InvokeError::Function { kind: field("errorType"), message: field("errorMessage") }
}
