//! What journal-posting carries out; its main joins this to a queue, and tests join it to one in memory.

use std::time::Duration;

use connections::{Access, load_connection};
use envelopes::{Envelope, Follower, Work};
use journals::{LINES_MAX, MANUAL_JOURNALS, ManualJournals, compare_changed};
use kernel::periods::days_after;
use kernel::{Date, OrganisationRef, Timestamp, local_date};
use lambda_kit::QueueMessage;
use postings::{PostingError, carry, resume_waiting};
use releases::{Published, publish, roll};
use suggestions::LookError;
use tie_outs::{Pace, TieOutError};

/// Why a message comes back.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// See [`PostingError`].
    #[error(transparent)]
    Posting(#[from] PostingError),
    /// See [`TieOutError`].
    #[error(transparent)]
    TieOut(#[from] TieOutError),
    /// See [`LookError`].
    #[error(transparent)]
    Look(#[from] LookError),
    /// A message for another function, or of a kind that this version does not post.
    #[error("not a message that journal-posting can carry out")]
    Foreign,
}

/// What a deployment decides for this function.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Lines of one journal of releases, 2 to [`LINES_MAX`]: Xero does not state its limit.
    pub lines_max: usize,
    /// How much of a tie-out one message carries out.
    pub pace: Pace,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lines_max: LINES_MAX, pace: Pace::default() }
    }
}

/// Carries out one message.
pub async fn carry_out(access: &Access, limits: Limits, message: QueueMessage) -> Result<(), WorkError> {
    match &message.envelope.work {
        Work::Post { organisation, entity, intent, .. } if entity == MANUAL_JOURNALS => {
            Ok(carry(access, &ManualJournals, organisation, intent, message.deadline).await?)
        }
        Work::ResumePostings { organisation, after, run } => {
            Ok(resume_waiting(access, organisation, after.as_ref(), run).await?)
        }
        Work::PostReleases { organisation, until, actor, wish, round } => {
            let wish = Wish { until: *until, actor: actor.as_deref(), name: wish, round: *round };
            Ok(post_releases(access, limits, organisation, &wish, message.deadline).await?)
        }
        Work::PostedChanged { organisation, entity, from, to, .. } if entity == MANUAL_JOURNALS => {
            compare_changed(access, organisation, *from..*to).await?;
            Ok(())
        }
        Work::FollowFeed { organisation, follower: Follower::Prepayments, to, round } => {
            let found = load_connection(&*access.ports.table, organisation).await.map_err(PostingError::from)?;
            let Some(connection) = found else { return Ok(()) };
            Ok(suggestions::look(access, &connection.value, *to, *round, message.deadline).await?)
        }
        Work::TieOut { organisation, tie_out, step } => {
            Ok(tie_outs::carry(access, organisation, tie_out, *step, limits.pace, message.deadline).await?)
        }
        _ => Err(WorkError::Foreign),
    }
}

/// Somebody's wish that releases be posted.
struct Wish<'a> {
    until: Option<Date>,
    actor: Option<&'a str>,
    name: &'a str,
    round: u32,
}

/// Time left for a last journal and its rows.
const JOURNAL_MARGIN: Duration = Duration::from_secs(30);

/// Puts due releases into journals; what is left when time runs out goes on by another envelope.
async fn post_releases(
    access: &Access,
    limits: Limits,
    whose: &OrganisationRef,
    wish: &Wish<'_>,
    deadline: Timestamp,
) -> Result<(), PostingError> {
    let Some(connection) = load_connection(&*access.ports.table, whose).await? else { return Ok(()) };
    let connection = connection.value;
    let today = local_date(connection.zone(), access.ports.clock.now());
    if wish.until.is_none() {
        roll(access, &connection, today).await?;
    }
    // Never early: a day has passed when the next one has begun at the organisation.
    let until = wish.until.unwrap_or(days_after(today, -1));
    let last_start = deadline.saturating_sub(JOURNAL_MARGIN).unwrap_or(deadline);
    if publish(access, &connection, until, wish.actor, limits.lines_max, last_start).await? == Published::All {
        return Ok(());
    }
    let envelope = Envelope::new(Work::PostReleases {
        organisation: whose.clone(),
        until: wish.until,
        actor: wish.actor.map(str::to_owned),
        wish: wish.name.to_owned(),
        round: wish.round + 1,
    });
    Ok(access.send(&envelope).await?)
}
