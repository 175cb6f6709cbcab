//! A manual journal that we want in Xero, and what can be known to be wrong with it before any call. Its parts are
//! written out as Xero's JSON has them.
//!
//! Source: the page Manual Journals and the Accounting specification.

use kernel::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use crate::mark::JournalMark;
use crate::wire::two_decimals;

/// Xero's limit of tracking categories on one line.
pub const TRACKING_PER_LINE_MAX: usize = 2;
/// Xero's limit of one line's amount: 9,999,999,999.99.
pub const LINE_AMOUNT_MAX: Decimal = Decimal::from_parts(3_567_587_327, 232, 0, false, 2);
/// Xero's limit of a line's description.
pub const DESCRIPTION_CHARS_MAX: usize = 4_000;
/// Xero's pages name 10 MB and 3.5 MB; the smaller is kept.
pub const BODY_BYTES_MAX: usize = 3_500_000;

/// Which status a journal gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum NewStatus {
    /// In nobody's books yet.
    Draft,
    /// In the books.
    Posted,
}

/// How tax stands in the amounts of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum LineAmounts {
    /// No tax is worked out: Xero's default for journals, and the only one whose balance is known before sending.
    #[default]
    NoTax,
    /// Xero adds each line's tax.
    Exclusive,
    /// Each amount holds its tax.
    Inclusive,
}

/// An account, by what we know of it. Codes may be edited in Xero; ids never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AccountRef {
    /// By its code.
    #[serde(rename = "AccountCode")]
    Code(String),
    /// By its id.
    #[serde(rename = "AccountID")]
    Id(Uuid),
}

/// One tracking option on a line. Names may be edited in Xero; ids never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TrackingRef {
    /// By the ids of category and option.
    Ids {
        /// The category's id.
        #[serde(rename = "TrackingCategoryID")]
        category: Uuid,
        /// The option's id.
        #[serde(rename = "TrackingOptionID")]
        option: Uuid,
    },
    /// By the names of category and option.
    Names {
        /// The category's name.
        #[serde(rename = "Name")]
        category: String,
        /// The option's name.
        #[serde(rename = "Option")]
        option: String,
    },
}

/// One line. There is no currency, contact or date on it: a journal is in the organisation's own currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DraftLine {
    /// Debit above zero, credit below; at most two decimals.
    #[serde(rename = "LineAmount", serialize_with = "two_decimals")]
    pub amount: Decimal,
    /// The account.
    #[serde(flatten)]
    pub account: AccountRef,
    /// Words for the ledger; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// A tax type's code, never its display name; the account's own where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<String>,
    /// At most two.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tracking: Vec<TrackingRef>,
}

/// A journal to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualJournalDraft {
    /// By which it is found again. A different journal has a different one.
    pub mark: JournalMark,
    /// Words for people, without the mark.
    pub narration: String,
    /// Its day in the books.
    pub date: Date,
    /// Draft or posted.
    pub status: NewStatus,
    /// How tax stands in the amounts.
    pub line_amounts: LineAmounts,
    /// Whether reports on a cash basis show it.
    pub on_cash_basis: bool,
    /// Where "Go to" leads, if anywhere.
    pub url: Option<String>,
    /// At least two, balanced.
    pub lines: Vec<DraftLine>,
}

/// Why a journal is not sent at all. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftFault {
    /// Xero requires words.
    #[error("the narration is empty")]
    NarrationMissing,
    /// Xero requires two lines. Carries how many there are.
    #[error("a journal has at least two lines, this one has {0}")]
    TooFewLines(usize),
    /// Debits and credits differ.
    #[error("debits of {debits} and credits of {credits} do not balance")]
    Unbalanced {
        /// The sum above zero.
        debits: Decimal,
        /// The sum below zero.
        credits: Decimal,
    },
    /// A journal of nothing but zeros says nothing.
    #[error("every line is zero")]
    AllZero,
    /// Xero would round this line, and the rounded lines might not balance.
    #[error("line {0} has more than two decimals")]
    TooPrecise(usize),
    /// This line is beyond [`LINE_AMOUNT_MAX`].
    #[error("line {0} is beyond 9,999,999,999.99")]
    TooLarge(usize),
    /// This line is beyond [`DESCRIPTION_CHARS_MAX`].
    #[error("line {0} has a description of more than 4,000 characters")]
    DescriptionTooLong(usize),
    /// This line is beyond [`TRACKING_PER_LINE_MAX`].
    #[error("line {0} has more than two tracking options")]
    TooMuchTracking(usize),
    /// Xero refuses relative links and links that hold its own name.
    #[error("the link must be absolute and must not contain the word 'xero'")]
    LinkUnusable,
    /// Beyond [`BODY_BYTES_MAX`]: split it into several journals. Carries its length as JSON.
    #[error("the journal is {0} bytes long, more than 3,500,000")]
    TooLong(usize),
}

/// Finds what Xero would refuse whatever stands in its books.
pub(super) fn check(draft: &ManualJournalDraft) -> Result<(), DraftFault> {
    if draft.narration.trim().is_empty() {
        return Err(DraftFault::NarrationMissing);
    }
    if draft.url.as_deref().is_some_and(|url| !is_link(url)) {
        return Err(DraftFault::LinkUnusable);
    }
    if draft.lines.len() < 2 {
        return Err(DraftFault::TooFewLines(draft.lines.len()));
    }
    for (at, line) in draft.lines.iter().enumerate() {
        check_line(line, at + 1)?;
    }
    check_balance(draft)
}

fn is_link(url: &str) -> bool {
    let absolute = url.starts_with("https://") || url.starts_with("http://");
    absolute && url::Url::parse(url).is_ok() && !url.to_lowercase().contains("xero")
}

fn check_line(sent: &DraftLine, line: usize) -> Result<(), DraftFault> {
    let faults = [
        (sent.amount.normalize().scale() > 2, DraftFault::TooPrecise(line)),
        (sent.amount.abs() > LINE_AMOUNT_MAX, DraftFault::TooLarge(line)),
        (sent.description.chars().count() > DESCRIPTION_CHARS_MAX, DraftFault::DescriptionTooLong(line)),
        (sent.tracking.len() > TRACKING_PER_LINE_MAX, DraftFault::TooMuchTracking(line)),
    ];
    faults.into_iter().find(|(found, _)| *found).map_or(Ok(()), |(_, fault)| Err(fault))
}

/// Where tax is worked out by Xero the balance must hold after tax, so only Xero can tell.
fn check_balance(draft: &ManualJournalDraft) -> Result<(), DraftFault> {
    if draft.lines.iter().all(|line| line.amount.is_zero()) {
        return Err(DraftFault::AllZero);
    }
    let amounts = || draft.lines.iter().map(|line| line.amount);
    let debits: Decimal = amounts().filter(Decimal::is_sign_positive).sum();
    let credits: Decimal = amounts().filter(Decimal::is_sign_negative).sum();
    match draft.line_amounts {
        LineAmounts::NoTax if !(debits + credits).is_zero() => Err(DraftFault::Unbalanced { debits, credits }),
        _ => Ok(()),
    }
}
