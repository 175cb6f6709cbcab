//! Terms held against the books: what Xero will make of them, what it would refuse, and what looks alike.
//!
//! Read from the mirror, without a call to Xero. What is found wrong here is wrong for certain only as long as nobody has
//! just changed it, so the words say what to do; Xero has the last word when it is sent.

use bills::{
    BillDraft, BillId, BillKind, BillRecord, DraftFault, NewSupplier, SupplierFault, Totals, duplicates, predict,
};
use coding::{Contact, Standing, SupplierClues, SupplierSearch, Verdict};
use connections::Connection;
use documents::row::Document;
use journals::chart::{Chart, ChartFault};
use kernel::{Date, Money, OrganisationRef};
use mirror::read::{each_record, list_records, load_record};
use ports::{HttpResponse, Table, TableError};
use postings::mark_bytes;
use rust_decimal::Decimal;
use schedules::Line;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::bank_account::paid_from;
use crate::publication::bill_intent;
use crate::shelf::{Past, documents_of};
use crate::terms::{BillTerms, draft_fault};
use crate::{SUPPLIERS, entity_of};

/// Contacts looked through for a name.
pub const CONTACTS_MAX: usize = 20_000;
/// Merges followed from one contact.
const MERGES_MAX: usize = 5;

/// What publishing would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Xero's form of it; without a contact where that is still to be created.
    pub draft: BillDraft,
    /// The contact to be created.
    pub supplier: Option<NewSupplier>,
    /// What is in the way.
    pub faults: Vec<Fault>,
    /// Documents that may be the same.
    pub alike: Vec<Alike>,
    /// The lock date that keeps it waiting.
    pub locked_until: Option<Date>,
}

impl Proposal {
    /// What Xero will make of it to the cent, where that could be predicted.
    pub fn totals(&self) -> Option<&Totals> {
        self.draft.expected.as_ref()
    }
}

/// A document in Xero that may be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// Xero's id.
    pub id: BillId,
    /// Its number, of spend money its reference.
    pub number: String,
    /// Its day.
    pub date: Option<Date>,
    /// Its total.
    pub total: Option<Decimal>,
    /// Its status, in Xero's word.
    pub status: String,
    /// Whether its number is the same but for spelling.
    pub same_number: bool,
    /// Whether its total, currency and date are the same.
    pub same_total_and_date: bool,
}

