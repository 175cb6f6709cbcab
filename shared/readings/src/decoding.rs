//! The bytes of an XML document as text.
//!
//! Owns which encoding they are in: what a byte order mark says, else what the XML declaration names, else UTF-8 (XML 1.0,
//! appendix F). Never replaces a letter that cannot be read: such a file is damaged.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes in which an XML declaration ends, if there is one.
const DECLARATION_BYTES_MAX: usize = 256;

/// Whether a file begins as XML does, in any of the encodings that are read.
pub(crate) fn looks_like_xml(bytes: &[u8]) -> bool {
    let head = bytes.get(..DECLARATION_BYTES_MAX).unwrap_or(bytes);
    let letters = head.iter().filter(|byte| !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xff | 0xfe));
    letters.copied().find(|byte| !byte.is_ascii_whitespace()) == Some(b'<')
}

/// The text, or none where a byte is no letter of the encoding, or the encoding is none that e-invoices use.
pub(crate) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (encoding, rest) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => (UTF_8, rest),
        [0xff, 0xfe, rest @ ..] => (UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => (UTF_16BE, rest),
        [b'<', 0, ..] => (UTF_16LE, bytes),
        [0, b'<', ..] => (UTF_16BE, bytes),
        _ => (declared(bytes)?, bytes),
    };
    encoding.decode_without_bom_handling_and_without_replacement(rest)
}

/// Encodings of one byte a letter are read as Windows-1252, which has all that ISO-8859-1 has.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..DECLARATION_BYTES_MAX).unwrap_or(bytes);
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    let Some(declaration) = head.trim_start().strip_prefix("<?xml") else { return Some(UTF_8) };
    let declaration = declaration.split("?>").next().unwrap_or_default();
    let Some((_, named)) = declaration.split_once("encoding") else { return Some(UTF_8) };
    let label = named.trim_start_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    let label = label.trim_start_matches(['"', '\'']).split(['"', '\'']).next().unwrap_or_default();
    let encoding = Encoding::for_label(label.as_bytes())?;
    // Marked as UTF-16, and yet its declaration was legible byte by byte: it is not.
    let known = [UTF_8, WINDOWS_1252].contains(&encoding);
    known.then_some(encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<&str>) {
        assert!(looks_like_xml(bytes));
        assert_eq!(decode(bytes).as_deref(), expected);
    }

    #[test]
    fn each_declared_encoding_is_read_and_no_letter_is_guessed() {
        let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        check("<a>é€</a>".as_bytes(), Some("<a>é€</a>"));
        check("\u{feff}<a>é</a>".as_bytes(), Some("<a>é</a>"));
        check(&utf16("\u{feff}<a>é</a>", u16::to_le_bytes), Some("<a>é</a>"));
        check(&utf16("\u{feff}<a>é</a>", u16::to_be_bytes), Some("<a>é</a>"));
        check(&utf16("<a>é</a>", u16::to_be_bytes), Some("<a>é</a>"));
        let latin = "<?xml version='1.0' encoding='ISO-8859-1'?><a>\u{e9}</a>";
        check(&latin.chars().map(|c| c as u8).collect::<Vec<_>>(), Some(latin));
        let windows = b"<?xml version=\"1.0\" encoding = \"windows-1252\"?><a>\x80</a>";
        check(windows, Some("<?xml version=\"1.0\" encoding = \"windows-1252\"?><a>€</a>"));
        check(b"<a>\xe9</a>", None);
        check(b"<?xml version='1.0' encoding='EBCDIC-CP-BE'?><a/>", None);
        check(b"<?xml version='1.0' encoding='UTF-16'?><a/>", None);
    }
}
