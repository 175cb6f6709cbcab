//! Spend money as it is sent to Xero, read from its answers, and found again: the very bytes, and every difference.
#![allow(clippy::unwrap_used)]

use bills::{
    AccountRef, BillDraft, BillId, BillKind, BillLine, BillMark, BillRecord, ContactId, LineAmounts, NewStatus,
    Removal, Sighting, TrackingRef, WriteOutcome, attach, create, duplicates, look_up_by_content, look_up_since,
    losses, predict, read_created, read_list, read_removed, remove, sight,
};
use ports::HttpResponse;
use serde_json::{Value, json};
use uuid::Uuid;
use xero::{ApiWrite, IdempotencyKey, WriteMethod};

const ID: &str = "0b159335-606b-485f-b51b-97b3b32bad32";

/// 42.50 with its tax inside, paid with the card of account 090.
fn spent() -> BillDraft {
    let mut draft = BillDraft {
        mark: BillMark::from_bytes([7; 16]),
        kind: BillKind::SpendMoney,
        contact: ContactId(Uuid::from_u128(5)),
        number: "card 4417 tx 991".to_owned(),
        date: "2026-10-03".parse().unwrap(),
        due_date: None,
        currency: "GBP".to_owned(),
        currency_rate: None,
        line_amounts: LineAmounts::Inclusive,
        status: NewStatus::Authorised,
        url: Some("https://app.example/t/991".to_owned()),
        bank_account: Some(AccountRef::Code("090".to_owned())),
        lines: vec![BillLine {
            description: "Train fare".to_owned(),
            quantity: "1".parse().unwrap(),
            unit_amount: "42.5".parse().unwrap(),
            account: AccountRef::Code("493".to_owned()),
            tax_type: Some("INPUT2".to_owned()),
            tax_amount: None,
            tracking: vec![TrackingRef::Names { category: "Region".into(), option: "North".into() }],
        }],
        expected: None,
    };
    draft.expected = predict(&draft, |_| Some("20".parse().unwrap())).ok();
    draft
}

fn key() -> IdempotencyKey {
    IdempotencyKey::try_new("k").unwrap()
}

fn text(write: &ApiWrite) -> &str {
    std::str::from_utf8(&write.body).unwrap()
}

/// What Xero has of it.
fn element() -> Value {
    json!({
        "BankTransactionID": ID, "Type": "SPEND", "Status": "AUTHORISED", "IsReconciled": false,
        "BankAccount": { "AccountID": Uuid::from_u128(9), "Code": "090", "Name": "Card" },
        "Contact": { "ContactID": Uuid::from_u128(5), "Name": "Any" }, "Reference": "card 4417 tx 991",
        "Date": "/Date(1790985600000+0000)/", "CurrencyCode": "GBP", "LineAmountTypes": "Inclusive",
        "SubTotal": 35.42, "TotalTax": 7.08, "Total": "42.50",
        "Url": "https://app.example/t/991?cf=07070707070707070707070707070707",
        "LineItems": [{ "Description": "Train fare", "Quantity": 1.0, "UnitAmount": 42.50, "AccountCode": "493",
            "TaxType": "INPUT2", "TaxAmount": 7.08, "Tracking": [{ "Name": "Region", "Option": "North" }] }],
    })
}

fn changed(field: &str, value: Value) -> Value {
    let mut element = element();
    element[field] = value;
    element
}

fn answer(element: &Value) -> HttpResponse {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let body = json!({ "Status": "OK", "BankTransactions": [element] }).to_string().into();
    HttpResponse { status: 200, headers, body, wire_bytes: 0 }
}

fn record(element: &Value) -> BillRecord {
    read_list(answer(element), BillKind::SpendMoney).unwrap().bills.remove(0)
}

#[test]
fn it_is_created_by_put_with_its_bank_account_and_reference_and_no_currency() {
    let write = create(&spent(), key()).unwrap();
    assert_eq!((write.method, write.path.as_str()), (WriteMethod::Put, "/BankTransactions"));
    assert_eq!(write.query, [("unitdp", "4".to_owned())]);
    assert_eq!(
        text(&write),
        concat!(
            r#"{"BankTransactions":[{"Type":"SPEND","Status":"AUTHORISED","#,
            r#""Contact":{"ContactID":"00000000-0000-0000-0000-000000000005"},"BankAccount":{"Code":"090"},"#,
            r#""Reference":"card 4417 tx 991","Date":"2026-10-03","LineAmountTypes":"Inclusive","#,
            r#""Url":"https://app.example/t/991?cf=07070707070707070707070707070707","LineItems":["#,
            r#"{"Description":"Train fare","Quantity":1,"UnitAmount":42.50,"AccountCode":"493","TaxType":"INPUT2","#,
            r#""Tracking":[{"Name":"Region","Option":"North"}]}]}]}"#,
        )
    );
    let by_id = BillDraft {
        bank_account: Some(AccountRef::Id(Uuid::from_u128(9))),
        currency_rate: Some("1.165432".parse().unwrap()),
        number: String::new(),
        ..spent()
    };
    let write = create(&by_id, key()).unwrap();
    assert!(text(&write).contains(concat!(
        r#""BankAccount":{"AccountID":"00000000-0000-0000-0000-000000000009"},"Date":"2026-10-03","#,
        r#""CurrencyRate":1.165432,"LineAmountTypes""#
    )));
    assert!(!text(&write).contains("Reference"));
    let stored = serde_json::to_string(&by_id).unwrap();
    assert_eq!(serde_json::from_str::<BillDraft>(&stored).unwrap(), by_id);
}

