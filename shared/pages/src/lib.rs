//! PDFs as people upload them: how many pages, the text on each line by line, and the files attached.
//!
//! Owns what of a PDF can be trusted and how much of it is looked at. Bytes go in, text comes out: no I/O, no pictures, no
//! drawing, no guess at what a text means. Memory and time are bounded for any file: objects are read when they are asked
//! for, and everything that is unpacked, parsed or placed is counted against one document's limits.
//!
//! | module | what is in it |
//! |---|---|
//! | [`error`] | the limits, and why a PDF is not read |
//! | `object`, `filters`, `file` | objects out of bytes, streams unpacked, where each object is |
//! | `crypt` | files that are encrypted and open without a password |
//! | `page_tree`, `attachments` | pages in their order; attached files |
//! | `encodings`, `cmap`, `font` | codes of a font as letters, and how wide they are |
//! | `content`, `layout` | what a page draws as text, and its lines |

mod attachments;
mod cmap;
mod content;
mod crypt;
mod encodings;
pub mod error;
mod file;
mod filters;
mod font;
mod layout;
mod object;
mod page_tree;

pub use attachments::Attachment;
pub use error::PdfError;
pub use layout::{Cell, Line};

use file::File;

/// A PDF, opened.
pub struct Pdf<'b> {
    file: File<'b>,
}

/// The text of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// From top to bottom.
    pub lines: Vec<Line>,
}

/// Whether bytes begin as a PDF does.
pub fn is_pdf(bytes: &[u8]) -> bool {
    file::begins(bytes)
}

impl<'b> Pdf<'b> {
    /// Opens a PDF: looks through its objects, reads no page.
    pub fn open(bytes: &'b [u8]) -> Result<Self, PdfError> {
        Ok(Self { file: File::open(bytes)? })
    }

    /// Whether it opens with a password only. Then neither text nor attachments can be read; pages can be counted in most.
    pub fn is_encrypted(&self) -> bool {
        self.file.is_closed()
    }

    /// How many pages there are, counted and not believed.
    pub fn page_count(&self) -> Result<usize, PdfError> {
        Ok(page_tree::pages(&self.file, error::PAGES_COUNTED_MAX)?.len())
    }

    /// The attached files that are named in one of these ways, whatever the case of letters.
    pub fn attachments(&self, names: &[&str]) -> Result<Vec<Attachment>, PdfError> {
        self.refuse_encrypted()?;
        attachments::read(&self.file, names)
    }

    /// The text of every page.
    pub fn pages(&self) -> Result<Vec<Page>, PdfError> {
        self.refuse_encrypted()?;
        let pages = page_tree::pages(&self.file, error::PAGES_MAX)?;
        let runs = content::read(&self.file, &pages)?;
        Ok(runs.into_iter().map(|runs| Page { lines: layout::lines(runs) }).collect())
    }

    fn refuse_encrypted(&self) -> Result<(), PdfError> {
        if self.is_encrypted() { Err(PdfError::Encrypted) } else { Ok(()) }
    }
}
