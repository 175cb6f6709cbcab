//! Each code's name, cause and fix, as a bookkeeper reads them.

use super::RefusalCode;

/// What a person reads of a code.
pub(super) struct Words {
    code: RefusalCode,
    pub(super) name: &'static str,
    pub(super) cause: &'static str,
    pub(super) fix: &'static str,
}

/// The words of a code.
pub(super) fn of(code: RefusalCode) -> &'static Words {
    // A test walks every code that a message can have and finds its words.
    WORDS.iter().find(|words| words.code == code).unwrap_or(&UNRECOGNISED)
}

const UNRECOGNISED: Words = Words {
    code: RefusalCode::Unrecognised,
    name: "unrecognised",
    cause: "Xero refused for a reason that is not in the catalogue. Its own words say why.",
    fix: "Read Xero's message, correct what it names, and try again.",
};

const WORDS: &[Words] = &[
    Words {
        code: RefusalCode::EndOfYearLocked,
        name: "end_of_year_locked",
        cause: "The date is on or before the end of year lock date of the organisation. Nobody can post there.",
        fix: "Ask an adviser to move the end of year lock date in Xero and try again, or post in the next open period.",
    },
    Words {
        code: RefusalCode::PeriodLocked,
        name: "period_locked",
        cause: "The date is on or before the period lock date of the organisation.",
        fix: "Ask an adviser to move the period lock date in Xero and try again, or post in the next open period.",
    },
    Words {
        code: RefusalCode::AccountArchived,
        name: "account_archived",
        cause: "An account has been archived or deleted in Xero.",
        fix: "Restore the account in Xero, or choose another one, and try again.",
    },
    Words {
        code: RefusalCode::AccountUnknown,
        name: "account_unknown",
        cause: "An account is not in Xero's chart of accounts. Its code may have been changed.",
        fix: "Choose an account that exists, and try again.",
    },
    Words {
        code: RefusalCode::AccountNotAllowed,
        name: "account_not_allowed",
        cause: "An account cannot be used in a manual journal: bank, receivable, payable, retained earnings and inventory \
             accounts cannot, nor one that does not exist.",
        fix: "Choose another account, such as a clearing account, and try again.",
    },
    Words {
        code: RefusalCode::TaxTypeNotAllowedWithAccount,
        name: "tax_type_not_allowed_with_account",
        cause: "The tax rate of a line cannot be used with its account.",
        fix: "Choose a tax rate that Xero offers for this account, or another account.",
    },
    Words {
        code: RefusalCode::TaxTypeUnknown,
        name: "tax_type_unknown",
        cause: "The tax rate of a line is not in Xero, or not for this kind of transaction.",
        fix: "Choose a tax rate that Xero offers.",
    },
    Words {
        code: RefusalCode::Unbalanced,
        name: "unbalanced",
        cause: "Debits and credits are not equal. Where lines carry tax, they must be equal with it.",
        fix: "Correct the amounts, or use lines without tax.",
    },
    Words {
        code: RefusalCode::TooFewLines,
        name: "too_few_lines",
        cause: "A journal needs at least two lines.",
        fix: "Add the missing line and try again.",
    },
    Words {
        code: RefusalCode::LineLimit,
        name: "line_limit",
        cause: "The journal has more lines than Xero takes.",
        fix: "Split it into several journals, or lower the configured line limit.",
    },
    Words {
        code: RefusalCode::TrackingInactive,
        name: "tracking_inactive",
        cause: "A tracking category or option is archived in Xero.",
        fix: "Restore it in Xero, or choose another one.",
    },
    Words {
        code: RefusalCode::TrackingUnknown,
        name: "tracking_unknown",
        cause: "A tracking category or option is not in Xero, or a line has more than two.",
        fix: "Choose tracking that exists and is active, at most two on a line.",
    },
    Words {
        code: RefusalCode::NarrationMissing,
        name: "narration_missing",
        cause: "The journal has no narration.",
        fix: "Write one.",
    },
    Words {
        code: RefusalCode::CurrencyNotEnabled,
        name: "currency_not_enabled",
        cause: "The organisation does not use this currency.",
        fix: "Add the currency in Xero if the plan allows it, or post in the organisation's own currency.",
    },
    Words {
        code: RefusalCode::JournalAlreadyVoided,
        name: "journal_already_voided",
        cause: "The journal has been voided, deleted or archived in Xero, or may not be changed any more.",
        fix: "Look at the journal in Xero. If it is still needed, post it again as a new one.",
    },
    Words {
        code: RefusalCode::StatusNotApplicable,
        name: "status_not_applicable",
        cause: "The journal cannot move to this status: a draft is deleted, a posted journal is voided.",
        fix: "Look at the journal in Xero and choose again.",
    },
    Words {
        code: RefusalCode::DateInvalid,
        name: "date_invalid",
        cause: "Xero cannot use the date.",
        fix: "Correct the date and try again.",
    },
    Words {
        code: RefusalCode::AmountOutOfRange,
        name: "amount_out_of_range",
        cause: "An amount is larger than Xero takes: 9,999,999,999.99.",
        fix: "Split the amount over several lines.",
    },
    Words {
        code: RefusalCode::TextTooLong,
        name: "text_too_long",
        cause: "A text is longer than Xero takes.",
        fix: "Shorten the text that the message names.",
    },
    Words {
        code: RefusalCode::LinkInvalid,
        name: "link_invalid",
        cause: "Xero does not take the link back: it must be a whole address and must not contain Xero's name.",
        fix: "Correct the configured address.",
    },
    Words {
        code: RefusalCode::RoleOrPermission,
        name: "role_or_permission",
        cause: "The connected user may not do this in Xero. Journals need the permission to see reports.",
        fix: "Ask for the permission in Xero, or connect as a user who has it.",
    },
    Words {
        code: RefusalCode::DuplicateNumber,
        name: "duplicate_number",
        cause: "Another record in Xero has this number.",
        fix: "Use another number, or check whether the record is in Xero already.",
    },
    Words {
        code: RefusalCode::IdempotencyKeyReused,
        name: "idempotency_key_reused",
        cause: "The same request key was used for something else shortly before. Nothing was written this time.",
        fix: "Check whether the record is in Xero already, then try again.",
    },
    Words {
        code: RefusalCode::RequestMalformed,
        name: "request_malformed",
        cause: "Xero could not read what was sent. The fault is in this software, not in the books.",
        fix: "Report it with Xero's message.",
    },
];
