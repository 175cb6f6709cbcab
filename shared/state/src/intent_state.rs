//! Where a posting stands, what it waits for, and what is to become of the record in Xero that it is.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A record in Xero, and what is to become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Existing {
    /// Xero's id.
    pub xero_id: String,
    /// How it gets to what is wanted.
    pub how: How,
}

/// How a record in Xero gets to what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is changed to the content.
    Edit,
    /// It is taken out of the books.
    Withdraw,
    /// Xero does not let it be changed: it is taken out of the books, and the content is posted anew.
    Replace,
}

/// Where a posting stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum IntentState {
    /// To be sent, being sent, or to be looked for.
    Open,
    /// Nothing is sent until something changes.
    Waiting(Waiting),
    /// In Xero.
    Done {
        /// Xero's id of the record.
        xero_id: String,
        /// When that became known.
        at: Timestamp,
        /// What of it is not there as sent; a person must look at it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        losses: Vec<String>,
    },
    /// Taken out of the books by us, because it was not wanted any more.
    Withdrawn {
        /// Xero's id of what it was.
        xero_id: String,
        /// When that became known.
        at: Timestamp,
    },
    /// Somebody entered it by hand, or knows that it is not wanted any more.
    Recorded {
        /// Who says so.
        actor: String,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// What a posting waits for, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What must change.
    pub on: WaitsOn,
    /// Stable, for programs: `period_locked`, `account_archived`, …
    pub code: String,
    /// In words.
    pub cause: String,
    /// What to do.
    pub fix: String,
    /// What Xero said, where Xero said something.
    pub raw: Vec<String>,
    /// Since when.
    pub since: Timestamp,
}

/// What must change before a posting is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsOn {
    /// Somebody connects the organisation again, or gets the role.
    Authorisation,
    /// The organisation's lock date moves to before the journal's date.
    LockDate {
        /// The lock date as Xero said, ISO 8601.
        locked_until: String,
    },
    /// Somebody corrects something and asks for it again.
    Person,
}
