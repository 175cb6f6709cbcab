//! Changing course: a schedule gets other terms, or ends, and what was posted is brought to what is wanted.
//!
//! What a schedule has put into the books by a day is its first journal and its releases until then; both follow from its
//! row alone, whatever version it is. A change brings that to what the new version would have put there: journals of the
//! period that is being closed are changed themselves, or taken out of the books; for what lies before, one journal makes
//! the difference. From there on the new version goes its way: the books are as if it had been agreed at the start.
//!
//! The fence against a night that puts the old version's release into a journal meanwhile is the number of a period's
//! journal: a change takes the next number of every period that could be published.

use connections::{Access, Connection};
use journals::MANUAL_JOURNALS;
use journals::closing::calendar;
use kernel::periods::Period;
use kernel::{Date, IntentId, MoneyError, ScheduleId, local_date};
use ports::{Guard, TableError, Write};
use postings::{PlanError, Plans, Posting, PostingError};
use schedules::{Journal, JournalError, Release, Schedule, Terms, carry_into, plan};
use state::{Intent, IntentState, Stored, keys, load, put};

use crate::approve::{ApproveError, Proposal, content, lay_out, propose};
use crate::correct::{CorrectBy, InJournals, JournalRevision, Target, as_posted, revisions};
use crate::store::{Batch, ScheduleRow, list_batches, list_released, load_schedule};
use crate::sums::Sums;

/// What is wanted of a schedule from now on.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Other terms under the same id.
    Terms(Box<Terms>),
    /// Nothing any more: what was posted is taken back.
    Removed,
}

/// A change that a person asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What of it.
    pub wanted: Wanted,
    /// A day of the period that is being closed; the last one that ended and is not locked when absent.
    pub closing: Option<Date>,
    /// Which journals may be touched.
    pub correct_by: CorrectBy,
}

/// What a change would do, or did.
#[derive(Clone, Debug)]
pub struct Change {
    /// The period that is being closed.
    pub closing: Period,
    /// The last day whose release is in a journal already.
    pub posted_through: Option<Date>,
    /// Journals that change themselves, oldest first.
    pub revisions: Vec<JournalRevision>,
    /// The journal that makes the rest of the difference; none when nothing is left.
    pub correction: Option<Journal>,
    /// What is released from now on.
    pub releases: Vec<Release>,
    next: Option<(Schedule, Vec<Release>)>,
}

/// Why a schedule cannot be changed so.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// No such schedule.
    #[error("there is no such schedule")]
    Unknown,
    /// It was removed before.
    #[error("the schedule was removed before")]
    Removed,
    /// A schedule keeps its id and its kind.
    #[error("a schedule keeps its id and its kind; remove this one and approve another")]
    Another,
    /// A schedule without an end is ended by removing it, or by giving it a last day.
    #[error("a schedule cannot begin or cease to be rolling; remove this one and approve another")]
    Rolling,
    /// One of its journals is out of the books.
    #[error("the journal {0} was voided in Xero; post it anew or record it first")]
    Voided(IntentId),
    /// More periods are due than can be kept out of a publishing at once.
    #[error("more than {FENCED_MAX} releases of this schedule are due; publish them first")]
    Behind,
    /// Somebody else changed it, or published, at the same moment.
    #[error("something changed meanwhile; look at it again")]
    Overtaken,
    /// What approving the new terms would refuse.
    #[error(transparent)]
    Terms(#[from] ApproveError),
    /// Amounts beyond all bounds.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// No journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Table or queue trouble.
    #[error(transparent)]
    Posting(#[from] PostingError),
}

impl From<TableError> for ChangeError {
    fn from(error: TableError) -> Self {
        Self::Posting(error.into())
    }
}

/// Works out what a change would do. Stores nothing.
pub async fn propose_change(
    access: &Access,
    connection: &Connection,
    id: &ScheduleId,
    asked: &Asked,
) -> Result<(Change, Stored<ScheduleRow>), ChangeError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let found = load_schedule(table, whose, id).await?.ok_or(ChangeError::Unknown)?;
    let now = &found.value;
    let proposal = check_wanted(access, connection, now, asked).await?;
    check_standing(access, connection, now).await?;
    let posted = in_journals(access, connection, now).await?;
    let posted_through = posted.releases.last().map(|(period, _)| period.last).max(now.posted_through);
    let mut sums = Sums::default();
    sums.add(&now.schedule, &now.releases, posted_through, -1)?;
    let (mut next, mut past, mut releases) = (None, Vec::new(), Vec::new());
    if let Wanted::Terms(_) = asked.wanted {
        let today = local_date(connection.zone(), access.ports.clock.now());
        let planned = plan(&proposal.schedule, &calendar(connection), today).map_err(ApproveError::from)?;
        let is_past = |release: &Release| posted_through.is_some_and(|through| release.period.last <= through);
        // Of the new plan, what belongs to periods whose release is posted comes with the correction; what is late since
        // then is released in the closing period.
        let (before, rest): (Vec<Release>, Vec<Release>) = planned.into_iter().partition(is_past);
        releases = carry_into(&proposal.closing, &rest)?;
        sums.add(&proposal.schedule, &before, posted_through, 1)?;
        let stored = [as_posted(&before, now.released_until, &posted)?, releases.clone()].concat();
        next = Some((proposal.schedule, stored));
        past = before;
    }
    let target = Target {
        now: &now.schedule,
        next: next.as_ref().map(|(schedule, _)| (schedule, past.as_slice())),
        released_until: now.released_until,
        closing: &proposal.closing,
        correct_by: asked.correct_by,
    };
    let revisions = revisions(access, connection, &target, &posted, &mut sums).await?;
    let word = if next.is_some() { "Correction" } else { "Removal" };
    let narration = format!("{word}: {} [{id}]", now.schedule.terms().description);
    let correction = sums.journal(&now.schedule, proposal.closing.last, &narration)?;
    Ok((Change { closing: proposal.closing, posted_through, revisions, correction, releases, next }, found))
}

