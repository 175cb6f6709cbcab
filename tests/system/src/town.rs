//! The deployed system on loopback: functions as processes, embedded AWS, a served Xero.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws::SystemClock;
use kernel::{TenantId, XeroUserId};
use local::build::build_functions;
use local::caller::{Caller, browse};
use local::stack::{APP, Stack, StackSettings, XeroPlace};
use serde_json::{Value, json};
use simulator::xero::record::Recorder;
use simulator::xero::{AppId, AppSettings, Consent, DemoSettings, Role, UserSettings, Xero, XeroSettings};
use xero_server::{ServerHandle, ServerSettings, serve};

/// A running system with its Xero.
pub struct Town {
    /// The system.
    pub stack: Stack,
    /// Xero, with its controls.
    pub xero: Xero,
    /// The app.
    pub app: AppId,
    /// Who consents.
    pub user: XeroUserId,
    /// The demo organisation.
    pub tenant: TenantId,
    /// Lines the functions wrote.
    pub log: Arc<Mutex<Vec<String>>>,
    _server: ServerHandle,
}

/// The workspace of most tests.
pub const WORKSPACE: &str = "acme";

fn binaries() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build_functions(true).expect("the functions build")).clone()
}

/// Where exchanges with Xero are recorded, when somebody wants them.
pub fn recorder(xero: &Xero) {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let Ok(folder) = std::env::var("COUNTERFOIL_RECORDS") else { return };
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{folder}/tests-{}-{number}.jsonl", std::process::id());
    xero.record(Recorder::new(Box::new(BufWriter::new(File::create(name).unwrap()))));
}

impl Town {
    /// A town whose demo organisation has so many invoices.
    pub async fn start(invoices: usize) -> Self {
        Self::start_keeping(invoices, None).await
    }

    /// A town that keeps its data in a folder.
    pub async fn start_keeping(invoices: usize, keep: Option<PathBuf>) -> Self {
        Self::start_with(invoices, keep, XeroSettings::default()).await
    }

    /// A town with a Xero of its own settings.
    pub async fn start_with(invoices: usize, keep: Option<PathBuf>, xero: XeroSettings) -> Self {
        let xero = Xero::new(xero, Arc::new(SystemClock));
        recorder(&xero);
        let user = xero.register_user(UserSettings::default());
        let tenant = xero.register_organisation(&DemoSettings::sized(7, invoices));
        xero.set_role(user, tenant, Role::Adviser);
        xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
        let app = xero.register_app(AppSettings::default());
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = log.clone();
        let settings = StackSettings {
            binaries: binaries(),
            port: 0,
            keep,
            clock: Arc::new(SystemClock),
            schedules: false,
            log: Arc::new(move |function, line| lines.lock().unwrap().push(format!("{function}: {line}"))),
            environment: BTreeMap::new(),
        };
        let mut server = None;
        let stack = Stack::start(settings, async |url| {
            let handle = serve_xero(&xero, app, url).await?;
            let place = place(&handle);
            server = Some(handle);
            Ok(place)
        });
        let stack = stack.await.expect("the stack starts");
        let _server = server.expect("the server was started with the stack");
        Self { stack, xero, app, user, tenant, log, _server }
    }

    /// A caller of a workspace.
    pub fn caller(&self, workspace: &str) -> Caller {
        let token = self.stack.issuer.token(workspace, "sam", Duration::from_secs(600)).unwrap();
        Caller::new(&self.stack.url, &token).unwrap()
    }

    /// Goes through consent as a browser; answers the query of the return page.
    pub async fn consent(&mut self, caller: &Caller) -> BTreeMap<String, String> {
        let body = json!({ "return_url": self.stack.host.return_url() });
        let started = caller.expect("POST", "/v1/connects", Some(body)).await.unwrap();
        self.follow(started["authorize_url"].as_str().unwrap()).await
    }

    /// Walks an address's redirects up to the return page.
    pub async fn follow(&mut self, address: &str) -> BTreeMap<String, String> {
        browse(address).await.unwrap();
        self.stack.host.wait(Duration::from_secs(10)).await.unwrap()
    }

    /// Chooses organisations after consent.
    pub async fn choose(
        &self,
        caller: &Caller,
        returned: &BTreeMap<String, String>,
        tenants: &[TenantId],
    ) -> (u16, Value) {
        let choice = json!({ "ticket": returned.get("ticket"), "tenant_ids": tenants });
        let id = returned.get("connect").cloned().unwrap_or_default();
        caller.call("POST", &format!("/v1/connects/{id}/choice"), Some(choice)).await.unwrap()
    }

    /// Connects the demo organisation and waits for its first sync.
    pub async fn connect(&mut self) -> Caller {
        self.connect_within(Duration::from_secs(60)).await
    }

    /// Connects the demo organisation and waits so long for its first sync.
    pub async fn connect_within(&mut self, at_most: Duration) -> Caller {
        let caller = self.caller(WORKSPACE);
        let returned = self.consent(&caller).await;
        let (status, answer) = self.choose(&caller, &returned, &[self.tenant]).await;
        assert_eq!(status, 201, "{answer}");
        self.stack.settle(at_most).await.unwrap();
        caller
    }

    /// Waits until no work is left.
    pub async fn settle(&self) {
        self.stack.settle(Duration::from_secs(60)).await.unwrap();
    }

    /// A path below the demo organisation.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/organisations/{}{rest}", self.tenant)
    }

    /// The address webhooks come to.
    pub fn webhook_url(&self) -> String {
        format!("{}/webhooks/xero/{APP}", self.stack.url)
    }

    /// Everything in the change feed behind a cursor, and the cursor behind it.
    pub async fn changes(&self, caller: &Caller, cursor: &str) -> (Vec<Value>, String) {
        let (mut all, mut cursor) = (Vec::new(), cursor.to_owned());
        loop {
            let query = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page = caller.expect("GET", &self.path(&format!("/changes?limit=250{query}")), None).await.unwrap();
            all.extend(page["changes"].as_array().unwrap().clone());
            cursor = page["next_cursor"].as_str().unwrap().to_owned();
            if page["more"] == false {
                return (all, cursor);
            }
        }
    }

    /// Syncs now and waits for the end; answers the run.
    pub async fn sync(&self, caller: &Caller) -> Value {
        let run = caller.expect("POST", &self.path("/syncs"), None).await.unwrap();
        self.settle().await;
        let path = self.path(&format!("/syncs/{}", run["run_id"].as_str().unwrap()));
        caller.expect("GET", &path, None).await.unwrap()
    }

    /// Waits until a condition of the API holds.
    pub async fn until(&self, what: &str, caller: &Caller, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..300 {
            let answer = caller.expect("GET", path, None).await.unwrap();
            if holds(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what} did not come true; the functions said: {:?}", self.log.lock().unwrap());
    }
}

async fn serve_xero(xero: &Xero, app: AppId, url: &str) -> anyhow::Result<ServerHandle> {
    let callback = format!("{url}/oauth/callback");
    xero.change_app(app, |app| app.redirect_uris = vec![callback]);
    let settings = ServerSettings {
        webhook_target: Some(format!("{url}/webhooks/xero/{APP}")),
        webhook_app: Some(app),
        intent_to_receive: false,
    };
    Ok(serve(0, xero.clone(), settings).await?)
}

fn place(server: &ServerHandle) -> XeroPlace {
    let settings = AppSettings::default();
    XeroPlace {
        api: server.url(),
        identity: server.url(),
        login: server.url(),
        client_id: settings.client_id,
        client_secret: settings.client_secret,
        webhook_keys: vec![settings.webhook_key],
    }
}
