//! Contacts: matching, unique names, archiving; and the contact a document names.

use uuid::Uuid;

use super::accounting::Caller;
use super::books::Books;
use super::element::Element;
use super::model::{Contact, Postal, Status};
use super::refusals::{Place, Refusal};
use super::writing::{Outcome, Saved, Submitted};

const NAME_CHARS_MAX: usize = 255;

/// Creates or updates a contact. Matching: id, else number, else exact name; never by e-mail.
pub(super) fn save(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let id = sent.target.or(element.id("ContactID"));
    let number = element.text("ContactNumber").unwrap_or_default();
    let name = element.text("Name");
    let existing = match id {
        Some(_) if sent.creates_only && sent.target.is_none() => {
            return Err("A contact with this id exists already".into());
        }
        Some(id) => Some(books.contacts.find(id).map(|found| found.id).ok_or_else(|| missing(id))?),
        None if sent.creates_only => None,
        None => books.contact_by_number(number).or_else(|| books.contact_by_name(name?)).map(|found| found.id),
    };
    if existing.is_none() && name.is_none_or(str::is_empty) {
        let text = "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber";
        return Err(text.to_owned().into());
    }
    let errors = check(books, element, existing, sent.creates_only);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let (now, created) = (caller.now_ms(), existing.is_none());
    let id = match existing {
        Some(id) => id,
        None => {
            let contact = blank(books, now);
            let id = contact.id;
            books.contacts.add(contact);
            id
        }
    };
    books.contacts.change(id, Some(now), |contact| fill(contact, element));
    books.tell("CONTACT", created, id, caller.now);
    books.note(id, if created { "Created" } else { "Edited" }, String::new(), &caller.app_name, now);
    Ok(Saved::plainly(id))
}

fn missing(id: Uuid) -> Vec<String> {
    vec![format!("A contact with ContactID {id} could not be found")]
}

fn check(books: &Books, element: Element<'_>, existing: Option<Uuid>, creates_only: bool) -> Vec<String> {
    let mut errors = Vec::new();
    if let Some(name) = element.text("Name") {
        let stray = name.contains(['<', '>']) || name.trim() != name || name.contains("  ");
        if name.is_empty() || stray || name.chars().count() > NAME_CHARS_MAX {
            errors.push("The contact name is not valid".to_owned());
        }
    }
    errors.extend(name_taken(books, element, existing));
    if let Some(number) = element.text("ContactNumber").filter(|number| !number.is_empty()) {
        let other = books.contact_by_number(number).filter(|other| Some(other.id) != existing);
        if other.is_some() || (creates_only && books.contact_by_number(number).is_some()) {
            errors.push("Another contact has this contact number. Please enter a different contact number.".to_owned());
        }
    }
    for (name, most) in [("ContactNumber", 50), ("AccountNumber", 50), ("TaxNumber", 50), ("FirstName", 255)] {
        if element.text(name).is_some_and(|text| text.chars().count() > most) {
            errors.push(format!("The field {name} must be a string with a maximum length of {most}."));
        }
    }
    if element.list("ContactPersons").is_some_and(|persons| persons.len() > PERSONS_MAX) {
        errors.push("A contact can have at most 5 contact persons".to_owned());
    }
    if element.text("ContactStatus").is_some_and(|status| !matches!(status, "ACTIVE" | "ARCHIVED")) {
        errors.push("The contact status is not valid".to_owned());
    }
    errors
}

/// The message for a name that another active contact has, in any case of letters. An archived contact may share its
/// name, until it is to be active again.
fn name_taken(books: &Books, element: Element<'_>, existing: Option<Uuid>) -> Option<String> {
    let old = existing.and_then(|id| books.contacts.find(id));
    let status = element.text("ContactStatus").and_then(Status::parse).or(old.map(|old| old.status));
    let wakes = status == Some(Status::Active) && old.is_some_and(|old| old.status != Status::Active);
    if status.is_some_and(|status| status != Status::Active) || !(wakes || element.has("Name")) {
        return None;
    }
    let name = element.text("Name").or(old.map(|old| &*old.name))?;
    let folded = name.to_lowercase();
    let other = |each: &&Contact| {
        each.status == Status::Active && Some(each.id) != existing && each.name.to_lowercase() == folded
    };
    books.contacts.all().find(other)?;
    Some(format!(
        "The contact name {name} is already assigned to another contact. The contact name must be unique across all active contacts."
    ))
}

/// Most people of one contact.
const PERSONS_MAX: usize = 5;

