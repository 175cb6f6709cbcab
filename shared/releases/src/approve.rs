//! Approving a schedule: its releases laid out, its first journal on its way, all or nothing.
//!
//! Release rows are written first and mean nothing by themselves; one transaction then stores the schedule together with
//! the posting of its first journal. Whoever is cut off in between approves again and gets the same.

use connections::{Access, Connection};
use futures::stream::{self, StreamExt};
use kernel::calendar::{Calendar, PeriodError};
use kernel::periods::Period;
use kernel::{Applied, Currency, Date, IntentId, MoneyError, OrganisationRef, ScheduleId, local_date};
use ports::{Guard, TableError, Written};
use postings::{PlanError, Plans, Posting, PostingError};
use state::{keys, put};

use crate::store::{ReleaseRow, RollingRow, ScheduleRow, load_schedule};
use journals::chart::{Chart, ChartFault};
use journals::closing::{calendar, closing_period};
use journals::posting::{JournalContent, LINES_MAX, MANUAL_JOURNALS, PostedAs};
use schedules::from_schedules::{initial_journal, released_journals};
use schedules::journal::{Journal, JournalError};
use schedules::plan::{PlanError as NoPlan, Release, carry_into, plan};
use schedules::running::still_to_post;
use schedules::schedule::{Schedule, ScheduleError, Terms};

/// What approving would do, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The schedule.
    pub schedule: Schedule,
    /// The period that is being closed.
    pub closing: Period,
    /// Until when it is in the books, when it was running elsewhere before.
    pub released_until: Option<Date>,
    /// The releases until then.
    pub in_books: Vec<Release>,
    /// The first journal; none for a rolling schedule and for one that was running before.
    pub initial: Option<Journal>,
    /// What each period gets, or is still to get.
    pub releases: Vec<Release>,
}

impl Proposal {
    /// Of a schedule that is new, or that was running elsewhere: then nothing is posted of what is in the books already.
    pub(crate) fn of(
        schedule: Schedule,
        released_until: Option<Date>,
        calendar: &Calendar,
        today: Date,
        closing: Period,
    ) -> Result<Self, ApproveError> {
        // A rolling schedule may be in the books for longer than it would be planned today.
        let planned = plan(&schedule, calendar, released_until.map_or(today, |until| until.max(today)))?;
        let left = released_until.map_or(planned.as_slice(), |until| still_to_post(&planned, until));
        let in_books = planned[..planned.len() - left.len()].to_vec();
        let releases = carry_into(&closing, left)?;
        let initial = if released_until.is_none() { initial_journal(&schedule, &closing)? } else { None };
        Ok(Self { schedule, closing, released_until, in_books, initial, releases })
    }
}

/// Why a schedule cannot be approved.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// Nothing is known of the organisation yet.
    #[error("the organisation has not been read yet; wait for its first sync")]
    NotRead,
    /// The id is too long to name a posting.
    #[error("the id must have at most {ID_CHARS_MAX} characters")]
    Id,
    /// Journals are in the currency of the books.
    #[error("the amount is in {given}, but journals are in the currency of the books, {books}")]
    Currency {
        /// The schedule's.
        given: Currency,
        /// The organisation's.
        books: Currency,
    },
    /// The stated closing period has not begun.
    #[error("the period that ends on {0} has not begun")]
    NotBegun(Date),
    /// Terms that do not hold together.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The calendar does not know a date.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// No plan.
    #[error(transparent)]
    Plan(#[from] NoPlan),
    /// Amounts beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// No journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What Xero would refuse.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Chart(Vec<ChartFault>),
    /// A schedule of this id was approved before, with other terms.
    #[error("a schedule of this id was approved before, otherwise")]
    Otherwise,
    /// Table or queue trouble.
    #[error(transparent)]
    Posting(#[from] PostingError),
}

impl From<TableError> for ApproveError {
    fn from(error: TableError) -> Self {
        Self::Posting(error.into())
    }
}

/// A posting's name begins with two characters more.
const ID_CHARS_MAX: usize = 60;
/// Release rows written at once.
const WRITES_AT_ONCE: usize = 16;

/// The posting of a schedule's first journal.
pub fn initial_intent(id: &ScheduleId) -> Option<IntentId> {
    (id.as_str().len() <= ID_CHARS_MAX).then(|| format!("s-{id}").parse().ok())?
}

/// Works out what approving these terms would do, and refuses what can be known to be wrong. Stores nothing.
///
/// `closing` names any day of the period that is being closed; the last that ended and is not locked when absent.
pub async fn propose(
    access: &Access,
    connection: &Connection,
    terms: Terms,
    closing: Option<Date>,
) -> Result<Proposal, ApproveError> {
    let facts = connection.facts.as_ref().ok_or(ApproveError::NotRead)?;
    let books: Currency = facts.base_currency.parse().map_err(|_| ApproveError::NotRead)?;
    initial_intent(&terms.id).ok_or(ApproveError::Id)?;
    let calendar = calendar(connection);
    let schedule = Schedule::try_new(terms, &calendar)?;
    if schedule.currency() != books {
        return Err(ApproveError::Currency { given: schedule.currency(), books });
    }
    let today = local_date(connection.zone(), access.ports.clock.now());
    let closing = match closing {
        Some(day) => calendar.period_of(day)?,
        None => closing_period(&calendar, today, connection.locked_until())?,
    };
    if today < closing.first {
        return Err(ApproveError::NotBegun(closing.last));
    }
    let proposal = Proposal::of(schedule, None, &calendar, today, closing)?;
    let sample = sample(&proposal.schedule, &proposal.releases);
    let faults = Chart::load(&*access.ports.table, &connection.whose).await?.check(sample.lines());
    if !faults.is_empty() {
        return Err(ApproveError::Chart(faults));
    }
    Ok(proposal)
}

/// A journal with the lines that every one of the schedule's journals has.
fn sample(schedule: &Schedule, releases: &[Release]) -> Journal {
    let release = releases.first().expect("a schedule that can be planned has releases");
    let journals = released_journals(&release.period, schedule.currency(), &[(schedule, release)], LINES_MAX);
    journals.ok().and_then(|mut journals| journals.pop()).expect("one release makes one journal")
}

/// Approves a schedule: the first journal is on its way, and every release has its row. The same again changes nothing.
pub async fn approve(
    access: &Access,
    connection: &Connection,
    proposal: Proposal,
    actor: &str,
) -> Result<Applied, ApproveError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    for _ in 0..2 {
        if let Some(before) = load_schedule(table, whose, proposal.schedule.id()).await? {
            return if before.value.says(&proposal) { Ok(Applied::Before) } else { Err(ApproveError::Otherwise) };
        }
        lay_out(access, whose, proposal.schedule.id(), &proposal.releases).await?;
        match store(access, whose, &proposal, actor).await {
            // Somebody approved the same id at the same moment: their row decides.
            Err(PlanError::Overtaken) => (),
            Err(PlanError::Otherwise(_)) => return Err(ApproveError::Otherwise),
            Err(PlanError::Posting(error)) => return Err(error.into()),
            Ok(applied) => return Ok(applied),
        }
    }
    Err(ApproveError::Otherwise)
}

