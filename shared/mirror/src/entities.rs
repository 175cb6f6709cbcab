//! The kinds of records that are kept in step, as a table: adding a kind is a row, not a branch.
//!
//! Source: Xero's Accounting API pages of each endpoint; which of them page, filter by time or raise webhooks.

/// One kind of record.
#[derive(Debug, PartialEq, Eq)]
pub struct Entity {
    /// Our name, as in the API and in keys.
    pub name: &'static str,
    /// Path below the API's root.
    pub path: &'static str,
    /// The list's key in the answer.
    pub collection: &'static str,
    /// The field that identifies a record.
    pub id_field: &'static str,
    /// Whether the list comes in pages of up to 1,000.
    pub paged: bool,
    /// Whether `If-Modified-Since` works.
    pub by_time: bool,
    /// Parameters without which records or digits would be missing.
    pub query: &'static [(&'static str, &'static str)],
    /// The webhook category, where Xero has one.
    pub webhook: Option<&'static str>,
    /// Whether `IDs` fetches many at once.
    pub by_ids: bool,
    /// Whether one record read by its id has the same digits as in the list: Xero gives the list four decimals of unit
    /// prices on request, and some single records only two.
    pub single: bool,
    /// Fields that are not kept: what changes without moving the time stamp would be told as a fact long after, and
    /// bank details have no purpose here.
    pub left_out: &'static [&'static str],
}

const PLAIN: Entity = Entity {
    name: "",
    path: "",
    collection: "",
    id_field: "",
    paged: false,
    by_time: false,
    query: &[],
    webhook: None,
    by_ids: false,
    single: true,
    left_out: &[],
};

const UNIT_PRICES: &[(&str, &str)] = &[("unitdp", "4")];
const WITH_ARCHIVED: &[(&str, &str)] = &[("includeArchived", "true")];

/// Every kind, in the order in which a run reads them: what others refer to comes first.
pub const ENTITIES: &[Entity] = &[
    Entity {
        name: "organisation",
        path: "/Organisation",
        collection: "Organisations",
        id_field: "OrganisationID",
        ..PLAIN
    },
    Entity {
        name: "accounts",
        path: "/Accounts",
        collection: "Accounts",
        id_field: "AccountID",
        by_time: true,
        ..PLAIN
    },
    Entity { name: "tax_rates", path: "/TaxRates", collection: "TaxRates", id_field: "TaxType", ..PLAIN },
    Entity { name: "currencies", path: "/Currencies", collection: "Currencies", id_field: "Code", ..PLAIN },
    Entity {
        name: "tracking_categories",
        path: "/TrackingCategories",
        collection: "TrackingCategories",
        id_field: "TrackingCategoryID",
        query: WITH_ARCHIVED,
        ..PLAIN
    },
    Entity {
        name: "items",
        path: "/Items",
        collection: "Items",
        id_field: "ItemID",
        by_time: true,
        query: UNIT_PRICES,
        ..PLAIN
    },
    Entity {
        name: "contacts",
        path: "/Contacts",
        collection: "Contacts",
        id_field: "ContactID",
        paged: true,
        by_time: true,
        query: WITH_ARCHIVED,
        webhook: Some("CONTACT"),
        by_ids: true,
        single: true,
        left_out: &["Balances", "IsCustomer", "IsSupplier", "BankAccountDetails", "BatchPayments"],
    },
    Entity {
        name: "invoices",
        path: "/Invoices",
        collection: "Invoices",
        id_field: "InvoiceID",
        paged: true,
        by_time: true,
        query: &[("includeArchived", "true"), ("unitdp", "4")],
        webhook: Some("INVOICE"),
        by_ids: true,
        ..PLAIN
    },
    Entity {
        name: "credit_notes",
        path: "/CreditNotes",
        collection: "CreditNotes",
        id_field: "CreditNoteID",
        paged: true,
        by_time: true,
        query: UNIT_PRICES,
        webhook: Some("CREDITNOTE"),
        ..PLAIN
    },
    Entity {
        name: "purchase_orders",
        path: "/PurchaseOrders",
        collection: "PurchaseOrders",
        id_field: "PurchaseOrderID",
        paged: true,
        by_time: true,
        ..PLAIN
    },
    Entity {
        name: "payments",
        path: "/Payments",
        collection: "Payments",
        id_field: "PaymentID",
        paged: true,
        by_time: true,
        ..PLAIN
    },
    Entity {
        name: "prepayments",
        path: "/Prepayments",
        collection: "Prepayments",
        id_field: "PrepaymentID",
        paged: true,
        by_time: true,
        query: UNIT_PRICES,
        webhook: Some("PREPAYMENT"),
        single: false,
        ..PLAIN
    },
    Entity {
        name: "overpayments",
        path: "/Overpayments",
        collection: "Overpayments",
        id_field: "OverpaymentID",
        paged: true,
        by_time: true,
        query: UNIT_PRICES,
        webhook: Some("OVERPAYMENT"),
        single: false,
        ..PLAIN
    },
    Entity {
        name: "bank_transactions",
        path: "/BankTransactions",
        collection: "BankTransactions",
        id_field: "BankTransactionID",
        paged: true,
        by_time: true,
        query: UNIT_PRICES,
        ..PLAIN
    },
    Entity {
        name: "bank_transfers",
        path: "/BankTransfers",
        collection: "BankTransfers",
        id_field: "BankTransferID",
        by_time: true,
        query: &[("includeDeleted", "true")],
        ..PLAIN
    },
    Entity {
        name: "manual_journals",
        path: "/ManualJournals",
        collection: "ManualJournals",
        id_field: "ManualJournalID",
        paged: true,
        by_time: true,
        ..PLAIN
    },
];

/// The kind of that name.
pub fn entity(name: &str) -> Option<&'static Entity> {
    ENTITIES.iter().find(|entity| entity.name == name)
}

/// The kind a webhook category speaks of; `None` for categories we do not mirror or do not know yet.
pub fn of_webhook(category: &str) -> Option<&'static Entity> {
    ENTITIES.iter().find(|entity| entity.webhook.is_some_and(|name| name.eq_ignore_ascii_case(category)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_webhook_category_finds_its_kind() {
        for entity in ENTITIES {
            assert_eq!(ENTITIES.iter().filter(|other| other.name == entity.name).count(), 1);
        }
        for category in ["CONTACT", "INVOICE", "CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"] {
            assert!(of_webhook(category).is_some(), "{category}");
        }
        assert_eq!(of_webhook("SUBSCRIPTION"), None);
    }
}
