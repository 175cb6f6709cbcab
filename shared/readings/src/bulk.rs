//! Many documents, one after another.
//!
//! Owns the loop that benches time and weigh. Reads no clock and no file: whoever measures brings the bytes and looks at the
//! time itself.

use std::collections::BTreeMap;

use crate::outcome::{Outcome, Refusal};
use crate::reading::Method;

/// How many documents ended how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read, by the method.
    pub read: BTreeMap<Method, usize>,
    /// Not read, by the reason.
    pub refused: BTreeMap<Refusal, usize>,
    /// Bytes of all documents.
    pub bytes: usize,
}

/// Reads so many documents, going round the files as often as that takes. Of no file, none is read.
pub fn read_round(files: &[Vec<u8>], documents: usize) -> Counts {
    let mut counts = Counts::default();
    for file in files.iter().cycle().take(documents) {
        counts.bytes += file.len();
        match crate::read(file) {
            Outcome::Read(reading) => *counts.read.entry(reading.method).or_default() += 1,
            Outcome::NotReadable(refusal) => *counts.refused.entry(refusal.code).or_default() += 1,
        }
    }
    counts
}
