//! Prints what a bank statement says, as JSON: `cargo run -p statements --example parse -- FILE`.
//!
//! Exits with 1 where the file is refused; the reason is printed as JSON too.

#![allow(clippy::print_stdout, reason = "printing is what this is for")]

use std::process::ExitCode;

use anyhow::Context;
use statements::Expected;

fn main() -> anyhow::Result<ExitCode> {
    let path = std::env::args().nth(1).context("name a file: cargo run -p statements --example parse -- FILE")?;
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {path}"))?;
    match statements::read(&bytes, &Expected::default()) {
        Ok(parsed) => {
            println!("{}", serde_json::to_string_pretty(&parsed)?);
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            println!("{}", serde_json::json!({ "refused": refusal, "words": refusal.to_string() }));
            Ok(ExitCode::FAILURE)
        }
    }
}
