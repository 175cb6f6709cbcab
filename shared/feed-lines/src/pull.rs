//! All bank accounts of an organisation read, account by account and window by window, until it is done, must wait or runs
//! out of time.
//!
//! Each window ends with its place stored, so a reading that is cut off goes on there. What has changed is told once, at the
//! end.

use std::collections::BTreeMap;
use std::time::Duration;

use connections::{Access, CallError, Connection, Session, load_connection, parked};
use envelopes::{Envelope, FeedPull, Work};
use kernel::periods::days_after;
use kernel::{Date, OrganisationRef, Timestamp, iso_week, local_date};
use mirror::read::bank_accounts;
use ports::{Guard, QueueError, TableError, VaultError, Written};
use state::{StoreError, Stored, keys, park, put};
use tracing::{info, warn};
use xero::budget::Urgency;
use xero::scopes;

use crate::answer::{Answer, ReadLine, Window, read, request};
use crate::row::{FeedAccount, FeedLine, LastPull, Trouble, UnderWay, list_accounts, load_account, load_lines};

/// Days of an ordinary reading, in one call: people reconcile the last quarter.
pub const DAYS: u16 = 92;
/// Days of the reading that comes first, and then once a week.
pub const SWEEP_DAYS: i64 = 365;
/// Between two readings that nobody asked for lies so much time.
pub const PULL_INTERVAL: Duration = Duration::from_secs(3600);
/// Time left for one more call, or for a part of its lines to be written.
const MARGIN: Duration = Duration::from_secs(45);
/// Lines written between two looks at the time.
const WRITES_AT_ONCE: usize = 200;

/// Why a message comes back.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Queue trouble.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Vault trouble.
    #[error(transparent)]
    Vault(VaultError),
    /// The operator acts.
    #[error("the deployment is not set up: {0}")]
    Setup(String),
    /// Somebody else reads the same account at this moment.
    #[error("another worker reads the same account")]
    Overtaken,
}

impl From<TableError> for FeedError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}

/// How one step ended.
enum Pace {
    On,
    OutOfTime,
    Waits { until: Timestamp, reason: String },
    Lost,
}

/// Reads what is due. Nothing where the grant does not let it.
pub async fn pull(access: &Access, wish: &FeedPull, deadline: Timestamp) -> Result<(), FeedError> {
    let table = &*access.ports.table;
    let Some(connection) = load_connection(table, &wish.organisation).await? else { return Ok(()) };
    if !scopes::reads_statement_lines(&connection.value.granted) {
        return Ok(());
    }
    match carry_on(access, &connection.value, wish, deadline).await? {
        // Lost: the connection says why, and after a reconnect the next sync asks again. What was read is told all the same.
        Pace::On | Pace::Lost => tell(access, wish).await,
        Pace::OutOfTime => {
            let next = FeedPull { round: wish.round + 1, ..wish.clone() };
            Ok(access.send(&Envelope::new(Work::PullFeedLines(next))).await?)
        }
        Pace::Waits { until, reason } => {
            let envelope = Envelope::new(Work::PullFeedLines(wish.clone()));
            Ok(park(table, &parked(&envelope, until, &reason)).await?)
        }
    }
}

async fn carry_on(
    access: &Access,
    connection: &Connection,
    wish: &FeedPull,
    deadline: Timestamp,
) -> Result<Pace, FeedError> {
    let table = &*access.ports.table;
    let (now, whose) = (access.ports.clock.now(), &connection.whose);
    // Xero refuses days in the future, and does not say by whose calendar.
    let today = local_date(connection.zone(), now).min(local_date("UTC", now));
    let (mut session, mut refused) = (None, false);
    for account in bank_accounts(table, whose).await? {
        let Some(mut reader) = Reader::start(access, whose, wish, account.id, today, now).await? else { continue };
        if refused {
            // Xero was asked once: what it does not allow is the same for every account.
            reader.end(Some(Trouble::NotAllowed)).await?;
            continue;
        }
        let session = match &mut session {
            Some(session) => session,
            empty => match open(access, whose, wish.urgent).await? {
                Ok(opened) => empty.insert(opened),
                Err(pace) => return Ok(pace),
            },
        };
        match reader.go_on(session, deadline).await? {
            Pace::On => refused = reader.is_refused(),
            pace => return Ok(pace),
        }
    }
    Ok(Pace::On)
}

async fn open<'a>(
    access: &'a Access,
    whose: &OrganisationRef,
    urgent: bool,
) -> Result<Result<Session<'a>, Pace>, FeedError> {
    let urgency = if urgent { Urgency::Person } else { Urgency::Background };
    match Session::open(access, whose, urgency).await {
        Ok(session) => Ok(Ok(session)),
        Err(error) => match sort(error)? {
            Met::Pause(pace) => Ok(Err(pace)),
            Met::Trouble(_) | Met::TooLong => Ok(Err(Pace::Lost)),
        },
    }
}

/// What a call met, sorted by what follows.
enum Met {
    Pause(Pace),
    Trouble(Trouble),
    TooLong,
}

