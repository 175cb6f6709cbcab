//! Reading documents on one core: instructions counted by callgrind, beside the minute that a thousand of them may take.

use anyhow::{Context, ensure};
use local::build::checkout;
use readings::bulk::read_round;

use crate::Figure;
use crate::start::instructions;

const DOCUMENTS: u64 = 1_000;
/// A minute of any core of today, at a billion instructions a second.
const INSTRUCTIONS_MAX: u64 = 60_000_000_000;
/// How this program is told to do nothing but read the corpus so many times.
pub const ALONE: &str = "--read-alone";

/// Measures instructions over the whole corpus. Needs valgrind.
pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let files = corpus()?.len() as u64;
    let each = instructions(ALONE, 1)?.saturating_sub(instructions(ALONE, 0)?) / files;
    Ok(vec![
        Figure::at_most("reading 1,000 mixed PDF and XML bills: instructions", each * DOCUMENTS, INSTRUCTIONS_MAX, ""),
        Figure::beside("reading: bills of the corpus", files.to_string()),
    ])
}

/// What the program does under callgrind.
pub fn alone(rounds: usize) -> anyhow::Result<()> {
    let files = corpus()?;
    let read: usize = read_round(&files, rounds * files.len()).read.values().sum();
    ensure!(rounds == 0 || read > files.len() / 2, "{read} of {} were read", files.len());
    Ok(())
}

/// Every bill that the readers are measured by.
fn corpus() -> anyhow::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for folder in ["seen", "apart"] {
        let folder = checkout().join("shared/readings/tests/corpus").join(folder);
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            files.push(std::fs::read(entry?.path())?);
        }
    }
    ensure!(!files.is_empty(), "the corpus is empty");
    Ok(files)
}
