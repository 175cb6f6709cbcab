//! The contact of a bill, created where there is none yet.
//!
//! Xero keeps names of active contacts apart, without regard to case and accents, so a name that is taken is refused and
//! nobody gets a twin. Whoever is refused, or does not know what became of a write, looks for the name. An existing contact
//! is never written to: `PUT` creates, and nothing here updates.
//!
//! Source: the page Contacts.

use kernel::place_of;
use ports::{HttpResponse, TransportError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ContactId;
use crate::answers::{Failure, answer_of, read_answered, refusals_of};
use crate::record::unreadable;
use crate::wire::or_empty;
use xero::catalogue::Refusal;
use xero::page::cut;
use xero::{ApiRead, ApiWrite, IdempotencyKey, WriteMethod, XeroError, sort_answer};

/// Xero's limit of a contact's name.
pub const NAME_CHARS_MAX: usize = 255;
/// Xero's limit of a tax number and a company number.
pub const TAX_NUMBER_CHARS_MAX: usize = 50;
/// Contacts of one name that are looked at: active ones cannot be more than one, archived ones can.
pub const ALIKE_MAX: u32 = 100;
const COLLECTION: &str = "Contacts";

/// A supplier to be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSupplier {
    /// Its name, 1 to [`NAME_CHARS_MAX`] letters.
    pub name: String,
    /// Its VAT or other tax number, up to [`TAX_NUMBER_CHARS_MAX`] letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
}

/// Why a supplier is not sent at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SupplierFault {
    /// Empty, too long, or with letters that Xero refuses.
    #[error("the supplier's name must have 1 to 255 letters, none of them < or >, and no double spaces")]
    NameUnusable,
    /// Too long, or with control letters.
    #[error("the supplier's tax number has more than 50 letters, or control letters")]
    TaxNumberUnusable,
}

