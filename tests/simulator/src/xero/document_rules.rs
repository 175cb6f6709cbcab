//! What may become of invoices, bills, credit notes and purchase orders: status moves, lock dates, unique numbers, and
//! what an approval asks for.
//!
//! Sources: the pages Invoices, Credit Notes and Purchase Orders.

use jiff::civil::Date;

use super::books::Books;
use super::element::Element;
use super::endpoints::Endpoint;
use super::model::{Document, Kind, Status};
use super::refusals::{Place, Refusal, Remarks};
use super::write_contacts;

const NOT_MODIFIABLE: &str = "Invoice not of valid status for modification";
pub(super) const HAS_PAYMENT: &str =
    "This document cannot be edited as it has a payment or credit note allocated to it.";

pub(super) fn number_field(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::CreditNotes => "CreditNoteNumber",
        Endpoint::PurchaseOrders => "PurchaseOrderNumber",
        _ => "InvoiceNumber",
    }
}

/// Documents whose numbers Xero keeps unique. A supplier's numbers are the supplier's own.
pub(super) fn is_numbered(kind: Kind) -> bool {
    matches!(kind, Kind::Sale | Kind::SaleCredit | Kind::Order)
}

/// The rules that look at the whole document.
pub(super) fn judge(
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
            remarks.refuse_all(messages);
        }
    }
    if approved && endpoint == Endpoint::Invoices && document.due.is_none() {
        remarks.refuse("DueDate is required for an approved invoice".to_owned());
    }
    if document.number.chars().count() > 255 {
        remarks.refuse("The document number is too long. Maximum of 255 characters allowed".to_owned());
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
            remarks.refuse(match endpoint {
                Endpoint::PurchaseOrders => "Order number must be unique".to_owned(),
                Endpoint::CreditNotes => "Credit note # must be unique.".to_owned(),
                _ => "Invoice # must be unique.".to_owned(),
            });
        }
    }
}

/// Fields that may change on a bill that is part or fully paid, since March 2026. Xero also lets a line's description,
/// account and tracking change; that is refused here.
pub(super) const PAID_BILL_FIELDS: &[&str] =
    &["Reference", "DueDate", "InvoiceNumber", "BrandingThemeID", "Url", "PlannedPaymentDate"];
/// Fields whose change on a part-paid document leaves `UpdatedDateUTC` as it was.
pub(super) const QUIET_FIELDS: &[&str] = &["DueDate", "SentToContact"];
/// Fields that say which document is meant, or move its status; not changes of content.
pub(super) const NAMING_FIELDS: &[&str] = &["InvoiceID", "Type", "Status", "CreditNoteID", "PurchaseOrderID"];

/// Approval of a draft needs what a draft may lack, and everything it names must still be in use: days may have passed
/// since it was saved. Lines and contact that come with the approval were checked when they were read.
pub(super) fn recheck(books: &Books, document: &Document, element: Element<'_>, remarks: &mut Remarks) {
    if !element.has("Contact") {
        remarks.turn_to(Place::Contact);
        remarks.refuse_all(write_contacts::not_in_use(books, document.contact));
        remarks.turn_to(Place::Whole);
    }
    if document.lines.is_empty() {
        remarks.refuse("One or more line items must be specified");
    }
    if element.has("LineItems") {
        return;
    }
    for (at, line) in document.lines.iter().enumerate() {
        remarks.turn_to(Place::Line(at));
        let account = line.account.and_then(|id| books.accounts.find(id));
        if account.is_none() && !line.amount.is_zero() {
            remarks.refuse("Account code must be specified for each line of an approved document");
        }
        if let Some(account) = account.filter(|account| account.status != Status::Active) {
            remarks.refuse(account_archived(&account.code));
        }
        if line.description.is_empty() && line.item.is_none() {
            remarks.refuse("Description must have at least 1 character");
        }
    }
    remarks.turn_to(Place::Whole);
}

/// The message for an account that is no longer in use.
pub(super) fn account_archived(code: &str) -> String {
    format!(
        "Account code '{code}' has been archived, or has been deleted. Each line item must reference a valid account."
    )
}

/// Which status may follow which. PAID is Xero's to give; PAID, VOIDED and DELETED are final.
pub(super) fn may_move(endpoint: Endpoint, old: &Document, next: Status) -> Result<(), Refusal> {
    use Status::{Authorised, Billed, Deleted, Draft, Paid, Submitted, Voided};
    let refused = || Err(NOT_MODIFIABLE.to_owned().into());
    if next == old.status {
        return if matches!(old.status, Voided | Deleted) { refused() } else { Ok(()) };
    }
    let order = endpoint == Endpoint::PurchaseOrders;
    let allowed = match (old.status, next) {
        (Draft, Submitted | Authorised | Deleted) | (Submitted, Draft | Authorised | Deleted) => true,
        (Authorised, Voided) => !order,
        (Authorised, Billed | Deleted) | (Billed, Authorised) => order,
        (Paid, _) => return Err(HAS_PAYMENT.to_owned().into()),
        _ => false,
    };
    if allowed { Ok(()) } else { refused() }
}
