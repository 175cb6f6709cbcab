//! What people see: aligned and coloured when a terminal reads it, plain when a pipe does, JSON on request.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};

/// Writes for one reader.
pub struct Screen {
    json: bool,
    colour: bool,
    bar_open: bool,
}

const BAR_CELLS: usize = 28;

impl Screen {
    /// A screen for whoever reads standard output.
    pub fn new(json: bool) -> Self {
        let colour = !json && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { json, colour, bar_open: false }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Something was done.
    pub fn done(&mut self, what: &str, detail: &str) {
        self.close_bar();
        if self.json {
            println!("{}", json!({ "done": what, "detail": detail }));
        } else {
            println!("{} {what:<26} {}", self.paint("32", "✓"), self.paint("2", detail));
        }
    }

    /// A headline.
    pub fn title(&mut self, text: &str) {
        self.close_bar();
        if !self.json {
            println!("\n{}", self.paint("1", text));
        }
    }

    /// A line as it is.
    pub fn line(&mut self, text: &str) {
        self.close_bar();
        if self.json {
            println!("{}", json!({ "line": text }));
        } else {
            println!("{text}");
        }
    }

    /// How far a long piece of work is. Pipes see only the end.
    pub fn progress(&mut self, done: usize, all: usize, what: &str) {
        if !self.colour || all == 0 {
            return;
        }
        let filled = (done * BAR_CELLS / all).min(BAR_CELLS);
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(BAR_CELLS - filled));
        print!("\r\x1b[2K  {} {done}/{all} {}", self.paint("36", &bar), self.paint("2", what));
        drop(std::io::stdout().flush());
        self.bar_open = true;
    }

    fn close_bar(&mut self) {
        if self.bar_open {
            print!("\r\x1b[2K");
            self.bar_open = false;
        }
    }

    /// A table with aligned columns; numbers to the right.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        self.close_bar();
        if self.json {
            for row in rows {
                let pairs = head.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), json!(cell)));
                println!("{}", Value::Object(pairs.collect()));
            }
            return;
        }
        let width = |at: usize| {
            rows.iter().map(|row| row[at].chars().count()).chain([head[at].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let right = |at: usize| {
            !rows.is_empty() && rows.iter().all(|row| row[at].chars().all(|c| c.is_ascii_digit() || ".,-".contains(c)))
        };
        let show = |cells: Vec<String>| {
            let padded = cells.iter().enumerate().map(|(at, cell)| {
                let space = " ".repeat(widths[at].saturating_sub(cell.chars().count()));
                if right(at) { format!("{space}{cell}") } else { format!("{cell}{space}") }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        println!("  {}", self.paint("2", &show(head.iter().map(|name| (*name).to_owned()).collect())));
        for row in rows {
            println!("  {}", show(row.clone()));
        }
    }
}

/// Text for a pager or a person, as it is.
pub fn plain(text: &str) {
    print!("{text}");
}

/// The reason for which everything ends, in one line.
pub fn failure(error: &anyhow::Error) {
    eprintln!("counterfoil: {error:#}");
}