/// What is in the way of publishing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing of the kind may be written.
    #[error("the settings do not let {0} be written to Xero; set kinds.{0}.direction to both")]
    NotWritten(&'static str),
    /// Xero would refuse it in any books.
    #[error(transparent)]
    Draft(#[from] DraftFault),
    /// Xero would refuse it in these books.
    #[error(transparent)]
    Chart(#[from] ChartFault),
    /// No contact can be made of that.
    #[error(transparent)]
    Supplier(#[from] SupplierFault),
    /// No such contact.
    #[error("there is no contact of that id; sync if it was just made")]
    ContactUnknown,
    /// It cannot be used.
    #[error("the contact is archived in Xero; restore it there, or choose another")]
    ContactArchived,
    /// It became part of another.
    #[error("the contact was merged into {into} in Xero; use that one")]
    ContactMerged {
        /// The one that is left.
        into: Uuid,
    },
    /// A new contact would be a twin.
    #[error("a contact of that name, or of that tax number, is there already: {name}; use its contact_id {id}")]
    SupplierThere {
        /// Its id.
        id: Uuid,
        /// Its name.
        name: String,
    },
    /// The organisation does not use it.
    #[error("the organisation does not use the currency {0}; add it in Xero, then sync")]
    CurrencyUnknown(String),
    /// No such bank account.
    #[error("there is no account {0} to have paid from; sync if it was just made")]
    BankAccountUnknown(String),
    /// It cannot be used.
    #[error("the bank account {0} is archived; choose another or restore it in Xero")]
    BankAccountArchived(String),
    /// It holds no money.
    #[error("account {0} is not a bank account; choose the one that it was paid from")]
    NotABankAccount(String),
    /// Xero takes the bank account's currency for the document's.
    #[error("the bank account {account} is in {currency}, not in {stated}; state what was paid in {currency}")]
    BankAccountCurrency {
        /// As given.
        account: String,
        /// The bank account's.
        currency: String,
        /// The document's.
        stated: String,
    },
}

impl Fault {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWritten(_) => "direction_forbids",
            Self::Draft(_) => "bill_unusable",
            Self::Chart(_) => "books_refuse",
            Self::Supplier(_) => "supplier_unusable",
            Self::ContactUnknown => "contact_unknown",
            Self::ContactArchived => "contact_archived",
            Self::ContactMerged { .. } => "contact_merged",
            Self::SupplierThere { .. } => "supplier_there",
            Self::CurrencyUnknown(_) => "currency_unknown",
            Self::BankAccountUnknown(_) => "bank_account_unknown",
            Self::BankAccountArchived(_) => "bank_account_archived",
            Self::NotABankAccount(_) => "not_a_bank_account",
            Self::BankAccountCurrency { .. } => "bank_account_currency",
        }
    }
}

/// Works out what publishing these terms would do. Stores nothing and calls nobody.
pub async fn propose(
    table: &dyn Table,
    connection: &Connection,
    document: &Document,
    terms: &BillTerms,
) -> Result<Proposal, TableError> {
    let whose = &connection.whose;
    let mark = mark_bytes(whose, &bill_intent(document.id));
    let mut draft = terms.draft(mark, document.source.clone(), connection.settings.publish_as);
    let chart = Chart::load(table, whose).await?;
    let expected = predict(&draft, |line| percent_of(&chart, line)).ok();
    draft.expected = expected;
    let mut faults = not_written(connection, terms);
    match paid_from(table, whose, terms).await? {
        Ok(account) => draft.bank_account = account.or(draft.bank_account),
        Err(fault) => faults.push(fault),
    }
    faults.extend(draft_fault(&draft).map(Fault::Draft));
    faults.extend(chart.check(&chart_lines(terms)).into_iter().map(Fault::Chart));
    faults.extend(currency_fault(table, whose, terms).await?);
    let supplier = terms.new_supplier();
    match (&supplier, terms.contact()) {
        (Some(new), _) => faults.extend(twin(table, whose, new).await?),
        (None, Some(contact)) => faults.extend(contact_fault(table, whose, contact.0).await?),
        (None, None) => (),
    }
    let alike = match terms.contact() {
        Some(contact) => alike(&documents_of(table, whose, &contact.to_string()).await?, &draft),
        None => Vec::new(),
    };
    let locked_until = connection.locked_until().filter(|until| draft.date <= *until);
    Ok(Proposal { draft, supplier, faults, alike, locked_until })
}

fn not_written(connection: &Connection, terms: &BillTerms) -> Vec<Fault> {
    let kind = entity_of(terms.kind.at_xero());
    let contacts = terms.new_supplier().map(|_| SUPPLIERS);
    let kinds = std::iter::once(kind).chain(contacts);
    kinds.filter(|kind| !connection.settings.writes(kind)).map(Fault::NotWritten).collect()
}

fn percent_of(chart: &Chart, line: &bills::BillLine) -> Option<Decimal> {
    let account = match &line.account {
        bills::AccountRef::Code(code) => code.parse().ok()?,
        bills::AccountRef::Id(id) => id.to_string().parse().ok()?,
    };
    let tax = line.tax_type.as_deref().or_else(|| chart.tax_type_of(&account))?;
    chart.percent_of(tax)
}

/// Lines as the chart checks them; amounts play no part in that.
fn chart_lines(terms: &BillTerms) -> Vec<Line> {
    let line = |line: &crate::terms::TermsLine| Line {
        account: line.account.clone(),
        amount: Money::zero(terms.currency),
        description: String::new(),
        tax_type: line.tax_type.clone(),
        tracking: line.tracking.clone(),
    };
    terms.lines.iter().map(line).collect()
}

async fn currency_fault(
    table: &dyn Table,
    whose: &OrganisationRef,
    terms: &BillTerms,
) -> Result<Option<Fault>, TableError> {
    let code = terms.currency.as_str();
    let (any, _) = list_records(table, whose, "currencies", None, 1).await?;
    let known = any.is_empty() || load_record(table, whose, "currencies", code).await?.is_some_and(|found| !found.gone);
    Ok((!known).then(|| Fault::CurrencyUnknown(code.to_owned())))
}

/// Why nothing can be entered for a contact; none where it can.
pub async fn contact_fault(table: &dyn Table, whose: &OrganisationRef, id: Uuid) -> Result<Option<Fault>, TableError> {
    let mut at = id;
    for _ in 0..MERGES_MAX {
        let found = load_record(table, whose, "contacts", &at.to_string()).await?;
        let standing = found.as_ref().and_then(|found| Contact::read(&found.record)).map(|contact| contact.standing);
        match standing {
            None => return Ok(Some(Fault::ContactUnknown)),
            Some(Standing::Merged { into }) => at = into,
            Some(Standing::Active) if at == id => return Ok(None),
            Some(Standing::Active) => return Ok(Some(Fault::ContactMerged { into: at })),
            Some(Standing::Archived | Standing::Erased | Standing::Other) => return Ok(Some(Fault::ContactArchived)),
        }
    }
    Ok(Some(Fault::ContactArchived))
}

/// Looks all contacts through for a supplier.
pub async fn search(
    table: &dyn Table,
    whose: &OrganisationRef,
    clues: &SupplierClues,
) -> Result<coding::SupplierMatch, TableError> {
    let mut search = SupplierSearch::new(clues);
    each_record(table, whose, "contacts", CONTACTS_MAX, |found| {
        if let Some(contact) = Contact::read(&found.record) {
            search.look_at(&contact);
        }
    })
    .await?;
    Ok(search.found())
}

/// Why a new contact cannot be made, or would be the twin of one there is.
async fn twin(table: &dyn Table, whose: &OrganisationRef, supplier: &NewSupplier) -> Result<Option<Fault>, TableError> {
    if let Err(fault) = supplier.check() {
        return Ok(Some(fault.into()));
    }
    let clues = SupplierClues {
        name: Some(supplier.name.clone()),
        tax_id: supplier.tax_number.clone(),
        ..SupplierClues::default()
    };
    let found = search(table, whose, &clues).await?;
    let strong = matches!(found.verdict, Verdict::Certain | Verdict::Several);
    let there = found.candidates.into_iter().next().filter(|_| strong);
    Ok(there.map(|there| Fault::SupplierThere { id: there.contact_id, name: there.name }))
}

fn alike(past: &[Past], draft: &BillDraft) -> Vec<Alike> {
    let entity = entity_of(draft.kind);
    let records = past.iter().filter(|past| past.entity == entity);
    let found = records.filter_map(|past| read_record(&past.record, draft.kind));
    let alike = |found: bills::LookAlike| Alike {
        id: found.bill.id,
        number: found.bill.number.clone(),
        date: found.bill.date,
        total: found.bill.total,
        status: found.bill.status.as_str().to_owned(),
        same_number: found.same_number,
        same_total_and_date: found.same_total_and_date,
    };
    duplicates(found, draft).into_iter().map(alike).collect()
}

/// A record of the mirror through Xero's own reader, which takes the mirror's form.
pub(crate) fn read_record(record: &Map<String, Value>, kind: BillKind) -> Option<BillRecord> {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = json!({ kind.collection(): [record] }).to_string().into();
    bills::read_list(HttpResponse { status: 200, headers, body, wire_bytes: 0 }, kind).ok()?.bills.pop()
}
