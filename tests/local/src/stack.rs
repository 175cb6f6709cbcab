//! Starts and joins everything: functions, queues, sources, schedules, gateway, issuer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use ports::Clock;
use serde_json::json;

use crate::build::checkout;
use crate::embedded::access_key;
use crate::embedded::http::{Server, bind};
use crate::embedded::{Embedded, EmbeddedSettings};
use crate::host::HostPage;
use crate::lambda::gateway::Gateway;
use crate::lambda::issuer::{AUDIENCE, Issuer};
use crate::lambda::runtime::{Function, LogSink};
use crate::lambda::schedules::{self, Schedule};
use crate::lambda::sources::{self, Source};
use crate::plan::Plan;
use crate::template;

/// A Xero app and where its Xero is.
#[derive(Clone, Debug)]
pub struct XeroPlace {
    /// `https://api.xero.com` or another.
    pub api: String,
    /// `https://identity.xero.com` or another.
    pub identity: String,
    /// `https://login.xero.com` or another.
    pub login: String,
    /// The app's public half.
    pub client_id: String,
    /// The app's secret half.
    pub client_secret: String,
    /// The app's webhook keys, one or two.
    pub webhook_keys: Vec<String>,
}

/// How to start.
pub struct StackSettings {
    /// Where the functions' binaries lie.
    pub binaries: PathBuf,
    /// The gateway's port; 0 for any.
    pub port: u16,
    /// Where to keep things between runs.
    pub keep: Option<PathBuf>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whether schedules fire by themselves.
    pub schedules: bool,
    /// Where functions' output goes.
    pub log: LogSink,
    /// Overrides of the functions' environment.
    pub environment: BTreeMap<String, String>,
    /// Parameters of the template, beside those of this machine's own.
    pub parameters: BTreeMap<String, String>,
}

/// The name of the only app of one machine.
pub const APP: &str = "main";

/// The running system.
pub struct Stack {
    /// The API's address, `http://localhost:PORT`.
    pub url: String,
    /// Makes tokens.
    pub issuer: Issuer,
    /// Where browsers return.
    pub host: HostPage,
    /// The embedded services.
    pub embedded: Embedded,
    /// What was started.
    pub plan: Plan,
    functions: BTreeMap<String, Arc<Function>>,
    sources: Vec<Source>,
    schedules: Vec<Schedule>,
    _gateway: Server,
}

impl Stack {
    /// Starts everything. `xero` is told the callback's address and answers where Xero is.
    pub async fn start<F>(settings: StackSettings, xero: F) -> anyhow::Result<Self>
    where
        F: AsyncFnOnce(&str) -> anyhow::Result<XeroPlace>,
    {
        let listener = bind(settings.port).await?;
        let url = format!("http://localhost:{}", listener.local_addr()?.port());
        let place = xero(&url).await?;
        let host = HostPage::start().await?;
        let key_file = settings.keep.as_ref().map(|folder| folder.join("issuer.der"));
        if let Some(folder) = &settings.keep {
            let fault = || format!("cannot keep data in {}; choose another folder with --data", folder.display());
            std::fs::create_dir_all(folder).with_context(fault)?;
        }
        let issuer = Issuer::start(key_file, settings.clock.clone()).await?;
        let mut parameters = parameters(&url, &place, &host, &issuer);
        parameters.extend(settings.parameters.clone());
        let plan = template::read(&checkout().join("infra/template.yaml"), &parameters)?;
        let secrets = secrets(&place);
        let embedded_settings =
            EmbeddedSettings { keep: settings.keep.clone(), clock: settings.clock.clone(), secrets };
        let embedded = Embedded::start(&plan, embedded_settings).await?;
        // Every receiver there ever was died with the last run.
        embedded.queues.lock().release_all(settings.clock.now());
        let mut environment = embedded.environment();
        environment.extend(settings.environment.clone());
        let functions = start_functions(&plan, &settings, &environment)?;
        let sources = start_sources(&plan, &embedded, &functions)?;
        let mut schedules = Vec::new();
        for schedule in plan.schedules.iter().filter(|_| settings.schedules) {
            let function = functions.get(&schedule.function).context("a schedule names an unknown function")?;
            schedules.push(schedules::start(schedule, function.clone(), settings.clock.clone())?);
        }
        let keys = issuer.key_set();
        let gateway = Gateway {
            routes: plan.routes.clone(),
            functions: functions.clone(),
            authorizer: plan.authorizer.clone(),
            keys,
            clock: settings.clock.clone(),
        };
        let gateway = gateway.start(listener)?;
        Ok(Self { url, issuer, host, embedded, plan, functions, sources, schedules, _gateway: gateway })
    }

