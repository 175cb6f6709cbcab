//! Which format a file is in.
//!
//! Owns the tests, all of them on content. What is known and no statement is refused by its name, so that the person who
//! sent it knows what to send instead.

use serde::Serialize;
use statement_lines::{Refusal, lines::TextLines};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// OFX 1.x and 2.x, QFX.
    Ofx,
    /// QIF.
    Qif,
    /// MT940.
    Mt940,
    /// MT942, whose entries come again in an MT940.
    Mt942,
    /// CAMT.052, .053, .054.
    Camt,
    /// BAI2.
    Bai2,
    /// A table in text.
    Csv,
    /// A workbook.
    Xlsx,
    /// A PDF with text.
    Pdf,
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Pdf,
    Workbook,
    Text,
}

/// Bytes and letters that tell formats apart.
const HEAD_BYTES: usize = 4_096;
/// Lines that do.
const HEAD_LINES: usize = 40;
/// An OLE file: Excel's format until 2003, and a workbook under a password.
const OLE_MAGIC: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Files that people send instead, by their first bytes.
const OTHERS: &[(&[u8], &str)] = &[
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"{\\rtf", "a text of a word processor"),
    (b"\x1f\x8b", "a packed file: unpack it first"),
    (b"7z\xbc\xaf", "a packed file: unpack it first"),
    (b"Rar!", "a packed file: unpack it first"),
];

/// What a file is by its first bytes.
pub(crate) fn kind(bytes: &[u8]) -> Result<Kind, Refusal> {
    if bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(Refusal::Empty);
    }
    if pages::is_pdf(bytes) {
        return Ok(Kind::Pdf);
    }
    if bytes.starts_with(OLE_MAGIC) || bytes.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Workbook);
    }
    match OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, name)) => Err(Refusal::NotAStatement(name)),
        None => Ok(Kind::Text),
    }
}

/// The encoding that a file names in its head: an XML declaration, or the header of OFX.
pub(crate) fn declared_encoding(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..bytes.len().min(512))?;
    let ascii = head.iter().position(|byte| !byte.is_ascii()).unwrap_or(head.len());
    let head = str::from_utf8(&head[..ascii]).ok()?;
    if let Some((_, after)) = head.split_once("<?xml") {
        let declaration = after.split("?>").next()?;
        let (_, named) = declaration.split_once("encoding")?;
        return named.split(['"', '\'']).nth(1);
    }
    statement_messages::ofx::declared_encoding(head)
}

/// The format of a text.
pub(crate) fn of_text(text: &str) -> Result<Format, Refusal> {
    let end = (0..=HEAD_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let head = text[..end].trim_start();
    let upper = head.to_ascii_uppercase();
    if upper.starts_with("OFXHEADER") || upper.contains("<?OFX") || upper.contains("<OFX") {
        return Ok(Format::Ofx);
    }
    if head.starts_with('<') {
        return xml(head, &upper);
    }
    if is_qif(head, &upper) {
        return Ok(Format::Qif);
    }
    if head.starts_with("01,") && TextLines::new(head).take(HEAD_LINES).any(|line| line.text.starts_with("02,")) {
        return Ok(Format::Bai2);
    }
    if let Some(format) = message(text) {
        return Ok(format);
    }
    if head.starts_with(['{', '[']) && head.contains("\":") {
        return Err(Refusal::NotAStatement("a file of JSON"));
    }
    Ok(Format::Csv)
}

fn xml(head: &str, upper: &str) -> Result<Format, Refusal> {
    if upper.contains("<!DOCTYPE HTML") || upper.contains("<HTML") {
        return Err(Refusal::NotAStatement("a page of a website"));
    }
    if upper.contains("<!DOCTYPE") || upper.contains("<!ENTITY") {
        return Err(Refusal::Entities);
    }
    if ["BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn", "camt.05"].iter().any(|word| head.contains(word))
    {
        return Ok(Format::Camt);
    }
    if head.contains("pain.001") || head.contains("CstmrCdtTrfInitn") || head.contains("pain.008") {
        return Err(Refusal::NotAStatement("a payment order (pain), which moves no money yet"));
    }
    if head.contains("pain.002") {
        return Err(Refusal::NotAStatement("a report on payment orders (pain.002)"));
    }
    Err(Refusal::UnknownFormat)
}

/// A header of QIF, or records without one.
fn is_qif(head: &str, upper: &str) -> bool {
    let headed = ["!TYPE:", "!ACCOUNT", "!OPTION:", "!CLEAR:"];
    if headed.iter().any(|word| upper.starts_with(word) || upper.contains(&format!("\n{word}"))) {
        return true;
    }
    let mut lines = TextLines::new(head).map(|line| line.text).take(HEAD_LINES);
    let date = |line: &str| line.strip_prefix('D').is_some_and(|date| statement_lines::dates::parse(date).is_some());
    let dated = lines.by_ref().take(3).any(date);
    dated && lines.any(|line| line.trim_end() == "^")
}

/// A tag of MT940 near the beginning; those that only MT942 has tell it from the other.
fn message(text: &str) -> Option<Format> {
    let mut lines = TextLines::new(text).take(HEAD_LINES);
    let begins = lines.any(|line| line.text.trim_start().starts_with(":20:") || line.text.starts_with("{1:F01"));
    if !begins {
        return None;
    }
    let interim = TextLines::new(text)
        .take(HEAD_LINES)
        .any(|line| line.text.starts_with(":34F:") || line.text.starts_with(":13D:") || line.text.contains("{2:O942"));
    Some(if interim { Format::Mt942 } else { Format::Mt940 })
}
