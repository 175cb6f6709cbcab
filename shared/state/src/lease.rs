//! A lease inside a row: one holder at a time, with a number that fences late writers.

use std::time::Duration;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Who may act on a row, and until when. Stored in the row it protects, so that taking it is one conditional write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Counts the holders; a completion that names an older number is refused by the row's version anyway.
    pub holder: u64,
    /// Until when the present holder may act; `None` when free.
    pub until: Option<Timestamp>,
}

/// The lease is another's until the stated instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("held by another until {until}")]
pub struct LeaseHeld {
    /// When it becomes free at the latest.
    pub until: Timestamp,
}

impl Lease {
    /// Takes the lease if it is free or has run out; answers the holder's number.
    pub fn take(&mut self, now: Timestamp, span: Duration) -> Result<u64, LeaseHeld> {
        match self.until {
            Some(until) if now < until => Err(LeaseHeld { until }),
            _ => {
                self.holder += 1;
                self.until = Some(now.saturating_add(span).unwrap_or(Timestamp::MAX));
                Ok(self.holder)
            }
        }
    }

    /// Prolongs the lease of its present holder.
    pub fn renew(&mut self, now: Timestamp, span: Duration) {
        self.until = Some(now.saturating_add(span).unwrap_or(Timestamp::MAX));
    }

    /// Gives the lease back.
    pub fn release(&mut self) {
        self.until = None;
    }

    /// Whether that holder may still act.
    pub fn held_by(&self, holder: u64, now: Timestamp) -> bool {
        self.holder == holder && self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holder_at_a_time_and_a_late_one_is_known_by_its_number() {
        let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
        let span = Duration::from_secs(30);
        let mut lease = Lease::default();
        let first = lease.take(start, span).unwrap();
        assert!(lease.take(start, span).is_err());
        let later = start.saturating_add(span).unwrap();
        let second = lease.take(later, span).unwrap();
        assert!(!lease.held_by(first, later) && lease.held_by(second, later));
    }
}
