//! From the bytes of a bill, receipt or credit note to what it says.
//!
//! Owns the readers and the contract of what they find: each field with its value, how sure the reader is, and where it
//! stood. Bytes go in, a reading comes out: no I/O, no clock, nothing of Xero. A document is known by its content, never by
//! its name. What a document says is never corrected; what in it does not add up is listed beside it. Bytes are
//! hostile until read: each reader works within named limits, and one that panics costs its document alone.
//!
//! | module | what is in it |
//! |---|---|
//! | [`reading`], [`amount`] | what a document says |
//! | [`problem`], [`checks`] | what in it does not add up |
//! | [`outcome`] | how reading ends, and why a document is not read |
//! | `decoding`, `tree`, `gather` | XML as a tree within limits; values with their places out of it |
//! | [`bulk`] | many documents at once, to measure readers |
//! | `ubl`, `cii` | structured invoices, exactly |
//! | `pdf` | the e-invoice in a PDF, else its text |
//! | `text`, `totals` | what the text of a PDF says, by the clues in it |

pub mod amount;
pub mod bulk;
pub mod checks;
mod cii;
mod decoding;
mod gather;
pub mod outcome;
mod pdf;
pub mod problem;
pub mod reading;
mod text;
mod totals;
mod tree;
mod ubl;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use outcome::{NotReadable, Outcome, Refusal};
pub use pdf::{is_encrypted, page_count, read_text_layer};
pub use reading::Reading;
pub use text::{kind_by_words, settle_date};

use gather::Gather;
use tree::{Element, Space, Tree};

/// Bytes of a document. Intake takes no more, and what Xero takes is less.
pub const FILE_BYTES_MAX: usize = 30 << 20;
/// Bytes of an XML document, alone or inside a PDF: attached files in base64 are part of it.
pub const XML_BYTES_MAX: usize = 16 << 20;
/// How pictures begin: JPEG, PNG, TIFF in both orders, GIF.
const PICTURES: [&[u8]; 5] = [b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"GIF8"];

/// Reads a document of any kind.
pub fn read(bytes: &[u8]) -> Outcome {
    match guard(bytes, read_any) {
        Ok(reading) => Outcome::Read(Box::new(reading)),
        Err(refusal) => Outcome::NotReadable(refusal),
    }
}

/// Asks a reader, within the bound on a file's size. A panic in it is an outcome of this file.
fn guard<T>(bytes: &[u8], ask: impl FnOnce(&[u8]) -> Result<T, NotReadable>) -> Result<T, NotReadable> {
    if bytes.len() > FILE_BYTES_MAX {
        let words = format!("The file has more than {} MB.", FILE_BYTES_MAX >> 20);
        return Err(NotReadable::new(Refusal::TooLarge, words));
    }
    // Nothing that the reader touches outlives it, so nothing half-done is seen afterwards.
    catch_unwind(AssertUnwindSafe(|| ask(bytes))).unwrap_or_else(|_| {
        let words = "The reader failed on this document. Somebody has to type it in.";
        Err(NotReadable::new(Refusal::ReaderFailed, words))
    })
}

fn read_any(bytes: &[u8]) -> Result<Reading, NotReadable> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(NotReadable::new(Refusal::Empty, "The file is empty."));
    }
    if pages::is_pdf(bytes) {
        return pdf::read(bytes);
    }
    if decoding::looks_like_xml(bytes) {
        return read_xml(bytes, "");
    }
    if PICTURES.iter().any(|magic| bytes.starts_with(magic)) {
        let words = "This is a picture, so no reader can read it: it is an image.";
        return Err(NotReadable::new(Refusal::ImageOnly, words));
    }
    let words = "This is neither a PDF nor an XML invoice, so no reader can read it.";
    Err(NotReadable::new(Refusal::UnknownFormat, words))
}

/// Reads an XML invoice; `prefix` stands before each place.
fn read_xml(bytes: &[u8], prefix: &str) -> Result<Reading, NotReadable> {
    if bytes.len() > XML_BYTES_MAX {
        let words = format!("The XML has more than {} MB.", XML_BYTES_MAX >> 20);
        return Err(NotReadable::new(Refusal::TooLarge, words));
    }
    let text = decoding::decode(bytes).ok_or_else(|| {
        NotReadable::new(
            Refusal::Damaged,
            "The XML is not in the encoding that it names, or in one that invoices do not use.",
        )
    })?;
    let tree = Tree::parse(&text)?;
    let mut gather = Gather::new(prefix);
    // Networks wrap the invoice in an envelope of their own (SBDH).
    let candidates = std::iter::once(tree.root()).chain(tree.root().inside());
    let read = candidates.into_iter().find_map(|element| read_root(element, &mut gather));
    let mut reading = read.ok_or_else(|| {
        NotReadable::new(Refusal::NotAnInvoice, "This XML is no invoice or credit note in UBL or Cross Industry form.")
    })?;
    reading.problems = gather.problems;
    reading.problems.extend(checks::check(&reading));
    Ok(reading)
}

fn read_root(element: Element<'_>, gather: &mut Gather) -> Option<Reading> {
    match (element.space(), element.name()) {
        (Space::UblInvoice, "Invoice") | (Space::UblCreditNote, "CreditNote") => Some(ubl::read(element, gather)),
        (Space::Rsm, "CrossIndustryInvoice") | (Space::RsmZugferd1, "CrossIndustryDocument") => {
            Some(cii::read(element, gather))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_costs_its_document_alone() {
        let refusal = guard(b"x", |_| -> Result<(), NotReadable> { panic!("on purpose") }).unwrap_err();
        assert_eq!(refusal.code, Refusal::ReaderFailed);
    }

    #[test]
    fn a_file_beyond_the_limit_reaches_no_reader() {
        let large = vec![0; FILE_BYTES_MAX + 1];
        let refusal = guard(&large, |_| -> Result<(), NotReadable> { panic!("reached") }).unwrap_err();
        assert_eq!(refusal.code, Refusal::TooLarge);
    }
}
