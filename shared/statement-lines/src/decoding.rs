//! The bytes of a file as text, and where each letter stood.
//!
//! Owns which encoding a file is in: a byte order mark, else UTF-8 where all of it is, else what the file declares, else a
//! guess by its letters, which is said to be one. Declared encodings lie often, so valid UTF-8 wins over any of them.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::{Findings, Place, ProblemCode, Refusal};

/// Runs of NUL bytes that are left out of a text. What has more is no text.
const NUL_RUNS_MAX: usize = 1_000;
/// Bytes that are not UTF-8 in a file that otherwise is. What has more is in another encoding.
const MIXED_BYTES_MAX: usize = 10_000;
/// Letters of the decoded text between two noted places.
const STEP_BYTES: usize = 4_096;

/// A decoded file.
pub struct Decoded<'b> {
    /// Its text, without a byte order mark.
    pub text: Cow<'b, str>,
    /// The name of its encoding.
    pub encoding: &'static str,
    origin: Origin,
}

/// How a letter's place in the text leads to its place in the file.
struct Origin {
    step: Step,
    /// Places in the text and in the file, in order.
    marks: Vec<(usize, u64)>,
}

/// Bytes of the file per letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Utf8,
    Utf16,
    Single,
    /// Asian encodings of one or two bytes: not worth a table.
    Unknown,
}

/// Decodes a file. `declared` is the encoding that it names, if any.
pub fn decode<'b>(bytes: &'b [u8], declared: Option<&str>, findings: &mut Findings) -> Result<Decoded<'b>, Refusal> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => unmarked(rest, 3, declared, findings),
        [0xff, 0xfe, rest @ ..] => Ok(utf16(rest, 2, UTF_16LE, findings)),
        [0xfe, 0xff, rest @ ..] => Ok(utf16(rest, 2, UTF_16BE, findings)),
        _ if nuls_alternate(bytes, 1) => Ok(utf16(bytes, 0, UTF_16LE, findings)),
        _ if nuls_alternate(bytes, 0) => Ok(utf16(bytes, 0, UTF_16BE, findings)),
        _ => unmarked(bytes, 0, declared, findings),
    }
}

/// Whether every second byte at the beginning is NUL, as in UTF-16 of western letters.
fn nuls_alternate(bytes: &[u8], odd: usize) -> bool {
    let head = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let (pairs, _) = head.as_chunks::<2>();
    let western = pairs.iter().filter(|pair| pair[odd] == 0 && pair[1 - odd] != 0).count();
    pairs.len() >= 4 && western * 4 >= pairs.len() * 3
}

fn utf16<'b>(bytes: &'b [u8], skipped: u64, encoding: &'static Encoding, findings: &mut Findings) -> Decoded<'b> {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken {
        let words = "Bytes of the file are no letters of UTF-16; they are shown as �.";
        findings.note(ProblemCode::EncodingMixed, Place::default(), words);
    }
    let origin = Origin::stepped(&text, Step::Utf16, skipped);
    Decoded { text, encoding: encoding.name(), origin }
}

fn unmarked<'b>(
    bytes: &'b [u8],
    skipped: u64,
    declared: Option<&str>,
    findings: &mut Findings,
) -> Result<Decoded<'b>, Refusal> {
    if memchr::memchr(0, bytes).is_some() {
        return without_nuls(bytes, skipped, declared, findings);
    }
    let error = match str::from_utf8(bytes) {
        Ok(text) => {
            let origin = Origin { step: Step::Utf8, marks: vec![(0, skipped)] };
            return Ok(Decoded { text: text.into(), encoding: "UTF-8", origin });
        }
        Err(error) => error,
    };
    if let Some(mixed) = mixed(bytes, skipped) {
        let place = Place::at(line_of(bytes, error.valid_up_to()), error.valid_up_to() + skipped as usize);
        let words = "The file is in UTF-8, but for some bytes from here on, which were read as Windows-1252.";
        findings.note(ProblemCode::EncodingMixed, place, words);
        return Ok(mixed);
    }
    let named = declared.and_then(label).filter(|encoding| *encoding != UTF_8);
    let encoding = named.unwrap_or_else(|| guess(bytes));
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    if named.is_none() {
        let place = Place::at(line_of(bytes, error.valid_up_to()), error.valid_up_to() + skipped as usize);
        let words = format!("The file does not say its encoding, or is not in it; it was read as {}.", encoding.name());
        findings.note(ProblemCode::EncodingGuessed, place, words);
    }
    let step = if encoding.is_single_byte() { Step::Single } else { Step::Unknown };
    let origin = Origin::stepped(&text, step, skipped);
    Ok(Decoded { text, encoding: encoding.name(), origin })
}

