//! What document-publishing carries out; its main joins this to a queue, and tests join it to one in memory.

use connections::{Connection, load_connection};
use documents::Doors;
use envelopes::{Follower, Work};
use kernel::{IntentId, OrganisationRef, Timestamp};
use lambda_kit::QueueMessage;
use postings::{PostingError, carry};
use publishing::follow::{FollowError, follow_documents};
use publishing::writers::{Bills, Files, Notes, Suppliers};
use publishing::{FILES, NOTES, SUPPLIERS, advance, document_of, kind_of};
use requests::follow::{FollowError as RequestsError, follow_requests};
use requests::{EvaluateError, evaluate};

/// Why a message comes back.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// See [`PostingError`].
    #[error(transparent)]
    Posting(#[from] PostingError),
    /// See [`FollowError`].
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// See [`RequestsError`].
    #[error(transparent)]
    Requests(#[from] RequestsError),
    /// See [`EvaluateError`].
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// A message for another function, or of a kind that this version does not publish.
    #[error("not a message that document-publishing can carry out")]
    Foreign,
}

/// Carries out one message.
pub async fn carry_out(doors: Doors<'_>, message: QueueMessage) -> Result<(), WorkError> {
    match &message.envelope.work {
        Work::Post { organisation, entity, intent, .. } => {
            step(doors, organisation, entity, intent, message.deadline).await
        }
        Work::FollowFeed { organisation, follower: Follower::Documents, to, round } => {
            Ok(follow_documents(doors.access, organisation, *to, *round, message.deadline).await?)
        }
        Work::FollowFeed { organisation, follower: Follower::Requests, to, round } => {
            let Some(connection) = connected(doors, organisation).await? else { return Ok(()) };
            Ok(follow_requests(doors.access, &connection, *to, *round, message.deadline).await?)
        }
        Work::EvaluateRequests { organisation, .. } => {
            let Some(connection) = connected(doors, organisation).await? else { return Ok(()) };
            evaluate(doors.access, &connection).await?;
            Ok(())
        }
        _ => Err(WorkError::Foreign),
    }
}

async fn connected(doors: Doors<'_>, whose: &OrganisationRef) -> Result<Option<Connection>, WorkError> {
    let found = load_connection(&*doors.access.ports.table, whose).await.map_err(PostingError::from)?;
    Ok(found.map(|found| found.value))
}

/// One step of a publication, and the next one planned. A step that ended before is left alone, and what follows it is
/// planned if it is not.
async fn step(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    entity: &str,
    intent: &IntentId,
    deadline: Timestamp,
) -> Result<(), WorkError> {
    let access = doors.access;
    match entity {
        SUPPLIERS => carry(access, &Suppliers, whose, intent, deadline).await?,
        FILES => {
            let files = Files::of(access, doors.blobs, whose, intent).await?;
            carry(access, &files, whose, intent, deadline).await?;
        }
        NOTES => carry(access, &Notes, whose, intent, deadline).await?,
        _ => {
            let kind = kind_of(entity).ok_or(WorkError::Foreign)?;
            carry(access, &Bills(kind), whose, intent, deadline).await?;
        }
    }
    if let Some(document) = document_of(intent) {
        advance(access, whose, document).await?;
    }
    Ok(())
}
