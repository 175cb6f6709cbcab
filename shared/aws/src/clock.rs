//! The real time and real randomness: the only place that reads either.

use kernel::Timestamp;
use ports::{Clock, Random};
use ring::rand::{SecureRandom, SystemRandom as Source};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random source.
#[derive(Clone, Debug)]
pub struct SystemRandom(Source);

impl Default for SystemRandom {
    fn default() -> Self {
        Self(Source::new())
    }
}

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // The kernel's source cannot fail once the machine is up; without it no secret could be made.
        self.0.fill(buffer).expect("the operating system gives random bytes");
    }
}
