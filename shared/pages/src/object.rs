//! The objects that a PDF is written in, and the words of its page descriptions (ISO 32000, 7.2 and 7.3).
//!
//! Owns how bytes become objects. Numbers are whole millionths, so that no float decides what stands where. Never follows
//! a reference.

use crate::error::{Budget, NESTING_MAX, OBJECT_STEPS_MAX, PdfError};

/// One, as numbers are kept.
pub(crate) const ONE: i64 = 1_000_000;
/// Digits before the point that are kept; no coordinate has more.
const DIGITS_MAX: usize = 10;

/// An object. A stream is the dictionary before it; where its bytes are, the file knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Object {
    Null,
    Number(i64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dict(Dict),
    Reference(u32),
    /// A word that is none of these: an operator of a page description, `true`, `endobj`.
    Word(Vec<u8>),
}

/// A dictionary. The last entry of a name counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dict(pub Vec<(Vec<u8>, Object)>);

impl Dict {
    /// An entry as it is written: a reference stays one.
    pub fn get(&self, name: &str) -> &Object {
        let found = self.0.iter().rev().find(|(key, _)| key == name.as_bytes());
        found.map_or(&Object::Null, |(_, value)| value)
    }

    /// Whether an entry is this name.
    pub fn is(&self, key: &str, name: &str) -> bool {
        matches!(self.get(key), Object::Name(found) if found == name.as_bytes())
    }
}

impl Object {
    /// A whole number of zero or more.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Number(millionths) if millionths % ONE == 0 => usize::try_from(millionths / ONE).ok(),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<i64> {
        if let Self::Number(millionths) = self { Some(*millionths) } else { None }
    }

    pub fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    pub fn array(&self) -> &[Self] {
        if let Self::Array(array) = self { array } else { &[] }
    }
}

/// Reads objects one after another.
pub(crate) struct Lexer<'b> {
    bytes: &'b [u8],
    pub at: usize,
    budget: &'b Budget,
    object_left: usize,
}

impl<'b> Lexer<'b> {
    pub fn new(bytes: &'b [u8], at: usize, budget: &'b Budget) -> Self {
        Self { bytes, at, budget, object_left: 0 }
    }

    /// The next object; none at the end, or where nothing sensible follows.
    pub fn object(&mut self) -> Result<Option<Object>, PdfError> {
        self.object_left = OBJECT_STEPS_MAX;
        self.any(0)
    }

