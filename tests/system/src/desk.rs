//! The same capabilities over ports in memory, under virtual time.
//!
//! What a function's main joins is joined here by [`Desk::work`]; everything else is the shipped code.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::line::Line;
use connections::{APPS_SECRET, Access, CallbackQuery, ConnectSettings, NewConnect, choose, finish, start};
use envelopes::{BANK_RECONCILIATION, DOCUMENT_PUBLISHING, DOCUMENT_READING, Envelope, JOURNAL_POSTING};
use kernel::{OrganisationRef, TenantId, Timestamp, XeroUserId};
use lambda_kit::QueueMessage;
use ports::{Clock, HttpRequest, HttpResponse, Method, Transport};
use secrecy::SecretString;
use serde_json::json;
use simulator::world::{VirtualClock, World};
use simulator::xero::{
    AppId, AppSettings, Consent, DemoSettings, Role, STATEMENT_LINES_SCOPE, TrialBalanceLayout, UserSettings, Xero,
    XeroSettings,
};
use sync::head::Trigger;
use sync::{Wish, request_run};
use url::Url;
use xero::XeroAddresses;

/// A test desk.
pub struct Desk {
    /// The ports, and where to cut them.
    pub world: World,
    /// Xero, with its controls.
    pub xero: Xero,
    /// The line to it.
    pub line: Arc<Line>,
    /// The app.
    pub app: AppId,
    /// Who consents.
    pub user: XeroUserId,
    /// The connected organisation.
    pub whose: OrganisationRef,
    /// The secret with the apps.
    pub apps: String,
    /// What capabilities are given.
    pub access: Access,
    /// Whether a reader of pictures is set up.
    pub reads_scans: bool,
    settings: ConnectSettings,
}

/// When every desk opens.
pub const OPENING: &str = "2026-11-24T03:00:00Z";
/// How long a message that failed is kept from coming back, as the template says.
const VISIBILITY: Duration = Duration::from_secs(720);
/// Receives after which a message is dead.
const RECEIVES_MAX: u32 = 5;

impl Desk {
    /// A desk whose demo organisation is as stated, not connected yet.
    pub fn with(demo: &DemoSettings) -> Self {
        Self::at(XeroSettings::default(), demo)
    }

    /// The same at a Xero that decides as stated what its documentation leaves open.
    pub fn at(settings: XeroSettings, demo: &DemoSettings) -> Self {
        Self::of_app(settings, demo, AppSettings::default())
    }

    /// The same for an app that Xero lets read bank statement lines.
    pub fn reading_lines(settings: XeroSettings, demo: &DemoSettings) -> Self {
        let mut app = AppSettings::default();
        app.scopes.push(STATEMENT_LINES_SCOPE.to_owned());
        Self::of_app(settings, demo, app)
    }

    fn of_app(settings: XeroSettings, demo: &DemoSettings, app_settings: AppSettings) -> Self {
        let clock = Arc::new(VirtualClock::starting(OPENING.parse().unwrap()));
        // Sections in sections are a trap that Xero's specification does not know, and no exchange to be held against it.
        let on_record = settings.trial_balance != TrialBalanceLayout::Nested;
        let xero = Xero::new(settings, clock.clone());
        if on_record {
            crate::town::recorder(&xero);
        }
        let app = xero.register_app(app_settings.clone());
        let user = xero.register_user(UserSettings::default());
        let tenant = xero.register_organisation(demo);
        xero.set_role(user, tenant, Role::Adviser);
        xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
        let line = Arc::new(Line::to(xero.clone()));
        let world = World::new(7, clock, line.clone());
        let statement_lines = app_settings.scopes.iter().any(|scope| scope == STATEMENT_LINES_SCOPE);
        let apps = json!([{ "name": "main", "client_id": app_settings.client_id,
            "client_secret": app_settings.client_secret, "statement_lines": statement_lines }]);
        let apps = apps.to_string();
        world.vault.set_secret(APPS_SECRET, apps.clone());
        let access = Access { ports: world.ports(), addresses: XeroAddresses::default() };
        let settings = ConnectSettings {
            redirect_uri: app_settings.redirect_uris[0].clone(),
            return_urls: vec![Url::parse("https://app.example/return").unwrap()],
        };
        let whose = OrganisationRef { workspace: "acme".parse().unwrap(), tenant };
        Self { world, xero, line, app, user, whose, apps, access, reads_scans: false, settings }
    }

