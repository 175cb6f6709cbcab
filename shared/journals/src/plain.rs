//! Plain journals: one journal of a host application, posted by its own id.

use connections::{Access, Connection};
use kernel::{Applied, Currency, Date, IntentId, Money};
use postings::{PlanError, Posting, plan_posting};
use serde::Deserialize;

use crate::chart::{Chart, ChartFault};
use crate::posting::{JournalContent, LINES_MAX, MANUAL_JOURNALS, PostedAs};
use schedules::journal::{Journal, JournalError, Line};
use schedules::texts::{AccountRef, SourceLink, TaxType, Tracking};

/// A journal as a host application sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainJournal {
    /// The host application's own id: 1 to 60 of A-Z a-z 0-9 - _ .
    pub id: String,
    /// ISO 8601.
    pub date: Date,
    /// What it says.
    pub narration: String,
    /// Posted unless said otherwise.
    #[serde(default)]
    pub status: PostedAs,
    /// Where "Go to" leads.
    #[serde(default)]
    pub url: Option<SourceLink>,
    /// Whether reports on a cash basis show it.
    #[serde(default = "shown")]
    pub show_on_cash_basis: bool,
    /// Two or more.
    pub lines: Vec<PlainLine>,
}

fn shown() -> bool {
    true
}

/// A line of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainLine {
    /// By code, or by Xero's id.
    pub account: AccountRef,
    /// Decimal text in the organisation's currency: debit above zero, credit below.
    pub amount: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Xero's code; the account's own when absent.
    #[serde(default)]
    pub tax_type: Option<TaxType>,
    /// At most two.
    #[serde(default)]
    pub tracking: Tracking,
}

/// Why a plain journal was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PlainError {
    /// The id has not its form.
    #[error("id must be 1 to 60 of A-Z a-z 0-9 - _ .")]
    Id,
    /// Nothing is known of the organisation yet.
    #[error("the organisation has not been read yet; wait for its first sync")]
    NotRead,
    /// An amount that is none.
    #[error("line {line}: the amount must be a number with at most {decimals} decimals")]
    Amount {
        /// Counted from 1.
        line: usize,
        /// Of the currency.
        decimals: u32,
    },
    /// No journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What Xero would refuse.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Chart(Vec<ChartFault>),
    /// Not stored.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// The name of a plain journal's intent. Schedules' journals have other beginnings.
pub fn plain_intent(id: &str) -> Option<IntentId> {
    let fits = (1..=60).contains(&id.len());
    fits.then(|| format!("j-{id}").parse().ok())?
}

/// Takes a plain journal in: checked, stored and on its way. The same again changes nothing.
pub async fn post_plain(
    access: &Access,
    connection: &Connection,
    actor: &str,
    wanted: &PlainJournal,
) -> Result<(IntentId, Applied), PlainError> {
    let id = plain_intent(&wanted.id).ok_or(PlainError::Id)?;
    let facts = connection.facts.as_ref().ok_or(PlainError::NotRead)?;
    let currency: Currency = facts.base_currency.parse().map_err(|_| PlainError::NotRead)?;
    let lines = lines(&wanted.lines, currency)?;
    let journal = Journal::try_new(wanted.date, &wanted.narration, lines, LINES_MAX)?;
    let faults = Chart::load(&*access.ports.table, &connection.whose).await.map_err(PlanError::from)?;
    let faults = faults.check(journal.lines());
    if !faults.is_empty() {
        return Err(PlainError::Chart(faults));
    }
    let content = JournalContent {
        journal,
        status: wanted.status,
        source: wanted.url.clone(),
        on_cash_basis: wanted.show_on_cash_basis,
    };
    let posting = Posting { id: id.clone(), kind: MANUAL_JOURNALS, actor, content: &content };
    let applied = plan_posting(access, &connection.whose, &posting).await?;
    Ok((id, applied))
}

fn lines(given: &[PlainLine], currency: Currency) -> Result<Vec<Line>, PlainError> {
    let one = |(at, given): (usize, &PlainLine)| {
        let decimals = currency.minor_digits();
        let amount = Money::parse(&given.amount, currency);
        Ok(Line {
            account: given.account.clone(),
            amount: amount.map_err(|_| PlainError::Amount { line: at + 1, decimals })?,
            description: given.description.clone(),
            tax_type: given.tax_type.clone(),
            tracking: given.tracking.clone(),
        })
    };
    given.iter().enumerate().map(one).collect()
}
