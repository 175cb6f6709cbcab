//! Statements in PDFs with a text layer.
//!
//! Owns nothing yet but the refusal.

use kernel::Currency;
use statement_lines::Refusal;
use statement_lines::model::Read;

/// Reads a PDF.
pub fn read(_bytes: &[u8], _currency: Option<Currency>) -> Read {
    Err(Refusal::NoText)
}
