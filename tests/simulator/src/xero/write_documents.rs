//! Invoices, bills, credit notes and purchase orders: creation, updates, and moves from status to status.
//!
//! Sources: the pages Invoices, Credit Notes and Purchase Orders. Xero has no DELETE for them: they are voided or
//! deleted by a POST of the status alone.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::accounting::Caller;
use super::books::Books;
use super::document_rules::{
    HAS_PAYMENT, NAMING_FIELDS, PAID_BILL_FIELDS, QUIET_FIELDS, is_numbered, judge, may_move, number_field, recheck,
};
use super::element::{Element, link_fault};
use super::endpoints::Endpoint;
use super::lines::{self, Purpose};
use super::model::{Document, Kind, Status, Taxing};
use super::refusals::{Refusal, Remarks};
use super::shelf::Shelf;
use super::totals;
use super::write_contacts::{self, Unknown};
use super::writing::{Outcome, Saved, Submitted};

pub(super) fn shelf(books: &mut Books, endpoint: Endpoint) -> &mut Shelf<Document> {
    match endpoint {
        Endpoint::CreditNotes => &mut books.credit_notes,
        Endpoint::PurchaseOrders => &mut books.orders,
        Endpoint::BankTransactions => &mut books.bank_transactions,
        _ => &mut books.invoices,
    }
}

/// Creates or updates one document.
pub(super) fn save(books: &mut Books, caller: &Caller, endpoint: Endpoint, sent: Submitted<'_>) -> Outcome {
    match existing(books, endpoint, sent)? {
        Some(old) => update(books, caller, endpoint, sent, old),
        None => create(books, caller, endpoint, sent),
    }
}

/// The document an element is about: by path, by id, or on POST by a number that is unique.
fn existing(books: &mut Books, endpoint: Endpoint, sent: Submitted<'_>) -> Result<Option<Document>, Refusal> {
    let shelf = shelf(books, endpoint);
    let id = sent.target.or(sent.element.id(endpoint.id_field()));
    if let Some(id) = id {
        let found = shelf.find(id).cloned();
        return match found {
            Some(_) if sent.creates_only => Err("A document with this id exists already".into()),
            Some(document) => Ok(Some(document)),
            None => Err(format!("An existing document with {} {id} could not be found", endpoint.id_field()).into()),
        };
    }
    let number = sent.element.text(number_field(endpoint)).unwrap_or_default();
    let by_number =
        |each: &&Document| *each.number == *number && each.status != Status::Deleted && is_numbered(each.kind);
    let found = shelf.all().find(by_number).filter(|_| !number.is_empty() && !sent.creates_only);
    let same_side = found.filter(|each| sent.element.text("Type").is_none_or(|kind| kind == each.kind.as_str()));
    Ok(same_side.cloned())
}

fn kind_of(endpoint: Endpoint, element: Element<'_>) -> Option<Kind> {
    let kind = element.text("Type").and_then(Kind::parse);
    match endpoint {
        Endpoint::PurchaseOrders => Some(Kind::Order),
        Endpoint::CreditNotes => kind.filter(|kind| matches!(kind, Kind::SaleCredit | Kind::BillCredit)),
        _ => kind.filter(|kind| matches!(kind, Kind::Sale | Kind::Bill)),
    }
}

