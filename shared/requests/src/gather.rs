//! Lines and books, out of the mirror and out of Xero's statement lines.
//!
//! Owns what of the mirror counts: what lies within the days that are asked about, and every bill that is still to be paid.
//! A record that cannot be read speaks for nothing; the mirror shows it as it is.

use std::collections::{BTreeMap, HashMap, HashSet};

use connections::Connection;
use evidence::{AccountId, Bill, Books, Entry, Line, Presence};
use feed_lines::{FeedLine, Trouble, list_accounts, list_lines};
use kernel::{Currency, Date, OrganisationRef};
use mirror::read::each_record;
use mirror::record::text_of;
use ports::{Table, TableError};
use serde_json::{Map, Value};
use state::{keys, read_range};
use xero::scopes;

/// Records of one kind that are looked through.
pub(crate) const RECORDS_MAX: usize = 200_000;

/// What the mirror says, and Xero's statement lines.
#[derive(Default)]
pub(crate) struct Gathered {
    /// Bank transactions as lines.
    pub ledger: Vec<Line>,
    /// Xero's statement lines.
    pub feed: Vec<Line>,
    /// From which day on they speak for their accounts.
    pub feed_since: BTreeMap<AccountId, Date>,
    /// What may speak for lines.
    pub books: Books,
}

/// Reads what counts since a day.
pub(crate) async fn gather(
    table: &dyn Table,
    whose: &OrganisationRef,
    books: Currency,
    since: Date,
) -> Result<Gathered, TableError> {
    let mut contacts: HashMap<String, String> = HashMap::new();
    each_record(table, whose, "contacts", RECORDS_MAX, |view| {
        contacts.insert(view.id.clone(), text_of(&view.record, "Name").to_owned());
    })
    .await?;
    let mut currencies: HashMap<String, Currency> = HashMap::new();
    each_record(table, whose, "accounts", RECORDS_MAX, |view| {
        let currency = text_of(&view.record, "CurrencyCode").parse().ok();
        currencies.extend(currency.map(|currency| (view.id.clone(), currency)));
    })
    .await?;
    let ours = attached(table, whose).await?;
    let mut found = Gathered::default();
    let name = |record: &Map<String, Value>| {
        let id = record.get("Contact").and_then(Value::as_object).map(|contact| text_of(contact, "ContactID"));
        id.and_then(|id| contacts.get(id)).map_or("", String::as_str)
    };
    let recent = |record: &Map<String, Value>| text_of(record, "Date").parse::<Date>().is_ok_and(|date| since <= date);
    each_record(table, whose, "bank_transactions", RECORDS_MAX, |view| {
        if recent(&view.record) {
            let contact = name(&view.record);
            found.ledger.extend(Line::from_bank_transaction(&view.record, contact).ok());
            let entry = Entry::from_bank_transaction(&view.record, contact).ok().flatten();
            let has_ours = ours.contains(&view.id);
            found
                .books
                .entries
                .extend(entry.map(|entry| Entry { has_document: entry.has_document || has_ours, ..entry }));
        }
    })
    .await?;
    let mut documented: HashSet<String> = HashSet::new();
    for entity in ["invoices", "credit_notes"] {
        each_record(table, whose, entity, RECORDS_MAX, |view| {
            let Ok(Some(mut bill)) = Bill::from_record(&view.record, name(&view.record)) else { return };
            bill.has_attachments |= ours.contains(&view.id);
            if bill.has_attachments {
                documented.insert(view.id.clone());
            }
            if bill.status.as_str() == "AUTHORISED" && !bill.amount_due.is_zero() {
                found.books.bills.push(bill);
            }
        })
        .await?;
    }
    each_record(table, whose, "payments", RECORDS_MAX, |view| {
        if recent(&view.record) {
            let account = inner(&view.record, "Account", "AccountID");
            let currency = currencies.get(account).copied().unwrap_or(books);
            let pays = [inner(&view.record, "Invoice", "InvoiceID"), inner(&view.record, "CreditNote", "CreditNoteID")];
            let has_document = pays.iter().any(|id| documented.contains(*id));
            found.books.entries.extend(Entry::from_payment(&view.record, currency, has_document).ok().flatten());
        }
    })
    .await?;
    each_record(table, whose, "bank_transfers", RECORDS_MAX, |view| {
        if recent(&view.record) {
            let account = inner(&view.record, "FromBankAccount", "AccountID");
            let currency = currencies.get(account).copied().unwrap_or(books);
            found.books.entries.extend(Entry::from_transfer(&view.record, currency).ok().into_iter().flatten());
        }
    })
    .await?;
    Ok(found)
}

/// Xero's statement lines, where it still lets them be read. A copy that is no longer kept in step speaks for nothing.
pub(crate) async fn gather_feed(
    table: &dyn Table,
    connection: &Connection,
    since: Date,
    today: Date,
    found: &mut Gathered,
) -> Result<(), TableError> {
    if !scopes::reads_statement_lines(&connection.granted) {
        return Ok(());
    }
    for known in list_accounts(table, &connection.whose).await? {
        let refused = known.last.as_ref().is_some_and(|last| last.trouble == Some(Trouble::NotAllowed));
        let (Some(from), Ok(account)) = (known.since, known.account.to_ascii_lowercase().parse::<AccountId>()) else {
            continue;
        };
        let lines = match refused {
            true => Vec::new(),
            false => list_lines(table, &connection.whose, &known.account, since.max(from), today).await?,
        };
        // An account without any line has no feed: what is in the books is all there is.
        if lines.is_empty() {
            continue;
        }
        found.feed.extend(lines.iter().filter_map(|line| read_feed_line(line, &account)));
        found.feed_since.insert(account, from);
    }
    Ok(())
}

fn read_feed_line(stored: &FeedLine, account: &AccountId) -> Option<Line> {
    let line = Line::from_statement_line(&stored.line, account, stored.currency).ok()?;
    let presence = if stored.gone { Presence::Deleted } else { line.presence };
    Some(Line { presence, ..line })
}

/// Records that have a file of ours, by Xero's ids.
async fn attached(table: &dyn Table, whose: &OrganisationRef) -> Result<HashSet<String>, TableError> {
    let (from, to) = keys::attached_range();
    let rows = read_range(table, keys::organisation(whose), from, to, RECORDS_MAX).await?;
    Ok(rows.iter().filter_map(|row| row.key.sort.split_once('#')).map(|(_, id)| id.to_owned()).collect())
}

fn inner<'a>(record: &'a Map<String, Value>, of: &str, name: &str) -> &'a str {
    record.get(of).and_then(Value::as_object).map(|inner| text_of(inner, name)).unwrap_or_default()
}
