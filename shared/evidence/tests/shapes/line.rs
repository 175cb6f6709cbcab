//! Lines made of records.

use crate::samples::{fields, text_of_line};
use evidence::*;
use serde_json::json;

#[track_caller]
fn check_transaction(kind: &str, status: &str, expected: &str) {
    let record = json!({
        "BankTransactionID": "E1", "Type": kind, "Status": status, "BankAccount": { "AccountID": "BANK-A" },
        "Contact": { "ContactID": "c" }, "Date": "2026-10-03", "Total": "42.50", "CurrencyCode": "GBP",
        "Reference": "card 17", "IsReconciled": true, "LineItems": [{ "Description": "Train\u{202e} fare" }],
    });
    let line = Line::from_bank_transaction(&fields(record), "Fern Rail");
    assert_eq!(line.map(|line| text_of_line(&line)).unwrap_or_else(|fault| fault.to_string()), expected);
}

#[test]
fn m7_a_bank_transaction_of_the_mirror_is_a_line() {
    let with = |amount: &str, kind: &str, presence: &str| {
        format!(
            "e1 ledger_entry bank-a 2026-10-03 {amount} GBP [Fern Rail|Train fare|card 17] {kind} {presence} \
             reconciled=Some(true) links=e1"
        )
    };
    check_transaction("SPEND", "AUTHORISED", &with("-42.50", "ordinary", "present"));
    check_transaction("RECEIVE", "AUTHORISED", &with("42.50", "ordinary", "present"));
    check_transaction("SPEND", "VOIDED", &with("-42.50", "ordinary", "deleted"));
    check_transaction("SPEND", "DELETED", &with("-42.50", "ordinary", "deleted"));
    check_transaction("SPEND-OVERPAYMENT", "AUTHORISED", &with("-42.50", "overpayment", "present"));
    check_transaction("RECEIVE-PREPAYMENT", "AUTHORISED", &with("42.50", "prepayment", "present"));
    check_transaction("SPEND-TRANSFER", "AUTHORISED", &with("-42.50", "transfer", "present"));
    for unknown in ["", "SPENT", "SPEND-GIFT"] {
        check_transaction(unknown, "AUTHORISED", "the record has no readable Type");
    }
}

#[track_caller]
fn check_statement(change: serde_json::Value, expected: &str) {
    let mut record = fields(json!({
        "statementLineId": "1dd2", "postedDate": "2026-09-01", "payee": "FERN LTD", "reference": "", "notes": "n",
        "chequeNo": "7", "amount": -62.40, "transactionDate": "2026-08-31", "type": "STMTTRNTYPE/DEBIT",
        "isReconciled": false, "isDuplicate": false, "isDeleted": false, "payments": [], "bankTransactions": [],
    }));
    record.extend(fields(change));
    let line = Line::from_statement_line(&record, &"bank-a".parse().unwrap(), "GBP".parse().unwrap());
    let told = line.map(|line| text_of_line(&line)).unwrap_or_else(|fault| fault.to_string());
    let told = told.strip_prefix("1dd2 finance_statement bank-a ").unwrap_or(&told);
    assert_eq!(told, expected);
}

#[test]
fn m7_a_statement_line_of_the_finance_api_is_a_line() {
    let rest = "GBP [FERN LTD|n 7|] ordinary";
    let unreconciled = "present reconciled=Some(false) links=";
    check_statement(json!({}), &format!("2026-09-01 -62.40 {rest} {unreconciled}"));
    check_statement(json!({"amount": 62.4, "type": "Debit"}), &format!("2026-09-01 -62.40 {rest} {unreconciled}"));
    check_statement(json!({"amount": 62.4, "type": "Credit"}), &format!("2026-09-01 62.40 {rest} {unreconciled}"));
    check_statement(json!({"postedDate": null}), &format!("2026-08-31 -62.40 {rest} {unreconciled}"));
    check_statement(
        json!({"isReconciled": null, "payments": [{"paymentId": "P1", "batchPaymentId": "b"}, {"batchPaymentId": "B2"}],
               "bankTransactions": [{"bankTransactionId": "E1"}]}),
        &format!("2026-09-01 -62.40 {rest} present reconciled=None links=p1,b2,e1"),
    );
    check_statement(json!({"payments": [{}]}), "the record has no readable batchPaymentId");
    check_statement(json!({"amount": "x"}), "the record has no readable amount");
    check_statement(json!({"postedDate": "soon"}), "the record has no readable postedDate");
    let of = |count: usize| json!({"payments": vec![json!({"paymentId": "p"}); count]});
    check_statement(of(LINKS_MAX + 1), "the line belongs to more than 1000 entries");
}

#[test]
fn x1_what_the_bank_deleted_or_has_twice_is_told() {
    let rest = "GBP [FERN LTD|n 7|] ordinary";
    for (change, presence) in [
        (json!({"isDeleted": true}), "deleted"),
        (json!({"isDuplicate": true}), "duplicate"),
        (json!({"isDeleted": true, "isDuplicate": true}), "deleted"),
    ] {
        check_statement(change, &format!("2026-09-01 -62.40 {rest} {presence} reconciled=Some(false) links="));
    }
}

#[test]
fn m7_each_source_says_what_it_leaves_unproven() {
    for (source, expected) in [
        (LineSource::FinanceStatement, (true, true, false)),
        (LineSource::UploadedStatement, (true, false, false)),
        (LineSource::LedgerEntry, (false, true, true)),
    ] {
        let told = source.capabilities();
        assert_eq!((told.sees_unreconciled, told.knows_links, told.knows_attachments), expected);
        assert!(told.unproven.ends_with('.') && !told.unproven.contains("  "));
    }
}
