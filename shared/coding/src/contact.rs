//! One contact of the books, as far as it tells a supplier.
//!
//! Owns which fields of Xero's contacts are looked at, and what standing a contact has. Reads what it is given; which records
//! there are is the mirror's. The mirror keeps neither bank details nor `IsSupplier`: they count only where they are given.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Whether a bill can be entered for a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It can.
    Active,
    /// Not before someone un-archives it in Xero.
    Archived,
    /// It became part of another contact, which may have become part of a third.
    Merged {
        /// The other.
        into: Uuid,
    },
    /// Its person asked to be forgotten (`GDPRREQUEST`).
    Erased,
    /// Xero says something that was not known when this was written.
    Other,
}

/// A contact; its texts are as long as whoever wrote them liked, and are cut where they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact<'a> {
    /// `ContactID`.
    pub id: Uuid,
    /// `Name`.
    pub name: &'a str,
    /// From `ContactStatus` and `MergedToContactID`.
    pub standing: Standing,
    /// `TaxNumber`; empty where there is none, as all that follow.
    pub tax_number: &'a str,
    /// `CompanyNumber`.
    pub company_number: &'a str,
    /// `AccountNumber`, which people use as they like: some keep the bank account there.
    pub account_number: &'a str,
    /// `BankAccountDetails`.
    pub bank_account: &'a str,
    /// `EmailAddress`.
    pub email: &'a str,
    /// `IsSupplier`; `None` where it is not told.
    pub is_supplier: Option<bool>,
}

impl<'a> Contact<'a> {
    /// Reads a record of kind `contacts`; `None` where it has no id or no name.
    pub fn read(fields: &'a Map<String, Value>) -> Option<Self> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = Uuid::try_parse(text("ContactID")).ok()?;
        let merged = Uuid::try_parse(text("MergedToContactID")).ok().filter(|into| !into.is_nil());
        let standing = match (text("ContactStatus"), merged) {
            (_, Some(into)) => Standing::Merged { into },
            ("ACTIVE" | "", None) => Standing::Active,
            ("ARCHIVED", None) => Standing::Archived,
            ("GDPRREQUEST", None) => Standing::Erased,
            _ => Standing::Other,
        };
        (!text("Name").is_empty()).then(|| Self {
            id,
            name: text("Name"),
            standing,
            tax_number: text("TaxNumber"),
            company_number: text("CompanyNumber"),
            account_number: text("AccountNumber"),
            bank_account: text("BankAccountDetails"),
            email: text("EmailAddress"),
            is_supplier: fields.get("IsSupplier").and_then(Value::as_bool),
        })
    }
}

impl Standing {
    /// Whether a bill can be entered as things stand.
    pub fn is_usable(self) -> bool {
        self == Self::Active
    }

    /// In words, where it is a reason against the contact.
    pub(crate) fn words(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Archived => Some("The contact is archived: it takes no bill until it is un-archived in Xero"),
            Self::Merged { .. } => Some("The contact was merged into another, which is to be used instead"),
            Self::Erased => Some("The contact's data were asked to be erased"),
            Self::Other => Some("The contact has a status that is not known here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(fields: Value, expected: Option<Standing>) {
        let fields = fields.as_object().unwrap();
        assert_eq!(Contact::read(fields).map(|contact| contact.standing), expected, "{fields:?}");
    }

    #[test]
    fn x4_a_contacts_standing_is_read_and_an_unknown_one_is_not_usable() {
        let (id, other) = (Uuid::from_u128(1).to_string(), Uuid::from_u128(2));
        let contact = |status: &str| json!({ "ContactID": id, "Name": "Brightwater", "ContactStatus": status });
        check(contact("ACTIVE"), Some(Standing::Active));
        check(contact("ARCHIVED"), Some(Standing::Archived));
        check(contact("GDPRREQUEST"), Some(Standing::Erased));
        check(contact("SOMETHING_NEW"), Some(Standing::Other));
        let mut merged = contact("ARCHIVED");
        merged["MergedToContactID"] = json!(other.to_string());
        check(merged, Some(Standing::Merged { into: other }));
        check(json!({ "ContactID": id, "Name": "Brightwater" }), Some(Standing::Active));
        check(json!({ "ContactID": "1", "Name": "Brightwater" }), None);
        check(json!({ "ContactID": id }), None);
        assert!(!Standing::Other.is_usable());
    }
}