fn sort(error: CallError) -> Result<Met, FeedError> {
    Ok(match error {
        CallError::Later { until, reason, .. } => Met::Pause(Pace::Waits { until, reason }),
        CallError::NotConnected(_) => Met::Pause(Pace::Lost),
        CallError::NotAllowed => Met::Trouble(Trouble::NotAllowed),
        CallError::TooLong { .. } => Met::TooLong,
        CallError::Unreadable(_) => Met::Trouble(Trouble::Unreadable),
        CallError::Rejected(reasons) => {
            let words = reasons.into_iter().next().map(|reason| reason.message).unwrap_or_default();
            Met::Trouble(Trouble::Refused { words })
        }
        error @ (CallError::NotFound | CallError::NotWanted { .. }) => {
            Met::Trouble(Trouble::Refused { words: error.to_string() })
        }
        CallError::Setup(words) => return Err(FeedError::Setup(words)),
        CallError::Store(error) => return Err(error.into()),
        CallError::Vault(error) => return Err(FeedError::Vault(error)),
    })
}

/// Says that lines changed, once all accounts are read.
async fn tell(access: &Access, wish: &FeedPull) -> Result<(), FeedError> {
    let accounts = list_accounts(&*access.ports.table, &wish.organisation).await?;
    let served = || accounts.iter().filter_map(|account| account.last.as_ref()).filter(|last| last.wish == wish.wish);
    let (lines, changed) = (served().map(|last| last.lines).sum::<usize>(), served().any(|last| last.changed));
    info!(tenant.id = %wish.organisation.tenant, lines, changed, "Bank statement lines were read");
    let connection = load_connection(&*access.ports.table, &wish.organisation).await?;
    let Some(settings) = connection.filter(|_| changed).map(|found| found.value.settings) else { return Ok(()) };
    let (organisation, wish) = (wish.organisation.clone(), format!("lines-{}", wish.wish));
    if settings.has("document_requests") {
        let work = Work::EvaluateRequests { organisation: organisation.clone(), wish: wish.clone() };
        access.send(&Envelope::new(work)).await?;
    }
    if settings.has("bank_reconciliation") {
        let work = Work::Reconcile { organisation, account: None, statement: None, wish };
        access.send(&Envelope::new(work)).await?;
    }
    Ok(())
}

/// One account being read.
struct Reader<'a> {
    access: &'a Access,
    whose: &'a OrganisationRef,
    row: Stored<FeedAccount>,
    under_way: UnderWay,
}

impl<'a> Reader<'a> {
    /// Begins, or goes on where the row says; `None` when nothing is due.
    async fn start(
        access: &'a Access,
        whose: &'a OrganisationRef,
        wish: &FeedPull,
        account: String,
        today: Date,
        now: Timestamp,
    ) -> Result<Option<Self>, FeedError> {
        let found = load_account(&*access.ports.table, whose, &account).await?;
        let fresh = || Stored { value: FeedAccount { account, ..FeedAccount::default() }, version: 0 };
        let row = found.unwrap_or_else(fresh);
        let resumed = row.value.under_way.clone().filter(|under_way| under_way.wish == wish.wish);
        if let Some(under_way) = resumed {
            let under_way = UnderWay { changed: true, ..under_way };
            return Ok(Some(Self { access, whose, row, under_way }));
        }
        let last = row.value.last.as_ref();
        let recent = |last: &LastPull| last.at.saturating_add(PULL_INTERVAL).is_ok_and(|due| now < due);
        if last.is_some_and(|last| last.wish == wish.wish || (!wish.urgent && recent(last))) {
            return Ok(None);
        }
        let sweeps = last.is_none_or(|last| last.swept_week != iso_week(now));
        let days = if sweeps { SWEEP_DAYS } else { i64::from(DAYS) };
        let under_way = UnderWay {
            wish: wish.wish.clone(),
            to: today,
            first: days_after(today, 1 - days),
            next: today,
            days: DAYS,
            lines: 0,
            unreadable: 0,
            changed: false,
        };
        let mut reader = Self { access, whose, row, under_way };
        reader.keep_place().await?;
        Ok(Some(reader))
    }

    async fn go_on(&mut self, session: &mut Session<'_>, deadline: Timestamp) -> Result<Pace, FeedError> {
        let last_start = deadline.saturating_sub(MARGIN).unwrap_or(deadline);
        let mut trouble = None;
        while trouble.is_none() && self.under_way.first <= self.under_way.next {
            if self.access.ports.clock.now() >= last_start {
                return Ok(Pace::OutOfTime);
            }
            let to = self.under_way.next;
            let from = days_after(to, 1 - i64::from(self.under_way.days)).max(self.under_way.first);
            let window = Window { from, to };
            let answer = session.read(&request(&self.row.value.account, window)).await;
            match answer.map_err(sort) {
                Ok(response) => match read(&response.body, &self.row.value.account, window) {
                    Ok(answer) if !self.apply(window, &answer, last_start).await? => return Ok(Pace::OutOfTime),
                    Ok(answer) => self.move_on(window, &answer).await?,
                    Err(error) => {
                        warn!(tenant.id = %self.whose.tenant, error = %error, "Statement lines could not be read");
                        trouble = Some(Trouble::Unreadable);
                    }
                },
                Err(met) => match met? {
                    Met::Pause(pace) => return Ok(pace),
                    Met::Trouble(met) => trouble = Some(met),
                    Met::TooLong if self.under_way.days == 1 => trouble = Some(Trouble::TooLong { day: to }),
                    Met::TooLong => {
                        self.under_way.days /= 2;
                        self.keep_place().await?;
                    }
                },
            }
        }
        self.end(trouble).await?;
        Ok(Pace::On)
    }

