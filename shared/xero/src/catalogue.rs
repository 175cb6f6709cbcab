//! Xero's validation messages, sorted into stable codes with a cause and a fix in a bookkeeper's words.
//!
//! Owns the table and nothing else: what follows from a code (park, retry, ask a person) is the caller's. Xero promises
//! no wording, so a message is compared without case, dashes, quotes or spacing, by the few words that carry its
//! meaning; what fits no row is `unrecognised`, and the raw text is always kept.
//!
//! Sources: Xero's pages, its specification and reports of its messages. Rows marked as assumed have no reported text:
//! their meaning is documented, their words are a guess that costs nothing when it is wrong.

mod codes;

pub use codes::RefusalCode;
use jiff::civil::Date;
use serde::Serialize;

use crate::error::Denied;

/// Longest raw text kept of one message.
pub const RAW_CHARS_MAX: usize = 500;

/// One refusal, for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What it means.
    pub code: RefusalCode,
    /// Why Xero refused, in plain words.
    pub cause: &'static str,
    /// What a person can do about it.
    pub fix: &'static str,
    /// The lock date that the message names; the later one where it names two.
    pub lock_date: Option<Date>,
    /// Xero's own words, cut at [`RAW_CHARS_MAX`].
    pub raw: String,
}

/// One kind of message. The first row fits whose words all stand in the message.
struct Row {
    code: RefusalCode,
    /// In lower case, with spaces for dashes and without quotes.
    words: &'static [&'static str],
    /// A message of this kind, as reported or, in an assumed row, as guessed.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests hold each row to its example"))]
    example: &'static str,
}

macro_rules! rows {
    ($($code:ident $words:expr, $example:literal;)*) => {
        &[$(Row { code: RefusalCode::$code, words: &$words, example: $example }),*]
    };
}

/// Messages that have been reported.
const REPORTED: &[Row] = rows![
    EndOfYearLocked ["end of year lock date"], "The document date cannot be before the end of year lock date, currently set at 30-Nov-2018";
    PeriodLocked ["lock date"], "The document date cannot be before the period lock date, currently set at 30-Nov-2018";
    AccountArchived ["account code", "has been archived"], "Account code 'X' has been archived, or has been deleted. Each line item must reference a valid account.";
    AccountUnknown ["does not match a recognised account"], "Account code '476' has been removed as it does not match a recognised account.";
    AccountUnknown ["account must be valid"], "Account must be valid.";
    AccountUnknown ["account code is too long"], "Account Code is too long. Maximum of 10 characters allowed";
    AccountNotAllowed ["account", "is not a valid code"], "Account code '200' is not a valid code for this document";
    TaxTypeNotAllowedWithAccount ["taxtype code", "cannot be used with account code"], "The TaxType code 'OUTPUT' cannot be used with account code '400'.";
    TaxTypeUnknown ["taxtype code", "does not exist"], "The TaxType code GST on Income does not exist or cannot be used for this type of transaction.";
    Unbalanced ["total debits", "must equal total credits"], "The total debits (100.00) must equal total credits (-10.00)";
    CurrencyNotEnabled ["not subscribed to currency"], "Organisation is not subscribed to currency EUR";
    JournalAlreadyVoided ["not of valid status"], "Document not of valid status for modification";
    StatusNotApplicable ["status", "cannot be applied"], "The status 'VOID' cannot be applied to the document";
    DuplicateNumber ["must be unique"], "Invoice # must be unique.";
    ContactArchived ["must be un archived"], "The contact with the specified contact details has been archived. The contact must be un-archived before creating new invoices or credit notes";
    ContactArchived ["status", "is not valid for contacts"], "The status 'ARCHIVED' is not valid for contacts";
    ContactUnknown ["elements to identify the contact"], "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber";
    HasPayment ["has a payment or credit note"], "This document cannot be edited as it has a payment or credit note allocated to it.";
    QuantityInvalid ["quantity must not be less than zero"], "The quantity value '-1.0000' is invalid. Quantity must not be less than zero.";
    TotalsDisagree ["does not equal the sum of the lines"], "The invoice total does not equal the sum of the lines.";
    ApprovalLimit ["limit of invoices you can approve"], "You have reached the limit of invoices you can approve";
    IdempotencyKeyReused ["idempotency key", "different request"], "Idempotency Key 'k-1' is used with a different request.";
    DateInvalid ["error converting value", "datetime"], "Error converting value \"soon\" to type 'System.DateTime'. Path 'ManualJournals[0].Date'.";
    RequestMalformed ["error converting value"], "Error converting value \"NO_TAX\" to type 'Xero.API.Model.LineAmountType'. Path 'ManualJournals[0].LineAmountTypes'.";
];

