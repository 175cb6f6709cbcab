//! What an organisation's records hold, compact: JSON is made when a record is read.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::shelf::Record;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub(super) enum $name { $($variant),* }

        impl $name {
            pub(super) fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            #[allow(dead_code)] // Not every list of words is read from requests.
            pub(super) fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)* _ => None }
            }
        }
    };
}

words!(
/// Status of any record.
Status {
    Active = "ACTIVE", Archived = "ARCHIVED", Draft = "DRAFT", Submitted = "SUBMITTED", Authorised = "AUTHORISED",
    Paid = "PAID", Voided = "VOIDED", Deleted = "DELETED", Billed = "BILLED", Posted = "POSTED",
    Gdpr = "GDPRREQUEST",
    // Stands for any status that Xero may add and nobody has heard of.
    Unheard = "UNDERREVIEW",
});
words!(
/// Type of a document with lines.
Kind {
    Sale = "ACCREC", Bill = "ACCPAY", SaleCredit = "ACCRECCREDIT", BillCredit = "ACCPAYCREDIT", Order = "ORDER",
    Receive = "RECEIVE", Spend = "SPEND", ReceivePrepayment = "RECEIVE-PREPAYMENT",
    SpendPrepayment = "SPEND-PREPAYMENT", ReceiveOverpayment = "RECEIVE-OVERPAYMENT",
    SpendOverpayment = "SPEND-OVERPAYMENT", ReceiveTransfer = "RECEIVE-TRANSFER", SpendTransfer = "SPEND-TRANSFER",
});
words!(
    /// How line amounts relate to tax.
    Taxing { Exclusive = "Exclusive", Inclusive = "Inclusive", NoTax = "NoTax" });

impl Kind {
    /// Whether money comes in: sales, receipts and what belongs to them.
    pub(super) fn is_sales(self) -> bool {
        matches!(
            self,
            Kind::Sale
                | Kind::SaleCredit
                | Kind::Receive
                | Kind::ReceivePrepayment
                | Kind::ReceiveOverpayment
                | Kind::ReceiveTransfer
        )
    }

    /// Whether money moved at the bank: everything that is kept under BankTransactions.
    pub(super) fn is_bank_money(self) -> bool {
        use Kind::{Bill, BillCredit, Order, Sale, SaleCredit};
        !matches!(self, Sale | Bill | SaleCredit | BillCredit | Order)
    }
}

macro_rules! record {
    ($name:ident) => {
        impl Record for $name {
            fn id(&self) -> Uuid {
                self.id
            }
            fn updated(&self) -> i64 {
                self.updated
            }
            fn stamp(&mut self, now_ms: i64) {
                self.updated = now_ms;
            }
        }
    };
}

/// A line of a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) id: Uuid,
    pub(super) description: Box<str>,
    pub(super) quantity: Decimal,
    pub(super) unit: Decimal,
    pub(super) item: Option<Arc<str>>,
    pub(super) account: Option<Uuid>,
    pub(super) tax_type: Arc<str>,
    pub(super) tax: Decimal,
    pub(super) amount: Decimal,
    pub(super) tracking: Box<[(Uuid, Uuid)]>,
    pub(super) discount: Option<Decimal>,
}

/// Part of a credit used on an invoice. Kept on the credit, and by id on the invoice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Allocation {
    pub(super) id: Uuid,
    pub(super) invoice: Uuid,
    pub(super) amount: Decimal,
    pub(super) date: Date,
}

/// Any document with lines: invoice, bill, credit note, order, bank transaction, prepayment, overpayment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) id: Uuid,
    pub(super) kind: Kind,
    pub(super) status: Status,
    pub(super) contact: Uuid,
    pub(super) date: Date,
    pub(super) due: Option<Date>,
    pub(super) expected: Option<Date>,
    pub(super) number: Box<str>,
    pub(super) reference: Box<str>,
    pub(super) taxing: Taxing,
    pub(super) lines: Vec<Line>,
    pub(super) currency: Arc<str>,
    pub(super) rate: Decimal,
    pub(super) sub_total: Decimal,
    pub(super) tax: Decimal,
    pub(super) total: Decimal,
    pub(super) paid: Decimal,
    pub(super) credited: Decimal,
    pub(super) fully_paid_on: Option<Date>,
    pub(super) url: Box<str>,
    pub(super) sent: bool,
    /// Bank transactions: the bank account.
    pub(super) account: Option<Uuid>,
    pub(super) reconciled: bool,
    /// Payments against it, deleted ones taken out.
    pub(super) payments: Vec<Uuid>,
    /// On credits: where they were used.
    pub(super) uses: Vec<Allocation>,
    /// On invoices: the credits used on it, by the credit's id.
    pub(super) credits: Vec<Uuid>,
    /// The other record of the same money: prepayment and bank transaction.
    pub(super) twin: Option<Uuid>,
    /// The app that made it.
    pub(super) made_by: Option<usize>,
    pub(super) updated: i64,
}
record!(Document);

impl Document {
    pub(super) fn due_amount(&self) -> Decimal {
        match self.status {
            Status::Voided | Status::Deleted => Decimal::ZERO,
            _ => self.total - self.paid - self.credited,
        }
    }

    /// What of a credit is left to use.
    pub(super) fn remaining(&self) -> Decimal {
        let used: Decimal = self.uses.iter().map(|each| each.amount).sum();
        match self.status {
            Status::Voided | Status::Deleted => Decimal::ZERO,
            _ => self.total - used - self.paid,
        }
    }
}