/// The encoding that a file names. OFX spells them in its own way.
fn label(declared: &str) -> Option<&'static Encoding> {
    let name = declared.trim().to_ascii_lowercase();
    match name.as_str() {
        "1252" | "8859-1" | "cp1252" => Some(WINDOWS_1252),
        "1250" => Encoding::for_label(b"windows-1250"),
        "1251" => Encoding::for_label(b"windows-1251"),
        "none" | "usascii" | "us-ascii" => None,
        name => Encoding::for_label(name.as_bytes()),
    }
}

/// A guess needs letters to go by: on fewer than these, western Europe's is the likeliest.
const GUESS_LETTERS_MIN: usize = 4;

fn guess(bytes: &[u8]) -> &'static Encoding {
    if bytes.iter().filter(|byte| !byte.is_ascii()).count() < GUESS_LETTERS_MIN {
        return WINDOWS_1252;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// Text that is mostly UTF-8, with single bytes that are not: two files put together, or one cut in a letter.
fn mixed(bytes: &[u8], skipped: u64) -> Option<Decoded<'static>> {
    let (mut letters, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        broken += chunk.invalid().len();
    }
    if letters < broken || broken > MIXED_BYTES_MAX {
        return None;
    }
    let mut text = String::with_capacity(bytes.len() + broken * 2);
    let (mut marks, mut at) = (vec![(0, skipped)], skipped);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        at += chunk.valid().len() as u64;
        for byte in chunk.invalid() {
            let byte = [*byte];
            let (letter, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
            text.push_str(&letter);
            at += 1;
            marks.push((text.len(), at));
        }
    }
    Some(Decoded { text: text.into(), encoding: "UTF-8", origin: Origin { step: Step::Utf8, marks } })
}

fn line_of(bytes: &[u8], at: usize) -> u32 {
    let ends = memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count();
    u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(1)
}

/// NUL bytes in text come from damaged transfers. The rest is read as if they had never been there.
fn without_nuls<'b>(
    bytes: &'b [u8],
    skipped: u64,
    declared: Option<&str>,
    findings: &mut Findings,
) -> Result<Decoded<'b>, Refusal> {
    let (mut kept, mut runs, mut from) = (Vec::with_capacity(bytes.len()), Vec::new(), 0);
    let first = memchr::memchr(0, bytes).unwrap_or(0);
    while let Some(found) = memchr::memchr(0, &bytes[from..]) {
        kept.extend_from_slice(&bytes[from..from + found]);
        let run = bytes[from + found..].iter().take_while(|byte| **byte == 0).count();
        from += found + run;
        runs.push((kept.len(), run as u64));
        if runs.len() > NUL_RUNS_MAX {
            return Err(Refusal::UnknownFormat);
        }
    }
    kept.extend_from_slice(&bytes[from..]);
    let place = Place::at(line_of(bytes, first), first + skipped as usize);
    findings.note(ProblemCode::NulBytes, place, "The file holds NUL bytes from here on; they were left out.");
    let decoded = unmarked(&kept, skipped, declared, findings)?;
    let Decoded { text, encoding, origin } = decoded;
    let text = text.into_owned();
    let origin = origin.with_runs(&text, &runs, skipped);
    Ok(Decoded { text: text.into(), encoding, origin })
}

impl Decoded<'_> {
    /// A place of the text as a place of the file.
    pub fn origin(&self, place: Place) -> Place {
        let Some(byte) = place.byte.and_then(|byte| usize::try_from(byte).ok()) else { return place };
        Place { byte: self.origin.of(&self.text, byte), ..place }
    }
}

