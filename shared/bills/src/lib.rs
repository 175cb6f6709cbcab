//! Suppliers' bills, their credit notes and spend money at Xero: totals predicted, documents written, found again and
//! removed, their files attached.
//!
//! Requests are values and answers are read into outcomes; nothing is sent here. A bill's number is the supplier's and
//! not unique in Xero, so nothing relies on Xero to refuse a second one: whoever does not know what became of a write
//! looks for it before sending anything else, and whoever is about to send looks for its like first. A document is never
//! changed here once it is in Xero: from then on Xero is where people edit it.
//!
//! Spend money is a bank transaction of Xero's, and shares lines, totals, link and files with a bill. It has a bank
//! account for a due date, a reference for a number, and its currency is the account's. Written here, it is an entry of the
//! ledger: which line of a bank statement it belongs to, a person says in Xero.
//!
//! Sources: the pages Invoices, Credit Notes, Bank Transactions and Attachments, and the Accounting specification.

mod answers;
mod attach;
mod draft;
mod find;
mod losses;
mod mark;
mod note;
mod record;
mod supplier;
mod totals;
mod wire;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use answers::{WriteOutcome, read_created, read_removed};
pub use attach::{
    ATTACHMENTS_MAX, AttachFault, AttachOutcome, Attachment, FILE_BYTES_MAX, FILE_NAME_BYTES_MAX, FileName, Upload,
    attach, list_attachments, read_attached, read_attachments, room_for,
};
pub use draft::{
    ACCOUNT_CODE_CHARS_MAX, AccountRef, BODY_BYTES_MAX, BillDraft, BillLine, DESCRIPTION_CHARS_MAX, DraftFault,
    LINE_AMOUNT_MAX, LineAmounts, NUMBER_CHARS_MAX, NewStatus, RATE_PLACES, TRACKING_PER_LINE_MAX, TrackingRef,
    UNIT_PLACES,
};
pub use find::{
    LIKENESS_DAYS, LOOK_UP_PAGE_SIZE, LookAlike, Sighting, duplicates, look_up, look_up_by_content, look_up_like,
    look_up_since, sight,
};
pub use losses::losses;
pub use mark::{BillMark, LINK_CHARS_MAX, mark_link};
pub use note::{NOTE_CHARS_MAX, NoteOutcome, add_note, has_note, list_notes, read_noted};
pub use record::{
    BillPage, BillRecord, BillStatus, RecordBankAccount, RecordLine, RecordTracking, read_list, read_one,
};
pub use supplier::{
    NewSupplier, SupplierFault, SupplierOutcome, SupplierRecord, create_supplier, look_up_suppliers,
    read_supplier_created, read_suppliers,
};
pub use totals::{LineTotals, Totals, TotalsFault, predict};

use xero::{ApiWrite, IdempotencyKey, WriteMethod};

/// Which kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillKind {
    /// An invoice from a supplier: ACCPAY.
    Bill,
    /// A supplier's credit note: ACCPAYCREDIT.
    CreditNote,
    /// What a supplier was paid from a bank account, with or without a bill: a bank transaction of type SPEND.
    SpendMoney,
    /// What somebody paid into a bank account: a bank transaction of type RECEIVE.
    ReceiveMoney,
}

impl BillKind {
    /// Xero's name of the type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bill => "ACCPAY",
            Self::CreditNote => "ACCPAYCREDIT",
            Self::SpendMoney => "SPEND",
            Self::ReceiveMoney => "RECEIVE",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [Self::Bill, Self::CreditNote, Self::SpendMoney, Self::ReceiveMoney]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// Xero's name of the list that it stands in.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Bill => "Invoices",
            Self::CreditNote => "CreditNotes",
            Self::SpendMoney | Self::ReceiveMoney => "BankTransactions",
        }
    }

    fn id_field(self) -> &'static str {
        match self {
            Self::Bill => "InvoiceID",
            Self::CreditNote => "CreditNoteID",
            Self::SpendMoney | Self::ReceiveMoney => "BankTransactionID",
        }
    }

    /// Whether it is a bank transaction: money that has moved already.
    pub fn is_at_bank(self) -> bool {
        matches!(self, Self::SpendMoney | Self::ReceiveMoney)
    }

    fn path(self) -> String {
        format!("/{}", self.collection())
    }
}

/// Xero's id of a bill, credit note or bank transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BillId(pub Uuid);

impl fmt::Display for BillId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

impl FromStr for BillId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

/// Xero's id of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactId(pub Uuid);

/// How a document is taken away, which its status decides. There is no DELETE verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// What is in the books becomes VOIDED.
    Void,
    /// What never came there becomes DELETED, and so does a bank transaction.
    Delete,
}

