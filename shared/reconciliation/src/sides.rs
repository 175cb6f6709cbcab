//! The three sides of an account from one day to another: what the bank says, what Xero's feed says, what the books say.
//!
//! Xero's feed is read from its Finance API where the app may; otherwise from a list of statement lines that a person
//! exported from Xero and uploaded. Where there is neither, that side is not compared, and the report says so.

use std::collections::BTreeMap;

use bank_statements::BankLine;
use bank_statements::account::BankAccount;
use bank_statements::lines::{AccountLines, account_lines};
use bank_statements::row::{StatementFile, Teller};
use banking::Row;
use connections::Connection;
use documents::{DocumentError, Doors};
use evidence::{AccountId, Line, Presence};
use feed_lines::{list_accounts, list_lines};
use kernel::periods::days_after;
use kernel::{Date, OrganisationRef};
use serde::{Deserialize, Serialize};
use xero::scopes;

use crate::books::{BookEntry, entries};

/// Days before the first line of a statement, and after the last, in which entries may belong to its lines.
pub const LEEWAY_DAYS: i64 = 10;

/// Where the lines of Xero's feed come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedSource {
    /// Xero's Finance API.
    FinanceApi,
    /// A list that a person exported from Xero.
    UploadedExport,
    /// Nobody told.
    None,
}

/// What is compared.
#[derive(Clone, Debug)]
pub struct Sides {
    /// The bank's lines, by id.
    pub lines: BTreeMap<String, BankLine>,
    /// Lines of the feed as rows.
    pub feed: Vec<Row>,
    /// Of lines of the feed that Xero has matched, the entries they are matched with.
    pub feed_links: BTreeMap<String, Vec<String>>,
    /// Where the feed's lines come from.
    pub feed_source: FeedSource,
    /// Entries of the books, by id; those of some days before and after as well.
    pub books: BTreeMap<String, BookEntry>,
    /// Days between statements that nobody covers.
    pub gaps: Vec<(Date, Date)>,
}

/// A line of a statement as it is compared.
pub fn line_row(line: &BankLine, account: &str) -> Row {
    Row {
        id: line.id.clone(),
        account: account.to_owned(),
        date: line.date,
        amount: line.amount,
        description: line.description.clone(),
        reference: line.reference.clone(),
        payee: line.payee.clone(),
        bank_id: line.bank_id.clone(),
    }
}

/// Gathers the three sides.
pub async fn gather(
    doors: Doors<'_>,
    connection: &Connection,
    account: &BankAccount,
    files: &[StatementFile],
    days: (Date, Date),
) -> Result<Sides, DocumentError> {
    let (table, whose) = (&*doors.access.ports.table, &connection.whose);
    let AccountLines { lines, gaps, .. } =
        account_lines(doors, whose, files, (&account.id, Teller::Bank), days).await?;
    let around = (days_after(days.0, -LEEWAY_DAYS), days_after(days.1, LEEWAY_DAYS));
    let books = entries(table, whose, &account.id, account.currency, around).await?;
    let (feed, feed_links, feed_source) = feed(doors, connection, account, files, days).await?;
    let lines = lines.into_iter().map(|line| (line.id.clone(), line)).collect();
    Ok(Sides { lines, feed, feed_links, feed_source, books, gaps })
}

type Feed = (Vec<Row>, BTreeMap<String, Vec<String>>, FeedSource);

async fn feed(
    doors: Doors<'_>,
    connection: &Connection,
    account: &BankAccount,
    files: &[StatementFile],
    days: (Date, Date),
) -> Result<Feed, DocumentError> {
    if scopes::reads_statement_lines(&connection.granted)
        && let Some(feed) = from_xero(doors, &connection.whose, account, days).await?
    {
        return Ok(feed);
    }
    let exported = account_lines(doors, &connection.whose, files, (&account.id, Teller::Feed), days).await?;
    let source = if exported.files == 0 { FeedSource::None } else { FeedSource::UploadedExport };
    let rows = exported.lines.iter().map(|line| Row { bank_id: String::new(), ..line_row(line, &account.id) });
    Ok((rows.collect(), BTreeMap::new(), source))
}

async fn from_xero(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    account: &BankAccount,
    days: (Date, Date),
) -> Result<Option<Feed>, DocumentError> {
    let table = &*doors.access.ports.table;
    let known = list_accounts(table, whose).await?;
    let Some(known) = known.iter().find(|known| known.account.eq_ignore_ascii_case(&account.id)) else {
        return Ok(None);
    };
    let Ok(id) = account.id.parse::<AccountId>() else { return Ok(None) };
    let (mut rows, mut links) = (Vec::new(), BTreeMap::new());
    for stored in list_lines(table, whose, &known.account, days.0, days.1).await? {
        let Ok(line) = Line::from_statement_line(&stored.line, &id, stored.currency) else { continue };
        if stored.gone || line.presence != Presence::Present {
            continue;
        }
        if !line.links.is_empty() {
            let entries = line.links.iter().map(|link| link.as_str().to_owned()).collect();
            links.insert(stored.id.clone(), entries);
        }
        rows.push(Row {
            id: stored.id,
            account: account.id.clone(),
            date: line.date,
            amount: line.amount,
            description: line.description.as_str().to_owned(),
            reference: line.reference.as_str().to_owned(),
            payee: line.payee.as_str().to_owned(),
            bank_id: String::new(),
        });
    }
    // An account without any line has no feed.
    Ok((!rows.is_empty()).then_some((rows, links, FeedSource::FinanceApi)))
}