impl Origin {
    fn stepped(text: &str, step: Step, skipped: u64) -> Self {
        let (mut marks, mut at, mut next) = (vec![(0, skipped)], skipped, STEP_BYTES);
        if step == Step::Unknown {
            return Self { step, marks };
        }
        for (index, letter) in text.char_indices() {
            if index >= next {
                marks.push((index, at));
                next = index + STEP_BYTES;
            }
            at += step.bytes(letter);
        }
        Self { step, marks }
    }

    /// The same where runs of NUL bytes were left out before decoding; their places are those of the bytes that were kept.
    fn with_runs(self, text: &str, runs: &[(usize, u64)], skipped: u64) -> Self {
        let mut shifted = Vec::with_capacity(self.marks.len() + runs.len());
        let (mut gone, mut runs) = (0, runs.iter().peekable());
        let mut marks = self.marks.iter().peekable();
        let (mut index, mut at) = (0, skipped);
        for letter in text.chars() {
            while let Some((_, run)) = runs.next_if(|(kept, _)| *kept as u64 + skipped <= at) {
                gone += run;
                shifted.push((index, at + gone));
            }
            while let Some((_, origin)) = marks.next_if(|(mark, _)| *mark <= index) {
                at = *origin;
                shifted.push((index, at + gone));
            }
            at += self.step.bytes(letter);
            index += letter.len_utf8();
        }
        Self { step: self.step, marks: shifted }
    }

    fn of(&self, text: &str, byte: usize) -> Option<u64> {
        if self.step == Step::Unknown {
            return None;
        }
        let after = self.marks.partition_point(|(index, _)| *index <= byte);
        let (index, at) = *self.marks.get(after.checked_sub(1)?)?;
        let between = text.get(index..byte)?;
        if self.step == Step::Utf8 {
            // A letter takes as many bytes in the file as in the text.
            return Some(at + between.len() as u64);
        }
        Some(at + between.chars().map(|letter| self.step.bytes(letter)).sum::<u64>())
    }
}

impl Step {
    fn bytes(self, letter: char) -> u64 {
        match self {
            Self::Utf8 => letter.len_utf8() as u64,
            Self::Utf16 => letter.len_utf16() as u64 * 2,
            Self::Single => 1,
            Self::Unknown => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], declared: Option<&str>, text: &str, codes: &[ProblemCode]) {
        let mut findings = Findings::default();
        let decoded = decode(bytes, declared, &mut findings).unwrap();
        assert_eq!(decoded.text, text);
        let found: Vec<_> = findings.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(found, codes, "{text}");
        // Wherever `Z` stands in the text, its byte stands in the file.
        for (index, _) in text.match_indices('Z') {
            let at = decoded.origin(Place::at(1, index)).byte.unwrap();
            assert_eq!(bytes[at as usize], b'Z', "{text} at {index}");
        }
    }

    #[test]
    fn each_encoding_is_known_and_places_lead_back() {
        check("é€Z".as_bytes(), None, "é€Z", &[]);
        check("\u{feff}éZ".as_bytes(), Some("1252"), "éZ", &[]);
        let utf16: Vec<u8> = "\u{feff}Konto;é€Z".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&utf16, None, "Konto;é€Z", &[]);
        check(&utf16[2..], None, "Konto;é€Z", &[]);
        check(b"\xa3Z\x80Z", Some("CP1252"), "£Z€Z", &[]);
        let long = [&b"\xe9".repeat(9_000)[..], b"Z"].concat();
        check(&long, Some("8859-1"), &format!("{}Z", "é".repeat(9_000)), &[]);
    }

    #[test]
    fn what_is_guessed_mixed_or_left_out_is_said() {
        check(b"SOME \xa3$\x99\x80 CHARACTERS Z", None, "SOME £$™€ CHARACTERS Z", &[ProblemCode::EncodingGuessed]);
        let mixed = ["é€Z".as_bytes(), b"\xe9Z"].concat();
        check(&mixed, None, "é€ZéZ", &[ProblemCode::EncodingMixed]);
        check(b"a\0\0bZ\0Z", None, "abZZ", &[ProblemCode::NulBytes]);
        let noise = [b"a\0bc".repeat(2_000), b"d".to_vec()].concat();
        assert!(decode(&noise, None, &mut Findings::default()).is_err());
    }
}
