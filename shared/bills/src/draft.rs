//! A bill, supplier credit note or spend money that we want in Xero, and what is wrong with it whatever the books hold.
//!
//! Owns the content and its checks. Never holds more of a contact than its id: whatever else stood in a document would
//! overwrite the contact in Xero. There is no reference beside the number: what Xero's screens call the reference of a
//! bill is its number, and spend money has no number, so that there the number is sent as the reference.
//!
//! Sources: the pages Invoices, Credit Notes and Bank Transactions, and the Accounting specification.

use kernel::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::mark::{BillMark, is_link, mark_link};
use crate::totals::{Totals, line_amount};
use crate::{BillKind, ContactId};

/// Xero's limit of tracking categories on one line.
pub const TRACKING_PER_LINE_MAX: usize = 2;
/// Xero's limit of one line's amount, used for quantity and unit price too: 9,999,999,999.99.
pub const LINE_AMOUNT_MAX: Decimal = Decimal::from_parts(3_567_587_327, 232, 0, false, 2);
/// Xero's limit of a line's description.
pub const DESCRIPTION_CHARS_MAX: usize = 4_000;
/// Xero's limit of a document's number.
pub const NUMBER_CHARS_MAX: usize = 255;
/// Xero's limit of an account's code.
pub const ACCOUNT_CODE_CHARS_MAX: usize = 10;
/// Decimal places of quantities, and of unit prices where `unitdp=4` is asked for.
pub const UNIT_PLACES: u32 = 4;
/// Decimal places of an exchange rate.
pub const RATE_PLACES: u32 = 6;
/// The smaller of the two limits that Xero's pages give for a request.
pub const BODY_BYTES_MAX: usize = 3_500_000;

/// The status a document starts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum NewStatus {
    /// Saved for somebody to look at.
    Draft,
    /// Waiting for an approval in Xero.
    Submitted,
    /// In the books; a bill awaits payment there, spend money is paid.
    Authorised,
}

/// How tax stands in the unit prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineAmounts {
    /// Tax comes on top.
    Exclusive,
    /// Tax is contained.
    Inclusive,
    /// There is no tax.
    NoTax,
}

/// An account by its code, which people may edit, or by its id, which stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountRef {
    /// By its code.
    #[serde(rename = "AccountCode")]
    Code(String),
    /// By its id.
    #[serde(rename = "AccountID")]
    Id(Uuid),
}

/// One tracking option on a line, by names, which people may edit, or by ids, which stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TrackingRef {
    /// By ids.
    Ids {
        /// The category's id.
        #[serde(rename = "TrackingCategoryID")]
        category: Uuid,
        /// The option's id.
        #[serde(rename = "TrackingOptionID")]
        option: Uuid,
    },
    /// By names.
    Names {
        /// The category's name.
        #[serde(rename = "Name")]
        category: String,
        /// The option's name.
        #[serde(rename = "Option")]
        option: String,
    },
}

/// One line of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillLine {
    /// What was bought, 1 to [`DESCRIPTION_CHARS_MAX`] letters.
    pub description: String,
    /// How many: not below zero, at most four places.
    pub quantity: Decimal,
    /// The price of one in the document's currency, at most four places; below zero for a discount.
    pub unit_amount: Decimal,
    /// The account.
    pub account: AccountRef,
    /// A tax type's code such as `INPUT2`, never its display name; the account's own where absent.
    pub tax_type: Option<String>,
    /// The line's tax, only where it must differ from what Xero works out; at most two places.
    pub tax_amount: Option<Decimal>,
    /// At most [`TRACKING_PER_LINE_MAX`].
    pub tracking: Vec<TrackingRef>,
}

/// A document to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillDraft {
    /// By which a document is found again; stands in its link, so what has none, as a credit note, does not carry it.
    pub mark: BillMark,
    /// Bill, credit note or spend money.
    pub kind: BillKind,
    /// The supplier.
    pub contact: ContactId,
    /// The supplier's own number, up to [`NUMBER_CHARS_MAX`] letters; empty for none. Not unique in Xero. The reference of
    /// spend money.
    pub number: String,
    /// Its day in the books.
    pub date: Date,
    /// When a bill is to be paid; an approved one needs it, credit notes and spend money have none.
    pub due_date: Option<Date>,
    /// Three capital letters, always sent: a contact's default must not decide. Of spend money it is the bank account's own,
    /// which Xero takes by itself: not sent, and held against the answer.
    pub currency: String,
    /// Units of the currency for one of the organisation's own, at most six places; Xero's rate of the day where absent.
    pub currency_rate: Option<Decimal>,
    /// How tax stands in the prices.
    pub line_amounts: LineAmounts,
    /// The status to start in; spend money is always in the books at once.
    pub status: NewStatus,
    /// Where "Go to" leads from a bill or from spend money. Xero has no such field on credit notes.
    pub url: Option<String>,
    /// From which bank account money was spent; nothing else has one. By its code it is recognised only where what was
    /// found names the code too; by its id always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<AccountRef>,
    /// At least one.
    pub lines: Vec<BillLine>,
    /// What Xero will make of it, where that could be predicted. Never sent; held against the answer.
    pub expected: Option<Totals>,
}

