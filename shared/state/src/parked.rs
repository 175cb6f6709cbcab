//! Work that waits for a time: stored, taken off its queue, and brought back by the schedule.
//!
//! Waiting on a queue would block the organisation's other messages and eat receive counts; waiting in a function
//! would be paid for. A parked row is the envelope and the instant it comes back.

use kernel::Timestamp;
use ports::{Direction, Guard, Query, Table, TableError, Write, Written};
use serde::{Deserialize, Serialize};

use crate::keys;
use crate::rows::{Stored, put, read_row};

/// One parked envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedWork {
    /// When it comes back.
    pub until: Timestamp,
    /// Why it waits, for an operator.
    pub reason: String,
    /// The envelope as JSON.
    pub envelope: String,
    /// Tells two parked rows of one instant apart; the same tail at the same instant is the same work.
    pub tail: String,
}

impl ParkedWork {
    fn shard(&self) -> u8 {
        let sum = self.tail.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        sum % keys::SHARDS
    }
}

/// The write that parks work, for use in a transaction.
pub fn parked_write(work: &ParkedWork) -> Write {
    put(keys::parked(work.shard(), work.until, &work.tail), Guard::Absent, work, None)
}

/// Parks work. Parking the same work for the same instant again changes nothing.
pub async fn park(table: &dyn Table, work: &ParkedWork) -> Result<(), TableError> {
    table.write(parked_write(work)).await.map(|_: Written| ())
}

/// Most parked rows that one look at one shard brings back.
const DUE_MAX: usize = 100;

/// The parked work of one shard whose time has come, earliest first.
pub async fn due_parked(table: &dyn Table, shard: u8, now: Timestamp) -> Result<Vec<Stored<ParkedWork>>, TableError> {
    let query = Query {
        partition: keys::parked_shard(shard),
        from: String::new() + "0",
        to: format!("{}#{}", keys::instant(now), keys::LAST),
        direction: Direction::Forward,
        limit: DUE_MAX,
    };
    table.query(&query).await?.rows.iter().map(read_row).collect()
}

/// Forgets parked work once its envelope is on a queue again.
pub async fn unpark(table: &dyn Table, work: &Stored<ParkedWork>) -> Result<(), TableError> {
    let key = keys::parked(work.value.shard(), work.value.until, &work.value.tail);
    table.write(Write::Delete { key, guard: work.guard() }).await.map(|_: Written| ())
}