/// Messages whose wording nobody has reported.
const ASSUMED: &[Row] = rows![
    AccountNotAllowed ["account code must be specified"], "Account code must be specified for each line of a posted journal";
    TooFewLines ["at least two", "lines"], "At least two journal lines must be specified";
    LineLimit ["maximum", "journal lines"], "A maximum of 1000 journal lines is allowed";
    TrackingUnknown ["maximum", "tracking categor"], "A maximum of 2 tracking categories may be assigned to a line";
    TrackingUnknown ["tracking", "does not exist"], "The tracking category or option does not exist or is not active";
    TrackingInactive ["tracking", "not active"], "The tracking option 'North' is not active";
    TrackingInactive ["tracking", "archived"], "Tracking option 'North' has been archived";
    TrackingUnknown ["tracking", "not valid"], "Tracking category 'Region' is not valid";
    ContactUnknown ["contact", "could not be found"], "A contact with ContactID 0b159335-606b-485f-b51b-97b3b32bad32 could not be found";
    TotalsDisagree ["does not match the expected line total"], "The line total 9.99 does not match the expected line total 10.00";
    LinesMissing ["line items must be specified"], "One or more line items must be specified";
    DueDateMissing ["duedate is required"], "DueDate is required for an approved invoice";
    TextMissing ["must have at least 1 character"], "Description must have at least 1 character";
    FileRefused ["file name contains"], "The file name contains characters that are not allowed";
    FileRefused ["file is too large"], "The file is too large";
    FileRefused ["maximum", "attachments"], "A maximum of 10 attachments may be added to a document";
    NarrationMissing ["narration", "mandatory"], "Narration is a mandatory field";
    NarrationMissing ["narration", "required"], "Narration is required";
    NarrationMissing ["narration", "must be specified"], "A narration must be specified";
    DateInvalid ["date", "not valid"], "The date is not valid";
    DateInvalid ["invalid date"], "Invalid date";
    AmountOutOfRange ["lineamount must not be greater"], "LineAmount must not be greater than 9999999999.99";
    TextTooLong ["is too long"], "Description is too long. Maximum of 4000 characters allowed";
    LinkInvalid ["url must"], "Url must be a valid absolute URL";
    RoleOrPermission ["permission"], "You do not have permission to create manual journals";
    RoleOrPermission ["not authorised to"], "The user is not authorised to perform this action";
    RequestMalformed ["elements may be sent"], "A maximum of 50 elements may be sent to this endpoint in a request";
];

/// Sorts one of Xero's messages.
pub fn recognise(message: &str) -> Refusal {
    let plain = plain(message);
    let fits = |row: &&Row| row.words.iter().all(|words| plain.contains(words));
    let row = REPORTED.iter().chain(ASSUMED).find(fits);
    let code = row.map_or(RefusalCode::Unrecognised, |row| row.code);
    let lock_date = if code.is_lock() { latest_date(&plain) } else { None };
    refusal(code, lock_date, message)
}

/// Sorts a refused access, where it is about what the connected user may do.
pub fn recognise_denied(denied: &Denied) -> Option<Refusal> {
    match denied {
        Denied::ScopeOrRole => Some(refusal(RefusalCode::RoleOrPermission, None, "AuthorizationUnsuccessful")),
        Denied::Role => Some(refusal(RefusalCode::RoleOrPermission, None, "Forbidden")),
        Denied::TokenExpired | Denied::NotConnected => None,
    }
}

/// The refusal that decides what happens next: the latest lock date where there is a lock, since both kinds may stand
/// together; else the first that is known; else the first.
pub fn leading(refusals: &[Refusal]) -> Option<&Refusal> {
    let locks = refusals.iter().rev().filter(|each| each.code.is_lock());
    let known = || refusals.iter().find(|each| each.code != RefusalCode::Unrecognised);
    locks.max_by_key(|each| each.lock_date).or_else(known).or(refusals.first())
}

