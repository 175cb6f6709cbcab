//! A statement line as money spent or received in Xero: dated and valued exactly as the line, so that Xero matches it itself.
//!
//! Tax is inside the amount, as on every bank line. Two lines of one day may be alike to the letter, so each carries the
//! beginning of its own id in the description: by that it is found again after a lost answer.

use bills::{BillDraft, BillKind, BillLine, BillMark, ContactId, DraftFault, LineAmounts, NewStatus, predict};
use connections::Connection;
use journals::chart::{Chart, ChartFault};
use kernel::{Date, IntentId, Money, OrganisationRef};
use ports::{Table, TableError};
use postings::mark_bytes;
use publishing::SPEND_MONEY;
use publishing::proposal::{Fault, contact_fault};
use publishing::terms::draft_fault;
use publishing::writers::BillContent;
use rust_decimal::Decimal;
use schedules::{AccountRef, Line, TaxType, Tracking};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::prefill::{Proposal, way_of};
use crate::rules::Way;
use crate::suggestion::{LineView, Suggestion};

/// Letters of a line's id that its entry carries.
const MARK_CHARS: usize = 12;
/// Letters of a description, so that the mark behind it fits Xero's limit.
const DESCRIPTION_CHARS_MAX: usize = 3_900;

/// What a person confirms; what is absent is as proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostTerms {
    /// The contact.
    pub contact_id: Option<Uuid>,
    /// The account, by code or Xero id.
    pub account: Option<AccountRef>,
    /// Xero's code of the tax; the account's own where neither this nor the proposal has one.
    pub tax_type: Option<TaxType>,
    /// At most two.
    #[serde(skip_serializing_if = "Tracking::is_empty")]
    pub tracking: Tracking,
    /// What it says.
    pub description: Option<String>,
    /// Its reference.
    pub reference: Option<String>,
}

/// What is in the way of entering a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostFault {
    /// Bank transactions may not be written.
    #[error(
        "the settings do not let bank_transactions be written to Xero; set kinds.bank_transactions.direction to both"
    )]
    NotWritten,
    /// Neither proposed nor given.
    #[error("contact_id is missing: nothing proposes a contact for this line")]
    ContactMissing,
    /// Neither proposed nor given.
    #[error("account is missing: nothing proposes an account for this line")]
    AccountMissing,
    /// Nothing can be entered for that contact.
    #[error(transparent)]
    Contact(#[from] Fault),
    /// Xero would refuse it in any books.
    #[error(transparent)]
    Draft(#[from] DraftFault),
    /// Xero would refuse it in these books.
    #[error(transparent)]
    Chart(#[from] ChartFault),
}

impl PostFault {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWritten => "direction_forbids",
            Self::ContactMissing => "contact_missing",
            Self::AccountMissing => "account_missing",
            Self::Contact(fault) => fault.code(),
            Self::Draft(_) => "line_unusable",
            Self::Chart(_) => "books_refuse",
        }
    }
}

/// Everything that is needed to enter a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Xero's form of it.
    pub content: BillContent,
    /// The contact.
    pub contact_id: Uuid,
    /// The account.
    pub account: String,
    /// Xero's code of the tax, where one was said.
    pub tax_type: Option<String>,
    /// The lock date that keeps it waiting.
    pub locked_until: Option<Date>,
}

/// The posting of a suggestion, the first time or a later one.
pub fn intent_of(suggestion: &str, time: u32) -> Option<IntentId> {
    if time <= 1 { suggestion.parse().ok() } else { format!("{suggestion}-{time}").parse().ok() }
}

