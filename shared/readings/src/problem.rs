//! What is wrong with what a document says, for the bookkeeper who decides.
//!
//! Owns the codes and the two numbers that disagree. Never says which of them is right, and never corrects one.

use serde::{Deserialize, Serialize};

use crate::amount::Exact;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// Net and tax do not make the gross total (BR-CO-15).
    NetPlusTaxNotGross,
    /// Lines, charges and allowances do not make the net total (BR-CO-10, BR-CO-13).
    LinesNotNet,
    /// The breakdown's taxes do not make the tax total (BR-CO-14).
    BreakdownNotTax,
    /// A row's tax is not its rate of its net amount (BR-CO-17).
    RateNotTax,
    /// What is payable is not gross less prepaid plus rounding (BR-CO-16).
    PayableNotGross,
    /// Quantity and price do not make a line's net amount.
    LineNotPrice,
    /// The due date is before the issue date.
    DueBeforeIssue,
    /// The document names no currency.
    CurrencyMissing,
    /// The currency is none of ISO 4217.
    CurrencyUnknown,
    /// An amount stands in another currency than the document.
    CurrencyDiffers,
    /// A document has to have it, and this one has none, or none that was found.
    FieldMissing,
    /// A field is there, but no value of its type.
    ValueUnreadable,
    /// A date that can be read day first or month first.
    DateAmbiguous,
    /// An account number whose check digits do not fit.
    CheckDigits,
    /// A PDF has an e-invoice attached that could not be read.
    AttachmentUnreadable,
    /// A picture shows several documents, of which one was read.
    SeveralDocuments,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong.
    pub code: ProblemCode,
    /// The number that the document states.
    pub stated: Option<Exact>,
    /// The number that its other numbers make.
    pub computed: Option<Exact>,
    /// Where to look; empty when nowhere in particular.
    pub place: String,
    /// A sentence for a bookkeeper.
    pub words: String,
}

impl Problem {
    /// A problem without numbers.
    pub fn plain(code: ProblemCode, place: impl Into<String>, words: impl Into<String>) -> Self {
        Self { code, stated: None, computed: None, place: place.into(), words: words.into() }
    }
}
