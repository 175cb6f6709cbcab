//! Writes a benchmark: `cargo run -p bank-truth --release --example write -- --preset usual --lines 10000 --seed 7 --to
//! DIR` writes `statement.jsonl`, `feed.jsonl`, `ledger.jsonl` and `truth.json`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use bank_truth::{Dial, benchmark, write_lines};
use lexopt::prelude::*;

fn main() -> Result<()> {
    let (mut preset, mut lines, mut seed, mut to) = ("usual".to_owned(), 10_000, 1, None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("preset") => preset = arguments.value()?.string()?,
            Long("lines") => lines = arguments.value()?.parse()?,
            Long("seed") => seed = arguments.value()?.parse()?,
            Long("to") => to = Some(PathBuf::from(arguments.value()?)),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let to = to.context("--to DIR is missing: where the four files go")?;
    let dial = Dial::named(&preset, lines).context("--preset is easy, usual or hard")?;
    let drawn = benchmark(seed, &dial)?;
    fs::create_dir_all(&to)?;
    for (name, rows) in [("statement", &drawn.statement), ("feed", &drawn.feed), ("ledger", &drawn.ledger)] {
        let mut file = BufWriter::new(File::create(to.join(name).with_extension("jsonl"))?);
        write_lines(&mut file, rows)?;
        file.flush()?;
    }
    let mut file = BufWriter::new(File::create(to.join("truth.json"))?);
    serde_json::to_writer(&mut file, &drawn.truth)?;
    Ok(file.flush()?)
}
