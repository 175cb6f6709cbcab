//! One posting carried as far as it goes now: sent, searched for, parked, or ended.
//!
//! Each turn decides the next step from the stored intent, stores that the step begins, does it, and stores how it
//! ended. A worker that dies anywhere leaves an intent from which the next one goes on.

use std::time::Duration;

use connections::{Access, CallError, Connection, Session, Usage, parked};
use kernel::{Date, IntentId, OrganisationRef, Timestamp};
use ports::{Guard, Write, Written};
use state::{Intent, IntentState, Step, Stored, Waiting, WaitsOn, What, edit, keys, load, park, put};
use tracing::{error, info, warn};
use xero::budget::Urgency;
use xero::{ApiWrite, IdempotencyKey, XeroError};

use crate::PostingError;
use crate::noticed::gone;
use crate::plan::envelope;
use crate::resume::WaitingRow;
use crate::why::{LOST_WAIT, after, again_later, claimed, unsendable, waiting_for};
use crate::writer::{Found, NoRequest, Outcome, Wanted, Writer, mark_bytes};

/// Turns of one message: a send, a search, and once more of both, with room for another worker in between.
const TURNS_MAX: u32 = 8;
/// Time left for a call and for storing its outcome.
const CALL_MARGIN: Duration = Duration::from_secs(40);
/// The operator corrects a secret in minutes, not in seconds.
const SETUP_WAIT: Duration = Duration::from_secs(600);

/// Carries a posting on. A posting that ended before is left alone.
pub async fn carry<W: Writer>(
    access: &Access,
    writer: &W,
    whose: &OrganisationRef,
    intent: &IntentId,
    deadline: Timestamp,
) -> Result<(), PostingError> {
    for _ in 0..TURNS_MAX {
        let mut held = Held::load(access, whose, intent).await?;
        let now = access.ports.clock.now();
        let last_start = deadline.saturating_sub(CALL_MARGIN).unwrap_or(deadline);
        let turn = match held.intent.next_step(now) {
            Step::Nothing => return Ok(()),
            Step::Wait { until } => return held.park(until, "another step is not over yet").await,
            _ if now >= last_start => return held.park(now, "the function's time is nearly up").await,
            Step::LookUp => look_up(&mut held, writer).await?,
            Step::Send => send(&mut held, writer).await?,
        };
        match turn {
            Turn::Again => (),
            Turn::Over => return Ok(()),
            Turn::Later { until, reason } => return held.park(until, &reason).await,
        }
    }
    let held = Held::load(access, whose, intent).await?;
    held.park(after(access.ports.clock.now(), LOST_WAIT), "other workers are at it").await
}

/// How a turn ended.
enum Turn {
    /// Look at the intent again.
    Again,
    /// Nothing more to be done now.
    Over,
    /// The same message later.
    Later { until: Timestamp, reason: String },
}

/// An intent as it was read, with what is needed to store it again.
struct Held<'a> {
    access: &'a Access,
    whose: &'a OrganisationRef,
    intent: Intent,
    version: u64,
    /// Whether a row says that it waits.
    waited: bool,
}

impl<'a> Held<'a> {
    async fn load(access: &'a Access, whose: &'a OrganisationRef, id: &IntentId) -> Result<Self, PostingError> {
        let found = load::<Intent>(&*access.ports.table, &keys::intent(whose, id)).await?;
        let Stored { value, version } = found.ok_or_else(|| PostingError::Missing(id.clone()))?;
        let waited = matches!(value.state, IntentState::Waiting(_));
        Ok(Self { access, whose, intent: value, version, waited })
    }

    fn now(&self) -> Timestamp {
        self.access.ports.clock.now()
    }

    /// Stores the intent; `false` when somebody else did since it was read.
    async fn store(&mut self, date: Option<Date>) -> Result<bool, PostingError> {
        let row = self.waiting_row(date);
        self.store_with(row).await
    }

    async fn store_with(&mut self, beside: Option<Write>) -> Result<bool, PostingError> {
        let guard = Guard::Version(self.version);
        let write = put(keys::intent(self.whose, &self.intent.id), guard, &self.intent, None);
        let table = &*self.access.ports.table;
        let written = match beside {
            None => table.write(write).await?,
            Some(row) => table.transact(vec![write, row]).await?,
        };
        self.version += 1;
        self.waited = matches!(self.intent.state, IntentState::Waiting(_));
        Ok(written == Written::Stored)
    }

