//! One organisation: its profile, its records, and what happened to them since the last look.
//!
//! Owns look-ups that several endpoints share, lock dates, and the taking back of a failed batch.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use kernel::{TenantId, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attachments::Attached;
use super::demo::Country;
use super::dice::Dice;
use super::model::{
    Account, Contact, Document, Item, Journal, Kind, Payment, Status, Target, TaxRate, Tracking, Transfer,
};
use super::settings::{JournalSettings, StatementSettings, TrialBalanceLayout};
use super::shelf::Shelf;
use super::statements::BankStatement;

/// What `GET /Organisation` tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) country: Country,
    pub(super) short_code: String,
    pub(super) period_lock: Option<Date>,
    pub(super) year_end_lock: Option<Date>,
    pub(super) created: Timestamp,
    pub(super) is_demo: bool,
    /// The plan, by a name Xero may invent any day.
    pub(super) class: String,
}

/// How these books decide what Xero's documentation leaves open.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Habits {
    pub(super) payment_events: bool,
    pub(super) keeps_valid_elements: bool,
    #[serde(default)]
    pub(super) journals: JournalSettings,
    #[serde(default)]
    pub(super) trial_balance: TrialBalanceLayout,
    #[serde(default)]
    pub(super) statements: StatementSettings,
}

/// One event for the webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) category: Cow<'static, str>,
    pub(super) created: bool,
    pub(super) resource: Uuid,
    pub(super) at: Timestamp,
    /// Type and status, which only some categories carry.
    pub(super) detail: Option<(String, String)>,
}

/// A note or change in a record's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) change: Cow<'static, str>,
    pub(super) details: String,
    pub(super) user: String,
    pub(super) at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Books {
    pub(super) tenant: TenantId,
    /// How many invoices it was opened with.
    pub(super) invoices_at_opening: usize,
    pub(super) profile: Profile,
    pub(super) habits: Habits,
    pub(super) dice: Dice,
    pub(super) accounts: Shelf<Account>,
    pub(super) contacts: Shelf<Contact>,
    pub(super) items: Shelf<Item>,
    pub(super) invoices: Shelf<Document>,
    pub(super) credit_notes: Shelf<Document>,
    pub(super) orders: Shelf<Document>,
    pub(super) bank_transactions: Shelf<Document>,
    pub(super) prepayments: Shelf<Document>,
    pub(super) overpayments: Shelf<Document>,
    pub(super) payments: Shelf<Payment>,
    pub(super) transfers: Shelf<Transfer>,
    pub(super) journals: Shelf<Journal>,
    pub(super) tax_rates: Vec<TaxRate>,
    pub(super) currencies: Vec<(Arc<str>, String)>,
    pub(super) tracking: Vec<Tracking>,
    /// Invoices of a contact, for balances; may hold ids that no longer belong.
    pub(super) by_contact: HashMap<Uuid, Vec<Uuid>>,
    pub(super) history: HashMap<Uuid, Vec<Note>>,
    pub(super) attached: HashMap<Uuid, Vec<Attached>>,
    /// What banks say, as it was imported.
    #[serde(default)]
    pub(super) statements: Vec<BankStatement>,
    pub(super) next_number: [u32; 3],
    /// Whether, and by which seed, amounts are written as text.
    pub(super) amounts_as_text: Option<u64>,
    pub(super) happened: Vec<Event>,
    /// How much had happened when the running batch began.
    #[serde(skip)] // As the rest is: nobody leaves in the middle of a batch.
    happened_before: usize,
    /// Records that were noted since then, one entry a note.
    #[serde(skip)]
    noted: Vec<Uuid>,
    /// Short lists as they were then.
    #[serde(skip)]
    lists_before: Option<Lists>,
}

/// The records that are too few for a shelf: tax rates, currencies, tracking categories.
type Lists = (Vec<TaxRate>, Vec<(Arc<str>, String)>, Vec<Tracking>);

