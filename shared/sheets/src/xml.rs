//! A part's XML, read piece by piece.
//!
//! Owns the limits of depth and of one piece, and the refusal of entities. What was read is dropped before the next piece.

use std::borrow::Cow;
use std::io::{self, BufReader, Read};

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion, escape};

use crate::error::{Part, SheetError};

/// Elements inside each other; a cell's rich text stands at seven.
const DEPTH_MAX: usize = 64;
/// Bytes of one tag or one text between tags. A cell of Excel's has at most 32,767 characters, each at most ten bytes.
const PIECE_BYTES_MAX: u64 = 384 << 10;

/// Bytes as they are inflated, each counted: declared sizes may lie.
pub(crate) struct Metered<'p, R> {
    pub inner: R,
    pub part: Part,
    pub part_left: u64,
    pub part_bytes_max: u64,
    pub package_left: &'p mut u64,
    pub package_bytes_max: u64,
    pub piece_left: u64,
}

/// A part being read.
pub(crate) struct Xml<'p, R: Read> {
    reader: Reader<BufReader<Metered<'p, R>>>,
    buffer: Vec<u8>,
    depth: usize,
    part: Part,
}

/// One piece. An empty element starts and ends.
pub(crate) enum Node<'a> {
    Start(Tag<'a>),
    End(usize),
    Text(Cow<'a, str>),
    Done,
}

/// The start of an element.
pub(crate) struct Tag<'a> {
    start: BytesStart<'a>,
    part: Part,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        let error = if !take(&mut self.piece_left, count) {
            SheetError::XmlPieceTooLong(self.part)
        } else if !take(&mut self.part_left, count) {
            SheetError::PartTooLarge { part: self.part, bytes_max: self.part_bytes_max }
        } else if !take(self.package_left, count) {
            SheetError::PackageTooLarge { bytes_max: self.package_bytes_max }
        } else {
            return Ok(count);
        };
        Err(io::Error::other(error))
    }
}

fn take(left: &mut u64, count: usize) -> bool {
    let rest = left.checked_sub(count as u64);
    *left = rest.unwrap_or(0);
    rest.is_some()
}

impl<'p, R: Read> Xml<'p, R> {
    /// A part whose outermost element has this name, in whichever namespace: there are two for each.
    pub fn open(metered: Metered<'p, R>, root: &str) -> Result<Self, SheetError> {
        let part = metered.part;
        let mut reader = Reader::from_reader(BufReader::new(metered));
        reader.config_mut().expand_empty_elements = true;
        let mut xml = Self { reader, buffer: Vec::new(), depth: 0, part };
        loop {
            match xml.next()? {
                Node::Text(text) if text.trim().is_empty() => (),
                Node::Start(tag) if tag.name() == root => return Ok(xml),
                Node::Start(_) => return Err(SheetError::WrongRoot(part)),
                _ => return Err(SheetError::XmlBroken(part)),
            }
        }
    }

    pub fn part(&self) -> Part {
        self.part
    }

