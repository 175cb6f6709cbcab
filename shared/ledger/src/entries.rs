//! What one record of Xero's puts on which accounts.
//!
//! Source: the fields of invoices, credit notes, bank transactions, prepayments, payments and manual journals, in the
//! mirror's form: dates as ISO, amounts as decimal text. Owns signs, taxes and rates. Only sides that a record names are
//! told: receivables, payables and the tax account follow from the others and are not; nor is the bank's side.

use std::str::FromStr;

use kernel::{Currency, Date, Money};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value};
use uuid::Uuid;

/// An account as a record names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountKey {
    /// Xero's id, where the record has it.
    pub id: Option<Uuid>,
    /// The code, where the record has it.
    pub code: Option<String>,
}

/// One side of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: AccountKey,
    /// The day it counts for.
    pub date: Date,
    /// In the currency of the books and without tax; debit above zero.
    pub amount: Money,
}

/// A record that counts in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Xero's word for what it is, where its kind has several: `ACCPAY`, `SPEND`, …
    pub document_type: String,
    /// Its number, reference or narration.
    pub number: String,
    /// The sides it names.
    pub entries: Vec<Entry>,
}

/// Why a record cannot be read. Says the field, never what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// A field that is missing or malformed.
    #[error("the field {0} is missing or cannot be read")]
    Field(&'static str),
    /// Its lines were too many to be kept.
    #[error("its lines are not kept, because they are too many")]
    LinesOmitted,
    /// A kind or type whose side is not known.
    #[error("on which side it counts is not known")]
    Side,
}

type Fields = Map<String, Value>;

/// The entries of a record of a kind; `None` for one that does not count: drafts, what was voided or deleted, and kinds
/// that are no bookings.
pub fn booked(kind: &str, fields: &Fields, currency: Currency) -> Result<Option<Booked>, RecordFault> {
    let counting: &[&str] = match kind {
        "invoices" | "credit_notes" | "prepayments" => &["AUTHORISED", "PAID"],
        "bank_transactions" | "payments" => &["AUTHORISED"],
        "manual_journals" => &["POSTED"],
        _ => return Ok(None),
    };
    if !counting.contains(&text(fields, "Status")) {
        return Ok(None);
    }
    let entries = match kind {
        "payments" => payment(fields, currency)?,
        "manual_journals" => lines(fields, "JournalLines", "NoTax", date(fields, "Date")?, Share::WHOLE, currency)?,
        "prepayments" => uses(fields, currency)?,
        _ => document(fields, currency)?,
    };
    let document_type = if kind == "payments" { "PaymentType" } else { "Type" };
    let document_type = text(fields, document_type).to_owned();
    Ok(Some(Booked { document_type, number: number(kind, fields).to_owned(), entries }))
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number<'a>(kind: &str, fields: &'a Fields) -> &'a str {
    let names: &[&str] = match kind {
        "invoices" => &["InvoiceNumber", "Reference"],
        "credit_notes" => &["CreditNoteNumber", "Reference"],
        "manual_journals" => &["Narration"],
        _ => &["Reference"],
    };
    names.iter().map(|name| text(fields, name)).find(|number| !number.is_empty()).unwrap_or_default()
}

fn date(fields: &Fields, name: &'static str) -> Result<Date, RecordFault> {
    // A time of day may follow, as Xero's examples of allocations have one.
    text(fields, name).get(..10).and_then(|day| day.parse().ok()).ok_or(RecordFault::Field(name))
}

fn decimal(fields: &Fields, name: &'static str) -> Result<Decimal, RecordFault> {
    Decimal::from_str(text(fields, name)).map_err(|_| RecordFault::Field(name))
}

/// A field that is left out where it is nothing.
fn decimal_or(fields: &Fields, name: &'static str, absent: Decimal) -> Result<Decimal, RecordFault> {
    if fields.contains_key(name) { decimal(fields, name) } else { Ok(absent) }
}

/// Foreign units for one of the books.
fn rate(fields: &Fields, currency: Currency) -> Result<Decimal, RecordFault> {
    let foreign = !["", currency.as_str()].contains(&text(fields, "CurrencyCode"));
    let missing = RecordFault::Field("CurrencyRate");
    match decimal_or(fields, "CurrencyRate", if foreign { Decimal::ZERO } else { Decimal::ONE })? {
        rate if rate > Decimal::ZERO => Ok(rate),
        _ => Err(missing),
    }
}

