//! A font: which letters its codes are, and how wide.
//!
//! Owns how a shown string becomes letters. A code without a known letter becomes the replacement character, so that the
//! caller can tell text that cannot be read from no text.

use std::collections::HashMap;

use crate::cmap::{self, Cmap};
use crate::encodings;
use crate::error::PdfError;
use crate::file::File;
use crate::object::{Dict, ONE, Object};

/// Widths of one font that are kept.
const WIDTHS_MAX: usize = 65_536;

/// A font of a page.
pub(crate) struct Font {
    composite: bool,
    cmap: Cmap,
    /// Letters of the 256 codes of a simple font.
    simple: Vec<Option<String>>,
    widths: HashMap<u32, i64>,
    default_width: Option<i64>,
}

/// One shown code.
pub(crate) struct Glyph<'f> {
    pub letters: Letters<'f>,
    /// In millionths of the font's size.
    pub width: i64,
    /// Whether it is the single byte that word spacing applies to.
    pub is_space: bool,
}

/// What a code means.
pub(crate) enum Letters<'f> {
    Known(&'f str),
    Unknown,
}

impl Font {
    /// Reads a font's tables.
    pub fn read(file: &File<'_>, font: &Object) -> Result<Self, PdfError> {
        let dict = file.dict(font)?.unwrap_or_default();
        let composite = dict.is("Subtype", "Type0");
        let table = file.stream(dict.get("ToUnicode"))?;
        let cmap = table.map(|(_, bytes)| cmap::read(&bytes, &file.budget)).transpose()?.unwrap_or_default();
        let mut read = Self { composite, cmap, simple: Vec::new(), widths: HashMap::new(), default_width: None };
        if composite {
            let descendants = file.entry(&dict, "DescendantFonts")?;
            let descendant = descendants.array().first().map(|font| file.dict(font)).transpose()?.flatten();
            read.composite_widths(file, &descendant.unwrap_or_default())?;
        } else {
            read.simple = simple_letters(file, &dict)?;
            read.simple_widths(file, &dict)?;
        }
        Ok(read)
    }

    /// The codes of a shown string.
    pub fn glyphs<'f>(&'f self, text: &'f [u8]) -> impl Iterator<Item = Glyph<'f>> {
        let bytes = if self.composite && !self.cmap.one_byte { 2 } else { 1 };
        text.chunks(bytes).map(move |code| {
            let number = code.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
            Glyph { letters: self.letters(number), width: self.width(number), is_space: bytes == 1 && code == b" " }
        })
    }

    fn letters(&self, code: u32) -> Letters<'_> {
        let simple = || usize::try_from(code).ok().and_then(|code| self.simple.get(code)).and_then(Option::as_deref);
        self.cmap.letters.get(&code).map(String::as_str).or_else(simple).map_or(Letters::Unknown, Letters::Known)
    }

    fn width(&self, code: u32) -> i64 {
        let stated = self.widths.get(&code).copied().or(self.default_width);
        stated.unwrap_or_else(|| i64::from(encodings::usual_width(code)) * ONE / 1000)
    }

    fn simple_widths(&mut self, file: &File<'_>, dict: &Dict) -> Result<(), PdfError> {
        let first = file.entry(dict, "FirstChar")?.index().and_then(|first| u32::try_from(first).ok()).unwrap_or(0);
        // Type 3 fonts measure in units of their own.
        let scale = match file.entry(dict, "FontMatrix")?.array() {
            [Object::Number(scale), ..] if dict.is("Subtype", "Type3") => scale.abs(),
            _ => ONE / 1000,
        };
        let widths = file.entry(dict, "Widths")?;
        for (code, width) in (first..).zip(widths.array()).take(256) {
            if let Some(width) = file.resolve(width)?.object.number() {
                self.widths.insert(code, scaled(width, scale));
            }
        }
        Ok(())
    }

    /// `W` lists `first [w w w]` and `first last w` (ISO 32000, 9.7.4.3).
    fn composite_widths(&mut self, file: &File<'_>, dict: &Dict) -> Result<(), PdfError> {
        self.default_width = Some(file.entry(dict, "DW")?.number().map_or(ONE, |width| width / 1000));
        let (list, mut at) = (file.entry(dict, "W")?, 0);
        while let [first, second, rest @ ..] = &list.array()[at.min(list.array().len())..] {
            let Some(first) = first.index().and_then(|first| u32::try_from(first).ok()) else { break };
            let second = file.resolve(second)?.object;
            if let Object::Array(widths) = &second {
                let stated = (first..).zip(widths.iter().map_while(Object::number));
                self.widths.extend(stated.take(WIDTHS_MAX).map(|(code, width)| (code, width / 1000)));
                at += 2;
            } else {
                let last = second.index().and_then(|last| u32::try_from(last).ok()).unwrap_or(first);
                let width = rest.first().and_then(Object::number).unwrap_or(ONE) / 1000;
                self.widths.extend(
                    (first..=last).take(WIDTHS_MAX - self.widths.len().min(WIDTHS_MAX)).map(|code| (code, width)),
                );
                at += 3;
            }
            if self.widths.len() >= WIDTHS_MAX {
                break;
            }
        }
        Ok(())
    }
}

fn scaled(width: i64, scale: i64) -> i64 {
    i64::try_from(i128::from(width) * i128::from(scale) / i128::from(ONE)).unwrap_or(0)
}

/// The base encoding with what the font changes in it (ISO 32000, 9.6.6).
fn simple_letters(file: &File<'_>, dict: &Dict) -> Result<Vec<Option<String>>, PdfError> {
    let encoding = file.entry(dict, "Encoding")?;
    let base = match &encoding {
        Object::Name(name) => Some(name.clone()),
        Object::Dict(encoding) => file.entry(encoding, "BaseEncoding")?.name().map(<[u8]>::to_vec),
        _ => None,
    };
    let is_mac = base.as_deref() == Some(b"MacRomanEncoding");
    let letter = |code: u8| if is_mac { encodings::mac(code) } else { encodings::windows(code) };
    let mut letters: Vec<_> = (0..=255_u8).map(|code| Some(letter(code).to_string()).filter(|_| code >= 32)).collect();
    let differences = encoding.dict().map(|encoding| file.entry(encoding, "Differences")).transpose()?;
    let mut code = 0;
    for difference in differences.iter().flat_map(|differences| differences.array()) {
        match difference {
            Object::Name(name) => {
                if let Some(place) = letters.get_mut(code) {
                    *place = encodings::glyph(name);
                }
                code += 1;
            }
            number => code = number.index().unwrap_or(code),
        }
    }
    Ok(letters)
}