impl BillDraft {
    /// The link as sent, with the mark in it; none on a credit note.
    pub fn link(&self) -> Option<String> {
        self.url.as_deref().map(|url| mark_link(url, self.mark))
    }
}

/// Why a document is not sent at all. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftFault {
    /// Beyond [`NUMBER_CHARS_MAX`], or with letters that no number has.
    #[error("the number has more than 255 letters, or line breaks or other control letters")]
    NumberUnusable,
    /// Xero wants a due date on what awaits payment.
    #[error("an approved bill needs a due date")]
    DueDateMissing,
    /// Due before it was issued.
    #[error("the due date {due} is before the date {date}")]
    DueBeforeDate {
        /// The due date.
        due: Date,
        /// The document's date.
        date: Date,
    },
    /// A credit note has no due date.
    #[error("a credit note has no due date")]
    DueDateOnCreditNote,
    /// Not three capital letters.
    #[error("the currency is not a code of three capital letters")]
    CurrencyUnusable,
    /// Zero, below zero, or beyond [`RATE_PLACES`].
    #[error("the exchange rate must be above zero with at most 6 decimals")]
    RateUnusable,
    /// Xero refuses relative links and such as hold its own name.
    #[error("the link must be absolute, at most 2,000 letters long and without the word 'xero'")]
    LinkUnusable,
    /// It is paid already.
    #[error("spend money is paid already and has no due date")]
    DueDateOnSpendMoney,
    /// Bank transactions know neither drafts nor approvals.
    #[error("spend money is in the books at once and cannot start as a draft or submitted for approval")]
    StatusOfSpendMoney,
    /// It came from somewhere.
    #[error("spend money needs the bank account it was paid from")]
    BankAccountMissing,
    /// Empty or beyond [`ACCOUNT_CODE_CHARS_MAX`].
    #[error("the bank account has a code that is empty or longer than 10 letters")]
    BankAccountUnusable,
    /// What awaits payment, or is a credit, has moved no money.
    #[error("only spend money has a bank account")]
    BankAccountUnwanted,
    /// Xero has no link on credit notes.
    #[error("a credit note carries no link")]
    LinkOnCreditNote,
    /// Nothing was bought.
    #[error("there are no lines")]
    LinesMissing,
    /// This line says nothing.
    #[error("line {0} has no description")]
    DescriptionMissing(usize),
    /// This line is beyond [`DESCRIPTION_CHARS_MAX`].
    #[error("line {0} has a description of more than 4,000 letters")]
    DescriptionTooLong(usize),
    /// Discounts are prices below zero, not quantities.
    #[error("line {0} has a quantity below zero")]
    QuantityNegative(usize),
    /// Xero would cut it, and the total would change without a word.
    #[error("line {0} has a quantity or unit price of more than 4 decimals")]
    TooPrecise(usize),
    /// Beyond [`LINE_AMOUNT_MAX`].
    #[error("line {0} is beyond 9,999,999,999.99")]
    TooLarge(usize),
    /// Empty or beyond [`ACCOUNT_CODE_CHARS_MAX`].
    #[error("line {0} has an account code that is empty or longer than 10 letters")]
    AccountCodeUnusable(usize),
    /// Xero would round it, beyond [`LINE_AMOUNT_MAX`], or there is no tax to state.
    #[error("line {0} states a tax that has more than 2 decimals, is too large or stands in a document without tax")]
    TaxUnusable(usize),
    /// Beyond [`TRACKING_PER_LINE_MAX`].
    #[error("line {0} has more than two tracking options")]
    TooMuchTracking(usize),
    /// Beyond [`BODY_BYTES_MAX`]. Carries its length as JSON.
    #[error("the document is {0} bytes long, more than 3,500,000")]
    TooLong(usize),
}

