//! What people do in Xero's own screens while an integration is running.
//!
//! Edits go through the same rules as the API's writes, bump `UpdatedDateUTC` as those do, and raise the same events.

use jiff::civil::Date;
use kernel::{TenantId, XeroUserId};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Xero;
use super::accounting::{Caller, single};
use super::address::Address;
use super::demo::{self, DemoSettings};
use super::element::Element;
use super::endpoints::Endpoint;
use super::model::Status;
use super::reading::Ask;
use super::settings::{AppId, Role};
use super::wire::today;
use super::write_documents;
use super::writing::{self, Submitted};

/// Why Xero's screens refused an edit, in Xero's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UiError {
    /// No such organisation, collection or record.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// A rule forbids it.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
}

impl Xero {
    /// Creates (without an id) or edits a record of a collection, with the API's field names. Returns it as the API shows it.
    pub fn edit(&self, tenant: TenantId, collection: &str, id: Option<Uuid>, fields: &Value) -> Result<Value, UiError> {
        let now = self.now();
        let mut state = self.lock();
        let endpoint = Endpoint::of(collection).ok_or(UiError::Unknown("collection"))?;
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let today = today(now, books.profile.country.figures().timezone);
        let caller = Caller { app: usize::MAX, app_name: "Robin Ferris".to_owned(), now, today, role: Role::Adviser };
        let element = Element(fields.as_object().ok_or(UiError::Unknown("set of fields"))?);
        let address = Address::default();
        let ask = Ask { address: &address, since_ms: i64::MIN, today, app: usize::MAX };
        if let Some(id) = id {
            single(books, endpoint, &id.to_string(), &ask).ok_or(UiError::Unknown("record"))?;
        }
        books.begin();
        let sent = Submitted { element, creates_only: id.is_none(), target: id, places: 4 };
        let saved = match writing::save(books, &caller, endpoint, sent) {
            Ok(saved) => saved,
            Err(refusal) => {
                books.roll_back();
                return Err(UiError::Refused(refusal.texts()));
            }
        };
        books.keep();
        let shown = single(books, endpoint, &saved.id, &ask).unwrap_or_default();
        state.publish(tenant);
        Ok(shown)
    }

    /// Approves a draft or submitted invoice or bill.
    pub fn approve_invoice(&self, tenant: TenantId, invoice: Uuid) -> Result<Value, UiError> {
        self.edit(tenant, "Invoices", Some(invoice), &json!({ "Status": "AUTHORISED" }))
    }

    /// Voids an approved invoice or bill.
    pub fn void_invoice(&self, tenant: TenantId, invoice: Uuid) -> Result<Value, UiError> {
        self.edit(tenant, "Invoices", Some(invoice), &json!({ "Status": "VOIDED" }))
    }

    /// Deletes a draft.
    pub fn delete_draft(&self, tenant: TenantId, invoice: Uuid) -> Result<Value, UiError> {
        self.edit(tenant, "Invoices", Some(invoice), &json!({ "Status": "DELETED" }))
    }

    /// Pays (part of) an invoice or bill from the account of a code.
    pub fn pay_invoice(
        &self,
        tenant: TenantId,
        invoice: Uuid,
        account_code: &str,
        amount: Decimal,
    ) -> Result<Value, UiError> {
        let fields = json!({
            "Invoice": { "InvoiceID": invoice.to_string() }, "Account": { "Code": account_code },
            "Amount": amount.to_string(),
        });
        self.edit(tenant, "Payments", None, &fields)
    }

    /// Removes a payment.
    pub fn remove_payment(&self, tenant: TenantId, payment: Uuid) -> Result<Value, UiError> {
        self.edit(tenant, "Payments", Some(payment), &json!({ "Status": "DELETED" }))
    }

    /// Renames a contact.
    pub fn rename_contact(&self, tenant: TenantId, contact: Uuid, name: &str) -> Result<Value, UiError> {
        self.edit(tenant, "Contacts", Some(contact), &json!({ "Name": name }))
    }

    /// Archives a contact.
    pub fn archive_contact(&self, tenant: TenantId, contact: Uuid) -> Result<Value, UiError> {
        self.edit(tenant, "Contacts", Some(contact), &json!({ "ContactStatus": "ARCHIVED" }))
    }

