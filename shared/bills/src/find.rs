//! Ours found again after a lost answer, and others of its like found before it is sent.
//!
//! Owns the look-ups and the choice among what they bring. A number does not name a bill: Xero keeps suppliers' numbers
//! neither unique nor apart by case. Of the fields that tell bills apart Xero searches type, contact, number and date
//! fast, but neither the total nor the link. So a look-up asks for the fast ones, and everything else is compared here,
//! exactly: for a bill and for spend money the mark in its link, which nobody else's has; for what has no link, as a credit
//! note, on which Xero keeps none, its whole content. A person may enter the same document by hand, so content can
//! mistake; what was there before ours was sent is therefore to be handed in as former.
//!
//! Source: "HTTP Requests and Responses" and the pages Invoices, Credit Notes and Bank Transactions.

use std::cmp::Ordering;

use jiff::{SignedDuration, Span};
use kernel::{Date, Timestamp};

use crate::draft::{BillDraft, BillLine};
use crate::losses::is_from;
use crate::record::{BillRecord, RecordLine};
use crate::{BillId, BillKind, exact_units};
use xero::ApiRead;

/// Documents of one page of a look-up; with their lines they may be long.
pub const LOOK_UP_PAGE_SIZE: u32 = 100;
/// How many days before and after a document's date its like is looked for.
pub const LIKENESS_DAYS: i64 = 366;
/// Longest number that is put into a query: percent-encoded it may be three times as long, and servers commonly take
/// addresses of 2,048 bytes.
const QUOTED_BYTES_MAX: usize = 400;
/// Our clock and Xero's may differ by this much.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(5);

/// Reads one document, with unit prices of four places.
pub fn look_up(kind: BillKind, id: BillId) -> ApiRead {
    ApiRead { path: format!("{}/{id}", kind.path()), query: vec![exact_units()], ..ApiRead::default() }
}

/// One page, from 1, of the documents with the draft's type, contact, date and, where Xero finds it fast, number.
///
/// Cheap, mostly one page, and no proof of absence: a person may have corrected the date, or merged the contact.
/// [`look_up_since`] finds those.
pub fn look_up_by_content(draft: &BillDraft, page: u32) -> ApiRead {
    let mut clause = of_contact(draft);
    clause.push(format!("Date=={}", date_time(draft.date)));
    // Xero names a fast number on bills alone. A quote would need escapes, whose rules are not written down.
    let quotable = (1..=QUOTED_BYTES_MAX).contains(&draft.number.len()) && !draft.number.contains(['"', '\\']);
    if draft.kind == BillKind::Bill && quotable {
        clause.push(format!("InvoiceNumber==\"{}\"", draft.number));
    }
    paged(draft.kind, clause, page)
}

/// One page, from 1, of the documents of that kind changed since shortly before an instant. Ask for pages until
/// [`crate::BillPage::is_last`]; only then is a document known to be absent.
pub fn look_up_since(kind: BillKind, since: Timestamp, page: u32) -> ApiRead {
    let modified_since = Some(since.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN));
    ApiRead { modified_since, ..paged(kind, vec![of_type(kind)], page) }
}

/// One page, from 1, of the contact's documents within [`LIKENESS_DAYS`] of the draft's date, for [`duplicates`]. Xero
/// cannot search for other spellings of a number, so all of them are read.
pub fn look_up_like(draft: &BillDraft, page: u32) -> ApiRead {
    let days = Span::new().days(LIKENESS_DAYS);
    let mut clause = of_contact(draft);
    clause.push(format!("Date>={}", date_time(draft.date.saturating_sub(days))));
    clause.push(format!("Date<={}", date_time(draft.date.saturating_add(days))));
    paged(draft.kind, clause, page)
}

fn of_type(kind: BillKind) -> String {
    format!("Type==\"{}\"", kind.as_str())
}

fn of_contact(draft: &BillDraft) -> Vec<String> {
    vec![of_type(draft.kind), format!("Contact.ContactID==guid(\"{}\")", draft.contact.0)]
}

