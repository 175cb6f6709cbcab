//! A file with bank statements, as it is stored.

use documents::names::FileName;
use kernel::{Date, Money, OrganisationRef, StatementId, Timestamp};
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::{Stored, keys, load, read_range, read_row};

/// Files of one organisation that are looked through together: ten accounts for sixteen years of months.
pub const FILES_MAX: usize = 2_000;

/// Who tells of the lines in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Teller {
    /// The bank.
    #[default]
    Bank,
    /// Xero's bank feed, as a person exported its statement lines from Xero.
    Feed,
}

impl Teller {
    /// Its name, as in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Feed => "feed",
        }
    }
}

/// One uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementFile {
    /// Its id.
    pub id: StatementId,
    /// Xero's id of the bank account it is for, in lower case.
    pub account: String,
    /// Who tells of its lines.
    pub teller: Teller,
    /// What it is called.
    pub file_name: FileName,
    /// As announced; its format is told by its bytes.
    pub content_type: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Who announced it.
    pub announced_by: String,
    /// When.
    pub announced_at: Timestamp,
    /// The version in the storage, where versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it stands.
    pub state: FileState,
}

/// Where a file stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum FileState {
    /// It has not arrived.
    AwaitingFile {
        /// From then on its form is refused.
        until: Timestamp,
    },
    /// To be read.
    TakenIn,
    /// A reader is at it.
    Reading {
        /// Counts the readers, this one included.
        attempt: u32,
    },
    /// The same file was read for this account before.
    Duplicate {
        /// As this one.
        of: StatementId,
    },
    /// It is no statement that can be read, or none of this account.
    Refused {
        /// Stable, for programs.
        code: String,
        /// In words.
        words: String,
    },
    /// It was read; its lines speak for the account.
    Read(Box<Summary>),
    /// A person took it back: its lines speak for nothing.
    Withdrawn {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// What was read of a file, without its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its format.
    pub format: Value,
    /// The statements in it, of this account and of others.
    pub statements: Vec<StatementSummary>,
    /// How many statements there are beyond those.
    #[serde(default)]
    pub statements_more: usize,
    /// Lines that were taken.
    pub lines: usize,
    /// Entries that were not, by the reason.
    pub left_out: LeftOut,
    /// The first of the problems, each with its place.
    pub problems: Vec<Value>,
    /// How many there are beyond those.
    #[serde(default)]
    pub problems_more: u64,
    /// What its columns mean, where it is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Value>,
    /// Whether a person had confirmed that.
    #[serde(default)]
    pub profile_confirmed: bool,
    /// When it was read.
    pub at: Timestamp,
}

/// Entries that are no lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Without a date or an amount that could be read.
    pub unreadable: usize,
    /// Announced, and not booked.
    pub not_booked: usize,
    /// In a statement of another account.
    pub other_account: usize,
    /// In another currency.
    pub other_currency: usize,
    /// Of nothing.
    pub zero: usize,
}

/// One statement in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementSummary {
    /// The last letters of the account's number; the whole is nobody's business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ending: Option<String>,
    /// Whether its entries were taken as this account's.
    pub taken: bool,
    /// What was there before the first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Money>,
    /// What was there after the last entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Money>,
    /// Of the closing balance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing_date: Option<Date>,
    /// The first and the last day of its entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<(Date, Date)>,
    /// How many entries it has.
    pub entries: usize,
}

/// The key of a file in the storage. It says whose it is, so that an event of the storage needs no other row.
pub fn file_key(whose: &OrganisationRef, id: StatementId) -> String {
    format!("{STATEMENTS}/{}/{}/{id}", whose.workspace, whose.tenant)
}

/// The key under which the lines that were read of a file lie.
pub fn lines_key(whose: &OrganisationRef, id: StatementId) -> String {
    format!("statement-lines/{}/{}/{id}", whose.workspace, whose.tenant)
}

/// Where every uploaded file lies.
const STATEMENTS: &str = "statements";

/// Whose file it is; `None` of a key that is none of ours.
pub fn of_file_key(key: &str) -> Option<(OrganisationRef, StatementId)> {
    let parts: Vec<&str> = key.split('/').collect();
    let [STATEMENTS, workspace, tenant, id] = parts[..] else { return None };
    let whose = OrganisationRef { workspace: workspace.parse().ok()?, tenant: tenant.parse().ok()? };
    Some((whose, id.parse().ok()?))
}

/// One file.
pub async fn load_file(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: StatementId,
) -> Result<Option<Stored<StatementFile>>, TableError> {
    load(table, &keys::statement_file(whose, id)).await
}

/// Files, in the order in which they were announced.
pub async fn list_files(table: &dyn Table, whose: &OrganisationRef) -> Result<Vec<StatementFile>, TableError> {
    let (partition, from, to) = keys::statement_files_range(whose);
    let rows = read_range(table, partition, from, to, FILES_MAX).await?;
    rows.iter().map(|row| Ok(read_row::<StatementFile>(row)?.value)).collect()
}
