//! The Lambda Runtime API: execution environments as processes, one invocation at a time each.
//!
//! Source: the "Using the Lambda runtime API" page. An environment asks for its next invocation, answers it, and is
//! kept warm; when it takes too long or dies, the invocation fails and a fresh one takes its place.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
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
use crate::lambda::outcome::{InvokeError, Outcome, PAYLOAD_BYTES_MAX};
use crate::plan::FunctionPlan;

/// What an environment may send before its connection is refused altogether.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Environments of one function at once, when the template states none.
const ENVIRONMENTS_DEFAULT: usize = 4;
const VERSION: &str = "/2018-06-01/runtime/";

struct Invocation {
    id: String,
    payload: Bytes,
    answer: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Invocation>,
    /// By id: who waits for it, and in which environment it runs.
    running: HashMap<String, (oneshot::Sender<Outcome>, u64)>,
    environments: HashMap<u64, Environment>,
    /// Environments that have not asked for work yet.
    starting: BTreeSet<u64>,
    /// Environments that wait for work.
    idle: BTreeSet<u64>,
}

impl State {
    /// Whether work waits for which no environment is there or on its way, and one more is allowed.
    fn wants_environment(&self, most: usize) -> bool {
        let all: BTreeSet<&u64> = self.environments.keys().chain(&self.starting).collect();
        self.waiting.len() > self.idle.len() + self.starting.len() && all.len() < most
    }
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
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(InvokeError::request_too_large());
        }
        let id = format!("00000000-0000-4000-8000-{:012x}", self.next_number());
        let (answer, answered) = oneshot::channel();
        self.state().waiting.push_back(Invocation { id: id.clone(), payload, answer });
        self.arrived.notify_waiters();
        if let Err(fault) = self.tend().await
            && self.forget(&id)
        {
            return Err(fault);
        }
        let limit = self.plan.timeout + Duration::from_secs(20);
        match tokio::time::timeout(limit, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(InvokeError::Crashed),
            Err(_) => {
                self.forget(&id);
                Err(InvokeError::TimedOut(self.plan.timeout.as_secs()))
            }
        }
    }

    fn next_number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes an invocation back that no environment has begun.
    fn forget(&self, id: &str) -> bool {
        let mut state = self.state();
        let before = state.waiting.len();
        state.waiting.retain(|invocation| invocation.id != id);
        state.waiting.len() < before
    }

    /// Starts environments for what waits. Boxed, because an environment that ends tends to its own successor.
    fn tend(self: &Arc<Self>) -> BoxFuture<'static, Result<(), InvokeError>> {
        let function = self.clone();
        let most = self.plan.concurrency_max.map_or(ENVIRONMENTS_DEFAULT, |most| most as usize);
        Box::pin(async move {
            loop {
                let number = function.next_number();
                {
                    let mut state = function.state();
                    if !state.wants_environment(most) {
                        return Ok(());
                    }
                    state.starting.insert(number);
                }
                // A task of its own: whoever waits for it may go away halfway.
                let launched = tokio::spawn(function.clone().launch(number)).await;
                let launched = launched.unwrap_or_else(|error| Err(InvokeError::NotStarted(error.to_string())));
                if launched.is_err() {
                    function.state().starting.remove(&number);
                    return launched;
                }
            }
        })
    }

    async fn launch(self: Arc<Self>, number: u64) -> Result<(), InvokeError> {
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
            // Ctrl-C in a terminal is for us alone: a function's work under way comes to its end first.
            .process_group(0)
            .kill_on_drop(true);
        let fault =
            |error: std::io::Error| InvokeError::NotStarted(format!("cannot start {}: {error}", self.binary.display()));
        let mut child = command.spawn().map_err(fault)?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        self.state().environments.insert(number, Environment { process: child, _api: api });
        self.follow(output);
        self.follow(errors);
        let watched = self.clone();
        tokio::spawn(async move { watched.watch(number).await });
        Ok(())
    }

    async fn serve_environment(self: &Arc<Self>, number: u64) -> anyhow::Result<Server> {
        let serving = Arc::downgrade(self);
        serve(bind(0).await?, ANSWER_BYTES_MAX, move |request| {
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

    /// Notices a process that ended.
    async fn watch(self: Arc<Self>, number: u64) {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let running = match self.state().environments.get_mut(&number) {
                None => return,
                Some(environment) => matches!(environment.process.try_wait(), Ok(None)),
            };
            if !running {
                break;
            }
        }
        self.end(number, &InvokeError::Crashed).await;
    }

    /// Ends an environment and what runs in it; what waits gets a fresh one.
    async fn end(self: &Arc<Self>, number: u64, why: &InvokeError) {
        {
            let mut state = self.state();
            if let Some(mut environment) = state.environments.remove(&number) {
                drop(environment.process.start_kill());
            }
            state.idle.remove(&number);
            let lost: Vec<String> =
                state.running.iter().filter(|(_, (_, at))| *at == number).map(|(id, _)| id.clone()).collect();
            for id in lost {
                if let Some((answer, _)) = state.running.remove(&id) {
                    drop(answer.send(Err(why.clone())));
                }
            }
            // Died before it ever asked: the invocation it was started for fails, or it would be started for ever.
            if state.starting.remove(&number)
                && let Some(invocation) = state.waiting.pop_front()
            {
                drop(invocation.answer.send(Err(why.clone())));
            }
        }
        if let Err(fault) = self.tend().await {
            (self.log)(&self.plan.name, &fault.to_string());
        }
    }

    /// The four addresses of the Runtime API, for the environment of that number.
    async fn api(self: Arc<Self>, number: u64, request: Whole) -> Answer {
        let path = request.uri().path().to_owned();
        let Some(action) = path.strip_prefix(VERSION) else { return text(404, "text/plain", "") };
        let parts: Vec<&str> = action.split('/').collect();
        match parts.as_slice() {
            ["invocation", "next"] => self.next(number).await,
            ["invocation", id, "response"] if request.body().len() > PAYLOAD_BYTES_MAX => {
                let fault = InvokeError::response_too_large();
                let refusal = fault.refusal();
                self.conclude(number, id, Err(fault));
                text(413, "application/json", refusal)
            }
            ["invocation", id, "response"] => self.conclude(number, id, Ok(request.into_body())),
            ["invocation", id, "error"] => self.conclude(number, id, Err(InvokeError::told(request.body()))),
            ["init", "error"] => {
                (self.log)(&self.plan.name, &String::from_utf8_lossy(request.body()));
                text(202, "application/json", "{}")
            }
            _ => text(404, "text/plain", ""),
        }
    }

    /// Waits for work, as long as it takes.
    async fn next(self: Arc<Self>, number: u64) -> Answer {
        let idle = Idle::new(&self, number);
        let (id, payload) = loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            match self.take(number) {
                Ok(Some(taken)) => break taken,
                Ok(None) => arrived.await,
                Err(Ended) => return text(410, "text/plain", "ended"),
            }
        };
        drop(idle);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + self.plan.timeout;
        self.clone().limit(id.clone());
        let mut answer = text(200, "application/json", payload);
        let headers = [
            ("lambda-runtime-aws-request-id", id),
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

    /// The invocation that waited longest, for an environment that is still there.
    fn take(&self, number: u64) -> Result<Option<(String, Bytes)>, Ended> {
        let mut state = self.state();
        // An environment that was ended gets nothing more, however long its connection lives.
        if !state.idle.contains(&number) {
            return Err(Ended);
        }
        let Some(Invocation { id, payload, answer }) = state.waiting.pop_front() else { return Ok(None) };
        state.running.insert(id.clone(), (answer, number));
        Ok(Some((id, payload)))
    }

    /// Ends an invocation that takes too long, process and all.
    fn limit(self: Arc<Self>, id: String) {
        tokio::spawn(async move {
            tokio::time::sleep(self.plan.timeout).await;
            let number = self.state().running.get(&id).map(|(_, number)| *number);
            if let Some(number) = number {
                self.end(number, &InvokeError::TimedOut(self.plan.timeout.as_secs())).await;
            }
        });
    }

    fn conclude(&self, number: u64, id: &str, outcome: Outcome) -> Answer {
        let mut state = self.state();
        let ours = state.running.get(id).is_some_and(|(_, at)| *at == number);
        let answer = if ours { state.running.remove(id) } else { None };
        match answer {
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
        // Whoever waits for an answer is told at once that none will come.
        state.running.clear();
        state.waiting.clear();
    }
}

/// An environment was ended and asks all the same.
struct Ended;

/// An environment that waits for work, until it has some or its connection ends.
struct Idle<'a>(&'a Function, u64);

impl<'a> Idle<'a> {
    fn new(function: &'a Function, number: u64) -> Self {
        let mut state = function.state();
        if state.starting.remove(&number) || state.environments.contains_key(&number) {
            state.idle.insert(number);
        }
        Self(function, number)
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.state().idle.remove(&self.1);
    }
}
