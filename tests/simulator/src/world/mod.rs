//! A test world: every port in memory, virtual time, seeded randomness, faults at any call.
//!
//! Replaces ports and never our own functions. A world counts every port call; it can be told to fail at the n-th, as
//! a crash would: the effect may have happened, the answer is lost, and every later call of that worker fails too.

mod blobs;
mod clock;
mod faults;
mod queue;
mod random;
mod scans;
mod table;
mod transport;
mod vault;

pub use blobs::MemoryBlobs;
pub use clock::VirtualClock;
pub use faults::{Cut, Faults};
pub use queue::{MemoryQueue, QueuedMessage};
pub use random::SeededRandom;
pub use scans::{MemoryScans, ScanTrouble};
pub use table::{MemoryTable, TableUse};
pub use transport::CountedTransport;
pub use vault::MemoryVault;

use std::sync::Arc;

use ports::{Ports, Transport};

/// Everything a capability needs, with the handles a test looks through.
#[derive(Clone)]
pub struct World {
    /// The time.
    pub clock: Arc<VirtualClock>,
    /// The table.
    pub table: Arc<MemoryTable>,
    /// The queues.
    pub queue: Arc<MemoryQueue>,
    /// The files.
    pub blobs: Arc<MemoryBlobs>,
    /// The reader of pictures, for those that have one.
    pub scans: Arc<MemoryScans>,
    /// The vault.
    pub vault: Arc<MemoryVault>,
    /// Where faults are set.
    pub faults: Arc<Faults>,
    random: Arc<SeededRandom>,
    transport: Arc<CountedTransport>,
}

impl World {
    /// A world of that seed, at 24 November 2026, 03:00 UTC, with Xero behind the transport.
    pub fn new(seed: u64, clock: Arc<VirtualClock>, xero: Arc<dyn Transport>) -> Self {
        let faults = Arc::new(Faults::default());
        let blobs = Arc::new(MemoryBlobs::new(faults.clone()));
        Self {
            table: Arc::new(MemoryTable::new(faults.clone())),
            queue: Arc::new(MemoryQueue::new(clock.clone(), faults.clone())),
            scans: Arc::new(MemoryScans::new(blobs.clone(), faults.clone())),
            blobs,
            vault: Arc::new(MemoryVault::new(faults.clone())),
            transport: Arc::new(CountedTransport::new(xero, faults.clone())),
            random: Arc::new(SeededRandom::new(seed)),
            faults,
            clock,
        }
    }

    /// The ports of one worker. Workers share everything but their own death.
    pub fn ports(&self) -> Ports {
        Ports {
            clock: self.clock.clone(),
            random: self.random.clone(),
            table: self.table.clone(),
            queue: self.queue.clone(),
            vault: self.vault.clone(),
            transport: self.transport.clone(),
        }
    }
}