    /// The row by which what waits is found, when it begins to wait.
    fn waiting_row(&self, date: Option<Date>) -> Option<Write> {
        let IntentState::Waiting(waiting) = &self.intent.state else { return None };
        let (on, entity) = (waiting.on.clone(), self.intent.kind.clone());
        let row = WaitingRow { on, date, entity, since: waiting.since };
        (!self.waited).then(|| put(keys::waiting(self.whose, &self.intent.id), Guard::Absent, &row, None))
    }

    async fn park(&self, until: Timestamp, reason: &str) -> Result<(), PostingError> {
        let work = parked(&envelope(self.whose, &self.intent), until, reason);
        Ok(park(&*self.access.ports.table, &work).await?)
    }

    async fn content<W: Writer>(&self) -> Result<W::Content, PostingError> {
        let key = keys::intent_content(self.whose, &self.intent.id);
        let found = load::<W::Content>(&*self.access.ports.table, &key).await?;
        found.map(|found| found.value).ok_or_else(|| PostingError::Missing(self.intent.id.clone()))
    }

    /// Stores that it waits and says so once.
    async fn wait(&mut self, waiting: Waiting, date: Date) -> Result<Turn, PostingError> {
        let now = self.now();
        warn!(tenant.id = %self.whose.tenant, intent.id = %self.intent.id, code = %waiting.code, "A posting waits");
        self.intent.wait(now, waiting);
        self.store(Some(date)).await.map(over_or_again)
    }

    fn wanted<'c, C>(&'c self, content: &'c C) -> Wanted<'c, C> {
        let intent = &self.intent;
        let mark = mark_bytes(self.whose, &intent.id);
        Wanted { content, mark, existing: intent.existing.as_ref(), former: &intent.former }
    }

    async fn session(&self) -> Result<Session<'a>, CallError> {
        Session::open_to_post(self.access, self.whose, Urgency::Person, &self.intent.actor).await
    }
}

fn over_or_again(stored: bool) -> Turn {
    if stored { Turn::Over } else { Turn::Again }
}

async fn send<W: Writer>(held: &mut Held<'_>, writer: &W) -> Result<Turn, PostingError> {
    let content = held.content::<W>().await?;
    let date = writer.date(&content);
    let mut session = match held.session().await {
        Ok(session) => session,
        Err(error) => return not_possible(held, error, date).await,
    };
    if let Some(waiting) = locked(held, session.connection(), date) {
        return held.wait(waiting, date).await;
    }
    let now = held.now();
    let Ok(sending) = held.intent.begin_send(now) else { return Ok(Turn::Again) };
    let request = match request(held, writer, &content, &sending.key).await {
        Ok(request) => request,
        Err(NoRequest::NotNow(reason)) => return Ok(Turn::Later { until: after(now, LOST_WAIT), reason }),
        Err(NoRequest::Unsendable(reason)) => {
            held.intent.not_sent(now, &sending, &reason);
            return held.wait(unsendable(reason, now), date).await;
        }
    };
    if !held.store(None).await? {
        return Ok(Turn::Again);
    }
    let answer = session.write(writer.governed_by(), &request).await;
    book(held, &session).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let now = held.now();
            held.intent.not_sent(now, &sending, &error.to_string());
            return unsent(held, error, date).await;
        }
    };
    let now = held.now();
    match writer.outcome(answer, &held.wanted(&content), now) {
        Outcome::Written { xero_id, losses } => done(held, writer, xero_id, losses, What::Answered).await,
        Outcome::Refused(waiting) => {
            info!(tenant.id = %held.whose.tenant, intent.id = %held.intent.id, code = %waiting.code, "Xero refused a posting");
            held.intent.refused(now, waiting);
            held.store(Some(date)).await.map(over_or_again)
        }
        Outcome::Final { reason } => {
            held.intent.not_sent(now, &sending, &reason);
            not_changeable(held, writer, &content).await
        }
        Outcome::TurnedAway(error) => {
            held.intent.not_sent(now, &sending, &error.to_string());
            let error = explain(&mut session, error).await?;
            unsent(held, error, date).await
        }
        Outcome::Unknown(reason) => {
            warn!(tenant.id = %held.whose.tenant, intent.id = %held.intent.id, "Whether Xero took a posting is not known");
            held.intent.unknown(now, &reason);
            let stored = held.store(None).await?;
            let reason = "whether Xero took it is not known; it is searched for".to_owned();
            Ok(if stored { Turn::Later { until: after(now, LOST_WAIT), reason } } else { Turn::Again })
        }
    }
}

