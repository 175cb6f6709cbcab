//! Two ways to try the system whole.
//!
//! [`town`] runs real function binaries over real sockets on the machine's clock. [`desk`] runs the same capabilities
//! over ports in memory under virtual time, where days pass in a line and every call can be cut; [`prepayments`] has
//! schedules on such a desk, and [`ties`] ties them out.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod apps;
pub mod desk;
pub mod holdings;
pub mod line;
pub mod paper;
pub mod pictures;
pub mod prepayments;
pub mod ties;
pub mod town;
