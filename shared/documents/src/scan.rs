//! Pictures and a reader of pictures: which it is asked about, and what a person is told where it is not.
//!
//! Owns the limits of Amazon Textract's expense analysis, so that nothing is sent that it would refuse. Source: Amazon Textract
//! Developer Guide, "Set Quotas in Amazon Textract".

use ports::ScanRefusal;

use crate::kinds::{FileKind, Measure};

/// Bytes of a file: "JPEG, PNG, PDF, and TIFF files have a limit of 10 MB in memory". Taken as ten million, the lesser reading.
pub const SCAN_BYTES_MAX: u64 = 10_000_000;
/// Pixels of each side: "a resolution less than or equal to 10000 pixels on all sides".
pub const SIDE_PIXELS_MAX: u64 = 10_000;
/// Pages that are read by one call: "PDF and TIFF files also have a limit of 1 page" for synchronous operations.
pub const CALL_PAGES_MAX: usize = 1;
/// Pages that are read by a job. Textract takes 3,000 and charges for each; a bill of more than these is a book.
pub const SCAN_PAGES_MAX: usize = 20;

/// Why a reader of pictures is not asked, or would not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unscannable {
    /// Nobody set one up.
    #[error("It is a picture, and no reader for pictures is set up. Open it and type it in.")]
    NotSetUp,
    /// One is set up, and AWS does not let this deployment use it.
    #[error("It is a picture, and AWS does not let the reader for pictures be used here. Open it and type it in.")]
    NotAllowed,
    /// A kind it does not know.
    #[error(
        "The reader for pictures reads JPEG, PNG, TIFF and PDF, and this is none of them. Send it as one, or type it in."
    )]
    Kind,
    /// Too many bytes.
    #[error(
        "The reader for pictures reads files of at most {SCAN_BYTES_MAX} bytes. Scan it at a lower resolution, or type it in."
    )]
    Bytes,
    /// Too many pixels.
    #[error(
        "The reader for pictures reads at most {SIDE_PIXELS_MAX} pixels in width and height. Make it smaller, or type it in."
    )]
    Pixels,
    /// Too many pages.
    #[error(
        "The reader for pictures reads at most {SCAN_PAGES_MAX} pages, and this scan has more. Upload those with the total, or type it in."
    )]
    Pages,
    /// It was asked and refused: it cannot open the file.
    #[error("The reader for pictures could not open the file; it may be damaged. Open it and type it in.")]
    Refused,
    /// It was asked twice and failed.
    #[error("The reader for pictures failed on this document twice. Open it and type it in.")]
    Failed,
    /// It took no calls for hours, or was at work for hours.
    #[error("The reader for pictures did not come to an end with it for hours. Open it and type it in.")]
    Busy,
}

impl Unscannable {
    /// The reason as programs see it.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotSetUp | Self::NotAllowed => "image_only",
            Self::Kind => "kind_not_for_reader",
            Self::Bytes | Self::Pixels => "too_large_for_reader",
            Self::Pages => "too_many_pages_for_reader",
            Self::Refused => "refused_by_reader",
            Self::Failed => "reader_failed",
            Self::Busy => "reader_busy",
        }
    }

    /// What a reader's refusal tells a person.
    pub fn of(refusal: ScanRefusal) -> Self {
        match refusal {
            ScanRefusal::Bad | ScanRefusal::Unsupported | ScanRefusal::Unreachable => Self::Refused,
            ScanRefusal::TooLarge => Self::Bytes,
        }
    }
}

/// Whether a reader of pictures can take a file; it is not asked where it cannot. What was not measured, it decides itself.
pub fn check(measure: &Measure, bytes: u64) -> Result<(), Unscannable> {
    if !matches!(measure.kind, FileKind::Jpeg | FileKind::Png | FileKind::Tiff | FileKind::Pdf) {
        return Err(Unscannable::Kind);
    }
    if bytes > SCAN_BYTES_MAX {
        return Err(Unscannable::Bytes);
    }
    if measure.pixels.is_some_and(|(width, height)| width.max(height) > SIDE_PIXELS_MAX) {
        return Err(Unscannable::Pixels);
    }
    if measure.pages.is_some_and(|pages| pages > SCAN_PAGES_MAX) {
        return Err(Unscannable::Pages);
    }
    Ok(())
}

/// Whether a file is read by a job, and not by one call.
pub fn takes_a_job(measure: Option<&Measure>) -> bool {
    measure.and_then(|measure| measure.pages).is_some_and(|pages| pages > CALL_PAGES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_lets_its_last_value_pass_and_not_the_next() {
        use FileKind::*;
        let is = |kind, pages, pixels, bytes| check(&Measure { kind, pages, pixels }, bytes);
        let side = SIDE_PIXELS_MAX;
        for kind in [Jpeg, Png, Tiff, Pdf] {
            assert_eq!(is(kind, None, None, SCAN_BYTES_MAX), Ok(()));
            assert_eq!(is(kind, None, None, SCAN_BYTES_MAX + 1), Err(Unscannable::Bytes));
        }
        for kind in [Gif, Webp, Heif, Xml] {
            assert_eq!(is(kind, None, Some((1, 1)), 1), Err(Unscannable::Kind));
        }
        assert_eq!(is(Jpeg, None, Some((side, side)), 1), Ok(()));
        assert_eq!(is(Jpeg, None, Some((side + 1, 1)), 1), Err(Unscannable::Pixels));
        assert_eq!(is(Png, None, Some((1, side + 1)), 1), Err(Unscannable::Pixels));
        assert_eq!(is(Pdf, Some(SCAN_PAGES_MAX), None, 1), Ok(()));
        assert_eq!(is(Tiff, Some(SCAN_PAGES_MAX + 1), Some((1, 1)), 1), Err(Unscannable::Pages));
        let of = |pages| Measure { kind: Tiff, pages, pixels: None };
        assert!(takes_a_job(Some(&of(Some(2)))) && !takes_a_job(Some(&of(Some(1)))) && !takes_a_job(Some(&of(None))));
    }

    #[test]
    fn words_name_the_limits_and_what_to_do() {
        let reasons =
            [Unscannable::NotSetUp, Unscannable::Kind, Unscannable::Bytes, Unscannable::Pixels, Unscannable::Pages];
        for reason in reasons {
            assert!(reason.to_string().contains("type it in"), "{reason}");
        }
        assert!(Unscannable::Pixels.to_string().contains("10000 pixels"));
    }
}
