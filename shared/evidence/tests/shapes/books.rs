//! Bills, entries, payments and transfers made of records.

use crate::samples::{fields, pounds};
use evidence::*;
use serde_json::{Value, json};

fn bill(change: Value) -> Result<Option<Bill>, RecordFault> {
    let mut record = fields(json!({
        "InvoiceID": "B1", "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": "c" },
        "InvoiceNumber": "SUP-9912", "Date": "2026-10-05", "DueDate": "2026-11-04", "Total": "120.00",
        "AmountDue": "62.40", "CurrencyCode": "GBP", "HasAttachments": true,
    }));
    record.extend(fields(change));
    Bill::from_record(&record, "Fern Supplies")
}

#[test]
fn m8_a_mirrored_bill_is_read_and_a_sales_invoice_is_none() {
    let read = bill(json!({})).unwrap().unwrap();
    assert_eq!(
        (read.record.id.as_str(), read.number.as_str(), read.contact.as_str()),
        ("b1", "SUP-9912", "Fern Supplies")
    );
    assert_eq!((read.total, read.amount_due), (pounds("120.00"), pounds("62.40")));
    assert_eq!((read.expected().to_string().as_str(), read.has_attachments), ("2026-11-04", true));
    assert_eq!(bill(json!({"Type": "ACCREC"})), Ok(None));
    assert!(!bill(json!({"HasAttachments": null})).unwrap().unwrap().has_attachments);
    assert_eq!(bill(json!({"Status": "VOIDED"})).unwrap().unwrap().status.as_str(), "VOIDED");
    for field in ["Type", "InvoiceID", "Date", "DueDate", "Total", "AmountDue", "CurrencyCode"] {
        let broken = json!({ field: if field == "DueDate" { json!("soon") } else { json!("") } });
        assert_eq!(bill(broken), Err(RecordFault::Field(field)));
    }
}

#[test]
fn m8_a_mirrored_credit_note_is_due_what_is_left_of_it() {
    let record = fields(json!({
        "CreditNoteID": "C1", "Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "CreditNoteNumber": "CN-1",
        "Date": "2026-10-05", "Total": "50.00", "RemainingCredit": "20.00", "CurrencyCode": "GBP",
    }));
    let read = Bill::from_record(&record, "").unwrap().unwrap();
    assert_eq!(
        (read.record.kind, read.amount_due, read.expected()),
        (RecordKind::CreditNote, pounds("20.00"), read.date)
    );
}

#[test]
fn m8_an_entry_is_signed_and_a_voided_one_speaks_for_nothing() {
    let entry = |kind: &str, status: &str| {
        let record = fields(json!({
            "BankTransactionID": "E1", "Type": kind, "Status": status, "BankAccount": { "AccountID": "A" },
            "Date": "2026-10-03", "Total": "42.50", "CurrencyCode": "GBP", "HasAttachments": true,
        }));
        Entry::from_bank_transaction(&record, "Fern").unwrap().map(|entry| entry.amount)
    };
    assert_eq!(entry("SPEND", "AUTHORISED"), Some(pounds("-42.50")));
    assert_eq!(entry("RECEIVE-OVERPAYMENT", "AUTHORISED"), Some(pounds("42.50")));
    assert_eq!(entry("SPEND", "VOIDED"), None);
    assert_eq!(entry("SPEND-TRANSFER", "AUTHORISED"), None);
}

#[test]
fn m8_a_payment_goes_the_way_its_type_says() {
    let payment = |kind: &str, attached: bool, change: Value| {
        let mut record = fields(json!({
            "PaymentID": "P1", "PaymentType": kind, "Status": "AUTHORISED", "Date": "2026-10-06", "Amount": "100.00",
            "BankAmount": "80.00", "Account": { "AccountID": "A" }, "IsReconciled": true,
            "Invoice": { "InvoiceID": "B1", "InvoiceNumber": "SUP-9912", "Type": "ACCPAY" },
        }));
        record.extend(fields(change));
        Entry::from_payment(&record, pounds("0").currency, attached)
    };
    let pays = |id: &str| Part::PaymentOf(Some(id.parse().unwrap()));
    let told = |kind, attached| payment(kind, attached, json!({})).unwrap().map(|it| (it.amount, it.has_document));
    assert_eq!(told("ACCPAYPAYMENT", true), Some((pounds("-80.00"), true)));
    assert_eq!(told("ACCPAYPAYMENT", false), Some((pounds("-80.00"), false)));
    assert_eq!(told("ACCRECPAYMENT", false), Some((pounds("80.00"), true)));
    assert_eq!(told("ARCREDITPAYMENT", false), Some((pounds("-80.00"), true)));
    assert_eq!(told("APCREDITPAYMENT", false), Some((pounds("80.00"), false)));
    assert_eq!(told("AROVERPAYMENTPAYMENT", false), Some((pounds("-80.00"), false)));
    assert_eq!(payment("SOMETHING", true, json!({})), Err(RecordFault::Field("PaymentType")));
    assert_eq!(payment("ACCPAYPAYMENT", true, json!({"Status": "DELETED"})), Ok(None));
    let read = payment("ACCPAYPAYMENT", true, json!({"BankAmount": "100.00"})).unwrap().unwrap();
    assert_eq!((read.part, read.whom.as_str()), (pays("b1"), "SUP-9912"));
    let note = json!({"Invoice": null, "CreditNote": { "CreditNoteID": "C1", "CreditNoteNumber": "CN-1" }});
    let read = payment("APCREDITPAYMENT", true, note).unwrap().unwrap();
    assert_eq!((read.part, read.whom.as_str()), (pays("c1"), "CN-1"));
}

#[test]
fn x1_a_mirrored_transfer_has_two_sides_and_a_deleted_one_none() {
    let transfer = |status: &str| {
        let record = fields(json!({
            "BankTransferID": "T1", "Status": status, "Date": "2026-10-06", "Amount": "500.00",
            "FromBankAccount": { "AccountID": "A" }, "ToBankAccount": { "AccountID": "B" },
            "FromBankTransactionID": "T1-out", "ToBankTransactionID": "T1-in",
        }));
        Entry::from_transfer(&record, pounds("0").currency).unwrap()
    };
    let told = |entry: &Entry| format!("{} {} {} {}", entry.record.id, entry.account, entry.date, entry.amount);
    let sides: Vec<String> = transfer("AUTHORISED").iter().map(told).collect();
    assert_eq!(sides, ["t1-out a 2026-10-06 -500.00 GBP", "t1-in b 2026-10-06 500.00 GBP"]);
    assert_eq!(transfer("DELETED"), []);
}
