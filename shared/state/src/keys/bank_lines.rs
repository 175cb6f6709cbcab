//! Keys of bank lines and of the requests for what they lack.

use kernel::{Date, OrganisationRef};
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
