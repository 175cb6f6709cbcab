//! What document-reading carries out; its main joins this to a queue, and tests join it to one in memory.

use documents::reading::read_document;
use documents::{DocumentError, Doors};
use envelopes::Work;
use lambda_kit::QueueMessage;
use ports::ScanReader;

/// Why a message comes back.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// See [`DocumentError`].
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A message for another function.
    #[error("not a message that document-reading can carry out")]
    Foreign,
}

/// Carries out one message; pictures with the reader of pictures, where one is set up.
pub async fn carry_out(
    doors: Doors<'_>,
    scans: Option<&dyn ScanReader>,
    message: QueueMessage,
) -> Result<(), WorkError> {
    match &message.envelope.work {
        Work::ReadDocument { organisation, document } => {
            Ok(read_document(doors, scans, organisation, *document).await?)
        }
        _ => Err(WorkError::Foreign),
    }
}
