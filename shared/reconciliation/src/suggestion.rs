//! A suggestion as it is stored.
//!
//! It is named by its account and by the rows it is about. So the same rows are the same suggestion however often the account
//! is reconciled, and what was decided about it stays decided.

use bank_statements::BankLine;
use documents::upload::short_digest;
use kernel::{Date, IntentId, Money, OrganisationRef, Timestamp};
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use state::{Stored, keys, load, read_range, read_row};

use crate::books::{BookEntry, EntryKind};
use crate::prefill::Proposal;

/// Suggestions of one account that are looked through together.
pub const SUGGESTIONS_MAX: usize = 20_000;

/// What is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionKind {
    /// Match the line with the entry, in Xero.
    Link,
    /// Spend or receive money as the line says: nothing in the books is like it.
    Post,
    /// The entry stands twice in the books: remove one in Xero.
    RemoveDuplicate,
    /// The entry has another amount than the line: correct it in Xero.
    CorrectAmount,
    /// The entry has another day than the line: correct it in Xero.
    CorrectDate,
    /// The bank does not tell of the entry: remove it in Xero, or upload the statement that has it.
    NotInStatement,
    /// Xero's feed lacks the line: import it there.
    ImportLine,
    /// Xero's feed has the line twice: delete one in Xero.
    RemoveFeedDuplicate,
}

impl SuggestionKind {
    /// What a person does about it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Link => "Match the statement line with this entry in Xero.",
            Self::Post => {
                "Confirm, and the money is entered in Xero as the line says; or match it there with what it is."
            }
            Self::RemoveDuplicate => "The entry stands twice in the books. Remove one of the two in Xero.",
            Self::CorrectAmount => "The entry has another amount than the bank. Correct it in Xero.",
            Self::CorrectDate => "The entry has another day than the bank. Correct it in Xero, or leave it.",
            Self::NotInStatement => {
                "The bank does not tell of this entry. Remove it in Xero, or upload the statement that has it."
            }
            Self::ImportLine => "Xero's bank feed lacks this line. Import it in Xero so that it can be matched there.",
            Self::RemoveFeedDuplicate => "Xero's bank feed has this line twice. Delete one of the two in Xero.",
        }
    }
}

/// A line of a statement or of the feed, as far as people need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    /// Its id.
    pub id: String,
    /// The day it was booked.
    pub date: Date,
    /// Money in is positive.
    pub amount: Money,
    /// Who paid or was paid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub payee: String,
    /// What the bank says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// A reference of the one who gave the order.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

impl LineView {
    /// Of a line of a statement.
    pub fn of(line: &BankLine) -> Self {
        Self {
            id: line.id.clone(),
            date: line.date,
            amount: line.amount,
            payee: line.payee.clone(),
            description: line.description.clone(),
            reference: line.reference.clone(),
        }
    }
}

/// An entry of the books, as far as people need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryView {
    /// Xero's id.
    pub id: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its day.
    pub date: Date,
    /// Money in is positive.
    pub amount: Money,
    /// Who was paid or has paid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub whom: String,
    /// Its reference, or what it pays.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// Whether Xero has it matched with a statement line.
    #[serde(default)]
    pub reconciled: bool,
}

impl EntryView {
    /// Of an entry.
    pub fn of(entry: &BookEntry) -> Self {
        Self {
            id: entry.id.clone(),
            kind: entry.kind,
            date: entry.date,
            amount: entry.amount,
            whom: entry.whom.clone(),
            reference: entry.reference.clone(),
            reconciled: entry.reconciled,
        }
    }
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Its id: `b-` and hexadecimal digits.
    pub id: String,
    /// Xero's id of the bank account.
    pub account: String,
    /// What is suggested.
    pub kind: SuggestionKind,
    /// Lines of the statement or the feed that it is about.
    pub lines: Vec<LineView>,
    /// Entries of the books that it is about.
    pub entries: Vec<EntryView>,
    /// How much speaks for lines and entries being the same money, in thousandths; 0 where it is about one side.
    pub per_mille: u16,
    /// Whether nothing else comes near.
    pub certain: bool,
    /// Why, as a bookkeeper would say it.
    pub reasons: Vec<String>,
    /// What would be entered, of [`SuggestionKind::Post`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// When it was found.
    pub found_at: Timestamp,
    /// What became of it.
    pub state: SuggestionState,
}

/// What became of a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum SuggestionState {
    /// It waits for a person.
    Open,
    /// A person does not want it.
    Dismissed {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
        /// Why, in their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A person agreed; or, of a link, the threshold that a workspace has chosen.
    Accepted {
        /// Who; `threshold` where no person did.
        by: String,
        /// When.
        at: Timestamp,
        /// The posting that carries it out, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent: Option<IntentId>,
    },
    /// It was accepted, and the next look at the books shows it done.
    Confirmed {
        /// Who accepted it.
        by: String,
        /// When it was seen.
        at: Timestamp,
        /// The posting that carried it out, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent: Option<IntentId>,
    },
    /// The books or the statement changed, and it is no more.
    Settled {
        /// When that was seen.
        at: Timestamp,
    },
}

/// The id of a suggestion about these rows.
pub fn id_of(account: &str, kind: SuggestionKind, lines: &[LineView], entries: &[EntryView]) -> String {
    let mut rows: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    rows.extend(entries.iter().map(|entry| entry.id.as_str()));
    rows.sort_unstable();
    let named = format!("{account}\0{kind:?}\0{}", rows.join("\0"));
    format!("b-{}", short_digest(named.as_bytes()))
}

/// One suggestion.
pub async fn load_suggestion(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &str,
) -> Result<Option<Stored<Suggestion>>, TableError> {
    load(table, &keys::bank_suggestion(whose, id)).await
}

/// All suggestions of an organisation, by id.
pub async fn all_suggestions(
    table: &dyn Table,
    whose: &OrganisationRef,
) -> Result<Vec<Stored<Suggestion>>, TableError> {
    let (partition, from, to) = keys::bank_suggestions_range(whose);
    read_range(table, partition, from, to, SUGGESTIONS_MAX).await?.iter().map(read_row).collect()
}

impl Suggestion {
    /// The days of its lines and entries: the first and the last.
    pub fn days(&self) -> Option<(Date, Date)> {
        let dates = || self.lines.iter().map(|line| line.date).chain(self.entries.iter().map(|entry| entry.date));
        Some((dates().min()?, dates().max()?))
    }
}
