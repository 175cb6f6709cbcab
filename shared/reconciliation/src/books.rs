//! What the books hold of one bank account: bank transactions, payments, batch payments and transfers.
//!
//! Read from the mirror. A batch payment is one entry, as the bank moves it in one sum. Manual journals are none: Xero lets
//! no journal touch a bank account.

use std::collections::{BTreeMap, HashMap};

use banking::Row;
use evidence::books::{Entry, Part};
use kernel::{Currency, Date, Money, OrganisationRef};
use mirror::read::each_record;
use mirror::record::text_of;
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Records of one kind that are looked through.
const RECORDS_MAX: usize = 200_000;

type Record = Map<String, Value>;

/// What kind of record an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Money spent or received.
    BankTransaction,
    /// A payment of a document.
    Payment,
    /// Payments that left or came in one sum.
    BatchPayment,
    /// One side of a transfer between the organisation's own accounts.
    Transfer,
}

/// One entry of the books on the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookEntry {
    /// Xero's id of the record; of a transfer's side, of its bank transaction.
    pub id: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its day.
    pub date: Date,
    /// Money in is positive.
    pub amount: Money,
    /// Who was paid or has paid.
    pub whom: String,
    /// Its contact, where it has one.
    pub contact: Option<String>,
    /// Its reference, or the numbers of what it pays.
    pub reference: String,
    /// What its first line says.
    pub description: String,
    /// Whether Xero has it matched with a statement line.
    pub reconciled: bool,
    /// Account and tax type of its first line, of what was spent or received.
    pub coded: Option<(String, Option<String>)>,
}

impl BookEntry {
    /// The entry as it is compared.
    pub fn row(&self, account: &str) -> Row {
        Row {
            id: self.id.clone(),
            account: account.to_owned(),
            date: self.date,
            amount: self.amount,
            description: self.description.clone(),
            reference: self.reference.clone(),
            payee: self.whom.clone(),
            bank_id: String::new(),
        }
    }
}

/// Reads every entry of an account from one day to another, both included, by id.
pub async fn entries(
    table: &dyn Table,
    whose: &OrganisationRef,
    account: &str,
    currency: Currency,
    days: (Date, Date),
) -> Result<BTreeMap<String, BookEntry>, TableError> {
    let mut contacts: HashMap<String, String> = HashMap::new();
    each_record(table, whose, "contacts", RECORDS_MAX, |view| {
        contacts.insert(view.id.clone(), text_of(&view.record, "Name").to_owned());
    })
    .await?;
    let mut found = BTreeMap::new();
    let wanted = |entry: &Entry| entry.account.as_str() == account && (days.0..=days.1).contains(&entry.date);
    each_record(table, whose, "bank_transactions", RECORDS_MAX, |view| {
        let contact = inner(&view.record, "Contact", "ContactID");
        let name = contacts.get(contact).map_or("", String::as_str);
        if let Ok(Some(entry)) = Entry::from_bank_transaction(&view.record, name)
            && wanted(&entry)
        {
            let entry = of_bank_transaction(&entry, &view.record, name, contact);
            found.insert(entry.id.clone(), entry);
        }
    })
    .await?;
    each_record(table, whose, "bank_transfers", RECORDS_MAX, |view| {
        for entry in Entry::from_transfer(&view.record, currency).ok().into_iter().flatten().filter(wanted) {
            let entry = BookEntry {
                reference: text_of(&view.record, "Reference").to_owned(),
                description: "Transfer".to_owned(),
                ..plain(&entry, EntryKind::Transfer)
            };
            found.insert(entry.id.clone(), entry);
        }
    })
    .await?;
    let mut payments: Vec<(Entry, Record)> = Vec::new();
    each_record(table, whose, "payments", RECORDS_MAX, |view| {
        if let Ok(Some(entry)) = Entry::from_payment(&view.record, currency, false)
            && wanted(&entry)
        {
            payments.push((entry, view.record.clone()));
        }
    })
    .await?;
    let payers = payers(table, whose, &payments, &contacts).await?;
    let mut batches: BTreeMap<String, BookEntry> = BTreeMap::new();
    for (entry, record) in &payments {
        let one = of_payment(entry, record, &payers);
        let batch = inner(record, "BatchPayment", "BatchPaymentID").to_ascii_lowercase();
        if batch.is_empty() {
            found.insert(one.id.clone(), one);
        } else {
            join(&mut batches, batch, one);
        }
    }
    found.extend(batches);
    Ok(found)
}