fn date_time(date: Date) -> String {
    format!("DateTime({},{:02},{:02})", date.year(), date.month(), date.day())
}

fn paged(kind: BillKind, clause: Vec<String>, page: u32) -> ApiRead {
    let size = ("pageSize", LOOK_UP_PAGE_SIZE.to_string());
    let query = vec![("where", clause.join(" AND ")), ("page", page.to_string()), size, exact_units()];
    ApiRead { path: kind.path(), query, ..ApiRead::default() }
}

/// What look-ups have shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// Ours is not there.
    Absent,
    /// Ours is there, perhaps changed since, or voided by a person.
    Present(Box<BillRecord>),
    /// More than one is ours, or one may be: it was written twice, a person copied it, or contacts were merged. A person
    /// decides.
    Ambiguous(Vec<BillRecord>),
}

/// Picks ours from what look-ups found.
///
/// `former` are documents that cannot be ours whatever they look like, and do not count: those that were shown as
/// [`duplicates`] before ours was sent, and those that ours once was and that were voided or deleted before. By content
/// alone, nothing voided or deleted counts, and the same content on another contact, as after a merge, is for a person
/// to judge.
pub fn sight(found: impl IntoIterator<Item = BillRecord>, draft: &BillDraft, former: &[BillId]) -> Sighting {
    let counts = |bill: &BillRecord| bill.kind == draft.kind && !former.contains(&bill.id);
    let found: Vec<BillRecord> = once_each(found).into_iter().filter(counts).collect();
    match draft.url.is_some() {
        true => sight_marked(found, draft),
        false => sight_alike(found, draft),
    }
}

/// What stands goes before what is gone: a person may have voided one of two.
fn sight_marked(found: Vec<BillRecord>, draft: &BillDraft) -> Sighting {
    let ours = found.into_iter().filter(|bill| bill.mark() == Some(draft.mark));
    let (gone, standing): (Vec<_>, Vec<_>) = ours.partition(|bill| bill.status.is_gone());
    one_or_several(if standing.is_empty() { gone } else { standing })
}

fn sight_alike(found: Vec<BillRecord>, draft: &BillDraft) -> Sighting {
    let alike = found.into_iter().filter(|bill| !bill.status.is_gone() && is_same_content(bill, draft));
    let (ours, moved): (Vec<_>, Vec<_>) = alike.partition(|bill| bill.contact() == Some(draft.contact));
    match ours.is_empty() && !moved.is_empty() {
        true => Sighting::Ambiguous(moved),
        false => one_or_several(ours),
    }
}

fn one_or_several(mut bills: Vec<BillRecord>) -> Sighting {
    match bills.len().cmp(&1) {
        Ordering::Less => Sighting::Absent,
        Ordering::Equal => Sighting::Present(Box::new(bills.remove(0))),
        Ordering::Greater => Sighting::Ambiguous(bills),
    }
}

/// Two look-ups, or a page that moved on between two reads, may bring one document twice; the later reading stands.
fn once_each(found: impl IntoIterator<Item = BillRecord>) -> Vec<BillRecord> {
    let mut all: Vec<BillRecord> = Vec::new();
    for bill in found {
        match all.iter_mut().find(|have| have.id == bill.id) {
            Some(have) => *have = bill,
            None => all.push(bill),
        }
    }
    all
}

/// Account, tax type and tracking are left out: Xero may have dropped them from ours. The contact is compared apart.
fn is_same_content(bill: &BillRecord, draft: &BillDraft) -> bool {
    let total = draft.expected.as_ref().is_none_or(|expected| bill.total == Some(expected.total));
    let lines = || bill.line_items.iter().zip(&draft.lines).all(|(have, sent)| is_same_line(have, sent));
    bill.number.trim() == draft.number.trim()
        && bill.date == Some(draft.date)
        && bill.currency_code.as_deref() == Some(draft.currency.as_str())
        && is_from(draft, bill)
        && total
        && bill.line_items.len() == draft.lines.len()
        && lines()
}