/// What approving the wanted terms would do, if a schedule can get them at all.
async fn check_wanted(
    access: &Access,
    connection: &Connection,
    now: &ScheduleRow,
    asked: &Asked,
) -> Result<Proposal, ChangeError> {
    if now.removed {
        return Err(ChangeError::Removed);
    }
    let terms = match &asked.wanted {
        Wanted::Terms(terms) => (**terms).clone(),
        Wanted::Removed => now.schedule.terms().clone(),
    };
    if terms.id != *now.schedule.id() || terms.kind != now.schedule.terms().kind {
        return Err(ChangeError::Another);
    }
    let proposal = propose(access, connection, terms, asked.closing).await?;
    if proposal.schedule.rolls() == now.schedule.rolls() { Ok(proposal) } else { Err(ChangeError::Rolling) }
}

/// Refuses while one of the schedule's journals is out of the books.
async fn check_standing(access: &Access, connection: &Connection, row: &ScheduleRow) -> Result<(), ChangeError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let released = list_released(table, whose, row.schedule.id()).await?;
    let intents = released.iter().map(|row| &row.intent).chain(&row.initial).chain(&row.corrections);
    for id in intents {
        let Some(intent) = load::<Intent>(table, &keys::intent(whose, id)).await? else { continue };
        if matches!(&intent.value.state, IntentState::Waiting(waiting) if waiting.code == "voided_in_xero") {
            return Err(ChangeError::Voided(id.clone()));
        }
    }
    Ok(())
}

/// The journals that a schedule is in. A journal counts from when its batch is stored, whether or not the release's row
/// has moved yet.
async fn in_journals(access: &Access, connection: &Connection, row: &ScheduleRow) -> Result<InJournals, ChangeError> {
    let (table, whose, id) = (&*access.ports.table, &connection.whose, row.schedule.id());
    let released = list_released(table, whose, id).await?;
    let mut releases: Vec<(Period, IntentId)> = released.iter().map(|row| (row.period, row.intent.clone())).collect();
    let through = released.last().map(|row| row.period.last).max(row.posted_through);
    for release in publishable(access, connection, &row.releases, through) {
        let batches = list_batches(table, whose, release.period.name, release.amount.currency).await?;
        let batch = batches.into_iter().find(|batch| batch.schedules.contains(id));
        releases.extend(batch.map(|batch| (release.period, batch.intent)));
    }
    Ok(InJournals { first: row.initial.clone(), releases, corrections: row.corrections.clone() })
}

/// Releases that a night or a person could be publishing at this moment.
fn publishable<'a>(
    access: &Access,
    connection: &Connection,
    releases: &'a [Release],
    through: Option<Date>,
) -> impl Iterator<Item = &'a Release> {
    let today = local_date(connection.zone(), access.ports.clock.now());
    let fresh = move |release: &&Release| through.is_none_or(|through| through < release.period.last);
    // Publish now may take the period that holds today, and none that has not begun.
    releases.iter().filter(fresh).take_while(move |release| release.period.first <= today)
}

