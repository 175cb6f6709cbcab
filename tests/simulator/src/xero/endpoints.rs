//! The collections of the Accounting API that exist here, and the scopes they need.

/// One collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Organisation,
    Accounts,
    TaxRates,
    Currencies,
    TrackingCategories,
    Contacts,
    Items,
    Invoices,
    CreditNotes,
    PurchaseOrders,
    Payments,
    Prepayments,
    Overpayments,
    BankTransactions,
    BankTransfers,
    ManualJournals,
    Reports,
}

/// Path segment, list name in answers, id field, scopes of which one is needed.
type Facts = (Endpoint, &'static str, &'static str, &'static str, &'static [&'static str]);

const SETTINGS: &[&str] = &["accounting.settings"];
const INVOICES: &[&str] = &["accounting.invoices"];
const PAYMENTS: &[&str] = &["accounting.payments"];
const ATTACHMENTS: &[&str] = &["accounting.attachments"];
/// A report has a scope of its own; older apps hold one for all of them.
const TRIAL_BALANCE: &[&str] = &["accounting.reports.trialbalance", "accounting.reports"];
const BANK: &[&str] = &["accounting.banktransactions"];

const FACTS: &[Facts] = &[
    (Endpoint::Organisation, "Organisation", "Organisations", "OrganisationID", SETTINGS),
    (Endpoint::Accounts, "Accounts", "Accounts", "AccountID", SETTINGS),
    (Endpoint::TaxRates, "TaxRates", "TaxRates", "TaxType", SETTINGS),
    (Endpoint::Currencies, "Currencies", "Currencies", "Code", SETTINGS),
    (Endpoint::TrackingCategories, "TrackingCategories", "TrackingCategories", "TrackingCategoryID", SETTINGS),
    (Endpoint::Contacts, "Contacts", "Contacts", "ContactID", &["accounting.contacts"]),
    (Endpoint::Items, "Items", "Items", "ItemID", &["accounting.settings", "accounting.invoices"]),
    (Endpoint::Invoices, "Invoices", "Invoices", "InvoiceID", INVOICES),
    (Endpoint::CreditNotes, "CreditNotes", "CreditNotes", "CreditNoteID", INVOICES),
    (Endpoint::PurchaseOrders, "PurchaseOrders", "PurchaseOrders", "PurchaseOrderID", INVOICES),
    (Endpoint::Payments, "Payments", "Payments", "PaymentID", PAYMENTS),
    (Endpoint::Prepayments, "Prepayments", "Prepayments", "PrepaymentID", PAYMENTS),
    (Endpoint::Overpayments, "Overpayments", "Overpayments", "OverpaymentID", PAYMENTS),
    (Endpoint::BankTransactions, "BankTransactions", "BankTransactions", "BankTransactionID", BANK),
    (Endpoint::BankTransfers, "BankTransfers", "BankTransfers", "BankTransferID", BANK),
    (Endpoint::ManualJournals, "ManualJournals", "ManualJournals", "ManualJournalID", &["accounting.manualjournals"]),
    (Endpoint::Reports, "Reports", "Reports", "ReportID", TRIAL_BALANCE),
];

/// Collections of the real API that this one does not have: they answer 501, not 404.
const ABSENT: &[&str] = &[
    "Attachments",
    "BatchPayments",
    "BrandingThemes",
    "Budgets",
    "ContactGroups",
    "ExpenseClaims",
    "InvoiceReminders",
    "Journals",
    "LinkedTransactions",
    "PaymentServices",
    "Quotes",
    "Receipts",
    "RepeatingInvoices",
    "Setup",
    "Users",
    "Employees",
];

impl Endpoint {
    pub(super) fn of(segment: &str) -> Option<Self> {
        // The documentation writes Organisation; the plural is answered as well.
        let segment = if segment == "Organisations" { "Organisation" } else { segment };
        FACTS.iter().find(|facts| facts.1 == segment).map(|facts| facts.0)
    }

    pub(super) fn is_absent(segment: &str) -> bool {
        ABSENT.contains(&segment)
    }

    fn facts(self) -> &'static Facts {
        FACTS.iter().find(|facts| facts.0 == self).unwrap_or(&FACTS[0])
    }

    pub(super) fn plural(self) -> &'static str {
        self.facts().2
    }

    pub(super) fn id_field(self) -> &'static str {
        self.facts().3
    }

    /// Whether granted scopes allow the call. A write scope contains its `.read` sibling. Attachments have a scope of
    /// their own on all records.
    pub(super) fn allowed(self, granted: &[String], writes: bool, files: bool) -> bool {
        let holds = |scope: &&str| {
            granted.iter().any(|have| have == *scope || (!writes && have.strip_suffix(".read") == Some(*scope)))
        };
        let wanted = if files { ATTACHMENTS } else { self.facts().4 };
        wanted.iter().any(holds)
    }
}
