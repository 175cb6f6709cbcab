//! Ids as distinct types, so that one kind can never be passed where another belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id of the wanted kind. Carries the kind, never the text: ids from outside reach logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: expected {expected}")]
pub struct IdError {
    /// The kind of id that was expected, in words.
    pub kind: &'static str,
    /// The form such an id has.
    pub expected: &'static str,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes an id of random bytes (RFC 9562, version 4).
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let unreadable = IdError { kind: $kind, expected: "a UUID such as 6f0f0c4e-0000-4000-8000-000000000001" };
                Uuid::try_parse(text).map(Self).map_err(|_| unreadable)
            }
        }
    };
}

uuid_id!(
    /// A Xero organisation: the value of the `xero-tenant-id` header.
    TenantId, "Xero tenant id");
uuid_id!(
    /// Xero's id of our connection to one organisation, needed to delete it. Never a tenant id.
    XeroConnectionId, "Xero connection id");
uuid_id!(
    /// The Xero user who consented: the claim `xero_userid`. One token set belongs to one user and one app.
    XeroUserId, "Xero user id");
uuid_id!(
    /// One attempt to connect, from the first click to the choice of organisations.
    ConnectId, "connect id");
uuid_id!(
    /// One document of an organisation; sorts by when it was announced.
    DocumentId, "document id");
uuid_id!(
    /// One uploaded file with bank statements; sorts by when it was announced.
    StatementId, "statement id");

/// An id of an instant and random bytes (RFC 9562, version 7).
fn of_instant(now: jiff::Timestamp, random: [u8; 16]) -> Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random[..10]);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

impl DocumentId {
    /// Makes an id of an instant and random bytes (RFC 9562, version 7).
    pub fn at(now: jiff::Timestamp, random: [u8; 16]) -> Self {
        Self(of_instant(now, random))
    }
}

impl StatementId {
    /// Makes an id of an instant and random bytes (RFC 9562, version 7).
    pub fn at(now: jiff::Timestamp, random: [u8; 16]) -> Self {
        Self(of_instant(now, random))
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $chars_max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
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

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
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
    };
}

text_id!(
    /// The host application's customer, who owns connections. The host application chooses it.
    WorkspaceId, "workspace id", 64);
text_id!(
    /// A Xero app's OAuth 2.0 client id.
    ClientId, "client id", 64);
text_id!(
    /// One thing that is to be written to Xero, named by what was decided.
    IntentId, "intent id", 64);
text_id!(
    /// One sync run of one organisation; sorts by its start.
    RunId, "run id", 64);
text_id!(
    /// One tie-out of one organisation; sorts by when it was asked for.
    TieOutId, "tie-out id", 64);
text_id!(
    /// One prepayment's or accrual's plan.
    ScheduleId, "schedule id", 64);

/// An organisation as one workspace sees it. Storage is reached with both halves or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrganisationRef {
    /// The host application's customer.
    pub workspace: WorkspaceId,
    /// The Xero organisation.
    pub tenant: TenantId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_id_with_a_key_separator_is_refused() {
        for bad in ["", "a#b", "a/b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<WorkspaceId>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!("acme-2.uk".parse::<WorkspaceId>().unwrap().as_str(), "acme-2.uk");
    }

    #[test]
    fn a_uuid_in_any_case_is_the_same_tenant() {
        let lower: TenantId = "fe79a0c4-0000-4000-8000-00000000abcd".parse().unwrap();
        let upper: TenantId = "FE79A0C4-0000-4000-8000-00000000ABCD".parse().unwrap();
        assert_eq!(lower, upper);
        assert!("fe79".parse::<TenantId>().is_err());
    }
}
