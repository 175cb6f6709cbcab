//! What a reconciliation says.

use serde::{Deserialize, Serialize};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Rows that are the same money.
    pub matches: Vec<Match>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// Which sides were compared.
    #[serde(skip)]
    pub compared: Compared,
    /// What the sides that were compared leave unproven, in words.
    pub unproven: Vec<String>,
    /// Rows around which so many others stand, of one amount or of all, that not all candidates were looked at.
    pub capped: usize,
}

/// Which sides were compared; one that was may have no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The bank's statement.
    pub statement: bool,
    /// Xero's bank feed.
    pub feed: bool,
    /// The books.
    pub ledger: bool,
}

/// Rows that are the same money, by their ids on each side; none on a side that does not have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// On the statement.
    pub statement: Vec<String>,
    /// In the feed.
    pub feed: Vec<String>,
    /// In the books.
    pub ledger: Vec<String>,
    /// How much speaks for it, in thousandths.
    pub per_mille: u16,
    /// Whether nobody needs to look: much speaks for it, and nothing else comes near.
    pub certain: bool,
    /// How many stand for how many.
    pub kind: MatchKind,
    /// Why, as a bookkeeper would say it.
    pub reasons: Vec<&'static str>,
}

/// How many rows stand for how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKind {
    /// One for one.
    OneToOne,
    /// One line of the bank for several entries.
    Split,
    /// Several lines of the bank for one entry.
    Merged,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// Rows of the statement that it is about.
    pub statement: Vec<String>,
    /// Rows of the feed.
    pub feed: Vec<String>,
    /// Entries of the books.
    pub ledger: Vec<String>,
}

/// What may not be as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The bank moved money that is not in the books.
    MissingInLedger,
    /// The bank moved money that Xero's feed does not tell.
    MissingInFeed,
    /// The feed or the books have what the bank does not tell.
    MissingInStatement,
    /// The feed tells a movement twice.
    DuplicateInFeed,
    /// The books have an entry twice.
    DuplicateInLedger,
    /// The books have another amount.
    WrongAmount,
    /// The books have two digits swapped.
    TransposedDigits,
    /// The books have another day.
    DateOff,
    /// One line of the bank stands for several entries.
    Split,
    /// Several lines of the bank stand for one entry.
    Merged,
    /// A fee of the bank's, kept back or taken, that the books do not have.
    BankFee,
}