/// Works out what would be entered for a suggestion's line, or everything that is in the way.
pub async fn prepare(
    table: &dyn Table,
    connection: &Connection,
    suggestion: &Suggestion,
    terms: &PostTerms,
) -> Result<Result<Entered, Vec<PostFault>>, TableError> {
    let whose = &connection.whose;
    let (Some(line), Some(proposal)) = (suggestion.lines.first(), &suggestion.proposal) else {
        return Ok(Err(Vec::new()));
    };
    let mut faults = Vec::new();
    if !connection.settings.writes(SPEND_MONEY) {
        faults.push(PostFault::NotWritten);
    }
    let contact = terms.contact_id.or(proposal.contact_id);
    match contact {
        None => faults.push(PostFault::ContactMissing),
        Some(contact) => faults.extend(contact_fault(table, whose, contact).await?.map(PostFault::Contact)),
    }
    let chart = Chart::load(table, whose).await?;
    let account = terms.account.clone().or_else(|| proposal.account.as_ref()?.parse().ok());
    let proposed_tax = || proposal.tax_type.as_ref()?.parse::<TaxType>().ok().filter(|_| terms.account.is_none());
    let tax = terms.tax_type.clone().or_else(proposed_tax);
    let Some(account) = account else {
        faults.push(PostFault::AccountMissing);
        return Ok(Err(faults));
    };
    let booked = Line {
        account: account.clone(),
        amount: Money::zero(line.amount.currency),
        description: String::new(),
        tax_type: tax.clone(),
        tracking: terms.tracking.clone(),
    };
    faults.extend(chart.check(&[booked]).into_iter().map(PostFault::Chart));
    let Some(intent) = intent_of(&suggestion.id, 1) else { return Ok(Err(faults)) };
    let said = Said { account: &account, tax: tax.as_ref(), terms, proposal };
    let mut draft = draft(whose, &intent, &suggestion.account, line, contact.unwrap_or_default(), &said);
    faults.extend(draft_fault(&draft).map(PostFault::Draft));
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let tax_in_force = tax.as_ref().map(TaxType::as_str).or_else(|| chart.tax_type_of(&account));
    let percent = tax_in_force.and_then(|tax| chart.percent_of(tax));
    draft.expected = predict(&draft, |_| percent).ok();
    let locked_until = connection.locked_until().filter(|until| draft.date <= *until);
    Ok(Ok(Entered {
        content: BillContent { draft, seen: Vec::new() },
        contact_id: contact.unwrap_or_default(),
        account: account.to_string(),
        tax_type: tax.map(|tax| tax.as_str().to_owned()),
        locked_until,
    }))
}

struct Said<'a> {
    account: &'a AccountRef,
    tax: Option<&'a TaxType>,
    terms: &'a PostTerms,
    proposal: &'a Proposal,
}

fn draft(
    whose: &OrganisationRef,
    intent: &IntentId,
    bank_account: &str,
    line: &LineView,
    contact: Uuid,
    said: &Said<'_>,
) -> BillDraft {
    let described = said.terms.description.as_deref().unwrap_or(&said.proposal.description);
    let reference = said.terms.reference.as_deref().unwrap_or(&said.proposal.reference);
    let amount = Decimal::new(line.amount.minor.saturating_abs(), line.amount.currency.minor_digits());
    let tracking = said.terms.tracking.pairs().iter().map(publishing::terms::tracking_ref).collect();
    BillDraft {
        mark: BillMark::from_bytes(mark_bytes(whose, intent)),
        kind: match way_of(line.amount) {
            Way::Out => BillKind::SpendMoney,
            Way::In => BillKind::ReceiveMoney,
        },
        contact: ContactId(contact),
        number: plain(reference),
        date: line.date,
        due_date: None,
        currency: line.amount.currency.as_str().to_owned(),
        currency_rate: None,
        line_amounts: LineAmounts::Inclusive,
        status: NewStatus::Authorised,
        url: None,
        bank_account: bank_account.parse().ok().map(bills::AccountRef::Id),
        lines: vec![BillLine {
            description: marked(described, &line.id),
            quantity: Decimal::ONE,
            unit_amount: amount,
            account: publishing::terms::account_ref(said.account),
            tax_type: said.tax.map(|tax| tax.as_str().to_owned()),
            tax_amount: None,
            tracking,
        }],
        expected: None,
    }
}

/// Without control letters, and no longer than a reference may be.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(bills::NUMBER_CHARS_MAX).collect()
}

/// A description that names the line it is of.
fn marked(description: &str, line: &str) -> String {
    let text: String = description.chars().filter(|letter| !letter.is_control()).take(DESCRIPTION_CHARS_MAX).collect();
    let mark: String = line.chars().take(MARK_CHARS).collect();
    format!("{} (statement line {mark})", text.trim()).trim().to_owned()
}
