//! Everything the simulated Xero remembers, behind one lock.
//!
//! Owns the registers of apps, users, connections and organisations. Rules live in the modules beside it.

use jiff::SignedDuration;
use kernel::{TenantId, Timestamp, XeroConnectionId, XeroUserId};
use serde::{Deserialize, Serialize};

use super::books::{Books, Habits};
use super::calls::Call;
use super::dice::Dice;
use super::faults::Ordered;
use super::identity::{Access, Code, Firewall, Refresh};
use super::limits::Limits;
use super::record::Recorder;
use super::replay::Replays;
use super::settings::{AppId, AppSettings, Consent, Role, UserSettings, XeroSettings};
use super::webhooks::Outbox;

#[derive(Serialize, Deserialize)]
pub(super) struct App {
    pub(super) settings: AppSettings,
    pub(super) outbox: Outbox,
    pub(super) replays: Replays,
}

#[derive(Serialize, Deserialize)]
pub(super) struct User {
    pub(super) id: XeroUserId,
    pub(super) settings: UserSettings,
    pub(super) roles: Vec<(TenantId, Role)>,
}

/// An accountants' practice: it can be connected and has no books.
#[derive(Serialize, Deserialize)]
pub(super) struct Practice {
    pub(super) tenant: TenantId,
    pub(super) name: String,
}

/// The right of one user's tokens for one app to act on one organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Connection {
    pub(super) id: XeroConnectionId,
    pub(super) app: AppId,
    pub(super) user: XeroUserId,
    pub(super) tenant: TenantId,
    pub(super) event: uuid::Uuid,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// False once deleted; remembered because a reconnection keeps the creation date.
    pub(super) live: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct State {
    pub(super) settings: XeroSettings,
    pub(super) dice: Dice,
    pub(super) apps: Vec<App>,
    pub(super) users: Vec<User>,
    pub(super) books: Vec<Books>,
    pub(super) practices: Vec<Practice>,
    pub(super) connections: Vec<Connection>,
    /// Scopes a user granted an app so far: a consent adds to them, only revocation takes them back.
    pub(super) granted: Vec<(AppId, XeroUserId, Vec<String>)>,
    pub(super) codes: Vec<Code>,
    pub(super) accesses: Vec<Access>,
    pub(super) refreshes: Vec<Refresh>,
    pub(super) consent: Option<Consent>,
    pub(super) limits: Limits,
    pub(super) faults: Ordered,
    pub(super) firewall: Firewall,
    #[serde(skip)] // A log of one run, as the recorder is.
    pub(super) calls: Vec<Call>,
    #[serde(skip)]
    pub(super) recorder: Option<Recorder>,
}

impl State {
    pub(super) fn new(settings: XeroSettings) -> Self {
        Self {
            dice: Dice::new(settings.seed),
            settings,
            apps: Vec::new(),
            users: Vec::new(),
            books: Vec::new(),
            practices: Vec::new(),
            connections: Vec::new(),
            granted: Vec::new(),
            codes: Vec::new(),
            accesses: Vec::new(),
            refreshes: Vec::new(),
            consent: None,
            limits: Limits::default(),
            faults: Ordered::default(),
            firewall: Firewall::default(),
            calls: Vec::new(),
            recorder: None,
        }
    }

    /// How books are to decide what Xero's documentation leaves open.
    pub(super) fn habits(&self) -> Habits {
        Habits {
            payment_events: self.settings.payment_events,
            keeps_valid_elements: self.settings.keeps_valid_of_failed_batch,
            journals: self.settings.journals,
            trial_balance: self.settings.trial_balance,
            statements: self.settings.statements,
        }
    }

    pub(super) fn books_of(&mut self, tenant: TenantId) -> Option<&mut Books> {
        self.books.iter_mut().find(|books| books.tenant == tenant)
    }

    pub(super) fn user(&self, id: XeroUserId) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(super) fn role(&self, user: XeroUserId, tenant: TenantId) -> Option<Role> {
        let found = self.user(user)?.roles.iter().find(|(have, _)| *have == tenant);
        found.map(|(_, role)| *role)
    }

    pub(super) fn connection(&self, app: AppId, user: XeroUserId, tenant: TenantId) -> Option<&Connection> {
        let wanted = |each: &&Connection| each.live && each.app == app && each.user == user && each.tenant == tenant;
        self.connections.iter().find(wanted)
    }

    /// Hands what happened in an organisation to every app connected to it.
    pub(super) fn publish(&mut self, tenant: TenantId) {
        let Some(books) = self.books.iter_mut().find(|books| books.tenant == tenant) else { return };
        let happened = std::mem::take(&mut books.happened);
        for (index, app) in self.apps.iter_mut().enumerate() {
            let connected = |each: &Connection| each.live && each.app == AppId(index) && each.tenant == tenant;
            if self.connections.iter().any(connected) {
                app.outbox.queue(tenant, &happened);
            }
        }
    }
}

/// The instant some seconds later; the far end of time where that does not exist.
pub(super) fn after(at: Timestamp, secs: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(secs)).unwrap_or(Timestamp::MAX)
}
