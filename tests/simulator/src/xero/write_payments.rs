//! Payments: made, and deleted; never edited.
//!
//! Source: the Payments part of Xero's Accounting specification and its messages.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::accounting::Caller;
use super::books::Books;
use super::element::Element;
use super::model::{Document, Kind, Payment, Status, Target};
use super::reading::by_id_or_number;
use super::refusals::Refusal;
use super::wire::round;
use super::writing::{Outcome, Saved, Submitted};

/// Makes a payment, or deletes one when the path or the element names it.
pub(super) fn save(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    if let Some(id) = sent.target.or(element.id("PaymentID")) {
        if element.text("Status") != Some("DELETED") || sent.creates_only {
            return Err("Payments cannot be updated; only Status DELETED may be sent".into());
        }
        return remove(books, caller, id);
    }
    let (target, document) = found(books, element)?;
    let account = account(books, element)?;
    let Some(amount) = element.decimal("Amount").map(|amount| round(amount, 2)) else {
        return Err("Payment amount is required".into());
    };
    let date = element.date("Date").unwrap_or(caller.today);
    let mut errors = check(&document, target, amount);
    errors.extend(books.locked(date));
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let rate = element.decimal("CurrencyRate").unwrap_or(document.rate);
    let payment = Payment {
        id: books.dice.uuid(),
        target,
        document: document.id,
        account,
        date,
        amount,
        bank_amount: element.decimal("BankAmount").unwrap_or_else(|| round(amount / rate, 2)),
        rate,
        reference: element.text("Reference").unwrap_or_default().into(),
        reconciled: element.flag("IsReconciled").unwrap_or(false),
        status: Status::Authorised,
        updated: caller.now_ms(),
    };
    let id = payment.id;
    books.payments.add(payment);
    settle(
        books,
        caller,
        target,
        document.id,
        |each| {
            each.payments.push(id);
            each.paid += amount;
        },
        date,
    );
    books.note(id, "Created", String::new(), &caller.app_name, caller.now_ms());
    Ok(Saved::plainly(id))
}

fn found(books: &Books, element: Element<'_>) -> Result<(Target, Document), Refusal> {
    let numbers = [("InvoiceNumber", Target::Invoice), ("CreditNoteNumber", Target::CreditNote)];
    for target in [Target::Invoice, Target::CreditNote, Target::Prepayment, Target::Overpayment] {
        let Some(named) = element.object(target.as_str()) else { continue };
        let by_id = named.id(&format!("{}ID", target.as_str())).and_then(|id| books.target(target, id));
        let number = numbers.iter().find(|(_, of)| *of == target).and_then(|(name, _)| named.text(name));
        let found = by_id.or_else(|| by_number(books, target, number?));
        return found.cloned().map(|document| (target, document)).ok_or_else(unknown);
    }
    for (name, target) in numbers {
        if let Some(number) = element.text(name) {
            return by_number(books, target, number).cloned().map(|found| (target, found)).ok_or_else(unknown);
        }
    }
    Err("A payment must name an invoice, credit note, prepayment or overpayment".into())
}

fn by_number<'a>(books: &'a Books, target: Target, number: &str) -> Option<&'a Document> {
    match target {
        Target::Invoice => by_id_or_number(&books.invoices, number),
        Target::CreditNote => by_id_or_number(&books.credit_notes, number),
        _ => None,
    }
}

fn unknown() -> Refusal {
    "The document to be paid could not be found".into()
}

/// A bank account, or one that takes payments.
fn account(books: &Books, element: Element<'_>) -> Result<Uuid, Refusal> {
    let named = element.object("Account");
    let by_id = named.and_then(|named| named.id("AccountID")).and_then(|id| books.accounts.find(id));
    let code = named.and_then(|named| named.text("Code")).or(element.text("Code"));
    let found = by_id.or_else(|| books.account_by_code(code?));
    match found.filter(|account| account.status == Status::Active && (account.is_bank() || account.payments)) {
        Some(account) => Ok(account.id),
        None => Err("Account must be valid.".into()),
    }
}

fn check(document: &Document, target: Target, amount: Decimal) -> Vec<String> {
    let open = if target == Target::Invoice { document.due_amount() } else { document.remaining() };
    let mut errors = Vec::new();
    if !matches!(document.status, Status::Authorised | Status::Paid) {
        errors.push("Payments can only be made against Authorised documents".to_owned());
    } else if amount > open {
        errors.push("Payment amount exceeds the amount outstanding on this document".to_owned());
    }
    if amount <= Decimal::ZERO {
        errors.push("Payment amount must be greater than zero".to_owned());
    }
    errors
}

/// Changes what is paid on a document, sets or takes back PAID, and tells the world.
pub(super) fn settle(
    books: &mut Books,
    caller: &Caller,
    target: Target,
    id: Uuid,
    edit: impl FnOnce(&mut Document),
    date: jiff::civil::Date,
) {
    books.targets(target).change(id, Some(caller.now_ms()), |each| {
        edit(each);
        let open = if target == Target::Invoice {
            each.total - each.paid - each.credited
        } else {
            let used: Decimal = each.uses.iter().map(|one| one.amount).sum();
            each.total - used - each.paid
        };
        match (open.is_zero(), each.status) {
            (true, Status::Authorised) => (each.status, each.fully_paid_on) = (Status::Paid, Some(date)),
            (false, Status::Paid) => (each.status, each.fully_paid_on) = (Status::Authorised, None),
            _ => (),
        }
    });
    if !books.habits.payment_events {
        return;
    }
    let category = match target {
        Target::Invoice => "INVOICE",
        Target::CreditNote => "CREDITNOTE",
        Target::Prepayment => "PREPAYMENT",
        Target::Overpayment => "OVERPAYMENT",
    };
    books.tell(category, false, id, caller.now);
}

/// Deletes a payment; what it paid is open again.
pub(super) fn remove(books: &mut Books, caller: &Caller, id: Uuid) -> Outcome {
    let Some(payment) = books.payments.find(id).cloned() else {
        return Err("Payment could not be found".into());
    };
    if payment.status == Status::Deleted {
        return Err("Payment has already been deleted".into());
    }
    let locked = books.locked(payment.date);
    if !locked.is_empty() {
        return Err(locked.into());
    }
    books.payments.change(id, Some(caller.now_ms()), |each| {
        each.status = Status::Deleted;
        each.reconciled = false;
    });
    settle(
        books,
        caller,
        payment.target,
        payment.document,
        |each| {
            each.payments.retain(|have| *have != id);
            each.paid -= payment.amount;
        },
        payment.date,
    );
    Ok(Saved::plainly(id))
}

/// Whether the credit and the invoice are of one side: sales or purchases.
pub(super) fn same_side(left: Kind, right: Kind) -> bool {
    left.is_sales() == right.is_sales()
}
