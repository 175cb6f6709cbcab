//! Writes: bodies into elements, elements into records, and the two ways Xero reports what failed.
//!
//! Sources: "HTTP Requests and Responses". Without `summarizeErrors=false` one bad element fails the call and nothing is
//! saved, unless the settings say that the valid ones are; with it each element stands for itself and the call is a 200.

use ports::{HttpRequest, Method};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::accounting::{Caller, envelope, single};
use super::address::Address;
use super::books::Books;
use super::element::{Element, unreadable};
use super::endpoints::Endpoint;
use super::reading::Ask;
use super::refusals::{self, Refusal};
use super::reply::{Reply, messages, no_data, not_found, not_implemented, post_data_invalid, validation};
use super::wire::{bare_time, iso_zoneless};
use super::{
    write_advances, write_bank, write_contacts, write_documents, write_journals, write_payments, write_settings,
};

/// A record that was saved, and what Xero wants to say about it.
pub(super) struct Saved {
    pub(super) id: String,
    pub(super) warnings: Vec<String>,
}

impl Saved {
    pub(super) fn plainly(id: Uuid) -> Self {
        Self { id: id.to_string(), warnings: Vec::new() }
    }
}

/// What became of one element.
pub(super) type Outcome = Result<Saved, Refusal>;

/// One element and how it arrived.
#[derive(Clone, Copy)]
pub(super) struct Submitted<'a> {
    pub(super) element: Element<'a>,
    /// PUT only creates; POST creates or updates.
    pub(super) creates_only: bool,
    /// The record named in the path, known to exist.
    pub(super) target: Option<Uuid>,
    /// Decimal places of unit amounts.
    pub(super) places: u32,
}

/// Answers a write.
pub(super) fn write(
    books: &mut Books,
    caller: &Caller,
    endpoint: Endpoint,
    request: &HttpRequest,
    rest: &[&str],
    address: &Address,
) -> Reply {
    if request.method == Method::Delete {
        return delete(books, caller, endpoint, rest);
    }
    let body: Value = match serde_json::from_slice(&request.body) {
        Ok(body) => body,
        Err(_) if request.body.is_empty() => return no_data(),
        Err(error) => return post_data_invalid(&format!("The body is not valid JSON: line {}", error.line())),
    };
    match rest {
        [key, "History"] => return add_note(books, caller, endpoint, key, &body),
        [key, "Allocations"] => return write_advances::allocate(books, caller, endpoint, key, &body, address),
        [key, "Options", option @ ..] => return write_settings::options(books, caller, key, option.first(), &body),
        [_, _, ..] => return not_implemented(),
        _ => (),
    }
    if let Some(text) = unreadable(&body, "") {
        return post_data_invalid(&text);
    }
    let Some(mut elements) = elements(&body, endpoint.plural()) else { return no_data() };
    if elements.len() > elements_max(endpoint) {
        let most = elements_max(endpoint);
        return post_data_invalid(&format!("A maximum of {most} elements may be sent to this endpoint in a request"));
    }
    if endpoint == Endpoint::Accounts && lists_errors(address) {
        elements.truncate(1); // A known fault of Xero's: the others are passed over without a word.
    }
    let alone = matches!(endpoint, Endpoint::Accounts | Endpoint::TaxRates)
        || (endpoint == Endpoint::Payments && request.method == Method::Post);
    if alone && elements.len() > 1 {
        return post_data_invalid("Only one element may be sent to this endpoint in a request");
    }
    let target = match rest.first() {
        None => None,
        Some(key) => match target(books, endpoint, key) {
            Some(id) if elements.len() == 1 => Some(id),
            Some(_) => return post_data_invalid("Only one element may be sent to a single resource"),
            None => return not_found(),
        },
    };
    batch(books, caller, endpoint, request.method == Method::Put, target, address, &elements)
}

/// Most elements of one request: what Xero recommends is what it takes here.
fn elements_max(endpoint: Endpoint) -> usize {
    if endpoint == Endpoint::Items { 500 } else { 50 }
}

