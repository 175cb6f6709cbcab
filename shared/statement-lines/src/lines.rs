//! Lines of a text, each with its number and where it begins.
//!
//! Owns what ends a line: CR and LF together, either alone, or the end of all.

use crate::Place;

/// A line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLine<'t> {
    /// What stands in it.
    pub text: &'t str,
    /// Where it begins.
    pub place: Place,
}

/// The lines of a text.
pub struct TextLines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl<'t> TextLines<'t> {
    /// From the text's beginning.
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0, line: 0 }
    }
}

impl<'t> Iterator for TextLines<'t> {
    type Item = TextLine<'t>;

    fn next(&mut self) -> Option<TextLine<'t>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let bytes = rest.as_bytes();
        let end = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
        let ends = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        self.line += 1;
        let place = Place::at(self.line, self.at);
        self.at += end + ends;
        Some(TextLine { text: &rest[..end], place })
    }
}

/// How many lines a text has, but for one or two: counted by whichever sign ends more of them.
pub fn line_count(text: &str) -> usize {
    let ends = |sign| memchr::memchr_iter(sign, text.as_bytes()).count();
    ends(b'\n').max(ends(b'\r'))
}

/// Counts lines while a reader goes forward through a text.
pub struct LineCounter<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// What ends lines: CR alone where there is no LF.
    end: u8,
}

impl<'t> LineCounter<'t> {
    /// From the text's beginning.
    pub fn new(text: &'t str) -> Self {
        let end = if memchr::memchr(b'\n', text.as_bytes()).is_some() { b'\n' } else { b'\r' };
        Self { text, at: 0, line: 1, end }
    }

    /// The place of a byte, which is never before the last one asked for.
    pub fn place(&mut self, at: usize) -> Place {
        let passed = self.text.as_bytes().get(self.at..at).unwrap_or_default();
        let ends = memchr::memchr_iter(self.end, passed).count();
        self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.at = self.at.max(at);
        Place::at(self.line, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_knows_the_line_of_a_byte() {
        for (text, expected) in [("a\r\nb\nc", 3), ("a\rb\rc", 3), ("abc", 1)] {
            assert_eq!(LineCounter::new(text).place(text.len() - 1).line, expected, "{text:?}");
        }
    }

    #[test]
    fn every_kind_of_line_end_is_one() {
        let lines: Vec<_> = TextLines::new("a\r\nb\rc\n\nd").map(|line| (line.text, line.place)).collect();
        let expected = [("a", 1, 0), ("b", 2, 3), ("c", 3, 5), ("", 4, 7), ("d", 5, 8)];
        assert_eq!(lines, expected.map(|(text, line, byte)| (text, Place::at(line, byte))));
    }
}
