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
use local::caller::{Caller, browse, plain_client};
use local::embedded::http::Server;
use local::stack::{APP, Stack, StackSettings, XeroPlace};
use serde_json::{Value, json};
use simulator::xero::record::Recorder;
use simulator::xero::{AppId, AppSettings, Consent, DemoSettings, Role, UserSettings, Xero, XeroSettings};
use url::Url;
use xero_server::{ServerHandle, ServerSettings, serve};

use crate::apps;

/// A running system with its Xero.
pub struct Town {
    /// The system.
    pub stack: Stack,
    /// Xero, with its controls.
    pub xero: Xero,
    /// The app.
    pub app: AppId,
    /// The app to which connections move, in a town that has two.
    pub new_app: Option<AppId>,
    /// Who consents.
    pub user: XeroUserId,
    /// The demo organisation.
    pub tenant: TenantId,
    /// Lines the functions wrote.
    pub log: Arc<Mutex<Vec<String>>>,
    _server: ServerHandle,
    _secrets: Option<Server>,
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

/// Ends the record of a Xero that a second app is about to call. A record holds no tokens and so cannot tell apps apart,
/// while Xero limits the calls of each app by itself.
pub fn off_the_record(xero: &Xero) {
    xero.record(Recorder::new(Box::new(std::io::sink())));
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
        Self::start_among(invoices, keep, xero, None, BTreeMap::new()).await
    }

    /// A town deployed with one parameter of the template set.
    pub async fn start_deployed(invoices: usize, parameter: &str, value: &str) -> Self {
        let parameters = BTreeMap::from([(parameter.to_owned(), value.to_owned())]);
        Self::start_among(invoices, None, XeroSettings::default(), None, parameters).await
    }

    /// A town whose customers move from an uncertified app to a certified one, which new connections are made with.
    pub async fn start_moving(invoices: usize) -> Self {
        Self::start_among(invoices, None, XeroSettings::default(), Some(apps::new_app()), BTreeMap::new()).await
    }

    async fn start_among(
        invoices: usize,
        keep: Option<PathBuf>,
        xero: XeroSettings,
        second: Option<AppSettings>,
        parameters: BTreeMap<String, String>,
    ) -> Self {
        let xero = Xero::new(xero, Arc::new(SystemClock));
        if second.is_none() {
            recorder(&xero);
        }
        let user = xero.register_user(UserSettings::default());
        let tenant = xero.register_organisation(&DemoSettings::sized(7, invoices));
        xero.set_role(user, tenant, Role::Adviser);
        xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
        let app = xero.register_app(AppSettings { certified: second.is_none(), ..AppSettings::default() });
        let new_app = second.clone().map(|settings| xero.register_app(settings));
        let (_secrets, environment) = apps::secrets(second.as_ref()).await;
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = log.clone();
        let settings = StackSettings {
            binaries: binaries(),
            port: 0,
            keep,
            clock: Arc::new(SystemClock),
            schedules: false,
            log: Arc::new(move |function, line| lines.lock().unwrap().push(format!("{function}: {line}"))),
            environment,
            parameters,
        };
        let mut server = None;
        let stack = Stack::start(settings, async |url| {
            let handle = serve_xero(&xero, app, new_app, url).await?;
            let place = place(&handle);
            server = Some(handle);
            Ok(place)
        });
        let stack = stack.await.expect("the stack starts");
        let _server = server.expect("the server was started with the stack");
        Self { stack, xero, app, new_app, user, tenant, log, _server, _secrets }
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

    /// Starts a connect; answers its id and where the browser is sent. `app` is by name, the deployment's choice if none.
    pub async fn start_connect(&self, caller: &Caller, app: Option<&str>) -> (String, Url) {
        let mut body = json!({ "return_url": self.stack.host.return_url() });
        if let Some(app) = app {
            body["app"] = json!(app);
        }
        let started = caller.expect("POST", "/v1/connects", Some(body)).await.unwrap();
        let authorize = Url::parse(started["authorize_url"].as_str().unwrap()).unwrap();
        (started["connect_id"].as_str().unwrap().to_owned(), authorize)
    }

    /// Goes to Xero's consent page and stops before our own door: the callback's address, not called yet.
    pub async fn back_from_xero(&self, authorize: &Url) -> Url {
        let answer = plain_client().unwrap().get(authorize.clone()).send().await.unwrap();
        Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
    }

    /// Opens another organisation to the person who consents.
    pub fn open_organisation(&self, demo: &DemoSettings) -> TenantId {
        let tenant = self.xero.register_organisation(demo);
        self.xero.set_role(self.user, tenant, Role::Adviser);
        tenant
    }

    /// From now on consents are for these organisations.
    pub fn consent_to(&self, tenants: &[TenantId]) {
        let tenants = tenants.to_vec();
        self.xero.set_consent(Consent::Allow { user: self.user, tenants, only_scopes: Vec::new() });
    }

    /// Connects one organisation, with an app by name or the deployment's choice, and waits for its first sync.
    pub async fn connect_one(&mut self, caller: &Caller, tenant: TenantId, app: Option<&str>) {
        self.consent_to(&[tenant]);
        let (_, authorize) = self.start_connect(caller, app).await;
        let returned = self.follow(authorize.as_str()).await;
        let (status, answer) = self.choose(caller, &returned, &[tenant]).await;
        assert_eq!(status, 201, "{returned:?} {answer}");
        self.settle().await;
    }

    /// Sends a body as it is, with a token where one is given; answers status and JSON.
    pub async fn send(&self, token: Option<&str>, method: &str, path: &str, body: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.stack.url);
        let mut request = plain_client().unwrap().request(method.parse().unwrap(), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
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
        for _ in 0..1_200 {
            let answer = caller.expect("GET", path, None).await.unwrap();
            if holds(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what} did not come true; the functions said: {:?}", self.log.lock().unwrap());
    }
}

async fn serve_xero(xero: &Xero, app: AppId, new_app: Option<AppId>, url: &str) -> anyhow::Result<ServerHandle> {
    let callback = format!("{url}/oauth/callback");
    for each in [Some(app), new_app].into_iter().flatten() {
        xero.change_app(each, |app| app.redirect_uris = vec![callback.clone()]);
    }
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