    /// A desk of so many invoices, not connected yet.
    pub fn sized(invoices: usize) -> Self {
        Self::with(&DemoSettings::sized(7, invoices))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Consents and chooses, without any sync.
    pub async fn consent(&self) -> Vec<TenantId> {
        self.consent_of(&self.whose, "sam").await
    }

    /// The same by any person for any workspace and organisation.
    pub async fn consent_of(&self, whose: &OrganisationRef, actor: &str) -> Vec<TenantId> {
        let (id, location) = self.go_to_xero(&whose.workspace, None, Duration::ZERO).await;
        let back: BTreeMap<String, String> = Url::parse(&location).unwrap().query_pairs().into_owned().collect();
        let ticket = SecretString::from(back.get("ticket").expect("consent was given").as_str());
        let chosen = choose(&self.access, &whose.workspace, actor, id, &ticket, &[whose.tenant]).await.unwrap();
        chosen.connections.iter().map(|connection| connection.whose.tenant).collect()
    }

    /// Connects an organisation for a workspace and takes its first sync.
    pub async fn connect_as(&self, workspace: &str, tenant: TenantId) -> OrganisationRef {
        let whose = OrganisationRef { workspace: workspace.parse().unwrap(), tenant };
        self.xero.set_consent(Consent::Allow { user: self.user, tenants: vec![tenant], only_scopes: Vec::new() });
        self.consent_of(&whose, "sam").await;
        self.sync_of(&whose, Trigger::Connected).await;
        whose
    }

    /// Asks for a run of any organisation and works until nothing is left.
    pub async fn sync_of(&self, whose: &OrganisationRef, trigger: Trigger) {
        request_run(&self.access, whose, Wish::of(trigger)).await.unwrap();
        self.work().await;
    }

    /// Consents; answers where the browser is sent back to, without choosing.
    pub async fn try_consent(&self) -> String {
        self.go_to_xero(&self.whose.workspace, None, Duration::ZERO).await.1
    }

    /// The same by somebody who takes so long between the start and Xero's consent page.
    pub async fn slow_consent(&self, span: Duration) -> String {
        self.go_to_xero(&self.whose.workspace, None, span).await.1
    }

    /// Comes back from Xero with an error in place of a code; answers where the browser is sent.
    pub async fn callback_error(&self, error: &str) -> String {
        self.go_to_xero(&self.whose.workspace, Some(error), Duration::ZERO).await.1
    }

    async fn go_to_xero(
        &self,
        workspace: &kernel::WorkspaceId,
        error: Option<&str>,
        slow: Duration,
    ) -> (kernel::ConnectId, String) {
        let started = self.started(workspace).await;
        self.world.clock.advance(slow);
        let login = self.browse(&started.authorize_url).await;
        let pairs: BTreeMap<String, String> = login.query_pairs().into_owned().collect();
        let code = pairs.get("code").filter(|_| error.is_none());
        let query = CallbackQuery {
            state: pairs.get("state").cloned(),
            code: code.map(|code| SecretString::from(code.as_str())),
            error: error.map(str::to_owned).or_else(|| pairs.get("error").cloned()),
        };
        (started.id, finish(&self.access, &self.settings, query).await.location)
    }

    async fn started(&self, workspace: &kernel::WorkspaceId) -> connections::Started {
        let new = NewConnect {
            workspace: workspace.clone(),
            actor: "sam".into(),
            return_url: "https://app.example/return".into(),
            app: None,
        };
        start(&self.access, &self.settings, new).await.unwrap()
    }

    /// Starts a connect; answers where the browser is to go.
    pub async fn authorize_url(&self) -> String {
        self.started(&self.whose.workspace).await.authorize_url
    }

    async fn browse(&self, address: &str) -> Url {
        let answer = self.open(address).await;
        Url::parse(answer.header("location").expect("Xero sends the browser back")).unwrap()
    }

    /// What Xero answers a browser.
    pub async fn open(&self, address: &str) -> HttpResponse {
        let request = HttpRequest {
            method: Method::Get,
            url: address.to_owned(),
            headers: Vec::new(),
            body: Default::default(),
            timeout: Duration::from_secs(10),
            response_bytes_max: 1 << 20,
        };
        self.xero.send(request).await.unwrap()
    }

    /// Connects and takes the first sync.
    pub async fn connect(&self) {
        self.consent().await;
        self.sync(Trigger::Connected).await;
    }

    /// Asks for a run and works until nothing is left.
    pub async fn sync(&self, trigger: Trigger) {
        request_run(&self.access, &self.whose, Wish::of(trigger)).await.unwrap();
        self.work().await;
    }

    /// Works until the queue is empty, letting time pass for what is parked. Panics on a dead letter.
    pub async fn work(&self) {
        for _ in 0..100_000 {
            while let Some(mut taken) = self.world.queue.take() {
                let envelope = Envelope::parse(&taken.message.body).unwrap();
                if let Err(error) = self.carry_out(&envelope).await {
                    assert!(taken.receives < RECEIVES_MAX, "a dead letter: {error}");
                    taken.receives += 1;
                    self.world.queue.give_back(taken);
                    self.world.clock.advance(VISIBILITY);
                }
            }
            if self.parked() == 0 {
                return;
            }
            self.tick(Duration::from_secs(60)).await;
        }
        panic!("work never ends");
    }

    /// Lets time pass and looks at what is due, as the schedule does each minute.
    pub async fn tick(&self, span: Duration) {
        self.world.clock.advance(span);
        self.look().await;
    }

    /// Looks at what is due; answers what was found.
    pub async fn look(&self) -> serde_json::Value {
        daily_sync::look(&self.access).await.unwrap()
    }

    /// Parked envelopes.
    pub fn parked(&self) -> usize {
        self.world.table.dump().iter().filter(|row| row.key.partition.starts_with("parked#")).count()
    }

    /// One envelope, as the function of its queue carries it out, with two minutes of time.
    pub async fn carry_out(&self, envelope: &Envelope) -> Result<(), Box<dyn std::error::Error>> {
        let deadline = self.now().saturating_add(Duration::from_secs(120)).unwrap();
        let message = QueueMessage { envelope: envelope.clone(), deadline };
        match envelope.queue() {
            JOURNAL_POSTING => {
                Ok(journal_posting::carry_out(&self.access, journal_posting::Limits::default(), message).await?)
            }
            DOCUMENT_PUBLISHING => Ok(document_publishing::carry_out(self.doors(), message).await?),
            BANK_RECONCILIATION => Ok(bank_reconciliation::carry_out(self.doors(), message).await?),
            DOCUMENT_READING => Ok(document_reading::carry_out(self.doors(), self.scans(), message).await?),
            _ => Ok(sync_worker::carry_out(&self.access, message).await?),
        }
    }

    /// What documents are taken in and read through.
    pub fn doors(&self) -> documents::Doors<'_> {
        documents::Doors { access: &self.access, blobs: &*self.world.blobs }
    }

