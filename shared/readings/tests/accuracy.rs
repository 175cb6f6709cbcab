//! How much of what documents say is read, field by field, over the corpus.
//!
//! `corpus/expected.json` states what each file says; `corpus/README.md` says who found that out, and where each file is
//! from. Files below `apart` were put aside before the readers saw them, and no reader was changed after they were read:
//! whoever changes one for their sake moves them to `seen` and brings others.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use readings::{Outcome, Reading, Refusal, read, read_text_layer};
use serde_json::Value;

/// Each field of the expectations, and where a reading has it.
const FIELDS: [(&str, &str); 16] = [
    ("kind", "/kind"),
    ("number", "/fields/number/value"),
    ("issue_date", "/fields/issue_date/value"),
    ("due_date", "/fields/due_date/value"),
    ("currency", "/fields/currency/value"),
    ("supplier", "/fields/supplier/name/value"),
    ("tax_id", "/fields/supplier/tax_id/value"),
    ("buyer", "/fields/buyer_name/value"),
    ("order", "/fields/order_reference/value"),
    ("net", "/fields/net_total/value/number"),
    ("tax", "/fields/tax_total/value/number"),
    ("gross", "/fields/gross_total/value/number"),
    ("prepaid", "/fields/prepaid/value/number"),
    ("payable", "/fields/payable/value/number"),
    ("account", "/fields/accounts/0/value"),
    ("line_sum", "/lines"),
];

/// Right, wrong and not found, of one field of one format.
#[derive(Clone, Copy, Default)]
struct Tally {
    right: usize,
    wrong: usize,
    missing: usize,
    /// Found where the document states nothing.
    made_up: usize,
}