/// A line of a manual journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct JournalLine {
    pub(super) amount: Decimal,
    /// A draft may have lines whose account Xero removed.
    pub(super) account: Option<Uuid>,
    pub(super) description: Box<str>,
    pub(super) tax_type: Arc<str>,
    pub(super) tax: Decimal,
    pub(super) tracking: Box<[(Uuid, Uuid)]>,
}

/// A manual journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) id: Uuid,
    pub(super) narration: Box<str>,
    pub(super) date: Date,
    pub(super) status: Status,
    pub(super) taxing: Taxing,
    pub(super) lines: Vec<JournalLine>,
    pub(super) url: Box<str>,
    pub(super) cash_basis: bool,
    pub(super) updated: i64,
}
record!(Journal);

words!(
    /// What a payment settles.
    Target { Invoice = "Invoice", CreditNote = "CreditNote", Prepayment = "Prepayment", Overpayment = "Overpayment" });

/// A payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Payment {
    pub(super) id: Uuid,
    pub(super) target: Target,
    pub(super) document: Uuid,
    pub(super) account: Uuid,
    pub(super) date: Date,
    pub(super) amount: Decimal,
    pub(super) bank_amount: Decimal,
    pub(super) rate: Decimal,
    pub(super) reference: Box<str>,
    pub(super) reconciled: bool,
    pub(super) status: Status,
    pub(super) updated: i64,
}
record!(Payment);

/// Money moved between two bank accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Transfer {
    pub(super) id: Uuid,
    pub(super) from: Uuid,
    pub(super) to: Uuid,
    pub(super) from_transaction: Uuid,
    pub(super) to_transaction: Uuid,
    pub(super) amount: Decimal,
    pub(super) date: Date,
    pub(super) reference: Box<str>,
    pub(super) status: Status,
    pub(super) created: i64,
    pub(super) updated: i64,
}
record!(Transfer);

/// A postal address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Postal {
    pub(super) kind: Box<str>,
    pub(super) line: Box<str>,
    pub(super) city: Box<str>,
    pub(super) region: Box<str>,
    pub(super) code: Box<str>,
    pub(super) country: Box<str>,
}

/// A customer or supplier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) id: Uuid,
    pub(super) number: Box<str>,
    pub(super) account_number: Box<str>,
    pub(super) name: Box<str>,
    pub(super) first: Box<str>,
    pub(super) last: Box<str>,
    pub(super) email: Box<str>,
    pub(super) company_number: Box<str>,
    pub(super) tax_number: Box<str>,
    pub(super) phone: Box<str>,
    pub(super) addresses: Vec<Postal>,
    /// First name, last name, e-mail.
    pub(super) persons: Vec<[Box<str>; 3]>,
    pub(super) status: Status,
    pub(super) merged_to: Option<Uuid>,
    pub(super) is_supplier: bool,
    pub(super) is_customer: bool,
    pub(super) currency: Option<Arc<str>>,
    pub(super) sales_account: Box<str>,
    pub(super) purchases_account: Box<str>,
    pub(super) updated: i64,
}
record!(Contact);

/// A ledger account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) code: Box<str>,
    pub(super) name: Box<str>,
    pub(super) kind: Box<str>,
    pub(super) status: Status,
    pub(super) tax_type: Arc<str>,
    pub(super) description: Box<str>,
    pub(super) payments: bool,
    pub(super) expense_claims: bool,
    pub(super) system: Cow<'static, str>,
    pub(super) bank_number: Box<str>,
    pub(super) bank_kind: Box<str>,
    pub(super) currency: Option<Arc<str>>,
    pub(super) updated: i64,
}
record!(Account);

impl Account {
    /// `Class`, which follows from the type.
    pub(super) fn class(&self) -> &'static str {
        match &*self.kind {
            "BANK" | "CURRENT" | "FIXED" | "INVENTORY" | "NONCURRENT" | "PREPAYMENT" => "ASSET",
            "CURRLIAB" | "LIABILITY" | "TERMLIAB" | "PAYG" => "LIABILITY",
            "EQUITY" => "EQUITY",
            "REVENUE" | "SALES" | "OTHERINCOME" => "REVENUE",
            _ => "EXPENSE",
        }
    }

    pub(super) fn is_bank(&self) -> bool {
        &*self.kind == "BANK"
    }
}

/// A product or service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) id: Uuid,
    pub(super) code: Arc<str>,
    pub(super) name: Box<str>,
    pub(super) description: Box<str>,
    pub(super) purchase_description: Box<str>,
    pub(super) sales: Option<Price>,
    pub(super) purchase: Option<Price>,
    pub(super) deleted: bool,
    pub(super) updated: i64,
}
record!(Item);

/// One side of an item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Price {
    pub(super) unit: Decimal,
    pub(super) account: Box<str>,
    pub(super) tax_type: Arc<str>,
}

/// A tax rate of one component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TaxRate {
    pub(super) name: Box<str>,
    pub(super) tax_type: Arc<str>,
    pub(super) component: Box<str>,
    pub(super) rate: Decimal,
    pub(super) status: Status,
    pub(super) report: Cow<'static, str>,
    /// Letters of the account classes it may be used with: A E X L R (assets, equity, expenses, liabilities, revenue).
    pub(super) applies: Cow<'static, str>,
}

/// One value of a tracking category.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Choice {
    pub(super) id: Uuid,
    pub(super) name: Box<str>,
    pub(super) status: Status,
}

/// A tracking category.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tracking {
    pub(super) id: Uuid,
    pub(super) name: Box<str>,
    pub(super) status: Status,
    pub(super) options: Vec<Choice>,
}
