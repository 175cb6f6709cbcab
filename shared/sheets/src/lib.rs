//! Sheets as people send them: a CSV or an XLSX becomes a header and rows of text cells.
//!
//! Owns what of a file can be trusted, and how much of it is looked at. Bytes go in, rows come out: no I/O, no guess at
//! what a cell means. A file is known by its content, never by its name. What cannot be taken exactly, such as a formula,
//! whose stored result may be stale, is refused with its cell; nothing is half-read. Hidden sheets are passed over; hidden
//! and filtered rows of the sheet that is read are rows like others.
//!
//! | module | what is in it |
//! |---|---|
//! | [`table`] | a sheet: its header, rows and cells |
//! | [`error`] | why a file is no sheet |
//! | `decoding`, `csv` | bytes as text; RFC 4180 with the delimiters of Excel's languages |
//! | `package`, `xml` | parts of an XLSX, inflated and parsed piece by piece, each counted |
//! | `workbook`, `styles`, `strings`, `worksheet` | what the parts say |
//! | `values` | stored numbers and serial dates as exact text |

mod csv;
mod decoding;
pub mod error;
mod package;
mod strings;
mod styles;
pub mod table;
mod values;
mod workbook;
mod worksheet;
mod xml;

pub use error::{Part, SheetError};
pub use table::{Cell, CellKind, CellRange, CellRef, NoCellRef, Row, Sheet};

/// How much of a file is looked at. With [`Limits::default`] reading takes at most about 50 MiB beside the file, since
/// XML is parsed as it is inflated and text is kept in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes_max: usize,
    /// Rows with content, without the header.
    pub rows_max: usize,
    /// Columns, counted from A.
    pub columns_max: usize,
    /// Characters of a cell.
    pub cell_chars_max: usize,
    /// Bytes of the text of all cells, and of an XLSX's shared strings.
    pub text_bytes_max: usize,
    /// Bytes that one part of an XLSX inflates to.
    pub part_bytes_max: u64,
    /// The same for a list of parts or sheets, which is kept.
    pub list_bytes_max: u64,
    /// Bytes that all parts read of an XLSX inflate to.
    pub package_bytes_max: u64,
    /// Parts of an XLSX, and links from one part to others.
    pub parts_max: usize,
    /// Shared strings of an XLSX: more than its rows can use.
    pub shared_strings_max: usize,
    /// Cell styles of an XLSX, and its number formats: Excel's own limit.
    pub styles_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 5 << 20,
            rows_max: 20_000,
            columns_max: 50,
            cell_chars_max: 4_000,
            text_bytes_max: 8 << 20,
            part_bytes_max: 64 << 20,
            list_bytes_max: 4 << 20,
            package_bytes_max: 96 << 20,
            parts_max: 2_000,
            shared_strings_max: 500_000,
            styles_max: 65_536,
        }
    }
}

/// Every OLE file begins so: Excel's format until 2003, and an XLSX under a password.
const OLE_MAGIC: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Every ZIP file with an entry begins so, and an XLSX has entries.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// Excel's mark in the OLE directory of a file under a password, in UTF-16.
const ENCRYPTED_PACKAGE: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";

/// Reads a file of either format. The first row with content is the header.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Sheet, SheetError> {
    if bytes.len() > limits.file_bytes_max {
        return Err(SheetError::FileTooLarge { bytes_max: limits.file_bytes_max });
    }
    if bytes.starts_with(OLE_MAGIC) {
        return Err(ole_error(bytes));
    }
    if bytes.starts_with(ZIP_MAGIC) {
        return workbook::read(bytes, limits);
    }
    csv::read(&decoding::decode(bytes)?, limits)
}

fn ole_error(bytes: &[u8]) -> SheetError {
    let encrypted = bytes.windows(ENCRYPTED_PACKAGE.len()).any(|window| window == ENCRYPTED_PACKAGE);
    if encrypted { SheetError::Encrypted } else { SheetError::OldExcel }
}