macro_rules! each_shelf {
    ($books:ident, $action:ident) => {
        $books.accounts.$action();
        $books.contacts.$action();
        $books.items.$action();
        $books.invoices.$action();
        $books.credit_notes.$action();
        $books.orders.$action();
        $books.bank_transactions.$action();
        $books.prepayments.$action();
        $books.overpayments.$action();
        $books.payments.$action();
        $books.transfers.$action();
        $books.journals.$action();
    };
}

impl Books {
    pub(super) fn new(tenant: TenantId, profile: Profile, dice: Dice) -> Self {
        Self {
            tenant,
            invoices_at_opening: 0,
            profile,
            habits: Habits {
                payment_events: true,
                keeps_valid_elements: false,
                journals: JournalSettings::default(),
                trial_balance: TrialBalanceLayout::default(),
                statements: StatementSettings::default(),
            },
            dice,
            accounts: Shelf::default(),
            contacts: Shelf::default(),
            items: Shelf::default(),
            invoices: Shelf::default(),
            credit_notes: Shelf::default(),
            orders: Shelf::default(),
            bank_transactions: Shelf::default(),
            prepayments: Shelf::default(),
            overpayments: Shelf::default(),
            payments: Shelf::default(),
            transfers: Shelf::default(),
            journals: Shelf::default(),
            tax_rates: Vec::new(),
            currencies: Vec::new(),
            tracking: Vec::new(),
            by_contact: HashMap::new(),
            history: HashMap::new(),
            attached: HashMap::new(),
            statements: Vec::new(),
            next_number: [1; 3],
            amounts_as_text: None,
            happened: Vec::new(),
            happened_before: 0,
            noted: Vec::new(),
            lists_before: None,
        }
    }

    /// From here on a failed batch can be taken back.
    pub(super) fn begin(&mut self) {
        each_shelf!(self, begin);
        self.happened_before = self.happened.len();
        self.noted.clear();
        self.lists_before = Some((self.tax_rates.clone(), self.currencies.clone(), self.tracking.clone()));
    }

    pub(super) fn keep(&mut self) {
        each_shelf!(self, keep);
        self.lists_before = None;
    }

    pub(super) fn roll_back(&mut self) {
        each_shelf!(self, roll_back);
        self.happened.truncate(self.happened_before);
        for record in self.noted.drain(..) {
            self.history.entry(record).or_default().pop();
        }
        if let Some(lists) = self.lists_before.take() {
            (self.tax_rates, self.currencies, self.tracking) = lists;
        }
    }

    /// Notes an event for the webhooks.
    pub(super) fn tell(&mut self, category: &'static str, created: bool, resource: Uuid, at: Timestamp) {
        let detail = match category {
            "CREDITNOTE" => self.credit_notes.find(resource),
            "PREPAYMENT" => self.prepayments.find(resource),
            "OVERPAYMENT" => self.overpayments.find(resource),
            _ => None,
        };
        let detail = detail.map(|document| (document.kind.as_str().to_owned(), document.status.as_str().to_owned()));
        self.happened.push(Event { category: category.into(), created, resource, at, detail });
    }

    pub(super) fn account_by_code(&self, code: &str) -> Option<&Account> {
        let found = |account: &&Account| &*account.code == code && account.status != Status::Deleted;
        self.accounts.all().find(found).filter(|_| !code.is_empty())
    }

    /// The active contact of exactly this name: letters match in their case.
    pub(super) fn contact_by_name(&self, name: &str) -> Option<&Contact> {
        self.contacts.all().find(|each| each.status == Status::Active && *each.name == *name)
    }

    pub(super) fn contact_by_number(&self, number: &str) -> Option<&Contact> {
        self.contacts.all().find(|each| &*each.number == number).filter(|_| !number.is_empty())
    }

    pub(super) fn tax_rate(&self, tax_type: &str) -> Option<&TaxRate> {
        self.tax_rates.iter().find(|rate| &*rate.tax_type == tax_type && rate.status == Status::Active)
    }