    /// The next piece.
    pub fn next(&mut self) -> Result<Node<'_>, SheetError> {
        let part = self.part;
        loop {
            self.buffer.clear();
            self.reader.get_mut().get_mut().piece_left = PIECE_BYTES_MAX;
            // The borrow of a piece that is returned would otherwise last through the loop.
            let kept = match self.reader.read_event_into(&mut self.buffer).map_err(|error| refusal(error, part))? {
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
                event => event.into_owned(),
            };
            return self.node(kept);
        }
    }

    fn node(&mut self, event: Event<'static>) -> Result<Node<'static>, SheetError> {
        let part = self.part;
        match event {
            Event::Start(_) if self.depth == DEPTH_MAX => Err(SheetError::XmlTooDeep(part)),
            Event::Start(start) => {
                self.depth += 1;
                Ok(Node::Start(Tag { start, part }))
            }
            Event::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Node::End(self.depth))
            }
            Event::Text(text) => Ok(Node::Text(text.xml10_content())),
            Event::CData(text) => Ok(Node::Text(text.xml10_content())),
            Event::GeneralRef(reference) => resolve(&reference, part).map(|text| Node::Text(text.into())),
            Event::DocType(_) => Err(SheetError::Entities(part)),
            Event::Eof if self.depth > 0 => Err(SheetError::XmlBroken(part)),
            _ => Ok(Node::Done),
        }
    }

    /// Passes everything inside the element that has just started, and its end.
    pub fn skip(&mut self) -> Result<(), SheetError> {
        let outside = self.depth.saturating_sub(1);
        loop {
            match self.next()? {
                Node::End(depth) if depth == outside => return Ok(()),
                Node::Done => return Err(SheetError::XmlBroken(self.part)),
                _ => (),
            }
        }
    }

    /// The text of the element that has just started, and its end. Beyond `bytes_max` nothing more is kept.
    pub fn text_into(&mut self, out: &mut String, bytes_max: usize) -> Result<(), SheetError> {
        loop {
            match self.next()? {
                Node::Text(text) if out.len() <= bytes_max => out.push_str(&text),
                Node::Text(_) => (),
                Node::Start(_) => self.skip()?,
                Node::End(_) => return Ok(()),
                Node::Done => return Err(SheetError::XmlBroken(self.part)),
            }
        }
    }
}

impl Tag<'_> {
    /// The name without its prefix.
    pub fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// An attribute by its name without a prefix.
    pub fn attribute(&self, name: &str) -> Result<Option<String>, SheetError> {
        // Without the check for names given twice, which takes the square of their number.
        for attribute in self.start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| SheetError::XmlBroken(self.part))?;
            if attribute.key.local_name().into_inner() == name {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                return value.map(|value| Some(value.into_owned())).map_err(|_| SheetError::Entities(self.part));
            }
        }
        Ok(None)
    }

    /// An attribute that is a count or an index.
    pub fn number(&self, name: &str) -> Result<Option<u32>, SheetError> {
        let text = self.attribute(name)?;
        text.map(|text| text.parse().map_err(|_| SheetError::XmlBroken(self.part))).transpose()
    }
}

fn resolve(reference: &BytesRef<'_>, part: Part) -> Result<String, SheetError> {
    if let Some(letter) = reference.resolve_char_ref().map_err(|_| SheetError::XmlBroken(part))? {
        return Ok(letter.into());
    }
    escape::resolve_predefined_entity(reference).map(str::to_owned).ok_or(SheetError::Entities(part))
}

/// Our own refusal comes back inside the reader's.
fn refusal(error: Error, part: Part) -> SheetError {
    let Error::Io(error) = error else { return SheetError::XmlBroken(part) };
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(refusal) => *refusal,
        // The inflater found nonsense or the wrong checksum.
        None => SheetError::ZipBroken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x6_what_comes_out_is_counted_whatever_was_declared() {
        let read = |content: &str, part_left: u64, mut package_left: u64| {
            let metered = Metered {
                inner: content.as_bytes().chain(io::repeat(b' ')),
                part: Part::Worksheet,
                part_left,
                part_bytes_max: part_left,
                package_bytes_max: package_left,
                package_left: &mut package_left,
                piece_left: 0,
            };
            let mut xml = Xml::open(metered, "worksheet").unwrap();
            loop {
                match xml.next() {
                    Ok(Node::Done) => return Ok(()),
                    Ok(_) => (),
                    Err(error) => return Err(error),
                }
            }
        };
        let comments = format!("<worksheet>{}", "<!-- -->".repeat(100_000));
        let part = SheetError::PartTooLarge { part: Part::Worksheet, bytes_max: 100_000 };
        assert_eq!(read(&comments, 100_000, 200_000), Err(part));
        assert_eq!(read(&comments, 200_000, 100_000), Err(SheetError::PackageTooLarge { bytes_max: 100_000 }));
        // Spaces without an end are one piece.
        assert_eq!(read("<worksheet>", u64::MAX, u64::MAX), Err(SheetError::XmlPieceTooLong(Part::Worksheet)));
    }
}