/// Finds what Xero would refuse, or change without a word, in any books.
pub(super) fn check(draft: &BillDraft) -> Result<(), DraftFault> {
    let number = &draft.number;
    let rate = draft.currency_rate;
    let letters = draft.currency.bytes().filter(u8::is_ascii_uppercase).count();
    first_of([
        (number.chars().count() > NUMBER_CHARS_MAX || number.contains(char::is_control), DraftFault::NumberUnusable),
        (letters != 3 || draft.currency.len() != 3, DraftFault::CurrencyUnusable),
        (rate.is_some_and(|rate| rate <= Decimal::ZERO || places(rate) > RATE_PLACES), DraftFault::RateUnusable),
        (draft.lines.is_empty(), DraftFault::LinesMissing),
        (!draft.kind.is_at_bank() && draft.bank_account.is_some(), DraftFault::BankAccountUnwanted),
    ])?;
    match draft.kind {
        BillKind::Bill => check_bill(draft)?,
        BillKind::CreditNote => first_of([
            (draft.due_date.is_some(), DraftFault::DueDateOnCreditNote),
            (draft.url.is_some(), DraftFault::LinkOnCreditNote),
        ])?,
        BillKind::SpendMoney | BillKind::ReceiveMoney => check_at_bank(draft)?,
    }
    draft.lines.iter().enumerate().try_for_each(|(at, line)| check_line(draft, line, at + 1))
}

fn check_bill(draft: &BillDraft) -> Result<(), DraftFault> {
    let date = draft.date;
    match draft.due_date {
        None if draft.status == NewStatus::Authorised => return Err(DraftFault::DueDateMissing),
        Some(due) if due < date => return Err(DraftFault::DueBeforeDate { due, date }),
        _ => (),
    }
    check_link(draft)
}

fn check_at_bank(draft: &BillDraft) -> Result<(), DraftFault> {
    first_of([
        (draft.due_date.is_some(), DraftFault::DueDateOnSpendMoney),
        (draft.status != NewStatus::Authorised, DraftFault::StatusOfSpendMoney),
        (draft.bank_account.is_none(), DraftFault::BankAccountMissing),
        (draft.bank_account.as_ref().is_some_and(is_code_unusable), DraftFault::BankAccountUnusable),
    ])?;
    check_link(draft)
}

fn check_link(draft: &BillDraft) -> Result<(), DraftFault> {
    if draft.url.as_deref().is_none_or(is_link) { Ok(()) } else { Err(DraftFault::LinkUnusable) }
}

fn is_code_unusable(account: &AccountRef) -> bool {
    match account {
        AccountRef::Code(code) => code.is_empty() || code.chars().count() > ACCOUNT_CODE_CHARS_MAX,
        AccountRef::Id(_) => false,
    }
}

fn check_line(draft: &BillDraft, line: &BillLine, at: usize) -> Result<(), DraftFault> {
    let large = |amount: Decimal| amount.abs() > LINE_AMOUNT_MAX;
    let beyond = |line: &BillLine| line_amount(line.quantity, line.unit_amount).is_none_or(large);
    let untaxed = draft.line_amounts == LineAmounts::NoTax;
    first_of([
        (line.description.trim().is_empty(), DraftFault::DescriptionMissing(at)),
        (line.description.chars().count() > DESCRIPTION_CHARS_MAX, DraftFault::DescriptionTooLong(at)),
        (line.quantity < Decimal::ZERO, DraftFault::QuantityNegative(at)),
        (places(line.quantity).max(places(line.unit_amount)) > UNIT_PLACES, DraftFault::TooPrecise(at)),
        (large(line.quantity) || large(line.unit_amount) || beyond(line), DraftFault::TooLarge(at)),
        (is_code_unusable(&line.account), DraftFault::AccountCodeUnusable(at)),
        (line.tax_amount.is_some_and(|tax| untaxed || places(tax) > 2 || large(tax)), DraftFault::TaxUnusable(at)),
        (line.tracking.len() > TRACKING_PER_LINE_MAX, DraftFault::TooMuchTracking(at)),
    ])
}

fn places(amount: Decimal) -> u32 {
    amount.normalize().scale()
}

fn first_of<const N: usize>(faults: [(bool, DraftFault); N]) -> Result<(), DraftFault> {
    faults.into_iter().find(|(found, _)| *found).map_or(Ok(()), |(_, fault)| Err(fault))
}