    /// Counts a window that was applied, and stores its place unless it was the last.
    async fn move_on(&mut self, window: Window, answer: &Answer) -> Result<(), FeedError> {
        self.under_way.lines += answer.lines.len();
        self.under_way.unreadable += answer.unreadable;
        self.under_way.next = days_after(window.from, -1);
        if self.under_way.first <= self.under_way.next { self.keep_place().await } else { Ok(()) }
    }

    /// Writes what changed in a window; `false` when time ran out before its end. What was written then is unchanged when
    /// the window is read again.
    async fn apply(&mut self, window: Window, answer: &Answer, last_start: Timestamp) -> Result<bool, FeedError> {
        let (table, account) = (&*self.access.ports.table, self.row.value.account.as_str());
        let stored = load_lines(table, self.whose, account, window.from, window.to).await?;
        let named = stored.into_iter().map(|line| ((line.value.date, line.value.id.clone()), line));
        let mut before: BTreeMap<(Date, String), Stored<FeedLine>> = named.collect();
        let mut writes = Vec::new();
        for line in &answer.lines {
            let key = keys::feed_line(self.whose, account, line.date, &line.id);
            let fresh = listed(line, answer);
            match before.remove(&(line.date, line.id.clone())) {
                Some(stored) if stored.value == fresh => (),
                Some(stored) => writes.push(put(key, stored.guard(), &fresh, None)),
                None => writes.push(put(key, Guard::Absent, &fresh, None)),
            }
        }
        // An element that could not be read may be any of the lines that seem to be missing.
        let missing = before.into_values().filter(|stored| answer.unreadable == 0 && !stored.value.gone);
        for stored in missing {
            let (guard, gone) = (stored.guard(), FeedLine { gone: true, ..stored.value });
            writes.push(put(keys::feed_line(self.whose, account, gone.date, &gone.id), guard, &gone, None));
        }
        self.under_way.changed |= !writes.is_empty();
        for (count, write) in writes.into_iter().enumerate() {
            if count % WRITES_AT_ONCE == WRITES_AT_ONCE - 1 && self.access.ports.clock.now() >= last_start {
                return Ok(false);
            }
            match table.write(write).await? {
                Written::Stored => (),
                Written::Conflict(_) => return Err(FeedError::Overtaken),
            }
        }
        Ok(true)
    }

    async fn end(&mut self, trouble: Option<Trouble>) -> Result<(), FeedError> {
        let now = self.access.ports.clock.now();
        let under_way = self.under_way.clone();
        let row = &mut self.row.value;
        let swept = trouble.is_none() && days_after(under_way.first, SWEEP_DAYS) <= days_after(under_way.to, 1);
        let earlier = row.last.take().map(|last| last.swept_week).unwrap_or_default();
        if trouble.is_none() {
            row.since = Some(row.since.map_or(under_way.first, |since| since.min(under_way.first)));
        }
        row.under_way = None;
        row.last = Some(LastPull {
            wish: under_way.wish,
            at: now,
            from: under_way.first,
            to: under_way.to,
            lines: under_way.lines,
            unreadable: under_way.unreadable,
            changed: under_way.changed,
            trouble,
            swept_week: if swept { iso_week(now) } else { earlier },
        });
        self.store().await
    }

    fn is_refused(&self) -> bool {
        self.row.value.last.as_ref().is_some_and(|last| last.trouble == Some(Trouble::NotAllowed))
    }

    async fn keep_place(&mut self) -> Result<(), FeedError> {
        self.row.value.under_way = Some(self.under_way.clone());
        self.store().await
    }

    async fn store(&mut self) -> Result<(), FeedError> {
        let guard = if self.row.version == 0 { Guard::Absent } else { self.row.guard() };
        let key = keys::feed_account(self.whose, &self.row.value.account);
        match self.access.ports.table.write(put(key, guard, &self.row.value, None)).await? {
            Written::Stored => self.row.version = guard.next_version(),
            Written::Conflict(_) => return Err(FeedError::Overtaken),
        }
        Ok(())
    }
}

fn listed(line: &ReadLine, answer: &Answer) -> FeedLine {
    let ReadLine { id, date, fields } = line.clone();
    FeedLine { id, currency: answer.currency, date, line: fields, gone: false }
}
