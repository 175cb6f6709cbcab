//! Lines and accounts as they are stored.

use kernel::{Currency, Date, OrganisationRef, Timestamp};
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::{Stored, keys, load, read_range, read_row};

/// One statement line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedLine {
    /// Xero's id.
    pub id: String,
    /// Of the account.
    pub currency: Currency,
    /// The day it was booked.
    pub date: Date,
    /// What Xero says, under its names.
    pub line: Map<String, Value>,
    /// Whether Xero no longer lists it.
    #[serde(default)]
    pub gone: bool,
}

/// What is known of the lines of one bank account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedAccount {
    /// Xero's id of the account.
    pub account: String,
    /// The reading that is not at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way: Option<UnderWay>,
    /// The last one that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastPull>,
    /// The first day that was ever read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
}

/// A reading that is not at its end. Days are read backwards: the newest matter most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Whose wish it serves.
    pub wish: String,
    /// The last of all its days.
    pub to: Date,
    /// The first of all its days.
    pub first: Date,
    /// The last day that is not read yet.
    pub next: Date,
    /// Days that are read at once.
    pub days: u16,
    /// Lines so far.
    pub lines: usize,
    /// Elements that were no lines.
    pub unreadable: usize,
    /// Whether any line changed. Taken as so once a reading was cut off, since what it wrote is not known.
    pub changed: bool,
}

/// A reading that came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPull {
    /// Whose wish it served.
    pub wish: String,
    /// When.
    pub at: Timestamp,
    /// Its first day.
    pub from: Date,
    /// Its last.
    pub to: Date,
    /// Lines that Xero listed.
    pub lines: usize,
    /// Elements that were no lines.
    pub unreadable: usize,
    /// Whether any line changed.
    pub changed: bool,
    /// Why it came to its end early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// The ISO week of the last reading of a whole year.
    #[serde(default)]
    pub swept_week: String,
}

/// Why lines could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Trouble {
    /// Xero does not let this app, or this user, read statement lines.
    NotAllowed,
    /// Xero refuses.
    Refused {
        /// In its words.
        words: String,
    },
    /// One day alone has more than is read at once.
    TooLong {
        /// Which.
        day: Date,
    },
    /// The answer is none.
    Unreadable,
}

impl Trouble {
    /// For the person who wonders why there are no lines.
    pub fn words(&self) -> String {
        match self {
            Self::NotAllowed => {
                "Xero does not let this app or the connecting user read bank statement lines. Ask Xero for \
                 the agreement, or upload statements."
                    .to_owned()
            }
            Self::Refused { words } => format!("Xero refused to give this account's statement lines: {words}"),
            Self::TooLong { day } => format!("The lines of {day} alone are more than is read at once."),
            Self::Unreadable => {
                "Xero's answer was not one about statement lines. It is asked for again with the next sync.".to_owned()
            }
        }
    }
}

/// Accounts of one organisation; Xero has no bound, and nobody has so many.
const ACCOUNTS_MAX: usize = 500;
/// Lines of one account that are read together.
const LINES_MAX: usize = 100_000;

/// What is known of one account.
pub async fn load_account(
    table: &dyn Table,
    whose: &OrganisationRef,
    account: &str,
) -> Result<Option<Stored<FeedAccount>>, TableError> {
    load(table, &keys::feed_account(whose, account)).await
}

/// What is known of every account that was ever read.
pub async fn list_accounts(table: &dyn Table, whose: &OrganisationRef) -> Result<Vec<FeedAccount>, TableError> {
    let (partition, first, last) = keys::feed_accounts_range(whose);
    let rows = read_range(table, partition, first, last, ACCOUNTS_MAX).await?;
    rows.iter().map(|row| Ok(read_row::<FeedAccount>(row)?.value)).collect()
}

/// The lines of one account from one day to another, both included, those with them that Xero no longer lists.
pub async fn list_lines(
    table: &dyn Table,
    whose: &OrganisationRef,
    account: &str,
    from: Date,
    to: Date,
) -> Result<Vec<FeedLine>, TableError> {
    let stored = load_lines(table, whose, account, from, to).await?;
    Ok(stored.into_iter().map(|stored| stored.value).collect())
}

/// The same with their versions.
pub(crate) async fn load_lines(
    table: &dyn Table,
    whose: &OrganisationRef,
    account: &str,
    from: Date,
    to: Date,
) -> Result<Vec<Stored<FeedLine>>, TableError> {
    let (partition, first, last) = keys::feed_lines_range(whose, account, from, to);
    read_range(table, partition, first, last, LINES_MAX).await?.iter().map(read_row).collect()
}
