//! What a person publishes: a bill, a credit note or what was paid already, in the words of whoever reads it.
//!
//! Owns the way from there to Xero's form. Amounts stay as the document states them; nothing is rounded here.

use bills::{BillDraft, BillKind, BillLine, BillMark, ContactId, DraftFault, LineAmounts, NewStatus, NewSupplier};
use kernel::{Currency, Date};
use rust_decimal::Decimal;
use schedules::{AccountRef, TaxType, Tracking};
use serde::{Deserialize, Serialize};
use settings::PublishAs;
use uuid::Uuid;

/// What is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillTerms {
    /// Bill, credit note or spend money.
    pub kind: Kind,
    /// Whose.
    pub supplier: Supplier,
    /// The supplier's number; may be empty. Of spend money it becomes the reference.
    #[serde(default)]
    pub number: String,
    /// Its day in the books.
    pub date: Date,
    /// When a bill is to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Date>,
    /// From which bank account it was paid, by code or Xero id: of spend money, and of nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<AccountRef>,
    /// ISO 4217; of spend money that of the bank account.
    pub currency: Currency,
    /// Units of it for one of the books' currency; Xero's rate of the day where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency_rate: Option<Decimal>,
    /// How tax stands in the prices.
    #[serde(default)]
    pub amounts: Amounts,
    /// The status it starts in; the organisation's own where absent. Spend money is in the books at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PublishAs>,
    /// At least one.
    pub lines: Vec<TermsLine>,
}

/// Bill, credit note or spend money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Asks for money.
    Bill,
    /// Gives money back.
    CreditNote,
    /// Says what was paid already, as a receipt does.
    SpendMoney,
}

impl Kind {
    /// Xero's form of it.
    pub fn at_xero(self) -> BillKind {
        match self {
            Self::Bill => BillKind::Bill,
            Self::CreditNote => BillKind::CreditNote,
            Self::SpendMoney => BillKind::SpendMoney,
        }
    }
}

/// Whose it is: a contact there is, or one to be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Supplier {
    /// A contact in Xero.
    Contact {
        /// Xero's id of it.
        contact_id: Uuid,
    },
    /// A new one.
    New {
        /// What it is called.
        name: String,
        /// Its VAT or other tax number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tax_number: Option<String>,
    },
}

/// How tax stands in the prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amounts {
    /// On top.
    #[default]
    Exclusive,
    /// Inside.
    Inclusive,
    /// There is none.
    NoTax,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsLine {
    /// What was bought.
    pub description: String,
    /// How many.
    #[serde(default = "one")]
    pub quantity: Decimal,
    /// The price of one, below zero for a discount.
    pub unit_amount: Decimal,
    /// The account, by code or Xero id.
    pub account: AccountRef,
    /// Xero's code of the tax; the account's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<TaxType>,
    /// The line's tax, where it must differ from what Xero works out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_amount: Option<Decimal>,
    /// At most two.
    #[serde(default, skip_serializing_if = "Tracking::is_empty")]
    pub tracking: Tracking,
}

fn one() -> Decimal {
    Decimal::ONE
}

impl BillTerms {
    /// The contact, where there is one already.
    pub fn contact(&self) -> Option<ContactId> {
        match &self.supplier {
            Supplier::Contact { contact_id } => Some(ContactId(*contact_id)),
            Supplier::New { .. } => None,
        }
    }

    /// The contact to be created, where there is none.
    pub fn new_supplier(&self) -> Option<NewSupplier> {
        match &self.supplier {
            Supplier::Contact { .. } => None,
            Supplier::New { name, tax_number } => {
                Some(NewSupplier { name: name.trim().to_owned(), tax_number: tax_number.clone() })
            }
        }
    }

    /// Xero's form of it. A contact that is not there yet has the id of zeros until it is.
    pub fn draft(&self, mark: [u8; 16], url: Option<String>, status: PublishAs) -> BillDraft {
        let kind = self.kind.at_xero();
        // What the organisation's own status says of bills says nothing of what is paid.
        let own = if kind == BillKind::SpendMoney { PublishAs::AwaitingPayment } else { status };
        BillDraft {
            mark: BillMark::from_bytes(mark),
            kind,
            contact: self.contact().unwrap_or(ContactId(Uuid::nil())),
            number: self.number.trim().to_owned(),
            date: self.date,
            due_date: self.due_date,
            currency: self.currency.as_str().to_owned(),
            currency_rate: self.currency_rate,
            line_amounts: match self.amounts {
                Amounts::Exclusive => LineAmounts::Exclusive,
                Amounts::Inclusive => LineAmounts::Inclusive,
                Amounts::NoTax => LineAmounts::NoTax,
            },
            status: match self.status.unwrap_or(own) {
                PublishAs::AwaitingPayment => NewStatus::Authorised,
                PublishAs::Submitted => NewStatus::Submitted,
                PublishAs::Draft => NewStatus::Draft,
            },
            // Xero keeps no link on a credit note.
            url: url.filter(|_| kind != BillKind::CreditNote),
            bank_account: self.bank_account.as_ref().map(account_ref),
            lines: self.lines.iter().map(line).collect(),
            expected: None,
        }
    }
}

/// An account in Xero's form.
pub fn account_ref(account: &AccountRef) -> bills::AccountRef {
    match account.id() {
        Some(id) => bills::AccountRef::Id(id),
        None => bills::AccountRef::Code(account.as_str().to_owned()),
    }
}

fn line(line: &TermsLine) -> BillLine {
    BillLine {
        description: line.description.clone(),
        quantity: line.quantity,
        unit_amount: line.unit_amount,
        account: account_ref(&line.account),
        tax_type: line.tax_type.as_ref().map(|tax| tax.as_str().to_owned()),
        tax_amount: line.tax_amount,
        tracking: line.tracking.pairs().iter().map(tracking_ref).collect(),
    }
}

/// A tracking option in Xero's form.
pub fn tracking_ref(pair: &schedules::TrackingPair) -> bills::TrackingRef {
    let id = |name: &schedules::TrackingName| Uuid::try_parse(name.as_str()).ok();
    match (id(&pair.category), id(&pair.option)) {
        (Some(category), Some(option)) => bills::TrackingRef::Ids { category, option },
        _ => bills::TrackingRef::Names {
            category: pair.category.as_str().to_owned(),
            option: pair.option.as_str().to_owned(),
        },
    }
}

/// What is wrong with a draft in any books.
pub fn draft_fault(draft: &BillDraft) -> Option<DraftFault> {
    let key = xero::IdempotencyKey::try_new("check").ok()?;
    bills::create(draft, key).err()
}