/// `summarizeErrors=false`, said in so many words: each element of the answer stands for itself.
fn lists_errors(address: &Address) -> bool {
    address.parameter("summarizeErrors").is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

/// A body is one element or a list under the collection's name.
fn elements<'a>(body: &'a Value, plural: &str) -> Option<Vec<&'a Map<String, Value>>> {
    let fields = body.as_object()?;
    match fields.get(plural) {
        Some(Value::Array(items)) => {
            let objects: Vec<_> = items.iter().filter_map(Value::as_object).collect();
            (!objects.is_empty() && objects.len() == items.len()).then_some(objects)
        }
        Some(_) => None,
        // One key that holds a list or an object is a wrapper of another name.
        None if fields.len() == 1 && fields.iter().all(|(name, inner)| is_wrapper(name, inner)) => None,
        None => (!fields.is_empty()).then(|| vec![fields]),
    }
}

/// Fields of elements that hold lists or objects themselves.
const COMPOSITE: &[&str] = &[
    "LineItems",
    "JournalLines",
    "Contact",
    "Invoice",
    "Account",
    "BankAccount",
    "Addresses",
    "Phones",
    "ContactPersons",
    "SalesDetails",
    "PurchaseDetails",
    "TaxComponents",
    "Tracking",
];

fn is_wrapper(name: &str, inner: &Value) -> bool {
    (inner.is_array() || inner.is_object()) && !COMPOSITE.contains(&name)
}

/// The record a path names, by id or by number.
pub(super) fn target(books: &Books, endpoint: Endpoint, key: &str) -> Option<Uuid> {
    let address = Address::default();
    let ask = Ask { address: &address, since_ms: i64::MIN, today: jiff::civil::Date::ZERO, app: 0 };
    let found = single(books, endpoint, key, &ask)?;
    Element(found.as_object()?).id(endpoint.id_field())
}

fn batch(
    books: &mut Books,
    caller: &Caller,
    endpoint: Endpoint,
    creates_only: bool,
    target: Option<Uuid>,
    address: &Address,
    elements: &[&Map<String, Value>],
) -> Reply {
    let listing = lists_errors(address);
    let ask = Ask { address, since_ms: i64::MIN, today: caller.today, app: caller.app };
    let places = ask.places();
    let mut answers = Vec::new();
    let mut refused = Vec::new();
    let each_alone = listing || books.habits.keeps_valid_elements;
    if !each_alone {
        books.begin();
    }
    for fields in elements {
        let element = Element(fields);
        if each_alone {
            books.begin();
        }
        match save(books, caller, endpoint, Submitted { element, creates_only, target, places }) {
            Ok(saved) => {
                answers.push(answered(books, endpoint, &ask, &saved, listing));
                if each_alone {
                    books.keep();
                }
            }
            Err(refusal) => {
                if each_alone {
                    books.roll_back();
                }
                match (listing, endpoint) {
                    (true, Endpoint::Accounts) => answers.push(refusals::hidden(element)),
                    (true, _) => answers.push(refusals::listed(endpoint, element, &refusal)),
                    (false, _) => refused.push(refusals::echoed(endpoint, element, &refusal)),
                }
            }
        }
    }
    if !refused.is_empty() {
        if !each_alone {
            books.roll_back();
        }
        return validation(refused);
    }
    books.keep();
    let pagination = None;
    envelope(books, caller, endpoint.plural(), answers, pagination)
}

/// Saves one element.
pub(super) fn save(books: &mut Books, caller: &Caller, endpoint: Endpoint, sent: Submitted<'_>) -> Outcome {
    match endpoint {
        Endpoint::Invoices | Endpoint::CreditNotes | Endpoint::PurchaseOrders => {
            write_documents::save(books, caller, endpoint, sent)
        }
        Endpoint::Contacts => write_contacts::save(books, caller, sent),
        Endpoint::Payments => write_payments::save(books, caller, sent),
        Endpoint::ManualJournals => write_journals::save(books, caller, sent),
        Endpoint::BankTransactions => write_bank::save(books, caller, sent),
        Endpoint::BankTransfers => write_bank::save_transfer(books, caller, sent),
        Endpoint::Accounts => write_settings::save_account(books, caller, sent),
        Endpoint::Items => write_settings::save_item(books, caller, sent),
        Endpoint::TrackingCategories => write_settings::save_category(books, caller, sent),
        Endpoint::Currencies => write_settings::save_currency(books, sent),
        Endpoint::TaxRates => write_settings::save_tax_rate(books, sent),
        Endpoint::Organisation | Endpoint::Prepayments | Endpoint::Overpayments | Endpoint::Reports => {
            Err("This endpoint is read only".into())
        }
    }
}

