//! Calling Xero for one organisation: token, budget, limits and loss of access in one place.
//!
//! A session is opened for a piece of work and dropped with it. It never waits and never repeats a write; every
//! refusal says when to come back or who must act.

use std::time::Duration;

use kernel::{OrganisationRef, Timestamp, XeroUserId};
use ports::{HttpRequest, HttpResponse, TransportError};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use state::{edit, keys, load};
use tracing::warn;
use xero::budget::{Budget, Closed, Slot, Urgency};
use xero::{ApiRead, ApiWrite, Denied, Limit, LimitHeaders, XeroError, read_request, sort_answer, write_request};

use crate::Access;
use crate::call_error::CallError;
use crate::connection::{Connection, ConnectionState, load_connection};
use crate::lost_access::{Remaining, authorisation_ended, disconnected_in_xero, forget_authorisation, mark};
use crate::tokens::{TokenError, access_token};

/// What came back of a write.
pub type Answer = Result<HttpResponse, TransportError>;

/// What a session cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// Calls made to the Accounting API and the connections list.
    pub calls: u32,
    /// Bytes read, as they crossed the wire.
    pub bytes: u64,
    /// Milliseconds spent waiting for Xero.
    pub millis: u64,
}

/// A usable connection with a usable token.
pub struct Session<'a> {
    access: &'a Access,
    connection: Connection,
    user: XeroUserId,
    token: SecretString,
    urgency: Urgency,
    meter: Meter,
    day_left: Option<u32>,
}

/// Waits that Xero does not state: an outage, a lost answer, a busy sibling.
const OUTAGE_WAIT: Duration = Duration::from_secs(60);
/// Below this many calls left in the app's minute, background work of the whole app holds back.
const APP_MINUTE_LOW: u32 = 500;

impl<'a> Session<'a> {
    /// Opens a session of the acting user of a connection.
    pub async fn open(access: &'a Access, whose: &OrganisationRef, urgency: Urgency) -> Result<Session<'a>, CallError> {
        Self::open_as(access, whose, urgency, None).await
    }

    /// Opens a session with the authorisation of the person who asks, where they gave one of their own.
    pub async fn open_as(
        access: &'a Access,
        whose: &OrganisationRef,
        urgency: Urgency,
        actor: Option<&str>,
    ) -> Result<Session<'a>, CallError> {
        let stored = load_connection(&*access.ports.table, whose).await?;
        let connection = stored.ok_or(CallError::NotConnected("unknown organisation"))?.value;
        if connection.state != ConnectionState::Connected {
            return Err(CallError::NotConnected("see the connection's reason"));
        }
        let user = connection.user_for(actor).ok_or(CallError::NotConnected("nobody has consented"))?;
        Self::of_user(access, connection, user, urgency).await
    }

