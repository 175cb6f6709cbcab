//! What is decided of a line, and why, in words a bookkeeper reads.
//!
//! Owns the shapes that are stored and shown. Decides nothing.

use serde::{Deserialize, Serialize};

use crate::ids::{RecordRef, RuleId};
use crate::words::Words;

/// What is decided of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Verdict {
    /// A document is asked for.
    Requested {
        /// Why it is.
        why: RequestReason,
        /// What nearly spoke for the line, strongest first; at most [`NEAR_MAX`].
        near: Vec<Near>,
        /// How many more there were.
        near_left_out: usize,
        /// What was decided before and holds no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Again>,
    },
    /// None is asked for, for a reason that may vanish.
    Excluded {
        /// Which rule said so.
        rule: Exclusion,
        /// The workspace's own rule, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule_id: Option<RuleId>,
        /// What it went by.
        evidence: Evidence,
    },
    /// One was asked for, and nobody needs to answer any more.
    Closed {
        /// By what.
        by: ClosedBy,
        /// What it went by.
        evidence: Evidence,
    },
}

/// Why a document is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestReason {
    /// No rule and no record speaks for the line.
    NothingSpeaksForIt,
    /// A person asked.
    ByHand,
}

/// A record that nearly spoke for a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Near {
    /// What it lacks.
    pub lacks: Lack,
    /// The record.
    pub record: RecordRef,
    /// The same as a sentence.
    pub words: Words,
}

/// What a record lacks to speak for a line, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// It belongs to the line or fits it, but no file is attached.
    Attachment,
    /// It speaks for another line.
    Taken,
    /// It agrees in the amount alone, and so do others.
    Certainty,
    /// It agrees, but its date is too far away.
    Date,
    /// The source names it, and the books given do not hold it.
    Record,
}

/// What was decided before and holds no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Why no document was asked for until now; `None` when one had been, and the request was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_by: Option<Exclusion>,
    /// What happened, as a sentence.
    pub words: Words,
}

/// The rules that leave a line out, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// The line is deleted, or a second copy of another.
    GoneAtSource,
    /// A person said so.
    ByHand,
    /// A rule of the workspace's says that such lines need none.
    NoDocumentNeeded,
    /// Xero has it as a transfer between own accounts.
    RecordedTransfer,
    /// Another own account moved the same amount the other way.
    TransferPair,
    /// It belongs to entries that have documents.
    Documented,
    /// It is an overpayment, whose document is the one it is used on.
    Overpayment,
    /// It is a prepayment, whose document is the one it is used on.
    Prepayment,
    /// An entry with a document fits it.
    EntryFits,
    /// An unpaid bill or credit note fits it.
    BillFits,
    /// It moves no money.
    MovesNothing,
    /// It is smaller than what the workspace wants documents for.
    BelowMinimum,
    /// Money came in, and the workspace wants no documents for that.
    MoneyIn,
}

/// What closes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// A document was linked to the line.
    DocumentLinked,
    /// The entry that is the line, or fits it, has a document now.
    EntryDocumented,
    /// Xero has it matched with something that has a document.
    Reconciled,
    /// The line is gone at its source.
    LineGone,
}

/// What a decision went by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The records that speak for the line; at most [`EVIDENCE_RECORDS_MAX`].
    pub records: Vec<RecordRef>,
    /// In what they agree with it, as sentences.
    pub words: Words,
}

/// Near misses that are kept; a person looks at no more.
pub const NEAR_MAX: usize = 5;
/// Records that are kept of one line's evidence.
pub const EVIDENCE_RECORDS_MAX: usize = 10;

impl Verdict {
    /// The records that the decision went by.
    pub fn records(&self) -> &[RecordRef] {
        match self {
            Self::Requested { .. } => &[],
            Self::Excluded { evidence, .. } | Self::Closed { evidence, .. } => &evidence.records,
        }
    }

    pub(crate) fn excluded(rule: Exclusion, records: Vec<RecordRef>, words: &str) -> Self {
        Self::Excluded { rule, rule_id: None, evidence: Evidence::new(records, words) }
    }
}

impl Evidence {
    pub(crate) fn new(mut records: Vec<RecordRef>, words: &str) -> Self {
        records.truncate(EVIDENCE_RECORDS_MAX);
        Self { records, words: Words::new(words) }
    }
}