/// Writes a row for each release. One that is there already is confirmed, so that nobody takes it for forgotten.
pub(crate) async fn lay_out(
    access: &Access,
    whose: &OrganisationRef,
    id: &ScheduleId,
    releases: &[Release],
) -> Result<(), TableError> {
    let (table, laid_at) = (&*access.ports.table, access.ports.clock.now());
    let laid = releases.iter().map(|release| async move {
        let key = keys::release(whose, release.period.last, id);
        let row = ReleaseRow { period: release.period.name, laid_at };
        let mut guard = Guard::Absent;
        for _ in 0..LAY_ATTEMPTS_MAX {
            guard = match table.write(put(key.clone(), guard, &row, None)).await? {
                Written::Stored => return Ok(()),
                Written::Conflict(found) => found.map_or(Guard::Absent, |found| Guard::Version(found.version)),
            };
        }
        Ok::<(), TableError>(())
    });
    let mut outcomes = stream::iter(laid).buffer_unordered(WRITES_AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        outcome?;
    }
    Ok(())
}

/// Attempts at one row while others write it too.
const LAY_ATTEMPTS_MAX: u32 = 4;

async fn store(
    access: &Access,
    whose: &OrganisationRef,
    proposal: &Proposal,
    actor: &str,
) -> Result<Applied, PlanError> {
    let (schedule, now) = (&proposal.schedule, access.ports.clock.now());
    let initial = proposal.initial.as_ref().and_then(|_| initial_intent(schedule.id()));
    let row = ScheduleRow {
        schedule: schedule.clone(),
        closing: proposal.closing,
        released_until: proposal.released_until,
        releases: [proposal.in_books.as_slice(), &proposal.releases].concat(),
        initial: initial.clone(),
        approved_by: actor.to_owned(),
        approved_at: now,
        posted_through: proposal.released_until,
        corrections: Vec::new(),
        removed: false,
    };
    let mut writes = vec![put(keys::schedule(whose, schedule.id()), Guard::Absent, &row, None)];
    if schedule.rolls() {
        writes.push(put(keys::rolling_schedule(whose, schedule.id()), Guard::Absent, &RollingRow {}, None));
    }
    let mut plans = Plans::with(writes);
    if let (Some(journal), Some(id)) = (&proposal.initial, initial) {
        let content = content(journal.clone(), Some(schedule));
        plans.add(whose, &Posting { id, kind: MANUAL_JOURNALS, actor, content: &content }, now);
    }
    plans.store(access).await
}

/// What moves cost between periods has no place in reports on a cash basis.
pub(crate) fn content(journal: Journal, schedule: Option<&Schedule>) -> JournalContent {
    let source = schedule.and_then(|schedule| schedule.terms().source.clone());
    JournalContent { journal, status: PostedAs::Posted, source, on_cash_basis: false }
}
