//! Setting up a simulated Xero and looking into it: apps, users, organisations, consent, faults, limits, deliveries.

use std::time::Duration;

use kernel::{TenantId, Timestamp, XeroUserId};

use super::Xero;
use super::books::Event;
use super::calls::Call;
use super::demo::{self, DemoSettings};
use super::faults::{Fault, FaultTarget};
use super::record::Recorder;
use super::replay::Replays;
use super::settings::{AppId, AppSettings, Consent, Role, UserSettings};
use super::state::{App, Practice, User};
use super::webhooks::{self, Delivery, Mischief, Outbox};

impl Xero {
    /// Registers an app in the developer portal.
    pub fn register_app(&self, settings: AppSettings) -> AppId {
        let mut state = self.lock();
        state.apps.push(App { settings, outbox: Outbox::default(), replays: Replays::default() });
        AppId(state.apps.len() - 1)
    }

    /// Signs a person up.
    pub fn register_user(&self, settings: UserSettings) -> XeroUserId {
        let mut state = self.lock();
        let id = XeroUserId(state.dice.uuid());
        state.users.push(User { id, settings, roles: Vec::new() });
        id
    }

    /// Opens an organisation with demo books.
    pub fn register_organisation(&self, settings: &DemoSettings) -> TenantId {
        let tenant = TenantId(self.lock().dice.uuid());
        let mut books = demo::books(settings, tenant, self.now());
        let mut state = self.lock();
        books.habits = state.habits();
        state.books.push(books);
        tenant
    }

    /// Opens an accountants' practice, which can be connected and has no Accounting API.
    pub fn register_practice(&self, name: &str) -> TenantId {
        let mut state = self.lock();
        let tenant = TenantId(state.dice.uuid());
        state.practices.push(Practice { tenant, name: name.to_owned() });
        tenant
    }

    /// Gives a person a role in an organisation, or another one than before.
    pub fn set_role(&self, user: XeroUserId, tenant: TenantId, role: Role) {
        let mut state = self.lock();
        if let Some(user) = state.users.iter_mut().find(|each| each.id == user) {
            user.roles.retain(|(have, _)| *have != tenant);
            user.roles.push((tenant, role));
        }
    }

    /// How the person at the consent page behaves from now on.
    pub fn set_consent(&self, consent: Consent) {
        self.lock().consent = Some(consent);
    }

    /// Changes an app's settings, such as its scopes, cap or day limit.
    pub fn change_app(&self, app: AppId, change: impl FnOnce(&mut AppSettings)) {
        if let Some(app) = self.lock().apps.get_mut(app.0) {
            change(&mut app.settings);
        }
    }

    /// The app of a client id.
    pub fn app_by_client_id(&self, client_id: &str) -> Option<AppId> {
        self.lock().apps.iter().position(|app| app.settings.client_id == client_id).map(AppId)
    }

    /// Every organisation, in order of opening.
    pub fn tenants(&self) -> Vec<TenantId> {
        self.lock().books.iter().map(|books| books.tenant).collect()
    }

    /// How many invoices an organisation was opened with.
    pub fn invoices_at_opening(&self, tenant: TenantId) -> Option<usize> {
        self.lock().books_of(tenant).map(|books| books.invoices_at_opening)
    }

    /// Orders a failure for the next call that fits: of the Accounting API, as far as the fault names no other.
    pub fn order_fault(&self, fault: Fault) {
        self.lock().faults.order(fault, None);
    }

    /// Orders a failure for the next call of one kind.
    pub fn order_fault_at(&self, target: FaultTarget, fault: Fault) {
        self.lock().faults.order(fault, Some(target));
    }

    /// Uses up calls as others sharing the app's quota would: of this minute, and of this day.
    pub fn spend_calls(&self, app: AppId, tenant: TenantId, minute: u32, day: u32) {
        let now = self.now();
        self.lock().limits.spend(app, tenant, minute, day, now);
    }

    /// Uses up calls of the app's minute over all organisations.
    pub fn spend_app_calls(&self, app: AppId, calls: u32) {
        let now = self.now();
        self.lock().limits.spend_app(app, calls, now);
    }

