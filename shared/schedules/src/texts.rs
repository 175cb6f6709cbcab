//! Texts that stand in journals, each a type of its own and each within what Xero takes.
//!
//! Owns their limits. Never repeats a refused text: names and descriptions must not reach a log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text cannot stand where it should. Carries the kind of text, never the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, or nothing but spaces.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// Longer than Xero takes.
    #[error("the {what} is longer than {chars_max} characters")]
    TooLong {
        /// The kind of text.
        what: &'static str,
        /// Characters it may have.
        chars_max: usize,
    },
    /// Line breaks and other control characters.
    #[error("the {0} holds a control character")]
    Control(&'static str),
    /// Of another form than its kind has.
    #[error("not a valid {what}: expected {expected}")]
    Form {
        /// The kind of text.
        what: &'static str,
        /// The form such a text has.
        expected: &'static str,
    },
    /// Xero takes two tracking pairs a line.
    #[error("more than {TRACKING_MAX} tracking pairs")]
    TooMuchTracking,
    /// One category with two options.
    #[error("a tracking category is named twice")]
    TrackedTwice,
}

/// Tracking pairs a line may have: Xero's rule.
pub const TRACKING_MAX: usize = 2;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $chars_max:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Characters it may have.
            pub const CHARS_MAX: usize = $chars_max;

            /// The text.
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
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                let text = trimmed(text, $what, $chars_max)?;
                let check: fn(&str) -> Result<(), TextError> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }
    };
}

text!(
    /// An account by its code or, since codes can be edited and may be missing, by Xero's id of it.
    AccountRef, "account", 36, check_account);
text!(
/// Xero's code of a tax rate, such as `NONE` or `INPUT2`. Never its display name.
TaxType, "tax type", 50, |text| {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    form(plain, "tax type", "Xero's code in A-Z a-z 0-9 _")
});
text!(
    /// A tracking category or option, by Xero's id or by name.
    TrackingName, "tracking name", 100, |_| Ok(()));
text!(
    /// What a schedule is for, in a person's words. A quarter of what a line of Xero's takes, so that marks fit behind.
    Description, "description", 1000, |_| Ok(()));
text!(
/// Where the host application shows what a journal came from.
SourceLink, "link", 500, |text| {
    let web = text.starts_with("https://") || text.starts_with("http://");
    form(web && !text.contains(' '), "link", "an http or https address")
});

/// What a line is tracked by: at most one option in each of two categories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<TrackingPair>", into = "Vec<TrackingPair>")]
pub struct Tracking(Vec<TrackingPair>);

/// An option of a tracking category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingPair {
    /// The category.
    pub category: TrackingName,
    /// One of its options.
    pub option: TrackingName,
}

impl AccountRef {
    /// Xero's id, when the account is named by it.
    pub fn id(&self) -> Option<Uuid> {
        Uuid::try_parse(&self.0).ok()
    }
}

impl Tracking {
    /// Pairs that one line can carry.
    pub fn try_new(pairs: Vec<TrackingPair>) -> Result<Self, TextError> {
        match pairs.as_slice() {
            [first, second] if first.category == second.category => Err(TextError::TrackedTwice),
            pairs if pairs.len() > TRACKING_MAX => Err(TextError::TooMuchTracking),
            _ => Ok(Self(pairs)),
        }
    }

    /// The pairs.
    pub fn pairs(&self) -> &[TrackingPair] {
        &self.0
    }

    /// Whether nothing is tracked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<TrackingPair>> for Tracking {
    type Error = TextError;
    fn try_from(pairs: Vec<TrackingPair>) -> Result<Self, TextError> {
        Self::try_new(pairs)
    }
}

impl From<Tracking> for Vec<TrackingPair> {
    fn from(tracking: Tracking) -> Self {
        tracking.0
    }
}

/// A text within its limit, without the spaces around it. Xero counts characters, not bytes.
pub(crate) fn trimmed<'a>(text: &'a str, what: &'static str, chars_max: usize) -> Result<&'a str, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty(what));
    }
    if text.chars().take(chars_max + 1).count() > chars_max {
        return Err(TextError::TooLong { what, chars_max });
    }
    if text.chars().any(char::is_control) { Err(TextError::Control(what)) } else { Ok(text) }
}

fn form(holds: bool, what: &'static str, expected: &'static str) -> Result<(), TextError> {
    if holds { Ok(()) } else { Err(TextError::Form { what, expected }) }
}

fn check_account(text: &str) -> Result<(), TextError> {
    let id = text.len() == 36 && Uuid::try_parse(text).is_ok();
    form(id || text.chars().count() <= 10, "account", "a code of at most 10 characters, or Xero's id of the account")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_code_or_an_id() {
        assert_eq!("620".parse::<AccountRef>().unwrap().id(), None);
        assert!("6f0f0c4e-0000-4000-8000-000000000001".parse::<AccountRef>().unwrap().id().is_some());
        assert_eq!("".parse::<AccountRef>(), Err(TextError::Empty("account")));
        for bad in ["12345678901", "6f0f0c4e00004000800000000000000", "6f0f0c4e-0000-4000-8000-00000000000g"] {
            assert!(matches!(bad.parse::<AccountRef>(), Err(TextError::Form { .. })), "{bad}");
        }
    }

    #[test]
    fn a_text_beyond_its_limit_is_refused() {
        let long = "ä".repeat(Description::CHARS_MAX);
        assert_eq!(long.parse::<Description>().unwrap().as_str(), long);
        let longer = format!("{long}b");
        let too_long = TextError::TooLong { what: "description", chars_max: Description::CHARS_MAX };
        assert_eq!(longer.parse::<Description>(), Err(too_long));
        assert_eq!(" \t ".parse::<Description>(), Err(TextError::Empty("description")));
        assert_eq!("a\nb".parse::<Description>(), Err(TextError::Control("description")));
        assert_eq!("  rent ".parse::<Description>().unwrap().as_str(), "rent");
        assert!("20% (VAT on Expenses)".parse::<TaxType>().is_err());
        assert!("javascript:alert(1)".parse::<SourceLink>().is_err());
    }

    #[test]
    fn a_line_is_tracked_by_two_categories_at_most() {
        let pair =
            |category: &str| TrackingPair { category: category.parse().unwrap(), option: "North".parse().unwrap() };
        assert_eq!(Tracking::try_new(vec![pair("Region"), pair("Team")]).unwrap().pairs().len(), 2);
        assert_eq!(Tracking::try_new(vec![pair("Region"), pair("Region")]), Err(TextError::TrackedTwice));
        let three = vec![pair("a"), pair("b"), pair("c")];
        assert_eq!(Tracking::try_new(three), Err(TextError::TooMuchTracking));
        let text = r#"[{"category":"a","option":"x"},{"category":"a","option":"y"}]"#;
        assert!(serde_json::from_str::<Tracking>(text).is_err());
    }
}
