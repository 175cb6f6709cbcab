//! What a matcher says of a benchmark's rows, as JSON has it.
//!
//! Owns the shape that is scored. Fields that do not count (score, kind of a match, reasons) are read over:
//!
//! ```json
//! {"matches": [{"statement": ["S0000001"], "feed": ["F…"], "ledger": ["L…"], "score": 0.97, "certain": true}],
//!  "findings": [{"kind": "missing_in_ledger", "statement": ["S0000002"], "feed": ["F…"], "ledger": []}]}
//! ```

use serde::Deserialize;

use crate::truth::Finding;

/// Everything that a matcher says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Answer {
    /// Rows that it takes to belong together.
    #[serde(default)]
    pub matches: Vec<Given>,
    /// What it takes to be wrong. Kinds that the benchmark does not have are an error.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Rows that a matcher takes to belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Given {
    /// Ids of statement lines.
    #[serde(default)]
    pub statement: Vec<String>,
    /// Ids of feed lines.
    #[serde(default)]
    pub feed: Vec<String>,
    /// Ids of ledger entries.
    #[serde(default)]
    pub ledger: Vec<String>,
    /// Whether it would book this without asking anybody.
    #[serde(default)]
    pub certain: bool,
}
