//! Documents, payments and journals as Xero's JSON.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::books::Books;
use super::model::{Document, Journal, Kind, Line, Payment, Target};
use super::render::{fields, put_text};
use super::wire::{day_at, decimals, id, iso_date, iso_spaced, iso_utc, money, ms_date, ms_time};

/// How much of a document an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// Lists without pages, and summaries, come without lines.
    pub(super) lines: bool,
    /// `summaryOnly=true` also drops payments and the like.
    pub(super) summary: bool,
    /// Decimal places of unit amounts.
    pub(super) places: u32,
}

impl View {
    pub(super) const FULL: View = View { lines: true, summary: false, places: 2 };
}

/// Where one record leaves an empty text out and another shows it as "", these show null.
fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn put_date(out: &mut Map<String, Value>, name: &str, date: jiff::civil::Date) {
    out.insert(name.to_owned(), ms_date(date));
    out.insert(format!("{name}String"), iso_date(date));
}

/// The contact inside another record: id and name, empty lists as Xero has them.
pub(super) fn contact_in(books: &Books, contact: Uuid) -> Value {
    let name = books.contacts.find(contact).map_or("", |each| &*each.name);
    json!({
        "ContactID": id(contact), "Name": name, "Addresses": [], "Phones": [], "ContactGroups": [],
        "ContactPersons": [], "HasValidationErrors": false,
    })
}

pub(super) fn tracking_in(books: &Books, chosen: &[(Uuid, Uuid)]) -> Vec<Value> {
    let one = |(category, option): &(Uuid, Uuid)| {
        let category = books.tracking.iter().find(|each| each.id == *category)?;
        let option = category.options.iter().find(|each| each.id == *option)?;
        Some(json!({
            "Name": &*category.name, "Option": &*option.name, "TrackingCategoryID": id(category.id),
            "TrackingOptionID": id(option.id),
        }))
    };
    chosen.iter().filter_map(one).collect()
}

fn put_account(books: &Books, out: &mut Map<String, Value>, account: Option<Uuid>) {
    if let Some(account) = account {
        out.insert("AccountID".into(), id(account));
        put_text(out, "AccountCode", books.accounts.find(account).map_or("", |account| &*account.code));
    }
}

fn line(books: &Books, each: &Line, places: u32) -> Value {
    let mut out = fields(json!({
        "LineItemID": id(each.id), "Quantity": decimals(each.quantity, 4), "UnitAmount": decimals(each.unit, places),
        "TaxAmount": money(each.tax), "LineAmount": money(each.amount), "TaxType": &*each.tax_type,
        "Tracking": tracking_in(books, &each.tracking),
    }));
    put_text(&mut out, "Description", &each.description);
    put_text(&mut out, "ItemCode", each.item.as_deref().unwrap_or_default());
    put_account(books, &mut out, each.account);
    if let Some(discount) = each.discount {
        out.insert("DiscountRate".into(), money(discount));
    }
    Value::Object(out)
}

/// The fields every document with lines has.
fn shared(books: &Books, each: &Document, view: View) -> Map<String, Value> {
    let places = if each.kind == Kind::Order { 4 } else { view.places };
    let mut out = fields(json!({
        "Contact": contact_in(books, each.contact), "Status": each.status.as_str(),
        "LineAmountTypes": each.taxing.as_str(), "SubTotal": money(each.sub_total), "TotalTax": money(each.tax),
        "Total": money(each.total), "CurrencyCode": &*each.currency, "UpdatedDateUTC": ms_time(each.updated),
        "HasAttachments": books.has_files(each.id),
    }));
    put_date(&mut out, "Date", each.date);
    if each.kind != Kind::Order || *each.currency != *books.base_currency() {
        out.insert("CurrencyRate".into(), decimals(each.rate, 6));
    }
    if view.lines {
        out.insert("LineItems".into(), each.lines.iter().map(|each| line(books, each, places)).collect());
    } else if !view.summary {
        out.insert("LineItems".into(), json!([]));
    }
    out
}

pub(super) fn invoice(books: &Books, each: &Document, view: View) -> Value {
    let mut out = shared(books, each, view);
    out.extend(fields(json!({
        "Type": each.kind.as_str(), "InvoiceID": id(each.id), "InvoiceNumber": &*each.number,
        "AmountDue": money(each.due_amount()), "AmountPaid": money(each.paid), "AmountCredited": money(each.credited),
        "UpdatedDateUTCString": iso_utc(each.updated), "IsDiscounted": false, "HasErrors": false,
        "SentToContact": each.sent,
    })));
    if each.kind == Kind::Sale {
        out.insert("Reference".into(), json!(&*each.reference));
    }
    if let Some(due) = each.due {
        put_date(&mut out, "DueDate", due);
    }
    if let Some(day) = each.expected {
        let name = if each.kind == Kind::Sale { "ExpectedPaymentDate" } else { "PlannedPaymentDate" };
        out.insert(name.to_owned(), ms_date(day));
    }
    if let Some(day) = each.fully_paid_on {
        out.insert("FullyPaidOnDate".into(), ms_date(day));
    }
    put_text(&mut out, "Url", &each.url);
    if view.summary {
        for heavy in ["HasAttachments", "LineItems"] {
            out.remove(heavy);
        }
        return Value::Object(out);
    }
    out.insert("Payments".into(), payments_in(books, each));
    for (name, target) in [
        ("CreditNotes", Target::CreditNote),
        ("Prepayments", Target::Prepayment),
        ("Overpayments", Target::Overpayment),
    ] {
        out.insert(name.to_owned(), credits_in(books, each, target));
    }
    Value::Object(out)
}