async fn request<W: Writer>(
    held: &Held<'_>,
    writer: &W,
    content: &W::Content,
    key: &str,
) -> Result<ApiWrite, NoRequest> {
    let key = IdempotencyKey::try_new(key).map_err(|error| NoRequest::Unsendable(error.to_string()))?;
    writer.request(&held.wanted(content), key).await
}

/// Adds what the calls came to. Never in the way of what they brought: a table that fails is told, and no more.
async fn book(held: &Held<'_>, session: &Session<'_>) {
    let (now, meter) = (held.now(), session.meter());
    let key = keys::postings_usage(held.whose);
    let booked = edit(&*held.access.ports.table, &key, None, |found: Option<&Usage>| {
        let mut usage = found.cloned().unwrap_or_default();
        usage.add(now, meter);
        (meter.calls > 0).then_some(usage)
    });
    if let Err(error) = booked.await {
        warn!(error = %error, "The calls of a posting were not counted");
    }
}

async fn explain(session: &mut Session<'_>, error: XeroError) -> Result<CallError, PostingError> {
    Ok(match session.explain(error).await {
        Ok(error) | Err(error) => error,
    })
}

/// Stores that nothing was sent, and what follows from why.
async fn unsent(held: &mut Held<'_>, error: CallError, date: Date) -> Result<Turn, PostingError> {
    if !held.store(None).await? {
        return Ok(Turn::Again);
    }
    not_possible(held, error, date).await
}

/// No call is possible now: what follows.
async fn not_possible(held: &mut Held<'_>, error: CallError, date: Date) -> Result<Turn, PostingError> {
    let now = held.now();
    match error {
        CallError::Later { until, reason, .. } => Ok(Turn::Later { until, reason }),
        CallError::Setup(reason) => {
            error!(reason = %reason, "A posting waits for the deployment to be set up");
            Ok(Turn::Later { until: after(now, SETUP_WAIT), reason })
        }
        CallError::Store(error) => Err(error.into()),
        CallError::Vault(_) => Err(error.into()),
        error => held.wait(waiting_for(&error, now), date).await,
    }
}

/// A lock date that is known to forbid the posting. After a person's own retry Xero is asked all the same: ours may be
/// old.
fn locked(held: &Held<'_>, connection: &Connection, date: Date) -> Option<Waiting> {
    let retried = held.intent.history.entries.iter().any(|entry| entry.what == What::Resumed);
    let until = connection.locked_until().filter(|_| !retried)?;
    (date <= until).then(|| Waiting {
        on: WaitsOn::LockDate { locked_until: until.to_string() },
        code: "period_locked".to_owned(),
        cause: format!("The books are locked until {until}, and this is dated {date}."),
        fix: "Move the lock date in Xero, and it is posted by itself; or try again; or date it into the next open period."
            .to_owned(),
        raw: Vec::new(),
        since: held.now(),
    })
}

async fn done<W: Writer>(
    held: &mut Held<'_>,
    writer: &W,
    xero_id: String,
    losses: Vec<String>,
    what: What,
) -> Result<Turn, PostingError> {
    let now = held.now();
    info!(tenant.id = %held.whose.tenant, intent.id = %held.intent.id, xero.id = %xero_id, losses = losses.len(), "Posted");
    // So that a later change of it in Xero finds back here. Posted anew after it was voided, it has another id.
    let key = keys::posted(held.whose, &held.intent.kind, &xero_id);
    let leads_back = held.intent.existing.is_none() && !writer.is_shared();
    let row = leads_back.then(|| put(key.clone(), Guard::Absent, &held.intent.id, None));
    held.intent.done(now, xero_id.clone(), losses, what);
    // Where it was voided so that it can be posted anew, that comes next.
    let over = held.intent.state != IntentState::Open;
    if held.store_with(row).await? {
        return Ok(over_or_again(over));
    }
    let of = load::<IntentId>(&*held.access.ports.table, &key).await?.filter(|_| leads_back).map(|found| found.value);
    match of.filter(|of| *of != held.intent.id) {
        Some(other) => of_another(held, writer, &xero_id, &other).await,
        None => Ok(Turn::Again),
    }
}

