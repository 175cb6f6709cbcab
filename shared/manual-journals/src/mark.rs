//! Our mark: a short token in a journal's narration, by which it is found again when an answer was lost.
//!
//! Source: the page Manual Journals: a journal has no number and no uniqueness, and its narration is the only field
//! that can be searched fast, by equality. So the narration is written in a form that Xero need not change and that
//! a query can quote without escapes: one line, single spaces, no `"` and no `\`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Xero states no limit. This one is ours: percent-encoded in a query, so many bytes stay below the 2,048 that servers
/// commonly take.
pub const NARRATION_BYTES_MAX: usize = 500;

const OPENING: &str = "[cf:";
const CLOSING: &str = "]";
/// 16 bytes in base64url without padding.
const TOKEN_CHARS: usize = 22;
const CUT_SIGN: &str = "…";

/// One of our journals, whatever happens to its answer: shown as `[cf:<22 base64url characters>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalMark([u8; 16]);

impl JournalMark {
    /// Makes a mark of bytes that no other journal has.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes it was made of.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The mark in a narration. The last one counts: ours is written at the end, and a person may quote another.
    pub fn find(narration: &str) -> Option<Self> {
        narration.rmatch_indices(OPENING).find_map(|(at, _)| Self::at_start(&narration[at..]))
    }

    fn at_start(text: &str) -> Option<Self> {
        let token = text.strip_prefix(OPENING)?.get(..TOKEN_CHARS)?;
        text[OPENING.len() + TOKEN_CHARS..].strip_prefix(CLOSING)?;
        URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for JournalMark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{OPENING}{}{CLOSING}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The narration as sent: the text in one line, cut to leave room, and the mark behind it. Marks that the text quotes
/// are left out, so that a journal carries its own alone. Marking twice changes nothing.
pub fn mark_narration(text: &str, mark: JournalMark) -> String {
    let plain = one_line(&without_marks(text));
    let mark = mark.to_string();
    let text = shortened(&plain, NARRATION_BYTES_MAX - mark.len() - 1);
    if text.is_empty() { mark } else { format!("{text} {mark}") }
}

fn without_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OPENING) {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        let length = if JournalMark::at_start(from).is_some() {
            OPENING.len() + TOKEN_CHARS + CLOSING.len()
        } else {
            kept.push_str(OPENING);
            OPENING.len()
        };
        rest = &from[length..];
    }
    kept.push_str(rest);
    kept
}

fn one_line(text: &str) -> String {
    let plain = |letter: char| match letter {
        '"' => '\'',
        '\\' => '/',
        letter if letter.is_control() => ' ',
        letter => letter,
    };
    let plain: String = text.chars().map(plain).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes_max - CUT_SIGN.len());
    format!("{}{CUT_SIGN}", text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(seed: u8) -> JournalMark {
        JournalMark::from_bytes([seed; 16])
    }

    #[test]
    fn a_mark_is_written_and_found_again() {
        let narration = mark_narration("Release of prepaid rent, October 2026", mark(7));
        assert_eq!(narration, "Release of prepaid rent, October 2026 [cf:BwcHBwcHBwcHBwcHBwcHBw]");
        assert_eq!(JournalMark::find(&narration), Some(mark(7)));
        assert_eq!(JournalMark::find(&format!("Reversal: {narration}")), Some(mark(7)));
        assert_eq!(mark(7).bytes(), [7; 16]);
    }

    #[test]
    fn what_only_looks_like_a_mark_is_none() {
        for text in [
            "",
            "[cf:]",
            "[cf:BwcHBwcHBwcHBwcHBwcHBw",
            "[cf:BwcHBwcHBwcHBwcHBwcHB]",
            "[cf:BwcHBwcHBwcHBwcHBwcHB+]",
            "[cf:BwcHBwcHBwcHBwcHBwcHBx]",
            "[CF:BwcHBwcHBwcHBwcHBwcHBw]",
            "[cf:ééééééééééééééééééééé]",
        ] {
            assert_eq!(JournalMark::find(text), None, "{text}");
        }
    }

    #[test]
    fn a_quoted_mark_is_left_out_and_the_last_one_counts() {
        let first = mark_narration("Accrual", mark(1));
        let second = mark_narration(&format!("Reversal of {first} [cf:x"), mark(2));
        assert_eq!(second, format!("Reversal of Accrual [cf:x {}", mark(2)));
        assert_eq!(JournalMark::find(&format!("{first} {}", mark(3))), Some(mark(3)));
    }

    #[test]
    fn a_narration_is_one_line_without_quotes_and_never_too_long() {
        assert_eq!(mark_narration("  a\t\"b\"\r\n c\\d ", mark(1)), format!("a 'b' c/d {}", mark(1)));
        assert_eq!(mark_narration(" \n ", mark(1)), mark(1).to_string());
        for letter in ["x", "é", "家", "🧾"] {
            let long = mark_narration(&letter.repeat(1_000), mark(9));
            assert!(long.len() <= NARRATION_BYTES_MAX && long.len() > NARRATION_BYTES_MAX - 5, "{}", long.len());
            assert_eq!(JournalMark::find(&long), Some(mark(9)));
            assert!(long.contains('…'));
            assert_eq!(mark_narration(&long, mark(9)), long, "marking twice changes nothing");
        }
    }
}
