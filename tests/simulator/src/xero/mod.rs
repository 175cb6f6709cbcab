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
//! | all of these where Xero has them | History, Attachments | |
//! | BatchPayments, Journals, Quotes, Reports, Users, other collections | | everything |
//!
//! Custom connections (client credentials), apps without a secret, and the lifted limits of a new connection are left
//! out as well. The value of foreign currency is one constant rate.
//!
//! Everything is decided by the settings, the clock and a seed; there is no other source of time or chance.

mod accounting;
mod address;
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
mod identity;
mod jwt;
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
mod settings;
mod shelf;
mod spelling;
mod state;
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
use ports::{Clock, HttpRequest, HttpResponse, Method, Transport, TransportError};
use tokio::sync::watch;

use accounting::Ticket;
use address::Address;
pub use calls::Call;
pub use controls::ControlError;
pub use demo::{Country, DemoSettings};
pub use faults::Fault;
use faults::Scene;
use reply::Reply;
pub use settings::{AppId, AppSettings, Consent, GRANULAR_SCOPES, Role, UserSettings, XeroSettings};
use state::State;
pub use ui::UiError;
pub use webhooks::{Delivery, Mischief, signature};

/// A handle on one simulated Xero; clones share it.
#[derive(Clone)]
pub struct Xero {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    /// True while Accounting calls are held open.
    held: Arc<watch::Sender<bool>>,
    latency: Arc<Mutex<Duration>>,
}

/// Counts a call as in flight for as long as it lives.
struct Flight {
    xero: Xero,
    ticket: Ticket,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.xero.lock().limits.landed(self.ticket.grant.app, self.ticket.tenant);
    }
}

impl Xero {
    /// An empty Xero: no apps, users or organisations.
    pub fn new(settings: XeroSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new(settings))),
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

    /// The answer, or nothing when it is lost.
    async fn answer(&self, request: &HttpRequest) -> Option<Reply> {
        let address = Address::of(&request.url);
        let is_accounting = address.segments.first().is_some_and(|first| first == "api.xro");
        let scene = match request.method {
            Method::Post if address.segments.first().is_some_and(|first| first == "connect") => Scene::Token,
            Method::Get => Scene::Read,
            _ => Scene::Write,
        };
        let fault = self.take_fault(scene, is_accounting);
        if fault == Some(Fault::CutBeforeXero) {
            return None;
        }
        let reply = if is_accounting {
            self.accounting(request, fault).await
        } else {
            identity_side(&mut self.lock(), request, &address, self.now())
        };
        if fault.is_some_and(Fault::loses_answer) { None } else { Some(reply) }
    }

    fn take_fault(&self, scene: Scene, is_accounting: bool) -> Option<Fault> {
        if !is_accounting && scene != Scene::Token {
            return None;
        }
        let mut state = self.lock();
        let at = state.faults.iter().position(|fault| fault.strikes(scene))?;
        state.faults.remove(at)
    }

    async fn accounting(&self, request: &HttpRequest, fault: Option<Fault>) -> Reply {
        let admitted = accounting::admit(&mut self.lock(), request, self.now());
        let ticket = match admitted {
            Ok(ticket) => ticket,
            Err(reply) => return reply,
        };
        let flight = Flight { xero: self.clone(), ticket };
        // A closed channel means that nobody can hold calls any more.
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        let latency = *self.latency.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let mut state = self.lock();
        let ticket = &flight.ticket;
        let reply = match fault.and_then(outage) {
            Some(reply) => state.limits.mark(reply, ticket.grant.app, ticket.tenant, ticket.day_limit),
            None => accounting::run(&mut state, ticket, request, self.now()),
        };
        drop(state);
        reply
    }
}

/// What a fault answers in Xero's place.
fn outage(fault: Fault) -> Option<Reply> {
    match fault {
        Fault::Maintenance => Some(Reply::text(503, "The Xero API is currently offline for maintenance")),
        Fault::Unavailable => Some(Reply::text(503, "The Xero API is temporarily unavailable")),
        Fault::OrganisationOffline => {
            let text = "The organisation is temporarily offline";
            Some(reply::api_error(503, 21, "OrganisationOfflineException", text))
        }
        Fault::Gateway => {
            Some(Reply::html(502, "<html><head><title>502 Bad Gateway</title></head><body></body></html>"))
        }
        Fault::Internal => Some(reply::api_error(500, 500, "InternalServerException", "An unexpected error occurred")),
        Fault::TooConcurrent => Some(limits::refuse(limits::Problem::Concurrent)),
        _ => None,
    }
}

/// Everything but the Accounting API.
fn identity_side(state: &mut State, request: &HttpRequest, address: &Address, now: Timestamp) -> Reply {
    let path: Vec<&str> = address.segments.iter().map(String::as_str).collect();
    let authorization = request.header("authorization");
    match (request.method, path.as_slice()) {
        (Method::Get, ["identity", "connect", "authorize"]) => login::authorize(state, address, now),
        (Method::Post, ["connect", "token"]) => identity::token(state, authorization, &request.body, now),
        (Method::Post, ["connect", "revocation"]) => identity::revoke(state, authorization, &request.body, now),
        (Method::Get, [".well-known", "openid-configuration"]) => identity::discovery(state),
        (Method::Get, [".well-known", "openid-configuration", "jwks"]) => Reply::json(200, &jwt::key_set()),
        (method, ["connections" | "Connections", ..]) => {
            connections::answer(state, method.as_str(), address, authorization, now)
        }
        _ => reply::not_found(),
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
        let reply = self.answer(&request).await;
        let response = reply.map(|reply| HttpResponse {
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
            None => Err(TransportError::OutcomeUnknown("the connection was closed without an answer".to_owned())),
            Some(response) if response.body.len() > request.response_bytes_max => {
                Err(TransportError::TooLong { bytes_max: request.response_bytes_max })
            }
            Some(response) => Ok(response),
        }
    }
}