fn is_same_line(have: &RecordLine, sent: &BillLine) -> bool {
    have.quantity == Some(sent.quantity)
        && have.unit_amount == Some(sent.unit_amount)
        && have.description.trim() == sent.description.trim()
}

/// A document that may be the same bill. At least one of both holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookAlike {
    /// The document.
    pub bill: BillRecord,
    /// Its number is the same but for case, spaces, signs and leading zeros.
    pub same_number: bool,
    /// Its total, currency and date are the same. Never where the draft's total was not predicted.
    pub same_total_and_date: bool,
}

/// The same contact's documents that may be this one, for a person to see before it is sent. Voided and deleted ones are
/// left out, and the one that carries the draft's own mark, which is no duplicate but itself.
pub fn duplicates(found: impl IntoIterator<Item = BillRecord>, draft: &BillDraft) -> Vec<LookAlike> {
    let may_be = |bill: &BillRecord| {
        let other = bill.mark().is_none_or(|mark| mark != draft.mark);
        bill.kind == draft.kind && bill.contact() == Some(draft.contact) && !bill.status.is_gone() && other
    };
    let alike = |bill: BillRecord| {
        let same_number = is_same_number(&bill.number, &draft.number);
        let same_total_and_date = is_same_total(&bill, draft);
        (same_number || same_total_and_date).then_some(LookAlike { bill, same_number, same_total_and_date })
    };
    once_each(found).into_iter().filter(may_be).filter_map(alike).collect()
}

fn is_same_total(bill: &BillRecord, draft: &BillDraft) -> bool {
    let total = draft.expected.as_ref().is_some_and(|expected| bill.total == Some(expected.total));
    total && bill.date == Some(draft.date) && bill.currency_code.as_deref() == Some(draft.currency.as_str())
}

/// Whether two numbers may be one: by their letters and digits alone, or with leading zeros gone from each part.
fn is_same_number(left: &str, right: &str) -> bool {
    let (plain, other) = (letters_and_digits(left), letters_and_digits(right));
    !plain.is_empty() && (plain == other || without_zeros(left) == without_zeros(right))
}