#[test]
fn a_draft_that_was_stored_before_there_were_bank_accounts_is_read() {
    let mut stored = json!(spent());
    stored["kind"] = json!("ACCPAY");
    stored.as_object_mut().unwrap().remove("bank_account");
    assert_eq!(serde_json::from_value::<BillDraft>(stored).unwrap().bank_account, None);
}

#[track_caller]
fn check_fault(change: impl FnOnce(&mut BillDraft), expected: &str) {
    let mut sent = spent();
    change(&mut sent);
    let fault = create(&sent, key()).unwrap_err().to_string();
    assert!(fault.contains(expected), "{fault} is not {expected}");
}

#[test]
fn what_xero_would_refuse_in_any_books_is_not_sent() {
    check_fault(|sent| sent.bank_account = None, "needs the bank account");
    for code in ["", "12345678901"] {
        check_fault(|sent| sent.bank_account = Some(AccountRef::Code(code.into())), "bank account has a code that");
    }
    check_fault(|sent| sent.due_date = Some(sent.date), "has no due date");
    for status in [NewStatus::Draft, NewStatus::Submitted] {
        check_fault(|sent| sent.status = status, "cannot start as a draft or submitted");
    }
    check_fault(|sent| sent.url = Some("/t/991".into()), "link must be absolute");
    check_fault(|sent| sent.lines.clear(), "no lines");
    check_fault(|sent| (sent.kind, sent.due_date) = (BillKind::Bill, Some(sent.date)), "only spend money has a bank");
    check_fault(|sent| (sent.kind, sent.url) = (BillKind::CreditNote, None), "only spend money has a bank");
}

#[test]
fn an_answer_is_held_against_what_was_sent() {
    let outcome = |element: &Value| match read_created(Ok(answer(element)), &spent()) {
        WriteOutcome::Written { id } => format!("written {id}"),
        WriteOutcome::WrittenWithLoss { warnings, .. } => warnings.join("; "),
        other => format!("{other:?}"),
    };
    assert_eq!(outcome(&element()), format!("written {ID}"));
    let other_account = json!({ "AccountID": Uuid::from_u128(8), "Code": "091" });
    for (field, value, expected) in [
        ("BankAccount", other_account, "the money was spent from another bank account"),
        ("BankAccount", Value::Null, "the money was spent from another bank account"),
        ("Reference", json!("else"), "the reference is not card 4417 tx 991"),
        ("CurrencyCode", json!("EUR"), "the document is not in GBP"),
        ("Date", json!("2026-10-04"), "the document is not dated 2026-10-03"),
        ("Total", json!(42.51), "the total is 42.51, not 42.50 as predicted"),
        ("Status", json!("DELETED"), "the document is DELETED, not AUTHORISED"),
    ] {
        assert_eq!(outcome(&changed(field, value)), expected);
    }
    for (field, value) in [("Type", json!("RECEIVE")), ("Url", Value::Null), ("BankTransactionID", Value::Null)] {
        assert!(outcome(&changed(field, value)).starts_with("Unknown"), "{field}");
    }
    let refused = json!({ "BankTransactionID": Uuid::nil(), "StatusAttributeString": "ERROR",
        "ValidationErrors": [{ "Message": "Account must be valid." }] });
    assert!(outcome(&refused).starts_with("Rejected"));
}

#[test]
fn an_account_by_its_id_is_known_by_it() {
    let sent = BillDraft { bank_account: Some(AccountRef::Id(Uuid::from_u128(9))), ..spent() };
    assert_eq!(losses(&sent, &record(&element())), [""; 0]);
    let other = changed("BankAccount", json!({ "AccountID": Uuid::from_u128(8), "Code": "090" }));
    assert_eq!(losses(&sent, &record(&other)), ["the money was spent from another bank account"]);
}

