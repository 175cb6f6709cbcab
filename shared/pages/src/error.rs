//! Why a PDF is not read, and how much of one is looked at.
//!
//! Owns the limits. A file that passes one is refused whole: half of a document is no document.

use std::cell::Cell;

/// Objects of a file. A hundred pages have some thousands.
pub const OBJECTS_MAX: usize = 200_000;
/// Arrays and dictionaries inside each other.
pub const NESTING_MAX: usize = 64;
/// Bytes that one stream unpacks to, at each of its filters.
pub const STREAM_BYTES_MAX: usize = 16 << 20;
/// Bytes that all streams that are looked at unpack to.
pub const UNPACKED_BYTES_MAX: usize = 64 << 20;
/// Words, numbers and marks that are looked at in a file and its streams: some seconds' work at the very most.
pub const STEPS_MAX: usize = 24_000_000;
/// The same in one object, which is kept whole.
pub const OBJECT_STEPS_MAX: usize = 1_000_000;
/// Filters of one stream.
pub const FILTERS_MAX: usize = 4;
/// Pages of a document whose text is read.
pub const PAGES_MAX: usize = 500;
/// Pages that are counted.
pub const PAGES_COUNTED_MAX: usize = 100_000;
/// Levels of the tree of pages.
pub const TREE_DEPTH_MAX: usize = 64;
/// References that lead to references.
pub const REFERENCES_MAX: usize = 16;
/// Forms drawn inside forms.
pub const FORMS_DEPTH_MAX: usize = 8;
/// Pieces of text on all pages, each with its place.
pub const RUNS_MAX: usize = 400_000;
/// Attached files that are looked at.
pub const ATTACHMENTS_MAX: usize = 64;

/// Why a PDF is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// It does not begin as a PDF does.
    #[error("not a PDF")]
    NotPdf,
    /// It opens with a password, or its owner keeps programs out.
    #[error("the PDF is encrypted")]
    Encrypted,
    /// It is cut off, or its structure leads nowhere.
    #[error("the PDF is damaged")]
    Damaged,
    /// More pages than are read.
    #[error("the PDF has more than {pages_max} pages")]
    TooManyPages {
        /// The limit.
        pages_max: usize,
    },
    /// It passes a limit of size or work.
    #[error("the PDF has {0}")]
    TooLarge(&'static str),
}

/// What is left of a document's limits.
pub(crate) struct Budget {
    unpacked_left: Cell<usize>,
    steps_left: Cell<usize>,
}

impl Budget {
    pub fn full() -> Self {
        Self { unpacked_left: Cell::new(UNPACKED_BYTES_MAX), steps_left: Cell::new(STEPS_MAX) }
    }

    /// Bytes that the next stream may unpack to.
    pub fn unpacked_left(&self) -> usize {
        self.unpacked_left.get().min(STREAM_BYTES_MAX)
    }

    pub fn unpacked(&self, bytes: usize) -> Result<(), PdfError> {
        take(&self.unpacked_left, bytes).ok_or(PdfError::TooLarge("streams that unpack to more than any bill has"))
    }

    pub fn steps(&self, steps: usize) -> Result<(), PdfError> {
        take(&self.steps_left, steps).ok_or(PdfError::TooLarge("more in it than any bill has"))
    }
}

fn take(left: &Cell<usize>, amount: usize) -> Option<()> {
    left.set(left.get().checked_sub(amount)?);
    Some(())
}
