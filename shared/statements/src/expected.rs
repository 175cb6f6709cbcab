//! What a caller expects of a file: whose statement it is.
//!
//! Owns the comparison. A statement of another account is read and listed; whether to take it is the caller's decision.

use kernel::Currency;
use statement_lines::model::Reading;
use statement_lines::{ProblemCode, Statement};
use statement_tables::profile::Profile;

/// What is known before a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'e> {
    /// The account's number, in any spelling.
    pub account: Option<&'e str>,
    /// Its currency; amounts that name none are in it.
    pub currency: Option<Currency>,
    /// The profile that a person confirmed for its tables.
    pub profile: Option<&'e Profile>,
}

/// Letters of the shortest account number that is compared by its end.
const ACCOUNT_CHARS_MIN: usize = 4;

impl Expected<'_> {
    pub(crate) fn check(&self, reading: &mut Reading) {
        for statement in &reading.statements {
            if self.is_other_account(statement) {
                let words = "This statement is of another account than expected.";
                reading.findings.note(ProblemCode::AccountDiffers, statement.place, words);
            }
            let other =
                |found: Option<Currency>| found.is_some_and(|found| self.currency.is_some_and(|is| is != found));
            if other(statement.currency) {
                let words = "This statement is in another currency than expected.";
                reading.findings.note(ProblemCode::CurrencyDiffers, statement.place, words);
            } else if let Some(entry) = statement.entries.iter().find(|entry| other(entry.currency)) {
                let words = "This entry, and maybe more, is in another currency than expected.";
                reading.findings.note(ProblemCode::CurrencyDiffers, entry.place, words);
            }
        }
    }

    /// Whether a statement is of another account. Banks write an account with and without its bank's number before it.
    pub fn is_other_account(&self, statement: &Statement) -> bool {
        let (Some(expected), Some(found)) = (self.account, statement.account.as_deref()) else { return false };
        let plain = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
        };
        let (expected, found) = (plain(expected), plain(found));
        let short = expected.len().min(found.len()) < ACCOUNT_CHARS_MIN;
        if short { expected != found } else { !expected.ends_with(&found) && !found.ends_with(&expected) }
    }
}
