//! The house rules that a machine can hold: who may use whom, how large things are, what no file may say.
//!
//! Owns the arrows between crates as data. The tests beside it read the tree and fail on drift.

use std::fs;
use std::path::{Path, PathBuf};

/// A crate and the crates of ours it may use.
pub type Arrow = (&'static str, &'static [&'static str]);

/// The arrows of `shared/`. A capability never uses another; they meet in envelopes.
pub const ARROWS: &[Arrow] = &[
    ("kernel", &[]),
    ("ports", &["kernel"]),
    ("state", &["kernel", "ports"]),
    ("envelopes", &["kernel"]),
    ("xero", &["kernel", "ports"]),
    ("manual-journals", &["kernel", "ports", "xero"]),
    ("bills", &["kernel", "ports", "xero"]),
    ("ledger", &["kernel", "xero"]),
    ("settings", &["kernel"]),
    ("connections", &["kernel", "ports", "state", "envelopes", "xero", "settings"]),
    ("inbox", &["kernel", "ports", "state", "envelopes"]),
    ("mirror", &["kernel", "ports", "state", "xero"]),
    ("postings", &["kernel", "ports", "state", "envelopes", "xero", "connections"]),
    ("sheets", &[]),
    ("pages", &[]),
    ("clues", &["kernel", "pages"]),
    ("readings", &["kernel", "pages", "clues"]),
    ("statement-lines", &["kernel"]),
    ("statement-messages", &["kernel", "statement-lines"]),
    ("statement-tables", &["kernel", "sheets", "pages", "clues", "statement-lines"]),
    ("statements", &["kernel", "pages", "statement-lines", "statement-messages", "statement-tables"]),
    // On ports for the plain types of what was found on a picture, on readings for the words in which it is told.
    ("scans", &["kernel", "ports", "clues", "readings"]),
    ("banking", &["kernel"]),
    ("coding", &["kernel"]),
    ("schedules", &["kernel"]),
    ("evidence", &["kernel"]),
    // On evidence for its ids and texts alone: what is reminded of are its requests.
    ("reminders", &["kernel", "evidence"]),
    ("imports", &["kernel", "schedules", "sheets"]),
    (
        "journals",
        &["kernel", "ports", "state", "xero", "manual-journals", "connections", "postings", "mirror", "schedules"],
    ),
    // Not beside journals but on it: a release is posted as a journal is.
    ("releases", &["kernel", "ports", "state", "connections", "postings", "schedules", "imports", "journals"]),
    (
        "suggestions",
        &[
            "kernel",
            "ports",
            "state",
            "envelopes",
            "connections",
            "mirror",
            "schedules",
            "journals",
            "clues",
            "readings",
        ],
    ),
    ("feed-lines", &["kernel", "ports", "state", "envelopes", "xero", "connections", "mirror"]),
    ("documents", &["kernel", "ports", "state", "envelopes", "connections", "readings", "scans"]),
    // On releases for the same reason: what is held against the books are schedules and their journals.
    (
        "tie-outs",
        &[
            "kernel",
            "ports",
            "state",
            "envelopes",
            "xero",
            "connections",
            "ledger",
            "manual-journals",
            "mirror",
            "schedules",
            "journals",
            "releases",
        ],
    ),
    // On journals for the chart of accounts, on documents for their files.
    (
        "publishing",
        &[
            "kernel",
            "ports",
            "state",
            "envelopes",
            "xero",
            "settings",
            "bills",
            "coding",
            "connections",
            "postings",
            "mirror",
            "schedules",
            "readings",
            "journals",
            "documents",
        ],
    ),
    (
        "requests",
        &[
            "kernel",
            "ports",
            "state",
            "envelopes",
            "xero",
            "connections",
            "mirror",
            "documents",
            "feed-lines",
            "evidence",
            "reminders",
        ],
    ),
    // On documents for names, doors and errors of files: a statement is uploaded as a document is.
    ("bank-statements", &["kernel", "ports", "state", "envelopes", "connections", "mirror", "documents", "statements"]),
    // On publishing for the writer of bank transactions, on journals for the chart of accounts, and on evidence for the
    // reading of records: what a person confirms of a line is entered as what was spent is.
    (
        "reconciliation",
        &[
            "kernel",
            "ports",
            "state",
            "xero",
            "bills",
            "banking",
            "coding",
            "evidence",
            "connections",
            "postings",
            "mirror",
            "schedules",
            "journals",
            "documents",
            "publishing",
            "feed-lines",
            "bank-statements",
        ],
    ),
    ("sync", &["kernel", "ports", "state", "envelopes", "xero", "settings", "connections", "postings", "mirror"]),
    ("aws", &["kernel", "ports"]),
    ("lambda-kit", &["kernel", "envelopes"]),
];

/// Words that say nothing, as names of files and folders.
pub const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "manager", "common", "data", "process", "misc"];

/// What may lie at the top, beside dotfiles.
pub const TOP: &[&str] =
    &["Cargo.toml", "Cargo.lock", "functions", "shared", "infra", "events", "tests", "README.md", "LICENSE", "target"];

/// Lines a file may have without its tests.
pub const FILE_LINES_MAX: usize = 400;

/// Lines a crate of `shared/` may have without its tests.
pub const CRATE_LINES_MAX: usize = 2_500;

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Folders directly below one of the three member folders.
pub fn members(of: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(&root().join(of)).into_iter().filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Every Rust file below a folder.
pub fn rust_files(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(below) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What lies directly in a folder.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten();
    read.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()
}

/// A file's text; empty when it cannot be read.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A file's text before its unit tests.
pub fn shipped(path: &Path) -> String {
    let text = text(path);
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The last part of a path.
pub fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
