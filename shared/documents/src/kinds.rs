//! What a file is, by its bytes alone, and how large it may be.

use serde::{Deserialize, Serialize};

/// Bytes of a document. Xero takes attachments of 10 MB; what it would refuse is not taken in.
pub const FILE_BYTES_MAX: u64 = 10_000_000;
/// Pages of a PDF.
pub const PAGES_MAX: usize = 500;
/// Pixels of an image: a page of A3 at 600 dots an inch has 69 million.
pub const PIXELS_MAX: u64 = 75_000_000;

/// A kind of file that is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A PDF, with or without an invoice inside.
    Pdf,
    /// An XML invoice.
    Xml,
    /// A photo or scan.
    Jpeg,
    /// A photo or scan.
    Png,
    /// A photo or scan.
    Gif,
    /// A photo or scan.
    Tiff,
    /// A photo or scan.
    Webp,
    /// A photo as phones make them.
    Heif,
}

/// Kinds and their content types, the first of each being the one that is answered.
const TYPES: &[(FileKind, &[&str])] = &[
    (FileKind::Pdf, &["application/pdf"]),
    (FileKind::Xml, &["application/xml", "text/xml"]),
    (FileKind::Jpeg, &["image/jpeg", "image/jpg"]),
    (FileKind::Png, &["image/png"]),
    (FileKind::Gif, &["image/gif"]),
    (FileKind::Tiff, &["image/tiff"]),
    (FileKind::Webp, &["image/webp"]),
    (FileKind::Heif, &["image/heif", "image/heic"]),
];

/// What is measured of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Its kind.
    pub kind: FileKind,
    /// Pages of a PDF or a TIFF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<usize>,
    /// Width and height of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<(u64, u64)>,
}

/// Why a file is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Unfit {
    /// Nothing in it.
    #[error("The file is empty. Choose the file again; perhaps it was still being written.")]
    Empty,
    /// More bytes than Xero takes.
    #[error("The file has {bytes} bytes; at most {FILE_BYTES_MAX} are taken. Scan it at a lower resolution.")]
    TooLarge {
        /// Its length.
        bytes: u64,
    },
    /// Nothing that bills come as.
    #[error("The file is neither a PDF nor an XML invoice nor an image. Export it as PDF and send that.")]
    UnknownType,
    /// Bytes of another kind than was announced.
    #[error("The file is {found:?} and was announced as {announced}. Send it under its own type.")]
    OtherType {
        /// What it is.
        found: FileKind,
        /// The content type that was announced.
        announced: String,
    },
    /// Other bytes than were announced.
    #[error("The file is not the one that was announced. Announce this one and send it again.")]
    OtherFile,
    /// A PDF that needs a password.
    #[error("The PDF is protected by a password. Save it without one and send that.")]
    Encrypted,
    /// It cannot be opened.
    #[error("The file is damaged or cut off. Open it; if it looks right, save it anew and send that.")]
    Damaged,
    /// A PDF of more pages than any bill has.
    #[error("The PDF has more than {PAGES_MAX} pages. Send the pages of the bill alone.")]
    TooManyPages,
    /// A scanner for malware found something in it.
    #[error("A scanner for malware found something in the file. Do not open it; ask the sender for another.")]
    Malware,
    /// It had to be scanned for malware and could not be.
    #[error("The file could not be scanned for malware, which is required here. Send it as a plain PDF.")]
    NotScanned,
    /// An image larger than any scan.
    #[error("The image has {width} by {height} pixels; at most {PIXELS_MAX} in all are taken. Make it smaller.")]
    TooManyPixels {
        /// Its width.
        width: u64,
        /// Its height.
        height: u64,
    },
}

impl FileKind {
    /// Of a content type as a browser states it.
    pub fn of_type(content_type: &str) -> Option<Self> {
        let plain = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        TYPES.iter().find(|(_, types)| types.contains(&plain.as_str())).map(|(kind, _)| *kind)
    }

    /// The content type.
    pub fn content_type(self) -> &'static str {
        TYPES.iter().find(|(kind, _)| *kind == self).map_or("application/octet-stream", |(_, types)| types[0])
    }

    /// Of bytes.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"%PDF-") {
            return Some(Self::Pdf);
        }
        match infer::get(bytes).map(|kind| kind.mime_type()) {
            Some("image/heif" | "image/heic") => Some(Self::Heif),
            Some(found) => Self::of_type(found),
            None => looks_like_xml(bytes).then_some(Self::Xml),
        }
    }

    /// Whether it is made of pixels.
    pub fn is_image(self) -> bool {
        !matches!(self, Self::Pdf | Self::Xml)
    }
}