    fn scans(&self) -> Option<&dyn ports::ScanReader> {
        self.reads_scans.then_some(&*self.world.scans as &dyn ports::ScanReader)
    }

    /// Takes Xero's waiting webhooks in, as xero-webhook does.
    pub async fn deliver(&self) -> usize {
        let deliveries = self.xero.take_deliveries(self.app);
        for delivery in &deliveries {
            self.take_in(&delivery.body, &delivery.signature).await;
        }
        deliveries.len()
    }

    /// Takes one delivery in.
    pub async fn take_in(&self, body: &[u8], signature: &str) -> bool {
        let keys = json!({ "main": [AppSettings::default().webhook_key] }).to_string();
        let keys = inbox::WebhookKeys::parse(&SecretString::from(keys)).unwrap();
        let verdict = inbox::receive(&*self.access.ports.queue, &keys, "main", body, Some(signature)).await.unwrap();
        verdict != inbox::Verdict::Refused
    }

    /// Calls to Xero's Accounting API so far.
    pub fn accounting_calls(&self) -> usize {
        self.xero.calls().iter().filter(|call| call.path.contains("/api.xro/")).count()
    }

    /// The whole change feed.
    pub async fn feed(&self) -> Vec<mirror::feed::Change> {
        let table = &*self.access.ports.table;
        let (mut all, mut cursor) = (Vec::new(), mirror::feed::Cursor::start(&self.whose));
        loop {
            let page = sync::read_changes(table, &cursor, 250, &mirror::feed::Wanted::default()).await.unwrap();
            all.extend(page.changes);
            cursor = page.next;
            if !page.more {
                return all;
            }
        }
    }

    /// Records of one kind as mirrored.
    pub async fn mirror(&self, entity: &str) -> Vec<mirror::read::RecordView> {
        let table = &*self.access.ports.table;
        let mut all: Vec<mirror::read::RecordView> = Vec::new();
        loop {
            let after = all.last().map(|view| view.id.clone());
            let page = mirror::read::list_records(table, &self.whose, entity, after.as_deref(), 250).await.unwrap();
            all.extend(page.0);
            if !page.1 {
                return all;
            }
        }
    }
}
