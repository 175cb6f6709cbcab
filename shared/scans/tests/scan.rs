//! What a reader of pictures found becomes a reading that says no more than was printed.
#![allow(clippy::unwrap_used)]

use ports::{Area, Expense, ScanField, ScanText, Scanned};
use readings::problem::ProblemCode;
use readings::reading::{Kind, Method};
use readings::{Outcome, Reading, Refusal};
use scans::read as read_scan;

fn printed(text: &str, confidence: u16) -> ScanText {
    let area = Some(Area { left: 700, top: 800, width: 200, height: 20 });
    ScanText { text: text.into(), confidence, page: 1, area }
}

fn field(kind: &str, label: &str, value: &str) -> ScanField {
    let label = (!label.is_empty()).then(|| printed(label, 990));
    ScanField {
        kind: kind.into(),
        kind_confidence: 980,
        label,
        value: Some(printed(value, 950)),
        ..ScanField::default()
    }
}

fn bill() -> Vec<ScanField> {
    vec![
        field("VENDOR_NAME", "", "Harbour\nSupplies Ltd"),
        field("INVOICE_RECEIPT_ID", "Invoice no:", "H-77"),
        field("INVOICE_RECEIPT_DATE", "Date", "14 Nov 2026"),
        field("DUE_DATE", "Due", "2026-12-14"),
        field("SUBTOTAL", "Subtotal", "£1,100.00"),
        field("TAX", "VAT 20%", "£220.00"),
        field("TOTAL", "Total", "£1,320.00"),
    ]
}

fn row(item: &str, quantity: &str, unit: &str, price: &str) -> Vec<ScanField> {
    [("ITEM", item), ("QUANTITY", quantity), ("UNIT_PRICE", unit), ("PRICE", price), ("EXPENSE_ROW", "all of it")]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(kind, value)| field(kind, "", value))
        .collect()
}

fn outcome(summary: Vec<ScanField>, rows: Vec<Vec<ScanField>>, text: &[&str]) -> Outcome {
    let text = text.iter().map(|line| printed(line, 990)).collect();
    read_scan(&Scanned { pages: 1, expenses: vec![Expense { summary, rows, text }] })
}

fn read(summary: Vec<ScanField>, rows: Vec<Vec<ScanField>>, text: &[&str]) -> Reading {
    match outcome(summary, rows, text) {
        Outcome::Read(reading) => *reading,
        other => panic!("{other:?}"),
    }
}

fn changed(kind: &str, value: &str) -> Vec<ScanField> {
    let mut fields = bill();
    let one = fields.iter_mut().find(|field| field.kind == kind).unwrap();
    one.value = Some(printed(value, 950));
    fields
}

