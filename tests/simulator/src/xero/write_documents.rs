//! Invoices, bills, credit notes and purchase orders: creation, updates, and moves from status to status.
//!
//! Sources: the pages Invoices, Credit Notes and Purchase Orders. Xero has no DELETE for them: they are voided or
//! deleted by a POST of the status alone.

use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::accounting::Caller;
use super::books::Books;
use super::element::Element;
use super::endpoints::Endpoint;
use super::lines::{self, Purpose, Remarks};
use super::model::{Document, Kind, Status, Taxing};
use super::shelf::Shelf;
use super::totals;
use super::write_contacts;
use super::writing::{Outcome, Saved, Submitted};

const NOT_MODIFIABLE: &str = "Invoice not of valid status for modification";
const HAS_PAYMENT: &str = "This document cannot be edited as it has a payment or credit note allocated to it.";

pub(super) fn shelf(books: &mut Books, endpoint: Endpoint) -> &mut Shelf<Document> {
    match endpoint {
        Endpoint::CreditNotes => &mut books.credit_notes,
        Endpoint::PurchaseOrders => &mut books.orders,
        Endpoint::BankTransactions => &mut books.bank_transactions,
        _ => &mut books.invoices,
    }
}

fn number_field(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::CreditNotes => "CreditNoteNumber",
        Endpoint::PurchaseOrders => "PurchaseOrderNumber",
        _ => "InvoiceNumber",
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
fn existing(books: &mut Books, endpoint: Endpoint, sent: Submitted<'_>) -> Result<Option<Document>, Vec<String>> {
    let shelf = shelf(books, endpoint);
    let id = sent.target.or(sent.element.id(endpoint.id_field()));
    if let Some(id) = id {
        let found = shelf.find(id).cloned();
        return match found {
            Some(_) if sent.creates_only => Err(vec!["A document with this id exists already".to_owned()]),
            Some(document) => Ok(Some(document)),
            None => Err(vec![format!("An existing document with {} {id} could not be found", endpoint.id_field())]),
        };
    }
    let number = sent.element.text(number_field(endpoint)).unwrap_or_default();
    let by_number =
        |each: &&Document| *each.number == *number && each.status != Status::Deleted && is_numbered(each.kind);
    let found = shelf.all().find(by_number).filter(|_| !number.is_empty() && !sent.creates_only);
    let same_side = found.filter(|each| sent.element.text("Type").is_none_or(|kind| kind == each.kind.as_str()));
    Ok(same_side.cloned())
}

/// Documents whose numbers Xero keeps unique. A supplier's numbers are the supplier's own.
fn is_numbered(kind: Kind) -> bool {
    matches!(kind, Kind::Sale | Kind::SaleCredit | Kind::Order)
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
    let kind = kind_of(endpoint, element).ok_or_else(|| vec!["Type is not valid for this endpoint".to_owned()])?;
    let status = wanted(element)?.unwrap_or(Status::Draft);
    if !matches!(status, Status::Draft | Status::Submitted | Status::Authorised) {
        return Err(vec![format!("The status '{}' cannot be applied to the document", status.as_str())]);
    }
    let contact = write_contacts::of_document(books, caller, element.object("Contact"))?;
    let mut remarks = Remarks::default();
    let mut document = blank(books, kind, contact, caller);
    document.status = status;
    apply(books, sent, endpoint, &mut document, &mut remarks);
    if element.list("LineItems").is_none_or(|lines| lines.is_empty()) && status != Status::Draft {
        remarks.errors.push("One or more line items must be specified".to_owned());
    }
    if document.number.is_empty() && is_numbered(kind) && remarks.errors.is_empty() {
        document.number = books.next_number(series(kind)).into();
    }
    judge(books, endpoint, &document, None, element, &mut remarks);
    if !remarks.errors.is_empty() {
        return Err(remarks.errors);
    }
    let id = document.id;
    let claims = endpoint == Endpoint::Invoices;
    shelf(books, endpoint).add(document);
    if claims {
        books.claim(contact, id, kind);
    }
    told(books, endpoint, id, true, caller);
    Ok(Saved { id: id.to_string(), warnings: remarks.warnings })
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

fn wanted(element: Element<'_>) -> Result<Option<Status>, Vec<String>> {
    let Some(text) = element.text("Status") else { return Ok(None) };
    let status =
        Status::parse(text).ok_or_else(|| vec![format!("The status '{text}' cannot be applied to the document")])?;
    Ok(Some(status))
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
        if !url.starts_with("http://") && !url.starts_with("https://") {
            remarks.errors.push("Url must be a valid absolute URL".to_owned());
        }
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
        } else {
            remarks.warnings.push("Only AUTHORISED invoices may have SentToContact updated.".to_owned());
        }
    }
}

fn currency(books: &Books, element: Element<'_>, document: &mut Document, remarks: &mut Remarks) {
    let Some(code) = element.text("CurrencyCode").filter(|code| !code.is_empty()) else { return };
    match books.currency(code) {
        None => remarks.errors.push(format!("Organisation is not subscribed to currency {code}")),
        Some(currency) => {
            let is_base = currency == books.base_currency();
            // Without a rate Xero takes the day's; here one day is like another.
            let of_the_day = if is_base { Decimal::ONE } else { Decimal::new(1_165_432, 6) };
            document.rate = element.decimal("CurrencyRate").filter(|_| !is_base).unwrap_or(of_the_day);
            document.currency = currency;
        }
    }
}