impl NewSupplier {
    /// Refuses what Xero would refuse in any books.
    pub fn check(&self) -> Result<(), SupplierFault> {
        let name = self.name.as_str();
        let control = |text: &str| text.chars().any(char::is_control);
        let long = name.chars().count() > NAME_CHARS_MAX;
        let spaced = name.trim() != name || name.contains("  ");
        if name.is_empty() || long || spaced || control(name) || name.contains(['<', '>']) {
            return Err(SupplierFault::NameUnusable);
        }
        let unusable = |number: &String| number.chars().count() > TAX_NUMBER_CHARS_MAX || control(number);
        match self.tax_number.as_ref().is_some_and(unusable) {
            true => Err(SupplierFault::TaxNumberUnusable),
            false => Ok(()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    contacts: [Element<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Element<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_number: Option<&'a str>,
}

/// Creates a contact.
pub fn create_supplier(supplier: &NewSupplier, key: IdempotencyKey) -> Result<ApiWrite, SupplierFault> {
    supplier.check()?;
    let contacts = [Element { name: &supplier.name, tax_number: supplier.tax_number.as_deref() }];
    let body = serde_json::to_vec(&Body { contacts }).expect("fixed names and texts are always JSON");
    let path = format!("/{COLLECTION}");
    let query = Vec::new();
    Ok(ApiWrite { method: WriteMethod::Put, path, query, body: body.into(), content_type: None, idempotency_key: key })
}

/// What became of a contact.
#[derive(Debug)]
pub enum SupplierOutcome {
    /// It is there.
    Written(ContactId),
    /// Another active contact has that name: look for it.
    NameTaken,
    /// Xero refuses it, and nothing was written. A person acts.
    Rejected(Vec<Refusal>),
    /// It came no further than Xero's door.
    TurnedAway(XeroError),
    /// Written or not, nobody knows.
    Unknown(XeroError),
}

/// Reads the answer to [`create_supplier`].
pub fn read_supplier_created(answer: Result<HttpResponse, TransportError>) -> SupplierOutcome {
    let settled = answer_of(answer).and_then(|response| {
        let answered = read_answered(&response, COLLECTION).map_err(Failure::Unknown)?;
        match (answered.remarks.is_refused(), answered.remarks.contact_id()) {
            (false, Some(id)) => Ok(ContactId(id)),
            (true, None) => Err(Failure::Rejected(refusals_of(&answered.remarks))),
            _ => Err(Failure::Unknown(unreadable("the answer is not about one contact that was created"))),
        }
    });
    match settled {
        Ok(id) => SupplierOutcome::Written(id),
        Err(Failure::Rejected(refusals)) if refusals.iter().any(is_taken) => SupplierOutcome::NameTaken,
        Err(Failure::Rejected(refusals)) => SupplierOutcome::Rejected(refusals),
        Err(Failure::TurnedAway(error)) => SupplierOutcome::TurnedAway(error),
        Err(Failure::Unknown(error)) => SupplierOutcome::Unknown(error),
    }
}

fn is_taken(refusal: &Refusal) -> bool {
    refusal.raw.contains("is already assigned to another contact")
}

/// Contacts of exactly that name but for case and accents, archived ones too.
pub fn look_up_suppliers(name: &str) -> Option<ApiRead> {
    // A quote would need escapes, whose rules are not written down.
    let quotable = !name.contains(['"', '\\']);
    quotable.then(|| ApiRead {
        path: format!("/{COLLECTION}"),
        query: vec![
            ("where", format!("Name==\"{name}\"")),
            ("page", "1".to_owned()),
            ("pageSize", ALIKE_MAX.to_string()),
        ],
        ..ApiRead::default()
    })
}

/// A contact at Xero.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SupplierRecord {
    /// Its id.
    #[serde(rename = "ContactID")]
    pub id: ContactId,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `ARCHIVED` or `GDPRREQUEST`; empty where Xero does not say.
    #[serde(default, deserialize_with = "or_empty")]
    pub contact_status: String,
}

/// Reads the answer to [`look_up_suppliers`]: the active contacts.
pub fn read_suppliers(answer: HttpResponse) -> Result<Vec<SupplierRecord>, XeroError> {
    let answer = sort_answer(answer)?;
    let page = cut(&answer.body, COLLECTION)?;
    let read = |text: &str| serde_json::from_str(text).map_err(|error| unreadable(place_of(&error)));
    let all: Result<Vec<SupplierRecord>, XeroError> = page.elements.iter().map(|raw| read(raw.get())).collect();
    Ok(all?
        .into_iter()
        .filter(|contact| !matches!(contact.contact_status.as_str(), "ARCHIVED" | "GDPRREQUEST"))
        .collect())
}

/// Xero's id of a contact, from text.
impl std::str::FromStr for ContactId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

impl std::fmt::Display for ContactId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tests::key;

    fn supplier(name: &str) -> NewSupplier {
        NewSupplier { name: name.to_owned(), tax_number: None }
    }

    #[test]
    fn a_contact_is_created_by_put_with_its_name_and_tax_number_alone() {
        let wanted = NewSupplier { tax_number: Some("GB123".into()), ..supplier("Ridge Ltd") };
        let write = create_supplier(&wanted, key()).unwrap();
        assert_eq!((write.method, write.path.as_str()), (WriteMethod::Put, "/Contacts"));
        assert_eq!(&write.body[..], br#"{"Contacts":[{"Name":"Ridge Ltd","TaxNumber":"GB123"}]}"#);
    }

    #[test]
    fn a_name_that_xero_would_refuse_or_change_is_not_sent() {
        for name in ["", " a", "a ", "a  b", "a<b", "a\nb", &"x".repeat(256)] {
            assert_eq!(create_supplier(&supplier(name), key()), Err(SupplierFault::NameUnusable), "{name:?}");
        }
        let long = NewSupplier { tax_number: Some("x".repeat(51)), ..supplier("a") };
        assert_eq!(long.check(), Err(SupplierFault::TaxNumberUnusable));
        assert_eq!(supplier(&"é".repeat(255)).check(), Ok(()));
    }

    fn answer(status: u16, body: Value) -> HttpResponse {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        HttpResponse { status, headers, body: body.to_string().into(), wire_bytes: 0 }
    }

    #[track_caller]
    fn check(status: u16, body: Value, expected: &str) {
        let outcome = format!("{:?}", read_supplier_created(Ok(answer(status, body))));
        assert!(outcome.starts_with(expected), "{outcome} is not {expected}");
    }

    #[test]
    fn an_answer_is_sorted_by_who_acts_next() {
        let id = Uuid::from_u128(7);
        check(200, json!({ "Contacts": [{ "ContactID": id, "Name": "a" }] }), "Written");
        let refused = |message: &str| json!({ "Elements": [{ "ContactID": Uuid::nil(), "ValidationErrors": [{ "Message": message }] }] });
        let taken = "The contact name a is already assigned to another contact. The contact name must be unique across all active contacts.";
        check(400, refused(taken), "NameTaken");
        check(400, refused("The Contact must contain a name"), "Rejected");
        check(200, json!({ "Contacts": [] }), "Unknown");
        check(200, json!({ "Contacts": [{ "ContactID": id, "ValidationErrors": [{ "Message": "x" }] }] }), "Unknown");
        check(500, Value::Null, "Unknown");
        check(404, Value::Null, "TurnedAway");
    }

    #[test]
    fn the_search_is_by_the_exact_name_and_archived_contacts_do_not_count() {
        let read = look_up_suppliers("Ridge Ltd").unwrap();
        assert_eq!(read.query[0], ("where", "Name==\"Ridge Ltd\"".to_owned()));
        assert_eq!(look_up_suppliers("a\"b"), None);
        let of = |number: u128, status: &str| json!({ "ContactID": Uuid::from_u128(number), "Name": "a", "ContactStatus": status });
        let body = json!({ "Contacts": [of(1, "ARCHIVED"), of(2, "ACTIVE")] });
        let found = read_suppliers(answer(200, body)).unwrap();
        assert_eq!(found.iter().map(|each| each.id.0.as_u128()).collect::<Vec<_>>(), [2]);
        assert!(read_suppliers(answer(200, json!({ "Contacts": [{ "Name": "a" }] }))).is_err());
    }
}
