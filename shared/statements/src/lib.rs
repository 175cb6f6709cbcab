//! From the bytes of a bank statement, in any format, to what it says.
//!
//! Owns which format a file is in, told by its content and never by its name, and the limits on all of them. Bytes go in,
//! statements and problems come out: no I/O, no clock, nothing of Xero. Bytes are hostile until read: each reader works
//! within named limits, and one that panics costs its file alone.
//!
//! | module | what is in it |
//! |---|---|
//! | [`format`] | which format a file is in |
//! | [`outcome`] | what was read, as the JSON that callers keep |
//! | [`expected`] | another account's or another currency's statement |
//! | [`overlap`] | the same entries in two files |

pub mod expected;
pub mod format;
pub mod outcome;
pub mod overlap;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use expected::Expected;
pub use format::Format;
pub use outcome::Parsed;
pub use statement_lines::dates::DateOrder;
pub use statement_lines::numeral::Mark;
pub use statement_lines::{Balance, Entry, Exact, Findings, Place, Problem, ProblemCode, Refusal, Statement, Status};
pub use statement_tables::profile::{Evidence, Profile, Role, Sign};

use format::Kind;
use statement_lines::decoding::{self, Decoded};
use statement_lines::model::Reading;
use statement_lines::{chain, lines};
use statement_tables::table::Known;
use statement_tables::{pdf, table, xlsx};

/// Bytes of a file. A hundred thousand entries in the wordiest format, CAMT, are 62 MB.
pub const FILE_BYTES_MAX: usize = 64 << 20;
/// Lines of a text.
pub const LINES_MAX: usize = 4_000_000;

/// Reads a file.
pub fn read(bytes: &[u8], expected: &Expected<'_>) -> Result<Parsed, Refusal> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Refusal::TooLarge { bytes_max: FILE_BYTES_MAX });
    }
    guard(|| read_any(bytes, expected))
}

/// A reader that panics costs its file alone: nothing that it touches outlives it.
fn guard<T>(ask: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or(Err(Refusal::ReaderFailed))
}

fn read_any(bytes: &[u8], expected: &Expected<'_>) -> Result<Parsed, Refusal> {
    let known = Known { profile: expected.profile, currency: expected.currency };
    let mut parsed = match format::kind(bytes)? {
        Kind::Pdf => Parsed::new(Format::Pdf, None, pdf::read(bytes, expected.currency)?, None),
        Kind::Workbook => {
            let (reading, profile) = xlsx::read(bytes, known)?;
            Parsed::new(Format::Xlsx, None, reading, Some(profile))
        }
        Kind::Text => read_text(bytes, known)?,
    };
    chain::check(&mut parsed.reading);
    expected.check(&mut parsed.reading);
    Ok(parsed)
}

fn read_text(bytes: &[u8], known: Known<'_>) -> Result<Parsed, Refusal> {
    let mut found = Findings::default();
    let decoded = decoding::decode(bytes, format::declared_encoding(bytes), &mut found)?;
    if lines::line_count(&decoded.text) > LINES_MAX {
        return Err(Refusal::Damaged(format!("it has more than {LINES_MAX} lines").into()));
    }
    let text = decoded.text.as_ref();
    let format = format::of_text(text)?;
    let (mut reading, profile) = match format {
        Format::Ofx => (statement_messages::ofx::read(text)?, None),
        Format::Csv => {
            let (reading, profile) = table::read_csv(text, known)?;
            (reading, Some(profile))
        }
        Format::Qif => (statement_messages::qif::read(text)?, None),
        Format::Mt940 => (statement_messages::mt::read(text, false)?, None),
        Format::Mt942 => (statement_messages::mt::read(text, true)?, None),
        Format::Camt => (statement_messages::camt::read(text)?, None),
        Format::Bai2 => (statement_messages::bai2::read(text)?, None),
        _ => return Err(Refusal::UnknownFormat),
    };
    to_origin(&mut reading, &decoded);
    found.problems.append(&mut reading.findings.problems);
    found.more += reading.findings.more;
    reading.findings = found;
    Ok(Parsed::new(format, Some(decoded.encoding), reading, profile))
}

/// Places of the text become places of the file.
fn to_origin(reading: &mut Reading, decoded: &Decoded<'_>) {
    for statement in &mut reading.statements {
        statement.place = decoded.origin(statement.place);
        for entry in &mut statement.entries {
            entry.place = decoded.origin(entry.place);
        }
    }
    for problem in &mut reading.findings.problems {
        problem.place = decoded.origin(problem.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_costs_its_file_alone() {
        let ended = guard(|| -> Result<(), Refusal> { panic!("on purpose") });
        assert_eq!(ended, Err(Refusal::ReaderFailed));
    }
}
