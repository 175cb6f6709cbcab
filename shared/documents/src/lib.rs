//! Documents from the upload to what was read of them: announced, taken in, read.
//!
//! Owns the rows of documents, what a file may be, and that the same file is taken in once. What a document says, the crate
//! `readings` finds out. Never holds a Xero token, and never sends anything to Xero.
//!
//! | module | what is in it |
//! |---|---|
//! | [`names`] | what a file may be called |
//! | [`kinds`] | what a file is, by its bytes, and how large it may be |
//! | [`row`] | a document as it is stored |
//! | [`upload`] | a file announced: its form signed, or its bytes stored |
//! | [`intake`] | a file that arrived: checked, compared with those there are, taken in |
//! | [`kept`] | values of ours that are too large for a row |
//! | [`reading`] | a document read, at the cost of nothing but itself |
//! | [`scan`] | which pictures a reader of pictures is asked about, and how its refusals are told |

pub mod intake;
pub mod kept;
pub mod kinds;
pub mod names;
pub mod reading;
pub mod row;
pub mod scan;
pub mod upload;

use connections::Access;
use ports::{BlobError, Blobs, QueueError, ScanError, TableError};
use state::StoreError;

/// Everything a step needs.
#[derive(Clone, Copy)]
pub struct Doors<'a> {
    /// Table, queues, time.
    pub access: &'a Access,
    /// Files.
    pub blobs: &'a dyn Blobs,
}

/// Why a step comes back.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Queue trouble.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Storage trouble.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// A reader of pictures failed, which it may do once.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// Somebody else wrote the same document too often meanwhile.
    #[error("the document was changed at the same moment; look at it again")]
    Overtaken,
}

impl From<TableError> for DocumentError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}
