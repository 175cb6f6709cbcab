//! A simulated Xero behind the Transport port.
//!
//! Owns a whole Xero in memory: the identity server, the consent page, `/connections`, the Accounting API of any number
//! of organisations, rate limits, idempotency, webhooks, and the people who edit their books in Xero's own screens. It is
//! never kinder than Xero: what Xero's documentation leaves open is refused here.
//!
//! | collection | here | not here (answers 501) |
//! |---|---|---|
//! | Organisation | read, Actions | CISSettings |
//! | Accounts, Items | read, write, delete | tracked inventory |
//! | TaxRates, Currencies | read, create; delete own rates | `where`, rates of several components, changing rates |
//! | TrackingCategories | read, write, options, delete | `where` |
//! | Contacts | read, write | groups, CISSettings |
//! | Invoices, CreditNotes | read, write, allocations | PDF, e-mail, online invoices, RoundingAmount |
//! | PurchaseOrders | read, write | PDF |
//! | Payments | read, make, delete | batches |
//! | Prepayments, Overpayments | read, allocations; made by bank transactions | |
//! | BankTransactions, BankTransfers | read, write, delete | tracking of transfers |
//! | ManualJournals | read, write | |
//! | Reports | the trial balance, on accruals | other reports, cash basis, revalued foreign balances |
//! | all of these where Xero has them | History, Attachments | |
//! | Finance API | BankStatementsPlus in summary mode | its line items, other endpoints |
//! | BatchPayments, Journals, Quotes, Users, other collections | | everything |
//!
//! Custom connections (client credentials), apps without a secret, and the lifted limits of a new connection are left
//! out as well. The value of foreign currency is one constant rate.
//!
//! Everything is decided by the settings, the clock and a seed; there is no other source of time or chance.

mod accounting;
mod address;
mod arrival;
mod attachments;
mod books;
mod calls;
mod chart;
mod connections;
mod controls;
mod demo;
mod demo_documents;
mod demo_maker;
mod demo_oddities;
mod demo_words;
mod dice;
mod document_rules;
mod element;
mod endpoints;
mod faults;
mod fields;
mod filter;
mod finance;
mod identity;
mod jwt;
mod keep;
mod ledger;
mod limits;
mod lines;
mod login;
mod model;
mod reading;
pub mod record;
mod refusals;
mod register;
mod render;
mod render_documents;
mod replay;
mod reply;
mod reports;
mod settings;
mod shelf;
mod spelling;
mod state;
mod statements;
mod totals;
mod ui;
mod webhooks;
mod wire;
mod write_advances;
mod write_bank;
mod write_contacts;
mod write_documents;
mod write_journals;
mod write_payments;
mod write_settings;
mod writing;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{TenantId, Timestamp};
use ports::{Clock, HttpRequest, HttpResponse, Transport, TransportError};
use tokio::sync::watch;

pub use calls::Call;
pub use controls::ControlError;
pub use demo::{Country, DemoSettings};
pub use faults::{Fault, FaultTarget};
pub use keep::KeepError;
pub use settings::{
    AppId, AppSettings, Consent, GRANULAR_SCOPES, JournalSettings, Role, STATEMENT_LINES_SCOPE, StatementSettings,
    TrialBalanceLayout, UserSettings, XeroSettings,
};
use state::State;
pub use statements::BankLine;
pub use ui::UiError;
pub use webhooks::{Delivery, Mischief, signature};

/// A handle on one simulated Xero; clones share it.
#[derive(Clone)]
pub struct Xero {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    /// True while calls are held open.
    held: Arc<watch::Sender<bool>>,
    latency: Arc<Mutex<Duration>>,
}

/// Counts a call as in flight for as long as it lives.
struct Flight {
    xero: Xero,
    app: AppId,
    tenant: TenantId,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.xero.lock().limits.landed(self.app, self.tenant);
    }
}

impl Xero {
    /// An empty Xero: no apps, users or organisations.
    pub fn new(settings: XeroSettings, clock: Arc<dyn Clock>) -> Self {
        Self::with(State::new(settings), clock)
    }

    fn with(state: State, clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            clock,
            held: Arc::new(watch::Sender::new(false)),
            latency: Arc::default(),
        }
    }

    /// A panic while the lock was held has failed its test already; others may still look.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits as slow as Xero is, and at most as long as the caller does; answers whether the caller is still there.
    /// The span is the machine's time, as the caller's own is: the clock of the books does not move by waiting.
    async fn answers_within(&self, timeout: Duration, may_be_held: bool, flight: Option<Flight>) -> bool {
        let latency = *self.latency.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut held = self.held.subscribe();
        if latency.is_zero() && !(may_be_held && *held.borrow()) {
            return true;
        }
        // By itself, because a call stays in flight at Xero when its caller has gone.
        let slow = tokio::spawn(async move {
            let _flight = flight;
            if may_be_held {
                // A closed channel means that nobody can hold calls any more.
                let _ = held.wait_for(|held| !held).await;
            }
            tokio::time::sleep(latency).await;
        });
        tokio::time::timeout(timeout, slow).await.is_ok()
    }
}

fn call(request: &HttpRequest, status: u16, at: Timestamp) -> Call {
    let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
    let rest = rest.find('/').map_or("", |slash| &rest[slash..]);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let tenant = request.header("xero-tenant-id").and_then(|text| text.parse::<TenantId>().ok());
    let method = request.method.as_str().to_owned();
    Call { method, path: path.to_owned(), query: query.to_owned(), tenant, status, at }
}

#[async_trait]
impl Transport for Xero {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let start = self.now();
        let arrived = arrival::arrive(&mut self.lock(), &request, start);
        let flight = arrived.flight.map(|(app, tenant)| Flight { xero: self.clone(), app, tenant });
        let in_time = self.answers_within(request.timeout, arrived.passed, flight).await;
        let response = arrived.reply.filter(|_| in_time).map(|reply| HttpResponse {
            status: reply.status,
            headers: reply.headers,
            wire_bytes: reply.body.len() as u64,
            body: reply.body,
        });
        let mut state = self.lock();
        state.calls.push(call(&request, response.as_ref().map_or(0, |response| response.status), start));
        let end = self.clock.now();
        if let Some(recorder) = &mut state.recorder {
            recorder.exchange(&request, response.as_ref(), start, end);
        }
        match response {
            None if !in_time => {
                Err(TransportError::OutcomeUnknown(format!("no answer came within {:?}", request.timeout)))
            }
            None => Err(TransportError::OutcomeUnknown("the connection was closed without an answer".to_owned())),
            Some(response) if response.body.len() > request.response_bytes_max => {
                Err(TransportError::TooLong { bytes_max: request.response_bytes_max })
            }
            Some(response) => Ok(response),
        }
    }
}
