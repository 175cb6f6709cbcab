//! PDFs: the e-invoice that lies in one, else the text of its pages.
//!
//! Owns which of both is read. An attached e-invoice is exact and comes first; the text is read where there is none, or
//! where it cannot be read, and then that is said.

use pages::{Attachment, Pdf, PdfError};

use crate::outcome::{NotReadable, Outcome, Refusal};
use crate::problem::{Problem, ProblemCode};
use crate::reading::{Method, Reading};
use crate::text;

/// Names under which standards attach an e-invoice: Factur-X and ZUGFeRD 2, ZUGFeRD 2.0 and 1.0, XRechnung. An order is
/// attached as `order-x.xml`, which is no invoice.
const E_INVOICES: [&str; 3] = ["factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml"];
/// Letters without which text is no text layer: stamps and page numbers are put on scans too.
const LETTERS_MIN: usize = 24;

/// How many pages a PDF has. Only a PDF has pages here; anything else is refused.
pub fn page_count(bytes: &[u8]) -> Result<usize, NotReadable> {
    guarded(bytes, |pdf| pdf.page_count())
}

/// Whether a PDF needs a password, so that neither its text nor its attachments can be read. One that is only locked
/// against change needs none.
pub fn is_encrypted(bytes: &[u8]) -> Result<bool, NotReadable> {
    guarded(bytes, |pdf| Ok(pdf.is_encrypted()))
}

fn guarded<T>(bytes: &[u8], ask: impl FnOnce(&Pdf<'_>) -> Result<T, PdfError>) -> Result<T, NotReadable> {
    crate::guard(bytes, |bytes| Pdf::open(bytes).and_then(|pdf| ask(&pdf)).map_err(refusal))
}

/// Reads the text of a PDF even where an e-invoice is attached: for holding one against the other.
pub fn read_text_layer(bytes: &[u8]) -> Outcome {
    match guarded_reading(bytes) {
        Ok(reading) => Outcome::Read(Box::new(reading)),
        Err(refusal) => Outcome::NotReadable(refusal),
    }
}

fn guarded_reading(bytes: &[u8]) -> Result<Reading, NotReadable> {
    crate::guard(bytes, |bytes| Pdf::open(bytes).map_err(refusal).and_then(|pdf| read_text(&pdf)))
}

/// Reads a PDF.
pub(crate) fn read(bytes: &[u8]) -> Result<Reading, NotReadable> {
    let pdf = Pdf::open(bytes).map_err(refusal)?;
    let attachments = pdf.attachments(&E_INVOICES).map_err(refusal)?;
    let Some(attachment) = attachments.first() else { return read_text(&pdf) };
    match read_attached(attachment) {
        Ok(reading) => Ok(reading),
        Err(NotReadable { words, .. }) => {
            let mut reading = read_text(&pdf)?;
            let words = format!("The e-invoice attached to the PDF could not be read, so its text was. {words}");
            reading.problems.insert(0, Problem::plain(ProblemCode::AttachmentUnreadable, &attachment.name, words));
            Ok(reading)
        }
    }
}

fn read_attached(attachment: &Attachment) -> Result<Reading, NotReadable> {
    let mut reading = crate::read_xml(&attachment.bytes, &format!("{}: ", attachment.name))?;
    reading.method = Method::FacturX;
    Ok(reading)
}

fn read_text(pdf: &Pdf<'_>) -> Result<Reading, NotReadable> {
    let pages = pdf.pages().map_err(refusal)?;
    let letters = || pages.iter().flat_map(|page| &page.lines).flat_map(|line| &line.cells);
    let count = |wanted: fn(char) -> bool| -> usize {
        letters().map(|cell| cell.text.chars().filter(|letter| wanted(*letter)).count()).sum()
    };
    let (known, unknown) = (count(char::is_alphanumeric), count(|letter| letter == char::REPLACEMENT_CHARACTER));
    if known < LETTERS_MIN || unknown > known {
        return Err(image_only(unknown > known));
    }
    text::read(&pages)
}

fn image_only(drawn: bool) -> NotReadable {
    let words = if drawn {
        "This PDF draws its letters without saying which they are, so no reader can read it: it is an image."
    } else {
        "This PDF has no text layer, so no reader can read it: it is an image."
    };
    NotReadable::new(Refusal::ImageOnly, words)
}

fn refusal(error: PdfError) -> NotReadable {
    match error {
        PdfError::NotPdf => NotReadable::new(Refusal::UnknownFormat, "This is no PDF."),
        PdfError::Encrypted => {
            NotReadable::new(Refusal::Encrypted, "This PDF needs a password, so no reader can read it.")
        }
        PdfError::Damaged => {
            NotReadable::new(Refusal::Damaged, "This PDF is cut off or damaged: no page is left in it.")
        }
        PdfError::TooManyPages { pages_max } => {
            NotReadable::new(Refusal::TooLarge, format!("This PDF has more than {pages_max} pages."))
        }
        PdfError::TooLarge(what) => NotReadable::new(Refusal::TooLarge, format!("Not read: this PDF has {what}.")),
    }
}