fn refusal(code: RefusalCode, lock_date: Option<Date>, message: &str) -> Refusal {
    Refusal {
        code,
        cause: code.cause(),
        fix: code.fix(),
        lock_date,
        raw: message.chars().take(RAW_CHARS_MAX).collect(),
    }
}

/// A message without case, dashes, quotes and uneven spacing: `end-of-year` and `End of Year` are the same words.
fn plain(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for letter in message.chars().take(RAW_CHARS_MAX) {
        match letter {
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push(' '),
            '\'' | '"' | '`' | '\u{2018}'..='\u{201f}' => (),
            letter => out.extend(letter.to_lowercase()),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The latest `30 nov 2018` of a plain text.
fn latest_date(plain: &str) -> Option<Date> {
    let words: Vec<&str> =
        plain.split([' ', ',', '.', ';', '(', ')', '/', ':']).filter(|word| !word.is_empty()).collect();
    let dates = words.windows(3).filter_map(|three| read_date(three[0], three[1], three[2]));
    dates.max()
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn read_date(day: &str, month: &str, year: &str) -> Option<Date> {
    let month = MONTHS.iter().position(|name| month.starts_with(name))?;
    let year = (year.len() == 4).then(|| year.parse().ok())??;
    Date::new(year, i8::try_from(month + 1).ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m25_every_row_recognises_its_own_example_and_in_every_spelling() {
        for row in REPORTED.iter().chain(ASSUMED) {
            assert_eq!(recognise(row.example).code, row.code, "{}", row.example);
            let loud = format!("  {}  ", row.example.to_uppercase().replace(' ', "  "));
            assert_eq!(recognise(&loud).code, row.code, "{loud}");
            let curly = row.example.replace('\'', "\u{2019}").replace('-', "\u{2011}");
            assert_eq!(recognise(&curly).code, row.code, "{curly}");
            assert_eq!(recognise(row.example).raw, row.example);
        }
    }

    /// Xero's words as they were reported, and what each is to be taken for.
    #[test]
    fn m25_the_reported_messages_have_their_codes() {
        for (message, code) in [
            ("The document date cannot be before the period lock date, currently set at 30-Nov-2018", "period_locked"),
            (
                "The document date cannot be before the end of year lock date, currently set at 30-Nov-2018",
                "end_of_year_locked",
            ),
            ("Account code '200' is not a valid code for this document", "account_not_allowed"),
            ("Account must be valid.", "account_unknown"),
            (
                "Account code 'X' has been archived, or has been deleted. Each line item must reference a valid account.",
                "account_archived",
            ),
            ("Account code '476' has been removed as it does not match a recognised account.", "account_unknown"),
            ("Account Code is too long. Maximum of 10 characters allowed", "account_unknown"),
            (
                "The TaxType code GST on Income does not exist or cannot be used for this type of transaction.",
                "tax_type_unknown",
            ),
            ("The TaxType code 'OUTPUT' cannot be used with account code '463'.", "tax_type_not_allowed_with_account"),
            ("Organisation is not subscribed to currency EUR", "currency_not_enabled"),
            ("The total debits (100.00) must equal total credits (-10.00)", "unbalanced"),
            ("The status 'VOID' cannot be applied to the document", "status_not_applicable"),
            ("Document not of valid status for modification", "journal_already_voided"),
            ("Invoice not of valid status for modification", "journal_already_voided"),
            ("Invoice # must be unique.", "duplicate_number"),
            (
                "Error converting value \"NO_TAX\" to type '…LineAmountType'. Path 'ManualJournals[0].LineAmountTypes'.",
                "request_malformed",
            ),
            ("Idempotency Key abc is used with a different request.", "idempotency_key_reused"),
        ] {
            assert_eq!(recognise(message).code.as_str(), code, "{message}");
        }
    }

    #[test]
    fn m25_the_messages_about_bills_and_their_files_have_their_codes() {
        for (message, code) in [
            (
                "… archived. The contact must be un-archived before creating new invoices or credit notes",
                "contact_archived",
            ),
            ("The status 'ARCHIVED' is not valid for contacts", "contact_archived"),
            ("This document cannot be edited as it has a payment or credit note allocated to it.", "has_payment"),
            ("The quantity value '-2.0000' is invalid. Quantity must not be less than zero.", "quantity_invalid"),
            ("The invoice total does not equal the sum of the lines.", "totals_disagree"),
            ("You have reached the limit of invoices you can approve", "approval_limit"),
            ("The status 'ARCHIVED' cannot be applied to the document", "status_not_applicable"),
            ("Credit note # must be unique.", "duplicate_number"),
            ("A maximum of 10 attachments may be added to a document", "file_refused"),
        ] {
            assert_eq!(recognise(message).code.as_str(), code, "{message}");
        }
    }

    #[test]
    fn m26_a_lock_date_is_read_in_every_spelling() {
        for (text, expected) in [
            ("period lock date, currently set at 30-Nov-2018", Some("2018-11-30")),
            ("Period Lock Date, currently set at 3-Sep-2026.", Some("2026-09-03")),
            ("period lock date, currently set at 03 Sep 2026", Some("2026-09-03")),
            ("period lock\u{2011}date, currently set at 30\u{2013}November\u{2013}2018", Some("2018-11-30")),
            ("period lock date (1 Feb 2028)", Some("2028-02-01")),
            ("period lock date, currently set at 29-Feb-2027", None),
            ("period lock date", None),
            ("period lock date, and end of year lock date set at 31-Mar-2026 and 30-Sep-2025", Some("2026-03-31")),
        ] {
            let refusal = recognise(text);
            assert!(refusal.code.is_lock(), "{text}");
            assert_eq!(refusal.lock_date.map(|date| date.to_string()).as_deref(), expected, "{text}");
        }
        assert_eq!(recognise("Account must be valid. 30-Nov-2018").lock_date, None);
    }

    #[test]
    fn m26_of_both_locks_the_later_leads() {
        let lock = |kind: &str, day: &str| {
            recognise(&format!("The document date cannot be before the {kind} lock date, currently set at {day}"))
        };
        let unknown = recognise("Something new");
        let both = [unknown.clone(), lock("period", "30-Sep-2026"), lock("end of year", "31-Mar-2026")];
        assert_eq!(leading(&both).unwrap().lock_date.unwrap().to_string(), "2026-09-30");
        let both =
            [lock("period", "30-Sep-2025"), lock("end of year", "31-Mar-2026"), recognise("Account must be valid.")];
        assert_eq!(leading(&both).unwrap().code, RefusalCode::EndOfYearLocked);
        let same = [lock("period", "31-Mar-2026"), lock("end of year", "31-Mar-2026")];
        assert_eq!(leading(&same).unwrap().code, RefusalCode::PeriodLocked, "the first of two equal ones");
        let none = [unknown.clone(), recognise("Account must be valid.")];
        assert_eq!(leading(&none).unwrap().code, RefusalCode::AccountUnknown);
        assert_eq!(leading(std::slice::from_ref(&unknown)), Some(&unknown));
        assert_eq!(leading(&[]), None);
    }

    #[test]
    fn m25_an_unknown_message_is_kept_raw_and_cut() {
        let refusal = recognise("The Ledger is  “asleep” – 30-Nov-2018");
        assert_eq!((refusal.code, refusal.lock_date), (RefusalCode::Unrecognised, None));
        assert_eq!(refusal.raw, "The Ledger is  “asleep” – 30-Nov-2018");
        let long = recognise(&"é".repeat(RAW_CHARS_MAX + 1));
        assert_eq!(long.raw.chars().count(), RAW_CHARS_MAX);
        assert_eq!(recognise("").code, RefusalCode::Unrecognised);
    }

    #[test]
    fn m25_a_users_missing_role_has_a_refusal_and_a_lost_connection_has_none() {
        for denied in [Denied::ScopeOrRole, Denied::Role] {
            assert_eq!(recognise_denied(&denied).unwrap().code, RefusalCode::RoleOrPermission);
        }
        for denied in [Denied::TokenExpired, Denied::NotConnected] {
            assert_eq!(recognise_denied(&denied), None);
        }
    }

    #[test]
    fn m25_names_are_what_is_stored_and_causes_and_fixes_are_sentences() {
        for code in RefusalCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert_eq!(code.to_string(), code.as_str());
            let plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
            assert!(code.as_str().chars().all(plain), "{code}");
            assert!(code.cause().ends_with('.') && code.fix().ends_with('.'), "{code}");
            let reached = REPORTED.iter().chain(ASSUMED).any(|row| row.code == *code);
            assert!(reached || *code == RefusalCode::Unrecognised, "no message means {code}");
        }
    }
}