    /// Merges one contact into another: it is archived and points at the winner, who gets its documents. Only the archived
    /// contact raises an event and gets a new `UpdatedDateUTC`; that the documents do, Xero does not say.
    pub fn merge_contacts(&self, tenant: TenantId, loser: Uuid, winner: Uuid) -> Result<(), UiError> {
        let now = self.now();
        let now_ms = Some(now.as_millisecond());
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        if books.contacts.find(winner).is_none() || loser == winner {
            return Err(UiError::Unknown("contact"));
        }
        let merged = books.contacts.change(loser, now_ms, |each| {
            (each.status, each.merged_to) = (Status::Archived, Some(winner));
        });
        merged.ok_or(UiError::Unknown("contact"))?;
        for invoice in books.by_contact.remove(&loser).unwrap_or_default() {
            if let Some(kind) = books.invoices.find(invoice).map(|each| each.kind) {
                books.claim(winner, invoice, kind);
            }
        }
        for shelf in [
            &mut books.invoices,
            &mut books.credit_notes,
            &mut books.orders,
            &mut books.bank_transactions,
            &mut books.prepayments,
            &mut books.overpayments,
        ] {
            let theirs: Vec<Uuid> = shelf.all().filter(|each| each.contact == loser).map(|each| each.id).collect();
            for document in theirs {
                shelf.change(document, None, |each| each.contact = winner);
            }
        }
        books.tell("CONTACT", false, loser, now);
        state.publish(tenant);
        Ok(())
    }

    /// Adds a ledger account; the type is one of Xero's, such as `OVERHEADS`.
    pub fn add_account(&self, tenant: TenantId, code: &str, name: &str, kind: &str) -> Result<Value, UiError> {
        self.edit(tenant, "Accounts", None, &json!({ "Code": code, "Name": name, "Type": kind }))
    }

    /// Archives a ledger account.
    pub fn archive_account(&self, tenant: TenantId, account: Uuid) -> Result<Value, UiError> {
        self.edit(tenant, "Accounts", Some(account), &json!({ "Status": "ARCHIVED" }))
    }

    /// Sets or lifts the lock dates. The organisation raises no webhook and has no `UpdatedDateUTC`.
    pub fn set_lock_dates(&self, tenant: TenantId, period: Option<Date>, end_of_year: Option<Date>) {
        if let Some(books) = self.lock().books_of(tenant) {
            (books.profile.period_lock, books.profile.year_end_lock) = (period, end_of_year);
        }
    }

    /// Archives a manual journal; the API can read such journals but not make them.
    pub fn archive_journal(&self, tenant: TenantId, journal: Uuid) -> Result<(), UiError> {
        self.set_status(tenant, "ManualJournals", journal, Status::Archived)
    }

    /// Marks a contact as one who asked to be forgotten: status GDPRREQUEST.
    pub fn request_erasure(&self, tenant: TenantId, contact: Uuid) -> Result<(), UiError> {
        self.set_status(tenant, "Contacts", contact, Status::Gdpr)
    }

    /// Gives a record a status that no specification lists, as Xero does when it adds one.
    pub fn set_unheard_status(&self, tenant: TenantId, collection: &str, id: Uuid) -> Result<(), UiError> {
        self.set_status(tenant, collection, id, Status::Unheard)
    }

    fn set_status(&self, tenant: TenantId, collection: &str, id: Uuid, status: Status) -> Result<(), UiError> {
        let now = self.now();
        let now_ms = Some(now.as_millisecond());
        let mut state = self.lock();
        let endpoint = Endpoint::of(collection).ok_or(UiError::Unknown("collection"))?;
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let changed = match endpoint {
            Endpoint::Accounts => books.accounts.change(id, now_ms, |each| each.status = status),
            Endpoint::Contacts => books.contacts.change(id, now_ms, |each| each.status = status),
            Endpoint::ManualJournals => books.journals.change(id, now_ms, |each| each.status = status),
            Endpoint::Payments => books.payments.change(id, now_ms, |each| each.status = status),
            Endpoint::Invoices | Endpoint::CreditNotes | Endpoint::PurchaseOrders | Endpoint::BankTransactions => {
                write_documents::shelf(books, endpoint).change(id, now_ms, |each| each.status = status)
            }
            _ => return Err(UiError::Unknown("collection")),
        };
        changed.ok_or(UiError::Unknown("record"))?;
        let category = match endpoint {
            Endpoint::Contacts => Some("CONTACT"),
            Endpoint::Invoices => Some("INVOICE"),
            Endpoint::CreditNotes => Some("CREDITNOTE"),
            _ => None,
        };
        category.into_iter().for_each(|category| books.tell(category, false, id, now));
        state.publish(tenant);
        Ok(())
    }