    fn any(&mut self, depth: usize) -> Result<Option<Object>, PdfError> {
        self.space();
        self.budget.steps(1)?;
        self.object_left = self.object_left.checked_sub(1).ok_or(PdfError::TooLarge("an object of absurd size"))?;
        let Some(first) = self.peek(0) else { return Ok(None) };
        let object = match first {
            b'/' => Object::Name(self.name()),
            b'(' => Object::Text(self.literal()?),
            b'<' if self.peek(1) == Some(b'<') => return self.dict(depth),
            b'<' => Object::Text(self.hexadecimal()?),
            b'[' => return self.array(depth),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number_or_reference(),
            b')' | b'>' | b']' | b'{' | b'}' => {
                self.at += 1;
                Object::Word(vec![first])
            }
            _ => self.word(),
        };
        Ok(Some(object))
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Passes white space and comments.
    pub fn space(&mut self) {
        while let Some(byte) = self.peek(0) {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                self.at += rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn regular(&mut self) -> &'b [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| is_space(*byte) || is_delimiter(*byte)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut raw = self.regular().iter();
        let mut name = Vec::new();
        while let Some(byte) = raw.next() {
            let ahead = raw.as_slice();
            match (byte, ahead) {
                (b'#', [high, low, ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                    name.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                    raw = ahead[2..].iter();
                }
                _ => name.push(*byte),
            }
        }
        name
    }

    fn word(&mut self) -> Object {
        let word = self.regular();
        if word == b"null" { Object::Null } else { Object::Word(word.to_vec()) }
    }

    fn number_or_reference(&mut self) -> Object {
        let number = fixed(self.regular());
        let after = self.at;
        let whole = usize::try_from(number / ONE).ok().filter(|_| number % ONE == 0);
        if let Some(id) = whole.and_then(|whole| u32::try_from(whole).ok())
            && self.reference_follows()
        {
            return Object::Reference(id);
        }
        self.at = after;
        Object::Number(number)
    }

    /// Whether `0 R` follows; then it is passed.
    fn reference_follows(&mut self) -> bool {
        self.space();
        let generation = self.bytes.get(self.at..).unwrap_or_default();
        let digits = generation.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        self.space();
        let ends = self.peek(1).is_none_or(|byte| is_space(byte) || is_delimiter(byte));
        let follows = digits > 0 && self.peek(0) == Some(b'R') && ends;
        self.at += 1;
        follows
    }

    fn literal(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let (mut text, mut open) = (Vec::new(), 1);
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' => self.escape(&mut text),
                b'(' => open += 1,
                b')' => open -= 1,
                _ => (),
            }
            match byte {
                b')' if open == 0 => break,
                b'\\' => (),
                _ => text.push(byte),
            }
        }
        self.budget.steps(text.len() / 8)?;
        Ok(text)
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek(0) else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' if self.peek(0) == Some(b'\n') => self.at += 1,
            b'\r' | b'\n' => (),
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek(0) else { break };
                    (code, self.at) = (code * 8 + u32::from(digit - b'0'), self.at + 1);
                }
                text.push((code & 0xff) as u8);
            }
            other => text.push(other),
        }
    }

    fn hexadecimal(&mut self) -> Result<Vec<u8>, PdfError> {
        let rest = &self.bytes[self.at + 1..];
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        self.at = (self.at + end + 2).min(self.bytes.len());
        let text = unhex(&rest[..end]);
        self.budget.steps(text.len() / 8)?;
        Ok(text)
    }

    fn array(&mut self, depth: usize) -> Result<Option<Object>, PdfError> {
        self.at += 1;
        let mut array = Vec::new();
        while let Some(object) = self.inner(depth)? {
            match object {
                Object::Word(word) if word == b"]" => return Ok(Some(Object::Array(array))),
                // The array was never closed; what follows it is not its content.
                Object::Word(word) if word == b"endobj" || word == b">" => break,
                other => array.push(other),
            }
        }
        Ok(Some(Object::Array(array)))
    }

    fn dict(&mut self, depth: usize) -> Result<Option<Object>, PdfError> {
        self.at += 2;
        let mut dict = Dict::default();
        while let Some(key) = self.inner(depth)? {
            match key {
                Object::Name(key) => {
                    let value = self.inner(depth)?.unwrap_or(Object::Null);
                    if value == Object::Word(vec![b'>']) {
                        self.at += 1;
                        break;
                    }
                    dict.0.push((key, value));
                }
                Object::Word(word) if word == b">" => {
                    self.at += usize::from(self.peek(0) == Some(b'>'));
                    break;
                }
                Object::Word(word) if word == b"endobj" || word == b"stream" => break,
                _ => (),
            }
        }
        Ok(Some(Object::Dict(dict)))
    }

    fn inner(&mut self, depth: usize) -> Result<Option<Object>, PdfError> {
        if depth == NESTING_MAX {
            Err(PdfError::TooLarge("objects nested deeper than any bill has"))
        } else {
            self.any(depth + 1)
        }
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

pub(crate) fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Pairs of hexadecimal digits; a missing last one is zero.
pub(crate) fn unhex(digits: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = digits.iter().filter_map(|byte| hex(*byte)).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

/// A number in millionths; what follows a second sign or point is passed over, as viewers do.
pub(crate) fn fixed(text: &[u8]) -> i64 {
    let negative = text.first() == Some(&b'-');
    let unsigned: &[u8] = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let mut parts = unsigned.split(|byte| *byte == b'.');
    let digits = |part: &[u8]| part.iter().take_while(|byte| byte.is_ascii_digit()).copied().collect::<Vec<u8>>();
    let whole = digits(parts.next().unwrap_or_default());
    let decimals = digits(parts.next().unwrap_or_default());
    if whole.len() > DIGITS_MAX {
        return 0;
    }
    let all = whole.iter().chain(decimals.iter().chain(std::iter::repeat(&b'0')).take(6));
    let value = all.fold(0_i64, |value, digit| value * 10 + i64::from(digit - b'0'));
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Object) {
        let budget = Budget::full();
        assert_eq!(Lexer::new(text.as_bytes(), 0, &budget).object(), Ok(Some(expected)), "{text}");
    }

    fn name(text: &str) -> Object {
        Object::Name(text.as_bytes().to_vec())
    }

    #[test]
    fn each_kind_of_object_is_read() {
        check(" % note\n-12.5", Object::Number(-12_500_000));
        check("+.5", Object::Number(500_000));
        check("12345678901", Object::Number(0));
        check("/A#20b", name("A b"));
        check("12 0 R", Object::Reference(12));
        check("12 0 RG", Object::Number(12 * ONE));
        check(
            r"(a\(b\)(c)\101\n\
d)",
            Object::Text(b"a(b)(c)A\nd".to_vec()),
        );
        check("<48 65 6>", Object::Text(b"He`".to_vec()));
        check("null", Object::Null);
        let inner = Dict(vec![(b"K".to_vec(), Object::Array(vec![Object::Number(ONE), Object::Reference(2)]))]);
        check("<</D<</K[1 2 0 R]>>>>", Object::Dict(Dict(vec![(b"D".to_vec(), Object::Dict(inner))])));
    }

    #[test]
    fn what_is_not_closed_ends_with_the_bytes() {
        for open in ["(a", "<4", "[1", "<</A", "<</A 1", "<", "/", "[[[", "<</A>", "1 0", "(\\", "\\"] {
            let budget = Budget::full();
            assert!(Lexer::new(open.as_bytes(), 0, &budget).object().is_ok(), "{open}");
        }
    }

    #[test]
    fn nesting_and_size_are_bounded() {
        let budget = Budget::full();
        let deep = "[".repeat(NESTING_MAX + 1);
        let error = Lexer::new(deep.as_bytes(), 0, &budget).object();
        assert_eq!(error, Err(PdfError::TooLarge("objects nested deeper than any bill has")));
        let wide = format!("[{}]", "1 ".repeat(OBJECT_STEPS_MAX));
        let error = Lexer::new(wide.as_bytes(), 0, &budget).object();
        assert_eq!(error, Err(PdfError::TooLarge("an object of absurd size")));
    }
}
