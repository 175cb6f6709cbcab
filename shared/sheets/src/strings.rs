//! Texts of an XLSX: those that cells share, and the runs that a text is made of.
//!
//! Owns what of them is text: phonetic readings are not, formats are not.

use std::io::Read;

use crate::Limits;
use crate::error::{Part, SheetError};
use crate::package::Package;
use crate::xml::{Node, Xml};

/// The shared strings, in one piece.
#[derive(Debug, Default)]
pub(crate) struct SharedStrings {
    text: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    pub fn read(package: &mut Package<'_>, name: &str, limits: &Limits) -> Result<Self, SheetError> {
        let mut strings = Self::default();
        let mut xml = package.part(Part::SharedStrings, name, "sst")?.ok_or(SheetError::ZipBroken)?;
        let mut text = String::new();
        loop {
            match xml.next()? {
                Node::Start(tag) if tag.name() == "si" => {
                    text.clear();
                    rich_text_into(&mut xml, &mut text, limits)?;
                    strings.push(&unescaped(&text), limits)?;
                }
                Node::Start(_) => xml.skip()?,
                Node::Done => return Ok(strings),
                _ => (),
            }
        }
    }

    pub fn text(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..end as usize)
    }

    fn push(&mut self, text: &str, limits: &Limits) -> Result<(), SheetError> {
        if self.ends.len() == limits.shared_strings_max {
            return Err(SheetError::StringsTooMany { strings_max: limits.shared_strings_max });
        }
        if self.text.len() + text.len() > limits.text_bytes_max {
            return Err(SheetError::TextTooLarge { bytes_max: limits.text_bytes_max });
        }
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        Ok(())
    }
}

/// The text of the element that has just started: `t`, or runs `r` with a `t` each.
pub(crate) fn rich_text_into<R: Read>(
    xml: &mut Xml<'_, R>,
    out: &mut String,
    limits: &Limits,
) -> Result<(), SheetError> {
    loop {
        match xml.next()? {
            Node::Start(tag) => match tag.name() {
                "t" => xml.text_into(out, cell_bytes_kept(limits))?,
                // As deep as elements may be.
                "r" => rich_text_into(xml, out, limits)?,
                _ => xml.skip()?,
            },
            Node::End(_) => return Ok(()),
            Node::Text(_) => (),
            Node::Done => return Err(SheetError::XmlBroken(xml.part())),
        }
    }
}

/// What is kept of a text: enough to see that it is too long, should a cell use it.
pub(crate) fn cell_bytes_kept(limits: &Limits) -> usize {
    limits.cell_chars_max.saturating_mul(4)
}

/// Spreadsheet programs write `_x000D_` for characters that XML does not take.
pub(crate) fn unescaped(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let hex = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let letter = hex.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        let (kept, passed) = if letter.is_some() { (at, at + 7) } else { (at + 2, at + 2) };
        out.push_str(&rest[..kept]);
        out.extend(letter);
        rest = &rest[passed..];
    }
    out.push_str(rest);
    out
}