impl Removal {
    /// What fits the document; none where payments, credits or a bank statement's line hang on it, where it is gone, or
    /// Xero alone decides.
    pub fn of(bill: &BillRecord) -> Option<Self> {
        match bill.status {
            _ if bill.is_settled() => None,
            BillStatus::Authorised if bill.kind.is_at_bank() => Some(Self::Delete),
            BillStatus::Authorised => Some(Self::Void),
            BillStatus::Draft | BillStatus::Submitted => Some(Self::Delete),
            _ => None,
        }
    }

    fn becomes(self) -> &'static str {
        match self {
            Self::Void => "VOIDED",
            Self::Delete => "DELETED",
        }
    }
}

/// Unit prices cost no call more for being exact, and without this Xero cuts them to two places, in answers too.
const EXACT_UNITS: (&str, &str) = ("unitdp", "4");

fn exact_units() -> (&'static str, String) {
    (EXACT_UNITS.0, EXACT_UNITS.1.to_owned())
}

/// Creates a document. PUT, so that it can never change one that exists.
///
/// `summarizeErrors` is left alone: a refusal of a single document is then a 400, which nobody takes for a success.
pub fn create(draft: &BillDraft, key: IdempotencyKey) -> Result<ApiWrite, DraftFault> {
    draft::check(draft)?;
    let body = wire::bill_body(draft);
    if body.len() > BODY_BYTES_MAX {
        return Err(DraftFault::TooLong(body.len()));
    }
    Ok(write(WriteMethod::Put, draft.kind.path(), body, key))
}

/// Voids or deletes a document: its id and the new status, nothing else.
pub fn remove(kind: BillKind, id: BillId, removal: Removal, key: IdempotencyKey) -> ApiWrite {
    write(WriteMethod::Post, format!("{}/{id}", kind.path()), wire::removal_body(kind, id, removal), key)
}

