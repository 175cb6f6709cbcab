//! How a call can end without a result, sorted by who acts next.

use kernel::Timestamp;
use ports::{TableError, VaultError};
use state::StoreError;
use xero::RejectedReason;

/// Why a call, or the opening of a session, brought no result; sorted by who acts next.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The schedule acts: park the work until then.
    #[error("wait until {until}: {reason}")]
    Later {
        /// When to try again.
        until: Timestamp,
        /// Why, in words.
        reason: String,
        /// Whether Xero was not there, rather than a limit reached: then each further wait is longer.
        outage: bool,
    },
    /// A person must connect again; the connection says so. Work waits for that.
    #[error("the organisation is not connected: {0}")]
    NotConnected(&'static str),
    /// The connecting user's role or the granted scopes do not allow this read; others may work.
    #[error("Xero does not allow this with the granted scopes or the user's role")]
    NotAllowed,
    /// A person acts: Xero will never accept the request as it is.
    #[error("Xero rejected the request: {}", .0.first().map_or("", |reason| reason.message.as_str()))]
    Rejected(Vec<RejectedReason>),
    /// A person acts: the settings do not let this kind be written to Xero.
    #[error("the settings do not let {kind} be written to Xero")]
    NotWanted {
        /// The kind.
        kind: String,
    },
    /// The record is not there.
    #[error("Xero knows no such record")]
    NotFound,
    /// The answer was not Xero's API speaking.
    #[error("{0}")]
    Unreadable(String),
    /// The answer is longer than is read: ask for less at once.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLong {
        /// The bound.
        bytes_max: usize,
    },
    /// The operator acts: app credentials or secrets are wrong.
    #[error("the deployment is not set up: {0}")]
    Setup(String),
    /// Table trouble; the queue brings the message back.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Vault trouble; the queue brings the message back.
    #[error(transparent)]
    Vault(VaultError),
}

impl From<TableError> for CallError {
    fn from(error: TableError) -> Self {
        Self::Store(error.into())
    }
}