fn payments_in(books: &Books, each: &Document) -> Value {
    let of = |payment: &Payment| {
        json!({
            "PaymentID": id(payment.id), "Date": ms_date(payment.date), "Amount": money(payment.amount),
            "Reference": &*payment.reference, "CurrencyRate": decimals(payment.rate, 6), "HasAccount": false,
            "HasValidationErrors": false,
        })
    };
    each.payments.iter().filter_map(|payment| books.payments.find(*payment)).map(of).collect()
}

/// Credits used on an invoice, each with the amount applied here.
fn credits_in(books: &Books, each: &Document, target: Target) -> Value {
    let of = |credit: &Document| {
        let applied: Decimal = credit.uses.iter().filter(|one| one.invoice == each.id).map(|one| one.amount).sum();
        let own = format!("{}ID", target.as_str());
        let mut out = fields(json!({
            own: id(credit.id), "AppliedAmount": money(applied), "Date": ms_date(credit.date),
            "DateString": iso_date(credit.date), "Total": money(credit.total), "LineItems": [],
        }));
        if target == Target::CreditNote {
            put_text(&mut out, "CreditNoteNumber", &credit.number);
            out.insert("HasErrors".into(), json!(false));
        }
        Value::Object(out)
    };
    each.credits.iter().filter_map(|credit| books.target(target, *credit)).map(of).collect()
}

fn allocations_in(books: &Books, each: &Document) -> Value {
    each.uses.iter().map(|one| allocation(books, one)).collect()
}

pub(super) fn allocation(books: &Books, one: &super::model::Allocation) -> Value {
    let number = books.invoices.find(one.invoice).map_or("", |invoice| &*invoice.number);
    // An allocation is no record of its own, so its id stands for the time at which it was made.
    let time_of_day = i64::from(one.id.as_fields().0);
    json!({
        "AllocationID": id(one.id), "Amount": money(one.amount), "Date": ms_time(day_at(one.date, time_of_day)),
        "Invoice": { "InvoiceID": id(one.invoice), "InvoiceNumber": number }, "IsDeleted": false,
    })
}

pub(super) fn credit_note(books: &Books, each: &Document, view: View) -> Value {
    let mut out = shared(books, each, view);
    out.extend(fields(json!({
        "Type": each.kind.as_str(), "CreditNoteID": id(each.id), "ID": id(each.id), "CreditNoteNumber": &*each.number,
        "RemainingCredit": money(each.remaining()), "Allocations": allocations_in(books, each),
        "Payments": payments_in(books, each), "UpdatedDateUTCString": iso_utc(each.updated), "HasErrors": false,
        "SentToContact": each.sent,
    })));
    if each.kind == Kind::SaleCredit {
        out.insert("Reference".into(), text_or_null(&each.reference));
    }
    if let Some(day) = each.fully_paid_on {
        out.insert("FullyPaidOnDate".into(), ms_date(day));
    }
    Value::Object(out)
}

/// A prepayment or overpayment.
pub(super) fn advance(books: &Books, each: &Document, target: Target, view: View) -> Value {
    let mut out = shared(books, each, view);
    out.insert(format!("{}ID", target.as_str()), id(each.id));
    out.extend(fields(json!({
        "Type": each.kind.as_str(), "ID": id(each.id), "RemainingCredit": money(each.remaining()),
        "Allocations": allocations_in(books, each), "Payments": payments_in(books, each),
        "UpdatedDateUTCString": if target == Target::Prepayment { iso_spaced(each.updated) } else { iso_utc(each.updated) },
    })));
    put_text(&mut out, "Reference", &each.reference);
    Value::Object(out)
}

pub(super) fn purchase_order(books: &Books, each: &Document, view: View) -> Value {
    let mut out = shared(books, each, view);
    out.extend(fields(json!({
        "PurchaseOrderID": id(each.id), "PurchaseOrderNumber": &*each.number, "Reference": text_or_null(&each.reference),
        "SentToContact": each.sent, "Type": "PURCHASEORDER", "IsDiscounted": false, "HasErrors": false,
    })));
    if let Some(day) = each.due {
        put_date(&mut out, "DeliveryDate", day);
    }
    Value::Object(out)
}