/// The record is one that another posting became: two decisions looked alike, and a person must say which it is.
async fn of_another<W: Writer>(
    held: &Held<'_>,
    writer: &W,
    xero_id: &str,
    other: &IntentId,
) -> Result<Turn, PostingError> {
    let mut held = Held::load(held.access, held.whose, &held.intent.id).await?;
    let date = writer.date(&held.content::<W>().await?);
    let since = held.now();
    held.wait(claimed(xero_id, other, since), date).await
}

/// Xero does not let the record be changed. Where somebody took it out of the books meanwhile, a person decides; else it
/// is voided and posted anew.
async fn not_changeable<W: Writer>(
    held: &mut Held<'_>,
    writer: &W,
    content: &W::Content,
) -> Result<Turn, PostingError> {
    let date = writer.date(content);
    let mut session = match held.session().await {
        Ok(session) => session,
        Err(error) => return unsent(held, error, date).await,
    };
    let found = writer.find(&mut session, &held.wanted(content), held.now()).await;
    book(held, &session).await;
    let now = held.now();
    match found {
        Ok(Found::Present { xero_id, losses }) => done(held, writer, xero_id, losses, What::Found).await,
        Ok(Found::Gone { status }) => is_gone(held, &status, date).await,
        Ok(Found::Absent | Found::Several(_)) => {
            held.intent.replace(now, "it is posted and final there");
            held.store(None).await.map(|_| Turn::Again)
        }
        Err(error) => unsent(held, again_later(error, now), date).await,
    }
}

/// The record that was to be changed is out of the books.
async fn is_gone(held: &mut Held<'_>, status: &str, date: Date) -> Result<Turn, PostingError> {
    let now = held.now();
    held.intent.lease.release();
    held.intent.open = None;
    let Some(xero_id) = held.intent.existing.as_ref().map(|existing| existing.xero_id.clone()) else {
        return Ok(Turn::Again);
    };
    held.intent.undone(now, &xero_id, gone(status, now));
    held.store(Some(date)).await.map(over_or_again)
}

async fn look_up<W: Writer>(held: &mut Held<'_>, writer: &W) -> Result<Turn, PostingError> {
    let content = held.content::<W>().await?;
    let date = writer.date(&content);
    let mut session = match held.session().await {
        Ok(session) => session,
        Err(error) => return not_possible(held, error, date).await,
    };
    let now = held.now();
    let since = held.intent.open.map_or(now, |open| open.first_at);
    if held.intent.begin_look(now).is_err() || !held.store(None).await? {
        return Ok(Turn::Again);
    }
    let found = writer.find(&mut session, &held.wanted(&content), since).await;
    book(held, &session).await;
    let now = held.now();
    match found {
        Ok(Found::Present { xero_id, losses }) => done(held, writer, xero_id, losses, What::Found).await,
        Ok(Found::Gone { status }) => is_gone(held, &status, date).await,
        Ok(Found::Absent) => {
            held.intent.absent(now);
            held.store(None).await.map(|_| Turn::Again)
        }
        Ok(Found::Several(ids)) => {
            let cause = format!("{} records in Xero carry this posting's mark.", ids.len());
            let fix = "Keep one of them, void the others in Xero, then try again.".to_owned();
            let code = "several_found".to_owned();
            held.wait(Waiting { on: WaitsOn::Person, code, cause, fix, raw: ids, since: now }, date).await
        }
        Err(error) => {
            held.intent.not_looked(now, &error.to_string());
            unsent(held, again_later(error, now), date).await
        }
    }
}
