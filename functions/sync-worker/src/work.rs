//! Each kind of envelope to the capability that carries it out.

use std::time::Duration;

use connections::{Access, DisconnectError, TokenError, delete_at_xero, keep_alive, run_test};
use envelopes::{Envelope, Work, XeroEvents};
use inbox::{note_sequence, note_unread};
use lambda_kit::QueueMessage;
use state::{ParkedWork, StoreError, park};
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
}

/// Carries out one message.
pub async fn carry_out(access: &Access, message: QueueMessage) -> Result<(), WorkError> {
    let envelope = message.envelope;
    match &envelope.work {
        Work::SyncRun(step) => Ok(sync::go_on(access, step, message.deadline).await?),
        Work::XeroEvents(events) => take_events(access, events).await,
        Work::WebhookUnread { app, .. } => Ok(note_unread(&*access.ports.table, app, access.ports.clock.now()).await?),
        Work::TestConnection { organisation, test } => Ok(run_test(access, organisation, test).await?),
        Work::Disconnect { organisation, generation } => {
            match delete_at_xero(access, organisation, *generation).await {
                Ok(_) | Err(DisconnectError::Unknown) => Ok(()),
                Err(DisconnectError::Token(TokenError::Busy { .. } | TokenError::Unavailable(_)))
                | Err(DisconnectError::Xero(_)) => come_back(access, &envelope, "Xero did not take the deletion").await,
                Err(error) => Err(error.into()),
            }
        }
        Work::KeepAlive { client, user, .. } => match keep_alive(access, client, *user).await {
            // Tomorrow's look asks again; there are forty days left.
            Ok(_) | Err(TokenError::Ended | TokenError::Busy { .. } | TokenError::Unavailable(_)) => Ok(()),
            Err(error) => Err(error.into()),
        },
    }
}

async fn take_events(access: &Access, events: &XeroEvents) -> Result<(), WorkError> {
    let now = access.ports.clock.now();
    note_sequence(&*access.ports.table, &events.app, events.first_sequence, events.last_sequence, now).await?;
    Ok(sync::take_events(access, events).await?)
}

/// Xero's troubles pass by themselves; a minute is as good as any other wait.
const WAIT: Duration = Duration::from_secs(60);

async fn come_back(access: &Access, envelope: &Envelope, reason: &str) -> Result<(), WorkError> {
    let now = access.ports.clock.now();
    let work = ParkedWork {
        until: now.saturating_add(WAIT).unwrap_or(now),
        reason: reason.to_owned(),
        envelope: envelope.to_json(),
        tail: envelope.dedupe(),
    };
    Ok(park(&*access.ports.table, &work).await.map_err(StoreError::from)?)
}
