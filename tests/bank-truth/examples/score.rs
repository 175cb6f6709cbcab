//! Scores a matcher's answer: `cargo run -p bank-truth --release --example score -- --benchmark DIR --answer FILE`
//! reads what the example `write` wrote and prints a table, or with `--json` the counts.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bank_truth::{Answer, Benchmark, Row, read_lines, score};
use lexopt::prelude::*;

fn main() -> Result<()> {
    let (mut benchmark, mut answer, mut json) = (None, None, false);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("benchmark") => benchmark = Some(PathBuf::from(arguments.value()?)),
            Long("answer") => answer = Some(PathBuf::from(arguments.value()?)),
            Long("json") => json = true,
            _ => return Err(argument.unexpected().into()),
        }
    }
    let benchmark = read(&benchmark.context("--benchmark DIR is missing")?)?;
    let answer: Answer = serde_json::from_reader(opened(&answer.context("--answer FILE is missing")?)?)?;
    let score = score(&benchmark, &answer);
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&score)?)?
    } else {
        write!(out, "{score}")?
    }
    Ok(())
}

fn read(from: &Path) -> Result<Benchmark> {
    let rows = |name: &str| -> Result<Vec<Row>> {
        let path = from.join(name);
        read_lines(opened(&path)?).with_context(|| path.display().to_string())
    };
    Ok(Benchmark {
        statement: rows("statement.jsonl")?,
        feed: rows("feed.jsonl")?,
        ledger: rows("ledger.jsonl")?,
        truth: serde_json::from_reader(opened(&from.join("truth.json"))?)?,
    })
}

fn opened(path: &Path) -> Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path).with_context(|| path.display().to_string())?))
}
