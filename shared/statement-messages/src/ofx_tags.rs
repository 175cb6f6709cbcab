//! The tags of OFX, in SGML or in XML.
//!
//! Owns the one thing that both share: a tag, and the text up to the next one. So a leaf needs no end tag, and an end tag
//! that is missing harms nothing.

use std::borrow::Cow;

/// A tag and the text behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'t> {
    /// Its name, without `/` and attributes.
    pub name: &'t str,
    pub is_end: bool,
    /// What stands up to the next tag, trimmed.
    pub value: &'t str,
    /// Where the tag begins.
    pub at: usize,
}

/// The tags of a text.
pub(crate) struct Tags<'t> {
    pub text: &'t str,
    pub at: usize,
}

impl<'t> Iterator for Tags<'t> {
    type Item = Tag<'t>;

    fn next(&mut self) -> Option<Tag<'t>> {
        let bytes = self.text.as_bytes();
        loop {
            let at = self.at + memchr::memchr(b'<', bytes.get(self.at..)?)?;
            if self.text[at..].starts_with("<!--") {
                self.at = self.text[at..].find("-->").map_or(bytes.len(), |end| at + end + 3);
                continue;
            }
            let Some(end) = memchr::memchr2(b'>', b'<', &bytes[at + 1..]).map(|end| at + 1 + end) else {
                self.at = bytes.len();
                return None;
            };
            if bytes[end] == b'<' {
                // A tag that is never closed.
                self.at = end;
                continue;
            }
            let next = memchr::memchr(b'<', &bytes[end..]).map_or(bytes.len(), |next| end + next);
            self.at = next;
            let inside = &self.text[at + 1..end];
            let (is_end, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
            let name = inside.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or_default();
            return Some(Tag { name, is_end, value: self.text[end + 1..next].trim(), at });
        }
    }
}

/// A value with its entities decoded, once; what is no entity stays as it is.
pub(crate) fn decoded(value: &str) -> Cow<'_, str> {
    let Some(first) = value.find('&') else { return Cow::Borrowed(value) };
    let (mut out, mut rest) = (String::with_capacity(value.len()), &value[first..]);
    out.push_str(&value[..first]);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let head = rest.get(1..).unwrap_or_default();
        let name = head.split(';').next().filter(|name| name.len() < 10 && name.len() < head.len());
        match name.and_then(|name| Some((entity(name)?, name.len()))) {
            Some((letter, length)) => {
                out.push(letter);
                rest = &rest[length + 2..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_with_and_without_ends_read_alike() {
        let read = |text| -> Vec<(String, String)> {
            let leaves = Tags { text, at: 0 }.filter(|tag| !tag.is_end && !tag.value.is_empty());
            leaves.map(|tag| (tag.name.to_owned(), decoded(tag.value).into_owned())).collect()
        };
        let expected = vec![("NAME".to_owned(), "AT&T".to_owned()), ("INTU.BID".to_owned(), "<1&x;".to_owned())];
        assert_eq!(read("<A><NAME>AT&T</NAME><INTU.BID>&lt;1&x;</A>"), expected);
        assert_eq!(read("<A>\r\n<NAME>AT&amp;T\t \r\n<!-- <X>1 --><INTU.BID>&#60;1&x;<MEMO></A"), expected);
        assert_eq!(read("<NAME>AT&T<<INTU.BID>&#x3C;1&x;"), expected);
        assert_eq!(decoded("&amp;lt; & &"), "&lt; & &");
    }
}