fn codes(reading: &Reading) -> Vec<ProblemCode> {
    reading.problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn a_bill_is_read_with_the_readers_confidence_and_a_place_a_person_can_follow() {
    let found = read(bill(), vec![row("Rope", "2", "£550.00", "£1,100.00")], &["INVOICE"]);
    assert_eq!((found.kind, found.method), (Kind::Invoice, Method::Scan));
    assert_eq!(codes(&found), [], "{:?}", found.problems);
    let fields = &found.fields;
    assert_eq!(fields.supplier.name.as_ref().unwrap().value, "Harbour Supplies Ltd");
    let number = fields.number.as_ref().unwrap();
    assert_eq!((number.value.as_str(), number.confidence), ("H-77", 950));
    assert_eq!(number.place, "page 1, bottom right, beside “Invoice no”");
    assert_eq!(fields.issue_date.as_ref().unwrap().value.to_string(), "2026-11-14");
    assert_eq!(fields.due_date.as_ref().unwrap().value.to_string(), "2026-12-14");
    assert_eq!(fields.currency.as_ref().unwrap().value, "GBP");
    let money = |found: &Option<readings::reading::Found<readings::amount::Amount>>| {
        found.as_ref().unwrap().value.money().unwrap().minor
    };
    assert_eq!((money(&fields.net_total), money(&fields.tax_total)), (110_000, 22_000));
    assert_eq!(money(&fields.gross_total), 132_000);
    assert_eq!(found.taxes[0].percent.as_ref().unwrap().value.0.to_string(), "20");
    let line = &found.lines[0];
    assert_eq!(line.description.as_ref().unwrap().value, "Rope");
    assert_eq!(line.quantity.as_ref().unwrap().value.0.to_string(), "2");
    assert_eq!((money(&line.unit_price), money(&line.net)), (55_000, 110_000));
}

#[test]
fn a_reader_is_never_as_sure_as_structured_data_and_no_surer_than_what_it_saw() {
    let mut fields = bill();
    (fields[1].kind_confidence, fields[1].value) = (1_000, Some(printed("H-77", 1_000)));
    fields[6].kind_confidence = 410;
    let found = read(fields, Vec::new(), &[]);
    assert_eq!(found.fields.number.unwrap().confidence, 999);
    assert_eq!(found.fields.gross_total.unwrap().confidence, 410);
}

#[test]
fn a_date_that_can_be_read_in_two_ways_is_said_to_be_unless_another_settles_it() {
    let found = read(changed("INVOICE_RECEIPT_DATE", "03/04/2026"), Vec::new(), &[]);
    assert_eq!(codes(&found), [ProblemCode::DateAmbiguous]);
    assert_eq!(found.fields.issue_date.unwrap().confidence, 400);
    let settled = read(changed("INVOICE_RECEIPT_DATE", "03/04/2026"), Vec::new(), &["Printed 04/21/2026"]);
    assert_eq!(settled.fields.issue_date.unwrap().value.to_string(), "2026-03-04");
    let by_words = read(changed("INVOICE_RECEIPT_DATE", "03/04/2026"), Vec::new(), &["VAT Reg No GB123"]);
    assert_eq!(by_words.fields.issue_date.unwrap().value.to_string(), "2026-04-03");
}

#[test]
fn a_text_that_is_no_value_of_its_field_is_left_out_and_said_to_be() {
    for (kind, text) in
        [("INVOICE_RECEIPT_DATE", "next week"), ("INVOICE_RECEIPT_DATE", "1/2/26 - 3/2/26"), ("TAX", "incl.")]
    {
        let found = read(changed(kind, text), Vec::new(), &[]);
        assert_eq!(codes(&found)[0], ProblemCode::ValueUnreadable, "{text}: {:?}", found.problems);
        assert!(found.fields.tax_total.is_none() || found.fields.issue_date.is_none());
    }
    let found = read(bill(), vec![row("Rope", "1,000", "", "")], &[]);
    assert_eq!((codes(&found)[0], &found.lines[0].quantity), (ProblemCode::ValueUnreadable, &None));
}

#[test]
fn sums_that_do_not_agree_are_told_and_of_two_totals_the_one_that_agrees_is_taken() {
    let off = read(changed("TOTAL", "£1,330.00"), Vec::new(), &[]);
    assert_eq!(codes(&off), [ProblemCode::NetPlusTaxNotGross]);
    let mut fields = bill();
    fields.push(field("TOTAL", "Balance", "£999.00"));
    fields.last_mut().unwrap().kind_confidence = 999;
    fields.last_mut().unwrap().value = Some(printed("£999.00", 999));
    let found = read(fields, Vec::new(), &[]);
    assert_eq!(found.fields.gross_total.unwrap().value.number.0.to_string(), "1320.00");
}

#[test]
fn taxes_of_several_rates_stand_apart_and_one_told_twice_is_one() {
    let mut fields = bill();
    fields.push(field("TAX", "Tax", "220.00 GBP"));
    assert_eq!(read(fields.clone(), Vec::new(), &[]).fields.tax_total.unwrap().value.number.0.to_string(), "220.00");
    fields.push(field("TAX", "VAT 5%", "£5.00"));
    let found = read(fields, Vec::new(), &[]);
    assert!(found.fields.tax_total.is_none());
    assert_eq!((found.taxes.len(), codes(&found)), (2, vec![ProblemCode::NetPlusTaxNotGross]));
}

#[test]
fn prices_with_the_tax_inside_are_no_net_amounts() {
    let found = read(bill(), vec![row("Rope", "1", "£1,320.00", "£1,320.00")], &[]);
    assert_eq!(codes(&found), [ProblemCode::LinesNotNet]);
    assert_eq!((&found.lines[0].net, &found.lines[0].unit_price), (&None, &None));
    assert_eq!(found.lines[0].description.as_ref().unwrap().value, "Rope");
}

#[test]
fn prices_of_which_nothing_says_that_they_are_net_are_left_out_and_those_that_make_the_net_amount_stay() {
    let total = |tax: &[&str]| {
        let taxes = tax.iter().map(|tax| field("TAX", "VAT 20%", tax));
        taxes.chain([field("TOTAL", "Total", "£120.00")]).collect::<Vec<_>>()
    };
    for (summary, price, kept) in [
        (total(&[]), "£120.00", false),
        (total(&[]), "£100.00", false),
        (total(&["£20.00"]), "£120.00", false),
        (total(&["£20.00"]), "£100.00", true),
        (total(&["£0.00"]), "£120.00", true),
        (changed("SUBTOTAL", "£1,100.00"), "£90.00", true),
    ] {
        let found = read(summary, vec![row("Rope", "1", "", price)], &[]);
        assert_eq!(found.lines[0].net.is_some(), kept, "{price}: {:?}", found.problems);
        let told = codes(&found).iter().filter(|code| **code == ProblemCode::LinesNotNet).count();
        assert_eq!(told, usize::from(!kept || price == "£90.00"), "{price}: {:?}", found.problems);
    }
}

#[test]
fn a_sign_is_no_surer_for_the_readers_word_and_a_receivers_number_is_not_the_suppliers() {
    let mut total = field("TOTAL", "Total", "$120");
    total.currency = Some("USD".into());
    let mut tax_id = field("TAX_PAYER_ID", "VAT no", "GB111");
    tax_id.groups = vec!["RECEIVER_BILL_TO".into()];
    let found = read(vec![total, tax_id], Vec::new(), &[]);
    let currency = found.fields.currency.unwrap();
    assert_eq!((currency.value.as_str(), currency.confidence), ("USD", 500));
    assert_eq!(found.fields.gross_total.unwrap().value.money().unwrap().minor, 12_000);
    assert!(found.fields.supplier.tax_id.is_none());
}

#[test]
fn a_credit_note_is_one_though_it_names_its_invoice_and_several_documents_are_told() {
    let expense = |number: &str| {
        let mut summary = bill();
        summary[1] = field("INVOICE_RECEIPT_ID", "Credit note no", number);
        Expense { summary, rows: Vec::new(), text: vec![printed("Invoice H-1", 990), printed("CREDIT NOTE", 990)] }
    };
    let scanned = Scanned { pages: 1, expenses: vec![Expense::default(), expense("C-1"), expense("C-2")] };
    let Outcome::Read(found) = read_scan(&scanned) else { panic!() };
    assert_eq!((found.kind, codes(&found)), (Kind::CreditNote, vec![ProblemCode::SeveralDocuments]));
    assert_eq!(found.fields.number.unwrap().value, "C-1");
}

fn on_page(page: u32, mut summary: Vec<ScanField>) -> Expense {
    for found in summary.iter_mut().flat_map(|field| field.label.iter_mut().chain(&mut field.value)) {
        found.page = page;
    }
    Expense { summary, rows: vec![row("Rope", "", "", "")], text: Vec::new() }
}

#[test]
fn pages_of_one_bill_are_one_and_bills_on_pages_of_their_own_are_not_mixed() {
    let pages = |expenses: Vec<Expense>| match read_scan(&Scanned { pages: 2, expenses }) {
        Outcome::Read(reading) => *reading,
        other => panic!("{other:?}"),
    };
    let (head, foot) = (bill()[..4].to_vec(), bill()[4..].to_vec());
    let whole = pages(vec![on_page(1, head.clone()), on_page(2, foot.clone())]);
    assert_eq!((whole.lines.len(), whole.fields.number.as_ref().unwrap().value.as_str()), (2, "H-77"));
    assert_eq!(whole.fields.gross_total.as_ref().unwrap().place, "page 2, bottom right, beside “Total”");
    assert!(!codes(&whole).contains(&ProblemCode::SeveralDocuments));
    // The same number on each page.
    let numbered = [vec![bill()[1].clone()], foot.clone()].concat();
    assert_eq!(pages(vec![on_page(1, head.clone()), on_page(2, numbered)]).lines.len(), 2);
    for other in [
        on_page(2, [vec![field("INVOICE_RECEIPT_ID", "Invoice no", "H-78")], foot.clone()].concat()),
        on_page(2, foot.clone()),
        on_page(1, vec![field("OTHER", "Colour", "red")]),
    ] {
        let found = pages(vec![on_page(1, bill()), other]);
        assert!(found.lines.len() == 1 && codes(&found).contains(&ProblemCode::SeveralDocuments), "{found:?}");
    }
}

#[test]
fn nothing_of_a_bill_is_no_reading() {
    let nothing = |found: Outcome| match found {
        Outcome::NotReadable(refusal) => assert_eq!(refusal.code, Refusal::NothingFound),
        other => panic!("{other:?}"),
    };
    nothing(read_scan(&Scanned::default()));
    nothing(outcome(Vec::new(), Vec::new(), &["A cat on a chair"]));
    nothing(outcome(vec![field("VENDOR_NAME", "", "A cat"), field("OTHER", "Colour", "red")], Vec::new(), &["A cat"]));
    let mut empty = field("TOTAL", "Total", "");
    empty.value = None;
    nothing(outcome(vec![empty], Vec::new(), &[]));
}

#[test]
fn huge_numbers_and_endless_lists_are_no_panic() {
    let huge = "£79,228,162,514,264";
    let mut fields = changed("SUBTOTAL", huge);
    fields.extend(std::iter::repeat_n(field("TAX", "VAT", huge), 5_000));
    let rows = std::iter::repeat_n(row("Rope", "99999999999999999999", huge, huge), 2_000).collect();
    let found = read(fields, rows, &[]);
    assert_eq!(found.lines.len(), 500);
}
