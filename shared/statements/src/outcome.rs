//! What was read of a file, and its JSON.
//!
//! Owns the shape that callers keep and that the example prints. Amounts are texts, so that no reader makes floats of them.

use serde::{Serialize, Serializer};
use statement_lines::model::Reading;
use statement_lines::{Problem, Statement};
use statement_tables::profile::Profile;

use crate::Format;

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Its format.
    pub format: Format,
    /// The name of its encoding, where it is text.
    pub encoding: Option<&'static str>,
    /// Its statements, and what is wrong with them.
    pub reading: Reading,
    /// What its columns mean, where it is a table. Confirmed by a person, it reads the account's next file.
    pub profile: Option<Profile>,
}

#[derive(Serialize)]
struct Written<'p> {
    format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    statements: &'p [Statement],
    problems: &'p [Problem],
    /// Problems beyond those that are listed.
    problems_more: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'p Profile>,
}

impl Parsed {
    pub(crate) fn new(
        format: Format,
        encoding: Option<&'static str>,
        reading: Reading,
        profile: Option<Profile>,
    ) -> Self {
        Self { format, encoding, reading, profile }
    }

    /// The statements.
    pub fn statements(&self) -> &[Statement] {
        &self.reading.statements
    }

    /// What is wrong.
    pub fn problems(&self) -> &[Problem] {
        &self.reading.findings.problems
    }
}

impl Serialize for Parsed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            format: self.format,
            encoding: self.encoding,
            statements: self.statements(),
            problems: self.problems(),
            problems_more: self.reading.findings.more,
            profile: self.profile.as_ref(),
        };
        written.serialize(serializer)
    }
}
