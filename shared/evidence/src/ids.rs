//! Ids of what this crate speaks of, each a type of its own.
//!
//! Owns their form and length.

use std::fmt;
use std::str::FromStr;

use kernel::IdError;
use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $chars_max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Characters it may have.
            pub const CHARS_MAX: usize = $chars_max;

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if (1..=$chars_max).contains(&text.len()) && text.chars().all(plain) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { kind: $kind, expected: concat!("1 to ", $chars_max, " of A-Z a-z 0-9 - _ .") })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

text_id!(
    /// One bank line at its source: Xero's id of a statement line or bank transaction, or the uploader's id of a line.
    LineId, "line id", 100);
text_id!(
    /// Xero's id of a bank account, in lower case where it is read from Xero's JSON.
    AccountId, "bank account id", 64);
text_id!(
    /// The id of a record that speaks for a line: Xero's of a bill, bank transaction, payment or transfer, or the host
    /// application's of a document. Ids read from Xero's JSON are in lower case, as its two APIs must name one record alike.
    RecordId, "record id", 100);
text_id!(
    /// One of a workspace's rules.
    RuleId, "rule id", 64);
text_id!(
    /// One request that recurs.
    RecurringId, "recurring request id", 64);

/// What kind of thing speaks for or against a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A bill of a supplier's (ACCPAY).
    Bill,
    /// A supplier's credit note (ACCPAYCREDIT).
    CreditNote,
    /// Money spent or received in the ledger.
    BankTransaction,
    /// A payment of a bill, an invoice or a credit note.
    Payment,
    /// A transfer between two of the organisation's own accounts.
    Transfer,
    /// Another bank line.
    Line,
    /// A document that was linked to the line.
    Document,
    /// What the source names without saying what it is, and the books given do not hold.
    Unknown,
}

/// A record by kind and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordRef {
    /// Its kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: RecordId,
}

impl RecordRef {
    /// A record by kind and id.
    pub fn new(kind: RecordKind, id: &RecordId) -> Self {
        Self { kind, id: id.clone() }
    }

    /// Another line as a record. Both kinds of id have one alphabet and one length.
    pub(crate) fn line(id: &LineId) -> Self {
        Self { kind: RecordKind::Line, id: RecordId(id.0.clone()) }
    }

    /// A document as a record.
    pub(crate) fn document(id: kernel::DocumentId) -> Self {
        Self { kind: RecordKind::Document, id: RecordId(id.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_bounded() {
        for bad in ["", "a#b", "a b", "ä", "a\u{202e}b", &"x".repeat(LineId::CHARS_MAX + 1)] {
            assert!(bad.parse::<LineId>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!("x".repeat(LineId::CHARS_MAX).parse::<LineId>().unwrap().as_str().len(), LineId::CHARS_MAX);
        assert!("x".repeat(RecordId::CHARS_MAX + 1).parse::<RecordId>().is_err());
        assert!("x".repeat(AccountId::CHARS_MAX + 1).parse::<AccountId>().is_err());
        assert!("x".repeat(RuleId::CHARS_MAX + 1).parse::<RuleId>().is_err());
        assert!("x".repeat(RecurringId::CHARS_MAX + 1).parse::<RecurringId>().is_err());
        assert_eq!("Line-A".parse::<LineId>().unwrap().as_str(), "Line-A");
        assert!(serde_json::from_str::<AccountId>(r#""a/b""#).is_err());
    }
}