pub(super) fn bank_transaction(books: &Books, each: &Document, view: View) -> Value {
    let mut out = shared(books, each, view);
    let account = each.account.and_then(|account| books.accounts.find(account));
    let mut bank = fields(json!({}));
    if let Some(account) = account {
        bank.insert("AccountID".into(), id(account.id));
        put_text(&mut bank, "Code", &account.code);
        put_text(&mut bank, "Name", &account.name);
    }
    out.extend(fields(json!({
        "BankTransactionID": id(each.id), "BankAccount": bank, "Type": each.kind.as_str(),
        "IsReconciled": each.reconciled,
    })));
    if matches!(each.kind, Kind::ReceiveTransfer | Kind::SpendTransfer) {
        out.remove("Contact");
    }
    out.insert("Reference".into(), text_or_null(&each.reference));
    put_text(&mut out, "Url", &each.url);
    let twin = match each.kind {
        Kind::ReceivePrepayment | Kind::SpendPrepayment => Some("PrepaymentID"),
        Kind::ReceiveOverpayment | Kind::SpendOverpayment => Some("OverpaymentID"),
        _ => None,
    };
    if let (Some(name), Some(twin)) = (twin, each.twin) {
        out.insert(name.to_owned(), id(twin));
    }
    Value::Object(out)
}

/// `PaymentType`, which follows from what is settled.
pub(super) fn payment_type(target: Target, kind: Kind) -> &'static str {
    match (target, kind.is_sales()) {
        (Target::Invoice, true) => "ACCRECPAYMENT",
        (Target::Invoice, false) => "ACCPAYPAYMENT",
        (Target::CreditNote, true) => "ARCREDITPAYMENT",
        (Target::CreditNote, false) => "APCREDITPAYMENT",
        (Target::Prepayment, true) => "ARPREPAYMENTPAYMENT",
        (Target::Prepayment, false) => "APPREPAYMENTPAYMENT",
        (Target::Overpayment, true) => "AROVERPAYMENTPAYMENT",
        (Target::Overpayment, false) => "APOVERPAYMENTPAYMENT",
    }
}

pub(super) fn payment(books: &Books, each: &Payment) -> Value {
    let account = books.accounts.find(each.account);
    let mut bank = fields(json!({ "AccountID": id(each.account) }));
    put_text(&mut bank, "Code", account.map_or("", |account| &*account.code));
    put_text(&mut bank, "Name", account.map_or("", |account| &*account.name));
    let mut out = fields(json!({
        "PaymentID": id(each.id), "Date": ms_date(each.date), "DateString": iso_date(each.date),
        "BankAmount": money(each.bank_amount), "Amount": money(each.amount), "Reference": &*each.reference,
        "CurrencyRate": decimals(each.rate, 6), "Status": each.status.as_str(),
        "UpdatedDateUTC": ms_time(each.updated), "UpdatedDateUTCString": iso_utc(each.updated), "HasAccount": true,
        "IsReconciled": each.reconciled, "Account": bank, "HasValidationErrors": false,
    }));
    if let Some(document) = books.target(each.target, each.document) {
        out.insert("PaymentType".into(), json!(payment_type(each.target, document.kind)));
        out.insert(each.target.as_str().to_owned(), settled(books, each.target, document));
    }
    Value::Object(out)
}

/// The document inside its payment: enough to recognise it.
fn settled(books: &Books, target: Target, document: &Document) -> Value {
    let mut out = fields(json!({
        "Type": document.kind.as_str(), "Contact": contact_in(books, document.contact), "LineItems": [],
        "CurrencyCode": &*document.currency,
    }));
    out.insert(format!("{}ID", target.as_str()), id(document.id));
    match target {
        Target::Invoice => {
            let lists = json!({
                "InvoiceNumber": &*document.number, "Payments": [], "CreditNotes": [], "Prepayments": [],
                "Overpayments": [], "HasErrors": false, "IsDiscounted": false,
            });
            out.extend(fields(lists));
        }
        Target::CreditNote => put_text(&mut out, "CreditNoteNumber", &document.number),
        _ => (),
    }
    Value::Object(out)
}

pub(super) fn manual_journal(books: &Books, each: &Journal, lines: bool) -> Value {
    let mut out = fields(json!({
        "ManualJournalID": id(each.id), "Narration": &*each.narration, "Date": ms_date(each.date),
        "DateString": iso_date(each.date), "LineAmountTypes": each.taxing.as_str(), "Status": each.status.as_str(),
        "ShowOnCashBasisReports": each.cash_basis, "HasAttachments": books.has_files(each.id), "UpdatedDateUTC": ms_time(each.updated),
    }));
    put_text(&mut out, "Url", &each.url);
    let of = |one: &super::model::JournalLine| {
        let mut line = fields(json!({
            "LineAmount": money(one.amount), "TaxType": &*one.tax_type,
            "TaxAmount": money(one.tax), "Tracking": tracking_in(books, &one.tracking), "IsBlank": false,
        }));
        put_account(books, &mut line, one.account);
        put_text(&mut line, "Description", &one.description);
        Value::Object(line)
    };
    let shown: Vec<Value> = if lines { each.lines.iter().map(of).collect() } else { Vec::new() };
    out.insert("JournalLines".into(), Value::Array(shown));
    Value::Object(out)
}
