//! What the codes of simple fonts mean (ISO 32000, annex D).
//!
//! Owns where PDF differs from the tables of others: Windows, Mac, and Adobe's names of glyphs. A glyph without a known
//! name is left without a letter, never guessed.

use std::ops::RangeInclusive;

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};
use read_fonts::ps::agl;

/// Names whose letters are not Adobe's: ligatures spelt out, as words are, and one sign for all that means minus or joins.
const SPELT: [(&str, &str); 8] = [
    ("space", "\u{a0}"),
    ("minus", "-"),
    ("sfthyphen", "-"),
    ("ff", "ff"),
    ("fi", "fi"),
    ("fl", "fl"),
    ("ffi", "ffi"),
    ("ffl", "ffl"),
];

/// Where Unicode leaves signs to whoever makes a font.
const OWN_SIGNS: RangeInclusive<char> = '\u{e000}'..='\u{f8ff}';

/// Widths of Helvetica from the space to the tilde, in thousandths, for fonts that bring none.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// What a code means in Windows' encoding, which others agree with where they have letters at all.
pub(crate) fn windows(code: u8) -> char {
    // PDF has bullets where Windows has nothing.
    if matches!(code, 0x7f..=0x9f) {
        one(WINDOWS_1252, code).filter(|letter| !letter.is_control()).unwrap_or('•')
    } else {
        char::from(code)
    }
}

/// What a code means in Mac Roman.
pub(crate) fn mac(code: u8) -> char {
    one(MACINTOSH, code).filter(|letter| *letter != '\u{a0}' && !OWN_SIGNS.contains(letter)).unwrap_or(' ')
}

fn one(encoding: &'static Encoding, code: u8) -> Option<char> {
    encoding.decode_without_bom_handling(&[code]).0.chars().next()
}

/// The letters of a named glyph.
pub(crate) fn glyph(name: &[u8]) -> Option<String> {
    let name = str::from_utf8(name).ok()?;
    // What follows a point is a variant: `one.tab`, `A.sc`.
    let name = name.split('.').next().filter(|name| !name.is_empty())?;
    if name.chars().count() == 1 {
        return Some(name.to_owned());
    }
    // `f_f_i` is one glyph of three; if one of them is unknown, so is the glyph.
    name.split('_').map(part).collect()
}

fn part(name: &str) -> Option<String> {
    if let Some((_, letters)) = SPELT.iter().find(|(known, _)| *known == name) {
        return Some((*letters).to_owned());
    }
    // Adobe counts its dingbats `a1` to `a206`, as other fonts count their letters; signs of its own are no letters either.
    let counted = name.strip_prefix('a').is_some_and(|rest| rest.parse::<u32>().is_ok());
    let is_letter = |letter: &char| !counted && !letter.is_control() && !OWN_SIGNS.contains(letter);
    let digits = || name.strip_prefix("uni").and_then(|rest| rest.get(..4)).or_else(|| name.strip_prefix('u'));
    let coded = || digits().and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
    agl::name_to_char(name).filter(is_letter).or_else(coded).map(String::from)
}

/// How wide a code is in thousandths of the font's size, where the font does not say.
pub(crate) fn usual_width(code: u32) -> u16 {
    let index = code.checked_sub(32).and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| HELVETICA.get(index)).copied().unwrap_or(556)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_mean_letters() {
        assert_eq!([windows(0x80), windows(0xe9), windows(0x96), windows(b'A')], ['€', 'é', '–', 'A']);
        assert_eq!([mac(0x8a), mac(0xdb), mac(b'z'), mac(0xca)], ['ä', '€', 'z', ' ']);
        let names = ["A", "one", "adieresis", "fi", "uni20AC", "u00e9", "two.tab", "space", "quotesingle"];
        let letters: Vec<_> = names.iter().filter_map(|name| glyph(name.as_bytes())).collect();
        assert_eq!(letters, ["A", "1", "ä", "fi", "€", "é", "2", "\u{a0}", "'"]);
        for unknown in ["g12", "cid7", ".notdef", "", "unix"] {
            assert_eq!(glyph(unknown.as_bytes()), None, "{unknown}");
        }
        let names = ["umacron", "gcommaaccent", "afii10017", "Gamma", "f_f_i", "minus", "ffl"];
        let letters: Vec<_> = names.iter().filter_map(|name| glyph(name.as_bytes())).collect();
        assert_eq!(letters, ["ū", "ģ", "А", "Γ", "ffi", "-", "ffl"]);
        for unknown in ["a1", "a206", "f_g12", "f_", "uniD800", "oneoldstyle", "controlSTX"] {
            assert_eq!(glyph(unknown.as_bytes()), None, "{unknown}");
        }
        assert_eq!([windows(0x81), windows(0xff), mac(0xf0), mac(0xf1), mac(0xff)], ['•', 'ÿ', ' ', 'Ò', 'ˇ']);
        assert_eq!([usual_width(32), usual_width(u32::from(b'i')), usual_width(7)], [278, 222, 556]);
    }
}