    /// A function by name.
    pub fn function(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions.get(name)
    }

    /// Fires the schedules of a function now.
    pub async fn fire(&self, name: &str) -> anyhow::Result<Bytes> {
        let function = self.functions.get(name).with_context(|| format!("no function {name}"))?;
        Ok(function.invoke(Bytes::from_static(b"{}")).await?)
    }

    /// Waits until no queue with a source holds a message that can be received or is in work.
    pub async fn settle(&self, at_most: Duration) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + at_most;
        loop {
            let now = self.embedded.queues.clock.now();
            let waiting: usize = {
                let model = self.embedded.queues.lock();
                let counts = self.plan.sources.iter().filter_map(|source| model.counts(&source.queue, now));
                counts.map(|counts| counts.visible + counts.in_flight).sum()
            };
            let busy: usize = self.sources.iter().map(Source::busy).sum();
            if waiting == 0 && busy == 0 {
                return Ok(());
            }
            anyhow::ensure!(tokio::time::Instant::now() < until, "{waiting} messages are still in work");
            self.embedded.queues.changed(Duration::from_millis(100)).await;
        }
    }

    /// Lets what is under way come to its end, at most so long, then stops. Nothing new is begun meanwhile but by what
    /// is under way itself.
    pub async fn finish(&mut self, at_most: Duration) -> anyhow::Result<()> {
        self.schedules.clear();
        // What is cut off here comes back when the data is used again.
        drop(self.settle(at_most).await);
        self.stop()
    }

    /// Ends the functions and keeps what is to be kept.
    pub fn stop(&self) -> anyhow::Result<()> {
        for function in self.functions.values() {
            function.stop();
        }
        self.embedded.save()
    }
}

fn parameters(url: &str, place: &XeroPlace, host: &HostPage, issuer: &Issuer) -> BTreeMap<String, String> {
    let pairs = [
        ("JwtIssuer", issuer.url()),
        ("JwtAudience", AUDIENCE.to_owned()),
        ("ReturnUrls", host.return_url()),
        ("PublicUrl", url.to_owned()),
        ("XeroApiUrl", place.api.clone()),
        ("XeroIdentityUrl", place.identity.clone()),
        ("XeroLoginUrl", place.login.clone()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn secrets(place: &XeroPlace) -> BTreeMap<String, String> {
    let apps = json!([{
        "name": APP, "client_id": place.client_id, "client_secret": place.client_secret,
        "certified": true, "connects_new": true,
    }]);
    let keys = json!({ APP: place.webhook_keys });
    BTreeMap::from([("XeroApps".to_owned(), apps.to_string()), ("XeroWebhookKeys".to_owned(), keys.to_string())])
}

type Functions = BTreeMap<String, Arc<Function>>;

fn start_functions(
    plan: &Plan,
    settings: &StackSettings,
    environment: &BTreeMap<String, String>,
) -> anyhow::Result<Functions> {
    let mut functions = Functions::new();
    for (place, wanted) in plan.functions.iter().enumerate() {
        let binary = settings.binaries.join(&wanted.name);
        anyhow::ensure!(binary.exists(), "{} is not built; run `cargo build --workspace`", binary.display());
        // Known by its key, it may do what its role in the template allows.
        let mut environment = environment.clone();
        environment.insert("AWS_ACCESS_KEY_ID".to_owned(), access_key(place));
        let function = Function::start(wanted.clone(), binary, &environment, settings.log.clone());
        functions.insert(wanted.name.clone(), function);
    }
    Ok(functions)
}

fn start_sources(plan: &Plan, embedded: &Embedded, functions: &Functions) -> anyhow::Result<Vec<Source>> {
    let start = |source: &crate::plan::SourcePlan| {
        let function = functions.get(&source.function).context("a source names an unknown function")?;
        Ok(sources::start(source.clone(), embedded.queues.clone(), function.clone()))
    };
    plan.sources.iter().map(start).collect()
}