fn plain(entry: &Entry, kind: EntryKind) -> BookEntry {
    BookEntry {
        id: entry.record.id.as_str().to_owned(),
        kind,
        date: entry.date,
        amount: entry.amount,
        whom: entry.whom.as_str().to_owned(),
        contact: None,
        reference: String::new(),
        description: String::new(),
        reconciled: entry.reconciled,
        coded: None,
    }
}

fn of_bank_transaction(entry: &Entry, record: &Record, name: &str, contact: &str) -> BookEntry {
    let lines = record.get("LineItems").and_then(Value::as_array);
    let first = lines.and_then(|lines| lines.first()).and_then(Value::as_object);
    let coded = first.and_then(|line| {
        let code = text_of(line, "AccountCode");
        let tax = text_of(line, "TaxType");
        (!code.is_empty()).then(|| (code.to_owned(), Some(tax.to_owned()).filter(|tax| !tax.is_empty())))
    });
    BookEntry {
        whom: name.to_owned(),
        contact: Some(contact).filter(|contact| !contact.is_empty()).map(str::to_owned),
        reference: text_of(record, "Reference").to_owned(),
        description: first.map(|line| text_of(line, "Description")).unwrap_or_default().to_owned(),
        coded,
        ..plain(entry, EntryKind::BankTransaction)
    }
}

fn of_payment(entry: &Entry, record: &Record, payers: &HashMap<String, (String, String)>) -> BookEntry {
    let pays = match &entry.part {
        Part::PaymentOf(Some(id)) => payers.get(id.as_str()),
        _ => None,
    };
    let number = entry.whom.as_str();
    let reference = [number, text_of(record, "Reference")].join(" ").trim().to_owned();
    BookEntry {
        whom: pays.map(|(_, name)| name.clone()).unwrap_or_default(),
        contact: pays.map(|(contact, _)| contact.clone()),
        reference,
        ..plain(entry, EntryKind::Payment)
    }
}

/// Adds a payment to its batch: one sum, one day, the numbers of all that it pays.
fn join(batches: &mut BTreeMap<String, BookEntry>, batch: String, one: BookEntry) {
    match batches.get_mut(&batch) {
        None => {
            batches.insert(batch.clone(), BookEntry { id: batch, kind: EntryKind::BatchPayment, ..one });
        }
        Some(sum) => {
            // Two currencies in one batch there are not: it is of one bank account.
            sum.amount = sum.amount.try_add(one.amount).unwrap_or(sum.amount);
            sum.reconciled &= one.reconciled;
            sum.reference = format!("{} {}", sum.reference, one.reference).trim().to_owned();
            if sum.whom != one.whom {
                sum.whom = "Batch payment".to_owned();
                sum.contact = None;
            }
        }
    }
}

/// Contact's id and name of each document that is paid, by the document's id.
async fn payers(
    table: &dyn Table,
    whose: &OrganisationRef,
    payments: &[(Entry, Record)],
    contacts: &HashMap<String, String>,
) -> Result<HashMap<String, (String, String)>, TableError> {
    let mut found = HashMap::new();
    if payments.is_empty() {
        return Ok(found);
    }
    for entity in ["invoices", "credit_notes"] {
        each_record(table, whose, entity, RECORDS_MAX, |view| {
            let contact = inner(&view.record, "Contact", "ContactID");
            if let Some(name) = contacts.get(contact) {
                found.insert(view.id.to_ascii_lowercase(), (contact.to_owned(), name.clone()));
            }
        })
        .await?;
    }
    Ok(found)
}

fn inner<'a>(record: &'a Record, of: &str, name: &str) -> &'a str {
    record.get(of).and_then(Value::as_object).map(|inner| text_of(inner, name)).unwrap_or_default()
}
