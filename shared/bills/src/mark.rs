//! Our mark: a token in the link that a document carries back to us, by which it is found again when an answer was lost.
//!
//! Owns how the mark stands in a link. The number cannot carry it: it is the supplier's, shown to everybody and not
//! unique. The link is ours alone, and Xero takes any absolute address. The token is hexadecimal on purpose: Xero
//! refuses links that contain its name, which such digits can never spell.
//!
//! Sources: the pages Invoices and Bank Transactions.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest link we send, the mark not counted. Xero states no limit; servers commonly take 2,048.
pub const LINK_CHARS_MAX: usize = 2_000;

const NAME: &str = "cf=";
const TOKEN_CHARS: usize = 32;

/// One of our documents, whatever happens to its answer: shown as `cf=` and 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BillMark([u8; 16]);

impl BillMark {
    /// Makes a mark of bytes that no other document has.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes it was made of.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The mark in a link's query. The last one counts, as it is ours that is written at the end.
    pub fn find(link: &str) -> Option<Self> {
        let query = link.split('#').next()?.split_once('?')?.1;
        query.rsplit('&').find_map(Self::read)
    }

    /// Only the very spelling that we write.
    fn read(pair: &str) -> Option<Self> {
        let token = pair.strip_prefix(NAME)?;
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let ours = token.len() == TOKEN_CHARS && token.bytes().all(plain);
        Uuid::try_parse(token).ok().filter(|_| ours).map(|id| Self(id.into_bytes()))
    }
}

impl fmt::Display for BillMark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{NAME}{}", Uuid::from_bytes(self.0).simple())
    }
}

/// The link as sent: marks of others taken out, ours at the end of the query. Marking twice changes nothing.
pub fn mark_link(link: &str, mark: BillMark) -> String {
    let (address, fragment) = link.split_once('#').map_or((link, ""), |(address, fragment)| (address, fragment));
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mark = mark.to_string();
    let kept = query.split('&').filter(|pair| !pair.is_empty() && BillMark::read(pair).is_none());
    let query: Vec<&str> = kept.chain([mark.as_str()]).collect();
    let hash = if fragment.is_empty() { "" } else { "#" };
    format!("{path}?{}{hash}{fragment}", query.join("&"))
}

/// Whether Xero takes it as a link.
pub(super) fn is_link(link: &str) -> bool {
    let absolute = link.starts_with("https://") || link.starts_with("http://");
    let fits = link.chars().count() <= LINK_CHARS_MAX && !link.contains(char::is_whitespace);
    absolute && fits && url::Url::parse(link).is_ok() && !link.to_lowercase().contains("xero")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVENS: &str = "cf=07070707070707070707070707070707";

    fn mark(seed: u8) -> BillMark {
        BillMark::from_bytes([seed; 16])
    }

    #[test]
    fn a_mark_stands_in_the_query_before_any_fragment_and_is_found_there() {
        for (link, marked) in [
            ("https://app.example/d/1", "https://app.example/d/1?cf=…"),
            ("https://app.example/d/1?", "https://app.example/d/1?cf=…"),
            ("https://app.example/d?id=1&tab=2", "https://app.example/d?id=1&tab=2&cf=…"),
            ("https://app.example/d?id=1#part", "https://app.example/d?id=1&cf=…#part"),
            ("https://app.example/#/d/1?x", "https://app.example/?cf=…#/d/1?x"),
        ] {
            let sent = mark_link(link, mark(7));
            assert_eq!(sent, marked.replace("cf=…", SEVENS), "{link}");
            assert_eq!((BillMark::find(&sent), mark_link(&sent, mark(7))), (Some(mark(7)), sent.clone()));
            let other = mark_link(&sent, mark(8));
            assert_eq!((BillMark::find(&other), other.contains(SEVENS)), (Some(mark(8)), false), "one mark only");
        }
        assert_eq!(mark(7).bytes(), [7; 16]);
    }

    #[test]
    fn what_only_looks_like_a_mark_is_none() {
        let path = format!("https://app.example/{SEVENS}");
        let fragment = format!("https://app.example/?a=1#{SEVENS}");
        let other = format!("https://app.example/?x{SEVENS}");
        let capital = "https://app.example/?cf=ABABABABABABABABABABABABABABABAB";
        let dashed = "https://app.example/?cf=07070707-0707-0707-0707-070707070707";
        for link in ["", "?cf=", &path, &fragment, &other, capital, dashed, "https://app.example/?cf=0707"] {
            assert_eq!(BillMark::find(link), None, "{link}");
        }
    }
}
