//! What was read from Xero, month by month: Xero bills it.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::session::Meter;

/// Calls and bytes of one month. Xero bills bytes read per app and month, reset on the 1st UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// `2026-11`.
    pub month: String,
    /// Calls made.
    pub calls: u64,
    /// Bytes read, as they crossed the wire.
    pub bytes: u64,
    /// The months before, newest first.
    #[serde(default)]
    pub before: Vec<(String, u64, u64)>,
}

/// Months of usage kept.
const USAGE_MONTHS_MAX: usize = 12;

impl Usage {
    /// Adds what a piece of work cost.
    pub fn add(&mut self, now: Timestamp, meter: Meter) {
        let month = now.strftime("%Y-%m").to_string();
        if self.month != month {
            if !self.month.is_empty() {
                self.before.insert(0, (self.month.clone(), self.calls, self.bytes));
                self.before.truncate(USAGE_MONTHS_MAX);
            }
            (self.month, self.calls, self.bytes) = (month, 0, 0);
        }
        self.calls += u64::from(meter.calls);
        self.bytes += meter.bytes;
    }
}
