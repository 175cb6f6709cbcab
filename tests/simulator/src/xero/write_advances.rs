//! Allocations: using credit notes, prepayments and overpayments on invoices, and taking that back.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::accounting::{Caller, envelope};
use super::address::Address;
use super::books::Books;
use super::element::{Element, unreadable};
use super::endpoints::Endpoint;
use super::fields::as_id;
use super::model::{Allocation, Status, Target};
use super::refusals::Refusal;
use super::render_documents;
use super::reply::{Reply, messages, no_data, not_found, post_data_invalid, validation};
use super::wire::{id, round};
use super::write_payments::{same_side, settle};

fn target_of(endpoint: Endpoint) -> Option<Target> {
    match endpoint {
        Endpoint::CreditNotes => Some(Target::CreditNote),
        Endpoint::Prepayments => Some(Target::Prepayment),
        Endpoint::Overpayments => Some(Target::Overpayment),
        _ => None,
    }
}

/// `PUT /{credit}/{id}/Allocations`: one allocation, or a list of which all or none are made.
pub(super) fn allocate(
    books: &mut Books,
    caller: &Caller,
    endpoint: Endpoint,
    key: &str,
    body: &Value,
    _: &Address,
) -> Reply {
    let Some(target) = target_of(endpoint) else { return not_found() };
    let Some(credit) = as_id(key).filter(|credit| books.target(target, *credit).is_some()) else { return not_found() };
    if let Some(text) = unreadable(body, "") {
        return post_data_invalid(&text);
    }
    let Some(fields) = body.as_object() else { return no_data() };
    let listed = fields.get("Allocations").and_then(Value::as_array);
    let all: Vec<&Map<String, Value>> = match listed {
        Some(items) => items.iter().filter_map(Value::as_object).collect(),
        None => vec![fields],
    };
    books.begin();
    let mut answers = Vec::new();
    for fields in &all {
        match one(books, caller, target, credit, Element(fields)) {
            Ok(made) => answers.push(render_documents::allocation(books, &made)),
            Err(refusal) => {
                books.roll_back();
                let mut echo = Value::Object((*fields).clone());
                echo["ValidationErrors"] = messages(&refusal.texts());
                return validation(vec![echo]);
            }
        }
    }
    books.keep();
    if answers.is_empty() { no_data() } else { envelope(books, caller, "Allocations", answers, None) }
}

fn one(
    books: &mut Books,
    caller: &Caller,
    target: Target,
    credit: uuid::Uuid,
    sent: Element<'_>,
) -> Result<Allocation, Refusal> {
    let refuse = |text: &str| Err(text.to_owned().into());
    let Some(source) = books.target(target, credit).cloned() else { return refuse("The credit could not be found") };
    let named = sent.object("Invoice").and_then(|invoice| invoice.id("InvoiceID"));
    let Some(invoice) = named.and_then(|invoice| books.invoices.find(invoice)).cloned() else {
        return refuse("The invoice you are trying to allocate to could not be found");
    };
    let Some(amount) = sent.decimal("Amount").map(|amount| round(amount, 2)).filter(|amount| *amount > Decimal::ZERO)
    else {
        return refuse("The amount to allocate must be greater than zero");
    };
    if invoice.status == Status::Paid {
        return refuse("The invoice you are trying to allocate to has already been paid off");
    }
    if source.status != Status::Authorised || invoice.status != Status::Authorised {
        return refuse("Allocations can only be made between Authorised documents");
    }
    if source.contact != invoice.contact || !same_side(source.kind, invoice.kind) || source.currency != invoice.currency
    {
        return refuse("The documents must have the same contact, currency and side of the ledger");
    }
    if amount > source.remaining() || amount > invoice.due_amount() {
        return refuse("The amount to allocate exceeds the amount outstanding on one of the documents");
    }
    // The later of both dates, whatever was sent.
    let date = source.date.max(invoice.date);
    let locked = books.locked(date);
    if !locked.is_empty() {
        return Err(locked.into());
    }
    let made = Allocation { id: books.dice.uuid(), invoice: invoice.id, amount, date };
    let kept = made.clone();
    settle(books, caller, target, credit, |each| each.uses.push(kept), date);
    settle(
        books,
        caller,
        Target::Invoice,
        invoice.id,
        |each| {
            each.credited += amount;
            each.credits.push(credit);
        },
        date,
    );
    Ok(made)
}

/// `DELETE …/Allocations/{AllocationID}`.
pub(super) fn delete_allocation(
    books: &mut Books,
    caller: &Caller,
    endpoint: Endpoint,
    key: &str,
    allocation: &str,
) -> Reply {
    let Some(target) = target_of(endpoint) else { return not_found() };
    let wanted = as_id(allocation);
    let source = as_id(key).and_then(|credit| books.target(target, credit)).cloned();
    let Some(source) = source else { return not_found() };
    let Some(used) = source.uses.iter().find(|each| Some(each.id) == wanted).cloned() else { return not_found() };
    let locked = books.locked(used.date);
    if !locked.is_empty() {
        return validation(vec![json!({ "AllocationID": id(used.id), "ValidationErrors": messages(&locked) })]);
    }
    settle(books, caller, target, source.id, |each| each.uses.retain(|have| have.id != used.id), used.date);
    settle(
        books,
        caller,
        Target::Invoice,
        used.invoice,
        |each| {
            each.credited -= used.amount;
            if let Some(at) = each.credits.iter().position(|have| *have == source.id) {
                each.credits.remove(at);
            }
        },
        used.date,
    );
    let mut answer = render_documents::allocation(books, &used);
    answer["AllocationID"] = id(used.id);
    answer["IsDeleted"] = json!(true);
    Reply::json(200, &answer)
}