    /// Moves the organisation to another plan, also one of a new name.
    pub fn set_class(&self, tenant: TenantId, class: &str) {
        if let Some(books) = self.lock().books_of(tenant) {
            class.clone_into(&mut books.profile.class);
        }
    }

    /// From now on answers write some amounts and flags as text, the same ones each time; `None` ends it.
    pub fn write_amounts_as_text(&self, tenant: TenantId, seed: Option<u64>) {
        if let Some(books) = self.lock().books_of(tenant) {
            books.amounts_as_text = seed;
        }
    }

    /// Adds an option to the tracking category of a name; its id.
    pub fn add_tracking_option(&self, tenant: TenantId, category: &str, name: &str) -> Result<Uuid, UiError> {
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let id = books.dice.uuid();
        let found = books.tracking.iter_mut().find(|each| *each.name == *category);
        let found = found.ok_or(UiError::Unknown("tracking category"))?;
        found.options.push(super::model::Choice { id, name: name.into(), status: Status::Active });
        Ok(id)
    }

    /// Marks a bank transaction as matched to a statement line, or unmatches it.
    pub fn reconcile(&self, tenant: TenantId, bank_transaction: Uuid, reconciled: bool) -> Result<(), UiError> {
        let now_ms = Some(self.now().as_millisecond());
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let changed = books.bank_transactions.change(bank_transaction, now_ms, |each| each.reconciled = reconciled);
        changed.ok_or(UiError::Unknown("bank transaction"))
    }

    /// Attaches a file to a record by its id. Like an upload it leaves the record's `UpdatedDateUTC` as it is.
    pub fn attach(&self, tenant: TenantId, record: Uuid, name: &str, bytes: &[u8]) -> Result<(), UiError> {
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        super::attachments::put_by_hand(books, record, name, bytes);
        Ok(())
    }

    /// Moves money between the bank accounts of two codes.
    pub fn transfer(&self, tenant: TenantId, from: &str, to: &str, amount: Decimal) -> Result<Value, UiError> {
        let fields = json!({
            "FromBankAccount": { "Code": from }, "ToBankAccount": { "Code": to }, "Amount": amount.to_string(),
        });
        self.edit(tenant, "BankTransfers", None, &fields)
    }

    /// Disconnects the app inside Xero: tokens go on refreshing, calls to the organisation answer 403. No webhook.
    pub fn disconnect(&self, app: AppId, user: XeroUserId, tenant: TenantId) -> bool {
        let now = self.now();
        let mut state = self.lock();
        let wanted = |each: &&mut super::state::Connection| {
            each.live && each.app == app && each.user == user && each.tenant == tenant
        };
        let found = state.connections.iter_mut().find(wanted);
        found.map(|each| (each.live, each.updated) = (false, now)).is_some()
    }

    /// Resets a demo company: fresh books under a new tenant id, all connections to the old one gone.
    pub fn reset_demo(&self, tenant: TenantId, settings: &DemoSettings) -> Option<TenantId> {
        let now = self.now();
        let mut state = self.lock();
        let at = state.books.iter().position(|books| books.tenant == tenant)?;
        let fresh = TenantId(state.dice.uuid());
        let habits = state.habits();
        state.books[at] = demo::books(settings, fresh, now);
        state.books[at].habits = habits;
        for connection in state.connections.iter_mut().filter(|each| each.tenant == tenant) {
            (connection.live, connection.updated) = (false, now);
        }
        for user in &mut state.users {
            for (have, _) in user.roles.iter_mut().filter(|(have, _)| *have == tenant) {
                *have = fresh;
            }
        }
        Some(fresh)
    }
}