/// The rules that look at the whole document.
fn judge(
    books: &Books,
    endpoint: Endpoint,
    document: &Document,
    old: Option<&Document>,
    element: Element<'_>,
    remarks: &mut Remarks,
) {
    let approved = !matches!(document.status, Status::Draft | Status::Submitted | Status::Deleted);
    if endpoint != Endpoint::PurchaseOrders {
        let was_approved = old.is_some_and(|old| !matches!(old.status, Status::Draft | Status::Submitted));
        let mut days: Vec<Date> = Vec::new();
        days.extend(approved.then_some(document.date));
        days.extend(old.filter(|_| was_approved).map(|old| old.date));
        if let Some(messages) = days.into_iter().map(|day| books.locked(day)).find(|messages| !messages.is_empty()) {
            remarks.errors.extend(messages);
        }
    }
    if approved && endpoint == Endpoint::Invoices && document.due.is_none() {
        remarks.errors.push("DueDate is required for an approved invoice".to_owned());
    }
    if document.number.chars().count() > 255 {
        remarks.errors.push("The document number is too long. Maximum of 255 characters allowed".to_owned());
    }
    if is_numbered(document.kind) && element.has(number_field(endpoint)) {
        let shelf = match endpoint {
            Endpoint::CreditNotes => &books.credit_notes,
            Endpoint::PurchaseOrders => &books.orders,
            _ => &books.invoices,
        };
        let clash = |each: &Document| {
            each.number == document.number
                && each.id != document.id
                && each.status != Status::Deleted
                && is_numbered(each.kind)
        };
        if shelf.all().any(clash) {
            remarks.errors.push(match endpoint {
                Endpoint::PurchaseOrders => "Order number must be unique".to_owned(),
                Endpoint::CreditNotes => "Credit note # must be unique.".to_owned(),
                _ => "Invoice # must be unique.".to_owned(),
            });
        }
    }
}

/// Fields that may change on a bill that is part or fully paid, since March 2026. Xero also lets a line's description,
/// account and tracking change; that is refused here.
const PAID_BILL_FIELDS: &[&str] =
    &["Reference", "DueDate", "InvoiceNumber", "BrandingThemeID", "Url", "PlannedPaymentDate"];
/// Fields whose change on a part-paid document leaves `UpdatedDateUTC` as it was.
const QUIET_FIELDS: &[&str] = &["DueDate", "SentToContact"];
/// Fields that say which document is meant, or move its status; not changes of content.
const NAMING_FIELDS: &[&str] = &["InvoiceID", "Type", "Status", "CreditNoteID", "PurchaseOrderID"];

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
            return Err(vec![HAS_PAYMENT.to_owned()]);
        }
    }
    let mut document = old.clone();
    document.status = next;
    let mut remarks = Remarks::default();
    if element.has("Contact") {
        document.contact = write_contacts::of_document(books, caller, element.object("Contact"))?;
    }
    apply(books, sent, endpoint, &mut document, &mut remarks);
    if document.status == Status::Authorised && old.status != Status::Authorised {
        recheck(&document, &mut remarks);
    }
    judge(books, endpoint, &document, Some(&old), element, &mut remarks);
    if !remarks.errors.is_empty() {
        return Err(remarks.errors);
    }
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
    Ok(Saved { id: id.to_string(), warnings: remarks.warnings })
}

/// Approval of a draft needs what a draft may lack.
fn recheck(document: &Document, remarks: &mut Remarks) {
    if document.lines.is_empty() {
        remarks.errors.push("One or more line items must be specified".to_owned());
    }
    if document.lines.iter().any(|line| line.account.is_none() && !line.amount.is_zero()) {
        let text = "Account code must be specified for each line of an approved document";
        remarks.errors.push(text.to_owned());
    }
}

/// Which status may follow which. PAID is Xero's to give; PAID, VOIDED and DELETED are final.
fn may_move(endpoint: Endpoint, old: &Document, next: Status) -> Result<(), Vec<String>> {
    use Status::{Authorised, Billed, Deleted, Draft, Paid, Submitted, Voided};
    let refused = || Err(vec![NOT_MODIFIABLE.to_owned()]);
    if next == old.status {
        return if matches!(old.status, Voided | Deleted) { refused() } else { Ok(()) };
    }
    let order = endpoint == Endpoint::PurchaseOrders;
    let allowed = match (old.status, next) {
        (Draft, Submitted | Authorised | Deleted) | (Submitted, Draft | Authorised | Deleted) => true,
        (Authorised, Voided) => !order,
        (Authorised, Billed | Deleted) | (Billed, Authorised) => order,
        (Paid, _) => return Err(vec![HAS_PAYMENT.to_owned()]),
        _ => false,
    };
    if allowed { Ok(()) } else { refused() }
}

fn told(books: &mut Books, endpoint: Endpoint, id: Uuid, created: bool, caller: &Caller) {
    match endpoint {
        Endpoint::Invoices => books.tell("INVOICE", created, id, caller.now),
        Endpoint::CreditNotes => books.tell("CREDITNOTE", created, id, caller.now),
        _ => (),
    }
    books.note(id, if created { "Created" } else { "Edited" }, String::new(), &caller.app_name, caller.now_ms());
}
