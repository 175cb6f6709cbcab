//! The doors through which every effect passes.
//!
//! Owns the traits and the words they speak; never an implementation. Capabilities see only these; `aws` answers them
//! on AWS and `simulator` in memory, so a test replaces ports and never our own functions. Each effect has a time
//! limit, kept by the adapter, and each error says whether the effect may have happened.

mod blobs;
mod queue;
mod scans;
mod table;
mod transport;
mod vault;

use std::sync::Arc;

pub use blobs::{BlobError, Blobs, DownloadTerms, UploadForm, UploadTerms};
pub use queue::{Message, Queue, QueueError};
pub use scans::{Area, Expense, ScanError, ScanField, ScanReader, ScanRefusal, ScanText, Scanned};
pub use table::{Direction, Guard, Key, Query, Row, RowPage, Table, TableError, Write, Written};
pub use transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};
pub use vault::{Vault, VaultError};

use kernel::Timestamp;

/// Reads the time. The only way to it: pure code takes `now` as an argument.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Makes unpredictable bytes, fit for secrets.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Sixteen unpredictable bytes, the stuff of ids.
pub fn random_16(random: &dyn Random) -> [u8; 16] {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes
}

/// Every door at once, cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// The one table all functions share.
    pub table: Arc<dyn Table>,
    /// The queues between functions.
    pub queue: Arc<dyn Queue>,
    /// Sealing of tokens, and the app's secrets.
    pub vault: Arc<dyn Vault>,
    /// HTTPS to Xero.
    pub transport: Arc<dyn Transport>,
}