    pub(super) fn currency(&self, code: &str) -> Option<Arc<str>> {
        self.currencies.iter().find(|(have, _)| &**have == code).map(|(have, _)| have.clone())
    }

    pub(super) fn base_currency(&self) -> Arc<str> {
        self.currencies.first().map_or_else(|| Arc::from("GBP"), |(code, _)| code.clone())
    }

    /// The messages for a date that a lock date forbids.
    pub(super) fn locked(&self, date: Date) -> Vec<String> {
        let day = |lock: Date| lock.strftime("%d-%b-%Y").to_string();
        let mut messages = Vec::new();
        if let Some(lock) = self.profile.period_lock.filter(|lock| date <= *lock) {
            let text = "The document date cannot be before the period lock date, currently set at";
            messages.push(format!("{text} {}", day(lock)));
        }
        if let Some(lock) = self.profile.year_end_lock.filter(|lock| date <= *lock) {
            let text = "The document date cannot be before the end of year lock date, currently set at";
            messages.push(format!("{text} {}", day(lock)));
        }
        messages
    }

    /// The shelf a payment's target lives on.
    pub(super) fn targets(&mut self, target: Target) -> &mut Shelf<Document> {
        match target {
            Target::Invoice => &mut self.invoices,
            Target::CreditNote => &mut self.credit_notes,
            Target::Prepayment => &mut self.prepayments,
            Target::Overpayment => &mut self.overpayments,
        }
    }

    pub(super) fn target(&self, target: Target, id: Uuid) -> Option<&Document> {
        match target {
            Target::Invoice => self.invoices.find(id),
            Target::CreditNote => self.credit_notes.find(id),
            Target::Prepayment => self.prepayments.find(id),
            Target::Overpayment => self.overpayments.find(id),
        }
    }

    /// Outstanding and overdue of a contact's sales or bills.
    pub(super) fn balance(&self, contact: Uuid, kind: Kind, today: Date) -> (Decimal, Decimal) {
        let ids = self.by_contact.get(&contact).map(Vec::as_slice).unwrap_or_default();
        let mut sums = (Decimal::ZERO, Decimal::ZERO);
        for document in ids.iter().filter_map(|id| self.invoices.find(*id)) {
            if document.contact != contact || document.kind != kind || document.status != Status::Authorised {
                continue;
            }
            sums.0 += document.due_amount();
            if document.due.is_some_and(|due| due < today) {
                sums.1 += document.due_amount();
            }
        }
        sums
    }

    /// Remembers that an invoice is a contact's, and what that says about the contact.
    pub(super) fn claim(&mut self, contact: Uuid, invoice: Uuid, kind: Kind) {
        let ids = self.by_contact.entry(contact).or_default();
        if !ids.contains(&invoice) {
            ids.push(invoice);
        }
        // Flips without a new UpdatedDateUTC, as in Xero.
        self.contacts.change(contact, None, |each| match kind {
            Kind::Sale => each.is_customer = true,
            _ => each.is_supplier = true,
        });
    }

    /// `HasAttachments`.
    pub(super) fn has_files(&self, record: Uuid) -> bool {
        self.attached.get(&record).is_some_and(|files| !files.is_empty())
    }

    /// The next free number of sales invoices, credit notes or orders.
    pub(super) fn next_number(&mut self, series: usize) -> String {
        let prefix = ["INV-", "CN-", "PO-"][series];
        loop {
            let number = format!("{prefix}{:04}", self.next_number[series]);
            self.next_number[series] += 1;
            let shelf = [&self.invoices, &self.credit_notes, &self.orders][series];
            if !shelf.all().any(|each| *each.number == *number) {
                return number;
            }
        }
    }

    pub(super) fn note(&mut self, record: Uuid, change: &'static str, details: String, user: &str, at: i64) {
        let note = Note { change: change.into(), details, user: user.to_owned(), at };
        self.history.entry(record).or_default().push(note);
        self.noted.push(record);
    }
}
