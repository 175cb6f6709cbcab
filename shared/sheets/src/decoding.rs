//! The bytes of a CSV as text.
//!
//! Owns which encoding they are in: UTF-8, UTF-16 when marked so, else Windows-1252. Whatever holds control characters is
//! no text.

use std::borrow::Cow;

use crate::error::SheetError;

/// What Windows-1252 has from 0x80 to 0x9F; its five holes are zeros.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', //
    '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => str::from_utf8(rest).ok().map(Cow::Borrowed),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => unmarked(bytes)?,
    };
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    text.filter(|text| text.chars().all(plain)).ok_or(SheetError::NotASheet)
}

/// UTF-8 when all of it is, Windows-1252 when no letter is UTF-8's; text with some of each would come out garbled.
fn unmarked(bytes: &[u8]) -> Result<Option<Cow<'_, str>>, SheetError> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if bytes[..error.valid_up_to()].is_ascii() => Ok(windows_1252(bytes)),
        Err(_) => Err(SheetError::EncodingsMixed),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'static, str>> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>().ok().map(Cow::Owned)
}

fn windows_1252(bytes: &[u8]) -> Option<Cow<'static, str>> {
    let letter = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        // Latin-1 is the beginning of Unicode.
        _ => char::from(*byte),
    };
    // A hole becomes a zero, which is a control character: no text.
    Some(Cow::Owned(bytes.iter().map(letter).collect()))
}