type Table = BTreeMap<(String, &'static str), Tally>;

fn corpus() -> (std::path::PathBuf, BTreeMap<String, Value>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let text = fs::read_to_string(folder.join("expected.json")).expect("the corpus has its expectations");
    (folder, serde_json::from_str(&text).expect("expectations are JSON"))
}

fn found(reading: &Value, pointer: &str) -> Option<String> {
    match reading.pointer(pointer)? {
        Value::Array(lines) => {
            let nets: Vec<&str> = lines.iter().filter_map(|line| line.pointer("/net/value/number")?.as_str()).collect();
            Some(nets.join(" ")).filter(|nets| !nets.is_empty())
        }
        value => value.as_str().map(str::to_owned),
    }
}

/// Two texts say the same: amounts by value, ids without their spaces.
fn same(field: &str, one: &str, other: &str) -> bool {
    let plain = |text: &str| match field {
        "account" | "tax_id" => text.replace(' ', ""),
        "net" | "tax" | "gross" | "prepaid" | "payable" | "line_sum" => {
            text.split(' ').map(normal).collect::<Vec<_>>().join(" ")
        }
        _ => text.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    plain(one) == plain(other)
}

fn normal(number: &str) -> String {
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    number.to_owned()
}

fn tally(table: &mut Table, name: &str, expected: &Value, reading: &Reading, wrongs: &mut Vec<String>) {
    let reading = serde_json::to_value(reading).expect("a reading is JSON");
    for (field, pointer) in FIELDS {
        let expected = match &expected[field] {
            Value::Array(lines) => Some(lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
            value => value.as_str().map(str::to_owned),
        };
        let cell = table.entry((name.to_owned(), field)).or_default();
        match (expected.filter(|text| !text.is_empty()), found(&reading, pointer)) {
            (Some(expected), Some(found)) if same(field, &expected, &found) => cell.right += 1,
            (Some(expected), Some(found)) => {
                cell.wrong += 1;
                wrongs.push(format!("{field}: {found:?} for {expected:?}"));
            }
            (Some(expected), None) => {
                cell.missing += 1;
                wrongs.push(format!("{field}: nothing for {expected:?}"));
            }
            (None, Some(found)) if field != "payable" || !name.ends_with("pdf_text") => {
                cell.made_up += 1;
                wrongs.push(format!("{field}: {found:?} for nothing"));
            }
            (None, _) => (),
        }
    }
}

/// Reads every file of a part; a PDF with an e-invoice is read both ways.
fn measure(part: &str) -> (Table, Vec<String>) {
    let (folder, expected) = corpus();
    let (mut table, mut wrongs) = (Table::new(), Vec::new());
    for (file, expected) in expected.iter().filter(|(file, _)| file.starts_with(part)) {
        let bytes = fs::read(folder.join(file)).expect("each expectation has its file");
        let format = expected["format"].as_str().expect("a format");
        let mut outcomes = vec![(format, read(&bytes))];
        if format == "factur_x" {
            outcomes.push(("pdf_text", read_text_layer(&bytes)));
        }
        for (format, outcome) in outcomes {
            let mut here = Vec::new();
            match outcome {
                Outcome::Read(reading) => tally(&mut table, format, expected, &reading, &mut here),
                Outcome::NotReadable(refusal) if format == "none" => {
                    assert_eq!(refusal.code, Refusal::NotAnInvoice, "{file}")
                }
                Outcome::NotReadable(refusal) => panic!("{file}: {refusal:?}"),
            }
            wrongs.extend(here.into_iter().map(|wrong| format!("{format} {file} {wrong}")));
        }
    }
    (table, wrongs)
}

/// The table in words: right of stated, by format and field; what was found without being stated behind a plus.
fn print(part: &str, table: &Table, wrongs: &[String]) -> String {
    let mut out = format!("{part}\n");
    for format in ["ubl", "cii", "zugferd_1", "factur_x", "pdf_text"] {
        let cells: Vec<String> = FIELDS
            .iter()
            .filter_map(|(field, _)| {
                let cell = table.get(&(format.to_owned(), *field))?;
                let stated = cell.right + cell.wrong + cell.missing;
                let extra = if cell.made_up > 0 { format!("+{}", cell.made_up) } else { String::new() };
                (stated + cell.made_up > 0).then(|| format!("{field} {}/{stated}{extra}", cell.right))
            })
            .collect();
        out.push_str(&format!("  {format:<10} {}\n", cells.join("  ")));
    }
    out.push_str(&format!("  {}\n", wrongs.join("\n  ")));
    out
}

/// Right of a thousand stated fields of a format.
fn per_mille(table: &Table, format: &str) -> usize {
    let cells: Vec<&Tally> = table.iter().filter(|((of, _), _)| of == format).map(|(_, cell)| cell).collect();
    let right: usize = cells.iter().map(|cell| cell.right).sum();
    let stated: usize = cells.iter().map(|cell| cell.right + cell.wrong + cell.missing).sum();
    (right * 1000).checked_div(stated).unwrap_or(1000)
}

#[track_caller]
fn check(part: &str, text_min: usize) {
    let (table, wrongs) = measure(part);
    let words = print(part, &table, &wrongs);
    #[expect(clippy::print_stdout, reason = "the table is what this test is for: see it with --nocapture")]
    {
        println!("{words}");
    }
    for format in ["ubl", "cii", "zugferd_1", "factur_x"] {
        let off: usize = table
            .iter()
            .filter(|((of, _), _)| of == format)
            .map(|(_, cell)| cell.wrong + cell.missing + cell.made_up)
            .sum();
        assert_eq!(off, 0, "structured fields are read exactly\n{words}");
    }
    assert!(per_mille(&table, "pdf_text") >= text_min, "{} of 1000\n{words}", per_mille(&table, "pdf_text"));
}

#[test]
fn fields_of_files_that_were_looked_at_are_read() {
    check("seen", 940);
}

#[test]
fn fields_of_files_that_nobody_tuned_to_are_read() {
    // Measured 946 at their first reading.
    check("apart", 940);
}