/// Collections whose elements carry `Warnings`.
fn warns(endpoint: Endpoint) -> bool {
    use Endpoint::{Contacts, CreditNotes, Invoices, ManualJournals, Payments, PurchaseOrders};
    matches!(endpoint, Contacts | CreditNotes | Invoices | ManualJournals | Payments | PurchaseOrders)
}

/// Collections whose elements carry `StatusAttributeString`.
fn tells_status(endpoint: Endpoint) -> bool {
    warns(endpoint) || matches!(endpoint, Endpoint::BankTransactions | Endpoint::Items)
}

fn answered(books: &Books, endpoint: Endpoint, ask: &Ask<'_>, saved: &Saved, listing: bool) -> Value {
    let mut out = if endpoint == Endpoint::Currencies {
        let found = books.currencies.iter().find(|(code, _)| **code == *saved.id);
        json!({ "Code": saved.id, "Description": found.map(|(_, name)| name) })
    } else {
        single(books, endpoint, &saved.id, ask).unwrap_or_default()
    };
    if listing && tells_status(endpoint) {
        out["StatusAttributeString"] = json!(if saved.warnings.is_empty() { "OK" } else { "WARNING" });
    }
    if !saved.warnings.is_empty() && warns(endpoint) {
        out["Warnings"] = messages(&saved.warnings);
    }
    out
}

fn delete(books: &mut Books, caller: &Caller, endpoint: Endpoint, rest: &[&str]) -> Reply {
    match (endpoint, rest) {
        (Endpoint::Accounts, [key]) => write_settings::delete_account(books, caller, key),
        (Endpoint::Items, [key]) => write_settings::delete_item(books, caller, key),
        (Endpoint::TrackingCategories, [key]) => write_settings::delete_category(books, caller, key),
        (Endpoint::TrackingCategories, [key, "Options", option]) => {
            write_settings::delete_option(books, caller, key, option)
        }
        (Endpoint::CreditNotes | Endpoint::Prepayments | Endpoint::Overpayments, [key, "Allocations", allocation]) => {
            write_advances::delete_allocation(books, caller, endpoint, key, allocation)
        }
        _ => not_implemented(),
    }
}

/// A record's history, newest last.
pub(super) fn history(books: &Books, endpoint: Endpoint, key: &str) -> Option<Vec<Value>> {
    let id = target(books, endpoint, key)?;
    let notes = books.history.get(&id).map(Vec::as_slice).unwrap_or_default();
    let one = |note: &super::books::Note| {
        json!({
            "Changes": note.change, "DateUTC": bare_time(note.at), "DateUTCString": iso_zoneless(note.at),
            "User": note.user, "Details": note.details,
        })
    };
    Some(notes.iter().map(one).collect())
}

/// Longest note.
const NOTE_CHARS_MAX: usize = 2_500;

fn add_note(books: &mut Books, caller: &Caller, endpoint: Endpoint, key: &str, body: &Value) -> Reply {
    let Some(id) = target(books, endpoint, key) else { return not_found() };
    let Some(records) = elements(body, "HistoryRecords") else { return no_data() };
    let refuses = matches!(endpoint, Endpoint::Payments | Endpoint::Prepayments | Endpoint::Overpayments);
    let texts: Vec<&str> = records.iter().filter_map(|record| Element(record).text("Details")).collect();
    let fits = |text: &&str| (1..=NOTE_CHARS_MAX).contains(&text.chars().count());
    let at = caller.now_ms();
    let row = |text: &str| json!({ "Details": text, "DateUTC": bare_time(at), "DateUTCString": iso_zoneless(at) });
    if refuses || texts.len() != records.len() || !texts.iter().all(fits) {
        let text = if refuses {
            "The document with the supplied id was not found for this endpoint."
        } else {
            "Details must have 1 to 2500 characters."
        };
        let mut echo = row(texts.first().copied().unwrap_or_default());
        echo["ValidationErrors"] = messages(&[text.to_owned()]);
        return validation(vec![echo]);
    }
    texts.iter().for_each(|text| books.note(id, "Note", (*text).to_owned(), "System Generated", at));
    let answers = texts.into_iter().map(row).collect();
    envelope(books, caller, "HistoryRecords", answers, None)
}