fn create(books: &mut Books, caller: &Caller, endpoint: Endpoint, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let kind = kind_of(endpoint, element).ok_or("Type is not valid for this endpoint")?;
    let status = wanted(element)?.unwrap_or(Status::Draft);
    if !matches!(status, Status::Draft | Status::Submitted | Status::Authorised) {
        return Err(format!("The status '{}' cannot be applied to the document", status.as_str()).into());
    }
    let unknown = unknown_contact(endpoint);
    let contact = write_contacts::of_document(books, caller, element.object("Contact"), unknown)?;
    let mut remarks = Remarks::default();
    let mut document = blank(books, kind, contact, caller);
    document.status = status;
    apply(books, sent, endpoint, &mut document, &mut remarks);
    if element.list("LineItems").is_none_or(|lines| lines.is_empty()) && status != Status::Draft {
        remarks.refuse("One or more line items must be specified".to_owned());
    }
    if document.number.is_empty() && is_numbered(kind) && !remarks.is_refused() {
        document.number = books.next_number(series(kind)).into();
    }
    judge(books, endpoint, &document, None, element, &mut remarks);
    let warnings = remarks.verdict()?;
    let id = document.id;
    let claims = endpoint == Endpoint::Invoices;
    shelf(books, endpoint).add(document);
    if claims {
        books.claim(contact, id, kind);
    }
    told(books, endpoint, id, true, caller);
    Ok(Saved { id: id.to_string(), warnings })
}

/// Orders go to suppliers one has; other documents make a contact of a name nobody has.
fn unknown_contact(endpoint: Endpoint) -> Unknown {
    if endpoint == Endpoint::PurchaseOrders { Unknown::Refused } else { Unknown::Created }
}

fn series(kind: Kind) -> usize {
    match kind {
        Kind::SaleCredit => 1,
        Kind::Order => 2,
        _ => 0,
    }
}

/// An empty draft of today.
pub(super) fn blank(books: &mut Books, kind: Kind, contact: Uuid, caller: &Caller) -> Document {
    Document {
        id: books.dice.uuid(),
        kind,
        status: Status::Draft,
        contact,
        date: caller.today,
        due: None,
        expected: None,
        number: Box::from(""),
        reference: Box::from(""),
        taxing: Taxing::Exclusive,
        lines: Vec::new(),
        currency: books.base_currency(),
        rate: Decimal::ONE,
        sub_total: Decimal::ZERO,
        tax: Decimal::ZERO,
        total: Decimal::ZERO,
        paid: Decimal::ZERO,
        credited: Decimal::ZERO,
        fully_paid_on: None,
        url: Box::from(""),
        sent: false,
        account: None,
        reconciled: false,
        payments: Vec::new(),
        uses: Vec::new(),
        credits: Vec::new(),
        twin: None,
        made_by: Some(caller.app),
        updated: caller.now_ms(),
    }
}

fn wanted(element: Element<'_>) -> Result<Option<Status>, Refusal> {
    let Some(text) = element.text("Status") else { return Ok(None) };
    let status = Status::parse(text);
    Ok(Some(status.ok_or_else(|| format!("The status '{text}' cannot be applied to the document"))?))
}

/// Takes over what the element names; lines and totals as well when lines are given.
pub(super) fn apply(
    books: &mut Books,
    sent: Submitted<'_>,
    endpoint: Endpoint,
    document: &mut Document,
    remarks: &mut Remarks,
) {
    let element = sent.element;
    document.date = element.date("Date").unwrap_or(document.date);
    document.due = element.date("DueDate").or(element.date("DeliveryDate")).or(document.due);
    let expected = if document.kind == Kind::Sale { "ExpectedPaymentDate" } else { "PlannedPaymentDate" };
    document.expected = element.date(expected).or(document.expected);
    document.taxing = element.taxing().unwrap_or(document.taxing);
    if let Some(number) = element.text(number_field(endpoint)).filter(|number| !number.is_empty()) {
        document.number = number.into();
    }
    if let Some(reference) =
        element.text("Reference").filter(|_| !matches!(document.kind, Kind::Bill | Kind::BillCredit))
    {
        document.reference = reference.into();
    }
    if let Some(url) = element.text("Url") {
        document.url = url.into();
        link_fault(url).into_iter().for_each(|text| remarks.refuse(text));
    }
    currency(books, element, document, remarks);
    let approved = !matches!(document.status, Status::Draft | Status::Submitted);
    let purpose = Purpose {
        kind: document.kind,
        taxing: document.taxing,
        approved,
        places: if document.kind == Kind::Order { 4 } else { sent.places },
    };
    if let Some(given) = element.list("LineItems") {
        let old = std::mem::take(&mut document.lines);
        document.lines = lines::read(books, &given, &old, purpose, remarks);
        totals::sum(document);
    } else if element.has("LineAmountTypes") {
        let rate = |name: &str| books.tax_rate(name).map_or(Decimal::ZERO, |rate| rate.rate);
        totals::work_out(document, &rate);
    }
    if element.flag("SentToContact") == Some(true) {
        if approved {
            document.sent = true;
        } else if document.kind == Kind::Order {
            remarks.warn("Only AUTHORISED and BILLED purchase orders may have SentToContact updated.");
        } else {
            remarks.warn("Only AUTHORISED invoices may have SentToContact updated.");
        }
    }
}