/// Which way the lines of a document go: costs, and what is given back to customers, are debits.
fn side(document_type: &str) -> Result<Decimal, RecordFault> {
    match document_type {
        "ACCPAY" | "ACCRECCREDIT" | "SPEND" | "SPEND-PREPAYMENT" | "SPEND-OVERPAYMENT" | "SPEND-TRANSFER" => {
            Ok(Decimal::ONE)
        }
        "ACCREC" | "ACCPAYCREDIT" | "RECEIVE" | "RECEIVE-PREPAYMENT" | "RECEIVE-OVERPAYMENT" | "RECEIVE-TRANSFER" => {
            Ok(Decimal::NEGATIVE_ONE)
        }
        _ => Err(RecordFault::Side),
    }
}

fn document(fields: &Fields, currency: Currency) -> Result<Vec<Entry>, RecordFault> {
    let share = Share { times: side(text(fields, "Type"))?, over: rate(fields, currency)? };
    lines(fields, "LineItems", "Exclusive", date(fields, "Date")?, share, currency)
}

/// What is used of a prepayment, or paid back, leaves the accounts of its lines; that it came in, its bank transaction says.
fn uses(fields: &Fields, currency: Currency) -> Result<Vec<Entry>, RecordFault> {
    let (side, rate) = (side(text(fields, "Type"))?, rate(fields, currency)?);
    let mut entries = Vec::new();
    for used in fields.get("Allocations").and_then(Value::as_array).into_iter().flatten() {
        let used = used.as_object().ok_or(RecordFault::Field("Allocations"))?;
        let share = Share { times: -side * decimal(used, "Amount")?, over: rate * decimal(fields, "Total")? };
        entries.extend(lines(fields, "LineItems", "Exclusive", date(used, "Date")?, share, currency)?);
    }
    Ok(entries)
}

/// A payment onto an account that takes payments: what customers pay comes in there, what is paid goes out.
fn payment(fields: &Fields, currency: Currency) -> Result<Vec<Entry>, RecordFault> {
    let side = match text(fields, "PaymentType") {
        "ACCRECPAYMENT" | "APCREDITPAYMENT" | "APPREPAYMENTPAYMENT" | "APOVERPAYMENTPAYMENT" => Decimal::ONE,
        "ACCPAYPAYMENT" | "ARCREDITPAYMENT" | "ARPREPAYMENTPAYMENT" | "AROVERPAYMENTPAYMENT" => Decimal::NEGATIVE_ONE,
        _ => return Err(RecordFault::Side),
    };
    let Some(account) = fields.get("Account").and_then(Value::as_object) else { return Ok(Vec::new()) };
    let account = key(account, "AccountID", "Code");
    // What moved there, in the account's own currency, which is that of the books for all but some banks.
    let (moved, over) = match fields.contains_key("BankAmount") {
        true => (decimal(fields, "BankAmount")?, Decimal::ONE),
        false => (decimal(fields, "Amount")?, rate(fields, currency)?),
    };
    let amount = Share { times: side, over }.of(moved, currency, "Amount")?;
    Ok(vec![Entry { account, date: date(fields, "Date")?, amount }])
}

fn key(of: &Fields, id: &str, code: &str) -> AccountKey {
    let code = text(of, code);
    AccountKey { id: Uuid::try_parse(text(of, id)).ok(), code: (!code.is_empty()).then(|| code.to_owned()) }
}

/// The lines that name an account, each without its tax, as a share with its sign.
fn lines(
    fields: &Fields,
    name: &'static str,
    usual: &str,
    date: Date,
    share: Share,
    currency: Currency,
) -> Result<Vec<Entry>, RecordFault> {
    if fields.contains_key(&format!("{name}Omitted")) {
        return Err(RecordFault::LinesOmitted);
    }
    let taxing = Some(text(fields, "LineAmountTypes")).filter(|taxing| !taxing.is_empty()).unwrap_or(usual);
    let mut entries = Vec::new();
    for line in fields.get(name).and_then(Value::as_array).into_iter().flatten() {
        let line = line.as_object().ok_or(RecordFault::Field(name))?;
        let account = key(line, "AccountID", "AccountCode");
        if account == AccountKey::default() {
            // Words alone, or a line that has lost its account.
            continue;
        }
        let amount = decimal_or(line, "LineAmount", Decimal::ZERO)?;
        let within = if taxing.eq_ignore_ascii_case("Inclusive") {
            decimal_or(line, "TaxAmount", Decimal::ZERO)?
        } else {
            Decimal::ZERO
        };
        entries.push(Entry { account, date, amount: share.of(amount - within, currency, "LineAmount")? });
    }
    Ok(entries)
}

