//! Prints what a document says as JSON: `cargo run -p readings --example read FILE`.

use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let outcome = readings::read(&std::fs::read(path)?);
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &outcome)?;
    writeln!(out)?;
    Ok(())
}
