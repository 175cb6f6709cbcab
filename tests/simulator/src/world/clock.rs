//! Time that moves only when a test says so.

use std::sync::Mutex;
use std::time::Duration;

use kernel::Timestamp;
use ports::Clock;

/// Virtual time.
#[derive(Debug)]
pub struct VirtualClock(Mutex<Timestamp>);

impl VirtualClock {
    /// Starts at an instant.
    pub fn starting(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves on.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.saturating_add(span).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