/// Markup behind a byte order mark and white space, in UTF-8 or UTF-16, and no page of HTML.
fn looks_like_xml(bytes: &[u8]) -> bool {
    let plain: Vec<u8> = bytes.iter().take(512).copied().filter(|byte| *byte != 0).collect();
    let plain = [&b"\xEF\xBB\xBF"[..], b"\xFF\xFE", b"\xFE\xFF"]
        .iter()
        .find_map(|mark| plain.strip_prefix(*mark))
        .unwrap_or(&plain);
    let text = String::from_utf8_lossy(plain.trim_ascii_start()).to_ascii_lowercase();
    text.starts_with('<') && !text.contains("<html") && !text.starts_with("<!doctype html")
}

/// Pages of a PDF. One that cannot be opened here may still open elsewhere: its reader says so, and a person looks at it.
fn pages_of(bytes: &[u8]) -> Result<Option<usize>, Unfit> {
    if readings::is_encrypted(bytes) == Ok(true) {
        return Err(Unfit::Encrypted);
    }
    match readings::page_count(bytes) {
        Ok(pages) if pages > PAGES_MAX => Err(Unfit::TooManyPages),
        Ok(pages) => Ok(Some(pages)),
        Err(refusal) if refusal.code == readings::Refusal::TooLarge => Err(Unfit::TooManyPages),
        Err(_) => Ok(None),
    }
}

/// Pages of a TIFF, by the chain of its directories (TIFF 6.0, section 2); none where the chain leads out of the file or
/// does not end.
fn tiff_pages(bytes: &[u8]) -> Option<usize> {
    let little = bytes.starts_with(b"II");
    let part = |at: usize, length: usize| bytes.get(at..at.checked_add(length)?);
    let short = |at| {
        let two: [u8; 2] = part(at, 2)?.try_into().ok()?;
        Some(usize::from(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) }))
    };
    let long = |at| {
        let four: [u8; 4] = part(at, 4)?.try_into().ok()?;
        usize::try_from(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }).ok()
    };
    let mut at = long(4)?;
    for pages in 0..=PAGES_MAX {
        if at == 0 {
            return Some(pages);
        }
        // Each directory: a count, entries of twelve bytes, and where the next is.
        at = long(at.checked_add(2)?.checked_add(short(at)?.checked_mul(12)?)?)?;
    }
    None
}

/// Measures a file that was announced as of some type; refuses what cannot be a bill.
pub fn measure(bytes: &[u8], announced: &str) -> Result<Measure, Unfit> {
    if bytes.is_empty() {
        return Err(Unfit::Empty);
    }
    let length = bytes.len() as u64;
    if length > FILE_BYTES_MAX {
        return Err(Unfit::TooLarge { bytes: length });
    }
    let kind = FileKind::of_bytes(bytes).ok_or(Unfit::UnknownType)?;
    if FileKind::of_type(announced) != Some(kind) {
        return Err(Unfit::OtherType { found: kind, announced: announced.chars().take(100).collect() });
    }
    let (mut pages, mut pixels) = (None, None);
    if kind == FileKind::Pdf {
        pages = pages_of(bytes)?;
    } else if kind.is_image() {
        let size = imagesize::blob_size(bytes).map_err(|_| Unfit::Damaged)?;
        let (width, height) = (size.width as u64, size.height as u64);
        if width.saturating_mul(height) > PIXELS_MAX {
            return Err(Unfit::TooManyPixels { width, height });
        }
        pixels = Some((width, height));
        pages = (kind == FileKind::Tiff).then(|| tiff_pages(bytes)).flatten();
    }
    Ok(Measure { kind, pages, pixels })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A TIFF of empty directories in one order of bytes, each leading to the next, the last to `end`.
    fn tiff(little: bool, pages: u32, end: u32) -> Vec<u8> {
        let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut file = if little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        file.extend(long(8));
        for page in 1..=pages {
            file.extend([0, 0]);
            file.extend(long(if page == pages { end } else { 8 + page * 6 }));
        }
        file
    }

    #[test]
    fn pages_of_a_tiff_are_counted_and_a_chain_without_an_end_is_none() {
        for little in [true, false] {
            assert_eq!(tiff_pages(&tiff(little, 1, 0)), Some(1));
            assert_eq!(tiff_pages(&tiff(little, 500, 0)), Some(500));
            assert_eq!(tiff_pages(&tiff(little, 501, 0)), None, "beyond the bound");
            assert_eq!(tiff_pages(&tiff(little, 2, 8)), None, "round and round");
            assert_eq!(tiff_pages(&tiff(little, 1, u32::MAX)), None, "out of the file");
        }
        assert_eq!((tiff_pages(b"II*\0"), tiff_pages(&tiff(true, 1, 0)[..10])), (None, None));
    }
}