/// An empty active contact.
pub(super) fn blank(books: &mut Books, now: i64) -> Contact {
    let none = || Box::from("");
    Contact {
        id: books.dice.uuid(),
        number: none(),
        account_number: none(),
        name: none(),
        first: none(),
        last: none(),
        email: none(),
        company_number: none(),
        tax_number: none(),
        phone: none(),
        addresses: Vec::new(),
        persons: Vec::new(),
        status: Status::Active,
        merged_to: None,
        is_supplier: false,
        is_customer: false,
        currency: None,
        sales_account: none(),
        purchases_account: none(),
        updated: now,
    }
}

/// Takes over what the element names. Persons are replaced as a whole: those not listed are gone.
fn fill(contact: &mut Contact, element: Element<'_>) {
    let put = |field: &mut Box<str>, name: &str| {
        if let Some(text) = element.text(name) {
            *field = text.into();
        }
    };
    put(&mut contact.name, "Name");
    put(&mut contact.number, "ContactNumber");
    put(&mut contact.account_number, "AccountNumber");
    put(&mut contact.first, "FirstName");
    put(&mut contact.last, "LastName");
    put(&mut contact.email, "EmailAddress");
    put(&mut contact.company_number, "CompanyNumber");
    put(&mut contact.tax_number, "TaxNumber");
    put(&mut contact.sales_account, "SalesDefaultAccountCode");
    put(&mut contact.purchases_account, "PurchasesDefaultAccountCode");
    if let Some(status) = element.text("ContactStatus").and_then(Status::parse) {
        contact.status = status;
    }
    if let Some(phone) = element.list("Phones").and_then(|all| all.first().and_then(|one| one.text("PhoneNumber"))) {
        contact.phone = phone.into();
    }
    let part = |each: Element<'_>, name: &str| Box::from(each.text(name).unwrap_or_default());
    if let Some(persons) = element.list("ContactPersons") {
        let one = |each: Element<'_>| [part(each, "FirstName"), part(each, "LastName"), part(each, "EmailAddress")];
        contact.persons = persons.into_iter().map(one).collect();
    }
    if let Some(addresses) = element.list("Addresses") {
        let one = |each: Element<'_>| Postal {
            kind: Box::from(each.text("AddressType").unwrap_or("POBOX")),
            line: part(each, "AddressLine1"),
            city: part(each, "City"),
            region: part(each, "Region"),
            code: part(each, "PostalCode"),
            country: part(each, "Country"),
        };
        contact.addresses = addresses.into_iter().map(one).collect();
    }
}

/// What happens to a document whose contact nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Created,
    Refused,
}

/// The messages for a contact that new documents may not name.
pub(super) fn not_in_use(books: &Books, contact: Uuid) -> Vec<String> {
    let status = books.contacts.find(contact).map_or(Status::Active, |found| found.status);
    if status == Status::Active {
        return Vec::new();
    }
    vec![
        format!("The status '{}' is not valid for contacts", status.as_str()),
        "The contact with the specified contact details has been archived. The contact must be un-archived before creating new invoices or credit notes".to_owned(),
    ]
}

/// The contact of a document: found, silently made from a name, or refused.
pub(super) fn of_document(
    books: &mut Books,
    caller: &Caller,
    sent: Option<Element<'_>>,
    unknown: Unknown,
) -> Result<Uuid, Refusal> {
    named(books, caller, sent, unknown).map_err(|refusal| refusal.at(Place::Contact))
}

fn named(books: &mut Books, caller: &Caller, sent: Option<Element<'_>>, unknown: Unknown) -> Result<Uuid, Refusal> {
    let Some(element) = sent else {
        return Err("A Contact must be specified for this type of transaction".into());
    };
    let id = element.id("ContactID");
    let number = element.text("ContactNumber").unwrap_or_default();
    let by_number = id.is_none().then(|| books.contact_by_number(number)).flatten();
    let by_name = || books.contact_by_name(element.text("Name")?);
    let known = id.or(by_number.map(|found| found.id)).or_else(|| by_name().map(|found| found.id));
    if let Some(id) = known {
        books.contacts.find(id).ok_or_else(|| missing(id))?;
        let archived = not_in_use(books, id);
        if !archived.is_empty() {
            return Err(archived.into());
        }
        if element.0.len() == 1 {
            return Ok(id);
        }
    } else if unknown == Unknown::Refused {
        return Err("The contact must exist before a purchase order can name it".into());
    }
    // Anything beside what identifies the contact updates it; a name nobody has makes a new one.
    let submitted = Submitted { element, creates_only: false, target: known, places: 2 };
    let saved = save(books, caller, submitted)?;
    let id = Uuid::try_parse(&saved.id).map_err(|_| missing(Uuid::nil()))?;
    if !element.has("ContactPersons") {
        books.contacts.change(id, None, |contact| contact.persons.clear());
    }
    Ok(id)
}