fn seen(draft: &BillDraft, elements: &[Value], former: &[BillId]) -> String {
    match sight(elements.iter().map(record), draft, former) {
        Sighting::Absent => "absent".to_owned(),
        Sighting::Present(one) => format!("there {}", one.status.as_str()),
        Sighting::Ambiguous(several) => format!("{} of them", several.len()),
    }
}

#[test]
fn ours_is_found_by_its_mark_and_without_a_link_by_its_content() {
    let edited = changed("Reference", json!("corrected"));
    assert_eq!(seen(&spent(), std::slice::from_ref(&edited), &[]), "there AUTHORISED");
    assert_eq!(seen(&spent(), &[changed("Url", Value::Null)], &[]), "absent", "by its mark alone");
    assert_eq!(seen(&spent(), &[changed("Status", json!("DELETED"))], &[]), "there DELETED");
    let unmarked = BillDraft { url: None, ..spent() };
    assert_eq!(seen(&unmarked, &[element()], &[]), "there AUTHORISED");
    assert_eq!(seen(&unmarked, &[element()], &[ID.parse().unwrap()]), "absent", "it was there before");
    let mut twin = element();
    twin["BankTransactionID"] = json!(Uuid::from_u128(3));
    assert_eq!(seen(&unmarked, &[element(), twin], &[]), "2 of them");
    for (field, value) in [
        ("Reference", json!("else")),
        ("Date", json!("2026-10-04")),
        ("Total", json!(42.51)),
        ("BankAccount", json!({ "AccountID": Uuid::from_u128(8), "Code": "091" })),
        ("CurrencyCode", json!("EUR")),
        ("Status", json!("DELETED")),
        ("LineItems", json!([])),
    ] {
        assert_eq!(seen(&unmarked, &[changed(field, value)], &[]), "absent", "{field}");
    }
    let moved = changed("Contact", json!({ "ContactID": Uuid::from_u128(6) }));
    assert_eq!(seen(&unmarked, &[moved], &[]), "1 of them", "a person judges");
}

#[test]
fn look_ups_ask_for_spend_money_alone() {
    let read = look_up_by_content(&spent(), 1);
    let contact = "Contact.ContactID==guid(\"00000000-0000-0000-0000-000000000005\")";
    let clause = format!("Type==\"SPEND\" AND {contact} AND Date==DateTime(2026,10,03)");
    assert_eq!((read.path.as_str(), &read.query[0].1), ("/BankTransactions", &clause));
    let since = look_up_since(BillKind::SpendMoney, "2026-10-31T09:00:00Z".parse().unwrap(), 2);
    assert_eq!((since.path.as_str(), since.query[0].1.as_str()), ("/BankTransactions", "Type==\"SPEND\""));
}

#[test]
fn what_looks_like_it_is_shown_whatever_account_it_was_paid_from() {
    let mut other = changed("BankAccount", json!({ "AccountID": Uuid::from_u128(8), "Code": "091" }));
    (other["Url"], other["Reference"]) = (Value::Null, Value::Null);
    let shown = |elements: &[Value]| -> Vec<(bool, bool)> {
        let alike = duplicates(elements.iter().map(record), &spent());
        alike.iter().map(|each| (each.same_number, each.same_total_and_date)).collect()
    };
    assert_eq!(shown(&[other]), [(false, true)]);
    assert_eq!(shown(&[element()]), [], "it carries our own mark");
}

#[test]
fn a_removal_deletes_it_unless_it_is_reconciled() {
    assert_eq!(Removal::of(&record(&element())), Some(Removal::Delete));
    assert_eq!(Removal::of(&record(&changed("IsReconciled", json!(true)))), None);
    assert_eq!(Removal::of(&record(&changed("Status", json!("DELETED")))), None);
    let (kind, id) = (BillKind::SpendMoney, ID.parse().unwrap());
    let write = remove(kind, id, Removal::Delete, key());
    assert_eq!((write.method, write.path.clone()), (WriteMethod::Post, format!("/BankTransactions/{ID}")));
    let expected = format!(r#"{{"BankTransactions":[{{"BankTransactionID":"{ID}","Status":"DELETED"}}]}}"#);
    assert_eq!(text(&write), expected);
    let gone = changed("Status", json!("DELETED"));
    let outcome = read_removed(Ok(answer(&gone)), kind, id, Removal::Delete);
    assert!(matches!(outcome, WriteOutcome::Written { .. }), "{outcome:?}");
}

#[test]
fn its_file_goes_below_it() {
    let (id, name) = (ID.parse().unwrap(), bills::FileName::try_new("receipt.pdf").unwrap());
    let file = attach(BillKind::SpendMoney, id, name, "application/pdf", "%PDF".into(), key()).unwrap();
    assert_eq!(file.write.path, format!("/BankTransactions/{ID}/Attachments/receipt.pdf"));
}