fn currency(books: &Books, element: Element<'_>, document: &mut Document, remarks: &mut Remarks) {
    let Some(code) = element.text("CurrencyCode").filter(|code| !code.is_empty()) else { return };
    match books.currency(code) {
        None => remarks.refuse(format!("Organisation is not subscribed to currency {code}")),
        Some(currency) => {
            let is_base = currency == books.base_currency();
            // Without a rate Xero takes the day's; here one day is like another.
            let of_the_day = if is_base { Decimal::ONE } else { Decimal::new(1_165_432, 6) };
            document.rate = element.decimal("CurrencyRate").filter(|_| !is_base).unwrap_or(of_the_day);
            document.currency = currency;
        }
    }
}

fn update(books: &mut Books, caller: &Caller, endpoint: Endpoint, sent: Submitted<'_>, old: Document) -> Outcome {
    let element = sent.element;
    let next = wanted(element)?.unwrap_or(old.status);
    may_move(endpoint, &old, next)?;
    let changed: Vec<&str> =
        element.0.keys().map(String::as_str).filter(|name| !NAMING_FIELDS.contains(name)).collect();
    let settled = !old.payments.is_empty() || !old.credits.is_empty() || !old.uses.is_empty();
    if settled {
        let bill = old.kind == Kind::Bill && changed.iter().all(|name| PAID_BILL_FIELDS.contains(name));
        let quiet = changed.iter().all(|name| QUIET_FIELDS.contains(name));
        if !(bill || (quiet && old.status != Status::Paid)) || next != old.status {
            return Err(HAS_PAYMENT.to_owned().into());
        }
    }
    let mut document = old.clone();
    document.status = next;
    let mut remarks = Remarks::default();
    if element.has("Contact") {
        let unknown = unknown_contact(endpoint);
        document.contact = write_contacts::of_document(books, caller, element.object("Contact"), unknown)?;
    }
    apply(books, sent, endpoint, &mut document, &mut remarks);
    if document.status == Status::Authorised && old.status != Status::Authorised {
        recheck(books, &document, element, &mut remarks);
    }
    judge(books, endpoint, &document, Some(&old), element, &mut remarks);
    let warnings = remarks.verdict()?;
    let quiet = settled && !changed.is_empty() && changed.iter().all(|name| QUIET_FIELDS.contains(name));
    let (id, contact, kind) = (document.id, document.contact, document.kind);
    shelf(books, endpoint).change(id, (!quiet).then(|| caller.now_ms()), |each| {
        let updated = each.updated;
        *each = document;
        each.updated = updated;
    });
    if endpoint == Endpoint::Invoices {
        books.claim(contact, id, kind);
    }
    told(books, endpoint, id, false, caller);
    Ok(Saved { id: id.to_string(), warnings })
}

fn told(books: &mut Books, endpoint: Endpoint, id: Uuid, created: bool, caller: &Caller) {
    match endpoint {
        Endpoint::Invoices => books.tell("INVOICE", created, id, caller.now),
        Endpoint::CreditNotes => books.tell("CREDITNOTE", created, id, caller.now),
        _ => (),
    }
    books.note(id, if created { "Created" } else { "Edited" }, String::new(), &caller.app_name, caller.now_ms());
}