/// Carries a change out: journals and correction are on their way, and the new version goes on from where the old one
/// stands.
pub async fn change(
    access: &Access,
    connection: &Connection,
    id: &ScheduleId,
    asked: &Asked,
    actor: &str,
) -> Result<(Change, Option<IntentId>), ChangeError> {
    let (whose, now) = (&connection.whose, access.ports.clock.now());
    // The numbers come first: a journal that is stored after that makes the change start again.
    let mut writes = fence(access, connection, id).await?;
    let (change, found) = propose_change(access, connection, id, asked).await?;
    let mut row = found.value.clone();
    let correction = change.correction.as_ref().map(|_| correction_intent(id, row.corrections.len() + 1));
    row.corrections.extend(correction.clone());
    row.posted_through = change.posted_through;
    match &change.next {
        Some((schedule, releases)) => {
            lay_out(access, whose, id, &change.releases).await?;
            (row.schedule, row.releases, row.closing) = (schedule.clone(), releases.clone(), change.closing);
        }
        None => {
            row.removed = true;
            row.releases.retain(|release| change.posted_through.is_some_and(|through| release.period.last <= through));
        }
    }
    writes.push(put(keys::schedule(whose, id), found.guard(), &row, None));
    let mut plans = Plans::with(writes);
    let reason = reason(id, row.removed, actor);
    for JournalRevision { posting, revised, .. } in &change.revisions {
        if !plans.revise(access, whose, posting, revised, actor, &reason).await? {
            return Err(ChangeError::Overtaken);
        }
    }
    if let (Some(journal), Some(intent)) = (&change.correction, &correction) {
        let content = content(journal.clone(), Some(&row.schedule));
        let posting = Posting { id: intent.clone(), kind: MANUAL_JOURNALS, actor, content: &content };
        plans.add(whose, &posting, now);
    }
    match plans.store(access).await {
        Ok(_) => Ok((change, correction)),
        Err(PlanError::Posting(error)) => Err(error.into()),
        Err(PlanError::Overtaken | PlanError::Otherwise(_)) => Err(ChangeError::Overtaken),
    }
}

/// What a posting says of why it was changed or given up.
fn reason(id: &ScheduleId, removed: bool, actor: &str) -> String {
    format!("{SCHEDULE}{id} was {} by {actor}", if removed { "removed" } else { "changed" })
}

const SCHEDULE: &str = "schedule ";

/// Whether a posting that is recorded for this reason was given up by a change of its schedule, rather than by a person
/// who says that it is in the books or not wanted.
pub fn gave_up(reason: &str) -> bool {
    let said = reason.strip_prefix(SCHEDULE).and_then(|rest| rest.split_once(' '));
    said.is_some_and(|(id, rest)| {
        id.parse::<ScheduleId>().is_ok() && (rest.starts_with("was removed by ") || rest.starts_with("was changed by "))
    })
}

/// The posting of a schedule's correction.
fn correction_intent(id: &ScheduleId, number: usize) -> IntentId {
    format!("c{number}-{id}").chars().take(64).collect::<String>().parse().expect("a schedule's id with a beginning")
}

/// An empty journal number of every period that could be published at this moment.
async fn fence(access: &Access, connection: &Connection, id: &ScheduleId) -> Result<Vec<Write>, ChangeError> {
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let row = load_schedule(table, whose, id).await?.ok_or(ChangeError::Unknown)?.value;
    let released = list_released(table, whose, id).await?;
    let through = released.last().map(|row| row.period.last).max(row.posted_through);
    let mut writes = Vec::new();
    for release in publishable(access, connection, &row.releases, through) {
        if writes.len() == FENCED_MAX {
            return Err(ChangeError::Behind);
        }
        let (period, currency) = (release.period.name, release.amount.currency);
        let number = list_batches(table, whose, period, currency).await?.len() + 1;
        let batch = Batch { intent: correction_intent(id, row.corrections.len() + 1), schedules: Vec::new() };
        writes.push(put(keys::batch(whose, period, currency, number), Guard::Absent, &batch, None));
    }
    Ok(writes)
}

/// Periods that can be kept out of a publishing at once: a transaction has a hundred writes, and each journal that changes
/// itself takes four of them.
const FENCED_MAX: usize = 60;
