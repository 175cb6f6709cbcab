//! How reading ends.
//!
//! Owns the reasons why a document was not read, each with words for the person who has to type it in. That a document is a
//! picture is an outcome like others, not an error.

use serde::{Deserialize, Serialize};

use crate::reading::Reading;

/// How reading ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was read; what is doubtful stands in the reading's problems.
    Read(Box<Reading>),
    /// No reader here can read it.
    NotReadable(NotReadable),
}

/// Why a document was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotReadable {
    /// The reason.
    pub code: Refusal,
    /// A sentence for the person who looks at the document. Holds nothing of the document itself.
    pub words: String,
}

/// The reasons why a document is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It has no bytes.
    Empty,
    /// A picture, or a PDF of pictures: there is no text in it.
    ImageOnly,
    /// It opens only with a password.
    Encrypted,
    /// It is cut off, or its structure is broken.
    Damaged,
    /// It passes a limit, in itself or when unpacked.
    TooLarge,
    /// It was read, but it is no bill, receipt or credit note.
    NotAnInvoice,
    /// A picture on which a reader of pictures found nothing of a bill.
    NothingFound,
    /// An XML with a document type or entities.
    DtdRefused,
    /// A kind of file that no reader knows.
    UnknownFormat,
    /// A reader failed in a way it must not; the file is one to keep for us.
    ReaderFailed,
}

impl NotReadable {
    /// A reason with its words.
    pub fn new(code: Refusal, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }
}
