//! What journal-posting carries out; its main joins this to a queue, and tests join it to one in memory.

use connections::Access;
use envelopes::Work;
use journals::{MANUAL_JOURNALS, ManualJournals};
use lambda_kit::QueueMessage;
use postings::{PostingError, carry, resume_waiting};

/// Why a message comes back.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// See [`PostingError`].
    #[error(transparent)]
    Posting(#[from] PostingError),
    /// A message for another function, or of a kind that this version does not post.
    #[error("not a message that journal-posting can carry out")]
    Foreign,
}

/// Carries out one message.
pub async fn carry_out(access: &Access, message: QueueMessage) -> Result<(), WorkError> {
    match &message.envelope.work {
        Work::Post { organisation, entity, intent, .. } if entity == MANUAL_JOURNALS => {
            Ok(carry(access, &ManualJournals, organisation, intent, message.deadline).await?)
        }
        Work::ResumePostings { organisation, after, run } => {
            Ok(resume_waiting(access, organisation, after.as_ref(), run).await?)
        }
        _ => Err(WorkError::Foreign),
    }
}
