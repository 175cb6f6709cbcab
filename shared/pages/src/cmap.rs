//! What the codes of a font mean by its own table, ToUnicode (ISO 32000, 9.10.3).
//!
//! Owns the reading of that table: ranges of codes, single codes, and how many bytes a code has.

use std::collections::HashMap;

use crate::error::{Budget, PdfError};
use crate::object::{Lexer, Object};

/// Codes of one font: as many as two bytes have.
const CODES_MAX: usize = 65_536;

/// Codes with their letters.
#[derive(Default)]
pub(crate) struct Cmap {
    pub letters: HashMap<u32, String>,
    /// Whether a code of the table has one byte.
    pub one_byte: bool,
}

/// Reads a table.
pub(crate) fn read(bytes: &[u8], budget: &Budget) -> Result<Cmap, PdfError> {
    let mut lexer = Lexer::new(bytes, 0, budget);
    let (mut cmap, mut operands) = (Cmap::default(), Vec::new());
    while let Some(object) = lexer.object()? {
        let Object::Word(word) = object else {
            operands.push(object);
            continue;
        };
        match word.as_slice() {
            b"endcodespacerange" => {
                cmap.one_byte = matches!(operands.first(), Some(Object::Text(low)) if low.len() == 1)
            }
            b"endbfchar" => operands.chunks_exact(2).for_each(|pair| cmap.note(code(&pair[0]), &pair[1], 0)),
            b"endbfrange" => operands.chunks_exact(3).for_each(|range| cmap.range(range)),
            _ => (),
        }
        operands.clear();
        if cmap.letters.len() > CODES_MAX {
            return Err(PdfError::TooLarge("a font with more codes than fonts have"));
        }
    }
    Ok(cmap)
}

impl Cmap {
    fn range(&mut self, range: &[Object]) {
        let [low, high, letters] = range else { return };
        let (Some(low), Some(high)) = (code(low), code(high)) else { return };
        for (step, code) in (low..=high).take(CODES_MAX).enumerate() {
            match letters {
                Object::Array(each) => {
                    let Some(letters) = each.get(step) else { return };
                    self.note(Some(code), letters, 0);
                }
                _ => self.note(Some(code), letters, step),
            }
        }
    }

    /// The letters are UTF-16; in a range, the last one counts up.
    fn note(&mut self, code: Option<u32>, letters: &Object, step: usize) {
        let (Some(code), Object::Text(bytes)) = (code, letters) else { return };
        if self.letters.len() > CODES_MAX {
            return;
        }
        let mut units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        if let Some(last) = units.last_mut() {
            *last = last.wrapping_add(u16::try_from(step).unwrap_or(0));
        }
        self.letters.insert(code, String::from_utf16_lossy(&units));
    }
}

fn code(object: &Object) -> Option<u32> {
    let Object::Text(bytes) = object else { return None };
    (bytes.len() <= 4).then(|| bytes.iter().fold(0, |code, byte| code << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_codes_ranges_and_lists_are_read() {
        let table = "1 begincodespacerange <00> <ff> endcodespacerange 2 beginbfchar <01> <0041> <02> <00660069> endbfchar \
            2 beginbfrange <10> <12> <0061> <20> <21> [<0031> <20AC>] endbfrange";
        let cmap = read(table.as_bytes(), &Budget::full()).unwrap();
        let of = |code: u32| cmap.letters.get(&code).map(String::as_str);
        assert_eq!([of(1), of(2), of(0x12), of(0x21), of(0x30)], [Some("A"), Some("fi"), Some("c"), Some("€"), None]);
        assert!(cmap.one_byte);
    }

    #[test]
    fn a_table_of_endless_ranges_is_stopped() {
        let ranges = "<00000000> <ffffffff> <0041> ".repeat(50);
        let table = format!("50 beginbfrange {ranges} endbfrange <00010000> <ffffffff> <0041> endbfrange");
        assert!(read(table.as_bytes(), &Budget::full()).is_err());
    }
}
