//! The codes: each one's name, cause and fix, as a bookkeeper reads them. From this table come the type and its words.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($code:ident $name:literal $cause:literal $fix:literal;)*) => {
        /// What Xero's refusal means. The names never change: rows and front ends hold them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum RefusalCode {
            $(#[doc = $cause] #[serde(rename = $name)] $code,)*
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// Why Xero refused, in plain words.
            pub fn cause(self) -> &'static str {
                match self { $(Self::$code => $cause,)* }
            }

            /// What a person can do about it.
            pub fn fix(self) -> &'static str {
                match self { $(Self::$code => $fix,)* }
            }
        }
    };
}

codes! {
    EndOfYearLocked "end_of_year_locked"
        "The date is on or before the end of year lock date of the organisation. Nobody can post there."
        "Ask an adviser to move the end of year lock date in Xero and try again, or post in the next open period.";
    PeriodLocked "period_locked"
        "The date is on or before the period lock date of the organisation."
        "Ask an adviser to move the period lock date in Xero and try again, or post in the next open period.";
    AccountArchived "account_archived"
        "An account has been archived or deleted in Xero."
        "Restore the account in Xero, or choose another one, and try again.";
    AccountUnknown "account_unknown"
        "An account is not in Xero's chart of accounts. Its code may have been changed."
        "Choose an account that exists, and try again.";
    AccountNotAllowed "account_not_allowed"
        "An account cannot be used in this kind of record: bank, receivable, payable and retained earnings accounts cannot, in journals inventory accounts neither, nor one that does not exist."
        "Choose another account, such as a clearing account, and try again.";
    TaxTypeNotAllowedWithAccount "tax_type_not_allowed_with_account"
        "The tax rate of a line cannot be used with its account."
        "Choose a tax rate that Xero offers for this account, or another account.";
    TaxTypeUnknown "tax_type_unknown"
        "The tax rate of a line is not in Xero, or not for this kind of transaction."
        "Choose a tax rate that Xero offers.";
    Unbalanced "unbalanced"
        "Debits and credits are not equal. Where lines carry tax, they must be equal with it."
        "Correct the amounts, or use lines without tax.";
    TooFewLines "too_few_lines"
        "A journal needs at least two lines."
        "Add the missing line and try again.";
    LineLimit "line_limit"
        "The journal has more lines than Xero takes."
        "Split it into several journals, or lower the configured line limit.";
    TrackingInactive "tracking_inactive"
        "A tracking category or option is archived in Xero."
        "Restore it in Xero, or choose another one.";
    TrackingUnknown "tracking_unknown"
        "A tracking category or option is not in Xero, or a line has more than two."
        "Choose tracking that exists and is active, at most two on a line.";
    NarrationMissing "narration_missing"
        "The journal has no narration."
        "Write one.";
    CurrencyNotEnabled "currency_not_enabled"
        "The organisation does not use this currency."
        "Add the currency in Xero if the plan allows it, or post in the organisation's own currency.";
    JournalAlreadyVoided "journal_already_voided"
        "The record has been voided, deleted or archived in Xero, or may not be changed in this way any more."
        "Look at the record in Xero. If it is still needed, post it again as a new one.";
    StatusNotApplicable "status_not_applicable"
        "The record cannot move to this status: a draft is deleted, what is in the books is voided."
        "Look at the record in Xero and choose again.";
    DateInvalid "date_invalid"
        "Xero cannot use the date."
        "Correct the date and try again.";
    AmountOutOfRange "amount_out_of_range"
        "An amount is larger than Xero takes: 9,999,999,999.99."
        "Split the amount over several lines.";
    TextTooLong "text_too_long"
        "A text is longer than Xero takes."
        "Shorten the text that the message names.";
    LinkInvalid "link_invalid"
        "Xero does not take the link back: it must be a whole address and must not contain Xero's name."
        "Correct the configured address.";
    RoleOrPermission "role_or_permission"
        "The connected user may not do this in Xero. Journals need the permission to see reports."
        "Ask for the permission in Xero, or connect as a user who has it.";
    DuplicateNumber "duplicate_number"
        "Another record in Xero has this number."
        "Use another number, or check whether the record is in Xero already.";
    ContactArchived "contact_archived"
        "The contact is archived in Xero."
        "Restore the contact in Xero, or choose another one, and try again.";
    ContactUnknown "contact_unknown"
        "The contact is not in Xero."
        "Choose a contact that exists, and try again.";
    HasPayment "has_payment"
        "Payments or credit notes are allocated to the document, so it cannot be changed."
        "Remove them from it in Xero first.";
    QuantityInvalid "quantity_invalid"
        "The quantity of a line is below zero."
        "Write a discount as a price below zero, with a quantity above it.";
    TotalsDisagree "totals_disagree"
        "The totals that were sent are not those that Xero works out from the lines."
        "Compare the lines with the document, and correct what differs.";
    ApprovalLimit "approval_limit"
        "The organisation's plan allows no more approvals this month."
        "Save it as a draft, or change the plan in Xero.";
    LinesMissing "lines_missing"
        "The document has no lines."
        "Add a line and try again.";
    DueDateMissing "due_date_missing"
        "The document awaits payment and has no due date."
        "Add a due date and try again.";
    TextMissing "text_missing"
        "A text that Xero requires is empty."
        "Fill in what the message names.";
    FileRefused "file_refused"
        "Xero does not take the file: its name has letters that are not allowed, it is larger than 10 MB, or the record has 10 files already."
        "Rename or shrink the file, or remove another one in Xero.";
    IdempotencyKeyReused "idempotency_key_reused"
        "The same request key was used for something else shortly before. Nothing was written this time."
        "Check whether the record is in Xero already, then try again.";
    RequestMalformed "request_malformed"
        "Xero could not read what was sent. The fault is in this software, not in the books."
        "Report it with Xero's message.";
    Unrecognised "unrecognised"
        "Xero refused for a reason that is not in the catalogue. Its own words say why."
        "Read Xero's message, correct what it names, and try again.";
}

impl RefusalCode {
    /// Whether a lock date stands in the way: nothing is wrong with the record, and it can go once the date moves.
    pub fn is_lock(self) -> bool {
        matches!(self, Self::PeriodLocked | Self::EndOfYearLocked)
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
