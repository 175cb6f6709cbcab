//! What a file may be called: shown, attached in Xero, and saved by whoever downloads it.
//!
//! Source: Xero's page Attachments, which forbids some characters. Others are taken out because they show a name as
//! something that it is not.

use serde::{Deserialize, Serialize};

/// Longest name in characters, ending included. Xero states none; file systems take 255 bytes.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest ending that is kept when a name is cut.
const ENDING_CHARS_MAX: usize = 10;

/// A name without anything that Xero, a file system or a reader's eye stumbles over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// The name that comes nearest to a given one: no path, no forbidden character, no mark that turns the direction of
    /// writing, not too long. What is left of nothing is `document`.
    pub fn nearest(given: &str) -> Self {
        let last = given.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
        let clean: String =
            last.chars().filter(|c| !is_hidden(*c)).map(|c| if is_forbidden(c) { '_' } else { c }).collect();
        let clean = clean.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
        if clean.is_empty() { Self("document".to_owned()) } else { Self(cut(clean)) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `Content-Disposition` by which a browser saves the file and never shows it (RFC 6266, RFC 8187).
    pub fn disposition(&self) -> String {
        let plain: String = self.0.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '_' }).collect();
        let plain = plain.replace(['"', '\\', ';'], "_");
        let free = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
        let encode = |byte: u8| if free(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        let encoded: String = self.0.bytes().map(encode).collect();
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
    }
}

/// Xero's list, and `+`, which Xero's own address handling loses.
fn is_forbidden(c: char) -> bool {
    matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '+')
}

/// Control characters, and those that are not seen and change how the others are.
fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}');
    c.is_control() || turns
}

/// Cut in the middle: the ending says what it is.
fn cut(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let ending =
        name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.chars().count() <= ENDING_CHARS_MAX);
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    let kept = NAME_CHARS_MAX - ending.chars().count();
    name.chars().take(kept).chain(ending.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_what_can_be_kept() {
        let check = |given: &str, expected: &str| assert_eq!(FileName::nearest(given).as_str(), expected, "{given:?}");
        check("bill.pdf", "bill.pdf");
        check("Rechnung Nr. 7 (Zoë) – 北京.pdf", "Rechnung Nr. 7 (Zoë) – 北京.pdf");
        check("a<b>c:d\"e|f?g*h+i.pdf", "a_b_c_d_e_f_g_h_i.pdf");
        check("C:\\scans\\bill.pdf", "bill.pdf");
        check("../../etc/passwd", "passwd");
        check("bill\u{202E}fdp.exe", "billfdp.exe");
        check("\u{200F}bill\u{0}.pdf\n", "bill.pdf");
        check("...", "document");
        check(" / ", "document");
        check("", "document");
        let long = FileName::nearest(&format!("{}.pdf", "é".repeat(300)));
        assert_eq!(long.as_str().chars().count(), NAME_CHARS_MAX);
        assert!(long.as_str().ends_with("é.pdf"));
        assert_eq!(FileName::nearest(&"x".repeat(300)).as_str().len(), NAME_CHARS_MAX);
    }

    #[test]
    fn a_disposition_saves_under_the_name_and_cannot_be_broken_out_of() {
        let name = FileName::nearest("Zoë; \"x\".pdf");
        assert_eq!(name.disposition(), "attachment; filename=\"Zo__ _x_.pdf\"; filename*=UTF-8''Zo%C3%AB%3B%20_x_.pdf");
    }
}