fn letters_and_digits(number: &str) -> String {
    number.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn without_zeros(number: &str) -> String {
    let mut kept = String::with_capacity(number.len());
    let mut in_digits = false;
    for letter in number.chars() {
        // A zero that opens a run of digits says nothing.
        if letter.is_alphanumeric() && (letter != '0' || in_digits) {
            kept.extend(letter.to_lowercase());
        }
        in_digits = letter.is_ascii_digit() && (in_digits || letter != '0');
    }
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::draft::LineAmounts;
    use crate::predict;
    use crate::tests::{bill, credit};

    /// What Xero has of the bill or credit note, as its number so-and-so.
    fn record(number: u128, draft: &BillDraft) -> Value {
        let lines = draft.lines.iter().map(|line| {
            json!({
                "Description": line.description, "Quantity": line.quantity.to_string(),
                "UnitAmount": line.unit_amount.to_string(),
            })
        });
        json!({
            "CreditNoteID": Uuid::from_u128(number), "Type": draft.kind.as_str(), "Status": "AUTHORISED",
            "Contact": { "ContactID": draft.contact.0 }, "CreditNoteNumber": draft.number,
            "Date": draft.date.to_string(), "CurrencyCode": draft.currency, "Url": draft.link(),
            "Total": draft.expected.as_ref().map(|expected| expected.total.to_string()),
            "LineItems": lines.collect::<Vec<_>>(),
        })
    }

    fn predicted(draft: BillDraft) -> BillDraft {
        let expected = predict(&draft, |_| Some("20".parse().unwrap())).ok();
        BillDraft { expected, ..draft }
    }

    #[track_caller]
    fn check(draft: &BillDraft, records: &[Value], former: &[u128], expected: &str) {
        let found: Vec<BillRecord> = records.iter().map(|each| serde_json::from_value(each.clone()).unwrap()).collect();
        let former: Vec<BillId> = former.iter().map(|number| BillId(Uuid::from_u128(*number))).collect();
        let seen = match sight(found, draft, &former) {
            Sighting::Absent => "absent".to_owned(),
            Sighting::Present(bill) => format!("{} {}", bill.id.0.as_u128(), bill.status.as_str()),
            Sighting::Ambiguous(several) => format!("{} of them", several.len()),
        };
        assert_eq!(seen, expected);
    }

    fn changed(mut record: Value, field: &str, value: Value) -> Value {
        record[field] = value;
        record
    }

    #[test]
    fn a_bill_is_known_by_its_mark_alone() {
        let sent = predicted(bill());
        let ours = record(1, &sent);
        check(&sent, &[], &[], "absent");
        let unmarked = changed(record(2, &sent), "Url", json!("https://app.example/d/771"));
        check(&sent, std::slice::from_ref(&unmarked), &[], "absent");
        let mut edited = changed(ours.clone(), "CreditNoteNumber", json!("corrected"));
        (edited["Total"], edited["LineItems"]) = (json!(1), Value::Null);
        check(&sent, &[unmarked, edited], &[], "1 AUTHORISED");
        check(&sent, &[ours.clone(), changed(ours.clone(), "Status", json!("PAID"))], &[], "1 PAID");
        check(&sent, &[ours.clone(), record(2, &sent)], &[], "2 of them");
        check(&sent, &[ours.clone(), record(2, &sent)], &[2], "1 AUTHORISED");
        let voided = changed(record(3, &sent), "Status", json!("VOIDED"));
        check(&sent, &[voided.clone(), ours], &[], "1 AUTHORISED");
        check(&sent, std::slice::from_ref(&voided), &[], "3 VOIDED");
        check(&sent, &[voided], &[3], "absent");
    }

    #[test]
    fn a_credit_note_is_known_by_its_whole_content() {
        let sent = predicted(credit());
        let ours = record(1, &sent);
        check(&sent, std::slice::from_ref(&ours), &[], "1 AUTHORISED");
        for (field, value) in [
            ("CreditNoteNumber", json!("sup-9912")),
            ("Date", json!("2026-10-30")),
            ("CurrencyCode", json!("USD")),
            ("Total", json!(130.86)),
            ("LineItems", json!([])),
            ("Type", json!("ACCPAY")),
            ("Status", json!("VOIDED")),
            ("Status", json!("DELETED")),
        ] {
            check(&sent, &[changed(ours.clone(), field, value)], &[], "absent");
        }
        for (field, value) in [("Quantity", json!(3)), ("UnitAmount", json!(3.12)), ("Description", json!("Other"))] {
            let mut other = ours.clone();
            other["LineItems"][1][field] = value;
            check(&sent, &[other], &[], "absent");
        }
        let moved = changed(record(3, &sent), "Contact", json!({ "ContactID": Uuid::from_u128(6) }));
        check(&sent, std::slice::from_ref(&moved), &[], "1 of them");
        check(&sent, &[moved, ours.clone()], &[], "1 AUTHORISED");
        let mut dropped = ours.clone();
        dropped["LineItems"][0]["AccountCode"] = Value::Null;
        check(&sent, &[dropped], &[], "1 AUTHORISED");
        check(&sent, &[ours.clone(), record(2, &sent)], &[], "2 of them");
        check(&sent, &[ours, record(2, &sent)], &[1], "2 AUTHORISED");
    }

    #[test]
    fn numbers_are_the_same_in_any_spelling() {
        for (left, right, expected) in [
            ("INV-0042", "inv 42", true),
            ("INV-0042", "Inv.42", true),
            ("2026/001", "2026-1", true),
            ("2026-001", "2026001", true),
            ("№ 7", "7", true),
            ("0", "00", true),
            ("INV-42", "INV-420", false),
            ("INV-402", "INV-42", false),
            ("A1", "B1", false),
            ("", "", false),
            ("--", "##", false),
        ] {
            assert_eq!(is_same_number(left, right), expected, "{left} {right}");
            assert_eq!(is_same_number(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn duplicates_are_shown_with_what_is_alike() {
        let sent = predicted(bill());
        let other = |number| changed(record(number, &sent), "Url", Value::Null);
        let all = [
            changed(other(1), "CreditNoteNumber", json!("sup 9912")),
            changed(other(2), "CreditNoteNumber", json!("else")),
            changed(changed(other(3), "CreditNoteNumber", json!("else")), "Date", json!("2026-10-30")),
            changed(other(4), "Total", json!("1")),
            changed(other(5), "Status", json!("DELETED")),
            changed(other(6), "Contact", json!({ "ContactID": Uuid::from_u128(6) })),
            record(7, &sent),
            changed(changed(other(8), "CreditNoteNumber", json!("")), "CurrencyCode", json!("USD")),
        ];
        let found = || all.iter().map(|each| serde_json::from_value(each.clone()).unwrap());
        let shown = |sent: &BillDraft| -> Vec<(u128, bool, bool)> {
            let alike = duplicates(found(), sent).into_iter();
            alike.map(|each| (each.bill.id.0.as_u128(), each.same_number, each.same_total_and_date)).collect()
        };
        assert_eq!(shown(&sent), [(1, true, true), (2, false, true), (4, true, false)]);
        let unpredicted = BillDraft { expected: None, ..sent };
        assert_eq!(shown(&unpredicted), [(1, true, false), (4, true, false)]);
    }

    #[test]
    fn look_ups_ask_only_for_what_xero_finds_fast() {
        let contact = "Contact.ContactID==guid(\"00000000-0000-0000-0000-000000000005\")";
        let clause = |read: &ApiRead| read.query[0].1.clone();
        let by_content = look_up_by_content(&bill(), 2);
        let expected =
            format!("Type==\"ACCPAY\" AND {contact} AND Date==DateTime(2026,10,31) AND InvoiceNumber==\"SUP-9912\"");
        assert_eq!((by_content.path.as_str(), clause(&by_content)), ("/Invoices", expected));
        let rest = [("page", "2"), ("pageSize", "100"), ("unitdp", "4")].map(|(name, text)| (name, text.to_owned()));
        assert_eq!(by_content.query[1..], rest);
        let long = "é".repeat(201);
        for number in ["", "A\"1", "A\\1", &long] {
            let sent = BillDraft { number: number.into(), ..bill() };
            assert!(!clause(&look_up_by_content(&sent, 1)).contains("InvoiceNumber"), "{number}");
        }
        let credits = look_up_by_content(&BillDraft { line_amounts: LineAmounts::NoTax, ..credit() }, 1);
        let expected = format!("Type==\"ACCPAYCREDIT\" AND {contact} AND Date==DateTime(2026,10,31)");
        assert_eq!((credits.path.as_str(), clause(&credits)), ("/CreditNotes", expected));
        let like = clause(&look_up_like(&bill(), 1));
        assert!(like.ends_with(" AND Date>=DateTime(2025,10,30) AND Date<=DateTime(2027,11,01)"), "{like}");
        let since = look_up_since(BillKind::Bill, "2026-10-31T09:00:00Z".parse().unwrap(), 3);
        assert_eq!(since.modified_since.unwrap().to_string(), "2026-10-31T08:55:00Z");
        assert_eq!((clause(&since).as_str(), since.query[1].1.as_str()), ("Type==\"ACCPAY\"", "3"));
        let one = look_up(BillKind::CreditNote, BillId(Uuid::nil()));
        assert_eq!(one.path, "/CreditNotes/00000000-0000-0000-0000-000000000000");
    }
}
