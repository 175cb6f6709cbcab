//! Who speaks for each bank account, and what that leaves unproven.

use connections::Connection;
use evidence::{AccountId, Capabilities, LineSource};
use feed_lines::{FeedAccount, list_accounts};
use kernel::{Date, Timestamp};
use mirror::read::bank_accounts;
use mirror::record::text_of;
use ports::{Table, TableError};

use crate::evaluate::last_evaluation;

/// One bank account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSource {
    /// Xero's id of it.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Who speaks for it; `None` while no line of it was ever seen.
    pub source: Option<LineSource>,
    /// What that source can tell.
    pub capabilities: Option<Capabilities>,
    /// The first day whose statement lines were read from Xero.
    pub read_since: Option<Date>,
    /// When they were last read, or tried to be.
    pub read_at: Option<Timestamp>,
    /// Elements among them that were no lines.
    pub unreadable: usize,
    /// Why they could not be read: a word for programs and a sentence.
    pub trouble: Option<(String, String)>,
}

/// Every bank account that is in use.
pub async fn account_sources(table: &dyn Table, connection: &Connection) -> Result<Vec<AccountSource>, TableError> {
    let whose = &connection.whose;
    let spoken = last_evaluation(table, whose).await?.map(|row| row.sources).unwrap_or_default();
    let known = list_accounts(table, whose).await?;
    let banks = bank_accounts(table, whose).await?;
    let mut shown: Vec<AccountSource> = banks
        .iter()
        .filter_map(|view| {
            let account: AccountId = view.id.to_ascii_lowercase().parse().ok()?;
            let source = spoken.get(&account).copied();
            let feed = known.iter().find(|known| known.account == view.id);
            Some(one(account, text_of(&view.record, "Name"), source, feed))
        })
        .collect();
    shown.sort_by(|one, other| (&one.name, &one.account).cmp(&(&other.name, &other.account)));
    Ok(shown)
}

fn one(account: AccountId, name: &str, source: Option<LineSource>, feed: Option<&FeedAccount>) -> AccountSource {
    let last = feed.and_then(|feed| feed.last.as_ref());
    let trouble = last.and_then(|last| last.trouble.as_ref()).map(|trouble| {
        let named = serde_json::to_value(trouble).unwrap_or_default();
        (named["code"].as_str().unwrap_or_default().to_owned(), trouble.words())
    });
    AccountSource {
        account,
        name: name.to_owned(),
        source,
        capabilities: source.map(LineSource::capabilities),
        read_since: feed.and_then(|feed| feed.since),
        read_at: last.map(|last| last.at),
        unreadable: last.map_or(0, |last| last.unreadable),
        trouble,
    }
}