    /// Opens a session to post what a person decided on, with whose authorisation the settings say.
    pub async fn open_to_post(
        access: &'a Access,
        whose: &OrganisationRef,
        urgency: Urgency,
        actor: &str,
    ) -> Result<Session<'a>, CallError> {
        let stored = load_connection(&*access.ports.table, whose).await?;
        let connection = stored.ok_or(CallError::NotConnected("unknown organisation"))?.value;
        if connection.state != ConnectionState::Connected {
            return Err(CallError::NotConnected("see the connection's reason"));
        }
        let user = connection.posting_user(actor);
        let user =
            user.ok_or(CallError::NotConnected("the person who decided has not authorised the app themselves"))?;
        Self::of_user(access, connection, user, urgency).await
    }

    async fn of_user(
        access: &'a Access,
        connection: Connection,
        user: XeroUserId,
        urgency: Urgency,
    ) -> Result<Session<'a>, CallError> {
        let meter = Meter::default();
        let token = SecretString::default();
        let mut session = Session { access, connection, user, token, urgency, meter, day_left: None };
        session.renew_token(false).await?;
        Ok(session)
    }

    /// The connection as it was when the session opened.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What the session cost so far.
    pub fn meter(&self) -> Meter {
        self.meter
    }

    /// Calls left today as Xero last said in this session.
    pub fn day_left(&self) -> Option<u32> {
        self.day_left
    }

    /// Reads from the Accounting API.
    pub async fn read(&mut self, read: &ApiRead) -> Result<HttpResponse, CallError> {
        match self.read_once(read).await {
            Err(XeroOrStore::Xero(XeroError::Denied(Denied::TokenExpired))) => {
                self.renew_token(true).await?;
                let again = self.read_once(read).await;
                self.conclude(again).await
            }
            outcome => self.conclude(outcome).await,
        }
    }

    async fn conclude(&mut self, outcome: Result<HttpResponse, XeroOrStore>) -> Result<HttpResponse, CallError> {
        match outcome {
            Ok(response) => Ok(response),
            Err(XeroOrStore::Call(error)) => Err(error),
            Err(XeroOrStore::Xero(error)) => Err(self.explain(error).await?),
        }
    }

    async fn renew_token(&mut self, rejected: bool) -> Result<(), CallError> {
        match access_token(self.access, &self.connection.client, self.user, rejected).await {
            Ok(token) => {
                self.token = token;
                Ok(())
            }
            // One person's authorisation: the others', and so the connection, still stand.
            Err(TokenError::Ended) if self.connection.acting_user() != Some(self.user) => {
                Err(CallError::NotConnected("this person's own authorisation has ended"))
            }
            Err(TokenError::Ended) => match authorisation_ended(self.access, &self.connection).await? {
                Remaining::Another => Err(self.another_acts()),
                Remaining::Nobody => Err(CallError::NotConnected("the authorisation has ended")),
            },
            Err(TokenError::Busy { until }) => {
                Err(CallError::Later { until, reason: "another worker refreshes the tokens".into(), outage: false })
            }
            Err(TokenError::Unavailable(_)) => Err(self.outage("Xero's token endpoint did not answer as it should")),
            Err(error @ (TokenError::AppRefused(_) | TokenError::Apps(_))) => Err(CallError::Setup(error.to_string())),
            Err(TokenError::Store(error)) => Err(error.into()),
            Err(TokenError::Vault(error)) => Err(CallError::Vault(error)),
        }
    }

    /// Writes to the Accounting API. Answers what came back, whatever it means; an error says that nothing was written.
    ///
    /// The settings decide first whether a kind may be written at all. A token that ran out is renewed, and the same
    /// request sent once more: Xero turned it away before looking at it.
    pub async fn write(&mut self, kind: &str, write: &ApiWrite) -> Result<Answer, CallError> {
        if !self.connection.settings.writes(kind) {
            return Err(CallError::NotWanted { kind: kind.to_owned() });
        }
        let answer = self.write_once(write).await?;
        let turned_away = answer.as_ref().is_ok_and(|response| {
            matches!(sort_answer(response.clone()), Err(XeroError::Denied(Denied::TokenExpired)))
        });
        if !turned_away {
            return Ok(answer);
        }
        self.renew_token(true).await?;
        self.write_once(write).await
    }

    async fn write_once(&mut self, write: &ApiWrite) -> Result<Answer, CallError> {
        let slot = self.take_slot().await?;
        let request = write_request(&self.access.addresses, &self.token, self.connection.whose.tenant, write);
        let answer = self.send(request).await;
        let said = answer.as_ref().map(LimitHeaders::of).unwrap_or_default();
        let sorted = answer.as_ref().ok().map(|response| sort_answer(response.clone()));
        let error = sorted.and_then(Result::err);
        // The slot runs out by itself; what Xero answered must not be lost over it.
        if let Err(trouble) = self.settle(slot, &said, error.as_ref()).await {
            warn!(error = %trouble, "A call's slot could not be given back");
        }
        Ok(answer)
    }

    async fn send(&mut self, request: HttpRequest) -> Answer {
        let started = self.now();
        let answer = self.access.ports.transport.send(request).await;
        self.meter.calls += 1;
        self.meter.millis += u64::try_from(self.now().duration_since(started).as_millis()).unwrap_or(0);
        if let Ok(response) = &answer {
            self.meter.bytes += response.wire_bytes;
        }
        answer
    }

    async fn read_once(&mut self, read: &ApiRead) -> Result<HttpResponse, XeroOrStore> {
        let slot = self.take_slot().await?;
        let request = read_request(&self.access.addresses, &self.token, self.connection.whose.tenant, read);
        let answer = self.send(request).await;
        let said = answer.as_ref().map(LimitHeaders::of).unwrap_or_default();
        let sorted = answer.map_err(XeroError::from).and_then(sort_answer);
        self.settle(slot, &said, sorted.as_ref().err()).await?;
        sorted.map_err(XeroOrStore::Xero)
    }

    async fn take_slot(&self) -> Result<Slot, CallError> {
        let now = self.now();
        if self.urgency == Urgency::Background {
            let brake = load::<Timestamp>(&*self.access.ports.table, &keys::app_brake(&self.connection.client)).await?;
            if let Some(until) = brake.map(|stored| stored.value).filter(|until| now < *until) {
                return Err(CallError::Later {
                    until,
                    reason: "the app's calls of this minute are nearly used".into(),
                    outage: false,
                });
            }
        }
        let key = keys::budget(&self.connection.client, self.connection.whose.tenant);
        let mut taken = Err(Closed { until: now, reason: String::new() });
        edit(&*self.access.ports.table, &key, None, |found: Option<&Budget>| {
            let mut budget = found.cloned().unwrap_or_default();
            taken = budget.take(now, self.urgency);
            taken.is_ok().then_some(budget)
        })
        .await?;
        taken.map_err(|closed| CallError::Later { until: closed.until, reason: closed.reason, outage: false })
    }

    /// Gives the slot back and keeps what Xero said about its limits.
    async fn settle(&mut self, slot: Slot, said: &LimitHeaders, error: Option<&XeroError>) -> Result<(), CallError> {
        let (now, table) = (self.now(), &*self.access.ports.table);
        self.day_left = said.day_remaining.or(self.day_left);
        let key = keys::budget(&self.connection.client, self.connection.whose.tenant);
        edit(table, &key, None, |found: Option<&Budget>| {
            let mut budget = found.cloned().unwrap_or_default();
            budget.settle(slot, now, said);
            if let Some(XeroError::Throttled { limit, retry_after }) = error {
                budget.close(*limit, now, *retry_after);
            }
            Some(budget)
        })
        .await?;
        let app_limit = matches!(error, Some(XeroError::Throttled { limit: Limit::AppMinute, .. }));
        if app_limit || said.app_minute_remaining.is_some_and(|left| left < APP_MINUTE_LOW) {
            let until = now.saturating_add(Duration::from_secs(60)).unwrap_or(now);
            edit(table, &keys::app_brake(&self.connection.client), None, |_: Option<&Timestamp>| Some(until)).await?;
        }
        Ok(())
    }

    /// Turns Xero's error into what the caller does next, and marks the connection where access is lost.
    pub async fn explain(&mut self, error: XeroError) -> Result<CallError, CallError> {
        Ok(match error {
            XeroError::Throttled { limit, retry_after } => {
                let until = self.now().saturating_add(retry_after).unwrap_or(Timestamp::MAX);
                CallError::Later { until, reason: format!("Xero's {limit:?} limit"), outage: false }
            }
            XeroError::Unavailable { status, retry_after } => {
                let wait = retry_after.unwrap_or(OUTAGE_WAIT);
                let until = self.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
                CallError::Later { until, reason: format!("Xero answered status {status}"), outage: true }
            }
            XeroError::Transport(TransportError::TooLong { bytes_max }) => CallError::TooLong { bytes_max },
            XeroError::Transport(_) => self.outage("Xero did not answer"),
            XeroError::Denied(Denied::NotConnected) => self.check_connected().await?,
            XeroError::Denied(Denied::TokenExpired) => self.outage("Xero refused a fresh token"),
            XeroError::Denied(Denied::ScopeOrRole | Denied::Role) => CallError::NotAllowed,
            XeroError::Rejected { reasons } => CallError::Rejected(reasons),
            XeroError::NotFound => CallError::NotFound,
            error @ XeroError::Unreadable { .. } => CallError::Unreadable(error.to_string()),
        })
    }

    /// 403 for this tenant: asks `/connections` before believing that the organisation is gone.
    async fn check_connected(&mut self) -> Result<CallError, CallError> {
        let request = xero::connections::list(&self.access.addresses, &self.token, None);
        self.meter.calls += 1;
        let answer = self.access.ports.transport.send(request).await.map_err(XeroError::from).and_then(sort_answer);
        let listed = answer.and_then(|response| xero::connections::read_list(&response));
        let tenant = self.connection.whose.tenant;
        match listed {
            Ok(connections) if connections.iter().any(|listed| listed.tenant_id == tenant) => {
                Ok(self.outage("Xero refuses an organisation that it lists as connected"))
            }
            // Gone for this person. Others who authorised have connections of their own: one of them acts from now on.
            Ok(_) if forget_authorisation(self.access, &self.connection, self.user).await? => Ok(self.another_acts()),
            Ok(_) => {
                let reason = disconnected_in_xero(self.now());
                mark(self.access, &self.connection, ConnectionState::Disconnected, reason).await?;
                Ok(CallError::NotConnected("disconnected inside Xero"))
            }
            Err(_) => Ok(self.outage("Xero's list of connections did not come")),
        }
    }

    fn now(&self) -> Timestamp {
        self.access.ports.clock.now()
    }

    fn another_acts(&self) -> CallError {
        let reason = "another person's authorisation is used from here on".to_owned();
        CallError::Later { until: self.now(), reason, outage: false }
    }

    fn outage(&self, reason: &str) -> CallError {
        let until = self.now().saturating_add(OUTAGE_WAIT).unwrap_or(Timestamp::MAX);
        CallError::Later { until, reason: reason.to_owned(), outage: true }
    }
}

/// What one attempt may meet.
enum XeroOrStore {
    Xero(XeroError),
    Call(CallError),
}

impl From<CallError> for XeroOrStore {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}