fn write(method: WriteMethod, path: String, body: Vec<u8>, key: IdempotencyKey) -> ApiWrite {
    ApiWrite { method, path, query: vec![exact_units()], body: body.into(), content_type: None, idempotency_key: key }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of so many at such a price.
    pub(super) fn line(quantity: &str, unit: &str) -> BillLine {
        BillLine {
            description: "Hosting".to_owned(),
            quantity: quantity.parse().unwrap(),
            unit_amount: unit.parse().unwrap(),
            account: AccountRef::Code("463".to_owned()),
            tax_type: Some("INPUT2".to_owned()),
            tax_amount: None,
            tracking: Vec::new(),
        }
    }

    /// A bill of two lines with every field set.
    pub(super) fn bill() -> BillDraft {
        let second = BillLine {
            account: AccountRef::Id(Uuid::from_u128(3)),
            tax_type: None,
            tax_amount: Some("1.5".parse().unwrap()),
            tracking: vec![
                TrackingRef::Names { category: "Region".into(), option: "North".into() },
                TrackingRef::Ids { category: Uuid::from_u128(1), option: Uuid::from_u128(2) },
            ],
            ..line("2.50", "3.1250")
        };
        BillDraft {
            mark: BillMark::from_bytes([7; 16]),
            kind: BillKind::Bill,
            contact: ContactId(Uuid::from_u128(5)),
            number: "SUP-9912".to_owned(),
            date: "2026-10-31".parse().unwrap(),
            due_date: Some("2026-11-30".parse().unwrap()),
            currency: "GBP".to_owned(),
            currency_rate: Some("1.250000".parse().unwrap()),
            line_amounts: LineAmounts::Exclusive,
            status: NewStatus::Authorised,
            url: Some("https://app.example/d/771".to_owned()),
            bank_account: None,
            lines: vec![line("1", "100"), second],
            expected: None,
        }
    }

    /// The same as a credit note.
    pub(super) fn credit() -> BillDraft {
        BillDraft { kind: BillKind::CreditNote, due_date: None, url: None, ..bill() }
    }

    pub(super) fn key() -> IdempotencyKey {
        IdempotencyKey::try_new("k").unwrap()
    }

    fn text(write: &ApiWrite) -> &str {
        std::str::from_utf8(&write.body).unwrap()
    }

    #[test]
    fn a_bill_is_created_by_put_with_its_contacts_id_alone_and_exact_numbers() {
        let write = create(&bill(), key()).unwrap();
        assert_eq!((write.method, write.path.as_str()), (WriteMethod::Put, "/Invoices"));
        assert_eq!(write.query, [("unitdp", "4".to_owned())]);
        assert_eq!(
            text(&write),
            concat!(
                r#"{"Invoices":[{"Type":"ACCPAY","Status":"AUTHORISED","#,
                r#""Contact":{"ContactID":"00000000-0000-0000-0000-000000000005"},"InvoiceNumber":"SUP-9912","#,
                r#""Date":"2026-10-31","DueDate":"2026-11-30","CurrencyCode":"GBP","CurrencyRate":1.25,"#,
                r#""LineAmountTypes":"Exclusive","#,
                r#""Url":"https://app.example/d/771?cf=07070707070707070707070707070707","LineItems":["#,
                r#"{"Description":"Hosting","Quantity":1,"UnitAmount":100.00,"AccountCode":"463","TaxType":"INPUT2"},"#,
                r#"{"Description":"Hosting","Quantity":2.5,"UnitAmount":3.125,"#,
                r#""AccountID":"00000000-0000-0000-0000-000000000003","TaxAmount":1.50,"Tracking":["#,
                r#"{"Name":"Region","Option":"North"},"#,
                r#"{"TrackingCategoryID":"00000000-0000-0000-0000-000000000001","#,
                r#""TrackingOptionID":"00000000-0000-0000-0000-000000000002"}]}]}]}"#,
            )
        );
    }

    #[test]
    fn equal_content_is_equal_bytes_and_nothing_of_a_prediction_is_sent() {
        let mut other = bill();
        other.lines[0].quantity = "1.0000".parse().unwrap();
        other.lines[1].unit_amount = "3.125".parse().unwrap();
        other.currency_rate = Some("1.25".parse().unwrap());
        other.expected = predict(&other, |_| Some(rust_decimal::Decimal::TEN)).ok();
        assert!(other.expected.is_some());
        assert_eq!(create(&bill(), key()).unwrap(), create(&other, key()).unwrap());
        let stored = serde_json::to_string(&other).unwrap();
        assert_eq!(serde_json::from_str::<BillDraft>(&stored).unwrap(), other);
    }

    #[test]
    fn a_credit_note_has_a_number_of_its_own_and_neither_link_nor_due_date() {
        let write = create(&credit(), key()).unwrap();
        assert_eq!((write.method, write.path.as_str()), (WriteMethod::Put, "/CreditNotes"));
        assert!(text(&write).starts_with(r#"{"CreditNotes":[{"Type":"ACCPAYCREDIT","Status":"AUTHORISED","#));
        assert!(text(&write).contains(r#""CreditNoteNumber":"SUP-9912","Date":"2026-10-31","CurrencyCode":"GBP","#));
        for absent in ["Url", "DueDate", "InvoiceNumber", "Reference"] {
            assert!(!text(&write).contains(absent), "{absent}");
        }
        let unnumbered = BillDraft { number: String::new(), ..credit() };
        assert!(!text(&create(&unnumbered, key()).unwrap()).contains("Number"));
    }

    #[test]
    fn a_removal_names_the_document_twice_and_sends_the_status_alone() {
        let id = BillId(Uuid::from_u128(9));
        for (kind, removal, path, body) in [
            (BillKind::Bill, Removal::Void, "/Invoices", r#"{"Invoices":[{"InvoiceID":"…","Status":"VOIDED"}]}"#),
            (
                BillKind::CreditNote,
                Removal::Delete,
                "/CreditNotes",
                r#"{"CreditNotes":[{"CreditNoteID":"…","Status":"DELETED"}]}"#,
            ),
        ] {
            let write = remove(kind, id, removal, key());
            assert_eq!((write.method, write.path.clone()), (WriteMethod::Post, format!("{path}/{id}")));
            assert_eq!(text(&write), body.replace('…', &id.to_string()));
        }
    }

    #[track_caller]
    fn check(sent: BillDraft, change: impl Fn(&mut BillDraft), expected: &str) {
        let mut sent = sent;
        change(&mut sent);
        let fault = create(&sent, key()).unwrap_err().to_string();
        assert!(fault.contains(expected), "{fault} is not {expected}");
    }

    fn decimal(text: &str) -> rust_decimal::Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_head_that_xero_would_refuse_in_any_books_is_not_sent() {
        check(bill(), |sent| sent.number = "é".repeat(256), "number has more than 255");
        check(bill(), |sent| sent.number = "A\n1".into(), "number has more than 255");
        check(bill(), |sent| sent.due_date = None, "needs a due date");
        check(bill(), |sent| sent.due_date = Some("2026-10-30".parse().unwrap()), "2026-10-30 is before");
        for currency in ["", "gbp", "GBPX", "GB", "GB1"] {
            check(bill(), |sent| sent.currency = currency.into(), "three capital letters");
        }
        for rate in ["0", "-1.25", "1.2500001"] {
            check(bill(), |sent| sent.currency_rate = Some(decimal(rate)), "above zero with at most 6");
        }
        for link in ["/d/771", "https://app.example/Xero", "https://", "ftp://app.example/d", "https://a.example/a b"] {
            check(bill(), |sent| sent.url = Some(link.into()), "link must be absolute");
        }
        check(bill(), |sent| sent.url = Some(format!("https://a.example/{}", "x".repeat(1_990))), "2,000 letters");
        check(bill(), |sent| sent.lines.clear(), "no lines");
        check(credit(), |sent| sent.url = bill().url, "carries no link");
        check(credit(), |sent| sent.due_date = bill().due_date, "no due date");
        let long = BillLine { description: "x".repeat(4_000), ..line("1", "1") };
        check(bill(), |sent| sent.lines = vec![long.clone(); 900], "more than 3,500,000");
    }

    #[test]
    fn a_line_that_xero_would_refuse_or_change_in_any_books_is_not_sent() {
        check(bill(), |sent| sent.lines[1].description = " ".into(), "line 2 has no description");
        check(bill(), |sent| sent.lines[0].description = "é".repeat(4_001), "more than 4,000");
        check(bill(), |sent| sent.lines[0].quantity = decimal("-1"), "line 1 has a quantity below zero");
        check(bill(), |sent| sent.lines[0].quantity = decimal("1.00001"), "more than 4 decimals");
        check(bill(), |sent| sent.lines[0].unit_amount = decimal("0.00001"), "more than 4 decimals");
        check(bill(), |sent| sent.lines[0].unit_amount = decimal("10000000000"), "line 1 is beyond");
        check(bill(), |sent| sent.lines[0].quantity = decimal("100000000"), "line 1 is beyond");
        check(bill(), |sent| sent.lines[0].unit_amount = rust_decimal::Decimal::MIN, "line 1 is beyond");
        for code in ["", "12345678901"] {
            check(bill(), |sent| sent.lines[0].account = AccountRef::Code(code.into()), "account code");
        }
        check(bill(), |sent| sent.lines[1].tax_amount = Some(decimal("1.005")), "line 2 states a tax");
        check(bill(), |sent| sent.line_amounts = LineAmounts::NoTax, "line 2 states a tax");
        check(bill(), |sent| sent.lines[1].tracking = vec![sent.lines[1].tracking[0].clone(); 3], "more than two");
    }

    #[test]
    fn bounds_themselves_are_fine() {
        let mut sent = bill();
        sent.number = "é".repeat(NUMBER_CHARS_MAX);
        sent.due_date = Some(sent.date);
        sent.lines[0] = BillLine {
            description: "é".repeat(DESCRIPTION_CHARS_MAX),
            unit_amount: -LINE_AMOUNT_MAX,
            account: AccountRef::Code("1234567890".into()),
            ..line("1.00", "1")
        };
        assert!(text(&create(&sent, key()).unwrap()).contains("\"UnitAmount\":-9999999999.99,"));
        sent.lines[0].unit_amount = decimal("-0.0000");
        assert!(text(&create(&sent, key()).unwrap()).contains("\"UnitAmount\":0.00,"));
        sent = BillDraft { due_date: None, status: NewStatus::Submitted, ..bill() };
        assert!(create(&sent, key()).is_ok(), "only what is approved needs a due date");
    }

    #[test]
    fn what_is_settled_or_gone_is_not_removed() {
        let record = |status: &str, more: &str| -> BillRecord {
            let id = Uuid::from_u128(9);
            let text = format!(r#"{{"InvoiceID":"{id}","Type":"ACCPAY","Status":"{status}"{more}}}"#);
            serde_json::from_str(&text).unwrap()
        };
        for (status, more, expected) in [
            ("AUTHORISED", "", Some(Removal::Void)),
            ("AUTHORISED", r#","AmountPaid":0.00,"AmountCredited":"0""#, Some(Removal::Void)),
            ("AUTHORISED", r#","AmountPaid":0.01"#, None),
            ("AUTHORISED", r#","AmountCredited":5"#, None),
            ("AUTHORISED", r#","Total":12.00,"RemainingCredit":12.0"#, Some(Removal::Void)),
            ("AUTHORISED", r#","Total":12.00,"RemainingCredit":2.0"#, None),
            ("DRAFT", "", Some(Removal::Delete)),
            ("SUBMITTED", "", Some(Removal::Delete)),
            ("PAID", "", None),
            ("VOIDED", "", None),
            ("DELETED", "", None),
            ("SHELVED", "", None),
        ] {
            assert_eq!(Removal::of(&record(status, more)), expected, "{status} {more}");
        }
    }
}
