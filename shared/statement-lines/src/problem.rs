//! What is wrong with a statement, each time with its place; and why a file is refused.
//!
//! Owns stable codes and plain words. Never repeats what stands in a file: names, numbers and amounts must not reach a log.

use std::borrow::Cow;

use serde::Serialize;

/// Problems that are listed; the rest is counted.
pub const PROBLEMS_MAX: usize = 10_000;

/// Where something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The page of a PDF, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The line, or the row of a sheet, counted from 1; 0 for the file as a whole.
    pub line: u32,
    /// The byte of the file, counted from 0; none where the file's bytes are packed, or its encoding has no fixed steps.
    pub byte: Option<u64>,
}

impl Place {
    /// A line and a byte.
    pub fn at(line: u32, byte: usize) -> Self {
        Self { page: None, line, byte: Some(byte as u64) }
    }

    /// A row of a sheet.
    pub fn row(line: u32) -> Self {
        Self { page: None, line, byte: None }
    }

    /// A line of a page.
    pub fn on_page(page: u32, line: u32) -> Self {
        Self { page: Some(page), line, byte: None }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// An amount could not be read; its entry has none.
    AmountUnreadable,
    /// An amount has more decimals than its currency.
    AmountTooFine,
    /// Numbers may be read in two ways; a person has to say which mark is which.
    DecimalMarkOpen,
    /// A date could not be read; its entry has none.
    DateUnreadable,
    /// Nothing says which of day and month comes first; a person has to.
    DateOrderOpen,
    /// Dates of both orders stand in one file.
    DateOrderMixed,
    /// Nothing says whether positive amounts are money in or out; a person has to.
    SignOpen,
    /// An entry's own amounts contradict each other.
    AmountsContradict,
    /// Opening balance and entries do not make the closing balance.
    BalanceDiffers,
    /// A running balance does not follow from the one before.
    RunningBalanceDiffers,
    /// A statement does not begin where the one before it ended.
    StatementGap,
    /// The same statement stands in the file twice.
    StatementRepeated,
    /// Entries of one statement stand in another one too.
    EntriesRepeated,
    /// A bank's id that it gave to several entries, so that it identifies none.
    IdRepeated,
    /// Control totals or counts of the file are others than its entries make.
    TotalDiffers,
    /// Batch details do not make the entry's amount.
    DetailsDiffer,
    /// A statement of another account than expected.
    AccountDiffers,
    /// Another currency than expected, or than the account's.
    CurrencyDiffers,
    /// A code that is no currency.
    CurrencyUnknown,
    /// A row, record or tag that was passed over.
    Passed,
    /// A record that is not what its format allows.
    Malformed,
    /// The file ends in the middle.
    Truncated,
    /// A quotation mark that is never closed.
    QuoteOpen,
    /// Bytes of two encodings in one file.
    EncodingMixed,
    /// Another encoding than the file names, or one that was guessed.
    EncodingGuessed,
    /// NUL bytes that were left out.
    NulBytes,
    /// The bank answered with an error.
    BankRefused,
    /// Entries that are announced and not booked.
    NotBooked,
    /// A confirmed profile that does not fit this file.
    ProfileDoesNotFit,
    /// Rows that no balance proves.
    Unproven,
    /// More than is read; the rest was left out.
    LimitReached,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What.
    pub code: ProblemCode,
    /// Where.
    pub place: Place,
    /// A sentence for a bookkeeper.
    pub words: Cow<'static, str>,
}

/// The problems of a file, within a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Those that are listed.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: u64,
}

impl Findings {
    /// Notes a problem.
    pub fn note(&mut self, code: ProblemCode, place: Place, words: impl Into<Cow<'static, str>>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { code, place, words: words.into() });
        } else {
            self.more += 1;
        }
    }
}

/// Why a file is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Nothing in it.
    #[error("The file is empty.")]
    Empty,
    /// Larger than is looked at.
    #[error("The file has more than {bytes_max} bytes.")]
    TooLarge {
        /// Bytes it may have.
        bytes_max: usize,
    },
    /// Neither text nor a format that is read.
    #[error("The file is no bank statement in a format that is read.")]
    UnknownFormat,
    /// A format that is known and no statement.
    #[error("The file is no statement: it is {0}.")]
    NotAStatement(&'static str),
    /// Under a password.
    #[error("The file is under a password: save it without one.")]
    PasswordProtected,
    /// A document type or entities, which no bank writes.
    #[error("The file declares or uses XML entities of its own.")]
    Entities,
    /// A PDF of pictures.
    #[error("The PDF has no text: it was scanned.")]
    NoText,
    /// Damaged, or beyond a limit.
    #[error("The file cannot be read: {0}.")]
    Damaged(Cow<'static, str>),
    /// The reader failed.
    #[error("The reader failed on this file.")]
    ReaderFailed,
}
