//! What is true of a benchmark: which rows belong together and what is wrong with them.
//!
//! Owns the definitions of matches and findings, and their JSON. They are the contract between generator and scorer.

use serde::{Deserialize, Serialize};

/// Everything that is true of a benchmark's rows.
///
/// A row stands in at most one match. A row that stands in no match stands in a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Rows that belong together, on two sides or on three.
    pub matches: Vec<Match>,
    /// What is wrong, and where.
    pub findings: Vec<Finding>,
}

/// Rows that stand for the same movement. A side that lacks it is empty.
///
/// Statement and feed lines stand in the same order where there are several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Ids of statement lines.
    pub statement: Vec<String>,
    /// Ids of feed lines.
    pub feed: Vec<String>,
    /// Ids of ledger entries.
    pub ledger: Vec<String>,
    /// How many stand for how many.
    pub kind: MatchKind,
}

/// How many rows stand for how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKind {
    /// At most one row on each side.
    OneToOne,
    /// One statement line, and two to five ledger entries whose amounts add up to it.
    Split,
    /// Two to five statement lines, each with its feed line, and one ledger entry of their sum.
    Merged,
}

/// One thing that is wrong, with every row that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// Ids of statement lines.
    #[serde(default)]
    pub statement: Vec<String>,
    /// Ids of feed lines.
    #[serde(default)]
    pub feed: Vec<String>,
    /// Ids of ledger entries.
    #[serde(default)]
    pub ledger: Vec<String>,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Statement and feed have it, nobody entered it. Not said of the bank's fees: see [`FindingKind::BankFee`].
    MissingInLedger,
    /// Statement and ledger have it, the feed lost it.
    MissingInFeed,
    /// The ledger has it, the statement does not. In one case of four the feed does (a page of the statement is
    /// missing, and feed and ledger match); else it was entered but never happened.
    MissingInStatement,
    /// The feed has it twice. The finding names the line that is matched, then the surplus one, which has its own id
    /// and perhaps another text or a date a day later. Either may be called the surplus.
    DuplicateInFeed,
    /// It was entered twice. The finding names the entry that is matched, then the surplus one, which may lack the
    /// reference and be dated a few days later. Either may be called the surplus.
    DuplicateInLedger,
    /// Entered with another amount that is no swap of neighbouring digits: off by less than 100 minor units,
    /// one digit wrong, ten times too large, or the wrong sign. Money in that is entered a little too
    /// high is never this but a fee, so that the two can be told apart.
    WrongAmount,
    /// Entered with exactly two neighbouring digits swapped.
    TransposedDigits,
    /// Entered with a date at least eight days further off than the longest lag of the dial.
    DateOff,
    /// The rows of a [`MatchKind::Split`].
    Split,
    /// The rows of a [`MatchKind::Merged`].
    Merged,
    /// One of two things. Netted: a receipt that the ledger holds gross and statement and feed hold less a fee,
    /// `gross × rate + fixed`, rounded down to a minor unit; rate (0.5 to 2.9 %) and fixed part (10 to 40 minor units)
    /// are the account's and do not change. Or a line on statement and feed by which the bank takes a fee of its own,
    /// and no ledger entry: then `ledger` is empty.
    BankFee,
}

impl FindingKind {
    /// Every kind, in the order of the reports.
    pub const ALL: [Self; 11] = [
        Self::MissingInLedger,
        Self::MissingInFeed,
        Self::MissingInStatement,
        Self::DuplicateInFeed,
        Self::DuplicateInLedger,
        Self::WrongAmount,
        Self::TransposedDigits,
        Self::DateOff,
        Self::Split,
        Self::Merged,
        Self::BankFee,
    ];

    /// The kind as JSON spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingInLedger => "missing_in_ledger",
            Self::MissingInFeed => "missing_in_feed",
            Self::MissingInStatement => "missing_in_statement",
            Self::DuplicateInFeed => "duplicate_in_feed",
            Self::DuplicateInLedger => "duplicate_in_ledger",
            Self::WrongAmount => "wrong_amount",
            Self::TransposedDigits => "transposed_digits",
            Self::DateOff => "date_off",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::BankFee => "bank_fee",
        }
    }
}