    /// Keeps the answers of calls that passed the door back, and the calls in flight, until `release_calls`. What a call
    /// asks for is carried out when it arrives.
    pub fn hold_calls(&self) {
        self.held.send_replace(true);
    }

    /// Lets held calls go on.
    pub fn release_calls(&self) {
        self.held.send_replace(false);
    }

    /// Makes every answer take so long, the call in flight all the while; a caller waits at most its own time-out.
    pub fn set_latency(&self, latency: Duration) {
        *self.latency.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = latency;
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Lets the ids of records that are made from now on follow from another seed, as no two Xeros make the same.
    pub fn stir(&self, seed: u64) {
        let mut state = self.lock();
        for books in &mut state.books {
            books.dice = super::dice::Dice::new(seed);
        }
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.lock().calls.clear();
    }

    /// Writes every exchange from now on.
    pub fn record(&self, recorder: Recorder) {
        self.lock().recorder = Some(recorder);
    }

    /// Records a delivery that the caller made; `answer` is status and body, status 0 for none.
    pub fn record_delivery(&self, url: &str, delivery: &Delivery, answer: (u16, &[u8]), start: Timestamp) {
        let end = self.now();
        if let Some(recorder) = &mut self.lock().recorder {
            recorder.delivery(url, delivery, answer, start, end);
        }
    }

    /// The webhook deliveries that wait for an app, and waits no longer.
    pub fn take_deliveries(&self, app: AppId) -> Vec<Delivery> {
        let now = self.now();
        let mut state = self.lock();
        let state = &mut *state;
        let api = state.settings.api.clone();
        let Some(app) = state.apps.get_mut(app.0) else { return Vec::new() };
        let key = app.settings.webhook_key.clone();
        app.outbox.take(&key, &api, &mut state.dice, now)
    }

    /// The oldest webhook delivery that waits for an app, and when it was packed. It stays the oldest, and is kept with
    /// everything else, until `delivered` takes it off.
    pub fn next_delivery(&self, app: AppId, now: Timestamp) -> Option<(Delivery, Timestamp)> {
        let mut state = self.lock();
        let state = &mut *state;
        let api = state.settings.api.clone();
        let app = state.apps.get_mut(app.0)?;
        app.outbox.next(&app.settings.webhook_key, &api, &mut state.dice, now)
    }

    /// Takes the oldest delivery off: it came, or is too old.
    pub fn delivered(&self, app: AppId) {
        if let Some(app) = self.lock().apps.get_mut(app.0) {
            app.outbox.done();
        }
    }

    /// Queues the event of a subscription in Xero's App Store, which belongs to the app and to no organisation; the
    /// subscription's id.
    pub fn subscription_event(&self, app: AppId, created: bool) -> Option<uuid::Uuid> {
        let at = self.now();
        let mut state = self.lock();
        let resource = state.dice.uuid();
        let found = state.apps.get_mut(app.0)?;
        let tenant = webhooks::application_id(&found.settings.client_id);
        let event = Event { category: "SUBSCRIPTION".into(), created, resource, at, detail: None };
        found.outbox.queue(tenant, &[event]);
        Some(resource)
    }

    /// Loses the events that wait for an app; the next delivery shows a gap. Returns how many were lost.
    pub fn lose_deliveries(&self, app: AppId) -> usize {
        self.lock().apps.get_mut(app.0).map_or(0, |app| app.outbox.lose())
    }

    /// Orders something to go wrong with the next deliveries of an app.
    pub fn order_mischief(&self, app: AppId, mischief: Mischief) {
        if let Some(app) = self.lock().apps.get_mut(app.0) {
            app.outbox.order(mischief);
        }
    }

    /// The deliveries with which Xero checks a new webhook address: some are signed wrongly on purpose.
    pub fn intent_to_receive(&self, app: AppId) -> Vec<Delivery> {
        let mut state = self.lock();
        let state = &mut *state;
        let key = state.apps.get(app.0).map(|app| app.settings.webhook_key.clone()).unwrap_or_default();
        webhooks::intent_to_receive(&key, &mut state.dice)
    }

    /// The same delivery signed wrongly by one character.
    pub fn spoil(delivery: Delivery) -> Delivery {
        webhooks::spoil(delivery)
    }
}