/// How much of a line counts, and on which side. Divided last, so that an exact half stays one.
#[derive(Clone, Copy)]
struct Share {
    times: Decimal,
    over: Decimal,
}

impl Share {
    const WHOLE: Self = Self { times: Decimal::ONE, over: Decimal::ONE };

    /// To the nearest minor unit, halves away from zero.
    fn of(self, amount: Decimal, currency: Currency, field: &'static str) -> Result<Money, RecordFault> {
        let exact = amount.checked_mul(self.times).and_then(|product| product.checked_div(self.over));
        let exact = exact.ok_or(RecordFault::Field(field))?;
        let rounded = exact.round_dp_with_strategy(currency.minor_digits(), RoundingStrategy::MidpointAwayFromZero);
        Money::parse(&rounded.normalize().to_string(), currency).map_err(|_| RecordFault::Field(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pounds() -> Currency {
        "GBP".parse().unwrap()
    }

    fn read(kind: &str, record: Value) -> Result<Option<Booked>, RecordFault> {
        let Value::Object(fields) = record else { panic!("a record is an object") };
        booked(kind, &fields, pounds())
    }

    #[track_caller]
    fn check(kind: &str, record: Value, expected: &str) {
        let booked = read(kind, record).unwrap().map(|booked| booked.entries).unwrap_or_default();
        let line = |entry: &Entry| {
            format!("{} {} {}", entry.date, entry.account.code.as_deref().unwrap_or("?"), entry.amount.amount())
        };
        assert_eq!(booked.iter().map(line).collect::<Vec<_>>().join("; "), expected);
    }

    fn line(code: &str, amount: &str, tax: &str) -> Value {
        json!({ "AccountCode": code, "LineAmount": amount, "TaxAmount": tax })
    }

    fn bill(change: impl FnOnce(&mut Value)) -> Value {
        let mut bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Date": "2026-10-05", "InvoiceNumber": "B-1",
            "CurrencyCode": "GBP", "LineAmountTypes": "Exclusive",
            "LineItems": [line("620", "100.00", "20.00"), line("433", "5.50", "1.10")] });
        change(&mut bill);
        bill
    }

    #[test]
    fn a_document_debits_costs_and_credits_income() {
        for (kind, document_type, expected) in [
            ("invoices", "ACCPAY", "100.00"),
            ("invoices", "ACCREC", "-100.00"),
            ("credit_notes", "ACCPAYCREDIT", "-100.00"),
            ("credit_notes", "ACCRECCREDIT", "100.00"),
            ("bank_transactions", "SPEND", "100.00"),
            ("bank_transactions", "RECEIVE", "-100.00"),
            ("bank_transactions", "SPEND-PREPAYMENT", "100.00"),
            ("bank_transactions", "RECEIVE-PREPAYMENT", "-100.00"),
        ] {
            let record = bill(|bill| {
                bill["Type"] = json!(document_type);
                bill["LineItems"] = json!([line("620", "100.00", "20.00")]);
            });
            check(kind, record, &format!("2026-10-05 620 {expected}"));
        }
        assert_eq!(read("invoices", bill(|bill| bill["Type"] = json!("NEW"))), Err(RecordFault::Side));
    }

    #[test]
    fn a_line_counts_without_its_tax_in_the_currency_of_the_books() {
        for (taxing, rate, expected) in [
            ("Exclusive", "1", "100.00; 2026-10-05 433 5.50"),
            ("NoTax", "1", "100.00; 2026-10-05 433 5.50"),
            ("Inclusive", "1", "80.00; 2026-10-05 433 4.40"),
            ("Exclusive", "1.30", "76.92; 2026-10-05 433 4.23"),
            ("Inclusive", "0.5", "160.00; 2026-10-05 433 8.80"),
        ] {
            let record = bill(|bill| {
                (bill["LineAmountTypes"], bill["CurrencyRate"]) = (json!(taxing), json!(rate));
            });
            check("invoices", record, &format!("2026-10-05 620 {expected}"));
        }
        let foreign = |rate: Value| bill(|bill| (bill["CurrencyCode"], bill["CurrencyRate"]) = (json!("EUR"), rate));
        assert_eq!(read("invoices", foreign(json!("0"))), Err(RecordFault::Field("CurrencyRate")));
        let mut without = foreign(json!("1.3"));
        without.as_object_mut().unwrap().remove("CurrencyRate");
        assert_eq!(read("invoices", without), Err(RecordFault::Field("CurrencyRate")));
    }

    #[test]
    fn only_what_counts_is_counted() {
        for (kind, status, counts) in [
            ("invoices", "AUTHORISED", true),
            ("invoices", "PAID", true),
            ("invoices", "DRAFT", false),
            ("invoices", "SUBMITTED", false),
            ("invoices", "VOIDED", false),
            ("credit_notes", "DELETED", false),
            ("bank_transactions", "DELETED", false),
            ("purchase_orders", "AUTHORISED", false),
            ("contacts", "ACTIVE", false),
        ] {
            let found = read(kind, bill(|bill| bill["Status"] = json!(status))).unwrap();
            assert_eq!(found.is_some(), counts, "{kind} {status}");
        }
    }

    #[test]
    fn a_manual_journal_counts_as_it_is_signed() {
        let journal = |status: &str, taxing: &str| {
            json!({ "Status": status, "Date": "2026-10-31", "Narration": "By hand", "LineAmountTypes": taxing,
                "JournalLines": [line("620", "120.00", "20.00"), { "Description": "words" }, line("801", "-120.00", "")] })
        };
        let bare = |status: &str| {
            let mut journal = journal(status, "NoTax");
            journal["JournalLines"][2].as_object_mut().unwrap().remove("TaxAmount");
            journal
        };
        check("manual_journals", bare("POSTED"), "2026-10-31 620 120.00; 2026-10-31 801 -120.00");
        check("manual_journals", bare("DRAFT"), "");
        check("manual_journals", bare("VOIDED"), "");
        let mut inclusive = bare("POSTED");
        inclusive["LineAmountTypes"] = json!("Inclusive");
        check("manual_journals", inclusive, "2026-10-31 620 100.00; 2026-10-31 801 -120.00");
    }

    #[test]
    fn a_payment_counts_on_the_account_it_goes_to() {
        let payment = |kind: &str| {
            json!({ "PaymentType": kind, "Status": "AUTHORISED", "Date": "2026-10-06", "Amount": "120.00",
                "CurrencyRate": "1.20", "Account": { "AccountID": "6f0f0c4e-0000-4000-8000-000000000001", "Code": "620" } })
        };
        check("payments", payment("ACCPAYPAYMENT"), "2026-10-06 620 -100.00");
        check("payments", payment("ACCRECPAYMENT"), "2026-10-06 620 100.00");
        check("payments", payment("ARCREDITPAYMENT"), "2026-10-06 620 -100.00");
        check("payments", payment("APCREDITPAYMENT"), "2026-10-06 620 100.00");
        let mut stated = payment("ACCPAYPAYMENT");
        stated["BankAmount"] = json!("101.00");
        check("payments", stated, "2026-10-06 620 -101.00");
        assert_eq!(read("payments", payment("OTHER")), Err(RecordFault::Side));
    }

    #[test]
    fn what_is_used_of_a_prepayment_leaves_the_accounts_of_its_lines() {
        let record = bill(|bill| {
            (bill["Type"], bill["Total"]) = (json!("SPEND-PREPAYMENT"), json!("120.00"));
            bill["LineItems"] = json!([line("620", "100.00", "20.00")]);
            bill["Allocations"] = json!([{ "Amount": "60.00", "Date": "2026-11-02T10:00:00" }]);
        });
        check("prepayments", record, "2026-11-02 620 -50.00");
        check("prepayments", bill(|bill| bill["Type"] = json!("RECEIVE-PREPAYMENT")), "");
    }

    #[test]
    fn what_cannot_be_read_is_said_and_is_never_nothing() {
        let without = |name: &'static str| {
            let mut record = bill(|_| ());
            record.as_object_mut().unwrap().remove(name);
            read("invoices", record)
        };
        assert_eq!(without("Date"), Err(RecordFault::Field("Date")));
        let odd = bill(|bill| bill["LineItems"][0]["LineAmount"] = json!("much"));
        assert_eq!(read("invoices", odd), Err(RecordFault::Field("LineAmount")));
        let large = bill(|bill| bill["LineItemsOmitted"] = json!({ "Count": 5000 }));
        assert_eq!(read("invoices", large), Err(RecordFault::LinesOmitted));
        assert_eq!(without("LineItems").unwrap().unwrap().entries, []);
    }
}
