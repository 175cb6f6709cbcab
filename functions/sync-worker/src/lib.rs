//! What the sync-worker carries out; its main joins this to a queue, and tests join it to one in memory.

mod work;

pub use work::{WorkError, carry_out};
