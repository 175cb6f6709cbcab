//! Sample files of third parties, each held against what others read in it.
//!
//! The samples do not belong to this project and lie in a folder beside it. Where that folder is missing this test says
//! that it did not run; every format is tested on files of its own as well.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its samples fails")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use statements::Expected;

const PDF: &str = "pdf/bankstatemently-bank-statement-parsing-benchmark__bsb-003-statement.pdf";

/// Differences that stay, each with its reason: a file, a field, and why the reading is right.
const ARGUED: &[(&str, &str, &str)] = &[
    ("bai2/pypi-bai2__citi_example.bai2", "opening", "type code 010 is the opening ledger balance, and states 100.00"),
    ("bai2/pypi-bai2__citi_example.bai2", "closing", "type code 015 is the closing ledger balance, and states 100.00"),
    ("mt940/crate-mt940__abnamro.sta", "entries.id", "NONREF says that there is no reference; it identifies nothing"),
    ("mt940/crate-mt940__rabobank-iban.sta", "entries.id", "NONREF, and EREF, which says that the text has it: no ids"),
    ("mt942/railslove-cmxl__mt942.sta", "entries.id", "NONREF says that there is no reference; it identifies nothing"),
    (
        "ofx/pypi-ofxparse__decimal_error.ofx",
        "entries.date",
        "expected 2011-20-00, which is no day: the date is none, and a problem names its line",
    ),
    (PDF, "opening", "the line of the balance states its date, which others left out"),
    (PDF, "closing", "the same"),
    (
        "qif/pypi-quiffen__test.qif",
        "opening",
        "the first record, a transfer of the account to itself named Opening Balance, is a balance and no movement",
    ),
    (
        "qif/pypi-quiffen__test.qif",
        "entries",
        "the same record is one entry less. The last entry's date is 10 February as its D says; the 10 January that \
         others read stands in its first split",
    ),
];

fn samples() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    Some(root.join("shared/statements")).filter(|folder| folder.join("MANIFEST.json").is_file())
}

#[test]
fn every_sample_agrees_or_its_difference_is_argued() {
    let Some(folder) = samples() else {
        // Not captured, unlike what a test prints: a run without samples must be seen to be one.
        let _ = writeln!(std::io::stderr(), "NOT RUN: there is no folder of sample statements beside this project");
        return;
    };
    let (mut found, mut count) = (Vec::new(), 0);
    let mut formats: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    formats.sort();
    for format in formats.iter().filter(|path| path.is_dir()) {
        for path in fs::read_dir(format).unwrap().map(|entry| entry.unwrap().path()) {
            if path.to_string_lossy().ends_with(".expected.json") {
                count += 1;
                compare(&folder, &path, &mut found);
            }
        }
    }
    let argued: BTreeSet<_> = ARGUED.iter().map(|(file, field, _)| ((*file).to_owned(), (*field).to_owned())).collect();
    let differing: BTreeSet<_> = found.iter().map(|(file, field, _)| (file.clone(), field.clone())).collect();
    let open: Vec<_> =
        found.iter().filter(|(file, field, _)| !argued.contains(&(file.clone(), field.clone()))).collect();
    assert!(open.is_empty(), "differences that nobody argued: {open:#?}");
    let gone: Vec<_> = argued.difference(&differing).collect();
    assert!(gone.is_empty(), "argued and not different any more: {gone:?}");
    assert!(count >= 26, "only {count} samples were found");
}

#[test]
fn every_sample_cut_or_altered_ends_in_an_answer() {
    let Some(folder) = samples() else {
        let _ = writeln!(std::io::stderr(), "NOT RUN: there is no folder of sample statements beside this project");
        return;
    };
    let mut state = 7_u32;
    for format in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for path in fs::read_dir(format).unwrap().map(|entry| entry.unwrap().path()) {
            let whole = fs::read(&path).unwrap();
            let rounds = 80;
            for round in 0..rounds {
                let mut bytes = whole[..whole.len() - whole.len() * (round % 40) / 40].to_vec();
                for _ in 0..3 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let at = (state >> 8) as usize % bytes.len().max(1);
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << (state % 8);
                    }
                }
                let read = statements::read(&bytes, &Expected::default());
                assert_ne!(read.err(), Some(statements::Refusal::ReaderFailed), "{path:?}, round {round}");
            }
        }
    }
}

type Difference = (String, String, String);

fn compare(folder: &Path, path: &Path, found: &mut Vec<Difference>) {
    let expected: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let file = expected["file"].as_str().unwrap().to_owned();
    let bytes = fs::read(folder.join(&file)).unwrap();
    let read = match statements::read(&bytes, &Expected::default()) {
        Ok(parsed) => serde_json::to_value(&parsed).unwrap(),
        Err(refusal) => return found.push((file, "refused".into(), refusal.to_string())),
    };
    let mut differ = |field: &str, words: String| found.push((file.clone(), field.to_owned(), words));
    let lists = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let (theirs, ours) = (lists(&expected, "statements"), lists(&read, "statements"));
    if theirs.len() != ours.len() {
        return differ("statements", format!("{} expected, {} found", theirs.len(), ours.len()));
    }
    for (theirs, ours) in theirs.iter().zip(&ours) {
        for name in ["account", "currency"] {
            // What a file says beyond what others took from it is no difference.
            if !theirs[name].is_null() && theirs[name] != ours[name] {
                differ(name, format!("{} expected, {} found", theirs[name], ours[name]));
            }
        }
        for name in ["opening", "closing"] {
            let short = |value: &Value| (value[name]["amount"].clone(), value[name]["date"].clone());
            if short(theirs) != short(ours) {
                differ(name, format!("{:?} expected, {:?} found", short(theirs), short(ours)));
            }
        }
        let (theirs, ours) = (lists(theirs, "entries"), lists(ours, "entries"));
        if theirs.len() != ours.len() {
            differ("entries", format!("{} expected, {} found", theirs.len(), ours.len()));
            continue;
        }
        for (index, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
            for name in ["date", "amount", "id", "type", "value_date", "currency", "balance", "check_number"] {
                let optional = ["value_date", "balance", "check_number", "currency"].contains(&name);
                if theirs[name] != ours[name] && !(optional && theirs[name].is_null()) {
                    let words = format!("{index}: {} expected, {} found", theirs[name], ours[name]);
                    differ(&format!("entries.{name}"), words);
                }
            }
        }
    }
}
