//! Contacts: matching, unique names, archiving; and the contact a document names.

use uuid::Uuid;

use super::accounting::Caller;
use super::books::Books;
use super::element::Element;
use super::model::{Contact, Postal, Status};
use super::writing::{Outcome, Saved, Submitted};

const NAME_CHARS_MAX: usize = 255;

/// Creates or updates a contact. Matching: id, else number, else exact name; never by e-mail.
pub(super) fn save(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let id = sent.target.or(element.id("ContactID"));
    let number = element.text("ContactNumber").unwrap_or_default();
    let name = element.text("Name");
    let existing = match id {
        Some(id) => Some(books.contacts.find(id).map(|found| found.id).ok_or_else(|| missing(id))?),
        None if sent.creates_only => None,
        None => books.contact_by_number(number).or_else(|| books.contact_by_name(name?)).map(|found| found.id),
    };
    if existing.is_none() && name.is_none_or(str::is_empty) {
        let text = "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber";
        return Err(vec![text.to_owned()]);
    }
    let errors = check(books, element, existing, sent.creates_only);
    if !errors.is_empty() {
        return Err(errors);
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
        let archives = element.text("ContactStatus") == Some("ARCHIVED");
        if books.contact_by_name(name).is_some_and(|other| Some(other.id) != existing) && !archives {
            errors.push(format!(
                "The contact name {name} is already assigned to another contact. The contact name must be unique across all active contacts."
            ));
        }
    }
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
    if element.text("ContactStatus").is_some_and(|status| !matches!(status, "ACTIVE" | "ARCHIVED")) {
        errors.push("The contact status is not valid".to_owned());
    }
    errors
}

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

/// The contact of a document: found, silently made from a name, or refused when archived.
pub(super) fn of_document(books: &mut Books, caller: &Caller, sent: Option<Element<'_>>) -> Result<Uuid, Vec<String>> {
    let Some(element) = sent else {
        return Err(vec!["A Contact must be specified for this type of transaction".to_owned()]);
    };
    let by_number = books.contact_by_number(element.text("ContactNumber").unwrap_or_default()).map(|found| found.id);
    if let Some(id) = element.id("ContactID").or(by_number) {
        let found = books.contacts.find(id).ok_or_else(|| missing(id))?;
        if found.status != Status::Active {
            return Err(vec![
                "The status 'ARCHIVED' is not valid for contacts".to_owned(),
                "The contact with the specified contact details has been archived. The contact must be un-archived before creating new invoices or credit notes".to_owned(),
            ]);
        }
        if element.0.len() == 1 {
            return Ok(id);
        }
    }
    // Anything beside the id updates the contact; a name nobody has makes a new one.
    let known = element.id("ContactID").or_else(|| {
        let number = element.text("ContactNumber").unwrap_or_default();
        books.contact_by_number(number).or_else(|| books.contact_by_name(element.text("Name")?)).map(|found| found.id)
    });
    if known.is_some() && element.id("ContactID").is_none() && element.0.len() == 1 {
        return Ok(known.unwrap_or_default());
    }
    let submitted = Submitted { element, creates_only: false, target: known, places: 2 };
    let saved = save(books, caller, submitted)?;
    Uuid::try_parse(&saved.id).map_err(|_| missing(Uuid::nil()))
}
