//! Keys of bank lines and of the requests for what they lack.

use kernel::{Date, OrganisationRef, StatementId};
use ports::Key;

use super::{LAST, key};

fn requests(whose: &OrganisationRef) -> String {
    format!("requests#{}#{}", whose.workspace, whose.tenant)
}

/// What a workspace decides about requests for documents.
pub fn request_settings(whose: &OrganisationRef) -> Key {
    key(requests(whose), "settings")
}

/// When requests were last evaluated.
pub fn request_evaluation(whose: &OrganisationRef) -> Key {
    key(requests(whose), "evaluation")
}

/// One request.
pub fn request(whose: &OrganisationRef, id: &str) -> Key {
    key(requests(whose), format!("of#{id}"))
}

/// The partition, and the first and last sort key, of an organisation's requests, by id.
pub fn requests_range(whose: &OrganisationRef) -> (String, String, String) {
    (requests(whose), "of#".to_owned(), format!("of#{LAST}"))
}

fn feed_lines(whose: &OrganisationRef) -> String {
    format!("feed-lines#{}#{}", whose.workspace, whose.tenant)
}

/// What is known of the statement lines of one bank account, by Xero's id of it.
pub fn feed_account(whose: &OrganisationRef, account: &str) -> Key {
    key(feed_lines(whose), format!("account#{account}"))
}

/// The partition, and the first and last sort key, of those.
pub fn feed_accounts_range(whose: &OrganisationRef) -> (String, String, String) {
    (feed_lines(whose), "account#".to_owned(), format!("account#{LAST}"))
}

/// One statement line of Xero's, by its account and day.
pub fn feed_line(whose: &OrganisationRef, account: &str, date: Date, id: &str) -> Key {
    key(feed_lines(whose), format!("line#{account}#{date}#{id}"))
}

/// The partition, and the first and last sort key, of an account's lines of some days, both included.
pub fn feed_lines_range(whose: &OrganisationRef, account: &str, from: Date, to: Date) -> (String, String, String) {
    (feed_lines(whose), format!("line#{account}#{from}#"), format!("line#{account}#{to}#{LAST}"))
}

fn statements(whose: &OrganisationRef) -> String {
    format!("statements#{}#{}", whose.workspace, whose.tenant)
}

/// One uploaded file with bank statements.
pub fn statement_file(whose: &OrganisationRef, id: StatementId) -> Key {
    key(statements(whose), format!("file#{id}"))
}

/// The partition, and the first and last sort key, of those, in the order in which they were announced.
pub fn statement_files_range(whose: &OrganisationRef) -> (String, String, String) {
    (statements(whose), "file#".to_owned(), format!("file#{LAST}"))
}

/// The file that has this content for this account.
pub fn statement_digest(whose: &OrganisationRef, digest: &str) -> Key {
    key(statements(whose), format!("digest#{digest}"))
}

/// What a person confirmed of the tables of an account, by who tells them.
pub fn statement_profile(whose: &OrganisationRef, account: &str, teller: &str) -> Key {
    key(statements(whose), format!("profile#{account}#{teller}"))
}

fn reconciliations(whose: &OrganisationRef) -> String {
    format!("reconciliation#{}#{}", whose.workspace, whose.tenant)
}

/// The last reconciliation of one bank account.
pub fn reconciliation(whose: &OrganisationRef, account: &str) -> Key {
    key(reconciliations(whose), format!("account#{account}"))
}

/// The partition, and the first and last sort key, of those.
pub fn reconciliations_range(whose: &OrganisationRef) -> (String, String, String) {
    (reconciliations(whose), "account#".to_owned(), format!("account#{LAST}"))
}

/// One suggestion about bank lines.
pub fn bank_suggestion(whose: &OrganisationRef, id: &str) -> Key {
    key(reconciliations(whose), format!("suggestion#{id}"))
}

/// The partition, and the first and last sort key, of those, by id.
pub fn bank_suggestions_range(whose: &OrganisationRef) -> (String, String, String) {
    (reconciliations(whose), "suggestion#".to_owned(), format!("suggestion#{LAST}"))
}

/// What a workspace says in advance about bank lines.
pub fn bank_rules(whose: &OrganisationRef) -> Key {
    key(reconciliations(whose), "rules")
}

/// How often one of those rules spoke.
pub fn bank_rule_hits(whose: &OrganisationRef, rule: &str) -> Key {
    key(reconciliations(whose), format!("rule#{rule}"))
}

/// What decisions taught about one payee.
pub fn bank_payee(whose: &OrganisationRef, payee: &str) -> Key {
    key(reconciliations(whose), format!("payee#{payee}"))
}

/// The partition, and the first and last sort key, of those.
pub fn bank_payees_range(whose: &OrganisationRef) -> (String, String, String) {
    (reconciliations(whose), "payee#".to_owned(), format!("payee#{LAST}"))
}
