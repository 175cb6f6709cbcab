//! From what a reader of pictures found to what a document says.
//!
//! Owns which fields of a reader are which of ours. What a document says, and what in it does not add up, is told in the words
//! of the crate `readings`. No I/O: which files a reader is asked about, and how often, others decide.
//!
//! | module | what is in it |
//! |---|---|
//! | `picture` | fields, dates and amounts of what was found, as a reading |

mod picture;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ports::Scanned;
use readings::{NotReadable, Outcome, Refusal};

/// Makes a reading of what a reader found. A panic in it is an outcome of this document alone.
pub fn read(scanned: &Scanned) -> Outcome {
    // Nothing that it touches outlives it, so nothing half-done is seen afterwards.
    let ended = catch_unwind(AssertUnwindSafe(|| picture::read(scanned))).unwrap_or_else(|_| {
        let words = "The reader failed on this document. Somebody has to type it in.";
        Err(NotReadable::new(Refusal::ReaderFailed, words))
    });
    match ended {
        Ok(reading) => Outcome::Read(Box::new(reading)),
        Err(refusal) => Outcome::NotReadable(refusal),
    }
}
