//! Each kind of envelope to the capability that carries it out.

use connections::{Access, DisconnectError, TokenError, delete_at_xero, keep_alive, run_test, try_again};
use envelopes::Work;
use feed_lines::{FeedError, pull};
use inbox::{note_sequence, note_unread};
use kernel::{ClientId, OrganisationRef, XeroUserId};
use lambda_kit::QueueMessage;
use state::StoreError;
use sync::SyncError;

/// Why a message comes back.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// See [`SyncError`].
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Tokens could not be had.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A connection could not be deleted at Xero.
    #[error(transparent)]
    Disconnect(#[from] DisconnectError),
    /// See [`FeedError`].
    #[error(transparent)]
    Lines(#[from] FeedError),
    /// A message for another function.
    #[error("not a message that sync-worker can carry out")]
    Foreign,
}

/// Carries out one message.
pub async fn carry_out(access: &Access, message: QueueMessage) -> Result<(), WorkError> {
    let envelope = message.envelope;
    let (table, now) = (&*access.ports.table, access.ports.clock.now());
    match &envelope.work {
        Work::SyncRun(step) => Ok(sync::go_on(access, step, message.deadline).await?),
        Work::XeroEvents(events) => Ok(sync::take_events(access, events, message.deadline).await?),
        Work::WebhookReceived { app, first, last } => Ok(note_sequence(table, app, *first, *last, now).await?),
        Work::WebhookUnread { app, .. } => Ok(note_unread(table, app, now).await?),
        Work::TestConnection { organisation, test } => Ok(run_test(access, organisation, test).await?),
        Work::Disconnect { organisation, generation } => give_back(access, organisation, *generation).await,
        Work::KeepAlive { client, user, .. } => keep_tokens(access, client, *user).await,
        Work::PullFeedLines(wish) => Ok(pull(access, wish, message.deadline).await?),
        Work::Post { .. }
        | Work::ResumePostings { .. }
        | Work::PostReleases { .. }
        | Work::TieOut { .. }
        | Work::PostedChanged { .. }
        | Work::FollowFeed { .. }
        | Work::EvaluateRequests { .. }
        | Work::ReadDocument { .. }
        | Work::ReadStatement { .. }
        | Work::Reconcile { .. } => Err(WorkError::Foreign),
    }
}

/// Deletes a connection at Xero. The schedule asks again as long as it is not done, so nothing waits here.
async fn give_back(access: &Access, organisation: &OrganisationRef, generation: u64) -> Result<(), WorkError> {
    match delete_at_xero(access, organisation, generation).await {
        Ok(_) | Err(DisconnectError::Unknown) => Ok(()),
        Err(error @ DisconnectError::Store(_)) => Err(error.into()),
        Err(error) => {
            let reason = lambda_kit::chain(&error);
            tracing::warn!(tenant.id = %organisation.tenant, reason, "Xero did not take a deletion; it is tried again");
            Ok(())
        }
    }
}

/// Refreshes tokens for their own sake. A lost answer must be repeated within Xero's half hour, so it comes back soon.
async fn keep_tokens(access: &Access, client: &ClientId, user: XeroUserId) -> Result<(), WorkError> {
    match keep_alive(access, client, user).await {
        // The daily look finds an ended authorisation and says so on its connections.
        Ok(_) | Err(TokenError::Ended) => Ok(()),
        Err(TokenError::Busy { .. } | TokenError::Unavailable(_)) => {
            Ok(try_again(access, client, user).await.map_err(StoreError::from)?)
        }
        Err(error) => Err(error.into()),
    }
}
