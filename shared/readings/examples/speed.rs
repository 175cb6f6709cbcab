//! Reads a thousand documents of the corpus and prints what that took: `cargo run --release -p readings --example speed`.
//!
//! Time is the processor's for this process alone, as Linux counts it, so that neighbours on the machine do not show.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use readings::bulk::read_round;

/// Documents of one round.
const DOCUMENTS: usize = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files = Vec::new();
    for part in ["seen", "apart"] {
        for entry in fs::read_dir(corpus.join(part))? {
            files.push(fs::read(entry?.path())?);
        }
    }
    let before = processor_nanos()?;
    let counts = read_round(&files, DOCUMENTS);
    let taken = processor_nanos()? - before;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} files, {DOCUMENTS} documents, {} KB", files.len(), counts.bytes / 1024)?;
    writeln!(out, "{:?}", counts)?;
    writeln!(out, "{}.{:03} s of one core per {DOCUMENTS}", taken / 1_000_000_000, taken / 1_000_000 % 1_000)?;
    writeln!(out, "peak memory {}", status("VmHWM:")?)?;
    Ok(())
}

fn processor_nanos() -> Result<u64, Box<dyn std::error::Error>> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    Ok(text.split(' ').next().ok_or("no time")?.parse()?)
}

fn status(name: &str) -> Result<String, Box<dyn std::error::Error>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
    Ok(line.trim().to_owned())
}
